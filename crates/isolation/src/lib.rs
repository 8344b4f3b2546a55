//! `--isolate`: a guest that sees and reaches nothing of the host. The boundary is the kernel's, not armlet's: whatever a guest makes
//! of the emulator around it (it shares an address space with it), that process can do no more than what is allowed here.
//!
//! Three processes, each an armlet of the same command line:
//!
//! 1. the *outer* one, which was called ([`outer`]): makes the namespaces, starts the second in them, waits for it, and ends as the guest ended;
//! 2. *init*, process 1 of the new PID namespace ([`init`]): makes the root directory, starts the third, and reaps what it leaves;
//! 3. the *inner* one ([`inner`]): gives up its privileges, closes the filters behind itself, and runs the guest.
//!
//! All of it happens before the first byte of the program is parsed. What the kernel refuses is collected, and either said on stderr or, if the
//! mode is strict, the end.
//!
//! - `namespaces.rs`, `cgroup.rs`: of the outer process;
//! - `root.rs`: the root directory;
//! - `filters.rs`: Landlock, capabilities, limits; `calls.rs`: the system calls that are allowed.
#![forbid(unsafe_code)]

mod calls;
mod cgroup;
mod filters;
mod namespaces;
mod root;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The variable that tells an armlet which of the three it is.
pub const VARIABLE: &str = "ARMLET_ISOLATION";
/// The outer process passes on what it could not apply, the second adds what it could not.
const NOT_APPLIED: &str = "ARMLET_ISOLATION_MISSING";

/// How much is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything that the kernel permits; what it does not is said on stderr.
    Usual,
    /// Everything, and a shorter list of system calls; whatever cannot be applied ends it.
    Strict,
}

/// What is to be confined.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How much is demanded.
    pub mode: Mode,
    /// The program, as it was named on the command line; inside, it has the same path.
    pub program: PathBuf,
    /// The directory that becomes `/`. None: an empty one, with the program and the sysroot.
    pub rootfs: Option<PathBuf>,
    /// A directory that is visible (to be read) at its own path.
    pub sysroot: Option<PathBuf>,
}

/// Which of the three this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was called by a user.
    Outer,
    /// Process 1 inside.
    Init,
    /// The one that runs the guest.
    Inner,
}

/// Why the guest was not started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The mode is strict, and something could not be applied.
    #[error("--isolate=strict: {}; --isolate goes without it, and says so", .0.join("; "))]
    Strict(Vec<String>),
    /// A step without which nothing goes.
    #[error("--isolate: {what}: {source}")]
    Step {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    fn step(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let what = what.into();
        move |source| Error::Step { what, source }
    }
}

/// What could not be applied, a phrase each.
#[derive(Debug, Default)]
struct Missing(Vec<String>);

impl Missing {
    fn add(&mut self, what: &str, why: impl std::fmt::Display) {
        self.0.push(format!("{what} ({why})"));
    }

    fn note<T>(&mut self, what: &str, result: Result<T, impl std::fmt::Display>) -> Option<T> {
        result.map_err(|error| self.add(what, error)).ok()
    }

    /// From the process before this one.
    fn inherited() -> Missing {
        let text = std::env::var(NOT_APPLIED).unwrap_or_default();
        Missing(
            text.split('\n')
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }
}

/// Which of the three this process is. A user who sets the variable gains nothing: without the namespaces around it, the process only
/// confines itself.
#[must_use]
pub fn stage() -> Stage {
    match std::env::var(VARIABLE).as_deref() {
        Ok("inner") => Stage::Inner,
        Ok(text) if text.starts_with("init:") => Stage::Init,
        _ => Stage::Outer,
    }
}

/// Variables that no guest sees.
pub const VARIABLES: [&str; 2] = [VARIABLE, NOT_APPLIED];

/// Whether a variable of the host's environment is shown to an isolated guest: what concerns language and terminal.
#[must_use]
pub fn keeps_variable(name: &[u8]) -> bool {
    matches!(
        name,
        b"TERM" | b"COLORTERM" | b"LANG" | b"LANGUAGE" | b"TZ" | b"NO_COLOR"
    ) || name.starts_with(b"LC_")
}

/// The next of the three: this same file, with this command line.
fn again(stage: &str, missing: &Missing) -> Command {
    let mut words = std::env::args_os();
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = words.next() {
        std::os::unix::process::CommandExt::arg0(&mut command, name);
    }
    command
        .args(words)
        .env(VARIABLE, stage)
        .env(NOT_APPLIED, missing.0.join("\n"));
    command
}

/// The outer process: answers how the guest ended.
///
/// # Errors
///
/// It was not started.
pub fn outer(plan: &Plan) -> Result<ExitStatus, Error> {
    let mut missing = Missing::default();
    // No descriptor but the standard ones goes inside.
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
    let cgroup = cgroup::join(plan.mode, &mut missing);
    namespaces::enter(&mut missing)?;
    complain(plan.mode, &missing)?;
    // Whether the second process brought the third to its end, and how that ended.
    let (mut reader, writer) = std::io::pipe().map_err(Error::step("a pipe"))?;
    rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty())
        .map_err(std::io::Error::from)
        .map_err(Error::step("a pipe"))?;
    // The terminal's keys are for the guest.
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
    let mut child = again(&format!("init:{}", writer.as_raw_fd()), &missing)
        .spawn()
        .map_err(Error::step("the process inside"))?;
    drop(writer);
    let mut raw = String::new();
    let _ = reader.read_to_string(&mut raw);
    let status = child.wait().map_err(Error::step("waiting for the process inside"))?;
    drop(cgroup);
    Ok(raw.trim().parse().map_or(status, ExitStatus::from_raw))
}

/// Process 1 inside: answers the status to exit with.
///
/// # Errors
///
/// The guest was not started.
pub fn init(plan: &Plan) -> Result<u8, Error> {
    let mut missing = Missing::inherited();
    let known = missing.0.len();
    // The pipe is not the guest's.
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
    // If the outer process dies, so does this one, and with it all others inside.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let report = std::env::var(VARIABLE).unwrap_or_default();
    let report = report
        .strip_prefix("init:")
        .and_then(|number| number.parse::<u32>().ok());
    // By its path, since a number alone says nothing about what it is.
    let mut report = report.and_then(|number| File::options().write(true).open(format!("/proc/self/fd/{number}")).ok());
    root::enter(plan, &mut missing)?;
    let not_traced = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    missing.note("keeping of process 1 from the guest", not_traced);
    complain(plan.mode, &Missing(missing.0.split_off(known)))?;
    let child = again("inner", &Missing::default())
        .spawn()
        .map_err(Error::step("the guest's process"))?;
    let id = i32::try_from(child.id()).unwrap_or_default();
    loop {
        match rustix::process::wait(rustix::process::WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get() == id => {
                let raw = status.as_raw();
                if let Some(report) = &mut report {
                    let _ = write!(report, "{raw}");
                }
                let status = ExitStatus::from_raw(raw);
                return Ok(status
                    .code()
                    .or(status.signal().map(|signal| 128 + signal))
                    .unwrap_or(1) as u8);
            }
            // An orphan of the guest's.
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Error::step("waiting for the guest's process")(error.into())),
        }
    }
}

/// The process that is going to run the guest: closes everything behind itself.
///
/// # Errors
///
/// The mode is strict, and something could not be applied.
pub fn inner(plan: &Plan) -> Result<(), Error> {
    let mut missing = Missing::default();
    filters::close(plan, &mut missing);
    complain(plan.mode, &missing)
}

fn complain(mode: Mode, missing: &Missing) -> Result<(), Error> {
    if missing.0.is_empty() {
        return Ok(());
    }
    if mode == Mode::Strict {
        return Err(Error::Strict(missing.0.clone()));
    }
    for what in &missing.0 {
        eprintln!("armlet: --isolate: not applied: {what}");
    }
    Ok(())
}
