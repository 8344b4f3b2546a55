//! The fingerprints of known libraries' routines. `signatures.txt` has a line for each: symbol, fingerprint, [`prefix`], number of
//! instructions; and [`TABLE_MARK`] if the code names addresses, which the fingerprint then is without, and does not say everything.
//! `cargo xtask signatures` writes it.

use std::sync::LazyLock;

use armlet_cpu::a32_features::Model;
use armlet_decoder::t32::ItState;
use rustc_hash::FxHashMap;

use super::super::block::Fetch;
use super::super::place::Place;
use super::fingerprint::{Flow, Hash, meet};
use super::routine::Routine;

/// Instructions that are looked at of every block, to see whether a closer look may pay.
const PREFIX: usize = 6;

/// Behind the signature of code that names addresses: of a table that it computes with.
pub const TABLE_MARK: &str = "table";

struct Table {
    /// By fingerprint.
    known: FxHashMap<u64, Routine>,
    /// By [`super::Fingerprint::loose`]: what they may be, of code that names addresses.
    suspected: FxHashMap<u64, Vec<Routine>>,
    /// The longest routine with a prefix.
    longest: FxHashMap<u64, usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        known: FxHashMap::default(),
        suspected: FxHashMap::default(),
        longest: FxHashMap::default(),
    };
    for line in include_str!("signatures.txt").lines() {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap_or_default();
        let (Some(routine), Ok(hash), Ok(prefix), Ok(count)) = (
            Routine::of_symbol(word()),
            u64::from_str_radix(word(), 16),
            u64::from_str_radix(word(), 16),
            word().parse::<usize>(),
        ) else {
            continue;
        };
        if word() == TABLE_MARK {
            table.suspected.entry(hash).or_default().push(routine);
        } else {
            table.known.insert(hash, routine);
        }
        let longest = table.longest.entry(prefix).or_default();
        *longest = count.max(*longest);
    }
    table
});

/// A hash of the first few instructions at `place`, in a row.
pub fn prefix(model: Model, place: Place, code: &mut impl Fetch) -> Option<u64> {
    let mut hash = Hash::new();
    let (mut place, mut it) = (place, ItState(0));
    for _ in 0..PREFIX {
        let met = meet(model, place, it, code)?;
        hash.add(met.loose);
        if met.always && matches!(met.flow, Flow::Return | Flow::Jump(_)) {
            break;
        }
        place = place.plus(met.len.into());
        it = met.it;
    }
    Some(hash.0)
}

/// The number of instructions of the longest routine that begins like that; `None` if there is none.
pub fn longest(prefix: u64) -> Option<usize> {
    TABLE.longest.get(&prefix).copied()
}

/// The routine with a fingerprint.
pub fn known(fingerprint: u64) -> Option<Routine> {
    TABLE.known.get(&fingerprint).copied()
}

/// What code with a fingerprint without addresses may be.
pub fn suspected(loose: u64) -> &'static [Routine] {
    TABLE.suspected.get(&loose).map(Vec::as_slice).unwrap_or_default()
}
