//! Load-exclusive and store-exclusive, as compilers write them, as one locked instruction of the host.
//!
//! | guest | host |
//! |---|---|
//! | `ldxr t; add d, t, m; stxr s, d` (and SUB) | `lock xadd` |
//! | the same with AND, BIC, ORR, ORN, EOR, EON | a loop of `lock cmpxchg` |
//! | `ldxr t; stxr s, v` | `xchg` |
//! | `ldxr t; cmp t, e; b.ne out; stxr s, v` (and CBNZ for a comparison with 0) | `lock cmpxchg` |
//!
//! The store-exclusive always succeeds, so that a branch back behind it is never taken, and is left out. It stores what was computed from the loaded value alone,
//! and the host's instruction does that at once: there is no "in between" at which another thread could write. Registers and the monitor
//! are left as a first attempt that succeeds leaves them, or one that is given up at the comparison.
//!
//! The access stands at the address of the load-exclusive: what faults (a page that must not be written, a tagged address) is run again by the
//! interpreter from there on, one instruction after the other.

use super::{reached, reads};
use crate::ir::*;

/// Conditions of B.cond.
const EQ: u8 = 0;
const NE: u8 = 1;

/// A load-exclusive, and what is computed of constants and other registers behind it, into temporaries.
struct Found {
    /// Index of the load.
    at: usize,
    size: u8,
    base: Val,
    old: Var,
    /// Index of the first node behind those temporaries.
    next: usize,
}

impl Found {
    fn width(&self) -> Width {
        if self.size == 3 { Width::X } else { Width::W }
    }

    fn is_old(&self, val: Val) -> bool {
        val == Val::Var(self.old)
    }

    /// The store-exclusive that belongs to the load, if it is what stands at `index`, behind its check of the alignment: status, value, and the
    /// index behind it.
    fn store(&self, nodes: &[Node], mut index: usize) -> Option<(Var, Val, usize)> {
        if let Op::Aligned { size, at } = nodes.get(index)?.op
            && size == self.size
            && at.base == self.base
        {
            index += 1;
        }
        match nodes.get(index)?.op {
            Op::Atomic(Atomic {
                op: AtomicOp::StoreExclusive { status, a },
                size,
                base,
            }) if size == self.size
                && base == self.base
                && Val::Var(status) != base
                && Val::Var(status) != a
                && !self.is_old(base) =>
            {
                Some((status, a, index + 1))
            }
            _ => None,
        }
    }
}

/// The load-exclusive at an index.
fn load(nodes: &[Node], at: usize) -> Option<Found> {
    let Op::Atomic(Atomic {
        op: AtomicOp::LoadExclusive { d: old },
        size,
        base,
    }) = nodes[at].op
    else {
        return None;
    };
    let aside = |node: &&Node| {
        let mut uses_old = false;
        reads(&node.op, &mut |var| uses_old |= var == old);
        let temporary = matches!(node.op.written(), Some(Var::T(_))) && node.op.written() != Some(old);
        temporary && !uses_old && !node.op.observes()
    };
    let next = at + 1 + nodes[at + 1..].iter().take_while(aside).count();
    Some(Found {
        at,
        size,
        base,
        old,
        next,
    })
}

/// The nodes of a success: the status is 0, and the monitor is open.
fn succeeded(pc: u64, status: Var) -> [Node; 2] {
    let zero = Op::Mov {
        w: Width::X,
        d: status,
        a: Val::Imm(0),
    };
    [zero, Op::ClearExclusive].map(|op| Node { pc, op })
}

/// What [`Found`]'s load becomes, with the temporaries before it.
fn replace_load(nodes: &mut [Node], found: &Found, op: AtomicOp) {
    let (size, base, pc) = (found.size, found.base, nodes[found.at].pc);
    let moved = &mut nodes[found.at..found.next];
    moved.rotate_left(1);
    moved.iter_mut().for_each(|node| node.pc = pc);
    nodes[found.next - 1].op = Op::Atomic(Atomic { op, size, base });
}

/// A swap, or a modification by one operation.
fn modify(nodes: &mut Vec<Node>, found: &Found) -> bool {
    let (old, w) = (found.old, found.width());
    if let Some((status, a, end)) = found.store(nodes, found.at + 1) {
        if found.is_old(a) {
            return false;
        }
        let pc = nodes[end - 1].pc;
        replace_load(
            nodes,
            &Found {
                next: found.at + 1,
                ..*found
            },
            AtomicOp::Swap { d: old, a },
        );
        nodes.splice(found.at + 1..end, succeeded(pc, status));
        return true;
    }
    let Some(&Node {
        op:
            Op::Alu {
                op,
                w: computed,
                d: Some(new),
                a,
                b,
                ..
            },
        ..
    }) = nodes.get(found.next)
    else {
        return false;
    };
    let operand = match (found.is_old(a), found.is_old(b)) {
        (true, false) => b,
        (false, true) if op != Alu::Sub => a,
        _ => return false,
    };
    let Some((status, stored, end)) = found.store(nodes, found.next + 1) else {
        return false;
    };
    let fits = stored == Val::Var(new) && Val::Var(new) != found.base && (found.size < 2 || computed == w);
    if !fits || matches!(old, Var::T(_)) || matches!(new, Var::T(_)) {
        return false;
    }
    let pc = nodes[end - 1].pc;
    let end = if op == Alu::Sub && !matches!(operand, Val::Imm(_)) {
        let negated = Var::T(1);
        let taken = nodes[found.at..found.next]
            .iter()
            .any(|node| node.op.written() == Some(negated));
        if taken {
            return false;
        }
        let negate = Op::Alu {
            op: Alu::Sub,
            w,
            d: Some(negated),
            a: Val::Imm(0),
            b: operand,
            flags: false,
        };
        let here = nodes[found.at].pc;
        nodes.insert(found.next, Node { pc: here, op: negate });
        let (a, next) = (Val::Var(negated), found.next + 1);
        replace_load(nodes, &Found { next, ..*found }, AtomicOp::Add { d: old, a });
        end + 1
    } else {
        let access = match (op, operand) {
            (Alu::Sub, Val::Imm(imm)) => AtomicOp::Add {
                d: old,
                a: Val::Imm(imm.wrapping_neg()),
            },
            (Alu::Add | Alu::Sub, a) => AtomicOp::Add { d: old, a },
            (op, a) => AtomicOp::Logic { op, d: Some(old), a },
        };
        replace_load(nodes, found, access);
        end
    };
    // What computed the new value stays, for the register.
    let start = end - if nodes[end - 2].pc == pc { 2 } else { 1 };
    nodes.splice(start..end, succeeded(pc, status));
    true
}

/// A comparison at the end of a block, and the store-exclusive at the start of the next one.
fn compare(block: &mut Block, next: &mut Block, found: &Found) -> bool {
    let expected = match (block.end, &block.nodes[found.next..]) {
        (
            End::Branch {
                test: Test::Cond(NE),
                not,
                ..
            },
            &[
                Node {
                    op:
                        Op::Alu {
                            op: Alu::Sub,
                            w,
                            d: None,
                            a,
                            b,
                            flags: true,
                        },
                    ..
                },
            ],
        ) if not == next.pc && w == found.width() && found.is_old(a) && !found.is_old(b) => b,
        (
            End::Branch {
                test: Test::NotZero(w, a),
                not,
                ..
            },
            [],
        ) if not == next.pc && w == found.width() && found.is_old(a) => Val::Imm(0),
        _ => return false,
    };
    let Some((status, new, end)) = found.store(&next.nodes, 0) else {
        return false;
    };
    if found.is_old(new) || matches!((found.old, new), (Var::T(_), _) | (_, Val::Var(Var::T(_)))) {
        return false;
    }
    let pc = next.nodes[end - 1].pc;
    let d = found.old;
    replace_load(&mut block.nodes, found, AtomicOp::CompareExclusive { d, expected, new });
    next.nodes.splice(..end, succeeded(pc, status));
    true
}

/// Leaves out branches that look at the status, which is 0.
fn fold_branch(block: &mut Block) {
    let End::Branch { test, taken, not } = block.end else {
        return;
    };
    // What `succeeded` says of the status, just before.
    let zero = |val: Val, nodes: &[Node]| match nodes {
        [
            ..,
            Node {
                op: Op::Mov { d, a: Val::Imm(0), .. },
                ..
            },
            Node {
                op: Op::ClearExclusive, ..
            },
        ] => val == Val::Var(*d),
        _ => false,
    };
    let nodes = &block.nodes[..];
    let to = match test {
        Test::NotZero(_, val) if zero(val, nodes) => not,
        Test::Zero(_, val) if zero(val, nodes) => taken,
        Test::Cond(cond @ (EQ | NE)) => match nodes.split_last() {
            Some((
                Node {
                    op:
                        Op::Alu {
                            op: Alu::Sub,
                            d: None,
                            a,
                            b: Val::Imm(0),
                            flags: true,
                            ..
                        },
                    ..
                },
                before,
            )) if zero(*a, before) => {
                if cond == EQ {
                    taken
                } else {
                    not
                }
            }
            _ => return,
        },
        _ => return,
    };
    block.end = End::Jump { to };
}

/// Makes single accesses of the pairs in a region.
pub fn fuse(region: &mut Region) {
    let is_load = |node: &Node| {
        matches!(
            node.op,
            Op::Atomic(Atomic {
                op: AtomicOp::LoadExclusive { .. },
                ..
            })
        )
    };
    let mut reached_only = None;
    for index in 0..region.blocks.len() {
        let mut at = 0;
        while let Some(ahead) = region.blocks[index].nodes[at..].iter().position(is_load) {
            at += ahead;
            let Some(found) = load(&region.blocks[index].nodes, at) else {
                break;
            };
            if !modify(&mut region.blocks[index].nodes, &found) {
                // (No edge has been left out before the first of them is.)
                let reached = &*reached_only.get_or_insert_with(|| reached(region));
                let only = reached.get(index + 1).is_some_and(|next| next.only_from_before);
                let (before, behind) = region.blocks.split_at_mut(index + 1);
                if let (true, Some(next)) = (only, behind.first_mut()) {
                    compare(&mut before[index], next, &found);
                }
            }
            at += 1;
        }
    }
    region.blocks.iter_mut().for_each(fold_branch);
}
