//! Sums of products of bytes, and products of polynomials.

use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::{AvxImm, X0, X1, X2};
use super::*;

fn right(signed: bool) -> AvxImm {
    if signed { vpsraw } else { vpsrlw }
}

impl Emitter<'_> {
    /// SDOT and UDOT, USDOT and SUDOT.
    pub(super) fn dot(&mut self, signed: (bool, bool), q: bool, d: u8, a: u8, b: u8, lane: Option<u8>) {
        let (right, right_b) = (right(signed.0), right(signed.1));
        let operand = |lane: Option<u8>| match lane {
            Some(lane) => Operand::Lane(b, lane),
            None => Operand::Reg(b),
        };
        let (first, second) = (self.read_vector(a, X0), self.operand(operand(lane), 2, X1));
        self.avx_imm(right, X2, first, 8);
        self.avx_imm(right_b, X0, second, 8);
        self.avx(vpmaddwd, X2, X2, X0);
        self.avx_imm(vpsllw, X1, second, 8);
        self.avx_imm(right_b, X1, X1, 8);
        let first = self.read_vector(a, X0);
        self.avx_imm(vpsllw, X0, first, 8);
        self.avx_imm(right, X0, X0, 8);
        self.avx(vpmaddwd, X0, X0, X1);
        self.avx(vpaddd, X2, X2, X0);
        self.accumulate(Into::Add, 2, q, d);
    }

    /// SMMLA, UMMLA and USMMLA: the sums of products of both rows and both columns.
    pub(super) fn matrix_product(&mut self, signed: (bool, bool), d: u8, a: u8, b: u8) {
        for row in [false, true] {
            for column in [false, true] {
                let first = self.read_vector(a, X0);
                self.widen_half(0, signed.0, row, X0, first);
                let second = self.read_vector(b, X1);
                self.widen_half(0, signed.1, column, X1, second);
                if column {
                    self.avx(vpmaddwd, X0, X0, X1);
                } else {
                    self.avx(vpmaddwd, X2, X0, X1);
                }
            }
            self.avx(vphaddd, X2, X2, X0);
            if !row {
                self.store_spare(0, X2);
            }
        }
        self.load_spare(0, X0);
        self.avx(vphaddd, X2, X0, X2);
        self.accumulate(Into::Add, 2, true, d);
    }

    /// X2 = products of bytes over {0, 1}, or of bytes in halfwords: the bits of b, from the highest one on, say where a is added.
    pub(super) fn polynomial(&mut self, size: u8, a: u8, b: u8) {
        self.store_spare(0, a);
        let double = if size == 0 { vpaddb } else { vpaddw };
        let mut bits = b;
        if size == 1 {
            self.avx_imm(vpsllw, X1, b, 8);
            bits = X1;
        }
        for bit in 0..8 {
            let sum = if bit == 0 { X2 } else { X0 };
            if size == 1 {
                self.avx_imm(vpsraw, sum, bits, 15);
            } else {
                self.vector_constant(sum, 0);
                self.avx(vpcmpgtb, sum, sum, bits);
            }
            self.and_spare(sum, sum, 0);
            if bit > 0 {
                self.avx(double, X2, X2, X2);
                self.avx(vpxor, X2, X2, X0);
            }
            if bit < 7 {
                self.avx(double, X1, bits, bits);
                bits = X1;
            }
        }
    }
}
