//! FPConvert: between half (IEEE and alternative), single, double and BFloat16.

use super::env::{FpEnv, Fpcr, Rounding, fpsr};
use super::format::{Float, FloatExt};
use super::host;
use super::real::{flush_input, process_nan, round, round_alternative_half, unpack};

/// FPConvert() with FPCR's rounding mode: FCVT, FCVTL, FCVTN. Half precision is the alternative format if FPCR.AHP says
/// so, and is never flushed here, whatever FPCR.FZ16 says.
#[inline]
pub fn convert<F: Float, T: Float>(operand: F, env: &mut FpEnv) -> T {
    match host::convert(operand, env) {
        Some(result) => result,
        None => env.apart(move |env| convert_rounding(operand, env.fpcr.rounding(), env)),
    }
}

/// FPConvert() with rounding to odd: FCVTXN.
pub fn convert_to_odd(operand: u64, env: &mut FpEnv) -> u32 {
    convert_rounding(operand, Rounding::ToOdd, env)
}

fn convert_rounding<F: Float, T: Float>(operand: F, rounding: Rounding, env: &mut FpEnv) -> T {
    let fpcr = env.fpcr;
    env.fpcr = Fpcr(fpcr.0 & !Fpcr::FZ16);
    let is_ahp = |fraction_bits: u32| fraction_bits == u16::FRACTION_BITS && fpcr.has(Fpcr::AHP);
    let result = convert_unflushed_half(
        operand,
        is_ahp(F::FRACTION_BITS),
        is_ahp(T::FRACTION_BITS),
        rounding,
        env,
    );
    env.fpcr = fpcr;
    result
}

/// The conversion proper; `from_ahp` and `to_ahp`: that side is in the alternative half-precision format.
fn convert_unflushed_half<F: Float, T: Float>(
    operand: F,
    from_ahp: bool,
    to_ahp: bool,
    rounding: Rounding,
    env: &mut FpEnv,
) -> T {
    let operand = flush_input(operand, env);
    let negative = operand.is_negative();
    if operand.is_zero() {
        T::zero(negative)
    } else if from_ahp {
        round(unpack(operand), rounding, env)
    } else if operand.is_nan() {
        if to_ahp {
            env.raise(fpsr::IOC);
            T::zero(negative)
        } else {
            convert_nan(process_nan(operand, env))
        }
    } else if operand.is_infinite() {
        if to_ahp {
            env.raise(fpsr::IOC);
            T::with_sign(negative, u16::SIGN - 1)
        } else {
            T::infinity(negative)
        }
    } else if to_ahp {
        T::from_bits(round_alternative_half(unpack(operand), rounding, env).into())
    } else {
        round(unpack(operand), rounding, env)
    }
}

/// FPConvertNaN(): a quiet NaN with its sign and the leading bits of its payload.
fn convert_nan<F: Float, T: Float>(nan: F) -> T {
    let left_aligned = (nan.bits() & F::FRACTION) << (64 - F::FRACTION_BITS);
    T::with_sign(nan.is_negative(), T::INFINITY | left_aligned >> (64 - T::FRACTION_BITS))
}
