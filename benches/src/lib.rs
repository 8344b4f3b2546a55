//! The comparison behind `cargo xtask bench`: every test program with benchmark arguments, run natively, under qemu-user
//! and under armlet's engines, turn by turn, so that whatever else the machine does meets all of them alike.
#![forbid(unsafe_code)]

mod contestant;
mod measure;
mod report;

pub use armlet_measure::{Clock, Sample};
pub use contestant::{Contestant, NATIVE, QEMU};
pub use report::{Comparison, Failure, Row};

use anyhow::{Result, ensure};
use armlet_tests::{Manifest, Program, Target, build_native};
use measure::Run;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is compared.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The `armlet` binary.
    pub armlet: PathBuf,
    /// A folder for native builds and outputs; it need not exist.
    pub directory: PathBuf,
    /// What the programs are built for.
    pub target: Target,
    /// Names of programs or groups; all programs if there are none.
    pub only: Vec<String>,
    /// Runs of each program under each contestant, at least 1.
    pub rounds: usize,
    /// Which time is compared.
    pub clock: Clock,
    /// The longest time of one run.
    pub limit: Duration,
}

/// Makes all runs. An emulator under which a program fails, or prints what it does not print natively, is out for that
/// program; a program that fails natively ends the comparison.
pub fn compare(plan: &Plan) -> Result<Comparison> {
    ensure!(plan.rounds > 0, "no rounds");
    let programs = selected(Manifest::read()?, &plan.only, plan.target)?;
    let contestants = contestant::all(&plan.armlet, plan.target);
    // Of this process alone: two comparisons at the same time must not read each other's outputs.
    let own = plan.directory.join(format!("runs-{}", std::process::id()));
    let runs = own.join("work");
    armlet_tests::fresh_directory(&runs)?;
    let comparison = measured(plan, &programs, &contestants, &runs);
    std::fs::remove_dir_all(&own)?;
    comparison
}

fn measured(plan: &Plan, programs: &[Program], contestants: &[Contestant], runs: &Path) -> Result<Comparison> {
    let mut rows = Vec::with_capacity(programs.len());
    let mut failures = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        let native = build_native(program, plan.target, &plan.directory.join("native"))?;
        let arm = program.prebuilt(plan.target);
        let mut samples = vec![Some(Vec::with_capacity(plan.rounds)); contestants.len()];
        let mut expected: Option<Vec<u8>> = None;
        for round in 0..plan.rounds {
            for (contestant, slot) in contestants.iter().zip(&mut samples) {
                let Some(samples) = slot else { continue };
                progress(&format!(
                    "{}/{} {}, round {}/{}: {}",
                    index + 1,
                    programs.len(),
                    program.name,
                    round + 1,
                    plan.rounds,
                    contestant.name
                ));
                let run = Run {
                    contestant,
                    program: if contestant.emulator.is_some() { &arm } else { &native },
                    args: program.bench.as_deref().unwrap_or_default(),
                    directory: runs,
                    limit: plan.limit,
                };
                let checked = run.make().and_then(|(sample, output)| {
                    let same = *expected.get_or_insert_with(|| output.clone()) == output;
                    ensure!(same, "it prints what the native program does not");
                    Ok(sample)
                });
                match checked {
                    Ok(sample) => samples.push(sample),
                    Err(error) if contestant.emulator.is_none() => {
                        return Err(error.context(format!("{}, natively", program.name)));
                    }
                    Err(error) => {
                        failures.push(Failure {
                            program: program.name.clone(),
                            contestant: contestant.name.clone(),
                            reason: error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": "),
                        });
                        *slot = None;
                    }
                }
            }
        }
        rows.push(Row {
            program: program.name.clone(),
            groups: program.groups.clone(),
            samples: samples
                .iter()
                .map(|samples| samples.as_deref().map(Sample::median))
                .collect(),
        });
    }
    progress("");
    Ok(Comparison {
        contestants: contestants.iter().map(|contestant| contestant.name.clone()).collect(),
        rounds: plan.rounds,
        clock: plan.clock,
        rows,
        failures,
    })
}

/// The programs with benchmark arguments that `only` names, by themselves or by their groups.
fn selected(manifest: Manifest, only: &[String], target: Target) -> Result<Vec<Program>> {
    let programs: Vec<_> = manifest
        .programs
        .into_iter()
        .filter(|program| program.bench.is_some() && program.targets().contains(&target))
        .collect();
    let named = |program: &Program, name: &String| program.name == *name || program.groups.contains(name);
    for name in only {
        ensure!(
            programs.iter().any(|program| named(program, name)),
            "no benchmark and no group is called {name}"
        );
    }
    Ok(programs
        .into_iter()
        .filter(|program| only.is_empty() || only.iter().any(|name| named(program, name)))
        .collect())
}

/// Shows what is being done on a terminal, in one line that the next call replaces.
fn progress(text: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    }
}
