//! Advanced SIMD integer operations. An instruction of the guest is one of a few shapes here, with an operation and an element size;
//! what a shape does with them on the host is the emitter's table.

use super::{Val, Var};

/// Element-wise operations on two vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// Low half of a * b.
    Mul,
    /// a * b of the low halves of the elements, signed.
    MulLowSigned,
    /// a * b of the low halves of the elements, unsigned.
    MulLowUnsigned,
    /// a & b
    And,
    /// a & !b
    Bic,
    /// a | b
    Or,
    /// a | !b
    Orn,
    /// a ^ b
    Xor,
    /// All ones where a = b.
    Equal,
    /// All ones where a > b, signed.
    Greater,
    /// All ones where a >= b, signed.
    GreaterEqual,
    /// All ones where a > b, unsigned.
    Higher,
    /// All ones where a >= b, unsigned.
    HigherSame,
    /// All ones where a & b is not zero.
    Test,
    /// Signed maximum.
    MaxSigned,
    /// Signed minimum.
    MinSigned,
    /// Unsigned maximum.
    MaxUnsigned,
    /// Unsigned minimum.
    MinUnsigned,
    /// |a - b|, signed.
    DifferenceSigned,
    /// |a - b|, unsigned.
    DifferenceUnsigned,
    /// Elements of the lower halves in turns.
    Zip1,
    /// Elements of the upper halves in turns.
    Zip2,
    /// Even elements of both.
    Uzp1,
    /// Odd elements of both.
    Uzp2,
    /// Even elements in turns.
    Trn1,
    /// Odd elements in turns.
    Trn2,
    /// a shifted left by the signed low byte of b (right, if that is negative).
    Shift(ShiftLanes),
    /// Twice the product of the low halves of the elements, signed and saturated; FPSR.QC.
    DoublingProduct,
    /// a + b, one of which is signed (the first one, if it says so); saturated as the first one; FPSR.QC.
    SaturateMixed { signed_first: bool },
    /// The product of polynomials over {0, 1}, of bytes (the low half of it) or of bytes in halfwords.
    Polynomial,
    /// Half of a sum or difference; signed or not.
    Halve(Halving, bool),
    /// a + b or a - b, saturated, signed or not; FPSR.QC.
    Saturate(Sum, bool),
    /// The high half of 2 * a * b, rounded if it says so, saturated; FPSR.QC.
    DoublingHigh { round: bool },
}

/// How elements are shifted by those of another vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShiftLanes {
    /// Elements are signed.
    pub signed: bool,
    /// What is shifted out to the right rounds.
    pub round: bool,
    /// What does not fit is saturated; FPSR.QC.
    pub saturate: bool,
}

/// What is halved, with more bits than the elements have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halving {
    /// a + b
    Sum,
    /// a + b + 1
    SumRounded,
    /// a - b
    Difference,
}

/// Sum or difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// a + b
    Add,
    /// a - b
    Sub,
}

/// What becomes of elements that are too large for half their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// It is cut off.
    Cut,
    /// They are saturated (FPSR.QC): from signed or unsigned, to signed or unsigned.
    Saturate { from_signed: bool, to_signed: bool },
}

/// Steps of SHA-1, SHA-256 and SHA-512, by the names of their instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the manual says what they do")]
pub enum Hash {
    Sha1c,
    Sha1p,
    Sha1m,
    Sha1h,
    Sha1su0,
    Sha1su1,
    Sha256h,
    Sha256h2,
    Sha256su0,
    Sha256su1,
    Sha512h,
    Sha512h2,
    Sha512su0,
    Sha512su1,
}

/// Bitwise operations of three operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Three {
    /// a ^ b ^ c
    Xor,
    /// a ^ (b & !c)
    BitClearXor,
}

/// What becomes of a result together with the old destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Into {
    /// It replaces it.
    Replace,
    /// It is added to it.
    Add,
    /// It is subtracted from it.
    Sub,
    /// It is added to it or subtracted from it, signed and saturated; FPSR.QC.
    Saturate(Sum),
}

/// A vector operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// V\[n\].
    Reg(u8),
    /// One element of V\[n\], everywhere.
    Lane(u8, u8),
    /// The lowest element of V\[n\], and zeros: what instructions on one element compute with.
    Low(u8),
    /// Zeros.
    Zero,
    /// A constant in both halves.
    Constant(u64),
}

/// Bitwise selections between the two operands and the old destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choose {
    /// d selects: a where it is set, b elsewhere (BSL).
    Bsl,
    /// b selects: a where it is set, d elsewhere (BIT).
    Bit,
    /// b selects: d where it is set, a elsewhere (BIF).
    Bif,
}

/// Operations on one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Single {
    /// !a
    Not,
    /// |a|
    Abs,
    /// |a|, saturated; FPSR.QC.
    SaturatingAbs,
    /// Bits set in each byte.
    Count,
    /// Bits of each byte in reverse order.
    ReverseBits,
    /// Elements in reverse order within units of 2^n bytes.
    Reverse(u8),
    /// Leading zeros.
    LeadingZeros,
    /// Leading sign bits, without the sign bit itself.
    LeadingSigns,
    /// The estimate of the reciprocal, or of the reciprocal root, of an unsigned word.
    Estimate { root: bool },
}

/// Shifts of all elements by a constant, 0 to the element's width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shifts {
    /// Left.
    Left,
    /// Right, unsigned.
    Right,
    /// Right, signed.
    RightSigned,
    /// Right by one at least, unsigned, rounded.
    RightRounded,
    /// Right by one at least, signed, rounded.
    RightSignedRounded,
}

/// Saturating shifts to the left; FPSR.QC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saturating {
    /// Signed elements.
    Signed,
    /// Unsigned elements.
    Unsigned,
    /// Signed elements to unsigned ones.
    ToUnsigned,
}

/// Reductions of a vector to one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// By an element-wise operation.
    Lanes(Lanes),
    /// The sum in elements of twice the size.
    Long {
        /// Whether the elements are signed.
        signed: bool,
    },
}

/// Steps of AES; a is the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aes {
    /// AESE: d ^ a, substituted and shifted.
    Encrypt,
    /// AESD: the inverse.
    Decrypt,
    /// AESMC: columns mixed.
    Mix,
    /// AESIMC: the inverse.
    InverseMix,
    /// AESE with AESMC behind it.
    EncryptMix,
}

/// One operation. `size` is log2 of an element's bytes; without `q`, 64 bits are computed, and the upper half of the destination is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Simd {
    /// d = a constant
    Constant { d: u8, value: u128 },
    /// d = a op b, on all elements
    Binary {
        op: Lanes,
        size: u8,
        q: bool,
        d: u8,
        a: Operand,
        b: Operand,
        into: Into,
    },
    /// d = op of neighbours, those of a first, then those of b
    Pairwise {
        op: Lanes,
        size: u8,
        q: bool,
        d: u8,
        a: u8,
        b: u8,
    },
    /// d = a op b, of elements of `size` of the lower halves (upper halves if `upper`), extended to twice their width; a is that wide already if `wide`.
    Long {
        op: Lanes,
        size: u8,
        signed: bool,
        wide: bool,
        upper: bool,
        d: u8,
        a: Operand,
        b: Operand,
        into: Into,
    },
    /// d = a bitwise selection
    Choose { op: Choose, q: bool, d: u8, a: u8, b: u8 },
    /// d = op a
    Single {
        op: Single,
        size: u8,
        q: bool,
        d: u8,
        a: Operand,
    },
    /// d = a shifted left by less than the width, saturated
    ShiftSaturating {
        op: Saturating,
        size: u8,
        q: bool,
        d: u8,
        a: Operand,
        by: u8,
    },
    /// d = d + or - the high half of 2 * a * b, rounded and saturated once; FPSR.QC
    RoundedHigh {
        op: Sum,
        size: u8,
        q: bool,
        d: u8,
        a: Operand,
        b: Operand,
    },
    /// d = a shifted by a constant
    Shift {
        op: Shifts,
        size: u8,
        q: bool,
        d: u8,
        a: u8,
        by: u8,
        into: Into,
    },
    /// d = elements of `size` of one half, extended and shifted left
    Widen {
        size: u8,
        signed: bool,
        upper: bool,
        d: u8,
        a: u8,
        by: u8,
    },
    /// One half of d = elements of twice `size`, shifted right; the upper half if `upper`.
    Narrow {
        size: u8,
        upper: bool,
        d: u8,
        a: Operand,
        by: u8,
        round: bool,
        excess: Excess,
    },
    /// One half of d = the high halves of sums or differences of elements of twice `size`, rounded if it says so.
    NarrowHigh {
        op: Sum,
        size: u8,
        upper: bool,
        round: bool,
        d: u8,
        a: u8,
        b: u8,
    },
    /// d = a shifted by a constant, where it has bits; other bits of d stay.
    ShiftInsert {
        op: Shifts,
        size: u8,
        q: bool,
        d: u8,
        a: u8,
        by: u8,
    },
    /// d = d + the products of four bytes each of a and b, signed or not (or the four bytes of b that element `lane` has)
    Dot {
        signed: (bool, bool),
        q: bool,
        d: u8,
        a: u8,
        b: u8,
        lane: Option<u8>,
    },
    /// d = d + the product of two matrices of bytes, 2 x 8 in a and (by columns) 8 x 2 in b
    MatrixProduct { signed: (bool, bool), d: u8, a: u8, b: u8 },
    /// d = op(d, a, b)
    Sha { op: Hash, d: u8, a: u8, b: u8 },
    /// d = op(a, b, c)
    Three { op: Three, d: u8, a: u8, b: u8, c: u8 },
    /// d = a ^ b, with 64-bit elements rotated right (XAR), or a ^ b with those of b rotated left by one (RAX1: `by` is 0)
    XorRotate { d: u8, a: u8, b: u8, by: u8 },
    /// d = sums of neighbours of `size`, twice as wide
    PairLong {
        size: u8,
        signed: bool,
        q: bool,
        d: u8,
        a: u8,
        into: Into,
    },
    /// d = all elements reduced to one
    Across {
        op: Across,
        size: u8,
        q: bool,
        d: u8,
        a: u8,
    },
    /// d = (b:a) >> 8 * by
    Extract { q: bool, d: u8, a: u8, b: u8, by: u8 },
    /// d = bytes of the table in V\[a\] and the registers behind it, selected by b; bytes that b does not select stay if `keep`, and are zero if not
    Table {
        q: bool,
        d: u8,
        a: u8,
        count: u8,
        b: u8,
        keep: bool,
    },
    /// All elements of d = a general register
    Duplicate { size: u8, q: bool, d: u8, a: Val },
    /// All elements of d = one element of a
    DuplicateLane { size: u8, q: bool, d: u8, a: u8, lane: u8 },
    /// d = one element of a
    Element { size: u8, d: u8, a: u8, lane: u8 },
    /// One element of d = a general register
    Insert { size: u8, d: u8, lane: u8, a: Val },
    /// One element of d = one element of a
    Copy { size: u8, d: u8, lane: u8, a: u8, from: u8 },
    /// A general register = one element of a
    Move { size: u8, d: Var, a: u8, lane: u8 },
    /// d = the carry-less product of two 64-bit elements
    Pmull { upper: bool, d: u8, a: u8, b: u8 },
    /// A step of AES
    Aes { op: Aes, d: u8, a: u8 },
}

impl Simd {
    /// The vector register that is written, and log2 of the bytes at its bottom that may not be zero (at most).
    pub fn written(&self) -> Option<(u8, u8)> {
        let half = |q: bool| if q { 4 } else { 3 };
        match *self {
            Simd::Move { .. } => None,
            Simd::Element { size, d, .. } | Simd::Across { size, d, .. } => Some((d, (size + 1).min(3))),
            Simd::Binary { q, d, .. }
            | Simd::Pairwise { q, d, .. }
            | Simd::Choose { q, d, .. }
            | Simd::Single { q, d, .. }
            | Simd::Shift { q, d, .. }
            | Simd::PairLong { q, d, .. }
            | Simd::ShiftInsert { q, d, .. }
            | Simd::ShiftSaturating { q, d, .. }
            | Simd::RoundedHigh { q, d, .. }
            | Simd::Dot { q, d, .. }
            | Simd::Extract { q, d, .. }
            | Simd::Table { q, d, .. }
            | Simd::Duplicate { q, d, .. }
            | Simd::DuplicateLane { q, d, .. } => Some((d, half(q))),
            Simd::Narrow { upper, d, .. } | Simd::NarrowHigh { upper, d, .. } => Some((d, half(upper))),
            Simd::Constant { d, value } => Some((d, half(value >> 64 != 0))),
            Simd::Long { d, .. }
            | Simd::Widen { d, .. }
            | Simd::Insert { d, .. }
            | Simd::Copy { d, .. }
            | Simd::Pmull { d, .. }
            | Simd::Sha { d, .. }
            | Simd::MatrixProduct { d, .. }
            | Simd::Three { d, .. }
            | Simd::XorRotate { d, .. }
            | Simd::Aes { d, .. } => Some((d, 4)),
        }
    }
}
