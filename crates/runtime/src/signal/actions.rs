//! What the guest has said should be done with each signal, and its mirror on the host.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use armlet_syscall::task::SigAction;

use super::host::{HostAction, is_ignored, set_action};
use super::{FAULTS, SignalSet, bit};

const SIG_DFL: u64 = 0;
const SIG_IGN: u64 = 1;
/// The flags that the host's kernel acts upon itself.
const HOST_FLAGS: u64 = (libc::SA_NOCLDSTOP | libc::SA_NOCLDWAIT) as u64;
/// Linux has signals 1 to 64.
const SIGNALS: usize = 64;

/// What is to be done with a signal that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Nothing.
    Ignore,
    /// What the kernel does by default.
    Default,
    /// Run the guest's handler.
    Handle(SigAction),
}

/// Somebody watches the process, and wants to see its end: signals that end it by default come to armlet first.
static DEFAULTS_SEEN: AtomicBool = AtomicBool::new(false);

/// From now on, signals that end the process by default are delivered by armlet.
pub(crate) fn see_defaults() {
    DEFAULTS_SEEN.store(true, Ordering::Relaxed);
}

/// SIGPROF takes samples, whatever the guest does with it.
static SAMPLES_SEEN: AtomicBool = AtomicBool::new(false);

/// From now on, SIGPROF comes to armlet.
pub(crate) fn see_samples() {
    SAMPLES_SEEN.store(true, Ordering::Relaxed);
}

/// Whether armlet itself has to do what a signal's default action is.
pub(crate) fn sees_default(signal: i32) -> bool {
    const HARMLESS: [i32; 8] = [
        libc::SIGCHLD,
        libc::SIGCONT,
        libc::SIGSTOP,
        libc::SIGTSTP,
        libc::SIGTTIN,
        libc::SIGTTOU,
        libc::SIGURG,
        libc::SIGWINCH,
    ];
    DEFAULTS_SEEN.load(Ordering::Relaxed) && signal != libc::SIGKILL && !HARMLESS.contains(&signal)
}

/// The table of a process.
pub(crate) struct Actions(Mutex<[SigAction; SIGNALS]>);

impl Actions {
    /// As a new program finds it: ignored signals were inherited, everything else is at its default. Installs the handlers that
    /// armlet needs itself.
    pub fn inherited() -> Actions {
        let mut actions = [SigAction::default(); SIGNALS];
        for (signal, action) in (1..).zip(&mut actions) {
            if crate::startup::was_ignored(signal, is_ignored) {
                action.handler = SIG_IGN;
            }
            // The host's dispositions are already the inherited ones, but for what Rust's runtime has set.
            if bit(signal) & (FAULTS | bit(libc::SIGPIPE)) != 0 || sees_default(signal) {
                mirror(signal, action);
            }
        }
        Actions(Mutex::new(actions))
    }

    /// The same table for another process.
    pub fn copy(&self) -> Actions {
        Actions(Mutex::new(*self.lock()))
    }

    /// Also used to hold the table still across a fork.
    pub fn lock(&self) -> MutexGuard<'_, [SigAction; SIGNALS]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `rt_sigaction`: answers the old action. `None` if there is no such signal.
    pub fn exchange(&self, signal: i32, new: Option<SigAction>) -> Option<SigAction> {
        let mut actions = self.lock();
        let action = actions.get_mut(usize::try_from(signal - 1).ok()?)?;
        let old = *action;
        if let Some(new) = new {
            *action = new;
            mirror(signal, action);
        }
        Some(old)
    }

    /// The signals that are ignored, and those that have a handler.
    pub fn dispositions(&self) -> [SignalSet; 2] {
        let (mut ignored, mut caught) = (0, 0);
        for (signal, action) in (1..).zip(self.lock().iter()) {
            match action.handler {
                SIG_DFL => {}
                SIG_IGN => ignored |= bit(signal),
                _ => caught |= bit(signal),
            }
        }
        [ignored, caught]
    }

    /// What is to be done now; a handler with `SA_RESETHAND` is taken out.
    pub fn take(&self, signal: i32) -> Disposition {
        let mut actions = self.lock();
        let Some(action) = usize::try_from(signal - 1)
            .ok()
            .and_then(|index| actions.get_mut(index))
        else {
            return Disposition::Ignore;
        };
        let taken = *action;
        match taken.handler {
            SIG_DFL => return Disposition::Default,
            SIG_IGN => return Disposition::Ignore,
            _ => {}
        }
        if taken.flags & libc::SA_RESETHAND as u32 as u64 != 0 {
            action.handler = SIG_DFL;
            mirror(signal, action);
        }
        Disposition::Handle(taken)
    }

    /// The host's execve keeps ignored signals ignored: also those that armlet must handle until then.
    pub fn before_exec(&self) {
        self.set_ignored_faults(HostAction::Ignore);
    }

    /// It has failed.
    pub fn after_failed_exec(&self) {
        self.set_ignored_faults(HostAction::Record);
    }

    fn set_ignored_faults(&self, host: HostAction) {
        for (signal, action) in (1..).zip(self.lock().iter()) {
            if bit(signal) & FAULTS != 0 && action.handler == SIG_IGN {
                set_action(signal, host, 0);
            }
        }
    }

    /// `CLONE_CLEAR_SIGHAND`: handlers go back to the default, ignored signals stay ignored.
    pub fn clear_handlers(&self) {
        for (signal, action) in (1..).zip(self.lock().iter_mut()) {
            if action.handler != SIG_IGN {
                *action = SigAction::default();
                mirror(signal, action);
            }
        }
    }
}

/// The host does by itself what the guest wants to be ignored or done by default.
fn mirror(signal: i32, action: &SigAction) {
    let host = match action.handler {
        _ if bit(signal) & FAULTS != 0 => HostAction::Record,
        _ if signal == libc::SIGPROF && SAMPLES_SEEN.load(Ordering::Relaxed) => {
            return set_action(
                signal,
                HostAction::Record,
                action.flags & HOST_FLAGS | libc::SA_RESTART as u64,
            );
        }
        SIG_DFL if sees_default(signal) => HostAction::Record,
        SIG_DFL => HostAction::Default,
        SIG_IGN => HostAction::Ignore,
        _ => HostAction::Record,
    };
    if signal != libc::SIGKILL && signal != libc::SIGSTOP {
        set_action(signal, host, action.flags & HOST_FLAGS);
    }
}
