//! C and V apart from N and Z: an instruction that sets N and Z only (MOVS, ANDS, TST) is as good as one that sets all flags if nobody uses the old C
//! and V any more, and much cheaper.

use crate::ir::*;
use crate::opt::{defines_flags, successors, uses_flags};

/// Whether a condition looks at C or V.
fn looks(cond: u8) -> bool {
    !matches!(cond >> 1, 0 | 2 | 7)
}

/// Whether an operation uses C or V.
fn uses(op: &Op) -> bool {
    match op {
        Op::Select { cond, .. } => looks(*cond),
        // What it leaves alone is used by whoever uses it later.
        Op::Nz { .. } => false,
        Op::ShiftCarry { .. } => false,
        op => uses_flags(op),
    }
}

/// Where C and V may be used: at the start of each block.
fn live_in(region: &Region) -> Vec<bool> {
    let mut live = vec![false; region.blocks.len()];
    loop {
        let mut changed = false;
        for (index, block) in region.blocks.iter().enumerate().rev() {
            let at_end = live_out(region, block, &live);
            let here = block.nodes.iter().rev().fold(at_end, before);
            changed |= here != live[index];
            live[index] = here;
        }
        if !changed {
            return live;
        }
    }
}

fn before(live: bool, node: &Node) -> bool {
    uses(&node.op) || live && !defines_flags(&node.op)
}

fn live_out(region: &Region, block: &Block, live: &[bool]) -> bool {
    let tested = matches!(block.end, End::Branch { test: Test::Cond(cond), .. } if looks(cond));
    let behind = match block.end {
        End::Call { to, .. } => !region.flags_are_dead(to),
        End::Indirect { .. } | End::SupervisorCall { .. } | End::Interpret => true,
        End::Jump { .. } | End::Branch { .. } => successors(&block.end).any(|pc| match region.find(pc) {
            Some(target) => live[target],
            None => !region.flags_are_dead(pc),
        }),
    };
    tested || behind
}

/// Sets the flags to what a value is.
fn test(a: Val) -> Op {
    Op::Alu {
        op: Alu::And,
        w: Width::W,
        d: None,
        a,
        b: a,
        flags: true,
    }
}

/// Turns [`Op::Nz`] into operations that set all flags, wherever that makes no difference.
pub(super) fn relax(region: &mut Region) {
    let live = live_in(region);
    let ends: Vec<bool> = region
        .blocks
        .iter()
        .map(|block| live_out(region, block, &live))
        .collect();
    for (block, mut live) in region.blocks.iter_mut().zip(ends) {
        let mut kept = Vec::with_capacity(block.nodes.len());
        // The instruction whose carry-out nobody wants, and its result, of which flags are wanted.
        let mut relaxed = None;
        for mut node in std::mem::take(&mut block.nodes).into_iter().rev() {
            match &mut node.op {
                Op::Nz { a, .. } if !live => {
                    relaxed = Some((node.pc, *a));
                    node.op = test(*a);
                }
                Op::ShiftCarry { .. } | Op::Field { d: Var::T(1), .. }
                    if relaxed.is_some_and(|(pc, _)| pc == node.pc) =>
                {
                    continue;
                }
                // The operation itself sets them.
                Op::Alu {
                    op: Alu::And | Alu::Or | Alu::Xor,
                    d: Some(d),
                    flags,
                    ..
                } if relaxed == Some((node.pc, Val::Var(*d)))
                    && kept.last().is_some_and(|next: &Node| next.op == test(Val::Var(*d))) =>
                {
                    *flags = true;
                    kept.pop();
                }
                _ => {}
            }
            live = before(live, &node);
            kept.push(node);
        }
        kept.reverse();
        block.nodes = kept;
    }
}
