//! Exclusive and atomic accesses of registers and of pairs.

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

/// Where the old value goes, if anywhere.
fn old(rt: u8) -> Option<Var> {
    (rt != 31).then_some(Var::X(rt))
}

/// A bit operation; LDCLR clears the bits that are set in the operand.
fn logic(l: &mut Lifter, op: Alu, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    push(
        l,
        AtomicOp::Logic {
            op,
            d: old(rt),
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
            d: old(rt),
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
    let expected = dst(rs);
    if rs == 31 {
        l.push(Op::Mov {
            w: Width::X,
            d: expected,
            a: Val::Imm(0),
        });
    }
    push(l, AtomicOp::CompareSwap { expected, new: x(rt) }, size, rn)
}

/// The larger or smaller one of memory and the operand.
fn extreme(l: &mut Lifter, (signed, larger): (bool, bool), size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    let (d, a) = (dst(rt), x(rs));
    push(l, AtomicOp::Extreme { d, a, signed, larger }, size, rn)
}

/// Temporary = two W registers, as they lie in memory.
fn join(l: &mut Lifter, temporary: u8, low: u8, high: u8) {
    let d = Var::T(temporary);
    l.push(Op::Shift {
        op: Shift::Lsl,
        w: Width::X,
        d,
        a: x(high),
        b: Val::Imm(32),
    });
    l.push(Op::Insert {
        w: Width::X,
        d,
        a: x(low),
        pos: 0,
        width: 32,
    });
}

/// The inverse of [`join`], of temporary 0.
fn split(l: &mut Lifter, low: u8, high: u8) {
    if low != 31 {
        l.push(Op::Mov {
            w: Width::W,
            d: Var::X(low),
            a: super::t(0),
        });
    }
    if high != 31 {
        l.push(Op::Shift {
            op: Shift::Lsr,
            w: Width::X,
            d: Var::X(high),
            a: super::t(0),
            b: Val::Imm(32),
        });
    }
}

/// The second register of a pair = what has been loaded for it.
fn upper(l: &mut Lifter, rt2: u8) {
    if rt2 != 31 {
        l.push(Op::Mov {
            w: Width::X,
            d: Var::X(rt2),
            a: Val::Var(UPPER),
        });
    }
}

fn load_pair(l: &mut Lifter, sf: bool, rt: u8, rt2: u8, rn: u8) -> bool {
    if sf {
        push(l, AtomicOp::LoadExclusivePair { d: dst(rt) }, 4, rn);
        upper(l, rt2);
        return true;
    }
    push(l, AtomicOp::LoadExclusive { d: Var::T(0) }, 3, rn);
    split(l, rt, rt2);
    true
}

fn store_pair(l: &mut Lifter, sf: bool, rs: u8, (rt, rt2): (u8, u8), rn: u8) -> bool {
    if sf {
        let (status, new) = (dst(rs), [x(rt), x(rt2)]);
        return push(l, AtomicOp::StoreExclusivePair { status, new }, 4, rn);
    }
    join(l, 1, rt, rt2);
    let (status, a) = (dst(rs), super::t(1));
    push(l, AtomicOp::StoreExclusive { status, a }, 3, rn)
}

fn compare_swap_pair(l: &mut Lifter, sf: bool, rs: u8, rt: u8, rn: u8) -> bool {
    if sf {
        let (expected, new) = ([x(rs), x(rs + 1)], [x(rt), x(rt + 1)]);
        let d = dst(rs);
        push(l, AtomicOp::CompareSwapPair { d, expected, new }, 4, rn);
        upper(l, rs + 1);
        return true;
    }
    join(l, 0, rs, rs + 1);
    join(l, 1, rt, rt + 1);
    let (expected, new) = (Var::T(0), super::t(1));
    push(l, AtomicOp::CompareSwap { expected, new }, 3, rn);
    split(l, rs, rs + 1);
    true
}

/// `name`, `nameb` and `nameh` with the fields rs, rt and rn.
macro_rules! widths {
    ($insn:expr, $l:ident, $function:expr => $($name:ident $b:ident $h:ident $first:expr;)*) => {
        match *$insn {
            $(
                Insn::$name($name { sf, rs, rt, rn, .. }) => $function($l, $first, word(sf), rs, rt, rn),
                Insn::$b($b { rs, rt, rn, .. }) => $function($l, $first, 0, rs, rt, rn),
                Insn::$h($h { rs, rt, rn, .. }) => $function($l, $first, 1, rs, rt, rn),
            )*
            _ => false,
        }
    };
}

/// A read-modify-write operation of FEAT_LSE.
#[derive(Clone, Copy)]
enum Modify {
    Add,
    Clear,
    Logic(Alu),
    Swap,
    CompareSwap,
    /// Signed, larger.
    Extreme(bool, bool),
}

fn modify(l: &mut Lifter, op: Modify, size: u8, rs: u8, rt: u8, rn: u8) -> bool {
    match op {
        Modify::Add => add(l, size, rs, rt, rn),
        Modify::Clear => clear(l, size, rs, rt, rn),
        Modify::Logic(op) => logic(l, op, size, rs, rt, rn),
        Modify::Swap => swap(l, size, rs, rt, rn),
        Modify::CompareSwap => compare_swap(l, size, rs, rt, rn),
        Modify::Extreme(signed, larger) => extreme(l, (signed, larger), size, rs, rt, rn),
    }
}

/// Lifts an instruction of this file; `false` leaves it to others.
#[rustfmt::skip]
pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    if let Insn::Clrex(_) = insn {
        l.push(Op::ClearExclusive);
        return true;
    }
    if let Insn::Ldaxr(_) | Insn::Ldaxrb(_) | Insn::Ldaxrh(_) | Insn::Ldaxp(_) = insn {
        l.push(Op::AfterReleases);
    }
    match *insn {
        Insn::Ldxr(Ldxr { sf, rt, rn }) | Insn::Ldaxr(Ldaxr { sf, rt, rn }) => load(l, word(sf), rt, rn),
        Insn::Ldxrb(Ldxrb { rt, rn }) | Insn::Ldaxrb(Ldaxrb { rt, rn }) => load(l, 0, rt, rn),
        Insn::Ldxrh(Ldxrh { rt, rn }) | Insn::Ldaxrh(Ldaxrh { rt, rn }) => load(l, 1, rt, rn),
        Insn::Stxr(Stxr { sf, rs, rt, rn }) | Insn::Stlxr(Stlxr { sf, rs, rt, rn }) => store(l, word(sf), rs, rt, rn),
        Insn::Stxrb(Stxrb { rs, rt, rn }) | Insn::Stlxrb(Stlxrb { rs, rt, rn }) => store(l, 0, rs, rt, rn),
        Insn::Stxrh(Stxrh { rs, rt, rn }) | Insn::Stlxrh(Stlxrh { rs, rt, rn }) => store(l, 1, rs, rt, rn),
        Insn::Ldxp(Ldxp { sf, rt, rt2, rn }) | Insn::Ldaxp(Ldaxp { sf, rt, rt2, rn }) => load_pair(l, sf, rt, rt2, rn),
        Insn::Stxp(Stxp { sf, rs, rt, rt2, rn }) | Insn::Stlxp(Stlxp { sf, rs, rt, rt2, rn }) => store_pair(l, sf, rs, (rt, rt2), rn),
        Insn::Casp(Casp { sf, rs, rt, rn, .. }) => compare_swap_pair(l, sf, rs, rt, rn),
        ref other => widths!(other, l, modify =>
            Cas Casb Cash Modify::CompareSwap;
            Swp Swpb Swph Modify::Swap;
            Ldadd Ldaddb Ldaddh Modify::Add;
            Ldclr Ldclrb Ldclrh Modify::Clear;
            Ldeor Ldeorb Ldeorh Modify::Logic(Alu::Xor);
            Ldset Ldsetb Ldseth Modify::Logic(Alu::Or);
            Ldsmax Ldsmaxb Ldsmaxh Modify::Extreme(true, true);
            Ldsmin Ldsminb Ldsminh Modify::Extreme(true, false);
            Ldumax Ldumaxb Ldumaxh Modify::Extreme(false, true);
            Ldumin Lduminb Lduminh Modify::Extreme(false, false);
        ),
    }
}
