//! Conversions between half precision and integers on vectors, complex numbers, and what mixes formats. Left to the interpreter: BFCVT, BFDOT, BFMMLA.

use armlet_decoder::a64::*;

use super::float::precision;
use crate::ir::*;

fn to_integer(shape: Shape, signed: bool, rounding: Rounding, fbits: u8, d: u8, a: u8) -> Option<Float> {
    Some(Float::HalfToInteger {
        shape,
        signed,
        rounding,
        fbits,
        d,
        a,
    })
}

fn from_integer(shape: Shape, signed: bool, fbits: u8, d: u8, a: u8) -> Option<Float> {
    Some(Float::HalfFromInteger {
        shape,
        signed,
        fbits,
        d,
        a,
    })
}

fn product(negative: bool, q: bool, upper: bool, d: u8, (a, b, lane): (u8, u8, Option<u8>)) -> Option<Float> {
    Some(Float::HalfProduct {
        negative,
        q,
        upper,
        d,
        a,
        b,
        lane,
    })
}

fn complex((fused, rot): (bool, u8), size: u8, q: bool, d: u8, (a, b, lane): (u8, u8, Option<u8>)) -> Option<Float> {
    Some(Float::Complex {
        fused,
        p: if size == 1 { None } else { Some(precision(size)?) },
        q,
        d,
        a,
        b,
        lane,
        rot,
    })
}

/// The operation of an instruction of this file.
#[rustfmt::skip]
pub(super) fn operation(insn: &Insn) -> Option<Float> {
    match *insn {
        Insn::FcvtnsVecHalf(FcvtnsVecHalf { q, rd, rn }) => to_integer(Shape::of(q), true, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtnsScalarHalf(FcvtnsScalarHalf { rd, rn }) => to_integer(Shape::Scalar, true, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtnuVecHalf(FcvtnuVecHalf { q, rd, rn }) => to_integer(Shape::of(q), false, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtnuScalarHalf(FcvtnuScalarHalf { rd, rn }) => to_integer(Shape::Scalar, false, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtpsVecHalf(FcvtpsVecHalf { q, rd, rn }) => to_integer(Shape::of(q), true, Rounding::Up, 0, rd, rn),
        Insn::FcvtpsScalarHalf(FcvtpsScalarHalf { rd, rn }) => to_integer(Shape::Scalar, true, Rounding::Up, 0, rd, rn),
        Insn::FcvtpuVecHalf(FcvtpuVecHalf { q, rd, rn }) => to_integer(Shape::of(q), false, Rounding::Up, 0, rd, rn),
        Insn::FcvtpuScalarHalf(FcvtpuScalarHalf { rd, rn }) => to_integer(Shape::Scalar, false, Rounding::Up, 0, rd, rn),
        Insn::FcvtmsVecHalf(FcvtmsVecHalf { q, rd, rn }) => to_integer(Shape::of(q), true, Rounding::Down, 0, rd, rn),
        Insn::FcvtmsScalarHalf(FcvtmsScalarHalf { rd, rn }) => to_integer(Shape::Scalar, true, Rounding::Down, 0, rd, rn),
        Insn::FcvtmuVecHalf(FcvtmuVecHalf { q, rd, rn }) => to_integer(Shape::of(q), false, Rounding::Down, 0, rd, rn),
        Insn::FcvtmuScalarHalf(FcvtmuScalarHalf { rd, rn }) => to_integer(Shape::Scalar, false, Rounding::Down, 0, rd, rn),
        Insn::FcvtzsVecHalf(FcvtzsVecHalf { q, rd, rn }) => to_integer(Shape::of(q), true, Rounding::Zero, 0, rd, rn),
        Insn::FcvtzsScalarHalf(FcvtzsScalarHalf { rd, rn }) => to_integer(Shape::Scalar, true, Rounding::Zero, 0, rd, rn),
        Insn::FcvtzuVecHalf(FcvtzuVecHalf { q, rd, rn }) => to_integer(Shape::of(q), false, Rounding::Zero, 0, rd, rn),
        Insn::FcvtzuScalarHalf(FcvtzuScalarHalf { rd, rn }) => to_integer(Shape::Scalar, false, Rounding::Zero, 0, rd, rn),
        Insn::FcvtasVecHalf(FcvtasVecHalf { q, rd, rn }) => to_integer(Shape::of(q), true, Rounding::Away, 0, rd, rn),
        Insn::FcvtasScalarHalf(FcvtasScalarHalf { rd, rn }) => to_integer(Shape::Scalar, true, Rounding::Away, 0, rd, rn),
        Insn::FcvtauVecHalf(FcvtauVecHalf { q, rd, rn }) => to_integer(Shape::of(q), false, Rounding::Away, 0, rd, rn),
        Insn::FcvtauScalarHalf(FcvtauScalarHalf { rd, rn }) => to_integer(Shape::Scalar, false, Rounding::Away, 0, rd, rn),
        Insn::ScvtfVecHalf(ScvtfVecHalf { q, rd, rn }) => from_integer(Shape::of(q), true, 0, rd, rn),
        Insn::ScvtfScalarHalf(ScvtfScalarHalf { rd, rn }) => from_integer(Shape::Scalar, true, 0, rd, rn),
        Insn::ScvtfFixedVec(ScvtfFixedVec { q, size: 1, rd, rn, fbits }) => from_integer(Shape::of(q), true, fbits, rd, rn),
        Insn::ScvtfFixedScalar(ScvtfFixedScalar { size: 1, rd, rn, fbits }) => from_integer(Shape::Scalar, true, fbits, rd, rn),
        Insn::FcvtzsFixedVec(FcvtzsFixedVec { q, size: 1, rd, rn, fbits }) => to_integer(Shape::of(q), true, Rounding::Zero, fbits, rd, rn),
        Insn::FcvtzsFixedScalar(FcvtzsFixedScalar { size: 1, rd, rn, fbits }) => to_integer(Shape::Scalar, true, Rounding::Zero, fbits, rd, rn),
        Insn::UcvtfVecHalf(UcvtfVecHalf { q, rd, rn }) => from_integer(Shape::of(q), false, 0, rd, rn),
        Insn::UcvtfScalarHalf(UcvtfScalarHalf { rd, rn }) => from_integer(Shape::Scalar, false, 0, rd, rn),
        Insn::UcvtfFixedVec(UcvtfFixedVec { q, size: 1, rd, rn, fbits }) => from_integer(Shape::of(q), false, fbits, rd, rn),
        Insn::UcvtfFixedScalar(UcvtfFixedScalar { size: 1, rd, rn, fbits }) => from_integer(Shape::Scalar, false, fbits, rd, rn),
        Insn::FcvtzuFixedVec(FcvtzuFixedVec { q, size: 1, rd, rn, fbits }) => to_integer(Shape::of(q), false, Rounding::Zero, fbits, rd, rn),
        Insn::FcvtzuFixedScalar(FcvtzuFixedScalar { size: 1, rd, rn, fbits }) => to_integer(Shape::Scalar, false, Rounding::Zero, fbits, rd, rn),
        Insn::FmlalVec(FmlalVec { q, rd, rn, rm }) => product(false, q, false, rd, (rn, rm, None)),
        Insn::FmlalElement(FmlalElement { q, rd, rn, rm, index }) => product(false, q, false, rd, (rn, rm, Some(index))),
        Insn::Fmlal2Vec(Fmlal2Vec { q, rd, rn, rm }) => product(false, q, true, rd, (rn, rm, None)),
        Insn::Fmlal2Element(Fmlal2Element { q, rd, rn, rm, index }) => product(false, q, true, rd, (rn, rm, Some(index))),
        Insn::FmlslVec(FmlslVec { q, rd, rn, rm }) => product(true, q, false, rd, (rn, rm, None)),
        Insn::FmlslElement(FmlslElement { q, rd, rn, rm, index }) => product(true, q, false, rd, (rn, rm, Some(index))),
        Insn::Fmlsl2Vec(Fmlsl2Vec { q, rd, rn, rm }) => product(true, q, true, rd, (rn, rm, None)),
        Insn::Fmlsl2Element(Fmlsl2Element { q, rd, rn, rm, index }) => product(true, q, true, rd, (rn, rm, Some(index))),
        Insn::BfmlalVec(BfmlalVec { top, rd, rn, rm }) => Some(Float::BrainProduct { odd: top, d: rd, a: rn, b: rm, lane: None }),
        Insn::BfmlalElement(BfmlalElement { top, rd, rn, rm, index }) => Some(Float::BrainProduct { odd: top, d: rd, a: rn, b: rm, lane: Some(index) }),
        Insn::Fcadd(Fcadd { q, size, rd, rn, rm, rot }) => complex((false, rot), size, q, rd, (rn, rm, None)),
        Insn::FcmlaVec(FcmlaVec { q, size, rd, rn, rm, rot }) => complex((true, rot), size, q, rd, (rn, rm, None)),
        Insn::FcmlaElement(FcmlaElement { q, size, rd, rn, rm, index, rot }) => complex((true, rot), size, q, rd, (rn, rm, Some(index))),
        Insn::FcvtxnVec(FcvtxnVec { q, rd, rn }) => Some(Float::NarrowOdd { scalar: false, upper: q, d: rd, a: rn }),
        Insn::FcvtxnScalar(FcvtxnScalar { rd, rn }) => Some(Float::NarrowOdd { scalar: true, upper: false, d: rd, a: rn }),
        _ => None,
    }
}
