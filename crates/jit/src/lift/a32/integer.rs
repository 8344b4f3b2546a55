//! Data processing, multiplications, extensions and bit fields.

use armlet_decoder::a32::*;
use armlet_interpreter::a32::Place;

use super::branch::to_result;
use super::{Lifted, dst, imm, r, t};
use crate::ir::*;
use crate::lift::Lifter;
use crate::lift::integer::crc;

const W: Width = Width::W;
const LR: u8 = 14;
/// The kinds of shifts, as the decoder numbers them.
const KINDS: [Shift; 4] = [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror];
/// The carry of an immediate that leaves C alone.
const UNCHANGED: u8 = 2;

/// A register with a constant shift, as the decoder gives it. `None`: RRX.
pub(super) fn shifted(l: &mut Lifter, place: Place, rm: u8, shift: u8, amount: u8, d: Var) -> Option<Val> {
    let a = r(place, rm);
    let op = *KINDS.get(usize::from(shift))?;
    let amount = match (op, amount) {
        (_, 0) => return Some(a),
        (Shift::Lsr, 32) => return Some(imm(0)),
        (_, 32) => 31,
        (_, amount) => amount,
    };
    if let Val::Imm(value) = a {
        let value = value as u32;
        let amount = u32::from(amount);
        return Some(imm(match op {
            Shift::Lsl => value << amount,
            Shift::Lsr => value >> amount,
            Shift::Asr => (value as i32 >> amount) as u32,
            Shift::Ror => value.rotate_right(amount),
        }));
    }
    l.push(Op::Shift {
        op,
        w: W,
        d,
        a,
        b: imm(amount.into()),
    });
    Some(Val::Var(d))
}

/// The carry-out of a constant shift, in temporary 1; `Some(None)` leaves C alone, `None` is not known here.
fn carry_out(l: &mut Lifter, place: Place, rm: u8, shift: u8, amount: u8) -> Option<Option<Val>> {
    let a = r(place, rm);
    let lsb = match (shift, amount) {
        (_, 0) => return Some(None),
        (0, amount) => 32 - amount,
        (1..=3, amount) => amount - 1,
        _ => return None,
    };
    if let Val::Imm(value) = a {
        return Some(Some(imm(value as u32 >> lsb & 1)));
    }
    l.push(Op::Field {
        w: W,
        d: Var::T(1),
        a,
        lsb,
        width: 1,
        signed: false,
    });
    Some(Some(t(1)))
}

fn mov(l: &mut Lifter, d: Var, a: Val) {
    match (d, a) {
        (Var::X(n), Val::Imm(value)) => l.constant(n, value),
        _ if a == Val::Var(d) => {}
        _ => l.push(Op::Mov { w: W, d, a }),
    }
}

fn not(l: &mut Lifter, b: Val) -> Val {
    match b {
        Val::Imm(value) => imm(!(value as u32)),
        Val::Var(_) => {
            l.push(Op::Unary {
                op: Unary::Not,
                w: W,
                d: Var::T(0),
                a: b,
            });
            t(0)
        }
    }
}

/// The operations of data processing, by what they do with operands `a` and `b`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dp {
    And,
    Eor,
    Orr,
    Bic,
    Orn,
    Mov,
    Mvn,
    Add,
    Sub,
    Rsb,
    Adc,
    Sbc,
    Rsc,
}

/// A result's register (`None` for comparisons), and whether flags are set.
#[derive(Clone, Copy)]
struct Out {
    s: bool,
    rd: Option<u8>,
}

fn out(s: bool, rd: u8) -> Out {
    Out { s, rd: Some(rd) }
}

/// The result of a comparison.
const FLAGS: Out = Out { s: true, rd: None };

/// The result of an operation on known constants, but for those that use C.
fn constant(l: &Lifter, op: Dp, a: Val, b: Val) -> Option<u32> {
    let b = l.known(b)? as u32;
    let a = || l.known(a).map(|a| a as u32);
    Some(match op {
        Dp::Mov => b,
        Dp::Mvn => !b,
        Dp::And => a()? & b,
        Dp::Eor => a()? ^ b,
        Dp::Orr => a()? | b,
        Dp::Bic => a()? & !b,
        Dp::Orn => a()? | !b,
        Dp::Add => a()?.wrapping_add(b),
        Dp::Sub => a()?.wrapping_sub(b),
        Dp::Rsb => b.wrapping_sub(a()?),
        Dp::Adc | Dp::Sbc | Dp::Rsc => return None,
    })
}

/// Lifts an operation; `carry` is a logical one's carry-out.
fn operation(l: &mut Lifter, place: Place, op: Dp, out: Out, a: Val, b: Val, carry: Option<Val>) -> Lifted {
    let Out { s, rd } = out;
    let d = rd.map(dst);
    let known = if s { None } else { constant(l, op, a, b) };
    match (op, known, d) {
        (_, Some(value), Some(d)) => mov(l, d, imm(value)),
        (Dp::Add | Dp::Sub | Dp::Rsb, ..) => {
            let (alu, a, b) = match op {
                Dp::Add => (Alu::Add, a, b),
                Dp::Sub => (Alu::Sub, a, b),
                _ => (Alu::Sub, b, a),
            };
            l.push(Op::Alu {
                op: alu,
                w: W,
                d,
                a,
                b,
                flags: s,
            });
        }
        (Dp::Adc, ..) => l.push(Op::Adc {
            w: W,
            d,
            a,
            b,
            flags: s,
        }),
        (Dp::Sbc, ..) => l.push(Op::Sbc {
            w: W,
            d,
            a,
            b,
            flags: s,
        }),
        (Dp::Rsc, ..) => l.push(Op::Sbc {
            w: W,
            d,
            a: b,
            b: a,
            flags: s,
        }),
        _ => {
            let d = d.unwrap_or(Var::T(0));
            let b = if matches!(op, Dp::Bic | Dp::Orn | Dp::Mvn) {
                not(l, b)
            } else {
                b
            };
            let alu = match op {
                Dp::And | Dp::Bic => Some(Alu::And),
                Dp::Eor => Some(Alu::Xor),
                Dp::Orr | Dp::Orn => Some(Alu::Or),
                _ => None,
            };
            match alu {
                Some(op) => l.push(Op::Alu {
                    op,
                    w: W,
                    d: Some(d),
                    a,
                    b,
                    flags: false,
                }),
                None => mov(l, d, b),
            }
            if s {
                l.push(Op::Nz { a: Val::Var(d), carry });
            }
        }
    }
    match rd {
        Some(15) => to_result(l, PcWrite::Alu, place, false),
        _ => Lifted::Done,
    }
}

fn logical(op: Dp) -> bool {
    matches!(op, Dp::And | Dp::Eor | Dp::Orr | Dp::Bic | Dp::Orn | Dp::Mov | Dp::Mvn)
}

/// With a register shifted by a constant.
fn register(l: &mut Lifter, place: Place, op: Dp, out: Out, rn: u8, (rm, shift, amount): (u8, u8, u8)) -> Lifted {
    // A move shifts into its result.
    let to = match out.rd {
        Some(rd @ 0..15) if op == Dp::Mov => Var::X(rd),
        _ => Var::T(0),
    };
    let Some(carry) = (match out.s && logical(op) {
        true => carry_out(l, place, rm, shift, amount),
        false => Some(None),
    }) else {
        return rotated(l, place, op, out, rn, rm);
    };
    match shifted(l, place, rm, shift, amount, to) {
        Some(b) => operation(l, place, op, out, r(place, rn), b, carry),
        None => rotated(l, place, op, out, rn, rm),
    }
}

/// With a register rotated through C (RRX).
fn rotated(l: &mut Lifter, place: Place, op: Dp, out: Out, rn: u8, rm: u8) -> Lifted {
    let a = r(place, rm);
    l.push(Op::RotateExtended { d: Var::T(0), a });
    let mut carry = None;
    if out.s && logical(op) {
        l.push(Op::Field {
            w: W,
            d: Var::T(1),
            a,
            lsb: 0,
            width: 1,
            signed: false,
        });
        carry = Some(t(1));
    }
    operation(l, place, op, out, r(place, rn), t(0), carry)
}

/// With an immediate.
fn immediate(l: &mut Lifter, place: Place, op: Dp, out: Out, rn: u8, value: u32, carry: u8) -> Lifted {
    let carry = (carry != UNCHANGED).then(|| imm(carry.into()));
    operation(l, place, op, out, r(place, rn), imm(value), carry)
}

/// With a register shifted by a register.
fn by_register(l: &mut Lifter, place: Place, op: Dp, out: Out, rn: u8, (rm, shift, rs): (u8, u8, u8)) -> Lifted {
    let Some(&kind) = KINDS.get(usize::from(shift)) else {
        return Lifted::Unknown;
    };
    let (a, b) = (r(place, rm), r(place, rs));
    let mut carry = None;
    if out.s && logical(op) {
        l.push(Op::ShiftCarry {
            op: kind,
            d: Var::T(1),
            a,
            b,
        });
        carry = Some(t(1));
    }
    let d = Var::T(0);
    // A rotation is by the amount modulo 32, other shifts are not.
    l.push(match kind {
        Shift::Ror => Op::Shift {
            op: kind,
            w: W,
            d,
            a,
            b,
        },
        _ => Op::ShiftByByte { op: kind, d, a, b },
    });
    operation(l, place, op, out, r(place, rn), t(0), carry)
}

/// Rd = the upper half of temporary 0, the lower one of temporary 1.
pub(super) fn pack(l: &mut Lifter, rd: u8) -> Lifted {
    add(l, Alu::And, W, Var::T(0), t(0), imm(0xffff_0000));
    l.push(Op::Extend {
        op: Extend::U16,
        w: W,
        d: Var::T(1),
        a: t(1),
    });
    add(l, Alu::Or, W, Var::X(rd), t(0), t(1));
    Lifted::Done
}

pub(super) fn multiply(l: &mut Lifter, w: Width, d: Var, a: Val, b: Val) {
    l.push(Op::Multiply {
        op: Multiply::Mul,
        w,
        d,
        a,
        b,
    });
}

pub(super) fn add(l: &mut Lifter, op: Alu, w: Width, d: Var, a: Val, b: Val) {
    l.push(Op::Alu {
        op,
        w,
        d: Some(d),
        a,
        b,
        flags: false,
    });
}

/// RdHi:RdLo = temporary 0.
pub(super) fn set_pair(l: &mut Lifter, hi: u8, lo: u8) {
    l.push(Op::Mov {
        w: W,
        d: Var::X(lo),
        a: t(0),
    });
    l.push(Op::Shift {
        op: Shift::Lsr,
        w: Width::X,
        d: Var::X(hi),
        a: t(0),
        b: imm(32),
    });
}

/// A 64-bit product, added to RdHi:RdLo if `accumulate` is set.
fn long(l: &mut Lifter, (signed, accumulate, s): (bool, bool, bool), (hi, lo): (u8, u8), (rn, rm): (u8, u8)) -> Lifted {
    let x = |n: u8| Val::Var(Var::X(n));
    if signed {
        for (d, n) in [(Var::T(0), rn), (Var::T(1), rm)] {
            l.push(Op::Extend {
                op: Extend::S32,
                w: Width::X,
                d,
                a: x(n),
            });
        }
        multiply(l, Width::X, Var::T(0), t(0), t(1));
    } else {
        multiply(l, Width::X, Var::T(0), x(rn), x(rm));
    }
    if accumulate {
        l.push(Op::Shift {
            op: Shift::Lsl,
            w: Width::X,
            d: Var::T(1),
            a: x(hi),
            b: imm(32),
        });
        add(l, Alu::Or, Width::X, Var::T(1), t(1), x(lo));
        add(l, Alu::Add, Width::X, Var::T(0), t(0), t(1));
    }
    set_pair(l, hi, lo);
    if s {
        // A word with N and Z of both: the upper one, with its lowest bit set if the lower one is not zero.
        add(l, Alu::Sub, W, Var::T(1), imm(0), t(0));
        add(l, Alu::Or, W, Var::T(1), t(1), t(0));
        for (d, w, by) in [(1, W, 31), (0, Width::X, 32)] {
            l.push(Op::Shift {
                op: Shift::Lsr,
                w,
                d: Var::T(d),
                a: t(d),
                b: imm(by),
            });
        }
        add(l, Alu::Or, W, Var::T(1), t(1), t(0));
        l.push(Op::Nz { a: t(1), carry: None });
    }
    Lifted::Done
}

/// An extension of a rotated register, added to another one if there is one.
fn extend(l: &mut Lifter, op: Extend, rd: u8, rn: Option<u8>, rm: u8, rotation: u8) -> Lifted {
    let mut a = Val::Var(Var::X(rm));
    if rotation != 0 {
        l.push(Op::Shift {
            op: Shift::Ror,
            w: W,
            d: Var::T(0),
            a,
            b: imm(rotation.into()),
        });
        a = t(0);
    }
    let d = if rn.is_some() { Var::T(0) } else { Var::X(rd) };
    l.push(Op::Extend { op, w: W, d, a });
    if let Some(rn) = rn {
        add(l, Alu::Add, W, Var::X(rd), Val::Var(Var::X(rn)), t(0));
    }
    Lifted::Done
}

fn unary(l: &mut Lifter, op: Unary, rd: u8, rm: u8) -> Lifted {
    l.push(Op::Unary {
        op,
        w: W,
        d: Var::X(rd),
        a: Val::Var(Var::X(rm)),
    });
    Lifted::Done
}

/// Conditional moves, which need no branch.
pub(super) fn select(l: &mut Lifter, insn: &Insn, place: Place, cond: u8) -> bool {
    let (rd, a) = match *insn {
        Insn::MovImm(MovImm {
            s: false,
            rd,
            imm: value,
            ..
        }) => (rd, imm(value)),
        Insn::MvnImm(MvnImm {
            s: false,
            rd,
            imm: value,
            ..
        }) => (rd, imm(!value)),
        Insn::Movw(Movw { rd, imm: value }) => (rd, imm(value.into())),
        Insn::MovReg(MovReg {
            s: false,
            rd,
            rm,
            shift: 0,
            amount: 0,
        }) => (rd, r(place, rm)),
        _ => return false,
    };
    if rd == 15 {
        return false;
    }
    l.push(Op::Select {
        w: W,
        d: Var::X(rd),
        cond,
        a,
        b: Val::Var(Var::X(rd)),
        otherwise: Otherwise::Same,
    });
    true
}

/// MSR: the flags with Q, and GE.
fn write_status(l: &mut Lifter, mask: u8, a: Val) {
    if mask & 8 != 0 {
        l.push(Op::Flags(FlagsOp::WriteQ { a }));
    }
    if mask & 4 != 0 {
        l.push(Op::Flags(FlagsOp::WriteGe { a }));
    }
    if mask & 8 != 0 {
        l.push(Op::Flags(FlagsOp::Write { a }));
    }
}

/// Lifts an instruction of this file.
#[rustfmt::skip]
pub(super) fn lift(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    match *insn {
        // A return that is no BX.
        Insn::MovReg(MovReg { s: false, rd: 15, rm: LR, shift: 0, amount: 0 }) => {
            l.push(Op::Mov { w: W, d: Var::T(0), a: r(place, LR) });
            to_result(l, PcWrite::Alu, place, true)
        }
        Insn::AndReg(AndReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::And, out(s, rd), rn, (rm, shift, amount)),
        Insn::EorReg(EorReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Eor, out(s, rd), rn, (rm, shift, amount)),
        Insn::OrrReg(OrrReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Orr, out(s, rd), rn, (rm, shift, amount)),
        Insn::BicReg(BicReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Bic, out(s, rd), rn, (rm, shift, amount)),
        Insn::OrnReg(OrnReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Orn, out(s, rd), rn, (rm, shift, amount)),
        Insn::AddReg(AddReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Add, out(s, rd), rn, (rm, shift, amount)),
        Insn::SubReg(SubReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Sub, out(s, rd), rn, (rm, shift, amount)),
        Insn::RsbReg(RsbReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Rsb, out(s, rd), rn, (rm, shift, amount)),
        Insn::AdcReg(AdcReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Adc, out(s, rd), rn, (rm, shift, amount)),
        Insn::SbcReg(SbcReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Sbc, out(s, rd), rn, (rm, shift, amount)),
        Insn::RscReg(RscReg { s, rd, rn, rm, shift, amount }) => register(l, place, Dp::Rsc, out(s, rd), rn, (rm, shift, amount)),
        Insn::MovReg(MovReg { s, rd, rm, shift, amount }) => register(l, place, Dp::Mov, out(s, rd), 0, (rm, shift, amount)),
        Insn::MvnReg(MvnReg { s, rd, rm, shift, amount }) => register(l, place, Dp::Mvn, out(s, rd), 0, (rm, shift, amount)),
        Insn::TstReg(TstReg { rn, rm, shift, amount }) => register(l, place, Dp::And, FLAGS, rn, (rm, shift, amount)),
        Insn::TeqReg(TeqReg { rn, rm, shift, amount }) => register(l, place, Dp::Eor, FLAGS, rn, (rm, shift, amount)),
        Insn::CmpReg(CmpReg { rn, rm, shift, amount }) => register(l, place, Dp::Sub, FLAGS, rn, (rm, shift, amount)),
        Insn::CmnReg(CmnReg { rn, rm, shift, amount }) => register(l, place, Dp::Add, FLAGS, rn, (rm, shift, amount)),
        Insn::AndImm(AndImm { s, rd, rn, imm, carry }) => immediate(l, place, Dp::And, out(s, rd), rn, imm, carry),
        Insn::EorImm(EorImm { s, rd, rn, imm, carry }) => immediate(l, place, Dp::Eor, out(s, rd), rn, imm, carry),
        Insn::OrrImm(OrrImm { s, rd, rn, imm, carry }) => immediate(l, place, Dp::Orr, out(s, rd), rn, imm, carry),
        Insn::BicImm(BicImm { s, rd, rn, imm, carry }) => immediate(l, place, Dp::Bic, out(s, rd), rn, imm, carry),
        Insn::OrnImm(OrnImm { s, rd, rn, imm, carry }) => immediate(l, place, Dp::Orn, out(s, rd), rn, imm, carry),
        Insn::MovImm(MovImm { s, rd, imm, carry }) => immediate(l, place, Dp::Mov, out(s, rd), 0, imm, carry),
        Insn::MvnImm(MvnImm { s, rd, imm, carry }) => immediate(l, place, Dp::Mvn, out(s, rd), 0, imm, carry),
        Insn::TstImm(TstImm { rn, imm, carry }) => immediate(l, place, Dp::And, FLAGS, rn, imm, carry),
        Insn::TeqImm(TeqImm { rn, imm, carry }) => immediate(l, place, Dp::Eor, FLAGS, rn, imm, carry),
        Insn::AddImm(AddImm { s, rd, rn, imm }) => immediate(l, place, Dp::Add, out(s, rd), rn, imm, UNCHANGED),
        Insn::SubImm(SubImm { s, rd, rn, imm }) => immediate(l, place, Dp::Sub, out(s, rd), rn, imm, UNCHANGED),
        Insn::RsbImm(RsbImm { s, rd, rn, imm }) => immediate(l, place, Dp::Rsb, out(s, rd), rn, imm, UNCHANGED),
        Insn::AdcImm(AdcImm { s, rd, rn, imm }) => immediate(l, place, Dp::Adc, out(s, rd), rn, imm, UNCHANGED),
        Insn::SbcImm(SbcImm { s, rd, rn, imm }) => immediate(l, place, Dp::Sbc, out(s, rd), rn, imm, UNCHANGED),
        Insn::RscImm(RscImm { s, rd, rn, imm }) => immediate(l, place, Dp::Rsc, out(s, rd), rn, imm, UNCHANGED),
        Insn::CmpImm(CmpImm { rn, imm }) => immediate(l, place, Dp::Sub, FLAGS, rn, imm, UNCHANGED),
        Insn::CmnImm(CmnImm { rn, imm }) => immediate(l, place, Dp::Add, FLAGS, rn, imm, UNCHANGED),
        Insn::AndRsr(AndRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::And, out(s, rd), rn, (rm, shift, rs)),
        Insn::EorRsr(EorRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Eor, out(s, rd), rn, (rm, shift, rs)),
        Insn::SubRsr(SubRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Sub, out(s, rd), rn, (rm, shift, rs)),
        Insn::RsbRsr(RsbRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Rsb, out(s, rd), rn, (rm, shift, rs)),
        Insn::AddRsr(AddRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Add, out(s, rd), rn, (rm, shift, rs)),
        Insn::AdcRsr(AdcRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Adc, out(s, rd), rn, (rm, shift, rs)),
        Insn::SbcRsr(SbcRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Sbc, out(s, rd), rn, (rm, shift, rs)),
        Insn::RscRsr(RscRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Rsc, out(s, rd), rn, (rm, shift, rs)),
        Insn::OrrRsr(OrrRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Orr, out(s, rd), rn, (rm, shift, rs)),
        Insn::BicRsr(BicRsr { s, rd, rn, rm, rs, shift }) => by_register(l, place, Dp::Bic, out(s, rd), rn, (rm, shift, rs)),
        Insn::MovRsr(MovRsr { s, rd, rm, rs, shift }) => by_register(l, place, Dp::Mov, out(s, rd), 0, (rm, shift, rs)),
        Insn::MvnRsr(MvnRsr { s, rd, rm, rs, shift }) => by_register(l, place, Dp::Mvn, out(s, rd), 0, (rm, shift, rs)),
        Insn::TstRsr(TstRsr { rn, rm, rs, shift }) => by_register(l, place, Dp::And, FLAGS, rn, (rm, shift, rs)),
        Insn::TeqRsr(TeqRsr { rn, rm, rs, shift }) => by_register(l, place, Dp::Eor, FLAGS, rn, (rm, shift, rs)),
        Insn::CmpRsr(CmpRsr { rn, rm, rs, shift }) => by_register(l, place, Dp::Sub, FLAGS, rn, (rm, shift, rs)),
        Insn::CmnRsr(CmnRsr { rn, rm, rs, shift }) => by_register(l, place, Dp::Add, FLAGS, rn, (rm, shift, rs)),
        Insn::Adr(Adr { rd, offset }) => {
            mov(l, dst(rd), imm((place.pc() & !3).wrapping_add_signed(offset)));
            if rd == 15 {
                return to_result(l, PcWrite::Alu, place, false);
            }
            Lifted::Done
        }
        Insn::Movw(Movw { rd, imm: value }) => {
            mov(l, Var::X(rd), imm(value.into()));
            Lifted::Done
        }
        Insn::Movt(Movt { rd, imm: value }) => {
            let high = u32::from(value) << 16;
            match l.known(Val::Var(Var::X(rd))) {
                Some(known) => l.constant(rd, u64::from(known as u32 & 0xffff | high)),
                None => l.push(Op::Insert { w: W, d: Var::X(rd), a: imm(value.into()), pos: 16, width: 16 }),
            }
            Lifted::Done
        }
        Insn::Mul(Mul { s, rd, rn, rm }) => {
            multiply(l, W, Var::X(rd), r(place, rn), r(place, rm));
            if s {
                l.push(Op::Nz { a: Val::Var(Var::X(rd)), carry: None });
            }
            Lifted::Done
        }
        Insn::Mla(Mla { s, rd, rn, rm, ra }) => {
            multiply(l, W, Var::T(0), r(place, rn), r(place, rm));
            add(l, Alu::Add, W, Var::X(rd), r(place, ra), t(0));
            if s {
                l.push(Op::Nz { a: Val::Var(Var::X(rd)), carry: None });
            }
            Lifted::Done
        }
        Insn::Umaal(Umaal { rdlo, rdhi, rn, rm }) => {
            multiply(l, Width::X, Var::T(0), r(place, rn), r(place, rm));
            add(l, Alu::Add, Width::X, Var::T(0), t(0), r(place, rdhi));
            add(l, Alu::Add, Width::X, Var::T(0), t(0), r(place, rdlo));
            set_pair(l, rdhi, rdlo);
            Lifted::Done
        }
        Insn::Pkhbt(Pkhbt { rd, rn, rm, amount }) => {
            l.push(Op::Shift { op: Shift::Lsl, w: W, d: Var::T(0), a: r(place, rm), b: imm(u32::from(amount) & 31) });
            l.push(Op::Mov { w: W, d: Var::T(1), a: r(place, rn) });
            pack(l, rd)
        }
        Insn::Pkhtb(Pkhtb { rd, rn, rm, amount }) => {
            l.push(Op::Shift { op: Shift::Asr, w: W, d: Var::T(1), a: r(place, rm), b: imm(u32::from(amount).min(31)) });
            l.push(Op::Mov { w: W, d: Var::T(0), a: r(place, rn) });
            pack(l, rd)
        }
        Insn::Mls(Mls { rd, rn, rm, ra }) => {
            multiply(l, W, Var::T(0), r(place, rn), r(place, rm));
            add(l, Alu::Sub, W, Var::X(rd), r(place, ra), t(0));
            Lifted::Done
        }
        Insn::Umull(Umull { s, rdlo, rdhi, rn, rm }) => long(l, (false, false, s), (rdhi, rdlo), (rn, rm)),
        Insn::Umlal(Umlal { s, rdlo, rdhi, rn, rm }) => long(l, (false, true, s), (rdhi, rdlo), (rn, rm)),
        Insn::Smull(Smull { s, rdlo, rdhi, rn, rm }) => long(l, (true, false, s), (rdhi, rdlo), (rn, rm)),
        Insn::Smlal(Smlal { s, rdlo, rdhi, rn, rm }) => long(l, (true, true, s), (rdhi, rdlo), (rn, rm)),
        Insn::Sdiv(Sdiv { rd, rn, rm }) => {
            l.push(Op::Multiply { op: Multiply::Sdiv, w: W, d: Var::X(rd), a: r(place, rn), b: r(place, rm) });
            Lifted::Done
        }
        Insn::Udiv(Udiv { rd, rn, rm }) => {
            l.push(Op::Multiply { op: Multiply::Udiv, w: W, d: Var::X(rd), a: r(place, rn), b: r(place, rm) });
            Lifted::Done
        }
        Insn::Sxtb(Sxtb { rd, rm, rotation }) => extend(l, Extend::S8, rd, None, rm, rotation),
        Insn::Sxth(Sxth { rd, rm, rotation }) => extend(l, Extend::S16, rd, None, rm, rotation),
        Insn::Uxtb(Uxtb { rd, rm, rotation }) => extend(l, Extend::U8, rd, None, rm, rotation),
        Insn::Uxth(Uxth { rd, rm, rotation }) => extend(l, Extend::U16, rd, None, rm, rotation),
        Insn::Sxtab(Sxtab { rd, rn, rm, rotation }) => extend(l, Extend::S8, rd, Some(rn), rm, rotation),
        Insn::Sxtah(Sxtah { rd, rn, rm, rotation }) => extend(l, Extend::S16, rd, Some(rn), rm, rotation),
        Insn::Uxtab(Uxtab { rd, rn, rm, rotation }) => extend(l, Extend::U8, rd, Some(rn), rm, rotation),
        Insn::Uxtah(Uxtah { rd, rn, rm, rotation }) => extend(l, Extend::U16, rd, Some(rn), rm, rotation),
        Insn::Sbfx(Sbfx { rd, rn, lsb, width }) => {
            l.push(Op::Field { w: W, d: Var::X(rd), a: r(place, rn), lsb, width, signed: true });
            Lifted::Done
        }
        Insn::Ubfx(Ubfx { rd, rn, lsb, width }) => {
            l.push(Op::Field { w: W, d: Var::X(rd), a: r(place, rn), lsb, width, signed: false });
            Lifted::Done
        }
        Insn::Bfi(Bfi { rd, rn, lsb, width }) if width < 32 && rn != 15 => {
            l.push(Op::Insert { w: W, d: Var::X(rd), a: r(place, rn), pos: lsb, width });
            Lifted::Done
        }
        Insn::Bfi(Bfi { rd, rn, width: 32, .. }) if rn != 15 => {
            mov(l, Var::X(rd), r(place, rn));
            Lifted::Done
        }
        Insn::Bfc(Bfc { rd, lsb, width }) => {
            let mask = (u32::MAX >> (32 - u32::from(width))) << lsb;
            add(l, Alu::And, W, Var::X(rd), r(place, rd), imm(!mask));
            Lifted::Done
        }
        Insn::Crc32(Crc32 { rd, rn, rm, size, castagnoli }) if size < 3 => {
            if !crc(l, castagnoli, size, rd, rn, rm) {
                return Lifted::Unknown;
            }
            Lifted::Done
        }
        Insn::Clz(Clz { rd, rm }) => unary(l, Unary::Clz, rd, rm),
        Insn::Rbit(Rbit { rd, rm }) => unary(l, Unary::Rbit, rd, rm),
        Insn::Rev(Rev { rd, rm }) => unary(l, Unary::Rev, rd, rm),
        Insn::Rev16(Rev16 { rd, rm }) => unary(l, Unary::Rev16, rd, rm),
        Insn::Revsh(Revsh { rd, rm }) => {
            l.push(Op::Unary { op: Unary::Rev16, w: W, d: Var::T(0), a: r(place, rm) });
            l.push(Op::Extend { op: Extend::S16, w: W, d: Var::X(rd), a: t(0) });
            Lifted::Done
        }
        Insn::Mrs(Mrs { rd }) => {
            l.push(Op::Flags(FlagsOp::ReadApsr { d: Var::X(rd) }));
            Lifted::Done
        }
        Insn::MsrImm(MsrImm { mask, imm: value }) => {
            write_status(l, mask, imm(value));
            Lifted::Done
        }
        Insn::MsrReg(MsrReg { mask, rn }) => {
            write_status(l, mask, r(place, rn));
            Lifted::Done
        }
        Insn::MrcPmuserenr(MrcPmuserenr { rt }) => {
            mov(l, Var::X(rt), imm(0));
            Lifted::Done
        }
        Insn::MrcCntfrq(MrcCntfrq { rt }) => {
            mov(l, Var::X(rt), imm(armlet_cpu::id::CNTFRQ_EL0 as u32));
            Lifted::Done
        }
        Insn::Cps(_) | Insn::SetendLe(_) => Lifted::Done,
        Insn::Hint(_) | Insn::PldImm(_) | Insn::PldReg(_) | Insn::PliImm(_) | Insn::PliReg(_) | Insn::Isb(_)
        | Insn::McrIsb(_) => Lifted::Done,
        Insn::Dmb(Dmb { option }) | Insn::Dsb(Dsb { option }) => {
            if !matches!(option & 3, 1 | 2) {
                l.push(Op::Fence);
            }
            Lifted::Done
        }
        Insn::McrDmb(_) | Insn::McrDsb(_) => {
            l.push(Op::Fence);
            Lifted::Done
        }
        Insn::MrcTpidruro(MrcTpidruro { rt }) => {
            l.push(Op::ReadTpidr { d: Var::X(rt) });
            Lifted::Done
        }
        _ => Lifted::Unknown,
    }
}
