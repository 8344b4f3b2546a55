//! What one mapping of a guest is: data only.

use std::ffi::OsStr;
use std::fmt;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// What the guest may do with a page: `PROT_READ` (1), `PROT_WRITE` (2), `PROT_EXEC` (4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Protection(u8);

impl Protection {
    /// No access at all.
    pub const NONE: Protection = Protection(0);
    /// Reads.
    pub const READ: Protection = Protection(1);
    /// Reads and writes.
    pub const READ_WRITE: Protection = Protection(3);
    /// Reads and instruction fetches.
    pub const READ_EXECUTE: Protection = Protection(5);

    /// From the `prot` argument of mmap(2); bits above `PROT_EXEC` are dropped.
    #[must_use]
    pub const fn from_linux(prot: u32) -> Protection {
        Protection((prot & 7) as u8)
    }

    /// As the `prot` argument of mmap(2).
    #[must_use]
    pub const fn to_linux(self) -> u32 {
        self.0 as u32
    }

    /// `PROT_READ` was asked for. Writable and executable pages can be read too, as on an Arm core without FEAT_PAN3.
    #[must_use]
    pub const fn read(self) -> bool {
        self.0 & 1 != 0
    }

    /// `PROT_WRITE`.
    #[must_use]
    pub const fn write(self) -> bool {
        self.0 & 2 != 0
    }

    /// `PROT_EXEC`.
    #[must_use]
    pub const fn execute(self) -> bool {
        self.0 & 4 != 0
    }

    /// The protection of the host's pages: never executable (guest code is data for the host); any access implies
    /// reading.
    pub(super) const fn host(self) -> i32 {
        match (self.0, self.write()) {
            (0, _) => libc::PROT_NONE,
            (_, true) => libc::PROT_READ | libc::PROT_WRITE,
            (_, false) => libc::PROT_READ,
        }
    }

    /// Whether a change to `new` concerns translated code: pages become or cease to be executable, or executable
    /// pages become or cease to be writable.
    pub(super) const fn changes_code(self, new: Protection) -> bool {
        (self.execute() || new.execute()) && (self.0 & 6) != (new.0 & 6)
    }
}

impl fmt::Debug for Protection {
    /// As in /proc/self/maps: `r-x`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |set, letter| if set { letter } else { '-' };
        write!(
            f,
            "{}{}{}",
            letter(self.read(), 'r'),
            letter(self.write(), 'w'),
            letter(self.execute(), 'x')
        )
    }
}

/// The file behind a mapping: which it is, and what it was called when it was mapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct File {
    /// `st_dev`.
    pub device: u64,
    /// `st_ino`.
    pub inode: u64,
    /// The path, as `/proc/self/fd` told it.
    pub path: Box<OsStr>,
}

/// A range of guest pages that have everything in common.
#[derive(Clone, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// What the guest may do.
    pub protection: Protection,
    /// `MAP_SHARED` (or `MAP_SHARED_VALIDATE`), else `MAP_PRIVATE`.
    pub shared: bool,
    /// `MAP_GROWSDOWN`: noted for mprotect(2) with `PROT_GROWSDOWN`; the mapping has its full size from the start.
    pub grows_down: bool,
    /// `MADV_DONTFORK`: the mapping is not there in a child process.
    pub dont_fork: bool,
    /// `mlock`: the pages stay in memory. Not inherited by a child process.
    pub locked: bool,
    /// The file, unless the mapping is anonymous.
    pub file: Option<Arc<File>>,
    /// Where in the file `start` is, in bytes; 0 without a file.
    pub offset: u64,
    /// `[heap]`, `[stack]`, `[vdso]`, or a name given by `PR_SET_VMA_ANON_NAME`.
    pub name: Option<Arc<str>>,
}

impl Mapping {
    /// Its addresses.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.start..self.end
    }

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.end - self.start
    }

    /// Whether it counts as data (`RLIMIT_DATA`, `VmData`): private and writable, and no stack.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.protection.write() && !self.shared && !self.is_stack()
    }

    /// Whether it counts as stack (`VmStk`).
    #[must_use]
    pub fn is_stack(&self) -> bool {
        self.grows_down || self.name.as_deref() == Some("[stack]")
    }

    /// The part of it within `range`, which must overlap it.
    pub(super) fn clip(&self, range: &Range<u64>) -> Mapping {
        let start = self.start.max(range.start);
        Mapping {
            start,
            end: self.end.min(range.end),
            offset: self.offset_of(start),
            ..self.clone()
        }
    }

    /// The same mapping at another place and with another length, beginning with the same byte of the file.
    pub(super) fn moved(&self, range: Range<u64>) -> Mapping {
        Mapping {
            start: range.start,
            end: range.end,
            ..self.clone()
        }
    }

    /// Where in the file an address of the mapping is.
    pub(super) fn offset_of(&self, address: u64) -> u64 {
        if self.file.is_some() {
            self.offset.wrapping_add(address - self.start)
        } else {
            0
        }
    }

    /// Whether `next` begins where this ends, and together they are one mapping.
    pub(super) fn continues_in(&self, next: &Mapping) -> bool {
        self.end == next.start
            && self.protection == next.protection
            && (self.shared, self.grows_down, self.dont_fork, self.locked)
                == (next.shared, next.grows_down, next.dont_fork, next.locked)
            && self.file == next.file
            && self.name == next.name
            && self.offset_of(self.end) == next.offset
    }
}

impl fmt::Display for Mapping {
    /// A line of /proc/PID/maps, without its end (proc_pid_maps(5)).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = if self.shared { 's' } else { 'p' };
        let (device, inode) = self.file.as_ref().map_or((0, 0), |file| (file.device, file.inode));
        let (major, minor) = (libc::major(device), libc::minor(device));
        let front = format!(
            "{:08x}-{:08x} {:?}{shared} {:08x} {major:02x}:{minor:02x} {inode} ",
            self.start, self.end, self.protection, self.offset
        );
        match (&self.name, &self.file) {
            (Some(name), _) => write!(f, "{front:<73}{name}"),
            (None, Some(file)) => {
                // The kernel writes a line feed in a path as \012.
                let path = String::from_utf8_lossy(file.path.as_bytes()).replace('\n', "\\012");
                write!(f, "{front:<73}{path}")
            }
            (None, None) => f.write_str(&front),
        }
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
