//! What is run: a program twice, built for this machine and for ARM, with arguments.

use anyhow::Result;
use armlet_tests::{Program, Target, build_native};
use std::path::{Path, PathBuf};

/// A program to be measured.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name in reports.
    pub name: String,
    /// The groups that its figures count in.
    pub groups: Vec<String>,
    /// The build for this machine.
    pub native: PathBuf,
    /// The build for ARM.
    pub arm: PathBuf,
    /// The root directory in which a dynamic ARM program finds its loader and libraries.
    pub sysroot: Option<PathBuf>,
    /// Arguments of both.
    pub args: Vec<String>,
}

impl Job {
    /// One of the test programs, with its benchmark arguments; it is built for this machine now, into `directory`.
    pub fn of_manifest(program: &Program, target: Target, directory: &Path) -> Result<Self> {
        Ok(Self {
            name: program.name.clone(),
            groups: program.groups.clone(),
            native: build_native(program, target, directory)?,
            arm: program.prebuilt(target),
            sysroot: None,
            args: program.bench.clone().unwrap_or_default(),
        })
    }
}
