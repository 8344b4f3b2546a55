//! One guest thread: the interpreter for what is cold, translated code for what is warm.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_cpu::probe::{Event, Phase, Probe};
use armlet_interpreter::a32::Place;
use armlet_interpreter::{a32, a64};

use crate::cache::{Jit, OUTSIDE, Whereabouts};
use crate::emit::LOOKUP_BITS;
use crate::enter::{Enter, Exit, HOLDS, mxcsr, pack, set_place, unpack};
use crate::ir::Numbers;
use crate::ir::RUN_FAST;
use crate::map::{ATTENTION, GENERATION, LOOKUP, MXCSR, NEWEST_GENERATION, STAMPS, WHEREABOUTS};

use armlet_interpreter::a64::Stop;

/// How often a block is interpreted before it is translated. Translating an instruction costs as much as interpreting it some 200 times, but most
/// blocks that run as often as this go on to run much more often.
pub const PATIENCE: u16 = 64;
/// Every so many interpreted runs of a block, the thread asks whether others have translated it meanwhile.
const ASK: u16 = 8;

/// log2 of the counters of a thread.
const COUNTER_BITS: u32 = 15;

/// The child of a fork gets code of its own when it has interpreted this many blocks, times the patience: by then, it could have run another program.
const SHORT: u32 = 64;

/// An entry of the lookup table that translated code reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
struct Slot {
    pc: u64,
    host: u64,
}

impl Slot {
    /// An entry that no address finds: the one that it names belongs to another entry. (A guest may branch to any address, also to one at which no
    /// code can be.)
    fn empty(index: usize) -> Slot {
        Slot {
            pc: if index == 0 { 4 } else { 0 },
            host: 0,
        }
    }
}

/// An empty lookup table.
fn empty_table() -> Box<[Slot]> {
    (0..1 << LOOKUP_BITS).map(Slot::empty).collect()
}

/// What a thread has to know of its instruction set: where it is. An address is the one by which translations are found: in AArch32, a [`Place`].
pub trait Blocks {
    /// Whether it is AArch32.
    const A32: bool;
    /// Without blocks, for a thread that shares translations.
    fn new(jit: &Jit) -> Self;
    /// Where the thread is, if translated code can go on there.
    fn here(cpu: &State) -> Option<u64>;
    /// Goes on where translated code has left.
    fn arrive(cpu: &mut State);
    /// Whether the block at an address has been interpreted.
    fn contains(&self, pc: u64) -> bool;
    /// Forgets the blocks that hold code of a range.
    fn invalidate(&mut self, range: &std::ops::Range<u64>);
}

/// Runs and translates code that `C` fetches.
pub trait InstructionSet<C>: Blocks {
    /// Interprets a block.
    fn run_block<P: Probe>(&mut self, cpu: &mut State, code: &mut C, probe: &mut P) -> Option<Trap>;
    /// Interprets one instruction, at which translated code has left.
    fn step(cpu: &mut State, code: &mut C) -> Option<Trap>;
    /// Interprets one instruction.
    fn single(cpu: &mut State, code: &mut C) -> Result<(), Trap>;
    /// [`Jit::translate`]
    fn translate(jit: &Jit, cpu: &State, code: &mut C, executed: &dyn Fn(u64) -> bool, eager: bool) -> Option<u64>;
}

impl Blocks for a64::BlockCache {
    const A32: bool = false;

    fn new(jit: &Jit) -> a64::BlockCache {
        if jit.counts_blocks() {
            a64::BlockCache::counting()
        } else {
            a64::BlockCache::new()
        }
    }

    fn here(cpu: &State) -> Option<u64> {
        Some(cpu.pc)
    }

    fn arrive(cpu: &mut State) {
        // A branch ignores the tag of its target, as the interpreter's branches do.
        cpu.pc = a64::branch_address(cpu.pc);
    }

    fn contains(&self, pc: u64) -> bool {
        a64::BlockCache::contains(self, pc)
    }

    fn invalidate(&mut self, range: &std::ops::Range<u64>) {
        a64::BlockCache::invalidate(self, range.start, range.end);
    }
}

impl<C: a64::Fetch> InstructionSet<C> for a64::BlockCache {
    fn run_block<P: Probe>(&mut self, cpu: &mut State, code: &mut C, probe: &mut P) -> Option<Trap> {
        a64::run_block(cpu, self, code, probe)
    }

    fn single(cpu: &mut State, code: &mut C) -> Result<(), Trap> {
        a64::step(cpu, code)
    }

    fn step(cpu: &mut State, code: &mut C) -> Option<Trap> {
        <a64::BlockCache as Blocks>::arrive(cpu);
        a64::step(cpu, code).err()
    }

    fn translate(jit: &Jit, cpu: &State, code: &mut C, executed: &dyn Fn(u64) -> bool, eager: bool) -> Option<u64> {
        if !cpu.pc.is_multiple_of(4) {
            return None;
        }
        jit.translate(cpu.pc, code, executed, eager)
    }
}

impl Blocks for a32::BlockCache {
    const A32: bool = true;

    fn new(jit: &Jit) -> a32::BlockCache {
        let blocks = a32::BlockCache::accelerating(jit.accelerator().cloned());
        if jit.counts_blocks() { blocks.counting() } else { blocks }
    }

    fn here(cpu: &State) -> Option<u64> {
        // Translated code knows IT states by itself: what stands in an IT block is interpreted until it is out.
        // VFP computes under the control bits 0, or those of RunFast mode.
        (cpu.a32.itstate == 0 && matches!(cpu.fpcr, 0 | RUN_FAST))
            .then(|| Place::new(cpu.pc as u32, cpu.a32.thumb).0.into())
    }

    fn arrive(cpu: &mut State) {
        set_place(cpu, cpu.pc);
    }

    fn contains(&self, pc: u64) -> bool {
        a32::BlockCache::contains(self, Place(pc as u32))
    }

    fn invalidate(&mut self, range: &std::ops::Range<u64>) {
        a32::BlockCache::invalidate(self, range.start, range.end);
    }
}

impl<C: a32::Fetch> InstructionSet<C> for a32::BlockCache {
    fn run_block<P: Probe>(&mut self, cpu: &mut State, code: &mut C, probe: &mut P) -> Option<Trap> {
        a32::run_block(cpu, self, code, probe)
    }

    fn single(cpu: &mut State, code: &mut C) -> Result<(), Trap> {
        a32::step(cpu, code)
    }

    fn step(cpu: &mut State, code: &mut C) -> Option<Trap> {
        let holds = cpu.pc & HOLDS != 0;
        <a32::BlockCache as Blocks>::arrive(cpu);
        if holds {
            a32::step_unconditionally(cpu, code).err()
        } else {
            a32::step(cpu, code).err()
        }
    }

    fn translate(jit: &Jit, cpu: &State, code: &mut C, executed: &dyn Fn(u64) -> bool, eager: bool) -> Option<u64> {
        let place = Place::new(cpu.pc as u32, cpu.a32.thumb);
        if !place.thumb() && !cpu.pc.is_multiple_of(4) {
            return None;
        }
        jit.translate_a32(place, cpu, code, executed, eager)
    }
}

/// What one guest thread needs to run.
pub struct GuestThread<B: Blocks> {
    jit: Arc<Jit>,
    /// `None`: there is no translated code.
    enter: Option<(Enter, Numbers)>,
    table: Box<[Slot]>,
    /// How often each block was interpreted: see [`counter`]. Those that share an entry are counted together.
    counters: Vec<u16>,
    generation: u64,
    whereabouts: Whereabouts,
    blocks: B,
    patience: u16,
    /// Blocks that were interpreted since a fork, in a child without code of its own.
    alone: u32,
}

/// A guest thread of AArch64.
pub type Thread = GuestThread<a64::BlockCache>;
/// A guest thread of AArch32.
pub type ThreadA32 = GuestThread<a32::BlockCache>;

impl<B: Blocks> GuestThread<B> {
    /// A thread of a process. A block is translated when it has been interpreted `patience` times ([`PATIENCE`]).
    pub fn new(jit: Arc<Jit>, patience: u16) -> GuestThread<B> {
        GuestThread {
            enter: enter_function(&jit),
            generation: jit.generation(),
            whereabouts: jit.register(),
            table: empty_table(),
            counters: vec![0; 1 << COUNTER_BITS],
            blocks: B::new(&jit),
            jit,
            patience,
            alone: 0,
        }
    }

    /// Runs the guest from `State::pc` until it traps or `attention` is not zero.
    pub fn run<C>(&mut self, cpu: &mut State, code: &mut C, attention: &AtomicU32) -> Stop
    where
        B: InstructionSet<C>,
    {
        self.run_probed(cpu, code, attention, &mut ())
    }

    /// [`GuestThread::run`], with somebody who listens.
    #[inline]
    pub fn run_probed<C, P: Probe>(
        &mut self,
        cpu: &mut State,
        code: &mut C,
        attention: &AtomicU32,
        probe: &mut P,
    ) -> Stop
    where
        B: InstructionSet<C>,
    {
        probe.phase(Phase::Dispatch);
        while attention.load(Ordering::Relaxed) == 0 {
            if self.is_outdated() {
                self.forget();
            }
            if cpu.fpsr_read {
                self.jit.record_underflows();
            }
            self.reconsider();
            let here = B::here(cpu);
            let translated = match here.filter(|_| self.suits(cpu)) {
                Some(pc) => self.lookup(pc, cpu, code, probe),
                None => None,
            };
            let trap = match translated {
                Some(host) => self.enter(cpu, host, code, attention, probe),
                None => {
                    if self.enter.is_none() {
                        self.reclaim();
                    }
                    probe.phase(Phase::Interpret);
                    self.blocks.run_block(cpu, code, probe)
                }
            };
            probe.phase(Phase::Dispatch);
            if let Some(trap) = trap {
                return Stop::Trap(trap);
            }
        }
        Stop::Attention
    }

    /// In the child of a fork: asks for code if it goes on.
    fn reclaim(&mut self) {
        if self.jit.borrows_code() {
            self.alone += 1;
            if self.alone > u32::from(self.patience) * SHORT {
                self.alone = 0;
                self.jit.own_code();
            }
        }
    }

    /// Forgets what was made of the guest code in a range.
    pub fn invalidate(&mut self, range: std::ops::Range<u64>) {
        self.blocks.invalidate(&range);
        self.jit.invalidate(&range);
    }

    /// Drops what other threads have forgotten, or all if that is too much.
    pub(crate) fn forget(&mut self) {
        let table = &mut self.table;
        self.generation = self.jit.catch_up(self.generation, |gone| match gone {
            Some(gone) => gone.for_each(|pc| {
                let index = index(pc);
                if table[index].pc == pc {
                    table[index] = Slot::empty(index);
                }
            }),
            None => *table = empty_table(),
        });
        self.enter = enter_function(&self.jit);
    }

    fn lookup<C, P: Probe>(&mut self, pc: u64, cpu: &State, code: &mut C, probe: &mut P) -> Option<u64>
    where
        B: InstructionSet<C>,
    {
        probe.count(Event::LookedUp, 1);
        let slot = self.table[index(pc)];
        if slot.pc == pc {
            return Some(slot.host);
        }
        let counter = &mut self.counters[counter(pc)];
        *counter += 1;
        let host = if *counter > self.patience {
            *counter = 0;
            // Without patience, nothing is interpreted before, and nothing is known.
            let executed = |at| self.patience == 0 || self.blocks.contains(at);
            probe.phase(Phase::Translate);
            let translated = B::translate(&self.jit, cpu, code, &executed, self.patience == 0);
            probe.phase(Phase::Dispatch);
            translated?
        } else if *counter % ASK == 1 {
            self.jit.find(pc)?
        } else {
            return None;
        };
        self.table[index(pc)] = Slot { pc, host };
        Some(host)
    }

    /// The translations.
    pub(crate) fn jit(&self) -> &Jit {
        &self.jit
    }

    /// Whether there is something to [`forget`](GuestThread::forget).
    pub(crate) fn is_outdated(&self) -> bool {
        self.generation != self.jit.generation()
    }

    /// Has numbers computed in another way from now on, if the program turned out to need that.
    pub(crate) fn reconsider(&self) {
        if let Some((_, numbers)) = self.enter {
            self.jit.reconsider(numbers);
        }
    }

    /// Translated code computes under one value of FPCR, and leaves to write it.
    pub(crate) fn suits(&self, cpu: &State) -> bool {
        self.enter
            .is_some_and(|(_, numbers)| self.jit.suits(numbers, cpu.fpcr, cpu.fpsr_read))
    }

    /// Runs translated code until it leaves; `None` if it must not be entered. The program counter is in the form of [`Blocks::arrive`].
    pub(crate) fn run_translated(&mut self, cpu: &mut State, host: u64, attention: &AtomicU32) -> Option<u64> {
        let (enter, numbers) = self.enter?;
        // (The table may have moved.)
        cpu.x[usize::from(STAMPS)] = armlet_memory::exclusive::table();
        cpu.x[usize::from(LOOKUP)] = self.table.as_ptr() as u64;
        cpu.x[usize::from(MXCSR)] = mxcsr(numbers).into();
        cpu.x[usize::from(ATTENTION)] = std::ptr::from_ref(attention) as u64;
        cpu.x[usize::from(WHEREABOUTS)] = self.whereabouts.as_ptr() as u64;
        cpu.x[usize::from(GENERATION)] = self.generation;
        cpu.x[usize::from(NEWEST_GENERATION)] = self.jit.newest_generation().as_ptr() as u64;
        if !self.jit.enter(&self.whereabouts, self.generation) {
            return None;
        }
        pack(cpu);
        let exit = enter(cpu, host);
        unpack(cpu);
        self.whereabouts.store(OUTSIDE, Ordering::Release);
        Some(exit)
    }

    fn enter<C, P: Probe>(
        &mut self,
        cpu: &mut State,
        host: u64,
        code: &mut C,
        attention: &AtomicU32,
        probe: &mut P,
    ) -> Option<Trap>
    where
        B: InstructionSet<C>,
    {
        probe.phase(Phase::Translated);
        let exit = self.run_translated(cpu, host, attention)?;
        probe.phase(Phase::Dispatch);
        probe.count(Event::Entered, 1);
        if exit == Exit::Trap as u64 {
            return cpu.trap.take();
        }
        if exit == Exit::Interpret as u64 {
            probe.phase(Phase::Interpret);
            probe.count(Event::HandedOver, 1);
            probe.count(Event::Interpreted, 1);
            return B::step(cpu, code);
        }
        let to = cpu.pc;
        B::arrive(cpu);
        if exit == Exit::SupervisorCall as u64 {
            return Some(Trap::SupervisorCall { imm: 0 });
        }
        if exit == Exit::Interrupted as u64 {
            return Some(Trap::SupervisorCall { imm: Trap::INTERRUPTED });
        }
        if exit != Exit::Lookup as u64
            && let Some(host) = self.jit.link(exit, to)
        {
            self.table[index(to)] = Slot { pc: to, host };
        }
        None
    }
}

impl<B: Blocks> Drop for GuestThread<B> {
    fn drop(&mut self) {
        self.jit.unregister(&self.whereabouts);
    }
}

/// Where an address is in the lookup table.
fn index(pc: u64) -> usize {
    (pc >> 2) as usize & ((1 << LOOKUP_BITS) - 1)
}

/// Where an address is among the counters: code that is close together touches few pages of them.
fn counter(pc: u64) -> usize {
    ((pc >> 2) ^ (pc >> (COUNTER_BITS + 2))) as usize & ((1 << COUNTER_BITS) - 1)
}

fn enter_function(jit: &Jit) -> Option<(Enter, Numbers)> {
    let stubs = jit.stubs()?;
    // SAFETY: the stub was emitted with this calling convention, and lives as long as the arena.
    let enter = unsafe { std::mem::transmute::<usize, Enter>(stubs.enter as usize) };
    Some((enter, stubs.shared.numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_finds_an_empty_entry() {
        for (at, slot) in empty_table().iter().enumerate() {
            assert_ne!(
                index(slot.pc),
                at,
                "a branch to {:#x} would find no code there",
                slot.pc
            );
        }
    }
}
