//! Translated code and the interpreter in lock-step: every unit is run by both from the same state.
//!
//! A unit is what translated code does from one entry to where it leaves its region, or comes to the head of a loop: here, regions are not linked, every poll
//! leaves (but the one behind the entry), and one counter says how many guest instructions were executed. The interpreter goes first, at least as far
//! as translated code can come. What it writes is remembered and undone; then translated code runs, and what it leaves in registers and in the memory that the
//! interpreter wrote is compared with the interpreter's after as many instructions. The thread goes on with the
//! interpreter's state.
//!
//! What is not seen: writes of translated code to where the interpreter does not write; that a flag is wrong which nobody can use any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_memory::bytes::{read_bytes, write_bytes};
use rustc_hash::FxHashMap;

use crate::cache::{Jit, Translation};
use crate::enter::Exit;
use crate::ir::{Block, Counters, Op, Region};
use crate::listing::{Listing, list};
use crate::opt;
use crate::thread::{Blocks, GuestThread, InstructionSet};

/// The interpreter runs this many instructions ahead, at most: more than a region has.
const AHEAD: usize = 800;

/// Changes a region before it is emitted: for tests, which want to see wrong translations.
pub(crate) type Spoil = Box<dyn Fn(&mut Region) + Send + Sync>;

/// What a [`Jit`] needs for this.
#[derive(Default)]
pub(crate) struct Checking {
    /// Guest instructions that translated code has begun, in blocks.
    executed: Box<AtomicU64>,
    /// Of these, those that it has left out.
    skipped: Box<AtomicU64>,
    spoil: Option<Spoil>,
}

impl Checking {
    #[cfg(test)]
    fn spoiling(spoil: Spoil) -> Checking {
        Checking {
            spoil: Some(spoil),
            ..Checking::default()
        }
    }

    /// Before a region is emitted.
    pub fn prepare(&self, region: &mut Region) {
        if let Some(spoil) = &self.spoil {
            spoil(region);
        }
        region.counters = Some(Counters {
            blocks: vec![std::ptr::from_ref(&*self.executed) as u64; region.blocks.len()],
            skipped: std::ptr::from_ref(&*self.skipped) as u64,
            shared: false,
            instructions: true,
        });
    }

    /// A fault has left a region at an instruction.
    pub fn left(&self, translation: &Translation, pc: u64) {
        let blocks = translation.checked.iter().flat_map(|region| &region.blocks);
        let of_block = |block: &Block| Some(u64::from(block.own().saturating_sub(block.index_of(pc)?)));
        let skipped = blocks.into_iter().find_map(of_block).unwrap_or(0);
        self.skipped.fetch_add(skipped, Ordering::Relaxed);
    }

    /// The guest instructions executed since the last question.
    fn take(&self) -> u64 {
        let executed = self.executed.swap(0, Ordering::Relaxed);
        executed.saturating_sub(self.skipped.swap(0, Ordering::Relaxed))
    }
}

impl Jit {
    /// Before the first translation: they are to be compared with the interpreter, by a [`Checker`].
    #[must_use]
    pub fn checking(self) -> Jit {
        self.checking_with(Checking::default())
    }

    fn checking_with(mut self, checking: Checking) -> Jit {
        self.checking = Some(checking);
        self
    }

    /// The region that is entered at a host address, if it is there to be compared.
    fn checked_region(&self, host: u64) -> Option<Region> {
        let guard = self.lock();
        let (_, translation) = guard.as_ref()?.translations.range(..=host).next_back()?;
        translation.checked.clone()
    }
}

/// A register or a piece of memory in which the engines differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name, or its address.
    pub name: String,
    /// Before the unit.
    pub before: String,
    /// What the interpreter makes of it.
    pub interpreted: String,
    /// What translated code makes of it.
    pub translated: String,
}

/// Where an instruction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its guest address.
    pub pc: u64,
    /// AArch32: it is a T32 instruction.
    pub thumb: bool,
    /// AArch32: CPSR.IT before it.
    pub itstate: u8,
}

/// A unit that translated code gets wrong.
#[derive(Debug)]
pub struct Wrong {
    /// The state before it.
    pub before: Box<State>,
    /// The state that the interpreter leaves.
    pub interpreted: Box<State>,
    /// The state that translated code leaves.
    pub translated: Box<State>,
    /// The instructions that the interpreter has executed, in this order.
    pub path: Vec<Step>,
    /// How many instructions translated code says it has executed.
    pub executed: u64,
    /// In what they differ.
    pub differences: Vec<Difference>,
    /// The region.
    pub listing: Option<Listing>,
}

/// What a unit ends with.
#[derive(Debug)]
pub enum Checked {
    /// The thread goes on.
    Right,
    /// It has trapped.
    Trap(Trap),
    /// The engines differ.
    Wrong(Box<Wrong>),
}

/// What the checker knows of a region.
struct Unit {
    host: u64,
    /// Guest addresses of its code.
    code: Vec<std::ops::Range<u64>>,
    /// Where it leaves for code, or has blocks, that define all flags before they use any.
    dead_flags: BTreeSet<u64>,
    /// It reads a clock: no two runs are the same.
    clock: bool,
}

/// Memory as it was before somebody wrote it.
#[derive(Default)]
struct Undo(Vec<(u64, Vec<u8>)>);

impl Undo {
    fn save(&mut self, address: u64, size: usize) {
        let mut bytes = vec![0; size];
        if read_bytes(address, &mut bytes).is_ok() {
            self.0.push((address, bytes));
        }
    }

    fn restore(&self) {
        for (address, bytes) in self.0.iter().rev() {
            // What cannot be written has not been written.
            let _ = write_bytes(*address, bytes);
        }
    }

    /// What is there now.
    fn now(&self) -> Vec<Vec<u8>> {
        let read = |&(address, ref bytes): &(u64, Vec<u8>)| {
            let mut now = vec![0; bytes.len()];
            let _ = read_bytes(address, &mut now);
            now
        };
        self.0.iter().map(read).collect()
    }
}

/// One guest thread under comparison. The translations are those of a [`Jit::checking`]; one thread of a process may be in a unit at a time.
pub struct Checker<B: Blocks> {
    thread: GuestThread<B>,
    units: FxHashMap<u64, Option<Arc<Unit>>>,
    /// Not zero: every poll leaves.
    stop: AtomicU32,
    counts: CheckCounts,
}

/// What a thread has compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckCounts {
    /// Units.
    pub units: u64,
    /// Guest instructions in them.
    pub instructions: u64,
    /// Guest instructions that only the interpreter has run.
    pub interpreted: u64,
}

impl<B: Blocks> Checker<B> {
    /// A thread.
    pub fn new(jit: Arc<Jit>) -> Checker<B> {
        jit.record_underflows();
        armlet_memory::exclusive::decide_by_values();
        Checker {
            thread: GuestThread::new(jit, 0),
            units: FxHashMap::default(),
            stop: AtomicU32::new(1),
            counts: CheckCounts::default(),
        }
    }

    /// Forgets what was made of the guest code in a range.
    pub fn invalidate(&mut self, range: std::ops::Range<u64>) {
        self.thread.invalidate(range);
    }

    /// What has been compared so far.
    pub fn counts(&self) -> CheckCounts {
        self.counts
    }

    /// Runs a unit. `writes` says which memory the instruction at the state's program counter writes: address and bytes.
    pub fn unit<C>(
        &mut self,
        cpu: &mut State,
        code: &mut C,
        writes: &mut dyn FnMut(&State) -> Option<(u64, usize)>,
    ) -> Checked
    where
        B: InstructionSet<C>,
    {
        self.thread.reconsider();
        if self.thread.is_outdated() {
            self.thread.forget();
            self.units.clear();
        }
        let Some(unit) = self.find(cpu, code) else {
            return self.single(cpu, code);
        };
        let before = cpu.clone();
        let mut undo = Undo::default();
        let mut path = Vec::new();
        let mut interpreted = before.clone();
        let mut trap = None;
        while path.len() < AHEAD && trap.is_none() {
            let pc = interpreted.pc;
            path.push(Step {
                pc,
                thumb: interpreted.a32.thumb,
                itstate: interpreted.a32.itstate,
            });
            if let Some((address, size)) = writes(&interpreted) {
                undo.save(address, size);
            }
            trap = B::single(&mut interpreted, code).err();
            let inside = unit.code.iter().any(|range| range.contains(&interpreted.pc));
            if interpreted.pc <= pc || !inside {
                break;
            }
        }
        let mut expected = undo.now();
        undo.restore();
        let mut translated = before.clone();
        let Some(exit) = self.thread.run_translated(&mut translated, unit.host, &self.stop) else {
            return Checked::Right;
        };
        let executed = self.thread.jit().checking.as_ref().map_or(0, Checking::take);
        B::arrive(&mut translated);
        let found = undo.now();
        let mut astray = executed > path.len() as u64;
        if executed < path.len() as u64 {
            // It has left before: the interpreter goes as far, once more.
            undo.restore();
            interpreted = before.clone();
            path.truncate(executed as usize);
            trap = None;
            for _ in 0..executed {
                trap = B::single(&mut interpreted, code).err();
            }
            expected = undo.now();
        }
        let interprets = exit == Exit::Interpret as u64;
        let left = match exit {
            _ if exit == Exit::Trap as u64 => translated.trap.take(),
            _ if exit == Exit::SupervisorCall as u64 => Some(Trap::SupervisorCall { imm: 0 }),
            _ => None,
        };
        let same_trap = match (trap, left) {
            (Some(Trap::SupervisorCall { .. }), Some(Trap::SupervisorCall { .. })) => true,
            (trap, left) => trap == left,
        };
        astray |= !same_trap;
        // Flags that nobody can use are not computed; where code is left in the middle, they can be seen.
        let flags = !interprets && left.is_none_or(|trap| matches!(trap, Trap::SupervisorCall { .. }));
        let flags = flags && !unit.dead_flags.contains(&B::here(&interpreted).unwrap_or(u64::MAX));
        let mut differences = registers(&before, &interpreted, &translated, flags, B::A32);
        if astray {
            let text = |count: usize, trap: Option<Trap>| match trap {
                Some(trap) => format!("{count}, then {trap:?}"),
                None => count.to_string(),
            };
            differences.insert(
                0,
                Difference {
                    name: "instructions".into(),
                    before: "0".into(),
                    interpreted: text(path.len(), trap),
                    translated: text(executed as usize, left),
                },
            );
        }
        for (((address, before), expected), found) in undo.0.iter().zip(&expected).zip(&found) {
            if expected != found {
                differences.push(Difference {
                    name: format!("[{address:#x}]"),
                    before: hex(before),
                    interpreted: hex(expected),
                    translated: hex(found),
                });
            }
        }
        if !differences.is_empty() && !unit.clock {
            return Checked::Wrong(Box::new(Wrong {
                before: Box::new(before),
                interpreted: Box::new(interpreted),
                translated: Box::new(translated),
                path,
                executed,
                differences,
                listing: self.thread.jit().checked_region(unit.host).map(|region| list(&region)),
            }));
        }
        self.counts.units += 1;
        self.counts.instructions += executed;
        *cpu = interpreted;
        match trap {
            Some(trap) => Checked::Trap(trap),
            None if interprets || executed == 0 => self.single(cpu, code),
            None => Checked::Right,
        }
    }

    /// One instruction, by the interpreter alone.
    fn single<C>(&mut self, cpu: &mut State, code: &mut C) -> Checked
    where
        B: InstructionSet<C>,
    {
        self.counts.interpreted += 1;
        match B::single(cpu, code) {
            Ok(()) => Checked::Right,
            Err(trap) => Checked::Trap(trap),
        }
    }

    /// The region at the program counter.
    fn find<C>(&mut self, cpu: &State, code: &mut C) -> Option<Arc<Unit>>
    where
        B: InstructionSet<C>,
    {
        let pc = B::here(cpu)?;
        if !self.thread.suits(cpu) {
            return None;
        }
        if let Some(known) = self.units.get(&pc) {
            return known.clone();
        }
        let jit = self.thread.jit();
        let host = B::translate(jit, cpu, code, &|_| true, true);
        let unit = host.and_then(|host| {
            let region = jit.checked_region(host)?;
            Some(Arc::new(Unit {
                host,
                code: region.blocks.iter().map(|block| block.code(region.a32)).collect(),
                dead_flags: dead_flags(&region),
                clock: region
                    .blocks
                    .iter()
                    .flat_map(|block| &block.nodes)
                    .any(|node| clock(&node.op)),
            }))
        });
        if self.thread.is_outdated() {
            // The arena was full.
            return None;
        }
        self.units.insert(pc, unit.clone());
        unit
    }
}

fn dead_flags(region: &Region) -> BTreeSet<u64> {
    let outside = region.dead_flags.iter().map(|range| range.start);
    let flags = opt::flags(region);
    let blocks = region.blocks.iter().enumerate();
    let inside = blocks
        .filter(|&(index, _)| !flags.live_in(index))
        .map(|(_, block)| block.pc);
    outside.chain(inside).collect()
}

/// Whether an operation may read a clock.
fn clock(op: &Op) -> bool {
    match op {
        Op::Fallback { insn } => insn.row().name == "mrs",
        Op::Fallback32 { insn, .. } => insn.row().name.starts_with("mrrc"),
        _ => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The registers in which two states differ.
fn registers(before: &State, interpreted: &State, translated: &State, flags: bool, a32: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |name: &dyn Fn() -> String, value: &dyn Fn(&State) -> u128, digits: usize| {
        let (one, other) = (value(interpreted), value(translated));
        if one != other {
            let text = |value: u128| format!("{value:#0width$x}", width = digits + 2);
            found.push(Difference {
                name: name(),
                before: text(value(before)),
                interpreted: text(one),
                translated: text(other),
            });
        }
    };
    let (general, vectors, digits) = if a32 { (15, 16, 8) } else { (31, 32, 16) };
    let letter = if a32 { 'r' } else { 'x' };
    for n in 0..general {
        compare(&|| format!("{letter}{n}"), &|state| state.x[n].into(), digits);
    }
    if !a32 {
        compare(&|| "sp".into(), &|state| state.sp().into(), digits);
    }
    let letter = if a32 { 'q' } else { 'v' };
    for n in 0..vectors {
        compare(&|| format!("{letter}{n}"), &|state| state.v[n].into(), 32);
    }
    compare(&|| "pc".into(), &|state| state.pc.into(), digits);
    if flags {
        compare(&|| "nzcv".into(), &|state| state.flags.to_bits().into(), 8);
    }
    compare(&|| "fpcr".into(), &|state| state.fpcr.into(), 8);
    compare(&|| "tpidr".into(), &|state| state.tpidr.into(), digits);
    compare(&|| "monitor".into(), &|state| state.exclusive.size.into(), 2);
    if interpreted.exclusive.size != 0 {
        compare(
            &|| "monitor's address".into(),
            &|state| state.exclusive.address.into(),
            digits,
        );
    }
    if a32 {
        let a32 = |state: &State| u128::from(state.a32.thumb) << 16 | u128::from(state.a32.itstate);
        compare(&|| "t and it".into(), &a32, 5);
        compare(
            &|| "q and ge".into(),
            &|state| u128::from(state.a32.q) << 4 | u128::from(state.a32.ge),
            2,
        );
        compare(
            &|| "fpscr.nzcv".into(),
            &|state| state.a32.fpscr_flags.to_bits().into(),
            8,
        );
        // Of a NaN beside a tiny number, the host does not say that one is tiny; and a trap for a tiny result has raised Inexact, too.
        compare(&|| "fpsr".into(), &|state| (state.fpsr & !TINY).into(), 8);
    } else {
        compare(&|| "fpsr".into(), &|state| state.fpsr.into(), 8);
    }
    found
}

/// FPSCR.IDC, IXC and UFC.
const TINY: u32 = 1 << 7 | 1 << 4 | 1 << 3;

#[cfg(test)]
mod tests {
    use armlet_cpu::{Access, Fault, FaultKind};
    use armlet_decoder::a64::decode;
    use armlet_interpreter::a64::BlockCache;

    use super::*;
    use crate::ir::{Alu, End, Test, Val};

    const BASE: u64 = 0x40_0000;
    /// A loop of four additions that are stored, and what comes behind it.
    const PROGRAM: [u32; 9] = [
        0xd280_0080, // mov x0, #4
        0x9100_0c42, // add x2, x2, #3
        0xf800_8422, // str x2, [x1], #8
        0xf100_0400, // subs x0, x0, #1
        0x54ff_ffa1, // b.ne the addition
        0x9a9f_17e3, // cset x3, eq
        0xb400_0040, // cbz x0, the next but one
        0xd280_0024, // mov x4, #1
        0xd420_0000, // brk #0
    ];

    fn writes(cpu: &State) -> Option<(u64, usize)> {
        let word = PROGRAM[((cpu.pc - BASE) / 4) as usize];
        let stores = decode(word).is_ok_and(|insn| insn.row().name.starts_with("str"));
        stores.then(|| (cpu.x(1), 8))
    }

    /// Runs the program to its end, or to the first difference.
    fn run(spoil: impl Fn(&mut Region) + Send + Sync + 'static) -> (State, [u64; 4], CheckCounts, Option<Box<Wrong>>) {
        let jit = Jit::with_arena(1 << 20).expect("an arena is mapped");
        let jit = jit.checking_with(Checking::spoiling(Box::new(spoil)));
        let mut checker = Checker::<BlockCache>::new(Arc::new(jit));
        let mut code = |address: u64| {
            let index = (address.wrapping_sub(BASE) / 4) as usize;
            PROGRAM.get(index).copied().ok_or(Fault {
                address,
                access: Access::Execute,
                kind: FaultKind::Unmapped,
            })
        };
        let mut data = Box::new([0u64; 4]);
        let mut cpu = State {
            pc: BASE,
            ..State::default()
        };
        cpu.x[1] = data.as_mut_ptr() as u64;
        let wrong = loop {
            match checker.unit(&mut cpu, &mut code, &mut writes) {
                Checked::Right => {}
                Checked::Trap(trap) => {
                    assert_eq!(trap, Trap::Breakpoint { imm: 0 });
                    break None;
                }
                Checked::Wrong(wrong) => break Some(wrong),
            }
        };
        (cpu, *data, checker.counts(), wrong)
    }

    fn names(wrong: &Wrong) -> Vec<&str> {
        wrong.differences.iter().map(|difference| &*difference.name).collect()
    }

    /// Changes every operation of the program for which `change` finds something to do.
    fn spoiling(change: impl Fn(&mut Op) + Send + Sync + 'static) -> Box<Wrong> {
        let (.., wrong) = run(move |region| {
            let nodes = region.blocks.iter_mut().flat_map(|block| &mut block.nodes);
            nodes.for_each(|node| change(&mut node.op));
        });
        wrong.expect("the difference is seen")
    }

    #[test]
    fn what_is_right_is_compared_and_runs_once() {
        let (cpu, data, counts, wrong) = run(|_| {});
        assert!(wrong.is_none(), "{wrong:?}");
        assert_eq!((cpu.x(0), cpu.x(2), cpu.x(3), cpu.x(4)), (0, 12, 1, 0));
        assert_eq!(data, [3, 6, 9, 12], "each store has happened once");
        assert_eq!(
            (counts.instructions, counts.interpreted),
            (1 + 4 * 4 + 2, 1),
            "all but the breakpoint"
        );
        assert!(counts.units >= 4, "each turn of the loop is a unit");
    }

    #[test]
    fn a_wrong_result_is_seen() {
        let wrong = spoiling(|op| {
            if let Op::Alu { op: Alu::Add, b, .. } = op
                && *b == Val::Imm(3)
            {
                *b = Val::Imm(4);
            }
        });
        assert!(names(&wrong).contains(&"x2"), "{:?}", wrong.differences);
        let x2 = wrong.differences.iter().find(|difference| difference.name == "x2");
        let x2 = x2.expect("it is there");
        assert_eq!(
            (&*x2.before, &*x2.interpreted, &*x2.translated),
            ("0x0000000000000000", "0x0000000000000003", "0x0000000000000004")
        );
        let listing = wrong.listing.expect("the region is shown");
        let shown = listing.instructions.iter().find(|listed| listed.pc == BASE + 4);
        let shown = shown.expect("the instruction is shown");
        assert!(shown.ops.iter().any(|op| op.contains("x2 + 4")), "{:?}", shown.ops);
        assert!(!shown.host.is_empty());
        assert_eq!((wrong.interpreted.x(2), wrong.translated.x(2)), (3, 4));
    }

    #[test]
    fn a_wrong_store_is_seen() {
        let wrong = spoiling(|op| {
            if let Op::Store { a, .. } = op {
                *a = Val::Imm(0x77);
            }
        });
        assert_eq!(wrong.differences.len(), 1, "{:?}", wrong.differences);
        let difference = &wrong.differences[0];
        assert_eq!(difference.name, format!("[{:#x}]", wrong.before.x(1)));
        assert_eq!(
            (&*difference.interpreted, &*difference.translated),
            ("0300000000000000", "7700000000000000")
        );
    }

    #[test]
    fn wrong_flags_are_seen() {
        let wrong = spoiling(|op| {
            if let Op::Alu { op: op @ Alu::Sub, .. } = op {
                *op = Alu::Add;
            }
        });
        assert!(names(&wrong).contains(&"x0"), "{:?}", wrong.differences);
    }

    #[test]
    fn a_wrong_way_is_seen() {
        let (.., wrong) = run(|region| {
            for block in &mut region.blocks {
                if let End::Branch {
                    test: Test::Zero(..),
                    taken,
                    not,
                } = &mut block.end
                {
                    std::mem::swap(taken, not);
                }
            }
        });
        let wrong = wrong.expect("the difference is seen");
        assert!(
            names(&wrong)
                .iter()
                .any(|name| matches!(*name, "x4" | "pc" | "instructions")),
            "{:?}",
            wrong.differences
        );
    }
}
