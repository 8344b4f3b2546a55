//! One guest thread: the interpreter for what is cold, translated code for what is warm.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_interpreter::a64::{BlockCache, Fetch, Stop, branch_address, run_block, step};

use crate::cache::Jit;
use crate::emit::LOOKUP_BITS;
use crate::enter::{Enter, Exit, mxcsr, pack, unpack};
use crate::ir::Numbers;
use crate::map::{ATTENTION, LOOKUP, MXCSR};

/// How often a block is interpreted before it is translated: a translation costs about as much as interpreting the
/// block a few dozen times.
pub const PATIENCE: u16 = 24;
const COUNTERS: usize = 1 << 12;

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
    /// How often blocks were interpreted, by a hash of their addresses: those that share an entry are translated sooner, which does no harm.
    counters: Box<[u16]>,
    generation: u64,
    blocks: BlockCache,
    patience: u16,
}

impl Thread {
    /// A thread of a process. A block is translated when it has been interpreted `patience` times ([`PATIENCE`]).
    pub fn new(jit: Arc<Jit>, patience: u16) -> Thread {
        Thread {
            enter: enter_function(&jit),
            generation: jit.generation(),
            jit,
            table: vec![EMPTY; 1 << LOOKUP_BITS].into_boxed_slice(),
            counters: vec![0; COUNTERS].into_boxed_slice(),
            blocks: BlockCache::new(),
            patience,
        }
    }

    /// Runs the guest from `State::pc` until it traps or `attention` is not zero.
    pub fn run(&mut self, cpu: &mut State, code: &mut impl Fetch, attention: &AtomicU32) -> Stop {
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
            // Translated code computes under FPCR = 0, and leaves to write it.
            let translated = if cpu.fpcr == 0 {
                self.enter.zip(self.lookup(cpu.pc, code))
            } else {
                None
            };
            let trap = match translated {
                Some(((enter, numbers), host)) => self.enter((enter, numbers), cpu, host, code, attention),
                None => run_block(cpu, &mut self.blocks, code),
            };
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

    fn forget(&mut self) {
        self.generation = self.jit.generation();
        self.enter = enter_function(&self.jit);
        self.table.fill(EMPTY);
        self.blocks.clear();
    }

    fn slot(&mut self, pc: u64) -> &mut Slot {
        let index = (pc >> 2) as usize & ((1 << LOOKUP_BITS) - 1);
        &mut self.table[index]
    }

    fn lookup(&mut self, pc: u64, code: &mut impl Fetch) -> Option<u64> {
        let slot = *self.slot(pc);
        if slot.pc == pc {
            return Some(slot.host);
        }
        let host = match self.jit.find(pc) {
            Some(host) => host,
            None if self.is_hot(pc) => {
                // Without patience, nothing is interpreted before, and nothing is known.
                let executed = |at| self.patience == 0 || self.blocks.contains(at);
                self.jit.translate(pc, code, &executed)?
            }
            None => return None,
        };
        *self.slot(pc) = Slot { pc, host };
        Some(host)
    }

    fn is_hot(&mut self, pc: u64) -> bool {
        let counter = &mut self.counters[(pc >> 2 ^ pc >> 14) as usize & (COUNTERS - 1)];
        *counter = counter.saturating_add(1);
        *counter > self.patience && pc.is_multiple_of(4)
    }

    fn enter(
        &mut self,
        (enter, numbers): (Enter, Numbers),
        cpu: &mut State,
        host: u64,
        code: &mut impl Fetch,
        attention: &AtomicU32,
    ) -> Option<Trap> {
        cpu.x[usize::from(LOOKUP)] = self.table.as_ptr() as u64;
        cpu.x[usize::from(MXCSR)] = mxcsr(numbers).into();
        cpu.x[usize::from(ATTENTION)] = std::ptr::from_ref(attention) as u64;
        let exit = {
            let _running = self.jit.enter(self.generation)?;
            pack(cpu);
            let exit = enter(cpu, host);
            unpack(cpu);
            exit
        };
        if exit == Exit::Lookup as u64 {
            // A branch ignores the tag of its target, as the interpreter's branches do.
            cpu.pc = branch_address(cpu.pc);
            None
        } else if exit == Exit::Interpret as u64 {
            step(cpu, code).err()
        } else if exit == Exit::Trap as u64 {
            cpu.trap.take()
        } else {
            self.jit.link(exit);
            None
        }
    }
}

fn enter_function(jit: &Jit) -> Option<(Enter, Numbers)> {
    let stubs = jit.stubs()?;
    // SAFETY: the stub was emitted with this calling convention, and lives as long as the arena.
    let enter = unsafe { std::mem::transmute::<usize, Enter>(stubs.enter as usize) };
    Some((enter, stubs.shared.numbers))
}
