//! Half precision, scalar and on vectors. Left to the interpreter: estimates. (Conversions, complex numbers, and what mixes formats, are in `mixed.rs`.)

use armlet_decoder::a64::*;

use super::{Lifter, dst, x};
use crate::ir::HalfOperand::{Lane, Reg, Zero};
use crate::ir::*;

fn half(op: HalfOp, shape: Shape, d: u8, a: u8, b: HalfOperand) -> Option<Float> {
    Some(Float::Half { op, shape, d, a, b })
}

fn round(rounding: Rounding, exact: bool) -> HalfOp {
    HalfOp::Round { rounding, exact }
}

fn multiply_add(shape: Shape, d: u8, addend: u8, a: u8, b: HalfOperand, negative: (bool, bool)) -> Option<Float> {
    Some(Float::HalfMultiplyAdd {
        shape,
        d,
        addend: Reg(addend),
        halve: false,
        a,
        b,
        negative,
    })
}

/// FRECPS: 2 - a * b; FRSQRTS: (3 - a * b) / 2. Zero times infinity traps.
fn step(root: bool, shape: Shape, d: u8, a: u8, b: u8) -> Option<Float> {
    Some(Float::HalfMultiplyAdd {
        shape,
        d,
        addend: HalfOperand::Number(if root { 3f32 } else { 2f32 }.to_bits()),
        halve: root,
        a,
        b: Reg(b),
        negative: (false, true),
    })
}

fn pairs(op: HalfOp, q: bool, d: u8, a: u8, b: u8) -> Option<Float> {
    Some(Float::HalfPairs { op, q, d, a, b })
}

fn across(op: HalfOp, q: bool, d: u8, a: u8) -> Option<Float> {
    Some(Float::HalfAcross { op, q, d, a })
}

/// The operation of an instruction of this file.
#[rustfmt::skip]
pub(super) fn operation(insn: &Insn) -> Option<Float> {
    match *insn {
        Insn::FaddScalar(FaddScalar { size: 1, rd, rn, rm }) => half(HalfOp::Add, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FaddVecHalf(FaddVecHalf { q, rd, rn, rm }) => half(HalfOp::Add, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FsubScalar(FsubScalar { size: 1, rd, rn, rm }) => half(HalfOp::Sub, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FsubVecHalf(FsubVecHalf { q, rd, rn, rm }) => half(HalfOp::Sub, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FmulScalar(FmulScalar { size: 1, rd, rn, rm }) => half(HalfOp::Mul, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FmulVecHalf(FmulVecHalf { q, rd, rn, rm }) => half(HalfOp::Mul, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FnmulScalar(FnmulScalar { size: 1, rd, rn, rm }) => half(HalfOp::NegatedMul, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FdivScalar(FdivScalar { size: 1, rd, rn, rm }) => half(HalfOp::Div, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FdivVecHalf(FdivVecHalf { q, rd, rn, rm }) => half(HalfOp::Div, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FmaxScalar(FmaxScalar { size: 1, rd, rn, rm }) => half(HalfOp::Max, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FmaxVecHalf(FmaxVecHalf { q, rd, rn, rm }) => half(HalfOp::Max, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FmaxnmScalar(FmaxnmScalar { size: 1, rd, rn, rm }) => half(HalfOp::Max, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FmaxnmVecHalf(FmaxnmVecHalf { q, rd, rn, rm }) => half(HalfOp::Max, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FminScalar(FminScalar { size: 1, rd, rn, rm }) => half(HalfOp::Min, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FminVecHalf(FminVecHalf { q, rd, rn, rm }) => half(HalfOp::Min, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FminnmScalar(FminnmScalar { size: 1, rd, rn, rm }) => half(HalfOp::Min, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FminnmVecHalf(FminnmVecHalf { q, rd, rn, rm }) => half(HalfOp::Min, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FabdVecHalf(FabdVecHalf { q, rd, rn, rm }) => half(HalfOp::Difference, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FabdScalarHalf(FabdScalarHalf { rd, rn, rm }) => half(HalfOp::Difference, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FsqrtScalar(FsqrtScalar { size: 1, rd, rn }) => half(HalfOp::Sqrt, Shape::Scalar, rd, rn, Zero),
        Insn::FsqrtVecHalf(FsqrtVecHalf { q, rd, rn }) => half(HalfOp::Sqrt, Shape::of(q), rd, rn, Zero),
        Insn::FrintnScalar(FrintnScalar { size: 1, rd, rn }) => half(round(Rounding::Nearest, false), Shape::Scalar, rd, rn, Zero),
        Insn::FrintnVecHalf(FrintnVecHalf { q, rd, rn }) => half(round(Rounding::Nearest, false), Shape::of(q), rd, rn, Zero),
        Insn::FrintmScalar(FrintmScalar { size: 1, rd, rn }) => half(round(Rounding::Down, false), Shape::Scalar, rd, rn, Zero),
        Insn::FrintmVecHalf(FrintmVecHalf { q, rd, rn }) => half(round(Rounding::Down, false), Shape::of(q), rd, rn, Zero),
        Insn::FrintpScalar(FrintpScalar { size: 1, rd, rn }) => half(round(Rounding::Up, false), Shape::Scalar, rd, rn, Zero),
        Insn::FrintpVecHalf(FrintpVecHalf { q, rd, rn }) => half(round(Rounding::Up, false), Shape::of(q), rd, rn, Zero),
        Insn::FrintzScalar(FrintzScalar { size: 1, rd, rn }) => half(round(Rounding::Zero, false), Shape::Scalar, rd, rn, Zero),
        Insn::FrintzVecHalf(FrintzVecHalf { q, rd, rn }) => half(round(Rounding::Zero, false), Shape::of(q), rd, rn, Zero),
        Insn::FrintiScalar(FrintiScalar { size: 1, rd, rn }) => half(round(Rounding::Current, false), Shape::Scalar, rd, rn, Zero),
        Insn::FrintiVecHalf(FrintiVecHalf { q, rd, rn }) => half(round(Rounding::Current, false), Shape::of(q), rd, rn, Zero),
        Insn::FrintxScalar(FrintxScalar { size: 1, rd, rn }) => half(round(Rounding::Current, true), Shape::Scalar, rd, rn, Zero),
        Insn::FrintxVecHalf(FrintxVecHalf { q, rd, rn }) => half(round(Rounding::Current, true), Shape::of(q), rd, rn, Zero),
        Insn::FcmeqVecHalf(FcmeqVecHalf { q, rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::Equal), Shape::of(q), rd, rn, Reg(rm)),
        Insn::FcmeqScalarHalf(FcmeqScalarHalf { rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::Equal), Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FcmgeVecHalf(FcmgeVecHalf { q, rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::GreaterEqual), Shape::of(q), rd, rn, Reg(rm)),
        Insn::FcmgeScalarHalf(FcmgeScalarHalf { rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::GreaterEqual), Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FcmgtVecHalf(FcmgtVecHalf { q, rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::Greater), Shape::of(q), rd, rn, Reg(rm)),
        Insn::FcmgtScalarHalf(FcmgtScalarHalf { rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::Greater), Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FacgeVecHalf(FacgeVecHalf { q, rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::MagnitudeGreaterEqual), Shape::of(q), rd, rn, Reg(rm)),
        Insn::FacgeScalarHalf(FacgeScalarHalf { rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::MagnitudeGreaterEqual), Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FacgtVecHalf(FacgtVecHalf { q, rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::MagnitudeGreater), Shape::of(q), rd, rn, Reg(rm)),
        Insn::FacgtScalarHalf(FacgtScalarHalf { rd, rn, rm }) => half(HalfOp::Compare(FloatCompare::MagnitudeGreater), Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FcmeqZeroVecHalf(FcmeqZeroVecHalf { q, rd, rn }) => half(HalfOp::Compare(FloatCompare::Equal), Shape::of(q), rd, rn, Zero),
        Insn::FcmeqZeroScalarHalf(FcmeqZeroScalarHalf { rd, rn }) => half(HalfOp::Compare(FloatCompare::Equal), Shape::Scalar, rd, rn, Zero),
        Insn::FcmgeZeroVecHalf(FcmgeZeroVecHalf { q, rd, rn }) => half(HalfOp::Compare(FloatCompare::GreaterEqual), Shape::of(q), rd, rn, Zero),
        Insn::FcmgeZeroScalarHalf(FcmgeZeroScalarHalf { rd, rn }) => half(HalfOp::Compare(FloatCompare::GreaterEqual), Shape::Scalar, rd, rn, Zero),
        Insn::FcmgtZeroVecHalf(FcmgtZeroVecHalf { q, rd, rn }) => half(HalfOp::Compare(FloatCompare::Greater), Shape::of(q), rd, rn, Zero),
        Insn::FcmgtZeroScalarHalf(FcmgtZeroScalarHalf { rd, rn }) => half(HalfOp::Compare(FloatCompare::Greater), Shape::Scalar, rd, rn, Zero),
        Insn::FcmleZeroVecHalf(FcmleZeroVecHalf { q, rd, rn }) => half(HalfOp::Compare(FloatCompare::LessEqual), Shape::of(q), rd, rn, Zero),
        Insn::FcmleZeroScalarHalf(FcmleZeroScalarHalf { rd, rn }) => half(HalfOp::Compare(FloatCompare::LessEqual), Shape::Scalar, rd, rn, Zero),
        Insn::FcmltZeroVecHalf(FcmltZeroVecHalf { q, rd, rn }) => half(HalfOp::Compare(FloatCompare::Less), Shape::of(q), rd, rn, Zero),
        Insn::FcmltZeroScalarHalf(FcmltZeroScalarHalf { rd, rn }) => half(HalfOp::Compare(FloatCompare::Less), Shape::Scalar, rd, rn, Zero),
        Insn::FmulElementVecHalf(FmulElementVecHalf { q, rd, rn, rm, index }) => half(HalfOp::Mul, Shape::of(q), rd, rn, Lane(rm, index)),
        Insn::FmulElementScalarHalf(FmulElementScalarHalf { rd, rn, rm, index }) => half(HalfOp::Mul, Shape::Scalar, rd, rn, Lane(rm, index)),
        Insn::FmlaVecHalf(FmlaVecHalf { q, rd, rn, rm }) => multiply_add(Shape::of(q), rd, rd, rn, Reg(rm), (false, false)),
        Insn::FmlaElementVecHalf(FmlaElementVecHalf { q, rd, rn, rm, index }) => multiply_add(Shape::of(q), rd, rd, rn, Lane(rm, index), (false, false)),
        Insn::FmlaElementScalarHalf(FmlaElementScalarHalf { rd, rn, rm, index }) => multiply_add(Shape::Scalar, rd, rd, rn, Lane(rm, index), (false, false)),
        Insn::FmlsVecHalf(FmlsVecHalf { q, rd, rn, rm }) => multiply_add(Shape::of(q), rd, rd, rn, Reg(rm), (false, true)),
        Insn::FmlsElementVecHalf(FmlsElementVecHalf { q, rd, rn, rm, index }) => multiply_add(Shape::of(q), rd, rd, rn, Lane(rm, index), (false, true)),
        Insn::FmlsElementScalarHalf(FmlsElementScalarHalf { rd, rn, rm, index }) => multiply_add(Shape::Scalar, rd, rd, rn, Lane(rm, index), (false, true)),
        // (With NaNs, and for zero times infinity, these differ from others; that traps.)
        Insn::FmulxVecHalf(FmulxVecHalf { q, rd, rn, rm }) => half(HalfOp::Mul, Shape::of(q), rd, rn, Reg(rm)),
        Insn::FmulxScalarHalf(FmulxScalarHalf { rd, rn, rm }) => half(HalfOp::Mul, Shape::Scalar, rd, rn, Reg(rm)),
        Insn::FmulxElementVecHalf(FmulxElementVecHalf { q, rd, rn, rm, index }) => half(HalfOp::Mul, Shape::of(q), rd, rn, Lane(rm, index)),
        Insn::FmulxElementScalarHalf(FmulxElementScalarHalf { rd, rn, rm, index }) => half(HalfOp::Mul, Shape::Scalar, rd, rn, Lane(rm, index)),
        Insn::FrecpsVecHalf(FrecpsVecHalf { q, rd, rn, rm }) => step(false, Shape::of(q), rd, rn, rm),
        Insn::FrecpsScalarHalf(FrecpsScalarHalf { rd, rn, rm }) => step(false, Shape::Scalar, rd, rn, rm),
        Insn::FrsqrtsVecHalf(FrsqrtsVecHalf { q, rd, rn, rm }) => step(true, Shape::of(q), rd, rn, rm),
        Insn::FrsqrtsScalarHalf(FrsqrtsScalarHalf { rd, rn, rm }) => step(true, Shape::Scalar, rd, rn, rm),
        Insn::FaddpVecHalf(FaddpVecHalf { q, rd, rn, rm }) => pairs(HalfOp::Add, q, rd, rn, rm),
        Insn::FmaxpVecHalf(FmaxpVecHalf { q, rd, rn, rm }) => pairs(HalfOp::Max, q, rd, rn, rm),
        Insn::FmaxnmpVecHalf(FmaxnmpVecHalf { q, rd, rn, rm }) => pairs(HalfOp::Max, q, rd, rn, rm),
        Insn::FminpVecHalf(FminpVecHalf { q, rd, rn, rm }) => pairs(HalfOp::Min, q, rd, rn, rm),
        Insn::FminnmpVecHalf(FminnmpVecHalf { q, rd, rn, rm }) => pairs(HalfOp::Min, q, rd, rn, rm),
        Insn::FaddpScalarHalf(FaddpScalarHalf { rd, rn }) => half(HalfOp::Add, Shape::Scalar, rd, rn, Lane(rn, 1)),
        Insn::FmaxpScalarHalf(FmaxpScalarHalf { rd, rn }) => half(HalfOp::Max, Shape::Scalar, rd, rn, Lane(rn, 1)),
        Insn::FmaxnmpScalarHalf(FmaxnmpScalarHalf { rd, rn }) => half(HalfOp::Max, Shape::Scalar, rd, rn, Lane(rn, 1)),
        Insn::FminpScalarHalf(FminpScalarHalf { rd, rn }) => half(HalfOp::Min, Shape::Scalar, rd, rn, Lane(rn, 1)),
        Insn::FminnmpScalarHalf(FminnmpScalarHalf { rd, rn }) => half(HalfOp::Min, Shape::Scalar, rd, rn, Lane(rn, 1)),
        Insn::FmaxvHalf(FmaxvHalf { q, rd, rn }) => across(HalfOp::Max, q, rd, rn),
        Insn::FmaxnmvHalf(FmaxnmvHalf { q, rd, rn }) => across(HalfOp::Max, q, rd, rn),
        Insn::FminvHalf(FminvHalf { q, rd, rn }) => across(HalfOp::Min, q, rd, rn),
        Insn::FminnmvHalf(FminnmvHalf { q, rd, rn }) => across(HalfOp::Min, q, rd, rn),
        Insn::FrintaScalar(FrintaScalar { size: 1, rd, rn }) => half(round(Rounding::Away, false), Shape::Scalar, rd, rn, Zero),
        Insn::FrintaVecHalf(FrintaVecHalf { q, rd, rn }) => half(round(Rounding::Away, false), Shape::of(q), rd, rn, Zero),
        Insn::Fmadd(Fmadd { size: 1, rd, rn, rm, ra }) => multiply_add(Shape::Scalar, rd, ra, rn, Reg(rm), (false, false)),
        Insn::Fmsub(Fmsub { size: 1, rd, rn, rm, ra }) => multiply_add(Shape::Scalar, rd, ra, rn, Reg(rm), (false, true)),
        Insn::Fnmadd(Fnmadd { size: 1, rd, rn, rm, ra }) => multiply_add(Shape::Scalar, rd, ra, rn, Reg(rm), (true, true)),
        Insn::Fnmsub(Fnmsub { size: 1, rd, rn, rm, ra }) => multiply_add(Shape::Scalar, rd, ra, rn, Reg(rm), (true, false)),
        _ => None,
    }
}

/// V\[d\] = bits of V\[a\], combined with a constant.
fn combine(l: &mut Lifter, op: Lanes, q: bool, d: u8, a: Operand, constant: u64) -> bool {
    l.push(Op::Simd(Simd::Binary {
        op,
        size: 1,
        q,
        d,
        a,
        b: Operand::Constant(constant),
        into: Into::Replace,
    }));
    true
}

/// V\[d\] = its lowest element, or that of another register.
fn element(l: &mut Lifter, d: u8, a: u8) -> bool {
    l.push(Op::Simd(Simd::Element { size: 1, d, a, lane: 0 }));
    true
}

/// An integer in half precision, by way of single precision: what is not exact there is too large for half precision.
fn from_general(l: &mut Lifter, insn: &Insn, sf: bool, signed: bool, d: u8, n: u8) -> bool {
    let p = Precision::Single;
    let integer = Float::FromInteger {
        p,
        d,
        w: Width::of(sf),
        signed,
        a: x(n),
        fbits: 0,
    };
    for op in [integer, Float::ToHalf { from: p, d, a: d }] {
        l.push(Op::Float {
            op,
            insn: *insn,
            standard: false,
        });
    }
    true
}

/// Lifts what moves numbers in half precision, or changes their signs; `false` leaves an instruction to others.
pub(super) fn move_bits(l: &mut Lifter, insn: &Insn) -> bool {
    const EVERYWHERE: u64 = 0x0001_0001_0001_0001;
    match *insn {
        Insn::FmovReg(FmovReg { size: 1, rd, rn }) => element(l, rd, rn),
        Insn::FabsScalar(FabsScalar { size: 1, rd, rn }) => combine(l, Lanes::And, false, rd, Operand::Low(rn), 0x7fff),
        Insn::FnegScalar(FnegScalar { size: 1, rd, rn }) => combine(l, Lanes::Xor, false, rd, Operand::Low(rn), 0x8000),
        Insn::FabsVecHalf(FabsVecHalf { q, rd, rn }) => {
            combine(l, Lanes::And, q, rd, Operand::Reg(rn), 0x7fff * EVERYWHERE)
        }
        Insn::FnegVecHalf(FnegVecHalf { q, rd, rn }) => {
            combine(l, Lanes::Xor, q, rd, Operand::Reg(rn), 0x8000 * EVERYWHERE)
        }
        Insn::FmovImm(FmovImm { size: 1, rd, imm, .. }) => {
            let value = imm.into();
            l.push(Op::Simd(Simd::Constant { d: rd, value }));
            true
        }
        Insn::FmovToGeneral(FmovToGeneral { size: 1, rd, rn, .. }) => {
            l.push(Op::Simd(Simd::Move {
                size: 1,
                d: dst(rd),
                a: rn,
                lane: 0,
            }));
            true
        }
        Insn::FmovFromGeneral(FmovFromGeneral { size: 1, rd, rn, .. }) => {
            l.push(Op::Simd(Simd::Constant { d: rd, value: 0 }));
            l.push(Op::Simd(Simd::Insert {
                size: 1,
                d: rd,
                lane: 0,
                a: x(rn),
            }));
            true
        }
        Insn::ScvtfGeneral(ScvtfGeneral { sf, size: 1, rd, rn }) => from_general(l, insn, sf, true, rd, rn),
        Insn::UcvtfGeneral(UcvtfGeneral { sf, size: 1, rd, rn }) => from_general(l, insn, sf, false, rd, rn),
        Insn::Fcsel(Fcsel {
            size: 1,
            rd,
            rn,
            rm,
            cond,
        }) => {
            l.push(Op::Float {
                op: Float::Select {
                    p: Precision::Single,
                    cond,
                    d: rd,
                    a: rn,
                    b: rm,
                },
                insn: *insn,
                standard: false,
            });
            element(l, rd, rd)
        }
        _ => false,
    }
}
