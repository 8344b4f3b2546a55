//! What Linux perf has to know of translated code: `/tmp/perf-PID.map` (address, size and name of each region: `--perf-map`), and a file of its
//! jitdump format, with the code itself and with the guest's instructions as source lines (`--jitdump`; `perf inject --jit` reads it). Both are
//! written as code is translated, so that they are complete whenever the program ends.
//!
//! The format: tools/perf/Documentation/jitdump-specification.txt of Linux.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use armlet_jit::Place;
use armlet_syscall::abi::Abi;

use crate::names::text_at;
use crate::process::Process;
use crate::signal::gettid;

const MAGIC: u32 = 0x4a69_5444;
const VERSION: u32 = 1;
const HEADER_SIZE: u32 = 40;
const EM_X86_64: u32 = 62;
const JIT_CODE_LOAD: u32 = 0;
const JIT_CODE_DEBUG_INFO: u32 = 2;

/// From now on, perf is told of every translation.
pub(crate) fn start(process: &Arc<Process>) {
    let options = &process.program.options;
    if !options.perf_map && options.jitdump.is_none() {
        return;
    }
    let files = Files {
        map: options.perf_map,
        dump: options.jitdump.clone(),
        process: Arc::clone(process),
        state: Mutex::default(),
    };
    files.begin();
    armlet_jit::tell_of_translations(Box::new(move |place| files.tell(place)));
}

struct Files {
    map: bool,
    dump: Option<PathBuf>,
    process: Arc<Process>,
    state: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// Whose files they are: the child of a fork starts its own.
    pid: u32,
    /// Translations so far.
    index: u64,
    /// Lines of the listing so far.
    lines: u32,
    failed: bool,
}

impl Files {
    /// The files of this process, without translations.
    fn begin(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = state.failed;
        *state = Progress {
            pid: std::process::id(),
            failed,
            ..Progress::default()
        };
        let map = if self.map {
            std::fs::write(map_path(), "")
        } else {
            Ok(())
        };
        let dump = self.dump.as_deref().map_or(Ok(()), begin_dump);
        complain(&mut state, map.and(dump));
    }

    fn tell(&self, place: &Place) {
        let state = || self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state().pid != std::process::id() {
            self.begin();
            for place in crate::engine::places() {
                self.add(&mut state(), &place);
            }
            return;
        }
        self.add(&mut state(), place);
    }

    fn add(&self, state: &mut Progress, place: &Place) {
        use armlet_observe::Process as _;
        let pc = match self.process.program.abi {
            Abi::A64 => place.pc,
            Abi::A32 => place.pc & !1,
        };
        let name = match self.process.symbolize(pc) {
            Some((name, 0)) => name,
            Some((name, offset)) => format!("{name}+{offset:#x}"),
            None => format!("guest_{pc:#x}"),
        };
        let mut result = Ok(());
        if self.map {
            let line = format!("{:x} {:x} {name}\n", place.at, place.code.len());
            result = append(&map_path(), line.as_bytes());
        }
        if let Some(directory) = &self.dump {
            result = result.and(dump(directory, self.process.program.abi, state, place, &name));
        }
        state.index += 1;
        complain(state, result);
    }
}

fn map_path() -> PathBuf {
    format!("/tmp/perf-{}.map", std::process::id()).into()
}

fn dump_path(directory: &Path, ending: &str) -> PathBuf {
    directory.join(format!("jit-{}.{ending}", std::process::id()))
}

fn append(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(bytes)
}

/// Says once that a file cannot be written.
fn complain(state: &mut Progress, result: std::io::Result<()>) {
    if let Err(error) = result
        && !std::mem::replace(&mut state.failed, true)
    {
        eprintln!("armlet: the files for perf cannot be written: {error}");
    }
}

/// Nanoseconds of CLOCK_MONOTONIC: perf is to be run with `-k mono`.
fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills the structure.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn doubles(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn begin_dump(directory: &Path) -> std::io::Result<()> {
    File::create(dump_path(directory, "s"))?;
    let path = dump_path(directory, "dump");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    let mut header = words(&[MAGIC, VERSION, HEADER_SIZE, EM_X86_64, 0, std::process::id()]);
    header.extend(doubles(&[now(), 0]));
    file.write_all(&header)?;
    // That it is mapped executable, once, is how perf learns of the file.
    // SAFETY: a new mapping, which nobody uses.
    let mapped = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_EXEC,
            libc::MAP_PRIVATE,
            file.as_raw_fd(),
            0,
        )
    };
    if mapped == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}

/// Adds a translation: first its lines, then its code.
fn dump(directory: &Path, abi: Abi, state: &mut Progress, place: &Place, name: &str) -> std::io::Result<()> {
    let mut listing = format!("{name}:\n");
    state.lines += 1;
    let source = dump_path(directory, "s");
    let source = std::path::absolute(&source).unwrap_or(source);
    let source = source.to_string_lossy();
    let mut entries = Vec::new();
    for &(offset, pc) in &place.marks {
        let text = text_at(abi, pc).unwrap_or_else(|| "?".to_owned());
        let address = match abi {
            Abi::A64 => pc,
            Abi::A32 => pc & 0xffff_fffe,
        };
        let _ = writeln!(listing, "{address:10x}:  {text}");
        state.lines += 1;
        entries.extend(doubles(&[place.at + u64::from(offset)]));
        entries.extend(words(&[state.lines, 0]));
        entries.extend(source.bytes().chain([0]));
    }
    append(&dump_path(directory, "s"), listing.as_bytes())?;
    let mut info = doubles(&[place.at, place.marks.len() as u64]);
    info.extend(entries);
    let mut code = words(&[std::process::id(), gettid() as u32]);
    code.extend(doubles(&[place.at, place.at, place.code.len() as u64, state.index]));
    code.extend(name.bytes().chain([0]));
    code.extend(&place.code);
    let mut bytes = Vec::new();
    for (kind, record) in [(JIT_CODE_DEBUG_INFO, info), (JIT_CODE_LOAD, code)] {
        bytes.extend(words(&[kind, record.len() as u32 + 16]));
        bytes.extend(doubles(&[now()]));
        bytes.extend(record);
    }
    append(&dump_path(directory, "dump"), &bytes)
}
