//! Dynamic programs of a whole distribution: Debian's arm64, armhf and armel packages in root directories, which `cargo xtask guests` makes.
//! Each block of `real/distribution.txt` (for armhf and armel, `real/distribution_a32.txt`) is a script for its bash, and what that must print.

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
    let a64 = blocks(include_str!("real/distribution.txt"));
    let a32 = blocks(include_str!("real/distribution_a32.txt"));
    let roots = [
        ("root", "", &a64),
        ("root-armhf", "armhf_", &a32),
        ("root-armel", "armel_", &a32),
    ];
    let mut trials = Vec::new();
    for (root, prefix, blocks) in roots {
        for block in blocks {
            for &engine in block.engines {
                let block = block.clone();
                let name = format!("distribution_{prefix}{}_{engine}", block.name);
                trials.push(Trial::test(name, move || run(root, &block, engine)).with_ignored_flag(true));
            }
        }
    }
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

/// Runs a script in a root directory, with a directory of its own for /tmp.
fn run(root: &str, block: &Block, engine: &str) -> Result<(), Failed> {
    let root = armlet_tests::guests().join(root);
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
