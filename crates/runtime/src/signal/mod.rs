//! The guest's signals.
//!
//! - `host.rs`: the host's handlers and masks, and the mailbox into which a handler puts what arrived;
//! - `actions.rs`: what the guest has said should be done (`rt_sigaction`), mirrored on the host;
//! - `frame.rs`, `frame_a32.rs`: the frame on the guest's stack, written at a handler's start and read by `rt_sigreturn`;
//! - `deliver.rs`: what becomes of a signal: a handler, a restart of the interrupted call, or the end.
//!
//! # How an asynchronous signal travels
//!
//! The host's mask mirrors the guest's, and so do ignored and default dispositions: the host's kernel queues, discards, stops and
//! kills as it would for the guest. Only a signal with a guest handler gets a host handler. That one puts the `siginfo`
//! into the thread's mailbox, which holds one signal, and returns with **all signals blocked**: whatever else arrives
//! stays in the kernel's queue, in the kernel's order, until the guest's frame is built and the guest's mask set.
//!
//! SIGSEGV and SIGBUS are never blocked on the host, because accesses of guest memory raise them at any time; SIGFPE neither, by which translated code
//! learns of invalid operations.

mod actions;
mod deliver;
pub(crate) mod frame;
pub(crate) mod frame_a32;
pub(crate) mod host;

pub(crate) use actions::{Actions, Disposition, see_defaults, see_samples, sees_default};
pub(crate) use deliver::FaultDetails;
pub(crate) use host::gettid;

use armlet_memory::Plain;

/// A set of signals: bit `n - 1` is signal `n`.
pub(crate) type SignalSet = u64;

/// The set with that signal alone.
pub(crate) const fn bit(signal: i32) -> SignalSet {
    1 << (signal - 1)
}

/// The signals that accesses of guest memory and floating-point operations raise on the host.
pub(crate) const FAULTS: SignalSet = bit(libc::SIGSEGV) | bit(libc::SIGBUS) | bit(libc::SIGFPE);

/// `si_code` values that the libc crate does not name.
pub(crate) mod code {
    pub const SEGV_MAPERR: i32 = 1;
    pub const SEGV_ACCERR: i32 = 2;
    pub const BUS_ADRALN: i32 = 1;
    pub const BUS_ADRERR: i32 = 2;
    pub const ILL_ILLOPC: i32 = 1;
    pub const TRAP_BRKPT: i32 = 1;
    pub const SYS_SECCOMP: i32 = 1;
    pub const SI_KERNEL: i32 = 0x80;
}

/// siginfo_t: 128 bytes, the same on arm64 and x86-64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct SigInfo {
    /// `si_signo`.
    pub signal: i32,
    /// `si_errno`.
    pub errno: i32,
    /// `si_code`.
    pub code: i32,
    /// Not used.
    pub pad: i32,
    /// The rest, which depends on the signal; the first word is `si_addr` for a fault.
    pub fields: [u64; 14],
}

// SAFETY: integers only, and the padding is a field.
unsafe impl Plain for SigInfo {}

impl SigInfo {
    /// For a fault: `address` is `si_addr`.
    pub fn fault(signal: i32, code: i32, address: u64) -> SigInfo {
        let mut info = SigInfo {
            signal,
            code,
            ..SigInfo::default()
        };
        info.fields[0] = address;
        info
    }
}

/// The name of a signal: `SIGSEGV`, `SIGRTMIN+3`.
pub(crate) fn name(signal: i32) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];
    match usize::try_from(signal - 1).ok().and_then(|index| NAMES.get(index)) {
        Some(name) => format!("SIG{name}"),
        None => format!("SIGRTMIN+{}", signal - 32),
    }
}
