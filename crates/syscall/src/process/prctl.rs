//! prctl(2), option by option: what is about the process goes to the host, what is about the machine is the guest's machine's.

use std::sync::atomic::{AtomicU64, Ordering};

use armlet_memory::{self as memory, untag};

use crate::Errno;
use crate::abi::Abi;
use crate::call::Call;
use crate::seccomp;
use crate::task::Reply;

/// Options of prctl that the C library does not name.
mod option {
    pub const SET_VMA: i32 = 0x5356_4d41;
    pub const SET_VMA_ANON_NAME: u64 = 0;
    pub const SET_PTRACER: i32 = 0x5961_6d61;
    pub const SET_TAGGED_ADDR_CTRL: i32 = 55;
    pub const GET_TAGGED_ADDR_CTRL: i32 = 56;
    pub const SET_IO_FLUSHER: i32 = 57;
    pub const GET_IO_FLUSHER: i32 = 58;
    pub const SET_MEMORY_MERGE: i32 = 67;
    pub const GET_MEMORY_MERGE: i32 = 68;
    pub const TIMER_CREATE_RESTORE_IDS: i32 = 77;
    pub const GET_TID_ADDRESS: i32 = 40;
    pub const GET_AUXV: i32 = 0x4155_5856;
}

/// `PR_TAGGED_ADDR_ENABLE`: tags in pointers that system calls get are ignored, as armlet always does.
const TAGGED_ADDRESS_ENABLE: u64 = 1;

/// What the guest has said about tagged addresses. It changes nothing, but can be asked for.
static TAGGED_ADDRESSES: AtomicU64 = AtomicU64::new(0);

/// prctl(2).
pub fn prctl(call: &mut Call<'_>) -> Reply {
    let [number, second, third, fourth, fifth, _] = call.args;
    match number as i32 {
        // The process's own properties, the same on every machine.
        libc::PR_SET_PDEATHSIG
        | libc::PR_GET_PDEATHSIG
        | libc::PR_GET_DUMPABLE
        | libc::PR_SET_DUMPABLE
        | libc::PR_GET_KEEPCAPS
        | libc::PR_SET_KEEPCAPS
        | libc::PR_GET_TIMING
        | libc::PR_SET_TIMING
        | libc::PR_SET_NAME
        | libc::PR_GET_NAME
        | libc::PR_CAPBSET_READ
        | libc::PR_CAPBSET_DROP
        | libc::PR_GET_SECUREBITS
        | libc::PR_SET_SECUREBITS
        | libc::PR_SET_TIMERSLACK
        | libc::PR_GET_TIMERSLACK
        | libc::PR_MCE_KILL
        | libc::PR_MCE_KILL_GET
        | libc::PR_SET_CHILD_SUBREAPER
        | libc::PR_GET_CHILD_SUBREAPER
        | libc::PR_SET_NO_NEW_PRIVS
        | libc::PR_GET_NO_NEW_PRIVS
        | libc::PR_SET_THP_DISABLE
        | libc::PR_GET_THP_DISABLE
        | libc::PR_CAP_AMBIENT
        | libc::PR_GET_SPECULATION_CTRL
        | libc::PR_SET_SPECULATION_CTRL
        | option::SET_IO_FLUSHER
        | option::GET_IO_FLUSHER
        | libc::PR_SCHED_CORE
        | option::SET_PTRACER
        | option::SET_MEMORY_MERGE
        | option::GET_MEMORY_MERGE
        | option::TIMER_CREATE_RESTORE_IDS => Ok(call.host(libc::SYS_prctl, [number, second, third, fourth, fifth])?),
        option::SET_VMA if second == option::SET_VMA_ANON_NAME => {
            name_mapping(call, untag(third), fourth, untag(fifth))
        }
        option::SET_TAGGED_ADDR_CTRL if call.abi == Abi::A64 => {
            if second & !TAGGED_ADDRESS_ENABLE != 0 || [third, fourth, fifth] != [0; 3] {
                return Err(Errno::EINVAL.into());
            }
            TAGGED_ADDRESSES.store(second, Ordering::Relaxed);
            Ok(0)
        }
        option::GET_TAGGED_ADDR_CTRL if call.abi == Abi::A64 && [second, third, fourth, fifth] == [0; 4] => {
            Ok(TAGGED_ADDRESSES.load(Ordering::Relaxed))
        }
        libc::PR_GET_SECCOMP => Ok(call.task.seccomp().mode().into()),
        libc::PR_SET_SECCOMP => seccomp::prctl_set(call),
        option::GET_TID_ADDRESS => {
            let address = call.task.clear_child_tid();
            match call.abi {
                Abi::A64 => call.write(second, &address)?,
                Abi::A32 => call.write(second, &(address as u32))?,
            }
            Ok(0)
        }
        option::GET_AUXV if [fourth, fifth] == [0; 2] => {
            let words = call.task.image().auxv.iter().flat_map(|&(key, value)| [key, value]);
            let width = call.abi.word() as usize;
            let bytes: Vec<u8> = words
                .flat_map(|word| word.to_le_bytes().into_iter().take(width))
                .collect();
            let room = bytes.len().min(usize::try_from(third).unwrap_or(usize::MAX));
            memory::write_bytes(untag(second), &bytes[..room])?;
            Ok(bytes.len() as u64)
        }
        // It would describe armlet's own layout to the host.
        libc::PR_SET_MM => Err(Errno::EPERM.into()),
        // What this machine or this kernel does not have (SVE, SME, pointer authentication, user dispatch,
        // x86's TSC and CPUID, ...), and what does not exist.
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Bytes in the name of a mapping, its NUL included.
const NAME_LENGTH: usize = 80;

/// `PR_SET_VMA_ANON_NAME`: what an anonymous mapping is called in /proc/self/maps.
fn name_mapping(call: &Call<'_>, address: u64, length: u64, name: u64) -> Reply {
    if !address.is_multiple_of(memory::PAGE_SIZE) {
        return Err(Errno::EINVAL.into());
    }
    let name = match name {
        0 => None,
        name => Some(memory::read_cstr(name, NAME_LENGTH)?.ok_or(Errno::EINVAL)?),
    };
    let forbidden = |byte: &u8| !matches!(byte, b' '..=b'~') || b"\\`$[]".contains(byte);
    if name.as_ref().is_some_and(|name| name.iter().any(forbidden)) {
        return Err(Errno::EINVAL.into());
    }
    let name = name.map(|name| format!("[anon:{}]", String::from_utf8_lossy(&name)));
    let (parts, whole) = call.task.memory().mapped_parts(address, length)?;
    for part in parts {
        call.task.memory().set_name(part, name.as_deref());
    }
    if whole { Ok(0) } else { Err(Errno::ENOMEM.into()) }
}
