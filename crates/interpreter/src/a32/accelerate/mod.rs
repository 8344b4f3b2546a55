//! Library routines that programs without floating-point hardware compute with (`__aeabi_dadd` and its like), and those that programs without a
//! divider divide with (`__aeabi_uldivmod`), done by the host's arithmetic.
//!
//! A routine is recognised by what it is, not by where it is: [`fingerprint`] follows its code from the entry, and `signatures.txt` lists
//! what known libraries look like that way. So programs may be stripped, and static or dynamic.
//!
//! - `routine.rs`: the routines, and what each does with the registers.
//! - `fingerprint.rs`: a hash of all code that can be reached from an address.
//! - `prove.rs`: tries a routine that a symbol names, but that is not known, and one that computes with a table.
//! - `signatures.rs`: the table of those that are known (`cargo xtask signatures` makes it).
//!
//! Results are exactly the routine's own. Where a library may choose (which NaN comes out, what an integer that is too large becomes), its
//! code is run: an accelerated block begins with the quick way, and behind it stands the routine.

mod fingerprint;
mod prove;
mod routine;
mod signatures;

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use armlet_cpu::a32::LR;
use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use rustc_hash::FxHashMap;

use super::block::Fetch;
use super::cache::BlockCache;
use super::dispatch::{COUNT_ACCELERATED, Op, jump, next};
use super::outcome::Exit;
use super::place::Place;

pub use fingerprint::{Fingerprint, fingerprint};
pub use routine::{Arithmetic, Division, Relation, Routine, SHORT_OF_A_POWER, Ways};
pub use signatures::{TABLE_MARK, prefix};

/// More instructions than any routine has, with all that it calls.
const LONGEST: usize = 4000;

/// A recognised routine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which one it is.
    pub routine: Routine,
    /// All the code that makes it what it is: when anything of that changes, it may be another.
    pub code: Vec<Range<u32>>,
}

/// What some code may be.
enum Candidates {
    Known(Routine),
    /// One of these, or none.
    Suspected(Vec<Routine>),
}

/// Finds the routines of one program.
#[derive(Debug, Default)]
pub struct Accelerator {
    /// Routines by their places, as the program's symbols say.
    symbols: FxHashMap<u32, Routine>,
    /// Whether code with a fingerprint is what its symbol says: see [`prove::is_what_it_says`].
    proven: Mutex<FxHashMap<(Routine, u64), bool>>,
}

impl Accelerator {
    /// Finds known routines, and those of a program's symbols.
    pub fn new(symbols: impl Iterator<Item = (Place, Routine)>) -> Accelerator {
        Accelerator {
            symbols: symbols.map(|(place, routine)| (place.0, routine)).collect(),
            proven: Mutex::default(),
        }
    }

    /// What the code at `place` may be. It is known to be so, or each has to be tried.
    fn candidates(&self, model: Model, place: Place, code: &mut impl Fetch) -> Option<(Fingerprint, Candidates)> {
        if let Some(longest) = prefix(model, place, code).and_then(signatures::longest)
            && let Some(print) = fingerprint(model, place, longest, code)
        {
            if let Some(routine) = signatures::known(print.hash) {
                return Some((print, Candidates::Known(routine)));
            }
            let suspected = signatures::suspected(print.loose);
            if !suspected.is_empty() {
                return Some((print, Candidates::Suspected(suspected.to_vec())));
            }
        }
        let routine = *self.symbols.get(&place.0)?;
        let print = fingerprint(model, place, LONGEST, code)?;
        Some((print, Candidates::Suspected(vec![routine])))
    }

    /// The routine that begins at `place`: one of the table, or one that a symbol or the table suspects. That is tried, once, on the registers of a
    /// thread in the state `cpu`.
    pub fn find(&self, cpu: &State, place: Place, code: &mut impl Fetch) -> Option<Found> {
        let (print, candidates) = self.candidates(cpu.a32.model, place, code)?;
        let mut is_proven = |routine| {
            let tried = self.proven().get(&(routine, print.hash)).copied();
            tried.unwrap_or_else(|| {
                let proven = prove::is_what_it_says(cpu, place, routine, code);
                self.proven().insert((routine, print.hash), proven);
                proven
            })
        };
        let routine = match candidates {
            Candidates::Known(routine) => routine,
            Candidates::Suspected(routines) => routines.into_iter().find(|&routine| is_proven(routine))?,
        };
        Some(Found {
            routine,
            code: print.code,
        })
    }

    fn proven(&self) -> MutexGuard<'_, FxHashMap<(Routine, u64), bool>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first step of an accelerated block; the routine's number is the step's `skip`.
pub(super) fn step(cpu: &mut State, op: &Op, rest: &[Op], blocks: &BlockCache) -> Exit {
    match Routine::ALL.get(usize::from(op.skip)) {
        Some(routine) if routine.perform(cpu) => {
            cpu.x[COUNT_ACCELERATED] += 1;
            jump(cpu, Place(cpu.r(LR)), blocks)
        }
        _ => next(cpu, rest, blocks),
    }
}
