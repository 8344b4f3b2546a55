//! System calls that are made from translated code, where the number is known at translation and nobody watches.
//!
//! - Clocks, which the host reads in its vDSO: translated code calls the runtime's function.
//! - What the host's kernel does with the same arguments: translated code enters the kernel itself.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use armlet_cpu::a64::State;

/// Does the system call whose number is in X8, with `State::pc` behind it. 0: it is done, and X0 has the result; 1: it has changed nothing, and
/// is left to the usual way.
pub type QuickCall = extern "sysv64" fn(&mut State) -> u64;

/// A system call that the host's kernel does, with the same arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectCall {
    /// The host's number.
    pub number: i64,
    /// How many arguments it has: X0 to X5.
    pub arguments: u8,
    /// Bit `i` is set if argument `i` is a pointer, whose tag is to be removed.
    pub pointers: u8,
    /// It can wait, and be interrupted by a signal.
    pub waits: bool,
}

/// What the runtime offers.
#[derive(Clone, Copy)]
pub struct QuickCalls {
    /// The numbers that `function` takes.
    pub numbers: &'static [u64],
    /// Does them.
    pub function: QuickCall,
    /// How a number is one of the host's.
    pub direct: fn(u64) -> Option<DirectCall>,
    /// While it is set, all calls are left to the usual way.
    pub judged: &'static AtomicBool,
}

static QUICK: OnceLock<QuickCalls> = OnceLock::new();

/// Announces them. To be called before anything is translated; the first call counts.
pub fn install_quick_calls(calls: QuickCalls) {
    QUICK.get_or_init(|| calls);
}

/// Whether a system call can be made by the runtime's function.
pub(crate) fn takes(number: u64) -> bool {
    QUICK.get().is_some_and(|calls| calls.numbers.contains(&number))
}

/// Whether a system call can be made by the host's kernel.
pub(crate) fn direct(number: u64) -> Option<DirectCall> {
    QUICK.get().and_then(|calls| (calls.direct)(number))
}

/// Address of the function; 0 if there is none.
pub(crate) fn function() -> u64 {
    QUICK.get().map_or(0, |calls| calls.function as usize as u64)
}

/// Address of the byte that says that all calls are left to the usual way.
pub(crate) fn judged() -> u64 {
    QUICK.get().map_or(0, |calls| calls.judged.as_ptr() as u64)
}
