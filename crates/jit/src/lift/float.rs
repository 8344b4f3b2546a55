//! Scalar floating point (C4.1.96) in single and double precision, and conversions of half precision; vectors are in `float_lanes.rs`, arithmetic in
//! half precision is in `half.rs`.

use armlet_decoder::a64::*;

use super::float_lanes;
use super::half;
use super::mixed;
use super::{Lifter, dst, x};
use crate::ir::*;

/// Log2 of a number's bytes as precision.
pub(super) fn precision(size: u8) -> Option<Precision> {
    match size {
        2 => Some(Precision::Single),
        3 => Some(Precision::Double),
        _ => None,
    }
}

/// Whether an instruction changes how numbers are to be computed, so that translated code is left: MSR FPCR, and MRS FPSR.
pub(super) fn changes_numbers(insn: &Insn) -> bool {
    match insn {
        Insn::Msr(Msr { register, .. }) => *register == SystemRegister::FPCR,
        Insn::Mrs(Mrs { register, .. }) => *register == SystemRegister::FPSR,
        _ => false,
    }
}

pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    let Some(op) = operation(insn) else {
        return half::move_bits(l, insn);
    };
    l.push(Op::Float {
        op,
        insn: *insn,
        standard: l.standard,
    });
    true
}

fn operation(insn: &Insn) -> Option<Float> {
    one_source(insn)
        .or_else(|| two_sources(insn))
        .or_else(|| three_sources(insn))
        .or_else(|| conversion(insn))
        .or_else(|| to_integer(insn))
        .or_else(|| comparison(insn))
        .or_else(|| round_sized(insn))
        .or_else(|| float_lanes::operation(insn))
        .or_else(|| half::operation(insn))
        .or_else(|| mixed::operation(insn))
}

fn one_source(insn: &Insn) -> Option<Float> {
    let round = |rounding| FloatUnary::Round { rounding, exact: false };
    let (op, size, d, a) = match *insn {
        Insn::FmovReg(FmovReg { size, rd, rn }) => (FloatUnary::Mov, size, rd, rn),
        Insn::FabsScalar(FabsScalar { size, rd, rn }) => (FloatUnary::Abs, size, rd, rn),
        Insn::FnegScalar(FnegScalar { size, rd, rn }) => (FloatUnary::Neg, size, rd, rn),
        Insn::FsqrtScalar(FsqrtScalar { size, rd, rn }) => (FloatUnary::Sqrt, size, rd, rn),
        Insn::FrintnScalar(FrintnScalar { size, rd, rn }) => (round(Rounding::Nearest), size, rd, rn),
        Insn::FrintiScalar(FrintiScalar { size, rd, rn }) => (round(Rounding::Current), size, rd, rn),
        Insn::FrintmScalar(FrintmScalar { size, rd, rn }) => (round(Rounding::Down), size, rd, rn),
        Insn::FrintpScalar(FrintpScalar { size, rd, rn }) => (round(Rounding::Up), size, rd, rn),
        Insn::FrintzScalar(FrintzScalar { size, rd, rn }) => (round(Rounding::Zero), size, rd, rn),
        Insn::FrintaScalar(FrintaScalar { size, rd, rn }) => (round(Rounding::Away), size, rd, rn),
        Insn::FrintxScalar(FrintxScalar { size, rd, rn }) => {
            let op = FloatUnary::Round {
                rounding: Rounding::Current,
                exact: true,
            };
            (op, size, rd, rn)
        }
        _ => return None,
    };
    let p = precision(size)?;
    Some(Float::Unary { op, p, d, a })
}

/// FRINT32Z and its relatives.
fn round_sized(insn: &Insn) -> Option<Float> {
    use Rounding::{Current, Zero};
    let (wide, rounding, size, shape, d, a) = match *insn {
        Insn::Frint32zScalar(Frint32zScalar { size, rd, rn }) => (false, Zero, size, Shape::Scalar, rd, rn),
        Insn::Frint32xScalar(Frint32xScalar { size, rd, rn }) => (false, Current, size, Shape::Scalar, rd, rn),
        Insn::Frint64zScalar(Frint64zScalar { size, rd, rn }) => (true, Zero, size, Shape::Scalar, rd, rn),
        Insn::Frint64xScalar(Frint64xScalar { size, rd, rn }) => (true, Current, size, Shape::Scalar, rd, rn),
        Insn::Frint32zVec(Frint32zVec { q, size, rd, rn }) => (false, Zero, size, Shape::of(q), rd, rn),
        Insn::Frint32xVec(Frint32xVec { q, size, rd, rn }) => (false, Current, size, Shape::of(q), rd, rn),
        Insn::Frint64zVec(Frint64zVec { q, size, rd, rn }) => (true, Zero, size, Shape::of(q), rd, rn),
        Insn::Frint64xVec(Frint64xVec { q, size, rd, rn }) => (true, Current, size, Shape::of(q), rd, rn),
        _ => return None,
    };
    let p = precision(size)?;
    Some(Float::RoundSized {
        wide,
        rounding,
        p,
        shape,
        d,
        a,
    })
}

fn two_sources(insn: &Insn) -> Option<Float> {
    let (op, size, d, a, b) = match *insn {
        Insn::FaddScalar(FaddScalar { size, rd, rn, rm }) => (FloatBinary::Add, size, rd, rn, rm),
        Insn::FsubScalar(FsubScalar { size, rd, rn, rm }) => (FloatBinary::Sub, size, rd, rn, rm),
        Insn::FmulScalar(FmulScalar { size, rd, rn, rm }) => (FloatBinary::Mul, size, rd, rn, rm),
        Insn::FnmulScalar(FnmulScalar { size, rd, rn, rm }) => (FloatBinary::Nmul, size, rd, rn, rm),
        Insn::FdivScalar(FdivScalar { size, rd, rn, rm }) => (FloatBinary::Div, size, rd, rn, rm),
        Insn::FmaxScalar(FmaxScalar { size, rd, rn, rm }) => (FloatBinary::Max, size, rd, rn, rm),
        Insn::FmaxnmScalar(FmaxnmScalar { size, rd, rn, rm }) => (FloatBinary::Max, size, rd, rn, rm),
        Insn::FminScalar(FminScalar { size, rd, rn, rm }) => (FloatBinary::Min, size, rd, rn, rm),
        Insn::FminnmScalar(FminnmScalar { size, rd, rn, rm }) => (FloatBinary::Min, size, rd, rn, rm),
        _ => return None,
    };
    let p = precision(size)?;
    Some(Float::Binary { op, p, d, a, b })
}

fn three_sources(insn: &Insn) -> Option<Float> {
    let (size, d, addend, a, b, negative_addend, negative_product) = match *insn {
        Insn::Fmadd(Fmadd { size, rd, rn, rm, ra }) => (size, rd, ra, rn, rm, false, false),
        Insn::Fmsub(Fmsub { size, rd, rn, rm, ra }) => (size, rd, ra, rn, rm, false, true),
        Insn::Fnmadd(Fnmadd { size, rd, rn, rm, ra }) => (size, rd, ra, rn, rm, true, true),
        Insn::Fnmsub(Fnmsub { size, rd, rn, rm, ra }) => (size, rd, ra, rn, rm, true, false),
        _ => return None,
    };
    let p = precision(size)?;
    Some(Float::MultiplyAdd {
        p,
        d,
        addend,
        a,
        b,
        negative_addend,
        negative_product,
    })
}

/// Between formats, and to and from bits.
fn conversion(insn: &Insn) -> Option<Float> {
    let from_integer = |size, sf, signed, d, n, fbits| {
        Some(Float::FromInteger {
            p: precision(size)?,
            d,
            w: Width::of(sf),
            signed,
            a: x(n),
            fbits,
        })
    };
    let width = |size| match precision(size)? {
        Precision::Single => Some(Width::W),
        Precision::Double => Some(Width::X),
    };
    match *insn {
        Insn::Fcvt(Fcvt { to: 1, from, rd, rn }) => Some(Float::ToHalf {
            from: precision(from)?,
            d: rd,
            a: rn,
        }),
        Insn::Fcvt(Fcvt { to, from: 1, rd, rn }) => Some(Float::FromHalf {
            to: precision(to)?,
            d: rd,
            a: rn,
        }),
        Insn::Fcvt(Fcvt { to, from, rd, rn }) => {
            precision(from)?;
            Some(Float::Convert {
                to: precision(to)?,
                d: rd,
                a: rn,
            })
        }
        Insn::ScvtfGeneral(ScvtfGeneral { sf, size, rd, rn }) => from_integer(size, sf, true, rd, rn, 0),
        Insn::UcvtfGeneral(UcvtfGeneral { sf, size, rd, rn }) => from_integer(size, sf, false, rd, rn, 0),
        Insn::ScvtfGeneralFixed(ScvtfGeneralFixed {
            sf,
            size,
            rd,
            rn,
            fbits,
        }) => from_integer(size, sf, true, rd, rn, fbits),
        Insn::UcvtfGeneralFixed(UcvtfGeneralFixed {
            sf,
            size,
            rd,
            rn,
            fbits,
        }) => from_integer(size, sf, false, rd, rn, fbits),
        Insn::FmovImm(FmovImm { size, rd, imm, .. }) => Some(Float::FromBits {
            w: width(size)?,
            d: rd,
            a: Val::Imm(imm),
        }),
        Insn::FmovFromGeneral(FmovFromGeneral { size, rd, rn, .. }) => Some(Float::FromBits {
            w: width(size)?,
            d: rd,
            a: x(rn),
        }),
        Insn::FmovToGeneral(FmovToGeneral { size, rd, rn, .. }) => Some(Float::ToBits {
            w: width(size)?,
            d: dst(rd),
            a: rn,
        }),
        Insn::FmovFromGeneralTop(FmovFromGeneralTop { rd, rn }) => Some(Float::FromBitsTop { d: rd, a: x(rn) }),
        Insn::FmovToGeneralTop(FmovToGeneralTop { rd, rn }) => Some(Float::ToBitsTop { d: dst(rd), a: rn }),
        _ => None,
    }
}

#[rustfmt::skip]
fn to_integer(insn: &Insn) -> Option<Float> {
    use Rounding::*;
    let (size, sf, signed, rounding, rd, a, fbits) = match *insn {
        Insn::FcvtnsGeneral(FcvtnsGeneral { sf, size, rd, rn }) => (size, sf, true, Nearest, rd, rn, 0),
        Insn::FcvtnuGeneral(FcvtnuGeneral { sf, size, rd, rn }) => (size, sf, false, Nearest, rd, rn, 0),
        Insn::FcvtasGeneral(FcvtasGeneral { sf, size, rd, rn }) => (size, sf, true, Away, rd, rn, 0),
        Insn::FcvtauGeneral(FcvtauGeneral { sf, size, rd, rn }) => (size, sf, false, Away, rd, rn, 0),
        Insn::FcvtpsGeneral(FcvtpsGeneral { sf, size, rd, rn }) => (size, sf, true, Up, rd, rn, 0),
        Insn::FcvtpuGeneral(FcvtpuGeneral { sf, size, rd, rn }) => (size, sf, false, Up, rd, rn, 0),
        Insn::FcvtmsGeneral(FcvtmsGeneral { sf, size, rd, rn }) => (size, sf, true, Down, rd, rn, 0),
        Insn::FcvtmuGeneral(FcvtmuGeneral { sf, size, rd, rn }) => (size, sf, false, Down, rd, rn, 0),
        Insn::FcvtzsGeneral(FcvtzsGeneral { sf, size, rd, rn }) => (size, sf, true, Zero, rd, rn, 0),
        Insn::FcvtzuGeneral(FcvtzuGeneral { sf, size, rd, rn }) => (size, sf, false, Zero, rd, rn, 0),
        Insn::FcvtzsGeneralFixed(FcvtzsGeneralFixed { sf, size, rd, rn, fbits }) => (size, sf, true, Zero, rd, rn, fbits),
        Insn::FcvtzuGeneralFixed(FcvtzuGeneralFixed { sf, size, rd, rn, fbits }) => (size, sf, false, Zero, rd, rn, fbits),
        _ => return None,
    };
    let half = size == 1;
    let p = if half { Precision::Single } else { precision(size)? };
    Some(Float::ToInteger { p, d: dst(rd), w: Width::of(sf), signed, a, rounding, fbits, half })
}

fn comparison(insn: &Insn) -> Option<Float> {
    let of = |size, a, b, signal| {
        let half = size == 1;
        Some(Comparison {
            p: if half { Precision::Single } else { precision(size)? },
            half,
            a,
            b,
            signal,
        })
    };
    let compare = |comparison| Float::Compare {
        comparison,
        reversed: false,
    };
    match *insn {
        Insn::Fcmp(Fcmp { size, rn, rm, zero }) => of(size, rn, (!zero).then_some(rm), false).map(compare),
        Insn::Fcmpe(Fcmpe { size, rn, rm, zero }) => of(size, rn, (!zero).then_some(rm), true).map(compare),
        Insn::Fccmp(Fccmp {
            size,
            rn,
            rm,
            cond,
            nzcv,
        }) => of(size, rn, Some(rm), false).map(|comparison| Float::CompareIf { comparison, cond, nzcv }),
        Insn::Fccmpe(Fccmpe {
            size,
            rn,
            rm,
            cond,
            nzcv,
        }) => of(size, rn, Some(rm), true).map(|comparison| Float::CompareIf { comparison, cond, nzcv }),
        Insn::Fcsel(Fcsel { size, rd, rn, rm, cond }) => Some(Float::Select {
            p: precision(size)?,
            cond,
            d: rd,
            a: rn,
            b: rm,
        }),
        _ => None,
    }
}
