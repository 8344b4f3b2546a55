//! `cargo xtask binaries`: the test programs, compiled for ARM, as committed. How they are run is told in `programs.toml`.

use crate::tool;
use anyhow::{Context, Result, bail, ensure};
use armlet_tests::{Manifest, Program, Target};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// The common flags. Sums of products are not contracted, so that a native build computes the same.
const FLAGS: [&str; 7] = [
    "-O2",
    "-ffp-contract=off",
    "-static",
    "-s",
    "-Wall",
    "-Wextra",
    "-Werror",
];

/// Builds the programs of those names, or all of them, and notes the tools' versions.
pub fn run(names: &[String]) -> Result<()> {
    let manifest = Manifest::read()?;
    for name in names {
        ensure!(
            manifest.programs.iter().any(|program| program.name == *name),
            "no program is called {name}"
        );
    }
    let zig = zig()?;
    for program in &manifest.programs {
        if names.is_empty() || names.contains(&program.name) {
            for &target in program.targets() {
                build(&zig, program, target).with_context(|| format!("{} for {target}", program.name))?;
            }
        }
    }
    if names.is_empty() {
        note_versions(&zig)?;
    }
    Ok(())
}

/// How Zig is started here: the variable `ZIG`, a `zig` in the path, or Python's package of it.
fn zig() -> Result<Vec<String>> {
    let candidates = std::env::var("ZIG").map_or_else(
        |_| {
            vec![
                vec!["zig".into()],
                vec!["python3".into(), "-m".into(), "ziglang".into()],
            ]
        },
        |zig| vec![vec![zig]],
    );
    for candidate in candidates {
        let version = Command::new(&candidate[0])
            .args(&candidate[1..])
            .arg("version")
            .output();
        if version.is_ok_and(|output| output.status.success()) {
            return Ok(candidate);
        }
    }
    bail!("zig is missing: pip install ziglang, or set ZIG")
}

/// Flags that choose the target.
fn target_flags(target: Target, thumb: bool) -> &'static [&'static str] {
    match target {
        Target::Armhf if thumb => &["-target", "thumb-linux-musleabihf", "-mcpu=cortex_a9"],
        Target::Aarch64 => &["-target", "aarch64-linux-musl"],
        Target::Armhf => &["-target", "arm-linux-musleabihf", "-mcpu=cortex_a9"],
        Target::Armel => &["-target", "arm-linux-musleabi", "-mcpu=arm926ej_s"],
    }
}

fn build(zig: &[String], program: &Program, target: Target) -> Result<()> {
    let output = program.prebuilt(target);
    std::fs::create_dir_all(output.parent().context("no folder")?)?;
    let mut source = program.source();
    // musl has assembly that Thumb without Thumb-2 does not know: the program's own code only is Thumb, and calls A32.
    let object = output.with_extension("o");
    if program.thumb && target == Target::Armel {
        let mut command = Command::new(&zig[0]);
        command
            .args(&zig[1..])
            .args(["cc", "-target", "thumb-linux-musleabi", "-mcpu=arm926ej_s", "-c"]);
        tool::run(command.args(FLAGS).arg("-o").arg(&object).arg(&source))?;
        source.clone_from(&object);
    }
    let assembly = source.extension().is_some_and(|extension| extension == "S");
    let mut command = Command::new(&zig[0]);
    command
        .args(&zig[1..])
        .arg("cc")
        .args(target_flags(target, program.thumb))
        .args(FLAGS);
    if assembly {
        command.arg("-nostdlib");
    }
    if target == Target::Aarch64 {
        command.args(&program.flags);
    }
    command.arg("-o").arg(&output).arg(&source);
    if target == Target::Armel && !assembly {
        command.arg(program.source().with_file_name("armel_sync.c"));
    }
    tool::run(&mut command)?;
    if source == object {
        std::fs::remove_file(&object)?;
    }
    println!("{} {} bytes", output.display(), output.metadata()?.len());
    Ok(())
}

fn note_versions(zig: &[String]) -> Result<()> {
    let version = tool::run(Command::new(&zig[0]).args(&zig[1..]).arg("version"))?;
    let clang = tool::run(Command::new(&zig[0]).args(&zig[1..]).args(["cc", "--version"]))?;
    let mut text = String::from("Built by `cargo xtask binaries` with\n\n");
    writeln!(text, "zig {}", version.trim())?;
    writeln!(text, "{}\n", clang.lines().next().unwrap_or_default())?;
    writeln!(text, "{}", FLAGS.join(" "))?;
    for target in Target::ALL {
        writeln!(text, "{target}: {}", target_flags(target, false).join(" "))?;
    }
    let path: PathBuf = armlet_tests::test_binaries().join("prebuilt/VERSIONS");
    std::fs::write(&path, text).with_context(|| format!("{}", path.display()))
}
