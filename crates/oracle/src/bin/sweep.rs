//! The command behind `cargo xtask sweep`: see `armlet_oracle::sweep`.
#![forbid(unsafe_code)]

use std::io::{IsTerminal, stderr};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::Context;
use armlet_oracle::sweep::sweep;

/// The number of blocks of which one is looked at: the only argument, 1 if there is none.
fn stride() -> anyhow::Result<NonZeroU32> {
    match std::env::args().nth(1) {
        Some(text) => text.parse().with_context(|| format!("the stride is {text:?}")),
        None => Ok(NonZeroU32::MIN),
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let stride = stride()?;
    let threads = std::thread::available_parallelism()?.get();
    let (start, shown) = (Instant::now(), AtomicU32::new(0));
    let progress = |done: f64| {
        let percent = (done * 100.0) as u32;
        // Only one thread sees a smaller number than its own.
        if shown.fetch_max(percent, Ordering::Relaxed) < percent {
            eprint!("\r{percent} %, {} s ", start.elapsed().as_secs());
        }
    };
    let terminal = stderr().is_terminal();
    let summary = if terminal {
        sweep(threads, stride, &progress)
    } else {
        sweep(threads, stride, &|_| ())
    }?;
    if terminal {
        eprint!("\r\x1b[K");
    }
    print!("{summary}");
    // A rule for a single word need not apply to a part of all words.
    let idle = if stride == NonZeroU32::MIN {
        summary.idle_rules()
    } else {
        Vec::new()
    };
    for name in &idle {
        println!("The rule {name} explains nothing: remove it");
    }
    let clean = summary.unexplained.is_empty() && idle.is_empty();
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
