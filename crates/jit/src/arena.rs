//! The code arena: one memory file, mapped twice. Code is written through the writable view and runs in the executable one;
//! no page is ever both, and no protection changes while threads run.

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

/// Bytes of address space per view, usually; pages cost memory only when they are written. All of it is within reach of a rel32.
pub const SIZE: usize = 512 << 20;

/// The two views of the code.
#[derive(Debug)]
pub struct Arena {
    writable: *mut u8,
    executable: *const u8,
    used: usize,
    size: usize,
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
        // SAFETY: a C string with a terminator; the result is checked.
        let file = unsafe { libc::memfd_create(c"armlet-code".as_ptr(), libc::MFD_CLOEXEC) };
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        let map = |protection| {
            // SAFETY: a fresh mapping at an address of the kernel's choice.
            unsafe { libc::mmap(std::ptr::null_mut(), size, protection, libc::MAP_SHARED, file, 0) }
        };
        // SAFETY: `file` is the descriptor made above.
        let sized = unsafe { libc::ftruncate(file, size as libc::off_t) } == 0;
        let writable = if sized {
            map(libc::PROT_READ | libc::PROT_WRITE)
        } else {
            libc::MAP_FAILED
        };
        let executable = if sized {
            map(libc::PROT_READ | libc::PROT_EXEC)
        } else {
            libc::MAP_FAILED
        };
        let error = io::Error::last_os_error();
        // SAFETY: the mappings keep the file alive; nobody else has the descriptor.
        unsafe { libc::close(file) };
        let arena = Arena {
            writable: writable.cast(),
            executable: executable.cast(),
            used: 0,
            size,
        };
        if writable == libc::MAP_FAILED || executable == libc::MAP_FAILED {
            std::mem::forget(arena);
            return Err(error);
        }
        Ok(arena)
    }

    /// The address at which the next code will run (16-aligned).
    pub fn next(&self) -> u64 {
        self.executable as u64 + self.used as u64
    }

    /// Appends code that was assembled for [`Arena::next`].
    pub fn push(&mut self, code: &[u8]) -> Result<u64, Full> {
        let at = self.next();
        let end = self
            .used
            .checked_add(code.len())
            .filter(|&end| end + 16 <= self.size)
            .ok_or(Full)?;
        // SAFETY: `used..end` is inside of the writable view and holds no code that anybody runs yet.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), self.writable.add(self.used), code.len()) };
        self.used = (end + 15) & !15;
        Ok(at)
    }

    /// Points the 4-aligned rel32 at `at` (an address of the executable view) to `target`.
    pub fn patch(&self, at: u64, target: u64) {
        let offset = at.wrapping_sub(self.executable as u64);
        debug_assert!(offset < self.used as u64 && at.is_multiple_of(4));
        let relative = target.wrapping_sub(at + 4) as i32;
        // SAFETY: inside of the writable view and aligned; threads that run the instruction see the old or the new target whole.
        unsafe { (*self.writable.add(offset as usize).cast::<AtomicI32>()).store(relative, Ordering::Release) };
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
