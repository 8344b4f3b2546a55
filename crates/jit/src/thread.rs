//! One guest thread: the interpreter for what is cold, translated code for what is warm.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_cpu::probe::{Event, Phase, Probe};
use armlet_interpreter::a64::{BlockCache, Fetch, Stop, branch_address, run_block, step};

use rustc_hash::FxHashMap;

use crate::cache::{Jit, OUTSIDE, Whereabouts};
use crate::emit::LOOKUP_BITS;
use crate::enter::{Enter, Exit, mxcsr, pack, unpack};
use crate::ir::Numbers;
use crate::map::{ATTENTION, LOOKUP, MXCSR};

/// How often a block is interpreted before it is translated. Translating an instruction costs as much as interpreting it some 200 times, but most
/// blocks that run as often as this go on to run much more often.
pub const PATIENCE: u16 = 64;
/// Every so many interpreted runs of a block, the thread asks whether others have translated it meanwhile.
const ASK: u16 = 8;

/// An entry of the lookup table that translated code reads.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Slot {
    pc: u64,
    host: u64,
}

/// No code is at an odd address.
const EMPTY: Slot = Slot { pc: 1, host: 0 };

/// What one guest thread needs to run.
pub struct Thread {
    jit: Arc<Jit>,
    /// `None`: there is no translated code.
    enter: Option<(Enter, Numbers)>,
    table: Box<[Slot]>,
    /// How often each block was interpreted.
    counters: FxHashMap<u64, u16>,
    generation: u64,
    whereabouts: Whereabouts,
    blocks: BlockCache,
    patience: u16,
}

impl Thread {
    /// A thread of a process. A block is translated when it has been interpreted `patience` times ([`PATIENCE`]).
    pub fn new(jit: Arc<Jit>, patience: u16) -> Thread {
        Thread {
            enter: enter_function(&jit),
            generation: jit.generation(),
            whereabouts: jit.register(),
            table: vec![EMPTY; 1 << LOOKUP_BITS].into_boxed_slice(),
            counters: FxHashMap::default(),
            blocks: if jit.counts_blocks() {
                BlockCache::counting()
            } else {
                BlockCache::new()
            },
            jit,
            patience,
        }
    }

    /// Runs the guest from `State::pc` until it traps or `attention` is not zero.
    pub fn run(&mut self, cpu: &mut State, code: &mut impl Fetch, attention: &AtomicU32) -> Stop {
        self.run_probed(cpu, code, attention, &mut ())
    }

    /// [`Thread::run`], with somebody who listens.
    #[inline]
    pub fn run_probed<P: Probe>(
        &mut self,
        cpu: &mut State,
        code: &mut impl Fetch,
        attention: &AtomicU32,
        probe: &mut P,
    ) -> Stop {
        probe.phase(Phase::Dispatch);
        while attention.load(Ordering::Relaxed) == 0 {
            if self.generation != self.jit.generation() {
                self.forget();
            }
            if cpu.fpsr_read {
                self.jit.record_underflows();
            }
            if let Some((_, numbers)) = self.enter {
                self.jit.reconsider(numbers);
            }
            // Translated code computes under one value of FPCR, and leaves to write it.
            let suits = |(_, numbers): &(Enter, Numbers)| self.jit.suits(*numbers, cpu.fpcr, cpu.fpsr_read);
            let translated = match self.enter.filter(suits) {
                Some(enter) => self.lookup(cpu.pc, code, probe).map(|host| (enter, host)),
                None => None,
            };
            let trap = match translated {
                Some(((enter, numbers), host)) => self.enter((enter, numbers), cpu, host, code, attention, probe),
                None => {
                    probe.phase(Phase::Interpret);
                    run_block(cpu, &mut self.blocks, code, probe)
                }
            };
            probe.phase(Phase::Dispatch);
            if let Some(trap) = trap {
                return Stop::Trap(trap);
            }
        }
        Stop::Attention
    }

    /// Forgets what was made of the guest code in a range.
    pub fn invalidate(&mut self, range: std::ops::Range<u64>) {
        self.blocks.invalidate(range.start, range.end);
        self.jit.invalidate(&range);
    }

    /// Drops what other threads have forgotten, or all if that is too much.
    fn forget(&mut self) {
        let table = &mut self.table;
        self.generation = self.jit.catch_up(self.generation, |gone| match gone {
            Some(gone) => gone.for_each(|pc| {
                let slot = &mut table[index(pc)];
                if slot.pc == pc {
                    *slot = EMPTY;
                }
            }),
            None => table.fill(EMPTY),
        });
        self.enter = enter_function(&self.jit);
    }

    fn slot(&mut self, pc: u64) -> &mut Slot {
        &mut self.table[index(pc)]
    }

    fn lookup<P: Probe>(&mut self, pc: u64, code: &mut impl Fetch, probe: &mut P) -> Option<u64> {
        probe.count(Event::LookedUp, 1);
        let slot = *self.slot(pc);
        if slot.pc == pc {
            return Some(slot.host);
        }
        let counter = self.counters.entry(pc).or_default();
        *counter += 1;
        let host = if *counter > self.patience && pc.is_multiple_of(4) {
            self.counters.remove(&pc);
            // Without patience, nothing is interpreted before, and nothing is known.
            let executed = |at| self.patience == 0 || self.blocks.contains(at);
            probe.phase(Phase::Translate);
            let translated = self.jit.translate(pc, code, &executed, self.patience == 0);
            probe.phase(Phase::Dispatch);
            translated?
        } else if *counter % ASK == 1 {
            self.jit.find(pc)?
        } else {
            return None;
        };
        *self.slot(pc) = Slot { pc, host };
        Some(host)
    }

    fn enter<P: Probe>(
        &mut self,
        (enter, numbers): (Enter, Numbers),
        cpu: &mut State,
        host: u64,
        code: &mut impl Fetch,
        attention: &AtomicU32,
        probe: &mut P,
    ) -> Option<Trap> {
        cpu.x[usize::from(LOOKUP)] = self.table.as_ptr() as u64;
        cpu.x[usize::from(MXCSR)] = mxcsr(numbers).into();
        cpu.x[usize::from(ATTENTION)] = std::ptr::from_ref(attention) as u64;
        if !self.jit.enter(&self.whereabouts, self.generation) {
            return None;
        }
        pack(cpu);
        probe.phase(Phase::Translated);
        let exit = enter(cpu, host);
        probe.phase(Phase::Dispatch);
        unpack(cpu);
        self.whereabouts.store(OUTSIDE, Ordering::Release);
        probe.count(Event::Entered, 1);
        if exit == Exit::Lookup as u64 {
            // A branch ignores the tag of its target, as the interpreter's branches do.
            cpu.pc = branch_address(cpu.pc);
            None
        } else if exit == Exit::Interpret as u64 {
            probe.phase(Phase::Interpret);
            probe.count(Event::HandedOver, 1);
            probe.count(Event::Interpreted, 1);
            step(cpu, code).err()
        } else if exit == Exit::SupervisorCall as u64 {
            Some(Trap::SupervisorCall { imm: 0 })
        } else if exit == Exit::Trap as u64 {
            cpu.trap.take()
        } else {
            self.jit.link(exit);
            None
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.jit.unregister(&self.whereabouts);
    }
}

/// Where an address is in the lookup table.
fn index(pc: u64) -> usize {
    (pc >> 2) as usize & ((1 << LOOKUP_BITS) - 1)
}

fn enter_function(jit: &Jit) -> Option<(Enter, Numbers)> {
    let stubs = jit.stubs()?;
    // SAFETY: the stub was emitted with this calling convention, and lives as long as the arena.
    let enter = unsafe { std::mem::transmute::<usize, Enter>(stubs.enter as usize) };
    Some((enter, stubs.shared.numbers))
}
