//! How a program is to be run.

use std::path::PathBuf;
use std::sync::Arc;

use armlet_observe::View;
use armlet_syscall::strace;
use armlet_syscall::task::Settings;

use crate::engine::EngineKind;
use crate::profiler::ProfileTo;
use crate::statistics::StatsTo;

/// How a program is to be run; holds for it and for every ARM program that it starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the system calls have to know.
    pub settings: Settings,
    /// The directory that becomes the guest's `/`, before the program is looked up. Only the first armlet of a process tree needs
    /// to know it.
    pub rootfs: Option<PathBuf>,
    /// What executes instructions.
    pub engine: EngineKind,
    /// Print system calls.
    pub strace: bool,
    /// What of them is printed, and how.
    pub strace_options: strace::Options,
    /// Where they are printed; stderr if not given.
    pub strace_file: Option<PathBuf>,
    /// Do known library routines for floating point and division by the host's arithmetic (AArch32).
    pub accelerate: bool,
    /// Random addresses, as Linux's `randomize_va_space`.
    pub aslr: bool,
    /// The size of the main stack in bytes; the host's `RLIMIT_STACK` if not given.
    pub stack_size: Option<u64>,
    /// No report when a fault ends the program.
    pub quiet_faults: bool,
    /// Where statistics go.
    pub stats: Option<StatsTo>,
    /// Samples of its call stack, and where they go.
    pub profile: Option<ProfileTo>,
    /// Write `/tmp/perf-PID.map`, in which Linux perf finds the names of translated code.
    pub perf_map: bool,
    /// Write `jit-PID.dump` to this directory: the translated code, for `perf inject --jit`.
    pub jitdump: Option<PathBuf>,
    /// Who watches the program.
    pub watch: Option<Watch>,
}

/// A view of the program, and what makes one of the same kind in the armlet behind the next `execve`.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Handed to the function that [`crate::resume`] is given.
    pub words: String,
    /// The view.
    pub view: Arc<dyn View>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            settings: Settings::default(),
            rootfs: None,
            engine: EngineKind::default(),
            strace: false,
            strace_options: strace::Options::default(),
            strace_file: None,
            accelerate: true,
            aslr: true,
            stack_size: None,
            quiet_faults: false,
            stats: None,
            profile: None,
            perf_map: false,
            jitdump: None,
            watch: None,
        }
    }
}
