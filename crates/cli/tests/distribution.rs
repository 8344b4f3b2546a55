//! Dynamic programs of a whole distribution: Debian's arm64 packages in a root directory, which `cargo xtask guests` makes. Each block of
//! `real/distribution.txt` is a script for its bash, and what that must print.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

const ARMLET: &str = env!("CARGO_BIN_EXE_armlet");

/// A block of `distribution.txt`.
#[derive(Clone)]
struct Block {
    name: String,
    engines: &'static [&'static str],
    script: String,
    expected: String,
}

fn main() -> ExitCode {
    let trials = blocks(include_str!("real/distribution.txt"))
        .into_iter()
        .flat_map(|block| {
            block.engines.iter().map(move |&engine| {
                let block = block.clone();
                let name = format!("distribution_{}_{engine}", block.name);
                Trial::test(name, move || run(&block, engine)).with_ignored_flag(true)
            })
        });
    let trials = trials.collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn blocks(text: &str) -> Vec<Block> {
    let blocks = text.split("\n## ").skip(1);
    let block = |text: &str| {
        let (head, rest) = text.split_once('\n')?;
        let (script, expected) = rest.split_once("\n---\n")?;
        Some(Block {
            name: head.split(' ').next()?.to_owned(),
            engines: if head.ends_with("# interp") {
                &["auto", "interp"]
            } else {
                &["auto"]
            },
            script: script.to_owned(),
            expected: expected.trim_end().to_owned(),
        })
    };
    blocks.map(|text| block(text).expect("a well-formed block")).collect()
}

/// Runs a script, with a directory of its own for /tmp.
fn run(block: &Block, engine: &str) -> Result<(), Failed> {
    let root = armlet_tests::guests().join("root");
    if !root.join("usr/bin/bash").exists() {
        return Err(format!("{} is missing: run cargo xtask guests", root.display()).into());
    }
    // The scripts say /tmp, in which each has a folder.
    let folder = format!("/tmp/{}_{engine}", block.name);
    let inside = root.join(folder.trim_start_matches('/'));
    armlet_tests::fresh_directory(&inside)?;
    let script = block.script.replace("/tmp", &folder);
    let start = |place: [&std::ffi::OsStr; 2], program: &Path| {
        let mut command = Command::new(ARMLET);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C");
        command
            .env("HOME", &folder)
            .args(["--engine", engine])
            .args(place)
            .arg(program);
        command.args(["-c", script.as_str()]).output()
    };
    let output = start(["--rootfs".as_ref(), root.as_os_str()], Path::new("/usr/bin/bash"))?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if stderr.contains("needs a mount namespace") {
        return Err(format!("this machine gives no namespaces to --rootfs: {stderr}").into());
    }
    fs::remove_dir_all(&inside)?;
    let stdout = String::from_utf8_lossy(&output.stdout).replace(&folder, "/tmp");
    if stdout.trim_end() == block.expected {
        return Ok(());
    }
    Err(format!(
        "{engine}: expected\n{}\ngot\n{stdout}\nstderr\n{stderr}",
        block.expected
    )
    .into())
}
