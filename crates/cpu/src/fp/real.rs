//! Numbers between formats: unpacking (FPUnpack), exact sums and products, rounding (FPRound) and the rules for NaNs
//! (FPProcessNaN, FPProcessNaNs). All other files of this module are built on this one.

use super::env::{FpEnv, Fpcr, Rounding, fpsr};
use super::format::{Float, FloatExt};

/// A real number, `significand * 2^(exponent - 126)`. The significand is zero, or its leading bit is bit 126; when bits
/// had to be dropped, bit 0 is set for them ("sticky").
#[derive(Clone, Copy, Debug)]
pub struct Real {
    pub negative: bool,
    pub exponent: i32,
    pub significand: u128,
}

/// Bit number of a significand's leading bit.
pub const LEADING: u32 = 126;

/// What is cut off when a significand is shortened, in units of the last place that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remainder {
    Zero,
    BelowHalf,
    Half,
    AboveHalf,
}

/// `value >> shift`, and what falls out.
#[inline]
pub fn split(value: u128, shift: u32) -> (u128, Remainder) {
    match shift {
        0 => (value, Remainder::Zero),
        1..=127 => {
            let half = 1 << (shift - 1);
            let rest = value & ((half << 1) - 1);
            let remainder = match rest {
                0 => Remainder::Zero,
                _ if rest < half => Remainder::BelowHalf,
                _ if rest == half => Remainder::Half,
                _ => Remainder::AboveHalf,
            };
            (value >> shift, remainder)
        }
        // Significands stay below 2^127: less than half of 2^128.
        _ => (
            0,
            if value == 0 {
                Remainder::Zero
            } else {
                Remainder::BelowHalf
            },
        ),
    }
}

/// Right shift that keeps dropped bits as a sticky bit 0.
#[inline]
fn shift_right_sticky(value: u128, shift: u32) -> u128 {
    let (kept, remainder) = split(value, shift);
    kept | u128::from(remainder != Remainder::Zero)
}

impl Rounding {
    /// Whether a magnitude is incremented after it was cut off: `odd` is its last bit.
    #[inline]
    pub(super) fn increments(self, negative: bool, odd: bool, remainder: Remainder) -> bool {
        match self {
            Rounding::TiesToEven => remainder == Remainder::AboveHalf || remainder == Remainder::Half && odd,
            Rounding::TiesToAway => matches!(remainder, Remainder::AboveHalf | Remainder::Half),
            Rounding::TowardPositive => remainder != Remainder::Zero && !negative,
            Rounding::TowardNegative => remainder != Remainder::Zero && negative,
            Rounding::TowardZero => false,
            Rounding::ToOdd => remainder != Remainder::Zero && !odd,
        }
    }

    /// Whether an overflow gives infinity, not the largest normal number.
    pub(super) fn overflows_to_infinity(self, negative: bool) -> bool {
        match self {
            Rounding::TiesToEven | Rounding::TiesToAway => true,
            Rounding::TowardPositive => !negative,
            Rounding::TowardNegative => negative,
            Rounding::TowardZero | Rounding::ToOdd => false,
        }
    }
}

impl Real {
    /// `significand * 2^scale` for any significand.
    #[inline]
    pub fn scaled(negative: bool, significand: u128, scale: i32) -> Real {
        let top = 127 - significand.leading_zeros() as i32;
        let (exponent, significand) = match top {
            -1 => (0, 0),
            127 => (scale + 127, shift_right_sticky(significand, 1)),
            _ => (scale + top, significand << (LEADING as i32 - top)),
        };
        Real {
            negative,
            exponent,
            significand,
        }
    }

    /// A small positive integer.
    pub fn integer(value: u32) -> Real {
        Real::scaled(false, u128::from(value), 0)
    }

    #[inline]
    pub fn is_zero(self) -> bool {
        self.significand == 0
    }

    /// The exact product of two numbers of at most 64 significant bits.
    #[inline]
    pub fn product(self, other: Real) -> Real {
        let significand = (self.significand >> 63) * (other.significand >> 63);
        Real::scaled(
            self.negative != other.negative,
            significand,
            self.exponent + other.exponent - 126,
        )
    }

    /// The sum, exact but for a sticky bit far below any format's last place: a number that must be shifted so far
    /// that bits are lost is so much smaller than the other that the leading bits cannot cancel.
    #[inline]
    pub fn sum(self, other: Real) -> Real {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        let (large, small) = if self.exponent >= other.exponent {
            (self, other)
        } else {
            (other, self)
        };
        let aligned = shift_right_sticky(small.significand, (large.exponent - small.exponent) as u32);
        let scale = large.exponent - LEADING as i32;
        if large.negative == small.negative {
            Real::scaled(large.negative, large.significand + aligned, scale)
        } else if large.significand >= aligned {
            Real::scaled(large.negative, large.significand - aligned, scale)
        } else {
            Real::scaled(small.negative, aligned - large.significand, scale)
        }
    }

    /// The quotient by a non-zero number, correct but for a sticky bit.
    pub fn quotient(self, divisor: Real) -> Real {
        let by = divisor.significand >> 63;
        let (quotient, rest) = (self.significand / by, self.significand % by);
        let significand = quotient << 1 | u128::from(rest != 0);
        Real::scaled(
            self.negative != divisor.negative,
            significand,
            self.exponent - divisor.exponent - 64,
        )
    }

    /// The square root of a positive number, correct but for a sticky bit.
    pub fn square_root(self) -> Real {
        let scale = self.exponent - LEADING as i32;
        // An even scale: the significand may use bit 127 for it.
        let (significand, scale) = if scale & 1 == 0 {
            (self.significand, scale)
        } else {
            (self.significand << 1, scale - 1)
        };
        let root = significand.isqrt();
        let sticky = u128::from(root * root != significand);
        Real::scaled(false, root << 1 | sticky, scale / 2 - 1)
    }

    /// The number times 2^`power`.
    pub fn scale_by(self, power: i32) -> Real {
        Real {
            exponent: self.exponent + power,
            ..self
        }
    }
}

/// FPUnpack()'s flushing: a denormal operand becomes zero if FPCR says so.
#[inline]
pub fn flush_input<F: Float>(operand: F, env: &mut FpEnv) -> F {
    if env.fpcr.has(F::FLUSH) && operand.is_denormal() {
        if F::FLUSH_SETS_IDC {
            env.raise(fpsr::IDC);
        }
        return F::zero(operand.is_negative());
    }
    operand
}

/// The value of a finite operand, or of any operand in the alternative half-precision format.
#[inline]
pub fn unpack<F: Float>(operand: F) -> Real {
    let field = (operand.magnitude() >> F::FRACTION_BITS) as i32;
    let fraction = operand.bits() & F::FRACTION;
    let negative = operand.is_negative();
    let lowest = F::MIN_EXPONENT - F::FRACTION_BITS as i32;
    match field {
        0 => Real::scaled(negative, u128::from(fraction), lowest),
        _ => Real {
            negative,
            exponent: F::MIN_EXPONENT + field - 1,
            significand: u128::from(fraction | 1 << F::FRACTION_BITS) << (LEADING - F::FRACTION_BITS),
        },
    }
}

/// FPProcessNaN(): the quiet form of a NaN operand, or the default NaN.
#[inline]
pub fn process_nan<F: Float>(nan: F, env: &mut FpEnv) -> F {
    if nan.is_signalling() {
        env.raise(fpsr::IOC);
    }
    if env.fpcr.has(Fpcr::DN) {
        F::default_nan()
    } else {
        F::from_bits(nan.bits() | F::QUIET)
    }
}

/// FPProcessNaNs(), FPProcessNaNs3(): the NaN that the operands yield: the first signalling one, else the first quiet one.
#[inline]
pub fn process_nans<F: Float, const N: usize>(operands: [F; N], env: &mut FpEnv) -> Option<F> {
    if !operands.iter().any(|operand| operand.is_nan()) {
        return None;
    }
    let nan = operands
        .iter()
        .find(|operand| operand.is_signalling())
        .or(operands.iter().find(|operand| operand.is_nan()));
    nan.map(|&nan| process_nan(nan, env))
}

/// An invalid operation without a NaN operand.
#[cold]
pub fn invalid<F: Float>(env: &mut FpEnv) -> F {
    env.raise(fpsr::IOC);
    F::default_nan()
}

/// FPRound() of an exact sum, where zero gets the sign that the rounding mode gives to it.
#[inline]
pub fn round_sum<F: Float>(value: Real, env: &mut FpEnv) -> F {
    let rounding = env.fpcr.rounding();
    if value.is_zero() {
        F::zero(rounding == Rounding::TowardNegative)
    } else {
        round(value, rounding, env)
    }
}

/// FPRound(): a non-zero number in format `F`.
#[inline]
pub fn round<F: Float>(value: Real, rounding: Rounding, env: &mut FpEnv) -> F {
    if value.exponent < F::MIN_EXPONENT && env.fpcr.has(F::FLUSH) {
        env.raise(fpsr::UFC);
        return F::zero(value.negative);
    }
    let (bits, remainder) = round_magnitude::<F>(value, rounding, env);
    if bits >= F::INFINITY {
        env.raise(fpsr::OFC | fpsr::IXC);
        return if rounding.overflows_to_infinity(value.negative) {
            F::infinity(value.negative)
        } else {
            F::max_normal(value.negative)
        };
    }
    if remainder != Remainder::Zero {
        env.raise(fpsr::IXC);
    }
    F::with_sign(value.negative, bits)
}

/// FPRound() to the alternative half-precision format, which has neither infinities nor NaNs.
pub fn round_alternative_half(value: Real, rounding: Rounding, env: &mut FpEnv) -> u16 {
    let (bits, remainder) = round_magnitude::<u16>(value, rounding, env);
    if bits >= u16::SIGN {
        env.raise(fpsr::IOC);
        return u16::with_sign(value.negative, u16::SIGN - 1);
    }
    if remainder != Remainder::Zero {
        env.raise(fpsr::IXC);
    }
    u16::with_sign(value.negative, bits)
}

/// The rounded magnitude in `F`'s encoding with an unbounded exponent field, and what was cut off. Raises Underflow,
/// which is detected before rounding.
#[inline]
pub fn round_magnitude<F: Float>(value: Real, rounding: Rounding, env: &mut FpEnv) -> (u64, Remainder) {
    let tiny = value.exponent < F::MIN_EXPONENT;
    let denormalise = if tiny {
        (F::MIN_EXPONENT - value.exponent) as u32
    } else {
        0
    };
    let (significand, remainder) = split(value.significand, LEADING - F::FRACTION_BITS + denormalise);
    if tiny && remainder != Remainder::Zero {
        env.raise(fpsr::UFC);
    }
    let significand = significand as u64;
    let increment = rounding.increments(value.negative, significand & 1 != 0, remainder);
    // The leading bit, or a carry into its place, adds one to the exponent field.
    let exponent_field = if tiny {
        0
    } else {
        (value.exponent - F::MIN_EXPONENT) as u64
    };
    (
        (exponent_field << F::FRACTION_BITS) + significand + u64::from(increment),
        remainder,
    )
}
