//! `armlet completions SHELL` and `armlet man`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::{Cli, CompletionArgs};

/// Prints a completion script.
pub fn run(arguments: &CompletionArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "armlet", &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the manual page.
pub fn man() -> anyhow::Result<ExitCode> {
    clap_mangen::Man::new(Cli::command()).render(&mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}
