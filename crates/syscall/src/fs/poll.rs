//! Waiting for descriptors. Three things need work: the signal mask that holds for the length of the call is set by the runtime,
//! so that it decides what is delivered; `struct epoll_event` is packed on x86-64 only; and the times and sets of an AArch32 program
//! are narrower.

use armlet_memory as memory;

use crate::Errno;
use crate::abi::Abi;
use crate::abi::a64::EpollEvent;
use crate::call::Call;
use crate::task::{Break, Reply, Restart, RestartBlock};
use crate::time::{self, Timespec};

/// Descriptors that a process can have, and so the longest set (`sysctl_nr_open`'s largest default).
const MOST_DESCRIPTORS: usize = 1 << 20;

/// Waits, under the signal mask if there is one.
fn wait<const N: usize>(call: &mut Call<'_>, mask: Option<u64>, number: i64, args: [u64; N]) -> Reply {
    match mask {
        Some(mask) => call.wait_under_mask(mask, number, args),
        None => call.wait(number, args),
    }
}

/// The last argument of `pselect6` and `io_pgetevents`: a pointer to {address of the set, its size}.
fn packed_signal_set(call: &Call<'_>, address: u64) -> Result<Option<u64>, Break> {
    if address == 0 {
        return Ok(None);
    }
    let [set, size] = call.words(address)?;
    call.signal_set(set, size)
}

/// The time that is left goes back to where the timeout came from; a place that cannot be written is none of the caller's errors.
fn store_left(call: &Call<'_>, address: u64, left: Option<Timespec>) {
    if let Some(left) = left {
        let _ = call.write_time(address, left);
    }
}

/// An optional time as the host takes it.
fn pointer_to(time: &mut Option<Timespec>) -> u64 {
    time.as_mut().map_or(0, |time| time.as_mut_ptr() as u64)
}

/// ppoll(2). The remaining time goes into the guest's timeout, with which the call is restarted.
pub fn ppoll(call: &mut Call<'_>) -> Reply {
    let [descriptors, count, timeout, mask, size, _] = call.args;
    let mask = call.signal_set(mask, size)?;
    let mut time = call.read_optional_time(timeout)?;
    let at = pointer_to(&mut time);
    let reply = wait(call, mask, libc::SYS_ppoll, [descriptors, count, at]);
    store_left(call, timeout, time);
    reply
}

/// poll(2), which waits until a moment and not for a time, so that a signal does not make it longer.
pub fn poll(call: &mut Call<'_>) -> Reply {
    let [descriptors, count, timeout, ..] = call.args;
    let timeout = timeout as i32;
    if timeout <= 0 {
        return call.wait(libc::SYS_poll, [descriptors, count, timeout as u64]);
    }
    let span = [i64::from(timeout / 1000), i64::from(timeout % 1000) * 1_000_000];
    let [seconds, nanoseconds] = time::after(libc::CLOCK_MONOTONIC, span)?;
    let block = RestartBlock::Poll {
        descriptors,
        count,
        deadline: (seconds, nanoseconds),
    };
    resume_poll(call, block)
}

/// Polls until the moment in the block. Any other block is not a poll's.
pub(crate) fn resume_poll(call: &mut Call<'_>, block: RestartBlock) -> Reply {
    let RestartBlock::Poll {
        descriptors,
        count,
        deadline,
    } = block
    else {
        return Err(Errno::EINTR.into());
    };
    let mut left = time::until(libc::CLOCK_MONOTONIC, [deadline.0, deadline.1])?;
    let reply = call.wait(libc::SYS_ppoll, [descriptors, count, left.as_mut_ptr() as u64]);
    if let Err(Break::Restart(_)) = reply {
        *call.task.restart_block() = Some(block);
        return Err(Break::Restart(Restart::Block));
    }
    reply
}

/// pselect6: pselect(2).
pub fn pselect6(call: &mut Call<'_>) -> Reply {
    let [.., mask] = call.args;
    let mask = packed_signal_set(call, mask)?;
    let mut time = call.read_optional_time(call.args[4])?;
    let reply = select(call, mask, pointer_to(&mut time));
    store_left(call, call.args[4], time);
    reply
}

/// _newselect: select(2), with microseconds.
pub fn newselect(call: &mut Call<'_>) -> Reply {
    let timeout = call.args[4];
    let mut time = match call.read_optional_time(timeout)? {
        None => None,
        Some([seconds, microseconds]) if seconds < 0 || microseconds < 0 => return Err(Errno::EINVAL.into()),
        Some([seconds, microseconds]) => Some([
            seconds.saturating_add(microseconds / 1_000_000),
            microseconds % 1_000_000 * 1000,
        ]),
    };
    let reply = select(call, None, pointer_to(&mut time));
    store_left(
        call,
        timeout,
        time.map(|[seconds, nanoseconds]| [seconds, nanoseconds / 1000]),
    );
    reply
}

/// The host's pselect6, with the guest's sets.
fn select(call: &mut Call<'_>, mask: Option<u64>, timeout: u64) -> Reply {
    let [count, read, write, except, ..] = call.args;
    if call.abi == Abi::A64 {
        return wait(call, mask, libc::SYS_pselect6, [count, read, write, except, timeout]);
    }
    // The sets consist of 32-bit words, and the host's kernel would touch the words behind an odd number of them.
    let words = usize::try_from(count as i32)
        .map_err(|_| Errno::EINVAL)?
        .min(MOST_DESCRIPTORS)
        .div_ceil(32);
    let mut sets = [read, write, except].map(|_| vec![0_u64; words.div_ceil(2)]);
    for (set, address) in sets.iter_mut().zip([read, write, except]) {
        if address != 0 {
            let mut bytes = vec![0; 4 * words];
            memory::read_bytes(address, &mut bytes)?;
            for (word, bytes) in set.iter_mut().zip(bytes.chunks(8)) {
                *word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
            }
        }
    }
    let pointers: Vec<u64> = sets
        .iter_mut()
        .zip([read, write, except])
        .map(|(set, address)| if address == 0 { 0 } else { set.as_mut_ptr() as u64 })
        .collect();
    let args = [
        count.min(MOST_DESCRIPTORS as u64),
        pointers[0],
        pointers[1],
        pointers[2],
        timeout,
    ];
    let ready = wait(call, mask, libc::SYS_pselect6, args)?;
    for (set, address) in sets.iter().zip([read, write, except]) {
        if address != 0 {
            let bytes: Vec<u8> = set.iter().flat_map(|word| word.to_le_bytes()).take(4 * words).collect();
            memory::write_bytes(address, &bytes)?;
        }
    }
    Ok(ready)
}

/// io_pgetevents: io_getevents(2) with a signal mask.
pub fn io_pgetevents(call: &mut Call<'_>) -> Reply {
    let [context, least, most, events, timeout, mask] = call.args;
    let mask = packed_signal_set(call, mask)?;
    let mut time = call.read_optional_time(timeout)?;
    let at = pointer_to(&mut time);
    wait(call, mask, 333, [context, least, most, events, at])
}

/// io_getevents(2).
pub fn io_getevents(call: &mut Call<'_>) -> Reply {
    let [context, least, most, events, timeout, _] = call.args;
    let mut time = call.read_optional_time(timeout)?;
    let at = pointer_to(&mut time);
    call.wait(libc::SYS_io_getevents, [context, least, most, events, at])
}

/// epoll_ctl(2).
pub fn epoll_ctl(call: &mut Call<'_>) -> Reply {
    let [epoll, operation, descriptor, event, ..] = call.args;
    let event = match operation as i32 {
        libc::EPOLL_CTL_DEL => None,
        _ => Some(call.read::<EpollEvent>(event)?),
    };
    let event = event.map(|event| libc::epoll_event {
        events: event.events,
        u64: event.data,
    });
    let pointer = event.as_ref().map_or(0, |event| &raw const *event as u64);
    Ok(call.host(libc::SYS_epoll_ctl, [epoll, operation, descriptor, pointer])?)
}

/// epoll_pwait: epoll_wait(2) with a signal mask.
pub fn epoll_pwait(call: &mut Call<'_>) -> Reply {
    let [.., timeout, mask, size] = call.args;
    epoll_wait(call, libc::SYS_epoll_pwait, timeout, mask, size)
}

/// epoll_wait(2).
pub fn epoll_wait_only(call: &mut Call<'_>) -> Reply {
    let timeout = call.args[3];
    epoll_wait(call, libc::SYS_epoll_pwait, timeout, 0, 8)
}

/// epoll_pwait2: the same, with a timeout in nanoseconds.
pub fn epoll_pwait2(call: &mut Call<'_>) -> Reply {
    let [.., timeout, mask, size] = call.args;
    let mut time = call.read_optional_time(timeout)?;
    epoll_wait(call, libc::SYS_epoll_pwait2, pointer_to(&mut time), mask, size)
}

fn epoll_wait(call: &mut Call<'_>, number: i64, timeout: u64, mask: u64, size: u64) -> Reply {
    let [epoll, buffer, most, ..] = call.args;
    if most as i32 <= 0 || most as i32 as usize > i32::MAX as usize / size_of::<EpollEvent>() {
        return Err(Errno::EINVAL.into());
    }
    let mask = call.signal_set(mask, size)?;
    // The host's events are smaller, so that there is room for them where the guest's belong. They are spread from the last to the
    // first: none is overwritten before it is read.
    let count = wait(call, mask, number, [epoll, buffer, most, timeout, 0, 8])?;
    for index in (0..count).rev() {
        let host: [u32; 3] = call.read(buffer.wrapping_add(index * size_of::<libc::epoll_event>() as u64))?;
        let guest = EpollEvent {
            events: host[0],
            pad: 0,
            data: u64::from(host[1]) | u64::from(host[2]) << 32,
        };
        call.write(buffer.wrapping_add(index * size_of::<EpollEvent>() as u64), &guest)?;
    }
    Ok(count)
}
