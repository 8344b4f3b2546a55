//! Chores of the workspace: `cargo xtask where | bless | binaries | guests | signatures | sweep | bench | book`. One file per chore.

#![forbid(unsafe_code)]

mod bench;
mod binaries;
mod bless;
mod book;
mod guests;
mod signatures;
mod sweep;
mod tool;
mod where_lives;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::num::{NonZeroU32, NonZeroUsize};

/// Chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Print every place where an instruction or a system call lives: decoder row, interpreter, JIT, table, tests.
    Where {
        /// Its name as in the Arm manual or the system call table: `adds_imm`, `openat`; case does not matter.
        name: String,
    },
    /// Rewrite the golden files of the tests with what the code prints now; look at the difference before committing.
    Bless {
        /// Only this package.
        #[arg(short, long)]
        package: Option<String>,
    },
    /// Compile test-binaries/src for ARM into test-binaries/prebuilt, with Zig as the cross compiler.
    Binaries {
        /// Only these programs.
        names: Vec<String>,
    },
    /// Fetch and build real ARM programs for the tests whose names start with real_, into target/guests.
    Guests,
    /// Make the table by which the interpreter knows the routines of floating-point libraries, from Debian's cross compiler for armel and
    /// from Zig.
    Signatures,
    /// Compare the decoder with capstone on all encodings: 2^32 words of A64 (half an hour of two cores), 2^32 of A32 (20 minutes), 2^16
    /// halfwords and all instructions of 32 bits of T32 (2 minutes). Fails where they differ without a reason that differences.rs of crates/oracle gives.
    Sweep {
        /// Only these instruction sets.
        #[arg(long, value_delimiter = ',', default_values = ["a64", "a32", "t32"])]
        set: Vec<sweep::Set>,
        /// Look at one block of 512 encodings of each STRIDE only.
        #[arg(long, default_value = "1")]
        stride: NonZeroU32,
        /// Threads; as many as there are processors if it is not given.
        #[arg(long)]
        threads: Option<NonZeroUsize>,
    },
    /// Render the book of docs/ into target/book.
    Book,
    /// Compare armlet with native runs and with qemu-user on the test programs; prints Markdown.
    Bench(bench::Arguments),
}

fn main() -> Result<()> {
    match Arguments::parse().chore {
        Chore::Where { name } => where_lives::run(&name),
        Chore::Bless { package } => bless::run(package.as_deref()),
        Chore::Binaries { names } => binaries::run(&names),
        Chore::Guests => guests::run(),
        Chore::Signatures => signatures::run(),
        Chore::Sweep { set, stride, threads } => sweep::run(&set, stride, threads),
        Chore::Book => book::run(),
        Chore::Bench(arguments) => bench::run(arguments),
    }
}
