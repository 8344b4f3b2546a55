//! How translated code computes numbers: as fast as the program lets it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::Jit;
use crate::ir::Numbers;

/// How numbers are computed, by what the program turned out to do.
#[derive(Debug, Default)]
pub(super) struct Precautions {
    a32: bool,
    /// Invalid operations that trapped.
    traps: AtomicU32,
    /// FPSR is read: see [`Numbers::underflow`].
    underflow: AtomicBool,
    /// The value of FPCR under which translated code runs.
    fpcr: AtomicU32,
    /// Blocks that were interpreted under another one since translated code ran last.
    foreign: AtomicU32,
}

/// So many traps are cheaper than checks all over the program.
const TRAPS: u32 = 200;
/// So many interpreted blocks are cheaper than translating the program for another value of FPCR.
const FOREIGN: u32 = 5000;

impl Precautions {
    /// Of a program of which nothing is known.
    pub fn new(a32: bool) -> Precautions {
        Precautions {
            a32,
            ..Precautions::default()
        }
    }

    pub fn numbers(&self) -> Numbers {
        let trap = self.traps.load(Ordering::Relaxed) < TRAPS;
        let exact = self.underflow.load(Ordering::Relaxed);
        Numbers::new(self.fpcr.load(Ordering::Relaxed), trap, exact, self.a32)
    }
}

impl Jit {
    /// Records from now on every underflow that FPSR shows.
    pub fn record_underflows(&self) {
        self.precautions.underflow.store(true, Ordering::Relaxed);
    }

    /// Checks results of floating point in code, instead of having invalid operations trap.
    pub fn check_numbers(&self) {
        self.precautions.traps.store(TRAPS, Ordering::Relaxed);
    }

    /// Takes it that few operations trap, whatever has been seen: the opposite of [`Jit::check_numbers`].
    pub fn trust_numbers(&self) {
        self.precautions.traps.store(0, Ordering::Relaxed);
    }

    /// Translates for this value of FPCR.
    pub fn expect_fpcr(&self, fpcr: u32) {
        self.precautions.fpcr.store(fpcr, Ordering::Relaxed);
    }

    /// Whether a thread with these values can run code that computes in this way. A program that sets FPCR for good is translated
    /// anew; one that changes it for a moment is interpreted for that moment.
    pub(crate) fn suits(&self, numbers: Numbers, fpcr: u32, fpsr_read: bool) -> bool {
        let foreign = &self.precautions.foreign;
        if fpcr == numbers.fpcr {
            foreign.store(0, Ordering::Relaxed);
            // When tiny numbers are flushed, the host's exceptions are not Arm's.
            return !(numbers.flush && fpsr_read);
        }
        if foreign.fetch_add(1, Ordering::Relaxed) > FOREIGN {
            foreign.store(0, Ordering::Relaxed);
            self.expect_fpcr(fpcr);
        }
        false
    }

    /// An invalid operation has trapped. Called in a signal handler.
    pub(crate) fn count_trap(&self) {
        self.precautions.traps.fetch_add(1, Ordering::Relaxed);
    }

    /// Translates anew if the code there is computes numbers in another way than is wanted by now.
    pub(crate) fn reconsider(&self, numbers: Numbers) {
        if numbers != self.precautions.numbers()
            && let Some(cache) = self.lock_to_change().as_mut()
            && cache.stubs.shared.numbers != self.precautions.numbers()
        {
            self.start_anew(cache);
        }
    }
}
