//! What the integer instructions share: flags and the barrel shifter.

use armlet_cpu::a64::{Flags, State};

/// What the carry operand of an immediate is when the flag stays as it was.
const UNCHANGED: u8 = 2;

/// The kinds of shifts, as the decoder numbers them.
pub const LSL: u8 = 0;
pub const LSR: u8 = 1;
pub const ASR: u8 = 2;
pub const ROR: u8 = 3;

/// The result of an addition or a subtraction, with the flags C and V.
pub struct Sum {
    pub result: u32,
    pub c: bool,
    pub v: bool,
}

impl Sum {
    /// Sets all four flags.
    #[inline(always)]
    pub fn set_flags(&self, cpu: &mut State) {
        cpu.flags = Flags {
            n: (self.result as i32) < 0,
            z: self.result == 0,
            c: self.c,
            v: self.v,
        };
    }
}

/// `a` + `b`.
#[inline(always)]
pub fn add(a: u32, b: u32) -> Sum {
    let (result, c) = a.overflowing_add(b);
    let (_, v) = (a as i32).overflowing_add(b as i32);
    Sum { result, c, v }
}

/// `a` - `b`: C is set when there is no borrow.
#[inline(always)]
pub fn sub(a: u32, b: u32) -> Sum {
    let (_, v) = (a as i32).overflowing_sub(b as i32);
    Sum {
        result: a.wrapping_sub(b),
        c: a >= b,
        v,
    }
}

/// AddWithCarry() of the manual: `a` + `b` + `carry`.
#[inline(always)]
pub fn add_with_carry(a: u32, b: u32, carry: bool) -> Sum {
    let sum = u64::from(a) + u64::from(b) + u64::from(carry);
    let result = sum as u32;
    Sum {
        result,
        c: sum >> 32 != 0,
        v: (!(a ^ b) & (a ^ result)) >> 31 != 0,
    }
}

/// N and Z of a result.
#[inline(always)]
pub fn set_nz(cpu: &mut State, result: u32) {
    cpu.flags.n = (result as i32) < 0;
    cpu.flags.z = result == 0;
}

/// The carry-out of an immediate.
#[inline(always)]
pub fn immediate_carry(cpu: &State, carry: u8) -> bool {
    if carry == UNCHANGED { cpu.flags.c } else { carry != 0 }
}

/// Shift_C() of the manual for a constant amount, as the decoder gives it: LSL 0 to 31, LSR and ASR 1 to 32, ROR 1 to 31, RRX.
#[inline(always)]
pub fn shift(value: u32, kind: u8, amount: u8, carry: bool) -> (u32, bool) {
    let amount = u32::from(amount);
    match kind {
        LSL if amount == 0 => (value, carry),
        LSL => (value << (amount & 31), value >> (amount.wrapping_neg() & 31) & 1 != 0),
        LSR => (
            (u64::from(value) >> (amount & 63)) as u32,
            u64::from(value) >> (amount.wrapping_sub(1) & 63) & 1 != 0,
        ),
        ASR => (
            (i64::from(value as i32) >> (amount & 63)) as u32,
            i64::from(value as i32) >> (amount.wrapping_sub(1) & 63) & 1 != 0,
        ),
        ROR => (
            value.rotate_right(amount),
            value >> (amount.wrapping_sub(1) & 31) & 1 != 0,
        ),
        _ => (value >> 1 | u32::from(carry) << 31, value & 1 != 0),
    }
}

/// Shift_C() of the manual for an amount in the low byte of a register.
#[inline(always)]
pub fn shift_by_register(value: u32, kind: u8, amount: u32, carry: bool) -> (u32, bool) {
    let amount = amount & 0xff;
    match kind {
        _ if amount == 0 => (value, carry),
        LSL => {
            let shifted = u64::from(value).checked_shl(amount).unwrap_or(0);
            (shifted as u32, shifted >> 32 & 1 != 0)
        }
        LSR => {
            let shifted = u64::from(value) << 32;
            let shifted = shifted.checked_shr(amount).unwrap_or(0);
            ((shifted >> 32) as u32, shifted >> 31 & 1 != 0)
        }
        ASR => {
            let shifted = i64::from(value as i32) << 1 >> amount.min(33);
            ((shifted >> 1) as u32, shifted & 1 != 0)
        }
        _ => {
            let rotated = value.rotate_right(amount & 31);
            (rotated, rotated >> 31 != 0)
        }
    }
}
