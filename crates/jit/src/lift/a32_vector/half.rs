//! Conversions of VFP between half precision and others. A number in half precision is one half of an S register.

use armlet_decoder::a32;
use armlet_decoder::a64::*;

use super::*;

/// S\[d\] or D\[d\] (`to`) = a half of S\[m\].
fn from_half(code: &mut Code, to: u8, d: u8, m: u8, top: bool) {
    let rn = code.copy(1, 2 * m + u8::from(top), FIRST);
    let rd = code.target(to, d);
    code.push(Insn::Fcvt(Fcvt { to, from: 1, rd, rn }));
    code.result(to, d, rd);
}

/// A half of S\[d\] = S\[m\] or D\[m\] (`from`).
fn to_half(code: &mut Code, from: u8, d: u8, m: u8, top: bool) {
    let rn = code.source(from, m, FIRST);
    let rd = RESULT;
    code.push(Insn::Fcvt(Fcvt { to: 1, from, rd, rn }));
    code.result(1, 2 * d + u8::from(top), rd);
}

/// Lifts an instruction of this file.
pub(super) fn lift(code: &mut Code, insn: &a32::Insn) -> bool {
    match *insn {
        a32::Insn::VcvtbFromHalf(a32::VcvtbFromHalf { vd, vm }) => from_half(code, 2, vd, vm, false),
        a32::Insn::VcvttFromHalf(a32::VcvttFromHalf { vd, vm }) => from_half(code, 2, vd, vm, true),
        a32::Insn::VcvtbFromHalfDouble(a32::VcvtbFromHalfDouble { vd, vm }) => from_half(code, 3, vd, vm, false),
        a32::Insn::VcvttFromHalfDouble(a32::VcvttFromHalfDouble { vd, vm }) => from_half(code, 3, vd, vm, true),
        a32::Insn::VcvtbToHalf(a32::VcvtbToHalf { vd, vm }) => to_half(code, 2, vd, vm, false),
        a32::Insn::VcvttToHalf(a32::VcvttToHalf { vd, vm }) => to_half(code, 2, vd, vm, true),
        a32::Insn::VcvtbToHalfDouble(a32::VcvtbToHalfDouble { vd, vm }) => to_half(code, 3, vd, vm, false),
        a32::Insn::VcvttToHalfDouble(a32::VcvttToHalfDouble { vd, vm }) => to_half(code, 3, vd, vm, true),
        _ => return false,
    }
    true
}
