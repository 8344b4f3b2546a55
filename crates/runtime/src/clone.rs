//! New threads and processes: `clone`, `clone3`, `fork` and `vfork`.
//!
//! - A guest thread is a host thread with the same id.
//! - A fork is a fork of the whole process; the locks of the runtime are held across it, so that the child finds them free.
//! - `CLONE_VM | CLONE_VFORK` (vfork, posix_spawn) is the same on the host: the child runs in the parent's memory, on a host stack
//!   and with a table of signal actions of its own, while the parent's thread waits in the kernel. So the child's writes reach
//!   the parent, as posix_spawn of glibc needs it to report errors.

use std::arch::asm;
use std::io;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};

use armlet_cpu::a32;
use armlet_cpu::a64::State;
use armlet_memory::store;
use armlet_syscall::abi::Abi;
use armlet_syscall::task::CloneArgs;
use armlet_syscall::{Errno, host};

use crate::process::Process;
use crate::signal::host::{self as signals, exit_group, gettid};
use crate::thread::{Runner, Thread, quiet_call};

/// Bytes of the host stack of a guest thread: for the interpreter's longest block, the system call layer and a signal handler.
const HOST_STACK: usize = 512 << 10;

const VM: u64 = libc::CLONE_VM as u64;
const FS: u64 = libc::CLONE_FS as u64;
const FILES: u64 = libc::CLONE_FILES as u64;
const SIGHAND: u64 = libc::CLONE_SIGHAND as u64;
const THREAD: u64 = libc::CLONE_THREAD as u64;
const VFORK: u64 = libc::CLONE_VFORK as u64;
const PIDFD: u64 = libc::CLONE_PIDFD as u64;
const SETTLS: u64 = libc::CLONE_SETTLS as u64;
const PARENT_SETTID: u64 = libc::CLONE_PARENT_SETTID as u64;
const CHILD_SETTID: u64 = libc::CLONE_CHILD_SETTID as u64;
const CHILD_CLEARTID: u64 = libc::CLONE_CHILD_CLEARTID as u64;
const CLEAR_SIGHAND: u64 = 1 << 32;
/// What is done here and not by the host.
const OWN: u64 = SETTLS | PARENT_SETTID | CHILD_SETTID | CHILD_CLEARTID | CLEAR_SIGHAND | SIGHAND;

impl Thread {
    /// See [`armlet_syscall::Task::clone_task`].
    pub(crate) fn start(&mut self, args: &CloneArgs, state: &mut State) -> Result<u64, Errno> {
        let has = |flags: u64| args.flags & flags == flags;
        if has(THREAD) {
            self.start_thread(args, state)
        } else if has(VM | VFORK) && args.set_tid.is_empty() && args.cgroup == 0 {
            self.vfork(args, state)
        } else if has(VM) && args.set_tid.is_empty() && args.cgroup == 0 {
            self.share_memory(args, state)
        } else {
            self.fork(args, state)
        }
    }

    fn start_thread(&self, args: &CloneArgs, state: &State) -> Result<u64, Errno> {
        let mut cpu = Box::new(state.clone());
        enter_child(self.process.program.abi, &mut cpu, args);
        let mut thread = Thread::new(Arc::clone(&self.process), self.mask());
        if args.flags & CHILD_CLEARTID != 0 {
            thread.clear_child_tid = args.child_tid;
        }
        let mut runner = Runner::new(cpu, thread);
        let (flags, parent_tid, child_tid) = (args.flags, args.parent_tid, args.child_tid);
        if self.clock.is_some() {
            crate::engine::several_threads();
        }
        let parent = Arc::clone(&self.mailbox);
        let (send, receive) = sync_channel(1);
        // The new thread inherits the host's mask, and must not get a signal before it has a mailbox.
        signals::set_mask(signals::ALL);
        let spawned = std::thread::Builder::new().stack_size(HOST_STACK).spawn(move || {
            let id = gettid();
            let mailbox = &runner.thread.mailbox;
            mailbox.thread.store(id, Ordering::Relaxed);
            runner.thread.process.threads.add_child(mailbox, &parent);
            store_id(flags & PARENT_SETTID != 0, parent_tid, id);
            store_id(flags & CHILD_SETTID != 0, child_tid, id);
            let unshared = (FS | FILES) & !flags;
            if unshared != 0 {
                quiet_call(libc::SYS_unshare, [unshared]);
            }
            // The parent waits for it.
            let _ = send.send(id);
            drop(send);
            runner.run();
        });
        let id = match spawned {
            Ok(_) => receive.recv().map_err(|_| Errno::EAGAIN),
            Err(error) => Err(Errno::from(error)),
        };
        self.mailbox.set_mask(self.mask());
        id.map(|id| id as u64)
    }

    fn fork(&mut self, args: &CloneArgs, state: &mut State) -> Result<u64, Errno> {
        signals::set_mask(signals::ALL);
        let forked = {
            let _threads = self.process.threads.lock();
            let _actions = self.process.actions.lock();
            let _space = self.process.space.freeze();
            let _translations = crate::engine::freeze();
            let _calls = armlet_syscall::freeze();
            host_fork(args)
        };
        crate::engine::after_fork(forked == Ok(0));
        match forked {
            Ok(0) => {
                let own = &self.mailbox;
                self.process.threads.lock().retain(|other| Arc::ptr_eq(other, own));
                self.process.space.after_fork();
                self.mailbox.forget();
                self.mailbox.thread.store(gettid(), Ordering::Relaxed);
                // The kernel forgets it too.
                self.mailbox.robust_list.store(0, Ordering::Relaxed);
                self.forked();
                if args.flags & CLEAR_SIGHAND != 0 {
                    self.process.actions.clear_handlers();
                }
                enter_child(self.process.program.abi, state, args);
                store_id(args.flags & CHILD_SETTID != 0, args.child_tid, gettid());
                self.clear_child_tid = if args.flags & CHILD_CLEARTID != 0 {
                    args.child_tid
                } else {
                    0
                };
                self.restart_block = None;
            }
            Ok(id) => store_id(args.flags & PARENT_SETTID != 0, args.parent_tid, id as i32),
            Err(_) => {}
        }
        self.mailbox.set_mask(self.mask());
        forked
    }

    /// A process in this memory that its parent does not wait for. Two processes must not run on one thread-local storage of armlet's,
    /// so that a new thread does the waiting: the child runs on that thread's.
    fn share_memory(&self, args: &CloneArgs, state: &State) -> Result<u64, Errno> {
        let mut parent = Thread::new(Arc::clone(&self.process), self.mask());
        parent.alternate_stack = self.alternate_stack;
        parent.mailbox.set_seccomp(self.mailbox.seccomp());
        let (args, state) = (args.clone(), Box::new(state.clone()));
        let (send, receive) = sync_channel(1);
        let spawned = {
            // The thread is none of the guest's: it gets no signals.
            signals::set_mask(signals::ALL);
            std::thread::Builder::new().stack_size(HOST_STACK).spawn(move || {
                let started = send.clone();
                let result = parent.run_child(&args, &state, Some(send));
                signals::set_current(ptr::null());
                if let Err(errno) = result {
                    let _ = started.send(Err(errno));
                }
            })
        };
        self.mailbox.set_mask(self.mask());
        match spawned {
            Ok(_) => receive.recv().unwrap_or(Err(Errno::EAGAIN)),
            Err(error) => Err(Errno::from(error)),
        }
    }

    fn vfork(&mut self, args: &CloneArgs, state: &State) -> Result<u64, Errno> {
        let id = self.run_child(args, state, None);
        signals::set_current(Arc::as_ptr(&self.mailbox));
        self.mailbox.set_mask(self.mask());
        id
    }

    /// Runs a child in this memory, and waits until it has left it. `started` is told its id.
    fn run_child(&self, args: &CloneArgs, state: &State, started: Started) -> Result<u64, Errno> {
        let process = Process {
            space: Arc::clone(&self.process.space),
            actions: self.process.actions.copy(),
            threads: Arc::clone(&self.process.threads),
            program: Arc::clone(&self.process.program),
            borrows_memory: true,
        };
        let mut cpu = Box::new(state.clone());
        enter_child(self.process.program.abi, &mut cpu, args);
        let mut thread = Thread::new(Arc::new(process), self.mask());
        thread.alternate_stack = self.alternate_stack;
        thread.mailbox.set_seccomp(self.mailbox.seccomp());
        if args.flags & CHILD_CLEARTID != 0 {
            thread.clear_child_tid = args.child_tid;
        }
        // Owned here, because the child's frames are never unwound.
        let mut child = Child {
            runner: Runner::new(cpu, thread),
            flags: args.flags,
            parent_tid: args.parent_tid,
            child_tid: args.child_tid,
            started,
        };
        let stack = HostStack::new()?;
        signals::set_mask(signals::ALL);
        let flags = args.flags & !OWN | VFORK | args.exit_signal;
        // SAFETY: the stack and the child's data live until the child has left this memory, because this call returns only then.
        let id = unsafe { spawn_on(&stack, flags, args.pidfd, &raw mut child) };
        self.process.threads.remove(&child.runner.thread.mailbox);
        id
    }
}

/// The child's registers: it goes on behind the same SVC.
fn enter_child(abi: Abi, cpu: &mut State, args: &CloneArgs) {
    cpu.set_x(0, 0);
    if args.stack != 0 {
        match abi {
            Abi::A64 => cpu.set_sp(args.stack),
            Abi::A32 => cpu.set_r(a32::SP, args.stack as u32),
        }
    }
    if args.flags & SETTLS != 0 {
        cpu.tpidr = args.tls;
    }
    cpu.exclusive = Default::default();
}

/// A bad address is no error for clone(2).
fn store_id(wanted: bool, address: u64, id: i32) {
    if wanted {
        let _ = store(address, id as u32);
    }
}

/// Forks this process; 0 in the child.
fn host_fork(args: &CloneArgs) -> Result<u64, Errno> {
    let flags = args.flags & !OWN & !VM;
    let plain = flags == 0 && args.exit_signal == libc::SIGCHLD as u64 && args.set_tid.is_empty() && args.cgroup == 0;
    if plain {
        // SAFETY: the C library's fork, which keeps its allocator usable; the callers hold the runtime's locks.
        return match unsafe { libc::fork() } {
            -1 => Err(Errno::from(io::Error::last_os_error())),
            id => Ok(id as u64),
        };
    }
    if args.set_tid.is_empty() && args.cgroup == 0 {
        let pidfd = if flags & PIDFD != 0 { args.pidfd } else { 0 };
        // SAFETY: no stack is given, so that the child goes on here in a copy of this memory.
        return unsafe { host::call(libc::SYS_clone, [flags | args.exit_signal, 0, pidfd, 0, 0, 0]) };
    }
    let wide = armlet_syscall::abi::a64::KernelCloneArgs {
        flags,
        pidfd: args.pidfd,
        exit_signal: args.exit_signal,
        set_tid: if args.set_tid.is_empty() {
            0
        } else {
            args.set_tid.as_ptr() as u64
        },
        set_tid_size: args.set_tid.len() as u64,
        cgroup: args.cgroup,
        ..Default::default()
    };
    let args = [&raw const wide as u64, size_of_val(&wide) as u64, 0, 0, 0, 0];
    // SAFETY: as above; the structure is the same on both architectures.
    unsafe { host::call(libc::SYS_clone3, args) }
}

/// What the child of a vfork needs.
struct Child {
    runner: Runner,
    flags: u64,
    parent_tid: u64,
    child_tid: u64,
    started: Started,
}

/// Who is to be told that a child has started.
type Started = Option<SyncSender<Result<u64, Errno>>>;

/// Where the child of a vfork begins, on its own stack. It ends with the process or with `execve`.
extern "C" fn child_main(child: *mut Child) -> ! {
    // SAFETY: the parent has lent it, and waits.
    let child = unsafe { &mut *child };
    let id = gettid();
    store_id(child.flags & PARENT_SETTID != 0, child.parent_tid, id);
    store_id(child.flags & CHILD_SETTID != 0, child.child_tid, id);
    if child.flags & CLEAR_SIGHAND != 0 {
        child.runner.thread.process.actions.clear_handlers();
    }
    if let Some(started) = child.started.take() {
        let _ = started.send(Ok(id as u64));
    }
    exit_group(child.runner.run())
}

/// Starts [`child_main`] in a process that shares this memory, and waits until it has left it.
///
/// # Safety
///
/// `flags` has `CLONE_VM | CLONE_VFORK`; the child must find `child` and `stack` valid until it is gone.
unsafe fn spawn_on(stack: &HostStack, flags: u64, pidfd: u64, child: *mut Child) -> Result<u64, Errno> {
    let result: i64;
    // SAFETY: the child gets the other stack, calls a function that never returns, and keeps its hands off this frame; for the parent
    // it is a system call.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone => result,
            in("rdi") flags,
            in("rsi") stack.top(),
            in("rdx") pidfd,
            in("r10") 0,
            in("r8") 0,
            in("r12") child,
            in("r13") child_main as extern "C" fn(*mut Child) -> !,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    Errno::check(result)
}

/// A host stack with a guard page below it.
struct HostStack {
    base: *mut libc::c_void,
}

impl HostStack {
    fn new() -> Result<HostStack, Errno> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
        // SAFETY: new memory at an address of the kernel's choice, and its lowest page made inaccessible.
        unsafe {
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            let base = libc::mmap(ptr::null_mut(), HOST_STACK, protection, flags, -1, 0);
            if base == libc::MAP_FAILED {
                return Err(Errno::EAGAIN);
            }
            libc::mprotect(base, armlet_memory::PAGE_SIZE as usize, libc::PROT_NONE);
            Ok(HostStack { base })
        }
    }

    fn top(&self) -> u64 {
        self.base as u64 + HOST_STACK as u64
    }
}

impl Drop for HostStack {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and nobody runs on it any more.
        unsafe { libc::munmap(self.base, HOST_STACK) };
    }
}
