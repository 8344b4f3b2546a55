//! System calls that need no kernel: clocks, which the host reads in its vDSO. Where the number is known at translation, translated code calls
//! the runtime's function directly.

use std::sync::OnceLock;

use armlet_cpu::a64::State;

/// Does the system call whose number is in X8, with `State::pc` behind it. 0: it is done, and X0 has the result; 1: it has changed nothing, and
/// is left to the usual way.
pub type QuickCall = extern "sysv64" fn(&mut State) -> u64;

static QUICK: OnceLock<(&'static [u64], QuickCall)> = OnceLock::new();

/// Announces the function, and the numbers that it takes. To be called before anything is translated; the first call counts.
pub fn install_quick_calls(numbers: &'static [u64], function: QuickCall) {
    QUICK.get_or_init(|| (numbers, function));
}

/// Whether a system call can be made that way.
pub(crate) fn takes(number: u64) -> bool {
    QUICK.get().is_some_and(|(numbers, _)| numbers.contains(&number))
}

/// Address of the function; 0 if there is none.
pub(crate) fn function() -> u64 {
    QUICK.get().map_or(0, |&(_, function)| function as usize as u64)
}
