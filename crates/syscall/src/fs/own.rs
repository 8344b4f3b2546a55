//! Descriptors of armlet's own, which the guest can neither see closed nor close: where the trace goes, and armlet's binary, from which
//! `execve` starts the next program.
//!
//! The binary is reached through `/proc/self/exe`. Where that leads nowhere, or is about to (a guest that calls chroot), a
//! descriptor keeps it.

use std::ffi::CStr;
use std::ops::RangeInclusive;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use crate::call::Call;
use crate::task::Reply;
use crate::{Errno, host};

/// The lowest descriptor that is armlet's own, out of the guest's way.
pub const LOWEST_DESCRIPTOR: RawFd = 900;

const NONE: i32 = -1;
/// Those that are kept; the first is the binary. A process has one trace; tests have several.
static OWN: [AtomicI32; 8] = [const { AtomicI32::new(NONE) }; 8];

/// Keeps a descriptor of armlet's from the guest, until [`release`].
///
/// # Errors
///
/// EMFILE if no more can be kept.
pub fn reserve(descriptor: RawFd) -> Result<(), Errno> {
    let place = OWN[1..].iter().find(|place| {
        place
            .compare_exchange(NONE, descriptor, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    });
    place.map(|_| ()).ok_or(Errno::EMFILE)
}

/// Keeps a descriptor no longer: it is about to be closed.
pub fn release(descriptor: RawFd) {
    for place in &OWN[1..] {
        let _ = place.compare_exchange(descriptor, NONE, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Whether a descriptor is armlet's.
pub(super) fn is_own(descriptor: RawFd) -> bool {
    descriptor >= 0 && OWN.iter().any(|own| own.load(Ordering::Relaxed) == descriptor)
}

/// A range of descriptors without armlet's.
pub(super) fn without_own(range: RangeInclusive<u32>) -> Vec<RangeInclusive<u32>> {
    let mut own: Vec<u32> = OWN
        .iter()
        .filter_map(|own| own.load(Ordering::Relaxed).try_into().ok())
        .collect();
    own.sort_unstable();
    let mut rest = Vec::new();
    let (mut first, last) = range.into_inner();
    for own in own {
        if (first..=last).contains(&own) {
            if first < own {
                rest.push(first..=own - 1);
            }
            first = own + 1;
        }
    }
    if first <= last {
        rest.push(first..=last);
    }
    rest
}

const THROUGH_PROC: &CStr = c"/proc/self/exe";

/// armlet's own binary as `execveat` takes it: a path, or an empty one for the descriptor.
pub fn binary() -> (RawFd, &'static CStr) {
    match OWN[0].load(Ordering::Relaxed) {
        NONE => (libc::AT_FDCWD, THROUGH_PROC),
        descriptor => (descriptor, c""),
    }
}

/// Keeps the binary by a descriptor, since paths are about to mean something else. Nothing happens if it is kept already, or cannot be
/// found: then it is `execve` that fails.
pub fn pin_binary() {
    if OWN[0].load(Ordering::Relaxed) != NONE {
        return;
    }
    // SAFETY: asks only; the kernel's string lives as long as the process.
    let started_by = unsafe { libc::getauxval(libc::AT_EXECFN) as *const libc::c_char };
    let opened = open(THROUGH_PROC).or_else(|errno| {
        if started_by.is_null() {
            return Err(errno);
        }
        // SAFETY: as above.
        open(unsafe { CStr::from_ptr(started_by) })
    });
    let Ok(file) = opened else { return };
    if let Ok(descriptor) = duplicate(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC) {
        adopt_binary(descriptor);
    }
}

/// The same if `/proc/self/exe` leads nowhere.
pub fn pin_binary_without_proc() {
    let args = [
        libc::AT_FDCWD as u64,
        THROUGH_PROC.as_ptr() as u64,
        libc::X_OK as u64,
        0,
        0,
        0,
    ];
    // SAFETY: asks only.
    if unsafe { host::call(libc::SYS_faccessat, args) }.is_err() {
        pin_binary();
    }
}

/// Takes over the descriptor of the binary from the armlet before this one.
pub fn adopt_binary(descriptor: RawFd) {
    let args = [
        descriptor as u64,
        libc::F_SETFD as u64,
        libc::FD_CLOEXEC as u64,
        0,
        0,
        0,
    ];
    // SAFETY: changes a flag of armlet's own descriptor.
    let _ = unsafe { host::call(libc::SYS_fcntl, args) };
    OWN[0].store(descriptor, Ordering::Relaxed);
}

fn open(path: &CStr) -> Result<OwnedFd, Errno> {
    let flags = libc::O_PATH | libc::O_CLOEXEC;
    let args = [libc::AT_FDCWD as u64, path.as_ptr() as u64, flags as u64, 0, 0, 0];
    // SAFETY: only makes a descriptor, which is nobody else's.
    unsafe { host::call(libc::SYS_openat, args).map(|descriptor| OwnedFd::from_raw_fd(descriptor as i32)) }
}

/// A copy of a descriptor, out of the guest's way if there is room.
///
/// # Errors
///
/// There are no descriptors left.
pub fn duplicate(descriptor: RawFd, command: i32) -> Result<RawFd, Errno> {
    let duplicate = |least: i32| {
        let args = [descriptor as u64, command as u64, least as u64, 0, 0, 0];
        // SAFETY: only makes a descriptor.
        unsafe { host::call(libc::SYS_fcntl, args) }
    };
    duplicate(LOWEST_DESCRIPTOR)
        .or_else(|_| duplicate(3))
        .map(|copy| copy as i32)
}

/// A call after which paths may mean something else: the host's, with the binary in hand.
fn paths_change(call: &mut Call<'_>, number: i64) -> Reply {
    pin_binary();
    call.pass(number)
}

/// chroot(2).
pub fn chroot(call: &mut Call<'_>) -> Reply {
    paths_change(call, libc::SYS_chroot)
}

/// pivot_root(2).
pub fn pivot_root(call: &mut Call<'_>) -> Reply {
    paths_change(call, libc::SYS_pivot_root)
}

/// mount(2), which may cover /proc.
pub fn mount(call: &mut Call<'_>) -> Reply {
    paths_change(call, libc::SYS_mount)
}

/// move_mount(2), likewise.
pub fn move_mount(call: &mut Call<'_>) -> Reply {
    paths_change(call, 429)
}

/// umount2: umount(2), which may take /proc away.
pub fn umount2(call: &mut Call<'_>) -> Reply {
    paths_change(call, libc::SYS_umount2)
}

/// setns(2): another mount namespace.
pub fn setns(call: &mut Call<'_>) -> Reply {
    paths_change(call, libc::SYS_setns)
}
