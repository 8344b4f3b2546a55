//! Data processing (immediate): C4.1.92.

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::integer::{add_flags, logical_flags, set, sub_flags};

/// ADR.
#[inline(always)]
pub fn adr(cpu: &mut State, Adr { rd, offset }: Adr, pc: u64) {
    cpu.set_x(rd, pc.wrapping_add_signed(offset));
}

/// ADRP.
#[inline(always)]
pub fn adrp(cpu: &mut State, Adrp { rd, offset }: Adrp, pc: u64) {
    cpu.set_x(rd, (pc & !0xfff).wrapping_add_signed(offset));
}

/// ADD (immediate).
#[inline(always)]
pub fn add_imm(cpu: &mut State, AddImm { sf, rd, rn, imm, .. }: AddImm) {
    set(cpu, sf, rd, cpu.x(rn).wrapping_add(imm.into()));
}

/// ADDS (immediate).
#[inline(always)]
pub fn adds_imm(cpu: &mut State, AddsImm { sf, rd, rn, imm, .. }: AddsImm) {
    let result = add_flags(cpu, sf, cpu.x(rn), imm.into());
    cpu.set_x(rd, result);
}

/// SUB (immediate).
#[inline(always)]
pub fn sub_imm(cpu: &mut State, SubImm { sf, rd, rn, imm, .. }: SubImm) {
    set(cpu, sf, rd, cpu.x(rn).wrapping_sub(imm.into()));
}

/// SUBS (immediate).
#[inline(always)]
pub fn subs_imm(cpu: &mut State, SubsImm { sf, rd, rn, imm, .. }: SubsImm) {
    let result = sub_flags(cpu, sf, cpu.x(rn), imm.into());
    cpu.set_x(rd, result);
}

/// AND (immediate). The immediate of a 32-bit form has no upper half, and so neither has the result.
#[inline(always)]
pub fn and_imm(cpu: &mut State, AndImm { rd, rn, imm, .. }: AndImm) {
    cpu.set_x(rd, cpu.x(rn) & imm);
}

/// ORR (immediate).
#[inline(always)]
pub fn orr_imm(cpu: &mut State, OrrImm { sf, rd, rn, imm }: OrrImm) {
    set(cpu, sf, rd, cpu.x(rn) | imm);
}

/// EOR (immediate).
#[inline(always)]
pub fn eor_imm(cpu: &mut State, EorImm { sf, rd, rn, imm }: EorImm) {
    set(cpu, sf, rd, cpu.x(rn) ^ imm);
}

/// ANDS (immediate).
#[inline(always)]
pub fn ands_imm(cpu: &mut State, AndsImm { sf, rd, rn, imm }: AndsImm) {
    let result = cpu.x(rn) & imm;
    logical_flags(cpu, sf, result);
    cpu.set_x(rd, result);
}

/// MOVN.
#[inline(always)]
pub fn movn(cpu: &mut State, Movn { rd, value, .. }: Movn) {
    cpu.set_x(rd, value);
}

/// MOVZ.
#[inline(always)]
pub fn movz(cpu: &mut State, Movz { rd, value, .. }: Movz) {
    cpu.set_x(rd, value);
}

/// MOVK.
#[inline(always)]
pub fn movk(cpu: &mut State, Movk { sf, rd, shift, imm }: Movk) {
    let shift = shift & 63;
    set(cpu, sf, rd, cpu.x(rd) & !(0xffff << shift) | u64::from(imm) << shift);
}

/// SBFM.
#[inline(always)]
pub fn sbfm(
    cpu: &mut State,
    Sbfm {
        sf,
        rd,
        rn,
        left,
        right,
        ..
    }: Sbfm,
) {
    let field = (cpu.x(rn) << (left & 63)) as i64;
    set(cpu, sf, rd, (field >> (right & 63)) as u64);
}

/// BFM.
#[inline(always)]
pub fn bfm(
    cpu: &mut State,
    Bfm {
        sf, rd, rn, immr, mask, ..
    }: Bfm,
) {
    let source = if sf {
        cpu.x(rn).rotate_right(immr.into())
    } else {
        cpu.w(rn).rotate_right(immr.into()).into()
    };
    set(cpu, sf, rd, cpu.x(rd) & !mask | source & mask);
}

/// UBFM.
#[inline(always)]
pub fn ubfm(
    cpu: &mut State,
    Ubfm {
        rd, rn, left, right, ..
    }: Ubfm,
) {
    cpu.set_x(rd, cpu.x(rn) << (left & 63) >> (right & 63));
}

/// EXTR.
#[inline(always)]
pub fn extr(cpu: &mut State, Extr { sf, rd, rn, rm, lsb }: Extr) {
    let result = if sf {
        (u128::from(cpu.x(rn)) << 64 | u128::from(cpu.x(rm))) >> (lsb & 63)
    } else {
        u128::from(cpu.x(rn) << 32 | u64::from(cpu.w(rm))) >> (lsb & 31)
    };
    set(cpu, sf, rd, result as u64);
}
