//! Reciprocal and reciprocal square root: FPRecipEstimate, FPRSqrtEstimate, the Newton-Raphson steps, FPRecpX, and the
//! estimates of unsigned integers.

use super::arithmetic::{mul, neg, sub};
use super::env::{FpEnv, fpsr};
use super::format::{Float, FloatExt};
use super::real::{LEADING, Real, flush_input, invalid, process_nans, round_sum, unpack};

/// RecipEstimate(): for `a` of 256 to 511, in units of 1/512, the reciprocal in units of 1/256 (256 to 511).
fn recip_table(a: u32) -> u32 {
    let reciprocal = (1 << 19) / (2 * a + 1);
    reciprocal.div_ceil(2)
}

/// RecipSqrtEstimate(): for `a` of 128 to 511, in units of 1/512, the reciprocal square root in units of 1/256.
fn rsqrt_table(a: u32) -> u32 {
    // The centre of the interval, in units of 1/1024; above one half only every second value counts.
    let centre = if a < 256 { 2 * a + 1 } else { 2 * ((a & !1) + 1) };
    // The largest b with centre * b^2 < 2^28.
    let b = ((1u32 << 28) - 1).div_euclid(centre).isqrt();
    b.div_ceil(2)
}

/// FPRecipEstimate(): FRECPE.
pub fn recip_estimate<F: Float>(operand: F, env: &mut FpEnv) -> F {
    let operand = flush_input(operand, env);
    if let Some(nan) = process_nans([operand], env) {
        return nan;
    }
    let negative = operand.is_negative();
    if operand.is_infinite() {
        return F::zero(negative);
    }
    if operand.is_zero() {
        env.raise(fpsr::DZC);
        return F::infinity(negative);
    }
    let value = unpack(operand);
    if value.exponent < F::MIN_EXPONENT - 2 {
        env.raise(fpsr::OFC | fpsr::IXC);
        let to_infinity = env.fpcr.rounding().overflows_to_infinity(negative);
        return if to_infinity {
            F::infinity(negative)
        } else {
            F::max_normal(negative)
        };
    }
    // The estimate lies in [1/2, 1) of 2^-exponent.
    let exponent = -value.exponent - 1;
    if exponent < F::MIN_EXPONENT && env.fpcr.has(F::FLUSH) {
        env.raise(fpsr::UFC);
        return F::zero(negative);
    }
    let estimate = recip_table((value.significand >> (LEADING - 8)) as u32);
    from_estimate(negative, exponent, estimate)
}

/// FPRSqrtEstimate(): FRSQRTE.
pub fn rsqrt_estimate<F: Float>(operand: F, env: &mut FpEnv) -> F {
    let operand = flush_input(operand, env);
    if let Some(nan) = process_nans([operand], env) {
        return nan;
    }
    if operand.is_zero() {
        env.raise(fpsr::DZC);
        return F::infinity(operand.is_negative());
    }
    if operand.is_negative() {
        return invalid(env);
    }
    if operand.is_infinite() {
        return F::zero(false);
    }
    let value = unpack(operand);
    // The operand is scaled to [1/4, 1) by an even power of two.
    let leading = (value.significand >> (LEADING - 8)) as u32;
    let scaled = if value.exponent & 1 == 0 { leading >> 1 } else { leading };
    from_estimate(false, -(value.exponent >> 1) - 1, rsqrt_table(scaled))
}

/// A number of nine significant bits, `estimate / 256 * 2^exponent`; it may be denormal, and is cut off then.
fn from_estimate<F: Float>(negative: bool, exponent: i32, estimate: u32) -> F {
    let significand = u64::from(estimate) << F::FRACTION_BITS >> 8;
    let field = exponent - F::MIN_EXPONENT;
    let magnitude = match field {
        0.. => ((field as u64) << F::FRACTION_BITS) + significand,
        _ => significand >> -field,
    };
    F::with_sign(negative, magnitude)
}

/// FPRecipStepFused(): FRECPS, `2 - a * b`, rounded once.
pub fn recip_step<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    fused_step(a, b, 2, 0, env)
}

/// FPRSqrtStepFused(): FRSQRTS, `(3 - a * b) / 2`, rounded once.
pub fn rsqrt_step<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    fused_step(a, b, 3, 1, env)
}

/// `(minuend - a * b) / 2^halvings`, rounded once; zero times infinity counts as zero.
fn fused_step<F: Float>(a: F, b: F, minuend: u32, halvings: i32, env: &mut FpEnv) -> F {
    let (a, b) = (flush_input(neg(a), env), flush_input(b, env));
    if let Some(nan) = process_nans([a, b], env) {
        return nan;
    }
    let infinite = a.is_infinite() || b.is_infinite();
    let zero = a.is_zero() || b.is_zero();
    let minuend = Real::integer(minuend);
    let difference = match (infinite, zero) {
        (true, false) => return F::infinity(a.is_negative() != b.is_negative()),
        (_, true) => minuend,
        (false, false) => unpack(a).product(unpack(b)).sum(minuend),
    };
    round_sum(difference.scale_by(-halvings), env)
}

/// FPRecipStep(): VRECPS of AArch32, `2 - a * b` with two roundings.
pub fn recip_step_chained<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    chained_difference(a, b, 2, env)
}

/// FPRSqrtStep(): VRSQRTS of AArch32, `(3 - a * b) / 2` with its roundings.
pub fn rsqrt_step_chained<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    let difference = chained_difference(a, b, 3, env);
    super::div(difference, small_integer(2), env)
}

/// `minuend - a * b` with two roundings; zero times infinity counts as zero.
fn chained_difference<F: Float>(a: F, b: F, minuend: u32, env: &mut FpEnv) -> F {
    let (a, b) = (flush_input(a, env), flush_input(b, env));
    let product = match a.is_infinite() && b.is_zero() || a.is_zero() && b.is_infinite() {
        true => F::zero(false),
        false => mul(a, b, env),
    };
    sub(small_integer(minuend), product, env)
}

/// A small positive integer, which every format holds.
fn small_integer<F: Float>(value: u32) -> F {
    round_sum(Real::integer(value), &mut FpEnv::default())
}

/// FPRecpX(): FRECPX, a power of two near the reciprocal, with the operand's sign.
pub fn recip_exponent<F: Float>(operand: F, env: &mut FpEnv) -> F {
    let operand = flush_input(operand, env);
    if let Some(nan) = process_nans([operand], env) {
        return nan;
    }
    let field = operand.bits() & F::INFINITY;
    let magnitude = match field {
        0 => F::INFINITY - (1 << F::FRACTION_BITS),
        _ => field ^ F::INFINITY,
    };
    F::with_sign(operand.is_negative(), magnitude)
}

/// UnsignedRecipEstimate(): URECPE, of a fixed-point number in [0, 1); below one half it saturates.
pub fn unsigned_recip_estimate(operand: u32) -> u32 {
    if operand >> 31 == 0 {
        u32::MAX
    } else {
        recip_table(operand >> 23) << 23
    }
}

/// UnsignedRSqrtEstimate(): URSQRTE, of a fixed-point number in [0, 1); below one quarter it saturates.
pub fn unsigned_rsqrt_estimate(operand: u32) -> u32 {
    if operand >> 30 == 0 {
        u32::MAX
    } else {
        rsqrt_table(operand >> 23) << 23
    }
}
