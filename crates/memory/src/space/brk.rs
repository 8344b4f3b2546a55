//! brk(2): the heap right behind the program.

use std::ops::Range;
use std::sync::Arc;

use super::{AddressSpace, Error, Mapping, Protection, State, host};
use crate::{ADDRESS_LIMIT, page_up};

/// The state of the heap.
#[derive(Debug, Default)]
pub(super) struct Brk {
    /// Where the area begins: the lowest break.
    start: u64,
    /// The current break, a byte address.
    current: u64,
    /// Where the area ends.
    end: u64,
}

impl Brk {
    /// All addresses that are kept.
    pub fn area(&self) -> Range<u64> {
        self.start..self.end
    }
}

impl AddressSpace {
    /// Says where the heap begins (a page, right behind the program's image or a random distance away). Up to
    /// [`super::Layout::brk_room`] bytes from there on, and no further than the next mapping, are kept for it: nothing else is placed there,
    /// unless the guest asks for that address or there is no other room.
    pub fn set_brk_start(&self, start: u64) {
        let mut state = self.lock();
        let limit = self.layout.limit;
        let start = page_up(start).unwrap_or(limit).min(limit);
        let wanted = start..start.saturating_add(self.layout.brk_room).min(limit);
        let end = state
            .tree
            .overlapping(&wanted)
            .next()
            .map_or(wanted.end, |mapping| mapping.start.max(start));
        state.brk = Brk {
            start,
            current: start,
            end,
        };
    }

    /// brk(2) as the kernel has it: moves the break to `wanted` if that is possible, and answers where the break is
    /// now.
    pub fn brk(&self, wanted: u64) -> u64 {
        let mut state = self.lock();
        // An error of the host means that there is no room: the break stays where it is.
        let _ = state.set_brk(wanted);
        state.brk.current
    }
}

impl State {
    fn set_brk(&mut self, wanted: u64) -> Result<(), Error> {
        if wanted < self.brk.start || wanted > self.brk.end {
            return Ok(());
        }
        let pages = |address| page_up(address).unwrap_or(ADDRESS_LIMIT);
        let (old, new) = (pages(self.brk.current), pages(wanted));
        if new > old {
            let range = old..new;
            if !self.tree.is_free(&range) {
                return Ok(());
            }
            self.charge(new - old, &(0..0), true)?;
            let protection = Protection::READ_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
            // SAFETY: `claim` has taken the range for the guest.
            self.claim(&range, || unsafe { host::map(&range, protection.host(), flags, -1, 0) })?;
            self.tree.insert(Mapping {
                start: old,
                end: new,
                protection,
                shared: false,
                grows_down: false,
                dont_fork: false,
                locked: self.lock_future,
                file: None,
                offset: 0,
                name: Some(Arc::from("[heap]")),
            });
        } else if new < old {
            self.unmap(&(new..old))?;
        }
        self.brk.current = wanted;
        Ok(())
    }
}
