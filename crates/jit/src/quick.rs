//! System calls that are made from translated code, where the number is known at translation and nobody watches.
//!
//! - Clocks, which the host reads in its vDSO: translated code calls the runtime's function.
//! - What the host's kernel does with the same arguments: translated code enters the kernel itself. (For AArch32 only what cannot wait.)

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use armlet_cpu::a64::State;

use crate::ir::Op;

/// Does the system call whose number is in X8 (R7), with `State::pc` behind it. 0: it is done, and X0 has the result; 1: it has changed nothing,
/// and is left to the usual way.
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

/// What the runtime offers for an instruction set.
#[derive(Clone, Copy)]
pub struct Offered {
    /// The numbers that `function` takes.
    pub numbers: &'static [u64],
    /// Does them.
    pub function: QuickCall,
    /// How a number is one of the host's.
    pub direct: fn(u64) -> Option<DirectCall>,
}

/// What the runtime offers.
#[derive(Clone, Copy)]
pub struct QuickCalls {
    /// For AArch64.
    pub a64: Offered,
    /// For AArch32; no pointers need a tag removed.
    pub a32: Offered,
    /// While it is set, all calls are left to the usual way.
    pub judged: &'static AtomicBool,
}

static QUICK: OnceLock<QuickCalls> = OnceLock::new();

/// Announces them. To be called before anything is translated; the first call counts.
pub fn install_quick_calls(calls: QuickCalls) {
    QUICK.get_or_init(|| calls);
}

fn offered(a32: bool) -> Option<&'static Offered> {
    let calls = QUICK.get()?;
    Some(if a32 { &calls.a32 } else { &calls.a64 })
}

/// The operation for a system call whose number is known, if there is one; `next` is the address behind the SVC.
pub(crate) fn operation(a32: bool, number: u64, next: u64) -> Option<Op> {
    let offered = offered(a32)?;
    if offered.numbers.contains(&number) {
        return Some(Op::QuickCall { next });
    }
    let call = (offered.direct)(number)?;
    (!a32 || !call.waits).then_some(Op::DirectCall { call, next })
}

/// Address of the function; 0 if there is none.
pub(crate) fn function(a32: bool) -> u64 {
    offered(a32).map_or(0, |offered| offered.function as usize as u64)
}

/// Address of the byte that says that all calls are left to the usual way.
pub(crate) fn judged() -> u64 {
    QUICK.get().map_or(0, |calls| calls.judged.as_ptr() as u64)
}
