//! Data processing (register): C4.1.94.

use std::hint::select_unpredictable;

use armlet_cpu::a64::{Flags, State};
use armlet_cpu::crypto::crc;
use armlet_decoder::a64::*;

use super::integer::{add_flags, add_with_carry, extended, logical_flags, set, shifted, sub_flags};

/// ADD (shifted register).
#[inline(always)]
pub fn add_shift(
    cpu: &mut State,
    AddShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: AddShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn).wrapping_add(operand));
}

/// ADDS (shifted register).
#[inline(always)]
pub fn adds_shift(
    cpu: &mut State,
    AddsShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: AddsShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    let result = add_flags(cpu, sf, cpu.x(rn), operand);
    cpu.set_x(rd, result);
}

/// SUB (shifted register).
#[inline(always)]
pub fn sub_shift(
    cpu: &mut State,
    SubShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: SubShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn).wrapping_sub(operand));
}

/// SUBS (shifted register).
#[inline(always)]
pub fn subs_shift(
    cpu: &mut State,
    SubsShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: SubsShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    let result = sub_flags(cpu, sf, cpu.x(rn), operand);
    cpu.set_x(rd, result);
}

/// ADD (extended register).
#[inline(always)]
pub fn add_ext(
    cpu: &mut State,
    AddExt {
        sf,
        rd,
        rn,
        rm,
        extend,
        amount,
    }: AddExt,
) {
    let operand = extended(cpu.x(rm), extend, amount);
    set(cpu, sf, rd, cpu.x(rn).wrapping_add(operand));
}

/// ADDS (extended register).
#[inline(always)]
pub fn adds_ext(
    cpu: &mut State,
    AddsExt {
        sf,
        rd,
        rn,
        rm,
        extend,
        amount,
    }: AddsExt,
) {
    let operand = extended(cpu.x(rm), extend, amount);
    let result = add_flags(cpu, sf, cpu.x(rn), operand);
    cpu.set_x(rd, result);
}

/// SUB (extended register).
#[inline(always)]
pub fn sub_ext(
    cpu: &mut State,
    SubExt {
        sf,
        rd,
        rn,
        rm,
        extend,
        amount,
    }: SubExt,
) {
    let operand = extended(cpu.x(rm), extend, amount);
    set(cpu, sf, rd, cpu.x(rn).wrapping_sub(operand));
}

/// SUBS (extended register).
#[inline(always)]
pub fn subs_ext(
    cpu: &mut State,
    SubsExt {
        sf,
        rd,
        rn,
        rm,
        extend,
        amount,
    }: SubsExt,
) {
    let operand = extended(cpu.x(rm), extend, amount);
    let result = sub_flags(cpu, sf, cpu.x(rn), operand);
    cpu.set_x(rd, result);
}

/// AND (shifted register).
#[inline(always)]
pub fn and_shift(
    cpu: &mut State,
    AndShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: AndShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn) & operand);
}

/// BIC (shifted register).
#[inline(always)]
pub fn bic_shift(
    cpu: &mut State,
    BicShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: BicShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn) & !operand);
}

/// ORR (shifted register).
#[inline(always)]
pub fn orr_shift(
    cpu: &mut State,
    OrrShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: OrrShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn) | operand);
}

/// ORN (shifted register).
#[inline(always)]
pub fn orn_shift(
    cpu: &mut State,
    OrnShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: OrnShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn) | !operand);
}

/// EOR (shifted register).
#[inline(always)]
pub fn eor_shift(
    cpu: &mut State,
    EorShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: EorShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn) ^ operand);
}

/// EON (shifted register).
#[inline(always)]
pub fn eon_shift(
    cpu: &mut State,
    EonShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: EonShift,
) {
    let operand = shifted(sf, cpu.x(rm), shift, amount);
    set(cpu, sf, rd, cpu.x(rn) ^ !operand);
}

/// ANDS (shifted register).
#[inline(always)]
pub fn ands_shift(
    cpu: &mut State,
    AndsShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: AndsShift,
) {
    let result = cpu.x(rn) & shifted(sf, cpu.x(rm), shift, amount);
    logical_flags(cpu, sf, result);
    set(cpu, sf, rd, result);
}

/// BICS (shifted register).
#[inline(always)]
pub fn bics_shift(
    cpu: &mut State,
    BicsShift {
        sf,
        rd,
        rn,
        rm,
        shift,
        amount,
    }: BicsShift,
) {
    let result = cpu.x(rn) & !shifted(sf, cpu.x(rm), shift, amount);
    logical_flags(cpu, sf, result);
    set(cpu, sf, rd, result);
}

/// ADC.
#[inline(always)]
pub fn adc(cpu: &mut State, Adc { sf, rd, rn, rm }: Adc) {
    let (result, _) = add_with_carry(sf, cpu.x(rn), cpu.x(rm), cpu.flags.c);
    cpu.set_x(rd, result);
}

/// ADCS.
#[inline(always)]
pub fn adcs(cpu: &mut State, Adcs { sf, rd, rn, rm }: Adcs) {
    let (result, flags) = add_with_carry(sf, cpu.x(rn), cpu.x(rm), cpu.flags.c);
    cpu.flags = flags;
    cpu.set_x(rd, result);
}

/// SBC.
#[inline(always)]
pub fn sbc(cpu: &mut State, Sbc { sf, rd, rn, rm }: Sbc) {
    let (result, _) = add_with_carry(sf, cpu.x(rn), !cpu.x(rm), cpu.flags.c);
    cpu.set_x(rd, result);
}

/// SBCS.
#[inline(always)]
pub fn sbcs(cpu: &mut State, Sbcs { sf, rd, rn, rm }: Sbcs) {
    let (result, flags) = add_with_carry(sf, cpu.x(rn), !cpu.x(rm), cpu.flags.c);
    cpu.flags = flags;
    cpu.set_x(rd, result);
}

/// RMIF.
#[inline(always)]
pub fn rmif(cpu: &mut State, Rmif { rn, shift, mask }: Rmif) {
    let new = cpu.x(rn).rotate_right(shift.into()) as u32 & u32::from(mask);
    let old = cpu.flags.to_bits() >> 28 & !u32::from(mask);
    cpu.flags = Flags::from_bits((old | new) << 28);
}

/// SETF8.
#[inline(always)]
pub fn setf8(cpu: &mut State, Setf8 { rn }: Setf8) {
    let value = cpu.w(rn);
    cpu.flags.n = value >> 7 & 1 != 0;
    cpu.flags.z = value as u8 == 0;
    cpu.flags.v = (value >> 8 ^ value >> 7) & 1 != 0;
}

/// SETF16.
#[inline(always)]
pub fn setf16(cpu: &mut State, Setf16 { rn }: Setf16) {
    let value = cpu.w(rn);
    cpu.flags.n = value >> 15 & 1 != 0;
    cpu.flags.z = value as u16 == 0;
    cpu.flags.v = (value >> 16 ^ value >> 15) & 1 != 0;
}

/// CCMN (immediate).
#[inline(always)]
pub fn ccmn_imm(
    cpu: &mut State,
    CcmnImm {
        sf,
        rn,
        imm,
        nzcv,
        cond,
    }: CcmnImm,
) {
    if cpu.flags.holds(cond) {
        add_flags(cpu, sf, cpu.x(rn), imm.into());
    } else {
        cpu.flags = Flags::from_nibble(nzcv);
    }
}

/// CCMN (register).
#[inline(always)]
pub fn ccmn_reg(cpu: &mut State, CcmnReg { sf, rn, rm, nzcv, cond }: CcmnReg) {
    if cpu.flags.holds(cond) {
        add_flags(cpu, sf, cpu.x(rn), cpu.x(rm));
    } else {
        cpu.flags = Flags::from_nibble(nzcv);
    }
}

/// CCMP (immediate).
#[inline(always)]
pub fn ccmp_imm(
    cpu: &mut State,
    CcmpImm {
        sf,
        rn,
        imm,
        nzcv,
        cond,
    }: CcmpImm,
) {
    if cpu.flags.holds(cond) {
        sub_flags(cpu, sf, cpu.x(rn), imm.into());
    } else {
        cpu.flags = Flags::from_nibble(nzcv);
    }
}

/// CCMP (register).
#[inline(always)]
pub fn ccmp_reg(cpu: &mut State, CcmpReg { sf, rn, rm, nzcv, cond }: CcmpReg) {
    if cpu.flags.holds(cond) {
        sub_flags(cpu, sf, cpu.x(rn), cpu.x(rm));
    } else {
        cpu.flags = Flags::from_nibble(nzcv);
    }
}

/// CSEL.
#[inline(always)]
pub fn csel(cpu: &mut State, Csel { sf, rd, rn, rm, cond }: Csel) {
    let (yes, no) = (cpu.x(rn), cpu.x(rm));
    set(cpu, sf, rd, select_unpredictable(cpu.flags.holds(cond), yes, no));
}

/// CSINC.
#[inline(always)]
pub fn csinc(cpu: &mut State, Csinc { sf, rd, rn, rm, cond }: Csinc) {
    let (yes, no) = (cpu.x(rn), cpu.x(rm).wrapping_add(1));
    set(cpu, sf, rd, select_unpredictable(cpu.flags.holds(cond), yes, no));
}

/// CSINV.
#[inline(always)]
pub fn csinv(cpu: &mut State, Csinv { sf, rd, rn, rm, cond }: Csinv) {
    let (yes, no) = (cpu.x(rn), !cpu.x(rm));
    set(cpu, sf, rd, select_unpredictable(cpu.flags.holds(cond), yes, no));
}

/// CSNEG.
#[inline(always)]
pub fn csneg(cpu: &mut State, Csneg { sf, rd, rn, rm, cond }: Csneg) {
    let (yes, no) = (cpu.x(rn), cpu.x(rm).wrapping_neg());
    set(cpu, sf, rd, select_unpredictable(cpu.flags.holds(cond), yes, no));
}

/// UDIV: 0 for a division by 0.
#[inline(always)]
pub fn udiv(cpu: &mut State, Udiv { sf, rd, rn, rm }: Udiv) {
    let result = if sf {
        cpu.x(rn).checked_div(cpu.x(rm)).unwrap_or(0)
    } else {
        cpu.w(rn).checked_div(cpu.w(rm)).unwrap_or(0).into()
    };
    cpu.set_x(rd, result);
}

/// SDIV: 0 for a division by 0; the quotient that is too large wraps.
#[inline(always)]
pub fn sdiv(cpu: &mut State, Sdiv { sf, rd, rn, rm }: Sdiv) {
    let result = if sf {
        let (dividend, divisor) = (cpu.x(rn) as i64, cpu.x(rm) as i64);
        if divisor == 0 {
            0
        } else {
            dividend.wrapping_div(divisor) as u64
        }
    } else {
        let (dividend, divisor) = (cpu.w(rn) as i32, cpu.w(rm) as i32);
        if divisor == 0 {
            0
        } else {
            u64::from(dividend.wrapping_div(divisor) as u32)
        }
    };
    cpu.set_x(rd, result);
}

/// LSLV.
#[inline(always)]
pub fn lslv(cpu: &mut State, Lslv { sf, rd, rn, rm }: Lslv) {
    let amount = cpu.x(rm) as u8 & if sf { 63 } else { 31 };
    cpu.set_x(rd, shifted(sf, cpu.x(rn), 0, amount));
}

/// LSRV.
#[inline(always)]
pub fn lsrv(cpu: &mut State, Lsrv { sf, rd, rn, rm }: Lsrv) {
    let amount = cpu.x(rm) as u8 & if sf { 63 } else { 31 };
    cpu.set_x(rd, shifted(sf, cpu.x(rn), 1, amount));
}

/// ASRV.
#[inline(always)]
pub fn asrv(cpu: &mut State, Asrv { sf, rd, rn, rm }: Asrv) {
    let amount = cpu.x(rm) as u8 & if sf { 63 } else { 31 };
    cpu.set_x(rd, shifted(sf, cpu.x(rn), 2, amount));
}

/// RORV.
#[inline(always)]
pub fn rorv(cpu: &mut State, Rorv { sf, rd, rn, rm }: Rorv) {
    let amount = cpu.x(rm) as u8 & if sf { 63 } else { 31 };
    cpu.set_x(rd, shifted(sf, cpu.x(rn), 3, amount));
}

/// CRC32B, CRC32H, CRC32W, CRC32X.
#[inline(always)]
pub fn crc32(cpu: &mut State, Crc32 { rd, rn, rm, size, .. }: Crc32) {
    cpu.set_w(rd, crc::crc32(cpu.w(rn), cpu.x(rm), 1 << (size & 3)));
}

/// CRC32CB, CRC32CH, CRC32CW, CRC32CX (Castagnoli's polynomial).
#[inline(always)]
pub fn crc32c(cpu: &mut State, Crc32c { rd, rn, rm, size, .. }: Crc32c) {
    cpu.set_w(rd, crc::crc32c(cpu.w(rn), cpu.x(rm), 1 << (size & 3)));
}

/// RBIT.
#[inline(always)]
pub fn rbit(cpu: &mut State, Rbit { sf, rd, rn }: Rbit) {
    let result = if sf {
        cpu.x(rn).reverse_bits()
    } else {
        cpu.w(rn).reverse_bits().into()
    };
    cpu.set_x(rd, result);
}

/// REV16.
#[inline(always)]
pub fn rev16(cpu: &mut State, Rev16 { sf, rd, rn }: Rev16) {
    let value = cpu.x(rn);
    let low = 0x00ff_00ff_00ff_00ff;
    set(cpu, sf, rd, (value & low) << 8 | value >> 8 & low);
}

/// REV.
#[inline(always)]
pub fn rev(cpu: &mut State, Rev { sf, rd, rn, .. }: Rev) {
    let result = if sf {
        cpu.x(rn).swap_bytes()
    } else {
        cpu.w(rn).swap_bytes().into()
    };
    cpu.set_x(rd, result);
}

/// REV32.
#[inline(always)]
pub fn rev32(cpu: &mut State, Rev32 { rd, rn }: Rev32) {
    cpu.set_x(rd, cpu.x(rn).swap_bytes().rotate_left(32));
}

/// CLZ.
#[inline(always)]
pub fn clz(cpu: &mut State, Clz { sf, rd, rn }: Clz) {
    let result = if sf {
        cpu.x(rn).leading_zeros().into()
    } else {
        cpu.w(rn).leading_zeros().into()
    };
    cpu.set_x(rd, result);
}

/// CLS: the bits below the sign that equal it.
#[inline(always)]
pub fn cls(cpu: &mut State, Cls { sf, rd, rn }: Cls) {
    let count = if sf {
        let value = cpu.x(rn) as i64;
        (value ^ value >> 63).leading_zeros() - 1
    } else {
        let value = cpu.w(rn) as i32;
        (value ^ value >> 31).leading_zeros() - 1
    };
    cpu.set_x(rd, count.into());
}

/// MADD.
#[inline(always)]
pub fn madd(cpu: &mut State, Madd { sf, rd, rn, rm, ra }: Madd) {
    let product = cpu.x(rn).wrapping_mul(cpu.x(rm));
    set(cpu, sf, rd, cpu.x(ra).wrapping_add(product));
}

/// MSUB.
#[inline(always)]
pub fn msub(cpu: &mut State, Msub { sf, rd, rn, rm, ra }: Msub) {
    let product = cpu.x(rn).wrapping_mul(cpu.x(rm));
    set(cpu, sf, rd, cpu.x(ra).wrapping_sub(product));
}

/// SMADDL.
#[inline(always)]
pub fn smaddl(cpu: &mut State, Smaddl { rd, rn, rm, ra }: Smaddl) {
    let product = i64::from(cpu.w(rn) as i32) * i64::from(cpu.w(rm) as i32);
    cpu.set_x(rd, cpu.x(ra).wrapping_add(product as u64));
}

/// SMSUBL.
#[inline(always)]
pub fn smsubl(cpu: &mut State, Smsubl { rd, rn, rm, ra }: Smsubl) {
    let product = i64::from(cpu.w(rn) as i32) * i64::from(cpu.w(rm) as i32);
    cpu.set_x(rd, cpu.x(ra).wrapping_sub(product as u64));
}

/// UMADDL.
#[inline(always)]
pub fn umaddl(cpu: &mut State, Umaddl { rd, rn, rm, ra }: Umaddl) {
    let product = u64::from(cpu.w(rn)) * u64::from(cpu.w(rm));
    cpu.set_x(rd, cpu.x(ra).wrapping_add(product));
}

/// UMSUBL.
#[inline(always)]
pub fn umsubl(cpu: &mut State, Umsubl { rd, rn, rm, ra }: Umsubl) {
    let product = u64::from(cpu.w(rn)) * u64::from(cpu.w(rm));
    cpu.set_x(rd, cpu.x(ra).wrapping_sub(product));
}

/// SMULH.
#[inline(always)]
pub fn smulh(cpu: &mut State, Smulh { rd, rn, rm }: Smulh) {
    let product = i128::from(cpu.x(rn) as i64) * i128::from(cpu.x(rm) as i64);
    cpu.set_x(rd, (product >> 64) as u64);
}

/// UMULH.
#[inline(always)]
pub fn umulh(cpu: &mut State, Umulh { rd, rn, rm }: Umulh) {
    let product = u128::from(cpu.x(rn)) * u128::from(cpu.x(rm));
    cpu.set_x(rd, (product >> 64) as u64);
}
