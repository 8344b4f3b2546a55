//! FEAT_BF16 without FEAT_EBF16: BFConvert, and the arithmetic of BFDOT and BFMMLA, which ignores FPCR and FPSR: it
//! rounds to odd, flushes denormals and makes default NaNs.

use super::arithmetic;
use super::convert::convert;
use super::env::{FpEnv, Fpcr, Rounding};
use super::format::{Bf16, FloatExt};
use super::real::{Real, flush_input, round_magnitude, unpack};

/// FPConvertBF(): BFCVT, BFCVTN, BFCVTN2.
pub fn from_single(operand: u32, env: &mut FpEnv) -> u16 {
    convert::<u32, Bf16>(operand, env).0
}

/// The same number in single precision.
#[inline]
pub fn to_single(operand: u16) -> u32 {
    u32::from(operand) << 16
}

/// BFMLALB, BFMLALT: `addend + a * b`, an ordinary fused operation in single precision.
#[inline]
pub fn mul_add(addend: u32, a: u16, b: u16, env: &mut FpEnv) -> u32 {
    arithmetic::mul_add(addend, to_single(a), to_single(b), env)
}

/// BFDotAdd(): `addend + (a[0] * b[0] + a[1] * b[1])`, each step rounded to odd.
pub fn dot_add(addend: u32, a: [u16; 2], b: [u16; 2]) -> u32 {
    let product = |i: usize| mul_to_odd(to_single(a[i]), to_single(b[i]));
    add_to_odd(addend, add_to_odd(product(0), product(1)))
}

/// BFMatMulAdd(): `addend + a * transpose(b)`; a 2x2 matrix of single precision, rows first, and two 2x4 matrices.
pub fn matrix_mul_add(addend: [u32; 4], a: [u16; 8], b: [u16; 8]) -> [u32; 4] {
    std::array::from_fn(|element| {
        let (row, column) = (element / 2, element % 2);
        (0..2).fold(addend[element], |sum, pair| {
            let (i, j) = (4 * row + 2 * pair, 4 * column + 2 * pair);
            dot_add(sum, [a[i], a[i + 1]], [b[j], b[j + 1]])
        })
    })
}

/// The fixed environment of these operations; its flags are dropped.
fn environment() -> FpEnv {
    FpEnv::new(Fpcr::FZ | Fpcr::DN, 0)
}

/// BFMulH().
fn mul_to_odd(a: u32, b: u32) -> u32 {
    let (a, b) = (flush_input(a, &mut environment()), flush_input(b, &mut environment()));
    let negative = a.is_negative() != b.is_negative();
    let infinite = a.is_infinite() || b.is_infinite();
    let zero = a.is_zero() || b.is_zero();
    if a.is_nan() || b.is_nan() || infinite && zero {
        u32::default_nan()
    } else if infinite {
        u32::infinity(negative)
    } else if zero {
        u32::zero(negative)
    } else {
        round_to_odd(unpack(a).product(unpack(b)))
    }
}

/// BFAdd().
fn add_to_odd(a: u32, b: u32) -> u32 {
    let (a, b) = (flush_input(a, &mut environment()), flush_input(b, &mut environment()));
    let same_sign = a.is_negative() == b.is_negative();
    if a.is_nan() || b.is_nan() || a.is_infinite() && b.is_infinite() && !same_sign {
        u32::default_nan()
    } else if a.is_infinite() || a.is_zero() && b.is_zero() && same_sign {
        a
    } else if b.is_infinite() {
        b
    } else {
        round_to_odd(unpack(a).sum(unpack(b)))
    }
}

/// BFRound(): denormal results are zero, and overflow gives infinity, unlike in FPRound() to odd.
fn round_to_odd(value: Real) -> u32 {
    if value.is_zero() {
        return u32::zero(false);
    }
    if value.exponent < u32::MIN_EXPONENT {
        return u32::zero(value.negative);
    }
    let (bits, _) = round_magnitude::<u32>(value, Rounding::ToOdd, &mut environment());
    u32::with_sign(value.negative, bits.min(u32::INFINITY))
}
