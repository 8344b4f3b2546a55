//! Finds pre-decoded blocks by their places.
//!
//! A direct-mapped table leads from a place to its block. It starts small, because every guest thread has one, and grows with the number of blocks;
//! behind it, a map has all of them, so that two that want the same place in the table are not decoded again and again (and, where they are library
//! routines, not recognised again and again).

use std::sync::{Arc, LazyLock};

use armlet_cpu::Fault;
use armlet_cpu::a64::State;
use rustc_hash::FxHashMap;

use super::accelerate::{Accelerator, Found};
use super::block::{Fetch, MAX_BYTES, block};
use super::dispatch::Op;
use super::place::Place;

/// All blocks are dropped when this many steps are held (40 MiB).
const MAX_OPS: usize = 1 << 20;
const MIN_SLOTS: usize = 1 << 8;
const MAX_SLOTS: usize = 1 << 16;

#[derive(Clone)]
struct Slot {
    start: Place,
    ops: Arc<[Op]>,
}

impl Slot {
    /// No block starts at the end of the address space, whose last page is never mapped.
    fn empty() -> Slot {
        static NO_OPS: LazyLock<Arc<[Op]>> = LazyLock::new(|| Arc::new([]));
        Slot {
            start: Place(u32::MAX),
            ops: Arc::clone(&NO_OPS),
        }
    }
}

/// A block that has been decoded.
struct Held {
    ops: Arc<[Op]>,
    bytes: u8,
    /// What it is besides.
    routine: Option<Found>,
}

impl Held {
    /// Whether it is made of something in `start..end`, if it stands at `place`. A routine is known by all of its code, which need not be where its
    /// block is.
    fn touched(&self, place: Place, start: u64, end: u64) -> bool {
        let address = u64::from(place.address());
        let among = |from: u64, to: u64| from < end && to > start;
        let mut code = self.routine.iter().flat_map(|found| &found.code);
        among(address, address + u64::from(self.bytes)) || code.any(|range| among(range.start.into(), range.end.into()))
    }
}

/// One guest thread's pre-decoded blocks.
pub struct BlockCache {
    slots: Vec<Slot>,
    /// All blocks by place; `None` in [`NO_BLOCKS`] only.
    blocks: Option<FxHashMap<u32, Held>>,
    /// The places of those that are routines.
    routines: Vec<u32>,
    ops: usize,
    /// `None`: library routines are run as they are.
    accelerator: Option<Arc<Accelerator>>,
    /// Every instruction is counted where it is executed.
    counting: bool,
}

/// A cache that never holds a block.
pub(super) static NO_BLOCKS: BlockCache = BlockCache {
    slots: Vec::new(),
    blocks: None,
    routines: Vec::new(),
    ops: 0,
    accelerator: None,
    counting: false,
};

impl Default for BlockCache {
    fn default() -> BlockCache {
        BlockCache {
            slots: vec![Slot::empty(); MIN_SLOTS],
            blocks: Some(FxHashMap::default()),
            routines: Vec::new(),
            ops: 0,
            accelerator: None,
            counting: false,
        }
    }
}

impl BlockCache {
    /// An empty cache.
    pub fn new() -> BlockCache {
        BlockCache::default()
    }

    /// An empty cache whose blocks do known library routines the quick way.
    pub fn accelerating(accelerator: Option<Arc<Accelerator>>) -> BlockCache {
        BlockCache {
            accelerator,
            ..BlockCache::default()
        }
    }

    /// Counts from now on the instructions that are executed, and the routines that are done the quick way. The cache is empty.
    #[must_use]
    pub fn counting(self) -> BlockCache {
        BlockCache { counting: true, ..self }
    }

    /// What finds library routines, if that is asked for.
    pub fn accelerator(&self) -> Option<&Arc<Accelerator>> {
        self.accelerator.as_ref()
    }

    /// Their number is a power of two, and at least [`MIN_SLOTS`]: instructions in one word of memory do not share a slot.
    #[inline(always)]
    fn slot(&self, start: Place) -> usize {
        (start.0 >> 2 ^ (start.0 & 3) << 6) as usize & self.slots.len().wrapping_sub(1)
    }

    /// The block at `start`, if it is in the table.
    #[inline(always)]
    pub(super) fn get(&self, start: Place) -> Option<&[Op]> {
        match self.slots.get(self.slot(start)) {
            Some(slot) if slot.start == start => Some(&slot.ops),
            _ => None,
        }
    }

    /// Whether a block at `start` has been run, and not been forgotten since.
    pub fn contains(&self, start: Place) -> bool {
        self.blocks.as_ref().is_some_and(|blocks| blocks.contains_key(&start.0))
    }

    /// Puts the block at `start` into the table, and decodes it first if there is none; whether it had to.
    #[cold]
    pub(super) fn insert(&mut self, cpu: &State, start: Place, code: &mut impl Fetch) -> Result<bool, Fault> {
        let held = self.blocks.as_ref().and_then(|blocks| blocks.get(&start.0));
        let (ops, decoded) = match held {
            Some(held) => (Arc::clone(&held.ops), false),
            None => (self.decode(cpu, start, code)?, true),
        };
        let index = self.slot(start);
        self.slots[index] = Slot { start, ops };
        Ok(decoded)
    }

    fn decode(&mut self, cpu: &State, start: Place, code: &mut impl Fetch) -> Result<Arc<[Op]>, Fault> {
        if self.ops > MAX_OPS {
            self.clear();
        }
        let model = cpu.a32.model;
        let accelerator = self.accelerator.as_ref();
        let found = accelerator.and_then(|accelerator| accelerator.find(cpu, start, code));
        let routine = found.as_ref().map(|found| found.routine);
        let block = block(model, start, routine, self.counting, code)?;
        let ops: Arc<[Op]> = block.ops.into();
        self.ops += ops.len();
        if found.is_some() {
            self.routines.push(start.0);
        }
        if let Some(blocks) = &mut self.blocks {
            let held = Held {
                ops: Arc::clone(&ops),
                bytes: block.bytes,
                routine: found,
            };
            blocks.insert(start.0, held);
            if blocks.len() > self.slots.len() / 2 && self.slots.len() < MAX_SLOTS {
                self.slots = vec![Slot::empty(); self.slots.len() * 4];
            }
        }
        Ok(ops)
    }

    /// Forgets every block.
    pub fn clear(&mut self) {
        self.slots.fill(Slot::empty());
        self.blocks.iter_mut().for_each(FxHashMap::clear);
        self.routines.clear();
        self.ops = 0;
    }

    /// Forgets every block that holds an instruction in `start..end`.
    pub fn invalidate(&mut self, start: u64, end: u64) {
        let Some(blocks) = &self.blocks else { return };
        let touched = |place: &u32| {
            let held = blocks.get(place);
            held.is_some_and(|held| held.touched(Place(*place), start, end))
        };
        let first = start.saturating_sub(MAX_BYTES.into()) & !3;
        let gone: Vec<u32> = if end.saturating_sub(first) > blocks.len() as u64 {
            blocks.keys().copied().filter(touched).collect()
        } else {
            let near = (first..end)
                .step_by(2)
                .flat_map(|address| [address as u32, address as u32 | 1]);
            near.chain(self.routines.iter().copied()).filter(touched).collect()
        };
        for place in gone {
            self.forget(Place(place));
        }
    }

    fn forget(&mut self, place: Place) {
        let Some(held) = self.blocks.as_mut().and_then(|blocks| blocks.remove(&place.0)) else {
            return;
        };
        self.ops -= held.ops.len();
        if held.routine.is_some() {
            self.routines.retain(|&routine| routine != place.0);
        }
        let index = self.slot(place);
        if self.slots[index].start == place {
            self.slots[index] = Slot::empty();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOP: u32 = 0xe320_f000;
    const RETURN: u32 = 0xe12f_ff1e;

    /// Four instructions, the last of which returns, everywhere; counts what is fetched.
    fn fours(fetched: &mut usize) -> impl FnMut(u64) -> Result<u16, Fault> + '_ {
        |address| {
            *fetched += 1;
            let word = if address & 12 == 12 { RETURN } else { NOP };
            Ok((word >> (8 * (address & 2))) as u16)
        }
    }

    #[test]
    fn blocks_that_share_a_slot_are_decoded_and_looked_at_once() {
        let addresses = [0, 4 * MAX_SLOTS as u32, 8 * MAX_SLOTS as u32];
        for accelerator in [None, Some(Arc::new(Accelerator::default()))] {
            let mut fetched = 0;
            let mut cache = BlockCache::accelerating(accelerator);
            let mut all_at_first = 0;
            for turn in 0..10 {
                for address in addresses {
                    let place = Place(address);
                    let decoded = cache
                        .insert(&State::default(), place, &mut fours(&mut fetched))
                        .unwrap();
                    assert_eq!(decoded, turn == 0);
                    assert_eq!(cache.get(place).unwrap().len(), 4);
                }
                if turn == 0 {
                    all_at_first = fetched;
                }
            }
            assert_eq!(fetched, all_at_first);
        }
    }

    #[test]
    fn invalidation_takes_the_blocks_that_hold_the_range_and_no_others() {
        for filler in [0, 1000] {
            let mut fetched = 0;
            let mut code = fours(&mut fetched);
            let mut cache = BlockCache::new();
            let cpu = State::default();
            for address in (0..filler).map(|index| 0x10_0000 + 16 * index).chain([0, 16, 32]) {
                cache.insert(&cpu, Place(address), &mut code).unwrap();
            }
            cache.invalidate(28, 32);
            assert!(cache.get(Place(16)).is_none());
            assert!(cache.contains(Place(0)) && !cache.contains(Place(16)) && cache.contains(Place(32)));
            let held = cache.blocks.as_ref().unwrap();
            assert_eq!(held.len(), filler as usize + 2);
            assert_eq!(cache.ops, held.values().map(|held| held.ops.len()).sum::<usize>());
        }
    }
}
