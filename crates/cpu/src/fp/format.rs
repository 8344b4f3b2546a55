//! The formats: half (`u16`), single (`u32`), double (`u64`) and, inside this module only, BFloat16.

use super::env::Fpcr;
use super::host::Host;

/// A floating-point format, implemented by the unsigned integer that holds its bit pattern.
///
/// Implemented for `u16`, `u32` and `u64`; it cannot be implemented elsewhere.
pub trait Float: Copy + Eq + Host + 'static {
    /// Width of the exponent field (E).
    const EXPONENT_BITS: u32;
    /// Width of the fraction field (F).
    const FRACTION_BITS: u32;
    /// The bit of FPCR that flushes denormals of this format.
    const FLUSH: u32;
    /// Whether flushing an operand sets FPSR.IDC.
    const FLUSH_SETS_IDC: bool;

    /// The bit pattern, zero-extended.
    fn bits(self) -> u64;
    /// The low bits of `bits`.
    fn from_bits(bits: u64) -> Self;
}

/// A BFloat16 bit pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bf16(pub u16);

macro_rules! float {
    ($type:ty, $exponent:literal, $fraction:literal, $flush:expr, $idc:literal, $bits:expr, $from:expr) => {
        impl Float for $type {
            const EXPONENT_BITS: u32 = $exponent;
            const FRACTION_BITS: u32 = $fraction;
            const FLUSH: u32 = $flush;
            const FLUSH_SETS_IDC: bool = $idc;

            #[inline(always)]
            fn bits(self) -> u64 {
                $bits(self)
            }

            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                $from(bits)
            }
        }
    };
}

float!(u16, 5, 10, Fpcr::FZ16, false, u64::from, |bits| bits as u16);
float!(u32, 8, 23, Fpcr::FZ, true, u64::from, |bits| bits as u32);
float!(u64, 11, 52, Fpcr::FZ, true, |bits| bits, |bits| bits);
float!(Bf16, 8, 7, Fpcr::FZ, true, |value: Bf16| u64::from(value.0), |bits| {
    Bf16(bits as u16)
});

/// Constants and predicates that follow from [`Float`].
pub trait FloatExt: Float {
    /// Bit number of the sign.
    const SIGN_SHIFT: u32 = Self::EXPONENT_BITS + Self::FRACTION_BITS;
    /// The sign bit.
    const SIGN: u64 = 1 << Self::SIGN_SHIFT;
    /// Plus infinity; also the mask of the exponent field.
    const INFINITY: u64 = Self::SIGN - (1 << Self::FRACTION_BITS);
    /// Mask of the fraction field.
    const FRACTION: u64 = (1 << Self::FRACTION_BITS) - 1;
    /// The bit that tells a quiet NaN from a signalling one.
    const QUIET: u64 = 1 << (Self::FRACTION_BITS - 1);
    /// The smallest exponent of a normal number.
    const MIN_EXPONENT: i32 = 2 - (1 << (Self::EXPONENT_BITS - 1));

    /// The sign.
    #[inline(always)]
    fn is_negative(self) -> bool {
        self.bits() & Self::SIGN != 0
    }

    /// All bits but the sign.
    #[inline(always)]
    fn magnitude(self) -> u64 {
        self.bits() & (Self::SIGN - 1)
    }

    /// Quiet or signalling.
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.magnitude() > Self::INFINITY
    }

    /// A NaN that raises Invalid Operation wherever it is used.
    #[inline(always)]
    fn is_signalling(self) -> bool {
        self.is_nan() && self.bits() & Self::QUIET == 0
    }

    /// Plus or minus infinity.
    #[inline(always)]
    fn is_infinite(self) -> bool {
        self.magnitude() == Self::INFINITY
    }

    /// Plus or minus zero.
    #[inline(always)]
    fn is_zero(self) -> bool {
        self.magnitude() == 0
    }

    /// A denormal number: exponent field zero, fraction not.
    #[inline(always)]
    fn is_denormal(self) -> bool {
        self.magnitude().wrapping_sub(1) < Self::FRACTION
    }

    /// `magnitude` with a sign.
    #[inline(always)]
    fn with_sign(negative: bool, magnitude: u64) -> Self {
        Self::from_bits(u64::from(negative) << Self::SIGN_SHIFT | magnitude)
    }

    /// FPZero().
    #[inline(always)]
    fn zero(negative: bool) -> Self {
        Self::with_sign(negative, 0)
    }

    /// FPInfinity().
    #[inline(always)]
    fn infinity(negative: bool) -> Self {
        Self::with_sign(negative, Self::INFINITY)
    }

    /// FPMaxNormal().
    #[inline(always)]
    fn max_normal(negative: bool) -> Self {
        Self::with_sign(negative, Self::INFINITY - 1)
    }

    /// FPDefaultNaN(): positive, quiet, empty.
    #[inline(always)]
    fn default_nan() -> Self {
        Self::from_bits(Self::INFINITY | Self::QUIET)
    }
}

impl<F: Float> FloatExt for F {}
