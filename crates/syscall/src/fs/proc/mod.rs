//! Files of /proc that describe the process or the machine, as the guest must see them: `exe` is the guest's program, `maps`,
//! `smaps`, `auxv`, `stat`, `status` and others are its own, `cpuinfo` is the Arm core's. So are `exe` and those about memory of another
//! process that armlet runs.
//!
//! Which file a path names is found out by the kernel and not by comparing text, so that `cd /proc/self; cat maps` is the
//! same as `cat /proc/self/maps`. The text is made when the file is opened, into a file in memory.

mod cpu;
mod memory;
mod status;

use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use self::memory::View;
use super::guests;
use crate::Errno;
use crate::abi::Abi;
use crate::call::Call;
use crate::process::limits;
use crate::task::Break;

/// The magic number of procfs in `struct statfs`.
const PROC_SUPER_MAGIC: i64 = 0x9fa0;

/// The files that differ, by their last component: those of every guest, those of this process only, and those of the machine.
const OF_GUESTS: [&[u8]; 7] = [
    b"maps",
    b"numa_maps",
    b"smaps",
    b"smaps_rollup",
    b"statm",
    b"stat",
    b"status",
];
const OWN: [&[u8]; 5] = [b"auxv", b"cmdline", b"environ", b"limits", b"syscall"];
const OF_THE_MACHINE: [&[u8]; 4] = [b"cpuinfo", b"version", b"osrelease", b"arch"];

/// The guest's program, if the path names `/proc/PID/exe` of this process, or of another one that armlet runs.
pub(super) fn executable(call: &Call<'_>, dirfd: i32, path: &CStr) -> Option<CString> {
    if file_name(path.to_bytes()) != b"exe" {
        return None;
    }
    let subject = Subject::of(&true_name(call, dirfd, path)?)?;
    if subject.is_own() {
        return CString::new(call.task.image().executable.as_os_str().as_bytes()).ok();
    }
    guests::program(&subject.process)
}

/// Opens one of the other files: a descriptor of the text that the guest must see. `None` if the path is nothing special.
pub(super) fn open(call: &Call<'_>, path: u64, flags: u32) -> Result<Option<u64>, Break> {
    let Ok(path) = call.path(path) else { return Ok(None) };
    let name = file_name(path.to_bytes());
    // Descriptors are the names of files in `fdinfo`.
    let is_number = !name.is_empty() && name.iter().all(u8::is_ascii_digit);
    let is_known = is_number
        || OF_GUESTS
            .iter()
            .chain(&OWN)
            .chain(&OF_THE_MACHINE)
            .any(|&known| known == name);
    if !is_known || flags as i32 & libc::O_PATH != 0 {
        return Ok(None);
    }
    let Some(path) = true_name(call, call.int(0), &path) else {
        return Ok(None);
    };
    let Some(text) = text(call, &path) else { return Ok(None) };
    if flags as i32 & libc::O_ACCMODE != libc::O_RDONLY {
        return Err(Errno::EACCES.into());
    }
    let file = memory_file(call, &text)?;
    // The guest gets a descriptor that can only be read, on a file of its own offset.
    let path = format!("/proc/self/fd/{}\0", file.as_raw_fd());
    let flags = libc::O_RDONLY | flags as i32 & (libc::O_CLOEXEC | libc::O_NONBLOCK);
    let here = libc::AT_FDCWD as u64;
    Ok(Some(
        call.host(libc::SYS_openat, [here, path.as_ptr() as u64, flags as u64])?,
    ))
}

/// What a file in procfs says, if it is one that the guest must not see as it is.
fn text(call: &Call<'_>, path: &[u8]) -> Option<Vec<u8>> {
    let name = file_name(path);
    let parent = file_name(path.get(..path.len() - name.len() - 1)?);
    if OF_THE_MACHINE.contains(&name) {
        return of_the_machine(call, path, parent).map(String::into_bytes);
    }
    let subject = Subject::of(path)?;
    if name.iter().all(u8::is_ascii_digit) {
        let host = fs::read_to_string(OsStr::from_bytes(path)).ok()?;
        return (parent == b"fdinfo").then(|| status::fdinfo(&host).into_bytes());
    }
    if subject.is_own() {
        return own(call, &subject, name);
    }
    // The kernel decides who may look at another process.
    if !OF_GUESTS.contains(&name) || guests::program(&subject.process).is_none() {
        return None;
    }
    of_memory(
        &subject,
        &View::other(&subject.process)?,
        name,
        status::Facts::default(),
    )
    .map(String::into_bytes)
}

fn of_the_machine(call: &Call<'_>, path: &[u8], parent: &[u8]) -> Option<String> {
    let release = call
        .task
        .settings()
        .release
        .as_ref()
        .and_then(|text| text.to_str().ok());
    match (file_name(path), parent) {
        (b"cpuinfo", parent) => (!parent.iter().all(u8::is_ascii_digit)).then(|| cpu::cpuinfo(call)),
        (b"arch", b"kernel") => Some(format!("{}\n", if call.abi == Abi::A64 { "aarch64" } else { "arm" })),
        (b"osrelease", b"kernel") => release.map(|release| format!("{release}\n")),
        (b"version", b"proc") => {
            let host = fs::read_to_string(OsStr::from_bytes(path)).ok()?;
            let mut words: Vec<&str> = host.split(' ').collect();
            *words.get_mut(2)? = release?;
            Some(words.join(" "))
        }
        _ => None,
    }
}

/// A file about this process, or about one of its threads.
fn own(call: &Call<'_>, subject: &Subject, name: &[u8]) -> Option<Vec<u8>> {
    let image = call.task.image();
    let words = |words: &[u64]| {
        let bytes = words
            .iter()
            .flat_map(|word| word.to_le_bytes().into_iter().take(call.abi.word() as usize));
        bytes.collect::<Vec<u8>>()
    };
    Some(match name {
        b"auxv" => words(
            &image
                .auxv
                .iter()
                .flat_map(|&(key, value)| [key, value])
                .collect::<Vec<_>>(),
        ),
        b"cmdline" => image
            .arguments
            .iter()
            .flat_map(|text| text.to_bytes_with_nul())
            .copied()
            .collect(),
        b"environ" => {
            // As it is now: the program may have changed it.
            let (start, end) = image.environment;
            let mut bytes = vec![0; (end - start) as usize];
            armlet_memory::read_bytes(start, &mut bytes).ok()?;
            bytes
        }
        b"limits" => {
            let host = fs::read_to_string(subject.process.join("limits")).ok()?;
            let name = |resource| match resource {
                libc::RLIMIT_AS => "Max address space",
                libc::RLIMIT_DATA => "Max data size",
                _ => "Max stack size",
            };
            let kept: Vec<_> = limits::kept()
                .iter()
                .map(|&(resource, soft, hard)| (name(resource), soft, hard))
                .collect();
            status::limits(&host, &kept).into_bytes()
        }
        // What the kernel says of a thread that is not in a call.
        b"syscall" => b"running\n".to_vec(),
        _ => {
            let memory = call.task.memory();
            let view = View::own(memory.mappings());
            let asks = subject.thread == call.host(libc::SYS_gettid, []).ok()?;
            let facts = status::Facts {
                totals: None,
                peak: Some(memory.peak_bytes()),
                heap: memory.heap_start(),
                blocked: asks.then(|| call.task.signal_mask()),
                dispositions: Some(call.task.signal_dispositions()),
                seccomp: asks.then(|| {
                    let seccomp = call.task.seccomp();
                    [seccomp.mode().into(), seccomp.count() as u64]
                }),
            };
            of_memory(subject, &view, name, facts)?.into_bytes()
        }
    })
}

/// One of [`OF_GUESTS`].
fn of_memory(subject: &Subject, view: &View, name: &[u8], mut facts: status::Facts) -> Option<String> {
    let process = &subject.process;
    let host = |name: &str| {
        let bytes = fs::read(subject.directory.join(name)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let totals = || view.totals(process, status::code(&host("stat")?));
    match name {
        b"maps" => Some(view.maps()),
        b"numa_maps" => Some(view.numa_maps(&host("numa_maps")?)),
        b"smaps" => view.smaps(process),
        b"smaps_rollup" => view.rollup(process),
        b"statm" => totals().map(|totals| totals.statm()),
        _ => {
            facts.totals = Some(totals()?);
            match name {
                b"stat" => Some(facts.stat(&host("stat")?)),
                _ => Some(facts.status(&host("status")?)),
            }
        }
    }
}

/// Whom a file in procfs is about.
struct Subject {
    /// The process's directory.
    process: PathBuf,
    /// The directory that the file is in: the process's, or a thread's.
    directory: PathBuf,
    /// The ids.
    id: u32,
    thread: u64,
}

impl Subject {
    /// Of the true name `…/PID/name`, `…/PID/task/TID/name`, or of one in a directory `fdinfo` of these.
    fn of(path: &[u8]) -> Option<Subject> {
        let mut directory = Path::new(OsStr::from_bytes(path)).parent()?;
        if directory.file_name()? == "fdinfo" {
            directory = directory.parent()?;
        }
        let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
        let thread = number(directory)?;
        let above = directory.parent()?;
        let process = match above.file_name() {
            Some(name) if name == "task" => above.parent()?,
            _ => directory,
        };
        Some(Subject {
            process: process.into(),
            directory: directory.into(),
            id: number(process)?,
            thread: thread.into(),
        })
    }

    /// Whether it is this process.
    fn is_own(&self) -> bool {
        self.id == std::process::id()
    }
}

fn memory_file(call: &Call<'_>, text: &[u8]) -> Result<OwnedFd, Errno> {
    let name = c"armlet-proc";
    let descriptor = call.host(
        libc::SYS_memfd_create,
        [name.as_ptr() as u64, u64::from(libc::MFD_CLOEXEC)],
    )?;
    // SAFETY: just made, and nobody else's.
    let file = unsafe { OwnedFd::from_raw_fd(descriptor as i32) };
    let mut rest = text;
    while !rest.is_empty() {
        let written = call.host(libc::SYS_write, [descriptor, rest.as_ptr() as u64, rest.len() as u64])?;
        rest = rest.get(written as usize..).unwrap_or_default();
    }
    Ok(file)
}

/// What follows the last slash.
fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// The true name of a file in procfs; `None` if it is elsewhere.
fn true_name(call: &Call<'_>, dirfd: i32, path: &CStr) -> Option<Vec<u8>> {
    let flags = libc::O_PATH | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let descriptor = call
        .host(libc::SYS_openat, [dirfd as u64, path.as_ptr() as u64, flags as u64])
        .ok()?;
    // SAFETY: just made, and nobody else's.
    let file = unsafe { OwnedFd::from_raw_fd(descriptor as i32) };
    // `struct statfs` begins with the type.
    let mut statfs = [0_i64; 16];
    call.host(libc::SYS_fstatfs, [descriptor, statfs.as_mut_ptr() as u64])
        .ok()?;
    if statfs[0] != PROC_SUPER_MAGIC {
        return None;
    }
    let link = format!("/proc/self/fd/{}\0", file.as_raw_fd());
    let mut buffer = vec![0; crate::call::PATH_MAX];
    let (here, pointer) = (libc::AT_FDCWD as u64, buffer.as_mut_ptr() as u64);
    let length = call
        .host(
            libc::SYS_readlinkat,
            [here, link.as_ptr() as u64, pointer, buffer.len() as u64],
        )
        .ok()?;
    buffer.truncate(length as usize);
    Some(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_names_in_procfs() {
        for (path, ids) in [
            ("/proc/42/exe", Some((42, 42))),
            ("/proc/42/task/43/maps", Some((42, 43))),
            ("/mnt/proc/42/auxv", Some((42, 42))),
            ("/proc/42/net/maps", None),
            ("/proc/42/fdinfo/7", Some((42, 42))),
            ("/proc/42/task/43/fdinfo/7", Some((42, 43))),
            ("/proc/cpuinfo", None),
            ("/proc/cpu/cpuinfo", None),
        ] {
            let subject = Subject::of(path.as_bytes());
            assert_eq!(subject.map(|subject| (subject.id, subject.thread)), ids, "{path}");
        }
    }
}
