//! Threaded code: every pre-decoded instruction carries the host function that runs it, and that function ends with a
//! call of the next one's; a branch ends with a call of its target's. The calls are in tail position, so that an optimising build
//! turns most of them into jumps. In any build their depth is bounded: by the length of a block, and by [`CHAIN`] blocks.

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::block::BlockCache;
use super::outcome::{Exit, Outcome};
use super::special;

/// Runs `op` and what follows: `rest` of its block, then other blocks.
pub type Handler = fn(cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit;

/// One pre-decoded instruction.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// The function that runs it.
    pub run: Handler,
    /// Its operands.
    pub insn: Insn,
}

/// Where [`State::x`] keeps the address behind the running block: with it, the length of the rest of the block is the program counter.
pub const BLOCK_END: usize = 33;
/// Where [`State::x`] keeps how many blocks may still be chained before the outer loop looks around.
pub const BUDGET: usize = 34;
/// Where [`State::x`] counts instructions, if the blocks are to be counted.
pub const COUNT: usize = 35;
/// The blocks that are chained at most. Not every call becomes a jump (an instruction that needs a stack frame keeps it, and without
/// optimisation all do), so this and the length of a block bound the host's stack: to 360 KiB if every
/// instruction were the one with the largest frame, to 30 with the usual one.
pub const CHAIN: u64 = if cfg!(debug_assertions) { 4 } else { 12 };

/// The address of the instruction before `rest`.
#[inline(always)]
pub fn pc_of(cpu: &State, rest: &[Op]) -> u64 {
    cpu.x[BLOCK_END].wrapping_sub(4 * rest.len() as u64 + 4)
}

/// Goes on with `rest`; behind its last instruction, the block falls through to the next address.
#[inline(always)]
pub fn next(cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit {
    match rest {
        [op, rest @ ..] => (op.run)(cpu, op, rest, blocks),
        [] => fall_through(cpu, blocks),
    }
}

/// Out of line, because every instruction may be the last of its block, and few are.
#[inline(never)]
fn fall_through(cpu: &mut State, blocks: &BlockCache) -> Exit {
    jump(cpu, cpu.x[BLOCK_END], blocks)
}

/// Goes on at `pc`: in its block, if it is held and the budget allows it, else in the outer loop.
#[inline(always)]
pub fn jump(cpu: &mut State, pc: u64, blocks: &BlockCache) -> Exit {
    cpu.pc = pc;
    match (cpu.x[BUDGET].checked_sub(1), blocks.get(pc)) {
        (Some(budget), Some([op, rest @ ..])) => {
            cpu.x[BUDGET] = budget;
            cpu.x[BLOCK_END] = pc.wrapping_add(4 * rest.len() as u64 + 4);
            (op.run)(cpu, op, rest, blocks)
        }
        _ => Exit::Jump,
    }
}

/// Lets functions with and without the address parameter stand in one table; `Form` only tells the two apart.
pub trait Instruction<Operands, Form>: Copy {
    /// Whether nothing can follow it in a block.
    const ENDS_BLOCK: bool;
    /// Runs the instruction before `rest` and what follows.
    fn invoke(self, cpu: &mut State, operands: Operands, rest: &[Op], blocks: &BlockCache) -> Exit;
}

/// Form of a function without the address.
pub struct Plain;
/// Form of a function that is told the instruction's own address.
pub struct WithPc;

impl<I, R: Outcome, F: Fn(&mut State, I) -> R + Copy> Instruction<I, (Plain, R)> for F {
    const ENDS_BLOCK: bool = R::ENDS_BLOCK;
    #[inline(always)]
    fn invoke(self, cpu: &mut State, operands: I, rest: &[Op], blocks: &BlockCache) -> Exit {
        self(cpu, operands).finish(cpu, rest, blocks)
    }
}

impl<I, R: Outcome, F: Fn(&mut State, I, u64) -> R + Copy> Instruction<I, (WithPc, R)> for F {
    const ENDS_BLOCK: bool = R::ENDS_BLOCK;
    #[inline(always)]
    fn invoke(self, cpu: &mut State, operands: I, rest: &[Op], blocks: &BlockCache) -> Exit {
        let pc = pc_of(cpu, rest);
        self(cpu, operands, pc).finish(cpu, rest, blocks)
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
                    Insn::$Type(operands) => super::$file::$name.invoke(cpu, operands, rest, blocks),
                    _ => unreachable!("a handler stands beside its own operands"),
                }),)*
            }
        }
    };
}
armlet_decoder::a64_rows!(handlers);

/// Runs any instruction, and counts it.
pub fn counted(cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
    cpu.x[COUNT] += 1;
    (handler(&op.insn).run)(cpu, op, rest, blocks)
}

/// How to run an instruction: by a special copy of its function if there is one, else by the general one.
pub fn handler(insn: &Insn) -> Handling {
    special::handler(insn).unwrap_or_else(|| general(insn))
}
