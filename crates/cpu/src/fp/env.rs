//! What a floating-point instruction reads and writes besides its operands: FPCR and FPSR (Arm ARM C5.2.8, C5.2.10).

/// The cumulative bits of FPSR; AArch32's FPSCR has them in the same places.
pub mod fpsr {
    /// Invalid operation.
    pub const IOC: u32 = 1 << 0;
    /// Division by zero.
    pub const DZC: u32 = 1 << 1;
    /// Overflow.
    pub const OFC: u32 = 1 << 2;
    /// Underflow.
    pub const UFC: u32 = 1 << 3;
    /// Inexact.
    pub const IXC: u32 = 1 << 4;
    /// Input denormal: an operand was flushed to zero.
    pub const IDC: u32 = 1 << 7;
    /// Saturation of an Advanced SIMD integer instruction.
    pub const QC: u32 = 1 << 27;
    /// The bits that MSR FPSR can set.
    pub const WRITABLE: u32 = QC | IDC | IXC | UFC | OFC | DZC | IOC;
}

/// How a result is rounded: FPRounding of the manual. The discriminants 0 to 3 are FPCR.RMode's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To nearest, ties to even (RN).
    TiesToEven = 0,
    /// Towards plus infinity (RP).
    TowardPositive = 1,
    /// Towards minus infinity (RM).
    TowardNegative = 2,
    /// Towards zero (RZ).
    TowardZero = 3,
    /// To nearest, ties away from zero (FCVTA, FRINTA).
    TiesToAway,
    /// To odd: inexact results get a set last bit (FCVTXN, BFDOT).
    ToOdd,
}

/// FPCR, the floating-point control register; also the control bits of AArch32's FPSCR, which are in the same places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fpcr(pub u32);

impl Fpcr {
    /// AHP: conversions read and write the alternative half-precision format.
    pub const AHP: u32 = 1 << 26;
    /// DN: every NaN result is the default NaN.
    pub const DN: u32 = 1 << 25;
    /// FZ: denormal single and double operands and results become zero.
    pub const FZ: u32 = 1 << 24;
    /// RMode, two bits.
    pub const RMODE: u32 = 3 << 22;
    /// FZ16: FZ for half precision.
    pub const FZ16: u32 = 1 << 19;
    /// AArch32's Len, less one: VFP data processing works on short vectors if it is not 0 (VFPv2, VFPv3).
    pub const LEN: u32 = 7 << 16;
    /// AArch32's Stride: 0 for 1, 3 for 2.
    pub const STRIDE: u32 = 3 << 20;
    /// The bits that MSR FPCR can set: no trap enables, no FEAT_AFP, no FEAT_EBF16.
    pub const WRITABLE: u32 = Fpcr::AHP | Fpcr::DN | Fpcr::FZ | Fpcr::RMODE | Fpcr::FZ16;

    /// StandardFPSCRValue() of the manual: what AArch32 Advanced SIMD obeys instead of `fpscr`.
    pub fn standard(fpscr: u32) -> Fpcr {
        Fpcr(fpscr & (Fpcr::AHP | Fpcr::FZ16) | Fpcr::DN | Fpcr::FZ)
    }

    /// FPRoundingMode(): the mode that RMode selects.
    #[inline]
    pub fn rounding(self) -> Rounding {
        match self.0 >> 22 & 3 {
            0 => Rounding::TiesToEven,
            1 => Rounding::TowardPositive,
            2 => Rounding::TowardNegative,
            _ => Rounding::TowardZero,
        }
    }

    /// Whether any bit of `mask` is set.
    #[inline]
    pub fn has(self, mask: u32) -> bool {
        self.0 & mask != 0
    }
}

/// The environment of one or more floating-point operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FpEnv {
    /// Control bits.
    pub fpcr: Fpcr,
    /// Status: starts as the register's value and gathers the exceptions. Fast paths are open once IXC is set.
    pub fpsr: u32,
}

impl FpEnv {
    /// The environment of A64 instructions and of AArch32 scalar (VFP) ones.
    #[inline]
    pub fn new(fpcr: u32, fpsr: u32) -> FpEnv {
        FpEnv { fpcr: Fpcr(fpcr), fpsr }
    }

    /// The environment of AArch32 Advanced SIMD instructions: the standard FPSCR value.
    #[inline]
    pub fn standard(fpscr: u32, fpsr: u32) -> FpEnv {
        FpEnv {
            fpcr: Fpcr::standard(fpscr),
            fpsr,
        }
    }

    /// FPProcessException() with traps off: sets bits of [`fpsr`](mod@fpsr).
    #[inline]
    pub(crate) fn raise(&mut self, flags: u32) {
        self.fpsr |= flags;
    }

    /// Runs exact code on a copy of the environment. It stands apart, so that this one can live in registers on the fast path, and
    /// so that a caller in tail position stays there: nobody else knows its address.
    #[inline(always)]
    pub(crate) fn apart<R>(&mut self, operation: impl FnOnce(&mut FpEnv) -> R) -> R {
        #[cold]
        #[inline(never)]
        fn run<R>(mut env: FpEnv, operation: impl FnOnce(&mut FpEnv) -> R) -> (R, FpEnv) {
            let result = operation(&mut env);
            (result, env)
        }
        let (result, env) = run(*self, operation);
        *self = env;
        result
    }
}
