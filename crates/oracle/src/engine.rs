//! armlet's engines on the cases of a differential test.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use armlet_cpu::a64::{Flags, State, Vector};
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_interpreter::a64::{Stop, step};
use armlet_jit::{Jit, Thread, install_fault_handler};
use armlet_memory::{AddressSpace, fetch, load, space, store};

use crate::case::{CODE, Case, DATA, DATA_SIZE, Observed, pristine};

const SIGILL: u64 = 4;
const SIGTRAP: u64 = 5;
const SIGBUS: u64 = 7;
const SIGSEGV: u64 = 11;

/// Instructions a case may run: its own, and a loop or two.
const MAX_STEPS: usize = 1_000;

/// Runs cases on armlet's engines; [`DATA`] and [`CODE`] are mapped in this process by the caller.
pub struct Engines {
    pristine: Vec<u64>,
    jit: RefCell<Thread>,
    watch: Arc<Watch>,
}

/// Ends translated code that does not end by itself.
#[derive(Default)]
pub(crate) struct Watch {
    /// The case that is running.
    pub case: AtomicU32,
    /// The thread's attention word.
    pub attention: AtomicU32,
}

impl Watch {
    /// Asks for attention when one case is there for two looks in a row.
    pub fn look(&self) {
        let mut last = 0;
        loop {
            std::thread::sleep(Duration::from_millis(700));
            let case = self.case.load(Ordering::Relaxed);
            self.attention.store(u32::from(case == last), Ordering::Relaxed);
            last = case;
        }
    }
}

fn state(case: &Case) -> State {
    let mut state = State {
        v: case.v.map(Vector::from),
        fpcr: case.fpcr,
        fpsr: case.fpsr,
        pc: CODE,
        ..State::default()
    };
    state.x[..31].copy_from_slice(&case.x);
    state.set_sp(case.sp);
    state.flags = Flags::from_bits(case.nzcv);
    state
}

/// The signal and the address that Linux makes of a trap.
fn signal(trap: Trap) -> (u64, u64) {
    match trap {
        Trap::Undefined | Trap::SupervisorCall { .. } | Trap::InvalidateCode { .. } => (SIGILL, 0),
        Trap::Breakpoint { .. } => (SIGTRAP, 0),
        Trap::Memory(Fault {
            address,
            kind: FaultKind::Unmapped | FaultKind::Permission,
            ..
        }) => (SIGSEGV, address),
        Trap::Memory(Fault { address, .. }) => (SIGBUS, address),
    }
}

/// Instruction fetch: the data can be read, but not executed.
fn code(pc: u64) -> Result<u32, Fault> {
    if (DATA..DATA + DATA_SIZE).contains(&pc) {
        return Err(Fault {
            address: pc,
            access: Access::Execute,
            kind: FaultKind::Permission,
        });
    }
    fetch(pc)
}

/// What becomes of an access to memory that faults.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Faults {
    /// It ends the case.
    End,
    /// It does nothing.
    Skipped,
}

impl Faults {
    pub(crate) fn skip(self, trap: Trap) -> bool {
        let access = |fault: Fault| !matches!(fault.access, Access::Execute);
        self == Faults::Skipped && matches!(trap, Trap::Memory(fault) if access(fault))
    }
}

/// Interprets up to `end`, step by step; the signal and the address that end it, `None` when nothing does.
fn interpret(cpu: &mut State, end: u64, faults: Faults) -> Option<(u64, u64)> {
    for _ in 0..MAX_STEPS {
        if cpu.pc == end {
            return Some((SIGTRAP, 0));
        }
        match step(cpu, &mut code) {
            Ok(()) | Err(Trap::InvalidateCode { .. }) => {}
            Err(trap) if faults.skip(trap) => cpu.pc += 4,
            Err(trap) => return Some(signal(trap)),
        }
    }
    None
}

/// Maps the code and the data of the cases where the harness has them.
///
/// # Errors
///
/// Those of mmap(2).
pub fn map() -> Result<AddressSpace, space::Error> {
    const PRIVATE_ANONYMOUS_FIXED: u32 = 0x02 | 0x20 | 0x10;
    let space = AddressSpace::new(space::Layout::fixed(8 << 20));
    for (start, size) in [(CODE, 4096), (DATA, DATA_SIZE)] {
        space.map(start, size, 3, PRIVATE_ANONYMOUS_FIXED, -1, 0)?;
    }
    Ok(space)
}

impl Engines {
    /// Fills the data area, which the caller has mapped, and installs the fault handler.
    pub fn new() -> std::io::Result<Engines> {
        Engines::with_jit(Jit::new()?)
    }

    /// The same, with this translator.
    pub fn with_jit(jit: Jit) -> std::io::Result<Engines> {
        let jit = Arc::new(jit);
        install_fault_handler(Arc::clone(&jit))?;
        let pristine = pristine();
        for (index, &word) in pristine.iter().enumerate() {
            store(DATA + 8 * index as u64, word).expect("the data area is mapped");
        }
        let watch = Arc::new(Watch::default());
        let watcher = Arc::clone(&watch);
        std::thread::spawn(move || watcher.look());
        Ok(Engines {
            pristine,
            jit: RefCell::new(Thread::new(jit, 0)),
            watch,
        })
    }

    /// What a case does on the interpreter, step by step; `None` when it does not end. A jump out of the code ends it like the fault
    /// of the instruction fetch does under Linux.
    pub fn interpret(&self, case: &Case) -> Option<Observed> {
        self.interpreted(case, Faults::End)
    }

    /// The same, with a handler that goes on behind an access that faults.
    pub fn interpret_past_faults(&self, case: &Case) -> Option<Observed> {
        self.interpreted(case, Faults::Skipped)
    }

    fn interpreted(&self, case: &Case, faults: Faults) -> Option<Observed> {
        let end = CODE + 4 * case.words.len() as u64;
        self.observe(case, |cpu| interpret(cpu, end, faults))
    }

    /// What a case does as translated code; `None` when it does not end within a second or two.
    pub fn translate(&self, case: &Case) -> Option<Observed> {
        self.translated(case, Faults::End)
    }

    /// The same, with a handler that goes on behind an access that faults: interpreted from there to the end of the case, for which everything
    /// that is still of use has to be there.
    pub fn translate_past_faults(&self, case: &Case) -> Option<Observed> {
        self.translated(case, Faults::Skipped)
    }

    fn translated(&self, case: &Case, faults: Faults) -> Option<Observed> {
        let end = CODE + 4 * case.words.len() as u64;
        let mut thread = self.jit.borrow_mut();
        thread.invalidate(CODE..CODE + 4096);
        self.watch.case.fetch_add(1, Ordering::Relaxed);
        self.watch.attention.store(0, Ordering::Relaxed);
        self.observe(case, |cpu| {
            loop {
                match thread.run(cpu, &mut code, &self.watch.attention) {
                    Stop::Attention => return None,
                    Stop::Trap(Trap::InvalidateCode { .. }) => {}
                    Stop::Trap(trap) if faults.skip(trap) => {
                        cpu.pc += 4;
                        return interpret(cpu, end, faults);
                    }
                    Stop::Trap(trap) => return Some(signal(trap)),
                }
            }
        })
    }

    fn observe(&self, case: &Case, run: impl FnOnce(&mut State) -> Option<(u64, u64)>) -> Option<Observed> {
        let mut cpu = state(case);
        for (index, &word) in case.words.iter().chain(&[0xd420_0ee0]).enumerate() {
            store(CODE + 4 * index as u64, word).expect("the code area is mapped");
        }
        let result = run(&mut cpu);
        let changes = if case.watch { self.changes() } else { Vec::new() };
        let (signal, address) = result?;
        Some(Observed {
            signal,
            address,
            pc: cpu.pc,
            x: std::array::from_fn(|n| cpu.x[n]),
            sp: cpu.sp(),
            v: cpu.v.map(u128::from),
            nzcv: cpu.flags.to_bits(),
            fpcr: cpu.fpcr,
            fpsr: cpu.fpsr,
            changes,
        })
    }

    /// The changed words of the data, which is restored.
    fn changes(&self) -> Vec<(u64, u64)> {
        let mut changes = Vec::new();
        for (index, &old) in self.pristine.iter().enumerate() {
            let address = DATA + 8 * index as u64;
            let new: u64 = load(address).expect("the data area is mapped");
            if new != old {
                changes.push((index as u64, new));
                store(address, old).expect("the data area is mapped");
            }
        }
        changes
    }
}
