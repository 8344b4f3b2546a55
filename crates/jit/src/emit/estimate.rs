//! FRECPE and FRSQRTE, URECPE and URSQRTE: the estimates are read from the manual's tables, by the highest bits of the fraction. What is not a normal number, or has no normal estimate, is
//! the interpreter's.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::Cc;
use super::float_convert::magnitude_bits;
use super::float_lanes::{by, everywhere};
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::{X0, X1, X2};
use super::*;
use armlet_decoder::a64::Insn;
use host::RAX;

/// Bytes of a table; both have an entry for each value of eight bits.
const TABLE: usize = 256;

/// The fractions of the estimates, in units of 1/256: RecipEstimate() by the fraction's upper eight bits; RecipSqrtEstimate() by the lowest bit of the exponent and the
/// fraction's upper seven bits; and what is read beyond the last one.
pub static TABLES: [u8; 2 * TABLE + 8] = tables();

const fn tables() -> [u8; 2 * TABLE + 8] {
    let mut bytes = [0; 2 * TABLE + 8];
    let mut n = 0;
    while n < TABLE {
        // The reciprocal of the middle of the interval.
        let reciprocal = (1 << 19) / (2 * (256 + n) + 1);
        bytes[n] = reciprocal.div_ceil(2) as u8;
        // In units of 1/1024, from 1/4 to 1/2 and from there to 1.
        let middle = if n >= 128 { 2 * n + 1 } else { 2 * (256 + 2 * n) + 2 };
        // The largest root that is below.
        let mut root = 512;
        while middle * (root + 1) * (root + 1) < 1 << 28 {
            root += 1;
        }
        bytes[TABLE + n] = root.div_ceil(2) as u8;
        n += 1;
    }
    bytes
}

impl Emitter<'_> {
    /// URECPE and URSQRTE: d = estimates of words below 1 (in units of 2^-32), in units of 2^-31; all ones of those below 1/2 (1/4).
    pub(super) fn estimate_words(&mut self, root: bool, d: u8, a: u8) {
        self.store_spare(0, a);
        self.avx_imm(vpsrld, X1, a, 23);
        self.avx_constant(vpand, X1, X1, everywhere(Precision::Single, 0xff));
        if root {
            self.avx_imm(vpsrld, X2, a, 24);
            self.avx_constant(vpand, X2, X2, everywhere(Precision::Single, 0x7f));
            dynasm!(self.asm.ops ; .arch x64 ; vblendvps xmm1, xmm1, xmm2, Rx(a));
        }
        let table = self.shared.constants + super::float::TABLES_AT + if root { TABLE as u64 } else { 0 };
        self.asm.mov_imm(RAX, table);
        self.vector_constant(X2, u128::MAX);
        dynasm!(self.asm.ops ; .arch x64 ; vpgatherdd xmm0, [rax + xmm1 * 1], xmm2);
        self.avx_imm(vpslld, X2, X0, 24);
        self.avx_imm(vpsrld, X2, X2, 1);
        self.load_spare(0, X0);
        self.avx_imm(vpsrld, X0, X0, if root { 30 } else { 31 });
        self.vector_constant(X1, 0);
        self.avx(vpcmpeqd, X0, X0, X1);
        self.avx_constant(vpor, X2, X2, everywhere(Precision::Single, 1 << 31));
        self.avx(vpor, d, X2, X0);
    }

    pub(super) fn estimate(&mut self, root: bool, p: Precision, shape: Shape, d: u8, a: u8, insn: Insn) {
        self.spill_if_kept();
        let (fraction, bias) = match p {
            Precision::Single => (23, 127),
            Precision::Double => (52, 1023),
        };
        let exponents = magnitude_bits(p) >> fraction << fraction;
        let sign = magnitude_bits(p) + 1;
        let greater = by(p, vpcmpgtq, vpcmpgtd);
        let (right, left) = match p {
            Precision::Single => (vpsrld, vpslld),
            Precision::Double => (vpsrlq, vpsllq),
        };
        let from = self.all_elements(p, a, shape, X0);
        // From the smallest normal number on, below infinity or what has a denormal reciprocal.
        let mut number = from;
        if !root {
            self.avx_constant(vandps, X1, from, everywhere(p, magnitude_bits(p)));
            number = X1;
        }
        let end = if root { 2 * bias + 1 } else { 2 * bias - 1 };
        self.vector_constant(X2, everywhere(p, 1 << fraction));
        self.avx(greater, X2, X2, number);
        self.avx_constant(greater, X1, number, everywhere(p, (end << fraction) - 1));
        self.avx(vpor, X1, X1, X2);
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
        let back = self.mend(Cc::Ne, insn, None);
        // Exponent and sign.
        let highest = if root { 3 * bias - 1 } else { 2 * bias - 1 };
        self.avx_constant(
            vpand,
            X1,
            from,
            everywhere(p, if root { exponents } else { exponents | sign }),
        );
        self.vector_constant(X2, everywhere(p, highest << fraction));
        self.avx(by(p, vpsubq, vpsubd), X2, X2, X1);
        if root {
            self.avx_imm(right, X2, X2, 1);
            self.avx_constant(vpand, X2, X2, everywhere(p, exponents));
        }
        self.store_spare(0, X2);
        // The fraction.
        self.avx_imm(right, X1, from, if root { fraction - 7 } else { fraction - 8 });
        self.avx_constant(vpand, X1, X1, everywhere(p, 0xff));
        let table = self.shared.constants + super::float::TABLES_AT + if root { TABLE as u64 } else { 0 };
        self.asm.mov_imm(RAX, table);
        self.vector_constant(X2, u128::MAX);
        match p {
            Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vpgatherdd xmm0, [rax + xmm1 * 1], xmm2),
            Precision::Double => dynasm!(self.asm.ops ; .arch x64
                ; vpgatherqd xmm0, [rax + xmm1 * 1], xmm2
                ; vpmovzxdq xmm0, xmm0),
        }
        self.avx_constant(vpand, X0, X0, everywhere(p, 0xff));
        self.avx_imm(left, X0, X0, fraction - 8);
        self.load_spare(0, X1);
        self.avx(vpor, X2, X0, X1);
        self.finish_lanes(p, shape, d, X2);
        self.asm.bind(back);
    }
}
