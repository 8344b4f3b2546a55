//! How often translated code calls the interpreter's function for an instruction: because it is not translated, or because its result is one
//! that only the interpreter computes. Counting costs little beside what is counted. Instructions that leave translated code are not counted.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use armlet_decoder::a32;
use armlet_decoder::a64::{Insn, ROWS, Row};

static TIMES_32: LazyLock<Box<[AtomicU64]>> = LazyLock::new(|| a32::ROWS.iter().map(|_| AtomicU64::new(0)).collect());
static TIMES: LazyLock<Box<[AtomicU64]>> = LazyLock::new(|| ROWS.iter().map(|_| AtomicU64::new(0)).collect());

/// Without a locked instruction: of two threads that count at once, one may not be seen.
fn add_one(times: &AtomicU64) {
    times.store(times.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Counts one execution.
pub(crate) fn count(insn: &Insn) {
    let index = (std::ptr::from_ref(insn.row()) as usize - ROWS.as_ptr() as usize) / size_of::<Row>();
    add_one(&TIMES[index]);
}

/// Counts one execution in AArch32.
pub(crate) fn count32(insn: &a32::Insn) {
    let index = (std::ptr::from_ref(insn.row()) as usize - a32::ROWS.as_ptr() as usize) / size_of::<a32::Row>();
    add_one(&TIMES_32[index]);
}

/// The instructions that translated code of this process has had interpreted, by their rows' names, with how often; the most frequent first.
#[must_use]
pub fn interpreted() -> Vec<(&'static str, u64)> {
    let times = TIMES
        .iter()
        .chain(&*TIMES_32)
        .map(|times| times.load(Ordering::Relaxed));
    let names = ROWS
        .iter()
        .map(|row| row.name)
        .chain(a32::ROWS.iter().map(|row| row.name));
    let mut list: Vec<_> = names.zip(times).collect();
    list.retain(|&(_, times)| times > 0);
    list.sort_by_key(|&(name, times)| (std::cmp::Reverse(times), name));
    list
}
