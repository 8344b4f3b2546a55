//! `--rootfs DIR`: a directory becomes the guest's `/`.
//!
//! The kernel does it: armlet moves into a mount namespace of its own, in which DIR is the root, so that `..`, absolute symbolic
//! links, `getcwd`, `/proc/self/exe` and whatever else knows paths are right without any rewriting. Who is not root gets a
//! user namespace first, in which ids stay as they are. The host's /proc, /sys and /dev appear in DIR where it has directories for
//! them. It is no confinement: see ARCHITECTURE.md.

use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What is passed through from the host.
const PASSED_THROUGH: [&str; 3] = ["proc", "sys", "dev"];
/// Where programs are when PATH does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a directory cannot become `/`.
#[derive(Debug, thiserror::Error)]
pub enum RootfsError {
    /// It is not there, or is no directory.
    #[error("--rootfs {}: {source}; give the directory of an ARM root file system", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The kernel gives no namespaces.
    #[error(
        "--rootfs needs a mount namespace, and the kernel refuses one ({0}): run armlet as root, allow user namespaces \
         (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces), or use -L DIR"
    )]
    Namespace(io::Error),
    /// One of the steps behind that.
    #[error("--rootfs {}: {step}: {source}", path.display())]
    Step {
        /// The directory.
        path: PathBuf,
        /// What was tried.
        step: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

/// Makes `directory` the root of this process, which has no other thread yet. The working directory stays where it is if it lies
/// in there, else it is `/`.
pub(crate) fn enter(directory: &Path) -> Result<(), RootfsError> {
    let not_there = |source| RootfsError::Directory {
        path: directory.into(),
        source,
    };
    let root = fs::canonicalize(directory).map_err(not_there)?;
    if !root.is_dir() {
        return Err(not_there(io::Error::from_raw_os_error(libc::ENOTDIR)));
    }
    let here = std::env::current_dir().unwrap_or_default();
    let inside = Path::new("/").join(here.strip_prefix(&root).unwrap_or(Path::new("")));
    if root == Path::new("/") {
        return Ok(());
    }
    let user_namespace = namespaces()?;
    let failed = |step| {
        let path = directory.to_owned();
        move |source| RootfsError::Step { path, step, source }
    };
    // Mounts of the host still arrive here, ours do not arrive there.
    mount(Path::new(""), Path::new("/"), libc::MS_REC | libc::MS_SLAVE)
        .map_err(failed("detaching from the host's mounts"))?;
    let bind = libc::MS_BIND | libc::MS_REC;
    mount(&root, &root, bind).map_err(failed("binding the directory"))?;
    for name in PASSED_THROUGH {
        let place = root.join(name);
        if fs::symlink_metadata(&place).is_ok_and(|data| data.is_dir()) {
            mount(&Path::new("/").join(name), &place, bind).map_err(failed("binding /proc, /sys and /dev"))?;
        }
    }
    if !fs::symlink_metadata(root.join("proc")).is_ok_and(|data| data.is_dir()) {
        armlet_syscall::fs::pin_binary();
    }
    std::env::set_current_dir(&root).map_err(failed("entering the directory"))?;
    change_root().map_err(failed("changing the root"))?;
    std::env::set_current_dir(inside).map_err(failed("entering the working directory"))?;
    // SAFETY: asks only.
    if user_namespace && unsafe { libc::geteuid() } != 0 {
        drop_capabilities().map_err(failed("giving capabilities back"))?;
    }
    Ok(())
}

/// An ordinary user has become the owner of a user namespace, which the guest is not to notice.
fn drop_capabilities() -> io::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    let (header, none) = ([VERSION_3, 0], [0_u32; 6]);
    // SAFETY: two structures that live across the call.
    check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) as i32 })
}

/// A mount namespace, and a user namespace if that is what it takes: then the answer is true.
fn namespaces() -> Result<bool, RootfsError> {
    if unshare(libc::CLONE_NEWNS).is_ok() {
        return Ok(false);
    }
    // SAFETY: ask only.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS).map_err(RootfsError::Namespace)?;
    let same = |id: u32| format!("{id} {id} 1");
    // Without it the kernel does not let an ordinary user map groups.
    fs::write("/proc/self/setgroups", "deny")
        .and_then(|()| fs::write("/proc/self/uid_map", same(user)))
        .and_then(|()| fs::write("/proc/self/gid_map", same(group)))
        .map_err(RootfsError::Namespace)?;
    Ok(true)
}

/// The current directory, which is a mount, becomes the root, and everything outside of it is let go.
fn change_root() -> io::Result<()> {
    let dot = c".";
    // SAFETY: the string is static; armlet holds no path that becomes wrong.
    if unsafe { libc::syscall(libc::SYS_pivot_root, dot.as_ptr(), dot.as_ptr()) } == 0 {
        // SAFETY: as above. The old root lies over the new one, in the same place.
        return check(unsafe { libc::umount2(dot.as_ptr(), libc::MNT_DETACH) });
    }
    // The initial file system of a machine cannot be exchanged.
    mount(Path::new("."), Path::new("/"), libc::MS_MOVE)?;
    // SAFETY: as above.
    check(unsafe { libc::chroot(dot.as_ptr()) })
}

fn mount(source: &Path, target: &Path, flags: libc::c_ulong) -> io::Result<()> {
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::from);
    let (source, target): (CString, CString) = (text(source)?, text(target)?);
    let none: *const libc::c_char = std::ptr::null();
    // SAFETY: both strings live across the call.
    check(unsafe { libc::mount(source.as_ptr(), target.as_ptr(), none, flags, none.cast()) })
}

fn unshare(flags: i32) -> io::Result<()> {
    // SAFETY: this process has one thread, and nothing that depends on its namespaces.
    check(unsafe { libc::unshare(flags) })
}

fn check(result: i32) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A bare name is looked up in the PATH that the guest gets; the host's is of no use to it.
pub(crate) fn search(program: PathBuf, environment: &[CString]) -> PathBuf {
    if program.as_os_str().as_bytes().contains(&b'/') {
        return program;
    }
    let path = environment
        .iter()
        .find_map(|string| CStr::to_bytes(string).strip_prefix(b"PATH="))
        .map_or(DEFAULT_PATH.into(), |value| {
            std::ffi::OsString::from_vec(value.to_vec())
        });
    std::env::split_paths(&path)
        .map(|directory| directory.join(&program))
        .find(|candidate| candidate.is_file())
        .unwrap_or(program)
}
