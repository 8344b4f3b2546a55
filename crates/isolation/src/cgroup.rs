//! Limits of memory and processes by a control group of version 2, where one has been delegated to the user.

use std::fs;
use std::path::PathBuf;

use crate::{Missing, Mode};

/// Processes and threads in the group.
const PIDS: u32 = 1024;
/// The part of the machine's memory that the group may use, in percent.
const MEMORY_PERCENT: u64 = 75;

/// The group, which goes with it.
pub struct Group(PathBuf);

impl Drop for Group {
    fn drop(&mut self) {
        // This process must be outside of it.
        if let Some(parent) = self.0.parent() {
            let _ = fs::write(parent.join("cgroup.procs"), std::process::id().to_string());
        }
        let _ = fs::remove_dir(&self.0);
    }
}

/// Makes a group below this process's own, and enters it. The usual mode goes without it silently: few users have one delegated.
pub fn join(mode: Mode, missing: &mut Missing) -> Option<Group> {
    match try_join() {
        Ok(group) => Some(group),
        Err(error) => {
            if mode == Mode::Strict {
                missing.add("limits by a control group", error);
            }
            None
        }
    }
}

fn try_join() -> std::io::Result<Group> {
    let own = fs::read_to_string("/proc/self/cgroup")?;
    let own = own
        .lines()
        .find_map(|line| line.strip_prefix("0::/"))
        .ok_or(std::io::ErrorKind::NotFound)?;
    let path = PathBuf::from("/sys/fs/cgroup")
        .join(own)
        .join(format!("armlet-{}", std::process::id()));
    fs::create_dir(&path)?;
    let group = Group(path);
    // Elsewhere it is only a directory.
    fs::metadata(group.0.join("cgroup.procs"))?;
    let limit = memory()? / 100 * MEMORY_PERCENT;
    fs::write(group.0.join("memory.max"), limit.to_string())?;
    fs::write(group.0.join("pids.max"), PIDS.to_string())?;
    fs::write(group.0.join("cgroup.procs"), std::process::id().to_string())?;
    Ok(group)
}

/// Of the machine, in bytes.
fn memory() -> std::io::Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.map(|kib| kib << 10).ok_or(std::io::ErrorKind::InvalidData.into())
}
