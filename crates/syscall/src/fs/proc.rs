//! Files of /proc that describe the process or the machine, as the guest must see them: `exe` is the guest's program, `maps`,
//! `auxv` and `cmdline` are its own, `cpuinfo` is the Arm core's.
//!
//! Which file a path names is found out by the kernel and not by comparing text, so that `cd /proc/self; cat maps` is the
//! same as `cat /proc/self/maps`.

use std::ffi::{CStr, CString, OsStr};
use std::fmt::Write as _;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64_features::{CPUINFO_FEATURES, MIDR_EL1};

use super::guests;
use crate::Errno;
use crate::abi::Abi;
use crate::call::Call;
use crate::task::Break;

/// The magic number of procfs in `struct statfs`.
const PROC_SUPER_MAGIC: i64 = 0x9fa0;

/// The files that differ, by their last component.
const NAMES: [&[u8]; 5] = [b"exe", b"maps", b"auxv", b"cmdline", b"cpuinfo"];

/// The guest's program, if the path names `/proc/PID/exe` of this process, or of another one that armlet runs.
pub(super) fn executable(call: &Call<'_>, dirfd: i32, path: &CStr) -> Option<CString> {
    if file_name(path.to_bytes()) != b"exe" {
        return None;
    }
    let link = true_name(call, dirfd, path)?;
    if concerns_this_process(&link, std::process::id()) {
        return CString::new(call.task.image().executable.as_os_str().as_bytes()).ok();
    }
    guests::program(Path::new(OsStr::from_bytes(&link)).parent()?)
}

/// Opens one of the other files: a descriptor of the text that the guest must see. `None` if the path is nothing special.
pub(super) fn open(call: &Call<'_>, path: u64, flags: u32) -> Result<Option<u64>, Break> {
    let Ok(path) = call.path(path) else { return Ok(None) };
    let Some(name) = name(call, call.int(0), &path) else {
        return Ok(None);
    };
    let text = match name.as_slice() {
        b"maps" => maps(call),
        b"auxv" => call
            .task
            .image()
            .auxv
            .iter()
            .flat_map(|&(key, value)| [key, value])
            .flat_map(|word| word.to_le_bytes().into_iter().take(call.abi.word() as usize))
            .collect(),
        b"cmdline" => call
            .task
            .image()
            .arguments
            .iter()
            .flat_map(|text| text.to_bytes_with_nul())
            .copied()
            .collect(),
        b"cpuinfo" => cpuinfo(call).into_bytes(),
        _ => return Ok(None),
    };
    if flags as i32 & libc::O_PATH != 0 {
        return Ok(None);
    }
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

/// The last component of the path's true name, if it is one of [`NAMES`] in procfs and about this process or the machine.
fn name(call: &Call<'_>, dirfd: i32, path: &CStr) -> Option<Vec<u8>> {
    if !NAMES.contains(&file_name(path.to_bytes())) {
        return None;
    }
    let name = true_name(call, dirfd, path)?;
    concerns_this_process(&name, std::process::id()).then(|| file_name(&name).to_vec())
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

/// Whether the true name of a file in procfs is `…/PID/name`, `…/PID/task/TID/name` or `…/cpuinfo`.
fn concerns_this_process(path: &[u8], process: u32) -> bool {
    let process = process.to_string();
    let mut parts = path.rsplit(|&byte| byte == b'/');
    let mut next = || parts.next().unwrap_or_default();
    let (name, parent, above) = (next(), next(), next());
    if name == b"cpuinfo" {
        return !parent.iter().all(u8::is_ascii_digit);
    }
    // The parent is a thread's directory, or the process's own.
    let owner = if above == b"task" { next() } else { parent };
    owner == process.as_bytes()
}

fn maps(call: &Call<'_>) -> Vec<u8> {
    let mut text = String::new();
    for mapping in call.task.memory().mappings() {
        let _ = writeln!(text, "{mapping}");
    }
    text.into_bytes()
}

/// The text of /proc/cpuinfo for one core.
fn processor(number: usize, kind: &Processor) -> String {
    let midr = kind.midr;
    format!(
        "processor\t: {number}\n{}BogoMIPS\t: 100.00\nFeatures\t: {}\nCPU implementer\t: {:#04x}\n\
         CPU architecture: {}\nCPU variant\t: {:#x}\nCPU part\t: {:#05x}\nCPU revision\t: {}\n\n",
        kind.name,
        kind.features,
        midr >> 24 & 0xff,
        kind.architecture,
        midr >> 20 & 0xf,
        midr >> 4 & 0xfff,
        midr & 0xf,
    )
}

/// What the file says of every core.
struct Processor {
    /// The line "model name", which only 32-bit kernels have.
    name: String,
    features: String,
    architecture: &'static str,
    midr: u64,
}

/// As many cores as this process may run on, which is what nproc(1) counts. A kernel for AArch32 adds the machine.
fn cpuinfo(call: &Call<'_>) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if call.abi == Abi::A64 {
        let processor = Processor {
            name: String::new(),
            features: CPUINFO_FEATURES.to_owned(),
            architecture: "8",
            midr: MIDR_EL1,
        };
        return (0..cores).map(|core| self::processor(core, &processor)).collect();
    }
    let model = call.task.settings().model;
    let (name, architecture) = match model {
        Model::Arm926 => ("ARM926EJ-S rev 5 (v5l)", "5TEJ"),
        Model::CortexA9 => ("ARMv7 Processor rev 0 (v7l)", "7"),
        Model::Max => ("ARMv8 Processor rev 0 (v8l)", "8"),
    };
    let features: Vec<&str> = model.features().collect();
    let processor = Processor {
        name: format!("model name\t: {name}\n"),
        features: features.join(" ") + " ",
        architecture,
        midr: model.midr().into(),
    };
    let cores: String = (0..cores).map(|core| self::processor(core, &processor)).collect();
    format!("{cores}Hardware\t: armlet\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_names_in_procfs() {
        for (path, concerns) in [
            ("/proc/42/exe", true),
            ("/proc/42/task/43/maps", true),
            ("/mnt/proc/42/auxv", true),
            ("/proc/41/maps", false),
            ("/proc/41/task/42/maps", false),
            ("/proc/42/net/maps", false),
            ("/proc/cpuinfo", true),
            ("/proc/42/cpuinfo", false),
        ] {
            assert_eq!(concerns_this_process(path.as_bytes(), 42), concerns, "{path}");
        }
    }
}
