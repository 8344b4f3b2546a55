//! What an instruction's function may return, and what becomes of it.

use armlet_cpu::{Fault, Trap, a64::State};

use super::cache::BlockCache;
use super::dispatch::{Op, go, jump, next, place_of, set_place};
use super::place::Place;
use crate::guest::Denied;

/// How a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `State::pc` is the next instruction to run.
    Jump,
    /// `State::trap` says why the thread stopped, `State::pc` where.
    Trap,
}

/// The result of a branch: where the next instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(pub Place);

/// The result of a branch within the instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near(pub Place);

/// What can follow from an instruction.
pub trait Outcome {
    /// Whether nothing can follow in a block.
    const ENDS_BLOCK: bool;
    /// Goes on behind the instruction `op` before `rest`, or ends the block.
    fn finish(self, cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit;
}

impl Outcome for () {
    const ENDS_BLOCK: bool = false;
    #[inline(always)]
    fn finish(self, cpu: &mut State, _: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        next(cpu, rest, blocks)
    }
}

impl Outcome for Target {
    const ENDS_BLOCK: bool = true;
    #[inline(always)]
    fn finish(self, cpu: &mut State, _: &Op, _: &[Op], blocks: &BlockCache) -> Exit {
        jump(cpu, self.0, blocks)
    }
}

impl Outcome for Near {
    const ENDS_BLOCK: bool = true;
    #[inline(always)]
    fn finish(self, cpu: &mut State, _: &Op, _: &[Op], blocks: &BlockCache) -> Exit {
        go(cpu, self.0, blocks)
    }
}

/// A conditional branch: where it is not taken, the block goes on.
impl Outcome for Option<Near> {
    const ENDS_BLOCK: bool = false;
    #[inline(always)]
    fn finish(self, cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        match self {
            Some(target) => target.finish(cpu, op, rest, blocks),
            None => next(cpu, rest, blocks),
        }
    }
}

impl Outcome for Trap {
    const ENDS_BLOCK: bool = true;
    /// The thread stops at this instruction, or behind it for a system call.
    #[cold]
    fn finish(self, cpu: &mut State, op: &Op, _: &[Op], _: &BlockCache) -> Exit {
        let behind = matches!(self, Trap::SupervisorCall { .. } | Trap::InvalidateCode { .. });
        let place = place_of(cpu, op);
        let it = armlet_decoder::t32::ItState(op.it);
        if behind {
            set_place(cpu, place.plus(op.len.into()));
            cpu.a32.itstate = it.advanced().0;
        } else {
            set_place(cpu, place);
            cpu.a32.itstate = it.0;
        }
        cpu.trap = Some(self);
        Exit::Trap
    }
}

impl Outcome for Fault {
    const ENDS_BLOCK: bool = true;
    #[cold]
    fn finish(self, cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        Trap::Memory(self).finish(cpu, op, rest, blocks)
    }
}

impl Outcome for Denied {
    const ENDS_BLOCK: bool = true;
    #[cold]
    #[inline(never)]
    fn finish(self, cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        Fault::from(self).finish(cpu, op, rest, blocks)
    }
}

impl<T: Outcome, E: Outcome> Outcome for Result<T, E> {
    const ENDS_BLOCK: bool = T::ENDS_BLOCK;
    #[inline(always)]
    fn finish(self, cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
        match self {
            Ok(outcome) => outcome.finish(cpu, op, rest, blocks),
            Err(outcome) => outcome.finish(cpu, op, rest, blocks),
        }
    }
}
