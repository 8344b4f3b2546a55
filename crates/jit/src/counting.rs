//! How often translated code runs, for statistics: a counter in front of each block, and one for the instructions behind those at which blocks
//! were left in the middle. Emitted only if somebody wants to know.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::ir::{Counters, Region};

/// A translated block and how often it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockCount {
    /// Guest address (AArch32: without the Thumb bit).
    pub pc: u64,
    /// Whether it is code of AArch32, and of T32 then.
    pub a32: Option<bool>,
    /// Bytes of guest code.
    pub bytes: u32,
    /// Guest instructions.
    pub insns: u32,
    /// Those of them that translated code executes when the block runs to its end: without the one that it may leave to the interpreter.
    pub own: u32,
    /// Guest address of its region.
    pub region: u64,
    /// Bytes of host code of the whole region.
    pub region_bytes: u32,
    /// How often it was entered.
    pub executions: u64,
    /// When it was translated.
    pub translated: Instant,
}

struct Counted {
    /// Without executions, which are in `counters`.
    blocks: Vec<BlockCount>,
    counters: Box<[AtomicU64]>,
}

/// The counters of a process. They outlive the translations.
#[derive(Default)]
pub(crate) struct Counting {
    regions: Mutex<Vec<Counted>>,
    skipped: Box<AtomicU64>,
    shared: AtomicBool,
}

impl Counting {
    /// Counters for a region.
    pub fn add(&self, region: &Region) -> Counters {
        let counters: Box<[AtomicU64]> = region.blocks.iter().map(|_| AtomicU64::new(0)).collect();
        let addresses = Counters {
            blocks: counters
                .iter()
                .map(|counter| std::ptr::from_ref(counter) as u64)
                .collect(),
            skipped: std::ptr::from_ref(&*self.skipped) as u64,
            shared: self.shared.load(Ordering::Relaxed),
            instructions: false,
        };
        let translated = Instant::now();
        let first = region.blocks.first().map_or(0, |block| block.pc);
        let blocks = region.blocks.iter().map(|block| BlockCount {
            pc: match block.places.first() {
                Some(&place) => place & 0xffff_fffe,
                None if region.a32 => block.end_pc & 0xffff_fffe,
                None => block.pc,
            },
            a32: region.a32.then_some(first & 1 != 0),
            bytes: block.bytes,
            insns: block.insns,
            own: block.own(),
            region: if region.a32 { first & !1 } else { first },
            region_bytes: 0,
            executions: 0,
            translated,
        });
        let blocks = blocks.collect();
        self.lock().push(Counted { blocks, counters });
        addresses
    }

    /// The region that was added last has that many bytes of host code.
    pub fn emitted(&self, bytes: usize) {
        if let Some(region) = self.lock().last_mut() {
            region
                .blocks
                .iter_mut()
                .for_each(|block| block.region_bytes = bytes as u32);
        }
    }

    /// A fault has left a block at an instruction that `skipped` others stand behind, itself included.
    pub fn left(&self, skipped: u64) {
        self.skipped.fetch_add(skipped, Ordering::Relaxed);
    }

    /// From now on, several threads count.
    pub fn share(&self) -> bool {
        !self.shared.swap(true, Ordering::Relaxed)
    }

    /// All blocks, and how many instructions were counted that were not executed.
    pub fn take(&self) -> (Vec<BlockCount>, u64) {
        let mut all = Vec::new();
        for region in self.lock().iter() {
            let counters = region.counters.iter().map(|counter| counter.load(Ordering::Relaxed));
            let counted = region.blocks.iter().zip(counters);
            all.extend(counted.map(|(block, executions)| BlockCount { executions, ..*block }));
        }
        (all, self.skipped.load(Ordering::Relaxed))
    }

    /// Everything is forgotten, in the child of a fork.
    pub fn reset(&self) {
        for region in self.lock().iter() {
            region
                .counters
                .iter()
                .for_each(|counter| counter.store(0, Ordering::Relaxed));
        }
        self.skipped.store(0, Ordering::Relaxed);
        self.shared.store(false, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Counted>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
