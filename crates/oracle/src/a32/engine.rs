//! armlet's engines on the cases of a differential test of AArch32.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_decoder::t32::{ItState, length};
use armlet_interpreter::a32::{BlockCache, Stop, run_block, step};
use armlet_jit::{Jit, ThreadA32, install_fault_handler};
use armlet_memory::{AddressSpace, fetch, load, space, store};

use super::capstone::Set;
use super::case::{CODE, Case, DATA, DATA_SIZE, Observed, RUN_FAST, pristine};
use crate::engine::{Faults, Watch};

const SIGILL: u32 = 4;
const SIGTRAP: u32 = 5;
const SIGBUS: u32 = 7;
const SIGSEGV: u32 = 11;

/// Blocks a case may run: its own, and a loop or two.
const MAX_BLOCKS: usize = 500;
/// The same in instructions.
const MAX_STEPS: usize = 40 * MAX_BLOCKS;
/// BKPT #0x77, as halfwords.
const END: [&[u16]; 2] = [&[0x0777, 0xe120], &[0xbe77]];
/// What the harness compares of CPSR.
const CPSR: u32 = 0xfe0f_fc20;

/// Runs cases on armlet's engines; [`DATA`] and [`CODE`] are mapped in this process by the caller.
pub struct Engines {
    pristine: Vec<u32>,
    jit: Arc<Jit>,
    thread: RefCell<ThreadA32>,
    watch: Arc<Watch>,
}

/// The register file that a case starts from.
fn state(case: &Case) -> State {
    let mut cpu = State {
        v: std::array::from_fn(|n| match case.d.get(2 * n..2 * n + 2) {
            Some(&[low, high]) => Vector::from(u128::from(high) << 64 | u128::from(low)),
            _ => Vector::default(),
        }),
        pc: CODE,
        ..State::default()
    };
    (0..15).for_each(|n| cpu.set_r(n, case.r[usize::from(n)]));
    cpu.set_cpsr(case.cpsr);
    cpu.set_fpscr(case.fpscr);
    cpu
}

/// The signal and the address that Linux makes of a trap.
fn signal(trap: Trap) -> (u32, u32) {
    match trap {
        Trap::Undefined | Trap::SupervisorCall { .. } | Trap::InvalidateCode { .. } => (SIGILL, 0),
        Trap::Breakpoint { .. } => (SIGTRAP, 0),
        Trap::Memory(Fault {
            address,
            kind: FaultKind::Unmapped | FaultKind::Permission,
            ..
        }) => (SIGSEGV, address as u32),
        Trap::Memory(Fault { address, .. }) => (SIGBUS, address as u32),
    }
}

/// Instruction fetch: the data can be read, but not executed.
fn code(pc: u64) -> Result<u16, Fault> {
    if (DATA..DATA + DATA_SIZE).contains(&pc) {
        return Err(Fault {
            address: pc,
            access: Access::Execute,
            kind: FaultKind::Permission,
        });
    }
    fetch(pc)
}

/// Goes on behind an instruction that faulted: in Thumb state, the IT block goes on, too.
fn skip(cpu: &mut State) {
    cpu.pc += match fetch(cpu.pc) {
        Ok(first) if cpu.a32.thumb => u64::from(length(first)),
        _ => 4,
    };
    cpu.a32.itstate = ItState(cpu.a32.itstate).advanced().0;
}

/// Interprets to the end, instruction by instruction; the signal and the address that end it, `None` when nothing does.
fn interpret(cpu: &mut State, faults: Faults) -> Option<(u32, u32)> {
    for _ in 0..MAX_STEPS {
        match step(cpu, &mut code) {
            Ok(()) => {}
            Err(trap) if faults.skip(trap) => skip(cpu),
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
        let jit = Arc::new(Jit::a32()?);
        // The cases look at FPSCR.
        jit.record_underflows();
        install_fault_handler(Arc::clone(&jit))?;
        let watch = Arc::new(Watch::default());
        let watcher = Arc::clone(&watch);
        std::thread::spawn(move || watcher.look());
        let pristine = pristine();
        for (index, &word) in pristine.iter().enumerate() {
            store(DATA + 4 * index as u64, word).expect("the data area is mapped");
        }
        Ok(Engines {
            pristine,
            thread: RefCell::new(ThreadA32::new(Arc::clone(&jit), 0)),
            jit,
            watch,
        })
    }

    /// What a case does in the interpreter, instruction by instruction; `None` when it does not end.
    pub fn interpret(&self, case: &Case) -> Option<Observed> {
        self.observe(case, |cpu| interpret(cpu, Faults::End))
    }

    /// The same, with a handler that goes on behind an access that faults.
    pub fn interpret_past_faults(&self, case: &Case) -> Option<Observed> {
        self.observe(case, |cpu| interpret(cpu, Faults::Skipped))
    }

    /// What a case does in the interpreter, in blocks; `None` when it does not end.
    pub fn interpret_blocks(&self, case: &Case) -> Option<Observed> {
        let mut cache = BlockCache::new();
        self.observe(case, |cpu| {
            (0..MAX_BLOCKS)
                .find_map(|_| run_block(cpu, &mut cache, &mut code, &mut ()))
                .map(signal)
        })
    }

    /// What a case does as translated code; `None` when it does not end within a second or two. What the host computes in another way than Arm traps,
    /// or is `checked` for.
    pub fn translate(&self, case: &Case, checked: bool) -> Option<Observed> {
        self.translated(case, checked, Faults::End)
    }

    /// The same, with a handler that goes on behind an access that faults: interpreted from there to the end of the case, for which everything
    /// that is still of use has to be there.
    pub fn translate_past_faults(&self, case: &Case, checked: bool) -> Option<Observed> {
        self.translated(case, checked, Faults::Skipped)
    }

    fn translated(&self, case: &Case, checked: bool, faults: Faults) -> Option<Observed> {
        if checked {
            self.jit.check_numbers();
        } else {
            self.jit.trust_numbers();
        }
        // (Under other values, the program is interpreted.)
        self.jit.expect_fpcr(if case.is_fast() { RUN_FAST } else { 0 });
        let mut thread = self.thread.borrow_mut();
        thread.invalidate(CODE..CODE + 4096);
        self.watch.case.fetch_add(1, Ordering::Relaxed);
        self.watch.attention.store(0, Ordering::Relaxed);
        self.observe(case, |cpu| {
            loop {
                match thread.run(cpu, &mut code, &self.watch.attention) {
                    Stop::Attention => return None,
                    Stop::Trap(Trap::InvalidateCode { .. }) => {}
                    Stop::Trap(trap) if faults.skip(trap) => {
                        skip(cpu);
                        return interpret(cpu, faults);
                    }
                    Stop::Trap(trap) => return Some(signal(trap)),
                }
            }
        })
    }

    fn observe(&self, case: &Case, run: impl FnOnce(&mut State) -> Option<(u32, u32)>) -> Option<Observed> {
        let mut cpu = state(case);
        (0..4096)
            .step_by(8)
            .for_each(|offset| store(CODE + offset, 0u64).expect("the code area is mapped"));
        let end = END[usize::from(case.set() == Set::T32)];
        for (index, &half) in case.halfwords.iter().chain(end).enumerate() {
            store(CODE + 2 * index as u64, half).expect("the code area is mapped");
        }
        let result = run(&mut cpu);
        let changes = self.changes();
        let (signal, address) = result?;
        Some(Observed {
            signal,
            address,
            r: std::array::from_fn(|n| cpu.r(n as u8)),
            pc: cpu.pc as u32,
            cpsr: cpu.cpsr() & CPSR,
            d: std::array::from_fn(|n| cpu.d(n as u8)),
            fpscr: cpu.fpscr(),
            changes: if case.watch { changes } else { Vec::new() },
        })
    }

    /// The changed words of the data, which is restored.
    fn changes(&self) -> Vec<(u32, u32)> {
        let mut changes = Vec::new();
        for (index, &old) in self.pristine.iter().enumerate() {
            let address = DATA + 4 * index as u64;
            let new: u32 = load(address).expect("the data area is mapped");
            if new != old {
                changes.push((index as u32, new));
                store(address, old).expect("the data area is mapped");
            }
        }
        changes
    }
}
