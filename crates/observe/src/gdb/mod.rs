//! The debugger's side of a program: `-g PORT|SOCKET`, for gdb's `target remote`.
//!
//! - this file: the session, and the observer of each thread;
//! - `target.rs`: what gdb may ask, for the `gdbstub` crate, on a host thread of its own;
//! - `registers.rs`, `registers_a32.rs`: the registers and their description.
//!
//! All threads stop and go together, as gdb's all-stop mode has it. A thread stops where its observer is called; one that waits in a system call
//! counts as stopped there. Breakpoints are words that the engines fetch instead of those in memory ([`Patches`]), so that a program between
//! two breakpoints runs as fast as ever; with a watchpoint, or while history is recorded, every instruction is interpreted by itself.

mod registers;
mod registers_a32;
mod target;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_memory::{fetch, read_bytes, write_bytes};
use gdbstub::target::ext::breakpoints::WatchKind;

use crate::effects::{Access, AccessKind, Shape};
use crate::effects_a32;
use crate::observer::{End, Fate, Guest, Observer, Pace, Patches, Process, Signal, View};

/// BRK #0.
const BREAKPOINT: u32 = 0xd420_0000;
/// BKPT #0 of A32 and of T32.
const BREAKPOINT_A32: u32 = 0xe120_0070;
const BREAKPOINT_T32: u16 = 0xbe00;
/// How long the end of the process waits for gdb to be told.
const FAREWELL: Duration = Duration::from_secs(2);
/// System calls that store nothing in the guest's memory and change no mapping: history goes on over them.
const HARMLESS_CALLS: [u64; 26] = [
    23, 24, 25, 32, 48, 49, 50, 57, 62, 64, 66, 68, 70, 82, 83, 124, 129, 130, 131, 172, 173, 174, 175, 176, 177, 178,
];

/// The same for AArch32.
const HARMLESS_CALLS_A32: [u64; 25] = [
    4, 6, 12, 19, 20, 37, 41, 64, 118, 133, 143, 146, 148, 158, 181, 199, 200, 201, 202, 221, 224, 238, 268, 334, 358,
];

/// Where gdb is awaited.
#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why the program has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Step,
    Breakpoint,
    Watch(WatchKind, u64),
    Signal(i32),
    CallEntry(u64),
    CallReturn(u64),
    /// gdb itself has asked for it.
    Interrupt,
    /// The end of the recorded history has been reached, backwards.
    HistoryBegins,
    Exited(i32),
    Killed(i32),
}

/// What a thread does when the program goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Action {
    #[default]
    Continue,
    Step,
    /// Until the program counter leaves the range.
    StepOver(u64, u64),
}

/// A thread, as far as the debugger is concerned.
#[derive(Debug)]
struct ThreadState {
    /// Its registers while it is stopped.
    cpu: State,
    /// It waits for the debugger.
    parked: bool,
    /// It is in a system call.
    in_call: bool,
    /// Has happened, and not been told yet.
    pending: Option<Stop>,
    action: Action,
    /// gdb has named it when the program went on.
    named: bool,
    /// The signal that it is to get when it goes on.
    signal: Option<i32>,
    history: VecDeque<Record>,
}

/// One instruction, to be undone.
#[derive(Debug)]
struct Record {
    cpu: State,
    memory: Option<(u64, Vec<u8>)>,
}

#[derive(Debug, Default)]
struct Shared {
    threads: BTreeMap<i32, ThreadState>,
    /// All threads are to stop, or have.
    stopped: bool,
    /// Threads that gdb has not named stay where they are, when the others go on.
    locked: bool,
    /// What gdb is told next, and of which thread.
    event: Option<(i32, Stop)>,
    /// An AArch32 program.
    a32: bool,
    /// With gdb's kind of each (see `registers_a32.rs`).
    breakpoints: BTreeMap<u64, usize>,
    watchpoints: Vec<(u64, u64, WatchKind)>,
    catch: Option<Option<BTreeSet<u64>>>,
    /// Instructions that are recorded for each thread; 0: none.
    history: usize,
    /// gdb has gone, or this is another process: nothing is to be watched any more.
    detached: bool,
    killed: bool,
    /// gdb knows of the end.
    told: bool,
    main: i32,
}

impl Shared {
    /// Whether a thread is to stand still.
    fn holds(&self, tid: i32) -> bool {
        let named = || self.threads.get(&tid).is_none_or(|thread| thread.named);
        self.stopped || self.locked && !named()
    }
}

/// A debugged process.
pub struct Debugger {
    shared: Mutex<Shared>,
    changed: Condvar,
    listener: Mutex<Option<Listener>>,
    process: Mutex<Option<Arc<dyn Process>>>,
    /// Where gdb is awaited, in words.
    place: String,
}

impl fmt::Debug for Debugger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Debugger({})", self.place)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Debugger {
    /// Listens at a TCP port of this machine (`1234`, `HOST:1234`) or at a socket (a path with a slash). `history` instructions of each
    /// thread can be undone.
    ///
    /// # Errors
    ///
    /// It cannot be listened there.
    pub fn listen(place: &str, history: usize) -> io::Result<Arc<Debugger>> {
        let listener = if place.contains('/') {
            // One that a run before has left behind.
            if std::os::unix::net::UnixStream::connect(place).is_err() && Path::new(place).exists() {
                use std::os::unix::fs::FileTypeExt as _;
                if std::fs::symlink_metadata(place)?.file_type().is_socket() {
                    std::fs::remove_file(place)?;
                }
            }
            Listener::Unix(UnixListener::bind(place)?)
        } else if place.contains(':') {
            Listener::Tcp(TcpListener::bind(place)?)
        } else {
            let port: u16 = place
                .parse()
                .map_err(|_| io::Error::other("give a port (1234), HOST:PORT, or a path with a slash for a socket"))?;
            Listener::Tcp(TcpListener::bind(("127.0.0.1", port))?)
        };
        Ok(Arc::new(Debugger {
            shared: Mutex::new(Shared {
                history,
                stopped: true,
                ..Shared::default()
            }),
            changed: Condvar::new(),
            listener: Mutex::new(Some(listener)),
            process: Mutex::new(None),
            place: place.to_owned(),
        }))
    }

    fn process(&self) -> Option<Arc<dyn Process>> {
        lock(&self.process).clone()
    }

    fn forget_code(&self, address: u64, length: u64) {
        if let Some(process) = self.process() {
            process.code_changed(address & !3..address + length);
        }
    }

    /// gdb is gone: the program goes on alone.
    fn detach(&self) {
        let mut shared = lock(&self.shared);
        shared.detached = true;
        shared.stopped = false;
        shared.locked = false;
        let breakpoints = std::mem::take(&mut shared.breakpoints);
        shared.watchpoints.clear();
        shared.catch = None;
        for thread in shared.threads.values_mut() {
            thread.action = Action::Continue;
            thread.pending = None;
        }
        drop(shared);
        breakpoints.into_keys().for_each(|address| self.forget_code(address, 4));
        self.changed.notify_all();
    }

    /// Undoes one instruction of a thread; `false` if none is recorded.
    fn undo(&self, tid: i32) -> bool {
        let mut shared = lock(&self.shared);
        let Some(thread) = shared.threads.get_mut(&tid) else {
            return false;
        };
        let Some(record) = thread.history.pop_back() else {
            return false;
        };
        thread.cpu = record.cpu;
        if let Some((address, bytes)) = record.memory {
            // It was writable when it was recorded; code that was changed there is forgotten.
            let _ = write_bytes(address, &bytes);
            drop(shared);
            self.forget_code(address, bytes.len() as u64);
        }
        true
    }
}

impl View for Arc<Debugger> {
    fn attach(&self, guest: &dyn Guest, cpu: &State) -> Option<Box<dyn Observer>> {
        if guest.borrows_memory() || lock(&self.shared).detached {
            return None;
        }
        let tid = guest.tid();
        {
            let mut shared = lock(&self.shared);
            if shared.threads.is_empty() {
                shared.main = tid;
            }
            shared.a32 = guest.is_a32();
            let thread = ThreadState {
                cpu: cpu.clone(),
                parked: false,
                in_call: false,
                pending: None,
                action: Action::Continue,
                named: true,
                signal: None,
                history: VecDeque::new(),
            };
            shared.threads.insert(tid, thread);
        }
        let first = lock(&self.listener).take();
        if let Some(listener) = first {
            *lock(&self.process) = Some(guest.process());
            eprintln!("armlet: waiting for gdb at {} (target remote {0})", self.place);
            let debugger = Arc::clone(self);
            std::thread::spawn(move || target::serve(&debugger, listener));
        }
        Some(Box::new(Debugged {
            debugger: Arc::clone(self),
            tid,
            resumed_at: None,
        }))
    }

    fn patches(&self) -> Option<Arc<dyn Patches>> {
        Some(Arc::new(Breakpoints(Arc::clone(self))))
    }
}

struct Breakpoints(Arc<Debugger>);

impl Patches for Breakpoints {
    fn word(&self, address: u64) -> Option<u32> {
        let shared = lock(&self.0.shared);
        shared.breakpoints.contains_key(&address).then_some(BREAKPOINT)
    }

    fn half(&self, address: u64) -> Option<u16> {
        let shared = lock(&self.0.shared);
        match (
            shared.breakpoints.get(&address),
            shared.breakpoints.get(&address.wrapping_sub(2)),
        ) {
            (Some(2 | 3), _) => Some(BREAKPOINT_T32),
            (Some(_), _) => Some(BREAKPOINT_A32 as u16),
            (None, Some(4)) => Some((BREAKPOINT_A32 >> 16) as u16),
            _ => None,
        }
    }
}

/// The memory that the instruction at the program counter is about to touch.
fn access(a32: bool, cpu: &State) -> Option<Access> {
    if !a32 {
        return Shape::of(fetch::<u32>(cpu.pc).ok()?)?.access(cpu);
    }
    let decoded = effects_a32::fetched(cpu)?.0.ok()?;
    let access = Shape::of_a32(&decoded).access(cpu);
    access.filter(|_| effects_a32::executes(&decoded, cpu))
}

/// Whether a breakpoint of the guest's own stands at the program counter.
fn has_own_breakpoint(a32: bool, cpu: &State) -> bool {
    match (a32, cpu.a32.thumb) {
        (false, _) => fetch::<u32>(cpu.pc).is_ok_and(|word| word == BREAKPOINT),
        (true, false) => fetch::<u32>(cpu.pc).is_ok_and(|word| word & 0x0fff_ffff == BREAKPOINT_A32 & 0x0fff_ffff),
        (true, true) => fetch::<u16>(cpu.pc).is_ok_and(|half| half == BREAKPOINT_T32),
    }
}

/// The observer of one thread.
struct Debugged {
    debugger: Arc<Debugger>,
    tid: i32,
    /// The thread has just gone on from here: a breakpoint here has done its work.
    resumed_at: Option<u64>,
}

impl Debugged {
    /// Waits as long as the program is stopped; `stop` is why this thread has stopped it.
    fn park(&mut self, cpu: &mut State, stop: Option<Stop>) {
        let debugger = Arc::clone(&self.debugger);
        let mut shared = lock(&debugger.shared);
        if shared.detached {
            return;
        }
        if let Some(stop) = stop {
            if shared.event.is_none() && !shared.stopped {
                shared.event = Some((self.tid, stop));
                shared.stopped = true;
                if let Some(process) = debugger.process() {
                    process.interrupt();
                }
            } else if let Some(thread) = shared.threads.get_mut(&self.tid) {
                thread.pending = Some(stop);
            }
        }
        if !shared.holds(self.tid) {
            return;
        }
        if let Some(thread) = shared.threads.get_mut(&self.tid) {
            thread.cpu = cpu.clone();
            thread.parked = true;
        }
        debugger.changed.notify_all();
        while shared.holds(self.tid) && !shared.killed {
            shared = debugger.changed.wait(shared).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(thread) = shared.threads.get_mut(&self.tid) {
            *cpu = thread.cpu.clone();
            thread.parked = false;
        }
        self.resumed_at = Some(cpu.pc);
    }

    /// A watchpoint that the instruction at the program counter touches.
    fn watched(shared: &Shared, cpu: &State) -> Option<(WatchKind, u64)> {
        if shared.watchpoints.is_empty() {
            return None;
        }
        let access = access(shared.a32, cpu)?;
        let end = access.address + u64::from(access.size);
        let hit = shared.watchpoints.iter().find(|(address, length, kind)| {
            let fits = match kind {
                WatchKind::Write => access.kind != AccessKind::Load,
                WatchKind::Read => access.kind != AccessKind::Store,
                WatchKind::ReadWrite => true,
            };
            fits && *address < end && access.address < address + length
        });
        hit.map(|&(address, _, kind)| (kind, address))
    }

    /// Notes what the next instruction will change.
    fn record(shared: &mut Shared, tid: i32, cpu: &State) {
        let (limit, a32) = (shared.history, shared.a32);
        let several = shared.threads.len() > 1;
        let Some(thread) = shared.threads.get_mut(&tid) else {
            return;
        };
        if several {
            // What other threads store would not be undone.
            return thread.history.clear();
        }
        let memory = access(a32, cpu)
            .filter(|access| access.kind != AccessKind::Load)
            .and_then(|access| {
                let mut bytes = vec![0; access.size as usize];
                read_bytes(access.address, &mut bytes).ok()?;
                Some((access.address, bytes))
            });
        if thread.history.len() >= limit {
            thread.history.pop_front();
        }
        thread.history.push_back(Record {
            cpu: cpu.clone(),
            memory,
        });
    }

    fn finish(&mut self, stop: Stop) {
        let debugger = Arc::clone(&self.debugger);
        let mut shared = lock(&debugger.shared);
        if shared.detached || shared.killed {
            return;
        }
        shared.event = Some((self.tid, stop));
        shared.stopped = true;
        debugger.changed.notify_all();
        let end = std::time::Instant::now() + FAREWELL;
        while !shared.told && std::time::Instant::now() < end {
            let wait = debugger.changed.wait_timeout(shared, Duration::from_millis(50));
            shared = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Observer for Debugged {
    fn proceed(&mut self, _: &dyn Guest, cpu: &mut State) -> Pace {
        loop {
            let debugger = Arc::clone(&self.debugger);
            let mut shared = lock(&debugger.shared);
            if shared.killed {
                return Pace::Kill;
            }
            if shared.detached {
                return Pace::Free;
            }
            if shared.holds(self.tid) {
                drop(shared);
                self.park(cpu, None);
                continue;
            }
            let here = shared.breakpoints.contains_key(&cpu.pc);
            let resumed = self.resumed_at == Some(cpu.pc);
            let action = shared
                .threads
                .get(&self.tid)
                .map_or(Action::Continue, |thread| thread.action);
            let by_steps = action != Action::Continue || !shared.watchpoints.is_empty() || shared.history > 0;
            if !by_steps && !here {
                return Pace::Free;
            }
            if here && !resumed {
                drop(shared);
                self.park(cpu, Some(Stop::Breakpoint));
                continue;
            }
            if shared.history > 0 {
                Self::record(&mut shared, self.tid, cpu);
            }
            if let Some((kind, address)) = Self::watched(&shared, cpu)
                && let Some(thread) = shared.threads.get_mut(&self.tid)
            {
                // gdb wants to see the value behind the access: it is told when the instruction is over.
                thread.pending = Some(Stop::Watch(kind, address));
            }
            return Pace::Step;
        }
    }

    fn executed(&mut self, _: &dyn Guest, cpu: &mut State, trap: Option<Trap>) {
        self.resumed_at = None;
        let debugger = Arc::clone(&self.debugger);
        let mut shared = lock(&debugger.shared);
        let Some(thread) = shared.threads.get_mut(&self.tid) else {
            return;
        };
        let pending = match thread.pending {
            Some(Stop::Watch(..)) => thread.pending.take(),
            _ => None,
        };
        let over = match thread.action {
            Action::Continue => false,
            Action::Step => true,
            Action::StepOver(start, end) => !(start..end).contains(&cpu.pc),
        };
        drop(shared);
        match trap {
            // What becomes of it comes first.
            Some(Trap::Memory(_) | Trap::Undefined | Trap::Breakpoint { .. }) => {}
            Some(Trap::SupervisorCall { .. }) => {}
            None | Some(Trap::InvalidateCode { .. }) => {
                if pending.is_some() {
                    self.park(cpu, pending);
                } else if over {
                    self.park(cpu, Some(Stop::Step));
                }
            }
        }
    }

    fn trapped(&mut self, _: &dyn Guest, cpu: &mut State, trap: Trap) -> bool {
        let is_ours = matches!(trap, Trap::Breakpoint { imm: 0 }) && {
            let shared = lock(&self.debugger.shared);
            // One that was taken away while the thread ran into it is executed again, too.
            shared.breakpoints.contains_key(&cpu.pc) || !has_own_breakpoint(shared.a32, cpu)
        };
        if is_ours && self.resumed_at != Some(cpu.pc) {
            let still = lock(&self.debugger.shared).breakpoints.contains_key(&cpu.pc);
            self.park(cpu, still.then_some(Stop::Breakpoint));
        }
        is_ours
    }

    fn call(&mut self, guest: &dyn Guest, cpu: &mut State) {
        self.resumed_at = None;
        let (number, harmless): (u64, &[u64]) = match guest.is_a32() {
            true => (cpu.x(7), &HARMLESS_CALLS_A32),
            false => (cpu.x(8), &HARMLESS_CALLS),
        };
        let caught = {
            let mut shared = lock(&self.debugger.shared);
            let caught = shared
                .catch
                .as_ref()
                .is_some_and(|calls| calls.as_ref().is_none_or(|calls| calls.contains(&number)));
            if let Some(thread) = shared.threads.get_mut(&self.tid)
                && !harmless.contains(&number)
            {
                thread.history.clear();
            }
            caught
        };
        if caught {
            self.park(cpu, Some(Stop::CallEntry(number)));
        }
        let mut shared = lock(&self.debugger.shared);
        if let Some(thread) = shared.threads.get_mut(&self.tid) {
            thread.in_call = true;
            thread.cpu = cpu.clone();
        }
        self.debugger.changed.notify_all();
    }

    fn called(&mut self, guest: &dyn Guest, cpu: &mut State) {
        let number = cpu.x(if guest.is_a32() { 7 } else { 8 });
        let (caught, stepping) = {
            let mut shared = lock(&self.debugger.shared);
            if let Some(thread) = shared.threads.get_mut(&self.tid) {
                thread.in_call = false;
            }
            let caught = shared
                .catch
                .as_ref()
                .is_some_and(|calls| calls.as_ref().is_none_or(|calls| calls.contains(&number)));
            let action = shared
                .threads
                .get(&self.tid)
                .map_or(Action::Continue, |thread| thread.action);
            (caught, action != Action::Continue)
        };
        if caught {
            self.park(cpu, Some(Stop::CallReturn(number)));
        } else if stepping {
            self.park(cpu, Some(Stop::Step));
        }
    }

    fn signal(&mut self, _: &dyn Guest, cpu: &mut State, signal: &Signal) -> Fate {
        if lock(&self.debugger.shared).detached {
            return Fate::Deliver;
        }
        self.park(cpu, Some(Stop::Signal(signal.number)));
        let mut shared = lock(&self.debugger.shared);
        let answer = shared
            .threads
            .get_mut(&self.tid)
            .and_then(|thread| thread.signal.take());
        if shared.detached || answer == Some(signal.number) {
            Fate::Deliver
        } else {
            Fate::Discard
        }
    }

    fn forked(&mut self, _: &dyn Guest) {
        // gdb follows the parent. Other threads, which are not here, may have held the lock; so nothing is waited for.
        if let Ok(mut shared) = self.debugger.shared.try_lock() {
            shared.detached = true;
            shared.breakpoints.clear();
        }
    }

    fn ends(&mut self, _: &dyn Guest, end: End) {
        match end {
            End::Thread(_) => {
                let mut shared = lock(&self.debugger.shared);
                shared.threads.remove(&self.tid);
                let last = shared.threads.is_empty();
                drop(shared);
                self.debugger.changed.notify_all();
                if last && let End::Thread(status) = end {
                    self.finish(Stop::Exited(status));
                }
            }
            End::Process(status) => self.finish(Stop::Exited(status)),
            End::Killed(signal) => self.finish(Stop::Killed(signal)),
            // gdbstub cannot tell gdb of an execve: the session ends, and the new program goes on alone.
            End::Replaced => self.finish(Stop::Exited(0)),
        }
    }
}
