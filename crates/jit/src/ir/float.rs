//! Operations of floating point. They hold for FPCR = 0, the only value under which translated code runs; exceptions gather in
//! the host's MXCSR until translated code is left (see `crate::enter`).

use super::{Val, Var, Width};

/// The format of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 64 bits.
    Double,
}

/// Two-operand arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatBinary {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// -(a * b)
    Nmul,
    /// a / b
    Div,
    /// The larger, +0 being larger than -0. With a NaN, the rules of FMAX or FMAXNM.
    Max,
    /// The smaller, -0 being smaller than +0. With a NaN, the rules of FMIN or FMINNM.
    Min,
}

/// One-operand operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatUnary {
    /// a
    Mov,
    /// Without its sign.
    Abs,
    /// With the other sign.
    Neg,
    /// The square root.
    Sqrt,
    /// The integer that this rounding finds; Inexact is raised if `exact`.
    Round {
        /// Its direction.
        rounding: HostRounding,
        /// Whether Inexact is raised.
        exact: bool,
    },
}

/// Directions of rounding that the host has too, with its numbers for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HostRounding {
    /// To nearest, ties to even.
    Nearest = 0,
    /// Towards minus infinity.
    Down = 1,
    /// Towards plus infinity.
    Up = 2,
    /// Towards zero.
    Zero = 3,
}

/// Arithmetic lane by lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatLanes {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// a / b
    Div,
    /// d + a * b, rounded once.
    MulAdd,
    /// d - a * b, rounded once.
    MulSub,
}

/// A comparison of V\[a\] with V\[b\], or with zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Format of the operands.
    pub p: Precision,
    /// First operand.
    pub a: u8,
    /// Second operand; `None` is zero.
    pub b: Option<u8>,
    /// Quiet NaNs are invalid operands too (FCMPE).
    pub signal: bool,
}

/// Operations on numbers in the vector registers. A written number clears the rest of its register.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Float {
    /// d = a op b
    Binary {
        op: FloatBinary,
        p: Precision,
        d: u8,
        a: u8,
        b: u8,
    },
    /// d = op(a)
    Unary { op: FloatUnary, p: Precision, d: u8, a: u8 },
    /// d = (±addend) + (±(a * b)), rounded once.
    MultiplyAdd {
        p: Precision,
        d: u8,
        addend: u8,
        a: u8,
        b: u8,
        negative_addend: bool,
        negative_product: bool,
    },
    /// d = a in the other precision, `to`.
    Convert { to: Precision, d: u8, a: u8 },
    /// d = an integer of width `w`.
    FromInteger {
        p: Precision,
        d: u8,
        w: Width,
        signed: bool,
        a: Val,
    },
    /// d = a as an integer of width `w`, truncated and saturated.
    ToInteger {
        p: Precision,
        d: Var,
        w: Width,
        signed: bool,
        a: u8,
    },
    /// V\[d\] = the bits of an integer.
    FromBits { w: Width, d: u8, a: Val },
    /// d = the bits of V\[a\]
    ToBits { w: Width, d: Var, a: u8 },
    /// The upper half of V\[d\] = a; the lower half stays.
    FromBitsTop { d: u8, a: Val },
    /// d = the upper half of V\[a\]
    ToBitsTop { d: Var, a: u8 },
    /// All lanes of d = a op b, or a op lane `lane` of b.
    Lanes {
        op: FloatLanes,
        p: Precision,
        d: u8,
        a: u8,
        b: u8,
        lane: Option<u8>,
    },
    /// d = the sum of the two lowest lanes of a.
    PairSum { p: Precision, d: u8, a: u8 },
    /// Defines the flags. `reversed`: as the host's comparison of b with a, which serves other conditions.
    Compare { comparison: Comparison, reversed: bool },
    /// flags = cond ? comparison : nzcv
    CompareIf { comparison: Comparison, cond: u8, nzcv: u8 },
    /// d = cond ? a : b
    Select {
        p: Precision,
        cond: u8,
        d: u8,
        a: u8,
        b: u8,
    },
}
