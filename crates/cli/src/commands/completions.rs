//! `armlet completions SHELL` and `armlet man [COMMAND]`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::bail;
use clap::CommandFactory;

use crate::args::{Cli, CompletionArgs, ManArgs};

/// Prints a completion script.
pub fn run(arguments: &CompletionArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "armlet", &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a manual page: armlet's, or that of a command, which is called `armlet-COMMAND`.
pub fn man(arguments: &ManArgs) -> anyhow::Result<ExitCode> {
    let mut armlet = Cli::command();
    armlet.build();
    let page = match &arguments.command {
        None => clap_mangen::Man::new(Cli::command()),
        Some(name) => {
            let known: Vec<&str> = armlet
                .get_subcommands()
                .filter(|command| !command.is_hide_set())
                .map(|command| command.get_name())
                .collect();
            let Some(command) = armlet.find_subcommand(name) else {
                bail!("{name}: no command of armlet's; there are {}", known.join(", "));
            };
            clap_mangen::Man::new(command.clone()).title(format!("armlet-{name}"))
        }
    };
    page.render(&mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}
