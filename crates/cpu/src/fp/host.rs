//! Fast paths: the host's own arithmetic, where its result and flags are provably Arm's. Every function here answers
//! `None` when that is not certain, and the exact code decides.
//!
//! The host rounds to nearest even, so RMode must be RN. A result that is finite and not NaN had neither NaN nor
//! infinite operands (but for divisors, whose quotients are zero), so no rule for NaNs applies, and neither Invalid
//! Operation, Division by Zero nor Overflow was raised. A result above the smallest normal number was not tiny before
//! rounding, so neither Underflow nor flushing of the result applies; the smallest normal number itself may have been
//! rounded up from below, and is left to the exact code. What remains is Inexact: either FPSR.IXC is set already, or
//! the result is shown to be exact. Flushing of operands is excluded by looking at them.

use super::env::{FpEnv, Fpcr, Rounding, fpsr};
use super::format::{Bf16, Float, FloatExt};

/// Operations of the host; `None` for formats that it lacks. All round to nearest even.
pub trait Host: Copy {
    /// `self + other`.
    #[inline(always)]
    fn host_add(self, _other: Self) -> Option<Self> {
        None
    }
    /// `self * other`.
    #[inline(always)]
    fn host_mul(self, _other: Self) -> Option<Self> {
        None
    }
    /// `self / other`.
    #[inline(always)]
    fn host_div(self, _other: Self) -> Option<Self> {
        None
    }
    /// The square root.
    #[inline(always)]
    fn host_sqrt(self) -> Option<Self> {
        None
    }
    /// `self * other + addend`, rounded once.
    #[inline(always)]
    fn host_mul_add(self, _other: Self, _addend: Self) -> Option<Self> {
        None
    }
    /// The same number in double precision.
    #[inline(always)]
    fn host_widen(self) -> Option<f64> {
        None
    }
    /// The nearest number to a double.
    #[inline(always)]
    fn host_narrow(_value: f64) -> Option<Self> {
        None
    }
}

impl Host for u16 {}
impl Host for Bf16 {}

macro_rules! host {
    ($bits:ty, $float:ty) => {
        impl Host for $bits {
            #[inline(always)]
            fn host_add(self, other: Self) -> Option<Self> {
                Some((<$float>::from_bits(self) + <$float>::from_bits(other)).to_bits())
            }
            #[inline(always)]
            fn host_mul(self, other: Self) -> Option<Self> {
                Some((<$float>::from_bits(self) * <$float>::from_bits(other)).to_bits())
            }
            #[inline(always)]
            fn host_div(self, other: Self) -> Option<Self> {
                Some((<$float>::from_bits(self) / <$float>::from_bits(other)).to_bits())
            }
            #[inline(always)]
            fn host_sqrt(self) -> Option<Self> {
                Some(<$float>::from_bits(self).sqrt().to_bits())
            }
            #[inline(always)]
            fn host_mul_add(self, other: Self, addend: Self) -> Option<Self> {
                let (a, b, c) = (
                    <$float>::from_bits(self),
                    <$float>::from_bits(other),
                    <$float>::from_bits(addend),
                );
                Some(a.mul_add(b, c).to_bits())
            }
            #[inline(always)]
            fn host_widen(self) -> Option<f64> {
                Some(<$float>::from_bits(self).into())
            }
            #[inline(always)]
            fn host_narrow(value: f64) -> Option<Self> {
                Some((value as $float).to_bits())
            }
        }
    };
}

host!(u32, f32);
host!(u64, f64);

/// Whether the host reads these operands and rounds as FPCR demands.
#[inline(always)]
fn usable<F: Float, const N: usize>(operands: [F; N], env: &FpEnv) -> bool {
    !env.fpcr.has(Fpcr::RMODE | F::FLUSH)
        || !env.fpcr.has(Fpcr::RMODE) && !operands.iter().any(|operand| operand.is_denormal())
}

/// Whether Inexact needs no thought.
#[inline(always)]
fn inexact_is_set(env: &FpEnv) -> bool {
    env.fpsr & fpsr::IXC != 0
}

/// Whether a result is finite and above the smallest normal number.
#[inline(always)]
fn is_ordinary<F: Float>(result: F) -> bool {
    let lowest = (1 << F::FRACTION_BITS) + 1;
    result.magnitude().wrapping_sub(lowest) < F::INFINITY - lowest
}

/// An upper bound of the number of significant bits.
#[inline(always)]
fn significant_bits<F: Float>(value: F) -> u32 {
    F::FRACTION_BITS + 1 - (value.bits() | 1 << F::FRACTION_BITS).trailing_zeros()
}

/// Whether an ordinary product of the two is exact, judged by the lengths of the factors.
#[inline(always)]
fn product_is_exact<F: Float>(a: F, b: F) -> bool {
    significant_bits(a) + significant_bits(b) <= F::FRACTION_BITS + 1
}

/// Whether `sum` is exactly `a + b`: Knuth's error-free transformation leaves no error.
#[inline(always)]
fn sum_is_exact<F: Float>(a: F, b: F, sum: F) -> Option<bool> {
    let minus = |value: F| F::from_bits(value.bits() ^ F::SIGN);
    let b_part = sum.host_add(minus(a))?;
    let a_part = sum.host_add(minus(b_part))?;
    let error = a.host_add(minus(a_part))?.host_add(b.host_add(minus(b_part))?)?;
    Some(error.is_zero())
}

/// `a + b`. A zero is always exact: a sum of denormals is a multiple of the smallest of them.
#[inline(always)]
pub fn add<F: Float>(a: F, b: F, env: &FpEnv) -> Option<F> {
    let sum = a.host_add(b)?;
    let certain = is_ordinary(sum) && (inexact_is_set(env) || sum_is_exact(a, b, sum)?) || sum.is_zero();
    (certain && usable([a, b], env)).then_some(sum)
}

/// `a * b`. A zero is exact if a factor is zero.
#[inline(always)]
pub fn mul<F: Float>(a: F, b: F, env: &FpEnv) -> Option<F> {
    let product = a.host_mul(b)?;
    let certain = is_ordinary(product) && (inexact_is_set(env) || product_is_exact(a, b))
        || product.is_zero() && (a.is_zero() || b.is_zero());
    (certain && usable([a, b], env)).then_some(product)
}

/// `a / b`.
#[inline(always)]
pub fn div<F: Float>(a: F, b: F, env: &FpEnv) -> Option<F> {
    let quotient = a.host_div(b)?;
    let certain = is_ordinary(quotient)
        && (inexact_is_set(env) || product_is_exact(quotient, b) && is_ordinary(a) && quotient.host_mul(b)? == a);
    (certain && usable([a, b], env)).then_some(quotient)
}

/// The square root.
#[inline(always)]
pub fn sqrt<F: Float>(operand: F, env: &FpEnv) -> Option<F> {
    let root = operand.host_sqrt()?;
    let certain = is_ordinary(root)
        && (inexact_is_set(env)
            || product_is_exact(root, root) && is_ordinary(operand) && root.host_mul(root)? == operand);
    (certain && usable([operand], env)).then_some(root)
}

/// `a * b + addend`, rounded once. It is exact if the product and then the sum are.
#[inline(always)]
pub fn mul_add<F: Float>(addend: F, a: F, b: F, env: &FpEnv) -> Option<F> {
    let is_exact = || {
        let product = a.host_mul(b)?;
        let exact_product = is_ordinary(product) && product_is_exact(a, b);
        Some(exact_product && sum_is_exact(product, addend, product.host_add(addend)?)?)
    };
    let result = a.host_mul_add(b, addend)?;
    let certain = is_ordinary(result) && (inexact_is_set(env) || is_exact()?);
    (certain && usable([addend, a, b], env)).then_some(result)
}

/// Conversion between formats.
#[inline(always)]
pub fn convert<F: Float, T: Float>(operand: F, env: &FpEnv) -> Option<T> {
    let value = operand.host_widen()?;
    let result = T::host_narrow(value)?;
    let certain = is_ordinary(result) && (inexact_is_set(env) || result.host_widen()? == value);
    (certain && usable([operand], env)).then_some(result)
}

/// An integer that the format holds exactly.
#[inline(always)]
pub fn from_integer<F: Float>(value: i64) -> Option<F> {
    if value.unsigned_abs() > 1 << F::FRACTION_BITS {
        return None;
    }
    F::host_narrow(value as f64)
}

/// Conversion to an integer of `width` bits: by truncation, or in any mode if the operand is an integer.
#[inline(always)]
pub fn to_integer<F: Float>(operand: F, width: u32, signed: bool, rounding: Rounding, env: &FpEnv) -> Option<i64> {
    let value = operand.host_widen()?;
    if value.abs() >= 9.2e18 || value.is_nan() || operand.is_denormal() {
        return None;
    }
    let integer = value as i64;
    let in_range = match signed {
        true => integer.wrapping_shl(64 - width) >> (64 - width) == integer,
        false => integer >= 0 && (width == 64 || integer >> width == 0),
    };
    let exact = integer as f64 == value;
    (in_range && (exact || rounding == Rounding::TowardZero && inexact_is_set(env))).then_some(integer)
}
