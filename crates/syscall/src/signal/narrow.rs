//! Signals as AArch32 programs have them: narrower structures, and the calls from the time when there were 32 signals.

use super::exchange;
use crate::Errno;
use crate::abi::a32::{HostSigInfo, KernelSigAction, OldSigAction, SigInfo, Sigevent};
use crate::call::{Call, UNBLOCKABLE};
use crate::task::{Break, Reply, SigAction};

/// The signals of a `sigset_t` from that time.
const OLD_SIGNALS: u64 = 0xffff_ffff;

/// rt_sigaction: sigaction(2).
pub(super) fn rt_sigaction(call: &mut Call<'_>) -> Reply {
    let [signal, new, old, ..] = call.args;
    let new = call.read_optional::<KernelSigAction>(new)?.map(|action| SigAction {
        handler: action.handler.into(),
        flags: action.flags.into(),
        restorer: action.restorer.into(),
        mask: (u64::from(action.mask[0]) | u64::from(action.mask[1]) << 32) & !UNBLOCKABLE,
    });
    let before = exchange(call, signal, new)?;
    if old != 0 {
        let action = KernelSigAction {
            handler: before.handler as u32,
            flags: before.flags as u32,
            restorer: before.restorer as u32,
            mask: [before.mask as u32, (before.mask >> 32) as u32],
        };
        call.write(old, &action)?;
    }
    Ok(0)
}

/// sigaction(2), with 32 signals.
pub fn old_sigaction(call: &mut Call<'_>) -> Reply {
    let [signal, new, old, ..] = call.args;
    let new = call.read_optional::<OldSigAction>(new)?.map(|action| SigAction {
        handler: action.handler.into(),
        flags: action.flags.into(),
        restorer: action.restorer.into(),
        mask: u64::from(action.mask) & !UNBLOCKABLE,
    });
    let before = exchange(call, signal, new)?;
    if old != 0 {
        let action = OldSigAction {
            handler: before.handler as u32,
            mask: before.mask as u32,
            flags: before.flags as u32,
            restorer: before.restorer as u32,
        };
        call.write(old, &action)?;
    }
    Ok(0)
}

/// sigprocmask(2), with 32 signals.
pub fn old_sigprocmask(call: &mut Call<'_>) -> Reply {
    let [how, set, old, ..] = call.args;
    let before = call.task.signal_mask();
    if let Some(set) = call.read_optional::<u32>(set)? {
        let set = u64::from(set) & !UNBLOCKABLE;
        let mask = match how as i32 {
            libc::SIG_BLOCK => before | set,
            libc::SIG_UNBLOCK => before & !set,
            libc::SIG_SETMASK => before & !OLD_SIGNALS | set,
            _ => return Err(Errno::EINVAL.into()),
        };
        call.task.set_signal_mask(mask);
    }
    if old != 0 {
        call.write(old, &(before as u32))?;
    }
    Ok(0)
}

/// sigpending(2), with 32 signals.
pub fn old_sigpending(call: &mut Call<'_>) -> Reply {
    let mut pending = 0_u64;
    call.host(libc::SYS_rt_sigpending, [&raw mut pending as u64, 8])?;
    call.write(call.args[0], &(pending as u32))?;
    Ok(0)
}

/// sigsuspend(2), with 32 signals: the mask is the third argument.
pub fn old_sigsuspend(call: &mut Call<'_>) -> Reply {
    let mask = (call.args[2] & OLD_SIGNALS) & !UNBLOCKABLE;
    call.wait_under_mask(mask, libc::SYS_ppoll, [0, 0, 0])
}

/// sigreturn(2): from a handler without siginfo.
pub fn old_sigreturn(call: &mut Call<'_>) -> Reply {
    call.task.sigreturn_old(call.state);
    Err(Break::Resume)
}

/// rt_sigtimedwait: sigtimedwait(2).
pub fn rt_sigtimedwait(call: &mut Call<'_>) -> Reply {
    let [set, info, timeout, size, ..] = call.args;
    let mut time = call.read_optional_time(timeout)?;
    let time_at = time.as_mut().map_or(0, |time| time.as_mut_ptr() as u64);
    let mut host: HostSigInfo = [0; 32];
    let signal = call.wait(
        libc::SYS_rt_sigtimedwait,
        [set, host.as_mut_ptr() as u64, time_at, size],
    )?;
    if info != 0 {
        call.write(info, &SigInfo::from_host(&host))?;
    }
    Ok(signal)
}

/// The host's call with the siginfo that argument `index` points to.
fn with_info(call: &mut Call<'_>, index: usize, number: i64) -> Reply {
    let mut args = call.args;
    let host = match args[index] {
        0 => None,
        address => Some(call.read::<SigInfo>(address)?.to_host()),
    };
    args[index] = host.as_ref().map_or(0, |host| host.as_ptr() as u64);
    Ok(call.host(number, args)?)
}

/// rt_sigqueueinfo(2).
pub fn rt_sigqueueinfo(call: &mut Call<'_>) -> Reply {
    with_info(call, 2, libc::SYS_rt_sigqueueinfo)
}

/// rt_tgsigqueueinfo(2).
pub fn rt_tgsigqueueinfo(call: &mut Call<'_>) -> Reply {
    with_info(call, 3, libc::SYS_rt_tgsigqueueinfo)
}

/// pidfd_send_signal(2).
pub fn pidfd_send_signal(call: &mut Call<'_>) -> Reply {
    with_info(call, 2, 424)
}

/// The host's call with the sigevent that argument `index` points to.
fn with_event(call: &mut Call<'_>, index: usize, number: i64) -> Reply {
    let mut args = call.args;
    let host = match args[index] {
        0 => None,
        address => Some(call.read::<Sigevent>(address)?.to_host()),
    };
    args[index] = host.as_ref().map_or(0, |host| host.as_ptr() as u64);
    Ok(call.host(number, args)?)
}

/// timer_create(2).
pub fn timer_create(call: &mut Call<'_>) -> Reply {
    with_event(call, 1, libc::SYS_timer_create)
}

/// mq_notify(3).
pub fn mq_notify(call: &mut Call<'_>) -> Reply {
    with_event(call, 1, libc::SYS_mq_notify)
}
