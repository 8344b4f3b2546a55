//! Signal actions, masks and stacks: checked here, kept by the runtime. Sending and awaiting signals are rows that go to
//! the host.

use crate::Errno;
use crate::abi::a64::{KernelSigAction, MINSIGSTKSZ, StackT};
use crate::call::{Call, UNBLOCKABLE};
use crate::task::{AltStack, Break, Reply, SigAction};

/// `SS_AUTODISARM`: the stack is disabled while a handler runs.
const SS_AUTODISARM: u32 = 1 << 31;

/// rt_sigaction: sigaction(2).
pub fn rt_sigaction(call: &mut Call<'_>) -> Reply {
    let [signal, new, old, size, ..] = call.args;
    if size != 8 {
        return Err(Errno::EINVAL.into());
    }
    let new = call.read_optional::<KernelSigAction>(new)?.map(|action| SigAction {
        handler: action.handler,
        flags: action.flags,
        restorer: action.restorer,
        mask: action.mask & !UNBLOCKABLE,
    });
    let signal = signal as u32;
    let fixed = signal == libc::SIGKILL as u32 || signal == libc::SIGSTOP as u32;
    if !(1..=64).contains(&signal) || new.is_some() && fixed {
        return Err(Errno::EINVAL.into());
    }
    let before = call.task.sigaction(signal, new)?;
    if old != 0 {
        let SigAction {
            handler,
            flags,
            restorer,
            mask,
        } = before;
        call.write(
            old,
            &KernelSigAction {
                handler,
                flags,
                restorer,
                mask,
            },
        )?;
    }
    Ok(0)
}

/// rt_sigprocmask: sigprocmask(2).
pub fn rt_sigprocmask(call: &mut Call<'_>) -> Reply {
    let [how, set, old, size, ..] = call.args;
    if size != 8 {
        return Err(Errno::EINVAL.into());
    }
    let before = call.task.signal_mask();
    if let Some(set) = call.signal_set(set, size)? {
        let mask = match how as i32 {
            libc::SIG_BLOCK => before | set,
            libc::SIG_UNBLOCK => before & !set,
            libc::SIG_SETMASK => set,
            _ => return Err(Errno::EINVAL.into()),
        };
        call.task.set_signal_mask(mask);
    }
    if old != 0 {
        call.write(old, &before)?;
    }
    Ok(0)
}

/// rt_sigsuspend: sigsuspend(2). Waits until a signal is pending under the given mask, and leaves the mask for its delivery.
pub fn rt_sigsuspend(call: &mut Call<'_>) -> Reply {
    let [set, size, ..] = call.args;
    if size != 8 {
        return Err(Errno::EINVAL.into());
    }
    let mask = call.read::<u64>(set)? & !UNBLOCKABLE;
    // A ppoll of nothing without a timeout waits for ever.
    call.wait_under_mask(mask, libc::SYS_ppoll, [0, 0, 0])
}

/// rt_sigreturn: sigreturn(2).
pub fn rt_sigreturn(call: &mut Call<'_>) -> Reply {
    call.task.sigreturn(call.state);
    Err(Break::Resume)
}

/// sigaltstack(2).
pub fn sigaltstack(call: &mut Call<'_>) -> Reply {
    let [new, old, ..] = call.args;
    let before = call.task.alternate_stack();
    let disarms = before.flags & SS_AUTODISARM != 0;
    let active = !disarms && before.size != 0 && before.contains(call.state.sp());
    if let Some(stack) = call.read_optional::<StackT>(new)? {
        if active {
            return Err(Errno::EPERM.into());
        }
        let flags = stack.ss_flags as u32;
        let stack = match (flags & !SS_AUTODISARM) as i32 {
            libc::SS_DISABLE => AltStack {
                flags,
                ..AltStack::DISABLED
            },
            0 | libc::SS_ONSTACK if stack.ss_size < MINSIGSTKSZ => return Err(Errno::ENOMEM.into()),
            0 | libc::SS_ONSTACK => AltStack {
                base: stack.ss_sp,
                flags: flags & SS_AUTODISARM,
                size: stack.ss_size,
            },
            _ => return Err(Errno::EINVAL.into()),
        };
        call.task.set_alternate_stack(stack);
    }
    if old != 0 {
        let flags = before.flags | if active { libc::SS_ONSTACK as u32 } else { 0 };
        call.write(
            old,
            &StackT {
                ss_sp: before.base,
                ss_flags: flags as i32,
                pad: 0,
                ss_size: before.size,
            },
        )?;
    }
    Ok(0)
}
