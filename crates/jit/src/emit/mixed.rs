//! Pairs and reductions in half precision, its conversions to and from integers; what mixes formats: products of halves and of BFloat16 numbers, doubles rounded to odd;
//! complex numbers, and rounding to integers of a certain size.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::{Cc, memory};
use super::float_convert::{QUIET, magnitude_bits, power};
use super::float_lanes::{by, everywhere};
use super::saturate::repeat;
use super::simd::shuffle;
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::{X0, X1, X2};
use super::*;
use crate::map::FPSR_SLOT;
use armlet_cpu::fp::fpsr;
use armlet_decoder::a64::Insn;

const SINGLE: Precision = Precision::Single;
const DOUBLE: Precision = Precision::Double;

impl Emitter<'_> {
    pub(super) fn half_pairs(&mut self, op: HalfOp, q: bool, d: u8, a: u8, b: u8, insn: Insn) {
        if self.leave_unless(self.computes_half(op == HalfOp::Add), insn) {
            return;
        }
        for (lanes, spare) in [(Lanes::Uzp1, 0), (Lanes::Uzp2, 1)] {
            let (first, second) = (self.read_vector(a, X0), self.read_vector(b, X1));
            self.lanes(lanes, 1, q, X2, first, second);
            self.store_spare(spare, X2);
        }
        let shape = Shape::of(q);
        for (x, spare) in [(X0, 0), (X1, 1)] {
            self.load_spare(spare, x);
            self.halves_to_singles(shape, x, x);
        }
        self.half_of(op, shape, d);
    }

    /// FMAXV and its relatives. NaNs trap.
    pub(super) fn half_across(&mut self, op: HalfOp, q: bool, d: u8, a: u8, insn: Insn) {
        if self.leave_unless(self.computes_half(false), insn) {
            return;
        }
        let op = if op == HalfOp::Max {
            FloatLanes::Max
        } else {
            FloatLanes::Min
        };
        self.widened(HalfOperand::Reg(a), Shape::of(q), X0);
        if q {
            dynasm!(self.asm.ops ; .arch x64 ; vextracti128 xmm1, ymm0, BYTE 1);
            self.extremes(op, SINGLE, X0, X0, X1);
        }
        dynasm!(self.asm.ops ; .arch x64 ; vpermilps xmm1, xmm0, BYTE 0b10_11_00_01_u8 as i8);
        self.extremes(op, SINGLE, X0, X0, X1);
        dynasm!(self.asm.ops ; .arch x64 ; vpermilps xmm1, xmm0, BYTE 0b01_00_11_10);
        self.extremes(op, SINGLE, X2, X0, X1);
        self.narrowed(Shape::Half);
        self.lowest(1, d, X2);
        self.leave_ymm(Shape::of(q));
    }

    /// X0 = four elements of V\[a\] (the upper ones in the second round), or the lowest one everywhere.
    fn four_halves(&mut self, shape: Shape, a: u8, round: usize) {
        let mut from = self.read_vector(a, X0);
        if round == 1 {
            self.avx_imm(vpsrldq, X0, from, 8);
            from = X0;
        }
        if shape == Shape::Scalar {
            dynasm!(self.asm.ops ; .arch x64 ; vpbroadcastw Rx(X0), Rx(from));
        } else if from != X0 {
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm0, Rx(from));
        }
    }

    /// V\[d\] = four or eight elements of 16 bits; `four` puts those of one round into the lower half of X2.
    fn in_fours(&mut self, shape: Shape, d: u8, mut four: impl FnMut(&mut Self, usize)) {
        four(self, 0);
        if shape == Shape::Full {
            self.store_spare(0, X2);
            four(self, 1);
            self.load_spare(0, X0);
            self.avx(vpunpcklqdq, X2, X0, X2);
        }
        self.finish_halves(shape, d);
    }

    /// FRINTA.
    pub(super) fn round_halves_away(&mut self, shape: Shape, d: u8, a: u8) {
        self.in_fours(shape, d, |e, round| {
            e.four_halves(shape, a, round);
            e.halves_to_singles(Shape::Half, X0, X0);
            e.round_away(SINGLE, X2, X0);
            e.narrowed(Shape::Half);
        });
    }

    pub(super) fn half_to_integer(
        &mut self,
        shape: Shape,
        signed: bool,
        (rounding, fbits): (Rounding, u8),
        d: u8,
        a: u8,
        insn: Insn,
    ) {
        let possible = self.computes_half(false) && (rounding != Rounding::Away || self.shared.numbers.nearest);
        if self.leave_unless(possible, insn) {
            return;
        }
        self.spill_if_kept();
        let mut backs = Vec::new();
        self.in_fours(shape, d, |e, round| {
            e.four_halves(shape, a, round);
            e.halves_to_singles(Shape::Half, X0, X0);
            if fbits != 0 {
                e.avx_constant(vmulps, X0, X0, everywhere(SINGLE, power(SINGLE, fbits.into())));
            }
            // Nothing is inexact before it is known to be in range.
            match rounding {
                Rounding::Away => e.round_away(SINGLE, X2, X0),
                _ => e.host_round(SINGLE, true, X2, X0, rounding as u8 | QUIET),
            }
            dynasm!(e.asm.ops ; .arch x64 ; vcvttps2dq Rx(X1), Rx(X2));
            let biased = if signed {
                e.avx_constant(vpaddd, X2, X1, repeat(2, 0x8000));
                X2
            } else {
                X1
            };
            e.avx_imm(vpsrld, X2, biased, 16);
            dynasm!(e.asm.ops ; .arch x64 ; vptest xmm2, xmm2);
            backs.push(e.mend(Cc::Ne, insn, None));
            e.host_round(SINGLE, true, X2, X0, Rounding::Zero as u8);
            if signed {
                dynasm!(e.asm.ops ; .arch x64 ; vpackssdw xmm2, xmm1, xmm1);
            } else {
                e.avx(vpackusdw, X2, X1, X1);
            }
        });
        backs.into_iter().for_each(|back| self.asm.bind(back));
    }

    pub(super) fn half_from_integer(&mut self, shape: Shape, signed: bool, fbits: u8, d: u8, a: u8, insn: Insn) {
        if self.leave_unless(self.computes_half(false), insn) {
            return;
        }
        self.in_fours(shape, d, |e, round| {
            e.four_halves(shape, a, round);
            e.widen_half(1, signed, false, X0, X0);
            dynasm!(e.asm.ops ; .arch x64 ; vcvtdq2ps Rx(X2), Rx(X0));
            if fbits != 0 {
                e.avx_constant(vmulps, X2, X2, everywhere(SINGLE, power(SINGLE, -i32::from(fbits))));
            }
            e.narrowed(Shape::Half);
        });
    }

    /// X2 = V\[d\] plus or minus X0 * X1, checked, and to V\[d\].
    fn fused_into(&mut self, p: Precision, negative: bool, shape: Shape, d: u8, insn: Insn) {
        let checks = self.checks(true, true);
        self.spill_for(checks);
        let old = self.all_elements(p, d, shape, X2);
        if old != X2 {
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, Rx(old));
        }
        self.fused(p, negative, X2, X0, X1);
        self.check_lanes_and_finish(p, checks, shape, d, X2, insn);
    }

    /// FMLAL and FMLSL. A product of halves is exact.
    pub(super) fn half_product(
        &mut self,
        negative: bool,
        shape: Shape,
        upper: bool,
        d: u8,
        (a, b, lane): (u8, u8, Option<u8>),
        insn: Insn,
    ) {
        let numbers = self.shared.numbers;
        if self.leave_unless(numbers.half && numbers.trap, insn) {
            return;
        }
        for (n, x, lane) in [(a, X0, None), (b, X1, lane)] {
            let mut from = self.read_vector(n, x);
            match lane {
                Some(lane) => {
                    self.avx_imm(vpsrldq, x, from, 2 * lane);
                    dynasm!(self.asm.ops ; .arch x64 ; vpbroadcastw Rx(x), Rx(x));
                    from = x;
                }
                None => {
                    if upper {
                        self.avx_imm(vpsrldq, x, from, if shape == Shape::Full { 8 } else { 4 });
                        from = x;
                    }
                    if shape != Shape::Full {
                        dynasm!(self.asm.ops ; .arch x64 ; vpbroadcastd Rx(x), Rx(from));
                        from = x;
                    }
                }
            }
            self.halves_to_singles(Shape::Half, x, from);
        }
        self.fused_into(SINGLE, negative, shape, d, insn);
    }

    /// BFMLALB and BFMLALT: a BFloat16 number is the upper half of one in single precision.
    pub(super) fn brain_product(&mut self, odd: bool, d: u8, (a, b, lane): (u8, u8, Option<u8>), insn: Insn) {
        for (n, x, lane) in [(a, X0, None), (b, X1, lane)] {
            let from = self.read_vector(n, x);
            match lane {
                Some(lane) => {
                    self.avx_imm(vpsrldq, x, from, 2 * lane);
                    dynasm!(self.asm.ops ; .arch x64 ; vpbroadcastw Rx(x), Rx(x));
                    self.avx_imm(vpslld, x, x, 16);
                }
                None if odd => {
                    self.avx_imm(vpsrld, x, from, 16);
                    self.avx_imm(vpslld, x, x, 16);
                }
                None => self.avx_imm(vpslld, x, from, 16),
            }
        }
        self.fused_into(SINGLE, false, Shape::Full, d, insn);
    }

    /// FCADD and FCMLA: X1 = the second operand, turned; X0 = the first one, or its parts.
    pub(super) fn complex(
        &mut self,
        (fused, rot): (bool, u8),
        p: Option<Precision>,
        shape: Shape,
        d: u8,
        (a, b, lane): (u8, u8, Option<u8>),
        insn: Insn,
    ) {
        if p.is_none() && self.leave_unless(self.computes_half(true), insn) {
            return;
        }
        let size = p.map_or(1, Precision::size);
        let width = 1u8 << size;
        let operand = |e: &mut Self, n, x| match p {
            Some(p) => e.all_elements(p, n, shape, x),
            None => e.read_vector(n, x),
        };
        // Bytes of the element that is the real or the imaginary part of the same number, or the other part.
        let same = |part: u8| shuffle(|n| n & !(2 * width - 1) | (part * width) | n & (width - 1));
        let second = match lane {
            Some(_) => self.read_vector(b, X1),
            None => operand(self, b, X1),
        };
        let turn = |n: u8| if rot & 1 == 1 { n ^ width } else { n };
        self.avx_constant(
            vpshufb,
            X1,
            second,
            match lane {
                Some(lane) => shuffle(|n| lane * 2 * width + turn(n & (2 * width - 1))),
                None => shuffle(turn),
            },
        );
        let (real, imaginary) = [(0, 0), (1, 0), (1, 1), (0, 1)][usize::from(rot & 3)];
        let sign = |set: u8, part: u8| u128::from(set) << (8 * u32::from(width * (part + 1)) - 1);
        let pair = sign(real, 0) | sign(imaginary, 1);
        let signs = (0..16 / (2 * width)).fold(0, |all, n| all | pair << (16 * u32::from(width) * u32::from(n)));
        if signs != 0 {
            self.avx_constant(vpxor, X1, X1, signs);
        }
        let first = operand(self, a, X0);
        match (fused, p) {
            (false, Some(p)) => {
                let checks = self.checks(false, false);
                self.spill_for(checks);
                self.avx(by(p, vaddpd, vaddps), X2, first, X1);
                self.check_lanes_and_finish(p, checks, shape, d, X2, insn);
            }
            (true, Some(p)) => {
                self.avx_constant(vpshufb, X0, first, same(rot & 1));
                self.fused_into(p, false, shape, d, insn);
            }
            (false, None) => {
                self.halves_to_singles(shape, X0, first);
                self.halves_to_singles(shape, X1, X1);
                self.half_of(HalfOp::Add, shape, d);
            }
            (true, None) => {
                self.avx_constant(vpshufb, X0, first, same(rot & 1));
                self.halves_to_singles(shape, X0, X0);
                self.halves_to_singles(shape, X1, X1);
                self.half_multiply_add(shape, d, (HalfOperand::Reg(d), false), (false, false), insn);
            }
        }
    }

    /// FRINT32Z and its relatives. What is out of range is the interpreter's.
    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    pub(super) fn round_sized(
        &mut self,
        wide: bool,
        rounding: Rounding,
        p: Precision,
        shape: Shape,
        d: u8,
        a: u8,
        insn: Insn,
    ) {
        if self.leave_unless(!self.shared.numbers.flush, insn) {
            return;
        }
        self.spill_if_kept();
        let from = self.all_elements(p, a, shape, X0);
        // Nothing is inexact before it is known to be in range.
        self.host_round(p, true, X2, from, rounding as u8 | QUIET);
        self.avx_constant(vpand, X1, X2, everywhere(p, magnitude_bits(p)));
        let limit = power(p, if wide { 63 } else { 31 });
        self.avx_constant(by(p, vpcmpgtq, vpcmpgtd), X1, X1, everywhere(p, limit - 1));
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
        let back = self.mend(Cc::Ne, insn, None);
        self.host_round(p, true, X1, from, rounding as u8);
        self.finish_lanes(p, shape, d, X2);
        self.asm.bind(back);
    }

    /// X2 = doubles in single precision, rounded to odd, where they are normal numbers there; others are the interpreter's, by the label that is answered. X0 and X1 are
    /// overwritten.
    pub(super) fn round_to_odd(&mut self, from: u8, insn: Insn) -> Label {
        let lost = (1 << 29) - 1;
        self.avx_constant(vpand, X1, from, everywhere(DOUBLE, magnitude_bits(DOUBLE)));
        self.avx_constant(vpsubq, X1, X1, everywhere(DOUBLE, power(DOUBLE, -126)));
        self.avx_constant(
            vpcmpgtq,
            X2,
            X1,
            everywhere(DOUBLE, power(DOUBLE, 128) - power(DOUBLE, -126) - 1),
        );
        self.avx(vpor, X2, X2, X1);
        self.avx_imm(vpsrlq, X2, X2, 63);
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm2, xmm2);
        let back = self.mend(Cc::Ne, insn, None);
        // The last bit that stays is set where something is lost.
        self.avx_constant(vpand, X1, from, everywhere(DOUBLE, lost));
        self.vector_constant(X2, 0);
        self.avx(vpcmpeqq, X1, X1, X2);
        self.vector_constant(X2, everywhere(DOUBLE, lost + 1));
        self.avx(vpandn, X1, X1, X2);
        self.avx(vpor, X1, X1, from);
        self.avx_constant(vpand, X2, X1, everywhere(DOUBLE, !lost));
        dynasm!(self.asm.ops ; .arch x64 ; vcvtpd2ps Rx(X2), Rx(X2));
        back
    }

    /// FCVTXN.
    pub(super) fn narrow_odd(&mut self, scalar: bool, upper: bool, d: u8, a: u8, insn: Insn) {
        if self.leave_unless(!self.shared.numbers.flush, insn) {
            return;
        }
        self.spill_if_kept();
        let shape = if scalar { Shape::Scalar } else { Shape::Full };
        let from = self.all_elements(DOUBLE, a, shape, X0);
        let back = self.round_to_odd(from, insn);
        let from = self.all_elements(DOUBLE, a, shape, X0);
        self.avx_constant(vpand, X1, from, everywhere(DOUBLE, (1 << 29) - 1));
        let exact = self.asm.label();
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1 ; jz =>exact);
        memory!(self.asm.ops, HostAddress::state(FPSR_SLOT), (or DWORD) (, DWORD fpsr::IXC as i32));
        self.asm.bind(exact);
        if scalar {
            self.write_number(SINGLE, d, X2);
        } else {
            if upper {
                let old = self.read_vector(d, X0);
                self.avx(vpunpcklqdq, X2, old, X2);
            }
            self.finish(true, d, X2);
        }
        self.asm.bind(back);
    }
}
