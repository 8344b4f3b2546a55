//! One run of one program: its time, its processor time, its memory, its output.

use crate::{Clock, Contestant};
use anyhow::{Context, Result, ensure};
use armlet_tests::Invocation;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use wait4::Wait4;

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
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

/// A run to be made.
pub struct Run<'a> {
    /// Who runs the program.
    pub contestant: &'a Contestant,
    /// The program, for this machine or for ARM.
    pub program: &'a Path,
    /// Its arguments.
    pub args: &'a [String],
    /// The working directory.
    pub directory: &'a Path,
    /// The longest time that it may take.
    pub limit: Duration,
}

impl Run<'_> {
    /// Makes the run; gives its cost and its standard output. Any other ending than exit status 0 is an error.
    pub fn make(&self) -> Result<(Sample, Vec<u8>)> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let invocation = Invocation {
            emulator: self.contestant.emulator.as_deref(),
            program: self.program,
            args: self.args,
            directory: self.directory,
            path: &path,
            limit: self.limit,
        };
        let mut command = invocation.command();
        if let Some(engine) = self.contestant.engine {
            command.env("ARMLET_ENGINE", engine);
        }
        let out_path = self.directory.with_extension("stdout");
        let err_path = self.directory.with_extension("stderr");
        command
            .stdout(File::create(&out_path)?)
            .stderr(File::create(&err_path)?);
        let start = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (ended, watched) = channel::<()>();
        let (result, wall) = std::thread::scope(|scope| {
            scope.spawn(move || {
                if let (Err(RecvTimeoutError::Timeout), Some(group)) = (watched.recv_timeout(self.limit), group) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
            });
            let result = child.wait4();
            let wall = start.elapsed();
            drop(ended);
            (result, wall)
        });
        let used = result?;
        ensure!(
            used.status.success(),
            "{} after {wall:.1?} of at most {:?}\n{}",
            used.status,
            self.limit,
            String::from_utf8_lossy(&std::fs::read(&err_path)?)
        );
        let sample = Sample {
            wall: wall.as_secs_f64(),
            cpu: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
            peak: used.rusage.maxrss / 1024,
        };
        Ok((sample, std::fs::read(&out_path)?))
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 100.0].into_iter()), 3.0);
        assert!(median(std::iter::empty()).is_nan());
    }
}
