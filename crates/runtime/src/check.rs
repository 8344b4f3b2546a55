//! `--check`: translated code and the interpreter in lock-step. What compares them is [`armlet_jit::Checker`]; here are its threads, what an instruction
//! writes, and the end of a program at the first difference.
//!
//! While a unit is compared, memory is not what the guest has made of it for a moment. So guest code runs in one thread at a time; system calls of the others go
//! on meanwhile. A system call is made once, when what led to it has been compared.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use armlet_cpu::a64::State;
use armlet_decoder::a64::decode;
use armlet_jit::{Blocks, Checked, Checker, InstructionSet, Jit, Wrong};
use armlet_memory::load;
use armlet_observe::effects::{AccessKind, Kind, Shape};
use armlet_observe::effects_a32::fetched;
use rustc_hash::FxHashMap;

use crate::INTERNAL_ERROR;
use crate::engine::{Engine, Stop};

/// What makes a text of a difference.
pub type Report = fn(&Wrong, a32: bool) -> String;

static REPORT: OnceLock<Report> = OnceLock::new();

/// Before a program runs: what is printed, on stderr, when the engines differ.
pub fn report_differences(report: Report) {
    REPORT.get_or_init(|| report);
}

/// A thread is in a unit.
static BUSY: AtomicBool = AtomicBool::new(false);

/// The right to be in a unit.
struct Turn;

impl Turn {
    fn take() -> Turn {
        while BUSY.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        BUSY.store(false, Ordering::Release);
    }
}

/// In the child of a fork: the thread that was in a unit is not here.
pub(crate) fn forked() {
    BUSY.store(false, Ordering::Release);
}

/// What instruction words do, so that each is looked at once: by the word, and by T and IT of CPSR.
type Shapes = FxHashMap<(u32, bool, u8), Option<Shape>>;

/// The memory that the instruction at the program counter writes: address and bytes.
pub(crate) fn writes(cpu: &State, shapes: &mut Shapes) -> Option<(u64, usize)> {
    let word: u32 = load(cpu.pc).ok()?;
    let shape = || Some(Shape::of_insn(&decode(word).ok()?));
    written(shapes.entry((word, false, 0)).or_insert_with(|| writing(shape())), cpu)
}

/// The same for AArch32.
pub(crate) fn writes_a32(cpu: &State, shapes: &mut Shapes) -> Option<(u64, usize)> {
    let first: u16 = load(cpu.pc).ok()?;
    let word = u32::from(first) | u32::from(load::<u16>(cpu.pc + 2).unwrap_or(0)) << 16;
    let shape = || Some(Shape::of_a32(&fetched(cpu)?.0.ok()?));
    let key = (word, cpu.a32.thumb, cpu.a32.itstate);
    written(shapes.entry(key).or_insert_with(|| writing(shape())), cpu)
}

/// What may write memory.
fn writing(shape: Option<Shape>) -> Option<Shape> {
    shape.filter(|shape| shape.kind.meets(Kind::STORE.with(Kind::ATOMIC)))
}

fn written(shape: &Option<Shape>, cpu: &State) -> Option<(u64, usize)> {
    let access = shape.as_ref()?.access(cpu)?;
    (access.kind != AccessKind::Load).then_some((access.address, access.size as usize))
}

/// Finds what an instruction writes.
type Writes = fn(&State, &mut Shapes) -> Option<(u64, usize)>;

/// The engine.
pub(crate) struct CheckedEngine<B: Blocks, C> {
    checker: Checker<B>,
    code: C,
    writes: Writes,
    shapes: Shapes,
}

impl<B: Blocks, C> CheckedEngine<B, C> {
    pub fn new(jit: Arc<Jit>, code: C, writes: Writes) -> CheckedEngine<B, C> {
        CheckedEngine {
            checker: Checker::new(jit),
            code,
            writes,
            shapes: Shapes::default(),
        }
    }
}

impl<B: InstructionSet<C>, C> Engine for CheckedEngine<B, C> {
    fn run(&mut self, cpu: &mut State, attention: &AtomicU32) -> Stop {
        while attention.load(Ordering::Relaxed) == 0 {
            let turn = Turn::take();
            let mut writes = |cpu: &State| (self.writes)(cpu, &mut self.shapes);
            let checked = self.checker.unit(cpu, &mut self.code, &mut writes);
            match checked {
                Checked::Right => {}
                Checked::Trap(trap) => return Stop::Trap(trap),
                Checked::Wrong(wrong) => {
                    let text = match REPORT.get() {
                        Some(report) => report(&wrong, B::A32),
                        None => format!("{wrong:#x?}"),
                    };
                    eprintln!("{text}");
                    // Nobody else goes on from here.
                    std::mem::forget(turn);
                    std::process::exit(INTERNAL_ERROR);
                }
            }
        }
        Stop::Attention
    }

    fn invalidate(&mut self, range: Range<u64>) {
        self.checker.invalidate(range);
    }
}
