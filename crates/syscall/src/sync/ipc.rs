//! System V IPC as AArch32 programs have it: the structures of the control calls, and messages whose type has 32 bits.

use armlet_memory as memory;

use crate::Errno;
use crate::abi::a32::{HostMsqidDs, HostShmidDs, IpcPerm, MsqidDs, SemidDs, ShmidDs};
use crate::abi::a64::HostSemidDs;
use crate::call::Call;
use crate::task::{Break, Reply};

/// `IPC_64`: the structures of today, and the only ones that the EABI has; programs set it or not.
const IPC_64: i32 = 0x100;
/// The longest message that is taken: what a sysadmin can raise `msgmax` to is more, but no program sends that.
const LONGEST_MESSAGE: u64 = 16 << 20;

fn command(call: &Call<'_>, index: usize) -> i32 {
    call.int(index) & !IPC_64
}

/// semctl(2). The fourth argument is a union: a number, or a pointer.
pub(super) fn semctl(call: &mut Call<'_>) -> Reply {
    let [set, index, _, argument, ..] = call.args;
    let command = command(call, 2);
    let number = command as u64;
    match command {
        libc::IPC_STAT | libc::SEM_STAT | libc::SEM_STAT_ANY => {
            let mut host = HostSemidDs::default();
            let reply = call.host(libc::SYS_semctl, [set, index, number, &raw mut host as u64])?;
            call.write(argument, &SemidDs::from(&host))?;
            Ok(reply)
        }
        libc::IPC_SET => {
            let host = HostSemidDs::from(&call.read::<SemidDs>(argument)?);
            Ok(call.host(libc::SYS_semctl, [set, index, number, &raw const host as u64])?)
        }
        // Arrays of 16 bits, structures of ints and numbers are the same on both sides.
        _ => Ok(call.host(libc::SYS_semctl, [set, index, number, argument])?),
    }
}

/// shmctl(2).
pub fn shmctl(call: &mut Call<'_>) -> Reply {
    let [segment, _, argument, ..] = call.args;
    let command = command(call, 1);
    let number = command as u64;
    match command {
        libc::IPC_STAT | SHM_STAT | SHM_STAT_ANY => {
            let mut host = HostShmidDs::default();
            let reply = call.host(libc::SYS_shmctl, [segment, number, &raw mut host as u64])?;
            call.write(argument, &ShmidDs::from(&host))?;
            Ok(reply)
        }
        libc::IPC_SET => {
            // Only the permissions count.
            let host = HostShmidDs {
                shm_perm: (&call.read::<IpcPerm>(argument)?).into(),
                ..HostShmidDs::default()
            };
            Ok(call.host(libc::SYS_shmctl, [segment, number, &raw const host as u64])?)
        }
        libc::IPC_INFO => {
            // struct shminfo64: five limits.
            let mut host = [0_u64; 9];
            let reply = call.host(libc::SYS_shmctl, [segment, number, host.as_mut_ptr() as u64])?;
            call.write(argument, &host.map(|limit| limit.min(i32::MAX as u64) as u32))?;
            Ok(reply)
        }
        SHM_INFO => {
            // struct shm_info: an int, then five numbers.
            let mut host = [0_u64; 6];
            let reply = call.host(libc::SYS_shmctl, [segment, number, host.as_mut_ptr() as u64])?;
            call.write(argument, &host.map(|part| part as u32))?;
            Ok(reply)
        }
        _ => Ok(call.host(libc::SYS_shmctl, [segment, number, argument])?),
    }
}

/// What the C library does not name.
const SHM_STAT: i32 = 13;
const SHM_INFO: i32 = 14;
const SHM_STAT_ANY: i32 = 15;
const MSG_STAT: i32 = 11;
const MSG_STAT_ANY: i32 = 13;

/// msgctl(2).
pub fn msgctl(call: &mut Call<'_>) -> Reply {
    let [queue, _, argument, ..] = call.args;
    let command = command(call, 1);
    let number = command as u64;
    match command {
        libc::IPC_STAT | MSG_STAT | MSG_STAT_ANY => {
            let mut host = HostMsqidDs::default();
            let reply = call.host(libc::SYS_msgctl, [queue, number, &raw mut host as u64])?;
            call.write(argument, &MsqidDs::from(&host))?;
            Ok(reply)
        }
        libc::IPC_SET => {
            let guest: MsqidDs = call.read(argument)?;
            let host = HostMsqidDs {
                msg_perm: (&guest.msg_perm).into(),
                msg_qbytes: guest.msg_qbytes.into(),
                ..HostMsqidDs::default()
            };
            Ok(call.host(libc::SYS_msgctl, [queue, number, &raw const host as u64])?)
        }
        // struct msginfo has ints only.
        _ => Ok(call.host(libc::SYS_msgctl, [queue, number, argument])?),
    }
}

/// A message of the host's, with its type in the first word.
fn room(length: u64) -> Result<Vec<u64>, Break> {
    if length > LONGEST_MESSAGE {
        return Err(Errno::EINVAL.into());
    }
    Ok(vec![0; 1 + length.div_ceil(8) as usize])
}

/// msgsnd(2).
pub fn msgsnd(call: &mut Call<'_>) -> Reply {
    let [queue, message, length, flags, ..] = call.args;
    let mut host = room(length)?;
    host[0] = i64::from(call.read::<i32>(message)?) as u64;
    let mut text = vec![0; length as usize];
    memory::read_bytes(message.wrapping_add(4), &mut text)?;
    for (word, bytes) in host[1..].iter_mut().zip(text.chunks(8)) {
        *word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    call.wait(libc::SYS_msgsnd, [queue, host.as_ptr() as u64, length, flags])
}

/// msgrcv(2).
pub fn msgrcv(call: &mut Call<'_>) -> Reply {
    let [queue, message, length, kind, flags, _] = call.args;
    let mut host = room(length.min(LONGEST_MESSAGE))?;
    let args = [
        queue,
        host.as_mut_ptr() as u64,
        length.min(LONGEST_MESSAGE),
        kind,
        flags,
    ];
    let received = call.wait(libc::SYS_msgrcv, args)?;
    call.write(message, &(host[0] as u32))?;
    let text: Vec<u8> = host[1..]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .take(received as usize)
        .collect();
    memory::write_bytes(message.wrapping_add(4), &text)?;
    Ok(received)
}
