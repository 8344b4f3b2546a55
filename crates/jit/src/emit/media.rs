//! Media operations of AArch32 ([`Media`]). Lanes are the low ones of the host's vector registers.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::memory;
use super::saturate::repeat;
use super::simd_lanes::Avx::*;
use super::simd_lanes::AvxImm::*;
use super::simd_lanes::AvxSelect::*;
use super::simd_lanes::{Avx, X0, X1, X2};
use super::*;
use crate::map::{GE_SLOT, Q_SLOT};
use host::{RAX, RDX};

/// The byte's bit n of four is the lowest bit of byte n of the product, if only these are kept.
const SPREAD: i32 = 0x0020_4081;

impl Emitter<'_> {
    pub(super) fn media(&mut self, op: &Media) {
        self.spill_if_kept();
        match *op {
            Media::Parallel {
                op,
                kept,
                bytes,
                d,
                a,
                b,
            } => {
                self.lanes_of(a, b);
                self.parallel(op, kept, bytes);
                self.word_of(d, X2);
            }
            Media::Select { d, a, b } => {
                memory!(self.asm.ops, HostAddress::state(GE_SLOT), (movzx eax, BYTE) ());
                dynasm!(self.asm.ops ; .arch x64
                    ; imul eax, eax, SPREAD
                    ; and eax, 0x0101_0101
                    ; imul eax, eax, 255);
                self.read_into(Width::W, RDX, a);
                let b = self.source(Width::W, b, RDX);
                self.asm.alu(Alu::Xor, Width::W, RDX, b);
                self.asm.alu(Alu::And, Width::W, RAX, Source::Reg(RDX));
                self.asm.alu(Alu::Xor, Width::W, RAX, b);
                self.assign(d, RAX);
            }
            Media::Products {
                swap,
                subtract,
                d,
                a,
                b,
            } => {
                self.lanes_of(a, b);
                if swap {
                    self.exchange_halfwords();
                }
                self.avx(vpmullw, X2, X0, X1);
                self.avx(vpmulhw, X0, X0, X1);
                self.avx(vpunpcklwd, X0, X2, X0);
                dynasm!(self.asm.ops ; .arch x64
                    ; vmovq rax, xmm0
                    ; mov rdx, rax
                    ; sar rdx, 32
                    ; movsxd rax, eax);
                let op = if subtract { Alu::Sub } else { Alu::Add };
                self.asm.alu(op, Width::X, RAX, Source::Reg(RDX));
                self.assign(d, RAX);
            }
            Media::Differences { d, a, b } => {
                self.lanes_of(a, b);
                self.avx(vpsadbw, X2, X0, X1);
                self.word_of(d, X2);
            }
            Media::Saturate { signed, bits, d, a } => {
                let (low, high) = limits(signed, bits);
                self.read_into(Width::X, RAX, a);
                for (limit, beyond) in [(high, asm::Cc::G), (low, asm::Cc::L)] {
                    self.asm.mov_imm(RDX, limit as u64);
                    self.asm.cmp(Width::X, RAX, Source::Reg(RDX));
                    self.asm.cmov(beyond, Width::X, RAX, Source::Reg(RDX));
                }
                let a = self.source(Width::X, a, RDX);
                self.asm.cmp(Width::X, RAX, a);
                self.asm.setcc(asm::Cc::Ne, RDX);
                memory!(self.asm.ops, HostAddress::state(Q_SLOT), (or BYTE) (, dl));
                self.asm.extend(Extend::U32, Width::W, RAX, RAX);
                self.assign(d, RAX);
            }
            Media::SaturateHalves { signed, bits, d, a } => {
                let (low, high) = limits(signed, bits);
                let a = self.read(a, RAX);
                dynasm!(self.asm.ops ; .arch x64 ; vmovd xmm0, Rd(a));
                self.vector_constant(X1, repeat(1, high as u64));
                self.avx(vpminsw, X2, X0, X1);
                self.vector_constant(X1, repeat(1, low as u64));
                self.avx(vpmaxsw, X2, X2, X1);
                self.avx(vpxor, X0, X0, X2);
                dynasm!(self.asm.ops ; .arch x64 ; vmovd eax, xmm0 ; test eax, eax ; setne al);
                memory!(self.asm.ops, HostAddress::state(Q_SLOT), (or BYTE) (, al));
                self.word_of(d, X2);
            }
            Media::SetQ { a } => {
                self.read_into(Width::W, RAX, a);
                memory!(self.asm.ops, HostAddress::state(Q_SLOT), (or BYTE) (, al));
            }
        }
    }

    /// X0 and X1 = two words, and zeros above.
    fn lanes_of(&mut self, a: Val, b: Val) {
        let a = self.read(a, RAX);
        let b = self.read(b, RDX);
        dynasm!(self.asm.ops ; .arch x64
            ; vmovd xmm0, Rd(a)
            ; vmovd xmm1, Rd(b));
    }

    fn word_of(&mut self, d: Var, x: u8) {
        let own = self.destination(d, RAX);
        dynasm!(self.asm.ops ; .arch x64 ; vmovd Rd(own), Rx(x));
        self.assign(d, own);
    }

    /// Of the second operand.
    fn exchange_halfwords(&mut self) {
        dynasm!(self.asm.ops ; .arch x64 ; vpshuflw xmm1, xmm1, BYTE 0b1110_0001u8 as i8);
    }

    /// X2 = sums or differences of X0 and X1; GE. All three are overwritten.
    fn parallel(&mut self, op: Parallel, kept: Kept, bytes: bool) {
        let inverted = match op {
            Parallel::Add | Parallel::Sub => self.all_lanes(op == Parallel::Add, kept, bytes),
            Parallel::SubAdd | Parallel::AddSub => {
                self.exchange_halfwords();
                self.store_spare(0, X0);
                self.store_spare(1, X1);
                self.halfwords(op == Parallel::SubAdd, kept);
                self.store_spare(2, X2);
                self.store_spare(3, X1);
                self.load_spare(0, X0);
                self.load_spare(1, X1);
                self.halfwords(op == Parallel::AddSub, kept);
                self.load_spare(2, X0);
                self.avx_select(vpblendw, X2, X2, X0, 2);
                self.load_spare(3, X0);
                self.avx_select(vpblendw, X1, X1, X0, 2);
                false
            }
        };
        if !matches!(kept, Kept::Signed | Kept::Unsigned) {
            return;
        }
        dynasm!(self.asm.ops ; .arch x64 ; pmovmskb eax, xmm1);
        if inverted {
            self.asm.not(Width::W, RAX);
        }
        self.asm.alu(Alu::And, Width::W, RAX, Source::Imm(15));
        memory!(self.asm.ops, HostAddress::state(GE_SLOT), (mov BYTE) (, al));
    }

    /// X2 = sums or differences of halfwords; X1 is set where GE is to be, if it is.
    fn halfwords(&mut self, add: bool, kept: Kept) {
        if self.all_lanes(add, kept, false) {
            self.avx_constant(vpxor, X1, X1, u128::MAX);
        }
    }

    /// X2 = sums or differences of X0 and X1; X1 is set where GE is to be, or (that is answered) where it is not to be.
    fn all_lanes(&mut self, add: bool, kept: Kept, bytes: bool) -> bool {
        let by_size = |byte: Avx, half: Avx| if bytes { byte } else { half };
        let plain = match (add, kept) {
            (true, Kept::SignedSaturated) => by_size(vpaddsb, vpaddsw),
            (true, Kept::UnsignedSaturated) => by_size(vpaddusb, vpaddusw),
            (true, _) => by_size(vpaddb, vpaddw),
            (false, Kept::SignedSaturated) => by_size(vpsubsb, vpsubsw),
            (false, Kept::UnsignedSaturated) => by_size(vpsubusb, vpsubusw),
            (false, _) => by_size(vpsubb, vpsubw),
        };
        let size = if bytes { 0 } else { 1 };
        let average = by_size(vpavgb, vpavgw);
        match (add, kept) {
            // The host's average is rounded up: that of the inverses is the inverse of the one rounded down. Signed lanes are made unsigned by their sign bit.
            (true, Kept::SignedHalved | Kept::UnsignedHalved) => {
                let inverse = match kept {
                    Kept::SignedHalved => !repeat(size, sign(bytes)),
                    _ => u128::MAX,
                };
                self.vector_constant(X2, inverse);
                self.avx(vpxor, X0, X0, X2);
                self.avx(vpxor, X1, X1, X2);
                self.avx(average, X0, X0, X1);
                self.avx(vpxor, X2, X0, X2);
            }
            // Half of a - b is a, less the average rounded up.
            (false, Kept::SignedHalved | Kept::UnsignedHalved) => {
                if kept == Kept::SignedHalved {
                    self.vector_constant(X2, repeat(size, sign(bytes)));
                    self.avx(vpxor, X0, X0, X2);
                    self.avx(vpxor, X1, X1, X2);
                }
                self.avx(average, X1, X0, X1);
                self.avx(by_size(vpsubb, vpsubw), X2, X0, X1);
            }
            _ => self.avx(plain, X2, X0, X1),
        }
        let larger = by_size(vpmaxub, vpmaxuw);
        let equal = by_size(vpcmpeqb, vpcmpeqw);
        match (add, kept) {
            (_, Kept::Signed) => {
                // A saturated result has the sign of the exact one.
                let saturated = if add {
                    by_size(vpaddsb, vpaddsw)
                } else {
                    by_size(vpsubsb, vpsubsw)
                };
                self.avx(saturated, X1, X0, X1);
                if !bytes {
                    self.avx_imm(vpsraw, X1, X1, 15);
                }
                true
            }
            (true, Kept::Unsigned) => {
                // No carry: the sum is not below an operand.
                self.avx(larger, X1, X2, X0);
                self.avx(equal, X1, X1, X2);
                true
            }
            (false, Kept::Unsigned) => {
                self.avx(larger, X1, X0, X1);
                self.avx(equal, X1, X1, X0);
                false
            }
            _ => false,
        }
    }
}

/// The sign bit of a lane.
fn sign(bytes: bool) -> u64 {
    if bytes { 0x80 } else { 0x8000 }
}

/// The least and the greatest number of some bits (1 to 32 signed ones, 0 to 31 unsigned ones).
fn limits(signed: bool, bits: u8) -> (i64, i64) {
    if signed {
        let high = (1i64 << (bits.wrapping_sub(1) & 31)) - 1;
        (!high, high)
    } else {
        (0, (1i64 << (bits & 31)) - 1)
    }
}
