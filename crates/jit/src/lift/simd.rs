//! Advanced SIMD on integers, and cryptography; what saturates, and what is about single elements, is in `simd_saturating.rs`. Left to the interpreter: SM3 and SM4.

use armlet_decoder::a64::*;

use super::memory::{address, write_base};
use super::{Lifter, dst, t, x};
use crate::emit::simd::has;
use crate::ir::Operand::{Constant, Lane, Reg, Zero};
use crate::ir::*;

/// What an instruction writes, in elements of which size.
#[derive(Clone, Copy)]
pub(super) struct To {
    pub size: u8,
    pub q: bool,
    pub rd: u8,
}

pub(super) fn to(size: u8, q: bool, rd: u8) -> To {
    To { size, q, rd }
}

/// The 64 bits of a scalar.
pub(super) fn scalar(rd: u8) -> To {
    to(3, false, rd)
}

pub(super) fn push(l: &mut Lifter, op: Simd) -> bool {
    l.push(Op::Simd(op));
    true
}

fn constant(l: &mut Lifter, q: bool, rd: u8, imm: u64) -> bool {
    let half = u128::from(imm);
    let value = if q { half << 64 | half } else { half };
    push(l, Simd::Constant { d: rd, value })
}

pub(super) fn lanes(l: &mut Lifter, op: Lanes, To { size, q, rd }: To, a: Operand, b: Operand, into: Into) -> bool {
    has(op, size)
        && push(
            l,
            Simd::Binary {
                op,
                size,
                q,
                d: rd,
                a,
                b,
                into,
            },
        )
}

pub(super) fn binary(l: &mut Lifter, op: Lanes, to: To, rn: u8, rm: u8) -> bool {
    lanes(l, op, to, Reg(rn), Reg(rm), Into::Replace)
}

fn with_zero(l: &mut Lifter, op: Lanes, to: To, rn: u8) -> bool {
    lanes(l, op, to, Reg(rn), Zero, Into::Replace)
}

fn zero_with(l: &mut Lifter, op: Lanes, to: To, rn: u8) -> bool {
    lanes(l, op, to, Zero, Reg(rn), Into::Replace)
}

fn pairwise(l: &mut Lifter, op: Lanes, To { size, q, rd }: To, a: u8, b: u8) -> bool {
    push(
        l,
        Simd::Pairwise {
            op,
            size,
            q,
            d: rd,
            a,
            b,
        },
    )
}

fn choose(l: &mut Lifter, op: Choose, q: bool, rd: u8, a: u8, b: u8) -> bool {
    push(l, Simd::Choose { op, q, d: rd, a, b })
}

fn single(l: &mut Lifter, op: Single, To { size, q, rd }: To, a: u8) -> bool {
    push(
        l,
        Simd::Single {
            op,
            size,
            q,
            d: rd,
            a: Reg(a),
        },
    )
}

fn shift(l: &mut Lifter, op: Shifts, To { size, q, rd }: To, a: u8, by: u8, into: Into) -> bool {
    push(
        l,
        Simd::Shift {
            op,
            size,
            q,
            d: rd,
            a,
            by,
            into,
        },
    )
}

/// The long and wide instructions; `to.q` selects the upper halves.
fn long(l: &mut Lifter, op: Lanes, signed: bool, wide: bool, to: To, (a, b): (u8, Operand), into: Into) -> bool {
    (has(op, to.size + 1) || matches!(op, Lanes::DifferenceSigned | Lanes::DifferenceUnsigned))
        && push(
            l,
            Simd::Long {
                op,
                size: to.size,
                signed,
                wide,
                upper: to.q,
                d: to.rd,
                a: Reg(a),
                b,
                into,
            },
        )
}

fn long_product(l: &mut Lifter, signed: bool, to: To, a: u8, b: Operand, into: Into) -> bool {
    let op = match (to.size, signed) {
        (2, true) => Lanes::MulLowSigned,
        (2, false) => Lanes::MulLowUnsigned,
        _ => Lanes::Mul,
    };
    long(l, op, signed, false, to, (a, b), into)
}

fn widen(l: &mut Lifter, signed: bool, To { size, q, rd }: To, a: u8, by: u8) -> bool {
    push(
        l,
        Simd::Widen {
            size,
            signed,
            upper: q,
            d: rd,
            a,
            by,
        },
    )
}

fn narrow(l: &mut Lifter, To { size, q, rd }: To, a: u8, by: u8, round: bool, excess: Excess) -> bool {
    push(
        l,
        Simd::Narrow {
            size,
            upper: q,
            d: rd,
            a: Reg(a),
            by,
            round,
            excess,
        },
    )
}

fn narrow_high(l: &mut Lifter, op: Sum, round: bool, To { size, q, rd }: To, a: u8, b: u8) -> bool {
    push(
        l,
        Simd::NarrowHigh {
            op,
            size,
            upper: q,
            round,
            d: rd,
            a,
            b,
        },
    )
}

fn shift_insert(l: &mut Lifter, op: Shifts, To { size, q, rd }: To, a: u8, by: u8) -> bool {
    push(
        l,
        Simd::ShiftInsert {
            op,
            size,
            q,
            d: rd,
            a,
            by,
        },
    )
}

fn dot(l: &mut Lifter, signed: (bool, bool), q: bool, rd: u8, a: u8, b: u8, lane: Option<u8>) -> bool {
    push(
        l,
        Simd::Dot {
            signed,
            q,
            d: rd,
            a,
            b,
            lane,
        },
    )
}

fn shifted(signed: bool, round: bool) -> Lanes {
    Lanes::Shift(ShiftLanes {
        signed,
        round,
        saturate: false,
    })
}

/// SHA-1 and SHA-256, where the host has instructions for them.
fn sha(l: &mut Lifter, op: Hash, d: u8, a: u8, b: u8) -> bool {
    is_x86_feature_detected!("sha") && push(l, Simd::Sha { op, d, a, b })
}

/// LD2 to LD4 and ST2 to ST4 of whole registers.
fn structures(l: &mut Lifter, load: bool, To { size, q, rd }: To, count: u8, rn: u8, rm: Option<u8>) -> bool {
    let at = address(rn, 0);
    l.push(Op::Vector(match load {
        true => Vector::LoadStructures {
            size,
            q,
            count,
            d: rd,
            at,
        },
        false => Vector::StoreStructures {
            size,
            q,
            count,
            a: rd,
            at,
        },
    }));
    post(l, rn, rm, i32::from(count) * if q { 16 } else { 8 })
}

/// LD1 to LD4 and ST1 to ST4 of one structure.
fn single_structure(
    l: &mut Lifter,
    load: bool,
    (size, lane): (u8, u8),
    rt: u8,
    count: u8,
    rn: u8,
    rm: Option<u8>,
) -> bool {
    for n in 0..count {
        let (v, at) = ((rt + n) & 31, address(rn, i32::from(n) << size));
        if load {
            l.push(Op::Load {
                load: Load::Zero(size),
                d: Var::T(0),
                at,
            });
            push(
                l,
                Simd::Insert {
                    size,
                    d: v,
                    lane,
                    a: t(0),
                },
            );
        } else {
            push(
                l,
                Simd::Move {
                    size,
                    d: Var::T(0),
                    a: v,
                    lane,
                },
            );
            l.push(Op::Store {
                size,
                a: t(0),
                at,
                release: false,
            });
        }
    }
    post(l, rn, rm, i32::from(count) << size)
}

/// LD1R to LD4R.
fn replicate(l: &mut Lifter, To { size, q, rd }: To, count: u8, rn: u8, rm: Option<u8>) -> bool {
    for n in 0..count {
        l.push(Op::Load {
            load: Load::Zero(size),
            d: Var::T(0),
            at: address(rn, i32::from(n) << size),
        });
        let d = (rd + n) & 31;
        push(l, Simd::Duplicate { size, q, d, a: t(0) });
    }
    post(l, rn, rm, i32::from(count) << size)
}

fn pair_long(l: &mut Lifter, signed: bool, To { size, q, rd }: To, a: u8, into: Into) -> bool {
    push(
        l,
        Simd::PairLong {
            size,
            signed,
            q,
            d: rd,
            a,
            into,
        },
    )
}

fn across(l: &mut Lifter, op: Lanes, To { size, q, rd }: To, a: u8) -> bool {
    push(
        l,
        Simd::Across {
            op: Across::Lanes(op),
            size,
            q,
            d: rd,
            a,
        },
    )
}

fn table(l: &mut Lifter, q: bool, rd: u8, a: u8, count: u8, b: u8) -> bool {
    push(
        l,
        Simd::Table {
            q,
            d: rd,
            a,
            count,
            b,
            keep: false,
        },
    )
}

/// AESE with AESMC behind it is one step on the host.
fn aes(l: &mut Lifter, op: Aes, d: u8, a: u8) -> bool {
    if !is_x86_feature_detected!("aes") {
        return false;
    }
    if let Some(Node {
        op: Op::Simd(Simd::Aes { op: last, d: state, .. }),
        ..
    }) = l.nodes.last_mut()
        && (op, *last, *state, a) == (Aes::Mix, Aes::Encrypt, d, d)
    {
        *last = Aes::EncryptMix;
        return true;
    }
    push(l, Simd::Aes { op, d, a })
}

/// The register behind the address, when a structure instruction writes it back: `rm` 31 stands for the bytes transferred.
fn post(l: &mut Lifter, rn: u8, rm: Option<u8>, bytes: i32) -> bool {
    match rm {
        Some(31) => write_base(l, rn, Some(bytes)),
        Some(rm) => l.push(Op::Alu {
            op: Alu::Add,
            w: Width::X,
            d: Some(Var::X(rn)),
            a: x(rn),
            b: x(rm),
            flags: false,
        }),
        None => {}
    }
    true
}

/// LD1 and ST1 of whole registers.
fn multiple(l: &mut Lifter, load: bool, q: bool, rt: u8, count: u8, rn: u8, rm: Option<u8>) -> bool {
    let size = if q { 4 } else { 3 };
    for n in 0..count {
        let at = address(rn, i32::from(n) << size);
        let v = (rt + n) & 31;
        l.push(Op::Vector(match load {
            true => Vector::Load { size, d: v, at },
            false => Vector::Store { size, a: v, at },
        }));
    }
    post(l, rn, rm, i32::from(count) << size)
}

/// Lifts an instruction of this file; `false` leaves it to others.
#[rustfmt::skip]
pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    match *insn {
        Insn::OrrImm32(OrrImm32 { q, rd, imm, .. }) => lanes(l, Lanes::Or, to(3, q, rd), Reg(rd), Constant(imm), Into::Replace),
        Insn::OrrImm16(OrrImm16 { q, rd, imm, .. }) => lanes(l, Lanes::Or, to(3, q, rd), Reg(rd), Constant(imm), Into::Replace),
        Insn::BicImm32(BicImm32 { q, rd, imm, .. }) => lanes(l, Lanes::Bic, to(3, q, rd), Reg(rd), Constant(imm), Into::Replace),
        Insn::BicImm16(BicImm16 { q, rd, imm, .. }) => lanes(l, Lanes::Bic, to(3, q, rd), Reg(rd), Constant(imm), Into::Replace),
        Insn::Movi32(Movi32 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::Movi16(Movi16 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::MoviShiftedOnes(MoviShiftedOnes { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::Mvni32(Mvni32 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::Mvni16(Mvni16 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::MvniShiftedOnes(MvniShiftedOnes { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::Movi8(Movi8 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::Movi64(Movi64 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::FmovImmVec32(FmovImmVec32 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::FmovImmVec16(FmovImmVec16 { q, rd, imm, .. }) => constant(l, q, rd, imm),
        Insn::FmovImmVec64(FmovImmVec64 { rd, imm, .. }) => constant(l, true, rd, imm),

        Insn::AddVec(AddVec { q, size, rd, rn, rm }) => binary(l, Lanes::Add, to(size, q, rd), rn, rm),
        Insn::SubVec(SubVec { q, size, rd, rn, rm }) => binary(l, Lanes::Sub, to(size, q, rd), rn, rm),
        Insn::MulVec(MulVec { q, size, rd, rn, rm }) => binary(l, Lanes::Mul, to(size, q, rd), rn, rm),
        Insn::CmeqVec(CmeqVec { q, size, rd, rn, rm }) => binary(l, Lanes::Equal, to(size, q, rd), rn, rm),
        Insn::CmgtVec(CmgtVec { q, size, rd, rn, rm }) => binary(l, Lanes::Greater, to(size, q, rd), rn, rm),
        Insn::CmgeVec(CmgeVec { q, size, rd, rn, rm }) => binary(l, Lanes::GreaterEqual, to(size, q, rd), rn, rm),
        Insn::CmhiVec(CmhiVec { q, size, rd, rn, rm }) => binary(l, Lanes::Higher, to(size, q, rd), rn, rm),
        Insn::CmhsVec(CmhsVec { q, size, rd, rn, rm }) => binary(l, Lanes::HigherSame, to(size, q, rd), rn, rm),
        Insn::CmtstVec(CmtstVec { q, size, rd, rn, rm }) => binary(l, Lanes::Test, to(size, q, rd), rn, rm),
        Insn::SmaxVec(SmaxVec { q, size, rd, rn, rm }) => binary(l, Lanes::MaxSigned, to(size, q, rd), rn, rm),
        Insn::SminVec(SminVec { q, size, rd, rn, rm }) => binary(l, Lanes::MinSigned, to(size, q, rd), rn, rm),
        Insn::UmaxVec(UmaxVec { q, size, rd, rn, rm }) => binary(l, Lanes::MaxUnsigned, to(size, q, rd), rn, rm),
        Insn::UminVec(UminVec { q, size, rd, rn, rm }) => binary(l, Lanes::MinUnsigned, to(size, q, rd), rn, rm),
        Insn::SabdVec(SabdVec { q, size, rd, rn, rm }) => binary(l, Lanes::DifferenceSigned, to(size, q, rd), rn, rm),
        Insn::UabdVec(UabdVec { q, size, rd, rn, rm }) => binary(l, Lanes::DifferenceUnsigned, to(size, q, rd), rn, rm),
        Insn::UshlVec(UshlVec { q, size, rd, rn, rm }) => binary(l, shifted(false, false), to(size, q, rd), rn, rm),
        Insn::SshlVec(SshlVec { q, size, rd, rn, rm }) => binary(l, shifted(true, false), to(size, q, rd), rn, rm),
        Insn::AddScalar(AddScalar { rd, rn, rm }) => binary(l, Lanes::Add, scalar(rd), rn, rm),
        Insn::SubScalar(SubScalar { rd, rn, rm }) => binary(l, Lanes::Sub, scalar(rd), rn, rm),
        Insn::CmeqScalar(CmeqScalar { rd, rn, rm }) => binary(l, Lanes::Equal, scalar(rd), rn, rm),
        Insn::CmgtScalar(CmgtScalar { rd, rn, rm }) => binary(l, Lanes::Greater, scalar(rd), rn, rm),
        Insn::CmgeScalar(CmgeScalar { rd, rn, rm }) => binary(l, Lanes::GreaterEqual, scalar(rd), rn, rm),
        Insn::CmhiScalar(CmhiScalar { rd, rn, rm }) => binary(l, Lanes::Higher, scalar(rd), rn, rm),
        Insn::CmhsScalar(CmhsScalar { rd, rn, rm }) => binary(l, Lanes::HigherSame, scalar(rd), rn, rm),
        Insn::CmtstScalar(CmtstScalar { rd, rn, rm }) => binary(l, Lanes::Test, scalar(rd), rn, rm),
        Insn::UshlScalar(UshlScalar { rd, rn, rm }) => binary(l, shifted(false, false), scalar(rd), rn, rm),
        Insn::Zip1(Zip1 { q, size, rd, rn, rm }) => binary(l, Lanes::Zip1, to(size, q, rd), rn, rm),
        Insn::Zip2(Zip2 { q, size, rd, rn, rm }) => binary(l, Lanes::Zip2, to(size, q, rd), rn, rm),
        Insn::Uzp1(Uzp1 { q, size, rd, rn, rm }) => binary(l, Lanes::Uzp1, to(size, q, rd), rn, rm),
        Insn::Uzp2(Uzp2 { q, size, rd, rn, rm }) => binary(l, Lanes::Uzp2, to(size, q, rd), rn, rm),
        Insn::Trn1(Trn1 { q, size, rd, rn, rm }) => binary(l, Lanes::Trn1, to(size, q, rd), rn, rm),
        Insn::Trn2(Trn2 { q, size, rd, rn, rm }) => binary(l, Lanes::Trn2, to(size, q, rd), rn, rm),
        Insn::AndVec(AndVec { q, rd, rn, rm }) => binary(l, Lanes::And, to(3, q, rd), rn, rm),
        Insn::BicVec(BicVec { q, rd, rn, rm }) => binary(l, Lanes::Bic, to(3, q, rd), rn, rm),
        Insn::OrrVec(OrrVec { q, rd, rn, rm }) => binary(l, Lanes::Or, to(3, q, rd), rn, rm),
        Insn::OrnVec(OrnVec { q, rd, rn, rm }) => binary(l, Lanes::Orn, to(3, q, rd), rn, rm),
        Insn::EorVec(EorVec { q, rd, rn, rm }) => binary(l, Lanes::Xor, to(3, q, rd), rn, rm),
        Insn::BslVec(BslVec { q, rd, rn, rm }) => choose(l, Choose::Bsl, q, rd, rn, rm),
        Insn::BitVec(BitVec { q, rd, rn, rm }) => choose(l, Choose::Bit, q, rd, rn, rm),
        Insn::BifVec(BifVec { q, rd, rn, rm }) => choose(l, Choose::Bif, q, rd, rn, rm),
        Insn::MlaVec(MlaVec { q, size, rd, rn, rm }) => lanes(l, Lanes::Mul, to(size, q, rd), Reg(rn), Reg(rm), Into::Add),
        Insn::MlsVec(MlsVec { q, size, rd, rn, rm }) => lanes(l, Lanes::Mul, to(size, q, rd), Reg(rn), Reg(rm), Into::Sub),
        Insn::SabaVec(SabaVec { q, size, rd, rn, rm }) => lanes(l, Lanes::DifferenceSigned, to(size, q, rd), Reg(rn), Reg(rm), Into::Add),
        Insn::UabaVec(UabaVec { q, size, rd, rn, rm }) => lanes(l, Lanes::DifferenceUnsigned, to(size, q, rd), Reg(rn), Reg(rm), Into::Add),
        Insn::MulElement(MulElement { q, size, rd, rn, index, rm }) => lanes(l, Lanes::Mul, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Replace),
        Insn::MlaElement(MlaElement { q, size, rd, rn, index, rm }) => lanes(l, Lanes::Mul, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Add),
        Insn::MlsElement(MlsElement { q, size, rd, rn, index, rm }) => lanes(l, Lanes::Mul, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Sub),

        Insn::CmeqZeroVec(CmeqZeroVec { q, size, rd, rn }) => with_zero(l, Lanes::Equal, to(size, q, rd), rn),
        Insn::CmgtZeroVec(CmgtZeroVec { q, size, rd, rn }) => with_zero(l, Lanes::Greater, to(size, q, rd), rn),
        Insn::CmgeZeroVec(CmgeZeroVec { q, size, rd, rn }) => with_zero(l, Lanes::GreaterEqual, to(size, q, rd), rn),
        Insn::CmltZeroVec(CmltZeroVec { q, size, rd, rn }) => zero_with(l, Lanes::Greater, to(size, q, rd), rn),
        Insn::CmleZeroVec(CmleZeroVec { q, size, rd, rn }) => zero_with(l, Lanes::GreaterEqual, to(size, q, rd), rn),
        Insn::NegVec(NegVec { q, size, rd, rn }) => zero_with(l, Lanes::Sub, to(size, q, rd), rn),
        Insn::AbsVec(AbsVec { q, size, rd, rn }) => single(l, Single::Abs, to(size, q, rd), rn),
        Insn::CmeqZeroScalar(CmeqZeroScalar { rd, rn }) => with_zero(l, Lanes::Equal, scalar(rd), rn),
        Insn::CmgtZeroScalar(CmgtZeroScalar { rd, rn }) => with_zero(l, Lanes::Greater, scalar(rd), rn),
        Insn::CmgeZeroScalar(CmgeZeroScalar { rd, rn }) => with_zero(l, Lanes::GreaterEqual, scalar(rd), rn),
        Insn::CmltZeroScalar(CmltZeroScalar { rd, rn }) => zero_with(l, Lanes::Greater, scalar(rd), rn),
        Insn::CmleZeroScalar(CmleZeroScalar { rd, rn }) => zero_with(l, Lanes::GreaterEqual, scalar(rd), rn),
        Insn::NegScalar(NegScalar { rd, rn }) => zero_with(l, Lanes::Sub, scalar(rd), rn),
        Insn::AbsScalar(AbsScalar { rd, rn }) => single(l, Single::Abs, scalar(rd), rn),
        Insn::NotVec(NotVec { q, rd, rn }) => single(l, Single::Not, to(0, q, rd), rn),
        Insn::Urecpe(Urecpe { q, rd, rn }) => single(l, Single::Estimate { root: false }, to(2, q, rd), rn),
        Insn::Ursqrte(Ursqrte { q, rd, rn }) => single(l, Single::Estimate { root: true }, to(2, q, rd), rn),
        Insn::CntVec(CntVec { q, rd, rn }) => single(l, Single::Count, to(0, q, rd), rn),
        Insn::RbitVec(RbitVec { q, rd, rn }) => single(l, Single::ReverseBits, to(0, q, rd), rn),
        Insn::Rev16Vec(Rev16Vec { q, rd, rn }) => single(l, Single::Reverse(1), to(0, q, rd), rn),
        Insn::Rev32Vec(Rev32Vec { q, size, rd, rn }) => single(l, Single::Reverse(2), to(size, q, rd), rn),
        Insn::Rev64(Rev64 { q, size, rd, rn }) => single(l, Single::Reverse(3), to(size, q, rd), rn),

        Insn::AddpVec(AddpVec { q, size, rd, rn, rm }) => pairwise(l, Lanes::Add, to(size, q, rd), rn, rm),
        Insn::Addv(Addv { q, size, rd, rn }) => across(l, Lanes::Add, to(size, q, rd), rn),
        Insn::SmaxpVec(SmaxpVec { q, size, rd, rn, rm }) => pairwise(l, Lanes::MaxSigned, to(size, q, rd), rn, rm),
        Insn::Smaxv(Smaxv { q, size, rd, rn }) => across(l, Lanes::MaxSigned, to(size, q, rd), rn),
        Insn::SminpVec(SminpVec { q, size, rd, rn, rm }) => pairwise(l, Lanes::MinSigned, to(size, q, rd), rn, rm),
        Insn::Sminv(Sminv { q, size, rd, rn }) => across(l, Lanes::MinSigned, to(size, q, rd), rn),
        Insn::UmaxpVec(UmaxpVec { q, size, rd, rn, rm }) => pairwise(l, Lanes::MaxUnsigned, to(size, q, rd), rn, rm),
        Insn::Umaxv(Umaxv { q, size, rd, rn }) => across(l, Lanes::MaxUnsigned, to(size, q, rd), rn),
        Insn::UminpVec(UminpVec { q, size, rd, rn, rm }) => pairwise(l, Lanes::MinUnsigned, to(size, q, rd), rn, rm),
        Insn::Uminv(Uminv { q, size, rd, rn }) => across(l, Lanes::MinUnsigned, to(size, q, rd), rn),
        Insn::AddpScalar(AddpScalar { rd, rn }) => across(l, Lanes::Add, to(3, true, rd), rn),
        Insn::Uaddlv(Uaddlv { q, size, rd, rn }) => push(l, Simd::Across { op: Across::Long { signed: false }, size, q, d: rd, a: rn }),
        Insn::Saddlv(Saddlv { q, size, rd, rn }) => push(l, Simd::Across { op: Across::Long { signed: true }, size, q, d: rd, a: rn }),
        Insn::Saddlp(Saddlp { q, size, rd, rn }) => pair_long(l, true, to(size, q, rd), rn, Into::Replace),
        Insn::Uaddlp(Uaddlp { q, size, rd, rn }) => pair_long(l, false, to(size, q, rd), rn, Into::Replace),
        Insn::Sadalp(Sadalp { q, size, rd, rn }) => pair_long(l, true, to(size, q, rd), rn, Into::Add),
        Insn::Uadalp(Uadalp { q, size, rd, rn }) => pair_long(l, false, to(size, q, rd), rn, Into::Add),

        Insn::ShlVec(ShlVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::Left, to(size, q, rd), rn, by, Into::Replace),
        Insn::ShlScalar(ShlScalar { rd, rn, shift: by }) => shift(l, Shifts::Left, scalar(rd), rn, by, Into::Replace),
        Insn::UshrVec(UshrVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::Right, to(size, q, rd), rn, by, Into::Replace),
        Insn::UshrScalar(UshrScalar { rd, rn, shift: by }) => shift(l, Shifts::Right, scalar(rd), rn, by, Into::Replace),
        Insn::SshrVec(SshrVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::RightSigned, to(size, q, rd), rn, by, Into::Replace),
        Insn::SshrScalar(SshrScalar { rd, rn, shift: by }) => shift(l, Shifts::RightSigned, scalar(rd), rn, by, Into::Replace),
        Insn::UsraVec(UsraVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::Right, to(size, q, rd), rn, by, Into::Add),
        Insn::UsraScalar(UsraScalar { rd, rn, shift: by }) => shift(l, Shifts::Right, scalar(rd), rn, by, Into::Add),
        Insn::SsraVec(SsraVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::RightSigned, to(size, q, rd), rn, by, Into::Add),
        Insn::SsraScalar(SsraScalar { rd, rn, shift: by }) => shift(l, Shifts::RightSigned, scalar(rd), rn, by, Into::Add),
        Insn::Sshll(Sshll { q, size, rd, rn, shift }) => widen(l, true, to(size, q, rd), rn, shift),
        Insn::Ushll(Ushll { q, size, rd, rn, shift }) => widen(l, false, to(size, q, rd), rn, shift),
        Insn::Shll(Shll { q, size, rd, rn }) => widen(l, false, to(size, q, rd), rn, 8 << size),
        Insn::Xtn(Xtn { q, size, rd, rn }) => narrow(l, to(size, q, rd), rn, 0, false, Excess::Cut),
        Insn::Shrn(Shrn { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, false, Excess::Cut),

        Insn::Saddl(Saddl { q, size, rd, rn, rm }) => long(l, Lanes::Add, true, false, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Uaddl(Uaddl { q, size, rd, rn, rm }) => long(l, Lanes::Add, false, false, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Saddw(Saddw { q, size, rd, rn, rm }) => long(l, Lanes::Add, true, true, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Uaddw(Uaddw { q, size, rd, rn, rm }) => long(l, Lanes::Add, false, true, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Ssubl(Ssubl { q, size, rd, rn, rm }) => long(l, Lanes::Sub, true, false, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Usubl(Usubl { q, size, rd, rn, rm }) => long(l, Lanes::Sub, false, false, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Ssubw(Ssubw { q, size, rd, rn, rm }) => long(l, Lanes::Sub, true, true, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Usubw(Usubw { q, size, rd, rn, rm }) => long(l, Lanes::Sub, false, true, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Sabdl(Sabdl { q, size, rd, rn, rm }) => long(l, Lanes::DifferenceSigned, true, false, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Uabdl(Uabdl { q, size, rd, rn, rm }) => long(l, Lanes::DifferenceSigned, false, false, to(size, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::Sabal(Sabal { q, size, rd, rn, rm }) => long(l, Lanes::DifferenceSigned, true, false, to(size, q, rd), (rn, Reg(rm)), Into::Add),
        Insn::Uabal(Uabal { q, size, rd, rn, rm }) => long(l, Lanes::DifferenceSigned, false, false, to(size, q, rd), (rn, Reg(rm)), Into::Add),
        Insn::SmullVec(SmullVec { q, size, rd, rn, rm }) => long_product(l, true, to(size, q, rd), rn, Reg(rm), Into::Replace),
        Insn::SmullElement(SmullElement { q, size, rd, rn, index, rm }) => long_product(l, true, to(size, q, rd), rn, Lane(rm, index), Into::Replace),
        Insn::UmullVec(UmullVec { q, size, rd, rn, rm }) => long_product(l, false, to(size, q, rd), rn, Reg(rm), Into::Replace),
        Insn::UmullElement(UmullElement { q, size, rd, rn, index, rm }) => long_product(l, false, to(size, q, rd), rn, Lane(rm, index), Into::Replace),
        Insn::SmlalVec(SmlalVec { q, size, rd, rn, rm }) => long_product(l, true, to(size, q, rd), rn, Reg(rm), Into::Add),
        Insn::SmlalElement(SmlalElement { q, size, rd, rn, index, rm }) => long_product(l, true, to(size, q, rd), rn, Lane(rm, index), Into::Add),
        Insn::UmlalVec(UmlalVec { q, size, rd, rn, rm }) => long_product(l, false, to(size, q, rd), rn, Reg(rm), Into::Add),
        Insn::UmlalElement(UmlalElement { q, size, rd, rn, index, rm }) => long_product(l, false, to(size, q, rd), rn, Lane(rm, index), Into::Add),
        Insn::SmlslVec(SmlslVec { q, size, rd, rn, rm }) => long_product(l, true, to(size, q, rd), rn, Reg(rm), Into::Sub),
        Insn::SmlslElement(SmlslElement { q, size, rd, rn, index, rm }) => long_product(l, true, to(size, q, rd), rn, Lane(rm, index), Into::Sub),
        Insn::UmlslVec(UmlslVec { q, size, rd, rn, rm }) => long_product(l, false, to(size, q, rd), rn, Reg(rm), Into::Sub),
        Insn::UmlslElement(UmlslElement { q, size, rd, rn, index, rm }) => long_product(l, false, to(size, q, rd), rn, Lane(rm, index), Into::Sub),

        Insn::DupGeneral(DupGeneral { q, size, rd, rn }) => push(l, Simd::Duplicate { size, q, d: rd, a: x(rn) }),
        Insn::DupElementVec(DupElementVec { q, size, rd, rn, index }) => push(l, Simd::DuplicateLane { size, q, d: rd, a: rn, lane: index }),
        Insn::DupElementScalar(DupElementScalar { size, rd, rn, index }) => push(l, Simd::Element { size, d: rd, a: rn, lane: index }),
        Insn::InsGeneral(InsGeneral { size, rd, rn, index }) => push(l, Simd::Insert { size, d: rd, lane: index, a: x(rn) }),
        Insn::InsElement(InsElement { size, rd, rn, index, source }) => push(l, Simd::Copy { size, d: rd, lane: index, a: rn, from: source }),
        Insn::Umov(Umov { size, rd, rn, index, .. }) => push(l, Simd::Move { size, d: dst(rd), a: rn, lane: index }),
        Insn::Smov(Smov { sf, size, rd, rn, index }) => {
            push(l, Simd::Move { size, d: dst(rd), a: rn, lane: index });
            let op = [Extend::S8, Extend::S16, Extend::S32][usize::from(size.min(2))];
            l.push(Op::Extend { op, w: Width::of(sf), d: dst(rd), a: Val::Var(dst(rd)) });
            true
        }
        Insn::Ext(Ext { q, rd, rn, rm, index }) => push(l, Simd::Extract { q, d: rd, a: rn, b: rm, by: index }),
        Insn::Tbl(Tbl { q, rd, rn, rm, count }) => table(l, q, rd, rn, count, rm),
        Insn::Pmull64(Pmull64 { q, rd, rn, rm }) if is_x86_feature_detected!("pclmulqdq") => push(l, Simd::Pmull { upper: q, d: rd, a: rn, b: rm }),
        Insn::Aese(Aese { rd, rn }) => aes(l, Aes::Encrypt, rd, rn),
        Insn::Aesd(Aesd { rd, rn }) => aes(l, Aes::Decrypt, rd, rn),
        Insn::Aesmc(Aesmc { rd, rn }) => aes(l, Aes::Mix, rd, rn),
        Insn::Aesimc(Aesimc { rd, rn }) => aes(l, Aes::InverseMix, rd, rn),

        Insn::Ld1Multiple(Ld1Multiple { q, rt, rn, count, .. }) => multiple(l, true, q, rt, count, rn, None),
        Insn::St1Multiple(St1Multiple { q, rt, rn, count, .. }) => multiple(l, false, q, rt, count, rn, None),
        Insn::Ld1MultiplePost(Ld1MultiplePost { q, rt, rn, rm, count, .. }) => multiple(l, true, q, rt, count, rn, Some(rm)),
        Insn::St1MultiplePost(St1MultiplePost { q, rt, rn, rm, count, .. }) => multiple(l, false, q, rt, count, rn, Some(rm)),
        Insn::Ld1Single(Ld1Single { size, index, rt, rn }) => single_structure(l, true, (size, index), rt, 1, rn, None),
        Insn::Ld1SinglePost(Ld1SinglePost { size, index, rt, rn, rm }) => single_structure(l, true, (size, index), rt, 1, rn, Some(rm)),
        Insn::St1Single(St1Single { size, index, rt, rn }) => single_structure(l, false, (size, index), rt, 1, rn, None),
        Insn::St1SinglePost(St1SinglePost { size, index, rt, rn, rm }) => single_structure(l, false, (size, index), rt, 1, rn, Some(rm)),
        Insn::Ld1r(Ld1r { q, size, rt, rn }) => replicate(l, to(size, q, rt), 1, rn, None),
        Insn::Ld1rPost(Ld1rPost { q, size, rt, rn, rm }) => replicate(l, to(size, q, rt), 1, rn, Some(rm)),
        Insn::Ld2Single(Ld2Single { size, index, rt, rn }) => single_structure(l, true, (size, index), rt, 2, rn, None),
        Insn::Ld2Multiple(Ld2Multiple { q, size, rt, rn }) => structures(l, true, to(size, q, rt), 2, rn, None),
        Insn::Ld2SinglePost(Ld2SinglePost { size, index, rt, rn, rm }) => single_structure(l, true, (size, index), rt, 2, rn, Some(rm)),
        Insn::Ld2MultiplePost(Ld2MultiplePost { q, size, rt, rn, rm }) => structures(l, true, to(size, q, rt), 2, rn, Some(rm)),
        Insn::St2Single(St2Single { size, index, rt, rn }) => single_structure(l, false, (size, index), rt, 2, rn, None),
        Insn::St2Multiple(St2Multiple { q, size, rt, rn }) => structures(l, false, to(size, q, rt), 2, rn, None),
        Insn::St2SinglePost(St2SinglePost { size, index, rt, rn, rm }) => single_structure(l, false, (size, index), rt, 2, rn, Some(rm)),
        Insn::St2MultiplePost(St2MultiplePost { q, size, rt, rn, rm }) => structures(l, false, to(size, q, rt), 2, rn, Some(rm)),
        Insn::Ld2r(Ld2r { q, size, rt, rn }) => replicate(l, to(size, q, rt), 2, rn, None),
        Insn::Ld2rPost(Ld2rPost { q, size, rt, rn, rm }) => replicate(l, to(size, q, rt), 2, rn, Some(rm)),
        Insn::Ld3Single(Ld3Single { size, index, rt, rn }) => single_structure(l, true, (size, index), rt, 3, rn, None),
        Insn::Ld3Multiple(Ld3Multiple { q, size, rt, rn }) => structures(l, true, to(size, q, rt), 3, rn, None),
        Insn::Ld3SinglePost(Ld3SinglePost { size, index, rt, rn, rm }) => single_structure(l, true, (size, index), rt, 3, rn, Some(rm)),
        Insn::Ld3MultiplePost(Ld3MultiplePost { q, size, rt, rn, rm }) => structures(l, true, to(size, q, rt), 3, rn, Some(rm)),
        Insn::St3Single(St3Single { size, index, rt, rn }) => single_structure(l, false, (size, index), rt, 3, rn, None),
        Insn::St3Multiple(St3Multiple { q, size, rt, rn }) => structures(l, false, to(size, q, rt), 3, rn, None),
        Insn::St3SinglePost(St3SinglePost { size, index, rt, rn, rm }) => single_structure(l, false, (size, index), rt, 3, rn, Some(rm)),
        Insn::St3MultiplePost(St3MultiplePost { q, size, rt, rn, rm }) => structures(l, false, to(size, q, rt), 3, rn, Some(rm)),
        Insn::Ld3r(Ld3r { q, size, rt, rn }) => replicate(l, to(size, q, rt), 3, rn, None),
        Insn::Ld3rPost(Ld3rPost { q, size, rt, rn, rm }) => replicate(l, to(size, q, rt), 3, rn, Some(rm)),
        Insn::Ld4Single(Ld4Single { size, index, rt, rn }) => single_structure(l, true, (size, index), rt, 4, rn, None),
        Insn::Ld4Multiple(Ld4Multiple { q, size, rt, rn }) => structures(l, true, to(size, q, rt), 4, rn, None),
        Insn::Ld4SinglePost(Ld4SinglePost { size, index, rt, rn, rm }) => single_structure(l, true, (size, index), rt, 4, rn, Some(rm)),
        Insn::Ld4MultiplePost(Ld4MultiplePost { q, size, rt, rn, rm }) => structures(l, true, to(size, q, rt), 4, rn, Some(rm)),
        Insn::St4Single(St4Single { size, index, rt, rn }) => single_structure(l, false, (size, index), rt, 4, rn, None),
        Insn::St4Multiple(St4Multiple { q, size, rt, rn }) => structures(l, false, to(size, q, rt), 4, rn, None),
        Insn::St4SinglePost(St4SinglePost { size, index, rt, rn, rm }) => single_structure(l, false, (size, index), rt, 4, rn, Some(rm)),
        Insn::St4MultiplePost(St4MultiplePost { q, size, rt, rn, rm }) => structures(l, false, to(size, q, rt), 4, rn, Some(rm)),
        Insn::Ld4r(Ld4r { q, size, rt, rn }) => replicate(l, to(size, q, rt), 4, rn, None),
        Insn::Ld4rPost(Ld4rPost { q, size, rt, rn, rm }) => replicate(l, to(size, q, rt), 4, rn, Some(rm)),
        Insn::ShaddVec(ShaddVec { q, size, rd, rn, rm }) => binary(l, Lanes::Halve(Halving::Sum, true), to(size, q, rd), rn, rm),
        Insn::UhaddVec(UhaddVec { q, size, rd, rn, rm }) => binary(l, Lanes::Halve(Halving::Sum, false), to(size, q, rd), rn, rm),
        Insn::SrhaddVec(SrhaddVec { q, size, rd, rn, rm }) => binary(l, Lanes::Halve(Halving::SumRounded, true), to(size, q, rd), rn, rm),
        Insn::UrhaddVec(UrhaddVec { q, size, rd, rn, rm }) => binary(l, Lanes::Halve(Halving::SumRounded, false), to(size, q, rd), rn, rm),
        Insn::ShsubVec(ShsubVec { q, size, rd, rn, rm }) => binary(l, Lanes::Halve(Halving::Difference, true), to(size, q, rd), rn, rm),
        Insn::UhsubVec(UhsubVec { q, size, rd, rn, rm }) => binary(l, Lanes::Halve(Halving::Difference, false), to(size, q, rd), rn, rm),
        Insn::SqaddVec(SqaddVec { q, size, rd, rn, rm }) => binary(l, Lanes::Saturate(Sum::Add, true), to(size, q, rd), rn, rm),
        Insn::UqaddVec(UqaddVec { q, size, rd, rn, rm }) => binary(l, Lanes::Saturate(Sum::Add, false), to(size, q, rd), rn, rm),
        Insn::SqsubVec(SqsubVec { q, size, rd, rn, rm }) => binary(l, Lanes::Saturate(Sum::Sub, true), to(size, q, rd), rn, rm),
        Insn::UqsubVec(UqsubVec { q, size, rd, rn, rm }) => binary(l, Lanes::Saturate(Sum::Sub, false), to(size, q, rd), rn, rm),
        Insn::SqdmulhVec(SqdmulhVec { q, size, rd, rn, rm }) => binary(l, Lanes::DoublingHigh { round: false }, to(size, q, rd), rn, rm),
        Insn::SqdmulhElementVec(SqdmulhElementVec { q, size, rd, rn, index, rm }) => lanes(l, Lanes::DoublingHigh { round: false }, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Replace),
        Insn::SqrdmulhVec(SqrdmulhVec { q, size, rd, rn, rm }) => binary(l, Lanes::DoublingHigh { round: true }, to(size, q, rd), rn, rm),
        Insn::SqrdmulhElementVec(SqrdmulhElementVec { q, size, rd, rn, index, rm }) => lanes(l, Lanes::DoublingHigh { round: true }, to(size, q, rd), Reg(rn), Lane(rm, index), Into::Replace),
        Insn::SrshrVec(SrshrVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::RightSignedRounded, to(size, q, rd), rn, by, Into::Replace),
        Insn::SrshrScalar(SrshrScalar { rd, rn, shift: by }) => shift(l, Shifts::RightSignedRounded, scalar(rd), rn, by, Into::Replace),
        Insn::UrshrVec(UrshrVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::RightRounded, to(size, q, rd), rn, by, Into::Replace),
        Insn::UrshrScalar(UrshrScalar { rd, rn, shift: by }) => shift(l, Shifts::RightRounded, scalar(rd), rn, by, Into::Replace),
        Insn::SrsraVec(SrsraVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::RightSignedRounded, to(size, q, rd), rn, by, Into::Add),
        Insn::SrsraScalar(SrsraScalar { rd, rn, shift: by }) => shift(l, Shifts::RightSignedRounded, scalar(rd), rn, by, Into::Add),
        Insn::UrsraVec(UrsraVec { q, size, rd, rn, shift: by }) => shift(l, Shifts::RightRounded, to(size, q, rd), rn, by, Into::Add),
        Insn::UrsraScalar(UrsraScalar { rd, rn, shift: by }) => shift(l, Shifts::RightRounded, scalar(rd), rn, by, Into::Add),
        Insn::SriVec(SriVec { q, size, rd, rn, shift: by }) => shift_insert(l, Shifts::Right, to(size, q, rd), rn, by),
        Insn::SriScalar(SriScalar { rd, rn, shift: by }) => shift_insert(l, Shifts::Right, scalar(rd), rn, by),
        Insn::SliVec(SliVec { q, size, rd, rn, shift: by }) => shift_insert(l, Shifts::Left, to(size, q, rd), rn, by),
        Insn::SliScalar(SliScalar { rd, rn, shift: by }) => shift_insert(l, Shifts::Left, scalar(rd), rn, by),
        Insn::Rshrn(Rshrn { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, true, Excess::Cut),
        Insn::SqshrunVec(SqshrunVec { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, false, Excess::Saturate { from_signed: true, to_signed: false }),
        Insn::SqrshrunVec(SqrshrunVec { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, true, Excess::Saturate { from_signed: true, to_signed: false }),
        Insn::SqshrnVec(SqshrnVec { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, false, Excess::Saturate { from_signed: true, to_signed: true }),
        Insn::SqrshrnVec(SqrshrnVec { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, true, Excess::Saturate { from_signed: true, to_signed: true }),
        Insn::UqshrnVec(UqshrnVec { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, false, Excess::Saturate { from_signed: false, to_signed: false }),
        Insn::UqrshrnVec(UqrshrnVec { q, size, rd, rn, shift }) => narrow(l, to(size, q, rd), rn, shift, true, Excess::Saturate { from_signed: false, to_signed: false }),
        Insn::SqxtnVec(SqxtnVec { q, size, rd, rn }) => narrow(l, to(size, q, rd), rn, 0, false, Excess::Saturate { from_signed: true, to_signed: true }),
        Insn::SqxtunVec(SqxtunVec { q, size, rd, rn }) => narrow(l, to(size, q, rd), rn, 0, false, Excess::Saturate { from_signed: true, to_signed: false }),
        Insn::UqxtnVec(UqxtnVec { q, size, rd, rn }) => narrow(l, to(size, q, rd), rn, 0, false, Excess::Saturate { from_signed: false, to_signed: false }),
        Insn::Addhn(Addhn { q, size, rd, rn, rm }) => narrow_high(l, Sum::Add, false, to(size, q, rd), rn, rm),
        Insn::Raddhn(Raddhn { q, size, rd, rn, rm }) => narrow_high(l, Sum::Add, true, to(size, q, rd), rn, rm),
        Insn::Subhn(Subhn { q, size, rd, rn, rm }) => narrow_high(l, Sum::Sub, false, to(size, q, rd), rn, rm),
        Insn::Rsubhn(Rsubhn { q, size, rd, rn, rm }) => narrow_high(l, Sum::Sub, true, to(size, q, rd), rn, rm),
        Insn::ClzVec(ClzVec { q, size, rd, rn }) => single(l, Single::LeadingZeros, to(size, q, rd), rn),
        Insn::ClsVec(ClsVec { q, size, rd, rn }) => single(l, Single::LeadingSigns, to(size, q, rd), rn),
        Insn::Tbx(Tbx { q, rd, rn, rm, count }) => push(l, Simd::Table { q, d: rd, a: rn, count, b: rm, keep: true }),
        Insn::SdotVec(SdotVec { q, rd, rn, rm }) => dot(l, (true, true), q, rd, rn, rm, None),
        Insn::SdotElement(SdotElement { q, rd, rn, rm, index }) => dot(l, (true, true), q, rd, rn, rm, Some(index)),
        Insn::UdotVec(UdotVec { q, rd, rn, rm }) => dot(l, (false, false), q, rd, rn, rm, None),
        Insn::UdotElement(UdotElement { q, rd, rn, rm, index }) => dot(l, (false, false), q, rd, rn, rm, Some(index)),
        Insn::Sha1c(Sha1c { rd, rn, rm }) => sha(l, Hash::Sha1c, rd, rn, rm),
        Insn::Sha1p(Sha1p { rd, rn, rm }) => sha(l, Hash::Sha1p, rd, rn, rm),
        Insn::Sha1m(Sha1m { rd, rn, rm }) => sha(l, Hash::Sha1m, rd, rn, rm),
        Insn::Sha1su0(Sha1su0 { rd, rn, rm }) => sha(l, Hash::Sha1su0, rd, rn, rm),
        Insn::Sha256h(Sha256h { rd, rn, rm }) => sha(l, Hash::Sha256h, rd, rn, rm),
        Insn::Sha256h2(Sha256h2 { rd, rn, rm }) => sha(l, Hash::Sha256h2, rd, rn, rm),
        Insn::Sha256su1(Sha256su1 { rd, rn, rm }) => sha(l, Hash::Sha256su1, rd, rn, rm),
        Insn::Sha1h(Sha1h { rd, rn }) => sha(l, Hash::Sha1h, rd, rn, rn),
        Insn::Sha1su1(Sha1su1 { rd, rn }) => sha(l, Hash::Sha1su1, rd, rn, rn),
        Insn::Sha256su0(Sha256su0 { rd, rn }) => sha(l, Hash::Sha256su0, rd, rn, rn),
        Insn::Eor3(Eor3 { rd, rn, rm, ra }) => push(l, Simd::Three { op: Three::Xor, d: rd, a: rn, b: rm, c: ra }),
        Insn::Bcax(Bcax { rd, rn, rm, ra }) => push(l, Simd::Three { op: Three::BitClearXor, d: rd, a: rn, b: rm, c: ra }),
        Insn::Rax1(Rax1 { rd, rn, rm }) => push(l, Simd::XorRotate { d: rd, a: rn, b: rm, by: 0 }),
        Insn::Xar(Xar { rd, rn, rm, imm: 0 }) => binary(l, Lanes::Xor, to(3, true, rd), rn, rm),
        Insn::Xar(Xar { rd, rn, rm, imm }) => push(l, Simd::XorRotate { d: rd, a: rn, b: rm, by: imm }),
        Insn::SshlScalar(SshlScalar { rd, rn, rm }) => binary(l, shifted(true, false), scalar(rd), rn, rm),
        Insn::SrshlVec(SrshlVec { q, size, rd, rn, rm }) => binary(l, shifted(true, true), to(size, q, rd), rn, rm),
        Insn::UrshlVec(UrshlVec { q, size, rd, rn, rm }) => binary(l, shifted(false, true), to(size, q, rd), rn, rm),
        Insn::SrshlScalar(SrshlScalar { rd, rn, rm }) => binary(l, shifted(true, true), scalar(rd), rn, rm),
        Insn::UrshlScalar(UrshlScalar { rd, rn, rm }) => binary(l, shifted(false, true), scalar(rd), rn, rm),
        Insn::PmulVec(PmulVec { q, rd, rn, rm, .. }) => binary(l, Lanes::Polynomial, to(0, q, rd), rn, rm),
        Insn::Pmull8(Pmull8 { q, rd, rn, rm }) => long(l, Lanes::Polynomial, false, false, to(0, q, rd), (rn, Reg(rm)), Into::Replace),
        Insn::UsdotVec(UsdotVec { q, rd, rn, rm }) => dot(l, (false, true), q, rd, rn, rm, None),
        Insn::UsdotElement(UsdotElement { q, rd, rn, rm, index }) => dot(l, (false, true), q, rd, rn, rm, Some(index)),
        Insn::SudotElement(SudotElement { q, rd, rn, rm, index }) => dot(l, (true, false), q, rd, rn, rm, Some(index)),
        Insn::Smmla(Smmla { rd, rn, rm }) => push(l, Simd::MatrixProduct { signed: (true, true), d: rd, a: rn, b: rm }),
        Insn::Ummla(Ummla { rd, rn, rm }) => push(l, Simd::MatrixProduct { signed: (false, false), d: rd, a: rn, b: rm }),
        Insn::Usmmla(Usmmla { rd, rn, rm }) => push(l, Simd::MatrixProduct { signed: (false, true), d: rd, a: rn, b: rm }),
        Insn::Sha512h(Sha512h { rd, rn, rm }) => push(l, Simd::Sha { op: Hash::Sha512h, d: rd, a: rn, b: rm }),
        Insn::Sha512h2(Sha512h2 { rd, rn, rm }) => push(l, Simd::Sha { op: Hash::Sha512h2, d: rd, a: rn, b: rm }),
        Insn::Sha512su0(Sha512su0 { rd, rn }) => push(l, Simd::Sha { op: Hash::Sha512su0, d: rd, a: rn, b: rn }),
        Insn::Sha512su1(Sha512su1 { rd, rn, rm }) => push(l, Simd::Sha { op: Hash::Sha512su1, d: rd, a: rn, b: rm }),
        ref other => super::simd_saturating::lift(l, other),
    }
}
