//! Pre-decoded basic blocks, and the cache that finds them by address.
//!
//! A block is a run of [`Op`]s behind a conditional branch too, up to the first instruction that always leaves. A direct-mapped table leads
//! from its address to it. The table starts small, because every guest thread has one, and grows with the number of blocks; behind it, a
//! map has all of them, so that two that want the same place in the table are not decoded again and again.

use std::sync::{Arc, LazyLock};

use armlet_cpu::Fault;
use armlet_decoder::a64::{Insn, Udf, decode};
use rustc_hash::FxHashMap;

use super::dispatch::{Op, counted, handler};

/// Blocks end here at the latest, so that a straight run of code does not become one endless block.
const MAX_BLOCK: usize = 32;
/// All blocks are dropped when this many instructions are held (64 MiB).
const MAX_OPS: usize = 1 << 21;
const MIN_SLOTS: usize = 1 << 8;
const MAX_SLOTS: usize = 1 << 18;

/// Reads guest code; the address is a multiple of 4.
pub trait Fetch {
    /// The instruction word at `address`, or the fault that fetching it is.
    fn fetch(&mut self, address: u64) -> Result<u32, Fault>;
}

impl<F: FnMut(u64) -> Result<u32, Fault>> Fetch for F {
    fn fetch(&mut self, address: u64) -> Result<u32, Fault> {
        self(address)
    }
}

/// Decodes one word. What is not an instruction of this CPU becomes UDF: it is undefined when it is reached, not before.
/// Answers too whether nothing can follow it in a block.
pub(super) fn translate(word: u32) -> (Op, bool) {
    let insn = decode(word).unwrap_or(Insn::Udf(Udf { imm: 0 }));
    let handling = handler(&insn);
    let run = handling.run;
    (Op { run, insn }, handling.ends_block)
}

#[derive(Clone)]
struct Slot {
    pc: u64,
    ops: Arc<[Op]>,
}

impl Slot {
    /// No block starts at an odd address.
    fn empty() -> Slot {
        static NO_OPS: LazyLock<Arc<[Op]>> = LazyLock::new(|| Arc::new([]));
        Slot {
            pc: 1,
            ops: Arc::clone(&NO_OPS),
        }
    }
}

/// One guest thread's pre-decoded blocks.
pub struct BlockCache {
    slots: Vec<Slot>,
    /// All blocks by address; `None` in [`NO_BLOCKS`] only.
    blocks: Option<FxHashMap<u64, Arc<[Op]>>>,
    ops: usize,
    /// Every instruction is counted where it is executed.
    counting: bool,
    /// The block that is being decoded (kept for its room).
    decoded: Vec<Op>,
}

/// A cache that never holds a block.
pub(super) static NO_BLOCKS: BlockCache = BlockCache {
    slots: Vec::new(),
    blocks: None,
    ops: 0,
    counting: false,
    decoded: Vec::new(),
};

impl Default for BlockCache {
    fn default() -> BlockCache {
        BlockCache {
            slots: vec![Slot::empty(); MIN_SLOTS],
            blocks: Some(FxHashMap::default()),
            ops: 0,
            counting: false,
            decoded: Vec::with_capacity(MAX_BLOCK),
        }
    }
}

impl BlockCache {
    /// An empty cache.
    pub fn new() -> BlockCache {
        BlockCache::default()
    }

    /// An empty cache whose blocks count the instructions that are executed, for statistics.
    pub fn counting() -> BlockCache {
        BlockCache {
            counting: true,
            ..BlockCache::default()
        }
    }

    /// Their number is a power of two.
    #[inline(always)]
    fn slot(&self, pc: u64) -> usize {
        (pc >> 2) as usize & self.slots.len().wrapping_sub(1)
    }

    /// The block at `pc`, if it is in the table.
    #[inline(always)]
    pub(super) fn get(&self, pc: u64) -> Option<&[Op]> {
        match self.slots.get(self.slot(pc)) {
            Some(slot) if slot.pc == pc => Some(&slot.ops),
            _ => None,
        }
    }

    /// Whether a block at `pc` has been run, and not been forgotten since.
    pub fn contains(&self, pc: u64) -> bool {
        self.blocks.as_ref().is_some_and(|blocks| blocks.contains_key(&pc))
    }

    /// Puts the block at `pc` into the table, and decodes it first if there is none.
    #[cold]
    pub(super) fn insert(&mut self, pc: u64, code: &mut impl Fetch) -> Result<(), Fault> {
        let held = self.blocks.as_ref().and_then(|blocks| blocks.get(&pc)).map(Arc::clone);
        let ops = match held {
            Some(ops) => ops,
            None => self.decode(pc, code)?,
        };
        let index = self.slot(pc);
        self.slots[index] = Slot { pc, ops };
        Ok(())
    }

    fn decode(&mut self, pc: u64, code: &mut impl Fetch) -> Result<Arc<[Op]>, Fault> {
        if self.ops > MAX_OPS {
            self.clear();
        }
        let ops = &mut self.decoded;
        ops.clear();
        let mut address = pc;
        while ops.len() < MAX_BLOCK {
            let word = match code.fetch(address) {
                Ok(word) => word,
                Err(fault) if ops.is_empty() => return Err(fault),
                Err(_) => break,
            };
            let (mut op, ends_block) = translate(word);
            if self.counting {
                op.run = counted;
            }
            ops.push(op);
            if ends_block {
                break;
            }
            address = address.wrapping_add(4);
        }
        self.ops += ops.len();
        let ops: Arc<[Op]> = ops.as_slice().into();
        if let Some(blocks) = &mut self.blocks {
            blocks.insert(pc, Arc::clone(&ops));
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
        self.ops = 0;
    }

    /// Forgets every block that holds an instruction in `start..end`.
    pub fn invalidate(&mut self, start: u64, end: u64) {
        let Some(blocks) = &mut self.blocks else { return };
        let first = start.saturating_sub(4 * (MAX_BLOCK as u64 - 1)) & !3;
        if end.saturating_sub(first) / 4 > blocks.len() as u64 {
            let before = blocks.len();
            blocks.retain(|&pc, ops| pc >= end || pc + 4 * ops.len() as u64 <= start);
            if blocks.len() != before {
                self.ops = blocks.values().map(|ops| ops.len()).sum();
                self.slots.fill(Slot::empty());
            }
            return;
        }
        for pc in (first..end).step_by(4) {
            let Some(ops) = blocks.get(&pc).filter(|ops| pc + 4 * ops.len() as u64 > start) else {
                continue;
            };
            self.ops -= ops.len();
            blocks.remove(&pc);
            let index = (pc >> 2) as usize & (self.slots.len() - 1);
            if self.slots[index].pc == pc {
                self.slots[index] = Slot::empty();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOP: u32 = 0xd503_201f;
    const RET: u32 = 0xd65f_03c0;

    #[test]
    fn blocks_that_share_a_slot_are_decoded_once() {
        let mut fetched = 0;
        let mut code = |address: u64| {
            fetched += 1;
            Ok::<u32, Fault>(if address.is_multiple_of(8) { NOP } else { RET })
        };
        let mut cache = BlockCache::new();
        let addresses = [0, 4 * MAX_SLOTS as u64, 8 * MAX_SLOTS as u64];
        for pc in addresses.iter().cycle().take(30) {
            cache.insert(*pc, &mut code).unwrap();
            assert_eq!(cache.get(*pc).unwrap().len(), 2);
        }
        assert_eq!(fetched, 2 * addresses.len());
    }

    #[test]
    fn invalidation_takes_the_blocks_that_hold_the_range_and_no_others() {
        for filler in [0, 1000] {
            let mut code = |address: u64| Ok::<u32, Fault>(if address % 16 == 12 { RET } else { NOP });
            let mut cache = BlockCache::new();
            for index in 0..filler {
                cache.insert(0x10_0000 + 16 * index, &mut code).unwrap();
            }
            for pc in [0, 16, 32] {
                cache.insert(pc, &mut code).unwrap();
            }
            cache.invalidate(28, 32);
            assert!(cache.get(16).is_none());
            let held = cache.blocks.as_ref().unwrap();
            assert!(held.contains_key(&0) && !held.contains_key(&16) && held.contains_key(&32));
            assert_eq!(held.len(), filler as usize + 2);
            assert_eq!(cache.ops, held.values().map(|ops| ops.len()).sum::<usize>());
        }
    }
}
