//! Memory: the guest's address space keeps the book, so that nobody but the guest is ever mapped over, and translated code
//! is forgotten when it changes.

mod shared;

pub use shared::{shmat, shmdt};

use crate::call::Call;
use crate::task::Reply;
use crate::{Errno, fs};

/// mmap(2).
pub fn mmap(call: &mut Call<'_>) -> Reply {
    let [address, length, prot, flags, descriptor, offset] = call.args;
    let memory = call.task.memory();
    let at = memory.map(address, length, prot as u32, flags as u32, descriptor as i32, offset)?;
    if flags as i32 & libc::MAP_ANONYMOUS == 0 {
        fs::ring_mapped(call, descriptor as i32, offset, at);
    }
    Ok(at)
}

/// mmap2: mmap(2) with the offset in units of 4096 bytes.
pub fn mmap2(call: &mut Call<'_>) -> Reply {
    call.args[5] <<= 12;
    mmap(call)
}

/// munmap(2).
pub fn munmap(call: &mut Call<'_>) -> Reply {
    let [address, length, ..] = call.args;
    call.task.memory().unmap(address, length)?;
    Ok(0)
}

/// mprotect(2).
pub fn mprotect(call: &mut Call<'_>) -> Reply {
    let [address, length, prot, ..] = call.args;
    call.task.memory().protect(address, length, prot as u32)?;
    Ok(0)
}

/// mremap(2).
pub fn mremap(call: &mut Call<'_>) -> Reply {
    let [address, old_length, new_length, flags, new_address, _] = call.args;
    let memory = call.task.memory();
    Ok(memory.remap(address, old_length, new_length, flags as u32, new_address)?)
}

/// remap_file_pages(2).
pub fn remap_file_pages(call: &mut Call<'_>) -> Reply {
    let [address, length, prot, page, flags, _] = call.args;
    let memory = call.task.memory();
    memory.remap_file_pages(address, length, prot, page, flags as u32)?;
    Ok(0)
}

/// madvise(2).
pub fn madvise(call: &mut Call<'_>) -> Reply {
    let [address, length, advice, ..] = call.args;
    call.task.memory().advise(address, length, advice as i32)?;
    Ok(0)
}

/// brk(2), which answers the break and never an error.
pub fn brk(call: &mut Call<'_>) -> Reply {
    Ok(call.task.memory().brk(call.args[0]))
}

/// msync(2), mlock(2), munlock(2), mlock2(2), mseal(2): the host's call on the parts of the range that are the guest's, and ENOMEM
/// if that is not all of it.
fn on_own_pages(call: &mut Call<'_>, number: i64) -> Reply {
    let [address, length, third, ..] = call.args;
    if length == 0 || number == libc::SYS_msync && !address.is_multiple_of(armlet_memory::PAGE_SIZE) {
        return call.pass(number);
    }
    let (parts, whole) = call.task.memory().mapped_parts(address, length)?;
    for part in parts {
        call.host(number, [part.start, part.end - part.start, third])?;
        if number != libc::SYS_msync {
            call.task.memory().set_locked(part, number != libc::SYS_munlock);
        }
    }
    if whole { Ok(0) } else { Err(Errno::ENOMEM.into()) }
}

/// msync(2).
pub fn msync(call: &mut Call<'_>) -> Reply {
    on_own_pages(call, libc::SYS_msync)
}

/// mlock(2).
pub fn mlock(call: &mut Call<'_>) -> Reply {
    on_own_pages(call, libc::SYS_mlock)
}

/// mlock2: mlock(2) with flags.
pub fn mlock2(call: &mut Call<'_>) -> Reply {
    on_own_pages(call, libc::SYS_mlock2)
}

/// munlock(2).
pub fn munlock(call: &mut Call<'_>) -> Reply {
    on_own_pages(call, libc::SYS_munlock)
}

/// mlockall(2).
pub fn mlockall(call: &mut Call<'_>) -> Reply {
    let reply = call.pass(libc::SYS_mlockall)?;
    let flags = call.int(0);
    call.task
        .memory()
        .lock_all(flags & libc::MCL_CURRENT != 0, flags & libc::MCL_FUTURE != 0);
    Ok(reply)
}

/// munlockall(2).
pub fn munlockall(call: &mut Call<'_>) -> Reply {
    let reply = call.pass(libc::SYS_munlockall)?;
    call.task.memory().unlock_all();
    Ok(reply)
}

/// mincore(2): only about the guest's own memory.
pub fn mincore(call: &mut Call<'_>) -> Reply {
    let [address, length, ..] = call.args;
    whole_range(call, address, length)?;
    call.pass(libc::SYS_mincore)
}

/// mseal(2): only the guest's own memory, which the host then keeps from changing.
pub fn mseal(call: &mut Call<'_>) -> Reply {
    let [address, length, ..] = call.args;
    whole_range(call, address, length)?;
    call.pass(462)
}

/// mbind(2): only the guest's own memory.
pub fn mbind(call: &mut Call<'_>) -> Reply {
    let [address, length, ..] = call.args;
    whole_range(call, address, length).map_err(|_| Errno::EFAULT)?;
    call.pass(libc::SYS_mbind)
}

/// ENOMEM unless all of the range is the guest's.
fn whole_range(call: &Call<'_>, address: u64, length: u64) -> Result<(), Errno> {
    let (_, whole) = call.task.memory().mapped_parts(address, length)?;
    if whole { Ok(()) } else { Err(Errno::ENOMEM) }
}
