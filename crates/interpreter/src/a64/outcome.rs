//! What an instruction's function may return, and what becomes of it.

use armlet_cpu::{Fault, Trap, a64::State};

use super::block::BlockCache;
use super::dispatch::{Op, jump, next, pc_of};
use super::guest::Denied;

/// How a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `State::pc` is the next instruction to run.
    Jump,
    /// `State::trap` says why the thread stopped, `State::pc` where.
    Trap,
}

/// The result of a branch: the address of the next instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(pub u64);

/// What can follow from an instruction.
pub trait Outcome {
    /// Whether nothing can follow in a block.
    const ENDS_BLOCK: bool;
    /// Goes on behind the instruction before `rest`, or ends the block.
    fn finish(self, cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit;
}

impl Outcome for () {
    const ENDS_BLOCK: bool = false;
    #[inline(always)]
    fn finish(self, cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit {
        next(cpu, rest, blocks)
    }
}

impl Outcome for Target {
    const ENDS_BLOCK: bool = true;
    #[inline(always)]
    fn finish(self, cpu: &mut State, _: &[Op], blocks: &BlockCache) -> Exit {
        jump(cpu, self.0, blocks)
    }
}

/// A conditional branch: where it is not taken, the block goes on.
impl Outcome for Option<Target> {
    const ENDS_BLOCK: bool = false;
    #[inline(always)]
    fn finish(self, cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit {
        match self {
            Some(target) => target.finish(cpu, rest, blocks),
            None => next(cpu, rest, blocks),
        }
    }
}

impl Outcome for Trap {
    const ENDS_BLOCK: bool = true;
    /// The thread stops at this instruction, or behind it for a system call or an invalidation.
    #[cold]
    fn finish(self, cpu: &mut State, rest: &[Op], _: &BlockCache) -> Exit {
        let behind = matches!(self, Trap::SupervisorCall { .. } | Trap::InvalidateCode { .. });
        cpu.pc = pc_of(cpu, rest).wrapping_add(if behind { 4 } else { 0 });
        cpu.trap = Some(self);
        Exit::Trap
    }
}

impl Outcome for Fault {
    const ENDS_BLOCK: bool = true;
    #[cold]
    fn finish(self, cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit {
        Trap::Memory(self).finish(cpu, rest, blocks)
    }
}

impl Outcome for Denied {
    const ENDS_BLOCK: bool = true;
    #[cold]
    #[inline(never)]
    fn finish(self, cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit {
        Fault::from(self).finish(cpu, rest, blocks)
    }
}

impl<T: Outcome, E: Outcome> Outcome for Result<T, E> {
    const ENDS_BLOCK: bool = T::ENDS_BLOCK;
    #[inline(always)]
    fn finish(self, cpu: &mut State, rest: &[Op], blocks: &BlockCache) -> Exit {
        match self {
            Ok(outcome) => outcome.finish(cpu, rest, blocks),
            Err(outcome) => outcome.finish(cpu, rest, blocks),
        }
    }
}
