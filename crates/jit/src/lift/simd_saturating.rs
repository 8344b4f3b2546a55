//! Advanced SIMD that saturates: products, shifts by a register and to the left, sums of mixed signs, absolute values; and all that does so with one element.

use armlet_decoder::a64::*;

use super::Lifter;
use super::simd::{To, lanes, push, to};
use crate::ir::Operand::{Lane, Low, Reg, Zero};
use crate::ir::*;

/// One element of any size. Operands have zeros above it, so nothing else saturates, and the results are zeros as well.
fn one(size: u8, rd: u8) -> To {
    to(size, size < 3, rd)
}

/// Clears what stands above the lowest element: where the old destination was an operand.
fn lowest(l: &mut Lifter, size: u8, rd: u8) -> bool {
    push(
        l,
        Simd::Element {
            size,
            d: rd,
            a: rd,
            lane: 0,
        },
    )
}

fn rounded_high(l: &mut Lifter, op: Sum, To { size, q, rd }: To, a: Operand, b: Operand) -> bool {
    push(
        l,
        Simd::RoundedHigh {
            op,
            size,
            q,
            d: rd,
            a,
            b,
        },
    )
}

/// `to.q` selects the upper halves.
fn doubling_long(l: &mut Lifter, To { size, q, rd }: To, a: Operand, b: Operand, into: Into) -> bool {
    push(
        l,
        Simd::Long {
            op: Lanes::DoublingProduct,
            size,
            signed: true,
            wide: false,
            upper: q,
            d: rd,
            a,
            b,
            into,
        },
    )
}

fn saturating_shift(signed: bool, round: bool) -> Lanes {
    Lanes::Shift(ShiftLanes {
        signed,
        round,
        saturate: true,
    })
}

fn saturating_left(l: &mut Lifter, op: Saturating, To { size, q, rd }: To, a: Operand, by: u8) -> bool {
    push(
        l,
        Simd::ShiftSaturating {
            op,
            size,
            q,
            d: rd,
            a,
            by,
        },
    )
}

const SIGNED: Excess = Excess::Saturate {
    from_signed: true,
    to_signed: true,
};
const UNSIGNED: Excess = Excess::Saturate {
    from_signed: false,
    to_signed: false,
};
const TO_UNSIGNED: Excess = Excess::Saturate {
    from_signed: true,
    to_signed: false,
};

fn narrow(l: &mut Lifter, size: u8, rd: u8, rn: u8, by: u8, round: bool, excess: Excess) -> bool {
    push(
        l,
        Simd::Narrow {
            size,
            upper: false,
            d: rd,
            a: Low(rn),
            by,
            round,
            excess,
        },
    )
}

/// Lifts an instruction of this file; `false` leaves it to others.
#[rustfmt::skip]
pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    match *insn {
        Insn::SqaddScalar(SqaddScalar { size, rd, rn, rm }) => lanes(l, Lanes::Saturate(Sum::Add, true), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::UqaddScalar(UqaddScalar { size, rd, rn, rm }) => lanes(l, Lanes::Saturate(Sum::Add, false), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::SqsubScalar(SqsubScalar { size, rd, rn, rm }) => lanes(l, Lanes::Saturate(Sum::Sub, true), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::UqsubScalar(UqsubScalar { size, rd, rn, rm }) => lanes(l, Lanes::Saturate(Sum::Sub, false), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::SqdmulhScalar(SqdmulhScalar { size, rd, rn, rm }) => lanes(l, Lanes::DoublingHigh { round: false }, one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::SqdmulhElementScalar(SqdmulhElementScalar { size, rd, rn, index, rm }) => lanes(l, Lanes::DoublingHigh { round: false }, one(size, rd), Low(rn), Lane(rm, index), Into::Replace),
        Insn::SqrdmulhScalar(SqrdmulhScalar { size, rd, rn, rm }) => lanes(l, Lanes::DoublingHigh { round: true }, one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::SqrdmulhElementScalar(SqrdmulhElementScalar { size, rd, rn, index, rm }) => lanes(l, Lanes::DoublingHigh { round: true }, one(size, rd), Low(rn), Lane(rm, index), Into::Replace),
        Insn::SqrdmlahVec(SqrdmlahVec { q, size, rd, rn, rm }) => rounded_high(l, Sum::Add, to(size, q, rd), Reg(rn), Reg(rm)),
        Insn::SqrdmlahElementVec(SqrdmlahElementVec { q, size, rd, rn, index, rm }) => rounded_high(l, Sum::Add, to(size, q, rd), Reg(rn), Lane(rm, index)),
        Insn::SqrdmlahScalar(SqrdmlahScalar { size, rd, rn, rm }) => rounded_high(l, Sum::Add, one(size, rd), Low(rn), Low(rm)) && lowest(l, size, rd),
        Insn::SqrdmlahElementScalar(SqrdmlahElementScalar { size, rd, rn, index, rm }) => rounded_high(l, Sum::Add, one(size, rd), Low(rn), Lane(rm, index)) && lowest(l, size, rd),
        Insn::SqrdmlshVec(SqrdmlshVec { q, size, rd, rn, rm }) => rounded_high(l, Sum::Sub, to(size, q, rd), Reg(rn), Reg(rm)),
        Insn::SqrdmlshElementVec(SqrdmlshElementVec { q, size, rd, rn, index, rm }) => rounded_high(l, Sum::Sub, to(size, q, rd), Reg(rn), Lane(rm, index)),
        Insn::SqrdmlshScalar(SqrdmlshScalar { size, rd, rn, rm }) => rounded_high(l, Sum::Sub, one(size, rd), Low(rn), Low(rm)) && lowest(l, size, rd),
        Insn::SqrdmlshElementScalar(SqrdmlshElementScalar { size, rd, rn, index, rm }) => rounded_high(l, Sum::Sub, one(size, rd), Low(rn), Lane(rm, index)) && lowest(l, size, rd),
        Insn::SqdmullVec(SqdmullVec { q, size, rd, rn, rm }) => doubling_long(l, to(size, q, rd), Reg(rn), Reg(rm), Into::Replace),
        Insn::SqdmullElementVec(SqdmullElementVec { q, size, rd, rn, index, rm }) => doubling_long(l, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Replace),
        Insn::SqdmullScalar(SqdmullScalar { size, rd, rn, rm }) => doubling_long(l, to(size, false, rd), Low(rn), Low(rm), Into::Replace) && lowest(l, size + 1, rd),
        Insn::SqdmullElementScalar(SqdmullElementScalar { size, rd, rn, index, rm }) => doubling_long(l, to(size, false, rd), Low(rn), Lane(rm, index), Into::Replace) && lowest(l, size + 1, rd),
        Insn::SqdmlalVec(SqdmlalVec { q, size, rd, rn, rm }) => doubling_long(l, to(size, q, rd), Reg(rn), Reg(rm), Into::Saturate(Sum::Add)),
        Insn::SqdmlalElementVec(SqdmlalElementVec { q, size, rd, rn, index, rm }) => doubling_long(l, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Saturate(Sum::Add)),
        Insn::SqdmlalScalar(SqdmlalScalar { size, rd, rn, rm }) => doubling_long(l, to(size, false, rd), Low(rn), Low(rm), Into::Saturate(Sum::Add)) && lowest(l, size + 1, rd),
        Insn::SqdmlalElementScalar(SqdmlalElementScalar { size, rd, rn, index, rm }) => doubling_long(l, to(size, false, rd), Low(rn), Lane(rm, index), Into::Saturate(Sum::Add)) && lowest(l, size + 1, rd),
        Insn::SqdmlslVec(SqdmlslVec { q, size, rd, rn, rm }) => doubling_long(l, to(size, q, rd), Reg(rn), Reg(rm), Into::Saturate(Sum::Sub)),
        Insn::SqdmlslElementVec(SqdmlslElementVec { q, size, rd, rn, index, rm }) => doubling_long(l, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Saturate(Sum::Sub)),
        Insn::SqdmlslScalar(SqdmlslScalar { size, rd, rn, rm }) => doubling_long(l, to(size, false, rd), Low(rn), Low(rm), Into::Saturate(Sum::Sub)) && lowest(l, size + 1, rd),
        Insn::SqdmlslElementScalar(SqdmlslElementScalar { size, rd, rn, index, rm }) => doubling_long(l, to(size, false, rd), Low(rn), Lane(rm, index), Into::Saturate(Sum::Sub)) && lowest(l, size + 1, rd),
        Insn::SqshlVec(SqshlVec { q, size, rd, rn, rm }) => lanes(l, saturating_shift(true, false), to(size, q, rd), Reg(rn), Reg(rm), Into::Replace),
        Insn::SqshlScalar(SqshlScalar { size, rd, rn, rm }) => lanes(l, saturating_shift(true, false), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::UqshlVec(UqshlVec { q, size, rd, rn, rm }) => lanes(l, saturating_shift(false, false), to(size, q, rd), Reg(rn), Reg(rm), Into::Replace),
        Insn::UqshlScalar(UqshlScalar { size, rd, rn, rm }) => lanes(l, saturating_shift(false, false), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::SqrshlVec(SqrshlVec { q, size, rd, rn, rm }) => lanes(l, saturating_shift(true, true), to(size, q, rd), Reg(rn), Reg(rm), Into::Replace),
        Insn::SqrshlScalar(SqrshlScalar { size, rd, rn, rm }) => lanes(l, saturating_shift(true, true), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::UqrshlVec(UqrshlVec { q, size, rd, rn, rm }) => lanes(l, saturating_shift(false, true), to(size, q, rd), Reg(rn), Reg(rm), Into::Replace),
        Insn::UqrshlScalar(UqrshlScalar { size, rd, rn, rm }) => lanes(l, saturating_shift(false, true), one(size, rd), Low(rn), Low(rm), Into::Replace),
        Insn::SqshlImmVec(SqshlImmVec { q, size, rd, rn, shift }) => saturating_left(l, Saturating::Signed, to(size, q, rd), Reg(rn), shift),
        Insn::SqshlImmScalar(SqshlImmScalar { size, rd, rn, shift }) => saturating_left(l, Saturating::Signed, one(size, rd), Low(rn), shift),
        Insn::UqshlImmVec(UqshlImmVec { q, size, rd, rn, shift }) => saturating_left(l, Saturating::Unsigned, to(size, q, rd), Reg(rn), shift),
        Insn::UqshlImmScalar(UqshlImmScalar { size, rd, rn, shift }) => saturating_left(l, Saturating::Unsigned, one(size, rd), Low(rn), shift),
        Insn::SqshluVec(SqshluVec { q, size, rd, rn, shift }) => saturating_left(l, Saturating::ToUnsigned, to(size, q, rd), Reg(rn), shift),
        Insn::SqshluScalar(SqshluScalar { size, rd, rn, shift }) => saturating_left(l, Saturating::ToUnsigned, one(size, rd), Low(rn), shift),
        Insn::SqshrunScalar(SqshrunScalar { size, rd, rn, shift }) => narrow(l, size, rd, rn, shift, false, TO_UNSIGNED),
        Insn::SqrshrunScalar(SqrshrunScalar { size, rd, rn, shift }) => narrow(l, size, rd, rn, shift, true, TO_UNSIGNED),
        Insn::SqshrnScalar(SqshrnScalar { size, rd, rn, shift }) => narrow(l, size, rd, rn, shift, false, SIGNED),
        Insn::SqrshrnScalar(SqrshrnScalar { size, rd, rn, shift }) => narrow(l, size, rd, rn, shift, true, SIGNED),
        Insn::UqshrnScalar(UqshrnScalar { size, rd, rn, shift }) => narrow(l, size, rd, rn, shift, false, UNSIGNED),
        Insn::UqrshrnScalar(UqrshrnScalar { size, rd, rn, shift }) => narrow(l, size, rd, rn, shift, true, UNSIGNED),
        Insn::SqxtnScalar(SqxtnScalar { size, rd, rn }) => narrow(l, size, rd, rn, 0, false, SIGNED),
        Insn::SqxtunScalar(SqxtunScalar { size, rd, rn }) => narrow(l, size, rd, rn, 0, false, TO_UNSIGNED),
        Insn::UqxtnScalar(UqxtnScalar { size, rd, rn }) => narrow(l, size, rd, rn, 0, false, UNSIGNED),
        Insn::SuqaddVec(SuqaddVec { q, size, rd, rn }) => lanes(l, Lanes::SaturateMixed { signed_first: true }, to(size, q, rd), Reg(rd), Reg(rn), Into::Replace),
        Insn::SuqaddScalar(SuqaddScalar { size, rd, rn }) => lanes(l, Lanes::SaturateMixed { signed_first: true }, one(size, rd), Low(rd), Low(rn), Into::Replace),
        Insn::UsqaddVec(UsqaddVec { q, size, rd, rn }) => lanes(l, Lanes::SaturateMixed { signed_first: false }, to(size, q, rd), Reg(rd), Reg(rn), Into::Replace),
        Insn::UsqaddScalar(UsqaddScalar { size, rd, rn }) => lanes(l, Lanes::SaturateMixed { signed_first: false }, one(size, rd), Low(rd), Low(rn), Into::Replace),
        Insn::SqabsVec(SqabsVec { q, size, rd, rn }) => push(l, Simd::Single { op: Single::SaturatingAbs, size, q, d: rd, a: Reg(rn) }),
        Insn::SqabsScalar(SqabsScalar { size, rd, rn }) => push(l, Simd::Single { op: Single::SaturatingAbs, size, q: size < 3, d: rd, a: Low(rn) }),
        Insn::SqnegVec(SqnegVec { q, size, rd, rn }) => lanes(l, Lanes::Saturate(Sum::Sub, true), to(size, q, rd), Zero, Reg(rn), Into::Replace),
        Insn::SqnegScalar(SqnegScalar { size, rd, rn }) => lanes(l, Lanes::Saturate(Sum::Sub, true), one(size, rd), Zero, Low(rn), Into::Replace),
        _ => false,
    }
}
