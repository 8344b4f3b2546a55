//! `armlet profile`: samples of the guest's call stack, by a timer of each thread that counts its processor time. What is made of them is
//! `armlet_observe::profile`'s.
//!
//! The timer's signal is SIGPROF with a value of our own, so that a SIGPROF of the guest is told apart. The handler finds the guest's program
//! counter (in translated code by a table of the region; in the interpreter it is that of the block) and follows the frame records. AArch32
//! has none that all compilers keep: there it follows the tables for exceptions (`unwind_a32.rs`), which the thread has looked up before.
//! The kernel looks at these timers at its clock tick (250 times a second, mostly): a sample counts for all the periods that are over.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

use armlet_cpu::a64::State;
use armlet_jit::Located;
use armlet_memory::load;
use armlet_observe::profile::Profile;
use armlet_syscall::abi::Abi;
use serde::{Deserialize, Serialize};

use crate::engine;
use crate::names::Names;
use crate::process::Process;
use crate::signal::gettid;
use crate::statistics::{numbered, write};
use crate::unwind_a32::{Registers, Tables};

/// What a profile is made of, and where it goes. `%p` in a path is the process's number; standard error is `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileTo {
    /// Hot functions and blocks, for people.
    pub text: Option<PathBuf>,
    /// Folded stacks, for flame graphs.
    pub folded: Option<PathBuf>,
    /// In callgrind's format. One file holds one process: others than the first add their number to the name.
    pub callgrind: Option<PathBuf>,
    /// Samples per second of processor time.
    pub frequency: u32,
    /// The process that was started first.
    pub first: u32,
}

impl ProfileTo {
    /// Empties the files that all processes of the run share; says which one cannot be written.
    pub(crate) fn prepare(&self) -> Result<(), (PathBuf, std::io::Error)> {
        for path in [&self.text, &self.folded, &self.callgrind].into_iter().flatten() {
            if path != Path::new("-") && numbered(path) == *path {
                std::fs::write(path, "").map_err(|error| (path.clone(), error))?;
            }
        }
        Ok(())
    }
}

/// Tells our timers' signals from the guest's own.
const VALUE: u64 = 0x6172_6d6c_6574;
/// Addresses of a stack, at most.
const DEPTH: usize = 64;
/// Words before the addresses of a sample: how many words follow, how many periods it counts for, whether it is from translated code.
const HEAD: usize = 3;
/// Words of half a buffer.
const HALF: usize = 4096;
const SI_TIMER: i32 = -2;

/// The profile of a process.
#[derive(Debug)]
pub(crate) struct Profiler {
    to: ProfileTo,
    profile: Mutex<Profile>,
}

/// Samples a thread from its start to its end.
pub(crate) struct Sampler {
    buffer: Box<Buffer>,
    timer: Option<libc::timer_t>,
}

// SAFETY: it is used by its own thread alone, which owns what it points to.
unsafe impl Send for Sampler {}

/// The samples of one thread that have not been counted yet. The handler, which runs on the thread itself, fills one half while the other is read.
struct Buffer {
    cpu: *const State,
    attention: *const AtomicU32,
    abi: Abi,
    /// Of AArch32: how to follow the stack. The thread itself replaces it, outside of the handler.
    tables: AtomicPtr<KnownTables>,
    halves: [Half; 2],
    active: AtomicUsize,
    lost: AtomicU64,
}

/// The tables of the code that was mapped at a generation of it.
struct KnownTables {
    tables: Tables,
    generation: u64,
}

impl KnownTables {
    fn of(process: &Process) -> Box<KnownTables> {
        let generation = process.space.code_generation();
        let tables = match process.program.abi {
            Abi::A64 => Tables::default(),
            Abi::A32 => Tables::of(&process.space),
        };
        Box::new(KnownTables { tables, generation })
    }
}

impl Buffer {
    /// What [`Buffer::tables`] points to.
    fn tables(&self) -> &KnownTables {
        // SAFETY: it is never null, and freed by `renew` alone, which the same thread calls with no reference in hand.
        unsafe { &*self.tables.load(Ordering::Relaxed) }
    }

    /// Looks up the tables again if other code is mapped now. Not in the handler.
    fn renew(&self, process: &Process) {
        if self.abi == Abi::A32 && self.tables().generation != process.space.code_generation() {
            let old = self
                .tables
                .swap(Box::into_raw(KnownTables::of(process)), Ordering::Relaxed);
            // SAFETY: made by `into_raw`; the handler, which runs on this thread, does not run now, and will see the new ones.
            drop(unsafe { Box::from_raw(old) });
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: as in `renew`; nobody has the buffer any more.
        drop(unsafe { Box::from_raw(*self.tables.get_mut()) });
    }
}

/// Samples one after the other: see [`HEAD`]; then the program counter (with the Thumb bit), the link register, and return
/// addresses, the innermost first.
struct Half {
    words: [AtomicU64; HALF],
    used: AtomicUsize,
}

impl Half {
    fn new() -> Half {
        Half {
            words: [const { AtomicU64::new(0) }; HALF],
            used: AtomicUsize::new(0),
        }
    }
}

thread_local! {
    /// Constant initialiser and no destructor: an access is a plain move, safe in a signal handler.
    static BUFFER: Cell<*const Buffer> = const { Cell::new(std::ptr::null()) };
}

impl Sampler {
    /// Starts a timer for the calling thread, whose registers and attention word live as long as the sampler.
    pub fn start(frequency: u32, process: &Process, cpu: *const State, attention: *const AtomicU32) -> Box<Sampler> {
        let mut sampler = Box::new(Sampler {
            buffer: Box::new(Buffer {
                cpu,
                attention,
                abi: process.program.abi,
                tables: AtomicPtr::new(Box::into_raw(KnownTables::of(process))),
                halves: [Half::new(), Half::new()],
                active: AtomicUsize::new(0),
                lost: AtomicU64::new(0),
            }),
            timer: None,
        });
        BUFFER.set(&raw const *sampler.buffer);
        match start_timer(frequency) {
            Ok(timer) => sampler.timer = Some(timer),
            Err(error) => eprintln!(
                "armlet: thread {}: no samples are taken: timer_create: {error}",
                gettid()
            ),
        }
        sampler
    }

    /// The thread that is sampled: its registers and its attention word.
    pub fn thread(&self) -> (*const State, *const AtomicU32) {
        (self.buffer.cpu, self.buffer.attention)
    }

    /// Counts what has been sampled.
    pub fn drain(&self, process: &Process, profiler: &Profiler) {
        let full = self.buffer.active.load(Ordering::Relaxed);
        self.buffer.active.store(1 - full, Ordering::Relaxed);
        // From here on, the handler fills the other half.
        compiler_fence(Ordering::SeqCst);
        let half = &self.buffer.halves[full];
        let used = half.used.swap(0, Ordering::Relaxed);
        let words: Vec<u64> = half.words[..used]
            .iter()
            .map(|word| word.load(Ordering::Relaxed))
            .collect();
        let mut profile = profiler.lock();
        profile.lost += self.buffer.lost.swap(0, Ordering::Relaxed);
        let mut rest = words.as_slice();
        while let [length, periods, translated, after @ ..] = rest {
            let (sample, next) = after.split_at((*length as usize).min(after.len()));
            rest = next;
            profile.add(&stack(sample, process), *periods, *translated != 0);
        }
        drop(profile);
        self.buffer.renew(process);
    }
}

/// The call stack of a sample, the innermost function first.
fn stack(sample: &[u64], process: &Process) -> Vec<u64> {
    let [pc, link, frames @ ..] = sample else {
        return Vec::new();
    };
    let (pc, link, thumb) = match process.program.abi {
        Abi::A64 => (*pc, *link, 0),
        Abi::A32 => (*pc & 0xffff_ffff, *link & 0xffff_ffff, 1),
    };
    let mut stack = vec![pc];
    let function = |address: u64| {
        process
            .program
            .loaded
            .symbolize(address & !thumb)
            .map(|(name, ..)| name)
    };
    // A function that calls nothing has no record of its own: its caller is in the link register. A link register into the function
    // itself is what its last call has left. (The tables of AArch32 know that.)
    let leaf = (frames.is_empty() || thumb == 0) && frames.first() != Some(&link) && function(link) != function(pc);
    if leaf && process.space.executable(link & !thumb).is_ok() {
        stack.push(link);
    }
    stack.extend(frames);
    stack
}

fn start_timer(frequency: u32) -> std::io::Result<libc::timer_t> {
    let interval = 1_000_000_000 / i64::from(frequency.clamp(1, 10_000));
    let time = libc::timespec {
        tv_sec: interval / 1_000_000_000,
        tv_nsec: interval % 1_000_000_000,
    };
    let period = libc::itimerspec {
        it_interval: time,
        it_value: time,
    };
    let mut timer = std::ptr::null_mut();
    // SAFETY: zero is a valid value of every field; the calls read the structures and store the timer's id.
    let started = unsafe {
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGPROF;
        event.sigev_value.sival_ptr = VALUE as *mut libc::c_void;
        event.sigev_notify_thread_id = gettid();
        libc::timer_create(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut event, &raw mut timer) == 0
            && libc::timer_settime(timer, 0, &raw const period, std::ptr::null_mut()) == 0
    };
    started.then_some(timer).ok_or_else(std::io::Error::last_os_error)
}

impl Drop for Sampler {
    fn drop(&mut self) {
        BUFFER.set(std::ptr::null());
        if let Some(timer) = self.timer {
            // SAFETY: made by `start` in this process.
            unsafe { libc::timer_delete(timer) };
        }
    }
}

/// In the handler of SIGPROF: whether the signal is a sampler's. Takes the sample if so.
pub(crate) fn sample(info: &crate::signal::SigInfo, context: &libc::ucontext_t) -> bool {
    if info.code != SI_TIMER || info.fields[1] != VALUE {
        return false;
    }
    // SAFETY: set by this thread, and valid until it is taken away.
    let Some(buffer) = (unsafe { BUFFER.get().as_ref() }) else {
        return true;
    };
    // `si_overrun`: periods that were over before the kernel looked.
    let periods = 1 + (info.fields[0] >> 32);
    let lost = || buffer.lost.fetch_add(periods, Ordering::Relaxed);
    // SAFETY: the thread's own word.
    unsafe { (*buffer.attention).store(1, Ordering::Relaxed) };
    let half = &buffer.halves[buffer.active.load(Ordering::Relaxed)];
    let start = half.used.load(Ordering::Relaxed);
    if start + HEAD + DEPTH > HALF {
        lost();
        return true;
    }
    let Some((pc, values, translated)) = place(buffer, context) else {
        lost();
        return true;
    };
    let mut at = start + HEAD;
    let mut push = |word: u64| {
        half.words[at].store(word, Ordering::Relaxed);
        at += 1;
        at < start + HEAD + DEPTH
    };
    let [mut record, link, ..] = values;
    push(pc);
    push(link);
    if buffer.abi == Abi::A32 {
        let mut registers = Registers::UNKNOWN;
        for (n, value) in FOLLOWED.into_iter().zip(values) {
            registers.set(n, value as u32);
        }
        registers.set(15, pc as u32);
        buffer
            .tables()
            .tables
            .walk(&mut registers, |address| push(address.into()));
        record = 0;
    }
    while record != 0 && record.is_multiple_of(8) {
        let (Ok(next), Ok(address)) = (load::<u64>(record), load::<u64>(record.wrapping_add(8))) else {
            break;
        };
        if address == 0 || !push(address) || next <= record {
            break;
        }
        record = next;
    }
    for (word, value) in half.words[start..]
        .iter()
        .zip([(at - start - HEAD) as u64, periods, translated.into()])
    {
        word.store(value, Ordering::Relaxed);
    }
    half.used.store(at, Ordering::Relaxed);
    true
}

/// The registers that tell of the caller: AArch64's frame pointer and link register; and all that functions of AArch32 find their frames by.
const FRAME: [u8; 4] = [29, 30, 31, 31];
const FOLLOWED: [u8; 4] = [11, 14, 13, 7];

/// Where the interrupted thread is, what its registers hold, and whether it is in translated code. `None`: that cannot be told now.
fn place(buffer: &Buffer, context: &libc::ucontext_t) -> Option<(u64, [u64; 4], bool)> {
    let wanted = match buffer.abi {
        Abi::A64 => FRAME,
        Abi::A32 => FOLLOWED,
    };
    match engine::locate(context, wanted) {
        Located::At(pc, registers) => Some((pc, registers, true)),
        Located::Outside => {
            // SAFETY: the thread's own registers; it is interrupted, and they are only read.
            let cpu = unsafe { &*buffer.cpu };
            let pc = cpu.pc | u64::from(buffer.abi == Abi::A32 && cpu.a32.thumb);
            Some((pc, wanted.map(|n| cpu.x[usize::from(n)]), false))
        }
        Located::Unknown => None,
    }
}

impl Profiler {
    pub fn new(to: ProfileTo, abi: Abi) -> Profiler {
        let profile = Profile::new(1_000_000_000 / u64::from(to.frequency.max(1)), abi == Abi::A32);
        Profiler {
            to,
            profile: Mutex::new(profile),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Profile> {
        self.profile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Samples the calling thread.
    pub fn sample(&self, process: &Process, cpu: *const State, attention: *const AtomicU32) -> Box<Sampler> {
        Sampler::start(self.to.frequency, process, cpu, attention)
    }

    /// In the child of a fork, with the sampler of its only thread: everything starts anew.
    pub fn forked(&self, mut sampler: Box<Sampler>, process: &Process) -> Box<Sampler> {
        self.lock().clear();
        // Timers do not go over a fork.
        sampler.timer = None;
        let (cpu, attention) = sampler.thread();
        drop(sampler);
        self.sample(process, cpu, attention)
    }

    /// The process is over: writes what was asked for.
    pub fn report(&self, process: &Process) {
        let names = Names::of(process);
        let symbolize = |address: u64| names.symbolize(address);
        let block = |address: u64| names.block(address);
        let profile = self.lock();
        let program = process.program.executable.display().to_string();
        let callgrind = self.to.callgrind.as_ref().map(|path| {
            if numbered(path) == *path && std::process::id() != self.to.first && path != Path::new("-") {
                let mut name = path.clone().into_os_string();
                name.push(format!(".{}", std::process::id()));
                name.into()
            } else {
                path.clone()
            }
        });
        if let Some(path) = callgrind.as_ref().filter(|path| *path != Path::new("-")) {
            // One file, one program: what was there before an execve is replaced.
            let _ = std::fs::remove_file(numbered(path));
        }
        let outputs: [(&Option<PathBuf>, &dyn Fn() -> String); 3] = [
            (&self.to.text, &|| profile.to_text(&program, &symbolize, &block)),
            (&self.to.folded, &|| profile.to_folded(&symbolize)),
            (&callgrind, &|| profile.to_callgrind(&program, &symbolize)),
        ];
        for (path, text) in outputs {
            let Some(path) = path else { continue };
            if let Err(error) = write(path, &text()) {
                eprintln!("armlet: {}: the profile cannot be written: {error}", path.display());
            }
        }
    }
}
