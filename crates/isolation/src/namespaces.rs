//! The namespaces that the outer process makes.

use std::fs;

use nix::sched::{CloneFlags, unshare};

use crate::{Error, Missing};

/// Those besides the user namespace, with their names.
const NAMESPACES: [(CloneFlags, &str); 6] = [
    (CloneFlags::CLONE_NEWNS, "mount namespace"),
    (CloneFlags::CLONE_NEWPID, "PID namespace"),
    (CloneFlags::CLONE_NEWIPC, "IPC namespace"),
    (CloneFlags::CLONE_NEWUTS, "UTS namespace"),
    (CloneFlags::CLONE_NEWNET, "network namespace"),
    (CloneFlags::CLONE_NEWCGROUP, "cgroup namespace"),
];

/// Enters new namespaces. Children, but not this process, are in the PID namespace. Without mount and PID namespaces there
/// is no isolation, and it is an error.
pub fn enter(missing: &mut Missing) -> Result<(), Error> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    match unshare(CloneFlags::CLONE_NEWUSER) {
        Ok(()) => {
            // Inside, it is root, with power over what is inside; outside, it is who it was.
            let map = |file: &str, text: String| fs::write(format!("/proc/self/{file}"), text);
            let maps = map("setgroups", "deny".into())
                .and_then(|()| map("uid_map", format!("0 {uid} 1")))
                .and_then(|()| map("gid_map", format!("0 {gid} 1")));
            maps.map_err(Error::step("the user namespace's identities"))?;
        }
        Err(error) => missing.add("user namespace", error),
    }
    for (flag, name) in NAMESPACES {
        match unshare(flag) {
            Ok(()) => {}
            Err(error) if flag.intersects(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID) => {
                let what = format!(
                    "the kernel refuses a {name}; run armlet as root, or allow user namespaces \
                     (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces; in Docker: --privileged)"
                );
                return Err(Error::step(what)(error.into()));
            }
            Err(error) => missing.add(name, error),
        }
    }
    Ok(())
}
