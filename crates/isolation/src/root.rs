//! The root directory of the guest, made by process 1 in its mount namespace: `--rootfs`, or an empty one in memory with the program; with
//! /proc of the new PID namespace, a few devices, and /tmp.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::pivot_root;

use crate::{Error, Missing, Plan};

/// Where the new root is built: hidden from all but this namespace.
const WORKSHOP: &str = "/tmp";
/// Devices that every program expects.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Makes it, and enters it.
pub fn enter(plan: &Plan, missing: &mut Missing) -> Result<(), Error> {
    let failed = |what: &str| Error::step(format!("the root directory: {what}"));
    let working = std::env::current_dir().ok();
    // Paths are made absolute, and symbolic links followed, while the host's root is still in its place.
    let resolved = |path: &Path| -> Result<(PathBuf, PathBuf), Error> {
        let both = || -> io::Result<_> { Ok((std::path::absolute(path)?, fs::canonicalize(path)?)) };
        both().map_err(Error::step(path.display().to_string()))
    };
    let rootfs = plan.rootfs.as_deref().map(resolved).transpose()?;
    let sysroot = plan.sysroot.as_deref().map(resolved).transpose()?;
    // In a root of its own, the program is named by its path there.
    let program = if rootfs.is_none() {
        Some(resolved(&plan.program)?)
    } else {
        None
    };
    let hostname = rustix::system::sethostname(b"armlet").map_err(io::Error::from);
    missing.note("host name", hostname);
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(io::Error::from)
        .map_err(failed("making mounts private"))?;
    // A directory in memory becomes the root, with the host's below it; then the guest's root is made beside that, and the host's goes.
    memory(Path::new(WORKSHOP), "755").map_err(failed("a directory in memory"))?;
    let build = || -> io::Result<()> {
        let workshop = Path::new(WORKSHOP);
        fs::create_dir(workshop.join("host"))?;
        fs::create_dir(workshop.join("guest"))?;
        pivot_root(workshop, workshop.join("host"))?;
        std::env::set_current_dir("/")?;
        Ok(())
    };
    build().map_err(failed("entering it"))?;
    let (host, guest) = (Path::new("/host"), Path::new("/guest"));
    match &rootfs {
        Some((path, real)) => bind(&below(host, real), guest, false).map_err(failed(&path.display().to_string()))?,
        None => {
            memory(guest, "755").map_err(failed("a directory in memory"))?;
            let tmp = guest.join("tmp");
            fs::create_dir(&tmp)
                .and_then(|()| memory(&tmp, "1777"))
                .map_err(failed("/tmp"))?;
            for (path, real) in program.iter().chain(&sysroot) {
                place(host, guest, path, real).map_err(failed(&path.display().to_string()))?;
            }
        }
    }
    if let (None, Some(working)) = (&rootfs, &working) {
        // Empty, but relative paths of the command line hold.
        fs::create_dir_all(below(guest, working)).map_err(failed("the working directory"))?;
    }
    furnish(host, guest, plan.rootfs.is_some(), missing).map_err(failed("its directories"))?;
    let settle = || -> io::Result<()> {
        // The old root goes below the new one for a moment, and away.
        let below = guest.join("dev/host");
        fs::create_dir(&below)?;
        pivot_root(guest, &below)?;
        std::env::set_current_dir("/")?;
        unmount("/dev/host", UnmountFlags::DETACH)?;
        fs::remove_dir("/dev/host")
    };
    settle().map_err(failed("entering it"))?;
    if let Some(working) = working {
        // In a root of its own, most directories are not there.
        let _ = std::env::set_current_dir(working);
    }
    Ok(())
}

fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// A file system in memory.
fn memory(at: &Path, permissions: &str) -> io::Result<()> {
    let options = std::ffi::CString::new(format!("mode={permissions}"))?;
    mount(
        "armlet",
        at,
        "tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        Some(options.as_c_str()),
    )?;
    Ok(())
}

/// Shows `from` at `to`: without devices and set-user-id programs, and read-only if `fixed`.
fn bind(from: &Path, to: &Path, fixed: bool) -> io::Result<()> {
    if from.is_dir() {
        mount_bind_recursive(from, to)?;
    } else {
        mount_bind(from, to)?;
    }
    let flags = MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV;
    let flags = if fixed { flags | MountFlags::RDONLY } else { flags };
    // Flags that the file system has already cannot be taken away in a user namespace; they have to be named again.
    let more = [
        MountFlags::empty(),
        MountFlags::NOEXEC,
        MountFlags::NOATIME,
        MountFlags::RELATIME,
    ];
    let mut result = Ok(());
    for extra in more {
        result = mount_remount(to, flags | extra, c"");
        if result.is_ok() {
            break;
        }
    }
    Ok(result?)
}

/// Shows a file or directory of the host at its own path.
fn place(host: &Path, guest: &Path, path: &Path, real: &Path) -> io::Result<()> {
    // Symbolic links are followed before the host's root moves: see `enter`.
    let from = below(host, real);
    let to = below(guest, path);
    if from.is_dir() {
        fs::create_dir_all(&to)?;
    } else {
        fs::create_dir_all(to.parent().unwrap_or(guest))?;
        fs::File::create(&to)?;
    }
    bind(&from, &to, true)
}

/// /proc, /dev and what else programs expect. A given root keeps what it has.
fn furnish(host: &Path, guest: &Path, given: bool, missing: &mut Missing) -> io::Result<()> {
    let directory = |name: &str| -> io::Result<PathBuf> {
        let path = guest.join(name);
        if !path.is_dir() {
            fs::create_dir(&path)?;
        }
        Ok(path)
    };
    let proc = directory("proc")?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    // Process 1 is armlet's own, and cannot be traced from inside: with that option, it is not listed either (Linux 5.8).
    let hidden = c"hidepid=ptraceable";
    let mounted = mount("proc", &proc, "proc", flags, Some(hidden))
        .or_else(|_| mount("proc", &proc, "proc", flags, None))
        .map_err(io::Error::from);
    missing.note("/proc of the guest's own processes", mounted);
    let dev = directory("dev")?;
    memory(&dev, "755")?;
    for device in DEVICES {
        let at = dev.join(device);
        fs::File::create(&at)?;
        mount_bind(host.join("dev").join(device), &at)?;
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
        ("stderr", "fd/2"),
    ] {
        symlink(target, dev.join(name))?;
    }
    let shm = dev.join("shm");
    fs::create_dir(&shm)?;
    memory(&shm, "1777")?;
    if !given {
        fs::create_dir_all(guest.join("etc"))?;
        fs::write(guest.join("etc/passwd"), "root:x:0:0:root:/:/bin/sh\n")?;
        fs::write(guest.join("etc/group"), "root:x:0:\n")?;
    }
    Ok(())
}
