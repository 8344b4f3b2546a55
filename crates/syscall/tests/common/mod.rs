//! A guest thread without an engine: enough of a [`Task`] to make system calls and see what they did to it.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::ffi::CString;
use std::io::{PipeReader, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use armlet_cpu::a64::State;
use armlet_memory::{AddressSpace, Layout};
use armlet_syscall::abi::Abi;
use armlet_syscall::seccomp::Seccomp;
use armlet_syscall::strace::Strace;
use armlet_syscall::task::{AltStack, CloneArgs, Exec, Image, RestartBlock, Settings, SigAction};
use armlet_syscall::{Errno, Outcome, Task, dispatch};

/// An address that is never mapped.
pub const NOWHERE: u64 = 0x10;

/// Where it is, for what the call reads.
pub fn pointer<T: ?Sized>(value: &T) -> u64 {
    (&raw const *value).cast::<u8>() as u64
}

/// For what the call stores to.
pub fn pointer_mut<T: ?Sized>(value: &mut T) -> u64 {
    (&raw mut *value).cast::<u8>() as u64
}

/// See the head of this file.
pub struct Guest {
    pub memory: AddressSpace,
    pub pending: AtomicU32,
    pub settings: Settings,
    pub executable: PathBuf,
    pub arguments: Vec<CString>,
    pub auxv: Vec<(u64, u64)>,
    pub strace: Option<Strace>,
    pub mask: u64,
    pub saved_mask: Option<u64>,
    /// Signals that wait, whether blocked or not.
    pub waiting: u64,
    pub actions: [SigAction; 65],
    pub stack: AltStack,
    pub clear_child_tid: u64,
    pub restart: Option<RestartBlock>,
    pub cloned: Vec<CloneArgs>,
    pub executed: Vec<Exec>,
    pub state: State,
    pub abi: Abi,
    pub robust_list: u64,
    pub seccomp: Seccomp,
    /// What another thread of the process has promised.
    pub other_thread: Option<Seccomp>,
    alone: Option<MutexGuard<'static, ()>>,
}

impl Guest {
    pub fn new() -> Guest {
        armlet_memory::fault::install_fault_handler().expect("handlers for faults");
        Guest {
            memory: AddressSpace::new(Layout::fixed(8 << 20)),
            pending: AtomicU32::new(0),
            settings: Settings::default(),
            executable: "/guest/program".into(),
            arguments: vec![c"program".into(), c"-x".into()],
            auxv: vec![(libc::AT_PAGESZ, 4096), (libc::AT_NULL, 0)],
            strace: None,
            mask: 0,
            saved_mask: None,
            waiting: 0,
            actions: [SigAction::default(); 65],
            stack: AltStack::DISABLED,
            clear_child_tid: 0,
            restart: None,
            cloned: Vec::new(),
            executed: Vec::new(),
            state: State::default(),
            abi: Abi::A64,
            robust_list: 0,
            seccomp: Seccomp::default(),
            other_thread: None,
            alone: None,
        }
    }

    /// An AArch32 guest, whose memory is below 4 GiB: there is room for one at a time.
    pub fn a32() -> Guest {
        static ALONE: Mutex<()> = Mutex::new(());
        Guest {
            alone: Some(ALONE.lock().unwrap_or_else(PoisonError::into_inner)),
            abi: Abi::A32,
            memory: AddressSpace::new(Layout::fixed_a32(8 << 20)),
            ..Guest::new()
        }
    }

    /// A guest whose trace can be read.
    pub fn traced() -> (Guest, Trace) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let strace = Strace::new(writer.as_fd()).expect("a descriptor");
        (
            Guest {
                strace: Some(strace),
                ..Guest::new()
            },
            Trace(reader),
        )
    }

    /// Makes the system call of that name.
    pub fn call(&mut self, name: &str, args: &[u64]) -> Outcome {
        let row = self
            .abi
            .table()
            .into_iter()
            .find(|row| row.name == name)
            .expect("a name in the table");
        self.call_number(row.number.into(), args)
    }

    pub fn call_number(&mut self, number: u64, args: &[u64]) -> Outcome {
        let mut state = std::mem::take(&mut self.state);
        let (register, count) = match self.abi {
            Abi::A64 => (8, 6),
            Abi::A32 => (7, 7),
        };
        for n in 0..count {
            state.set_x(n as u8, args.get(n).copied().unwrap_or(0));
        }
        state.set_x(register, number);
        let outcome = dispatch(self, &mut state);
        self.state = state;
        outcome
    }

    /// Makes the system call, which waits, while host signals keep arriving until it ends.
    pub fn interrupted(&mut self, name: &str, args: &[u64]) -> Outcome {
        extern "C" fn nothing(_: i32) {}
        // SAFETY: a zeroed sigaction is a valid one, and the handler does nothing.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = nothing as *const () as usize;
            libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
        }
        // SAFETY: both only answer a number.
        let (process, thread) = unsafe { (libc::getpid(), libc::gettid()) };
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                    // SAFETY: the thread waits for this one's end.
                    unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGUSR1) };
                }
            });
            let outcome = self.call(name, args);
            over.store(true, Ordering::SeqCst);
            outcome
        })
    }

    /// Makes the system call, and says what it answered.
    pub fn value(&mut self, name: &str, args: &[u64]) -> Result<u64, Errno> {
        assert_eq!(self.call(name, args), Outcome::Continue, "{name}");
        match self.abi {
            Abi::A64 => Errno::check(self.state.x(0) as i64),
            Abi::A32 => match self.state.w(0) as i32 {
                error @ -4095..=-1 => Errno::check(error.into()),
                _ => Ok(self.state.x(0)),
            },
        }
    }

    /// Guest memory of that many bytes.
    pub fn buffer(&mut self, length: u64) -> u64 {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        self.memory.map(0, length, 3, flags as u32, -1, 0).expect("memory")
    }

    /// A signal arrives.
    pub fn raise(&mut self, signal: u32) {
        self.waiting |= 1 << (signal - 1);
        self.update_pending();
    }

    /// Sets the mask of blocked signals.
    pub fn set_mask(&mut self, mask: u64) {
        self.mask = mask;
        self.update_pending();
    }

    fn update_pending(&mut self) {
        self.pending
            .store((self.waiting & !self.mask != 0).into(), Ordering::SeqCst);
    }
}

impl Task for Guest {
    fn abi(&self) -> Abi {
        self.abi
    }

    fn memory(&self) -> &AddressSpace {
        &self.memory
    }

    fn pending(&self) -> &AtomicU32 {
        &self.pending
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn image(&self) -> Image<'_> {
        Image {
            executable: &self.executable,
            arguments: &self.arguments,
            environment: (0, 0),
            auxv: &self.auxv,
            stack: (0, 0),
            vdso: (0, 0),
        }
    }

    fn strace(&self) -> Option<&Strace> {
        self.strace.as_ref()
    }

    fn clone_task(&mut self, args: &CloneArgs, _: &mut State) -> Result<u64, Errno> {
        self.cloned.push(args.clone());
        Ok(4242)
    }

    fn exec(&mut self, exec: Exec, _: &mut State) -> Result<(), Errno> {
        self.executed.push(exec);
        Ok(())
    }

    fn clear_child_tid(&self) -> u64 {
        self.clear_child_tid
    }

    fn set_clear_child_tid(&mut self, address: u64) {
        self.clear_child_tid = address;
    }

    fn set_robust_list(&mut self, head: u64) {
        self.robust_list = head;
    }

    fn robust_list(&self, thread: i32) -> Option<u64> {
        (thread == 0).then_some(self.robust_list)
    }

    fn sigreturn_old(&mut self, state: &mut State) {
        state.pc = 0x2000;
    }

    fn sigreturn(&mut self, state: &mut State) {
        state.pc = 0x1000;
    }

    fn sigaction(&mut self, signal: u32, new: Option<SigAction>) -> Result<SigAction, Errno> {
        let action = &mut self.actions[signal as usize];
        let old = *action;
        *action = new.unwrap_or(old);
        Ok(old)
    }

    fn signal_dispositions(&self) -> [u64; 2] {
        let with = |wanted: fn(u64) -> bool| {
            let all = (1..65).filter(|&signal: &usize| wanted(self.actions[signal].handler));
            all.fold(0, |set, signal| set | 1 << (signal - 1))
        };
        [with(|handler| handler == 1), with(|handler| handler > 1)]
    }

    fn signal_mask(&self) -> u64 {
        self.mask
    }

    fn set_signal_mask(&mut self, mask: u64) {
        self.mask = mask;
        self.update_pending();
    }

    fn set_temporary_signal_mask(&mut self, mask: u64) {
        self.saved_mask = Some(self.mask);
        self.set_signal_mask(mask);
    }

    fn restore_signal_mask(&mut self) {
        if let Some(mask) = self.saved_mask.take() {
            self.set_signal_mask(mask);
        }
    }

    fn alternate_stack(&self) -> AltStack {
        self.stack
    }

    fn set_alternate_stack(&mut self, stack: AltStack) {
        self.stack = stack;
    }

    fn restart_block(&mut self) -> &mut Option<RestartBlock> {
        &mut self.restart
    }

    fn seccomp(&self) -> Seccomp {
        self.seccomp.clone()
    }

    fn set_seccomp(&mut self, seccomp: Seccomp) {
        self.seccomp = seccomp;
    }

    fn set_seccomp_of_all(&mut self, seccomp: Seccomp) -> Result<(), i32> {
        match &self.other_thread {
            Some(other) if !other.can_become(&seccomp) => Err(77),
            _ => {
                self.seccomp = seccomp;
                Ok(())
            }
        }
    }
}

/// The lines of a traced guest.
pub struct Trace(PipeReader);

impl Trace {
    /// The next line, without its end.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        let mut byte = [0];
        while self.0.read(&mut byte).expect("the trace is read") == 1 && byte != *b"\n" {
            line.extend_from_slice(&byte);
        }
        String::from_utf8(line).expect("the trace is text")
    }
}
