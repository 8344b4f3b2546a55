//! The outer loop: from block to block, until the guest thread traps or somebody asks for its attention.

use std::sync::atomic::{AtomicU32, Ordering};

use armlet_cpu::a64::{Flags, State};
use armlet_cpu::probe::{Event, Phase, Probe};
use armlet_cpu::{Fault, Trap};
use armlet_decoder::a32::{ALWAYS, Insn};
use armlet_decoder::t32::ItState;

use super::block::{Fetch, Item, decode, run_once};
use super::cache::BlockCache;
use super::dispatch::{BUDGET, CHAIN, COUNT, COUNT_ACCELERATED, enter, handler, jump};
use super::outcome::Exit;
use super::place::Place;

pub use crate::a64::Stop;

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
        if let Err(trap) = run_blocks(cpu, cache, code, CHAIN, probe) {
            return Stop::Trap(trap);
        }
    }
    Stop::Attention
}

/// Runs one block (at least one instruction); `Some` when the guest trapped. For engines that run warm code otherwise.
pub fn run_block<P: Probe>(
    cpu: &mut State,
    cache: &mut BlockCache,
    code: &mut impl Fetch,
    probe: &mut P,
) -> Option<Trap> {
    run_blocks(cpu, cache, code, 1, probe).err()
}

/// Runs up to `count` blocks; the rest of an IT block counts as one.
fn run_blocks<P: Probe>(
    cpu: &mut State,
    cache: &mut BlockCache,
    code: &mut impl Fetch,
    count: u64,
    probe: &mut P,
) -> Result<(), Trap> {
    if cpu.a32.itstate != 0 {
        probe.count(Event::Interpreted, 1);
        return step(cpu, code);
    }
    let place = here(cpu);
    prepare(cpu, place, cache, code, probe)?;
    cpu.x[BUDGET] = count;
    let result = result(cpu, |cpu| jump(cpu, place, cache));
    if P::ON {
        probe.count(Event::Interpreted, std::mem::take(&mut cpu.x[COUNT]));
        probe.count(Event::Accelerated, std::mem::take(&mut cpu.x[COUNT_ACCELERATED]));
    }
    result
}

/// Makes sure that the cache holds the block at `place`.
#[inline(always)]
fn prepare<P: Probe>(
    cpu: &State,
    place: Place,
    cache: &mut BlockCache,
    code: &mut impl Fetch,
    probe: &mut P,
) -> Result<(), Fault> {
    match cache.get(place) {
        Some([_, ..]) => Ok(()),
        // (An empty slot of the cache names the end of the address space.)
        _ => {
            probe.phase(Phase::Decode);
            let decoded = cache.insert(cpu, place, code);
            probe.count(Event::BlockDecoded, u64::from(decoded != Ok(false)));
            probe.phase(Phase::Interpret);
            decoded.map(drop)
        }
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

/// [`step`] of an instruction whose condition is known to hold. If the flags say otherwise, they are those of an earlier instruction, and nobody
/// but its own kind will look at them any more: they become some under which the condition holds.
pub fn step_unconditionally(cpu: &mut State, code: &mut impl Fetch) -> Result<(), Trap> {
    let item = decode(cpu.a32.model, here(cpu), ItState(cpu.a32.itstate), code)?;
    if item.cond < ALWAYS && !cpu.flags.holds(item.cond) {
        let mut all = (0..16).map(Flags::from_nibble);
        cpu.flags = all.find(|flags| flags.holds(item.cond)).unwrap_or(cpu.flags);
    }
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
    let (start, it) = (here(cpu), ItState(std::mem::take(&mut cpu.a32.itstate)));
    cpu.x[BUDGET] = 0;
    enter(cpu, start);
    result(cpu, |cpu| run_once(cpu, start, item, it))
}

fn result(cpu: &mut State, run: impl FnOnce(&mut State) -> Exit) -> Result<(), Trap> {
    match run(cpu) {
        Exit::Jump => Ok(()),
        Exit::Trap => Err(cpu.trap.take().unwrap_or(Trap::Undefined)),
    }
}
