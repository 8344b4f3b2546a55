//! Floating point on vectors. What `float.rs` says of results holds for each element: if one is in doubt, the interpreter computes them
//! all. Elements that are not wanted are copies of those that are, so that they raise nothing of their own.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::{Cc, memory};
use super::float::{Checks, MAGNITUDES, SMALLESTS};
use super::float_convert::{magnitude_bits, power};
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxSelect::*;
use super::simd_lanes::{Avx, X0, X1, X2};
use super::*;
use crate::map::v_slot;
use armlet_decoder::a64::Insn;

/// The instruction for the precision.
pub(super) fn by(p: Precision, double: Avx, single: Avx) -> Avx {
    match p {
        Precision::Double => double,
        Precision::Single => single,
    }
}

/// The bits of a number in all elements.
pub(super) fn everywhere(p: Precision, bits: u64) -> u128 {
    match p {
        Precision::Double => u128::from(bits) << 64 | u128::from(bits),
        Precision::Single => u128::from(bits as u32) * 0x1_0000_0001_0000_0001_0000_0001,
    }
}

/// The bits of 3.
fn three(p: Precision) -> u64 {
    // 1.5 * 2: the highest bit of the fraction is set.
    match p {
        Precision::Double => power(p, 1) | 1 << 51,
        Precision::Single => power(p, 1) | 1 << 22,
    }
}

/// Predicates of CMPPS.
pub(super) mod predicate {
    pub const EQUAL: i8 = 0x00;
    pub const UNORDERED: i8 = 0x03;
    pub const GREATER_EQUAL: i8 = 0x0d;
    pub const GREATER: i8 = 0x0e;
    /// Not less, without an exception for quiet NaNs.
    pub const NOT_LESS_QUIET: i8 = 0x15;
}

impl Emitter<'_> {
    pub(super) fn float_lanes(&mut self, op: &Float, insn: Insn) {
        match *op {
            Float::Lanes {
                op,
                p,
                shape,
                d,
                a,
                b,
                lane,
            } => match op {
                FloatLanes::MulAdd | FloatLanes::MulSub => self.multiply_add_lanes(op, p, shape, d, (a, b, lane), insn),
                FloatLanes::ReciprocalStep | FloatLanes::RootStep => self.step(op, p, shape, d, a, b, insn),
                _ => self.arithmetic_lanes(op, p, shape, d, (a, b, lane), insn),
            },
            Float::LanesUnary { op, p, shape, d, a } => self.lanes_unary(op, p, shape, d, a, insn),
            Float::LanesCompare { op, p, shape, d, a, b } => self.lanes_compare(op, p, shape, d, a, b),
            Float::Pairs { op, p, q, d, a, b } => self.pairs(op, p, q, d, a, b, insn),
            Float::Pair { op, p, d, a } => self.pair(op, p, d, a, insn),
            Float::Across { op, d, a } => self.numbers_across(op, d, a, insn),
            Float::LanesToInteger {
                p,
                shape,
                signed,
                rounding,
                fbits,
                d,
                a,
            } => self.lanes_to_integer(p, shape, signed, rounding, fbits, d, a, insn),
            Float::LanesFromInteger {
                p,
                shape,
                signed,
                fbits,
                d,
                a,
            } => self.lanes_from_integer(p, shape, signed, fbits, d, a, insn),
            Float::Lengthen { to, upper, d, a } => self.lengthen(to, upper, d, a, insn),
            Float::Estimate { root, p, shape, d, a } => self.estimate(root, p, shape, d, a, insn),
            Float::Half { op, shape, d, a, b } => self.half(op, shape, d, a, b, insn),
            Float::HalfMultiplyAdd {
                shape,
                d,
                addend,
                halve,
                a,
                b,
                negative,
            } => {
                if self.leave_unless(self.computes_half(true), insn) {
                    return;
                }
                self.widened(HalfOperand::Reg(a), shape, X0);
                self.widened(b, shape, X1);
                self.half_multiply_add(shape, d, (addend, halve), negative, insn);
            }
            Float::HalfPairs { op, q, d, a, b } => self.half_pairs(op, q, d, a, b, insn),
            Float::HalfAcross { op, q, d, a } => self.half_across(op, q, d, a, insn),
            Float::HalfToInteger {
                shape,
                signed,
                rounding,
                fbits,
                d,
                a,
            } => self.half_to_integer(shape, signed, (rounding, fbits), d, a, insn),
            Float::HalfFromInteger {
                shape,
                signed,
                fbits,
                d,
                a,
            } => self.half_from_integer(shape, signed, fbits, d, a, insn),
            Float::HalfProduct {
                negative,
                q,
                upper,
                d,
                a,
                b,
                lane,
            } => self.half_product(negative, Shape::of(q), upper, d, (a, b, lane), insn),
            Float::BrainProduct { odd, d, a, b, lane } => self.brain_product(odd, d, (a, b, lane), insn),
            Float::Complex {
                fused,
                p,
                q,
                d,
                a,
                b,
                lane,
                rot,
            } => self.complex((fused, rot), p, Shape::of(q), d, (a, b, lane), insn),
            Float::RoundSized {
                wide,
                rounding,
                p,
                shape,
                d,
                a,
            } => self.round_sized(wide, rounding, p, shape, d, a, insn),
            Float::NarrowOdd { scalar, upper, d, a } => self.narrow_odd(scalar, upper, d, a, insn),
            Float::Narrow { from, upper, d, a } => self.narrow_numbers(from, upper, d, a, insn),
            _ => unreachable!("`float` knows the others"),
        }
    }

    /// A register with the elements of V\[n\] that are wanted, and copies of them: that of V\[n\] itself, or `scratch`.
    pub(super) fn all_elements(&mut self, p: Precision, n: u8, shape: Shape, scratch: u8) -> u8 {
        let own = self.mapping.vector(n);
        let at = HostAddress::state(v_slot(n));
        let ops = &mut self.asm.ops;
        match (shape, p, own) {
            (Shape::Full, ..) => return self.read_vector(n, scratch),
            (Shape::Scalar, Precision::Single, Some(own)) => {
                dynasm!(ops ; .arch x64 ; vbroadcastss Rx(scratch), Rx(own))
            }
            (Shape::Scalar, Precision::Single, None) => memory!(ops, at, (vbroadcastss Rx(scratch), DWORD) ()),
            (_, _, Some(own)) => dynasm!(ops ; .arch x64 ; vmovddup Rx(scratch), Rx(own)),
            (_, _, None) => memory!(ops, at, (vmovddup Rx(scratch), QWORD) ()),
        }
        scratch
    }

    /// Where to compute V\[d\]: in its own register, if all of it is computed, unless its old value may be needed again.
    pub(super) fn lanes_in_place(&self, checks: Checks, shape: Shape, d: u8, operands: &[u8]) -> u8 {
        match shape {
            Shape::Full => self.in_place(checks, d, operands, X2),
            _ => X2,
        }
    }

    /// Puts a result where V\[d\] belongs.
    pub(super) fn finish_lanes(&mut self, p: Precision, shape: Shape, d: u8, r: u8) {
        match shape {
            Shape::Scalar => self.write_number(p, d, r),
            Shape::Half => self.finish(false, d, r),
            Shape::Full => self.finish(true, d, r),
        }
    }

    /// Checks all elements of a register, which is not xmm0 or xmm1; these are overwritten.
    pub(super) fn check_lanes(
        &mut self,
        p: Precision,
        checks: Checks,
        r: u8,
        insn: Insn,
        restore: Option<(u8, u8)>,
    ) -> Option<Label> {
        if !checks.any() {
            return None;
        }
        if checks.tiny {
            let (magnitudes, smallests) = (self.constant(MAGNITUDES, p), self.constant(SMALLESTS, p));
            dynasm!(self.asm.ops ; .arch x64 ; vandps xmm1, Rx(r), [extern magnitudes]);
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vpcmpeqq xmm1, xmm1, [extern smallests]),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vpcmpeqd xmm1, xmm1, [extern smallests]),
            }
        }
        if checks.nan {
            let to = if checks.tiny { X0 } else { X1 };
            self.compare_lanes(p, to, r, r, predicate::UNORDERED);
            if checks.tiny {
                self.avx(vorps, X1, X1, X0);
            }
        }
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
        Some(self.mend(Cc::Ne, insn, restore))
    }

    pub(super) fn check_lanes_and_finish(
        &mut self,
        p: Precision,
        checks: Checks,
        shape: Shape,
        d: u8,
        r: u8,
        insn: Insn,
    ) {
        let back = self.check_lanes(p, checks, r, insn, None);
        self.finish_lanes(p, shape, d, r);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// The assembler takes the two sources in reverse order.
    fn compare_lanes(&mut self, p: Precision, d: u8, a: u8, b: u8, predicate: i8) {
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vcmppd Rx(d), Rx(b), Rx(a), BYTE predicate),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vcmpps Rx(d), Rx(b), Rx(a), BYTE predicate),
        }
    }

    /// The second operand, or one element of it everywhere, in its register or xmm1.
    fn second(&mut self, p: Precision, shape: Shape, b: u8, lane: Option<u8>) -> u8 {
        let Some(lane) = lane else {
            return self.all_elements(p, b, shape, X1);
        };
        let from = self.read_vector(b, X1);
        match p {
            Precision::Double => {
                let image = (lane * 3) as i8;
                dynasm!(self.asm.ops ; .arch x64 ; vpermilpd xmm1, Rx(from), BYTE image);
            }
            Precision::Single => {
                let image = (lane * 0x55) as i8;
                dynasm!(self.asm.ops ; .arch x64 ; vpermilps xmm1, Rx(from), BYTE image);
            }
        }
        X1
    }

    fn arithmetic_lanes(
        &mut self,
        op: FloatLanes,
        p: Precision,
        shape: Shape,
        d: u8,
        (a, b, lane): (u8, u8, Option<u8>),
        insn: Insn,
    ) {
        // Without a trap, zero times infinity would raise Invalid; the host's extremes are its own when tiny numbers are flushed.
        let numbers = self.shared.numbers;
        let possible = match op {
            FloatLanes::Mulx => numbers.trap,
            FloatLanes::Max | FloatLanes::Min => !numbers.flush,
            _ => true,
        };
        if self.leave_unless(possible, insn) {
            return;
        }
        let tiny = matches!(op, FloatLanes::Mul | FloatLanes::Mulx | FloatLanes::Div);
        let checks = self.checks(false, tiny);
        self.spill_for(checks);
        let second = self.second(p, shape, b, lane);
        let first = self.all_elements(p, a, shape, X0);
        if matches!(op, FloatLanes::Max | FloatLanes::Min) {
            let back = self.unless_unordered(p, first, second, insn);
            let r = self.lanes_in_place(checks, shape, d, &[]);
            self.extremes(op, p, r, first, second);
            self.finish_lanes(p, shape, d, r);
            return back.into_iter().for_each(|back| self.asm.bind(back));
        }
        let r = self.lanes_in_place(checks, shape, d, &[a, b]);
        let host = match op {
            FloatLanes::Add => by(p, vaddpd, vaddps),
            FloatLanes::Sub | FloatLanes::Difference => by(p, vsubpd, vsubps),
            FloatLanes::Div => by(p, vdivpd, vdivps),
            _ => by(p, vmulpd, vmulps),
        };
        self.avx(host, r, first, second);
        let back = self.check_lanes(p, checks, r, insn, None);
        if op == FloatLanes::Difference {
            self.avx_constant(vandps, r, r, everywhere(p, magnitude_bits(p)));
        }
        self.finish_lanes(p, shape, d, r);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// Leaves operands with a NaN to the interpreter, where they do not trap. Xmm2 is overwritten.
    pub(super) fn unless_unordered(&mut self, p: Precision, a: u8, b: u8, insn: Insn) -> Option<Label> {
        if self.shared.numbers.trap {
            return None;
        }
        self.spill_if_kept();
        self.compare_lanes(p, X2, a, b, predicate::UNORDERED);
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm2, xmm2);
        Some(self.mend(Cc::Ne, insn, None))
    }

    /// d = maxima or minima, +0 being larger than -0. The host's gives the second operand for two zeros: so both orders are tried. Xmm1 and xmm2
    /// are overwritten; b may be xmm1.
    pub(super) fn extremes(&mut self, op: FloatLanes, p: Precision, d: u8, a: u8, b: u8) {
        let (host, combine) = match op {
            FloatLanes::Max => (by(p, vmaxpd, vmaxps), vandps),
            _ => (by(p, vminpd, vminps), vorps),
        };
        self.avx(host, X2, a, b);
        self.avx(host, X1, b, a);
        self.avx(combine, d, X2, X1);
    }

    /// d = d + a * b, or d - a * b. The assembler lacks the form for doubles, so its bytes are written here.
    pub(super) fn fused(&mut self, p: Precision, negative: bool, d: u8, a: u8, b: u8) {
        let opcode = if negative { 0xbc } else { 0xb8 };
        let wide = u8::from(p == Precision::Double) << 7;
        let vex = [
            0xc4,
            (!(d >> 3) & 1) << 7 | 1 << 6 | (!(b >> 3) & 1) << 5 | 2,
            wide | (!a & 15) << 3 | 1,
            opcode,
            0xc0 | (d & 7) << 3 | b & 7,
        ];
        self.asm.ops.extend(&vex);
    }

    fn multiply_add_lanes(
        &mut self,
        op: FloatLanes,
        p: Precision,
        shape: Shape,
        d: u8,
        (a, b, lane): (u8, u8, Option<u8>),
        insn: Insn,
    ) {
        let checks = self.checks(true, true);
        self.spill_for(checks);
        let second = self.second(p, shape, b, lane);
        let first = self.all_elements(p, a, shape, X0);
        let negative = op == FloatLanes::MulSub;
        match self.mapping.vector(d) {
            Some(own) if shape == Shape::Full && d != a && d != b => {
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, Rx(own));
                self.fused(p, negative, own, first, second);
                let back = self.check_lanes(p, checks, own, insn, Some((own, X2)));
                back.into_iter().for_each(|back| self.asm.bind(back));
            }
            _ => {
                let old = self.all_elements(p, d, shape, X2);
                if old != X2 {
                    dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, Rx(old));
                }
                self.fused(p, negative, X2, first, second);
                self.check_lanes_and_finish(p, checks, shape, d, X2, insn);
            }
        }
    }

    /// FRECPS and FRSQRTS. Zero times infinity traps, and so is the interpreter's.
    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    fn step(&mut self, op: FloatLanes, p: Precision, shape: Shape, d: u8, a: u8, b: u8, insn: Insn) {
        let numbers = self.shared.numbers;
        let root = op == FloatLanes::RootStep;
        if self.leave_unless(numbers.trap && (!root || numbers.flush || !numbers.underflow), insn) {
            return;
        }
        self.spill_if_kept();
        let second = self.all_elements(p, b, shape, X1);
        let first = self.all_elements(p, a, shape, X0);
        let two_or_three = if root { three(p) } else { power(p, 1) };
        self.vector_constant(X2, everywhere(p, two_or_three));
        self.fused(p, true, X2, first, second);
        let checks = self.checks(true, false);
        if !root {
            return self.check_lanes_and_finish(p, checks, shape, d, X2, insn);
        }
        // What overflows here may not do so when it is halved.
        self.avx_constant(vandps, X1, X2, everywhere(p, magnitude_bits(p)));
        let limit = if p == Precision::Double { 1000 } else { 120 };
        self.vector_constant(X0, everywhere(p, power(p, limit)));
        self.compare_lanes(p, X1, X1, X0, predicate::NOT_LESS_QUIET);
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
        let back = self.mend(Cc::Ne, insn, None);
        self.avx_constant(by(p, vmulpd, vmulps), X2, X2, everywhere(p, power(p, -1)));
        self.finish_lanes(p, shape, d, X2);
        self.asm.bind(back);
    }

    fn lanes_unary(&mut self, op: FloatUnary, p: Precision, shape: Shape, d: u8, a: u8, insn: Insn) {
        let magnitudes = everywhere(p, magnitude_bits(p));
        let signs = everywhere(p, magnitude_bits(p) + 1);
        match op {
            FloatUnary::Abs | FloatUnary::Neg | FloatUnary::Mov => {
                let from = self.read_vector(a, X0);
                let r = self.out(shape == Shape::Full, d);
                match op {
                    FloatUnary::Abs => self.avx_constant(vandps, r, from, magnitudes),
                    _ => self.avx_constant(vxorps, r, from, signs),
                }
                self.finish_lanes(p, shape, d, r);
            }
            FloatUnary::Sqrt => {
                let checks = self.checks(false, false);
                self.spill_for(checks);
                let from = self.all_elements(p, a, shape, X0);
                let r = self.lanes_in_place(checks, shape, d, &[a]);
                match p {
                    Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vsqrtpd Rx(r), Rx(from)),
                    Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vsqrtps Rx(r), Rx(from)),
                }
                self.check_lanes_and_finish(p, checks, shape, d, r, insn);
            }
            FloatUnary::Round { rounding, exact } => self.round_lanes(p, shape, d, a, (rounding, exact), insn),
        }
    }

    /// The host's comparisons raise what Arm's raise.
    fn lanes_compare(&mut self, op: FloatCompare, p: Precision, shape: Shape, d: u8, a: u8, b: Option<u8>) {
        let mut second = match b {
            Some(b) => self.all_elements(p, b, shape, X1),
            None => {
                self.vector_constant(X1, 0);
                X1
            }
        };
        let mut first = self.all_elements(p, a, shape, X0);
        if matches!(op, FloatCompare::MagnitudeGreater | FloatCompare::MagnitudeGreaterEqual) {
            let magnitudes = everywhere(p, magnitude_bits(p));
            self.avx_constant(vandps, X0, first, magnitudes);
            self.avx_constant(vandps, X1, second, magnitudes);
            (first, second) = (X0, X1);
        }
        if matches!(op, FloatCompare::Less | FloatCompare::LessEqual) {
            (first, second) = (second, first);
        }
        let predicate = match op {
            FloatCompare::Equal => predicate::EQUAL,
            FloatCompare::GreaterEqual | FloatCompare::MagnitudeGreaterEqual | FloatCompare::LessEqual => {
                predicate::GREATER_EQUAL
            }
            FloatCompare::Greater | FloatCompare::MagnitudeGreater | FloatCompare::Less => predicate::GREATER,
        };
        let r = self.out(shape == Shape::Full, d);
        self.compare_lanes(p, r, first, second, predicate);
        self.finish_lanes(p, shape, d, r);
    }

    /// Reduces neighbours: xmm0 and xmm1 are the first and second ones of all pairs. Into V\[d\].
    fn reduce(&mut self, op: FloatLanes, p: Precision, shape: Shape, d: u8, (a, b): (u8, u8), insn: Insn) {
        if op == FloatLanes::Add {
            let checks = self.checks(false, false);
            self.spill_for(checks);
            self.avx(by(p, vaddpd, vaddps), X2, a, b);
            return self.check_lanes_and_finish(p, checks, shape, d, X2, insn);
        }
        if self.leave_unless(!self.shared.numbers.flush, insn) {
            return;
        }
        let back = self.unless_unordered(p, a, b, insn);
        self.extremes(op, p, X2, a, b);
        self.finish_lanes(p, shape, d, X2);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// The pairwise instructions on vectors.
    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    fn pairs(&mut self, op: FloatLanes, p: Precision, q: bool, d: u8, a: u8, b: u8, insn: Insn) {
        let (mut first, mut second) = (self.read_vector(a, X0), self.read_vector(b, X1));
        if !q {
            self.avx(vpunpcklqdq, X2, first, second);
            (first, second) = (X2, X2);
        }
        match p {
            Precision::Double => {
                self.avx(vunpckhpd, X2, first, second);
                self.avx(vpunpcklqdq, X0, first, second);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm1, xmm2);
            }
            Precision::Single if !q => {
                self.avx_select(vshufps, X0, X2, X2, 0x88);
                self.avx_select(vshufps, X1, X2, X2, 0xdd);
            }
            Precision::Single => {
                self.avx_select(vshufps, X2, first, second, 0x88);
                self.avx_select(vshufps, X1, first, second, 0xdd);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm0, xmm2);
            }
        }
        self.reduce(op, p, Shape::of(q), d, (X0, X1), insn);
    }

    /// The pairwise instructions that give a scalar.
    fn pair(&mut self, op: FloatLanes, p: Precision, d: u8, a: u8, insn: Insn) {
        let from = self.read_vector(a, X0);
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64
                ; vpermilpd xmm1, Rx(from), BYTE 3
                ; vmovddup xmm0, Rx(from)),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64
                ; vpermilps xmm1, Rx(from), BYTE 0x55
                ; vbroadcastss xmm0, Rx(from)),
        }
        self.reduce(op, p, Shape::Scalar, d, (X0, X1), insn);
    }

    /// FMAXV and its relatives.
    fn numbers_across(&mut self, op: FloatLanes, d: u8, a: u8, insn: Insn) {
        if self.leave_unless(!self.shared.numbers.flush, insn) {
            return;
        }
        let p = Precision::Single;
        let from = self.read_vector(a, X0);
        let back = self.unless_unordered(p, from, from, insn);
        dynasm!(self.asm.ops ; .arch x64 ; vpermilps xmm1, Rx(from), BYTE 0b10_11_00_01_u8 as i8);
        self.extremes(op, p, X0, from, X1);
        dynasm!(self.asm.ops ; .arch x64 ; vpermilps xmm1, xmm0, BYTE 0b01_00_11_10);
        self.extremes(op, p, X0, X0, X1);
        self.write_number(p, d, X0);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }
}
