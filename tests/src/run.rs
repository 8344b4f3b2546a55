//! Runs of a program, bare or under an emulator, in a directory and an environment that are always the same; and the
//! comparison of two such runs.

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an exit status, 0 to 255.
    Exit(i32),
    /// By a signal.
    Signal(i32),
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exit(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// All of the standard output.
    pub stdout: Vec<u8>,
    /// All of the standard error.
    pub stderr: Vec<u8>,
    /// Status or signal.
    pub ended: Ended,
}

/// A run to be made.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// The emulator that the program is handed to; none for a native run.
    pub emulator: Option<&'a Path>,
    /// The program.
    pub program: &'a Path,
    /// Its arguments.
    pub args: &'a [String],
    /// The working directory, also HOME and TMPDIR.
    pub directory: &'a Path,
    /// PATH of the run.
    pub path: &'a OsStr,
    /// The longest time that it may take.
    pub limit: Duration,
}

impl Invocation<'_> {
    /// The command of the run: directory, environment, empty standard input, a process group of its own. Where its output
    /// goes is the caller's business.
    pub fn command(&self) -> Command {
        let mut command = match self.emulator {
            Some(emulator) => {
                let mut command = Command::new(emulator);
                command.arg(self.program);
                command
            }
            None => Command::new(self.program),
        };
        command
            .args(self.args)
            .current_dir(self.directory)
            .env_clear()
            .env("PATH", self.path)
            .env("HOME", self.directory)
            .env("TMPDIR", self.directory)
            .envs([
                ("LC_ALL", "C"),
                ("TZ", "UTC0"),
                ("USER", "tester"),
                ("GUEST_ONE", "1"),
                ("GUEST_EMPTY", ""),
            ])
            .stdin(Stdio::null())
            .process_group(0);
        command
    }

    /// Makes the run. Standard input is empty. A run that lasts too long is killed, with all that it started, and is an
    /// error.
    pub fn run(&self) -> Result<Outcome> {
        let out_path = self.directory.with_extension("stdout");
        let err_path = self.directory.with_extension("stderr");
        let mut command = self.command();
        let mut child = command
            .stdout(File::create(&out_path)?)
            .stderr(File::create(&err_path)?)
            .spawn()
            .with_context(|| format!("cannot run {command:?}"))?;
        let deadline = Instant::now() + self.limit;
        let mut pause = Duration::from_micros(200);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
                    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                }
                child.wait()?;
                let stderr = std::fs::read(&err_path)?;
                bail!(
                    "{:?} did not end within {:?}\n{}",
                    self.args,
                    self.limit,
                    String::from_utf8_lossy(&stderr)
                );
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        Ok(Outcome {
            stdout: std::fs::read(&out_path)?,
            stderr: std::fs::read(&err_path)?,
            ended: status.into(),
        })
    }
}

/// Says where two runs differ, in output or ending; standard error is shown, not compared.
pub fn compare(expected: &Outcome, actual: &Outcome) -> Result<()> {
    let stderr = String::from_utf8_lossy(&actual.stderr);
    if expected.stdout != actual.stdout {
        let (want, got) = (lines(&expected.stdout), lines(&actual.stdout));
        let at = want.iter().zip(&got).take_while(|(a, b)| a == b).count();
        let show = |lines: &[String]| lines.get(at).map_or_else(|| "(the end)".into(), Clone::clone);
        bail!(
            "output differs at line {}\n  expected: {}\n  got:      {}\n  ended with {:?}, stderr: {stderr}",
            at + 1,
            show(&want),
            show(&got),
            actual.ended
        );
    }
    if expected.ended != actual.ended {
        bail!(
            "ended with {:?} instead of {:?}, stderr: {stderr}",
            actual.ended,
            expected.ended
        );
    }
    Ok(())
}

fn lines(bytes: &[u8]) -> Vec<String> {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .map(|line| line.escape_ascii().to_string())
        .collect()
}

/// Makes `directory` exist and be empty.
pub fn fresh_directory(directory: &Path) -> Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{}", directory.display()));
        }
        _ => {}
    }
    std::fs::create_dir_all(directory).with_context(|| format!("{}", directory.display()))
}

/// No core files from programs that fault on purpose: lowers the limit for this process and its children.
pub fn no_core_files() -> Result<()> {
    let limit = Rlimit {
        current: Some(0),
        maximum: getrlimit(Resource::Core).maximum,
    };
    setrlimit(Resource::Core, limit).context("setrlimit")
}
