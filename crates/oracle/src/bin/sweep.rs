//! The command behind `cargo xtask sweep`: see `armlet_oracle::sweep`. Arguments: the instruction sets, divided by commas, the number of
//! blocks of which one is looked at, and the number of threads.
#![forbid(unsafe_code)]

use std::io::{IsTerminal, stderr};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use armlet_oracle::sweep::{Set, sweep};

/// Sweeps one set, and prints what was found: whether all differences have reasons.
fn run(set: Set, stride: NonZeroU32, threads: usize) -> anyhow::Result<bool> {
    let (start, shown) = (Instant::now(), AtomicU32::new(0));
    let terminal = stderr().is_terminal();
    let progress = |done: f64| {
        let percent = (done * 100.0) as u32;
        // Only one thread sees a smaller number than its own.
        if terminal && shown.fetch_max(percent, Ordering::Relaxed) < percent {
            eprint!("\r{set:?}: {percent} %, {} s ", start.elapsed().as_secs());
        }
    };
    let summary = sweep(set, threads, stride, &progress)?;
    if terminal {
        eprint!("\r\x1b[K");
    }
    print!("{}", summary.report(set));
    // A rule for a single word need not apply to a part of all words.
    let idle = if stride == NonZeroU32::MIN {
        summary.idle_rules(set)
    } else {
        Vec::new()
    };
    for name in &idle {
        println!("The rule {name} explains nothing: remove it");
    }
    Ok(summary.unexplained.is_empty() && idle.is_empty())
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [sets, stride, threads] = arguments.as_slice() else {
        bail!("the arguments are SETS STRIDE THREADS");
    };
    let sets: Vec<Set> = sets.split(',').map(str::parse).collect::<anyhow::Result<_>>()?;
    let stride = stride.parse().with_context(|| format!("the stride is {stride:?}"))?;
    let threads: NonZeroU32 = threads
        .parse()
        .with_context(|| format!("the threads are {threads:?}"))?;
    let mut clean = true;
    for set in sets {
        clean &= run(set, stride, threads.get() as usize)?;
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
