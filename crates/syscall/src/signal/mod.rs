//! Signal actions, masks and stacks: checked here, kept by the runtime. Sending and awaiting signals are rows that go to
//! the host.

mod narrow;

pub use narrow::*;

use armlet_cpu::Fault;

use crate::Errno;
use crate::abi::a64::{KernelSigAction, MINSIGSTKSZ, StackT};
use crate::abi::{Abi, a32};
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
    if call.abi == Abi::A32 {
        return narrow::rt_sigaction(call);
    }
    let new = call.read_optional::<KernelSigAction>(new)?.map(|action| SigAction {
        handler: action.handler,
        flags: action.flags,
        restorer: action.restorer,
        mask: action.mask & !UNBLOCKABLE,
    });
    let before = exchange(call, signal, new)?;
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

/// Checks a signal number, and sets and answers the action.
fn exchange(call: &mut Call<'_>, signal: u64, new: Option<SigAction>) -> Result<SigAction, Break> {
    let signal = signal as u32;
    let fixed = signal == libc::SIGKILL as u32 || signal == libc::SIGSTOP as u32;
    if !(1..=64).contains(&signal) || new.is_some() && fixed {
        return Err(Errno::EINVAL.into());
    }
    Ok(call.task.sigaction(signal, new)?)
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

/// stack_t as the program has it.
fn read_stack(call: &Call<'_>, address: u64) -> Result<Option<StackT>, Fault> {
    match call.abi {
        Abi::A64 => call.read_optional(address),
        Abi::A32 => Ok(call.read_optional::<a32::StackT>(address)?.map(|stack| StackT {
            ss_sp: stack.ss_sp.into(),
            ss_flags: stack.ss_flags,
            pad: 0,
            ss_size: stack.ss_size.into(),
        })),
    }
}

fn write_stack(call: &Call<'_>, address: u64, stack: &StackT) -> Result<(), Fault> {
    match call.abi {
        Abi::A64 => call.write(address, stack),
        Abi::A32 => call.write(
            address,
            &a32::StackT {
                ss_sp: stack.ss_sp as u32,
                ss_flags: stack.ss_flags,
                ss_size: stack.ss_size as u32,
            },
        ),
    }
}

/// sigaltstack(2).
pub fn sigaltstack(call: &mut Call<'_>) -> Reply {
    let [new, old, ..] = call.args;
    let (sp, least) = match call.abi {
        Abi::A64 => (call.state.sp(), MINSIGSTKSZ),
        Abi::A32 => (call.state.r(armlet_cpu::a32::SP).into(), a32::MINSIGSTKSZ),
    };
    let before = call.task.alternate_stack();
    let disarms = before.flags & SS_AUTODISARM != 0;
    let active = !disarms && before.size != 0 && before.contains(sp);
    if let Some(stack) = read_stack(call, new)? {
        if active {
            return Err(Errno::EPERM.into());
        }
        let flags = stack.ss_flags as u32;
        let stack = match (flags & !SS_AUTODISARM) as i32 {
            libc::SS_DISABLE => AltStack {
                flags,
                ..AltStack::DISABLED
            },
            0 | libc::SS_ONSTACK if stack.ss_size < least => return Err(Errno::ENOMEM.into()),
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
        write_stack(
            call,
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
