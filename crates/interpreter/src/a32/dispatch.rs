//! Threaded code: every pre-decoded instruction carries the host function that runs it, and that function ends with a
//! call of the next one's; a branch ends with a call of its target's. The calls are in tail position, so that an optimising build
//! turns most of them into jumps. In any build their depth is bounded: by the length of a block, and by [`CHAIN`] blocks.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use super::cache::BlockCache;
use super::outcome::{Exit, Outcome};
use super::place::Place;
use super::special;

/// Runs `op` and what follows: `rest` of its block, then other blocks.
pub type Handler = fn(cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit;

/// One step of a pre-decoded block: an instruction, or what `block.rs` puts around one.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// The function that runs it.
    pub run: Handler,
    /// The instruction's operands.
    pub insn: Insn,
    /// The instruction's bytes from the start of the block.
    pub at: u8,
    /// The instruction's bytes.
    pub len: u8,
    /// CPSR.IT before the instruction.
    pub it: u8,
    /// A guard's steps that are left out where its condition does not hold.
    pub skip: u8,
    /// Where a direct branch leads.
    pub target: Place,
}

/// Where [`State::x`] keeps the place of the running block's first instruction.
const BLOCK_START: usize = 33;
/// Where [`State::x`] keeps how many blocks may still be chained before the outer loop looks around.
pub const BUDGET: usize = 34;
/// Where [`State::x`] counts instructions, if the blocks are to be counted.
pub const COUNT: usize = 35;
/// Where [`State::x`] counts the library routines that were done the quick way, likewise.
pub const COUNT_ACCELERATED: usize = 36;
/// Where [`State::x`] keeps the program counter for an instruction that has it as an operand.
pub const PC_OPERAND: u8 = 15;
/// The blocks that are chained at most; see the same of A64.
pub const CHAIN: u64 = if cfg!(debug_assertions) { 4 } else { 12 };

/// The place of an instruction of the running block.
#[inline(always)]
pub fn place_of(cpu: &State, op: &Op) -> Place {
    Place(cpu.x[BLOCK_START] as u32).plus(op.at.into())
}

/// Goes on with `rest`, which is never empty: a block ends with a branch, a trap or a step that leaves it.
#[inline(always)]
pub fn next(cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit {
    match rest {
        [op, rest @ ..] => (op.run)(cpu, op, rest, blocks),
        [] => Exit::Trap,
    }
}

/// Goes on at `target`: in its block, if it is held and the budget allows it, else in the outer loop.
#[inline(always)]
pub fn jump(cpu: &mut State, target: Place, blocks: &BlockCache) -> Exit {
    cpu.a32.thumb = target.thumb();
    go(cpu, target, blocks)
}

/// [`jump`] to a target in the same instruction set.
#[inline(always)]
pub fn go(cpu: &mut State, target: Place, blocks: &BlockCache) -> Exit {
    cpu.pc = target.address().into();
    match (cpu.x[BUDGET].checked_sub(1), blocks.get(target)) {
        (Some(budget), Some([op, rest @ ..])) => {
            cpu.x[BUDGET] = budget;
            enter(cpu, target);
            (op.run)(cpu, op, rest, blocks)
        }
        _ => Exit::Jump,
    }
}

/// Says which block is running.
#[inline(always)]
pub fn enter(cpu: &mut State, start: Place) {
    cpu.x[BLOCK_START] = start.0.into();
}

/// Sets program counter and instruction set.
#[inline(always)]
pub fn set_place(cpu: &mut State, place: Place) {
    cpu.pc = place.address().into();
    cpu.a32.thumb = place.thumb();
}

/// Lets functions with and without the place parameter stand in one table; `Form` only tells the two apart.
pub trait Instruction<Operands, Form>: Copy {
    /// Whether nothing can follow it in a block.
    const ENDS_BLOCK: bool;
    /// Runs the instruction `op` before `rest` and what follows.
    fn invoke(self, cpu: &mut State, operands: Operands, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit;
}

/// What a direct branch is told.
#[derive(Clone, Copy, Debug)]
pub struct Direct {
    /// Where it stands.
    pub place: Place,
    /// Where it leads: the decoder of blocks has added its offset to what R15 reads as.
    pub target: Place,
}

/// Form of a function without the place.
pub struct Plain;
/// Form of a function that is told where the instruction stands.
pub struct WithPlace;

impl<I, R: Outcome, F: Fn(&mut State, I) -> R + Copy> Instruction<I, (Plain, R)> for F {
    const ENDS_BLOCK: bool = R::ENDS_BLOCK;
    #[inline(always)]
    fn invoke(self, cpu: &mut State, operands: I, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        self(cpu, operands).finish(cpu, op, rest, blocks)
    }
}

impl<I, R: Outcome, F: Fn(&mut State, I, Place) -> R + Copy> Instruction<I, (WithPlace, R)> for F {
    const ENDS_BLOCK: bool = R::ENDS_BLOCK;
    #[inline(always)]
    fn invoke(self, cpu: &mut State, operands: I, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        let place = place_of(cpu, op);
        self(cpu, operands, place).finish(cpu, op, rest, blocks)
    }
}

/// Form of a direct branch's function.
pub struct WithTarget;

impl<I, R: Outcome, F: Fn(&mut State, I, Direct) -> R + Copy> Instruction<I, (WithTarget, R)> for F {
    const ENDS_BLOCK: bool = R::ENDS_BLOCK;
    #[inline(always)]
    fn invoke(self, cpu: &mut State, operands: I, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        let (place, target) = (place_of(cpu, op), op.target);
        self(cpu, operands, Direct { place, target }).finish(cpu, op, rest, blocks)
    }
}

/// How an instruction is run.
#[derive(Clone, Copy)]
pub struct Handling {
    /// The function for [`Op::run`].
    pub run: Handler,
    /// Whether nothing can follow it in a block: it branches, or always traps.
    pub ends_block: bool,
}

/// Pairs a handler with what the type of its instruction's function says.
pub fn handling<I, Form, F: Instruction<I, Form>>(_: F, run: Handler) -> Handling {
    Handling {
        run,
        ends_block: F::ENDS_BLOCK,
    }
}

macro_rules! handlers {
    ($($file:ident $name:ident $Type:ident;)*) => {
        /// The general function for an instruction.
        fn general(insn: &Insn) -> Handling {
            match insn {
                $(Insn::$Type(_) => handling(super::$file::$name, |cpu, op, rest, blocks| match op.insn {
                    Insn::$Type(operands) => super::$file::$name.invoke(cpu, operands, op, rest, blocks),
                    _ => unreachable!("a handler stands beside its own operands"),
                }),)*
            }
        }
    };
}
armlet_decoder::a32_rows!(handlers);

/// How to run an instruction: by a special copy of its function if there is one, else by the general one.
pub fn handler(insn: &Insn) -> Handling {
    special::handler(insn).unwrap_or_else(|| general(insn))
}
