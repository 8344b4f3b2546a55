//! Floating point on vectors, and the scalar instructions of Advanced SIMD, in single and double precision.

use armlet_decoder::a64::*;

use super::float::precision;
use crate::ir::*;

fn lanes(op: FloatLanes, size: u8, shape: Shape, d: u8, a: u8, b: u8, lane: Option<u8>) -> Option<Float> {
    let p = precision(size)?;
    Some(Float::Lanes {
        op,
        p,
        shape,
        d,
        a,
        b,
        lane,
    })
}

fn unary(op: FloatUnary, size: u8, q: bool, d: u8, a: u8) -> Option<Float> {
    let (p, shape) = (precision(size)?, Shape::of(q));
    Some(Float::LanesUnary { op, p, shape, d, a })
}

fn compare(op: FloatCompare, size: u8, shape: Shape, d: u8, a: u8, b: Option<u8>) -> Option<Float> {
    let p = precision(size)?;
    Some(Float::LanesCompare { op, p, shape, d, a, b })
}

fn to_integer(size: u8, shape: Shape, signed: bool, rounding: Rounding, fbits: u8, d: u8, a: u8) -> Option<Float> {
    let p = precision(size)?;
    Some(Float::LanesToInteger {
        p,
        shape,
        signed,
        rounding,
        fbits,
        d,
        a,
    })
}

fn from_integer(size: u8, shape: Shape, signed: bool, fbits: u8, d: u8, a: u8) -> Option<Float> {
    let p = precision(size)?;
    Some(Float::LanesFromInteger {
        p,
        shape,
        signed,
        fbits,
        d,
        a,
    })
}

/// The operation of an instruction of this file.
#[rustfmt::skip]
pub(super) fn operation(insn: &Insn) -> Option<Float> {
    match *insn {
        Insn::FaddVec(FaddVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Add, size, Shape::of(q), rd, rn, rm, None),
        Insn::FsubVec(FsubVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Sub, size, Shape::of(q), rd, rn, rm, None),
        Insn::FmulVec(FmulVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Mul, size, Shape::of(q), rd, rn, rm, None),
        Insn::FdivVec(FdivVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Div, size, Shape::of(q), rd, rn, rm, None),
        Insn::FmlaVec(FmlaVec { q, size, rd, rn, rm }) => lanes(FloatLanes::MulAdd, size, Shape::of(q), rd, rn, rm, None),
        Insn::FmlsVec(FmlsVec { q, size, rd, rn, rm }) => lanes(FloatLanes::MulSub, size, Shape::of(q), rd, rn, rm, None),
        Insn::FmaxVec(FmaxVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Max, size, Shape::of(q), rd, rn, rm, None),
        Insn::FmaxnmVec(FmaxnmVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Max, size, Shape::of(q), rd, rn, rm, None),
        Insn::FminVec(FminVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Min, size, Shape::of(q), rd, rn, rm, None),
        Insn::FminnmVec(FminnmVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Min, size, Shape::of(q), rd, rn, rm, None),
        Insn::FmulxVec(FmulxVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Mulx, size, Shape::of(q), rd, rn, rm, None),
        Insn::FmulxScalar(FmulxScalar { size, rd, rn, rm }) => lanes(FloatLanes::Mulx, size, Shape::Scalar, rd, rn, rm, None),
        Insn::FabdVec(FabdVec { q, size, rd, rn, rm }) => lanes(FloatLanes::Difference, size, Shape::of(q), rd, rn, rm, None),
        Insn::FabdScalar(FabdScalar { size, rd, rn, rm }) => lanes(FloatLanes::Difference, size, Shape::Scalar, rd, rn, rm, None),
        Insn::FrecpsVec(FrecpsVec { q, size, rd, rn, rm }) => lanes(FloatLanes::ReciprocalStep, size, Shape::of(q), rd, rn, rm, None),
        Insn::FrecpsScalar(FrecpsScalar { size, rd, rn, rm }) => lanes(FloatLanes::ReciprocalStep, size, Shape::Scalar, rd, rn, rm, None),
        Insn::FrsqrtsVec(FrsqrtsVec { q, size, rd, rn, rm }) => lanes(FloatLanes::RootStep, size, Shape::of(q), rd, rn, rm, None),
        Insn::FrsqrtsScalar(FrsqrtsScalar { size, rd, rn, rm }) => lanes(FloatLanes::RootStep, size, Shape::Scalar, rd, rn, rm, None),
        Insn::FmulElementVec(FmulElementVec { q, size, rd, rn, rm, index }) => lanes(FloatLanes::Mul, size, Shape::of(q), rd, rn, rm, Some(index)),
        Insn::FmulElementScalar(FmulElementScalar { size, rd, rn, rm, index }) => lanes(FloatLanes::Mul, size, Shape::Scalar, rd, rn, rm, Some(index)),
        Insn::FmulxElementVec(FmulxElementVec { q, size, rd, rn, rm, index }) => lanes(FloatLanes::Mulx, size, Shape::of(q), rd, rn, rm, Some(index)),
        Insn::FmulxElementScalar(FmulxElementScalar { size, rd, rn, rm, index }) => lanes(FloatLanes::Mulx, size, Shape::Scalar, rd, rn, rm, Some(index)),
        Insn::FmlaElementVec(FmlaElementVec { q, size, rd, rn, rm, index }) => lanes(FloatLanes::MulAdd, size, Shape::of(q), rd, rn, rm, Some(index)),
        Insn::FmlaElementScalar(FmlaElementScalar { size, rd, rn, rm, index }) => lanes(FloatLanes::MulAdd, size, Shape::Scalar, rd, rn, rm, Some(index)),
        Insn::FmlsElementVec(FmlsElementVec { q, size, rd, rn, rm, index }) => lanes(FloatLanes::MulSub, size, Shape::of(q), rd, rn, rm, Some(index)),
        Insn::FmlsElementScalar(FmlsElementScalar { size, rd, rn, rm, index }) => lanes(FloatLanes::MulSub, size, Shape::Scalar, rd, rn, rm, Some(index)),

        Insn::FabsVec(FabsVec { q, size, rd, rn }) => unary(FloatUnary::Abs, size, q, rd, rn),
        Insn::FnegVec(FnegVec { q, size, rd, rn }) => unary(FloatUnary::Neg, size, q, rd, rn),
        Insn::FsqrtVec(FsqrtVec { q, size, rd, rn }) => unary(FloatUnary::Sqrt, size, q, rd, rn),
        Insn::FrintnVec(FrintnVec { q, size, rd, rn }) => unary(FloatUnary::Round { rounding: Rounding::Nearest, exact: false }, size, q, rd, rn),
        Insn::FrintmVec(FrintmVec { q, size, rd, rn }) => unary(FloatUnary::Round { rounding: Rounding::Down, exact: false }, size, q, rd, rn),
        Insn::FrintpVec(FrintpVec { q, size, rd, rn }) => unary(FloatUnary::Round { rounding: Rounding::Up, exact: false }, size, q, rd, rn),
        Insn::FrintzVec(FrintzVec { q, size, rd, rn }) => unary(FloatUnary::Round { rounding: Rounding::Zero, exact: false }, size, q, rd, rn),
        Insn::FrintaVec(FrintaVec { q, size, rd, rn }) => unary(FloatUnary::Round { rounding: Rounding::Away, exact: false }, size, q, rd, rn),
        Insn::FrintiVec(FrintiVec { q, size, rd, rn }) => unary(FloatUnary::Round { rounding: Rounding::Current, exact: false }, size, q, rd, rn),
        Insn::FrintxVec(FrintxVec { q, size, rd, rn }) => unary(FloatUnary::Round { rounding: Rounding::Current, exact: true }, size, q, rd, rn),

        Insn::FcmeqVec(FcmeqVec { q, size, rd, rn, rm }) => compare(FloatCompare::Equal, size, Shape::of(q), rd, rn, Some(rm)),
        Insn::FcmeqScalar(FcmeqScalar { size, rd, rn, rm }) => compare(FloatCompare::Equal, size, Shape::Scalar, rd, rn, Some(rm)),
        Insn::FcmgeVec(FcmgeVec { q, size, rd, rn, rm }) => compare(FloatCompare::GreaterEqual, size, Shape::of(q), rd, rn, Some(rm)),
        Insn::FcmgeScalar(FcmgeScalar { size, rd, rn, rm }) => compare(FloatCompare::GreaterEqual, size, Shape::Scalar, rd, rn, Some(rm)),
        Insn::FcmgtVec(FcmgtVec { q, size, rd, rn, rm }) => compare(FloatCompare::Greater, size, Shape::of(q), rd, rn, Some(rm)),
        Insn::FcmgtScalar(FcmgtScalar { size, rd, rn, rm }) => compare(FloatCompare::Greater, size, Shape::Scalar, rd, rn, Some(rm)),
        Insn::FacgeVec(FacgeVec { q, size, rd, rn, rm }) => compare(FloatCompare::MagnitudeGreaterEqual, size, Shape::of(q), rd, rn, Some(rm)),
        Insn::FacgeScalar(FacgeScalar { size, rd, rn, rm }) => compare(FloatCompare::MagnitudeGreaterEqual, size, Shape::Scalar, rd, rn, Some(rm)),
        Insn::FacgtVec(FacgtVec { q, size, rd, rn, rm }) => compare(FloatCompare::MagnitudeGreater, size, Shape::of(q), rd, rn, Some(rm)),
        Insn::FacgtScalar(FacgtScalar { size, rd, rn, rm }) => compare(FloatCompare::MagnitudeGreater, size, Shape::Scalar, rd, rn, Some(rm)),
        Insn::FcmeqZeroVec(FcmeqZeroVec { q, size, rd, rn }) => compare(FloatCompare::Equal, size, Shape::of(q), rd, rn, None),
        Insn::FcmeqZeroScalar(FcmeqZeroScalar { size, rd, rn }) => compare(FloatCompare::Equal, size, Shape::Scalar, rd, rn, None),
        Insn::FcmgeZeroVec(FcmgeZeroVec { q, size, rd, rn }) => compare(FloatCompare::GreaterEqual, size, Shape::of(q), rd, rn, None),
        Insn::FcmgeZeroScalar(FcmgeZeroScalar { size, rd, rn }) => compare(FloatCompare::GreaterEqual, size, Shape::Scalar, rd, rn, None),
        Insn::FcmgtZeroVec(FcmgtZeroVec { q, size, rd, rn }) => compare(FloatCompare::Greater, size, Shape::of(q), rd, rn, None),
        Insn::FcmgtZeroScalar(FcmgtZeroScalar { size, rd, rn }) => compare(FloatCompare::Greater, size, Shape::Scalar, rd, rn, None),
        Insn::FcmleZeroVec(FcmleZeroVec { q, size, rd, rn }) => compare(FloatCompare::LessEqual, size, Shape::of(q), rd, rn, None),
        Insn::FcmleZeroScalar(FcmleZeroScalar { size, rd, rn }) => compare(FloatCompare::LessEqual, size, Shape::Scalar, rd, rn, None),
        Insn::FcmltZeroVec(FcmltZeroVec { q, size, rd, rn }) => compare(FloatCompare::Less, size, Shape::of(q), rd, rn, None),
        Insn::FcmltZeroScalar(FcmltZeroScalar { size, rd, rn }) => compare(FloatCompare::Less, size, Shape::Scalar, rd, rn, None),

        Insn::FaddpVec(FaddpVec { q, size, rd, rn, rm }) => Some(Float::Pairs { op: FloatLanes::Add, p: precision(size)?, q, d: rd, a: rn, b: rm }),
        Insn::FaddpScalar(FaddpScalar { size, rd, rn }) => Some(Float::Pair { op: FloatLanes::Add, p: precision(size)?, d: rd, a: rn }),
        Insn::FmaxpVec(FmaxpVec { q, size, rd, rn, rm }) => Some(Float::Pairs { op: FloatLanes::Max, p: precision(size)?, q, d: rd, a: rn, b: rm }),
        Insn::FmaxpScalar(FmaxpScalar { size, rd, rn }) => Some(Float::Pair { op: FloatLanes::Max, p: precision(size)?, d: rd, a: rn }),
        Insn::FmaxnmpVec(FmaxnmpVec { q, size, rd, rn, rm }) => Some(Float::Pairs { op: FloatLanes::Max, p: precision(size)?, q, d: rd, a: rn, b: rm }),
        Insn::FmaxnmpScalar(FmaxnmpScalar { size, rd, rn }) => Some(Float::Pair { op: FloatLanes::Max, p: precision(size)?, d: rd, a: rn }),
        Insn::FminpVec(FminpVec { q, size, rd, rn, rm }) => Some(Float::Pairs { op: FloatLanes::Min, p: precision(size)?, q, d: rd, a: rn, b: rm }),
        Insn::FminpScalar(FminpScalar { size, rd, rn }) => Some(Float::Pair { op: FloatLanes::Min, p: precision(size)?, d: rd, a: rn }),
        Insn::FminnmpVec(FminnmpVec { q, size, rd, rn, rm }) => Some(Float::Pairs { op: FloatLanes::Min, p: precision(size)?, q, d: rd, a: rn, b: rm }),
        Insn::FminnmpScalar(FminnmpScalar { size, rd, rn }) => Some(Float::Pair { op: FloatLanes::Min, p: precision(size)?, d: rd, a: rn }),
        Insn::Fmaxv(Fmaxv { rd, rn }) => Some(Float::Across { op: FloatLanes::Max, d: rd, a: rn }),
        Insn::Fmaxnmv(Fmaxnmv { rd, rn }) => Some(Float::Across { op: FloatLanes::Max, d: rd, a: rn }),
        Insn::Fminv(Fminv { rd, rn }) => Some(Float::Across { op: FloatLanes::Min, d: rd, a: rn }),
        Insn::Fminnmv(Fminnmv { rd, rn }) => Some(Float::Across { op: FloatLanes::Min, d: rd, a: rn }),

        Insn::FcvtnsVec(FcvtnsVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), true, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtnsScalar(FcvtnsScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, true, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtnuVec(FcvtnuVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), false, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtnuScalar(FcvtnuScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, false, Rounding::Nearest, 0, rd, rn),
        Insn::FcvtpsVec(FcvtpsVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), true, Rounding::Up, 0, rd, rn),
        Insn::FcvtpsScalar(FcvtpsScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, true, Rounding::Up, 0, rd, rn),
        Insn::FcvtpuVec(FcvtpuVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), false, Rounding::Up, 0, rd, rn),
        Insn::FcvtpuScalar(FcvtpuScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, false, Rounding::Up, 0, rd, rn),
        Insn::FcvtmsVec(FcvtmsVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), true, Rounding::Down, 0, rd, rn),
        Insn::FcvtmsScalar(FcvtmsScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, true, Rounding::Down, 0, rd, rn),
        Insn::FcvtmuVec(FcvtmuVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), false, Rounding::Down, 0, rd, rn),
        Insn::FcvtmuScalar(FcvtmuScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, false, Rounding::Down, 0, rd, rn),
        Insn::FcvtzsVec(FcvtzsVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), true, Rounding::Zero, 0, rd, rn),
        Insn::FcvtzsScalar(FcvtzsScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, true, Rounding::Zero, 0, rd, rn),
        Insn::FcvtzuVec(FcvtzuVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), false, Rounding::Zero, 0, rd, rn),
        Insn::FcvtzuScalar(FcvtzuScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, false, Rounding::Zero, 0, rd, rn),
        Insn::FcvtasVec(FcvtasVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), true, Rounding::Away, 0, rd, rn),
        Insn::FcvtasScalar(FcvtasScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, true, Rounding::Away, 0, rd, rn),
        Insn::FcvtauVec(FcvtauVec { q, size, rd, rn }) => to_integer(size, Shape::of(q), false, Rounding::Away, 0, rd, rn),
        Insn::FcvtauScalar(FcvtauScalar { size, rd, rn }) => to_integer(size, Shape::Scalar, false, Rounding::Away, 0, rd, rn),
        Insn::FcvtzsFixedVec(FcvtzsFixedVec { q, size, rd, rn, fbits }) => to_integer(size, Shape::of(q), true, Rounding::Zero, fbits, rd, rn),
        Insn::FcvtzsFixedScalar(FcvtzsFixedScalar { size, rd, rn, fbits }) => to_integer(size, Shape::Scalar, true, Rounding::Zero, fbits, rd, rn),
        Insn::FcvtzuFixedVec(FcvtzuFixedVec { q, size, rd, rn, fbits }) => to_integer(size, Shape::of(q), false, Rounding::Zero, fbits, rd, rn),
        Insn::FcvtzuFixedScalar(FcvtzuFixedScalar { size, rd, rn, fbits }) => to_integer(size, Shape::Scalar, false, Rounding::Zero, fbits, rd, rn),
        Insn::ScvtfVec(ScvtfVec { q, size, rd, rn }) => from_integer(size, Shape::of(q), true, 0, rd, rn),
        Insn::ScvtfScalar(ScvtfScalar { size, rd, rn }) => from_integer(size, Shape::Scalar, true, 0, rd, rn),
        Insn::ScvtfFixedVec(ScvtfFixedVec { q, size, rd, rn, fbits }) => from_integer(size, Shape::of(q), true, fbits, rd, rn),
        Insn::ScvtfFixedScalar(ScvtfFixedScalar { size, rd, rn, fbits }) => from_integer(size, Shape::Scalar, true, fbits, rd, rn),
        Insn::UcvtfVec(UcvtfVec { q, size, rd, rn }) => from_integer(size, Shape::of(q), false, 0, rd, rn),
        Insn::UcvtfScalar(UcvtfScalar { size, rd, rn }) => from_integer(size, Shape::Scalar, false, 0, rd, rn),
        Insn::UcvtfFixedVec(UcvtfFixedVec { q, size, rd, rn, fbits }) => from_integer(size, Shape::of(q), false, fbits, rd, rn),
        Insn::UcvtfFixedScalar(UcvtfFixedScalar { size, rd, rn, fbits }) => from_integer(size, Shape::Scalar, false, fbits, rd, rn),
        Insn::Fcvtl(Fcvtl { q, size, rd, rn }) => Some(Float::Lengthen { to: precision(size + 1)?, upper: q, d: rd, a: rn }),
        Insn::Fcvtn(Fcvtn { q, size, rd, rn }) => Some(Float::Narrow { from: precision(size + 1)?, upper: q, d: rd, a: rn }),
        Insn::FrecpeVec(FrecpeVec { q, size, rd, rn }) => Some(Float::Estimate { root: false, p: precision(size)?, shape: Shape::of(q), d: rd, a: rn }),
        Insn::FrecpeScalar(FrecpeScalar { size, rd, rn }) => Some(Float::Estimate { root: false, p: precision(size)?, shape: Shape::Scalar, d: rd, a: rn }),
        Insn::FrsqrteVec(FrsqrteVec { q, size, rd, rn }) => Some(Float::Estimate { root: true, p: precision(size)?, shape: Shape::of(q), d: rd, a: rn }),
        Insn::FrsqrteScalar(FrsqrteScalar { size, rd, rn }) => Some(Float::Estimate { root: true, p: precision(size)?, shape: Shape::Scalar, d: rd, a: rn }),
        _ => None,
    }
}
