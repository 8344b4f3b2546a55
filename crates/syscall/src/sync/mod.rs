//! Futexes and System V semaphores: the calls of theirs that are not simply the host's.

mod ipc;

pub use ipc::{msgctl, msgrcv, msgsnd, shmctl};

use crate::Errno;
use crate::abi::Abi;
use crate::abi::a64::{HostSemidDs, SemidDs};
use crate::call::Call;
use crate::task::{Break, Reply, Restart, RestartBlock};
use crate::time;

/// The bits of a futex operation that are not flags.
const COMMAND: i32 = !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);

/// `FUTEX_LOCK_PI` with CLOCK_MONOTONIC.
const FUTEX_LOCK_PI2: i32 = 13;

/// futex(2). Futexes are the host's: the same word, at the same address. Only waits with a timeout are made ones until an
/// absolute time, so that a signal does not make them longer.
pub fn futex(call: &mut Call<'_>) -> Reply {
    let [address, operation, value, timeout, _, bits] = call.args;
    let (value, operation) = (value as u32, operation as u32);
    let command = operation as i32 & COMMAND;
    if matches!(
        command,
        libc::FUTEX_LOCK_PI | FUTEX_LOCK_PI2 | libc::FUTEX_WAIT_REQUEUE_PI
    ) {
        // POSIX lets no signal end the wait for a mutex; the C libraries take EINTR for a broken one.
        let reply = time::pass(call, libc::SYS_futex, Some(time::one(3)), None);
        return if let Err(Break::Restart(_)) = reply {
            Err(call.again())
        } else {
            reply
        };
    }
    if timeout == 0 || !matches!(command, libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET) {
        return call.pass(libc::SYS_futex);
    }
    let time = call.read_time(timeout)?;
    if !time::is_span(time) {
        return Err(Errno::EINVAL.into());
    }
    let (deadline, bits) = match command {
        libc::FUTEX_WAIT => (time::after(clock_of(operation), time)?, u32::MAX),
        _ => (time, bits as u32),
    };
    let deadline = (deadline[0], deadline[1]);
    resume_wait(
        call,
        RestartBlock::FutexWait {
            address,
            value,
            operation,
            bits,
            deadline,
        },
    )
}

fn clock_of(operation: u32) -> i32 {
    if operation as i32 & libc::FUTEX_CLOCK_REALTIME != 0 {
        libc::CLOCK_REALTIME
    } else {
        libc::CLOCK_MONOTONIC
    }
}

/// Waits, also for the rest of the time after a signal without a handler. Any other block is not a futex's.
pub(crate) fn resume_wait(call: &mut Call<'_>, block: RestartBlock) -> Reply {
    let RestartBlock::FutexWait {
        address,
        value,
        operation,
        bits,
        deadline,
    } = block
    else {
        return Err(Errno::EINTR.into());
    };
    let time = [deadline.0, deadline.1];
    let operation = operation as i32 & !COMMAND | libc::FUTEX_WAIT_BITSET;
    let args = [
        address,
        operation as u64,
        u64::from(value),
        time.as_ptr() as u64,
        0,
        u64::from(bits),
    ];
    let reply = call.wait(libc::SYS_futex, args);
    if let Err(Break::Restart(_)) = reply {
        *call.task.restart_block() = Some(block);
        return Err(Break::Restart(Restart::Block));
    }
    reply
}

/// semctl(2): `struct semid_ds` differs.
pub fn semctl(call: &mut Call<'_>) -> Reply {
    if call.abi == Abi::A32 {
        return ipc::semctl(call);
    }
    let [set, index, command, argument, ..] = call.args;
    // IPC_64 (0x100) may be set; the host's x86-64 kernel does not want it.
    let command = command as i32 & !0x100;
    match command {
        libc::IPC_STAT | libc::SEM_STAT | libc::SEM_STAT_ANY => {
            let mut host = HostSemidDs::default();
            let reply = call.host(libc::SYS_semctl, [set, index, command as u64, &raw mut host as u64])?;
            call.write(argument, &SemidDs::from(&host))?;
            Ok(reply)
        }
        libc::IPC_SET => {
            let host = HostSemidDs::from(&call.read::<SemidDs>(argument)?);
            Ok(call.host(libc::SYS_semctl, [set, index, command as u64, &raw const host as u64])?)
        }
        _ => Ok(call.host(libc::SYS_semctl, [set, index, command as u64, argument])?),
    }
}
