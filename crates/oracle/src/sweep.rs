//! Every encoding of an instruction set through the decoder and through capstone. The command is `cargo xtask sweep`.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sample::Random;
use crate::{a32, capstone, differences};

/// Encodings that one step of a thread takes: few, so that capstone's records of them stay in the cache.
const BLOCK: u32 = 1 << 9;
/// Blocks of 32-bit words.
const WORDS: u32 = u32::MAX / BLOCK + 1;
/// Blocks of T32's 16-bit instructions, which come before those of 32 bits: halfwords below 0xe800.
const HALFWORDS: u32 = 0xe800 / BLOCK;
/// The first T32 instruction of 32 bits.
const FIRST_WIDE: u32 = 0xe800_0000;
/// Where the first instruction of each block stands.
const ADDRESS: u32 = 0x10_0000;
/// Examples kept of each unexplained row.
const EXAMPLES: usize = 5;

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// All 2^32 words.
    A64,
    /// All 2^32 words.
    A32,
    /// All instructions of 16 bits, outside of IT blocks and inside, and all of 32 bits.
    T32,
}

impl Set {
    /// All of them.
    pub const ALL: [Set; 3] = [Set::A64, Set::A32, Set::T32];

    /// Blocks that it has.
    fn blocks(self) -> u32 {
        match self {
            Set::A64 | Set::A32 => WORDS,
            Set::T32 => 2 * HALFWORDS + (WORDS - FIRST_WIDE / BLOCK),
        }
    }

    /// Name and reason of each rule that may explain a difference.
    pub fn rules(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Set::A64 => differences::CAPSTONE
                .iter()
                .map(|rule| (rule.name, rule.reason))
                .collect(),
            Set::A32 => a32::differences::rules(a32::capstone::Set::A32)
                .map(|rule| (rule.name, rule.reason))
                .collect(),
            Set::T32 => a32::differences::rules(a32::capstone::Set::T32)
                .map(|rule| (rule.name, rule.reason))
                .collect(),
        }
    }
}

impl FromStr for Set {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Set> {
        match text {
            "a64" => Ok(Set::A64),
            "a32" => Ok(Set::A32),
            "t32" => Ok(Set::T32),
            _ => anyhow::bail!("the instruction sets are a64, a32 and t32, not {text:?}"),
        }
    }
}

/// The judge of a set, for one thread.
enum Judge {
    A64(capstone::Capstone),
    A32(a32::capstone::Capstone),
    T32(a32::capstone::Capstone),
}

impl Judge {
    fn new(set: Set) -> anyhow::Result<Judge> {
        Ok(match set {
            Set::A64 => Judge::A64(capstone::Capstone::new()?),
            Set::A32 => Judge::A32(a32::capstone::Capstone::new(a32::capstone::Set::A32)?),
            Set::T32 => Judge::T32(a32::capstone::Capstone::new(a32::capstone::Set::T32)?),
        })
    }

    /// Judges one block of its set.
    fn block(&mut self, block: u32, summary: &mut Summary) -> anyhow::Result<()> {
        let words = |first: u32| (0..BLOCK).map(move |low| first + low);
        match self {
            Judge::A64(capstone) => {
                let words: Vec<u32> = words(block * BLOCK).collect();
                for opinion in capstone.judge(&words, ADDRESS.into())? {
                    let rule = || differences::explain(&opinion).map(|rule| rule.name);
                    summary.add(&opinion, opinion.agrees(), opinion.ours.is_ok(), rule, || opinion.row());
                }
            }
            Judge::A32(capstone) => {
                let words: Vec<u32> = words(block * BLOCK).collect();
                for opinion in capstone.judge_all(&words, ADDRESS)? {
                    summary.add_a32(&opinion);
                }
            }
            Judge::T32(capstone) => {
                for low in 0..BLOCK {
                    let opinion = match block {
                        0..HALFWORDS => capstone.judge((block * BLOCK + low) << 16, ADDRESS),
                        _ if block < 2 * HALFWORDS => {
                            capstone.judge_in_it(((block - HALFWORDS) * BLOCK + low) << 16, ADDRESS)
                        }
                        _ => capstone.judge(FIRST_WIDE + (block - 2 * HALFWORDS) * BLOCK + low, ADDRESS),
                    }?;
                    summary.add_a32(&opinion);
                }
            }
        }
        Ok(())
    }
}

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Summary {
    /// Encodings on which both agree.
    pub same: u64,
    /// Of those, instructions.
    pub instructions: u64,
    /// Encodings per rule.
    pub explained: BTreeMap<&'static str, u64>,
    /// Per row: how many encodings differ without a reason, and the first of them.
    pub unexplained: BTreeMap<String, (u64, Vec<String>)>,
}

impl Summary {
    fn add(
        &mut self,
        opinion: &dyn std::fmt::Display,
        agrees: bool,
        instruction: bool,
        rule: impl FnOnce() -> Option<&'static str>,
        row: impl FnOnce() -> String,
    ) {
        if agrees {
            self.same += 1;
            self.instructions += u64::from(instruction);
        } else if let Some(name) = rule() {
            *self.explained.entry(name).or_default() += 1;
        } else {
            let (count, examples) = self.unexplained.entry(row()).or_default();
            *count += 1;
            if examples.len() < EXAMPLES {
                examples.push(opinion.to_string());
            }
        }
    }

    fn add_a32(&mut self, opinion: &a32::capstone::Opinion) {
        let rule = || a32::differences::explain(opinion).map(|rule| rule.name);
        self.add(opinion, opinion.agrees(), opinion.ours.is_ok(), rule, || opinion.row());
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

    /// Rules of a set that explained nothing in a sweep over all of it: they have to go.
    pub fn idle_rules(&self, set: Set) -> Vec<&'static str> {
        let names = set.rules().into_iter().map(|(name, _)| name);
        names.filter(|name| !self.explained.contains_key(name)).collect()
    }

    /// The report of a sweep of this set.
    pub fn report(&self, set: Set) -> String {
        let mut text = format!(
            "{set:?}: {} encodings alike, {} of them instructions\n",
            self.same, self.instructions
        );
        for (name, reason) in set.rules() {
            let count = self.explained.get(name).copied().unwrap_or_default();
            text += &format!("{count:12} explained by {name}: {reason}\n");
        }
        for (row, (count, examples)) in &self.unexplained {
            text += &format!("{count:12} NOT explained: {row}\n");
            for opinion in examples {
                text += &format!("             {opinion}\n");
            }
        }
        text
    }
}

/// Sweeps all encodings of a set, or one block of each `stride` (an arbitrary one, but the same in every sweep), on `threads` threads;
/// `progress` is told the share done (0 to 1), often, and by every thread.
pub fn sweep(set: Set, threads: usize, stride: NonZeroU32, progress: &(dyn Fn(f64) + Sync)) -> anyhow::Result<Summary> {
    let blocks = set.blocks();
    let groups = blocks.div_ceil(stride.get());
    let next = AtomicU32::new(0);
    let work = || -> anyhow::Result<Summary> {
        let mut judge = Judge::new(set)?;
        let mut summary = Summary::default();
        loop {
            let group = next.fetch_add(1, Ordering::Relaxed);
            if group >= groups {
                return Ok(summary);
            }
            progress(f64::from(group) / f64::from(groups));
            let first = group * stride.get();
            let size = stride.get().min(blocks - first);
            let block = first + Random::new(group.into()).below(size as usize) as u32;
            judge.block(block, &mut summary)?;
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
