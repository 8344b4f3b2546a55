//! Asynchronous I/O of AArch32 programs (`io_setup` and its kin): a context is named by the address of its ring, which the kernel
//! has mapped where a 32-bit program cannot see it. So the ring is moved into the guest's memory, which renames the context.

use armlet_memory::page_up;

use crate::Errno;
use crate::call::Call;
use crate::task::Reply;

/// Bytes before the events in a ring, and bytes of an event.
const HEADER: u64 = 32;
const EVENT: u64 = 32;
/// The most requests in one call.
const MOST_REQUESTS: u64 = 1 << 16;

/// io_setup(2).
pub fn io_setup(call: &mut Call<'_>) -> Reply {
    let [count, at, ..] = call.args;
    if call.read::<u32>(at)? != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut context = 0_u64;
    call.host(libc::SYS_io_setup, [count, &raw mut context as u64])?;
    match adopt(call, context) {
        Ok(ring) => {
            call.write(at, &(ring as u32))?;
            Ok(0)
        }
        Err(errno) => {
            let _ = call.host(libc::SYS_io_destroy, [context]);
            Err(errno.into())
        }
    }
}

/// Moves a ring into the guest's memory, and answers where it is.
fn adopt(call: &Call<'_>, context: u64) -> Result<u64, Errno> {
    // struct aio_ring: id, number of events, …
    let events: u32 = armlet_memory::read_struct(context + 4).map_err(|_| Errno::EFAULT)?;
    let length = page_up(HEADER + EVENT * u64::from(events)).ok_or(Errno::ENOMEM)?;
    let flags = (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as u32;
    let room = call.task.memory().map(0, length, 3, flags, -1, 0)?;
    let how = (libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED) as u64;
    if let Err(errno) = call.host(libc::SYS_mremap, [context, length, length, how, room]) {
        call.task.memory().unmap(room, length)?;
        return Err(errno);
    }
    Ok(room)
}

/// io_destroy(2).
pub fn io_destroy(call: &mut Call<'_>) -> Reply {
    let context = call.args[0];
    let events: u32 = call.read(context.wrapping_add(4)).map_err(|_| Errno::EINVAL)?;
    let length = page_up(HEADER + EVENT * u64::from(events)).ok_or(Errno::EINVAL)?;
    call.host(libc::SYS_io_destroy, [context])?;
    // The kernel has unmapped the ring; the address space must know.
    let _ = call.task.memory().unmap(context, length);
    Ok(0)
}

/// io_submit(2): a list of pointers to requests, which are the same on both sides.
pub fn io_submit(call: &mut Call<'_>) -> Reply {
    let [context, count, list, ..] = call.args;
    if (count as i64) < 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut requests = Vec::new();
    for index in 0..count.min(MOST_REQUESTS) {
        let [request] = call.words(list.wrapping_add(4 * index))?;
        requests.push(request);
    }
    let args = [context, requests.len() as u64, requests.as_ptr() as u64];
    Ok(call.host(libc::SYS_io_submit, args)?)
}
