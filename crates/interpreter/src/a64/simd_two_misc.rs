//! Advanced SIMD two-register miscellaneous and its scalar form (C4.1.96): integer instructions.

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::lane;
use super::vector::{
    Element, Narrow, SaturateTo, by_size, map, narrow, saturate, set_half, set_saturated, single, zip_long,
};

/// Every lane of V\[d\] is `f` of the lane of V\[n\].
#[inline(always)]
fn lanewise<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], f: impl Fn(T) -> T) {
    let value = map(&cpu.vector(n), f);
    cpu.set_vector_q(q, d, value);
}

/// Every lane of V\[d\] becomes `f` of itself and the lane of V\[n\], with saturation.
#[inline(always)]
fn saturating<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], f: impl Fn(T, T) -> (T, bool)) {
    let (d_lanes, n) = (cpu.vector(d), cpu.vector(n));
    saturate(cpu, q, d, [&d_lanes, &n, &n], |d, n, _| f(d, n));
}

/// Every lane of a half of V\[d\] is `f` of the wide lane of V\[n\], with saturation.
#[inline(always)]
fn saturating_narrow<T: Narrow>(cpu: &mut State, q: bool, [d, n]: [u8; 2], f: impl Fn(T::Wide) -> (T, bool)) {
    let mut saturated = false;
    let value = narrow(&cpu.vector(n), |n| {
        let (value, this) = f(n);
        saturated |= this;
        value
    });
    set_half(cpu, q, d, &value);
    set_saturated(cpu, saturated);
}

/// Every wide lane of V\[d\] becomes `f` of itself and of the sum of two neighbours in V\[n\].
#[inline(always)]
fn long_pairwise<T: Narrow>(cpu: &mut State, q: bool, [d, n]: [u8; 2], f: impl Fn(T::Wide, T::Wide) -> T::Wide) {
    let mut lanes = T::Wide::lanes(&cpu.vector(d));
    let n = T::lanes(&cpu.vector(n));
    for (lane, pair) in lanes.as_mut().iter_mut().zip(n.as_ref().chunks_exact(2)) {
        *lane = f(*lane, T::Wide::from(pair[0]) + T::Wide::from(pair[1]));
    }
    cpu.set_vector_q(q, d, T::Wide::vector(lanes));
}

/// `name Type: type shape(function);`: the element type follows from `size` and what is given here.
macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn }: $Type) {
            by_size!(size, $type T => $shape::<T>(cpu, q, [rd, rn], $($f),*))
        }
    )*};
}

vectors! {
    /// SADDLP, C7.2.230.
    saddlp Saddlp: signed_narrow long_pairwise(|_, sum| sum);
    /// UADDLP, C7.2.349.
    uaddlp Uaddlp: unsigned_narrow long_pairwise(|_, sum| sum);
    /// SADALP, C7.2.228.
    sadalp Sadalp: signed_narrow long_pairwise(Element::add);
    /// UADALP, C7.2.347.
    uadalp Uadalp: unsigned_narrow long_pairwise(Element::add);
    /// SUQADD, C7.2.337.
    suqadd_vec SuqaddVec: signed saturating(lane::signed_plus_unsigned);
    /// USQADD, C7.2.394.
    usqadd_vec UsqaddVec: signed saturating(lane::unsigned_plus_signed);
    /// CLS (vector), C7.2.25.
    cls_vec ClsVec: signed lanewise(lane::sign_bits);
    /// CLZ (vector), C7.2.26.
    clz_vec ClzVec: unsigned lanewise(lane::leading_zeros);
    /// SQABS, C7.2.282.
    sqabs_vec SqabsVec: signed saturating(|_, n| lane::saturating_abs(n));
    /// SQNEG, C7.2.292.
    sqneg_vec SqnegVec: signed saturating(|_, n| lane::saturating_sub(T::default(), n));
    /// CMGT (zero), C7.2.32.
    cmgt_zero_vec CmgtZeroVec: signed lanewise(|n| T::mask(n > T::default()));
    /// CMGE (zero), C7.2.30.
    cmge_zero_vec CmgeZeroVec: signed lanewise(|n| T::mask(n >= T::default()));
    /// CMEQ (zero), C7.2.28.
    cmeq_zero_vec CmeqZeroVec: signed lanewise(|n| T::mask(n == T::default()));
    /// CMLE (zero), C7.2.35.
    cmle_zero_vec CmleZeroVec: signed lanewise(|n| T::mask(n <= T::default()));
    /// CMLT (zero), C7.2.36.
    cmlt_zero_vec CmltZeroVec: signed lanewise(|n| T::mask(n < T::default()));
    /// ABS, C7.2.1.
    abs_vec AbsVec: signed lanewise(lane::abs);
    /// NEG (vector), C7.2.209.
    neg_vec NegVec: unsigned lanewise(|n| T::default().sub(n));
    /// XTN, C7.2.402.
    xtn Xtn: unsigned_narrow saturating_narrow(|n| (T::truncate(n), false));
    /// SQXTN, C7.2.308.
    sqxtn_vec SqxtnVec: signed_narrow saturating_narrow(SaturateTo::saturate_to);
    /// UQXTN, C7.2.381.
    uqxtn_vec UqxtnVec: unsigned_narrow saturating_narrow(SaturateTo::saturate_to);
    /// SQXTUN, C7.2.309.
    sqxtun_vec SqxtunVec: signed_narrow saturating_narrow(lane::as_unsigned);
}

/// Reverses the order of the lanes in every container of `count` lanes.
#[inline(always)]
fn reverse<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], count: usize) {
    let mut lanes = T::lanes(&cpu.vector(n));
    for container in lanes.as_mut().chunks_exact_mut(count) {
        container.reverse();
    }
    cpu.set_vector_q(q, d, T::vector(lanes));
}

/// REV64, C7.2.221.
#[inline(always)]
pub fn rev64(cpu: &mut State, Rev64 { q, size, rd, rn }: Rev64) {
    by_size!(size, T in (u8, u16, u32) => reverse::<T>(cpu, q, [rd, rn], T::LANES / 2))
}

/// REV32 (vector), C7.2.220.
#[inline(always)]
pub fn rev32_vec(cpu: &mut State, Rev32Vec { q, size, rd, rn }: Rev32Vec) {
    match size {
        0 => reverse::<u8>(cpu, q, [rd, rn], 4),
        _ => reverse::<u16>(cpu, q, [rd, rn], 2),
    }
}

/// REV16 (vector), C7.2.219.
#[inline(always)]
pub fn rev16_vec(cpu: &mut State, Rev16Vec { q, rd, rn }: Rev16Vec) {
    reverse::<u8>(cpu, q, [rd, rn], 2);
}

/// CNT, C7.2.38.
#[inline(always)]
pub fn cnt_vec(cpu: &mut State, CntVec { q, rd, rn }: CntVec) {
    lanewise(cpu, q, [rd, rn], |n: u8| n.count_ones() as u8);
}

/// NOT, C7.2.210.
#[inline(always)]
pub fn not_vec(cpu: &mut State, NotVec { q, rd, rn }: NotVec) {
    lanewise(cpu, q, [rd, rn], |n: u64| !n);
}

/// RBIT (vector), C7.2.218.
#[inline(always)]
pub fn rbit_vec(cpu: &mut State, RbitVec { q, rd, rn }: RbitVec) {
    lanewise(cpu, q, [rd, rn], u8::reverse_bits);
}

/// Every lane of a half of V\[n\], shifted to the left by its size.
#[inline(always)]
fn shift_long<T: Narrow>(cpu: &mut State, q: bool, [d, n]: [u8; 2]) {
    let n = cpu.vector(n);
    let value = zip_long::<T>(q, &n, &n, &n, |_, n, _| T::Wide::from(n) << T::BITS);
    cpu.set_vector(d, value);
}

/// SHLL, C7.2.255.
#[inline(always)]
pub fn shll(cpu: &mut State, Shll { q, size, rd, rn }: Shll) {
    by_size!(size, unsigned_narrow T => shift_long::<T>(cpu, q, [rd, rn]))
}

/// The scalar form of [`lanewise`]: lane 0, zeros above it.
#[inline(always)]
fn lanewise_scalar<T: Element>(cpu: &mut State, [d, n]: [u8; 2], f: impl Fn(T) -> T) {
    let value = f(T::get(&cpu.vector(n), 0));
    cpu.set_vector(d, single(value));
}

/// The scalar form of [`saturating`].
#[inline(always)]
fn saturating_scalar<T: Element>(cpu: &mut State, [d, n]: [u8; 2], f: impl Fn(T, T) -> (T, bool)) {
    let (value, saturated) = f(T::get(&cpu.vector(d), 0), T::get(&cpu.vector(n), 0));
    cpu.set_vector(d, single(value));
    set_saturated(cpu, saturated);
}

/// The scalar form of [`saturating_narrow`].
#[inline(always)]
fn narrow_scalar<T: Narrow>(cpu: &mut State, [d, n]: [u8; 2], f: impl Fn(T::Wide) -> (T, bool)) {
    let (value, saturated) = f(T::Wide::get(&cpu.vector(n), 0));
    cpu.set_vector(d, single(value));
    set_saturated(cpu, saturated);
}

/// As [`vectors`], on one lane of any size.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn }: $Type) {
            by_size!(size, $type T => $shape::<T>(cpu, [rd, rn], $($f),*))
        }
    )*};
}

scalars! {
    /// SUQADD, C7.2.337.
    suqadd_scalar SuqaddScalar: signed saturating_scalar(lane::signed_plus_unsigned);
    /// USQADD, C7.2.394.
    usqadd_scalar UsqaddScalar: signed saturating_scalar(lane::unsigned_plus_signed);
    /// SQABS, C7.2.282.
    sqabs_scalar SqabsScalar: signed saturating_scalar(|_, n| lane::saturating_abs(n));
    /// SQNEG, C7.2.292.
    sqneg_scalar SqnegScalar: signed saturating_scalar(|_, n| lane::saturating_sub(T::default(), n));
    /// SQXTUN, C7.2.309.
    sqxtun_scalar SqxtunScalar: signed_narrow narrow_scalar(lane::as_unsigned);
    /// SQXTN, C7.2.308.
    sqxtn_scalar SqxtnScalar: signed_narrow narrow_scalar(SaturateTo::saturate_to);
    /// UQXTN, C7.2.381.
    uqxtn_scalar UqxtnScalar: unsigned_narrow narrow_scalar(SaturateTo::saturate_to);
}

/// As [`vectors`], on one lane of 64 bits.
macro_rules! doubles {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rn }: $Type) {
            $shape::<$type>(cpu, [rd, rn], $($f),*)
        }
    )*};
}

doubles! {
    /// CMGT (zero), C7.2.32.
    cmgt_zero_scalar CmgtZeroScalar: i64 lanewise_scalar(|n| Element::mask(n > 0));
    /// CMGE (zero), C7.2.30.
    cmge_zero_scalar CmgeZeroScalar: i64 lanewise_scalar(|n| Element::mask(n >= 0));
    /// CMEQ (zero), C7.2.28.
    cmeq_zero_scalar CmeqZeroScalar: i64 lanewise_scalar(|n| Element::mask(n == 0));
    /// CMLE (zero), C7.2.35.
    cmle_zero_scalar CmleZeroScalar: i64 lanewise_scalar(|n| Element::mask(n <= 0));
    /// CMLT (zero), C7.2.36.
    cmlt_zero_scalar CmltZeroScalar: i64 lanewise_scalar(|n| Element::mask(n < 0));
    /// ABS, C7.2.1.
    abs_scalar AbsScalar: i64 lanewise_scalar(lane::abs);
    /// NEG (vector), C7.2.209.
    neg_scalar NegScalar: u64 lanewise_scalar(u64::wrapping_neg);
}
