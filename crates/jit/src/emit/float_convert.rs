//! Conversions between formats and integers, and rounding to integers: of single numbers, and of vectors.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::{Cc, memory};
use super::float::{Number, scalar};
use super::float_lanes::{by, everywhere};
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::{X0, X1, X2};
use super::*;
use crate::map::v_slot;
use armlet_decoder::a64::Insn;
use host::RAX;

/// ROUNDSD and its like raise no Inexact.
pub(super) const QUIET: u8 = 8;

/// The bits of 2^exponent.
pub(super) fn power(p: Precision, exponent: i32) -> u64 {
    match p {
        Precision::Single => u64::from(((exponent + 127) as u32) << 23),
        Precision::Double => ((exponent + 1023) as u64) << 52,
    }
}

impl Emitter<'_> {
    /// d = a rounded as ROUNDSD does it with this mode; d may be a.
    pub(super) fn host_round(&mut self, p: Precision, lanes: bool, d: u8, a: u8, mode: u8) {
        let mode = mode as i8;
        match (p, lanes) {
            (Precision::Double, false) => dynasm!(self.asm.ops ; .arch x64 ; vroundsd Rx(d), Rx(a), Rx(a), BYTE mode),
            (Precision::Single, false) => dynasm!(self.asm.ops ; .arch x64 ; vroundss Rx(d), Rx(a), Rx(a), BYTE mode),
            (Precision::Double, true) => dynasm!(self.asm.ops ; .arch x64 ; vroundpd Rx(d), Rx(a), BYTE mode),
            (Precision::Single, true) => dynasm!(self.asm.ops ; .arch x64 ; vroundps Rx(d), Rx(a), BYTE mode),
        }
    }

    /// d = all elements of a rounded to nearest, ties away from zero, without Inexact. Xmm1 and xmm2 are overwritten; a is neither.
    pub(super) fn round_away(&mut self, p: Precision, d: u8, a: u8) {
        let truncate = Rounding::Zero as u8 | QUIET;
        let integers = power(p, if p == Precision::Double { 53 } else { 24 });
        // What is too large to have a fraction counts as zero, so that infinity is not subtracted from itself.
        self.avx_constant(vandps, X1, a, everywhere(p, magnitude_bits(p)));
        self.vector_constant(X2, everywhere(p, integers));
        self.avx(by(p, vpcmpgtq, vpcmpgtd), X1, X2, X1);
        self.avx(vandps, X1, X1, a);
        // Twice the fraction, truncated, is what the magnitude grows by.
        self.host_round(p, true, X2, X1, truncate);
        self.avx(by(p, vsubpd, vsubps), X1, X1, X2);
        self.avx(by(p, vaddpd, vaddps), X1, X1, X1);
        self.host_round(p, true, X1, X1, truncate);
        self.host_round(p, true, X2, a, truncate);
        self.avx(by(p, vaddpd, vaddps), X2, X2, X1);
        // A zero has the operand's sign.
        let signs = everywhere(p, magnitude_bits(p) + 1);
        self.avx_constant(vandps, X1, a, signs);
        self.avx(vorps, d, X2, X1);
    }

    pub(super) fn round_number(&mut self, p: Precision, d: u8, a: u8, rounding: Rounding, exact: bool, insn: Insn) {
        let checks = self.checks(false, false);
        if rounding == Rounding::Away {
            if self.leave_unless(self.shared.numbers.nearest, insn) {
                return;
            }
            self.spill_for(checks);
            self.trap_if_tiny(p, a);
            let from = self.all_elements(p, a, Shape::Scalar, X0);
            self.round_away(p, X2, from);
            return self.check_and_finish(p, checks, d, X2, false, insn);
        }
        self.spill_for(checks);
        let mode = (rounding as u8 | if exact { 0 } else { QUIET }) as i8;
        self.trap_if_tiny(p, a);
        let from = self.number(a);
        let above = self.above(p, a, from);
        let r = self.in_place(checks, d, &[a], 0);
        scalar!(self.asm.ops, p, vroundsd / vroundss, r, above, from, mode);
        self.check_and_finish(p, checks, d, r, true, insn);
    }

    /// Under the standard value of FPSCR, a tiny number has to trap: conversions and rounding would not see it, nor does a division by zero.
    pub(super) fn trap_if_tiny(&mut self, p: Precision, a: u8) {
        if self.standard {
            let from = self.read_number(p, a, X0);
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vucomisd Rx(from), Rx(from)),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vucomiss Rx(from), Rx(from)),
            }
        }
    }

    pub(super) fn round_lanes(
        &mut self,
        p: Precision,
        shape: Shape,
        d: u8,
        a: u8,
        (rounding, exact): (Rounding, bool),
        insn: Insn,
    ) {
        if self.leave_unless(rounding != Rounding::Away || self.shared.numbers.nearest, insn) {
            return;
        }
        let checks = self.checks(false, false);
        self.spill_for(checks);
        let from = self.all_elements(p, a, shape, X0);
        let r = self.lanes_in_place(checks, shape, d, &[a]);
        if rounding == Rounding::Away {
            self.round_away(p, r, from);
        } else {
            self.host_round(p, true, r, from, rounding as u8 | if exact { 0 } else { QUIET });
        }
        self.check_lanes_and_finish(p, checks, shape, d, r, insn);
    }

    pub(super) fn convert(&mut self, to: Precision, d: u8, a: u8, insn: Insn) {
        let checks = self.checks(false, to == Precision::Single);
        self.spill_for(checks);
        self.clear_second();
        let from = self.number(a);
        let r = self.in_place(checks, d, &[a], 0);
        match (to, from) {
            (Precision::Single, Number::Reg(from)) => {
                dynasm!(self.asm.ops ; .arch x64 ; vcvtsd2ss Rx(r), xmm1, Rx(from))
            }
            (Precision::Single, Number::Slot(slot)) => {
                memory!(self.asm.ops, HostAddress::state(slot), (vcvtsd2ss Rx(r), xmm1, QWORD) ())
            }
            (Precision::Double, Number::Reg(from)) => {
                dynasm!(self.asm.ops ; .arch x64 ; vcvtss2sd Rx(r), xmm1, Rx(from))
            }
            (Precision::Double, Number::Slot(slot)) => {
                memory!(self.asm.ops, HostAddress::state(slot), (vcvtss2sd Rx(r), xmm1, DWORD) ())
            }
        }
        self.check_and_finish(to, checks, d, r, true, insn);
    }

    /// From half precision: exact, but for NaNs.
    pub(super) fn half_to_number(&mut self, to: Precision, d: u8, a: u8, insn: Insn) {
        if self.leave_unless(self.shared.numbers.half, insn) {
            return;
        }
        let checks = self.checks(false, false);
        self.spill_for(checks);
        let from = self.read_vector(a, X0);
        // The other three numbers must raise nothing.
        dynasm!(self.asm.ops ; .arch x64 ; vpmovzxwq Rx(X2), Rx(from) ; vmovq Rx(X2), Rx(X2) ; vcvtph2ps Rx(X2), Rx(X2));
        if to == Precision::Double {
            self.clear_second();
            dynasm!(self.asm.ops ; .arch x64 ; vcvtss2sd Rx(X2), Rx(X1), Rx(X2));
        }
        self.check_and_finish(to, checks, d, X2, true, insn);
    }

    /// To half precision, from single, or from double by way of single precision rounded to odd.
    pub(super) fn number_to_half(&mut self, from: Precision, d: u8, a: u8, insn: Insn) {
        let numbers = self.shared.numbers;
        if self.leave_unless(numbers.half && numbers.trap && !numbers.underflow, insn) {
            return;
        }
        if from == Precision::Double {
            self.spill_if_kept();
            let from = self.all_elements(from, a, Shape::Scalar, X0);
            let back = self.round_to_odd(from, insn);
            dynasm!(self.asm.ops ; .arch x64 ; vcvtps2ph Rx(X2), Rx(X2), BYTE 4);
            self.lowest(1, d, X2);
            return self.asm.bind(back);
        }
        let from = self.read_number(Precision::Single, a, X0);
        dynasm!(self.asm.ops ; .arch x64 ; vinsertps Rx(X2), Rx(from), Rx(from), BYTE 0b1110 ; vcvtps2ph Rx(X2), Rx(X2), BYTE 4);
        self.finish(true, d, X2);
    }

    /// d = d / 2^fbits, exactly: what comes from an integer is neither tiny nor huge.
    fn scale(&mut self, p: Precision, d: u8, exponent: i32) {
        if exponent != 0 {
            let factor = everywhere(p, power(p, exponent));
            self.avx_constant(by(p, vmulpd, vmulps), d, d, factor);
        }
    }

    pub(super) fn integer_to_number(&mut self, p: Precision, d: u8, w: Width, signed: bool, a: Val, fbits: u8) {
        if w == Width::X && !signed {
            return self.unsigned_to_number(p, d, a, fbits);
        }
        let own = self.mapping.vector(d).unwrap_or(0);
        let mut from = self.read(a, RAX);
        if !signed {
            dynasm!(self.asm.ops ; .arch x64 ; mov eax, Rd(from));
            from = RAX;
        }
        self.clear_second();
        let wide = w == Width::X || !signed;
        match (p, wide) {
            (Precision::Double, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2sd Rx(own), xmm1, Rq(from)),
            (Precision::Double, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2sd Rx(own), xmm1, Rd(from)),
            (Precision::Single, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2ss Rx(own), xmm1, Rq(from)),
            (Precision::Single, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2ss Rx(own), xmm1, Rd(from)),
        }
        self.scale(p, own, -i32::from(fbits));
        self.assign_vector(d, own);
    }

    /// From an unsigned 64-bit integer. One of 64 significant bits is halved, its last bit being sticky, and the result doubled.
    fn unsigned_to_number(&mut self, p: Precision, d: u8, a: Val, fbits: u8) {
        self.spill_if_kept();
        self.read_into(Width::X, RAX, a);
        self.clear_second();
        let (large, done) = (self.asm.label(), self.asm.label());
        let convert = |ops: &mut dynasmrt::VecAssembler<dynasmrt::x64::X64Relocation>| match p {
            Precision::Double => dynasm!(ops ; .arch x64 ; vcvtsi2sd xmm0, xmm1, rax),
            Precision::Single => dynasm!(ops ; .arch x64 ; vcvtsi2ss xmm0, xmm1, rax),
        };
        dynasm!(self.asm.ops ; .arch x64 ; test rax, rax);
        self.asm.jcc(Cc::S, large);
        convert(&mut self.asm.ops);
        self.asm.jmp(done);
        self.asm.bind(large);
        dynasm!(self.asm.ops ; .arch x64 ; mov rdx, rax ; shr rdx, BYTE 1 ; and eax, BYTE 1 ; or rax, rdx);
        convert(&mut self.asm.ops);
        scalar!(self.asm.ops, p, vaddsd / vaddss, 0, 0, Number::Reg(0));
        self.asm.bind(done);
        self.scale(p, 0, -i32::from(fbits));
        self.write_clean(d, 0);
    }

    /// RAX = the number in an xmm register as an integer. Xmm0 to xmm2 are overwritten, if it is not to be truncated. What is out of range is the interpreter's.
    fn truncate(
        &mut self,
        p: Precision,
        (w, signed): (Width, bool),
        from: u8,
        to: u8,
        rounding: Rounding,
        insn: Insn,
    ) -> Option<Label> {
        let mut a = from;
        if rounding != Rounding::Zero {
            if rounding == Rounding::Away {
                self.round_away(p, X2, from);
            } else {
                self.host_round(p, false, X2, from, rounding as u8 | QUIET);
            }
            a = X2;
        }
        let mut back = None;
        if !signed {
            // The sign and the exponent: below 2^32 or 2^63, and not negative.
            let limit = match (p, w) {
                (Precision::Double, Width::W) => 0x41f,
                (Precision::Double, Width::X) => 0x43e,
                (Precision::Single, Width::W) => 0x9f,
                (Precision::Single, Width::X) => 0xbe,
            };
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vmovq rdx, Rx(a) ; shr rdx, BYTE 52),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vmovd edx, Rx(a) ; shr edx, BYTE 23),
            }
            dynasm!(self.asm.ops ; .arch x64 ; cmp edx, DWORD limit);
            back = Some(self.mend(Cc::Ae, insn, None));
        }
        let wide = w == Width::X || !signed;
        match (p, wide) {
            (Precision::Double, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvttsd2si Rq(to), Rx(a)),
            (Precision::Double, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvttsd2si Rd(to), Rx(a)),
            (Precision::Single, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvttss2si Rq(to), Rx(a)),
            (Precision::Single, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvttss2si Rd(to), Rx(a)),
        }
        if signed && !self.shared.numbers.trap {
            // Only the smallest integer overflows: it stands for everything out of range.
            match w {
                Width::X => dynasm!(self.asm.ops ; .arch x64 ; cmp Rq(to), BYTE 1),
                Width::W => dynasm!(self.asm.ops ; .arch x64 ; cmp Rd(to), BYTE 1),
            }
            back = Some(self.mend(Cc::O, insn, None));
        }
        if rounding != Rounding::Zero {
            // For Inexact.
            self.host_round(p, false, X2, from, Rounding::Zero as u8);
        }
        back
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    pub(super) fn number_to_integer(
        &mut self,
        (p, half): (Precision, bool),
        d: Var,
        (w, signed): (Width, bool),
        a: u8,
        rounding: Rounding,
        fbits: u8,
        insn: Insn,
    ) {
        let numbers = self.shared.numbers;
        let possible = (rounding != Rounding::Away || numbers.nearest) && (!half || numbers.half && numbers.trap);
        if self.leave_unless(possible, insn) {
            return;
        }
        if !signed || !numbers.trap || fbits != 0 {
            self.spill_if_kept();
        }
        self.trap_if_tiny(p, a);
        let mut backs = Vec::new();
        let mut from = if half {
            self.widened(HalfOperand::Reg(a), Shape::Scalar, X0);
            X0
        } else if rounding == Rounding::Away {
            self.all_elements(p, a, Shape::Scalar, X0)
        } else {
            self.read_number(p, a, X0)
        };
        if fbits != 0 {
            // What is out of range in any case must not overflow as a number.
            match p {
                Precision::Double => {
                    dynasm!(self.asm.ops ; .arch x64 ; vmovq rdx, Rx(from) ; add rdx, rdx ; shr rdx, BYTE 53)
                }
                Precision::Single => {
                    dynasm!(self.asm.ops ; .arch x64 ; vmovd edx, Rx(from) ; add edx, edx ; shr edx, BYTE 24)
                }
            }
            let limit = if p == Precision::Double { 1023 + 63 } else { 127 + 63 };
            dynasm!(self.asm.ops ; .arch x64 ; cmp edx, DWORD limit);
            backs.push(self.mend(Cc::Ae, insn, None));
            let factor = self.constant_label(u128::from(power(p, fbits.into())));
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vmulsd xmm0, Rx(from), [=>factor]),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vmulss xmm0, Rx(from), [=>factor]),
            }
            from = X0;
        }
        let to = if numbers.trap && rounding == Rounding::Zero {
            self.destination(d, RAX)
        } else {
            RAX
        };
        backs.extend(self.truncate(p, (w, signed), from, to, rounding, insn));
        if to == RAX || w == Width::W && !signed {
            self.assign_number(w, d, to);
        }
        backs.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// d = a 32- or 64-bit result.
    fn assign_number(&mut self, w: Width, d: Var, from: u8) {
        if w == Width::W {
            // The host has converted to 64 bits.
            dynasm!(self.asm.ops ; .arch x64 ; mov Rd(from), Rd(from));
        }
        self.assign(d, from);
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    pub(super) fn lanes_to_integer(
        &mut self,
        p: Precision,
        shape: Shape,
        signed: bool,
        rounding: Rounding,
        fbits: u8,
        d: u8,
        a: u8,
        insn: Insn,
    ) {
        let numbers = self.shared.numbers;
        if self.leave_unless(rounding != Rounding::Away || numbers.nearest, insn) {
            return;
        }
        if !signed || !numbers.trap || fbits != 0 {
            self.spill_if_kept();
        }
        let mut backs = Vec::new();
        let mut from = self.all_elements(p, a, shape, X0);
        if fbits != 0 {
            // What is out of range in any case must not overflow as a number.
            self.avx_constant(vandps, X1, from, everywhere(p, magnitude_bits(p)));
            self.avx_constant(by(p, vpcmpgtq, vpcmpgtd), X1, X1, everywhere(p, power(p, 63) - 1));
            dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
            backs.push(self.mend(Cc::Ne, insn, None));
            let factor = everywhere(p, power(p, fbits.into()));
            self.avx_constant(by(p, vmulpd, vmulps), X0, from, factor);
            from = X0;
        }
        if p == Precision::Double {
            return self.doubles_to_integers(shape, signed, rounding, d, from, (insn, backs));
        }
        let mut rounded = from;
        if rounding == Rounding::Away {
            self.round_away(p, X2, from);
            rounded = X2;
        } else if rounding != Rounding::Zero {
            self.host_round(p, true, X2, from, rounding as u8 | QUIET);
            rounded = X2;
        }
        if signed {
            dynasm!(self.asm.ops ; .arch x64 ; vcvttps2dq Rx(X2), Rx(rounded));
            if !numbers.trap {
                self.avx_constant(vpcmpeqd, X1, X2, everywhere(p, 1 << 31));
                dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
                backs.push(self.mend(Cc::Ne, insn, None));
            }
        } else {
            // What has a sign or is 2^32 or more (or a NaN) is large as an unsigned integer.
            self.avx_constant(vpmaxud, X1, rounded, everywhere(p, power(p, 32)));
            self.avx(vpcmpeqd, X1, X1, rounded);
            dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
            backs.push(self.mend(Cc::Ne, insn, None));
            // The host's integers have 31 bits: 2^31 is subtracted where it must be.
            self.avx_constant(vpcmpgtd, X1, rounded, everywhere(p, power(p, 31) - 1));
            self.avx_constant(vpand, X1, X1, everywhere(p, power(p, 31)));
            self.avx(vsubps, X2, rounded, X1);
            dynasm!(self.asm.ops ; .arch x64 ; vcvttps2dq Rx(X2), Rx(X2));
            // The bits of 2^31, 0x4f000000, or zero: bit 30 is wanted as bit 31.
            self.avx_imm(vpslld, X1, X1, 1);
            self.avx_constant(vpand, X1, X1, everywhere(p, 1 << 31));
            self.avx(vpxor, X2, X2, X1);
        }
        if rounding != Rounding::Zero {
            self.host_round(p, true, X1, from, Rounding::Zero as u8);
        }
        self.finish_lanes(p, shape, d, X2);
        backs.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// One element after the other: the host has no such instruction for vectors. Elements are in `from`, which may be xmm0.
    fn doubles_to_integers(
        &mut self,
        shape: Shape,
        signed: bool,
        rounding: Rounding,
        d: u8,
        from: u8,
        (insn, mut backs): (Insn, Vec<Label>),
    ) {
        let kind = (Width::X, signed);
        backs.extend(self.truncate(Precision::Double, kind, from, RAX, rounding, insn));
        if shape == Shape::Full {
            // The first result waits outside of the registers that the second one needs.
            let spare = slot(Var::T(9));
            self.asm.store_slot(spare, RAX);
            self.avx(vunpckhpd, X0, from, from);
            backs.extend(self.truncate(Precision::Double, kind, X0, RAX, rounding, insn));
            memory!(self.asm.ops, HostAddress::state(spare), (vmovsd Rx(X2), QWORD) ());
            dynasm!(self.asm.ops ; .arch x64 ; vpinsrq Rx(X2), Rx(X2), rax, BYTE 1);
            self.finish(true, d, X2);
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(X2), rax);
            self.finish(true, d, X2);
        }
        backs.into_iter().for_each(|back| self.asm.bind(back));
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    pub(super) fn lanes_from_integer(
        &mut self,
        p: Precision,
        shape: Shape,
        signed: bool,
        fbits: u8,
        d: u8,
        a: u8,
        insn: Insn,
    ) {
        let scale = -i32::from(fbits);
        match (p, signed) {
            (Precision::Single, true) => {
                let from = self.all_elements(p, a, shape, X0);
                dynasm!(self.asm.ops ; .arch x64 ; vcvtdq2ps Rx(X2), Rx(from));
            }
            (Precision::Single, false) => {
                // Two halves: the upper one as a number is exact, and so is its product; the sum is rounded once.
                let from = self.all_elements(p, a, shape, X0);
                self.avx_imm(vpsrld, X2, from, 16);
                dynasm!(self.asm.ops ; .arch x64 ; vcvtdq2ps Rx(X2), Rx(X2));
                self.avx_constant(vmulps, X2, X2, everywhere(p, power(p, 16)));
                self.avx_constant(vpand, X1, from, everywhere(p, 0xffff));
                dynasm!(self.asm.ops ; .arch x64 ; vcvtdq2ps Rx(X1), Rx(X1));
                self.avx(vaddps, X2, X2, X1);
            }
            (Precision::Double, true) => {
                self.bits(Width::X, RAX, a);
                self.clear_second();
                dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2sd Rx(X2), xmm1, rax);
                if shape == Shape::Full {
                    match self.mapping.vector(a) {
                        Some(a) => dynasm!(self.asm.ops ; .arch x64 ; vpextrq rax, Rx(a), BYTE 1),
                        None => self.asm.load_slot(RAX, v_slot(a) + 8),
                    }
                    dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2sd xmm0, xmm1, rax);
                    self.avx(vpunpcklqdq, X2, X2, X0);
                }
            }
            (Precision::Double, false) => {
                if self.leave_unless(self.shared.numbers.nearest, insn) {
                    return;
                }
                // Two halves as the fractions of 2^84 and 2^52; the difference is exact, and the sum is rounded once.
                let from = self.all_elements(p, a, shape, X0);
                self.avx_imm(vpsrlq, X2, from, 32);
                self.avx_constant(vpor, X2, X2, everywhere(p, power(p, 84)));
                self.avx_constant(vsubpd, X2, X2, everywhere(p, power(p, 84) | 1 << 20));
                self.avx_constant(vpand, X1, from, everywhere(p, 0xffff_ffff));
                self.avx_constant(vpor, X1, X1, everywhere(p, power(p, 52)));
                self.avx(vaddpd, X2, X2, X1);
            }
        }
        self.scale(p, X2, scale);
        self.finish_lanes(p, shape, d, X2);
    }

    /// FCVTL.
    pub(super) fn lengthen(&mut self, to: Precision, upper: bool, d: u8, a: u8, insn: Insn) {
        if self.leave_unless(to == Precision::Double || self.shared.numbers.half, insn) {
            return;
        }
        let checks = self.checks(false, false);
        self.spill_for(checks);
        let mut from = self.read_vector(a, X0);
        if upper {
            self.avx_imm(vpsrldq, X1, from, 8);
            from = X1;
        }
        match to {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vcvtps2pd Rx(X2), Rx(from)),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vcvtph2ps Rx(X2), Rx(from)),
        }
        self.check_lanes_and_finish(to, checks, Shape::Full, d, X2, insn);
    }

    /// FCVTN.
    pub(super) fn narrow_numbers(&mut self, from: Precision, upper: bool, d: u8, a: u8, insn: Insn) {
        let numbers = self.shared.numbers;
        // (Under the standard value, what is tiny traps.)
        let half = numbers.half && (self.standard || numbers.trap && !numbers.underflow);
        let possible = from == Precision::Double || half;
        if self.leave_unless(possible, insn) {
            return;
        }
        let checks = self.checks(false, true);
        if from == Precision::Double || checks.nan {
            self.spill_for(checks);
        }
        let source = self.read_vector(a, X0);
        let back = match from {
            Precision::Double => {
                dynasm!(self.asm.ops ; .arch x64 ; vcvtpd2ps Rx(X2), Rx(source));
                self.check_lanes(Precision::Single, checks, X2, insn, None)
            }
            Precision::Single => {
                let back = self.unless_unordered(from, source, source, insn);
                dynasm!(self.asm.ops ; .arch x64 ; vcvtps2ph Rx(X2), Rx(source), BYTE 4);
                back
            }
        };
        if upper {
            let old = self.read_vector(d, X0);
            self.avx(vpunpcklqdq, X2, old, X2);
        }
        self.finish(true, d, X2);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }
}

/// The bits of the largest magnitude, as an integer.
pub(super) fn magnitude_bits(p: Precision) -> u64 {
    match p {
        Precision::Single => 0x7fff_ffff,
        Precision::Double => i64::MAX as u64,
    }
}
