//! What the exclusive monitors of all threads know of each other.
//!
//! A store-exclusive is a compare-and-exchange against the value that the load-exclusive saw. That cannot tell a value that has stayed from one that has
//! gone and come back, which programs written for exclusive accesses rely on: the pop of a lock-free stack reads the successor of an element that others may pop,
//! and push again, meanwhile. So every 16 bytes of memory have a stamp (some share one), which changes with each store-exclusive. A store-exclusive claims the
//! stamp that was read before its load, stores, and gives the stamp back changed. One that finds another stamp, or a claimed one, fails, as it may at any time.
//!
//! Other stores leave stamps alone: of them, the store-exclusive notices that the value has changed. So it is fooled only if one of those brings the value back.
//! Another process that shares the memory has stamps of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use armlet_cpu::Fault;

/// How many stamps there are.
pub const STAMPS: usize = 4096;

/// A stamp that says nothing: the value alone decides. (Stamps are even, and odd while they are claimed.)
pub const BY_VALUE: u64 = u64::MAX;

static TABLE: [AtomicU64; STAMPS] = [const { AtomicU64::new(0) }; STAMPS];

fn stamp(address: u64) -> &'static AtomicU64 {
    &TABLE[(address >> 4) as usize % STAMPS]
}

/// The address of the first stamp, for translated code: that of a place in memory has the number in bits 15 to 4 of its address.
#[must_use]
pub fn table() -> u64 {
    TABLE.as_ptr() as u64
}

/// What a load-exclusive reads before it loads.
#[inline]
#[must_use]
pub fn read(address: u64) -> u64 {
    stamp(address).load(Ordering::Acquire)
}

/// A store-exclusive: runs `store` if the stamp is still the one that the load read. `store` says whether the value was the expected one.
///
/// # Errors
///
/// Those of `store`.
#[inline]
pub fn attempt(address: u64, read: u64, store: impl FnOnce() -> Result<bool, Fault>) -> Result<bool, Fault> {
    if read == BY_VALUE {
        return store();
    }
    let stamp = stamp(address);
    let claimed = read & 1 == 0
        && stamp
            .compare_exchange(read, read + 1, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
    if !claimed {
        return Ok(false);
    }
    let stored = store();
    stamp.store(if stored.is_ok() { read + 2 } else { read }, Ordering::Release);
    stored
}

/// Gives a claimed stamp back unchanged: the store of translated code has faulted.
pub fn give_back(address: u64, read: u64) {
    stamp(address).store(read, Ordering::Release);
}

/// In the child of a fork: threads that had claimed stamps are not here.
pub fn after_fork() {
    for stamp in &TABLE {
        let value = stamp.load(Ordering::Relaxed);
        if value & 1 != 0 && value != BY_VALUE {
            stamp.store(value + 1, Ordering::Relaxed);
        }
    }
}

/// From now on, values alone decide: for `--check`, which runs everything twice, but one thread at a time.
pub fn decide_by_values() {
    for stamp in &TABLE {
        stamp.store(BY_VALUE, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_exclusive_invalidates_older_loads() {
        let address = 0x12340;
        let (first, second) = (read(address), read(address));
        assert_eq!(attempt(address, second, || Ok(true)), Ok(true));
        assert_eq!(attempt(address, first, || panic!("it must not store")), Ok(false));
        assert_eq!(attempt(address, BY_VALUE, || Ok(true)), Ok(true));
        // One that fails by its value, or faults, leaves the stamp free.
        assert_eq!(attempt(address, read(address), || Ok(false)), Ok(false));
        assert_eq!(read(address) & 1, 0);
    }
}
