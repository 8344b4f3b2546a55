//! One run of one program.

use crate::Contestant;
use crate::job::Job;
use anyhow::{Result, ensure};
use armlet_measure::Sample;
use armlet_tests::Invocation;
use std::path::Path;
use std::time::Duration;

/// A run to be made.
pub struct Run<'a> {
    /// Who runs the program.
    pub contestant: &'a Contestant,
    /// The program and its arguments.
    pub job: &'a Job,
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
            program: if self.contestant.emulator.is_some() {
                &self.job.arm
            } else {
                &self.job.native
            },
            args: &self.job.args,
            directory: self.directory,
            path: &path,
            limit: self.limit,
        };
        // Some programs make files, and want none to be there.
        armlet_tests::fresh_directory(self.directory)?;
        let mut command = invocation.command();
        if let Some(engine) = self.contestant.engine {
            command.env("ARMLET_ENGINE", engine);
        }
        if let Some(sysroot) = &self.job.sysroot {
            command.env("ARMLET_SYSROOT", sysroot).env("QEMU_LD_PREFIX", sysroot);
        }
        let ended = armlet_measure::run(&mut command, self.directory, self.limit)?;
        ensure!(
            ended.status.success(),
            "{}\n{}",
            ended.status,
            String::from_utf8_lossy(&ended.stderr)
        );
        Ok((ended.sample, ended.stdout))
    }
}
