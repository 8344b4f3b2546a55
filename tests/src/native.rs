//! Builds of the test programs for the host, with the C compiler that is there: what a native run prints is what an
//! emulated run must print.

use crate::{Program, Target};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Compiles `program` into `directory`, unless a build newer than its source is there, and gives its path.
///
/// `target` is the ARM build that it stands beside; builds for different targets never share a file, so that tests may run
/// at the same time. Sums of products are not contracted: neither are they in the ARM builds.
pub fn build(program: &Program, target: Target, directory: &Path) -> Result<PathBuf> {
    let output = directory.join(format!("{}-{target}", program.name));
    let source = program.source();
    let header = source.with_file_name("common.h");
    if modified(&output).is_some_and(|built| modified(&source) < Some(built) && modified(&header) < Some(built)) {
        return Ok(output);
    }
    std::fs::create_dir_all(directory)?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let partial = directory.join(format!("{}-{target}.{}", program.name, std::process::id()));
    let result = Command::new(&compiler)
        .args(["-O2", "-ffp-contract=off", "-w", "-pthread", "-o"])
        .arg(&partial)
        .arg(&source)
        .arg("-lm")
        .output()
        .with_context(|| format!("cannot run the C compiler {}", compiler.display()))?;
    if !result.status.success() {
        bail!(
            "{} does not compile here:\n{}",
            source.display(),
            String::from_utf8_lossy(&result.stderr)
        );
    }
    std::fs::rename(&partial, &output)?;
    Ok(output)
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|data| data.modified()).ok()
}
