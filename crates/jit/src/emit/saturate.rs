//! Saturating operations, which set FPSR.QC, and what makes elements narrower.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::memory;
use super::simd::{bytes, shuffle};
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::AvxSelect::*;
use super::simd_lanes::{Avx, X0, X1, X2};
use super::*;
use crate::map::FPSR_SLOT;

/// FPSR.QC.
const QC: i32 = 1 << 27;

/// An element in all places.
pub(super) fn repeat(size: u8, value: u64) -> u128 {
    let bits = 8u32 << size;
    let value = u128::from(value) & (u128::MAX >> (128 - bits));
    (0..128 / bits).fold(0, |all, n| all | value << (n * bits))
}

/// The bit of the sign, in all elements.
pub(super) fn signs(size: u8) -> u128 {
    repeat(size, 1 << ((8 << size) - 1))
}

/// The comparison of elements.
pub(super) fn equal(size: u8) -> Avx {
    [vpcmpeqb, vpcmpeqw, vpcmpeqd, vpcmpeqq][usize::from(size & 3)]
}

/// Whether an operation may set FPSR.QC, for which it needs EFLAGS.
pub(super) fn may_saturate(op: Lanes) -> bool {
    matches!(
        op,
        Lanes::Saturate(..)
            | Lanes::DoublingHigh { .. }
            | Lanes::DoublingProduct
            | Lanes::SaturateMixed { .. }
            | Lanes::Shift(ShiftLanes { saturate: true, .. })
    )
}

impl Emitter<'_> {
    /// Sets FPSR.QC if a register is not zero; the lower half of it if not `q`. The register and the flags are overwritten.
    pub(super) fn saturated_unless_zero(&mut self, q: bool, x: u8) {
        if !q {
            dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(x), Rx(x));
        }
        let none = self.asm.label();
        dynasm!(self.asm.ops ; .arch x64 ; vptest Rx(x), Rx(x) ; jz =>none);
        memory!(self.asm.ops, HostAddress::state(FPSR_SLOT), (or DWORD) (, DWORD QC));
        self.asm.bind(none);
    }

    /// X2 = the saturated sum or difference. The flags are overwritten.
    pub(super) fn saturating(&mut self, op: Sum, signed: bool, size: u8, q: bool, a: u8, b: u8) {
        let (plain, host) = match (op, signed, size) {
            (Sum::Add, true, 0) => (vpaddb, Some(vpaddsb)),
            (Sum::Add, true, 1) => (vpaddw, Some(vpaddsw)),
            (Sum::Add, false, 0) => (vpaddb, Some(vpaddusb)),
            (Sum::Add, false, 1) => (vpaddw, Some(vpaddusw)),
            (Sum::Sub, true, 0) => (vpsubb, Some(vpsubsb)),
            (Sum::Sub, true, 1) => (vpsubw, Some(vpsubsw)),
            (Sum::Sub, false, 0) => (vpsubb, Some(vpsubusb)),
            (Sum::Sub, false, 1) => (vpsubw, Some(vpsubusw)),
            (Sum::Add, _, 2) => (vpaddd, None),
            (Sum::Sub, _, 2) => (vpsubd, None),
            (Sum::Add, _, _) => (vpaddq, None),
            (Sum::Sub, _, _) => (vpsubq, None),
        };
        if let Some(host) = host {
            self.avx(host, X2, a, b);
            self.avx(plain, X0, a, b);
            self.avx(vpxor, X0, X0, X2);
            return self.saturated_unless_zero(q, X0);
        }
        self.avx(plain, X2, a, b);
        if signed {
            // Overflow: the operands' signs are alike (for a sum), and the result's is another.
            let other = if op == Sum::Add { X2 } else { a };
            self.avx(vpxor, X1, b, other);
            self.avx(vpxor, X0, a, X2);
            self.avx(vpand, X1, X1, X0);
            // The limit has the sign that the result should have had.
            if size == 2 {
                self.avx_imm(vpsrad, X1, X1, 31);
                self.avx_imm(vpsrad, X0, X2, 31);
            } else {
                self.vector_constant(X0, 0);
                self.avx(vpcmpgtq, X1, X0, X1);
                self.avx(vpcmpgtq, X0, X0, X2);
            }
            self.avx_constant(vpxor, X0, X0, signs(size));
            self.avx(vpxor, X0, X0, X2);
            self.avx(vpand, X0, X0, X1);
            self.avx(vpxor, X2, X2, X0);
            return self.saturated_unless_zero(q, X1);
        }
        // The sum is below an operand, or the second operand above the first: compared as signed numbers.
        let other = if op == Sum::Add { X2 } else { b };
        self.avx_constant(vpxor, X1, other, signs(size));
        self.avx_constant(vpxor, X0, a, signs(size));
        let greater = if size == 2 { vpcmpgtd } else { vpcmpgtq };
        match op {
            Sum::Add => {
                self.avx(greater, X0, X0, X1);
                self.avx(vpor, X2, X2, X0);
            }
            Sum::Sub => {
                self.avx(greater, X0, X1, X0);
                self.avx(vpandn, X2, X0, X2);
            }
        }
        self.saturated_unless_zero(q, X0);
    }

    /// X2 = the high half of 2 * a * b. The flags are overwritten.
    pub(super) fn doubling_high(&mut self, round: bool, size: u8, q: bool, a: u8, b: u8) {
        if size == 1 && !round {
            self.avx(vpmulhw, X2, a, b);
            self.avx(vpmullw, X0, a, b);
            self.avx_imm(vpsrlw, X0, X0, 15);
            self.avx_imm(vpsllw, X2, X2, 1);
            self.avx(vpor, X2, X2, X0);
        } else if size == 1 {
            self.avx(vpmulhrsw, X2, a, b);
        } else {
            self.high_words(if round { 1 << 30 } else { 0 }, a, b);
        }
        self.limit_smallest(size, q);
    }

    /// X2 = the high halves of 2 * a * b, of words, with something added before.
    fn high_words(&mut self, add: u64, a: u8, b: u8) {
        self.avx(vpmuldq, X2, a, b);
        self.avx_imm(vpsrlq, X0, a, 32);
        self.avx_imm(vpsrlq, X1, b, 32);
        self.avx(vpmuldq, X0, X0, X1);
        if add != 0 {
            self.avx_constant(vpaddq, X2, X2, repeat(3, add));
            self.avx_constant(vpaddq, X0, X0, repeat(3, add));
        }
        self.avx_imm(vpsrlq, X2, X2, 31);
        self.avx_imm(vpsllq, X0, X0, 1);
        self.avx_select(vpblendw, X2, X2, X0, 0xcc);
    }

    /// The smallest number in X2, which stands for what is one more than the largest, becomes the largest. X0 and the flags are overwritten.
    pub(super) fn limit_smallest(&mut self, size: u8, q: bool) {
        self.avx_constant(equal(size), X0, X2, signs(size));
        self.avx(vpxor, X2, X2, X0);
        self.saturated_unless_zero(q, X0);
    }

    /// X2 = twice the product, of `size`, of elements that have half of it. The flags are overwritten.
    pub(super) fn doubling_product(&mut self, size: u8, q: bool, a: u8, b: u8) {
        let (product, add) = if size == 2 {
            (vpmulld, vpaddd)
        } else {
            (vpmuldq, vpaddq)
        };
        self.avx(product, X2, a, b);
        self.avx(add, X2, X2, X2);
        // Only the square of the smallest number overflows.
        self.limit_smallest(size, q);
    }

    /// SUQADD and USQADD: with the sign bit of the first operand inverted, both are signed, or unsigned.
    pub(super) fn saturating_mixed(&mut self, signed_first: bool, size: u8, q: bool, a: u8, b: u8) {
        self.avx_constant(vpxor, X0, a, signs(size));
        self.saturating(Sum::Add, !signed_first, size, q, X0, b);
        self.avx_constant(vpxor, X2, X2, signs(size));
    }

    /// SQRDMLAH and SQRDMLSH. What is added to d is an integer, so it is rounded first: for a subtraction, so that its opposite would be rounded up.
    /// It fits, but for the square of the smallest number, which is one more than the largest.
    pub(super) fn rounded_high(&mut self, op: Sum, size: u8, q: bool, d: u8, a: Operand, b: Operand) {
        self.spill_if_kept();
        let (a, b) = (self.operand(a, size, X0), self.operand(b, size, X1));
        let (sign, add, sub) = match size {
            1 => (vpsraw, vpaddw, vpsubw),
            _ => (vpsrad, vpaddd, vpsubd),
        };
        match (size, op) {
            (1, _) => {
                self.avx(vpmulhrsw, X2, a, b);
                if op == Sum::Sub {
                    self.avx(vpmullw, X0, a, b);
                    self.avx_constant(vpand, X0, X0, repeat(1, 0x7fff));
                    self.avx_constant(vpcmpeqw, X0, X0, repeat(1, 0x4000));
                    self.avx(vpaddw, X2, X2, X0);
                }
            }
            (_, Sum::Add) => self.high_words(1 << 30, a, b),
            (_, Sum::Sub) => self.high_words((1 << 30) - 1, a, b),
        }
        self.avx_constant(equal(size), X0, X2, signs(size));
        self.avx(vpxor, X1, X2, X0);
        self.store_spare(0, X0);
        let old = self.read_vector(d, X0);
        self.saturating(op, true, size, q, old, X1);
        // Where one was missing, it is made up for; the sum has not been saturated then, or should have been.
        self.load_spare(0, X0);
        let old = self.read_vector(d, X1);
        self.avx_imm(sign, X1, old, (8 << size) - 1);
        self.avx(vpand, X1, X1, X0);
        self.avx(vpxor, X0, X0, X1);
        let excess = match op {
            Sum::Add => {
                self.avx(sub, X2, X2, X1);
                X0
            }
            Sum::Sub => {
                self.avx(add, X2, X2, X0);
                X1
            }
        };
        self.saturated_unless_zero(q, excess);
        self.finish(q, d, X2);
    }

    /// Selects the low (or high) halves of elements of twice `size`, into the lower half.
    fn halves(size: u8, high: bool) -> u128 {
        let width = 1u8 << size;
        shuffle(|n| {
            if n < 8 {
                2 * (n & !(width - 1)) + (n & (width - 1)) + if high { width } else { 0 }
            } else {
                0x80
            }
        })
    }

    /// Puts the narrow elements in the lower half of X2 where they belong.
    fn finish_narrow(&mut self, upper: bool, d: u8) {
        if upper {
            let old = self.read_vector(d, X0);
            let out = self.out(true, d);
            self.avx(vpunpcklqdq, out, old, X2);
            self.finish(true, d, out);
        } else {
            self.finish(true, d, X2);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    pub(super) fn narrow(&mut self, size: u8, upper: bool, d: u8, a: Operand, by: u8, round: bool, excess: Excess) {
        if excess != Excess::Cut {
            self.spill_if_kept();
        }
        let mut from = self.operand(a, size + 1, X0);
        if by != 0 {
            let signed = matches!(excess, Excess::Saturate { from_signed: true, .. });
            let shift = match (signed, round) {
                (false, false) => Shifts::Right,
                (true, false) => Shifts::RightSigned,
                (false, true) => Shifts::RightRounded,
                (true, true) => Shifts::RightSignedRounded,
            };
            self.shift_elements(shift, size + 1, X2, from, by);
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm0, xmm2);
            from = X0;
        }
        if let Excess::Saturate { from_signed, to_signed } = excess {
            self.clamp(size, from, from_signed, to_signed);
            self.avx(vpxor, X1, X2, from);
            self.saturated_unless_zero(true, X1);
            from = X2;
        }
        self.avx_constant(vpshufb, X2, from, Self::halves(size, false));
        self.finish_narrow(upper, d);
    }

    /// X2 = elements of twice `size`, limited to what fits into `size`. Xmm1 is overwritten.
    fn clamp(&mut self, size: u8, a: u8, from_signed: bool, to_signed: bool) {
        let bits = 8u32 << size;
        let (low, high) = match (from_signed, to_signed) {
            (true, true) => (-1i64 << (bits - 1), (1i64 << (bits - 1)) - 1),
            _ => (0, ((1u64 << bits) - 1) as i64),
        };
        let wide = size + 1;
        let (lowest, highest) = (repeat(wide, low as u64), repeat(wide, high as u64));
        if wide < 3 {
            let (min, max) = match (wide, from_signed) {
                (1, true) => (vpminsw, vpmaxsw),
                (1, false) => (vpminuw, vpmaxuw),
                (_, true) => (vpminsd, vpmaxsd),
                (_, false) => (vpminud, vpmaxud),
            };
            self.vector_constant(X1, highest);
            self.avx(min, X2, a, X1);
            if from_signed {
                self.vector_constant(X1, lowest);
                self.avx(max, X2, X2, X1);
            }
            return;
        }
        // 64 bits: by comparisons.
        dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, Rx(a));
        if !from_signed {
            // Larger is what has bits above.
            self.avx_imm(vpsrlq, X1, a, 32);
            let low = repeat(3, u64::from(u32::MAX));
            // All ones in the low word where the high one is not zero: 0 - x borrows.
            self.vector_constant(X2, 0);
            self.avx(vpcmpeqd, X1, X1, X2);
            self.avx_constant(vpxor, X1, X1, low);
            self.avx_constant(vpand, X1, X1, low);
            self.avx_constant(vpand, X2, a, low);
            return self.avx(vpor, X2, X2, X1);
        }
        self.vector_constant(X1, highest);
        self.avx(vpcmpgtq, X1, a, X1);
        self.choose_constant(X2, X1, highest);
        self.vector_constant(X1, lowest);
        self.avx(vpcmpgtq, X1, X1, a);
        self.choose_constant(X2, X1, lowest);
    }

    /// d = a constant where the mask is set. The mask is overwritten.
    fn choose_constant(&mut self, d: u8, mask: u8, value: u128) {
        self.avx(vpandn, d, mask, d);
        self.avx_constant(vpand, mask, mask, value);
        self.avx(vpor, d, d, mask);
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    pub(super) fn narrow_high(&mut self, op: Sum, size: u8, upper: bool, round: bool, d: u8, a: u8, b: u8) {
        let (first, second) = (self.read_vector(a, X0), self.read_vector(b, X1));
        let lanes = match op {
            Sum::Add => Lanes::Add,
            Sum::Sub => Lanes::Sub,
        };
        self.lanes(lanes, size + 1, true, X2, first, second);
        if round {
            let half = repeat(size + 1, 1 << ((8 << size) - 1));
            self.avx_constant([vpaddb, vpaddw, vpaddd, vpaddq][usize::from(size + 1)], X2, X2, half);
        }
        self.avx_constant(vpshufb, X2, X2, Self::halves(size, true));
        self.finish_narrow(upper, d);
    }

    /// d = half of the sum or difference.
    pub(super) fn halve(&mut self, what: Halving, signed: bool, size: u8, d: u8, a: u8, b: u8) {
        if size == 2 {
            match what {
                Halving::Sum => self.avx(vpand, X2, a, b),
                Halving::SumRounded => self.avx(vpor, X2, a, b),
                Halving::Difference => self.avx(vpandn, X2, a, b),
            }
            self.avx(vpxor, X0, a, b);
            self.avx_imm(if signed { vpsrad } else { vpsrld }, X0, X0, 1);
            return match what {
                Halving::Sum => self.avx(vpaddd, d, X2, X0),
                Halving::SumRounded => self.avx(vpsubd, d, X2, X0),
                Halving::Difference => self.avx(vpsubd, d, X0, X2),
            };
        }
        // The host has the rounded average of unsigned elements: others are inverted, or moved by half of their range.
        let bias = if signed { signs(size) } else { 0 };
        let (first, second, last) = match what {
            Halving::Sum => (!bias, !bias, !bias),
            Halving::SumRounded => (bias, bias, bias),
            Halving::Difference => (bias, !bias, 0),
        };
        let average = if size == 0 { vpavgb } else { vpavgw };
        self.avx_constant(vpxor, X2, a, first);
        self.avx_constant(vpxor, X1, b, second);
        if what == Halving::Difference {
            self.avx(average, X2, X2, X1);
            self.avx_constant(if size == 0 { vpsubb } else { vpsubw }, d, X2, signs(size));
        } else {
            self.avx(average, X2, X2, X1);
            self.avx_constant(vpxor, d, X2, last);
        }
    }

    /// d = leading zeros of each element; a is xmm0 or a mapped register.
    pub(super) fn leading_zeros(&mut self, size: u8, d: u8, a: u8) {
        let table = shuffle(|n| if n == 0 { 4 } else { n.leading_zeros() as u8 - 4 });
        // By fours: those of the upper four, and those of the lower four where the upper are zero.
        self.avx_imm(vpsrlw, X2, a, 4);
        self.avx_constant(vpand, X2, X2, bytes(0x0f));
        self.avx_constant(vpand, X0, a, bytes(0x0f));
        self.vector_constant(X1, table);
        self.avx(vpshufb, X0, X1, X0);
        self.avx(vpshufb, X2, X1, X2);
        self.avx_constant(vpcmpeqb, X1, X2, bytes(4));
        self.avx(vpand, X0, X0, X1);
        self.avx(vpaddb, X2, X2, X0);
        // Then twice as many at a time.
        if size >= 1 {
            self.avx_constant(vpand, X0, X2, repeat(1, 0xff));
            self.avx_imm(vpsrlw, X2, X2, 8);
            self.avx_constant(vpcmpeqw, X1, X2, repeat(1, 8));
            self.avx(vpand, X0, X0, X1);
            self.avx(vpaddw, X2, X2, X0);
        }
        if size >= 2 {
            self.avx_constant(vpand, X0, X2, repeat(2, 0xffff));
            self.avx_imm(vpsrld, X2, X2, 16);
            self.avx_constant(vpcmpeqd, X1, X2, repeat(2, 16));
            self.avx(vpand, X0, X0, X1);
            self.avx(vpaddd, X2, X2, X0);
        }
        dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(d), xmm2);
    }
}
