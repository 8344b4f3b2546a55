//! A guest thread: its registers, its engine, and the loop between engine, system calls and signals.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_cpu::probe::Phase;
use armlet_observe::{End, Observer};
use armlet_syscall::abi::Abi;
use armlet_syscall::task::{AltStack, RestartBlock};
use armlet_syscall::{Outcome, host};

use crate::engine::{Engine, Stop};
use crate::exec::Leaving;
use crate::exit;
use crate::process::Process;
use crate::profiler::Sampler;
use crate::signal::FaultDetails;
use crate::signal::host::{self as signals, Mailbox};
use crate::statistics::{Clock, Collector};

/// Bytes of a cache line in CTR_EL0, by which the guest announces changed code.
const CODE_LINE: u64 = 64;

/// What Linux keeps of a thread, besides its registers.
pub(crate) struct Thread {
    /// Its process.
    pub process: Arc<Process>,
    /// What others leave for it.
    pub mailbox: Arc<Mailbox>,
    /// The alternate signal stack.
    pub alternate_stack: AltStack,
    /// The mask to go back to, while a call has replaced it for its own length.
    pub temporary_mask: Option<u64>,
    /// Cleared and woken at the thread's end; 0 for none.
    pub clear_child_tid: u64,
    /// What an `execve` under way needs.
    pub leaving: Option<Leaving>,
    /// What `restart_syscall` goes on with.
    pub restart_block: Option<RestartBlock>,
    /// Who watches it.
    pub observer: Option<Box<dyn Observer>>,
    /// Its samples, if a profile is made.
    pub sampler: Option<Box<Sampler>>,
    /// What it spends its time on; `None` without `--stats`.
    pub clock: Option<Arc<Clock>>,
}

/// A thread with what executes it.
pub(crate) struct Runner {
    /// The registers.
    pub cpu: Box<State>,
    /// The engine.
    pub engine: Box<dyn Engine + Send>,
    /// The rest.
    pub thread: Thread,
}

impl Thread {
    /// A thread of `process` that starts with that signal mask.
    pub fn new(process: Arc<Process>, mask: u64) -> Thread {
        let statistics = process.program.statistics.as_ref().filter(|_| !process.borrows_memory);
        let clock = statistics.map(Collector::clock);
        Thread {
            process,
            mailbox: Arc::new(Mailbox::new(mask)),
            alternate_stack: AltStack::DISABLED,
            temporary_mask: None,
            clear_child_tid: 0,
            leaving: None,
            restart_block: None,
            observer: None,
            sampler: None,
            clock,
        }
    }
}

impl Thread {
    /// Whether the process has no other thread.
    fn is_last(&self) -> bool {
        self.process.borrows_memory || self.process.threads.lock().len() <= 1
    }
}

impl Runner {
    /// A thread that begins with the registers `cpu`.
    pub fn new(cpu: Box<State>, thread: Thread) -> Runner {
        let options = &thread.process.program.options;
        let patches = options.watch.as_ref().and_then(|watch| watch.view.patches());
        let clock = thread.clock.clone();
        let engine = match thread.process.program.abi {
            Abi::A64 => options.engine.create(&thread.process.space, patches, clock),
            Abi::A32 => {
                let accelerator = thread.process.program.accelerator.clone();
                options
                    .engine
                    .create_a32(&thread.process.space, patches, accelerator, clock)
            }
        };
        Runner { cpu, engine, thread }
    }

    /// Takes over the calling host thread, on which all signals are blocked, until the guest thread ends; answers its status.
    pub fn run(&mut self) -> i32 {
        self.thread.process.threads.add(&self.thread.mailbox);
        signals::set_current(Arc::as_ptr(&self.thread.mailbox));
        self.thread.mailbox.thread.store(signals::gettid(), Ordering::Relaxed);
        if let Some(profiler) = &self.thread.process.program.profiler {
            let attention = &raw const self.thread.mailbox.attention;
            self.thread.sampler = Some(profiler.sample(&self.thread.process, &raw const *self.cpu, attention));
        }
        // Host threads that the view starts are not to get the guest's signals: all are blocked still.
        self.attach();
        self.thread.mailbox.set_mask(self.thread.mask());
        let status = if self.thread.observer.is_some() || self.thread.clock.is_some() {
            self.execute::<true>()
        } else {
            self.execute::<false>()
        };
        self.thread.take_samples();
        self.thread.sampler = None;
        signals::set_mask(signals::ALL);
        self.thread.mailbox.return_to_kernel();
        signals::set_current(std::ptr::null());
        let last = self.thread.process.threads.remove(&self.thread.mailbox);
        self.thread.tell(if last {
            End::Process(status)
        } else {
            End::Thread(status)
        });
        if last {
            self.thread.report_statistics(&format!("exited {status}"));
            if let Some(strace) = &self.thread.process.program.strace {
                strace.exited(status);
            }
        }
        exit::thread_ends(&self.thread);
        status
    }

    /// The loop; `OBSERVED` has the calls of the observer in it.
    fn execute<const OBSERVED: bool>(&mut self) -> i32 {
        loop {
            let stop = if OBSERVED {
                self.run_observed()
            } else {
                self.engine.run(&mut self.cpu, &self.thread.mailbox.attention)
            };
            let trap = match stop {
                Stop::Trap(trap) => trap,
                Stop::Attention => {
                    if OBSERVED && let Some(clock) = &self.thread.clock {
                        clock.enter(Phase::Signal);
                    }
                    self.thread.mailbox.attention.store(0, Ordering::Relaxed);
                    self.thread.take_samples();
                    for range in self.thread.mailbox.take_invalid() {
                        self.engine.invalidate(range);
                    }
                    self.thread.deliver(&mut self.cpu, None);
                    continue;
                }
            };
            match trap {
                Trap::SupervisorCall { imm } => {
                    if OBSERVED {
                        if let Some(clock) = &self.thread.clock {
                            clock.call(self.cpu.x(self.thread.process.program.abi.number_register()));
                        }
                        self.observe(|observer, guest, cpu| observer.call(guest, cpu));
                    }
                    let outcome = match imm {
                        Trap::INTERRUPTED => armlet_syscall::interrupted(&mut self.thread, &mut self.cpu),
                        _ => armlet_syscall::dispatch(&mut self.thread, &mut self.cpu),
                    };
                    match outcome {
                        Outcome::Continue | Outcome::Resume => {}
                        Outcome::Restart(class) => self.thread.deliver(&mut self.cpu, Some(class)),
                        Outcome::Trap(trap) => {
                            let svc = self.thread.process.program.abi.svc_length(&self.cpu);
                            self.cpu.pc = self.cpu.pc.wrapping_sub(svc);
                            self.raise(trap);
                        }
                        Outcome::Trapped(trapped) => self.thread.trapped(&mut self.cpu, &trapped),
                        Outcome::KillThread(signal) => {
                            if self.thread.is_last() {
                                self.thread.die(signal);
                            }
                            return signal;
                        }
                        Outcome::KillProcess(signal) => self.thread.die(signal),
                        Outcome::ExitThread(status) => return status,
                        Outcome::ExitProcess(status) => exit::process(&mut self.thread, status),
                    }
                    if OBSERVED {
                        self.observe(|observer, guest, cpu| observer.called(guest, cpu));
                    }
                }
                Trap::InvalidateCode { address } => {
                    let line = armlet_memory::untag(address) & !(CODE_LINE - 1);
                    self.thread.process.space.invalidate_code(line..line + CODE_LINE);
                }
                _ if OBSERVED && self.observe(|observer, guest, cpu| observer.trapped(guest, cpu, trap)) => {}
                Trap::Undefined | Trap::Breakpoint { .. } | Trap::Memory(_) => {
                    if OBSERVED && let Some(clock) = &self.thread.clock {
                        clock.enter(Phase::Signal);
                    }
                    self.raise(trap);
                }
            }
        }
    }

    /// A fault of the guest's own.
    fn raise(&mut self, trap: Trap) {
        let abi = self.thread.process.program.abi;
        if let Some(details) = FaultDetails::of(trap, self.cpu.pc, abi) {
            self.thread.raise(&mut self.cpu, &details, trap);
        }
    }
}

/// A host call with up to six arguments that cannot fail in a way that matters.
pub(crate) fn quiet_call<const N: usize>(number: i64, args: [u64; N]) {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&args);
    // SAFETY: the callers use it for futex wake-ups, names and ids only.
    let _ = unsafe { host::call(number, all) };
}
