//! VFP and Advanced SIMD instructions of AArch32 as A64 instructions on the same registers, so that they are translated as those are: Q0 to Q15 are
//! V0 to V15, and V16 to V31, which AArch32 lacks, hold temporaries. An operand in the upper part of a register is moved to the bottom
//! of a temporary, and a result that is not a whole register from there to its place.
//!
//! Where a Q register is two ([`Halves`]), each D register has a V register for itself, and neither of it is done.
//!
//! It holds while the control bits of FPSCR are clear: A64 obeys FPCR where VFP obeys FPSCR. Floating-point Advanced SIMD, which obeys neither,
//! is in `a32/standard.rs`; not here either are comparisons, whose flags are FPSCR's.

mod half;
mod moves;
mod saturating;

use armlet_decoder::a32;
use armlet_decoder::a64::*;

use crate::map::Halves;

/// The temporaries: a result, and copies of the sources.
pub(super) const RESULT: u8 = 16;
pub(super) const FIRST: u8 = 17;
pub(super) const SECOND: u8 = 18;
pub(super) const THIRD: u8 = 19;
/// A general register that AArch32 lacks: R15 is no register.
const GENERAL: u8 = 15;

/// Collects the instructions.
pub(super) struct Code {
    insns: Vec<Insn>,
    halves: Halves,
}

impl Code {
    /// None so far.
    pub(super) fn new(halves: Halves) -> Code {
        Code {
            insns: Vec::new(),
            halves,
        }
    }

    /// The instructions, if `known`.
    pub(super) fn finish(self, known: bool) -> Option<Vec<Insn>> {
        known.then_some(self.insns)
    }

    pub(super) fn push(&mut self, insn: Insn) {
        self.insns.push(insn);
    }

    /// Register and lane of S\[n\] (`size` 2), D\[n\] (3), or a smaller element.
    fn place(&self, size: u8, n: u8) -> (u8, u8) {
        self.halves.place(size, n)
    }

    /// Register and lane of one element of D\[n\].
    fn element(&self, size: u8, n: u8, index: u8) -> (u8, u8) {
        self.place(size, n * (8 >> size) + index)
    }

    /// The V register in which to compute S\[n\] or D\[n\]: its own, if it has one.
    pub(super) fn target(&self, size: u8, n: u8) -> u8 {
        match self.place(size, n) {
            (own, 0) if size == 3 && self.halves.is_half(own) => own,
            _ => RESULT,
        }
    }

    /// V\[temporary\] = S\[n\] or D\[n\], zeros above it.
    fn copy(&mut self, size: u8, n: u8, temporary: u8) -> u8 {
        let (rn, index) = self.place(size, n);
        self.push(Insn::DupElementScalar(DupElementScalar {
            size,
            rd: temporary,
            rn,
            index,
        }));
        temporary
    }

    /// A V register at the bottom of which S\[n\] or D\[n\] is.
    pub(super) fn source(&mut self, size: u8, n: u8, temporary: u8) -> u8 {
        match self.place(size, n) {
            (register, 0) => register,
            _ => self.copy(size, n, temporary),
        }
    }

    /// S\[n\] or D\[n\] = the bottom of V\[from\].
    pub(super) fn result(&mut self, size: u8, n: u8, from: u8) {
        let (rd, index) = self.place(size, n);
        if rd == from {
            return;
        }
        self.push(Insn::InsElement(InsElement {
            size,
            rd,
            rn: from,
            index,
            source: 0,
        }));
    }

    /// A scalar instruction with one source.
    fn scalar1(&mut self, size: u8, d: u8, m: u8, insn: impl FnOnce(u8, u8) -> Insn) {
        let (m, to) = (self.source(size, m, FIRST), self.target(size, d));
        self.push(insn(to, m));
        self.result(size, d, to);
    }

    /// A scalar instruction with two sources.
    fn scalar2(&mut self, size: u8, [d, n, m]: [u8; 3], insn: impl FnOnce(u8, u8, u8) -> Insn) {
        let (n, m) = (self.source(size, n, FIRST), self.source(size, m, SECOND));
        let to = self.target(size, d);
        self.push(insn(to, n, m));
        self.result(size, d, to);
    }

    /// VMLA and its like: a product that is rounded, and a sum.
    fn chained(&mut self, size: u8, [d, n, m]: [u8; 3], negative_product: bool, negative_addend: bool) {
        let (rn, rm) = (self.source(size, n, FIRST), self.source(size, m, SECOND));
        let mut addend = self.source(size, d, THIRD);
        self.push(if negative_product {
            Insn::FnmulScalar(FnmulScalar {
                size,
                rd: RESULT,
                rn,
                rm,
            })
        } else {
            Insn::FmulScalar(FmulScalar {
                size,
                rd: RESULT,
                rn,
                rm,
            })
        });
        if negative_addend {
            self.push(Insn::FnegScalar(FnegScalar {
                size,
                rd: THIRD,
                rn: addend,
            }));
            addend = THIRD;
        }
        let to = self.target(size, d);
        self.push(Insn::FaddScalar(FaddScalar {
            size,
            rd: to,
            rn: addend,
            rm: RESULT,
        }));
        self.result(size, d, to);
    }

    /// A fused multiply-add: destination, sources, addend.
    fn fused(&mut self, size: u8, [d, n, m]: [u8; 3], insn: impl FnOnce(u8, u8, u8, u8) -> Insn) {
        let (n, m) = (self.source(size, n, FIRST), self.source(size, m, SECOND));
        let (addend, to) = (self.source(size, d, THIRD), self.target(size, d));
        self.push(insn(to, n, m, addend));
        self.result(size, d, to);
    }

    /// A number in S\[m\] or D\[m\] becomes an integer in S\[d\].
    fn integer_from(&mut self, size: u8, d: u8, m: u8, insn: impl FnOnce(u8, u8) -> Insn) {
        let rn = self.source(size, m, FIRST);
        self.push(insn(GENERAL, rn));
        self.move_in(2, d, GENERAL);
    }

    /// S\[n\] = R\[t\], or D\[n\] = all 64 bits of it.
    fn move_in(&mut self, size: u8, n: u8, rt: u8) {
        let (rd, index) = self.place(size, n);
        self.push(Insn::InsGeneral(InsGeneral {
            size,
            rd,
            rn: rt,
            index,
        }));
    }

    /// R\[t\] = S\[n\]
    fn move_out(&mut self, rt: u8, n: u8) {
        let (rn, index) = self.place(2, n);
        self.push(Insn::Umov(Umov {
            sf: false,
            size: 2,
            rd: rt,
            rn,
            index,
        }));
    }

    /// A vector instruction with two sources; with `accumulates`, the destination is one, too.
    pub(super) fn vector3(
        &mut self,
        q: bool,
        accumulates: bool,
        [d, n, m]: [u8; 3],
        insn: impl FnOnce(u8, u8, u8) -> Insn,
    ) {
        if q {
            return self.push(insn(d / 2, n / 2, m / 2));
        }
        let (n, m) = (self.source(3, n, FIRST), self.source(3, m, SECOND));
        let to = self.target(3, d);
        if accumulates && to == RESULT {
            self.copy(3, d, RESULT);
        }
        self.push(insn(to, n, m));
        self.result(3, d, to);
    }

    /// A vector instruction with one source.
    pub(super) fn vector2(&mut self, q: bool, accumulates: bool, [d, m]: [u8; 2], insn: impl FnOnce(u8, u8) -> Insn) {
        self.vector3(q, accumulates, [d, m, m], |d, m, _| insn(d, m));
    }

    /// A vector instruction with one source and a scalar, which is lane `index` of D\[m\].
    pub(super) fn by_scalar(
        &mut self,
        q: bool,
        (accumulates, size): (bool, u8),
        [d, n, m]: [u8; 3],
        index: u8,
        insn: impl FnOnce(u8, u8, u8, u8) -> Insn,
    ) {
        let index = (m & 1) * (8 >> size) + index;
        self.vector2(q, accumulates, [d, n], |d, n| insn(d, n, m / 2, index));
    }

    /// Q\[d\] from two D registers.
    fn long(&mut self, [d, n, m]: [u8; 3], insn: impl FnOnce(u8, u8, u8) -> Insn) {
        let (n, m) = (self.source(3, n, FIRST), self.source(3, m, SECOND));
        self.push(insn(d / 2, n, m));
    }

    /// Q\[d\] from a D register and a scalar.
    fn long_by_scalar(&mut self, size: u8, [d, n, m]: [u8; 3], index: u8, insn: impl FnOnce(u8, u8, u8, u8) -> Insn) {
        let n = self.source(3, n, FIRST);
        self.push(insn(d / 2, n, m / 2, (m & 1) * (8 >> size) + index));
    }

    /// D\[d\] from a Q register.
    fn narrow(&mut self, d: u8, m: u8, insn: impl FnOnce(u8, u8) -> Insn) {
        self.push(insn(RESULT, m / 2));
        self.result(3, d, RESULT);
    }

    /// Two results from two sources, which they replace.
    fn exchange(&mut self, q: bool, d: u8, m: u8, insns: [impl FnOnce(bool, u8, u8, u8) -> Insn; 2]) {
        let [first, second] = insns;
        if q {
            self.push(first(true, RESULT, d / 2, m / 2));
            self.push(second(true, FIRST, d / 2, m / 2));
            for (rd, rn) in [(d / 2, RESULT), (m / 2, FIRST)] {
                self.push(Insn::OrrVec(OrrVec {
                    q: true,
                    rd,
                    rn,
                    rm: rn,
                }));
            }
        } else {
            let (rn, rm) = (self.source(3, d, SECOND), self.source(3, m, THIRD));
            self.push(first(false, RESULT, rn, rm));
            self.push(second(false, FIRST, rn, rm));
            self.result(3, d, RESULT);
            self.result(3, m, FIRST);
        }
    }

    /// A constant of 64 bits, everywhere.
    fn constant(&mut self, q: bool, d: u8, imm: u64) {
        let movi = |rd| Insn::Movi64(Movi64 { q, rd, imm });
        if q {
            self.push(movi(d / 2));
            if let Some(upper) = self.halves.upper(d / 2) {
                self.push(movi(upper));
            }
        } else {
            let to = self.target(3, d);
            self.push(movi(to));
            self.result(3, d, to);
        }
    }
}

/// The A64 instructions that do what an instruction of VFP or Advanced SIMD does while the control bits of FPSCR are clear; none if there are
/// none, or if they are not worth it.
pub fn equivalent(insn: &a32::Insn, halves: Halves) -> Option<Vec<Insn>> {
    let mut code = Code::new(halves);
    let known = scalar(&mut code, insn)
        || vector(&mut code, insn)
        || vector_shift(&mut code, insn)
        || moves::lift(&mut code, insn)
        || saturating::lift(&mut code, insn)
        || half::lift(&mut code, insn);
    code.finish(known)
}

/// `A32 => A64;` instructions on numbers, by shape.
macro_rules! numbers {
    ($code:ident, $insn:ident; two {$($Two:ident => $To2:ident,)*} one {$($One:ident => $To1:ident,)*}) => {
        match *$insn {
            $(a32::Insn::$Two(a32::$Two { size, vd, vn, vm }) => {
                $code.scalar2(size, [vd, vn, vm], |rd, rn, rm| Insn::$To2($To2 { size, rd, rn, rm }));
                return true;
            })*
            $(a32::Insn::$One(a32::$One { size, vd, vm }) => {
                $code.scalar1(size, vd, vm, |rd, rn| Insn::$To1($To1 { size, rd, rn }));
                return true;
            })*
            _ => {}
        }
    };
}

/// VFP data processing.
#[rustfmt::skip]
fn scalar(code: &mut Code, insn: &a32::Insn) -> bool {
    numbers! { code, insn;
        two { VaddVfp => FaddScalar, VsubVfp => FsubScalar, VmulVfp => FmulScalar, Vnmul => FnmulScalar, Vdiv => FdivScalar,
            VmaxnmVfp => FmaxnmScalar, VminnmVfp => FminnmScalar, }
        one { VabsVfp => FabsScalar, VnegVfp => FnegScalar, Vsqrt => FsqrtScalar, Vrintr => FrintiScalar, VrintzVfp => FrintzScalar,
            VrintxVfp => FrintxScalar, }
    }
    match *insn {
        a32::Insn::VmlaVfp(a32::VmlaVfp { size, vd, vn, vm }) => code.chained(size, [vd, vn, vm], false, false),
        a32::Insn::VmlsVfp(a32::VmlsVfp { size, vd, vn, vm }) => code.chained(size, [vd, vn, vm], true, false),
        a32::Insn::Vnmls(a32::Vnmls { size, vd, vn, vm }) => code.chained(size, [vd, vn, vm], false, true),
        a32::Insn::Vnmla(a32::Vnmla { size, vd, vn, vm }) => code.chained(size, [vd, vn, vm], true, true),
        a32::Insn::VfmaVfp(a32::VfmaVfp { size, vd, vn, vm }) => {
            code.fused(size, [vd, vn, vm], |rd, rn, rm, ra| Insn::Fmadd(Fmadd { size, rd, rn, rm, ra }));
        }
        a32::Insn::VfmsVfp(a32::VfmsVfp { size, vd, vn, vm }) => {
            code.fused(size, [vd, vn, vm], |rd, rn, rm, ra| Insn::Fmsub(Fmsub { size, rd, rn, rm, ra }));
        }
        a32::Insn::Vfnma(a32::Vfnma { size, vd, vn, vm }) => {
            code.fused(size, [vd, vn, vm], |rd, rn, rm, ra| Insn::Fnmadd(Fnmadd { size, rd, rn, rm, ra }));
        }
        a32::Insn::Vfnms(a32::Vfnms { size, vd, vn, vm }) => {
            code.fused(size, [vd, vn, vm], |rd, rn, rm, ra| Insn::Fnmsub(Fnmsub { size, rd, rn, rm, ra }));
        }
        a32::Insn::VmovRegVfp(a32::VmovRegVfp { size, vd, vm }) => {
            let ((rd, index), (rn, source)) = (code.place(size, vd), code.place(size, vm));
            code.push(match code.target(size, vd) {
                RESULT => Insn::InsElement(InsElement { size, rd, rn, index, source }),
                rd => Insn::DupElementScalar(DupElementScalar { size, rd, rn, index: source }),
            });
        }
        a32::Insn::VmovImmVfp(a32::VmovImmVfp { size, vd, imm }) => {
            let to = code.target(size, vd);
            code.push(Insn::FmovImm(FmovImm { size, rd: to, imm8: 0, imm }));
            code.result(size, vd, to);
        }
        a32::Insn::Vsel(a32::Vsel { size, vd, vn, vm, cond }) => {
            code.scalar2(size, [vd, vn, vm], |rd, rn, rm| Insn::Fcsel(Fcsel { size, rd, rn, rm, cond }));
        }
        a32::Insn::VrintDirectedVfp(a32::VrintDirectedVfp { size, vd, vm, mode }) => {
            code.scalar1(size, vd, vm, |rd, rn| match mode {
                0 => Insn::FrintaScalar(FrintaScalar { size, rd, rn }),
                1 => Insn::FrintnScalar(FrintnScalar { size, rd, rn }),
                2 => Insn::FrintpScalar(FrintpScalar { size, rd, rn }),
                _ => Insn::FrintmScalar(FrintmScalar { size, rd, rn }),
            });
        }
        a32::Insn::VcvtSingleDouble(a32::VcvtSingleDouble { vd, vm }) => {
            let rn = code.source(2, vm, FIRST);
            let rd = code.target(3, vd);
            code.push(Insn::Fcvt(Fcvt { to: 3, from: 2, rd, rn }));
            code.result(3, vd, rd);
        }
        a32::Insn::VcvtDoubleSingle(a32::VcvtDoubleSingle { vd, vm }) => {
            let rn = code.source(3, vm, FIRST);
            code.push(Insn::Fcvt(Fcvt { to: 2, from: 3, rd: RESULT, rn }));
            code.result(2, vd, RESULT);
        }
        a32::Insn::VcvtFromIntVfp(a32::VcvtFromIntVfp { size, vd, vm, signed }) => {
            code.move_out(GENERAL, vm);
            let (sf, rd, rn) = (false, code.target(size, vd), GENERAL);
            code.push(match signed {
                true => Insn::ScvtfGeneral(ScvtfGeneral { sf, size, rd, rn }),
                false => Insn::UcvtfGeneral(UcvtfGeneral { sf, size, rd, rn }),
            });
            code.result(size, vd, rd);
        }
        // The current rounding is to nearest: the control bits are clear.
        a32::Insn::VcvtToIntVfp(a32::VcvtToIntVfp { size, vd, vm, signed, zero }) => {
            code.integer_from(size, vd, vm, |rd, rn| integer(size, signed, if zero { None } else { Some(1) }, rd, rn));
        }
        a32::Insn::VcvtFromFixedVfp(a32::VcvtFromFixedVfp { size, vd, width, fbits, unsigned }) => {
            fixed_source(code, size, vd, width, unsigned);
            let (sf, rd, rn) = (false, code.target(size, vd), GENERAL);
            code.push(match (unsigned, fbits) {
                (false, 0) => Insn::ScvtfGeneral(ScvtfGeneral { sf, size, rd, rn }),
                (true, 0) => Insn::UcvtfGeneral(UcvtfGeneral { sf, size, rd, rn }),
                (false, _) => Insn::ScvtfGeneralFixed(ScvtfGeneralFixed { sf, size, rd, rn, fbits }),
                (true, _) => Insn::UcvtfGeneralFixed(UcvtfGeneralFixed { sf, size, rd, rn, fbits }),
            });
            code.result(size, vd, rd);
        }
        a32::Insn::VcvtToFixedVfp(a32::VcvtToFixedVfp { size, vd, width: 32, fbits, unsigned }) => {
            let (sf, rd, rn) = (false, GENERAL, code.source(size, vd, FIRST));
            code.push(match (unsigned, fbits) {
                (_, 0) => integer(size, !unsigned, None, rd, rn),
                (false, _) => Insn::FcvtzsGeneralFixed(FcvtzsGeneralFixed { sf, size, rd, rn, fbits }),
                (true, _) => Insn::FcvtzuGeneralFixed(FcvtzuGeneralFixed { sf, size, rd, rn, fbits }),
            });
            if size == 3 && !unsigned {
                code.push(Insn::Sbfm(Sbfm { sf: true, rd, rn: rd, immr: 0, imms: 31, left: 32, right: 32 }));
            }
            code.move_in(size, vd, GENERAL);
        }
        a32::Insn::VcvtDirectedVfp(a32::VcvtDirectedVfp { size, vd, vm, mode, signed }) => {
            code.integer_from(size, vd, vm, |rd, rn| integer(size, signed, Some(mode), rd, rn));
        }
        _ => return false,
    }
    true
}

/// The general register = the integer of 16 or 32 bits that S\[n\] or D\[n\] has.
fn fixed_source(code: &mut Code, size: u8, n: u8, width: u8, unsigned: bool) {
    let (integer, sf) = (if width == 16 { 1 } else { 2 }, false);
    let (rn, index) = code.place(integer, n << (size - integer));
    let (size, rd) = (integer, GENERAL);
    code.push(if unsigned || width == 32 {
        Insn::Umov(Umov {
            sf,
            size,
            rd,
            rn,
            index,
        })
    } else {
        Insn::Smov(Smov {
            sf,
            size,
            rd,
            rn,
            index,
        })
    });
}

/// Conversion to an integer of 32 bits: ties away, to nearest, up, down (0 to 3), or towards zero.
fn integer(size: u8, signed: bool, mode: Option<u8>, rd: u8, rn: u8) -> Insn {
    let sf = false;
    match (mode, signed) {
        (None, true) => Insn::FcvtzsGeneral(FcvtzsGeneral { sf, size, rd, rn }),
        (None, false) => Insn::FcvtzuGeneral(FcvtzuGeneral { sf, size, rd, rn }),
        (Some(0), true) => Insn::FcvtasGeneral(FcvtasGeneral { sf, size, rd, rn }),
        (Some(0), false) => Insn::FcvtauGeneral(FcvtauGeneral { sf, size, rd, rn }),
        (Some(1), true) => Insn::FcvtnsGeneral(FcvtnsGeneral { sf, size, rd, rn }),
        (Some(1), false) => Insn::FcvtnuGeneral(FcvtnuGeneral { sf, size, rd, rn }),
        (Some(2), true) => Insn::FcvtpsGeneral(FcvtpsGeneral { sf, size, rd, rn }),
        (Some(2), false) => Insn::FcvtpuGeneral(FcvtpuGeneral { sf, size, rd, rn }),
        (Some(_), true) => Insn::FcvtmsGeneral(FcvtmsGeneral { sf, size, rd, rn }),
        (Some(_), false) => Insn::FcvtmuGeneral(FcvtmuGeneral { sf, size, rd, rn }),
    }
}

/// `A32 => A64;` instructions on vectors, by shape. `accumulating` ones read their destination; `signs` of them are two in A64.
macro_rules! vectors {
    ($code:ident, $insn:ident;
        two {$($Two:ident => $To2:ident,)*}
        signs {$($Signs:ident => $Signed:ident $Unsigned:ident,)*}
        accumulating {$($Acc:ident => $ToAcc:ident,)*}
        accumulating_signs {$($AccSigns:ident => $AccSigned:ident $AccUnsigned:ident,)*}
        bitwise {$($Bits:ident => $ToBits:ident $selects:literal,)*}
        one {$($One:ident => $To1:ident,)*}
        sizeless {$($Less:ident => $ToLess:ident,)*}
        long {$($Long:ident => $LongSigned:ident $LongUnsigned:ident,)*}
        wide {$($Wide:ident => $WideSigned:ident $WideUnsigned:ident,)*}
        scalar {$($Scalar:ident => $ToScalar:ident $accumulates:literal,)*}
        long_scalar {$($LongScalar:ident => $LongScalarSigned:ident $LongScalarUnsigned:ident,)*}
    ) => {
        match *$insn {
            $(a32::Insn::$Two(a32::$Two { q, size, vd, vn, vm }) => {
                $code.vector3(q, false, [vd, vn, vm], |rd, rn, rm| Insn::$To2($To2 { q, size, rd, rn, rm }));
                return true;
            })*
            $(a32::Insn::$Signs(a32::$Signs { q, size, vd, vn, vm, unsigned }) => {
                $code.vector3(q, false, [vd, vn, vm], |rd, rn, rm| match unsigned {
                    false => Insn::$Signed($Signed { q, size, rd, rn, rm }),
                    true => Insn::$Unsigned($Unsigned { q, size, rd, rn, rm }),
                });
                return true;
            })*
            $(a32::Insn::$Acc(a32::$Acc { q, size, vd, vn, vm }) => {
                $code.vector3(q, true, [vd, vn, vm], |rd, rn, rm| Insn::$ToAcc($ToAcc { q, size, rd, rn, rm }));
                return true;
            })*
            $(a32::Insn::$AccSigns(a32::$AccSigns { q, size, vd, vn, vm, unsigned }) => {
                $code.vector3(q, true, [vd, vn, vm], |rd, rn, rm| match unsigned {
                    false => Insn::$AccSigned($AccSigned { q, size, rd, rn, rm }),
                    true => Insn::$AccUnsigned($AccUnsigned { q, size, rd, rn, rm }),
                });
                return true;
            })*
            $(a32::Insn::$Bits(a32::$Bits { q, vd, vn, vm }) => {
                $code.vector3(q, $selects, [vd, vn, vm], |rd, rn, rm| Insn::$ToBits($ToBits { q, rd, rn, rm }));
                return true;
            })*
            $(a32::Insn::$One(a32::$One { q, size, vd, vm }) => {
                $code.vector2(q, false, [vd, vm], |rd, rn| Insn::$To1($To1 { q, size, rd, rn }));
                return true;
            })*
            $(a32::Insn::$Less(a32::$Less { q, vd, vm }) => {
                $code.vector2(q, false, [vd, vm], |rd, rn| Insn::$ToLess($ToLess { q, rd, rn }));
                return true;
            })*
            $(a32::Insn::$Long(a32::$Long { size, vd, vn, vm, unsigned }) => {
                $code.long([vd, vn, vm], |rd, rn, rm| match unsigned {
                    false => Insn::$LongSigned($LongSigned { q: false, size, rd, rn, rm }),
                    true => Insn::$LongUnsigned($LongUnsigned { q: false, size, rd, rn, rm }),
                });
                return true;
            })*
            $(a32::Insn::$Wide(a32::$Wide { size, vd, vn, vm, unsigned }) => {
                let rm = $code.source(3, vm, FIRST);
                let (q, rd, rn) = (false, vd / 2, vn / 2);
                $code.push(match unsigned {
                    false => Insn::$WideSigned($WideSigned { q, size, rd, rn, rm }),
                    true => Insn::$WideUnsigned($WideUnsigned { q, size, rd, rn, rm }),
                });
                return true;
            })*
            $(a32::Insn::$Scalar(a32::$Scalar { q, size, vd, vn, vm, index }) => {
                $code.by_scalar(q, ($accumulates, size), [vd, vn, vm], index, |rd, rn, rm, index| {
                    Insn::$ToScalar($ToScalar { q, size, rd, rn, index, rm })
                });
                return true;
            })*
            $(a32::Insn::$LongScalar(a32::$LongScalar { size, vd, vn, vm, index, unsigned }) => {
                $code.long_by_scalar(size, [vd, vn, vm], index, |rd, rn, rm, index| match unsigned {
                    false => Insn::$LongScalarSigned($LongScalarSigned { q: false, size, rd, rn, index, rm }),
                    true => Insn::$LongScalarUnsigned($LongScalarUnsigned { q: false, size, rd, rn, index, rm }),
                });
                return true;
            })*
            _ => {}
        }
    };
}

/// Advanced SIMD on integers and bits.
#[rustfmt::skip]
fn vector(code: &mut Code, insn: &a32::Insn) -> bool {
    vectors! { code, insn;
        two { VaddInt => AddVec, VsubInt => SubVec, VmulInt => MulVec, VceqReg => CmeqVec, Vtst => CmtstVec, Vqdmulh => SqdmulhVec,
            Vqrdmulh => SqrdmulhVec, }
        signs { VcgtReg => CmgtVec CmhiVec, VcgeReg => CmgeVec CmhsVec, VmaxInt => SmaxVec UmaxVec, VminInt => SminVec UminVec,
            VabdInt => SabdVec UabdVec, Vhadd => ShaddVec UhaddVec, Vhsub => ShsubVec UhsubVec, Vrhadd => SrhaddVec UrhaddVec,
            Vqadd => SqaddVec UqaddVec, Vqsub => SqsubVec UqsubVec, }
        accumulating { VmlaInt => MlaVec, VmlsInt => MlsVec, }
        accumulating_signs { Vaba => SabaVec UabaVec, }
        bitwise { VandReg => AndVec false, VbicReg => BicVec false, VorrReg => OrrVec false, VornReg => OrnVec false, Veor => EorVec false,
            Vbsl => BslVec true, Vbit => BitVec true, Vbif => BifVec true, }
        one { VcgtZero => CmgtZeroVec, VcgeZero => CmgeZeroVec, VceqZero => CmeqZeroVec, VcleZero => CmleZeroVec, VcltZero => CmltZeroVec,
            VabsInt => AbsVec, VnegInt => NegVec, Vclz => ClzVec, Vcls => ClsVec, Vrev64 => Rev64, Vrev32 => Rev32Vec, }
        sizeless { Vcnt => CntVec, VmvnReg => NotVec, Vrev16 => Rev16Vec, }
        long { Vaddl => Saddl Uaddl, Vsubl => Ssubl Usubl, Vabdl => Sabdl Uabdl, Vabal => Sabal Uabal, VmullInt => SmullVec UmullVec,
            Vmlal => SmlalVec UmlalVec, Vmlsl => SmlslVec UmlslVec, }
        wide { Vaddw => Saddw Uaddw, Vsubw => Ssubw Usubw, }
        scalar { VmulScalar => MulElement false, VmlaScalar => MlaElement true, VmlsScalar => MlsElement true, }
        long_scalar { VmullScalar => SmullElement UmullElement, VmlalScalar => SmlalElement UmlalElement,
            VmlslScalar => SmlslElement UmlslElement, }
    }
    match *insn {
        // A shift by a register has its operands the other way round.
        a32::Insn::VshlReg(a32::VshlReg { q, size, vd, vn, vm, unsigned }) => {
            code.vector3(q, false, [vd, vm, vn], |rd, rn, rm| match unsigned {
                false => Insn::SshlVec(SshlVec { q, size, rd, rn, rm }),
                true => Insn::UshlVec(UshlVec { q, size, rd, rn, rm }),
            });
        }
        a32::Insn::VabsFp(a32::VabsFp { q, vd, vm }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| Insn::FabsVec(FabsVec { q, size: 2, rd, rn }));
        }
        a32::Insn::VnegFp(a32::VnegFp { q, vd, vm }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| Insn::FnegVec(FnegVec { q, size: 2, rd, rn }));
        }
        a32::Insn::VpaddInt(a32::VpaddInt { size, vd, vn, vm }) => {
            code.vector3(false, false, [vd, vn, vm], |rd, rn, rm| Insn::AddpVec(AddpVec { q: false, size, rd, rn, rm }));
        }
        a32::Insn::VpmaxInt(a32::VpmaxInt { size, vd, vn, vm, unsigned }) => {
            code.vector3(false, false, [vd, vn, vm], |rd, rn, rm| match unsigned {
                false => Insn::SmaxpVec(SmaxpVec { q: false, size, rd, rn, rm }),
                true => Insn::UmaxpVec(UmaxpVec { q: false, size, rd, rn, rm }),
            });
        }
        a32::Insn::VpminInt(a32::VpminInt { size, vd, vn, vm, unsigned }) => {
            code.vector3(false, false, [vd, vn, vm], |rd, rn, rm| match unsigned {
                false => Insn::SminpVec(SminpVec { q: false, size, rd, rn, rm }),
                true => Insn::UminpVec(UminpVec { q: false, size, rd, rn, rm }),
            });
        }
        a32::Insn::Vpaddl(a32::Vpaddl { q, size, vd, vm, unsigned }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| match unsigned {
                false => Insn::Saddlp(Saddlp { q, size, rd, rn }),
                true => Insn::Uaddlp(Uaddlp { q, size, rd, rn }),
            });
        }
        a32::Insn::Vpadal(a32::Vpadal { q, size, vd, vm, unsigned }) => {
            code.vector2(q, true, [vd, vm], |rd, rn| match unsigned {
                false => Insn::Sadalp(Sadalp { q, size, rd, rn }),
                true => Insn::Uadalp(Uadalp { q, size, rd, rn }),
            });
        }
        a32::Insn::Vswp(a32::Vswp { q: true, vd, vm }) => {
            for (rd, rn) in [(RESULT, vd / 2), (vd / 2, vm / 2), (vm / 2, RESULT)] {
                code.push(Insn::OrrVec(OrrVec { q: true, rd, rn, rm: rn }));
            }
        }
        a32::Insn::Vswp(a32::Vswp { q: false, vd, vm }) => {
            code.copy(3, vd, FIRST);
            code.copy(3, vm, SECOND);
            code.result(3, vd, SECOND);
            code.result(3, vm, FIRST);
        }
        a32::Insn::Vtrn(a32::Vtrn { q, size, vd, vm }) if vd != vm => {
            code.exchange(q, vd, vm, [false, true].map(|odd| move |q: bool, rd: u8, rn: u8, rm: u8| match odd {
                false => Insn::Trn1(Trn1 { q, size, rd, rn, rm }),
                true => Insn::Trn2(Trn2 { q, size, rd, rn, rm }),
            }));
        }
        a32::Insn::Vuzp(a32::Vuzp { q, size, vd, vm }) if vd != vm => {
            code.exchange(q, vd, vm, [false, true].map(|odd| move |q: bool, rd: u8, rn: u8, rm: u8| match odd {
                false => Insn::Uzp1(Uzp1 { q, size, rd, rn, rm }),
                true => Insn::Uzp2(Uzp2 { q, size, rd, rn, rm }),
            }));
        }
        a32::Insn::Vzip(a32::Vzip { q, size, vd, vm }) if vd != vm => {
            code.exchange(q, vd, vm, [false, true].map(|upper| move |q: bool, rd: u8, rn: u8, rm: u8| match upper {
                false => Insn::Zip1(Zip1 { q, size, rd, rn, rm }),
                true => Insn::Zip2(Zip2 { q, size, rd, rn, rm }),
            }));
        }
        a32::Insn::VmullPoly64(a32::VmullPoly64 { vd, vn, vm }) => {
            code.long([vd, vn, vm], |rd, rn, rm| Insn::Pmull64(Pmull64 { q: false, rd, rn, rm }));
        }
        a32::Insn::Aese(a32::Aese { vd, vm }) => code.push(Insn::Aese(Aese { rd: vd / 2, rn: vm / 2 })),
        a32::Insn::Aesd(a32::Aesd { vd, vm }) => code.push(Insn::Aesd(Aesd { rd: vd / 2, rn: vm / 2 })),
        a32::Insn::Aesmc(a32::Aesmc { vd, vm }) => code.push(Insn::Aesmc(Aesmc { rd: vd / 2, rn: vm / 2 })),
        a32::Insn::Aesimc(a32::Aesimc { vd, vm }) => code.push(Insn::Aesimc(Aesimc { rd: vd / 2, rn: vm / 2 })),
        _ => return false,
    }
    true
}

/// Shifts by constants, and what changes the size of elements.
#[rustfmt::skip]
fn vector_shift(code: &mut Code, insn: &a32::Insn) -> bool {
    match *insn {
        a32::Insn::Vshr(a32::Vshr { q, size, shift, vd, vm, unsigned }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| match unsigned {
                false => Insn::SshrVec(SshrVec { q, size, rd, rn, shift }),
                true => Insn::UshrVec(UshrVec { q, size, rd, rn, shift }),
            });
        }
        a32::Insn::Vsra(a32::Vsra { q, size, shift, vd, vm, unsigned }) => {
            code.vector2(q, true, [vd, vm], |rd, rn| match unsigned {
                false => Insn::SsraVec(SsraVec { q, size, rd, rn, shift }),
                true => Insn::UsraVec(UsraVec { q, size, rd, rn, shift }),
            });
        }
        a32::Insn::VshlImm(a32::VshlImm { q, size, shift, vd, vm }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| Insn::ShlVec(ShlVec { q, size, rd, rn, shift }));
        }
        a32::Insn::Vshll(a32::Vshll { size, shift, vd, vm, unsigned }) => {
            code.long([vd, vm, vm], |rd, rn, _| match unsigned {
                false => Insn::Sshll(Sshll { q: false, size, rd, rn, shift }),
                true => Insn::Ushll(Ushll { q: false, size, rd, rn, shift }),
            });
        }
        a32::Insn::VshllMax(a32::VshllMax { size, vd, vm }) => {
            code.long([vd, vm, vm], |rd, rn, _| Insn::Shll(Shll { q: false, size, rd, rn }));
        }
        a32::Insn::Vmovn(a32::Vmovn { size, vd, vm }) => {
            code.narrow(vd, vm, |rd, rn| Insn::Xtn(Xtn { q: false, size, rd, rn }));
        }
        a32::Insn::Vrshrn(a32::Vrshrn { size, shift, vd, vm }) => {
            code.narrow(vd, vm, |rd, rn| Insn::Rshrn(Rshrn { q: false, size, rd, rn, shift }));
        }
        a32::Insn::Vqshrun(a32::Vqshrun { size, shift, vd, vm }) => {
            code.narrow(vd, vm, |rd, rn| Insn::SqshrunVec(SqshrunVec { q: false, size, rd, rn, shift }));
        }
        a32::Insn::Vqrshrun(a32::Vqrshrun { size, shift, vd, vm }) => {
            code.narrow(vd, vm, |rd, rn| Insn::SqrshrunVec(SqrshrunVec { q: false, size, rd, rn, shift }));
        }
        a32::Insn::Vqshrn(a32::Vqshrn { size, shift, vd, vm, unsigned }) => {
            code.narrow(vd, vm, |rd, rn| match unsigned {
                false => Insn::SqshrnVec(SqshrnVec { q: false, size, rd, rn, shift }),
                true => Insn::UqshrnVec(UqshrnVec { q: false, size, rd, rn, shift }),
            });
        }
        a32::Insn::Vqrshrn(a32::Vqrshrn { size, shift, vd, vm, unsigned }) => {
            code.narrow(vd, vm, |rd, rn| match unsigned {
                false => Insn::SqrshrnVec(SqrshrnVec { q: false, size, rd, rn, shift }),
                true => Insn::UqrshrnVec(UqrshrnVec { q: false, size, rd, rn, shift }),
            });
        }
        a32::Insn::Vqmovun(a32::Vqmovun { size, vd, vm }) => {
            code.narrow(vd, vm, |rd, rn| Insn::SqxtunVec(SqxtunVec { q: false, size, rd, rn }));
        }
        a32::Insn::Vqmovn(a32::Vqmovn { size, vd, vm, unsigned }) => {
            code.narrow(vd, vm, |rd, rn| match unsigned {
                false => Insn::SqxtnVec(SqxtnVec { q: false, size, rd, rn }),
                true => Insn::UqxtnVec(UqxtnVec { q: false, size, rd, rn }),
            });
        }
        a32::Insn::Vaddhn(a32::Vaddhn { size, vd, vn, vm }) => {
            code.narrow(vd, vn, |rd, rn| Insn::Addhn(Addhn { q: false, size, rd, rn, rm: vm / 2 }));
        }
        a32::Insn::Vraddhn(a32::Vraddhn { size, vd, vn, vm }) => {
            code.narrow(vd, vn, |rd, rn| Insn::Raddhn(Raddhn { q: false, size, rd, rn, rm: vm / 2 }));
        }
        a32::Insn::Vsubhn(a32::Vsubhn { size, vd, vn, vm }) => {
            code.narrow(vd, vn, |rd, rn| Insn::Subhn(Subhn { q: false, size, rd, rn, rm: vm / 2 }));
        }
        a32::Insn::Vrsubhn(a32::Vrsubhn { size, vd, vn, vm }) => {
            code.narrow(vd, vn, |rd, rn| Insn::Rsubhn(Rsubhn { q: false, size, rd, rn, rm: vm / 2 }));
        }
        a32::Insn::Vrshr(a32::Vrshr { q, size, shift, vd, vm, unsigned }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| match unsigned {
                false => Insn::SrshrVec(SrshrVec { q, size, rd, rn, shift }),
                true => Insn::UrshrVec(UrshrVec { q, size, rd, rn, shift }),
            });
        }
        a32::Insn::Vrsra(a32::Vrsra { q, size, shift, vd, vm, unsigned }) => {
            code.vector2(q, true, [vd, vm], |rd, rn| match unsigned {
                false => Insn::SrsraVec(SrsraVec { q, size, rd, rn, shift }),
                true => Insn::UrsraVec(UrsraVec { q, size, rd, rn, shift }),
            });
        }
        a32::Insn::Vsri(a32::Vsri { q, size, shift, vd, vm }) => {
            code.vector2(q, true, [vd, vm], |rd, rn| Insn::SriVec(SriVec { q, size, rd, rn, shift }));
        }
        a32::Insn::Vsli(a32::Vsli { q, size, shift, vd, vm }) => {
            code.vector2(q, true, [vd, vm], |rd, rn| Insn::SliVec(SliVec { q, size, rd, rn, shift }));
        }
        a32::Insn::Vshrn(a32::Vshrn { size, shift, vd, vm }) => {
            code.narrow(vd, vm, |rd, rn| Insn::Shrn(Shrn { q: false, size, rd, rn, shift }));
        }
        _ => return false,
    }
    true
}
