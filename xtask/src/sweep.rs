//! `cargo xtask sweep`: all encodings of the instruction sets through armlet's decoder and through capstone. The work is done by a
//! program of its own, so that the other chores do not wait for its dependencies to be compiled.

use anyhow::{Result, bail};
use clap::ValueEnum;
use std::num::{NonZeroU32, NonZeroUsize};
use std::process::Command;

/// An instruction set.
#[derive(Clone, Copy, ValueEnum)]
pub enum Set {
    A64,
    A32,
    T32,
}

/// Sweeps all encodings of these sets, or one block of each `stride`; fails when something differs without a reason.
pub fn run(sets: &[Set], stride: NonZeroU32, threads: Option<NonZeroUsize>) -> Result<()> {
    let names: Vec<_> = sets.iter().filter_map(ValueEnum::to_possible_value).collect();
    let names: Vec<_> = names.iter().map(|name| name.get_name()).collect();
    let threads = match threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism()?,
    };
    let status = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "armlet-oracle",
            "--bin",
            "sweep",
            "--",
        ])
        .arg(names.join(","))
        .arg(stride.to_string())
        .arg(threads.to_string())
        .current_dir(armlet_tests::root())
        .status()?;
    if !status.success() {
        bail!(
            "the decoder and its judge differ: see above, and differences.rs in crates/oracle/src and crates/oracle/src/a32"
        );
    }
    Ok(())
}
