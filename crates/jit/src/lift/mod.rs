//! From A64 instructions to the intermediate representation.
//!
//! `integer.rs` has data processing, `float.rs` scalar floating point, `simd.rs` Advanced SIMD, `memory.rs` loads and stores, `branch.rs` what ends blocks. An instruction that is in none of them is a
//! call of the interpreter's function ([`Op::Fallback`]), or, where it ends a block there, leaves translated code
//! ([`End::Interpret`]).
//!
//! Within one guest instruction, everything that can fault comes before the first change of a register that the instruction itself reads:
//! after a fault, the interpreter runs it again from its beginning.

mod atomic;
mod branch;
mod float;
mod integer;
mod memory;
mod simd;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use armlet_cpu::Fault;
use armlet_decoder::a64::{Insn, decode};
use armlet_interpreter::a64::{Fetch, ends_block};

use crate::ir::*;
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
}

impl Lifter {
    fn new() -> Lifter {
        Lifter {
            pc: 0,
            nodes: Vec::new(),
            known: [None; 33],
        }
    }

    fn push(&mut self, op: Op) {
        self.forget(&op);
        self.nodes.push(Node { pc: self.pc, op });
    }

    fn forget(&mut self, op: &Op) {
        let written = match *op {
            Op::Alu { d, .. } | Op::Adc { d, .. } | Op::Sbc { d, .. } => d,
            Op::Mov { d, .. }
            | Op::Shift { d, .. }
            | Op::Unary { d, .. }
            | Op::Extend { d, .. }
            | Op::Multiply { d, .. }
            | Op::Extract { d, .. }
            | Op::Insert { d, .. }
            | Op::Field { d, .. }
            | Op::Select { d, .. }
            | Op::Load { d, .. }
            | Op::ReadTpidr { d } => Some(d),
            Op::Fallback { .. } => {
                self.known = [None; 33];
                None
            }
            Op::Atomic(ref atomic) => Some(atomic.op.operands().0),
            Op::Vector(ref op) => vector_writes(op),
            Op::Float {
                op: Float::ToInteger { d, .. } | Float::ToBits { d, .. } | Float::ToBitsTop { d, .. },
                ..
            } => Some(d),
            Op::Float { .. } => None,
            Op::Simd(Simd::Move { d, .. }) => Some(d),
            Op::Simd(_) => None,
            Op::Compare { .. } | Op::Store { .. } | Op::Aligned { .. } | Op::Fence | Op::WriteTpidr { .. } => None,
        };
        if let Some(Var::X(n)) = written {
            self.known[usize::from(n)] = None;
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

fn vector_writes(op: &Vector) -> Option<Var> {
    match op {
        Vector::Load { .. } | Vector::Store { .. } => None,
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
    if ends_block(&insn) || float::writes_fpcr(&insn) {
        return Some(End::Interpret);
    }
    lifter.push(Op::Fallback { insn });
    None
}

/// Lifts the block at `pc`, which ends before any address of `leaders`.
fn block(pc: u64, leaders: &BTreeSet<u64>, code: &mut impl Fetch) -> Result<Block, Fault> {
    let mut lifter = Lifter::new();
    let mut insns = 0;
    loop {
        let at = pc.wrapping_add(4 * u64::from(insns));
        let stop = insns > 0 && (leaders.contains(&at) || insns >= MAX_BLOCK);
        let word = match code.fetch(at) {
            _ if stop => None,
            Ok(word) => Some(word),
            Err(fault) if insns == 0 => return Err(fault),
            Err(_) => None,
        };
        let Some(word) = word else {
            return Ok(Block {
                pc,
                insns,
                nodes: lifter.nodes,
                end_pc: at,
                end: End::Jump { to: at },
            });
        };
        lifter.pc = at;
        insns += 1;
        let end = match decode(word) {
            Ok(insn) => instruction(&mut lifter, insn),
            Err(_) => Some(End::Interpret),
        };
        if let Some(end) = end {
            return Ok(Block {
                pc,
                insns,
                nodes: lifter.nodes,
                end_pc: at,
                end,
            });
        }
    }
}

/// Addresses that belong to the region if they are near: where control may go on.
fn followers(end: &End) -> Vec<u64> {
    match *end {
        End::Jump { to } => vec![to],
        End::Branch { taken, not, .. } => vec![not, taken],
        End::Call { next, .. } | End::Indirect { next: Some(next), .. } => vec![next],
        End::Indirect { next: None, .. } | End::Interpret => Vec::new(),
    }
}

/// Lifts the region that is entered at `pc`: everything that direct branches reach from there, in the order of addresses.
///
/// # Errors
///
/// The fault of fetching the first instruction.
pub fn region(pc: u64, code: &mut impl Fetch) -> Result<Region, Fault> {
    let near = |to: u64| to.wrapping_sub(pc.wrapping_sub(REACH)) < 2 * REACH && to.is_multiple_of(4);
    let mut leaders = BTreeSet::from([pc]);
    let mut blocks: BTreeMap<u64, Block> = BTreeMap::new();
    let mut queue = VecDeque::from([pc]);
    let mut total = 0;
    while let Some(at) = queue.pop_front() {
        if blocks.contains_key(&at) || total >= MAX_REGION {
            continue;
        }
        // A branch into a block splits it; its beginning is lifted again, to its new end.
        let around = blocks
            .range(..at)
            .next_back()
            .map(|(&start, block)| (start, block.insns));
        if let Some((start, insns)) = around.filter(|&(start, insns)| at < start + 4 * u64::from(insns)) {
            blocks.insert(start, block(start, &leaders, code)?);
            total -= insns;
            total += blocks[&start].insns;
        }
        let lifted = match block(at, &leaders, code) {
            Ok(lifted) => lifted,
            Err(fault) if at == pc => return Err(fault),
            Err(_) => continue,
        };
        total += lifted.insns;
        for to in followers(&lifted.end).into_iter().filter(|&to| near(to)) {
            if leaders.insert(to) {
                queue.push_back(to);
            }
        }
        blocks.insert(at, lifted);
    }
    let first = blocks.remove(&pc);
    let blocks: Vec<Block> = first.into_iter().chain(blocks.into_values()).collect();
    let dead_flags = dead_flags(&blocks, code);
    Ok(Region { blocks, dead_flags })
}

/// Instructions that are looked at outside of a region, at most.
const PEEK: u32 = 16;

/// Targets outside of the region that define the flags before they use them.
fn dead_flags(blocks: &[Block], code: &mut impl Fetch) -> Vec<std::ops::Range<u64>> {
    let inside: BTreeSet<u64> = blocks.iter().map(|block| block.pc).collect();
    let mut outside = BTreeSet::new();
    for block in blocks {
        match block.end {
            End::Call { to, .. } => outside.extend([to]),
            End::Jump { to } => outside.extend(Some(to).filter(|to| !inside.contains(to))),
            End::Branch { taken, not, .. } => {
                outside.extend([taken, not].into_iter().filter(|to| !inside.contains(to)))
            }
            End::Indirect { .. } | End::Interpret => {}
        }
    }
    let stop = |pc: u64| BTreeSet::from([pc.wrapping_add(4 * u64::from(PEEK))]);
    let peek = |pc: u64| {
        let peeked = block(pc, &stop(pc), code).ok()?;
        let decides = peeked
            .nodes
            .iter()
            .find(|node| opt::uses_flags(&node.op) || opt::defines_flags(&node.op))?;
        (!opt::uses_flags(&decides.op)).then(|| pc..decides.pc.wrapping_add(4))
    };
    outside.into_iter().filter_map(peek).collect()
}
