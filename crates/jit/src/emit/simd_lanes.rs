//! The host's vector instructions as values, and the element-wise operations made of them.
//!
//! Operands are host registers. The first operand of an operation may be xmm0, the second xmm1; the code here overwrites xmm0 to xmm2
//! once their operands are no longer needed, and writes the destination with its last instruction only.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::*;

/// Scratch register of the first operand.
pub(super) const X0: u8 = 0;
/// Scratch register of the second operand.
pub(super) const X1: u8 = 1;
/// Scratch register of results.
pub(super) const X2: u8 = 2;

macro_rules! instructions {
    ($(#[$doc:meta])* $name:ident, $function:ident: $($mnemonic:ident)*) => {
        $(#[$doc])*
        #[allow(non_camel_case_types, reason = "the names are the assembler's")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $name {
            $($mnemonic),*
        }

        impl Emitter<'_> {
            $(#[$doc])*
            pub(super) fn $function(&mut self, op: $name, d: u8, a: u8, b: u8) {
                match op {
                    $($name::$mnemonic => instructions!(@ $name self.asm.ops, $mnemonic, d, a, b)),*
                }
            }
        }
    };
    (@ Avx $ops:expr, $mnemonic:ident, $d:expr, $a:expr, $b:expr) => {
        dynasm!($ops ; .arch x64 ; $mnemonic Rx($d), Rx($a), Rx($b))
    };
    (@ AvxImm $ops:expr, $mnemonic:ident, $d:expr, $a:expr, $imm:expr) => {
        dynasm!($ops ; .arch x64 ; $mnemonic Rx($d), Rx($a), BYTE $imm as i8)
    };
}

instructions! {
    /// Two register operands.
    Avx, avx:
    vpaddb vpaddw vpaddd vpaddq vpsubb vpsubw vpsubd vpsubq vpmullw vpmulld vpmuldq vpmuludq vpand vpandn vpor vpxor
    vpcmpeqb vpcmpeqw vpcmpeqd vpcmpeqq vpcmpgtb vpcmpgtw vpcmpgtd vpcmpgtq
    vpmaxsb vpmaxsw vpmaxsd vpminsb vpminsw vpminsd vpmaxub vpmaxuw vpmaxud vpminub vpminuw vpminud
    vpavgb vpavgw vpsadbw vpmaddubsw vpmaddwd vphaddd vpshufb vpackuswb vpackusdw
    vpunpcklbw vpunpcklwd vpunpckldq vpunpcklqdq vpunpckhbw vpunpckhwd vpunpckhdq vpunpckhqdq
    vpsllvd vpsllvq vpsrlvd vpsrlvq vpsravd
    vpaddsb vpaddsw vpaddusb vpaddusw vpsubsb vpsubsw vpsubusb vpsubusw vpmulhrsw vpmulhw
    vaesenc vaesenclast vaesdeclast
    vaddps vaddpd vsubps vsubpd vmulps vmulpd vdivps vdivpd vmaxps vmaxpd vminps vminpd
    vandps vorps vxorps vunpckhpd
}

impl Emitter<'_> {
    /// A register operand and a constant in memory.
    pub(super) fn avx_constant(&mut self, op: Avx, d: u8, a: u8, value: u128) {
        let label = self.constant_label(value);
        macro_rules! form {
            ($($mnemonic:ident)*) => {
                match op {
                    $($mnemonic => dynasm!(self.asm.ops ; .arch x64 ; $mnemonic Rx(d), Rx(a), OWORD [=>label]),)*
                    _ => {
                        debug_assert!(d != a, "the constant needs the destination first");
                        self.vector_constant(d, value);
                        self.avx(op, d, a, d);
                    }
                }
            };
        }
        form!(vpand vpor vpxor vandps vxorps vorps vpaddb vpaddw vpaddd vpaddq vpsubb vpsubw vpsubd vpsubq
            vpcmpeqb vpcmpeqw vpcmpeqd vpcmpeqq vpshufb vpmaddubsw vpmaddwd vmulps vmulpd vsubpd vpaddusb vpmullw
            vpcmpgtd vpminub vpminuw vpmaxud vpminud vpcmpgtb vpcmpgtw vpcmpgtq);
    }
}

instructions! {
    /// A register operand and a constant.
    AvxImm, avx_imm:
    vpsllw vpslld vpsllq vpsrlw vpsrld vpsrlq vpsraw vpsrad vpslldq vpsrldq
}

/// Instructions with two register operands and a constant.
#[allow(non_camel_case_types, reason = "the names are the assembler's")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AvxSelect {
    vshufps,
    vpblendw,
    vpalignr,
}

use Avx::*;
use AvxImm::*;
use AvxSelect::*;

/// The same instruction for the four element sizes.
fn by_size(ops: [Avx; 4], size: u8) -> Avx {
    ops[usize::from(size & 3)]
}

const ADD: [Avx; 4] = [vpaddb, vpaddw, vpaddd, vpaddq];
const SUB: [Avx; 4] = [vpsubb, vpsubw, vpsubd, vpsubq];
const EQUAL: [Avx; 4] = [vpcmpeqb, vpcmpeqw, vpcmpeqd, vpcmpeqq];
const GREATER: [Avx; 4] = [vpcmpgtb, vpcmpgtw, vpcmpgtd, vpcmpgtq];
const ZIP1: [Avx; 4] = [vpunpcklbw, vpunpcklwd, vpunpckldq, vpunpcklqdq];
const ZIP2: [Avx; 4] = [vpunpckhbw, vpunpckhwd, vpunpckhdq, vpunpckhqdq];

/// The one instruction that does the operation on whole registers, if there is one.
fn direct(op: Lanes, size: u8) -> Option<Avx> {
    Some(match (op, size) {
        (Lanes::Add, _) => by_size(ADD, size),
        (Lanes::Sub, _) => by_size(SUB, size),
        (Lanes::Mul, 1) => vpmullw,
        (Lanes::Mul, 2) => vpmulld,
        (Lanes::MulLowSigned, 3) => vpmuldq,
        (Lanes::MulLowUnsigned, 3) => vpmuludq,
        (Lanes::And, _) => vpand,
        (Lanes::Or, _) => vpor,
        (Lanes::Xor, _) => vpxor,
        (Lanes::Equal, _) => by_size(EQUAL, size),
        (Lanes::Greater, _) => by_size(GREATER, size),
        (Lanes::MaxSigned, 0..=2) => [vpmaxsb, vpmaxsw, vpmaxsd][usize::from(size)],
        (Lanes::MinSigned, 0..=2) => [vpminsb, vpminsw, vpminsd][usize::from(size)],
        (Lanes::MaxUnsigned, 0..=2) => [vpmaxub, vpmaxuw, vpmaxud][usize::from(size)],
        (Lanes::MinUnsigned, 0..=2) => [vpminub, vpminuw, vpminud][usize::from(size)],
        (Lanes::Zip1, _) => by_size(ZIP1, size),
        (Lanes::Zip2, _) => by_size(ZIP2, size),
        (Lanes::Uzp1 | Lanes::Trn1, 3) => vpunpcklqdq,
        (Lanes::Uzp2 | Lanes::Trn2, 3) => vpunpckhqdq,
        _ => return None,
    })
}

/// Whether [`Emitter::lanes`] knows the operation for this element size.
pub fn has(op: Lanes, size: u8) -> bool {
    direct(op, size).is_some()
        || match op {
            Lanes::Mul | Lanes::DifferenceSigned | Lanes::DifferenceUnsigned => size < 3,
            Lanes::Shift(_) => true,
            Lanes::DoublingProduct => matches!(size, 2 | 3),
            Lanes::SaturateMixed { .. } => true,
            Lanes::Polynomial => size < 2,
            Lanes::Halve(..) => size < 3,
            Lanes::Saturate(..) => true,
            Lanes::DoublingHigh { .. } => matches!(size, 1 | 2),
            Lanes::Bic | Lanes::Orn | Lanes::GreaterEqual | Lanes::Higher | Lanes::HigherSame | Lanes::Test => true,
            Lanes::Uzp1 | Lanes::Uzp2 | Lanes::Trn1 | Lanes::Trn2 => true,
            _ => false,
        }
}

impl Emitter<'_> {
    /// Two register operands and a constant. The assembler takes the two sources of these instructions in reverse order.
    pub(super) fn avx_select(&mut self, op: AvxSelect, d: u8, a: u8, b: u8, imm: u8) {
        let imm = imm as i8;
        match op {
            vshufps => dynasm!(self.asm.ops ; .arch x64 ; vshufps Rx(d), Rx(b), Rx(a), BYTE imm),
            vpblendw => dynasm!(self.asm.ops ; .arch x64 ; vpblendw Rx(d), Rx(b), Rx(a), BYTE imm),
            vpalignr => dynasm!(self.asm.ops ; .arch x64 ; vpalignr Rx(d), Rx(b), Rx(a), BYTE imm),
        }
    }

    /// d = a constant; without scratch.
    pub(super) fn vector_constant(&mut self, d: u8, value: u128) {
        match value {
            0 => self.avx(vpxor, d, d, d),
            u128::MAX => self.avx(vpcmpeqd, d, d, d),
            _ => {
                let label = self.constant_label(value);
                dynasm!(self.asm.ops ; .arch x64 ; vmovdqu Rx(d), OWORD [=>label]);
            }
        }
    }

    /// Where a constant is.
    pub(super) fn constant_label(&mut self, value: u128) -> Label {
        match self.pool.iter().find(|(other, _)| *other == value) {
            Some((_, label)) => *label,
            None => {
                let label = self.asm.label();
                self.pool.push((value, label));
                label
            }
        }
    }

    /// Writes the constants behind the code.
    pub(super) fn finish_pool(&mut self) {
        for (value, label) in std::mem::take(&mut self.pool) {
            self.asm.bind(label);
            self.asm.ops.extend(&value.to_le_bytes());
        }
    }

    /// d = !a
    pub(super) fn invert(&mut self, d: u8, a: u8, scratch: u8) {
        self.vector_constant(scratch, u128::MAX);
        self.avx(vpxor, d, a, scratch);
    }

    /// d = a op b on whole registers, as far as 64 bits are concerned also on lower halves if not `q`.
    pub(super) fn lanes(&mut self, op: Lanes, size: u8, q: bool, d: u8, a: u8, b: u8) {
        match op {
            Lanes::Uzp1 | Lanes::Uzp2 if !q => {
                self.avx(vpunpcklqdq, X2, a, b);
                return self.lanes(op, size, true, d, X2, X2);
            }
            Lanes::Zip2 if !q => {
                self.avx(by_size(ZIP1, size), X2, a, b);
                return self.avx_imm(vpsrldq, d, X2, 8);
            }
            _ => {}
        }
        if let Some(host) = direct(op, size) {
            return self.avx(host, d, a, b);
        }
        match op {
            Lanes::Bic => self.avx(vpandn, d, b, a),
            Lanes::Orn => {
                self.invert(X2, b, X2);
                self.avx(vpor, d, a, X2);
            }
            Lanes::GreaterEqual => {
                self.avx(by_size(GREATER, size), X2, b, a);
                self.invert(d, X2, X0);
            }
            Lanes::HigherSame if size < 3 => {
                self.lanes(Lanes::MaxUnsigned, size, q, X2, a, b);
                self.avx(by_size(EQUAL, size), d, X2, a);
            }
            Lanes::Higher if size < 3 => {
                self.lanes(Lanes::MinUnsigned, size, q, X2, a, b);
                self.avx(by_size(EQUAL, size), X2, X2, a);
                self.invert(d, X2, X0);
            }
            Lanes::Higher | Lanes::HigherSame => {
                self.vector_constant(X2, 1 << 127 | 1 << 63);
                self.avx(vpxor, X0, a, X2);
                self.avx(vpxor, X1, b, X2);
                match op {
                    Lanes::Higher => self.avx(vpcmpgtq, d, X0, X1),
                    _ => {
                        self.avx(vpcmpgtq, X2, X1, X0);
                        self.invert(d, X2, X0);
                    }
                }
            }
            Lanes::Test => {
                self.avx(vpand, X2, a, b);
                self.vector_constant(X1, 0);
                self.avx(by_size(EQUAL, size), X2, X2, X1);
                self.invert(d, X2, X0);
            }
            Lanes::Mul => {
                // Bytes: odd and even ones as halfwords.
                self.avx(vpmullw, X2, a, b);
                self.avx_imm(vpsrlw, X0, a, 8);
                self.avx_imm(vpsrlw, X1, b, 8);
                self.avx(vpmullw, X0, X0, X1);
                self.avx_imm(vpsllw, X0, X0, 8);
                self.low_bytes(X2, X2);
                self.avx(vpor, d, X2, X0);
            }
            Lanes::DifferenceSigned => self.difference(Lanes::MaxSigned, Lanes::MinSigned, size, d, a, b),
            Lanes::DifferenceUnsigned => self.difference(Lanes::MaxUnsigned, Lanes::MinUnsigned, size, d, a, b),
            Lanes::Uzp1 | Lanes::Uzp2 => self.unzip(op == Lanes::Uzp2, size, d, a, b),
            Lanes::Trn1 | Lanes::Trn2 => self.transpose(op == Lanes::Trn2, size, d, a, b),
            Lanes::Shift(how) => self.shift_lanes(how, size, q, d, a, b),
            Lanes::DoublingProduct => {
                self.doubling_product(size, q, a, b);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(d), xmm2);
            }
            Lanes::SaturateMixed { signed_first } => {
                self.saturating_mixed(signed_first, size, q, a, b);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(d), xmm2);
            }
            Lanes::Polynomial => {
                self.polynomial(size, a, b);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(d), xmm2);
            }
            Lanes::Halve(what, signed) => self.halve(what, signed, size, d, a, b),
            Lanes::Saturate(op, signed) => {
                self.saturating(op, signed, size, q, a, b);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(d), xmm2);
            }
            Lanes::DoublingHigh { round } => {
                self.doubling_high(round, size, q, a, b);
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(d), xmm2);
            }
            _ => unreachable!("`has` says which operations there are"),
        }
    }

    /// d = the low bytes of the halfwords.
    fn low_bytes(&mut self, d: u8, a: u8) {
        self.avx_imm(vpsllw, d, a, 8);
        self.avx_imm(vpsrlw, d, d, 8);
    }

    fn difference(&mut self, max: Lanes, min: Lanes, size: u8, d: u8, a: u8, b: u8) {
        self.lanes(max, size, true, X2, a, b);
        self.lanes(min, size, true, X0, a, b);
        self.avx(by_size(SUB, size), d, X2, X0);
    }

    fn unzip(&mut self, odd: bool, size: u8, d: u8, a: u8, b: u8) {
        match size {
            0 if odd => {
                self.avx_imm(vpsrlw, X0, a, 8);
                self.avx_imm(vpsrlw, X1, b, 8);
                self.avx(vpackuswb, d, X0, X1);
            }
            0 => {
                self.avx_imm(vpsllw, X0, a, 8);
                self.avx_imm(vpsrlw, X0, X0, 8);
                self.low_bytes(X1, b);
                self.avx(vpackuswb, d, X0, X1);
            }
            1 => {
                let (mut a, mut b) = (a, b);
                if !odd {
                    self.avx_imm(vpslld, X0, a, 16);
                    self.avx_imm(vpslld, X1, b, 16);
                    (a, b) = (X0, X1);
                }
                self.avx_imm(vpsrld, X0, a, 16);
                self.avx_imm(vpsrld, X1, b, 16);
                self.avx(vpackusdw, d, X0, X1);
            }
            _ => {
                let select = if odd { 0xdd } else { 0x88 };
                self.avx_select(vshufps, d, a, b, select);
            }
        }
    }

    fn transpose(&mut self, odd: bool, size: u8, d: u8, a: u8, b: u8) {
        let (left, right) = [(vpsllw, vpsrlw), (vpslld, vpsrld), (vpsllq, vpsrlq)][usize::from(size.min(2))];
        let width = 8 << size;
        match (size, odd) {
            (0, false) => {
                self.avx_imm(left, X2, b, width);
                self.low_bytes(X0, a);
                self.avx(vpor, d, X0, X2);
            }
            (0, true) => {
                self.avx_imm(right, X2, a, width);
                self.avx_imm(right, X1, b, width);
                self.avx_imm(left, X1, X1, width);
                self.avx(vpor, d, X1, X2);
            }
            _ => {
                let (low, high) = if odd {
                    self.avx_imm(right, X2, a, width);
                    (X2, b)
                } else {
                    self.avx_imm(left, X2, b, width);
                    (a, X2)
                };
                let select = if size == 1 { 0xaa } else { 0xcc };
                self.avx_select(vpblendw, d, low, high, select);
            }
        }
    }
}
