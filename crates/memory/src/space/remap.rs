//! mremap(2) and remap_file_pages(2).

use std::ops::Range;

use super::{AddressSpace, EFAULT, EINVAL, ENOMEM, Error, Mapping, State, fixed_range, host, join};
use crate::{PAGE_SIZE, page_down, page_up, untag};

const MAYMOVE: u32 = libc::MREMAP_MAYMOVE as u32;
const FIXED: u32 = libc::MREMAP_FIXED as u32;
const DONTUNMAP: u32 = libc::MREMAP_DONTUNMAP as u32;

impl AddressSpace {
    /// mremap(2): resizes a mapping, moves it, or both; answers where it is now. The range must be part of one
    /// mapping. A tag in
    /// `address` is ignored.
    ///
    /// # Errors
    ///
    /// As mremap(2).
    pub fn remap(
        &self,
        address: u64,
        old_length: u64,
        new_length: u64,
        flags: u32,
        new_address: u64,
    ) -> Result<u64, Error> {
        let address = untag(address);
        let misfit = flags & !(MAYMOVE | FIXED | DONTUNMAP) != 0
            || flags & FIXED != 0 && flags & MAYMOVE == 0
            || flags & DONTUNMAP != 0 && (flags & MAYMOVE == 0 || old_length != new_length)
            || !address.is_multiple_of(PAGE_SIZE);
        if misfit {
            return Err(EINVAL);
        }
        let old_length = page_up(old_length).ok_or(EINVAL)?;
        let new_length = page_up(new_length).filter(|&length| length != 0).ok_or(EINVAL)?;
        if new_length > self.layout.limit {
            return Err(if flags & FIXED != 0 { EINVAL } else { ENOMEM });
        }
        let old = address..address.checked_add(old_length).ok_or(EINVAL)?;

        let mut state = self.lock();
        let mapping = state.tree.at(address).ok_or(EFAULT)?.clone();
        let request = Request {
            old,
            new_length,
            flags,
            mapping,
        };
        let (result, changed) = if flags & FIXED != 0 {
            state.remap_fixed(&request, &self.layout, new_address)
        } else {
            state.remap_anywhere(&request, &self.layout, new_address)
        };
        drop(state);
        self.invalidated(changed);
        result
    }

    /// remap_file_pages(2): makes a part of a shared mapping show other pages of its file, from page `page` on. `prot` must be 0.
    ///
    /// # Errors
    ///
    /// As remap_file_pages(2).
    pub fn remap_file_pages(&self, address: u64, length: u64, prot: u64, page: u64, flags: u32) -> Result<(), Error> {
        let start = page_down(untag(address));
        let end = start.checked_add(page_down(length)).ok_or(EINVAL)?;
        let offset = page.checked_mul(PAGE_SIZE).ok_or(EINVAL)?;
        let range = start..end;
        let mut state = self.lock();
        let mapping = state
            .tree
            .at(start)
            .filter(|mapping| prot == 0 && !range.is_empty() && mapping.shared && range.end <= mapping.end);
        let mapping = mapping.ok_or(EINVAL)?.clone();
        // SAFETY: a range of one of the guest's mappings.
        unsafe { host::remap_file_pages(&range, page, flags)? };
        let changed = state.code_in(&range);
        state.tree.remove(&range);
        state.tree.insert(Mapping {
            offset: if mapping.file.is_some() { offset } else { 0 },
            ..mapping.moved(range)
        });
        drop(state);
        self.invalidated(changed);
        Ok(())
    }
}

/// A checked request; lengths are whole pages.
struct Request {
    old: Range<u64>,
    new_length: u64,
    flags: u32,
    /// The mapping at the start of `old`.
    mapping: Mapping,
}

impl Request {
    fn old_length(&self) -> u64 {
        self.old.end - self.old.start
    }

    /// Checks what Linux checks before a mapping grows or moves.
    fn check(&self) -> Result<(), Error> {
        // With length 0, a shared mapping is duplicated; a private one cannot be.
        if self.old.is_empty() && !self.mapping.shared {
            return Err(EINVAL);
        }
        if self.old.end > self.mapping.end {
            Err(EFAULT)
        } else {
            Ok(())
        }
    }
}

/// The answer, and the code that has changed (even if there is an error).
type Remapped = (Result<u64, Error>, Option<Range<u64>>);

impl State {
    fn remap_fixed(&mut self, request: &Request, layout: &super::Layout, new_address: u64) -> Remapped {
        let new = match fixed_range(new_address, request.new_length, layout.limit) {
            Ok(new) => new,
            Err(_) => return (Err(EINVAL), None),
        };
        let old = &request.old;
        if new.start < old.end && old.start < new.end {
            return (Err(EINVAL), None);
        }
        if let Err(error) = request.check().and_then(|()| self.charge_for(request, &new)) {
            return (Err(error), None);
        }
        let changed = self.code_in(&new);
        let (result, also) = self.move_to(request, &new);
        (
            result,
            also.into_iter()
                .chain(changed)
                .fold(None, |all, range| Some(join(all, range))),
        )
    }

    fn remap_anywhere(&mut self, request: &Request, layout: &super::Layout, hint: u64) -> Remapped {
        let (old, new_length) = (&request.old, request.new_length);
        let stays = request.flags & DONTUNMAP == 0 && !old.is_empty();
        if stays && new_length <= request.old_length() {
            // Shrinking is unmapping the rest, whatever that consists of.
            let rest = old.start + new_length..old.end;
            let changed = self.code_in(&rest);
            return (self.unmap(&rest).map(|()| old.start), changed);
        }
        if let Err(error) = request.check().and_then(|()| self.charge_for(request, &(0..0))) {
            return (Err(error), None);
        }
        let grown = old.start..old.start.saturating_add(new_length);
        if stays && old.end == request.mapping.end && grown.end <= layout.limit {
            let more = old.end..grown.end;
            if self.tree.is_free(&more) {
                // SAFETY: the guest's mapping; the host refuses to grow it into another one.
                if unsafe { host::remap(old, new_length, 0, None) }.is_ok() {
                    let offset = request.mapping.offset_of(old.start);
                    self.tree.insert(Mapping {
                        offset,
                        ..request.mapping.moved(grown.clone())
                    });
                    return (Ok(old.start), request.mapping.protection.execute().then_some(more));
                }
            }
        }
        if request.flags & MAYMOVE == 0 {
            return (Err(ENOMEM), None);
        }
        let reserve = |range: &Range<u64>, how: i32| {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | how;
            // SAFETY: `how` never replaces anything.
            unsafe { host::map(range, libc::PROT_NONE, flags, -1, 0) }
        };
        let hint = if request.flags & DONTUNMAP != 0 { hint } else { 0 };
        match self.place(layout, hint, new_length, reserve) {
            Ok(start) => {
                let new = start..start + new_length;
                // Enter the reserved pages as the guest's, so that the move may replace them.
                self.tree.insert(Mapping {
                    file: None,
                    ..request.mapping.moved(new.clone())
                });
                let moved = self.move_to(request, &new);
                if moved.0.is_err() {
                    // The reserved pages are given back; nothing else can be done about an error here.
                    let _ = self.unmap(&new);
                }
                moved
            }
            Err(error) => (Err(error), None),
        }
    }

    /// Moves to `new`, where whatever the guest has is replaced.
    fn move_to(&mut self, request: &Request, new: &Range<u64>) -> Remapped {
        let (old, mapping) = (&request.old, &request.mapping);
        // Linux gives up the end of the old range first.
        let kept = old.start..old.end.min(old.start.saturating_add(request.new_length));
        let flags = (MAYMOVE | FIXED | request.flags & DONTUNMAP) as i32;
        let result = self.claim(new, || {
            // SAFETY: the old range is of one of the guest's mappings; `claim` has taken the new one for the guest.
            unsafe { host::remap(old, request.new_length, flags, Some(new.start)) }
        });
        if let Err(error) = result {
            return (Err(error), None);
        }
        let offset = mapping.offset_of(kept.start);
        if request.flags & DONTUNMAP == 0 {
            self.tree.remove(old);
        }
        self.tree.insert(Mapping {
            offset,
            ..mapping.moved(new.clone())
        });
        let changed = mapping
            .protection
            .execute()
            .then(|| join(Some(old.clone()), new.clone()));
        (Ok(new.start), changed)
    }

    /// [`State::charge`] for what the request adds.
    fn charge_for(&self, request: &Request, replaced: &Range<u64>) -> Result<(), Error> {
        let gone = if request.flags & DONTUNMAP == 0 {
            request.old_length()
        } else {
            0
        };
        let more = request.new_length.saturating_sub(gone);
        self.charge(more, replaced, request.mapping.is_data())
    }
}
