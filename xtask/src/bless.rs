//! `cargo xtask bless`: runs the tests with `ARMLET_BLESS=1`, under which golden tests rewrite their files.

use anyhow::{Result, ensure};
use std::process::Command;

/// Rewrites the golden files of one package, or of all.
pub fn run(package: Option<&str>) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command
        .arg("test")
        .env("ARMLET_BLESS", "1")
        .current_dir(armlet_tests::root());
    match package {
        Some(package) => command.args(["--package", package]),
        None => command.arg("--workspace"),
    };
    let status = command.status()?;
    ensure!(
        status.success(),
        "some tests fail for other reasons than their golden files"
    );
    let changed = Command::new("git")
        .args(["status", "--short"])
        .current_dir(armlet_tests::root())
        .status()?;
    ensure!(changed.success(), "git status failed");
    Ok(())
}
