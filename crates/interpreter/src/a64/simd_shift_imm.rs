//! Advanced SIMD shift by immediate and its scalar form (C4.1.96): integer instructions.

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::lane;
use super::vector::{
    Element, Narrow, SaturateTo, by_size, narrow, saturate, set_half, set_saturated, single, zip, zip_long,
};

/// Every lane of V\[d\] becomes `f` of itself, the lane of V\[n\] and the shift.
#[inline(always)]
fn lanewise<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], shift: u8, f: impl Fn(T, T, u32) -> T) {
    let value = zip(&cpu.vector(d), &cpu.vector(n), |d, n| f(d, n, shift.into()));
    cpu.set_vector_q(q, d, value);
}

/// Every lane of V\[d\] is `f` of the lane of V\[n\] and the shift, with saturation.
#[inline(always)]
fn saturating<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], shift: u8, f: impl Fn(T, u32) -> (T, bool)) {
    let n = cpu.vector(n);
    saturate(cpu, q, d, [&n; 3], |_, n, _| f(n, shift.into()));
}

/// Every lane of a half of V\[d\] is `f` of the wide lane of V\[n\] and the shift, with saturation.
#[inline(always)]
fn saturating_narrow<T: Narrow>(
    cpu: &mut State,
    q: bool,
    [d, n]: [u8; 2],
    shift: u8,
    f: impl Fn(T::Wide, u32) -> (T, bool),
) {
    let mut saturated = false;
    let value = narrow(&cpu.vector(n), |n| {
        let (value, this) = f(n, shift.into());
        saturated |= this;
        value
    });
    set_half(cpu, q, d, &value);
    set_saturated(cpu, saturated);
}

/// Every wide lane of V\[d\] is the lane of a half of V\[n\], shifted to the left.
#[inline(always)]
fn long<T: Narrow>(cpu: &mut State, q: bool, [d, n]: [u8; 2], shift: u8) {
    let n = cpu.vector(n);
    let value = zip_long::<T>(q, &n, &n, &n, |_, n, _| T::Wide::from(n) << shift.into());
    cpu.set_vector(d, value);
}

/// Shifts to the right and inserts the result below the bits of `d` that stay (SRI).
#[inline(always)]
fn insert_right<T: Element>(d: T, n: T, shift: u32) -> T {
    d & !lane::shift_right(T::ONES, shift) | lane::shift_right(n, shift)
}

/// Shifts to the left and inserts the result above the bits of `d` that stay (SLI).
#[inline(always)]
fn insert_left<T: Element>(d: T, n: T, shift: u32) -> T {
    d & !T::ONES.shl(shift) | n.shl(shift)
}

/// `name Type: type shape(function);`: the element type follows from `size` and what is given here.
macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn, shift }: $Type) {
            by_size!(size, $type T => $shape::<T>(cpu, q, [rd, rn], shift $(, $f)*))
        }
    )*};
}

vectors! {
    /// SSHR, C7.2.317.
    sshr_vec SshrVec: signed lanewise(|_, n, shift| lane::shift_right(n, shift));
    /// USHR, C7.2.392.
    ushr_vec UshrVec: unsigned lanewise(|_, n, shift| lane::shift_right(n, shift));
    /// SSRA, C7.2.318.
    ssra_vec SsraVec: signed lanewise(|d, n, shift| d.add(lane::shift_right(n, shift)));
    /// USRA, C7.2.395.
    usra_vec UsraVec: unsigned lanewise(|d, n, shift| d.add(lane::shift_right(n, shift)));
    /// SRSHR, C7.2.313.
    srshr_vec SrshrVec: signed lanewise(|_, n, shift| lane::rounding_shift_right(n, shift));
    /// URSHR, C7.2.385.
    urshr_vec UrshrVec: unsigned lanewise(|_, n, shift| lane::rounding_shift_right(n, shift));
    /// SRSRA, C7.2.314.
    srsra_vec SrsraVec: signed lanewise(|d, n, shift| d.add(lane::rounding_shift_right(n, shift)));
    /// URSRA, C7.2.387.
    ursra_vec UrsraVec: unsigned lanewise(|d, n, shift| d.add(lane::rounding_shift_right(n, shift)));
    /// SRI, C7.2.311.
    sri_vec SriVec: unsigned lanewise(insert_right);
    /// SHL, C7.2.254.
    shl_vec ShlVec: unsigned lanewise(|_, n, shift| n.shl(shift));
    /// SLI, C7.2.258.
    sli_vec SliVec: unsigned lanewise(insert_left);
    /// SQSHLU, C7.2.304.
    sqshlu_vec SqshluVec: signed saturating(lane::saturating_shift_left_unsigned);
    /// SQSHL (immediate), C7.2.302.
    sqshl_imm_vec SqshlImmVec: signed saturating(lane::saturating_shift_left);
    /// UQSHL (immediate), C7.2.377.
    uqshl_imm_vec UqshlImmVec: unsigned saturating(lane::saturating_shift_left);
    /// SHRN, C7.2.256.
    shrn Shrn: unsigned_narrow saturating_narrow(|n, shift| (T::truncate(n.shr(shift)), false));
    /// RSHRN, C7.2.222.
    rshrn Rshrn: unsigned_narrow saturating_narrow(|n, shift| (T::truncate(lane::rounding_shift_right(n, shift)), false));
    /// SQSHRN, C7.2.305.
    sqshrn_vec SqshrnVec: signed_narrow saturating_narrow(|n, shift| n.shr(shift).saturate_to());
    /// UQSHRN, C7.2.379.
    uqshrn_vec UqshrnVec: unsigned_narrow saturating_narrow(|n, shift| n.shr(shift).saturate_to());
    /// SQRSHRN, C7.2.300.
    sqrshrn_vec SqrshrnVec: signed_narrow saturating_narrow(|n, shift| lane::rounding_shift_right(n, shift).saturate_to());
    /// UQRSHRN, C7.2.376.
    uqrshrn_vec UqrshrnVec: unsigned_narrow saturating_narrow(|n, shift| lane::rounding_shift_right(n, shift).saturate_to());
    /// SQSHRUN, C7.2.306.
    sqshrun_vec SqshrunVec: signed_narrow saturating_narrow(|n, shift| lane::as_unsigned(n.shr(shift)));
    /// SQRSHRUN, C7.2.301.
    sqrshrun_vec SqrshrunVec: signed_narrow saturating_narrow(|n, shift| lane::as_unsigned(lane::rounding_shift_right(n, shift)));
    /// SSHLL, C7.2.316.
    sshll Sshll: signed_narrow long();
    /// USHLL, C7.2.391.
    ushll Ushll: unsigned_narrow long();
}

/// The scalar form of [`lanewise`]: lane 0, zeros above it.
#[inline(always)]
fn lanewise_scalar<T: Element>(cpu: &mut State, [d, n]: [u8; 2], shift: u8, f: impl Fn(T, T, u32) -> T) {
    let value = f(T::get(&cpu.vector(d), 0), T::get(&cpu.vector(n), 0), shift.into());
    cpu.set_vector(d, single(value));
}

/// The scalar form of [`saturating`] and of [`saturating_narrow`], by the type of the source.
#[inline(always)]
fn saturating_scalar<S: Element, T: Element>(
    cpu: &mut State,
    [d, n]: [u8; 2],
    shift: u8,
    f: impl Fn(S, u32) -> (T, bool),
) {
    let (value, saturated) = f(S::get(&cpu.vector(n), 0), shift.into());
    cpu.set_vector(d, single(value));
    set_saturated(cpu, saturated);
}

/// As [`vectors`], on one lane of any size.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $Source:ty => $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn, shift }: $Type) {
            by_size!(size, $type T => saturating_scalar::<$Source, T>(cpu, [rd, rn], shift, $f))
        }
    )*};
}

scalars! {
    /// SQSHLU, C7.2.304.
    sqshlu_scalar SqshluScalar: signed T => lane::saturating_shift_left_unsigned;
    /// SQSHL (immediate), C7.2.302.
    sqshl_imm_scalar SqshlImmScalar: signed T => lane::saturating_shift_left;
    /// UQSHL (immediate), C7.2.377.
    uqshl_imm_scalar UqshlImmScalar: unsigned T => lane::saturating_shift_left;
    /// SQSHRN, C7.2.305.
    sqshrn_scalar SqshrnScalar: signed_narrow <T as Element>::Wide => |n, shift| n.shr(shift).saturate_to();
    /// UQSHRN, C7.2.379.
    uqshrn_scalar UqshrnScalar: unsigned_narrow <T as Element>::Wide => |n, shift| n.shr(shift).saturate_to();
    /// SQRSHRN, C7.2.300.
    sqrshrn_scalar SqrshrnScalar: signed_narrow <T as Element>::Wide => |n, shift| lane::rounding_shift_right(n, shift).saturate_to();
    /// UQRSHRN, C7.2.376.
    uqrshrn_scalar UqrshrnScalar: unsigned_narrow <T as Element>::Wide => |n, shift| lane::rounding_shift_right(n, shift).saturate_to();
    /// SQSHRUN, C7.2.306.
    sqshrun_scalar SqshrunScalar: signed_narrow <T as Element>::Wide => |n, shift| lane::as_unsigned(n.shr(shift));
    /// SQRSHRUN, C7.2.301.
    sqrshrun_scalar SqrshrunScalar: signed_narrow <T as Element>::Wide => |n, shift| lane::as_unsigned(lane::rounding_shift_right(n, shift));
}

/// As [`vectors`], on one lane of 64 bits.
macro_rules! doubles {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rn, shift }: $Type) {
            $shape::<$type>(cpu, [rd, rn], shift, $($f),*)
        }
    )*};
}

doubles! {
    /// SSHR, C7.2.317.
    sshr_scalar SshrScalar: i64 lanewise_scalar(|_, n, shift| lane::shift_right(n, shift));
    /// USHR, C7.2.392.
    ushr_scalar UshrScalar: u64 lanewise_scalar(|_, n, shift| lane::shift_right(n, shift));
    /// SSRA, C7.2.318.
    ssra_scalar SsraScalar: i64 lanewise_scalar(|d, n, shift| d.add(lane::shift_right(n, shift)));
    /// USRA, C7.2.395.
    usra_scalar UsraScalar: u64 lanewise_scalar(|d, n, shift| d.add(lane::shift_right(n, shift)));
    /// SRSHR, C7.2.313.
    srshr_scalar SrshrScalar: i64 lanewise_scalar(|_, n, shift| lane::rounding_shift_right(n, shift));
    /// URSHR, C7.2.385.
    urshr_scalar UrshrScalar: u64 lanewise_scalar(|_, n, shift| lane::rounding_shift_right(n, shift));
    /// SRSRA, C7.2.314.
    srsra_scalar SrsraScalar: i64 lanewise_scalar(|d, n, shift| d.add(lane::rounding_shift_right(n, shift)));
    /// URSRA, C7.2.387.
    ursra_scalar UrsraScalar: u64 lanewise_scalar(|d, n, shift| d.add(lane::rounding_shift_right(n, shift)));
    /// SRI, C7.2.311.
    sri_scalar SriScalar: u64 lanewise_scalar(insert_right);
    /// SHL, C7.2.254.
    shl_scalar ShlScalar: u64 lanewise_scalar(|_, n, shift| Element::shl(n, shift));
    /// SLI, C7.2.258.
    sli_scalar SliScalar: u64 lanewise_scalar(insert_left);
}
