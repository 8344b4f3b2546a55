//! The comparison behind `cargo xtask bench`: every test program with benchmark arguments, and programs of Debian, run natively, under qemu-user
//! and under armlet's engines, turn by turn, so that whatever else the machine does meets all of them alike.
#![forbid(unsafe_code)]

mod contestant;
mod job;
mod measure;
mod real;
mod report;
mod translation;

pub use armlet_measure::{Clock, Sample};
pub use contestant::{Contestant, NATIVE, QEMU};
pub use report::{Comparison, Failure, Row};
pub use translation::Translation;

use anyhow::{Result, ensure};
use armlet_tests::{Manifest, Target};
use job::Job;
use measure::Run;
use std::hash::{DefaultHasher, Hash, Hasher};
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
    let jobs = selected(plan)?;
    let contestants = contestant::all(&plan.armlet, plan.target);
    // Of this process alone: two comparisons at the same time must not read each other's outputs.
    let own = plan.directory.join(format!("runs-{}", std::process::id()));
    let runs = own.join("work");
    armlet_tests::fresh_directory(&runs)?;
    let comparison = measured(plan, &jobs, &contestants, &runs);
    std::fs::remove_dir_all(&own)?;
    comparison
}

fn measured(plan: &Plan, jobs: &[Job], contestants: &[Contestant], runs: &Path) -> Result<Comparison> {
    let mut rows = Vec::with_capacity(jobs.len());
    let mut failures = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let mut samples = vec![Some(Vec::with_capacity(plan.rounds)); contestants.len()];
        let mut expected = None;
        for round in 0..plan.rounds {
            for (contestant, slot) in contestants.iter().zip(&mut samples) {
                let Some(samples) = slot else { continue };
                progress(&format!(
                    "{}/{} {}, round {}/{}: {}",
                    index + 1,
                    jobs.len(),
                    job.name,
                    round + 1,
                    plan.rounds,
                    contestant.name
                ));
                let run = Run {
                    contestant,
                    job,
                    directory: runs,
                    limit: plan.limit,
                };
                let checked = run.make().and_then(|(sample, output)| {
                    let printed = digest(&output);
                    let same = *expected.get_or_insert(printed) == printed;
                    ensure!(same, "it prints what the native program does not");
                    Ok(sample)
                });
                match checked {
                    Ok(sample) => samples.push(sample),
                    Err(error) if contestant.emulator.is_none() => {
                        return Err(error.context(format!("{}, natively", job.name)));
                    }
                    Err(error) => {
                        failures.push(Failure {
                            program: job.name.clone(),
                            contestant: contestant.name.clone(),
                            reason: error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": "),
                        });
                        *slot = None;
                    }
                }
            }
        }
        progress(&format!("{}/{} {}, counted", index + 1, jobs.len(), job.name));
        let translation = Translation::count(&plan.armlet, job, runs, plan.limit).unwrap_or_else(|error| {
            failures.push(Failure {
                program: job.name.clone(),
                contestant: "armlet stats".into(),
                reason: error.to_string(),
            });
            None
        });
        rows.push(Row {
            program: job.name.clone(),
            groups: job.groups.clone(),
            samples: samples
                .iter()
                .map(|samples| samples.as_deref().map(Sample::median))
                .collect(),
            translation,
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

/// The programs that `only` names, by themselves or by their groups; all, if it names none: then the group `real` is among
/// them where its programs are.
fn selected(plan: &Plan) -> Result<Vec<Job>> {
    let (only, target) = (&plan.only, plan.target);
    let programs: Vec<_> = Manifest::read()?
        .programs
        .into_iter()
        .filter(|program| program.bench.is_some() && program.targets().contains(&target))
        .collect();
    let wanted = |name: &str, groups: &[String]| {
        only.is_empty() || only.iter().any(|word| *word == name || groups.contains(word))
    };
    let mut jobs = Vec::new();
    for program in programs.iter().filter(|program| wanted(&program.name, &program.groups)) {
        progress(&format!("building {}", program.name));
        jobs.push(Job::of_manifest(program, target, &plan.directory.join("native"))?);
    }
    let known = |word: &String| {
        programs
            .iter()
            .any(|program| program.name == *word || program.groups.contains(word))
    };
    let demanded = only.iter().any(|word| !known(word));
    let welcome = only.is_empty() || only.iter().any(|word| word == real::STARTUP_GROUP);
    if demanded || (welcome && real::there(target)) {
        let real = real::jobs(target, &plan.directory.join("real"))?;
        for word in only.iter().filter(|word| !known(word)) {
            ensure!(
                real.iter().any(|job| job.name == **word || job.groups.contains(word)),
                "no benchmark and no group is called {word}"
            );
        }
        jobs.extend(real.into_iter().filter(|job| wanted(&job.name, &job.groups)));
    } else if welcome {
        eprintln!("Debian's programs are left out: they come by `cargo xtask guests`");
    }
    Ok(jobs)
}

/// Stands for an output, which would count as memory of the programs that are started after it.
fn digest(output: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    output.hash(&mut hasher);
    hasher.finish()
}

/// Shows what is being done on a terminal, in one line that the next call replaces.
fn progress(text: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    }
}
