//! The outer loop: from block to block, until the guest thread traps or somebody asks for its attention.

use std::sync::atomic::{AtomicU32, Ordering};

use armlet_cpu::a64::State;
use armlet_cpu::probe::{Event, Phase, Probe};
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_decoder::a64::Insn;

use super::block::{BlockCache, Fetch, NO_BLOCKS, translate};
use super::dispatch::{BLOCK_END, BUDGET, CHAIN, COUNT, Op, handler, jump};
use super::outcome::Exit;

/// Why [`run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The guest thread trapped; `State::pc` is as [`Trap`] says.
    Trap(Trap),
    /// `attention` is not zero; `State::pc` is the next instruction to run.
    Attention,
}

/// Runs the guest thread from `State::pc`. Every [`CHAIN`] blocks it looks at `attention` and comes back when it is not zero: that is how
/// a signal or an invalidation by another thread gets through.
pub fn run(cpu: &mut State, cache: &mut BlockCache, code: &mut impl Fetch, attention: &AtomicU32) -> Stop {
    run_probed(cpu, cache, code, attention, &mut ())
}

/// [`run`], with somebody who listens; counts instructions if the cache does ([`BlockCache::counting`]).
#[inline]
pub fn run_probed<P: Probe>(
    cpu: &mut State,
    cache: &mut BlockCache,
    code: &mut impl Fetch,
    attention: &AtomicU32,
    probe: &mut P,
) -> Stop {
    while attention.load(Ordering::Relaxed) == 0 {
        if let Err(fault) = prepare(cpu.pc, cache, code, probe) {
            return Stop::Trap(fault.into());
        }
        cpu.x[BUDGET] = CHAIN;
        let exit = jump(cpu, cpu.pc, cache);
        take_count(cpu, probe);
        if exit == Exit::Trap {
            return Stop::Trap(cpu.trap.take().unwrap_or(Trap::Undefined));
        }
    }
    Stop::Attention
}

/// Tells what a counting cache has counted.
#[inline(always)]
fn take_count<P: Probe>(cpu: &mut State, probe: &mut P) {
    if P::ON {
        probe.count(Event::Interpreted, std::mem::take(&mut cpu.x[COUNT]));
    }
}

/// Makes sure that the cache holds the block at `pc`.
#[inline(always)]
fn prepare<P: Probe>(pc: u64, cache: &mut BlockCache, code: &mut impl Fetch, probe: &mut P) -> Result<(), Fault> {
    let pc = aligned(pc)?;
    match cache.get(pc) {
        Some(_) => Ok(()),
        None => {
            probe.phase(Phase::Decode);
            let inserted = cache.insert(pc, code);
            probe.count(Event::BlockDecoded, 1);
            probe.phase(Phase::Interpret);
            inserted
        }
    }
}

/// Runs one block (at least one instruction); `Some` when the guest trapped. For engines that run warm code otherwise.
pub fn run_block<P: Probe>(
    cpu: &mut State,
    cache: &mut BlockCache,
    code: &mut impl Fetch,
    probe: &mut P,
) -> Option<Trap> {
    if let Err(fault) = prepare(cpu.pc, cache, code, probe) {
        return Some(fault.into());
    }
    cpu.x[BUDGET] = 1;
    let exit = jump(cpu, cpu.pc, cache);
    take_count(cpu, probe);
    (exit == Exit::Trap).then(|| cpu.trap.take().unwrap_or(Trap::Undefined))
}

/// Whether nothing can follow an instruction in a block: it branches, or always traps.
pub fn ends_block(insn: &Insn) -> bool {
    handler(insn).ends_block
}

/// Runs exactly one instruction, without a cache. `Ok` leaves the next one's address in `State::pc`.
pub fn step(cpu: &mut State, code: &mut impl Fetch) -> Result<(), Trap> {
    let word = aligned(cpu.pc).and_then(|pc| code.fetch(pc))?;
    finish(cpu, translate(word).0)
}

/// Executes one decoded instruction at `State::pc`. `Ok` leaves the next one's address in `State::pc`.
pub fn execute(cpu: &mut State, insn: Insn) -> Result<(), Trap> {
    let run = handler(&insn).run;
    finish(cpu, Op { run, insn })
}

/// Runs a block of one instruction, without a budget to go on.
fn finish(cpu: &mut State, op: Op) -> Result<(), Trap> {
    cpu.x[BUDGET] = 0;
    cpu.x[BLOCK_END] = cpu.pc.wrapping_add(4);
    match (op.run)(cpu, &op, &[], &NO_BLOCKS) {
        Exit::Jump => Ok(()),
        Exit::Trap => Err(cpu.trap.take().unwrap_or(Trap::Undefined)),
    }
}

/// The program counter must be a multiple of 4 (PC alignment fault, D1.3.9).
fn aligned(pc: u64) -> Result<u64, Fault> {
    match pc % 4 {
        0 => Ok(pc),
        _ => Err(Fault {
            address: pc,
            access: Access::Execute,
            kind: FaultKind::Alignment,
        }),
    }
}
