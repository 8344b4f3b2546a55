//! Pre-decoded basic blocks, and the cache that finds them by place.
//!
//! A block is a run of [`Op`]s behind conditional branches too, up to the first instruction that always leaves. Besides the instructions
//! there are steps of five kinds:
//!
//! - before every instruction, one that counts it, if that is asked for ([`BlockCache::counting`]);
//! - a *guard* before a conditional instruction, which leaves it out where the condition does not hold;
//! - before an instruction that reads R15, one that puts the program counter there;
//! - behind an instruction that writes R15, one that branches to what is there;
//! - at the end, one that leaves the block for the next address.
//!
//! A block that is a known library routine begins with one more, which does it the quick way (`accelerate/`).
//!
//! IT is no step: the guards of the instructions in its block are what it does. If a block starts with instructions of an IT block (after a signal, or a
//! fault), `run.rs` runs these one by one.

use std::sync::Arc;

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a32::{self, ALWAYS, Decoded, Insn, It, PcWrite, Udf};
use armlet_decoder::t32::{self, ItState};

use super::accelerate::{self, Accelerator, Found};
use super::dispatch::{COUNT, Handler, Op, PC_OPERAND, handler, jump, next, place_of, set_place};
use super::features::has;
use super::outcome::Exit;
use super::place::Place;

/// Blocks end behind this many instructions, or with the IT block that stands there.
const MAX_BLOCK: usize = 32;
/// The bytes of the longest block.
const MAX_BYTES: u32 = 4 * (MAX_BLOCK as u32 + 4);
/// All blocks are dropped when this many steps are held (24 MiB).
const MAX_OPS: usize = 1 << 20;
const MIN_SLOTS: usize = 1 << 8;
const MAX_SLOTS: usize = 1 << 16;

/// Reads guest code in halfwords; the address is a multiple of 2.
pub trait Fetch {
    /// The halfword at `address`, or the fault that fetching it is.
    fn fetch(&mut self, address: u64) -> Result<u16, Fault>;
}

impl<F: FnMut(u64) -> Result<u16, Fault>> Fetch for F {
    fn fetch(&mut self, address: u64) -> Result<u16, Fault> {
        self(address)
    }
}

/// Where Linux's page of helpers begins.
const HELPERS: u32 = 0xffff_0000;

/// One instruction as the blocks need it.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// What it does.
    pub insn: Insn,
    /// Under which condition: 0 to 14.
    pub cond: u8,
    /// Its bytes.
    pub len: u8,
}

/// Fetches and decodes one instruction. What is not an instruction of this CPU becomes UDF: it is undefined when it is reached, not before.
///
/// # Errors
///
/// The fault of the fetch.
pub fn decode(model: Model, place: Place, it: ItState, code: &mut impl Fetch) -> Result<Item, Fault> {
    let address = place.address();
    // The kernel's helpers at the top of memory know what the processor beneath has, whatever the program sees of it.
    let model = if address >= HELPERS { Model::Max } else { model };
    let mut half = |offset: u32| code.fetch(address.wrapping_add(offset).into());
    let (decoded, cond, len) = if place.thumb() {
        let first = half(0)?;
        let len = t32::length(first);
        let second = if len == 4 { half(2)? } else { 0 };
        let word = u32::from(first) << 16 | u32::from(second);
        (t32::decode(word, it), it.cond().min(ALWAYS), len)
    } else {
        if address & 3 != 0 {
            return Err(Fault {
                address: address.into(),
                access: Access::Execute,
                kind: FaultKind::Alignment,
            });
        }
        let word = u32::from(half(0)?) | u32::from(half(2)?) << 16;
        (a32::decode(word), (word >> 28).min(ALWAYS.into()) as u8, 4)
    };
    Ok(match decoded {
        Ok(Decoded {
            insn, cond, len, row, ..
        }) if has(model, row.feature) => Item { insn, cond, len },
        _ => Item {
            insn: Insn::Udf(Udf {
                imm: 0,
                breakpoint: false,
            }),
            cond,
            len,
        },
    })
}

/// A block under construction.
struct Builder {
    ops: Vec<Op>,
    at: u8,
    it: ItState,
    counting: bool,
}

impl Builder {
    fn push(&mut self, run: Handler, item: &Item, skip: u8) {
        self.ops.push(Op {
            run,
            insn: item.insn,
            at: self.at,
            len: item.len,
            it: self.it.0,
            skip,
        });
    }

    /// Adds the quick way through a routine.
    fn push_accelerated(&mut self, routine: accelerate::Routine) {
        let item = Item {
            insn: Insn::Udf(Udf {
                imm: 0,
                breakpoint: false,
            }),
            cond: ALWAYS,
            len: 0,
        };
        self.push(accelerate::step, &item, routine as u8);
    }

    /// Adds an instruction with what is around it; whether nothing can follow.
    fn add(&mut self, item: &Item) -> bool {
        if self.counting {
            self.push(count, item, 0);
        }
        if let Insn::It(It { firstcond, mask }) = item.insn {
            self.at += item.len;
            self.it = ItState(firstcond << 4 | mask);
            return false;
        }
        let handling = handler(&item.insn);
        let branch = item.insn.branches();
        let reads = item.insn.reads_pc();
        if item.cond != ALWAYS {
            self.push(
                GUARDS[usize::from(item.cond)],
                item,
                1 + u8::from(reads) + u8::from(branch.is_some()),
            );
        }
        if reads {
            self.push(put_pc, item, 0);
        }
        self.push(handling.run, item, 0);
        match branch {
            Some(PcWrite::Alu) => self.push(branch_alu, item, 0),
            Some(PcWrite::Load) => self.push(branch_load, item, 0),
            None => {}
        }
        self.at += item.len;
        self.it = self.it.advanced();
        (handling.ends_block || branch.is_some()) && item.cond == ALWAYS
    }

    /// Ends a block that something can follow.
    fn leave(&mut self) {
        let item = Item {
            insn: Insn::Udf(Udf {
                imm: 0,
                breakpoint: false,
            }),
            cond: ALWAYS,
            len: 0,
        };
        self.push(if self.it.in_block() { leave_in_it } else { leave }, &item, 0);
    }
}

/// The steps of one instruction under an IT state.
pub fn single(item: &Item, it: ItState) -> Vec<Op> {
    let mut builder = Builder {
        ops: Vec::new(),
        at: 0,
        it,
        counting: false,
    };
    if !builder.add(item) {
        builder.leave();
    }
    builder.ops
}

/// Counts the instruction that follows.
fn count(cpu: &mut State, _: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
    cpu.x[COUNT] += 1;
    next(cpu, rest, blocks)
}

/// A conditional instruction: its steps are left out if the condition does not hold.
fn guard<const COND: u8>(cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
    if cpu.flags.holds(COND) {
        next(cpu, rest, blocks)
    } else {
        next(cpu, rest.get(usize::from(op.skip)..).unwrap_or_default(), blocks)
    }
}

const GUARDS: [Handler; 14] = [
    guard::<0>,
    guard::<1>,
    guard::<2>,
    guard::<3>,
    guard::<4>,
    guard::<5>,
    guard::<6>,
    guard::<7>,
    guard::<8>,
    guard::<9>,
    guard::<10>,
    guard::<11>,
    guard::<12>,
    guard::<13>,
];

/// Puts the program counter where the next instruction reads R15.
fn put_pc(cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
    let pc = place_of(cpu, op).pc();
    cpu.set_r(PC_OPERAND, pc);
    next(cpu, rest, blocks)
}

/// ALUWritePC() of what the last instruction left as R15. ARMv5 does not change the instruction set here.
fn branch_alu(cpu: &mut State, op: &Op, _: &[Op], blocks: &BlockCache) -> Exit {
    let (place, value) = (place_of(cpu, op), cpu.r(PC_OPERAND));
    let target = if place.thumb() {
        Place::new(value, true)
    } else if cpu.a32.model == Model::Arm926 {
        Place(value & !3)
    } else {
        Place(value)
    };
    jump(cpu, target, blocks)
}

/// LoadWritePC() of what the last instruction left as R15.
fn branch_load(cpu: &mut State, _: &Op, _: &[Op], blocks: &BlockCache) -> Exit {
    jump(cpu, Place(cpu.r(PC_OPERAND)), blocks)
}

/// Goes on at the next address.
fn leave(cpu: &mut State, op: &Op, _: &[Op], blocks: &BlockCache) -> Exit {
    let place = place_of(cpu, op);
    jump(cpu, place, blocks)
}

/// Leaves in the middle of an IT block.
fn leave_in_it(cpu: &mut State, op: &Op, _: &[Op], _: &BlockCache) -> Exit {
    let place = place_of(cpu, op);
    set_place(cpu, place);
    cpu.a32.itstate = op.it;
    Exit::Jump
}

struct Slot {
    start: Place,
    bytes: u32,
    ops: Box<[Op]>,
}

impl Slot {
    /// No block starts at the end of the address space, whose last page is never mapped.
    fn empty() -> Slot {
        Slot {
            start: Place(u32::MAX),
            bytes: 0,
            ops: Box::default(),
        }
    }
}

/// One guest thread's pre-decoded blocks. The table is direct-mapped; it starts small, because every guest thread has one, and grows with what
/// it holds.
pub struct BlockCache {
    slots: Vec<Slot>,
    blocks: usize,
    ops: usize,
    /// `None`: library routines are run as they are.
    accelerator: Option<Arc<Accelerator>>,
    /// The blocks that begin with the quick way through a routine.
    accelerated: Vec<(Place, Found)>,
    /// Every instruction is counted where it is executed.
    counting: bool,
}

/// A cache that never holds a block.
pub(super) static NO_BLOCKS: BlockCache = BlockCache {
    slots: Vec::new(),
    blocks: 0,
    ops: 0,
    accelerator: None,
    accelerated: Vec::new(),
    counting: false,
};

impl Default for BlockCache {
    fn default() -> BlockCache {
        BlockCache {
            slots: empty_slots(MIN_SLOTS),
            blocks: 0,
            ops: 0,
            accelerator: None,
            accelerated: Vec::new(),
            counting: false,
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

    /// Their number is a power of two; instructions have four bytes in A32, two at least in T32.
    #[inline(always)]
    fn slot(&self, start: Place) -> usize {
        (start.0 >> (2 - (start.0 & 1))) as usize & self.slots.len().wrapping_sub(1)
    }

    /// The block at `start`, if it is held.
    #[inline(always)]
    pub(super) fn get(&self, start: Place) -> Option<&[Op]> {
        match self.slots.get(self.slot(start)) {
            Some(slot) if slot.start == start => Some(&slot.ops),
            _ => None,
        }
    }

    /// Whether the block at `start` is held, and so has been run.
    pub fn contains(&self, start: Place) -> bool {
        self.get(start).is_some()
    }

    /// Decodes the block at `start` and holds it.
    #[cold]
    pub(super) fn insert(&mut self, cpu: &State, start: Place, code: &mut impl Fetch) -> Result<(), Fault> {
        let model = cpu.a32.model;
        if self.ops > MAX_OPS {
            self.clear();
        }
        let mut builder = Builder {
            ops: Vec::with_capacity(MAX_BLOCK),
            at: 0,
            it: ItState(0),
            counting: self.counting,
        };
        let found = self.accelerator.as_ref().and_then(|accelerator| {
            accelerator.prove(cpu, start, code);
            accelerator.find(model, start, code)
        });
        if let Some(found) = &found {
            builder.push_accelerated(found.routine);
        }
        let mut count = 0;
        let ended = loop {
            if count >= MAX_BLOCK && !builder.it.in_block() {
                break false;
            }
            match decode(model, start.plus(builder.at.into()), builder.it, code) {
                Ok(item) if builder.add(&item) => break true,
                Ok(_) => count += 1,
                Err(fault) if count == 0 => return Err(fault),
                Err(_) => break false,
            }
        };
        if !ended {
            builder.leave();
        }
        if self.blocks > self.slots.len() / 2 && self.slots.len() < MAX_SLOTS {
            self.grow();
        }
        self.blocks += 1;
        self.ops += builder.ops.len();
        let slot = Slot {
            start,
            bytes: builder.at.into(),
            ops: builder.ops.into_boxed_slice(),
        };
        let index = self.slot(start);
        self.replace(index, slot);
        if let Some(found) = found {
            self.accelerated.push((start, found));
        }
        Ok(())
    }

    fn replace(&mut self, index: usize, slot: Slot) {
        let old = std::mem::replace(&mut self.slots[index], slot);
        if !old.ops.is_empty() {
            self.blocks -= 1;
            self.ops -= old.ops.len();
            self.accelerated.retain(|(at, _)| *at != old.start);
        }
    }

    fn grow(&mut self) {
        let bigger = empty_slots(self.slots.len() * 4);
        for slot in std::mem::replace(&mut self.slots, bigger) {
            if !slot.ops.is_empty() {
                let index = self.slot(slot.start);
                self.slots[index] = slot;
            }
        }
    }

    /// Forgets every block.
    pub fn clear(&mut self) {
        self.slots.fill_with(Slot::empty);
        self.accelerated.clear();
        self.blocks = 0;
        self.ops = 0;
    }

    /// Forgets every block that holds an instruction in `start..end`.
    pub fn invalidate(&mut self, start: u64, end: u64) {
        // A routine is known by all of its code, which need not be where its block is.
        let touched = |found: &Found| {
            let mut code = found.code.iter();
            code.any(|range| u64::from(range.start) < end && u64::from(range.end) > start)
        };
        let changed = self.accelerated.iter().filter(|(_, found)| touched(found));
        for place in changed.map(|(place, _)| *place).collect::<Vec<_>>() {
            let index = self.slot(place);
            self.replace(index, Slot::empty());
        }
        let first = start.saturating_sub(u64::from(MAX_BYTES)) & !3;
        if end.saturating_sub(first) > self.slots.len() as u64 {
            return self.clear();
        }
        for address in (first..end).step_by(2) {
            for thumb in [false, true] {
                let place = Place::new(address as u32, thumb);
                let index = self.slot(place);
                let slot = &self.slots[index];
                if slot.start == place && address + u64::from(slot.bytes) > start {
                    self.replace(index, Slot::empty());
                }
            }
        }
    }
}
