//! Floating-point Advanced SIMD as A64 instructions on the same registers, which hold under the standard value of FPSCR (see `lift/a32_vector.rs`).

use armlet_decoder::a32;
use armlet_decoder::a64::*;

use crate::lift::a32_vector::{Code, RESULT, SECOND, THIRD};
use crate::map::Halves;

/// Elements are of single precision.
const SIZE: u8 = 2;

/// A number in both words of a doubleword.
fn twice(number: f32) -> u64 {
    u64::from(number.to_bits()) * 0x1_0000_0001
}

/// V\[rd\] = a number everywhere.
fn constant(rd: u8, number: f32) -> Insn {
    let imm = twice(number);
    Insn::Movi64(Movi64 { q: true, rd, imm })
}

/// d = d + n * m, or d - n * m, rounded twice.
fn chained(code: &mut Code, q: bool, [d, n, m]: [u8; 3], negative: bool, product: impl Fn(u8, u8, u8) -> Insn) {
    let size = SIZE;
    let (rn, rm, rd) = match q {
        true => (n / 2, m / 2, d / 2),
        false => (
            code.source(3, n, SECOND),
            code.source(3, m, RESULT),
            code.source(3, d, THIRD),
        ),
    };
    code.push(product(RESULT, rn, rm));
    let (to, rn, rm) = (if q { rd } else { RESULT }, rd, RESULT);
    code.push(match negative {
        false => Insn::FaddVec(FaddVec {
            q,
            size,
            rd: to,
            rn,
            rm,
        }),
        true => Insn::FsubVec(FsubVec {
            q,
            size,
            rd: to,
            rn,
            rm,
        }),
    });
    if !q {
        code.result(3, d, RESULT);
    }
}

/// VRECPS and VRSQRTS: (minuend - n * m) * factor, rounded after each step.
fn step(code: &mut Code, q: bool, [d, n, m]: [u8; 3], minuend: f32, factor: Option<f32>) {
    let size = SIZE;
    code.vector3(q, false, [d, n, m], |rd, rn, rm| {
        Insn::FmulVec(FmulVec { q, size, rd, rn, rm })
    });
    let own = if q { d / 2 } else { code.target(3, d) };
    code.push(constant(THIRD, minuend));
    code.push(Insn::FsubVec(FsubVec {
        q,
        size,
        rd: own,
        rn: THIRD,
        rm: own,
    }));
    if let Some(factor) = factor {
        code.push(constant(THIRD, factor));
        code.push(Insn::FmulVec(FmulVec {
            q,
            size,
            rd: own,
            rn: own,
            rm: THIRD,
        }));
    }
    if !q {
        code.result(3, d, own);
    }
}

/// A conversion to integers, or rounding to such. A tiny operand raises Input Denormal only: the multiplication by 1 is there for its trap.
fn to_integer(code: &mut Code, q: bool, [d, m]: [u8; 2], insn: impl Fn(u8, u8) -> Insn) {
    code.push(constant(THIRD, 1.0));
    let rn = if q { m / 2 } else { code.source(3, m, SECOND) };
    let (size, rd, rm) = (SIZE, SECOND, THIRD);
    code.push(Insn::FmulVec(FmulVec { q, size, rd, rn, rm }));
    code.push(insn(if q { d / 2 } else { RESULT }, SECOND));
    if !q {
        code.result(3, d, RESULT);
    }
}

/// `A32 => A64;` by shape.
macro_rules! shapes {
    ($code:ident, $insn:ident; three {$($Three:ident => $To3:ident,)*} pairs {$($Pair:ident => $ToPair:ident,)*} two {$($Two:ident => $To2:ident,)*}) => {
        match *$insn {
            $(a32::Insn::$Three(a32::$Three { q, vd, vn, vm }) => {
                $code.vector3(q, false, [vd, vn, vm], |rd, rn, rm| Insn::$To3($To3 { q, size: SIZE, rd, rn, rm }));
                return true;
            })*
            $(a32::Insn::$Pair(a32::$Pair { vd, vn, vm }) => {
                $code.vector3(false, false, [vd, vn, vm], |rd, rn, rm| Insn::$ToPair($ToPair { q: false, size: SIZE, rd, rn, rm }));
                return true;
            })*
            $(a32::Insn::$Two(a32::$Two { q, vd, vm }) => {
                $code.vector2(q, false, [vd, vm], |rd, rn| Insn::$To2($To2 { q, size: SIZE, rd, rn }));
                return true;
            })*
            _ => {}
        }
    };
}

#[rustfmt::skip]
fn lift(code: &mut Code, insn: &a32::Insn) -> bool {
    let size = SIZE;
    shapes! { code, insn;
        three { VaddFp => FaddVec, VsubFp => FsubVec, VmulFp => FmulVec, VabdFp => FabdVec, VmaxFp => FmaxVec, VminFp => FminVec,
            VmaxnmFp => FmaxnmVec, VminnmFp => FminnmVec,
            VceqRegFp => FcmeqVec, VcgeRegFp => FcmgeVec, VcgtRegFp => FcmgtVec, Vacge => FacgeVec, Vacgt => FacgtVec, }
        pairs { VpaddFp => FaddpVec, VpmaxFp => FmaxpVec, VpminFp => FminpVec, }
        two { VceqZeroFp => FcmeqZeroVec, VcgeZeroFp => FcmgeZeroVec, VcgtZeroFp => FcmgtZeroVec, VcleZeroFp => FcmleZeroVec,
            VcltZeroFp => FcmltZeroVec, VrecpeFp => FrecpeVec, VrsqrteFp => FrsqrteVec, }
    }
    match *insn {
        a32::Insn::VmlaFp(a32::VmlaFp { q, vd, vn, vm }) => {
            chained(code, q, [vd, vn, vm], false, |rd, rn, rm| Insn::FmulVec(FmulVec { q, size, rd, rn, rm }));
        }
        a32::Insn::VmlsFp(a32::VmlsFp { q, vd, vn, vm }) => {
            chained(code, q, [vd, vn, vm], true, |rd, rn, rm| Insn::FmulVec(FmulVec { q, size, rd, rn, rm }));
        }
        a32::Insn::VfmaFp(a32::VfmaFp { q, vd, vn, vm }) => {
            code.vector3(q, true, [vd, vn, vm], |rd, rn, rm| Insn::FmlaVec(FmlaVec { q, size, rd, rn, rm }));
        }
        a32::Insn::VfmsFp(a32::VfmsFp { q, vd, vn, vm }) => {
            code.vector3(q, true, [vd, vn, vm], |rd, rn, rm| Insn::FmlsVec(FmlsVec { q, size, rd, rn, rm }));
        }
        a32::Insn::VmulFpScalar(a32::VmulFpScalar { q, vd, vn, vm, index, .. }) => {
            code.by_scalar(q, (false, size), [vd, vn, vm], index, |rd, rn, rm, index| {
                Insn::FmulElementVec(FmulElementVec { q, size, rd, rn, rm, index })
            });
        }
        a32::Insn::VmlaFpScalar(a32::VmlaFpScalar { q, vd, vn, vm, index, .. }) => {
            let index = (vm & 1) * 2 + index;
            chained(code, q, [vd, vn, vm & !1], false, |rd, rn, _| {
                Insn::FmulElementVec(FmulElementVec { q, size, rd, rn, rm: vm / 2, index })
            });
        }
        a32::Insn::VmlsFpScalar(a32::VmlsFpScalar { q, vd, vn, vm, index, .. }) => {
            let index = (vm & 1) * 2 + index;
            chained(code, q, [vd, vn, vm & !1], true, |rd, rn, _| {
                Insn::FmulElementVec(FmulElementVec { q, size, rd, rn, rm: vm / 2, index })
            });
        }
        a32::Insn::Vrecps(a32::Vrecps { q, vd, vn, vm }) => step(code, q, [vd, vn, vm], 2.0, None),
        a32::Insn::Vrsqrts(a32::Vrsqrts { q, vd, vn, vm }) => step(code, q, [vd, vn, vm], 3.0, Some(0.5)),
        a32::Insn::VcvtFromInt(a32::VcvtFromInt { q, vd, vm, unsigned }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| match unsigned {
                false => Insn::ScvtfVec(ScvtfVec { q, size, rd, rn }),
                true => Insn::UcvtfVec(UcvtfVec { q, size, rd, rn }),
            });
        }
        a32::Insn::VcvtFromFixed(a32::VcvtFromFixed { q, fbits, vd, vm, unsigned }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| match unsigned {
                false => Insn::ScvtfFixedVec(ScvtfFixedVec { q, size, rd, rn, fbits }),
                true => Insn::UcvtfFixedVec(UcvtfFixedVec { q, size, rd, rn, fbits }),
            });
        }
        a32::Insn::Vrint(a32::Vrint { q, vd, vm, mode }) => {
            to_integer(code, q, [vd, vm], |rd, rn| match mode {
                0 => Insn::FrintnVec(FrintnVec { q, size, rd, rn }),
                1 => Insn::FrintxVec(FrintxVec { q, size, rd, rn }),
                2 => Insn::FrintaVec(FrintaVec { q, size, rd, rn }),
                3 => Insn::FrintzVec(FrintzVec { q, size, rd, rn }),
                5 => Insn::FrintmVec(FrintmVec { q, size, rd, rn }),
                _ => Insn::FrintpVec(FrintpVec { q, size, rd, rn }),
            });
        }
        a32::Insn::VcvtDirected(a32::VcvtDirected { q, vd, vm, mode, unsigned }) => {
            to_integer(code, q, [vd, vm], |rd, rn| match (mode, unsigned) {
                (0, false) => Insn::FcvtasVec(FcvtasVec { q, size, rd, rn }),
                (0, true) => Insn::FcvtauVec(FcvtauVec { q, size, rd, rn }),
                (1, false) => Insn::FcvtnsVec(FcvtnsVec { q, size, rd, rn }),
                (1, true) => Insn::FcvtnuVec(FcvtnuVec { q, size, rd, rn }),
                (2, false) => Insn::FcvtpsVec(FcvtpsVec { q, size, rd, rn }),
                (2, true) => Insn::FcvtpuVec(FcvtpuVec { q, size, rd, rn }),
                (_, false) => Insn::FcvtmsVec(FcvtmsVec { q, size, rd, rn }),
                (_, true) => Insn::FcvtmuVec(FcvtmuVec { q, size, rd, rn }),
            });
        }
        a32::Insn::VcvtHalfSingle(a32::VcvtHalfSingle { vd, vm }) => {
            let rn = code.source(3, vm, SECOND);
            code.push(Insn::Fcvtl(Fcvtl { q: false, size: 1, rd: vd / 2, rn }));
        }
        a32::Insn::VcvtSingleHalf(a32::VcvtSingleHalf { vd, vm }) => {
            code.push(Insn::Fcvtn(Fcvtn { q: false, size: 1, rd: RESULT, rn: vm / 2 }));
            code.result(3, vd, RESULT);
        }
        a32::Insn::VcvtToInt(a32::VcvtToInt { q, vd, vm, unsigned }) => {
            to_integer(code, q, [vd, vm], |rd, rn| match unsigned {
                false => Insn::FcvtzsVec(FcvtzsVec { q, size, rd, rn }),
                true => Insn::FcvtzuVec(FcvtzuVec { q, size, rd, rn }),
            });
        }
        a32::Insn::VcvtToFixed(a32::VcvtToFixed { q, fbits, vd, vm, unsigned }) => {
            to_integer(code, q, [vd, vm], |rd, rn| match unsigned {
                false => Insn::FcvtzsFixedVec(FcvtzsFixedVec { q, size, rd, rn, fbits }),
                true => Insn::FcvtzuFixedVec(FcvtzuFixedVec { q, size, rd, rn, fbits }),
            });
        }
        _ => return false,
    }
    true
}

/// The A64 instructions that do, under the standard value of FPSCR, what a floating-point instruction of Advanced SIMD does.
pub fn equivalent(insn: &a32::Insn, halves: Halves) -> Option<Vec<Insn>> {
    let mut code = Code::new(halves);
    let known = lift(&mut code, insn);
    code.finish(known)
}
