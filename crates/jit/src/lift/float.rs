//! Floating point in single and double precision: scalar (C4.1.96), and arithmetic on whole vectors. Half precision, fixed point, and
//! roundings that the host lacks are the interpreter's.

use armlet_decoder::a64::*;

use super::{Lifter, dst, x};
use crate::ir::*;

/// Log2 of a number's bytes as precision.
fn precision(size: u8) -> Option<Precision> {
    match size {
        2 => Some(Precision::Single),
        3 => Some(Precision::Double),
        _ => None,
    }
}

/// FPCR cannot change within translated code: MSR FPCR leaves it.
pub(super) fn writes_fpcr(insn: &Insn) -> bool {
    matches!(insn, Insn::Msr(Msr { register, .. }) if *register == SystemRegister::FPCR)
}

pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    let Some(op) = operation(insn) else { return false };
    l.push(Op::Float { op, insn: *insn });
    true
}

fn operation(insn: &Insn) -> Option<Float> {
    one_source(insn)
        .or_else(|| two_sources(insn))
        .or_else(|| three_sources(insn))
        .or_else(|| conversion(insn))
        .or_else(|| comparison(insn))
        .or_else(|| lanes(insn))
}

fn one_source(insn: &Insn) -> Option<Float> {
    let round = |rounding| FloatUnary::Round { rounding, exact: false };
    let (op, size, d, a) = match *insn {
        Insn::FmovReg(FmovReg { size, rd, rn }) => (FloatUnary::Mov, size, rd, rn),
        Insn::FabsScalar(FabsScalar { size, rd, rn }) => (FloatUnary::Abs, size, rd, rn),
        Insn::FnegScalar(FnegScalar { size, rd, rn }) => (FloatUnary::Neg, size, rd, rn),
        Insn::FsqrtScalar(FsqrtScalar { size, rd, rn }) => (FloatUnary::Sqrt, size, rd, rn),
        Insn::FrintnScalar(FrintnScalar { size, rd, rn }) => (round(HostRounding::Nearest), size, rd, rn),
        Insn::FrintiScalar(FrintiScalar { size, rd, rn }) => (round(HostRounding::Nearest), size, rd, rn),
        Insn::FrintmScalar(FrintmScalar { size, rd, rn }) => (round(HostRounding::Down), size, rd, rn),
        Insn::FrintpScalar(FrintpScalar { size, rd, rn }) => (round(HostRounding::Up), size, rd, rn),
        Insn::FrintzScalar(FrintzScalar { size, rd, rn }) => (round(HostRounding::Zero), size, rd, rn),
        Insn::FrintxScalar(FrintxScalar { size, rd, rn }) => {
            let op = FloatUnary::Round {
                rounding: HostRounding::Nearest,
                exact: true,
            };
            (op, size, rd, rn)
        }
        _ => return None,
    };
    let p = precision(size)?;
    Some(Float::Unary { op, p, d, a })
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

/// Vectors of 128 bits.
fn lanes(insn: &Insn) -> Option<Float> {
    use FloatLanes::*;
    let (op, size, d, a, b, lane) = match *insn {
        Insn::FaddVec(FaddVec {
            q: true,
            size,
            rd,
            rn,
            rm,
        }) => (Add, size, rd, rn, rm, None),
        Insn::FsubVec(FsubVec {
            q: true,
            size,
            rd,
            rn,
            rm,
        }) => (Sub, size, rd, rn, rm, None),
        Insn::FmulVec(FmulVec {
            q: true,
            size,
            rd,
            rn,
            rm,
        }) => (Mul, size, rd, rn, rm, None),
        Insn::FdivVec(FdivVec {
            q: true,
            size,
            rd,
            rn,
            rm,
        }) => (Div, size, rd, rn, rm, None),
        Insn::FmlaVec(FmlaVec {
            q: true,
            size,
            rd,
            rn,
            rm,
        }) => (MulAdd, size, rd, rn, rm, None),
        Insn::FmlsVec(FmlsVec {
            q: true,
            size,
            rd,
            rn,
            rm,
        }) => (MulSub, size, rd, rn, rm, None),
        Insn::FmulElementVec(FmulElementVec {
            q: true,
            size,
            rd,
            rn,
            rm,
            index,
        }) => (Mul, size, rd, rn, rm, Some(index)),
        Insn::FmlaElementVec(FmlaElementVec {
            q: true,
            size,
            rd,
            rn,
            rm,
            index,
        }) => (MulAdd, size, rd, rn, rm, Some(index)),
        Insn::FmlsElementVec(FmlsElementVec {
            q: true,
            size,
            rd,
            rn,
            rm,
            index,
        }) => (MulSub, size, rd, rn, rm, Some(index)),
        Insn::FaddpScalar(FaddpScalar { size, rd, rn }) => {
            return Some(Float::PairSum {
                p: precision(size)?,
                d: rd,
                a: rn,
            });
        }
        _ => return None,
    };
    let p = precision(size)?;
    if p == Precision::Double && matches!(op, MulAdd | MulSub) {
        // dynasm 5.1 encodes VFMADD231PD without W, which makes it VFMADD231PS.
        return None;
    }
    Some(Float::Lanes { op, p, d, a, b, lane })
}

/// Between formats, integers and bits.
fn conversion(insn: &Insn) -> Option<Float> {
    let from_integer = |size, sf, signed, d, n| {
        Some(Float::FromInteger {
            p: precision(size)?,
            d,
            w: Width::of(sf),
            signed,
            a: x(n),
        })
    };
    let to_integer = |size, sf, signed, d, a| {
        Some(Float::ToInteger {
            p: precision(size)?,
            d: dst(d),
            w: Width::of(sf),
            signed,
            a,
        })
    };
    let width = |size| match precision(size)? {
        Precision::Single => Some(Width::W),
        Precision::Double => Some(Width::X),
    };
    match *insn {
        Insn::Fcvt(Fcvt { to, from, rd, rn }) => {
            precision(from)?;
            Some(Float::Convert {
                to: precision(to)?,
                d: rd,
                a: rn,
            })
        }
        Insn::ScvtfGeneral(ScvtfGeneral { sf, size, rd, rn }) => from_integer(size, sf, true, rd, rn),
        Insn::UcvtfGeneral(UcvtfGeneral { sf, size, rd, rn }) => from_integer(size, sf, false, rd, rn),
        Insn::FcvtzsGeneral(FcvtzsGeneral { sf, size, rd, rn }) => to_integer(size, sf, true, rd, rn),
        Insn::FcvtzuGeneral(FcvtzuGeneral { sf, size, rd, rn }) => to_integer(size, sf, false, rd, rn),
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

fn comparison(insn: &Insn) -> Option<Float> {
    let of = |size, a, b, signal| {
        Some(Comparison {
            p: precision(size)?,
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
