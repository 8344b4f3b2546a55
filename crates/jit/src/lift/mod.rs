//! From A64 instructions to the intermediate representation.
//!
//! `integer.rs` has data processing, `float.rs` and `float_lanes.rs` floating point, `simd.rs` Advanced SIMD, `memory.rs` loads and stores, `branch.rs` what ends blocks. An instruction that is in none of them is a
//! call of the interpreter's function ([`Op::Fallback`]), or, where it ends a block there, leaves translated code
//! ([`End::Interpret`]).
//!
//! Within one guest instruction, everything that can fault comes before the first change of a register that the instruction itself reads:
//! after a fault, the interpreter runs it again from its beginning.

pub mod a32;
mod a32_vector;
mod atomic;
mod branch;
mod float;
mod float_lanes;
mod half;
mod integer;
mod memory;
mod mixed;
mod simd;
mod simd_saturating;

use std::collections::VecDeque;
use std::ops::Range;

use armlet_cpu::Fault;
use armlet_cpu::a32_features::Model;
use armlet_decoder::a64::{Insn, decode};
use armlet_interpreter::a64::{Fetch, ends_block};

use crate::ir::*;
use crate::map::Halves;
use crate::opt;

/// Guest instructions in a region, at most.
const MAX_REGION: u32 = 400;
/// Guest instructions in a block, at most.
const MAX_BLOCK: u32 = 100;
/// A region stays within this many bytes of its entry, on either side.
const REACH: u64 = 1 << 15;

/// A value that an X register operand reads: 31 is zero.
fn x(n: u8) -> Val {
    if n == 31 { Val::Imm(0) } else { Val::Var(Var::X(n)) }
}

/// The variable that an X register operand writes: 31 is nowhere, so a temporary.
fn dst(n: u8) -> Var {
    if n == 31 { Var::T(0) } else { Var::X(n) }
}

/// Temporary n.
fn t(n: u8) -> Val {
    Val::Var(Var::T(n))
}

/// Collects the operations of one block.
pub(crate) struct Lifter {
    pc: u64,
    nodes: Vec<Node>,
    /// What is known of the registers: constants.
    known: [Option<u64>; 33],
    /// Registers that hold multiples of 4, by the checks so far (AArch32).
    aligned: u32,
    /// The processor, in AArch32.
    model: Model,
    /// Floating point is that of Advanced SIMD in AArch32.
    standard: bool,
    /// Such can be translated.
    trap: bool,
    /// So is that of VFP.
    run_fast: bool,
    /// Q registers that are two (AArch32).
    halves: Halves,
}

impl Lifter {
    fn new() -> Lifter {
        Lifter {
            pc: 0,
            nodes: Vec::new(),
            known: [None; 33],
            aligned: 0,
            model: Model::Max,
            standard: false,
            trap: true,
            run_fast: false,
            halves: Halves::default(),
        }
    }

    /// At the start of a block: nothing is known.
    fn start(&mut self) {
        self.nodes.clear();
        self.known = [None; 33];
        self.aligned = 0;
    }

    fn push(&mut self, op: Op) {
        self.forget(&op);
        self.nodes.push(Node { pc: self.pc, op });
    }

    fn forget(&mut self, op: &Op) {
        if let Op::Fallback { .. } | Op::Fallback32 { .. } | Op::QuickCall { .. } | Op::DirectCall { .. } = op {
            self.known = [None; 33];
            self.aligned = 0;
        }
        if let Some(Var::X(n)) = op.written() {
            self.known[usize::from(n)] = None;
            match *op {
                Op::Alu {
                    op: Alu::Add | Alu::Sub,
                    a: Val::Var(Var::X(from)),
                    b: Val::Imm(b),
                    ..
                } if from == n && b.is_multiple_of(4) => {}
                _ => self.aligned &= !1u32.wrapping_shl(n.into()),
            }
        }
    }

    /// A register's value, if it is a known constant.
    fn known(&self, val: Val) -> Option<u64> {
        match val {
            Val::Var(Var::X(n)) => self.known[usize::from(n)],
            Val::Var(Var::T(_)) => None,
            Val::Imm(imm) => Some(imm),
        }
    }

    /// d = a constant.
    fn constant(&mut self, d: u8, value: u64) {
        if d != 31 {
            // A constant built in steps by one register: only the last step stays.
            if let Some(Node {
                op:
                    Op::Mov {
                        d: Var::X(last),
                        a: Val::Imm(_),
                        ..
                    },
                ..
            }) = self.nodes.last()
                && *last == d
            {
                self.nodes.pop();
            }
            self.push(Op::Mov {
                w: Width::X,
                d: Var::X(d),
                a: Val::Imm(value),
            });
            self.known[usize::from(d)] = Some(value);
        }
    }
}

/// Lifts one instruction; `Some` ends the block.
fn instruction(lifter: &mut Lifter, insn: Insn) -> Option<End> {
    if let Some(end) = branch::lift(lifter, &insn) {
        return Some(end);
    }
    let lifted = integer::lift(lifter, &insn)
        || float::lift(lifter, &insn)
        || memory::lift(lifter, &insn)
        || simd::lift(lifter, &insn)
        || atomic::lift(lifter, &insn);
    if lifted {
        return None;
    }
    if ends_block(&insn) || float::changes_numbers(&insn) {
        return Some(End::Interpret);
    }
    lifter.push(Op::Fallback { insn });
    None
}

/// What a region's extent depends on. Large programs run most of their code a few times only, so that translating too much is what costs.
pub struct Around<'a> {
    /// Whether the block at an address has been run: conditional branches are followed to such targets only.
    pub executed: &'a dyn Fn(u64) -> bool,
    /// Whether another region can be entered at an address: the region ends there.
    pub translated: &'a dyn Fn(u64) -> bool,
    /// What is computed in another way than Arm's traps (see [`Numbers::trap`]).
    pub trap: bool,
    /// AArch32: all floating point is under the standard value of FPSCR (see [`Numbers::run_fast`]).
    pub run_fast: bool,
}

impl Around<'_> {
    /// As if nothing else were translated, and everything had been run.
    pub const ALL: Around<'static> = Around {
        executed: &|_| true,
        translated: &|_| false,
        trap: true,
        run_fast: false,
    };
}

/// The code of a region, before it is lifted.
struct Found {
    /// What was decoded, in the order in which it was found; `None` where there is no instruction.
    insns: Vec<Option<Insn>>,
    /// Straight runs of it, in the order of addresses; they do not overlap.
    runs: Vec<Run>,
    /// Where blocks start, in order.
    leaders: Vec<u64>,
}

/// A straight run of code: its address, and where it is in [`Found::insns`].
struct Run {
    pc: u64,
    insns: Range<usize>,
}

impl Found {
    /// The instruction at an address is there already.
    fn holds(&self, at: u64) -> bool {
        let behind = self.runs.partition_point(|run| run.pc <= at);
        let before = behind.checked_sub(1).map(|index| &self.runs[index]);
        before.is_some_and(|run| at < run.pc + 4 * run.insns.len() as u64)
    }

    /// A block starts at an address; whether that is new.
    fn lead(&mut self, at: u64) -> bool {
        match self.leaders.binary_search(&at) {
            Ok(_) => false,
            Err(index) => {
                self.leaders.insert(index, at);
                true
            }
        }
    }

    /// Whether one does.
    fn leads(&self, at: u64) -> bool {
        self.leaders.binary_search(&at).is_ok()
    }
}

/// Addresses that belong to the region if they are near: where control may go on. A branch is expected to go where it went before.
fn followers(end: &End, executed: &dyn Fn(u64) -> bool) -> impl Iterator<Item = u64> + use<> {
    let targets = match *end {
        End::Jump { to } => [Some(to), None],
        End::Branch { taken, not, .. } => [Some(not), Some(taken).filter(|&taken| executed(taken))],
        End::Call { next, .. } | End::Indirect { next: Some(next), .. } | End::SupervisorCall { next } => {
            [Some(next), None]
        }
        End::Indirect { next: None, .. } | End::Interpret => [None; 2],
    };
    targets.into_iter().flatten()
}

/// Finds what direct branches reach from `pc`, nearest branches first.
fn find(pc: u64, code: &mut impl Fetch, around: &Around<'_>) -> Result<Found, Fault> {
    let near = |to: u64| to.wrapping_sub(pc.wrapping_sub(REACH)) < 2 * REACH && to.is_multiple_of(4);
    let mut found = Found {
        insns: Vec::with_capacity(64),
        runs: Vec::with_capacity(16),
        leaders: Vec::with_capacity(32),
    };
    found.lead(pc);
    // Only what ends blocks is of interest here.
    let mut lifter = Lifter::new();
    let mut queue = VecDeque::from([pc]);
    let mut total = 0;
    while let Some(start) = queue.pop_front() {
        if found.holds(start) {
            continue;
        }
        lifter.start();
        let first = found.insns.len();
        while total < MAX_REGION {
            let at = start.wrapping_add(4 * (found.insns.len() - first) as u64);
            if found.insns.len() > first && (found.leads(at) || (around.translated)(at)) {
                break;
            }
            let word = match code.fetch(at) {
                Ok(word) => word,
                Err(fault) if at == pc => return Err(fault),
                Err(_) => break,
            };
            total += 1;
            let insn = decode(word).ok();
            found.insns.push(insn);
            lifter.pc = at;
            let Some(insn) = insn else { break };
            let end = match branch::lift(&mut lifter, &insn) {
                Some(end) => end,
                None if ends_block(&insn) || float::changes_numbers(&insn) => break,
                None => continue,
            };
            for to in followers(&end, around.executed).filter(|&to| near(to)) {
                if found.lead(to) && !(around.translated)(to) {
                    queue.push_back(to);
                }
            }
            break;
        }
        let insns = first..found.insns.len();
        if !insns.is_empty() {
            let index = found.runs.partition_point(|run| run.pc < start);
            found.runs.insert(index, Run { pc: start, insns });
        }
    }
    Ok(found)
}

/// Lifts the blocks of a run.
fn blocks(found: &Found, run: &Run, lifter: &mut Lifter, blocks: &mut Vec<Block>) {
    let insns = &found.insns[run.insns.clone()];
    let mut rest = insns.iter().zip((run.pc..).step_by(4)).peekable();
    while let Some(&(_, pc)) = rest.peek() {
        lifter.start();
        let mut insns = 0;
        let end = loop {
            let at = pc.wrapping_add(4 * u64::from(insns));
            let stop = insns > 0 && (insns >= MAX_BLOCK || found.leads(at));
            let Some((insn, _)) = rest.next_if(|_| !stop) else {
                break (at, End::Jump { to: at });
            };
            lifter.pc = at;
            insns += 1;
            match insn {
                Some(insn) => {
                    if let Some(end) = instruction(lifter, *insn) {
                        break (at, end);
                    }
                }
                None => break (at, End::Interpret),
            }
        };
        let (end_pc, end) = end;
        blocks.push(Block {
            pc,
            insns,
            bytes: 4 * insns,
            places: Vec::new(),
            nodes: lifter.nodes.as_slice().into(),
            end_pc,
            end,
        });
    }
}

/// Lifts the region that is entered at `pc`: what direct branches reach from there, in the order of addresses.
///
/// # Errors
///
/// The fault of fetching the first instruction.
pub fn region(pc: u64, code: &mut impl Fetch, around: &Around<'_>) -> Result<Region, Fault> {
    let found = find(pc, code, around)?;
    let mut all = Vec::with_capacity(found.leaders.len());
    let mut lifter = Lifter::new();
    for run in &found.runs {
        blocks(&found, run, &mut lifter, &mut all);
    }
    if let Some(first) = all.iter().position(|block| block.pc == pc) {
        all[..=first].rotate_right(1);
    }
    let (dead_flags, watched) = dead_flags(&all, code);
    Ok(Region {
        blocks: all,
        dead_flags,
        watched,
        counters: None,
        a32: false,
        halves: Halves::default(),
    })
}

/// Instructions that are looked at outside of a region for each of its exits, at most.
const PEEK: u32 = 32;

/// Where direct branches leave a region for, and what it calls; in order.
fn exits(blocks: &[Block]) -> Vec<u64> {
    let mut inside: Vec<u64> = blocks.iter().map(|block| block.pc).collect();
    inside.sort_unstable();
    let mut outside = Vec::with_capacity(blocks.len());
    for block in blocks {
        let leaves = |to: &u64| inside.binary_search(to).is_err();
        match block.end {
            End::Call { to, .. } => outside.push(to),
            End::Jump { to } => outside.extend(Some(to).filter(leaves)),
            End::Branch { taken, not, .. } => outside.extend([taken, not].into_iter().filter(leaves)),
            End::Indirect { .. } | End::SupervisorCall { .. } | End::Interpret => {}
        }
    }
    outside.sort_unstable();
    outside.dedup();
    outside
}

/// Targets outside of the region from which all ways define the flags before they use them: the code there; and what else was looked at.
fn dead_flags(blocks: &[Block], code: &mut impl Fetch) -> (Vec<Range<u64>>, Vec<Range<u64>>) {
    let (mut dead, mut watched) = (Vec::new(), Vec::new());
    let mut lifter = Lifter::new();
    let mut looked = Vec::new();
    for exit in exits(blocks) {
        if flags_die(exit, &mut lifter, &mut looked, code) {
            let mut looked = looked.drain(..);
            dead.extend(looked.next());
            watched.extend(looked);
        }
    }
    (dead, watched)
}

/// Whether all ways from an address define the flags before they use them; `looked`: the code that says so.
fn flags_die(pc: u64, lifter: &mut Lifter, looked: &mut Vec<Range<u64>>, code: &mut impl Fetch) -> bool {
    looked.clear();
    let mut ways = vec![pc];
    let mut rest = PEEK;
    while let Some(start) = ways.pop() {
        let mut at = start;
        lifter.start();
        loop {
            // (A way that comes to where another one has been goes on as that one does.)
            if looked.iter().any(|range| range.contains(&at)) {
                break;
            }
            let Some(insn) = code.fetch(at).ok().and_then(|word| decode(word).ok()) else {
                return false;
            };
            if rest == 0 {
                return false;
            }
            rest -= 1;
            lifter.pc = at;
            lifter.nodes.clear();
            let end = instruction(lifter, insn);
            at = at.wrapping_add(4);
            match (opt::first_use(&lifter.nodes), end) {
                (Some(true), _) => return false,
                (Some(false), _) => break,
                (None, None) => continue,
                (None, Some(End::Jump { to } | End::Call { to, .. })) => ways.push(to),
                (None, Some(End::Branch { test, taken, not })) if !matches!(test, Test::Cond(_)) => {
                    ways.extend([taken, not]);
                }
                (None, Some(_)) => return false,
            }
            break;
        }
        looked.push(start..at);
    }
    true
}
