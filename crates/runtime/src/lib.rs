//! Runs guest programs: the crate that puts loader, engines and system calls together.
//!
//! - [`start`](launch): from a command line, or from the armlet before `execve`, to the first instruction;
//! - `process.rs`, `thread.rs`: what a guest process and a guest thread are, and the loop between engine, system calls and signals;
//! - `clone.rs`, `exec.rs`, `exit.rs`, `handover.rs`: their beginnings and ends;
//! - `signal/`: the guest's signals;
//! - `task.rs`: the thread as the system call layer sees it;
//! - `engine.rs`: the seam behind which instructions are executed; `check.rs`: two of them, compared;
//! - `rootfs.rs`: `--rootfs`, another root directory;
//! - `observed.rs`: threads that somebody watches (see `armlet-observe`);
//! - `profiler.rs`: samples of the call stack (`armlet profile`);
//! - `statistics.rs`: clocks and counts (`--stats`);
//! - `report.rs`: the report of a fatal fault;
//! - `startup.rs`: what Rust's runtime changes before `main`.
//!
//! A guest process is a host process and a guest thread is a host thread, with the same ids.

mod check;
mod clone;
mod engine;
mod exec;
mod exit;
mod handover;
mod leading_up;
mod names;
mod observed;
mod options;
mod perf;
mod process;
mod profiler;
mod report;
mod rootfs;
mod signal;
mod start;
mod startup;
mod statistics;
mod task;
mod thread;
mod unwind_a32;

pub use armlet_cpu::a32_features::Model;
pub use armlet_jit::{Step, Wrong};
pub use armlet_syscall::strace;
pub use armlet_syscall::task::Settings;
pub use check::{Report, report_differences};
pub use engine::{Engine, EngineKind, Stop};
pub use options::{Options, Watch};
pub use profiler::ProfileTo;
pub use rootfs::RootfsError;
pub use start::{Launch, LaunchError, host_environment, launch, resume};
pub use statistics::StatsTo;

/// The exit status when armlet itself fails.
pub const INTERNAL_ERROR: i32 = 125;

/// Ends this process by the default action of a signal, for one that stands for another process that ended so.
pub fn end_by_signal(signal: i32) -> ! {
    let core = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: no core file is made of this process; that one may have left its own.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const core) };
    signal::host::die(signal)
}

/// Makes a panic, in any thread, the end of the process: with one line that says whose fault it is.
pub fn end_on_panic() {
    std::panic::set_hook(Box::new(|info| {
        eprintln!("armlet: internal error: {info}; please report this with the program that was run");
        signal::host::exit_group(INTERNAL_ERROR)
    }));
}
