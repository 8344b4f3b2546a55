//! `cargo xtask bench`: builds armlet, then compares it with native runs and with qemu-user. The work is done in
//! `armlet-benches`; the command line is here.

use anyhow::{Context, Result, ensure};
use armlet_benches::{Clock, Plan};
use armlet_tests::Target;
use clap::Args;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// What is compared, and how often.
#[derive(Args)]
pub struct Arguments {
    /// Only these programs or groups: int, fp, simd, memory, threads, syscall, startup, real.
    only: Vec<String>,
    /// What the programs are built for: aarch64, armhf, armel.
    #[arg(long, default_value = "aarch64", value_parser = target)]
    guest: Target,
    /// Runs of each program under each emulator; medians are shown.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Compare processor time instead of elapsed time: for a machine that has other work.
    #[arg(long)]
    cpu_time: bool,
    /// Also write all medians to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The armlet to measure, instead of a release build of these sources.
    #[arg(long, value_name = "FILE")]
    armlet: Option<PathBuf>,
    /// The longest time of one run, in seconds.
    #[arg(long, default_value_t = 120)]
    limit: u64,
}

/// Compares, and prints Markdown.
pub fn run(arguments: Arguments) -> Result<()> {
    let target = target_directory()?;
    let armlet = match arguments.armlet {
        Some(path) => path.canonicalize().with_context(|| format!("{}", path.display()))?,
        None => {
            let status = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--release", "--package", "armlet", "--target-dir"])
                .arg(&target)
                .current_dir(armlet_tests::root())
                .status()?;
            ensure!(status.success(), "armlet does not build");
            target.join("release/armlet")
        }
    };
    let comparison = armlet_benches::compare(&Plan {
        armlet,
        directory: target.join("bench"),
        target: arguments.guest,
        only: arguments.only,
        rounds: arguments.rounds.into(),
        clock: if arguments.cpu_time { Clock::Cpu } else { Clock::Wall },
        limit: Duration::from_secs(arguments.limit),
    })?;
    print!("{}", comparison.markdown());
    if let Some(path) = arguments.json {
        comparison.write_json(&path)?;
    }
    let ours = comparison
        .failures
        .iter()
        .filter(|failure| failure.contestant != armlet_benches::QEMU);
    let failed = ours.count();
    ensure!(failed == 0, "{failed} failed under armlet");
    Ok(())
}

fn target(name: &str) -> Result<Target, String> {
    let found = Target::ALL.into_iter().find(|target| target.to_string() == name);
    found.ok_or_else(|| "give aarch64, armhf or armel".to_owned())
}

/// Cargo's target directory: two above this program.
fn target_directory() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let directory = this.parent().and_then(|profile| profile.parent());
    Ok(directory
        .context("this program lies in no target directory")?
        .to_path_buf())
}
