//! Exclusive and atomic accesses of one register.

use armlet_decoder::a64::*;

use super::{Lifter, dst, x};
use crate::ir::*;

fn push(l: &mut Lifter, op: AtomicOp, size: u8, rn: u8) -> bool {
    let at = Address {
        base: x(rn),
        index: None,
        disp: 0,
    };
    l.push(Op::Aligned { size, at });
    l.push(Op::Atomic(Atomic { op, size, base: x(rn) }));
    true
}

fn word(sf: bool) -> u8 {
    if sf { 3 } else { 2 }
}

/// A bit operation; LDCLR clears the bits that are set in the operand.
fn logic(l: &mut Lifter, op: Alu, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    push(
        l,
        AtomicOp::Logic {
            op,
            d: dst(rt),
            a: x(rs),
        },
        size,
        rn,
    )
}

fn clear(l: &mut Lifter, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    let a = match x(rs) {
        Val::Imm(imm) => Val::Imm(!imm),
        a => {
            l.push(Op::Unary {
                op: Unary::Not,
                w: Width::X,
                d: Var::T(0),
                a,
            });
            super::t(0)
        }
    };
    push(
        l,
        AtomicOp::Logic {
            op: Alu::And,
            d: dst(rt),
            a,
        },
        size,
        rn,
    )
}

fn swap(l: &mut Lifter, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    push(l, AtomicOp::Swap { d: dst(rt), a: x(rs) }, size, rn)
}

fn add(l: &mut Lifter, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    push(l, AtomicOp::Add { d: dst(rt), a: x(rs) }, size, rn)
}

fn load(l: &mut Lifter, size: u8, rt: u8, rn: u8) -> bool {
    push(l, AtomicOp::LoadExclusive { d: dst(rt) }, size, rn)
}

fn store(l: &mut Lifter, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    push(
        l,
        AtomicOp::StoreExclusive {
            status: dst(rs),
            a: x(rt),
        },
        size,
        rn,
    )
}

fn compare_swap(l: &mut Lifter, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    rs != 31
        && push(
            l,
            AtomicOp::CompareSwap {
                expected: Var::X(rs),
                new: x(rt),
            },
            size,
            rn,
        )
}

/// Lifts an instruction of this file; `false` leaves it to others.
#[rustfmt::skip]
pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    match *insn {
        Insn::Ldxr(Ldxr { sf, rt, rn }) => load(l, word(sf), rt, rn),
        Insn::Ldaxr(Ldaxr { sf, rt, rn }) => load(l, word(sf), rt, rn),
        Insn::Ldxrb(Ldxrb { rt, rn }) => load(l, 0, rt, rn),
        Insn::Ldaxrb(Ldaxrb { rt, rn }) => load(l, 0, rt, rn),
        Insn::Stxr(Stxr { sf, rs, rt, rn }) => store(l, word(sf), rs, rt, rn),
        Insn::Stlxr(Stlxr { sf, rs, rt, rn }) => store(l, word(sf), rs, rt, rn),
        Insn::Stxrb(Stxrb { rs, rt, rn }) => store(l, 0, rs, rt, rn),
        Insn::Stlxrb(Stlxrb { rs, rt, rn }) => store(l, 0, rs, rt, rn),
        Insn::Cas(Cas { sf, rs, rt, rn, .. }) => compare_swap(l, word(sf), rs, rt, rn),
        Insn::Casb(Casb { rs, rt, rn, .. }) => compare_swap(l, 0, rs, rt, rn),
        Insn::Ldadd(Ldadd { sf, rs, rt, rn, .. }) => add(l, word(sf), rs, rt, rn),
        Insn::Ldaddb(Ldaddb { rs, rt, rn, .. }) => add(l, 0, rs, rt, rn),
        Insn::Ldclr(Ldclr { sf, rs, rt, rn, .. }) => clear(l, word(sf), rs, rt, rn),
        Insn::Ldeor(Ldeor { sf, rs, rt, rn, .. }) => logic(l, Alu::Xor, word(sf), rs, rt, rn),
        Insn::Ldset(Ldset { sf, rs, rt, rn, .. }) => logic(l, Alu::Or, word(sf), rs, rt, rn),
        Insn::Swp(Swp { sf, rs, rt, rn, .. }) => swap(l, word(sf), rs, rt, rn),
        Insn::Swpb(Swpb { rs, rt, rn, .. }) => swap(l, 0, rs, rt, rn),
        _ => false,
    }
}
