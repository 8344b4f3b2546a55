//! Advanced SIMD: the shapes of [`Simd`]. Element-wise operations are in `simd_lanes.rs`.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::memory;
use super::saturate::{may_saturate, repeat};
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::AvxSelect::*;
use super::simd_lanes::{AvxSelect, X0, X1, X2};
use super::*;
use crate::map::v_slot;

pub use super::simd_lanes::has;
pub use super::simd_visit::visit;

/// A 16-byte shuffle; bytes 0x80 and above give zero.
pub(super) fn shuffle(byte: impl Fn(u8) -> u8) -> u128 {
    let mut bytes = [0; 16];
    for (n, out) in (0u8..).zip(&mut bytes) {
        *out = byte(n);
    }
    u128::from_le_bytes(bytes)
}

/// The same byte sixteen times.
pub(super) fn bytes(byte: u8) -> u128 {
    shuffle(|_| byte)
}

impl Emitter<'_> {
    /// The register to compute V\[n\] in with the last instruction of an operation.
    pub(super) fn out(&self, q: bool, n: u8) -> u8 {
        if q { self.mapping.vector(n).unwrap_or(X2) } else { X2 }
    }

    /// Whether nobody looks above an element or the lower half that is written to V\[n\]: a temporary of `lift/a32_vector.rs`, or half of a
    /// register.
    pub(super) fn is_loose(&self, n: u8) -> bool {
        self.region.a32 && (n >= 16 || self.base.halves.is_half(n))
    }

    /// Puts a result where V\[d\] belongs; its upper half is cleared if not `q`.
    pub(super) fn finish(&mut self, q: bool, d: u8, from: u8) {
        let q = q || self.is_loose(d);
        let own = self.mapping.vector(d).unwrap_or(if q { from } else { X2 });
        match q {
            false => dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(own), Rx(from)),
            true if own != from => dynasm!(self.asm.ops ; .arch x64 ; vmovdqa Rx(own), Rx(from)),
            true => {}
        }
        self.assign_vector(d, own);
    }

    pub(super) fn operand(&mut self, operand: Operand, size: u8, scratch: u8) -> u8 {
        match operand {
            Operand::Reg(n) => self.read_vector(n, scratch),
            Operand::Lane(n, lane) => {
                let from = self.read_vector(n, scratch);
                self.broadcast_lane(size, scratch, from, lane);
                scratch
            }
            Operand::Low(n) => {
                self.low_element(size, n, scratch);
                scratch
            }
            Operand::Zero => {
                self.vector_constant(scratch, 0);
                scratch
            }
            Operand::Constant(half) => {
                self.vector_constant(scratch, u128::from(half) << 64 | u128::from(half));
                scratch
            }
        }
    }

    /// All elements of d = one element of a.
    fn broadcast_lane(&mut self, size: u8, d: u8, a: u8, lane: u8) {
        let from = if lane == 0 {
            a
        } else {
            self.avx_imm(vpsrldq, d, a, lane << size);
            d
        };
        self.broadcast(size, d, from);
    }

    fn broadcast(&mut self, size: u8, d: u8, a: u8) {
        let ops = &mut self.asm.ops;
        match size {
            0 => dynasm!(ops ; .arch x64 ; vpbroadcastb Rx(d), Rx(a)),
            1 => dynasm!(ops ; .arch x64 ; vpbroadcastw Rx(d), Rx(a)),
            2 => dynasm!(ops ; .arch x64 ; vpbroadcastd Rx(d), Rx(a)),
            _ => dynasm!(ops ; .arch x64 ; vpbroadcastq Rx(d), Rx(a)),
        }
    }

    /// d = the elements of the lower half, extended to twice their size.
    fn widen(&mut self, size: u8, signed: bool, d: u8, a: u8) {
        let ops = &mut self.asm.ops;
        match (size, signed) {
            (0, false) => dynasm!(ops ; .arch x64 ; vpmovzxbw Rx(d), Rx(a)),
            (1, false) => dynasm!(ops ; .arch x64 ; vpmovzxwd Rx(d), Rx(a)),
            (_, false) => dynasm!(ops ; .arch x64 ; vpmovzxdq Rx(d), Rx(a)),
            (0, true) => dynasm!(ops ; .arch x64 ; vpmovsxbw Rx(d), Rx(a)),
            (1, true) => dynasm!(ops ; .arch x64 ; vpmovsxwd Rx(d), Rx(a)),
            (_, true) => dynasm!(ops ; .arch x64 ; vpmovsxdq Rx(d), Rx(a)),
        }
    }

    /// d = the elements of one half, extended.
    pub(super) fn widen_half(&mut self, size: u8, signed: bool, upper: bool, d: u8, a: u8) {
        let from = if upper {
            self.avx_imm(vpsrldq, d, a, 8);
            d
        } else {
            a
        };
        self.widen(size, signed, d, from);
    }

    /// Combines a result in X2 with the old destination, into the destination.
    pub(super) fn accumulate(&mut self, into: Into, size: u8, q: bool, d: u8) {
        let op = match into {
            Into::Replace => return self.finish(q, d, X2),
            Into::Add => Lanes::Add,
            Into::Sub => Lanes::Sub,
            Into::Saturate(op) => {
                let old = self.read_vector(d, X0);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm1, xmm2);
                self.saturating(op, true, size, q, old, X1);
                return self.finish(q, d, X2);
            }
        };
        let old = self.read_vector(d, X0);
        let out = self.out(q, d);
        self.lanes(op, size, q, out, old, X2);
        self.finish(q, d, out);
    }

    /// Where an operation puts its result that is combined by [`Emitter::accumulate`] afterwards.
    fn result(&self, into: Into, q: bool, d: u8) -> u8 {
        if into == Into::Replace { self.out(q, d) } else { X2 }
    }

    fn complete(&mut self, into: Into, size: u8, q: bool, d: u8, out: u8) {
        match into {
            Into::Replace => self.finish(q, d, out),
            _ => self.accumulate(into, size, q, d),
        }
    }

    pub(super) fn simd(&mut self, op: &Simd) {
        match *op {
            Simd::Constant { d, value } => {
                let out = self.out(true, d);
                self.vector_constant(out, value);
                self.finish(true, d, out);
            }
            Simd::Binary {
                op,
                size,
                q,
                d,
                a,
                b,
                into,
            } => {
                if may_saturate(op) {
                    self.spill_if_kept();
                }
                let a = self.operand(a, size, X0);
                let b = self.operand(b, size, X1);
                let out = self.result(into, q, d);
                self.lanes(op, size, q, out, a, b);
                self.complete(into, size, q, d, out);
            }
            Simd::Pairwise { op, size, q, d, a, b } => self.pairwise(op, size, q, d, a, b),
            Simd::Long {
                op,
                size,
                signed,
                wide,
                upper,
                d,
                a,
                b,
                into,
            } => {
                if may_saturate(op) || matches!(into, Into::Saturate(_)) {
                    self.spill_if_kept();
                }
                let mut first = self.operand(a, size, X0);
                let out = self.result(into, true, d);
                if matches!(op, Lanes::DifferenceSigned | Lanes::DifferenceUnsigned) {
                    // A difference without its sign fits before it is extended.
                    let second = self.operand(b, size, X1);
                    let op = if signed {
                        Lanes::DifferenceSigned
                    } else {
                        Lanes::DifferenceUnsigned
                    };
                    self.lanes(op, size, true, X2, first, second);
                    self.widen_half(size, false, upper, out, X2);
                    return self.complete(into, size + 1, true, d, out);
                }
                if !wide {
                    self.widen_half(size, signed, upper, X0, first);
                    first = X0;
                }
                let second = self.operand(b, size, X1);
                self.widen_half(size, signed, upper, X1, second);
                self.lanes(op, size + 1, true, out, first, X1);
                self.complete(into, size + 1, true, d, out);
            }
            Simd::Choose { op, q, d, a, b } => self.choose(op, q, d, a, b),
            Simd::Single { op, size, q, d, a } => self.single(op, size, q, d, a),
            Simd::Shift {
                op,
                size,
                q,
                d,
                a,
                by,
                into,
            } => {
                let from = self.read_vector(a, X0);
                let out = self.result(into, q, d);
                self.shift_elements(op, size, out, from, by);
                self.complete(into, size, q, d, out);
            }
            Simd::Widen {
                size,
                signed,
                upper,
                d,
                a,
                by,
            } => {
                let from = self.read_vector(a, X0);
                let out = self.out(true, d);
                if by == 0 && !upper {
                    self.widen(size, signed, out, from);
                } else {
                    self.widen_half(size, signed, upper, X2, from);
                    self.shift_elements(Shifts::Left, size + 1, out, X2, by);
                }
                self.finish(true, d, out);
            }
            Simd::Narrow {
                size,
                upper,
                d,
                a,
                by,
                round,
                excess,
            } => self.narrow(size, upper, d, a, by, round, excess),
            Simd::NarrowHigh {
                op,
                size,
                upper,
                round,
                d,
                a,
                b,
            } => self.narrow_high(op, size, upper, round, d, a, b),
            Simd::ShiftInsert { op, size, q, d, a, by } => self.shift_insert(op, size, q, d, a, by),
            Simd::Dot {
                signed,
                q,
                d,
                a,
                b,
                lane,
            } => self.dot(signed, q, d, a, b, lane),
            Simd::MatrixProduct { signed, d, a, b } => self.matrix_product(signed, d, a, b),
            Simd::ShiftSaturating { op, size, q, d, a, by } => self.saturating_left(op, size, q, d, a, by),
            Simd::RoundedHigh { op, size, q, d, a, b } => self.rounded_high(op, size, q, d, a, b),
            Simd::Sha { op, d, a, b } => self.sha(op, d, a, b),
            Simd::Three { op, d, a, b, c } => self.three(op, d, a, b, c),
            Simd::XorRotate { d, a, b, by } => self.xor_rotate(d, a, b, by),
            Simd::PairLong {
                size,
                signed,
                q,
                d,
                a,
                into,
            } => self.pair_long(size, signed, q, d, a, into),
            Simd::Across { op, size, q, d, a } => self.across(op, size, q, d, a),
            Simd::Extract { q, d, a, b, by } => {
                let (a, b) = (self.read_vector(a, X0), self.read_vector(b, X1));
                let out = self.out(q, d);
                if q {
                    self.avx_select(AvxSelect::vpalignr, out, b, a, by);
                } else {
                    self.avx(vpunpcklqdq, X2, a, b);
                    self.avx_imm(vpsrldq, X2, X2, by);
                }
                self.finish(q, d, out);
            }
            Simd::Table {
                q,
                d,
                a,
                count,
                b,
                keep,
            } => self.table(q, d, a, count, b, keep),
            Simd::Duplicate { size, q, d, a } => {
                let from = self.read(a, host::RAX);
                dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(X2), Rq(from));
                let out = self.out(q, d);
                self.broadcast(size, out, X2);
                self.finish(q, d, out);
            }
            Simd::DuplicateLane { size, q, d, a, lane } => {
                let from = self.read_vector(a, X0);
                self.broadcast_lane(size, X2, from, lane);
                self.finish(q, d, X2);
            }
            Simd::Element { size, d, a, lane } => {
                let mut from = self.read_vector(a, X0);
                let out = self.out(true, d);
                match (size, lane) {
                    (2, _) => {
                        let image = (lane << 6 | 0b1110) as i8;
                        dynasm!(self.asm.ops ; .arch x64 ; vinsertps Rx(out), Rx(from), Rx(from), BYTE image);
                        return self.finish(true, d, out);
                    }
                    (3, 0) => {
                        dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(out), Rx(from));
                        return self.finish(true, d, out);
                    }
                    (3, _) => {
                        self.avx_imm(vpsrldq, out, from, 8);
                        return self.finish(true, d, out);
                    }
                    (_, 0) => {}
                    _ => {
                        self.avx_imm(vpsrldq, X2, from, lane << size);
                        from = X2;
                    }
                }
                self.lowest(size, d, from);
            }
            Simd::Insert { size, d, lane, a } => {
                let from = self.read(a, host::RAX);
                self.insert_lane(size, d, lane, from);
            }
            Simd::Copy { size, d, lane, a, from } => {
                let source = self.read_vector(a, X1);
                if size == 2 {
                    let old = self.read_vector(d, X0);
                    let out = self.out(true, d);
                    dynasm!(self.asm.ops ; .arch x64 ; vinsertps Rx(out), Rx(old), Rx(source), BYTE (from << 6 | lane << 4) as i8);
                    self.finish(true, d, out);
                } else if size == 3 {
                    let old = self.read_vector(d, X0);
                    let out = self.out(true, d);
                    let ops = &mut self.asm.ops;
                    match (lane, from) {
                        (0, 0) => dynasm!(ops ; .arch x64 ; vmovsd Rx(out), Rx(old), Rx(source)),
                        (0, _) => dynasm!(ops ; .arch x64 ; vunpckhpd Rx(out), Rx(source), Rx(old)),
                        (_, 0) => dynasm!(ops ; .arch x64 ; vunpcklpd Rx(out), Rx(old), Rx(source)),
                        _ => dynasm!(ops ; .arch x64 ; vmovsd Rx(out), Rx(source), Rx(old)),
                    }
                    self.finish(true, d, out);
                } else {
                    self.extract_lane(size, host::RAX, source, from);
                    self.insert_lane(size, d, lane, host::RAX);
                }
            }
            Simd::Move { size, d, a, lane } => {
                let from = self.read_vector(a, X0);
                let own = self.destination(d, host::RAX);
                self.extract_lane(size, own, from, lane);
                self.assign(d, own);
            }
            Simd::Pmull { upper, d, a, b } => {
                let (a, b) = (self.read_vector(a, X0), self.read_vector(b, X1));
                let out = self.out(true, d);
                let select = if upper { 0x11 } else { 0 };
                dynasm!(self.asm.ops ; .arch x64 ; vpclmulqdq Rx(out), Rx(a), Rx(b), BYTE select);
                self.finish(true, d, out);
            }
            Simd::Aes { op, d, a } => self.aes(op, d, a),
        }
    }

    /// V\[d\] = the lowest element of a register.
    pub(super) fn lowest(&mut self, size: u8, d: u8, from: u8) {
        let out = self.out(true, d);
        let above = 16 - (1 << size);
        self.avx_imm(vpslldq, X2, from, above);
        self.avx_imm(vpsrldq, out, X2, above);
        self.finish(true, d, out);
    }

    fn extract_lane(&mut self, size: u8, d: u8, a: u8, lane: u8) {
        let ops = &mut self.asm.ops;
        match (size, lane) {
            (3, 0) => dynasm!(ops ; .arch x64 ; vmovq Rq(d), Rx(a)),
            (2, 0) => dynasm!(ops ; .arch x64 ; vmovd Rd(d), Rx(a)),
            (3, _) => dynasm!(ops ; .arch x64 ; vpextrq Rq(d), Rx(a), BYTE lane as i8),
            (2, _) => dynasm!(ops ; .arch x64 ; vpextrd Rd(d), Rx(a), BYTE lane as i8),
            (1, _) => dynasm!(ops ; .arch x64 ; vpextrw Rd(d), Rx(a), BYTE lane as i8),
            _ => dynasm!(ops ; .arch x64 ; vpextrb Rd(d), Rx(a), BYTE lane as i8),
        }
    }

    fn insert_lane(&mut self, size: u8, d: u8, lane: u8, from: u8) {
        let old = self.read_vector(d, X0);
        let out = self.out(true, d);
        let ops = &mut self.asm.ops;
        match size {
            0 => dynasm!(ops ; .arch x64 ; vpinsrb Rx(out), Rx(old), Rd(from), BYTE lane as i8),
            1 => dynasm!(ops ; .arch x64 ; vpinsrw Rx(out), Rx(old), Rd(from), BYTE lane as i8),
            2 => dynasm!(ops ; .arch x64 ; vpinsrd Rx(out), Rx(old), Rd(from), BYTE lane as i8),
            _ => dynasm!(ops ; .arch x64 ; vpinsrq Rx(out), Rx(old), Rq(from), BYTE lane as i8),
        }
        self.finish(true, d, out);
    }

    /// The operation on neighbours leaves its results in the even elements.
    fn pairwise(&mut self, op: Lanes, size: u8, q: bool, d: u8, a: u8, b: u8) {
        for (n, scratch) in [(a, X0), (b, X1)] {
            let from = self.read_vector(n, scratch);
            match size {
                0 => self.avx_imm(vpsrlw, X2, from, 8),
                1 => self.avx_imm(vpsrld, X2, from, 16),
                2 => self.avx_imm(vpsrlq, X2, from, 32),
                _ => self.avx_imm(vpsrldq, X2, from, 8),
            }
            self.lanes(op, size, true, scratch, from, X2);
        }
        let out = self.out(q, d);
        self.lanes(Lanes::Uzp1, size, q, out, X0, X1);
        self.finish(q, d, out);
    }

    fn choose(&mut self, op: Choose, q: bool, d: u8, a: u8, b: u8) {
        let (a, b) = (self.read_vector(a, X0), self.read_vector(b, X1));
        let old = self.read_vector(d, X2);
        match op {
            Choose::Bsl => {
                self.avx(vpand, X0, a, old);
                self.avx(vpandn, X1, old, b);
            }
            Choose::Bit => {
                self.avx(vpand, X0, a, b);
                self.avx(vpandn, X1, b, old);
            }
            Choose::Bif => {
                self.avx(vpandn, X0, b, a);
                self.avx(vpand, X1, b, old);
            }
        }
        let out = self.out(q, d);
        self.avx(vpor, out, X0, X1);
        self.finish(q, d, out);
    }

    fn single(&mut self, op: Single, size: u8, q: bool, d: u8, a: Operand) {
        if op == Single::SaturatingAbs {
            self.spill_if_kept();
        }
        let a = self.operand(a, size, X0);
        let out = self.out(q, d);
        match (op, size) {
            (Single::Not, _) => self.invert(out, a, X1),
            (Single::SaturatingAbs, _) => {
                self.absolute(size, X2, a);
                self.limit_smallest(size, q);
                return self.finish(q, d, X2);
            }
            (Single::Abs, _) => self.absolute(size, out, a),
            (Single::Count, _) => {
                let ones = shuffle(|n| n.count_ones() as u8);
                self.nibbles(out, a, ones, ones);
            }
            (Single::ReverseBits, _) => {
                self.nibbles(out, a, shuffle(u8::reverse_bits), shuffle(|n| n.reverse_bits() >> 4));
            }
            (Single::LeadingZeros, _) => self.leading_zeros(size, out, a),
            (Single::LeadingSigns, _) => {
                // Where a bit differs from the one above it.
                self.shift_elements(Shifts::RightSigned, size, X2, a, 1);
                self.avx(vpxor, X0, a, X2);
                self.leading_zeros(size, X2, X0);
                self.avx_constant(
                    [vpsubb, vpsubw, vpsubd][usize::from(size.min(2))],
                    out,
                    X2,
                    repeat(size, 1),
                );
            }
            (Single::Estimate { root }, _) => self.estimate_words(root, out, a),
            (Single::Reverse(unit), _) => {
                let flip = (1 << unit) - (1 << size);
                self.vector_constant(X1, shuffle(|n| n ^ flip));
                self.avx(vpshufb, out, a, X1);
            }
        }
        self.finish(q, d, out);
    }

    /// d = elements without their signs; xmm0 and xmm1 are overwritten.
    fn absolute(&mut self, size: u8, d: u8, a: u8) {
        match size {
            0 => dynasm!(self.asm.ops ; .arch x64 ; vpabsb Rx(d), Rx(a)),
            1 => dynasm!(self.asm.ops ; .arch x64 ; vpabsw Rx(d), Rx(a)),
            2 => dynasm!(self.asm.ops ; .arch x64 ; vpabsd Rx(d), Rx(a)),
            _ => {
                self.vector_constant(X1, 0);
                self.avx(vpcmpgtq, X1, X1, a);
                self.avx(vpxor, X0, a, X1);
                self.avx(vpsubq, d, X0, X1);
            }
        }
    }

    /// scratch = the lowest element of V\[n\], the rest zero.
    fn low_element(&mut self, size: u8, n: u8, scratch: u8) {
        let at = HostAddress::state(v_slot(n));
        let ops = &mut self.asm.ops;
        match (size, self.mapping.vector(n)) {
            (3, Some(own)) => dynasm!(ops ; .arch x64 ; vmovq Rx(scratch), Rx(own)),
            (3, None) => memory!(ops, at, (vmovsd Rx(scratch), QWORD) ()),
            (2, Some(own)) => dynasm!(ops ; .arch x64 ; vinsertps Rx(scratch), Rx(own), Rx(own), BYTE 0b1110),
            (2, None) => memory!(ops, at, (vmovss Rx(scratch), DWORD) ()),
            _ => {
                let above = 16 - (1 << size);
                let from = self.read_vector(n, scratch);
                self.avx_imm(vpslldq, scratch, from, above);
                self.avx_imm(vpsrldq, scratch, scratch, above);
            }
        }
    }

    /// Bytes from two tables, by their low and high four bits, joined.
    fn nibbles(&mut self, d: u8, a: u8, low: u128, high: u128) {
        self.vector_constant(X1, bytes(0x0f));
        self.avx(vpand, X2, a, X1);
        self.avx_imm(vpsrlw, X0, a, 4);
        self.avx(vpand, X0, X0, X1);
        self.vector_constant(X1, low);
        self.avx(vpshufb, X2, X1, X2);
        self.vector_constant(X1, high);
        self.avx(vpshufb, X0, X1, X0);
        self.avx(vpaddb, d, X2, X0);
    }

    /// d = elements shifted by a constant; a is not xmm1.
    pub(super) fn shift_elements(&mut self, op: Shifts, size: u8, d: u8, a: u8, by: u8) {
        match (op, size) {
            (Shifts::RightRounded | Shifts::RightSignedRounded, _) => {
                // Half of what one bit less leaves, rounded up, is that less its half rounded down.
                let plain = if op == Shifts::RightRounded {
                    Shifts::Right
                } else {
                    Shifts::RightSigned
                };
                let mut twice = a;
                if by > 1 {
                    self.shift_elements(plain, size, X0, a, by - 1);
                    twice = X0;
                }
                self.shift_elements(plain, size, X2, twice, 1);
                self.lanes(Lanes::Sub, size, true, d, twice, X2);
            }
            (Shifts::Left, 0) => {
                self.avx_imm(vpsllw, X2, a, by);
                self.vector_constant(X1, bytes(0xff << by));
                self.avx(vpand, d, X2, X1);
            }
            (Shifts::Right, 0) => {
                self.avx_imm(vpsrlw, X2, a, by);
                self.vector_constant(X1, bytes((0xff_u32 >> by) as u8));
                self.avx(vpand, d, X2, X1);
            }
            (Shifts::RightSigned, 0) => {
                let by = by.min(7);
                self.shift_elements(Shifts::Right, 0, X2, a, by);
                self.vector_constant(X1, bytes(0x80 >> by));
                self.avx(vpxor, X2, X2, X1);
                self.avx(vpsubb, d, X2, X1);
            }
            (Shifts::RightSigned, 3) => {
                self.vector_constant(X1, 0);
                self.avx(vpcmpgtq, X1, X1, a);
                self.avx_imm(vpsrlq, X2, a, by);
                self.avx_imm(vpsllq, X1, X1, 64 - by);
                self.avx(vpor, d, X2, X1);
            }
            (Shifts::Left, 1) => self.avx_imm(vpsllw, d, a, by),
            (Shifts::Left, 2) => self.avx_imm(vpslld, d, a, by),
            (Shifts::Left, _) => self.avx_imm(vpsllq, d, a, by),
            (Shifts::Right, 1) => self.avx_imm(vpsrlw, d, a, by),
            (Shifts::Right, 2) => self.avx_imm(vpsrld, d, a, by),
            (Shifts::Right, _) => self.avx_imm(vpsrlq, d, a, by),
            (Shifts::RightSigned, 1) => self.avx_imm(vpsraw, d, a, by),
            (Shifts::RightSigned, _) => self.avx_imm(vpsrad, d, a, by),
        }
    }

    fn pair_long(&mut self, size: u8, signed: bool, q: bool, d: u8, a: u8, into: Into) {
        let a = self.read_vector(a, X0);
        let out = self.result(into, q, d);
        match (size, signed) {
            (0, _) => {
                self.vector_constant(X1, bytes(1));
                let (unsigned, signed) = if signed { (X1, a) } else { (a, X1) };
                self.avx(vpmaddubsw, out, unsigned, signed);
            }
            (1, true) => self.avx_constant(vpmaddwd, out, a, repeat(1, 1)),
            (2, true) => {
                self.avx_select(vshufps, X2, a, a, 0x88);
                self.avx_select(vshufps, X1, a, a, 0xdd);
                self.widen(2, true, X2, X2);
                self.widen(2, true, X1, X1);
                self.avx(vpaddq, out, X2, X1);
            }
            _ => {
                let (left, right, add) = if size == 1 {
                    (vpslld, vpsrld, vpaddd)
                } else {
                    (vpsllq, vpsrlq, vpaddq)
                };
                self.avx_imm(right, X2, a, 8 << size);
                self.avx_imm(left, X1, a, 8 << size);
                self.avx_imm(right, X1, X1, 8 << size);
                self.avx(add, out, X1, X2);
            }
        }
        self.complete(into, size + 1, q, d, out);
    }

    fn across(&mut self, op: Across, size: u8, q: bool, d: u8, a: u8) {
        let mut from = self.read_vector(a, X0);
        match op {
            Across::Lanes(op) if (op, size) != (Lanes::Add, 0) => {
                for step in [8, 4, 2, 1] {
                    if step == 8 && !q || step < 1 << size {
                        continue;
                    }
                    self.avx_imm(vpsrldq, X1, from, step);
                    self.lanes(op, size, true, X2, from, X1);
                    from = X2;
                }
                self.lowest(size, d, from);
            }
            _ if size == 0 && op != (Across::Long { signed: true }) => {
                self.vector_constant(X1, 0);
                self.avx(vpsadbw, X2, from, X1);
                if q {
                    self.avx_imm(vpsrldq, X1, X2, 8);
                    self.avx(vpaddd, X2, X2, X1);
                }
                self.lowest(if matches!(op, Across::Long { .. }) { 1 } else { 0 }, d, X2);
            }
            _ => {
                if !q {
                    dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(X0), Rx(from));
                    from = X0;
                }
                self.across_long(op == (Across::Long { signed: true }), size, d, from);
            }
        }
    }

    /// SADDLV and UADDLV: sums of neighbours, until one is left.
    fn across_long(&mut self, signed: bool, size: u8, d: u8, from: u8) {
        match (size, signed) {
            (0, _) => {
                self.vector_constant(X1, bytes(1));
                self.avx(vpmaddubsw, X2, X1, from);
                self.avx_constant(vpmaddwd, X2, X2, repeat(1, 1));
            }
            (1, true) => self.avx_constant(vpmaddwd, X2, from, repeat(1, 1)),
            (1, false) => {
                self.avx_imm(vpsrld, X2, from, 16);
                self.avx_constant(vpand, X1, from, repeat(2, 0xffff));
                self.avx(vpaddd, X2, X2, X1);
            }
            _ => {
                self.widen(2, signed, X2, from);
                self.avx_imm(vpsrldq, X1, from, 8);
                self.widen(2, signed, X1, X1);
                self.avx(vpaddq, X2, X2, X1);
            }
        }
        let add = if size == 2 { vpaddq } else { vpaddd };
        self.avx_imm(vpsrldq, X1, X2, 8);
        self.avx(add, X2, X2, X1);
        if size < 2 {
            self.avx_imm(vpsrldq, X1, X2, 4);
            self.avx(vpaddd, X2, X2, X1);
        }
        self.lowest(size + 1, d, X2);
    }

    /// An index from 16 on gets its highest bit by the saturating addition, and so selects zero.
    fn table(&mut self, q: bool, d: u8, a: u8, count: u8, b: u8, keep: bool) {
        for n in 0..count {
            let index = self.read_vector(b, X1);
            if n == 0 {
                self.avx_constant(vpaddusb, X0, index, bytes(0x70));
            } else {
                self.avx_constant(vpsubb, X0, index, bytes(16 * n));
                self.avx_constant(vpaddusb, X0, X0, bytes(0x70));
            }
            let table = self.read_vector((a + n) & 31, X1);
            if n == 0 {
                self.avx(vpshufb, X2, table, X0);
            } else {
                self.avx(vpshufb, X0, table, X0);
                self.avx(vpor, X2, X2, X0);
            }
        }
        if keep {
            let index = self.read_vector(b, X1);
            self.vector_constant(X0, bytes(16 * count));
            self.avx(vpmaxub, X0, X0, index);
            self.avx(vpcmpeqb, X0, X0, index);
            let old = self.read_vector(d, X1);
            self.avx(vpand, X0, X0, old);
            self.avx(vpor, X2, X2, X0);
        }
        self.finish(q, d, X2);
    }

    /// SLI and SRI.
    fn shift_insert(&mut self, op: Shifts, size: u8, q: bool, d: u8, a: u8, by: u8) {
        let from = self.read_vector(a, X0);
        self.shift_elements(op, size, X2, from, by);
        let all = u64::MAX >> (64 - (8u32 << size));
        let written = match op {
            Shifts::Left => all << by & all,
            _ if u32::from(by) == 8 << size => 0,
            _ => all >> by,
        };
        let old = self.read_vector(d, X1);
        self.avx_constant(vpand, X0, old, repeat(size, !written));
        self.avx(vpor, X2, X2, X0);
        self.finish(q, d, X2);
    }

    fn aes(&mut self, op: Aes, d: u8, a: u8) {
        let a = self.read_vector(a, X0);
        let out = self.out(true, d);
        match op {
            Aes::InverseMix => dynasm!(self.asm.ops ; .arch x64 ; vaesimc Rx(out), Rx(a)),
            Aes::Mix => {
                self.vector_constant(X1, 0);
                self.avx(vaesdeclast, X2, a, X1);
                self.avx(vaesenc, out, X2, X1);
            }
            Aes::Encrypt | Aes::Decrypt | Aes::EncryptMix => {
                let old = self.read_vector(d, X1);
                self.avx(vpxor, X2, old, a);
                self.vector_constant(X1, 0);
                let step = match op {
                    Aes::Encrypt => vaesenclast,
                    Aes::EncryptMix => vaesenc,
                    _ => vaesdeclast,
                };
                self.avx(step, out, X2, X1);
            }
        }
        self.finish(true, d, out);
    }
}
