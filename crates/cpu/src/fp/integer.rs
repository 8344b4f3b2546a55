//! Rounding to integers and conversion from and to integers and fixed-point numbers: FPRoundInt, FPRoundIntN,
//! FPToFixed, FixedToFP and FPToFixedJS.

use super::env::{FpEnv, Rounding, fpsr};
use super::format::{Float, FloatExt};
use super::host;
use super::real::{LEADING, Real, Remainder, flush_input, process_nans, round, split, unpack};

/// The integer nearest to `value` in the sense of `rounding`, as a magnitude, and what was cut off. The magnitude is
/// exact below 2^126 and 2^126 or more for larger values.
fn to_integer(value: Real, rounding: Rounding) -> (u128, Remainder) {
    if value.exponent > LEADING as i32 {
        return (value.significand, Remainder::Zero);
    }
    let (integer, remainder) = split(value.significand, (LEADING as i32 - value.exponent) as u32);
    let increment = rounding.increments(value.negative, integer & 1 != 0, remainder);
    (integer + u128::from(increment), remainder)
}

/// FPRoundInt(): to an integral value. FRINTX also signals Inexact (`exact`).
#[inline]
pub fn round_to_integral<F: Float>(operand: F, rounding: Rounding, exact: bool, env: &mut FpEnv) -> F {
    env.apart(move |env| round_to_integral_exact(operand, rounding, exact, env))
}

fn round_to_integral_exact<F: Float>(operand: F, rounding: Rounding, exact: bool, env: &mut FpEnv) -> F {
    let operand = flush_input(operand, env);
    if let Some(nan) = process_nans([operand], env) {
        return nan;
    }
    let value = unpack(operand);
    // Infinities, zeros, and numbers without a fractional part.
    if operand.is_zero() || value.exponent >= F::FRACTION_BITS as i32 {
        return operand;
    }
    let (integer, remainder) = to_integer(value, rounding);
    if exact && remainder != Remainder::Zero {
        env.raise(fpsr::IXC);
    }
    from_magnitude(operand.is_negative(), integer, env)
}

/// An integer of few enough bits; zeros keep the sign.
fn from_magnitude<F: Float>(negative: bool, integer: u128, env: &mut FpEnv) -> F {
    match integer {
        0 => F::zero(negative),
        _ => round(Real::scaled(negative, integer, 0), Rounding::TowardZero, env),
    }
}

/// FPRoundIntN(): to an integral value that fits a signed integer of `width` bits (32 or 64); all else is the most
/// negative such integer and an invalid operation.
pub fn round_to_int_size<F: Float>(operand: F, width: u32, rounding: Rounding, env: &mut FpEnv) -> F {
    let operand = flush_input(operand, env);
    let limit = 1u128 << (width - 1);
    if !operand.is_nan() && !operand.is_infinite() {
        let value = unpack(operand);
        let (integer, remainder) = to_integer(value, rounding);
        if integer < limit + u128::from(value.negative) {
            if remainder != Remainder::Zero {
                env.raise(fpsr::IXC);
            }
            return from_magnitude(value.negative, integer, env);
        }
    }
    env.raise(fpsr::IOC);
    from_magnitude(true, limit, env)
}

/// FPToFixed(): `operand * 2^fbits` as an integer of `width` bits (16, 32 or 64), zero-extended; it saturates, and NaNs
/// become zero.
#[inline]
pub fn to_fixed<F: Float>(
    operand: F,
    width: u32,
    fbits: u32,
    signed: bool,
    rounding: Rounding,
    env: &mut FpEnv,
) -> u64 {
    let mask = u64::MAX >> (64 - width);
    if fbits == 0
        && let Some(integer) = host::to_integer(operand, width, signed, rounding, env)
    {
        return integer as u64 & mask;
    }
    env.apart(move |env| to_fixed_exact(operand, width, fbits, signed, rounding, env)) & mask
}

fn to_fixed_exact<F: Float>(
    operand: F,
    width: u32,
    fbits: u32,
    signed: bool,
    rounding: Rounding,
    env: &mut FpEnv,
) -> u64 {
    let operand = flush_input(operand, env);
    let negative = operand.is_negative();
    if operand.is_nan() {
        env.raise(fpsr::IOC);
        return 0;
    }
    let (magnitude, remainder) = match operand.is_infinite() {
        true => (u128::MAX, Remainder::Zero),
        false => to_integer(unpack(operand).scale_by(fbits as i32), rounding),
    };
    let limit: u128 = match (signed, negative) {
        (true, false) => (1 << (width - 1)) - 1,
        (true, true) => 1 << (width - 1),
        (false, false) => (1 << width) - 1,
        (false, true) => 0,
    };
    if magnitude > limit {
        env.raise(fpsr::IOC);
    } else if remainder != Remainder::Zero {
        env.raise(fpsr::IXC);
    }
    let magnitude = magnitude.min(limit) as u64;
    if negative { magnitude.wrapping_neg() } else { magnitude }
}

/// FixedToFP(): the low `width` bits of `value` (16, 32 or 64) times 2^-`fbits`.
#[inline]
pub fn from_fixed<F: Float>(
    value: u64,
    width: u32,
    fbits: u32,
    signed: bool,
    rounding: Rounding,
    env: &mut FpEnv,
) -> F {
    let aligned = value << (64 - width);
    let (negative, magnitude) = match signed {
        true => ((aligned as i64) < 0, (aligned as i64 >> (64 - width)).unsigned_abs()),
        false => (false, aligned >> (64 - width)),
    };
    if magnitude == 0 {
        return F::zero(false);
    }
    if fbits == 0
        && magnitude <= 1 << F::FRACTION_BITS
        && let Some(result) = host::from_integer(if negative {
            -(magnitude as i64)
        } else {
            magnitude as i64
        })
    {
        return result;
    }
    env.apart(move |env| {
        let value = Real::scaled(negative, u128::from(magnitude), -(fbits as i32));
        round(value, rounding, env)
    })
}

/// FPToFixedJS(): FJCVTZS, the conversion of JavaScript. The integer part modulo 2^32, and PSTATE.Z: whether the result
/// is the operand's exact value (minus zero is not).
pub fn to_int32_js(operand: u64, env: &mut FpEnv) -> (u32, bool) {
    let flushed = flush_input(operand, env);
    if flushed.is_nan() || flushed.is_infinite() {
        env.raise(fpsr::IOC);
        return (0, false);
    }
    let value = unpack(flushed);
    let (integer, remainder) = to_integer(value, Rounding::TowardZero);
    let in_range = integer < (1 << 31) + u128::from(value.negative);
    if !in_range {
        env.raise(fpsr::IOC);
    } else if remainder != Remainder::Zero {
        env.raise(fpsr::IXC);
    }
    // What to_integer() answers for numbers of 2^126 and more ends in 32 zeros too.
    let low = integer as u32;
    let exact =
        in_range && remainder == Remainder::Zero && flushed == operand && !(flushed.is_zero() && value.negative);
    (if value.negative { low.wrapping_neg() } else { low }, exact)
}
