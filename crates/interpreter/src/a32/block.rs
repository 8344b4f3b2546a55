//! Pre-decoded basic blocks.
//!
//! A block is a run of [`Op`]s behind conditional branches too, up to the first instruction that always leaves. Besides the instructions
//! there are steps of six kinds:
//!
//! - before every instruction, one that counts it, if that is asked for ([`BlockCache::counting`]);
//! - a *guard* before a conditional instruction, which leaves it out where the condition does not hold;
//! - in place of B under a condition, one that branches or goes on;
//! - before an instruction that reads R15, one that puts the program counter there;
//! - behind an instruction that writes R15, one that branches to what is there;
//! - at the end, one that leaves the block for the next address.
//!
//! A block that is a known library routine begins with one more, which does it the quick way (`accelerate/`).
//!
//! IT is no step: the guards of the instructions in its block are what it does. If a block starts with instructions of an IT block (after a signal, or a
//! fault), `run.rs` runs these one by one.

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a32::{self, ALWAYS, B, Bl, Cbnz, Cbz, Decoded, Insn, It, PcWrite, Udf};
use armlet_decoder::t32::{self, ItState};

use super::accelerate;
use super::cache::{BlockCache, NO_BLOCKS};
use super::dispatch::{COUNT, Handler, Op, PC_OPERAND, go, handler, jump, next, place_of, set_place};
use super::features::has;
use super::outcome::Exit;
use super::place::Place;

/// Blocks end behind this many instructions, or with the IT block that stands there.
const MAX_BLOCK: usize = 32;
/// The bytes of the longest block.
pub const MAX_BYTES: u32 = 4 * (MAX_BLOCK as u32 + 4);
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

/// What no step looks at.
const NOTHING: Item = Item {
    insn: Insn::Udf(Udf {
        imm: 0,
        breakpoint: false,
    }),
    cond: ALWAYS,
    len: 0,
};

/// A block: its steps, and the bytes of its instructions.
pub struct Block {
    /// Never empty.
    pub ops: Vec<Op>,
    /// Up to [`MAX_BYTES`].
    pub bytes: u8,
}

/// A block under construction.
struct Builder {
    start: Place,
    ops: Vec<Op>,
    at: u8,
    it: ItState,
    counting: bool,
}

impl Builder {
    fn op(&self, run: Handler, item: &Item, skip: u8) -> Op {
        Op {
            run,
            insn: item.insn,
            at: self.at,
            len: item.len,
            it: self.it.0,
            skip,
            target: match item.insn {
                Insn::B(B { offset })
                | Insn::Bl(Bl { offset })
                | Insn::Cbz(Cbz { offset, .. })
                | Insn::Cbnz(Cbnz { offset, .. }) => self.start.plus(self.at.into()).branch(offset),
                _ => self.start,
            },
        }
    }

    fn push(&mut self, run: Handler, item: &Item, skip: u8) {
        self.ops.push(self.op(run, item, skip));
    }

    /// Adds the quick way through a routine.
    fn push_accelerated(&mut self, routine: accelerate::Routine) {
        self.push(accelerate::step, &NOTHING, routine as u8);
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
        if let (Insn::B(_), Some(branch)) = (item.insn, BRANCHES.get(usize::from(item.cond))) {
            self.push(*branch, item, 0);
            self.at += item.len;
            self.it = self.it.advanced();
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

    /// The step that leaves for what follows.
    fn way_out(&self) -> Op {
        self.op(if self.it.in_block() { leave_in_it } else { leave }, &NOTHING, 0)
    }

    /// Ends a block that something can follow.
    fn leave(&mut self) {
        self.ops.push(self.way_out());
    }
}

/// Decodes the block at `start`, which begins with the quick way through a routine if it is one.
///
/// # Errors
///
/// The fault of fetching its first instruction.
pub fn block(
    model: Model,
    start: Place,
    routine: Option<accelerate::Routine>,
    counting: bool,
    code: &mut impl Fetch,
) -> Result<Block, Fault> {
    let mut builder = Builder {
        start,
        ops: Vec::with_capacity(MAX_BLOCK),
        at: 0,
        it: ItState(0),
        counting,
    };
    if let Some(routine) = routine {
        builder.push_accelerated(routine);
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
    Ok(Block {
        ops: builder.ops,
        bytes: builder.at,
    })
}

/// Runs the steps of one instruction at `start` that is to be run once, under an IT state.
pub fn run_once(cpu: &mut State, start: Place, item: &Item, it: ItState) -> Exit {
    let mut builder = Builder {
        start,
        ops: Vec::new(),
        at: 0,
        it,
        counting: false,
    };
    let Item { insn, cond, .. } = item;
    let alone = *cond == ALWAYS && !matches!(insn, Insn::It(_)) && !insn.reads_pc() && insn.branches().is_none();
    if alone {
        // Without a vector: translated code comes here for what it does not know.
        let op = builder.op(handler(insn).run, item, 0);
        builder.at += item.len;
        builder.it = it.advanced();
        return (op.run)(cpu, &op, &[builder.way_out()], &NO_BLOCKS);
    }
    if !builder.add(item) {
        builder.leave();
    }
    next(cpu, &builder.ops, &NO_BLOCKS)
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

/// B under a condition; the block goes on where it does not hold.
fn branch_if<const COND: u8>(cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
    if cpu.flags.holds(COND) {
        go(cpu, op.target, blocks)
    } else {
        next(cpu, rest, blocks)
    }
}

macro_rules! for_conditions {
    ($function:ident) => {
        [
            $function::<0>,
            $function::<1>,
            $function::<2>,
            $function::<3>,
            $function::<4>,
            $function::<5>,
            $function::<6>,
            $function::<7>,
            $function::<8>,
            $function::<9>,
            $function::<10>,
            $function::<11>,
            $function::<12>,
            $function::<13>,
        ]
    };
}

const GUARDS: [Handler; 14] = for_conditions!(guard);
const BRANCHES: [Handler; 14] = for_conditions!(branch_if);

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
    go(cpu, place, blocks)
}

/// Leaves in the middle of an IT block.
fn leave_in_it(cpu: &mut State, op: &Op, _: &[Op], _: &BlockCache) -> Exit {
    let place = place_of(cpu, op);
    set_place(cpu, place);
    cpu.a32.itstate = op.it;
    Exit::Jump
}
