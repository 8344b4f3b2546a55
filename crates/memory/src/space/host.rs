//! The host's system calls on memory. Each takes guest ranges, which are host ranges, and the caller's word that they
//! are the guest's to change.

use std::ffi::{CString, OsStr};
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;

use super::Error;
use super::mapping::File;
use crate::ticks::host;

/// The last error of a call that failed.
fn last_error() -> Error {
    Error::new(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))
}

fn check(result: i32) -> Result<(), Error> {
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

fn length(range: &Range<u64>) -> usize {
    (range.end - range.start) as usize
}

/// mmap(2); `range` is a wish unless the flags fix it.
///
/// # Safety
///
/// With `MAP_FIXED`, nothing but the guest may live in `range`.
pub(super) unsafe fn map(range: &Range<u64>, prot: i32, flags: i32, fd: i32, offset: u64) -> Result<u64, Error> {
    // SAFETY: a new mapping, or one that the caller gives up.
    let at = host(|| unsafe { libc::mmap(range.start as *mut _, length(range), prot, flags, fd, offset as i64) });
    if at == libc::MAP_FAILED {
        Err(last_error())
    } else {
        Ok(at.addr() as u64)
    }
}

/// Takes `range`, without access, if nothing at all is mapped there; `false` if something is.
pub(super) fn reserve(range: &Range<u64>) -> Result<bool, Error> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
    // SAFETY: never replaces anything.
    match unsafe { map(range, libc::PROT_NONE, flags, -1, 0) } {
        Ok(at) if at == range.start => Ok(true),
        Ok(elsewhere) => {
            // A kernel before 4.17 takes the flag for a wish.
            let elsewhere = elsewhere..elsewhere + (range.end - range.start);
            // SAFETY: the mapping just made.
            unsafe { unmap(&elsewhere)? };
            Ok(false)
        }
        Err(error) if error.errno() == libc::EEXIST => Ok(false),
        Err(error) => Err(error),
    }
}

/// munmap(2).
///
/// # Safety
///
/// Nothing but the guest may live in `range`.
pub(super) unsafe fn unmap(range: &Range<u64>) -> Result<(), Error> {
    // SAFETY: the caller's word.
    check(unsafe { libc::munmap(range.start as *mut _, length(range)) })
}

/// mprotect(2).
///
/// # Safety
///
/// Nothing but the guest may live in `range`.
pub(super) unsafe fn protect(range: &Range<u64>, prot: i32) -> Result<(), Error> {
    // SAFETY: the caller's word.
    check(unsafe { libc::mprotect(range.start as *mut _, length(range), prot) })
}

/// mremap(2).
///
/// # Safety
///
/// Nothing but the guest may live in `old`, and in `new` if it is given (`MREMAP_FIXED`).
pub(super) unsafe fn remap(old: &Range<u64>, new_length: u64, flags: i32, new: Option<u64>) -> Result<u64, Error> {
    let new = new.map_or(null_mut(), |address| address as *mut libc::c_void);
    // SAFETY: the caller's word.
    let at = unsafe { libc::mremap(old.start as *mut _, length(old), new_length as usize, flags, new) };
    if at == libc::MAP_FAILED {
        Err(last_error())
    } else {
        Ok(at.addr() as u64)
    }
}

/// remap_file_pages(2).
///
/// # Safety
///
/// Nothing but the guest may live in `range`.
pub(super) unsafe fn remap_file_pages(range: &Range<u64>, page: u64, flags: u32) -> Result<(), Error> {
    let nonblock = i64::from(flags) & i64::from(libc::MAP_NONBLOCK);
    // SAFETY: the caller's word.
    let result = unsafe {
        let (start, length) = (range.start as i64, length(range) as i64);
        libc::syscall(libc::SYS_remap_file_pages, start, length, 0_i64, page as i64, nonblock)
    };
    check(result as i32)
}

/// madvise(2).
///
/// # Safety
///
/// Nothing but the guest may live in `range`.
pub(super) unsafe fn advise(range: &Range<u64>, advice: i32) -> Result<(), Error> {
    // SAFETY: the caller's word.
    check(unsafe { libc::madvise(range.start as *mut _, length(range), advice) })
}

/// Which file `fd` is.
pub(super) fn identify(fd: i32) -> Result<File, Error> {
    // SAFETY: zero is a valid value of every field of the C structure.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: a valid structure; a bad descriptor is an error.
    check(unsafe { libc::fstat(fd, &raw mut stat) })?;
    let mut path = vec![0u8; libc::PATH_MAX as usize];
    let link = CString::new(format!("/proc/self/fd/{fd}")).map_err(|_| Error::new(libc::EBADF))?;
    // SAFETY: a valid string, and a buffer with its length.
    let read = unsafe { libc::readlink(link.as_ptr(), path.as_mut_ptr().cast(), path.len()) };
    // Without /proc, a mapping has no name; it works all the same.
    path.truncate(usize::try_from(read).unwrap_or(0));
    Ok(File {
        device: stat.st_dev,
        inode: stat.st_ino,
        path: OsStr::from_bytes(&path).into(),
    })
}

/// Whether code may not be mapped from `fd`, because its file system is mounted `noexec`.
pub(super) fn forbids_execution(fd: i32) -> bool {
    // SAFETY: zero is a valid value of every field of the C structure.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: a valid structure; a bad descriptor is an error.
    unsafe { libc::fstatvfs(fd, &raw mut stat) == 0 && stat.f_flag & libc::ST_NOEXEC != 0 }
}
