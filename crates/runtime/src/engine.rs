//! The seam between the runtime and what executes guest instructions.

use std::io;
use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

use armlet_cpu::Fault;
use armlet_cpu::a64::State;
use armlet_cpu::probe::{Phase, Probe};
use armlet_interpreter::a32;
use armlet_interpreter::a32::accelerate::Accelerator;
use armlet_interpreter::a64::{BlockCache, Fetch, run_probed};
use armlet_jit::{BlockCount, Blocks, Counts, DirectCall, InstructionSet, Jit, Located, Offered, Place, QuickCalls};
use armlet_memory::AddressSpace;
use armlet_observe::observer::Patches;
use armlet_syscall::abi::Abi;

use crate::check::{self, CheckedEngine};
use crate::statistics::{Clock, ClockProbe};

pub use armlet_interpreter::a64::Stop;

/// What executes a guest thread's instructions. Every guest thread has its own; what they share is behind it.
pub trait Engine {
    /// Runs from `State::pc` until the thread traps, or until `attention` is not zero at the end of a block.
    fn run(&mut self, cpu: &mut State, attention: &AtomicU32) -> Stop;

    /// Forgets what was made of the code in `range` (guest addresses).
    fn invalidate(&mut self, range: Range<u64>);
}

/// The engines that a program can be run with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// The interpreter for what is cold, translated code for what is warm.
    #[default]
    Auto,
    /// The interpreter alone: pre-decoded blocks.
    Interpreter,
    /// Translated code alone, from the first execution on.
    Jit,
    /// Both, compared at every step (see `check.rs`).
    Check,
}

/// The name of [`EngineKind::Check`].
const CHECK: &str = "check";

/// The translations of this process. There is one guest process in a host process, and the signal handler has to find
/// them from anywhere.
static JIT: OnceLock<Arc<Jit>> = OnceLock::new();

impl EngineKind {
    /// Those that can be chosen by name, with the names that the command line uses.
    pub const ALL: [(&'static str, EngineKind); 3] = [
        ("auto", EngineKind::Auto),
        ("interp", EngineKind::Interpreter),
        ("jit", EngineKind::Jit),
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Auto => "auto",
            EngineKind::Interpreter => "interp",
            EngineKind::Jit => "jit",
            EngineKind::Check => CHECK,
        }
    }

    /// The engine of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<EngineKind> {
        EngineKind::ALL
            .iter()
            .chain(&[(CHECK, EngineKind::Check)])
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }

    /// An engine for one guest thread. Where translation is not possible (see [`armlet_jit::supported`]), it is the interpreter.
    pub(crate) fn create(
        self,
        space: &Arc<AddressSpace>,
        patches: Option<Arc<dyn Patches>>,
        clock: Option<Arc<Clock>>,
    ) -> Box<dyn Engine + Send> {
        let code = Code::new(space);
        match (patches, clock) {
            (Some(patches), None) => self.of_code(Patched { code, patches }, ()),
            (Some(patches), Some(clock)) => self.of_code(Patched { code, patches }, ClockProbe(clock)),
            (None, Some(clock)) => self.of_code(code, ClockProbe(clock)),
            (None, None) => self.of_code(code, ()),
        }
    }

    /// An engine for one guest thread of AArch32.
    pub(crate) fn create_a32(
        self,
        space: &Arc<AddressSpace>,
        patches: Option<Arc<dyn Patches>>,
        accelerator: Option<Arc<Accelerator>>,
        clock: Option<Arc<Clock>>,
    ) -> Box<dyn Engine + Send> {
        let code = Code::new(space);
        // Who sets breakpoints wants to see the routines.
        let accelerator = accelerator.filter(|_| patches.is_none());
        match (patches, clock) {
            (Some(patches), None) => self.of_code_a32(accelerator, Patched { code, patches }, ()),
            (Some(patches), Some(clock)) => self.of_code_a32(accelerator, Patched { code, patches }, ClockProbe(clock)),
            (None, Some(clock)) => self.of_code_a32(accelerator, code, ClockProbe(clock)),
            (None, None) => self.of_code_a32(accelerator, code, ()),
        }
    }

    fn of_code_a32<P: Probe + Send + 'static>(
        self,
        accelerator: Option<Arc<Accelerator>>,
        code: impl a32::Fetch + Send + 'static,
        probe: P,
    ) -> Box<dyn Engine + Send> {
        // What is compared is the guest's own code.
        let accelerator = accelerator.filter(|_| self != EngineKind::Check);
        let make = || Ok(Jit::a32()?.accelerating(accelerator.clone()));
        match self.translations(P::ON, make) {
            Some((jit, _)) if self == EngineKind::Check => {
                Box::new(CheckedEngine::<a32::BlockCache, _>::new(jit, code, check::writes_a32))
            }
            Some((jit, patience)) => Box::new(Translator {
                thread: armlet_jit::ThreadA32::new(jit, patience),
                code,
                probe,
            }),
            None => Box::new(InterpreterA32 {
                cache: if P::ON {
                    a32::BlockCache::accelerating(accelerator).counting()
                } else {
                    a32::BlockCache::accelerating(accelerator)
                },
                code,
                probe,
            }),
        }
    }

    /// The translations of this process, made at the first call, and a thread's patience; `None` if there is to be no translated code. They count their
    /// executions if that is asked for.
    fn translations(self, counting: bool, make: impl FnOnce() -> io::Result<Jit>) -> Option<(Arc<Jit>, u16)> {
        let patience = match self {
            EngineKind::Interpreter => return None,
            EngineKind::Jit | EngineKind::Check => 0,
            EngineKind::Auto => armlet_jit::PATIENCE,
        };
        if let Some(jit) = JIT.get() {
            return Some((Arc::clone(jit), patience));
        }
        if !armlet_jit::supported() {
            return None;
        }
        let mut jit = make().ok()?;
        if self == EngineKind::Check {
            jit = jit.checking();
        } else if counting {
            jit = jit.counting();
        }
        Some((Arc::clone(JIT.get_or_init(|| Arc::new(jit))), patience))
    }

    fn of_code<P: Probe + Send + 'static>(self, code: impl Fetch + Send + 'static, probe: P) -> Box<dyn Engine + Send> {
        match self.translations(P::ON, Jit::new) {
            Some((jit, _)) if self == EngineKind::Check => {
                Box::new(CheckedEngine::<BlockCache, _>::new(jit, code, check::writes))
            }
            Some((jit, patience)) => Box::new(Translator {
                thread: armlet_jit::Thread::new(jit, patience),
                code,
                probe,
            }),
            None => Box::new(Interpreter {
                cache: if P::ON {
                    BlockCache::counting()
                } else {
                    BlockCache::new()
                },
                code,
                probe,
            }),
        }
    }
}

/// Lets translated code make simple system calls without a way through the runtime. To be called before the first thread runs, unless
/// somebody wants to see system calls.
pub(crate) fn allow_quick_calls() {
    armlet_jit::install_quick_calls(QuickCalls {
        a64: Offered {
            numbers: &armlet_syscall::time::QUICK,
            function: quick_call,
            direct: |number| direct(Abi::A64, number),
        },
        a32: Offered {
            numbers: &armlet_syscall::time::QUICK_A32,
            function: quick_call_a32,
            direct: |number| direct(Abi::A32, number),
        },
        judged: &armlet_syscall::seccomp::ACTIVE,
    });
}

fn direct(abi: Abi, number: u64) -> Option<DirectCall> {
    armlet_syscall::direct(abi, number).map(|call| DirectCall {
        number: call.number,
        arguments: call.arguments,
        pointers: call.pointers,
        waits: call.waits,
    })
}

extern "sysv64" fn quick_call_a32(state: &mut State) -> u64 {
    u64::from(!armlet_syscall::time::quick_a32(state))
}

extern "sysv64" fn quick_call(state: &mut State) -> u64 {
    u64::from(!armlet_syscall::time::quick(state))
}

/// In a signal handler: whether a fault was one of translated code, and has been taken care of.
pub(crate) fn recover(signal: i32, context: &mut libc::ucontext_t) -> bool {
    JIT.get().is_some_and(|jit| jit.recover(signal, context))
}

/// In a signal handler: where to go on if the thread was about to enter the kernel from translated code.
pub(crate) fn fixup(host: u64) -> Option<u64> {
    JIT.get().and_then(|jit| jit.fixup(host))
}

/// Keeps the translations as they are, over a fork.
pub(crate) fn freeze() -> Option<impl Drop> {
    JIT.get().map(|jit| jit.freeze())
}

/// After a fork over which [`freeze`] was held, in the child and in the parent.
pub(crate) fn after_fork(child: bool) {
    if let Some(jit) = JIT.get() {
        jit.after_fork(child);
    }
    if child {
        armlet_memory::exclusive::after_fork();
        check::forked();
    }
}

/// In a signal handler: where the thread is, with the values of some X registers if it is in translated code.
pub(crate) fn locate<const N: usize>(context: &libc::ucontext_t, registers: [u8; N]) -> Located<N> {
    JIT.get().map_or(Located::Outside, |jit| jit.locate(context, registers))
}

/// The regions that are translated now.
pub(crate) fn places() -> Vec<Place> {
    JIT.get().map(|jit| jit.places()).unwrap_or_default()
}

/// What has been translated so far.
pub(crate) fn counts() -> Counts {
    JIT.get().map(|jit| jit.counts()).unwrap_or_default()
}

/// The blocks that have been translated, and the instructions in them that were counted but not executed.
pub(crate) fn block_counts() -> (Vec<BlockCount>, u64) {
    JIT.get().map(|jit| jit.block_counts()).unwrap_or_default()
}

/// The process is about to have a second thread.
pub(crate) fn several_threads() {
    if let Some(jit) = JIT.get() {
        jit.share_counters();
    }
}

struct Translator<B: Blocks, C, P> {
    thread: armlet_jit::GuestThread<B>,
    code: C,
    probe: P,
}

impl<B: InstructionSet<C>, C, P: Probe> Engine for Translator<B, C, P> {
    fn run(&mut self, cpu: &mut State, attention: &AtomicU32) -> Stop {
        self.thread.run_probed(cpu, &mut self.code, attention, &mut self.probe)
    }

    fn invalidate(&mut self, range: Range<u64>) {
        self.thread.invalidate(range);
    }
}

struct Interpreter<C, P> {
    cache: BlockCache,
    code: C,
    probe: P,
}

impl<C: Fetch, P: Probe> Engine for Interpreter<C, P> {
    fn run(&mut self, cpu: &mut State, attention: &AtomicU32) -> Stop {
        self.probe.phase(Phase::Interpret);
        run_probed(cpu, &mut self.cache, &mut self.code, attention, &mut self.probe)
    }

    fn invalidate(&mut self, range: Range<u64>) {
        self.cache.invalidate(range.start, range.end);
    }
}

struct InterpreterA32<C, P> {
    cache: a32::BlockCache,
    code: C,
    probe: P,
}

impl<C: a32::Fetch, P: Probe> Engine for InterpreterA32<C, P> {
    fn run(&mut self, cpu: &mut State, attention: &AtomicU32) -> Stop {
        self.probe.phase(Phase::Interpret);
        a32::run_probed(cpu, &mut self.cache, &mut self.code, attention, &mut self.probe)
    }

    fn invalidate(&mut self, range: Range<u64>) {
        self.cache.invalidate(range.start, range.end);
    }
}

/// Fetches instruction words, and remembers which range was executable at the last question.
pub(crate) struct Code {
    space: Arc<AddressSpace>,
    executable: Range<u64>,
    generation: u64,
}

impl Code {
    /// The code in that memory.
    pub fn new(space: &Arc<AddressSpace>) -> Code {
        Code {
            space: Arc::clone(space),
            executable: 0..0,
            generation: 0,
        }
    }
}

impl Code {
    /// Makes sure that there is code at that address.
    fn check(&mut self, address: u64) -> Result<(), Fault> {
        let generation = self.space.code_generation();
        if generation != self.generation || !self.executable.contains(&address) {
            self.executable = self.space.executable(address)?;
            self.generation = generation;
        }
        Ok(())
    }
}

impl Fetch for Code {
    fn fetch(&mut self, address: u64) -> Result<u32, Fault> {
        self.check(address)?;
        armlet_memory::fetch(address)
    }
}

impl a32::Fetch for Code {
    fn fetch(&mut self, address: u64) -> Result<u16, Fault> {
        self.check(address)?;
        armlet_memory::fetch(address)
    }
}

/// Code with breakpoints in it.
struct Patched {
    code: Code,
    patches: Arc<dyn Patches>,
}

impl Fetch for Patched {
    fn fetch(&mut self, address: u64) -> Result<u32, Fault> {
        let word = Fetch::fetch(&mut self.code, address)?;
        Ok(self.patches.word(address).unwrap_or(word))
    }
}

impl a32::Fetch for Patched {
    fn fetch(&mut self, address: u64) -> Result<u16, Fault> {
        let half = a32::Fetch::fetch(&mut self.code, address)?;
        Ok(self.patches.half(address).unwrap_or(half))
    }
}
