//! `cargo xtask signatures`: the table by which routines of floating-point libraries are recognised, made anew from the libraries of the
//! compilers that are installed. The work is done by a program of its own (crates/oracle/src/bin/signatures.rs).

use crate::tool;
use anyhow::{Context, Result};
use std::process::Command;

/// Where the table is, in the workspace.
const TABLE: &str = "crates/interpreter/src/a32/accelerate/signatures.txt";

/// Rewrites the table.
pub fn run() -> Result<()> {
    let root = armlet_tests::root();
    let table = tool::run(
        Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--release", "--package", "armlet-oracle"])
            .args(["--bin", "signatures"])
            .current_dir(&root),
    )?;
    let lines = table.lines().filter(|line| !line.starts_with('#')).count();
    std::fs::write(root.join(TABLE), &table).context(TABLE)?;
    println!("{TABLE}: {lines} signatures");
    Ok(())
}
