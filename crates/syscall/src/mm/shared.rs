//! System V shared memory: attached where the guest's address space has made room for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use armlet_memory::{PAGE_SIZE, page_up};

use crate::Errno;
use crate::abi::Abi;
use crate::call::Call;
use crate::task::Reply;

/// Lengths in bytes of what is attached, by address. A fork inherits it together with the attachments.
static ATTACHED: Mutex<BTreeMap<u64, u64>> = Mutex::new(BTreeMap::new());

/// The boundary of segments on arm (`SHMLBA`): four pages, for caches that alias.
const SHMLBA: u64 = 4 * PAGE_SIZE;

/// shmat(2).
pub fn shmat(call: &mut Call<'_>) -> Reply {
    let [segment, address, flags, ..] = call.args;
    let flags = flags as i32;
    let is_set = |flag: i32| flags & flag != 0;
    let boundary = if call.abi == Abi::A32 { SHMLBA } else { PAGE_SIZE };
    let address = if is_set(libc::SHM_RND) {
        address & !(boundary - 1)
    } else {
        address
    };
    if !address.is_multiple_of(boundary) || is_set(libc::SHM_REMAP) && address == 0 {
        return Err(Errno::EINVAL.into());
    }
    let length = length_of(call, segment)?;
    let mut prot = libc::PROT_READ;
    if !is_set(libc::SHM_RDONLY) {
        prot |= libc::PROT_WRITE;
    }
    if is_set(libc::SHM_EXEC) {
        prot |= libc::PROT_EXEC;
    }
    let place = match (address, is_set(libc::SHM_REMAP)) {
        (0, _) => 0,
        (_, true) => libc::MAP_FIXED,
        (_, false) => libc::MAP_FIXED_NOREPLACE,
    };
    let memory = call.task.memory();
    let map_flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | place;
    let room = match memory.map(address, length, prot as u32, map_flags as u32, -1, 0) {
        Err(error) if error.errno() == libc::EEXIST => return Err(Errno::EINVAL.into()),
        room => room?,
    };
    // The room is the guest's, so that the segment may take its place. Guest code is data for the host.
    let host_flags = (flags & !(libc::SHM_EXEC | libc::SHM_RND)) | libc::SHM_REMAP;
    if let Err(errno) = call.host(libc::SYS_shmat, [segment, room, host_flags as u64]) {
        memory.unmap(room, length)?;
        return Err(errno.into());
    }
    ATTACHED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(room, length);
    Ok(room)
}

/// shmdt(2): unmapping the whole attachment is what it does.
pub fn shmdt(call: &mut Call<'_>) -> Reply {
    let address = call.args[0];
    let length = ATTACHED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&address)
        .ok_or(Errno::EINVAL)?;
    call.task.memory().unmap(address, length)?;
    Ok(0)
}

/// The length of a segment in whole pages.
fn length_of(call: &Call<'_>, segment: u64) -> Result<u64, Errno> {
    // SAFETY: zero is a valid value of every field of the C structure.
    let mut about: libc::shmid_ds = unsafe { std::mem::zeroed() };
    call.host(
        libc::SYS_shmctl,
        [segment, libc::IPC_STAT as u64, &raw mut about as u64],
    )?;
    page_up(about.shm_segsz as u64).ok_or(Errno::EINVAL)
}
