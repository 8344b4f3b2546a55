//! C and V apart from N and Z: an instruction that sets N and Z only (MOVS, ANDS, TST) is as good as one that sets all flags if nobody uses the old C
//! and V any more, and much cheaper. A shift's N, Z and C are the host's, if nobody uses the old V.

use crate::ir::*;
use crate::opt::{defines_flags, successors, uses_flags};

/// Flags of a set of them; N and Z go together.
const C: u8 = 1;
const V: u8 = 2;
const NZ: u8 = 4;

/// What a condition looks at besides N and Z.
fn looks(cond: u8) -> u8 {
    match cond >> 1 {
        1 | 4 => C,
        3 | 5 | 6 => V,
        _ => 0,
    }
}

/// What an operation uses of C and V. (The old C is a carry-out if the amount is 0: see [`Live::before`].)
fn uses(op: &Op) -> u8 {
    match op {
        Op::Select { cond, .. } => looks(*cond),
        Op::Adc { .. } | Op::Sbc { .. } | Op::RotateExtended { .. } => C,
        // What they leave alone is used by whoever uses it later.
        Op::Nz { .. } | Op::ShiftFlags { .. } | Op::ShiftCarry { .. } => 0,
        op if uses_flags(op) => C | V,
        _ => 0,
    }
}

/// What an operation defines of them.
fn defines(op: &Op) -> u8 {
    match op {
        Op::Nz { carry: Some(_), .. } | Op::ShiftFlags { keeps_v: true, .. } => C,
        op if defines_flags(op) => C | V,
        _ => 0,
    }
}

/// Backwards over operations: which of C and V may be used.
#[derive(Clone, Copy)]
struct Live {
    flags: u8,
    /// The instruction in front of which this is sets C, and that may be used.
    carry_out: bool,
}

impl Live {
    /// At the end of a block.
    fn at_end(flags: u8) -> Live {
        Live {
            flags,
            carry_out: false,
        }
    }

    fn before(self, node: &Node) -> Live {
        let carry_out = match node.op {
            Op::Nz { .. } => self.flags & C != 0,
            _ => self.carry_out,
        };
        let used = match node.op {
            Op::ShiftCarry { .. } if self.carry_out => C,
            ref op => uses(op),
        };
        Live {
            flags: self.flags & !defines(&node.op) | used,
            carry_out,
        }
    }
}

/// Whether operations, one after the other, define all flags before any of them uses one.
pub(super) struct Dead {
    /// The flags that are neither defined nor used yet.
    open: u8,
}

impl Dead {
    pub(super) fn new() -> Dead {
        Dead { open: NZ | C | V }
    }

    /// Looks at more operations; `None`: more are needed.
    pub(super) fn look(&mut self, nodes: &[Node]) -> Option<bool> {
        for node in nodes {
            let used = match node.op {
                Op::Nz { .. } => 0,
                Op::Adc { .. } | Op::Sbc { .. } | Op::RotateExtended { .. } | Op::ShiftCarry { .. } => C,
                ref op if uses_flags(op) => NZ | C | V,
                _ => 0,
            };
            if used & self.open != 0 {
                return Some(false);
            }
            self.open &= match node.op {
                Op::Nz { carry, .. } => V | if carry.is_some() { 0 } else { C },
                ref op if defines_flags(op) => 0,
                _ => NZ | C | V,
            };
            if self.open == 0 {
                return Some(true);
            }
        }
        None
    }
}

/// Which of C and V may be used: at the start of each block.
fn live_in(region: &Region) -> Vec<u8> {
    let mut live = vec![0; region.blocks.len()];
    loop {
        let mut changed = false;
        for (index, block) in region.blocks.iter().enumerate().rev() {
            let at_end = live_out(region, block, &live);
            let here = block.nodes.iter().rev().fold(Live::at_end(at_end), Live::before).flags;
            changed |= here != live[index];
            live[index] = here;
        }
        if !changed {
            return live;
        }
    }
}

fn live_out(region: &Region, block: &Block, live: &[u8]) -> u8 {
    let tested = match block.end {
        End::Branch {
            test: Test::Cond(cond), ..
        } => looks(cond),
        _ => 0,
    };
    let unless_dead = |pc: u64| if region.flags_are_dead(pc) { 0 } else { C | V };
    let behind = match block.end {
        End::Call { to, .. } => unless_dead(to),
        End::Indirect { .. } | End::SupervisorCall { .. } | End::Interpret => C | V,
        End::Jump { .. } | End::Branch { .. } => successors(&block.end).fold(0, |all, pc| {
            all | region.find(pc).map_or_else(|| unless_dead(pc), |target| live[target])
        }),
    };
    tested | behind
}

/// N, Z and C of a shift by a constant, if the three operations at the end of these are one (the carry-out, the shift, [`Op::Nz`]).
fn shift_with_flags(nodes: &[Node]) -> Option<Op> {
    let [.., carry, shift, nz] = nodes else { return None };
    match (carry.op, shift.op, nz.op) {
        (
            Op::Field {
                d: Var::T(1),
                a: from,
                lsb,
                width: 1,
                ..
            },
            Op::Shift {
                op,
                w: Width::W,
                d,
                a,
                b: Val::Imm(by @ 1..32),
            },
            Op::Nz {
                a: Val::Var(of),
                carry: Some(Val::Var(Var::T(1))),
            },
        ) if carry.pc == nz.pc && from == a && of == d => {
            let by = by as u8;
            let last = match op {
                Shift::Lsl => 32 - by,
                Shift::Lsr | Shift::Asr => by - 1,
                Shift::Ror => return None,
            };
            (lsb == last).then_some(Op::ShiftFlags {
                op,
                d,
                a,
                by,
                keeps_v: false,
            })
        }
        _ => None,
    }
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
    let ends: Vec<u8> = region
        .blocks
        .iter()
        .map(|block| live_out(region, block, &live))
        .collect();
    for (block, at_end) in region.blocks.iter_mut().zip(ends) {
        let mut live = Live::at_end(at_end);
        let mut kept = Vec::with_capacity(block.nodes.len());
        // The instruction whose carry-out nobody wants, and its result, of which flags are wanted.
        let mut relaxed = None;
        let mut nodes = std::mem::take(&mut block.nodes);
        while let Some(&node) = nodes.last() {
            let mut node = node;
            if let (Op::Nz { .. }, 1.., Some(mut op)) = (node.op, live.flags, shift_with_flags(&nodes)) {
                if let Op::ShiftFlags { keeps_v, .. } = &mut op {
                    *keeps_v = live.flags & V != 0;
                }
                node.op = op;
                nodes.truncate(nodes.len() - 3);
                live = live.before(&node);
                kept.push(node);
                continue;
            }
            nodes.pop();
            match &mut node.op {
                Op::Nz { a, .. } if live.flags == 0 => {
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
            live = live.before(&node);
            kept.push(node);
        }
        kept.reverse();
        block.nodes = kept;
    }
}
