//! FPCompare, FPCompareEQ/GE/GT, FPMax, FPMin, FPMaxNum and FPMinNum.

use super::env::{FpEnv, fpsr};
use super::format::{Float, FloatExt};
use super::real::{flush_input, process_nans};
use std::cmp::Ordering;

/// A key that orders all numbers; minus zero is just below plus zero.
#[inline]
fn order<F: Float>(operand: F) -> i64 {
    let magnitude = operand.magnitude() as i64;
    if operand.is_negative() { !magnitude } else { magnitude }
}

/// The relation of two operands, `None` if one is a NaN; raises Invalid Operation for signalling NaNs, or for all.
#[inline]
fn relation<F: Float>(a: F, b: F, signal_quiet: bool, env: &mut FpEnv) -> Option<Ordering> {
    let (a, b) = (flush_input(a, env), flush_input(b, env));
    if a.is_nan() || b.is_nan() {
        if signal_quiet || a.is_signalling() || b.is_signalling() {
            env.raise(fpsr::IOC);
        }
        None
    } else if a.is_zero() && b.is_zero() {
        Some(Ordering::Equal)
    } else {
        Some(order(a).cmp(&order(b)))
    }
}

/// FPCompare(): N, Z, C, V in bits 3 to 0. FCMPE signals quiet NaNs too, FCMP does not.
#[inline]
pub fn compare<F: Float>(a: F, b: F, signal_quiet: bool, env: &mut FpEnv) -> u8 {
    match relation(a, b, signal_quiet, env) {
        Some(Ordering::Less) => 0b1000,
        Some(Ordering::Equal) => 0b0110,
        Some(Ordering::Greater) => 0b0010,
        None => 0b0011,
    }
}

/// FPCompareEQ(): `a == b`; quiet NaNs are not signalled.
#[inline]
pub fn equal<F: Float>(a: F, b: F, env: &mut FpEnv) -> bool {
    relation(a, b, false, env) == Some(Ordering::Equal)
}

/// FPCompareGE(): `a >= b`; all NaNs are signalled.
#[inline]
pub fn greater_equal<F: Float>(a: F, b: F, env: &mut FpEnv) -> bool {
    matches!(relation(a, b, true, env), Some(Ordering::Greater | Ordering::Equal))
}

/// FPCompareGT(): `a > b`; all NaNs are signalled.
#[inline]
pub fn greater<F: Float>(a: F, b: F, env: &mut FpEnv) -> bool {
    relation(a, b, true, env) == Some(Ordering::Greater)
}

/// FPMax(): the larger; NaNs win; plus zero is larger than minus zero.
#[inline]
pub fn max<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    let (a, b) = (flush_input(a, env), flush_input(b, env));
    match process_nans([a, b], env) {
        Some(nan) => nan,
        None if order(a) > order(b) => a,
        None => b,
    }
}

/// FPMin(): the smaller; NaNs win; minus zero is smaller than plus zero.
#[inline]
pub fn min<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    let (a, b) = (flush_input(a, env), flush_input(b, env));
    match process_nans([a, b], env) {
        Some(nan) => nan,
        None if order(a) < order(b) => a,
        None => b,
    }
}

/// FPMaxNum(): [`max`], where a number wins over a quiet NaN.
#[inline]
pub fn max_num<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    let (a, b) = replace_quiet_nan(a, b, F::infinity(true));
    max(a, b, env)
}

/// FPMinNum(): [`min`], where a number wins over a quiet NaN.
#[inline]
pub fn min_num<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    let (a, b) = replace_quiet_nan(a, b, F::infinity(false));
    min(a, b, env)
}

/// A single quiet NaN gives way to the operand that can never win.
#[inline]
fn replace_quiet_nan<F: Float>(a: F, b: F, loser: F) -> (F, F) {
    let is_quiet = |operand: F| operand.is_nan() && !operand.is_signalling();
    match (is_quiet(a), is_quiet(b)) {
        (true, false) => (loser, b),
        (false, true) => (a, loser),
        _ => (a, b),
    }
}
