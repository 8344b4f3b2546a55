//! Hashes: SHA-1 and SHA-256 by the host's instructions for them, SHA-512 without, and the three-operand logic of SHA-3.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::memory;
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::AvxSelect::*;
use super::simd_lanes::{X0, X1, X2};
use super::simd_shift::SPARES;
use super::*;
use host::{RAX, RDX};

/// The constants that the host's SHA-1 adds, and Arm's leaves to the program, by the function of the round.
const SHA1: [u32; 3] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc];

impl Emitter<'_> {
    /// d = words of a rotated left; `scratch` is neither.
    fn rotate_words(&mut self, d: u8, a: u8, by: u8, scratch: u8) {
        self.avx_imm(vpsrld, scratch, a, 32 - by);
        self.avx_imm(vpslld, d, a, by);
        self.avx(vpor, d, d, scratch);
    }

    pub(super) fn sha(&mut self, op: Hash, d: u8, a: u8, b: u8) {
        match op {
            Hash::Sha1c => self.sha1_rounds(0, d, a, b),
            Hash::Sha1p => self.sha1_rounds(1, d, a, b),
            Hash::Sha1m => self.sha1_rounds(2, d, a, b),
            Hash::Sha1h => {
                let from = self.read_vector(a, X0);
                self.rotate_words(X2, from, 30, X1);
                self.write_number(Precision::Single, d, X2);
            }
            Hash::Sha1su0 => {
                let (old, first) = (self.read_vector(d, X0), self.read_vector(a, X1));
                self.avx_select(vpalignr, X2, first, old, 8);
                self.avx(vpxor, X2, X2, old);
                let second = self.read_vector(b, X1);
                self.avx(vpxor, X2, X2, second);
                self.finish(true, d, X2);
            }
            Hash::Sha1su1 => {
                let (old, first) = (self.read_vector(d, X0), self.read_vector(a, X1));
                self.avx_imm(vpsrldq, X2, first, 4);
                self.avx(vpxor, X2, X2, old);
                self.rotate_words(X0, X2, 1, X1);
                // The highest word takes in the lowest one of these.
                self.avx_imm(vpslldq, X2, X0, 12);
                self.rotate_words(X2, X2, 1, X1);
                self.avx(vpxor, X2, X2, X0);
                self.finish(true, d, X2);
            }
            Hash::Sha256h => self.sha256_rounds(false, d, a, b),
            Hash::Sha256h2 => self.sha256_rounds(true, d, a, b),
            Hash::Sha256su0 => {
                let old = self.read_vector(d, X0);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, Rx(old));
                let first = self.read_vector(a, X1);
                dynasm!(self.asm.ops ; .arch x64 ; sha256msg1 xmm2, Rx(first));
                self.finish(true, d, X2);
            }
            Hash::Sha256su1 => {
                let (first, second) = (self.read_vector(a, X0), self.read_vector(b, X1));
                self.avx_select(vpalignr, X2, second, first, 4);
                let old = self.read_vector(d, X0);
                self.avx(vpaddd, X2, X2, old);
                dynasm!(self.asm.ops ; .arch x64 ; sha256msg2 xmm2, Rx(second));
                self.finish(true, d, X2);
            }
            Hash::Sha512h => self.sha512_rounds(false, d, a, b),
            Hash::Sha512h2 => self.sha512_rounds(true, d, a, b),
            Hash::Sha512su0 => {
                let (old, first) = (self.read_vector(d, X0), self.read_vector(a, X1));
                self.avx_select(vpalignr, X0, first, old, 8);
                self.sigma512([1, 8, 7]);
                let old = self.read_vector(d, X0);
                self.avx(vpaddq, X2, X2, old);
                self.finish(true, d, X2);
            }
            Hash::Sha512su1 => {
                let first = self.read_vector(a, X0);
                if first != X0 {
                    dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm0, Rx(first));
                }
                self.sigma512([19, 61, 6]);
                let (old, second) = (self.read_vector(d, X0), self.read_vector(b, X1));
                self.avx(vpaddq, X2, X2, old);
                self.avx(vpaddq, X2, X2, second);
                self.finish(true, d, X2);
            }
        }
    }

    /// Four rounds. The host has the words in reverse order, E with the first word of the message, and adds the constant itself.
    fn sha1_rounds(&mut self, function: i8, d: u8, a: u8, b: u8) {
        let message = self.read_vector(b, X2);
        let constant = SHA1[function as usize].wrapping_neg();
        let words = u128::from(constant) * 0x1_0000_0001_0000_0001_0000_0001;
        self.avx_constant(vpaddd, X2, message, words);
        dynasm!(self.asm.ops ; .arch x64 ; vpshufd xmm2, xmm2, BYTE 0x1b);
        let e = self.read_vector(a, X0);
        self.avx_imm(vpslldq, X0, e, 12);
        self.avx(vpaddd, X2, X2, X0);
        let old = self.read_vector(d, X1);
        dynasm!(self.asm.ops ; .arch x64
            ; vpshufd xmm1, Rx(old), BYTE 0x1b
            ; sha1rnds4 xmm1, xmm2, BYTE function
            ; vpshufd xmm2, xmm1, BYTE 0x1b);
        self.finish(true, d, X2);
    }

    /// Four rounds, of which one half of the state is wanted. The host has the state as ABEF and CDGH, and does two rounds at a time.
    fn sha256_rounds(&mut self, second: bool, d: u8, a: u8, b: u8) {
        let (abcd, efgh) = if second { (a, d) } else { (d, a) };
        let (x, y) = (self.read_vector(abcd, X1), self.read_vector(efgh, X2));
        self.avx_select(vshufps, X0, y, x, 0x11);
        self.avx_select(vshufps, X2, y, x, 0xbb);
        dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm1, xmm0);
        let words = self.read_vector(b, X0);
        if words != X0 {
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm0, Rx(words));
        }
        let select = if second { 0x11 } else { 0xbb };
        dynasm!(self.asm.ops ; .arch x64
            ; sha256rnds2 xmm2, xmm1
            ; vpsrldq xmm0, xmm0, BYTE 8
            ; sha256rnds2 xmm1, xmm2);
        self.avx_select(vshufps, X2, X1, X2, select);
        self.finish(true, d, X2);
    }

    /// X2 = doublewords of X0 rotated right by two amounts and shifted right by a third one, combined.
    fn sigma512(&mut self, [first, second, shift]: [u8; 3]) {
        self.avx_imm(vpsrlq, X2, X0, shift);
        for by in [first, second] {
            self.avx_imm(vpsrlq, X1, X0, by);
            self.avx(vpxor, X2, X2, X1);
            self.avx_imm(vpsllq, X1, X0, 64 - by);
            self.avx(vpxor, X2, X2, X1);
        }
    }

    /// Half of two rounds of SHA-512, in general registers: X is V\[a\], Y is V\[b\], W is V\[d\].
    fn sha512_rounds(&mut self, second: bool, d: u8, a: u8, b: u8) {
        self.spill_if_kept();
        for (spare, n) in [a, b, d].into_iter().enumerate() {
            let from = self.read_vector(n, X0);
            self.store_spare(spare, from);
        }
        let half = |spare: usize, upper: bool| SPARES[spare] + if upper { 8 } else { 0 };
        let (x_low, x_high) = (half(0, false), half(0, true));
        let (y_low, y_high) = (half(1, false), half(1, true));
        let (w_low, w_high) = (half(2, false), half(2, true));
        if second {
            self.asm.load_slot(RAX, y_low);
            self.rotations512([28, 34, 39]);
            self.asm.alu(Alu::Add, Width::X, RDX, Source::Slot(w_high));
            self.asm.store_slot(w_high, RDX);
            // The majority of x, y and z is ((x ^ y) & (x ^ z)) ^ x.
            let majority = |e: &mut Self, x: i32| {
                e.asm.load_slot(RAX, x);
                e.asm.alu(Alu::Xor, Width::X, RAX, Source::Slot(y_low));
                e.asm.load_slot(RDX, y_low);
                e.asm.alu(Alu::Xor, Width::X, RDX, Source::Slot(y_high));
                e.asm.alu(Alu::And, Width::X, RAX, Source::Reg(RDX));
                e.asm.alu(Alu::Xor, Width::X, RAX, Source::Slot(y_low));
            };
            majority(self, x_low);
            self.asm.alu(Alu::Add, Width::X, RAX, Source::Slot(w_high));
            self.asm.store_slot(w_high, RAX);
            self.rotations512([28, 34, 39]);
            self.asm.alu(Alu::Add, Width::X, RDX, Source::Slot(w_low));
            self.asm.store_slot(w_low, RDX);
            majority(self, w_high);
            self.asm.alu(Alu::Add, Width::X, RAX, Source::Slot(w_low));
        } else {
            self.asm.load_slot(RAX, y_high);
            self.rotations512([14, 18, 41]);
            self.asm.alu(Alu::Add, Width::X, RDX, Source::Slot(w_high));
            // Where x is set, y, else z: ((y ^ z) & x) ^ z.
            let choose = |e: &mut Self, y: i32, z: i32, add: i32| {
                e.asm.load_slot(RDX, y);
                e.asm.alu(Alu::Xor, Width::X, RDX, Source::Slot(z));
                e.asm.alu(Alu::And, Width::X, RAX, Source::Reg(RDX));
                e.asm.alu(Alu::Xor, Width::X, RAX, Source::Slot(z));
                e.asm.alu(Alu::Add, Width::X, RAX, Source::Slot(add));
            };
            self.asm.store_slot(w_high, RDX);
            choose(self, x_low, x_high, w_high);
            self.asm.store_slot(w_high, RAX);
            self.asm.alu(Alu::Add, Width::X, RAX, Source::Slot(y_low));
            self.rotations512([14, 18, 41]);
            self.asm.alu(Alu::Add, Width::X, RDX, Source::Slot(w_low));
            self.asm.store_slot(w_low, RDX);
            choose(self, y_high, x_low, w_low);
        }
        dynasm!(self.asm.ops ; .arch x64 ; vmovq xmm2, rax);
        memory!(self.asm.ops, HostAddress::state(w_high), (vmovhps xmm2, xmm2, QWORD) ());
        self.finish(true, d, X2);
    }

    /// RDX = RAX rotated right by three amounts, in rising order, combined.
    fn rotations512(&mut self, [first, second, third]: [u8; 3]) {
        let (inner, outer) = ((third - second) as i8, (second - first) as i8);
        let first = first as i8;
        dynasm!(self.asm.ops ; .arch x64
            ; mov rdx, rax
            ; ror rdx, BYTE inner
            ; xor rdx, rax
            ; ror rdx, BYTE outer
            ; xor rdx, rax
            ; ror rdx, BYTE first);
    }

    pub(super) fn three(&mut self, op: Three, d: u8, a: u8, b: u8, c: u8) {
        let (second, third) = (self.read_vector(b, X1), self.read_vector(c, X2));
        match op {
            Three::Xor => self.avx(vpxor, X2, second, third),
            Three::BitClearXor => self.avx(vpandn, X2, third, second),
        }
        let first = self.read_vector(a, X0);
        let out = self.out(true, d);
        self.avx(vpxor, out, first, X2);
        self.finish(true, d, out);
    }

    /// XAR and RAX1.
    pub(super) fn xor_rotate(&mut self, d: u8, a: u8, b: u8, by: u8) {
        let (first, second) = (self.read_vector(a, X0), self.read_vector(b, X1));
        if by == 0 {
            self.avx_imm(vpsrlq, X2, second, 63);
            self.avx(vpxor, X2, X2, first);
            self.avx_imm(vpsllq, X1, second, 1);
            self.avx(vpxor, X2, X2, X1);
        } else {
            self.avx(vpxor, X0, first, second);
            self.avx_imm(vpsrlq, X2, X0, by);
            self.avx_imm(vpsllq, X0, X0, 64 - by);
            self.avx(vpor, X2, X2, X0);
        }
        self.finish(true, d, X2);
    }
}
