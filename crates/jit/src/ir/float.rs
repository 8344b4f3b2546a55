//! Operations of floating point. They hold for one value of FPCR, that of the translation (see [`Numbers`]); exceptions gather in the host's MXCSR
//! until translated code is left (see `crate::enter`).

use super::{Val, Var, Width};

/// Under which conditions numbers are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Numbers {
    /// FPCR.
    pub fpcr: u32,
    /// An invalid operation traps on the host, and the interpreter runs the instruction: no check is needed where the host raises that exception
    /// in all cases in which its result is not Arm's.
    pub trap: bool,
    /// Results that are the smallest normal number are left to the interpreter: rounded up from below, Arm takes them for tiny, the host does
    /// not. That decides about FPSR.UFC, and whether they are flushed.
    pub underflow: bool,
    /// FPCR rounds to nearest.
    pub nearest: bool,
    /// Tiny operands and results are zeros.
    pub flush: bool,
    /// Half precision is IEEE's, and nothing is flushed.
    pub half: bool,
    /// Some operations are Advanced SIMD's in AArch32, under the standard value of FPSCR, which flushes what is tiny: that traps as well.
    pub standard: bool,
}

/// FPCR.AHP.
const ALTERNATIVE_HALF: u32 = 1 << 26;
/// FPCR.DN.
const DEFAULT_NAN: u32 = 1 << 25;
/// FPCR.FZ.
const FLUSH: u32 = 1 << 24;
/// FPCR.RMode, and its lowest bit.
const ROUNDING: u32 = 3 << 22;
/// FPCR.FZ16.
const FLUSH_HALF: u32 = 1 << 19;

/// AArch32's "RunFast" mode: the control bits of FPSCR are those of its standard value, under which tiny numbers and NaNs trap (see [`Numbers::standard`]).
pub const RUN_FAST: u32 = DEFAULT_NAN | FLUSH;

impl Numbers {
    /// For a value of FPCR, a host that may trap, a program that reads FPSR or does not, and one of AArch32 or AArch64.
    pub fn new(fpcr: u32, trap: bool, exact: bool, standard: bool) -> Numbers {
        let control = if standard && fpcr == RUN_FAST { 0 } else { fpcr };
        let flush = control & FLUSH != 0;
        Numbers {
            fpcr,
            // The host's NaNs are never the default one.
            trap: trap && control & DEFAULT_NAN == 0,
            underflow: exact || flush,
            nearest: fpcr & ROUNDING == 0,
            flush,
            standard,
            half: control & (ALTERNATIVE_HALF | FLUSH | FLUSH_HALF) == 0,
        }
    }

    /// AArch32, in "RunFast" mode.
    pub fn run_fast(&self) -> bool {
        self.standard && self.fpcr == RUN_FAST
    }

    /// The host's rounding control: RMode has the directions up and down the other way round.
    pub fn host_rounding(&self) -> u32 {
        [0, 2, 1, 3][(self.fpcr >> 22 & 3) as usize]
    }
}

/// The format of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 64 bits.
    Double,
}

impl Precision {
    /// Log2 of the bytes.
    pub fn size(self) -> u8 {
        match self {
            Precision::Single => 2,
            Precision::Double => 3,
        }
    }
}

/// Which elements are computed; the rest of the destination is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The lowest one.
    Scalar,
    /// Those of the lower 64 bits.
    Half,
    /// All of 128 bits.
    Full,
}

impl Shape {
    /// From a `q` field.
    pub fn of(q: bool) -> Shape {
        if q { Shape::Full } else { Shape::Half }
    }
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
        rounding: Rounding,
        /// Whether Inexact is raised.
        exact: bool,
    },
}

/// Directions of rounding; all but the last are the host's, too, with these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rounding {
    /// To nearest, ties to even.
    Nearest = 0,
    /// Towards minus infinity.
    Down = 1,
    /// Towards plus infinity.
    Up = 2,
    /// Towards zero.
    Zero = 3,
    /// As FPCR says.
    Current = 4,
    /// To nearest, ties away from zero.
    Away = 5,
}

/// Arithmetic element by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatLanes {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// a * b, and 2 for zero times infinity.
    Mulx,
    /// a / b
    Div,
    /// |a - b|
    Difference,
    /// The larger, as [`FloatBinary::Max`].
    Max,
    /// The smaller, as [`FloatBinary::Min`].
    Min,
    /// d + a * b, rounded once.
    MulAdd,
    /// d - a * b, rounded once.
    MulSub,
    /// 2 - a * b, rounded once, and 2 for zero times infinity.
    ReciprocalStep,
    /// (3 - a * b) / 2, rounded once, and 1.5 for zero times infinity.
    RootStep,
}

/// Arithmetic in half precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfOp {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// -(a * b)
    NegatedMul,
    /// a / b
    Div,
    /// |a - b|
    Difference,
    /// The larger, as [`FloatBinary::Max`].
    Max,
    /// The smaller, as [`FloatBinary::Min`].
    Min,
    /// The square root of a.
    Sqrt,
    /// The integer that this rounding of a finds; Inexact is raised if `exact`.
    Round {
        /// Its direction.
        rounding: Rounding,
        /// Whether Inexact is raised.
        exact: bool,
    },
    /// All ones where the comparison of a with b holds.
    Compare(FloatCompare),
}

/// An operand in half precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfOperand {
    /// The elements of V\[n\].
    Reg(u8),
    /// One element of V\[n\], everywhere.
    Lane(u8, u8),
    /// Zeros.
    Zero,
    /// A number, as the bits of single precision, everywhere.
    Number(u32),
}

impl HalfOperand {
    /// The register that it is in.
    pub fn register(self) -> Option<u8> {
        match self {
            HalfOperand::Reg(n) | HalfOperand::Lane(n, _) => Some(n),
            HalfOperand::Zero | HalfOperand::Number(_) => None,
        }
    }
}

/// Comparisons of elements. With a NaN they do not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatCompare {
    /// a = b
    Equal,
    /// a >= b
    GreaterEqual,
    /// a > b
    Greater,
    /// |a| >= |b|
    MagnitudeGreaterEqual,
    /// |a| > |b|
    MagnitudeGreater,
    /// a <= b
    LessEqual,
    /// a < b
    Less,
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
    /// They are in half precision, in fact, and compared in single.
    pub half: bool,
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
    /// d = a half-precision number in another precision.
    FromHalf { to: Precision, d: u8, a: u8 },
    /// d = a number of another precision in half precision.
    ToHalf { from: Precision, d: u8, a: u8 },
    /// d = an integer of width `w`, divided by 2^fbits.
    FromInteger {
        p: Precision,
        d: u8,
        w: Width,
        signed: bool,
        a: Val,
        fbits: u8,
    },
    /// d = a * 2^fbits as an integer of width `w`, rounded and saturated; a is in half precision if `half`, and `p` is Single.
    ToInteger {
        p: Precision,
        d: Var,
        w: Width,
        signed: bool,
        a: u8,
        rounding: Rounding,
        fbits: u8,
        half: bool,
    },
    /// V\[d\] = the bits of an integer.
    FromBits { w: Width, d: u8, a: Val },
    /// d = the bits of V\[a\]
    ToBits { w: Width, d: Var, a: u8 },
    /// The upper half of V\[d\] = a; the lower half stays.
    FromBitsTop { d: u8, a: Val },
    /// d = the upper half of V\[a\]
    ToBitsTop { d: Var, a: u8 },
    /// d = a op b, or a op element `lane` of b.
    Lanes {
        op: FloatLanes,
        p: Precision,
        shape: Shape,
        d: u8,
        a: u8,
        b: u8,
        lane: Option<u8>,
    },
    /// d = op(a)
    LanesUnary {
        op: FloatUnary,
        p: Precision,
        shape: Shape,
        d: u8,
        a: u8,
    },
    /// d = all ones where the comparison of a with b (or zero) holds.
    LanesCompare {
        op: FloatCompare,
        p: Precision,
        shape: Shape,
        d: u8,
        a: u8,
        b: Option<u8>,
    },
    /// d = op (Add, Max or Min) of neighbours, those of a first, then those of b.
    Pairs {
        op: FloatLanes,
        p: Precision,
        q: bool,
        d: u8,
        a: u8,
        b: u8,
    },
    /// d = the two lowest elements of a, reduced by Add, Max or Min.
    Pair { op: FloatLanes, p: Precision, d: u8, a: u8 },
    /// d = all four elements of a, reduced by Max or Min.
    Across { op: FloatLanes, d: u8, a: u8 },
    /// d = elements of a times 2^fbits, as integers of the same size, rounded and saturated.
    LanesToInteger {
        p: Precision,
        shape: Shape,
        signed: bool,
        rounding: Rounding,
        fbits: u8,
        d: u8,
        a: u8,
    },
    /// d = integer elements of a, divided by 2^fbits.
    LanesFromInteger {
        p: Precision,
        shape: Shape,
        signed: bool,
        fbits: u8,
        d: u8,
        a: u8,
    },
    /// d = the estimates of the reciprocals (or of the reciprocal roots) of the elements of a
    Estimate {
        root: bool,
        p: Precision,
        shape: Shape,
        d: u8,
        a: u8,
    },
    /// d = a op b in half precision
    Half {
        op: HalfOp,
        shape: Shape,
        d: u8,
        a: u8,
        b: HalfOperand,
    },
    /// d = op (Add, Max or Min) of neighbours in half precision, those of a first, then those of b.
    HalfPairs { op: HalfOp, q: bool, d: u8, a: u8, b: u8 },
    /// d = all elements of a in half precision, reduced by Max or Min.
    HalfAcross { op: HalfOp, q: bool, d: u8, a: u8 },
    /// d = elements of a in half precision times 2^fbits, as integers of 16 bits, rounded and saturated.
    HalfToInteger {
        shape: Shape,
        signed: bool,
        rounding: Rounding,
        fbits: u8,
        d: u8,
        a: u8,
    },
    /// d = integer elements of a of 16 bits, divided by 2^fbits, in half precision.
    HalfFromInteger {
        shape: Shape,
        signed: bool,
        fbits: u8,
        d: u8,
        a: u8,
    },
    /// d = d + a * b or d - a * b in single precision, rounded once; a and b are in half precision, the lower or the upper ones of twice as many elements.
    HalfProduct {
        negative: bool,
        q: bool,
        upper: bool,
        d: u8,
        a: u8,
        b: u8,
        lane: Option<u8>,
    },
    /// The same of the even or the odd BFloat16 numbers.
    BrainProduct {
        odd: bool,
        d: u8,
        a: u8,
        b: u8,
        lane: Option<u8>,
    },
    /// d = complex numbers a plus b turned by `rot` quarters; or, `fused`, d plus the real (or, turned by odd quarters, the imaginary) parts of a times these. `p` is
    /// `None` in half precision.
    Complex {
        fused: bool,
        p: Option<Precision>,
        q: bool,
        d: u8,
        a: u8,
        b: u8,
        lane: Option<u8>,
        rot: u8,
    },
    /// d = a rounded to integers of 32 bits, or 64 if `wide`; Inexact is raised.
    RoundSized {
        wide: bool,
        rounding: Rounding,
        p: Precision,
        shape: Shape,
        d: u8,
        a: u8,
    },
    /// One half of d (the upper one if `upper`, the other stays), or the lowest element if `scalar` = doubles of a in single precision, rounded to odd.
    NarrowOdd { scalar: bool, upper: bool, d: u8, a: u8 },
    /// d = (±addend) + (±(a * b)) in half precision, rounded once, and halved if it says so; `negative` is about the addend and the product.
    HalfMultiplyAdd {
        shape: Shape,
        d: u8,
        addend: HalfOperand,
        halve: bool,
        a: u8,
        b: HalfOperand,
        negative: (bool, bool),
    },
    /// d = two elements (the upper ones if `upper`), or four in half precision, in the next larger precision `to`.
    Lengthen { to: Precision, upper: bool, d: u8, a: u8 },
    /// One half of d (the upper one if `upper`, the other stays) = elements of `from` in the next smaller precision.
    Narrow { from: Precision, upper: bool, d: u8, a: u8 },
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

impl Float {
    /// The vector register that is written, and log2 of the bytes at its bottom that may not be zero.
    pub fn written(&self) -> Option<(u8, u8)> {
        let shaped = |shape, p: Precision| match shape {
            Shape::Scalar => p.size(),
            Shape::Half => 3,
            Shape::Full => 4,
        };
        match *self {
            Float::Binary { p, d, .. }
            | Float::Unary { p, d, .. }
            | Float::MultiplyAdd { p, d, .. }
            | Float::Convert { to: p, d, .. }
            | Float::FromHalf { to: p, d, .. }
            | Float::FromInteger { p, d, .. }
            | Float::Pair { p, d, .. }
            | Float::Select { p, d, .. } => Some((d, p.size())),
            Float::ToHalf { d, .. } => Some((d, 1)),
            Float::Half { shape, d, .. }
            | Float::HalfMultiplyAdd { shape, d, .. }
            | Float::HalfToInteger { shape, d, .. }
            | Float::HalfFromInteger { shape, d, .. } => match shape {
                Shape::Scalar => Some((d, 1)),
                Shape::Half => Some((d, 3)),
                Shape::Full => Some((d, 4)),
            },
            Float::Across { d, .. } => Some((d, 2)),
            Float::HalfAcross { d, .. } => Some((d, 1)),
            Float::BrainProduct { d, .. } => Some((d, 4)),
            Float::HalfPairs { q, d, .. } | Float::HalfProduct { q, d, .. } | Float::Complex { q, d, .. } => {
                Some((d, if q { 4 } else { 3 }))
            }
            Float::NarrowOdd { scalar, upper, d, .. } => match (scalar, upper) {
                (true, _) => Some((d, 2)),
                (_, false) => Some((d, 3)),
                _ => Some((d, 4)),
            },
            Float::FromBits { w, d, .. } => Some((d, if w == Width::X { 3 } else { 2 })),
            Float::FromBitsTop { d, .. } | Float::Lengthen { d, .. } => Some((d, 4)),
            Float::Lanes { p, shape, d, .. }
            | Float::LanesUnary { p, shape, d, .. }
            | Float::LanesCompare { p, shape, d, .. }
            | Float::Estimate { p, shape, d, .. }
            | Float::RoundSized { p, shape, d, .. }
            | Float::LanesToInteger { p, shape, d, .. }
            | Float::LanesFromInteger { p, shape, d, .. } => Some((d, shaped(shape, p))),
            Float::Pairs { q, d, .. } => Some((d, if q { 4 } else { 3 })),
            Float::Narrow { upper, d, .. } => Some((d, if upper { 4 } else { 3 })),
            Float::ToInteger { .. }
            | Float::ToBits { .. }
            | Float::ToBitsTop { .. }
            | Float::Compare { .. }
            | Float::CompareIf { .. } => None,
        }
    }
}
