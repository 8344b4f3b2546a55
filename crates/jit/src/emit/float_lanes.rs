//! Floating point on vectors of 128 bits. What `float.rs` says of results holds for each lane: if one is a NaN or the smallest normal
//! number, the interpreter computes them all.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::Cc;
use super::float::{MAGNITUDES, SMALLESTS};
use super::*;
use armlet_decoder::a64::Insn;

/// `mnemonic(operands)` in the form for the precision.
macro_rules! packed {
    ($asm:expr, $p:expr, $double:ident / $single:ident, $($operand:expr),+) => {
        match $p {
            Precision::Double => dynasm!($asm ; .arch x64 ; $double $(Rx($operand)),+),
            Precision::Single => dynasm!($asm ; .arch x64 ; $single $(Rx($operand)),+),
        }
    };
}

impl Emitter<'_> {
    #[allow(clippy::too_many_arguments, reason = "the fields of one operation")]
    pub(super) fn float_lanes(
        &mut self,
        op: FloatLanes,
        p: Precision,
        d: u8,
        a: u8,
        b: u8,
        lane: Option<u8>,
        insn: Insn,
    ) {
        self.spill_if_kept();
        let mut b = self.read_vector(b, 1);
        if let Some(lane) = lane {
            match p {
                Precision::Double => {
                    let image = (lane * 3) as i8;
                    dynasm!(self.asm.ops ; .arch x64 ; vpermilpd xmm1, Rx(b), BYTE image);
                }
                Precision::Single => {
                    let image = (lane * 0x55) as i8;
                    dynasm!(self.asm.ops ; .arch x64 ; vpermilps xmm1, Rx(b), BYTE image);
                }
            }
            b = 1;
        }
        let a = self.read_vector(a, 2);
        if matches!(op, FloatLanes::MulAdd | FloatLanes::MulSub) {
            self.copy_vector(0, d);
        }
        let ops = &mut self.asm.ops;
        match op {
            FloatLanes::Add => packed!(ops, p, vaddpd / vaddps, 0, a, b),
            FloatLanes::Sub => packed!(ops, p, vsubpd / vsubps, 0, a, b),
            FloatLanes::Mul => packed!(ops, p, vmulpd / vmulps, 0, a, b),
            FloatLanes::Div => packed!(ops, p, vdivpd / vdivps, 0, a, b),
            FloatLanes::MulAdd => packed!(ops, p, vfmadd231pd / vfmadd231ps, 0, a, b),
            FloatLanes::MulSub => packed!(ops, p, vfnmadd231pd / vfnmadd231ps, 0, a, b),
        }
        let (magnitudes, smallests) = (self.constant(MAGNITUDES, p), self.constant(SMALLESTS, p));
        // Predicate 8: equal or unordered, without an exception.
        dynasm!(self.asm.ops ; .arch x64
            ; vandps xmm1, xmm0, [extern magnitudes]
            ; vmovaps xmm2, [extern smallests]);
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64
                ; vcmppd xmm1, xmm1, xmm2, BYTE 8),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64
                ; vcmpps xmm1, xmm1, xmm2, BYTE 8),
        }
        dynasm!(self.asm.ops ; .arch x64 ; vptest xmm1, xmm1);
        let back = self.mend(Cc::Ne, insn);
        self.write_clean(d, 0);
        self.asm.bind(back);
    }

    /// FADDP (scalar).
    pub(super) fn pair_sum(&mut self, p: Precision, d: u8, a: u8, insn: Insn) {
        self.spill_if_kept();
        let a = self.read_vector(a, 0);
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64
                ; vpermilpd xmm1, Rx(a), BYTE 1
                ; vaddsd xmm0, Rx(a), xmm1),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64
                ; vmovshdup xmm1, Rx(a)
                ; vaddss xmm0, Rx(a), xmm1),
        }
        let back = self.unless_nan(p, insn);
        self.write_number(p, d, 0);
        self.asm.bind(back);
    }
}
