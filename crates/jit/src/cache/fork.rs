//! What becomes of the translations at a fork of the process.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use super::{Cache, Counts, Jit, OUTSIDE, lock};

impl Jit {
    /// Keeps the translations as they are until the result is dropped: held over a fork, so that the child finds no half-made change.
    pub fn freeze(&self) -> impl Drop {
        let mut cache = self.lock();
        if let Some(cache) = cache.as_mut() {
            cache.arena.freeze();
        }
        Frozen {
            _cache: cache,
            _counts: lock(&self.counts),
        }
    }

    /// After a fork for which [`Jit::freeze`] was held, before any translated code runs. The child interprets until it has turned out to be no short
    /// one (most run another program soon), or changes the code: then it gets a copy of its own at the same addresses (see [`Jit::own_code`]).
    pub fn after_fork(&self, child: bool) {
        let mut guard = self.lock();
        let Some(cache) = guard.as_mut() else { return };
        if !child {
            return;
        }
        if let Some(counting) = &self.counting {
            counting.reset();
            *lock(&self.counts) = Counts::default();
        }
        // The other threads are not here any more, and this one is outside.
        cache
            .threads
            .iter()
            .for_each(|word| word.store(OUTSIDE, Ordering::Relaxed));
        cache.arena.borrow();
        self.borrowed.store(true, Ordering::Relaxed);
        // The way into translated code is closed.
        self.generation.fetch_add(1, Ordering::SeqCst);
        if self.counting.is_some() || self.checking.is_some() {
            self.own(&mut guard);
        }
    }

    /// The child of a fork has no code of its own yet.
    pub(crate) fn borrows_code(&self) -> bool {
        self.borrowed.load(Ordering::Relaxed)
    }

    /// Gives it a copy of its parent's. Without memory for that, nothing is translated any more.
    pub(crate) fn own_code(&self) {
        drop(self.lock_to_change());
    }

    /// The translations, which may be changed.
    pub(super) fn lock_to_change(&self) -> MutexGuard<'_, Option<Cache>> {
        let mut guard = self.lock();
        if self.borrows_code() {
            self.own(&mut guard);
        }
        guard
    }

    pub(super) fn own(&self, cache: &mut Option<Cache>) {
        if cache.as_mut().is_some_and(|cache| cache.arena.own().is_err()) {
            *cache = None;
        }
        self.borrowed.store(false, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

struct Frozen<'a> {
    _cache: MutexGuard<'a, Option<Cache>>,
    _counts: MutexGuard<'a, Counts>,
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {}
}
