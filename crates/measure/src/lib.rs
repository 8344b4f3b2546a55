//! Runs a program and measures what it costs: elapsed time, processor time, memory. Shared by `armlet bench`, `armlet compare`
//! and `cargo xtask bench`.
#![forbid(unsafe_code)]

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use wait4::Wait4;

/// Which time is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// From the start of the process to its end.
    #[default]
    Wall,
    /// User and system time of all its threads: what remains comparable on a machine that has other work.
    Cpu,
}

impl Clock {
    /// As a title.
    pub fn title(self) -> &'static str {
        match self {
            Clock::Wall => "Elapsed time",
            Clock::Cpu => "Processor time",
        }
    }
}

/// What a run cost.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// From start to end, in seconds.
    pub wall: f64,
    /// User and system time of all threads, in seconds.
    pub cpu: f64,
    /// The largest resident set, in KiB. Linux counts in what the process was before its `execve`, so this is never less
    /// than the few MiB of this program itself.
    pub peak: u64,
}

impl Sample {
    /// The time by that clock, in seconds.
    pub fn time(&self, clock: Clock) -> f64 {
        match clock {
            Clock::Wall => self.wall,
            Clock::Cpu => self.cpu,
        }
    }

    /// The median of each figure by itself.
    pub fn median(samples: &[Self]) -> Self {
        let peak = median(samples.iter().map(|sample| sample.peak as f64));
        Self {
            wall: median(samples.iter().map(|sample| sample.wall)),
            cpu: median(samples.iter().map(|sample| sample.cpu)),
            peak: peak as u64,
        }
    }
}

/// The middle one of the values, or the mean of the middle two; not a number if there are none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What it cost.
    pub sample: Sample,
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// Runs a command. Its output goes to files beside `scratch` (a path; `.stdout` and `.stderr` are added), so that a pipe is no part
/// of what is measured.
///
/// # Errors
///
/// It cannot be started, or it takes longer than `limit`, and is killed with all that it has started.
pub fn run(command: &mut Command, scratch: &Path, limit: Duration) -> Result<Ended> {
    let (out_path, err_path) = (scratch.with_extension("stdout"), scratch.with_extension("stderr"));
    let create = |path: &Path| File::create(path).with_context(|| format!("{}: cannot be written", path.display()));
    command
        .process_group(0)
        .stdout(create(&out_path)?)
        .stderr(create(&err_path)?);
    // What this program once held must not count as the other's (proc(5), clear_refs). Where it is refused, `Sample::peak` says what that means.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let start = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().to_string_lossy()))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (ended, watched) = channel::<()>();
    let (result, wall, late) = std::thread::scope(|scope| {
        let watch = scope.spawn(move || {
            let late = matches!(watched.recv_timeout(limit), Err(RecvTimeoutError::Timeout));
            if let (true, Some(group)) = (late, group) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            late
        });
        let result = child.wait4();
        let wall = start.elapsed();
        drop(ended);
        (result, wall, watch.join().unwrap_or(false))
    });
    let used = result?;
    let stderr = std::fs::read(&err_path)?;
    if late {
        bail!("it did not end within {limit:?}\n{}", String::from_utf8_lossy(&stderr));
    }
    Ok(Ended {
        sample: Sample {
            wall: wall.as_secs_f64(),
            cpu: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
            peak: used.rusage.maxrss / 1024,
        },
        status: used.status,
        stdout: std::fs::read(&out_path)?,
        stderr,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 100.0].into_iter()), 3.0);
        assert!(median(std::iter::empty()).is_nan());
    }

    #[test]
    fn a_run_is_measured_and_a_long_one_is_ended() {
        let scratch = std::env::temp_dir().join(format!("armlet-measure-{}", std::process::id()));
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "echo out; echo err >&2; exit 3"]);
        let ended = run(&mut shell, &scratch, Duration::from_secs(20)).expect("it runs");
        assert_eq!((&*ended.stdout, &*ended.stderr), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(ended.status.code(), Some(3));
        assert!(ended.sample.wall > 0.0 && ended.sample.peak > 0);
        let mut sleeper = Command::new("/bin/sh");
        sleeper.args(["-c", "sleep 1000"]);
        let error = run(&mut sleeper, &scratch, Duration::from_millis(200)).expect_err("it is too long");
        assert!(error.to_string().contains("did not end"), "{error}");
        for end in ["stdout", "stderr"] {
            let _ = std::fs::remove_file(scratch.with_extension(end));
        }
    }
}
