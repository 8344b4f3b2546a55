//! Multiplications of halfwords, and with a sum or a difference of 64 bits; saturation; parallel additions and subtractions; what else is done with halfwords
//! and bytes.

use armlet_decoder::a32::*;
use armlet_interpreter::a32::Place;

use super::integer::{add, multiply, pack, set_pair, shifted};
use super::{Lifted, imm, r, t};
use crate::ir::*;
use crate::lift::Lifter;

const W: Width = Width::W;
const X: Width = Width::X;

/// T\[n\] = a signed half of a register, the upper one if `top`, in 64 bits.
fn half(l: &mut Lifter, n: u8, a: Val, top: bool) {
    l.push(Op::Field {
        w: X,
        d: Var::T(n),
        a,
        lsb: if top { 16 } else { 0 },
        width: 16,
        signed: true,
    });
}

/// T\[n\] = a signed register, in 64 bits.
fn signed(l: &mut Lifter, n: u8, a: Val) {
    l.push(Op::Extend {
        op: Extend::S32,
        w: X,
        d: Var::T(n),
        a,
    });
}

fn shift(l: &mut Lifter, op: Shift, w: Width, d: Var, a: Val, by: u32) {
    let b = imm(by);
    l.push(Op::Shift { op, w, d, a, b });
}

/// T0 = the product of two halves.
fn product(l: &mut Lifter, (n, x): (Val, bool), (m, y): (Val, bool)) {
    half(l, 0, n, x);
    half(l, 1, m, y);
    multiply(l, X, Var::T(0), t(0), t(1));
}

/// T0 = the upper 32 bits of the product of a register and a half, which has 48.
fn product_by_half(l: &mut Lifter, n: Val, m: Val, y: bool) {
    signed(l, 0, n);
    half(l, 1, m, y);
    multiply(l, X, Var::T(0), t(0), t(1));
    shift(l, Shift::Asr, X, Var::T(0), t(0), 16);
}

/// T0 += a signed register.
fn accumulate(l: &mut Lifter, a: Val) {
    signed(l, 1, a);
    add(l, Alu::Add, X, Var::T(0), t(0), t(1));
}

/// Rd = the low word of T0; Q is set if that is another number.
fn set_q(l: &mut Lifter, rd: u8) -> Lifted {
    signed(l, 1, t(0));
    add(l, Alu::Xor, X, Var::T(1), t(1), t(0));
    shift(l, Shift::Lsr, X, Var::T(1), t(1), 63);
    l.push(Op::Media(Media::SetQ { a: t(1) }));
    word(l, rd)
}

/// Rd = the low word of T0.
fn word(l: &mut Lifter, rd: u8) -> Lifted {
    l.push(Op::Mov {
        w: W,
        d: Var::X(rd),
        a: t(0),
    });
    Lifted::Done
}

/// RdHi:RdLo += T0.
fn add_to_pair(l: &mut Lifter, hi: u8, lo: u8) -> Lifted {
    let (high, low) = (Val::Var(Var::X(hi)), Val::Var(Var::X(lo)));
    shift(l, Shift::Lsl, X, Var::T(1), high, 32);
    add(l, Alu::Or, X, Var::T(1), t(1), low);
    add(l, Alu::Add, X, Var::T(0), t(0), t(1));
    set_pair(l, hi, lo);
    Lifted::Done
}

/// T0 = the sum or difference of both products of halves.
fn products(l: &mut Lifter, a: Val, b: Val, swap: bool, subtract: bool) {
    let d = Var::T(0);
    l.push(Op::Media(Media::Products {
        swap,
        subtract,
        d,
        a,
        b,
    }));
}

fn saturate(l: &mut Lifter, signed: bool, bits: u8, d: Var) {
    let a = t(0);
    l.push(Op::Media(Media::Saturate { signed, bits, d, a }));
}

/// Rd = the saturated sum or difference of Rm and Rn, which is doubled and saturated before if `double`.
fn saturating(l: &mut Lifter, op: Alu, double: bool, rd: u8, m: Val, n: Val) -> Lifted {
    signed(l, 0, n);
    if double {
        add(l, Alu::Add, X, Var::T(0), t(0), t(0));
        saturate(l, true, 32, Var::T(0));
        signed(l, 0, t(0));
    }
    signed(l, 1, m);
    add(l, op, X, Var::T(0), t(1), t(0));
    saturate(l, true, 32, Var::X(rd));
    Lifted::Done
}

/// The high word of a product, which is added to a register or subtracted from it, above.
fn high_product(l: &mut Lifter, rd: u8, n: Val, m: Val, with: Option<(Alu, Val)>, round: bool) -> Lifted {
    signed(l, 0, n);
    signed(l, 1, m);
    multiply(l, X, Var::T(0), t(0), t(1));
    if let Some((op, a)) = with {
        shift(l, Shift::Lsl, X, Var::T(1), a, 32);
        add(l, op, X, Var::T(0), t(1), t(0));
    }
    if round {
        add(l, Alu::Add, X, Var::T(0), t(0), imm(0x8000_0000));
    }
    shift(l, Shift::Lsr, X, Var::X(rd), t(0), 32);
    Lifted::Done
}

/// SSAT and USAT.
fn saturate_word(
    l: &mut Lifter,
    place: Place,
    (kind, bits): (bool, u8),
    rd: u8,
    (rn, shift, amount): (u8, u8, u8),
) -> Lifted {
    match shifted(l, place, rn, shift, amount, Var::T(0)) {
        Some(value @ Val::Var(_)) => signed(l, 0, value),
        _ => return Lifted::Unknown,
    }
    saturate(l, kind, bits, Var::X(rd));
    Lifted::Done
}

/// SXTB16 and UXTB16: two bytes of a rotated register as halfwords; added to those of another one if there is one.
fn extend_bytes(l: &mut Lifter, is_signed: bool, rd: u8, rn: Option<Val>, rm: Val, rotation: u8) -> Lifted {
    shift(l, Shift::Ror, W, Var::T(0), rm, rotation.into());
    if is_signed {
        let op = Extend::S8;
        l.push(Op::Extend {
            op,
            w: W,
            d: Var::T(1),
            a: t(0),
        });
        shift(l, Shift::Lsl, W, Var::T(0), t(0), 8);
        shift(l, Shift::Asr, W, Var::T(0), t(0), 8);
    } else {
        add(l, Alu::And, W, Var::T(0), t(0), imm(0x00ff_00ff));
    }
    match rn {
        None if is_signed => return pack(l, rd),
        None => return word(l, rd),
        Some(_) if is_signed => {
            // (What `pack` does, in T0.)
            add(l, Alu::And, W, Var::T(0), t(0), imm(0xffff_0000));
            let op = Extend::U16;
            l.push(Op::Extend {
                op,
                w: W,
                d: Var::T(1),
                a: t(1),
            });
            add(l, Alu::Or, W, Var::T(0), t(0), t(1));
        }
        Some(_) => {}
    }
    if let Some(a) = rn {
        l.push(Op::Media(Media::Parallel {
            op: Parallel::Add,
            kept: Kept::Plain,
            bytes: false,
            d: Var::X(rd),
            a,
            b: t(0),
        }));
    }
    Lifted::Done
}

/// The instructions that add and subtract in parallel: `Type operation kept bytes;`
macro_rules! parallel {
    ($l:expr, $place:expr, $insn:expr; $($Type:ident $op:ident $kept:ident $bytes:literal;)*) => {
        match *$insn {
            $(Insn::$Type($Type { rd, rn, rm }) => {
                $l.push(Op::Media(Media::Parallel {
                    op: Parallel::$op,
                    kept: Kept::$kept,
                    bytes: $bytes,
                    d: Var::X(rd),
                    a: r($place, rn),
                    b: r($place, rm),
                }));
                Lifted::Done
            })*
            _ => Lifted::Unknown,
        }
    };
}

fn parallel(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    parallel! { l, place, insn;
        Sadd8 Add Signed true; Ssub8 Sub Signed true; Sadd16 Add Signed false; Ssub16 Sub Signed false;
        Uadd8 Add Unsigned true; Usub8 Sub Unsigned true; Uadd16 Add Unsigned false; Usub16 Sub Unsigned false;
        Qadd8 Add SignedSaturated true; Qsub8 Sub SignedSaturated true;
        Qadd16 Add SignedSaturated false; Qsub16 Sub SignedSaturated false;
        Sasx SubAdd Signed false; Ssax AddSub Signed false; Uasx SubAdd Unsigned false; Usax AddSub Unsigned false;
        Shasx SubAdd SignedHalved false; Shsax AddSub SignedHalved false;
        Uhasx SubAdd UnsignedHalved false; Uhsax AddSub UnsignedHalved false;
        Qasx SubAdd SignedSaturated false; Qsax AddSub SignedSaturated false;
        Uqadd8 Add UnsignedSaturated true; Uqsub8 Sub UnsignedSaturated true;
        Uqadd16 Add UnsignedSaturated false; Uqsub16 Sub UnsignedSaturated false;
        Uqasx SubAdd UnsignedSaturated false; Uqsax AddSub UnsignedSaturated false;
        Shadd8 Add SignedHalved true; Shsub8 Sub SignedHalved true;
        Shadd16 Add SignedHalved false; Shsub16 Sub SignedHalved false;
        Uhadd8 Add UnsignedHalved true; Uhsub8 Sub UnsignedHalved true;
        Uhadd16 Add UnsignedHalved false; Uhsub16 Sub UnsignedHalved false;
    }
}

/// Lifts an instruction of this file.
#[rustfmt::skip]
pub(super) fn lift(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    let r = |n| r(place, n);
    match *insn {
        Insn::Smulxy(Smulxy { rd, rn, rm, x, y }) => {
            product(l, (r(rn), x), (r(rm), y));
            word(l, rd)
        }
        Insn::Smlaxy(Smlaxy { rd, rn, rm, ra, x, y }) => {
            product(l, (r(rn), x), (r(rm), y));
            accumulate(l, r(ra));
            set_q(l, rd)
        }
        Insn::Smlalxy(Smlalxy { rdlo, rdhi, rn, rm, x, y }) => {
            product(l, (r(rn), x), (r(rm), y));
            add_to_pair(l, rdhi, rdlo)
        }
        Insn::Smulwy(Smulwy { rd, rn, rm, y }) => {
            product_by_half(l, r(rn), r(rm), y);
            word(l, rd)
        }
        Insn::Smlawy(Smlawy { rd, rn, rm, ra, y }) => {
            product_by_half(l, r(rn), r(rm), y);
            accumulate(l, r(ra));
            set_q(l, rd)
        }
        Insn::Smuad(Smuad { rd, rn, rm, swap }) => {
            products(l, r(rn), r(rm), swap, false);
            set_q(l, rd)
        }
        Insn::Smusd(Smusd { rd, rn, rm, swap }) => {
            products(l, r(rn), r(rm), swap, true);
            word(l, rd)
        }
        Insn::Smlad(Smlad { rd, rn, rm, ra, swap }) => {
            products(l, r(rn), r(rm), swap, false);
            accumulate(l, r(ra));
            set_q(l, rd)
        }
        Insn::Smlsd(Smlsd { rd, rn, rm, ra, swap }) => {
            products(l, r(rn), r(rm), swap, true);
            accumulate(l, r(ra));
            set_q(l, rd)
        }
        Insn::Smlald(Smlald { rdlo, rdhi, rn, rm, swap }) => {
            products(l, r(rn), r(rm), swap, false);
            add_to_pair(l, rdhi, rdlo)
        }
        Insn::Smlsld(Smlsld { rdlo, rdhi, rn, rm, swap }) => {
            products(l, r(rn), r(rm), swap, true);
            add_to_pair(l, rdhi, rdlo)
        }
        Insn::Smmul(Smmul { rd, rn, rm, round }) => high_product(l, rd, r(rn), r(rm), None, round),
        Insn::Smmla(Smmla { rd, rn, rm, ra, round }) => high_product(l, rd, r(rn), r(rm), Some((Alu::Add, r(ra))), round),
        Insn::Smmls(Smmls { rd, rn, rm, ra, round }) => high_product(l, rd, r(rn), r(rm), Some((Alu::Sub, r(ra))), round),
        Insn::Qadd(Qadd { rd, rm, rn }) => saturating(l, Alu::Add, false, rd, r(rm), r(rn)),
        Insn::Qsub(Qsub { rd, rm, rn }) => saturating(l, Alu::Sub, false, rd, r(rm), r(rn)),
        Insn::Qdadd(Qdadd { rd, rm, rn }) => saturating(l, Alu::Add, true, rd, r(rm), r(rn)),
        Insn::Qdsub(Qdsub { rd, rm, rn }) => saturating(l, Alu::Sub, true, rd, r(rm), r(rn)),
        Insn::Ssat(Ssat { rd, to, rn, shift, amount }) => saturate_word(l, place, (true, to), rd, (rn, shift, amount)),
        Insn::Usat(Usat { rd, to, rn, shift, amount }) => saturate_word(l, place, (false, to), rd, (rn, shift, amount)),
        Insn::Ssat16(Ssat16 { rd, to, rn }) => {
            l.push(Op::Media(Media::SaturateHalves { signed: true, bits: to, d: Var::X(rd), a: r(rn) }));
            Lifted::Done
        }
        Insn::Usat16(Usat16 { rd, to, rn }) => {
            l.push(Op::Media(Media::SaturateHalves { signed: false, bits: to, d: Var::X(rd), a: r(rn) }));
            Lifted::Done
        }
        Insn::Sel(Sel { rd, rn, rm }) => {
            l.push(Op::Media(Media::Select { d: Var::X(rd), a: r(rn), b: r(rm) }));
            Lifted::Done
        }
        Insn::Usad8(Usad8 { rd, rn, rm }) => {
            l.push(Op::Media(Media::Differences { d: Var::X(rd), a: r(rn), b: r(rm) }));
            Lifted::Done
        }
        Insn::Usada8(Usada8 { rd, rn, rm, ra }) => {
            l.push(Op::Media(Media::Differences { d: Var::T(0), a: r(rn), b: r(rm) }));
            add(l, Alu::Add, W, Var::X(rd), r(ra), t(0));
            Lifted::Done
        }
        Insn::Sxtb16(Sxtb16 { rd, rm, rotation }) => extend_bytes(l, true, rd, None, r(rm), rotation),
        Insn::Uxtb16(Uxtb16 { rd, rm, rotation }) => extend_bytes(l, false, rd, None, r(rm), rotation),
        Insn::Sxtab16(Sxtab16 { rd, rn, rm, rotation }) => extend_bytes(l, true, rd, Some(r(rn)), r(rm), rotation),
        Insn::Uxtab16(Uxtab16 { rd, rn, rm, rotation }) => extend_bytes(l, false, rd, Some(r(rn)), r(rm), rotation),
        _ => parallel(l, insn, place),
    }
}
