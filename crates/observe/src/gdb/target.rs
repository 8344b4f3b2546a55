//! What gdb may ask and do, for the `gdbstub` crate; on a host thread of its own, while the guest's threads are stopped or run.

use std::collections::BTreeSet;
use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use armlet_memory::{read_bytes, write_bytes};
use gdbstub::common::{Pid, Signal, Tid};
use gdbstub::conn::{Connection, ConnectionExt};
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use gdbstub::target::ext::auxv::{Auxv, AuxvOps};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadRangeStepping, MultiThreadRangeSteppingOps, MultiThreadResume, MultiThreadResumeOps,
    MultiThreadSchedulerLocking, MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::reverse_exec::{
    ReplayLogPosition, ReverseCont, ReverseContOps, ReverseStep, ReverseStepOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint,
    SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::catch_syscalls::{CatchSyscallPosition, CatchSyscalls, CatchSyscallsOps, SyscallNumbers};
use gdbstub::target::ext::exec_file::{ExecFile, ExecFileOps};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps, outputln};
use gdbstub::target::{Target, TargetError, TargetResult};

use super::registers::{A64, Bank, Isa};
use super::registers_a32::A32;
use super::{Action, Debugger, Listener, Stop, lock};

/// How often a running program's debugger looks whether gdb has sent something.
const PEEK: Duration = Duration::from_millis(10);

/// Waits for gdb, and serves it to the end.
pub(super) fn serve(debugger: &Arc<Debugger>, listener: Listener) {
    let a32 = lock(&debugger.shared).a32;
    let result = match listener {
        Listener::Tcp(listener) => listener.accept().and_then(|(stream, _)| {
            stream.set_nodelay(true)?;
            match a32 {
                true => session::<A32, _>(debugger, stream),
                false => session::<A64, _>(debugger, stream),
            }
        }),
        Listener::Unix(listener) => {
            let accepted = listener.accept();
            if let Ok(address) = listener.local_addr()
                && let Some(path) = address.as_pathname()
            {
                // A socket serves one session.
                let _ = std::fs::remove_file(path);
            }
            accepted.and_then(|(stream, _)| match a32 {
                true => session::<A32, _>(debugger, stream),
                false => session::<A64, _>(debugger, stream),
            })
        }
    };
    if let Err(error) = result {
        eprintln!("armlet: the debugger is gone: {error}; the program goes on");
    }
    lock(&debugger.shared).told = true;
    debugger.detach();
}

fn session<A: Isa, C>(debugger: &Arc<Debugger>, stream: C) -> io::Result<()>
where
    C: ConnectionExt<Error = io::Error> + 'static,
{
    let mut target = Stub::<A> {
        debugger: Arc::clone(debugger),
        reverse: None,
        isa: PhantomData,
    };
    // Until the first thread stands still, there is nothing to show.
    target.wait_until_stopped();
    let connection: Box<dyn ConnectionExt<Error = io::Error>> = Box::new(stream);
    match GdbStub::new(connection).run_blocking::<Loop<A>>(&mut target) {
        Ok(DisconnectReason::Kill) => {
            lock(&debugger.shared).killed = true;
            debugger.changed.notify_all();
            if let Some(process) = debugger.process() {
                process.interrupt();
            }
            // Threads that wait in a call do not come back for it.
            std::thread::sleep(Duration::from_millis(200));
            if let Some(process) = debugger.process() {
                process.kill();
            }
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}

struct Loop<A>(PhantomData<A>);

impl<A: Isa> BlockingEventLoop for Loop<A> {
    type Target = Stub<A>;
    type Connection = Box<dyn ConnectionExt<Error = io::Error>>;
    type StopReason = MultiThreadStopReason<u64>;

    fn wait_for_stop_reason(
        target: &mut Stub<A>,
        conn: &mut Self::Connection,
    ) -> Result<Event<Self::StopReason>, WaitForStopReasonError<String, io::Error>> {
        if let Some(reason) = target.go_back() {
            return Ok(Event::TargetStopped(reason));
        }
        loop {
            if conn.peek().map_err(WaitForStopReasonError::Connection)?.is_some() {
                let byte = ConnectionExt::read(conn).map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
            let shared = lock(&target.debugger.shared);
            let wait = target
                .debugger
                .changed
                .wait_timeout_while(shared, PEEK, |shared| shared.event.is_none());
            let mut shared = wait.unwrap_or_else(PoisonError::into_inner).0;
            let Some((tid, stop)) = shared.event.take() else {
                continue;
            };
            let over = matches!(stop, Stop::Exited(_) | Stop::Killed(_));
            shared.told |= over;
            drop(shared);
            if !over {
                target.wait_until_stopped();
            }
            let reason = target.reason(tid, stop);
            return Ok(Event::TargetStopped(reason));
        }
    }

    fn on_interrupt(target: &mut Stub<A>) -> Result<Option<Self::StopReason>, String> {
        let tid = {
            let mut shared = lock(&target.debugger.shared);
            shared.stopped = true;
            shared.main_thread()
        };
        if let Some(process) = target.debugger.process() {
            process.interrupt();
        }
        target.wait_until_stopped();
        let tid = lock(&target.debugger.shared).event.take().map_or(tid, |(tid, _)| tid);
        Ok(Some(target.reason(tid, Stop::Interrupt)))
    }
}

impl super::Shared {
    fn main_thread(&self) -> i32 {
        let first = self.threads.keys().next().copied().unwrap_or(self.main);
        if self.threads.contains_key(&self.main) {
            self.main
        } else {
            first
        }
    }
}

/// The program, as gdbstub sees it.
struct Stub<A> {
    debugger: Arc<Debugger>,
    /// gdb wants to go backwards: one instruction of a thread, or all.
    reverse: Option<(i32, bool)>,
    isa: PhantomData<A>,
}

fn tid(number: i32) -> Tid {
    usize::try_from(number).ok().and_then(Tid::new).unwrap_or(Tid::MIN)
}

/// gdb numbers signals in a way of its own.
const SIGNALS: [(i32, Signal); 31] = [
    (1, Signal::SIGHUP),
    (2, Signal::SIGINT),
    (3, Signal::SIGQUIT),
    (4, Signal::SIGILL),
    (5, Signal::SIGTRAP),
    (6, Signal::SIGABRT),
    (7, Signal::SIGBUS),
    (8, Signal::SIGFPE),
    (9, Signal::SIGKILL),
    (10, Signal::SIGUSR1),
    (11, Signal::SIGSEGV),
    (12, Signal::SIGUSR2),
    (13, Signal::SIGPIPE),
    (14, Signal::SIGALRM),
    (15, Signal::SIGTERM),
    (16, Signal::SIGLOST),
    (17, Signal::SIGCHLD),
    (18, Signal::SIGCONT),
    (19, Signal::SIGSTOP),
    (20, Signal::SIGTSTP),
    (21, Signal::SIGTTIN),
    (22, Signal::SIGTTOU),
    (23, Signal::SIGURG),
    (24, Signal::SIGXCPU),
    (25, Signal::SIGXFSZ),
    (26, Signal::SIGVTALRM),
    (27, Signal::SIGPROF),
    (28, Signal::SIGWINCH),
    (29, Signal::SIGIO),
    (30, Signal::SIGPWR),
    (31, Signal::SIGSYS),
];

fn to_gdb(signal: i32) -> Signal {
    match SIGNALS.iter().find(|(linux, _)| *linux == signal) {
        Some((_, gdb)) => *gdb,
        // gdb's SIG33 to SIG63 are 45 to 75, its SIG32 is 77, its SIG64 is 78.
        None => match signal {
            32 => Signal(77),
            64 => Signal(78),
            33..64 => Signal(signal as u8 + 12),
            _ => Signal(143),
        },
    }
}

fn from_gdb(signal: Signal) -> i32 {
    match SIGNALS.iter().find(|(_, gdb)| *gdb == signal) {
        Some((linux, _)) => *linux,
        None => match signal.0 {
            77 => 32,
            78 => 64,
            45..=75 => i32::from(signal.0) - 12,
            _ => 0,
        },
    }
}

impl<A: Isa> Stub<A> {
    /// Waits until every thread stands still: with the debugger, or in a system call.
    fn wait_until_stopped(&self) {
        let mut shared = lock(&self.debugger.shared);
        loop {
            let still = shared.threads.values().all(|thread| thread.parked || thread.in_call);
            if still && !shared.threads.is_empty() || shared.told {
                return;
            }
            let wait = self.debugger.changed.wait_timeout(shared, PEEK);
            shared = wait.unwrap_or_else(PoisonError::into_inner).0;
            drop(shared);
            // A thread may have begun to run code again meanwhile.
            if let Some(process) = self.debugger.process() {
                process.interrupt();
            }
            shared = lock(&self.debugger.shared);
        }
    }

    fn reason(&self, number: i32, stop: Stop) -> MultiThreadStopReason<u64> {
        let tid = tid(number);
        let call = |number, position| MultiThreadStopReason::CatchSyscall {
            tid: Some(tid),
            number,
            position,
        };
        match stop {
            Stop::Step => MultiThreadStopReason::SignalWithThread {
                tid,
                signal: Signal::SIGTRAP,
            },
            Stop::Breakpoint => MultiThreadStopReason::SwBreak(tid),
            Stop::Watch(kind, addr) => MultiThreadStopReason::Watch { tid, kind, addr },
            Stop::Signal(signal) => MultiThreadStopReason::SignalWithThread {
                tid,
                signal: to_gdb(signal),
            },
            Stop::CallEntry(number) => call(number, CatchSyscallPosition::Entry),
            Stop::CallReturn(number) => call(number, CatchSyscallPosition::Return),
            Stop::Interrupt => MultiThreadStopReason::SignalWithThread {
                tid,
                signal: Signal::SIGINT,
            },
            Stop::HistoryBegins => MultiThreadStopReason::ReplayLog {
                tid: Some(tid),
                pos: ReplayLogPosition::Begin,
            },
            Stop::Exited(status) => MultiThreadStopReason::Exited(status as u8),
            Stop::Killed(signal) => MultiThreadStopReason::Terminated(to_gdb(signal)),
        }
    }

    /// Does what `reverse` says, at once: the threads stay where they are.
    fn go_back(&mut self) -> Option<MultiThreadStopReason<u64>> {
        let (number, one) = self.reverse.take()?;
        loop {
            if !self.debugger.undo(number) {
                return Some(self.reason(number, Stop::HistoryBegins));
            }
            if one {
                return Some(self.reason(number, Stop::Step));
            }
            let shared = lock(&self.debugger.shared);
            let pc = shared.threads.get(&number).map(|thread| thread.cpu.pc);
            if pc.is_some_and(|pc| shared.breakpoints.contains_key(&pc)) {
                return Some(self.reason(number, Stop::Breakpoint));
            }
        }
    }

    fn with<R>(&self, thread: Tid, f: impl FnOnce(&mut super::ThreadState) -> R) -> TargetResult<R, Self> {
        let mut shared = lock(&self.debugger.shared);
        let state = shared
            .threads
            .get_mut(&(thread.get() as i32))
            .ok_or(TargetError::NonFatal)?;
        Ok(f(state))
    }

    fn set_action(&self, thread: Tid, action: Action, signal: Option<Signal>) {
        // A thread that has ended meanwhile needs none.
        let _ = self.with(thread, |state| {
            state.action = action;
            state.named = true;
            state.signal = signal.map(from_gdb);
        });
    }

    fn patch(&self, address: u64, kind: usize, on: bool) {
        {
            let mut shared = lock(&self.debugger.shared);
            if on {
                shared.breakpoints.insert(address, kind);
            } else {
                shared.breakpoints.remove(&address);
            }
        }
        self.debugger.forget_code(address, 4);
    }
}

/// Copies the part of `all` that gdb asks for.
fn part(all: &[u8], offset: u64, length: usize, buf: &mut [u8]) -> usize {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(all.len());
    let count = length.min(buf.len()).min(all.len() - start);
    buf[..count].copy_from_slice(&all[start..start + count]);
    count
}

impl<A: Isa> Target for Stub<A> {
    type Arch = A;
    type Error = String;

    fn base_ops(&mut self) -> BaseOps<'_, A, String> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_catch_syscalls(&mut self) -> Option<CatchSyscallsOps<'_, Self>> {
        Some(self)
    }

    fn support_auxv(&mut self) -> Option<AuxvOps<'_, Self>> {
        Some(self)
    }

    fn support_exec_file(&mut self) -> Option<ExecFileOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }
}

impl<A: Isa> MultiThreadBase for Stub<A> {
    fn read_registers(&mut self, regs: &mut A::Bank, tid: Tid) -> TargetResult<(), Self> {
        *regs = self.with(tid, |thread| A::Bank::of(&thread.cpu))?;
        Ok(())
    }

    fn write_registers(&mut self, regs: &A::Bank, tid: Tid) -> TargetResult<(), Self> {
        self.with(tid, |thread| {
            if thread.parked {
                regs.store(&mut thread.cpu);
                thread.history.clear();
            }
            thread.parked
        })?
        .then_some(())
        .ok_or(TargetError::NonFatal)
    }

    fn read_addrs(&mut self, start: u64, data: &mut [u8], _: Tid) -> TargetResult<usize, Self> {
        if read_bytes(start, data).is_ok() {
            return Ok(data.len());
        }
        let readable = (0..data.len()).take_while(|&index| {
            let mut byte = [0];
            let read = read_bytes(start.wrapping_add(index as u64), &mut byte).is_ok();
            data[index] = byte[0];
            read
        });
        match readable.count() {
            0 => Err(TargetError::NonFatal),
            count => Ok(count),
        }
    }

    fn write_addrs(&mut self, start: u64, data: &[u8], _: Tid) -> TargetResult<(), Self> {
        write_bytes(start, data).map_err(|_| TargetError::NonFatal)?;
        self.debugger.forget_code(start, data.len() as u64);
        Ok(())
    }

    fn list_active_threads(&mut self, thread_is_active: &mut dyn FnMut(Tid)) -> Result<(), String> {
        let mut numbers: Vec<i32> = lock(&self.debugger.shared).threads.keys().copied().collect();
        if numbers.is_empty() {
            // gdb wants one even when the program has ended.
            numbers.push(lock(&self.debugger.shared).main);
        }
        numbers.into_iter().for_each(|number| thread_is_active(tid(number)));
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

impl<A: Isa> MultiThreadResume for Stub<A> {
    fn resume(&mut self) -> Result<(), String> {
        let mut shared = lock(&self.debugger.shared);
        // What happened to others while the program was being stopped comes first.
        let waiting = shared
            .threads
            .iter()
            .find_map(|(&tid, thread)| thread.pending.map(|stop| (tid, stop)));
        if let Some((tid, stop)) = waiting {
            if let Some(thread) = shared.threads.get_mut(&tid) {
                thread.pending = None;
            }
            shared.event = Some((tid, stop));
            return Ok(());
        }
        shared.stopped = false;
        shared.event = None;
        drop(shared);
        self.debugger.changed.notify_all();
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), String> {
        let mut shared = lock(&self.debugger.shared);
        shared.locked = false;
        for thread in shared.threads.values_mut() {
            thread.action = Action::Continue;
            thread.named = false;
            thread.signal = None;
        }
        Ok(())
    }

    fn set_resume_action_continue(&mut self, tid: Tid, signal: Option<Signal>) -> Result<(), String> {
        self.set_action(tid, Action::Continue, signal);
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_range_step(&mut self) -> Option<MultiThreadRangeSteppingOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }

    fn support_reverse_step(&mut self) -> Option<ReverseStepOps<'_, Tid, Self>> {
        Some(self)
    }

    fn support_reverse_cont(&mut self) -> Option<ReverseContOps<'_, Tid, Self>> {
        Some(self)
    }
}

impl<A: Isa> MultiThreadSingleStep for Stub<A> {
    fn set_resume_action_step(&mut self, tid: Tid, signal: Option<Signal>) -> Result<(), String> {
        self.set_action(tid, Action::Step, signal);
        Ok(())
    }
}

impl<A: Isa> MultiThreadRangeStepping for Stub<A> {
    fn set_resume_action_range_step(&mut self, tid: Tid, start: u64, end: u64) -> Result<(), String> {
        self.set_action(tid, Action::StepOver(start, end), None);
        Ok(())
    }
}

impl<A: Isa> MultiThreadSchedulerLocking for Stub<A> {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), String> {
        lock(&self.debugger.shared).locked = true;
        Ok(())
    }
}

impl<A: Isa> ReverseStep<Tid> for Stub<A> {
    fn reverse_step(&mut self, tid: Tid) -> Result<(), String> {
        self.reverse = Some((tid.get() as i32, true));
        Ok(())
    }
}

impl<A: Isa> ReverseCont<Tid> for Stub<A> {
    fn reverse_cont(&mut self) -> Result<(), String> {
        let number = lock(&self.debugger.shared).main_thread();
        self.reverse = Some((number, false));
        Ok(())
    }
}

impl<A: Isa> Breakpoints for Stub<A> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl<A: Isa> SwBreakpoint for Stub<A> {
    fn add_sw_breakpoint(&mut self, addr: u64, kind: usize) -> TargetResult<bool, Self> {
        self.patch(addr, kind, true);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, addr: u64, kind: usize) -> TargetResult<bool, Self> {
        self.patch(addr, kind, false);
        Ok(true)
    }
}

impl<A: Isa> HwBreakpoint for Stub<A> {
    fn add_hw_breakpoint(&mut self, addr: u64, kind: usize) -> TargetResult<bool, Self> {
        self.add_sw_breakpoint(addr, kind)
    }

    fn remove_hw_breakpoint(&mut self, addr: u64, kind: usize) -> TargetResult<bool, Self> {
        self.remove_sw_breakpoint(addr, kind)
    }
}

impl<A: Isa> HwWatchpoint for Stub<A> {
    fn add_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Self> {
        lock(&self.debugger.shared).watchpoints.push((addr, len, kind));
        Ok(true)
    }

    fn remove_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Self> {
        let mut shared = lock(&self.debugger.shared);
        let found = shared
            .watchpoints
            .iter()
            .position(|&watched| watched == (addr, len, kind));
        found.map(|index| shared.watchpoints.remove(index));
        Ok(found.is_some())
    }
}

impl<A: Isa> CatchSyscalls for Stub<A> {
    fn enable_catch_syscalls(&mut self, filter: Option<SyscallNumbers<'_, u64>>) -> TargetResult<(), Self> {
        let filter = filter.map(|numbers| numbers.collect::<BTreeSet<u64>>());
        lock(&self.debugger.shared).catch = Some(filter);
        Ok(())
    }

    fn disable_catch_syscalls(&mut self) -> TargetResult<(), Self> {
        lock(&self.debugger.shared).catch = None;
        Ok(())
    }
}

impl<A: Isa> Auxv for Stub<A> {
    fn get_auxv(&self, offset: u64, length: usize, buf: &mut [u8]) -> TargetResult<usize, Self> {
        let process = self.debugger.process().ok_or(TargetError::NonFatal)?;
        let words = process.auxv().into_iter().flat_map(|(kind, value)| [kind, value]);
        let bytes: Vec<u8> = match lock(&self.debugger.shared).a32 {
            true => words.flat_map(|word| (word as u32).to_le_bytes()).collect(),
            false => words.flat_map(u64::to_le_bytes).collect(),
        };
        Ok(part(&bytes, offset, length, buf))
    }
}

impl<A: Isa> ExecFile for Stub<A> {
    fn get_exec_file(&self, _: Option<Pid>, offset: u64, length: usize, buf: &mut [u8]) -> TargetResult<usize, Self> {
        use std::os::unix::ffi::OsStrExt as _;
        let process = self.debugger.process().ok_or(TargetError::NonFatal)?;
        Ok(part(process.executable().as_os_str().as_bytes(), offset, length, buf))
    }
}

impl<A: Isa> MonitorCmd for Stub<A> {
    fn handle_monitor_cmd(&mut self, cmd: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), String> {
        let text = String::from_utf8_lossy(cmd).into_owned();
        let mut words = text.split_whitespace();
        match (words.next().unwrap_or("help"), words.next()) {
            ("maps", _) => {
                for mapping in self
                    .debugger
                    .process()
                    .map(|process| process.mappings())
                    .unwrap_or_default()
                {
                    outputln!(out, "{mapping}");
                }
            }
            ("threads", _) => {
                for (tid, thread) in &lock(&self.debugger.shared).threads {
                    let what = if thread.in_call { "in a system call" } else { "stopped" };
                    outputln!(out, "{tid}: {:#x}, {what}", thread.cpu.pc);
                }
            }
            ("symbol", Some(address)) => {
                let digits = address.strip_prefix("0x").unwrap_or(address);
                let address = u64::from_str_radix(digits, 16).ok();
                let symbol = address.and_then(|address| self.debugger.process()?.symbolize(address));
                match symbol {
                    Some((name, offset)) => outputln!(out, "{name}+{offset:#x}"),
                    None => outputln!(out, "nothing is known of that address"),
                }
            }
            ("history", count) => {
                let mut shared = lock(&self.debugger.shared);
                if let Some(count) = count.and_then(|count| count.parse().ok()) {
                    shared.history = count;
                    shared.threads.values_mut().for_each(|thread| thread.history.clear());
                }
                let (limit, held) = (
                    shared.history,
                    shared
                        .threads
                        .values()
                        .map(|thread| thread.history.len())
                        .sum::<usize>(),
                );
                outputln!(
                    out,
                    "{held} instructions can be undone; {limit} are recorded at most (of a program with one thread)"
                );
            }
            _ => {
                outputln!(out, "maps              what is mapped");
                outputln!(out, "threads           threads, and what they do");
                outputln!(out, "symbol ADDRESS    the function around an address");
                outputln!(
                    out,
                    "history [N]       record N instructions for reverse-step and reverse-continue; 0: none"
                );
            }
        }
        Ok(())
    }
}

// The blocking loop wants a sized connection.
const _: fn() = || {
    fn connection<C: Connection>() {}
    connection::<Box<dyn ConnectionExt<Error = io::Error>>>();
};
