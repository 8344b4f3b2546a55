//! Arithmetic in half precision, by way of single precision, which has more than twice its bits: sums, products, quotients and roots are rounded to the same number as
//! at once. A fused product that lies between two numbers in single precision, or is tiny in half precision, may be not: it is the interpreter's.
//!
//! Eight elements are computed at once, in ymm0 to ymm2. Elements that are not wanted are copies of those that are.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::Cc;
use super::float_convert::QUIET;
use super::float_lanes::predicate;
use super::saturate::repeat;
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::{X0, X1, X2};
use super::*;
use armlet_decoder::a64::Insn;

/// An instruction on four or eight elements.
macro_rules! by_shape {
    ($ops:expr, $wide:expr, $mnemonic:ident ($($register:expr),+) $(, $imm:expr)?) => {
        if $wide {
            dynasm!($ops ; .arch x64 ; $mnemonic $(Ry($register)),+ $(, BYTE $imm)?)
        } else {
            dynasm!($ops ; .arch x64 ; $mnemonic $(Rx($register)),+ $(, BYTE $imm)?)
        }
    };
}

impl Emitter<'_> {
    /// Whether half precision is computed here; the host does not record underflows of it as Arm does.
    pub(super) fn computes_half(&self, may_underflow: bool) -> bool {
        let numbers = self.shared.numbers;
        numbers.half && numbers.trap && !(may_underflow && numbers.underflow)
    }

    /// x = an operand in single precision.
    pub(super) fn widened(&mut self, operand: HalfOperand, shape: Shape, x: u8) {
        let mut from = match operand {
            HalfOperand::Zero => return self.vector_constant(x, 0),
            HalfOperand::Number(bits) => return self.constant_everywhere(shape == Shape::Full, x, bits),
            HalfOperand::Reg(n) => self.read_vector(n, x),
            HalfOperand::Lane(n, lane) => {
                let from = self.read_vector(n, x);
                if lane == 0 {
                    from
                } else {
                    self.avx_imm(vpsrldq, x, from, 2 * lane);
                    x
                }
            }
        };
        if shape == Shape::Scalar || matches!(operand, HalfOperand::Lane(..)) {
            dynasm!(self.asm.ops ; .arch x64 ; vpbroadcastw Rx(x), Rx(from));
            from = x;
        }
        self.halves_to_singles(shape, x, from);
    }

    /// x = elements in single precision.
    pub(super) fn halves_to_singles(&mut self, shape: Shape, x: u8, from: u8) {
        if shape == Shape::Full {
            dynasm!(self.asm.ops ; .arch x64 ; vcvtph2ps Ry(x), Rx(from));
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; vcvtph2ps Rx(x), Rx(from));
        }
    }

    /// X2 = its elements in half precision, rounded.
    pub(super) fn narrowed(&mut self, shape: Shape) {
        if shape == Shape::Full {
            dynasm!(self.asm.ops ; .arch x64 ; vcvtps2ph xmm2, ymm2, BYTE 4);
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; vcvtps2ph xmm2, xmm2, BYTE 4);
        }
    }

    /// V\[d\] = halves in X2.
    pub(super) fn finish_halves(&mut self, shape: Shape, d: u8) {
        match shape {
            Shape::Scalar => self.lowest(1, d, X2),
            Shape::Half => self.finish(false, d, X2),
            Shape::Full => self.finish(true, d, X2),
        }
    }

    pub(super) fn leave_ymm(&mut self, shape: Shape) {
        if shape == Shape::Full {
            dynasm!(self.asm.ops ; .arch x64 ; vzeroupper);
        }
    }

    pub(super) fn half(&mut self, op: HalfOp, shape: Shape, d: u8, a: u8, b: HalfOperand, insn: Insn) {
        let may_underflow = !matches!(
            op,
            HalfOp::Max | HalfOp::Min | HalfOp::Sqrt | HalfOp::Round { .. } | HalfOp::Compare(_)
        );
        let away = matches!(
            op,
            HalfOp::Round {
                rounding: Rounding::Away,
                ..
            }
        );
        let possible = self.computes_half(may_underflow) && (!away || self.shared.numbers.nearest);
        if self.leave_unless(possible, insn) {
            return;
        }
        if let HalfOp::Round {
            rounding: Rounding::Away,
            ..
        } = op
        {
            return self.round_halves_away(shape, d, a);
        }
        self.widened(HalfOperand::Reg(a), shape, X0);
        self.widened(b, shape, X1);
        self.half_of(op, shape, d);
    }

    /// V\[d\] = an operation on X0 and X1, in single precision.
    pub(super) fn half_of(&mut self, op: HalfOp, shape: Shape, d: u8) {
        let wide = shape == Shape::Full;
        let ops = &mut self.asm.ops;
        match op {
            HalfOp::Add => by_shape!(ops, wide, vaddps(X2, X0, X1)),
            HalfOp::Sub | HalfOp::Difference => by_shape!(ops, wide, vsubps(X2, X0, X1)),
            HalfOp::Mul | HalfOp::NegatedMul => by_shape!(ops, wide, vmulps(X2, X0, X1)),
            HalfOp::Div => by_shape!(ops, wide, vdivps(X2, X0, X1)),
            // The host gives the second operand for two zeros: so both orders are tried. (NaNs trap.)
            HalfOp::Max => {
                by_shape!(ops, wide, vmaxps(X2, X0, X1));
                by_shape!(ops, wide, vmaxps(X1, X1, X0));
                by_shape!(ops, wide, vandps(X2, X2, X1));
            }
            HalfOp::Min => {
                by_shape!(ops, wide, vminps(X2, X0, X1));
                by_shape!(ops, wide, vminps(X1, X1, X0));
                by_shape!(ops, wide, vorps(X2, X2, X1));
            }
            HalfOp::Sqrt => by_shape!(ops, wide, vsqrtps(X2, X0)),
            HalfOp::Round { rounding, exact } => {
                let mode = (rounding as u8 | if exact { 0 } else { QUIET }) as i8;
                by_shape!(ops, wide, vroundps(X2, X0), mode);
            }
            HalfOp::Compare(op) => return self.compare_halves(op, shape, d),
        }
        self.narrowed(shape);
        match op {
            HalfOp::Difference => self.avx_constant(vpand, X2, X2, repeat(1, 0x7fff)),
            HalfOp::NegatedMul => self.avx_constant(vpxor, X2, X2, repeat(1, 0x8000)),
            _ => {}
        }
        self.finish_halves(shape, d);
        self.leave_ymm(shape);
    }

    /// Compares X0 and X1. The assembler takes the two sources in reverse order.
    fn compare_halves(&mut self, op: FloatCompare, shape: Shape, d: u8) {
        let wide = shape == Shape::Full;
        let magnitudes = matches!(op, FloatCompare::MagnitudeGreater | FloatCompare::MagnitudeGreaterEqual);
        if magnitudes {
            self.constant_everywhere(wide, X2, 0x7fff_ffff);
            by_shape!(self.asm.ops, wide, vandps(X0, X0, X2));
            by_shape!(self.asm.ops, wide, vandps(X1, X1, X2));
        }
        let ops = &mut self.asm.ops;
        match op {
            FloatCompare::Equal => by_shape!(ops, wide, vcmpps(X2, X1, X0), predicate::EQUAL),
            FloatCompare::GreaterEqual | FloatCompare::MagnitudeGreaterEqual => {
                by_shape!(ops, wide, vcmpps(X2, X1, X0), predicate::GREATER_EQUAL)
            }
            FloatCompare::Greater | FloatCompare::MagnitudeGreater => {
                by_shape!(ops, wide, vcmpps(X2, X1, X0), predicate::GREATER)
            }
            FloatCompare::LessEqual => by_shape!(ops, wide, vcmpps(X2, X0, X1), predicate::GREATER_EQUAL),
            FloatCompare::Less => by_shape!(ops, wide, vcmpps(X2, X0, X1), predicate::GREATER),
        }
        if wide {
            dynasm!(ops ; .arch x64 ; vextracti128 xmm1, ymm2, BYTE 1 ; vpackssdw xmm2, xmm2, xmm1);
        } else {
            dynasm!(ops ; .arch x64 ; vpackssdw xmm2, xmm2, xmm2);
        }
        self.finish_halves(shape, d);
        self.leave_ymm(shape);
    }

    /// x = a word in all elements.
    fn constant_everywhere(&mut self, wide: bool, x: u8, word: u32) {
        let label = self.constant_label(repeat(2, word.into()));
        if wide {
            dynasm!(self.asm.ops ; .arch x64 ; vbroadcastf128 Ry(x), OWORD [=>label]);
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; vmovups Rx(x), OWORD [=>label]);
        }
    }

    /// V\[d\] = (±addend) + (±(X0 * X1)), rounded once, and halved if it says so. `negative`: the addend, the product.
    pub(super) fn half_multiply_add(
        &mut self,
        shape: Shape,
        d: u8,
        (addend, halve): (HalfOperand, bool),
        negative: (bool, bool),
        insn: Insn,
    ) {
        self.spill_if_kept();
        let wide = shape == Shape::Full;
        self.widened(addend, shape, X2);
        let opcode = match negative {
            (false, false) => 0xb8,
            (false, true) => 0xbc,
            (true, false) => 0xba,
            (true, true) => 0xbe,
        };
        // (VFMADD231PS and its relatives: X2 = X0 * X1 + X2.)
        let length = u8::from(wide) << 2;
        self.asm.ops.extend(&[0xc4, 0xe2, 0x79 | length, opcode, 0xd1]);
        // In the middle between two numbers of half precision, or a NaN.
        self.constant_everywhere(wide, X0, 0x1fff);
        by_shape!(self.asm.ops, wide, vandps(X0, X0, X2));
        self.constant_everywhere(wide, X1, 0x1000);
        by_shape!(self.asm.ops, wide, vpcmpeqd(X0, X0, X1));
        by_shape!(self.asm.ops, wide, vcmpps(X1, X2, X2), predicate::UNORDERED);
        by_shape!(self.asm.ops, wide, vorps(X0, X0, X1));
        by_shape!(self.asm.ops, wide, vptest(X0, X0));
        let first = self.mend(Cc::Ne, insn, None);
        // Below the normal numbers, but not zero: one less is lower than the bits of 2^-14, less one, as an unsigned number.
        self.constant_everywhere(wide, X1, 0x7fff_ffff);
        by_shape!(self.asm.ops, wide, vandps(X0, X2, X1));
        by_shape!(self.asm.ops, wide, vpcmpeqd(X1, X1, X1));
        by_shape!(self.asm.ops, wide, vpaddd(X0, X0, X1));
        // (Or of 2^-13, if it is to be halved.)
        let smallest = if halve { 0x3900_0000 } else { 0x3880_0000 };
        self.constant_everywhere(wide, X1, smallest - 2);
        by_shape!(self.asm.ops, wide, vpminud(X1, X1, X0));
        by_shape!(self.asm.ops, wide, vpcmpeqd(X1, X1, X0));
        by_shape!(self.asm.ops, wide, vptest(X1, X1));
        let second = self.mend(Cc::Ne, insn, None);
        if halve {
            self.constant_everywhere(wide, X0, 0x3f00_0000);
            by_shape!(self.asm.ops, wide, vmulps(X2, X2, X0));
        }
        self.narrowed(shape);
        self.finish_halves(shape, d);
        self.asm.bind(first);
        self.asm.bind(second);
        self.leave_ymm(shape);
    }
}
