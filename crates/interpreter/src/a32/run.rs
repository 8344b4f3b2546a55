//! The outer loop: from block to block, until the guest thread traps or somebody asks for its attention.

use std::sync::atomic::{AtomicU32, Ordering};

use armlet_cpu::a64::State;
use armlet_cpu::{Fault, Trap};
use armlet_decoder::a32::{ALWAYS, Insn};
use armlet_decoder::t32::ItState;

use super::accelerate;
use super::block::{BlockCache, Fetch, Item, NO_BLOCKS, decode, single};
use super::dispatch::{BUDGET, CHAIN, enter, handler, jump};
use super::outcome::Exit;
use super::place::Place;

pub use crate::a64::Stop;

/// As many steps as a block has at most.
const STEPS: u64 = 32;

/// Runs the guest thread from `State::pc`. Every [`CHAIN`] blocks it looks at `attention` and comes back when it is not zero: that is how
/// a signal or an invalidation by another thread gets through.
pub fn run(cpu: &mut State, cache: &mut BlockCache, code: &mut impl Fetch, attention: &AtomicU32) -> Stop {
    while attention.load(Ordering::Relaxed) == 0 {
        if let Err(trap) = run_blocks(cpu, cache, code, CHAIN) {
            return Stop::Trap(trap);
        }
    }
    Stop::Attention
}

/// Runs one block (at least one instruction); `Some` when the guest trapped. For engines that run warm code otherwise.
pub fn run_block(cpu: &mut State, cache: &mut BlockCache, code: &mut impl Fetch) -> Option<Trap> {
    run_blocks(cpu, cache, code, 1).err()
}

/// What [`run_block_by_steps`] did.
#[derive(Debug, Default)]
pub struct Steps {
    /// Instructions.
    pub instructions: u64,
    /// Whether it was a library routine, done the quick way, instead.
    pub accelerated: bool,
    /// Why the guest trapped, if it did.
    pub trap: Option<Trap>,
}

/// The same instruction by instruction, for who wants to know how many these were.
pub fn run_block_by_steps(cpu: &mut State, cache: &mut BlockCache, code: &mut impl Fetch) -> Steps {
    let mut steps = Steps::default();
    let place = here(cpu);
    if cpu.a32.itstate == 0 {
        if let Err(fault) = prepare(cpu, place, cache, code) {
            steps.trap = Some(fault.into());
            return steps;
        }
        steps.accelerated = accelerate::perform_here(cpu, place, cache);
    }
    while !steps.accelerated {
        let before = here(cpu);
        steps.trap = step(cpu, code).err();
        steps.instructions += 1;
        let passed = here(cpu).0.wrapping_sub(before.0);
        if steps.trap.is_some() || !matches!(passed, 2 | 4) || steps.instructions >= STEPS {
            break;
        }
    }
    steps
}

/// Runs up to `count` blocks; the rest of an IT block counts as one.
fn run_blocks(cpu: &mut State, cache: &mut BlockCache, code: &mut impl Fetch, count: u64) -> Result<(), Trap> {
    if cpu.a32.itstate != 0 {
        return step(cpu, code);
    }
    let place = here(cpu);
    prepare(cpu, place, cache, code)?;
    cpu.x[BUDGET] = count;
    result(cpu, |cpu| jump(cpu, place, cache))
}

/// Makes sure that the cache holds the block at `place`.
pub(super) fn prepare(cpu: &State, place: Place, cache: &mut BlockCache, code: &mut impl Fetch) -> Result<(), Fault> {
    match cache.get(place) {
        Some([_, ..]) => Ok(()),
        // (An empty slot of the cache names the end of the address space.)
        _ => cache.insert(cpu, place, code),
    }
}

/// Whether nothing can follow an instruction in a block: it branches, or always traps.
pub fn ends_block(insn: &Insn) -> bool {
    handler(insn).ends_block
}

fn here(cpu: &State) -> Place {
    Place::new(cpu.pc as u32, cpu.a32.thumb)
}

/// Runs exactly one instruction, without a cache. `Ok` leaves the next one's address and state in `cpu`.
pub fn step(cpu: &mut State, code: &mut impl Fetch) -> Result<(), Trap> {
    let item = decode(cpu.a32.model, here(cpu), ItState(cpu.a32.itstate), code)?;
    finish(cpu, &item)
}

/// [`step`] of an instruction whose condition is known to hold.
pub fn step_unconditionally(cpu: &mut State, code: &mut impl Fetch) -> Result<(), Trap> {
    let item = decode(cpu.a32.model, here(cpu), ItState(cpu.a32.itstate), code)?;
    finish(cpu, &Item { cond: ALWAYS, ..item })
}

/// Executes one decoded instruction of `len` bytes at `State::pc`, unconditionally. `Ok` leaves the next one's address and state in `cpu`.
pub fn execute(cpu: &mut State, insn: Insn, len: u8) -> Result<(), Trap> {
    finish(
        cpu,
        &Item {
            insn,
            cond: ALWAYS,
            len,
        },
    )
}

/// Runs a block of one instruction, without a budget to go on.
fn finish(cpu: &mut State, item: &Item) -> Result<(), Trap> {
    let ops = single(item, ItState(std::mem::take(&mut cpu.a32.itstate)));
    cpu.x[BUDGET] = 0;
    enter(cpu, here(cpu));
    result(cpu, |cpu| match ops.split_first() {
        Some((op, rest)) => (op.run)(cpu, op, rest, &NO_BLOCKS),
        None => Exit::Trap,
    })
}

fn result(cpu: &mut State, run: impl FnOnce(&mut State) -> Exit) -> Result<(), Trap> {
    match run(cpu) {
        Exit::Jump => Ok(()),
        Exit::Trap => Err(cpu.trap.take().unwrap_or(Trap::Undefined)),
    }
}
