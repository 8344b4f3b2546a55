//! Pre-decoded basic blocks, and the cache that finds them by address.
//!
//! A block is a run of [`Op`]s behind a conditional branch too, up to the first instruction that always leaves. A direct-mapped table leads
//! from its address to it. The table starts small, because every guest thread has one, and grows with what it holds.

use armlet_cpu::Fault;
use armlet_decoder::a64::{Insn, Udf, decode};

use super::dispatch::{Op, handler};

/// Blocks end here at the latest, so that a straight run of code does not become one endless block.
const MAX_BLOCK: usize = 32;
/// All blocks are dropped when this many instructions are held (32 MiB).
const MAX_OPS: usize = 1 << 20;
const MIN_SLOTS: usize = 1 << 8;
const MAX_SLOTS: usize = 1 << 16;

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
pub(super) fn translate(word: u32) -> Op {
    let insn = decode(word).unwrap_or(Insn::Udf(Udf { imm: 0 }));
    Op {
        run: handler(&insn).run,
        insn,
    }
}

struct Slot {
    pc: u64,
    ops: Box<[Op]>,
}

impl Slot {
    /// No block starts at an odd address.
    fn empty() -> Slot {
        Slot {
            pc: 1,
            ops: Box::default(),
        }
    }
}

/// One guest thread's pre-decoded blocks.
pub struct BlockCache {
    slots: Vec<Slot>,
    blocks: usize,
    ops: usize,
}

/// A cache that never holds a block.
pub(super) static NO_BLOCKS: BlockCache = BlockCache {
    slots: Vec::new(),
    blocks: 0,
    ops: 0,
};

impl Default for BlockCache {
    fn default() -> BlockCache {
        BlockCache {
            slots: empty_slots(MIN_SLOTS),
            blocks: 0,
            ops: 0,
        }
    }
}

fn empty_slots(count: usize) -> Vec<Slot> {
    std::iter::repeat_with(Slot::empty).take(count).collect()
}

impl BlockCache {
    /// An empty cache.
    pub fn new() -> BlockCache {
        BlockCache::default()
    }

    /// Their number is a power of two.
    #[inline(always)]
    fn slot(&self, pc: u64) -> usize {
        (pc >> 2) as usize & self.slots.len().wrapping_sub(1)
    }

    /// The block at `pc`, if it is held.
    #[inline(always)]
    pub(super) fn get(&self, pc: u64) -> Option<&[Op]> {
        match self.slots.get(self.slot(pc)) {
            Some(slot) if slot.pc == pc => Some(&slot.ops),
            _ => None,
        }
    }

    /// Decodes the block at `pc` and holds it.
    #[cold]
    pub(super) fn insert(&mut self, pc: u64, code: &mut impl Fetch) -> Result<(), Fault> {
        if self.ops > MAX_OPS {
            self.clear();
        }
        let mut ops = Vec::with_capacity(MAX_BLOCK);
        let mut address = pc;
        while ops.len() < MAX_BLOCK {
            let word = match code.fetch(address) {
                Ok(word) => word,
                Err(fault) if ops.is_empty() => return Err(fault),
                Err(_) => break,
            };
            let op = translate(word);
            ops.push(op);
            if handler(&op.insn).ends_block {
                break;
            }
            address = address.wrapping_add(4);
        }
        if self.blocks > self.slots.len() / 2 && self.slots.len() < MAX_SLOTS {
            self.grow();
        }
        self.blocks += 1;
        self.ops += ops.len();
        let index = self.slot(pc);
        let ops = ops.into_boxed_slice();
        self.replace(index, Slot { pc, ops });
        Ok(())
    }

    fn replace(&mut self, index: usize, slot: Slot) {
        let old = std::mem::replace(&mut self.slots[index], slot);
        if !old.ops.is_empty() {
            self.blocks -= 1;
            self.ops -= old.ops.len();
        }
    }

    fn grow(&mut self) {
        let bigger = empty_slots(self.slots.len() * 4);
        for slot in std::mem::replace(&mut self.slots, bigger) {
            if !slot.ops.is_empty() {
                let index = self.slot(slot.pc);
                self.slots[index] = slot;
            }
        }
    }

    /// Forgets every block.
    pub fn clear(&mut self) {
        self.slots.fill_with(Slot::empty);
        self.blocks = 0;
        self.ops = 0;
    }

    /// Forgets every block that holds an instruction in `start..end`.
    pub fn invalidate(&mut self, start: u64, end: u64) {
        let first = start.saturating_sub(4 * (MAX_BLOCK as u64 - 1)) & !3;
        if end.saturating_sub(first) / 4 > self.slots.len() as u64 {
            return self.clear();
        }
        for pc in (first..end).step_by(4) {
            let index = self.slot(pc);
            let slot = &self.slots[index];
            if slot.pc == pc && pc + 4 * slot.ops.len() as u64 > start {
                self.replace(index, Slot::empty());
            }
        }
    }
}
