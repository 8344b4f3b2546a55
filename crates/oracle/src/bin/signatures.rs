//! The command behind `cargo xtask signatures`: builds guest/soft_float.c with every library at hand, and prints the signatures of their routines
//! as `armlet_interpreter::a32::accelerate` reads them.
//!
//! The libraries are libgcc of Debian's cross compilers for armel and armhf, and Zig's for the processor that test-binaries is built for and for any; a
//! compiler that is missing is an error.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use armlet_oracle::a32::soft_float::{Library, SOURCE};

/// A compiler's name, its command, and flags.
type Build = (&'static str, &'static [&'static str], &'static [&'static str]);

const ZIG: &[&str] = &[
    "python3",
    "-m",
    "ziglang",
    "cc",
    "-target",
    "arm-linux-musleabi",
    "-DINCOMPLETE",
    "-fno-builtin",
];

const HARD: &[&str] = &["arm-linux-gnueabihf-gcc"];

const ZIG_HARD: &[&str] = &[
    "python3",
    "-m",
    "ziglang",
    "cc",
    "-target",
    "arm-linux-musleabihf",
    "-DINCOMPLETE",
    "-fno-builtin",
];

/// (With VFP, only the divisions of integers take and give values in core registers.)
const BUILDS: [Build; 8] = [
    ("libgcc, ARMv5TE", &["arm-linux-gnueabi-gcc"], &["-O2"]),
    ("libgcc, ARMv7, Thumb", HARD, &["-O2", "-DONLY_INTEGERS"]),
    ("Zig, ARM926EJ-S", ZIG, &["-mcpu=arm926ej_s", "-O2"]),
    ("Zig, ARM926EJ-S, small", ZIG, &["-mcpu=arm926ej_s", "-Os"]),
    ("Zig, ARMv7", ZIG, &["-O2"]),
    ("Zig, ARMv7, small", ZIG, &["-Os"]),
    (
        "Zig, Cortex-A9 with VFP",
        ZIG_HARD,
        &["-mcpu=cortex_a9", "-O2", "-DONLY_INTEGERS"],
    ),
    (
        "Zig, Cortex-A9 with VFP, small",
        ZIG_HARD,
        &["-mcpu=cortex_a9", "-Os", "-DONLY_INTEGERS"],
    ),
];

fn build((name, command, flags): &Build, folder: &Path) -> anyhow::Result<PathBuf> {
    let output = folder.join("soft_float");
    let status = Command::new(command[0])
        .args(&command[1..])
        .args(*flags)
        .args(["-static", "-o"])
        .arg(&output)
        .arg(SOURCE)
        .status()
        .with_context(|| format!("{name}: cannot run {}", command[0]))?;
    ensure!(status.success(), "{name}: {SOURCE} does not compile");
    Ok(output)
}

fn main() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("armlet-signatures-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let mut seen = BTreeSet::new();
    for item in &BUILDS {
        let library = Library::open(&build(item, &folder)?)?;
        println!("# {}", item.0);
        for (name, place) in library.routines() {
            let line = library.signature(name, *place);
            match line {
                Some(line) if seen.insert(line.clone()) => println!("{line}"),
                Some(_) => {}
                None => eprintln!("{}: {name} has no fingerprint", item.0),
            }
        }
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
