//! Processes and their credentials as AArch32 programs ask for them: 16-bit ids, narrower structures, and calls that arm64 has in a more
//! general form only.

use armlet_memory::{self as memory, PAGE_SIZE};

use crate::Errno;
use crate::abi::a32::{HostRusage, HostSysinfo, OVERFLOW_ID, Rusage, SigInfo, Sysinfo};
use crate::call::Call;
use crate::fs::legacy::wide_id;
use crate::task::{Break, CloneArgs, Reply};

/// fork(2).
pub fn fork(call: &mut Call<'_>) -> Reply {
    start(call, 0)
}

/// vfork(2).
pub fn vfork(call: &mut Call<'_>) -> Reply {
    start(call, (libc::CLONE_VM | libc::CLONE_VFORK) as u64)
}

fn start(call: &mut Call<'_>, flags: u64) -> Reply {
    let args = CloneArgs {
        flags,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    Ok(call.task.clone_task(&args, call.state)?)
}

/// The host's call, and its result as a 16-bit id.
fn narrow(call: &Call<'_>, number: i64) -> Reply {
    let id = call.host(number, [])?;
    Ok(u16::try_from(id).unwrap_or(OVERFLOW_ID).into())
}

/// The host's call with the first `count` arguments as ids of 32 bits.
fn widen(call: &Call<'_>, number: i64, count: usize) -> Reply {
    let mut args = [0; 3];
    for (wide, id) in args.iter_mut().zip(&call.args[..count]) {
        *wide = wide_id(*id);
    }
    Ok(call.host(number, args)?)
}

/// getuid(2) with 16 bits.
pub fn getuid(call: &mut Call<'_>) -> Reply {
    narrow(call, libc::SYS_getuid)
}

/// getgid(2) with 16 bits.
pub fn getgid(call: &mut Call<'_>) -> Reply {
    narrow(call, libc::SYS_getgid)
}

/// geteuid(2) with 16 bits.
pub fn geteuid(call: &mut Call<'_>) -> Reply {
    narrow(call, libc::SYS_geteuid)
}

/// getegid(2) with 16 bits.
pub fn getegid(call: &mut Call<'_>) -> Reply {
    narrow(call, libc::SYS_getegid)
}

/// setuid(2) with 16 bits.
pub fn setuid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setuid, 1)
}

/// setgid(2) with 16 bits.
pub fn setgid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setgid, 1)
}

/// setreuid(2) with 16 bits.
pub fn setreuid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setreuid, 2)
}

/// setregid(2) with 16 bits.
pub fn setregid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setregid, 2)
}

/// setresuid(2) with 16 bits.
pub fn setresuid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setresuid, 3)
}

/// setresgid(2) with 16 bits.
pub fn setresgid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setresgid, 3)
}

/// setfsuid(2) with 16 bits; the old id is cut in the same way.
pub fn setfsuid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setfsuid, 1)
}

/// setfsgid(2) with 16 bits.
pub fn setfsgid(call: &mut Call<'_>) -> Reply {
    widen(call, libc::SYS_setfsgid, 1)
}

/// Three ids, stored with 16 bits each.
fn store_ids(call: &Call<'_>, number: i64) -> Reply {
    let mut ids = [0_u32; 3];
    let at = ids.as_mut_ptr() as u64;
    call.host(number, [at, at + 4, at + 8])?;
    for (address, id) in call.args.iter().zip(ids) {
        call.write(*address, &u16::try_from(id).unwrap_or(OVERFLOW_ID))?;
    }
    Ok(0)
}

/// getresuid(2) with 16 bits.
pub fn getresuid(call: &mut Call<'_>) -> Reply {
    store_ids(call, libc::SYS_getresuid)
}

/// getresgid(2) with 16 bits.
pub fn getresgid(call: &mut Call<'_>) -> Reply {
    store_ids(call, libc::SYS_getresgid)
}

/// The most groups that a process can be in.
const MOST_GROUPS: usize = 65536;

/// getgroups(2) with 16 bits.
pub fn getgroups(call: &mut Call<'_>) -> Reply {
    let [room, list, ..] = call.args;
    let room = usize::try_from(room as i32)
        .map_err(|_| Errno::EINVAL)?
        .min(MOST_GROUPS);
    let mut groups = vec![0_u32; room];
    let count = call.host(libc::SYS_getgroups, [room as u64, groups.as_mut_ptr() as u64])?;
    if room != 0 {
        let narrow = groups[..count as usize]
            .iter()
            .map(|&id| u16::try_from(id).unwrap_or(OVERFLOW_ID));
        let bytes: Vec<u8> = narrow.flat_map(u16::to_le_bytes).collect();
        memory::write_bytes(list, &bytes)?;
    }
    Ok(count)
}

/// setgroups(2) with 16 bits.
pub fn setgroups(call: &mut Call<'_>) -> Reply {
    let [count, list, ..] = call.args;
    if count as u32 as usize > MOST_GROUPS {
        return Err(Errno::EINVAL.into());
    }
    let mut bytes = vec![0; 2 * count as usize];
    memory::read_bytes(list, &mut bytes)?;
    let groups: Vec<u32> = bytes
        .chunks_exact(2)
        .map(|id| wide_id(u64::from(u16::from_le_bytes([id[0], id[1]]))) as u32)
        .collect();
    Ok(call.host(libc::SYS_setgroups, [count, groups.as_ptr() as u64])?)
}

/// nice(2), which x86-64 leaves to the C library.
pub fn nice(call: &mut Call<'_>) -> Reply {
    let process = libc::PRIO_PROCESS as u64;
    let now = 20 - call.host(libc::SYS_getpriority, [process, 0])? as i64;
    let wanted = (now + i64::from(call.int(0)).clamp(-40, 40)).clamp(-20, 19);
    match call.host(libc::SYS_setpriority, [process, 0, wanted as u64]) {
        Err(Errno::EACCES) => Err(Errno::EPERM.into()),
        reply => Ok(reply?),
    }
}

/// getrusage(2).
pub fn getrusage(call: &mut Call<'_>) -> Reply {
    let [who, usage, ..] = call.args;
    let mut host: HostRusage = [0; 18];
    call.host(libc::SYS_getrusage, [who, host.as_mut_ptr() as u64])?;
    call.write(usage, &Rusage::from(&host))?;
    Ok(0)
}

/// wait4(2).
pub fn wait4(call: &mut Call<'_>) -> Reply {
    let [process, status, options, usage, ..] = call.args;
    let mut host: HostRusage = [0; 18];
    let at = if usage == 0 { 0 } else { host.as_mut_ptr() as u64 };
    let id = call.wait(libc::SYS_wait4, [process, status, options, at])?;
    if usage != 0 && id != 0 {
        call.write(usage, &Rusage::from(&host))?;
    }
    Ok(id)
}

/// waitid(2).
pub fn waitid(call: &mut Call<'_>) -> Reply {
    let [which, id, info, options, usage, _] = call.args;
    let mut host: HostRusage = [0; 18];
    let usage_at = if usage == 0 { 0 } else { host.as_mut_ptr() as u64 };
    let mut host_info = [0_u32; 32];
    let info_at = if info == 0 { 0 } else { host_info.as_mut_ptr() as u64 };
    let reply = call.wait(libc::SYS_waitid, [which, id, info_at, options, usage_at])?;
    if usage != 0 && host_info[0] != 0 {
        call.write(usage, &Rusage::from(&host))?;
    }
    if info != 0 {
        call.write(info, &SigInfo::from_host(&host_info))?;
    }
    Ok(reply)
}

/// sysinfo(2).
pub fn sysinfo(call: &mut Call<'_>) -> Reply {
    let mut host: HostSysinfo = [0; 14];
    call.host(libc::SYS_sysinfo, [host.as_mut_ptr() as u64])?;
    call.write(call.args[0], &Sysinfo::from(&host))?;
    Ok(0)
}

/// A set of CPUs at a guest address, as words of the host. Only as many as the host's kernel can have are looked at.
fn cpu_set(address: u64, length: u64) -> Result<Vec<u64>, Break> {
    let mut bytes = vec![0; length.min(PAGE_SIZE) as usize];
    memory::read_bytes(address, &mut bytes)?;
    let words = bytes
        .chunks(8)
        .map(|word| word.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte)));
    Ok(words.collect())
}

/// sched_setaffinity(2).
pub fn sched_setaffinity(call: &mut Call<'_>) -> Reply {
    let [thread, length, set, ..] = call.args;
    let words = cpu_set(set, length)?;
    Ok(call.host(
        libc::SYS_sched_setaffinity,
        [thread, 8 * words.len() as u64, words.as_ptr() as u64],
    )?)
}

/// sched_getaffinity(2): the length is counted in 32-bit words.
pub fn sched_getaffinity(call: &mut Call<'_>) -> Reply {
    let [thread, length, set, ..] = call.args;
    if !length.is_multiple_of(4) {
        return Err(Errno::EINVAL.into());
    }
    let mut words = vec![0_u64; length.min(PAGE_SIZE).div_ceil(8) as usize];
    let args = [thread, 8 * words.len() as u64, words.as_mut_ptr() as u64];
    let stored = call.host(libc::SYS_sched_getaffinity, args)?.min(length);
    let bytes: Vec<u8> = words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .take(stored as usize)
        .collect();
    memory::write_bytes(set, &bytes)?;
    Ok(stored)
}

/// process_vm_readv(2), process_vm_writev(2): both vectors are the guest's; the other process is taken to be a 32-bit one too, which its
/// addresses say anyway.
fn process_vm(call: &mut Call<'_>, number: i64) -> Reply {
    let [process, local, local_count, remote, remote_count, flags] = call.args;
    let local = crate::fs::legacy::iovecs(local, local_count)?;
    let remote = crate::fs::legacy::iovecs(remote, remote_count)?;
    let [local_at, remote_at] = [&local, &remote].map(|vectors| vectors.as_ptr() as u64);
    let args = [process, local_at, local_count, remote_at, remote_count, flags];
    Ok(call.host(number, args)?)
}

/// process_vm_readv(2).
pub fn process_vm_readv(call: &mut Call<'_>) -> Reply {
    process_vm(call, libc::SYS_process_vm_readv)
}

/// process_vm_writev(2).
pub fn process_vm_writev(call: &mut Call<'_>) -> Reply {
    process_vm(call, libc::SYS_process_vm_writev)
}

/// process_madvise(2).
pub fn process_madvise(call: &mut Call<'_>) -> Reply {
    let [process, vector, count, advice, flags, _] = call.args;
    let vectors = crate::fs::legacy::iovecs(vector, count)?;
    Ok(call.host(440, [process, vectors.as_ptr() as u64, count, advice, flags])?)
}

/// keyctl(2): `KEYCTL_INSTANTIATE_IOV` takes a vector, and `KEYCTL_DH_COMPUTE`'s last structure is of no use to a guest (the kernel wants it null
/// or of its own layout); everything else passes.
pub fn keyctl(call: &mut Call<'_>) -> Reply {
    const INSTANTIATE_IOV: u64 = 20;
    let [operation, second, third, fourth, fifth, _] = call.args;
    if operation != INSTANTIATE_IOV {
        return Ok(call.host(libc::SYS_keyctl, [operation, second, third, fourth, fifth])?);
    }
    let vectors = crate::fs::legacy::iovecs(third, fourth)?;
    Ok(call.host(
        libc::SYS_keyctl,
        [operation, second, vectors.as_ptr() as u64, fourth, fifth],
    )?)
}

/// set_robust_list(2): the list is a 32-bit one, which the host's kernel cannot be told of; the runtime walks it.
pub fn set_robust_list(call: &mut Call<'_>) -> Reply {
    let [head, length, ..] = call.args;
    if length != 12 {
        return Err(Errno::EINVAL.into());
    }
    call.task.set_robust_list(head);
    Ok(0)
}

/// get_robust_list(2).
pub fn get_robust_list(call: &mut Call<'_>) -> Reply {
    let [thread, head, length, ..] = call.args;
    let list = call.task.robust_list(thread as i32).ok_or(Errno::ESRCH)?;
    call.write(length, &12_u32)?;
    call.write(head, &(list as u32))?;
    Ok(0)
}

/// A set of nodes: `count` bits at `address`, as words of the host.
fn nodes(address: u64, count: u64) -> Result<Vec<u64>, Break> {
    if address == 0 {
        return Ok(Vec::new());
    }
    // The kernel counts one bit less than it is told.
    cpu_set(address, count.saturating_sub(1).div_ceil(32) * 4)
}

fn pointer_to(words: &[u64]) -> u64 {
    if words.is_empty() { 0 } else { words.as_ptr() as u64 }
}

/// set_mempolicy(2).
pub fn set_mempolicy(call: &mut Call<'_>) -> Reply {
    let [mode, set, count, ..] = call.args;
    let words = nodes(set, count)?;
    Ok(call.host(libc::SYS_set_mempolicy, [mode, pointer_to(&words), count])?)
}

/// get_mempolicy(2).
pub fn get_mempolicy(call: &mut Call<'_>) -> Reply {
    let [mode, set, count, address, flags, _] = call.args;
    let bytes = count.saturating_sub(1).div_ceil(32).min(PAGE_SIZE / 4) * 4;
    let mut words = vec![0_u64; bytes.div_ceil(8) as usize];
    let at = if set == 0 { 0 } else { words.as_mut_ptr() as u64 };
    let value = call.host(libc::SYS_get_mempolicy, [mode, at, count, address, flags])?;
    if set != 0 {
        let stored: Vec<u8> = words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .take(bytes as usize)
            .collect();
        memory::write_bytes(set, &stored)?;
    }
    Ok(value)
}

/// migrate_pages(2).
pub fn migrate_pages(call: &mut Call<'_>) -> Reply {
    let [process, count, old, new, ..] = call.args;
    let (old, new) = (nodes(old, count)?, nodes(new, count)?);
    Ok(call.host(
        libc::SYS_migrate_pages,
        [process, count, pointer_to(&old), pointer_to(&new)],
    )?)
}

/// move_pages(2): a list of pointers.
pub fn move_pages(call: &mut Call<'_>) -> Reply {
    let [process, count, pages, nodes, status, flags] = call.args;
    if count > 1 << 20 {
        return Err(Errno::E2BIG.into());
    }
    let mut bytes = vec![0; 4 * count as usize];
    memory::read_bytes(pages, &mut bytes)?;
    let pages: Vec<u64> = bytes
        .chunks_exact(4)
        .map(|word| u64::from(u32::from_le_bytes([word[0], word[1], word[2], word[3]])))
        .collect();
    Ok(call.host(
        libc::SYS_move_pages,
        [process, count, pages.as_ptr() as u64, nodes, status, flags],
    )?)
}
