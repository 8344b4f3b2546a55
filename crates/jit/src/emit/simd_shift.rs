//! Shifts of elements by those of another vector, and saturating shifts by a constant.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::memory;
use super::saturate::{equal, repeat};
use super::simd::{bytes, shuffle};
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::{X0, X1, X2};
use super::*;
use crate::map::SPARE_VECTORS;

/// Vectors in scratch slots of the state, for what finds no room in three registers.
pub(super) const SPARES: [i32; 4] = [
    x_slot(SPARE_VECTORS),
    x_slot(SPARE_VECTORS + 2),
    x_slot(SPARE_VECTORS + 4),
    x_slot(SPARE_VECTORS + 6),
];

/// An operand that is needed again.
#[derive(Clone, Copy)]
enum Kept {
    Reg(u8),
    Spare(usize),
}

impl Emitter<'_> {
    pub(super) fn store_spare(&mut self, spare: usize, x: u8) {
        memory!(self.asm.ops, HostAddress::state(SPARES[spare]), (vmovups OWORD) (, Rx(x)));
    }

    pub(super) fn load_spare(&mut self, spare: usize, x: u8) {
        memory!(self.asm.ops, HostAddress::state(SPARES[spare]), (vmovups Rx(x), OWORD) ());
    }

    /// d = a & a spare.
    pub(super) fn and_spare(&mut self, d: u8, a: u8, spare: usize) {
        memory!(self.asm.ops, HostAddress::state(SPARES[spare]), (vpand Rx(d), Rx(a), OWORD) ());
    }

    /// A register that will not be overwritten, or a spare with its value.
    fn kept(&mut self, x: u8, spare: usize) -> Kept {
        if x > X2 {
            return Kept::Reg(x);
        }
        self.store_spare(spare, x);
        Kept::Spare(spare)
    }

    fn again(&mut self, kept: Kept, scratch: u8) -> u8 {
        match kept {
            Kept::Reg(x) => x,
            Kept::Spare(spare) => {
                self.load_spare(spare, scratch);
                scratch
            }
        }
    }

    /// d = a shifted by the signed low bytes of b.
    pub(super) fn shift_lanes(&mut self, how: ShiftLanes, size: u8, q: bool, d: u8, a: u8, b: u8) {
        match (size, how.signed) {
            (2, _) if !how.saturate => return self.shift_words(how, d, a, b),
            (3, false) if !how.round && !how.saturate => return self.shift_doublewords(d, a, b),
            _ => {}
        }
        let (a, b) = (self.kept(a, 0), self.kept(b, 1));
        match size {
            0 if !how.saturate => return self.shift_bytes(how, d, a, b),
            3 => {
                self.shift_longs(how, a, b);
                if how.saturate {
                    self.saturate_longs(how.signed, q, a, b);
                }
            }
            _ => self.shift_parts(how, size, q, a, b),
        }
        dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(d), xmm2);
    }

    /// Amounts of the width or more give zero (or the sign) on the host, too; negative ones are large.
    fn shift_words(&mut self, how: ShiftLanes, d: u8, a: u8, b: u8) {
        let right = if how.signed { vpsravd } else { vpsrlvd };
        self.avx_imm(vpslld, X1, b, 24);
        self.avx_imm(vpsrad, X1, X1, 24);
        if how.round {
            // Half of what one bit less leaves, rounded up, is that less its half rounded down.
            self.avx_constant(vpxor, X2, X1, u128::MAX);
            self.avx(right, X2, a, X2);
            self.avx(vpsllvd, X0, a, X1);
            self.store_spare(0, X0);
            self.avx_imm(if how.signed { vpsrad } else { vpsrld }, X0, X2, 1);
            self.avx(vpsubd, X2, X2, X0);
            self.load_spare(0, X0);
            return dynasm!(self.asm.ops ; .arch x64 ; vblendvps Rx(d), Rx(X0), Rx(X2), Rx(X1));
        }
        self.vector_constant(X2, 0);
        self.avx(vpsubd, X2, X2, X1);
        self.avx(right, X2, a, X2);
        self.avx(vpsllvd, X0, a, X1);
        dynasm!(self.asm.ops ; .arch x64 ; vblendvps Rx(d), Rx(X0), Rx(X2), Rx(X1));
    }

    /// The same of unsigned doublewords.
    fn shift_doublewords(&mut self, d: u8, a: u8, b: u8) {
        let one = repeat(3, 1);
        self.vector_constant(X2, 0xff * one);
        self.avx(vpand, X1, b, X2);
        self.vector_constant(X2, 0x100 * one);
        self.avx(vpsubq, X2, X2, X1);
        self.avx(vpsrlvq, X2, a, X2);
        self.avx(vpsllvq, X1, a, X1);
        self.avx(vpor, d, X1, X2);
    }

    /// Bytes: as halfwords, multiplied by 2^(8 + amount); the result is the high byte of that, and what rounds is half of its lowest bit.
    fn shift_bytes(&mut self, how: ShiftLanes, d: u8, a: Kept, b: Kept) {
        let mut amounts = self.again(b, X1);
        if how.signed {
            self.vector_constant(X2, bytes(-8i8 as u8));
            self.avx(vpmaxsb, X1, X2, amounts);
            amounts = X1;
        }
        self.avx_constant(vpaddb, X1, amounts, bytes(8));
        // What is not from 0 to 15 selects nothing.
        self.avx_constant(vpaddusb, X1, X1, bytes(0x70));
        self.vector_constant(X2, shuffle(|n| if n < 8 { 1 << n } else { 0 }));
        self.avx(vpshufb, X2, X2, X1);
        self.vector_constant(X0, shuffle(|n| if n < 8 { 0 } else { 1 << (n - 8) }));
        self.avx(vpshufb, X0, X0, X1);
        self.avx(vpunpcklbw, X1, X2, X0);
        self.avx(vpunpckhbw, X0, X2, X0);
        for (upper, x, factors) in [(false, X2, X1), (true, X1, X0)] {
            let from = self.again(a, x);
            self.widen_half(0, how.signed, upper, x, from);
            self.avx(vpmullw, x, x, factors);
            if how.round {
                self.avx_constant(vpaddw, x, x, repeat(1, 0x80));
            }
            self.avx_imm(vpsrlw, x, x, 8);
        }
        self.avx(vpackuswb, d, X2, X1);
    }

    /// X2 = signed or rounded shifts of doublewords.
    fn shift_longs(&mut self, how: ShiftLanes, a: Kept, b: Kept) {
        // To the right by 0x100 - amount, or one less if it is to be rounded.
        let amounts = self.again(b, X1);
        self.avx_constant(vpand, X1, amounts, repeat(3, 0xff));
        self.avx_constant(vpxor, X1, X1, repeat(3, 0xff));
        if !how.round {
            self.avx_constant(vpaddq, X1, X1, repeat(3, 1));
        }
        let from = self.again(a, X0);
        self.vector_constant(X2, 0);
        if how.signed {
            self.avx(vpcmpgtq, X2, X2, from);
        }
        self.avx(vpxor, X0, from, X2);
        self.avx(vpsrlvq, X0, X0, X1);
        if how.round {
            self.avx_imm(vpsrlq, X1, X0, 1);
            self.avx(vpsubq, X0, X0, X1);
            // (The complement of a negative number is one less than its opposite, which the rounding down of it makes up for.)
            self.avx(vpxor, X0, X0, X2);
            self.avx(vpsubq, X0, X0, X2);
        } else {
            self.avx(vpxor, X0, X0, X2);
        }
        self.store_spare(2, X0);
        let amounts = self.again(b, X1);
        self.avx_constant(vpand, X1, amounts, repeat(3, 0xff));
        let from = self.again(a, X0);
        self.avx(vpsllvq, X0, from, X1);
        self.avx_imm(vpsllq, X1, X1, 56);
        self.load_spare(2, X2);
        dynasm!(self.asm.ops ; .arch x64 ; vblendvpd xmm2, xmm0, xmm2, xmm1);
    }

    /// X2 = shifted doublewords, saturated where a shift to the left has lost something.
    fn saturate_longs(&mut self, signed: bool, q: bool, a: Kept, b: Kept) {
        self.store_spare(2, X2);
        // What comes back as it was has lost nothing.
        let amounts = self.again(b, X1);
        self.avx_constant(vpand, X1, amounts, repeat(3, 0xff));
        let from = self.again(a, X0);
        self.avx(vpsllvq, X2, from, X1);
        if signed {
            self.vector_constant(X0, 0);
            self.avx(vpcmpgtq, X0, X0, X2);
            self.avx(vpxor, X2, X2, X0);
            self.avx(vpsrlvq, X2, X2, X1);
            self.avx(vpxor, X2, X2, X0);
        } else {
            self.avx(vpsrlvq, X2, X2, X1);
        }
        let from = self.again(a, X0);
        self.avx(vpcmpeqq, X2, X2, from);
        let amounts = self.again(b, X1);
        self.avx_imm(vpsllq, X1, amounts, 56);
        self.avx(vpor, X2, X2, X1);
        if signed {
            let from = self.again(a, X0);
            self.vector_constant(X1, 0);
            self.avx(vpcmpgtq, X1, X1, from);
            self.avx_constant(vpxor, X1, X1, repeat(3, i64::MAX as u64));
        } else {
            self.vector_constant(X1, u128::MAX);
        }
        self.load_spare(2, X0);
        dynasm!(self.asm.ops ; .arch x64 ; vblendvpd xmm0, xmm1, xmm0, xmm2);
        self.vector_constant(X1, 0);
        self.avx(vpcmpgtq, X1, X1, X2);
        self.avx_constant(vpxor, X1, X1, u128::MAX);
        self.saturated_unless_zero(q, X1);
        dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, xmm0);
    }

    /// X2 = shifts of bytes, halfwords or words, one after the other at the top of words.
    fn shift_parts(&mut self, how: ShiftLanes, size: u8, q: bool, a: Kept, b: Kept) {
        let bits = 8u8 << size;
        let parts = 32 / bits;
        let right = if how.signed { vpsravd } else { vpsrlvd };
        let right_by = if how.signed { vpsrad } else { vpsrld };
        for part in 0..parts {
            let (from, amounts) = (self.top_part(a, X0, bits, part), self.amounts(b, bits, part));
            self.avx(vpsllvd, X2, from, amounts);
            if how.saturate {
                // What comes back as it was has lost nothing.
                self.avx(right, X1, X2, X1);
                self.avx(vpcmpeqd, X0, from, X1);
                self.amounts(b, bits, part);
                self.avx_imm(vpsrad, X1, X1, 31);
                self.avx(vpor, X0, X0, X1);
                if how.signed {
                    let from = self.top_part(a, X1, bits, part);
                    self.avx_imm(vpsrad, X1, from, 31);
                    self.avx_constant(vpxor, X1, X1, repeat(2, 0x7fff_ffff));
                } else {
                    self.vector_constant(X1, u128::MAX);
                }
                dynasm!(self.asm.ops ; .arch x64 ; vblendvps xmm2, xmm1, xmm2, xmm0);
                self.avx_constant(vpxor, X0, X0, u128::MAX);
                self.saturated_unless_zero(q, X0);
            }
            let from = if how.saturate {
                self.amounts(b, bits, part);
                self.top_part(a, X0, bits, part)
            } else {
                from
            };
            if how.round && size == 2 {
                self.avx_constant(vpxor, X1, X1, u128::MAX);
                self.avx(right, X0, from, X1);
                self.avx_imm(right_by, X1, X0, 1);
                self.avx(vpsubd, X0, X0, X1);
            } else {
                dynasm!(self.asm.ops ; .arch x64 ; vpabsd xmm1, xmm1);
                self.avx(right, X0, from, X1);
                if how.round {
                    self.avx_constant(vpaddd, X0, X0, repeat(2, 1 << (31 - bits)));
                }
            }
            self.amounts(b, bits, part);
            dynasm!(self.asm.ops ; .arch x64 ; vblendvps xmm2, xmm2, xmm0, xmm1);
            if parts > 1 {
                self.avx_imm(vpsrld, X2, X2, 32 - bits);
                self.avx_imm(vpslld, X2, X2, bits * part);
                if part > 0 {
                    self.load_spare(2, X0);
                    self.avx(vpor, X2, X2, X0);
                }
                if part + 1 < parts {
                    self.store_spare(2, X2);
                }
            }
        }
    }

    /// One element of each word, at its top.
    fn top_part(&mut self, a: Kept, scratch: u8, bits: u8, part: u8) -> u8 {
        let mut x = self.again(a, scratch);
        let below = bits * part;
        if below + bits < 32 {
            self.avx_imm(vpslld, scratch, x, 32 - bits - below);
            x = scratch;
        }
        if below > 0 {
            self.avx_constant(vpand, scratch, x, repeat(2, u64::from(u32::MAX << (32 - bits))));
            x = scratch;
        }
        x
    }

    /// X1 = the amounts by which these are shifted.
    fn amounts(&mut self, b: Kept, bits: u8, part: u8) -> u8 {
        let mut x = self.again(b, X1);
        let above = 24 - bits * part;
        if above > 0 {
            self.avx_imm(vpslld, X1, x, above);
            x = X1;
        }
        self.avx_imm(vpsrad, X1, x, 24);
        X1
    }

    /// SQSHL, UQSHL and SQSHLU by a constant.
    pub(super) fn saturating_left(&mut self, op: Saturating, size: u8, q: bool, d: u8, a: Operand, by: u8) {
        self.spill_if_kept();
        let from = self.operand(a, size, X0);
        let from = self.kept(from, 0);
        let back = if op == Saturating::Signed {
            Shifts::RightSigned
        } else {
            Shifts::Right
        };
        let x = self.again(from, X0);
        self.shift_elements(Shifts::Left, size, X2, x, by);
        self.store_spare(1, X2);
        self.shift_elements(back, size, X0, X2, by);
        let x = self.again(from, X1);
        // X0: where nothing was lost.
        self.avx(equal(size), X0, X0, x);
        if op == Saturating::Signed {
            let x = self.again(from, X1);
            self.vector_constant(X2, 0);
            self.lanes(Lanes::Greater, size, true, X2, X2, x);
            self.avx_constant(vpxor, X2, X2, repeat(size, (1 << ((8 << size) - 1)) - 1));
            self.load_spare(1, X1);
            self.avx(vpand, X1, X1, X0);
            self.avx(vpandn, X2, X0, X2);
            self.avx(vpor, X2, X2, X1);
            self.avx_constant(vpxor, X0, X0, u128::MAX);
        } else {
            self.avx_constant(vpxor, X0, X0, u128::MAX);
            self.load_spare(1, X2);
            self.avx(vpor, X2, X2, X0);
            if op == Saturating::ToUnsigned {
                // Negative numbers become zero.
                self.store_spare(2, X0);
                let x = self.again(from, X1);
                self.vector_constant(X0, 0);
                self.lanes(Lanes::Greater, size, true, X0, X0, x);
                self.avx(vpandn, X2, X0, X2);
                self.load_spare(2, X1);
                self.avx(vpor, X0, X0, X1);
            }
        }
        self.saturated_unless_zero(q, X0);
        self.finish(q, d, X2);
    }
}
