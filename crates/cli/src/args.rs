//! The command line: every flag is one field with its help, its qemu spelling where it has one, and its environment variable.

use std::ffi::OsString;
use std::path::PathBuf;

use armlet_runtime::{EngineKind, Model};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

const PROGRAM: &str = "The program";
const SYSTEM: &str = "What the program sees";
const EXECUTION: &str = "How it is executed";
const WATCHING: &str = "What is reported";

/// Run ARM Linux programs on x86-64 Linux.
#[derive(Debug, Parser)]
#[command(
    name = "armlet",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
#[command(override_usage = "armlet [FLAGS] PROGRAM [ARGUMENTS]...\n       armlet COMMAND ...")]
#[command(after_help = "\
Flags end at the program's name; what follows is the program's. Programs that it starts run in armlet too.

Exit status: the program's own; 128+N in a shell if signal N ended it; 127 not found; 126 not executable, or not for ARM; \
125 armlet's own failure; 2 usage.")]
pub struct Cli {
    /// What to do, unless a program is to be run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of `armlet PROGRAM`.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// `armlet [FLAGS] PROGRAM`, as [`Cli`] reads it too: describing all subcommands to clap takes longer than a short program runs.
#[derive(Debug, Parser)]
#[command(name = "armlet", version)]
pub struct Plain {
    /// Its flags.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program; the same as without this word
    #[command(override_usage = "armlet run [FLAGS] PROGRAM [ARGUMENTS]...")]
    Run(RunFlags),
    /// Compare one program's engines: native, interpreter, translator, qemu-user; and when a translation has paid
    #[command(override_usage = "armlet bench [FLAGS] PROGRAM [ARGUMENTS]...")]
    Bench(BenchArgs),
    /// Compare boxes: one program directly, in a container's namespaces, emulated, and emulated in namespaces
    Compare(CompareArgs),
    /// Run a program of this machine in the namespaces of `--isolate`
    #[command(hide = true)]
    Contain {
        /// The program and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Run a program, and tell at its end where time and work went
    #[command(override_usage = "armlet stats [FLAGS] PROGRAM [ARGUMENTS]...")]
    Stats(StatsArgs),
    /// Run a program, and tell where it spent its processor time: functions, places, flame graphs, a callgrind file
    #[command(override_usage = "armlet profile [FLAGS] PROGRAM [ARGUMENTS]...")]
    Profile(ProfileArgs),
    /// Run a program, and write a page about the run: time, hot blocks in ARM and x86-64 side by side, system calls
    #[command(override_usage = "armlet report [-o FILE] [FLAGS] PROGRAM [ARGUMENTS]...")]
    Report(ReportArgs),
    /// Run a program, and print each instruction with what it reads and writes
    #[command(override_usage = "armlet trace [FLAGS] PROGRAM [ARGUMENTS]...")]
    Trace(TraceArgs),
    /// Run a program, and print its system calls: with filters, times, a table, JSON, and what becomes of them on the host
    #[command(override_usage = "armlet strace [FLAGS] PROGRAM [ARGUMENTS]...")]
    Strace(StraceArgs),
    /// Disassemble a program, or instruction words
    Disasm(DisasmArgs),
    /// Explain an instruction: its bits, what it does, and what the interpreter and the translator make of it
    Explain(ExplainArgs),
    /// Step through a program on a full screen, forwards and backwards
    #[command(override_usage = "armlet step [FLAGS] PROGRAM [ARGUMENTS]...")]
    Step(StepArgs),
    /// Tell what a program is and what it needs
    Info(FileArgs),
    /// List the words in a program's code that armlet cannot execute
    Coverage(FileArgs),
    /// Print a completion script for a shell
    Completions(CompletionArgs),
    /// Print the manual page, or that of a command
    Man(ManArgs),
}

/// How much of the confinement must be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Isolate {
    /// What the kernel permits; the rest is said on stderr.
    Usual,
    /// All of it, with a shorter list of system calls.
    Strict,
}

/// How a program is run.
#[derive(Debug, Default, Args)]
pub struct RunFlags {
    /// Set a variable in the program's environment (several: repeat, or separate by commas)
    #[arg(
        short = 'E',
        long = "set-env",
        value_name = "VAR=VALUE",
        value_delimiter = ',',
        env = "ARMLET_SET_ENV"
    )]
    #[arg(help_heading = PROGRAM, hide_env_values = true)]
    pub set_env: Vec<OsString>,

    /// Remove a variable from the program's environment
    #[arg(
        short = 'U',
        long = "unset-env",
        value_name = "VAR",
        value_delimiter = ',',
        env = "ARMLET_UNSET_ENV"
    )]
    #[arg(help_heading = PROGRAM, hide_env_values = true)]
    pub unset_env: Vec<OsString>,

    /// Give the program this name as its argument 0
    #[arg(short = '0', long = "argv0", value_name = "NAME", env = "ARMLET_ARGV0")]
    #[arg(help_heading = PROGRAM, hide_env_values = true)]
    pub argv0: Option<OsString>,

    /// Look up absolute paths below this directory first: an ARM root file system
    #[arg(short = 'L', long = "sysroot", value_name = "DIR", env = "ARMLET_SYSROOT")]
    #[arg(help_heading = SYSTEM, hide_env_values = true)]
    pub sysroot: Option<PathBuf>,

    /// Make this directory, an ARM root file system, the program's `/`
    #[arg(
        long = "rootfs",
        value_name = "DIR",
        env = "ARMLET_ROOTFS",
        conflicts_with = "sysroot"
    )]
    #[arg(help_heading = SYSTEM, hide_env_values = true)]
    pub rootfs: Option<PathBuf>,

    /// The processor that a 32-bit program sees: ARMv5TE, ARMv7-A, or all that armlet has (also: -cpu)
    #[arg(long = "cpu", value_name = "MODEL", env = "ARMLET_CPU", default_value = Model::default().name())]
    #[arg(value_parser = PossibleValuesParser::new(Model::ALL.map(|(name, _)| name))
        .map(|name| Model::from_name(&name).unwrap_or_default()))]
    #[arg(help_heading = SYSTEM, hide_env_values = true)]
    pub cpu: Model,

    /// Confine the program by namespaces, Landlock and seccomp: it sees itself and its root directory, and no network;
    /// `strict` ends it where anything of this cannot be applied
    #[arg(long = "isolate", value_name = "MODE", env = "ARMLET_ISOLATE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "usual", value_enum, conflicts_with = "strace_file")]
    #[arg(help_heading = SYSTEM, hide_env_values = true)]
    pub isolate: Option<Isolate>,

    /// The kernel release that `uname -r` tells
    #[arg(short = 'r', long = "uname", value_name = "RELEASE", env = "ARMLET_UNAME")]
    #[arg(help_heading = SYSTEM, hide_env_values = true)]
    pub uname: Option<OsString>,

    /// The size of the main stack in bytes; k, M and G multiply by 1024
    #[arg(short = 's', long = "stack-size", value_name = "BYTES", env = "ARMLET_STACK_SIZE", value_parser = size)]
    #[arg(help_heading = SYSTEM, hide_env_values = true)]
    pub stack_size: Option<u64>,

    /// Put everything at the same addresses in every run
    #[arg(long = "no-aslr", env = "ARMLET_NO_ASLR", value_parser = clap::builder::FalseyValueParser::new())]
    #[arg(help_heading = SYSTEM, hide_env_values = true)]
    pub no_aslr: bool,

    /// What executes the instructions
    #[arg(long = "engine", value_name = "ENGINE", env = "ARMLET_ENGINE", default_value = EngineKind::default().name())]
    #[arg(value_parser = PossibleValuesParser::new(EngineKind::ALL.map(|(name, _)| name))
        .map(|name| EngineKind::from_name(&name).unwrap_or_default()))]
    #[arg(help_heading = EXECUTION, hide_env_values = true)]
    pub engine: EngineKind,

    /// Run interpreter and translated code in lock-step (slow); stop at the first difference, and show it on stderr
    #[arg(long = "check", env = "ARMLET_CHECK", value_parser = clap::builder::FalseyValueParser::new())]
    #[arg(conflicts_with_all = ["stats", "stats_json"], help_heading = EXECUTION, hide_env_values = true)]
    pub check: bool,

    /// Run library routines for floating point and division as they are (AArch32), instead of by the host's arithmetic
    #[arg(long = "no-accelerate", env = "ARMLET_NO_ACCELERATE", value_parser = clap::builder::FalseyValueParser::new())]
    #[arg(help_heading = EXECUTION, hide_env_values = true)]
    pub no_accelerate: bool,

    /// Print system calls and signals as strace does (also: -strace)
    #[arg(long = "strace", env = "ARMLET_STRACE", value_parser = clap::builder::FalseyValueParser::new())]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub strace: bool,

    /// Print them to a file
    #[arg(long = "strace-file", value_name = "FILE", env = "ARMLET_STRACE_FILE")]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub strace_file: Option<PathBuf>,

    /// Tell at the end where time and work went; on stderr, or in a file (%p in its name: the process's number)
    #[arg(long = "stats", value_name = "FILE", env = "ARMLET_STATS", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "-", help_heading = WATCHING, hide_env_values = true)]
    pub stats: Option<PathBuf>,

    /// The same as JSON: one line for each program
    #[arg(long = "stats-json", value_name = "FILE", env = "ARMLET_STATS_JSON")]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub stats_json: Option<PathBuf>,

    /// Print each instruction with what it reads and writes (`armlet trace` has filters); on stderr, or in a file
    #[arg(long = "trace", value_name = "FILE", env = "ARMLET_TRACE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "-", help_heading = WATCHING, hide_env_values = true)]
    pub trace: Option<PathBuf>,

    /// Write /tmp/perf-PID.map: Linux perf finds the names of translated code in it
    #[arg(long = "perf-map", env = "ARMLET_PERF_MAP", value_parser = clap::builder::FalseyValueParser::new())]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub perf_map: bool,

    /// Write jit-PID.dump to this directory: the translated code, for `perf record -k mono` and `perf inject --jit`
    #[arg(long = "jitdump", value_name = "DIR", env = "ARMLET_JITDUMP")]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub jitdump: Option<PathBuf>,

    /// Wait for gdb at a TCP port of this machine, at HOST:PORT, or at a socket (a path with a slash)
    #[arg(short = 'g', long = "gdb", value_name = "PORT|SOCKET", env = "ARMLET_GDB")]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub gdb: Option<String>,

    /// For gdb's reverse-step and reverse-continue: record N instructions (slow: all are interpreted one by one)
    #[arg(
        long = "gdb-history",
        value_name = "N",
        env = "ARMLET_GDB_HISTORY",
        default_value_t = 0
    )]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub gdb_history: usize,

    /// When a signal ends the program, print the last N instructions of each thread (slow: all are interpreted one by one)
    #[arg(long = "trace-last", value_name = "N", env = "ARMLET_TRACE_LAST")]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub trace_last: Option<usize>,

    /// No report on stderr when a fault ends the program
    #[arg(long = "quiet-faults", env = "ARMLET_QUIET_FAULTS", value_parser = clap::builder::FalseyValueParser::new())]
    #[arg(help_heading = WATCHING, hide_env_values = true)]
    pub quiet_faults: bool,
}

/// What `armlet stats` takes.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// Print JSON
    #[arg(long = "json")]
    pub as_json: bool,
    /// Write to a file (%p in its name: the process's number) instead of stderr
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How the program is run.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// What `armlet strace` takes: strace's own flags, so those of `armlet PROGRAM` have their long names only.
#[derive(Debug, Args)]
#[command(mut_arg("uname", |arg| arg.short(None)), mut_arg("stack_size", |arg| arg.short(None)))]
#[command(mut_arg("set_env", |arg| arg.short(None)))]
pub struct StraceArgs {
    /// Only these system calls or signals (several: repeat): trace=open,read, trace=%file, trace=!%memory, signal=SIGCHLD, signal=none
    #[arg(short = 'e', long = "expression", value_name = "EXPR")]
    pub expressions: Vec<String>,
    /// Print a table of calls, errors and times at the end of each program, and nothing else
    #[arg(short = 'c', long = "summary-only")]
    pub summary_only: bool,
    /// Print the table besides
    #[arg(short = 'C', long = "summary")]
    pub summary: bool,
    /// Write to a file (%p in its name: the process's number, for a file of each) instead of stderr
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The time of day in front of each line; -tt with microseconds, -ttt in seconds since 1970
    #[arg(short = 't', action = clap::ArgAction::Count)]
    pub time: u8,
    /// The time since the line before
    #[arg(short = 'r', long = "relative-timestamps")]
    pub relative: bool,
    /// The time that each call took
    #[arg(short = 'T', long = "syscall-times")]
    pub durations: bool,
    /// Follow children; they are always followed
    #[arg(short = 'f', long = "follow-forks", conflicts_with = "no_follow")]
    pub follow: bool,
    /// Leave out children
    #[arg(long = "no-follow")]
    pub no_follow: bool,
    /// A line of JSON for each call
    #[arg(long = "json")]
    pub json: bool,
    /// Show what becomes of each call on the host: numbers, flags, and structures byte by byte
    #[arg(long = "translation")]
    pub translation: bool,
    /// How the program is run.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// What `armlet profile` takes.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// Write hot functions and places to a file (%p in its name: the process's number) instead of stderr
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write folded stacks, for flame graphs: all processes of the run in one file, unless %p is in its name
    #[arg(long = "folded", value_name = "FILE")]
    pub folded: Option<PathBuf>,
    /// Write a file for callgrind_annotate and KCachegrind; further processes add their number to the name
    #[arg(long = "callgrind", value_name = "FILE")]
    pub callgrind: Option<PathBuf>,
    /// Samples per second of processor time
    #[arg(short = 'F', long = "frequency", value_name = "N", default_value_t = 997, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub frequency: u32,
    /// How the program is run.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// What `armlet report` takes.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The page: one file that needs no other
    #[arg(short = 'o', long = "output", value_name = "FILE", default_value = "report.html")]
    pub output: PathBuf,
    /// How the program is run.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// What `armlet trace` takes.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Write to a file (%p in its name: the process's number) instead of stderr
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only instructions at these addresses (several: repeat): START-END, START+BYTES or one address
    #[arg(short = 'a', long = "address", value_name = "RANGE", value_parser = range)]
    pub addresses: Vec<std::ops::Range<u64>>,
    /// Only instructions of these functions (several: repeat); * stands for any text
    #[arg(short = 'f', long = "symbol", value_name = "NAME")]
    pub symbols: Vec<String>,
    /// Only instructions of these kinds (several: separate by commas)
    #[arg(short = 'k', long = "kind", value_name = "KIND", value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(armlet_observe::Kind::ALL.map(|(name, _)| name)))]
    pub kinds: Vec<String>,
    /// Leave out the first N that match
    #[arg(long = "skip", value_name = "N", default_value_t = 0)]
    pub skip: u64,
    /// Print N at most; then the program goes on at full speed
    #[arg(short = 'n', long = "count", value_name = "N")]
    pub count: Option<u64>,
    /// Print only the last N before the end
    #[arg(long = "last", value_name = "N")]
    pub last: Option<usize>,
    /// How the program is run.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// A file.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// An ARM program
    pub file: PathBuf,
}

/// What to disassemble.
#[derive(Debug, Args)]
pub struct DisasmArgs {
    /// An ARM program, or instruction words such as 0x91000420
    #[arg(required = true, value_name = "FILE|WORD")]
    pub what: Vec<OsString>,
}

/// What to measure.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// The same program, built for this machine: what all others are compared with
    #[arg(long, value_name = "FILE")]
    pub native: Option<PathBuf>,
    /// Runs of each contestant; medians are shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Compare processor time instead of elapsed time: for a machine that has other work
    #[arg(long)]
    pub cpu_time: bool,
    /// The longest time of one run, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub limit: u64,
    /// Also write everything to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Also draw it, into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// The ARM program and its arguments
    #[arg(
        required = true,
        value_name = "PROGRAM",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<OsString>,
}

/// What to compare.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// A static build of test-binaries/src/probe.c for this machine, instead of one made by the C compiler
    #[arg(long, value_name = "FILE")]
    pub native: Option<PathBuf>,
    /// Rounds; medians are shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Also write everything to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// What to step through.
#[derive(Debug, Args)]
pub struct StepArgs {
    /// The program's standard input; the terminal is armlet's
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// How the program is run.
    #[command(flatten)]
    pub flags: RunFlags,
    /// The ARM program and its arguments
    #[arg(
        required = true,
        value_name = "PROGRAM",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<OsString>,
}

/// An instruction set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Isa {
    /// AArch64.
    #[default]
    A64,
    /// AArch32, 32-bit words.
    A32,
    /// AArch32, Thumb: 16-bit words (0x4408), or 32-bit ones with the first halfword in front (0xf1080104).
    T32,
}

/// What to explain.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Instruction words (0xab020020), mnemonics (adds), or functions of a program (./prog:main)
    #[arg(required = true, value_name = "WORD|MNEMONIC|FILE:SYMBOL")]
    pub what: Vec<String>,
    /// The instruction set of words and mnemonics
    #[arg(long, value_name = "ISA", value_enum, default_value_t)]
    pub isa: Isa,
    /// Colours; `auto` heeds NO_COLOR, and has them on a terminal only
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub color: crate::style::When,
}

/// Which manual page.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// A command of armlet's, such as `explain`
    pub command: Option<String>,
}

/// Which shell.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Addresses: `0x400000-0x401000` (the end is not in it), `0x400000+64`, `0x400000` (one instruction).
fn range(text: &str) -> Result<std::ops::Range<u64>, String> {
    let number = |text: &str| {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        u64::from_str_radix(digits, 16)
            .map_err(|_| "give START-END, START+BYTES or one address, in hexadecimal".to_owned())
    };
    let (start, end) = if let Some((start, end)) = text.split_once('-') {
        (number(start)?, number(end)?)
    } else if let Some((start, bytes)) = text.split_once('+') {
        let start = number(start)?;
        (start, start.saturating_add(size(bytes)?))
    } else {
        let start = number(text)?;
        (start, start.saturating_add(4))
    };
    if start < end {
        Ok(start..end)
    } else {
        Err("the end is not behind the start".to_owned())
    }
}

/// A number of bytes: `8192`, `64k`, `8M`, `1G`, `0x10000`.
fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 10),
        Some((at, 'M')) => (&text[..at], 20),
        Some((at, 'G')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    let number = number.map_err(|_| "give a number of bytes, such as 8388608, 8192k or 8M".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_flags_are_the_default() {
        let parsed = Plain::try_parse_from(["armlet"]).expect("nothing is wrong with it");
        assert_eq!(format!("{:?}", parsed.flags), format!("{:?}", RunFlags::default()));
    }

    #[test]
    fn every_flag_has_its_variable() {
        let command = Cli::command();
        let flags = command
            .get_arguments()
            .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"));
        for flag in flags {
            let variable = flag.get_env().and_then(|name| name.to_str());
            assert!(
                variable.is_some_and(|name| crate::is_variable(name.as_bytes())),
                "{}",
                flag.get_id()
            );
            assert!(flag.get_help_heading().is_some(), "{} has no category", flag.get_id());
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(range("0x1000-0x2000"), Ok(0x1000..0x2000));
        assert_eq!(range("1000+0x20"), Ok(0x1000..0x1020));
        assert_eq!(range("0x1000"), Ok(0x1000..0x1004));
        assert!(range("2000-1000").is_err() && range("main").is_err());
    }

    #[test]
    fn sizes() {
        assert_eq!(size("8192"), Ok(8192));
        assert_eq!(size("64k"), Ok(65536));
        assert_eq!(size("8M"), Ok(8 << 20));
        assert_eq!(size("0x10"), Ok(16));
        assert!(size("").is_err() && size("M").is_err() && size("-1").is_err());
        assert!(size("99999999999G").is_err());
    }
}
