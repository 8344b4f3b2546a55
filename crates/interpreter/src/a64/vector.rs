//! Lanes of vector registers: one generic function per shape of operation, for every element type. Nothing here is an
//! instruction.
//!
//! Everything works on [`Vector`], sixteen bytes in memory order, and on arrays of lanes, with loops that the compiler
//! unrolls and turns into vector instructions. Do not go through `u128` on the way: from shifts and ORs of a wide integer no
//! compiler finds its way back.

use std::fmt::Debug;
use std::ops::{Add, BitAnd, BitOr, BitXor, Not, Shl, Shr, Sub};

use armlet_cpu::a64::{State, Vector};

/// The type of a lane: `u8` to `u64`, `i8` to `i64`.
pub trait Element:
    Copy
    + Default
    + Debug
    + Ord
    + Not<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + 'static
{
    /// Bits of one lane.
    const BITS: u32;
    /// Lanes in 128 bits.
    const LANES: usize;
    /// The number 1.
    const ONE: Self;
    /// All bits set: "true" of a comparison.
    const ONES: Self;
    /// The smallest value.
    const MIN: Self;
    /// The largest value.
    const MAX: Self;
    /// All lanes, lane 0 first.
    type Lanes: Copy + Default + AsRef<[Self]> + AsMut<[Self]>;
    /// The unsigned type of the same size.
    type Unsigned: Element;
    /// The integer of twice the size, in which sums and products of two lanes are exact.
    type Wide: Copy
        + Ord
        + From<Self>
        + From<Self::Unsigned>
        + SaturateTo<Self>
        + SaturateTo<Self::Unsigned>
        + Add<Output = Self::Wide>
        + Sub<Output = Self::Wide>
        + Shl<u32, Output = Self::Wide>
        + Shr<u32, Output = Self::Wide>;

    /// Takes a register apart.
    fn lanes(vector: &Vector) -> Self::Lanes;
    /// Puts a register together.
    fn vector(lanes: Self::Lanes) -> Vector;
    /// Every lane is `f` of its index. Where `f` is known, this becomes a shuffle.
    fn from_fn(f: impl FnMut(usize) -> Self) -> Vector;
    /// One lane; the index counts modulo the number of lanes.
    fn get(vector: &Vector, index: u8) -> Self;
    /// Replaces one lane; the index counts modulo the number of lanes.
    fn set(vector: &mut Vector, index: u8, value: Self);
    /// The low bits of a wide integer.
    fn truncate(wide: Self::Wide) -> Self;
    /// The low eight bits as a signed number (a shift by register).
    fn low_byte(self) -> i8;
    /// The same bits as an unsigned number.
    fn unsigned(self) -> Self::Unsigned;
    /// An unsigned number's bits.
    fn from_bits(bits: Self::Unsigned) -> Self;
    /// Zeros above the highest bit set.
    fn leading_zeros(self) -> Self;
    /// The product, exactly.
    fn product(self, other: Self) -> Self::Wide;
    /// The sum, wrapping.
    fn add(self, other: Self) -> Self;
    /// The difference, wrapping.
    fn sub(self, other: Self) -> Self;
    /// The product, wrapping.
    fn mul(self, other: Self) -> Self;
    /// The nearest value to the sum.
    fn saturating_add(self, other: Self) -> Self;
    /// The nearest value to the difference.
    fn saturating_sub(self, other: Self) -> Self;
    /// Bits of the lane, shifted to the left, zeros from the right; `shift` below [`Element::BITS`].
    fn shl(self, shift: u32) -> Self;
    /// Shifted to the right, arithmetically for a signed type; `shift` below [`Element::BITS`].
    fn shr(self, shift: u32) -> Self;
    /// All ones or zero.
    #[inline(always)]
    fn mask(condition: bool) -> Self {
        if condition { Self::ONES } else { Self::default() }
    }
}

macro_rules! element {
    ($($type:ty, $lanes:literal, $unsigned:ty, $wide:ty;)*) => {$(
        impl Element for $type {
            const BITS: u32 = <$type>::BITS;
            const LANES: usize = $lanes;
            const ONE: Self = 1;
            const ONES: Self = !0;
            const MIN: Self = <$type>::MIN;
            const MAX: Self = <$type>::MAX;
            type Lanes = [$type; $lanes];
            type Unsigned = $unsigned;
            type Wide = $wide;

            #[inline(always)]
            fn lanes(vector: &Vector) -> [$type; $lanes] {
                let (chunks, _) = vector.0.as_chunks();
                std::array::from_fn(|lane| <$type>::from_le_bytes(chunks[lane]))
            }
            #[inline(always)]
            fn vector(lanes: [$type; $lanes]) -> Vector {
                let mut bytes = [0; 16];
                let (chunks, _) = bytes.as_chunks_mut();
                for lane in 0..$lanes {
                    chunks[lane] = lanes[lane].to_le_bytes();
                }
                Vector(bytes)
            }
            #[inline(always)]
            fn from_fn(f: impl FnMut(usize) -> $type) -> Vector {
                Self::vector(std::array::from_fn(f))
            }
            #[inline(always)]
            fn get(vector: &Vector, index: u8) -> $type {
                let (chunks, _) = vector.0.as_chunks();
                <$type>::from_le_bytes(chunks[usize::from(index) % $lanes])
            }
            #[inline(always)]
            fn set(vector: &mut Vector, index: u8, value: $type) {
                let (chunks, _) = vector.0.as_chunks_mut();
                chunks[usize::from(index) % $lanes] = value.to_le_bytes();
            }
            #[inline(always)]
            fn truncate(wide: $wide) -> $type {
                wide as $type
            }
            #[inline(always)]
            fn low_byte(self) -> i8 {
                self as i8
            }
            #[inline(always)]
            fn unsigned(self) -> $unsigned {
                self as $unsigned
            }
            #[inline(always)]
            fn from_bits(bits: $unsigned) -> $type {
                bits as $type
            }
            #[inline(always)]
            fn leading_zeros(self) -> $type {
                <$type>::leading_zeros(self) as $type
            }
            #[inline(always)]
            fn product(self, other: $type) -> $wide {
                <$wide>::from(self) * <$wide>::from(other)
            }
            #[inline(always)]
            fn add(self, other: $type) -> $type {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn sub(self, other: $type) -> $type {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn mul(self, other: $type) -> $type {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn saturating_add(self, other: $type) -> $type {
                <$type>::saturating_add(self, other)
            }
            #[inline(always)]
            fn saturating_sub(self, other: $type) -> $type {
                <$type>::saturating_sub(self, other)
            }
            #[inline(always)]
            fn shl(self, shift: u32) -> $type {
                self.wrapping_shl(shift)
            }
            #[inline(always)]
            fn shr(self, shift: u32) -> $type {
                self.wrapping_shr(shift)
            }
        }
    )*};
}

element! {
    u8, 16, u8, u16;
    u16, 8, u16, u32;
    u32, 4, u32, u64;
    u64, 2, u64, u128;
    i8, 16, u8, i16;
    i16, 8, u16, i32;
    i32, 4, u32, i64;
    i64, 2, u64, i128;
}

/// SatQ() of the manual.
pub trait SaturateTo<T> {
    /// The nearest value, and whether it differs.
    fn saturate_to(self) -> (T, bool);
}

macro_rules! saturate_to {
    ($($wide:ty: $($type:ty),*;)*) => {$($(
        impl SaturateTo<$type> for $wide {
            #[inline(always)]
            fn saturate_to(self) -> ($type, bool) {
                let nearest = self.clamp(<$type>::MIN as $wide, <$type>::MAX as $wide);
                (nearest as $type, nearest != self)
            }
        }
    )*)*};
}

saturate_to! {
    u16: u8;
    u32: u16;
    u64: u32;
    u128: u64;
    i16: i8, u8;
    i32: i16, u16;
    i64: i32, u32;
    i128: i64, u64;
}

/// An element whose double is an element too: 8 to 32 bits.
pub trait Narrow: Element<Wide: Element> {}

impl<T: Element<Wide: Element>> Narrow for T {}

/// FPSR.QC, the cumulative saturation bit.
const QC: u32 = 1 << 27;

/// Sets FPSR.QC if an instruction has saturated.
#[inline(always)]
pub fn set_saturated(cpu: &mut State, saturated: bool) {
    if saturated {
        cpu.fpsr |= QC;
    }
}

/// Runs `$body` with `$T` as the element type that `$size` (log2 of its bytes) selects from the list.
macro_rules! by_size {
    ($size:expr, unsigned $T:ident => $body:expr) => {
        by_size!($size, $T in (u8, u16, u32, u64) => $body)
    };
    ($size:expr, signed $T:ident => $body:expr) => {
        by_size!($size, $T in (i8, i16, i32, i64) => $body)
    };
    ($size:expr, unsigned_narrow $T:ident => $body:expr) => {
        by_size!($size, $T in (u8, u16, u32) => $body)
    };
    ($size:expr, signed_narrow $T:ident => $body:expr) => {
        by_size!($size, $T in (i8, i16, i32) => $body)
    };
    ($size:expr, $T:ident in ($t0:ty, $t1:ty, $t2:ty, $t3:ty) => $body:expr) => {
        match $size {
            0 => { type $T = $t0; $body }
            1 => { type $T = $t1; $body }
            2 => { type $T = $t2; $body }
            _ => { type $T = $t3; $body }
        }
    };
    ($size:expr, $T:ident in ($t0:ty, $t1:ty, $t2:ty) => $body:expr) => {
        match $size {
            0 => { type $T = $t0; $body }
            1 => { type $T = $t1; $body }
            _ => { type $T = $t2; $body }
        }
    };
}
pub(crate) use by_size;

/// A source register: all of it, or (without `q`) its low half twice, so that the lanes which do not count raise no flag that the
/// others do not raise. For lane by lane instructions with effects on FPSR.
#[inline(always)]
pub fn source(cpu: &State, q: bool, n: u8) -> Vector {
    let mut vector = cpu.vector(n);
    if !q {
        vector.0.copy_within(..8, 8);
    }
    vector
}

/// Every lane is `f` of the lane of `n`.
#[inline(always)]
pub fn map<T: Element>(n: &Vector, mut f: impl FnMut(T) -> T) -> Vector {
    let mut lanes = T::lanes(n);
    for lane in lanes.as_mut() {
        *lane = f(*lane);
    }
    T::vector(lanes)
}

/// Every lane is `f` of the lanes of `n` and `m`.
#[inline(always)]
pub fn zip<T: Element>(n: &Vector, m: &Vector, mut f: impl FnMut(T, T) -> T) -> Vector {
    let mut lanes = T::lanes(n);
    for (lane, &m) in lanes.as_mut().iter_mut().zip(T::lanes(m).as_ref()) {
        *lane = f(*lane, m);
    }
    T::vector(lanes)
}

/// Every lane is `f` of the lanes of `d`, `n` and `m`.
#[inline(always)]
pub fn zip3<T: Element>(d: &Vector, n: &Vector, m: &Vector, mut f: impl FnMut(T, T, T) -> T) -> Vector {
    let mut lanes = T::lanes(d);
    let (n, m) = (T::lanes(n), T::lanes(m));
    for ((lane, &n), &m) in lanes.as_mut().iter_mut().zip(n.as_ref()).zip(m.as_ref()) {
        *lane = f(*lane, n, m);
    }
    T::vector(lanes)
}

/// The same value in every lane.
#[inline(always)]
pub fn splat<T: Element>(value: T) -> Vector {
    let mut lanes = T::Lanes::default();
    lanes.as_mut().fill(value);
    T::vector(lanes)
}

/// Even lanes of `n`, then even lanes of `m` (UZP1); without `q`, of their low halves, and the upper half of the result is
/// the same again (see [`source`]). With [`odds`], this makes a pairwise operation a lane by lane one.
#[inline(always)]
pub fn evens<T: Element>(q: bool, n: &Vector, m: &Vector) -> Vector {
    every_other::<T>(q, n, m, 0)
}

/// Odd lanes of `n`, then odd lanes of `m` (UZP2); see [`evens`].
#[inline(always)]
pub fn odds<T: Element>(q: bool, n: &Vector, m: &Vector) -> Vector {
    every_other::<T>(q, n, m, 1)
}

#[inline(always)]
fn every_other<T: Element>(q: bool, n: &Vector, m: &Vector, first: usize) -> Vector {
    let (mut n, mut m) = (*n, *m);
    if !q {
        n.0[8..].copy_from_slice(&m.0[..8]);
        m = n;
    }
    let mut lanes = T::Lanes::default();
    let (low, high) = lanes.as_mut().split_at_mut(T::LANES / 2);
    for (lane, pair) in low.iter_mut().zip(T::lanes(&n).as_ref().chunks_exact(2)) {
        *lane = pair[first];
    }
    for (lane, pair) in high.iter_mut().zip(T::lanes(&m).as_ref().chunks_exact(2)) {
        *lane = pair[first];
    }
    T::vector(lanes)
}

/// Writes to V\[rd\] `f` of the lanes of `d`, `n` and `m`, which may saturate; without `q`, only those of the low half count.
#[inline(always)]
pub fn saturate<T: Element>(
    cpu: &mut State,
    q: bool,
    rd: u8,
    [d, n, m]: [&Vector; 3],
    f: impl Fn(T, T, T) -> (T, bool),
) {
    #[inline(always)]
    fn half_or_all<T: Element>(
        cpu: &mut State,
        q: bool,
        rd: u8,
        [d, n, m]: [&Vector; 3],
        f: impl Fn(T, T, T) -> (T, bool),
    ) {
        let mut lanes = T::lanes(d);
        let (n, m) = (T::lanes(n), T::lanes(m));
        let mut saturated = false;
        let count = if q { T::LANES } else { T::LANES / 2 };
        for ((lane, &n), &m) in lanes.as_mut()[..count].iter_mut().zip(n.as_ref()).zip(m.as_ref()) {
            let (value, lane_saturated) = f(*lane, n, m);
            *lane = value;
            saturated |= lane_saturated;
        }
        cpu.set_vector_q(q, rd, T::vector(lanes));
        set_saturated(cpu, saturated);
    }
    // Two copies, each with a constant number of lanes: otherwise there are no vector instructions.
    if q {
        half_or_all(cpu, true, rd, [d, n, m], f);
    } else {
        half_or_all(cpu, false, rd, [d, n, m], f);
    }
}

/// Every lane is `f` of two neighbours: in `n` first, then in `m`; without `q`, in their low halves, and the upper half of the
/// result does not count. Pairs are read as wide lanes, which the compiler knows how to narrow.
#[inline(always)]
pub fn pairs<T: Narrow>(q: bool, n: &Vector, m: &Vector, f: impl Fn(T, T) -> T) -> Vector {
    let f = |pair: &T::Wide| f(T::truncate(*pair), T::truncate(*pair >> T::BITS));
    let (n, m) = (T::Wide::lanes(n), T::Wide::lanes(m));
    let mut lanes = T::Lanes::default();
    let count = if q { T::LANES / 2 } else { T::LANES / 4 };
    let (low, high) = lanes.as_mut().split_at_mut(count);
    for (lane, pair) in low.iter_mut().zip(n.as_ref()) {
        *lane = f(pair);
    }
    for (lane, pair) in high.iter_mut().zip(&m.as_ref()[..count]) {
        *lane = f(pair);
    }
    T::vector(lanes)
}

/// Every wide lane is `f` of the wide lane of `d` and of the lanes of `n` and `m` in the half that `upper` selects.
#[inline(always)]
pub fn zip_long<T: Narrow>(
    upper: bool,
    d: &Vector,
    n: &Vector,
    m: &Vector,
    mut f: impl FnMut(T::Wide, T, T) -> T::Wide,
) -> Vector {
    let mut lanes = T::Wide::lanes(d);
    let (n, m) = (T::lanes(n), T::lanes(m));
    let (n_low, n_high) = n.as_ref().split_at(T::LANES / 2);
    let (m_low, m_high) = m.as_ref().split_at(T::LANES / 2);
    // Two loops: with a variable start, neither becomes vector instructions.
    if upper {
        for ((lane, &n), &m) in lanes.as_mut().iter_mut().zip(n_high).zip(m_high) {
            *lane = f(*lane, n, m);
        }
    } else {
        for ((lane, &n), &m) in lanes.as_mut().iter_mut().zip(n_low).zip(m_low) {
            *lane = f(*lane, n, m);
        }
    }
    T::Wide::vector(lanes)
}

/// The low half of the result is `f` of the wide lanes of `n`; its upper half is zero.
#[inline(always)]
pub fn narrow<W: Element, T: Element>(n: &Vector, mut f: impl FnMut(W) -> T) -> Vector {
    let mut lanes = T::Lanes::default();
    for (lane, &n) in lanes.as_mut().iter_mut().zip(W::lanes(n).as_ref()) {
        *lane = f(n);
    }
    T::vector(lanes)
}

/// Writes a narrowed result: to the low half of V\[d\], the upper one becoming zero, or (`upper`) to the upper half, the low one
/// staying as it is.
#[inline(always)]
pub fn set_half(cpu: &mut State, upper: bool, d: u8, narrowed: &Vector) {
    let mut vector = *narrowed;
    if upper {
        vector = cpu.vector(d);
        vector.0[8..].copy_from_slice(&narrowed.0[..8]);
    }
    cpu.set_vector(d, vector);
}

/// A vector that holds `value` in lane 0, and zero elsewhere: the result of a scalar instruction.
#[inline(always)]
pub fn single<T: Element>(value: T) -> Vector {
    let mut vector = Vector::default();
    T::set(&mut vector, 0, value);
    vector
}

/// Combines all lanes, or (without `q`) those of the low half.
#[inline(always)]
pub fn fold<T: Element, R>(q: bool, n: &Vector, first: R, f: impl FnMut(R, T) -> R) -> R {
    let lanes = T::lanes(n);
    let count = if q { T::LANES } else { T::LANES / 2 };
    lanes.as_ref()[..count].iter().copied().fold(first, f)
}
