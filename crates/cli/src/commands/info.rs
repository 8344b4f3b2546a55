//! `armlet info`: what a program is and what it needs.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context;
use armlet_loader::Info;
use armlet_loader::elf::FileSource;

use crate::args::FileArgs;

/// Prints the facts, a line each.
pub fn run(arguments: &FileArgs) -> anyhow::Result<ExitCode> {
    let file = super::open(&arguments.file)?;
    let info = Info::read(&FileSource::new(&file)?).with_context(|| arguments.file.display().to_string())?;
    io::stdout().write_all(info.to_string().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
