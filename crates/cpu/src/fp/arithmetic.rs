//! FPAbs, FPNeg, FPAdd, FPSub, FPMul, FPMulX, FPDiv, FPSqrt, FPMulAdd and FPMulAddH.

use super::env::{FpEnv, Rounding, fpsr};
use super::format::{Float, FloatExt};
use super::host;
use super::real::{flush_input, invalid, process_nans, round, round_sum, unpack};

/// FPAbs(): clears the sign, of NaNs too.
#[inline]
pub fn abs<F: Float>(operand: F) -> F {
    F::from_bits(operand.magnitude())
}

/// FPNeg(): inverts the sign, of NaNs too.
#[inline]
pub fn neg<F: Float>(operand: F) -> F {
    F::from_bits(operand.bits() ^ F::SIGN)
}

/// FPAdd(): `a + b`.
#[inline]
pub fn add<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    match host::add(a, b, env) {
        Some(sum) => sum,
        None => env.apart(move |env| add_exact(a, b, false, env)),
    }
}

/// FPSub(): `a - b`.
#[inline]
pub fn sub<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    match host::add(a, neg(b), env) {
        Some(difference) => difference,
        None => env.apart(move |env| add_exact(a, b, true, env)),
    }
}

/// `a + b`, or `a - b`; NaNs keep their sign.
fn add_exact<F: Float>(a: F, b: F, subtract: bool, env: &mut FpEnv) -> F {
    let (a, b) = (flush_input(a, env), flush_input(b, env));
    if let Some(nan) = process_nans([a, b], env) {
        return nan;
    }
    let b = if subtract { neg(b) } else { b };
    let same_sign = a.is_negative() == b.is_negative();
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) if !same_sign => invalid(env),
        (true, _) => a,
        (_, true) => b,
        _ if a.is_zero() && b.is_zero() && same_sign => a,
        _ => round_sum(unpack(a).sum(unpack(b)), env),
    }
}

/// FPMul(): `a * b`.
#[inline]
pub fn mul<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    match host::mul(a, b, env) {
        Some(product) => product,
        None => env.apart(move |env| mul_exact(a, b, None, env)),
    }
}

/// FPMulX(): `a * b`, where zero times infinity is plus or minus two.
#[inline]
pub fn mulx<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    match host::mul(a, b, env) {
        Some(product) => product,
        None => {
            let two = (1 << F::FRACTION_BITS) * (2 - F::MIN_EXPONENT) as u64;
            env.apart(move |env| mul_exact(a, b, Some(two), env))
        }
    }
}

/// `a * b`; `zero_times_infinity` is the magnitude of that product, an invalid operation without it.
fn mul_exact<F: Float>(a: F, b: F, zero_times_infinity: Option<u64>, env: &mut FpEnv) -> F {
    let (a, b) = (flush_input(a, env), flush_input(b, env));
    if let Some(nan) = process_nans([a, b], env) {
        return nan;
    }
    let negative = a.is_negative() != b.is_negative();
    match (a.is_infinite() || b.is_infinite(), a.is_zero() || b.is_zero()) {
        (true, true) => zero_times_infinity.map_or_else(|| invalid(env), |two| F::with_sign(negative, two)),
        (true, false) => F::infinity(negative),
        (false, true) => F::zero(negative),
        (false, false) => round(unpack(a).product(unpack(b)), env.fpcr.rounding(), env),
    }
}

/// FPDiv(): `a / b`.
#[inline]
pub fn div<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    match host::div(a, b, env) {
        Some(quotient) => quotient,
        None => env.apart(move |env| div_exact(a, b, env)),
    }
}

fn div_exact<F: Float>(a: F, b: F, env: &mut FpEnv) -> F {
    let (a, b) = (flush_input(a, env), flush_input(b, env));
    if let Some(nan) = process_nans([a, b], env) {
        return nan;
    }
    let negative = a.is_negative() != b.is_negative();
    if a.is_infinite() && b.is_infinite() || a.is_zero() && b.is_zero() {
        invalid(env)
    } else if a.is_infinite() || b.is_zero() {
        if !a.is_infinite() {
            env.raise(fpsr::DZC);
        }
        F::infinity(negative)
    } else if a.is_zero() || b.is_infinite() {
        F::zero(negative)
    } else {
        round(unpack(a).quotient(unpack(b)), env.fpcr.rounding(), env)
    }
}

/// FPSqrt().
#[inline]
pub fn sqrt<F: Float>(operand: F, env: &mut FpEnv) -> F {
    match host::sqrt(operand, env) {
        Some(root) => root,
        None => env.apart(move |env| sqrt_exact(operand, env)),
    }
}

fn sqrt_exact<F: Float>(operand: F, env: &mut FpEnv) -> F {
    let operand = flush_input(operand, env);
    if let Some(nan) = process_nans([operand], env) {
        nan
    } else if operand.is_zero() {
        operand
    } else if operand.is_negative() {
        invalid(env)
    } else if operand.is_infinite() {
        operand
    } else {
        round(unpack(operand).square_root(), env.fpcr.rounding(), env)
    }
}

/// FPMulAdd(): `addend + a * b`, rounded once. Of several NaNs the addend's comes first.
#[inline]
pub fn mul_add<F: Float>(addend: F, a: F, b: F, env: &mut FpEnv) -> F {
    match host::mul_add(addend, a, b, env) {
        Some(result) => result,
        None => env.apart(move |env| mul_add_exact(addend, a, b, env)),
    }
}

fn mul_add_exact<F: Float>(addend: F, a: F, b: F, env: &mut FpEnv) -> F {
    let (addend, a, b) = (flush_input(addend, env), flush_input(a, env), flush_input(b, env));
    let infinite = a.is_infinite() || b.is_infinite();
    let zero_times_infinity = a.is_infinite() && b.is_zero() || a.is_zero() && b.is_infinite();
    let nan = process_nans([addend, a, b], env);
    if zero_times_infinity && addend.is_nan() && !addend.is_signalling() {
        return invalid(env);
    }
    if let Some(nan) = nan {
        return nan;
    }
    let negative = a.is_negative() != b.is_negative();
    let same_sign = addend.is_negative() == negative;
    if zero_times_infinity || addend.is_infinite() && infinite && !same_sign {
        invalid(env)
    } else if addend.is_infinite() {
        addend
    } else if infinite {
        F::infinity(negative)
    } else if addend.is_zero() && (a.is_zero() || b.is_zero()) && same_sign {
        addend
    } else {
        round_sum(unpack(a).product(unpack(b)).sum(unpack(addend)), env)
    }
}

/// FPMulAddH(): `addend + a * b` in single precision, of half-precision factors.
#[inline]
pub fn mul_add_half(addend: u32, a: u16, b: u16, env: &mut FpEnv) -> u32 {
    mul_add(addend, widen_half(a, env), widen_half(b, env), env)
}

/// A half-precision operand in single precision: exact, and signalling NaNs stay so, which makes FPProcessNaNs3H() the
/// same as FPProcessNaNs3() of the widened operands.
fn widen_half(operand: u16, env: &mut FpEnv) -> u32 {
    let operand = flush_input(operand, env);
    let negative = operand.is_negative();
    if operand.is_nan() || operand.is_infinite() {
        let fraction = (operand.bits() & u16::FRACTION) << (u32::FRACTION_BITS - u16::FRACTION_BITS);
        u32::with_sign(negative, u32::INFINITY | fraction)
    } else if operand.is_zero() {
        u32::zero(negative)
    } else {
        // Every half-precision number is a normal single-precision one: nothing is raised.
        round(unpack(operand), Rounding::TiesToEven, &mut FpEnv::default())
    }
}
