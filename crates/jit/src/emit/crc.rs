//! CRC-32 and CRC-32C. The host has an instruction for the second one; the first one is two carry-less multiplications.
//!
//! With bits reversed, as Arm has them, a check sum is what is left above when a multiple of the polynomial P has been added that makes the message's
//! bits zero. The polynomial's lowest bit is 1, so it has an inverse modulo x^64: the multiple is P times the message's product with that
//! inverse. A shorter message stands at the upper end of the 64 bits.

use dynasmrt::{DynasmApi, dynasm};

use super::simd_lanes::X1;
use super::*;
use host::{RAX, RDX};

/// The polynomial of CRC-32, all 33 bits, reversed.
const POLYNOMIAL: u64 = 0x1_db71_0641;

/// The product with this is 1 modulo x^64.
const fn inverse(of: u64) -> u64 {
    let (mut inverse, mut product, mut bit) = (0u64, 0u64, 0);
    while bit < 64 {
        if (product >> bit) & 1 != (bit == 0) as u64 {
            inverse |= 1 << bit;
            product ^= of << bit;
        }
        bit += 1;
    }
    inverse
}

impl Emitter<'_> {
    /// [`Op::Crc`].
    pub(super) fn crc(&mut self, castagnoli: bool, size: u8, d: Var, a: Val, b: Val) {
        if castagnoli {
            let data = self.read(b, RDX);
            self.read_into(Width::W, RAX, a);
            self.asm.extend(Extend::U32, Width::W, RAX, RAX);
            match size {
                0 => dynasm!(self.asm.ops ; .arch x64 ; crc32 eax, Rb(data)),
                1 => dynasm!(self.asm.ops ; .arch x64 ; crc32 eax, Rw(data)),
                2 => dynasm!(self.asm.ops ; .arch x64 ; crc32 eax, Rd(data)),
                _ => dynasm!(self.asm.ops ; .arch x64 ; crc32 rax, Rq(data)),
            }
            return self.assign(d, RAX);
        }
        self.spill_if_kept();
        let bits = 8 << size;
        self.read_into(Width::W, RAX, a);
        self.asm.extend(Extend::U32, Width::W, RAX, RAX);
        self.read_into(Width::X, RDX, b);
        self.asm.alu(Alu::Xor, Width::X, RAX, Source::Reg(RDX));
        if bits < 64 {
            self.asm.shift_imm(Shift::Lsl, Width::X, RAX, 64 - bits);
        }
        self.vector_constant(
            X1,
            u128::from(POLYNOMIAL) << 64 | u128::from(const { inverse(POLYNOMIAL) }),
        );
        dynasm!(self.asm.ops ; .arch x64
            ; vmovq xmm0, rax
            ; vpclmulqdq xmm0, xmm0, xmm1, BYTE 0
            ; vpclmulqdq xmm0, xmm0, xmm1, BYTE 0x10
            ; vpextrq rax, xmm0, BYTE 1);
        if bits < 32 {
            // What the message has not reached moves down.
            self.read_into(Width::W, RDX, a);
            self.asm.shift_imm(Shift::Lsr, Width::W, RDX, bits);
            self.asm.alu(Alu::Xor, Width::W, RAX, Source::Reg(RDX));
        }
        self.assign(d, RAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_is_one() {
        let (of, mut product) = (inverse(POLYNOMIAL), 0u64);
        for bit in 0..64 {
            product ^= if POLYNOMIAL >> bit & 1 != 0 { of << bit } else { 0 };
        }
        assert_eq!(product, 1);
    }
}
