//! One file per subcommand.

pub mod bench;
mod code_a32;
pub mod compare;
pub mod completions;
pub mod coverage;
pub mod disasm;
pub mod explain;
pub mod info;
pub mod report;
pub mod run;
pub mod step;
pub mod watch;

use std::fs::File;
use std::path::Path;

use anyhow::Context;

/// Opens a file for reading.
fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("{}: cannot be opened; check the path", path.display()))
}
