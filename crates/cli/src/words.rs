//! The words of the command line before clap sees them: where armlet's flags end and the program begins, and how qemu spells its
//! options. Flags end at the program's name, whatever the program's own arguments look like.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use clap::{Arg, ArgAction, Command};

/// By which name armlet was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personality {
    /// `armlet`, with subcommands.
    Armlet,
    /// `qemu-aarch64`, `qemu-arm` or either with `-static`: no subcommands, and the `QEMU_*` variables count.
    Qemu,
}

impl Personality {
    /// From argument 0.
    pub fn of(words: &[OsString]) -> Personality {
        let name = words.first().and_then(|word| Path::new(word).file_name());
        match name.and_then(OsStr::to_str) {
            Some("qemu-aarch64" | "qemu-aarch64-static" | "qemu-arm" | "qemu-arm-static") => Personality::Qemu,
            _ => Personality::Armlet,
        }
    }
}

/// The command line in two parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// For clap: the command's name, flags, and a subcommand with what belongs to it.
    pub flags: Vec<OsString>,
    /// The program and its arguments, if one is to be run.
    pub program: Vec<OsString>,
}

/// qemu's long options with one dash, and ours.
const SPELLINGS: [(&str, &str); 5] = [
    ("-strace", "--strace"),
    ("-cpu", "--cpu"),
    ("-version", "--version"),
    ("-help", "--help"),
    ("-h", "--help"),
];

/// Subcommands that run a program: what follows its name is the program's.
pub const RUNNERS: [&str; 6] = ["run", "profile", "report", "stats", "strace", "trace"];

/// Options of qemu-user that armlet does not have, and what to do instead.
const REFUSED: [(&str, &str); 12] = [
    ("-B", "armlet places programs at their own addresses; leave it out"),
    ("-R", "armlet reserves no address space; leave it out"),
    ("-d", "qemu's logs do not exist here; see --strace"),
    ("-D", "qemu's logs do not exist here; see --strace-file"),
    ("-dfilter", "qemu's logs do not exist here; leave it out"),
    ("-p", "the page size is 4096 bytes; leave it out"),
    ("-one-insn-per-tb", "leave it out"),
    ("-singlestep", "leave it out"),
    ("-trace", "qemu's trace events do not exist here; see --strace"),
    ("-plugin", "qemu's plugins cannot be loaded; leave it out"),
    ("-seed", "leave it out; --no-aslr makes addresses the same in every run"),
    ("-xtensa-abi-call0", "leave it out"),
];

/// A runner's flags (behind the command's name and the runner's) without one that takes a value.
pub fn without(flags: &[OsString], short: char, long: &str) -> Vec<OsString> {
    let mut rest = flags.iter().skip(2);
    let mut kept = Vec::new();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        let is_alone = text == format!("-{short}") || text == format!("--{long}");
        let has_value = text.starts_with(&format!("--{long}="))
            || (!text.starts_with("--") && text.starts_with(&format!("-{short}")));
        if is_alone {
            rest.next();
        } else if !has_value {
            kept.push(word.clone());
        }
    }
    kept
}

impl Words {
    /// Splits the command line. `command` says which flags take a value, and what subcommands there are.
    ///
    /// # Errors
    ///
    /// A sentence about an option that only qemu has.
    pub fn split(words: Vec<OsString>, command: &Command, personality: Personality) -> Result<Words, String> {
        let mut words = words.into_iter();
        let mut flags: Vec<OsString> = words.next().into_iter().collect();
        let mut runs = false;
        // The command whose flags come: `armlet` itself, or one of those that run a program.
        let mut taking = command;
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if word.len() < 2 || !word.as_bytes().starts_with(b"-") {
                let is_subcommand = personality == Personality::Armlet
                    && flags.len() == 1
                    && command.get_subcommands().any(|known| word == known.get_name());
                let is_runner = RUNNERS.iter().any(|runner| word == *runner);
                if is_subcommand && !is_runner {
                    flags.push(word);
                    flags.extend(words);
                    return Ok(Words {
                        flags,
                        program: Vec::new(),
                    });
                }
                if is_subcommand && !runs {
                    runs = true;
                    if let Some(runner) = command.find_subcommand(&word) {
                        taking = runner;
                    }
                    flags.push(word);
                    continue;
                }
                return Ok(Words {
                    flags,
                    program: std::iter::once(word).chain(words).collect(),
                });
            }
            let text = word.to_string_lossy().into_owned();
            if let Some((_, advice)) = REFUSED.iter().find(|(known, _)| text == *known) {
                return Err(format!("qemu's option {text} is not supported: {advice}"));
            }
            let ours = SPELLINGS.iter().find(|(known, _)| text == *known);
            let text = ours.map_or(text, |(_, ours)| (*ours).to_owned());
            flags.push(if ours.is_some() { text.clone().into() } else { word });
            if takes_next(taking, &text)
                && let Some(value) = words.next()
            {
                flags.push(value);
            }
        }
        Ok(Words {
            flags,
            program: words.collect(),
        })
    }
}

/// Whether the value of a flag is the next word.
fn takes_next(command: &Command, flag: &str) -> bool {
    let takes_value =
        |arg: &Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) && !arg.is_require_equals_set();
    let mut known = command.get_arguments();
    match flag.strip_prefix("--") {
        Some(long) => known.any(|arg| arg.get_long() == Some(long) && takes_value(arg)),
        // `-Ldir` has it in the same word.
        None => {
            let mut letters = flag.chars().skip(1);
            let (letter, rest) = (letters.next(), letters.next());
            rest.is_none() && known.any(|arg| arg.get_short() == letter && takes_value(arg))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::CommandFactory;

    fn split(line: &str) -> Result<(String, String), String> {
        let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
        let personality = Personality::of(&words);
        let Words { flags, program } = Words::split(words, &Cli::command(), personality)?;
        let join = |words: Vec<OsString>| words.join(OsStr::new(" ")).into_string().expect("UTF-8");
        Ok((join(flags), join(program)))
    }

    fn both(flags: &str, program: &str) -> Result<(String, String), String> {
        Ok((flags.to_owned(), program.to_owned()))
    }

    #[test]
    fn flags_end_at_the_program() {
        assert_eq!(split("armlet ./a -E x --strace"), both("armlet", "./a -E x --strace"));
        assert_eq!(
            split("armlet -E A=1 --strace ./a -b"),
            both("armlet -E A=1 --strace", "./a -b")
        );
        assert_eq!(
            split("armlet --sysroot=/x -L/y ./a"),
            both("armlet --sysroot=/x -L/y", "./a")
        );
        assert_eq!(
            split("armlet --strace -- -odd name"),
            both("armlet --strace", "-odd name")
        );
        assert_eq!(split("armlet run -0 n ./a run"), both("armlet run -0 n", "./a run"));
        assert_eq!(split("armlet run run"), both("armlet run", "run"));
        assert_eq!(split("armlet --strace disasm x"), both("armlet --strace", "disasm x"));
        assert_eq!(split("armlet disasm -x 0x1"), both("armlet disasm -x 0x1", ""));
        assert_eq!(
            split("armlet trace -k load --stats ./a -k"),
            both("armlet trace -k load --stats", "./a -k")
        );
        assert_eq!(split("armlet --stats=x ./a"), both("armlet --stats=x", "./a"));
        assert_eq!(split("armlet --no-aslr"), both("armlet --no-aslr", ""));
    }

    #[test]
    fn a_flag_is_left_out() {
        let words = [
            "armlet",
            "report",
            "-o",
            "page",
            "--engine",
            "jit",
            "--output=x",
            "-opage",
            "--output",
            "y",
            "-L",
            "dir",
        ];
        let words = words.map(OsString::from);
        assert_eq!(without(&words, 'o', "output"), ["--engine", "jit", "-L", "dir"]);
    }

    #[test]
    fn qemus_spellings() {
        assert_eq!(split("armlet -strace -s 1M ./a"), both("armlet --strace -s 1M", "./a"));
        assert_eq!(
            split("/usr/bin/qemu-aarch64 disasm x"),
            both("/usr/bin/qemu-aarch64", "disasm x")
        );
        assert_eq!(
            split("qemu-aarch64-static -version"),
            both("qemu-aarch64-static --version", "")
        );
        assert_eq!(
            split("qemu-arm-static -cpu cortex-a9 disasm"),
            both("qemu-arm-static --cpu cortex-a9", "disasm")
        );
        assert!(split("qemu-aarch64 -seed 1 ./a").is_err_and(|error| error.contains("-seed")));
        assert_eq!(split("armlet ./a -cpu max"), both("armlet", "./a -cpu max"));
    }
}
