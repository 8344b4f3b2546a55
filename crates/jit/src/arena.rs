//! The code arena: one memory file, mapped twice. Code is written through the writable view and runs in the executable one;
//! no page is ever both, and no protection changes while threads run.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicI32, Ordering};

/// What code starts at: the host fetches loops best that start at such addresses, and code that is assembled for another one has the same length.
pub const ALIGNMENT: usize = 32;

/// Bytes of address space per view, usually; pages cost memory only when they are written. All of it is within reach of a rel32.
pub const SIZE: usize = 512 << 20;

/// The two views of the code.
#[derive(Debug)]
pub struct Arena {
    writable: *mut u8,
    executable: *const u8,
    used: usize,
    size: usize,
    /// Space that is free again: offsets of start and end.
    free: BTreeMap<usize, usize>,
    /// The code as it was before the last fork: what is mapped goes on changing with the parent's.
    copy: Vec<u8>,
    /// It has changed since.
    changed: bool,
    /// The child of a fork: what is mapped is still the parent's, and must be neither run nor changed.
    borrowed: bool,
}

// SAFETY: the views belong to the arena alone; writes go through `&mut self`, or are single aligned atomic stores (`patch`).
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

/// Why code found no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code arena is full")]
pub struct Full;

impl Arena {
    /// Maps an empty arena of `size` bytes ([`SIZE`] at most).
    pub fn new(size: usize) -> io::Result<Arena> {
        let size = size.min(SIZE);
        let [writable, executable] = views(size, None)?;
        Ok(Arena {
            writable: writable.cast(),
            executable: executable.cast(),
            used: 0,
            size,
            free: BTreeMap::new(),
            copy: Vec::new(),
            changed: false,
            borrowed: false,
        })
    }

    /// Before a fork: keeps a copy of the code for the child. (Nothing is to be done for one that forks again before it has code of its own, nor if
    /// the last copy is right still.)
    pub fn freeze(&mut self) {
        if self.borrowed || !self.changed {
            return;
        }
        self.copy.clear();
        // SAFETY: the writable view has that many bytes; who changes them has the arena to itself.
        self.copy
            .extend_from_slice(unsafe { std::slice::from_raw_parts(self.writable, self.used) });
        self.changed = false;
    }

    /// In the child of a fork, for which [`Arena::freeze`] was called: what is mapped is the parent's.
    pub fn borrow(&mut self) {
        self.borrowed = true;
    }

    /// Whether it is the parent's still.
    pub fn is_borrowed(&self) -> bool {
        self.borrowed
    }

    /// Puts the copy in place of the parent's code. If it fails, the arena must not be used any more.
    pub fn own(&mut self) -> io::Result<()> {
        if self.borrowed {
            views(
                self.size,
                Some([self.writable.cast(), self.executable.cast_mut().cast()]),
            )?;
            // SAFETY: the writable view, which is new, has as many bytes.
            unsafe { std::ptr::copy_nonoverlapping(self.copy.as_ptr(), self.writable, self.copy.len()) };
            self.borrowed = false;
        }
        Ok(())
    }

    /// Addresses of the executable view.
    pub fn executable(&self) -> Range<u64> {
        let start = self.executable as u64;
        start..start + self.size as u64
    }

    /// Bytes that have been used, from the beginning.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Forgets the code from an address on, and gives its memory back.
    pub fn truncate(&mut self, from: u64) {
        debug_assert!(!self.borrowed);
        self.changed = true;
        self.used = (from - self.executable as u64) as usize;
        self.free.clear();
        let start = self.used.next_multiple_of(4096);
        if start < self.size {
            // SAFETY: part of the writable view, of which nothing is used. If it fails, the memory stays.
            unsafe { libc::madvise(self.writable.add(start).cast(), self.size - start, libc::MADV_REMOVE) };
        }
    }

    /// Code that nobody runs any more: its space can be used again.
    pub fn free(&mut self, code: Range<u64>) {
        let offset = |at: u64| ((at - self.executable as u64) as usize).next_multiple_of(ALIGNMENT);
        let (mut start, mut end) = (offset(code.start), offset(code.end));
        if let Some((&before, &touches)) = self.free.range(..start).next_back()
            && touches == start
        {
            self.free.remove(&before);
            start = before;
        }
        if let Some(behind) = self.free.remove(&end) {
            end = behind;
        }
        if end == self.used {
            self.used = start;
        } else {
            self.free.insert(start, end);
        }
    }

    /// Takes free space for `length` bytes, aligned to [`ALIGNMENT`]; the address at which they will run.
    pub fn reuse(&mut self, length: usize) -> Option<u64> {
        let length = length.next_multiple_of(ALIGNMENT);
        let found = self.free.iter().find(|&(start, end)| end - start >= length);
        let (&start, &end) = found?;
        self.free.remove(&start);
        if start + length < end {
            self.free.insert(start + length, end);
        }
        Some(self.executable as u64 + start as u64)
    }

    /// Writes code that was assembled for an address of [`Arena::reuse`].
    pub fn write(&mut self, at: u64, code: &[u8]) {
        let offset = (at - self.executable as u64) as usize;
        assert!(offset + code.len() <= self.used, "space that was not free");
        debug_assert!(!self.borrowed);
        self.changed = true;
        // SAFETY: inside of the writable view; nobody runs this space now.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), self.writable.add(offset), code.len()) };
    }

    /// The address at which the next code will run (aligned to [`ALIGNMENT`]).
    pub fn next(&self) -> u64 {
        self.executable as u64 + self.used as u64
    }

    /// Appends code that was assembled for [`Arena::next`].
    pub fn push(&mut self, code: &[u8]) -> Result<u64, Full> {
        let at = self.next();
        let end = self
            .used
            .checked_add(code.len())
            .filter(|&end| end + ALIGNMENT <= self.size)
            .ok_or(Full)?;
        // SAFETY: `used..end` is inside of the writable view and holds no code that anybody runs yet.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), self.writable.add(self.used), code.len()) };
        debug_assert!(!self.borrowed);
        self.used = end.next_multiple_of(ALIGNMENT);
        self.changed = true;
        Ok(at)
    }

    /// Points the 4-aligned rel32 at `at` (an address of the executable view) to `target`.
    pub fn patch(&mut self, at: u64, target: u64) {
        debug_assert!(!self.borrowed);
        self.changed = true;
        let offset = at.wrapping_sub(self.executable as u64);
        debug_assert!(offset < self.used as u64 && at.is_multiple_of(4));
        let relative = target.wrapping_sub(at + 4) as i32;
        // SAFETY: inside of the writable view and aligned; threads that run the instruction see the old or the new target whole.
        unsafe { (*self.writable.add(offset as usize).cast::<AtomicI32>()).store(relative, Ordering::Release) };
    }
}

/// The writable and the executable one.
type Views = [*mut libc::c_void; 2];

/// Maps fresh pages twice, writable and executable; at `places`, if an arena of this size is there.
fn views(size: usize, places: Option<Views>) -> io::Result<Views> {
    let [first, second] = places.unwrap_or([std::ptr::null_mut(); 2]);
    let fixed = if places.is_some() { libc::MAP_FIXED } else { 0 };
    if crate::locate::is_told() {
        return anonymous_views(size, places);
    }
    let file = File::new(size)?;
    let writable = file.map(first, libc::PROT_READ | libc::PROT_WRITE, fixed)?;
    match file.map(second, libc::PROT_READ | libc::PROT_EXEC, fixed) {
        Ok(executable) => Ok([writable, executable]),
        Err(error) => {
            if places.is_none() {
                // SAFETY: mapped above, and known to nobody.
                unsafe { libc::munmap(writable, size) };
            }
            Err(error)
        }
    }
}

/// [`views`] without a file: Linux perf has names only for code that is in none. It is not the usual way because it may count as
/// memory in use, all of it, where the kernel does not overcommit.
fn anonymous_views(size: usize, places: Option<Views>) -> io::Result<Views> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a fresh mapping, or one in place of the arena's own; of a shared mapping, an old size of 0 makes a second one.
    unsafe {
        let writable = match places {
            Some([first, _]) => libc::mmap(first, size, protection, flags | libc::MAP_FIXED, -1, 0),
            None => libc::mmap(std::ptr::null_mut(), size, protection, flags, -1, 0),
        };
        if writable == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let executable = match places {
            Some([_, second]) => libc::mremap(writable, 0, size, libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED, second),
            None => libc::mremap(writable, 0, size, libc::MREMAP_MAYMOVE),
        };
        if executable == libc::MAP_FAILED || libc::mprotect(executable, size, libc::PROT_READ | libc::PROT_EXEC) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok([writable, executable])
    }
}

/// A memory file that is closed in the end; its mappings keep it alive.
struct File {
    descriptor: i32,
    size: usize,
}

impl File {
    fn new(size: usize) -> io::Result<File> {
        // SAFETY: a C string with a terminator; the result is checked.
        let file = unsafe { libc::memfd_create(c"armlet-code".as_ptr(), libc::MFD_CLOEXEC) };
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        let file = File { descriptor: file, size };
        // SAFETY: the descriptor made above.
        match unsafe { libc::ftruncate(file.descriptor, size as libc::off_t) } {
            0 => Ok(file),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Maps all of it, at `place` if `flags` say so (then a view of an arena of this size is there).
    fn map(&self, place: *mut libc::c_void, protection: i32, flags: i32) -> io::Result<*mut libc::c_void> {
        // SAFETY: a fresh mapping, or one in place of the arena's own.
        let view = unsafe {
            libc::mmap(
                place,
                self.size,
                protection,
                libc::MAP_SHARED | flags,
                self.descriptor,
                0,
            )
        };
        if view == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(view)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: nobody else has the descriptor.
        unsafe { libc::close(self.descriptor) };
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: both views were mapped by `new` with this size, and nothing refers to them any more.
        unsafe {
            libc::munmap(self.writable.cast(), self.size);
            libc::munmap(self.executable.cast_mut().cast(), self.size);
        }
    }
}
