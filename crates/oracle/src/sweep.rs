//! Every one of the 2^32 instruction words through the decoder and through capstone. The command is `cargo xtask sweep`.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::capstone::{Capstone, Opinion};
use crate::differences::{CAPSTONE, explain};
use crate::sample::Random;

/// Words that one step of a thread takes: few, so that capstone's records of them stay in the cache.
const BLOCK: u32 = 1 << 9;
/// Blocks that there are.
const BLOCKS: u32 = u32::MAX / BLOCK + 1;
/// Examples kept of each unexplained row.
const EXAMPLES: usize = 5;

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Summary {
    /// Words on which both agree.
    pub same: u64,
    /// Of those, words that are instructions.
    pub instructions: u64,
    /// Words per rule of [`CAPSTONE`].
    pub explained: BTreeMap<&'static str, u64>,
    /// Per row: how many words differ without a reason, and the first of them.
    pub unexplained: BTreeMap<String, (u64, Vec<Opinion>)>,
}

impl Summary {
    fn add(&mut self, opinion: Opinion) {
        if opinion.agrees() {
            self.same += 1;
            self.instructions += u64::from(opinion.ours.is_ok());
        } else if let Some(rule) = explain(&opinion) {
            *self.explained.entry(rule.name).or_default() += 1;
        } else {
            let (count, examples) = self.unexplained.entry(opinion.row()).or_default();
            *count += 1;
            if examples.len() < EXAMPLES {
                examples.push(opinion);
            }
        }
    }

    fn merge(&mut self, other: Summary) {
        self.same += other.same;
        self.instructions += other.instructions;
        for (name, count) in other.explained {
            *self.explained.entry(name).or_default() += count;
        }
        for (row, (count, examples)) in other.unexplained {
            let entry = self.unexplained.entry(row).or_default();
            entry.0 += count;
            entry.1.extend(examples);
            entry.1.truncate(EXAMPLES);
        }
    }

    /// Rules that explained nothing in a sweep over all words: they have to go.
    pub fn idle_rules(&self) -> Vec<&'static str> {
        CAPSTONE
            .iter()
            .map(|rule| rule.name)
            .filter(|name| !self.explained.contains_key(name))
            .collect()
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} words alike, {} of them instructions",
            self.same, self.instructions
        )?;
        for rule in CAPSTONE {
            let count = self.explained.get(rule.name).copied().unwrap_or_default();
            writeln!(f, "{count:12} explained by {}: {}", rule.name, rule.reason)?;
        }
        for (row, (count, examples)) in &self.unexplained {
            writeln!(f, "{count:12} NOT explained: {row}")?;
            examples
                .iter()
                .try_for_each(|opinion| writeln!(f, "             {opinion}"))?;
        }
        Ok(())
    }
}

/// Sweeps all words, or one block of each `stride` (an arbitrary one, but the same in every sweep), on `threads` threads;
/// `progress` is told the share done (0 to 1), often, and by every thread.
pub fn sweep(threads: usize, stride: NonZeroU32, progress: &(dyn Fn(f64) + Sync)) -> anyhow::Result<Summary> {
    let groups = BLOCKS.div_ceil(stride.get());
    let next = AtomicU32::new(0);
    let work = || -> anyhow::Result<Summary> {
        let capstone = Capstone::new()?;
        let mut summary = Summary::default();
        loop {
            let group = next.fetch_add(1, Ordering::Relaxed);
            if group >= groups {
                return Ok(summary);
            }
            progress(f64::from(group) / f64::from(groups));
            let first = group * stride.get();
            let size = stride.get().min(BLOCKS - first);
            let block = first + Random::new(group.into()).below(size as usize) as u32;
            let words: Vec<u32> = (0..BLOCK).map(|low| block * BLOCK + low).collect();
            capstone
                .judge(&words, 0x10_0000)?
                .into_iter()
                .for_each(|opinion| summary.add(opinion));
        }
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut total = Summary::default();
        for handle in handles {
            total.merge(
                handle
                    .join()
                    .map_err(|_| anyhow::anyhow!("a sweeping thread panicked"))??,
            );
        }
        Ok(total)
    })
}
