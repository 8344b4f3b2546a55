//! `test-binaries/programs.toml`, read and checked. How programs are compiled for ARM is told in `xtask`.

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde::Deserialize;
use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

/// An ARM environment that test programs are built for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// AArch64, ARMv8.0-A.
    Aarch64,
    /// AArch32, ARMv7-A with VFP and NEON, hard-float calls.
    Armhf,
    /// AArch32, ARMv5TE, soft float.
    Armel,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aarch64, Self::Armhf, Self::Armel];
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aarch64 => "aarch64",
            Self::Armhf => "armhf",
            Self::Armel => "armel",
        })
    }
}

/// One run of a program as a test.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Arguments after the program's name.
    #[serde(default)]
    pub args: Vec<String>,
    /// Exit status, 0 to 255.
    #[serde(default)]
    pub status: i32,
    /// Name of the signal that ends it, such as `SIGSEGV`.
    pub signal: Option<String>,
    /// A file beside the sources that holds the output, where a native build cannot tell.
    pub expected: Option<String>,
    /// Why qemu-user, as the emulator on trial, is excused.
    pub qemu_differs: Option<String>,
}

impl Case {
    /// The number of the signal that ends the run.
    pub fn signal_number(&self) -> Result<Option<i32>> {
        let Some(name) = &self.signal else { return Ok(None) };
        let signal = match name.as_str() {
            "SIGABRT" => Signal::ABORT,
            "SIGBUS" => Signal::BUS,
            "SIGFPE" => Signal::FPE,
            "SIGILL" => Signal::ILL,
            "SIGSEGV" => Signal::SEGV,
            "SIGTERM" => Signal::TERM,
            "SIGTRAP" => Signal::TRAP,
            _ => anyhow::bail!("unknown signal {name}"),
        };
        Ok(Some(signal.as_raw()))
    }
}

/// A test program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Name of the binary.
    pub name: String,
    source: Option<String>,
    /// What a benchmark of it measures: `int`, `fp`, `simd`, `memory`, `threads`, `syscall`, `startup`.
    pub groups: Vec<String>,
    targets: Option<Vec<Target>>,
    /// Compiler flags of the AArch64 build, beside the common ones.
    #[serde(default)]
    pub flags: Vec<String>,
    /// AArch32: made of T32 instructions, where others are made of A32 ones.
    #[serde(default)]
    pub thumb: bool,
    /// Arguments of a benchmark run; none if it is not one.
    pub bench: Option<Vec<String>>,
    tests: Option<Vec<Case>>,
}

impl Program {
    /// Its source file.
    pub fn source(&self) -> PathBuf {
        let name = self.source.clone().unwrap_or_else(|| format!("{}.c", self.name));
        crate::test_binaries().join("src").join(name)
    }

    /// What it is built for.
    pub fn targets(&self) -> &[Target] {
        self.targets.as_deref().unwrap_or(&Target::ALL)
    }

    /// Its runs as a test: one without arguments, unless the manifest says otherwise.
    pub fn tests(&self) -> Vec<Case> {
        self.tests.clone().unwrap_or_else(|| vec![Case::default()])
    }

    /// The committed binary for `target`.
    pub fn prebuilt(&self, target: Target) -> PathBuf {
        crate::test_binaries()
            .join("prebuilt")
            .join(target.to_string())
            .join(&self.name)
    }
}

/// All test programs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// In the order of the file.
    #[serde(rename = "program")]
    pub programs: Vec<Program>,
}

impl Manifest {
    /// Reads `programs.toml` and checks it against the sources.
    pub fn read() -> Result<Self> {
        let path = crate::test_binaries().join("programs.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let manifest: Self = toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
        let mut names = HashSet::new();
        for program in &manifest.programs {
            let name = &program.name;
            ensure!(names.insert(name), "{name} is listed twice");
            ensure!(
                program.source().is_file(),
                "{name}: no source {}",
                program.source().display()
            );
            ensure!(!program.groups.is_empty(), "{name} belongs to no group");
            for group in &program.groups {
                const GROUPS: [&str; 7] = ["int", "fp", "simd", "memory", "threads", "syscall", "startup"];
                ensure!(GROUPS.contains(&group.as_str()), "{name}: unknown group {group}");
            }
            for case in program.tests() {
                case.signal_number().with_context(|| name.clone())?;
            }
        }
        Ok(manifest)
    }
}
