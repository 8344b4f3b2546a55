//! What the integer instructions share: results of 32 or 64 bits, flags, shifts and extensions of an operand.

use armlet_cpu::a64::{Flags, State};

/// Writes X\[n\], or W\[n\] with the low half of `value`.
#[inline(always)]
pub fn set(cpu: &mut State, sf: bool, n: u8, value: u64) {
    cpu.set_x(n, if sf { value } else { u64::from(value as u32) });
}

/// The low 8 × `size_of::<T>()` bits, as a signed number.
#[inline(always)]
pub fn sign_extend<T: Into<u64>>(value: T) -> i64 {
    let unused = 64 - 8 * size_of::<T>() as u32;
    (value.into() << unused) as i64 >> unused
}

/// `a` + `b`, and its flags.
#[inline(always)]
pub fn add_flags(cpu: &mut State, sf: bool, a: u64, b: u64) -> u64 {
    if sf {
        let (result, carry) = a.overflowing_add(b);
        let (_, overflow) = (a as i64).overflowing_add(b as i64);
        set_flags(cpu, (result as i64) < 0, result == 0, carry, overflow);
        result
    } else {
        let (a, b) = (a as u32, b as u32);
        let (result, carry) = a.overflowing_add(b);
        let (_, overflow) = (a as i32).overflowing_add(b as i32);
        set_flags(cpu, (result as i32) < 0, result == 0, carry, overflow);
        result.into()
    }
}

/// `a` - `b`, and its flags: C is set when there is no borrow.
#[inline(always)]
pub fn sub_flags(cpu: &mut State, sf: bool, a: u64, b: u64) -> u64 {
    if sf {
        let result = a.wrapping_sub(b);
        let (_, overflow) = (a as i64).overflowing_sub(b as i64);
        set_flags(cpu, (result as i64) < 0, a == b, a >= b, overflow);
        result
    } else {
        let (a, b) = (a as u32, b as u32);
        let result = a.wrapping_sub(b);
        let (_, overflow) = (a as i32).overflowing_sub(b as i32);
        set_flags(cpu, (result as i32) < 0, a == b, a >= b, overflow);
        result.into()
    }
}

/// AddWithCarry() of the manual: `a` + `b` + C, and its flags.
#[inline(always)]
pub fn add_with_carry(sf: bool, a: u64, b: u64, carry: bool) -> (u64, Flags) {
    let width = if sf { 64 } else { 32 };
    let mask = u64::MAX >> (64 - width);
    let (a, b) = (a & mask, b & mask);
    let sum = u128::from(a) + u128::from(b) + u128::from(carry);
    let result = sum as u64 & mask;
    let negative = |value: u64| value >> (width - 1) & 1 != 0;
    let flags = Flags {
        n: negative(result),
        z: result == 0,
        c: sum >> width != 0,
        v: negative((a ^ result) & (b ^ result)),
    };
    (result, flags)
}

/// The flags of a logical result: C and V become 0.
#[inline(always)]
pub fn logical_flags(cpu: &mut State, sf: bool, result: u64) {
    let (negative, zero) = if sf {
        ((result as i64) < 0, result == 0)
    } else {
        ((result as i32) < 0, result as u32 == 0)
    };
    set_flags(cpu, negative, zero, false, false);
}

#[inline(always)]
fn set_flags(cpu: &mut State, n: bool, z: bool, c: bool, v: bool) {
    cpu.flags = Flags { n, z, c, v };
}

/// ShiftReg() of the manual: LSL, LSR, ASR or ROR (0 to 3) by `amount`, which is below the width.
#[inline(always)]
pub fn shifted(sf: bool, value: u64, shift: u8, amount: u8) -> u64 {
    let amount = u32::from(amount);
    if sf {
        match shift {
            0 => value << (amount & 63),
            1 => value >> (amount & 63),
            2 => (value as i64 >> (amount & 63)) as u64,
            _ => value.rotate_right(amount),
        }
    } else {
        let value = value as u32;
        u64::from(match shift {
            0 => value << (amount & 31),
            1 => value >> (amount & 31),
            2 => (value as i32 >> (amount & 31)) as u32,
            _ => value.rotate_right(amount),
        })
    }
}

/// ExtendReg() of the manual: UXTB to SXTX (0 to 7), then to the left by `amount`.
#[inline(always)]
pub fn extended(value: u64, extend: u8, amount: u8) -> u64 {
    let extended = match extend {
        0 => u64::from(value as u8),
        1 => u64::from(value as u16),
        2 => u64::from(value as u32),
        4 => value as i8 as u64,
        5 => value as i16 as u64,
        6 => value as i32 as u64,
        _ => value,
    };
    extended << (amount & 63)
}
