//! Outside programs: running them, and saying what to install when one is missing.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// Runs a command to its end; its output is shown only when it fails.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!(
            "{command:?} failed, {}\n{stdout}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(stdout)
}

/// Can this program be started?
pub fn exists(program: impl AsRef<OsStr>) -> bool {
    let check = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    check.is_ok()
}

/// Fails, with the Debian package to install, when a program is missing.
pub fn need(program: &str, package: &str) -> Result<()> {
    if !exists(program) {
        bail!("{program} is missing: apt-get install {package}");
    }
    Ok(())
}
