//! Media operations of AArch32: on halfwords and bytes of a general register, and those that saturate.

use super::{Val, Var};

/// What becomes of the exact sums and differences of lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The low bits; GE says where the exact result is not negative.
    Signed,
    /// The low bits; GE says where an addition carries, and a subtraction does not borrow.
    Unsigned,
    /// Saturated to signed lanes.
    SignedSaturated,
    /// Saturated to unsigned lanes.
    UnsignedSaturated,
    /// Half of the signed result.
    SignedHalved,
    /// Half of the unsigned result.
    UnsignedHalved,
    /// The low bits, and GE stays.
    Plain,
}

/// Sums or differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parallel {
    /// All lanes are added.
    Add,
    /// All lanes are subtracted.
    Sub,
    /// Of halfwords, the second operand's exchanged: the lower is subtracted, the upper added.
    SubAdd,
    /// Likewise: the lower is added, the upper subtracted.
    AddSub,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// d = sums or differences of the bytes of `a` and `b`, or of their halfwords.
    Parallel {
        op: Parallel,
        kept: Kept,
        bytes: bool,
        d: Var,
        a: Val,
        b: Val,
    },
    /// d = the bytes of `a` where GE is set, else of `b`.
    Select { d: Var, a: Val, b: Val },
    /// d = the product of the low halfwords plus (or minus) that of the high ones, signed, in 64 bits; those of `b` exchanged if `swap`.
    Products {
        swap: bool,
        subtract: bool,
        d: Var,
        a: Val,
        b: Val,
    },
    /// d = the sum of the absolute differences of bytes.
    Differences { d: Var, a: Val, b: Val },
    /// d = the nearest number of `bits` bits to a signed number of 64 bits; Q is set if that is another one.
    Saturate { signed: bool, bits: u8, d: Var, a: Val },
    /// d = both signed halfwords of `a` as numbers of `bits` bits; Q is set if that changes one.
    SaturateHalves { signed: bool, bits: u8, d: Var, a: Val },
    /// Q is set if `a`, 0 or 1, is 1.
    SetQ { a: Val },
}

impl Media {
    /// The variable that is written, and the operands.
    pub fn operands(&self) -> (Option<Var>, [Option<Val>; 2]) {
        match *self {
            Media::Parallel { d, a, b, .. }
            | Media::Select { d, a, b }
            | Media::Products { d, a, b, .. }
            | Media::Differences { d, a, b } => (Some(d), [Some(a), Some(b)]),
            Media::Saturate { d, a, .. } | Media::SaturateHalves { d, a, .. } => (Some(d), [Some(a), None]),
            Media::SetQ { a } => (None, [Some(a), None]),
        }
    }
}
