//! Which host path a guest path is: below the sysroot (`-L`) if the file is there, and the guest's own program instead of
//! armlet's for `/proc/self/exe`. Not a boundary: a guest that must be confined lives in a mount namespace.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use super::proc;
use crate::call::Call;
use crate::task::Break;

/// A path that the host can be given.
pub(crate) enum Lookup {
    /// The guest's own bytes, at that address.
    AsIs(u64),
    /// Another path, absolute.
    Instead(CString),
}

impl Lookup {
    /// The path that argument `index` points to, relative to `dirfd`; a last symbolic link is followed.
    pub(crate) fn new(call: &Call<'_>, dirfd: i32, address: u64) -> Result<Lookup, Break> {
        // A bad address, and a path that is too long, are the host's to report.
        let Ok(path) = call.path(address) else {
            return Ok(Lookup::AsIs(address));
        };
        if let Some(executable) = proc::executable(call, dirfd, &path) {
            return Ok(Lookup::Instead(executable));
        }
        Ok(below_sysroot(call, &path).map_or(Lookup::AsIs(address), Lookup::Instead))
    }

    /// What to give to the host.
    pub(crate) fn pointer(&self) -> u64 {
        match self {
            Lookup::AsIs(address) => *address,
            Lookup::Instead(path) => path.as_ptr() as u64,
        }
    }
}

/// The file's path below the sysroot, if there is a sysroot, the path is absolute and the file exists there.
pub(crate) fn below_sysroot(call: &Call<'_>, path: &CString) -> Option<CString> {
    let sysroot = call.task.settings().sysroot.as_ref()?;
    let relative = path.to_bytes().strip_prefix(b"/")?;
    let mut below = sysroot.as_os_str().as_bytes().to_vec();
    below.push(b'/');
    below.extend_from_slice(relative);
    let below = CString::new(below).ok()?;
    let here = libc::AT_FDCWD as u64;
    call.host(libc::SYS_faccessat, [here, below.as_ptr() as u64, libc::F_OK as u64])
        .is_ok()
        .then_some(below)
}
