//! The `armlet` command: what is where.
//!
//! - `args.rs`: the flags, one field each, and the subcommands;
//! - `words.rs`: where armlet's flags end and the program begins, and qemu's spellings;
//! - `commands/`: one file per subcommand;
//! - `explain/`: what there is to know of an instruction;
//! - `check.rs`: what `--check` prints;
//! - `isolate.rs`: the stages of `--isolate`;
//! - `style.rs`, `progress.rs`: colours, and progress of long work.
#![forbid(unsafe_code)]

mod args;
mod check;
mod commands;
mod explain;
mod isolate;
mod progress;
mod style;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Subcommand};

use crate::args::{Cli, Command, Plain, RunFlags};
use crate::words::{Personality, Words};

/// armlet itself has failed.
const INTERNAL_ERROR: u8 = armlet_runtime::INTERNAL_ERROR as u8;
/// The command line is wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    armlet_runtime::end_on_panic();
    armlet_runtime::report_differences(check::report);
    // An ARM program has called execve: the flags were read by the armlet before this one.
    if let Some(error) = armlet_runtime::resume(commands::watch::resume) {
        return complain(&error, error.exit_code());
    }
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let personality = Personality::of(&words);
    let second = words.get(1).and_then(|word| word.to_str());
    if personality == Personality::Armlet && second.is_some_and(is_program) && !has_variables() {
        // No flags at all: describing them to clap would take longer than a short program runs.
        return commands::run::run(RunFlags::default(), words.split_off(1), personality);
    }
    let is_plain = personality == Personality::Qemu || !second.is_some_and(Command::has_subcommand);
    let command = if is_plain { Plain::command() } else { Cli::command() };
    let Words { flags, program } = match Words::split(words, &command, personality) {
        Ok(words) => words,
        Err(error) => {
            eprintln!("armlet: {error}");
            return USAGE.into();
        }
    };
    // Whatever is not so plain (help, errors) is for the whole command.
    if is_plain && let Ok(Plain { flags }) = parse(command, &flags) {
        return commands::run::run(flags, program, personality);
    }
    let cli: Cli = match parse(Cli::command(), &flags) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no errors.
            let _ = error.print();
            return if error.use_stderr() {
                USAGE.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = match cli.command {
        None => return commands::run::run(cli.flags, program, personality),
        Some(Command::Run(run)) => return commands::run::run(run, program, personality),
        Some(Command::Bench(arguments)) => commands::bench::run(&arguments),
        Some(Command::Compare(arguments)) => commands::compare::run(&arguments),
        Some(Command::Contain { command }) => commands::compare::contain(&command),
        Some(Command::Stats(arguments)) => return commands::watch::stats(arguments, program, personality),
        Some(Command::Strace(arguments)) => return commands::watch::strace(arguments, program, personality),
        Some(Command::Profile(arguments)) => return commands::watch::profile(arguments, program, personality),
        Some(Command::Report(arguments)) => {
            return commands::report::run(&arguments, &program, &flags, personality);
        }
        Some(Command::Trace(arguments)) => return commands::watch::trace(arguments, program, personality),
        Some(Command::Disasm(arguments)) => commands::disasm::run(&arguments),
        Some(Command::Explain(arguments)) => commands::explain::run(&arguments),
        Some(Command::Info(arguments)) => commands::info::run(&arguments),
        Some(Command::Coverage(arguments)) => commands::coverage::run(&arguments),
        Some(Command::Step(arguments)) => commands::step::run(arguments),
        Some(Command::Completions(arguments)) => commands::completions::run(&arguments),
        Some(Command::Man(arguments)) => commands::completions::man(&arguments),
    };
    match result {
        Ok(code) => code,
        // A reader that has seen enough, as `head` has.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("armlet: {error:#}");
            INTERNAL_ERROR.into()
        }
    }
}

/// Whether the first word of the command line is the program.
fn is_program(word: &str) -> bool {
    !word.is_empty() && !word.starts_with('-') && !Command::has_subcommand(word)
}

/// Whether flags may be given in the environment.
fn has_variables() -> bool {
    std::env::vars_os().any(|(name, _)| is_variable(name.as_encoded_bytes()))
}

/// Whether a variable may be one of armlet's flags.
fn is_variable(name: &[u8]) -> bool {
    name.starts_with(b"ARMLET_")
}

fn parse<T: FromArgMatches>(command: clap::Command, words: &[OsString]) -> Result<T, clap::Error> {
    let mut matches = command.try_get_matches_from(words)?;
    T::from_arg_matches_mut(&mut matches)
}

/// Prints why a program was not started, and what to do about it.
fn complain(error: &dyn std::fmt::Display, code: i32) -> ExitCode {
    eprintln!("armlet: {error}");
    u8::try_from(code).unwrap_or(INTERNAL_ERROR).into()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}
