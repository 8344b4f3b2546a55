//! `cargo xtask sweep`: all 2^32 instruction words through armlet's decoder and through capstone. The work is done by a
//! program of its own, so that the other chores do not wait for its dependencies to be compiled.

use anyhow::{Result, bail};
use std::num::NonZeroU32;
use std::process::Command;

/// Sweeps all words, or one block of words of each `stride`; fails when something differs without a reason.
pub fn run(stride: NonZeroU32) -> Result<()> {
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
        .arg(stride.to_string())
        .current_dir(armlet_tests::root())
        .status()?;
    if !status.success() {
        bail!("the decoder and its judge differ: see above, and crates/oracle/src/differences.rs");
    }
    Ok(())
}
