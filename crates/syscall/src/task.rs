//! What a system call needs of the process around it: the [`Task`] trait, which the runtime implements for the guest
//! thread that is running (Linux would call it `current`), and the small structures that cross it. No system call lives
//! here, and nothing here knows an engine.
//!
//! The contract in short:
//!
//! * One guest thread is one host thread, one guest process is one host process, with the same ids. So `getpid`,
//!   `kill`, `wait4`, futexes, robust lists, scheduling and credentials go straight to the host.
//! * Signal numbers are equal, and **the host's signal mask mirrors the guest's** (but for the signals that the engine
//!   itself needs for faults). So `signalfd4`, `rt_sigtimedwait`, `rt_sigpending` and `/proc/PID/status` are the host's.
//! * When a host signal for the guest arrives, the runtime's handler records it, makes [`Task::pending`] non-zero, and
//!   calls [`crate::host::fixup`], which abandons a system call that was about to be entered: the signal is then delivered
//!   before the call ([`Outcome::Resume`] at the SVC), as on the bare machine. Host handlers are installed without
//!   `SA_RESTART`: whether a call that had begun to wait is started again is decided by [`Restart`].

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_cpu::{Fault, Trap};
use armlet_memory::AddressSpace;

use crate::Errno;
use crate::abi::Abi;
use crate::seccomp::{Seccomp, Trapped};
use crate::strace::Strace;
use crate::time::Width;

/// The guest thread that makes the system call, and its process.
pub trait Task {
    /// Which system calls it makes; the same for the whole life of a program.
    fn abi(&self) -> Abi;

    /// The guest's address space, shared by all threads of the process.
    fn memory(&self) -> &AddressSpace;

    /// Non-zero while a signal waits to be delivered to this thread: a blocking call is then not entered. The same word
    /// for the whole life of the thread, and set by the runtime's host signal handler.
    fn pending(&self) -> &AtomicU32;

    /// What was set on the command line.
    fn settings(&self) -> &Settings;

    /// What the program that runs was started from; changes with `execve`.
    fn image(&self) -> Image<'_>;

    /// Where system calls are to be printed, if anywhere.
    fn strace(&self) -> Option<&Strace>;

    /// `clone`, `clone3` and the forms of `fork`: starts a thread or a process that goes on behind the same SVC with
    /// X0 = 0, SP = [`CloneArgs::stack`] unless that is 0, and TPIDR_EL0 = [`CloneArgs::tls`] if `CLONE_SETTLS`.
    ///
    /// Answers the child's id in the parent. A fork returns twice: the child's answer is 0, and there the implementation
    /// has already set SP and TPIDR_EL0 in `state`. The caller has checked the flags for the combinations that Linux
    /// refuses (clone(2), EINVAL). `CLONE_PARENT_SETTID`, `CLONE_CHILD_SETTID`, `CLONE_CHILD_CLEARTID`, `CLONE_PIDFD`
    /// and `CLONE_VFORK` are the implementation's.
    fn clone_task(&mut self, args: &CloneArgs, state: &mut State) -> Result<u64, Errno>;

    /// `execve` and `execveat`: replaces the program. After `Ok`, `state` is that of the new program's start.
    ///
    /// The strings are given away, because a child of `vfork` never comes back to free them.
    fn exec(&mut self, exec: Exec, state: &mut State) -> Result<(), Errno>;

    /// `set_tid_address`: the address that is cleared and woken when this thread ends (0: none).
    fn set_clear_child_tid(&mut self, address: u64);

    /// What [`Task::set_clear_child_tid`], or `CLONE_CHILD_CLEARTID`, has set.
    fn clear_child_tid(&self) -> u64;

    /// `set_robust_list` of an AArch32 thread: the guest address of the head (0: none). What is on the list is marked when the thread ends.
    fn set_robust_list(&mut self, head: u64);

    /// `get_robust_list` of an AArch32 thread: of this one (0), or of another of the process. `None` if there is no such thread.
    fn robust_list(&self, thread: i32) -> Option<u64>;

    /// `sigreturn`, which only AArch32 has: the same as [`Task::sigreturn`] for a frame without siginfo.
    fn sigreturn_old(&mut self, state: &mut State);

    /// `rt_sigreturn`: restores `state` and the signal mask from the frame at SP. A bad frame makes the implementation
    /// raise SIGSEGV in the guest, so that there is no error to report.
    fn sigreturn(&mut self, state: &mut State);

    /// `rt_sigaction`: answers the old action; `signal` is 1 to 64, and is neither SIGKILL nor SIGSTOP when `new` is given.
    fn sigaction(&mut self, signal: u32, new: Option<SigAction>) -> Result<SigAction, Errno>;

    /// The signals that are ignored, and those that have a handler; bits as in the mask.
    fn signal_dispositions(&self) -> [u64; 2];

    /// The mask of blocked signals: bit `n - 1` is signal `n`.
    fn signal_mask(&self) -> u64;

    /// Sets the mask of blocked signals (SIGKILL and SIGSTOP already removed).
    fn set_signal_mask(&mut self, mask: u64);

    /// Sets the mask for the length of one call (`rt_sigsuspend`, `ppoll`, `pselect6`, `epoll_pwait`), remembering the
    /// old one. If the call ends with [`Outcome::Restart`], the runtime delivers under the temporary mask, puts the old
    /// mask into the signal's frame, and restores it when no handler ran; else [`Task::restore_signal_mask`] is called.
    fn set_temporary_signal_mask(&mut self, mask: u64);

    /// Takes back [`Task::set_temporary_signal_mask`]; nothing happens when there is no remembered mask.
    fn restore_signal_mask(&mut self);

    /// The alternate signal stack of this thread, as `sigaltstack` reports it but without `SS_ONSTACK`.
    fn alternate_stack(&self) -> AltStack;

    /// Sets the alternate signal stack of this thread. The caller has checked it (sigaltstack(2)).
    fn set_alternate_stack(&mut self, stack: AltStack);

    /// What `restart_syscall` goes on with; one slot per thread, empty at its start.
    fn restart_block(&mut self) -> &mut Option<RestartBlock>;

    /// What the thread has promised by seccomp(2).
    fn seccomp(&self) -> Seccomp;

    /// Sets it, for this thread.
    fn set_seccomp(&mut self, seccomp: Seccomp);

    /// Sets it for all threads of the process (`SECCOMP_FILTER_FLAG_TSYNC`), or for none: then the error is the id of a thread whose own
    /// promises stand in the way (see [`Seccomp::can_become`]).
    fn set_seccomp_of_all(&mut self, seccomp: Seccomp) -> Result<(), i32>;
}

/// What was set on the command line and holds for the whole process tree.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `-L`: absolute paths of files that are looked up are tried below this directory first.
    pub sysroot: Option<PathBuf>,
    /// `-r`: what `uname` says instead of the host's release.
    pub release: Option<CString>,
    /// `--cpu`: the processor that an AArch32 program sees.
    pub model: Model,
}

/// What the running program was started from. It answers `/proc/self/{exe,cmdline,auxv,maps}`.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// The absolute path of the guest's ELF file, symbolic links resolved.
    pub executable: &'a Path,
    /// The argument strings.
    pub arguments: &'a [CString],
    /// Guest addresses of the environment's strings: first byte, and one past the last.
    pub environment: (u64, u64),
    /// The auxiliary vector as it lies on the stack: (type, value) pairs, AT_NULL included.
    pub auxv: &'a [(u64, u64)],
    /// Guest addresses of the main stack's mapping: first byte, and one past the last.
    pub stack: (u64, u64),
    /// Guest addresses of the vDSO's mapping, both 0 if there is none.
    pub vdso: (u64, u64),
}

/// Arguments of `clone` and `clone3`, in the wider form of the latter (struct clone_args).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloneArgs {
    /// `CLONE_*`, without the exit signal.
    pub flags: u64,
    /// Where the pidfd is stored (`CLONE_PIDFD`).
    pub pidfd: u64,
    /// Where the child's id is stored in the child (`CLONE_CHILD_SETTID`), and cleared at its end (`CLONE_CHILD_CLEARTID`).
    pub child_tid: u64,
    /// Where the child's id is stored in the parent (`CLONE_PARENT_SETTID`).
    pub parent_tid: u64,
    /// The signal that the parent gets at the child's end; 0 for none.
    pub exit_signal: u64,
    /// The child's initial SP (its highest address); 0 keeps the parent's.
    pub stack: u64,
    /// The child's TPIDR_EL0 (`CLONE_SETTLS`).
    pub tls: u64,
    /// The ids that the child is to have, innermost namespace first (clone3 only).
    pub set_tid: Vec<i32>,
    /// The cgroup to start in (`CLONE_INTO_CGROUP`).
    pub cgroup: u64,
}

/// Arguments of `execveat`; `execve` is the same with `AT_FDCWD` and no flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// What a relative path is relative to.
    pub dirfd: i32,
    /// The program's path, as the guest gave it.
    pub path: CString,
    /// The argument strings; may be empty.
    pub arguments: Vec<CString>,
    /// The environment strings.
    pub environment: Vec<CString>,
    /// `AT_EMPTY_PATH`, `AT_SYMLINK_NOFOLLOW`.
    pub flags: u32,
}

/// struct sigaction as `rt_sigaction` takes it on arm64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigAction {
    /// `SIG_DFL` (0), `SIG_IGN` (1) or the guest address of the handler.
    pub handler: u64,
    /// `SA_*`.
    pub flags: u64,
    /// The guest address that the handler returns to, if `SA_RESTORER`.
    pub restorer: u64,
    /// Signals blocked while the handler runs.
    pub mask: u64,
}

/// stack_t.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltStack {
    /// Its lowest address.
    pub base: u64,
    /// `SS_DISABLE`, `SS_AUTODISARM`.
    pub flags: u32,
    /// Its length in bytes.
    pub size: u64,
}

impl AltStack {
    /// No alternate stack.
    pub const DISABLED: AltStack = AltStack {
        base: 0,
        flags: libc::SS_DISABLE as u32,
        size: 0,
    };

    /// Whether `sp` lies on it, as Linux's `on_sig_stack` decides.
    pub fn contains(&self, sp: u64) -> bool {
        sp > self.base && sp - self.base <= self.size
    }
}

impl Default for AltStack {
    fn default() -> AltStack {
        AltStack::DISABLED
    }
}

/// Whether a call that a signal interrupted is started again; the kernel's own classes (include/linux/errno.h).
///
/// To start a call again: set the PC back to the SVC; X0 and X8 (R0 and R7) still hold what the guest put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restart {
    /// `ERESTARTSYS`: again if no handler ran, or if the handler has `SA_RESTART`; else X0 = -EINTR.
    Sys,
    /// `ERESTARTNOHAND`: again only if no handler ran; else X0 = -EINTR.
    NoHandler,
    /// `ERESTART_RESTARTBLOCK`: if no handler ran, X8 = 128 (`restart_syscall`) and the PC back at the SVC; else X0 = -EINTR.
    Block,
    /// EINTR in every case.
    Never,
}

/// What `restart_syscall` goes on with (the kernel's `restart_block`). Times are absolute, so that sleeps do not grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartBlock {
    /// `nanosleep` or a relative `clock_nanosleep`.
    Sleep {
        /// The clock.
        clock: i32,
        /// When it ends: seconds, nanoseconds of that clock.
        deadline: (i64, i64),
        /// Guest address for the remaining time; 0 for none.
        remaining: u64,
        /// How wide the times there are.
        width: Width,
    },
    /// `poll` with a timeout.
    Poll {
        /// Guest address of the descriptors.
        descriptors: u64,
        /// How many there are.
        count: u64,
        /// CLOCK_MONOTONIC: seconds, nanoseconds.
        deadline: (i64, i64),
    },
    /// `futex` (`FUTEX_WAIT`, `FUTEX_WAIT_BITSET`) with a timeout.
    FutexWait {
        /// Guest address of the word.
        address: u64,
        /// The expected value.
        value: u32,
        /// The operation word, with its private and clock flags.
        operation: u32,
        /// Which wake-ups count.
        bits: u32,
        /// CLOCK_MONOTONIC or CLOCK_REALTIME: seconds, nanoseconds.
        deadline: (i64, i64),
    },
}

/// How a handler ends when it does not answer a value. `?` turns [`Errno`] and [`Fault`] (EFAULT) into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// X0 becomes the negative error number.
    Errno(Errno),
    /// A signal interrupted it.
    Restart(Restart),
    /// The registers are already those to go on with.
    Resume,
    /// The call is no call but an exception; the PC stands behind the SVC.
    Trap(Trap),
    /// This thread ends with the given status (0 to 255).
    ExitThread(i32),
    /// The process ends with the given status (0 to 255).
    ExitProcess(i32),
}

impl From<Errno> for Break {
    fn from(errno: Errno) -> Break {
        Break::Errno(errno)
    }
}

impl From<armlet_memory::space::Error> for Break {
    fn from(error: armlet_memory::space::Error) -> Break {
        Break::Errno(error.into())
    }
}

impl From<Fault> for Break {
    fn from(_: Fault) -> Break {
        Break::Errno(Errno::EFAULT)
    }
}

/// What a handler answers: the value for X0, or why there is none.
pub type Reply = Result<u64, Break>;

/// What the runtime has to do after [`crate::dispatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Go on; X0 is set.
    Continue,
    /// A signal waits: deliver it, then restart the call or set X0 = -EINTR. X0 is untouched.
    Restart(Restart),
    /// Deliver what is pending and go on with the registers as they are (`rt_sigreturn`, `execve`, a call that is to be made
    /// again); do not treat X0 as a result.
    Resume,
    /// Raise the signal of that exception, as if the SVC were the instruction that caused it. The PC stands behind it.
    Trap(Trap),
    /// End this thread; the process if it is the last.
    ExitThread(i32),
    /// End the process.
    ExitProcess(i32),
    /// seccomp: the call was not made; raise SIGSYS with that siginfo, and the registers as they are. The PC stands behind the SVC.
    Trapped(Trapped),
    /// seccomp: end this thread, and the process by that signal if it is the last.
    KillThread(i32),
    /// seccomp: end the process by that signal, whatever the guest does with it.
    KillProcess(i32),
}
