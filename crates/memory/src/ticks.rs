//! The host's time-stamp counter, and how long the host's kernel works for the guest's system calls while somebody wants to know.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

static MEASURED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static HOST: Cell<u64> = const { Cell::new(0) };
}

/// The time-stamp counter of the host's processor: ticks of a constant length.
#[must_use]
#[inline(always)]
pub fn ticks() -> u64 {
    // SAFETY: reads a counter.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// From now on, the host's time is measured.
pub fn measure_host() {
    MEASURED.store(true, Ordering::Relaxed);
}

/// A call of the host's kernel: measured if somebody wants to know, which costs one test otherwise.
#[inline(always)]
pub fn host<R>(call: impl FnOnce() -> R) -> R {
    if !MEASURED.load(Ordering::Relaxed) {
        return call();
    }
    let start = ticks();
    let result = call();
    HOST.set(HOST.get() + ticks().wrapping_sub(start));
    result
}

/// Ticks that this thread has spent in the host's kernel since the last question.
pub fn take_host() -> u64 {
    HOST.take()
}
