//! Integer operations on one lane, for every element type, as the manual's pseudocode has them: halving, rounding, saturation,
//! shifts by register. What saturates returns the value and whether it did. Nothing here knows vectors or instructions.

use super::vector::{Element, Narrow, SaturateTo};

/// The sum, halved without loss of its carry.
#[inline(always)]
pub fn halving_add<T: Element>(n: T, m: T) -> T {
    T::truncate((T::Wide::from(n) + T::Wide::from(m)) >> 1)
}

/// The sum, halved, rounded up.
#[inline(always)]
pub fn rounding_halving_add<T: Element>(n: T, m: T) -> T {
    T::truncate((T::Wide::from(n) + T::Wide::from(m) + T::Wide::from(T::ONE)) >> 1)
}

/// The difference, halved without loss of its borrow.
#[inline(always)]
pub fn halving_sub<T: Element>(n: T, m: T) -> T {
    n.shr(1).sub(m.shr(1)).sub(!n & m & T::ONE)
}

/// The difference without its sign, modulo the size of a lane.
#[inline(always)]
pub fn abs_difference<T: Element>(n: T, m: T) -> T {
    if n > m { n.sub(m) } else { m.sub(n) }
}

/// The nearest value to the sum.
#[inline(always)]
pub fn saturating_add<T: Element>(n: T, m: T) -> (T, bool) {
    let sum = n.saturating_add(m);
    (sum, sum != n.add(m))
}

/// The nearest value to the difference.
#[inline(always)]
pub fn saturating_sub<T: Element>(n: T, m: T) -> (T, bool) {
    let difference = n.saturating_sub(m);
    (difference, difference != n.sub(m))
}

/// The absolute value; the smallest number stays as it is.
#[inline(always)]
pub fn abs<T: Element>(n: T) -> T {
    if n < T::default() { T::default().sub(n) } else { n }
}

/// The nearest value to the absolute value.
#[inline(always)]
pub fn saturating_abs<T: Element>(n: T) -> (T, bool) {
    if n < T::default() {
        saturating_sub(T::default(), n)
    } else {
        (n, false)
    }
}

/// The nearest signed value to a signed plus an unsigned number (SUQADD).
#[inline(always)]
pub fn signed_plus_unsigned<T: Element>(d: T, n: T) -> (T, bool) {
    (T::Wide::from(d) + T::Wide::from(n.unsigned())).saturate_to()
}

/// The nearest unsigned value to an unsigned plus a signed number (USQADD); the unsigned ones as bits of the signed type.
#[inline(always)]
pub fn unsigned_plus_signed<T: Element>(d: T, n: T) -> (T, bool) {
    as_unsigned::<T>(T::Wide::from(d.unsigned()) + T::Wide::from(n))
}

/// The nearest unsigned value to a signed wide one, as bits of the signed type.
#[inline(always)]
pub fn as_unsigned<T: Element>(wide: T::Wide) -> (T, bool) {
    let (value, saturated): (T::Unsigned, bool) = wide.saturate_to();
    (T::from_bits(value), saturated)
}

/// The upper half of twice the product (SQDMULH).
#[inline(always)]
pub fn doubling_multiply_high<T: Element>(n: T, m: T) -> (T, bool) {
    (n.product(m) >> (T::BITS - 1)).saturate_to()
}

/// The upper half of twice the product, rounded (SQRDMULH).
#[inline(always)]
pub fn rounding_doubling_multiply_high<T: Element>(n: T, m: T) -> (T, bool) {
    ((n.product(m) + half::<T>(T::BITS - 1)) >> (T::BITS - 1)).saturate_to()
}

/// `d` plus the upper half of twice the product, rounded once (SQRDMLAH).
#[inline(always)]
pub fn rounding_doubling_multiply_add<T: Element>(d: T, n: T, m: T) -> (T, bool) {
    let sum = (T::Wide::from(d) << (T::BITS - 1)) + n.product(m);
    ((sum + half::<T>(T::BITS - 1)) >> (T::BITS - 1)).saturate_to()
}

/// `d` minus the upper half of twice the product, rounded once (SQRDMLSH).
#[inline(always)]
pub fn rounding_doubling_multiply_sub<T: Element>(d: T, n: T, m: T) -> (T, bool) {
    let difference = (T::Wide::from(d) << (T::BITS - 1)) - n.product(m);
    ((difference + half::<T>(T::BITS - 1)) >> (T::BITS - 1)).saturate_to()
}

/// Twice the product (SQDMULL).
#[inline(always)]
pub fn doubling_multiply_long<T: Narrow>(n: T, m: T) -> (T::Wide, bool) {
    saturating_add(n.product(m), n.product(m))
}

/// `d` plus twice the product; both steps saturate (SQDMLAL).
#[inline(always)]
pub fn doubling_multiply_add_long<T: Narrow>(d: T::Wide, n: T, m: T) -> (T::Wide, bool) {
    let (product, first) = doubling_multiply_long(n, m);
    let (sum, second) = saturating_add(d, product);
    (sum, first | second)
}

/// `d` minus twice the product; both steps saturate (SQDMLSL).
#[inline(always)]
pub fn doubling_multiply_sub_long<T: Narrow>(d: T::Wide, n: T, m: T) -> (T::Wide, bool) {
    let (product, first) = doubling_multiply_long(n, m);
    let (difference, second) = saturating_sub(d, product);
    (difference, first | second)
}

/// What rounds a shift to the right by `shift` (at least 1).
#[inline(always)]
fn half<T: Element>(shift: u32) -> T::Wide {
    T::Wide::from(T::ONE) << (shift - 1)
}

/// Shifts to the right by 1 to all bits of the lane.
#[inline(always)]
pub fn shift_right<T: Element>(n: T, shift: u32) -> T {
    n.shr(shift - 1).shr(1)
}

/// Shifts to the right by 1 to all bits of the lane, and rounds.
#[inline(always)]
pub fn rounding_shift_right<T: Element>(n: T, shift: u32) -> T {
    let twice = n.shr(shift - 1);
    twice.shr(1).add(twice & T::ONE)
}

/// `n` shifted to the left by `shift`, which is less than the bits of the lane; the nearest value.
#[inline(always)]
pub fn saturating_shift_left<T: Element>(n: T, shift: u32) -> (T, bool) {
    (T::Wide::from(n) << shift).saturate_to()
}

/// `n` shifted to the left by `shift`, which is less than the bits of the lane; the nearest unsigned value (SQSHLU).
#[inline(always)]
pub fn saturating_shift_left_unsigned<T: Element>(n: T, shift: u32) -> (T, bool) {
    as_unsigned::<T>(T::Wide::from(n) << shift)
}

/// Shifts to the left by a signed number, that is, to the right by a negative one.
#[inline(always)]
pub fn shift<T: Element>(n: T, by: i8) -> T {
    match u32::from(by.unsigned_abs()) {
        0 => n,
        left if by > 0 && left < T::BITS => n.shl(left),
        _ if by > 0 => T::default(),
        right => shift_right(n, right.min(T::BITS)),
    }
}

/// As [`shift`]; what is shifted out to the right rounds.
#[inline(always)]
pub fn rounding_shift<T: Element>(n: T, by: i8) -> T {
    let right = u32::from(by.unsigned_abs());
    match by {
        0.. => shift(n, by),
        _ if right <= T::BITS => rounding_shift_right(n, right),
        // A rounded shift by more than all bits leaves nothing of either sign.
        _ => T::default(),
    }
}

/// As [`shift`]; the nearest value.
#[inline(always)]
pub fn saturating_shift<T: Element>(n: T, by: i8) -> (T, bool) {
    match by {
        0.. => saturating_left(n, u32::from(by.unsigned_abs())),
        _ => (shift(n, by), false),
    }
}

/// As [`rounding_shift`]; the nearest value.
#[inline(always)]
pub fn saturating_rounding_shift<T: Element>(n: T, by: i8) -> (T, bool) {
    match by {
        0.. => saturating_left(n, u32::from(by.unsigned_abs())),
        _ => (rounding_shift(n, by), false),
    }
}

/// A shift to the left by any number.
#[inline(always)]
fn saturating_left<T: Element>(n: T, left: u32) -> (T, bool) {
    if left < T::BITS {
        saturating_shift_left(n, left)
    } else if n == T::default() {
        (n, false)
    } else if n < T::default() {
        (T::MIN, true)
    } else {
        (T::MAX, true)
    }
}

/// How many bits below the sign bit are equal to it (CLS), of a signed lane.
#[inline(always)]
pub fn sign_bits<T: Element>(n: T) -> T {
    // The sign bit itself becomes a zero, and is not counted.
    leading_zeros(n ^ n.shr(T::BITS - 1)).sub(T::ONE)
}

/// Zeros above the highest bit set (CLZ).
#[inline(always)]
pub fn leading_zeros<T: Element>(n: T) -> T {
    n.leading_zeros()
}
