//! Advanced SIMD vector x indexed element and its scalar form (C4.1.96): integer instructions.

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::lane;
use super::simd_three_same::dot;
use super::vector::{Element, Narrow, saturate, set_saturated, single, splat, zip, zip_long};

/// Every lane of V\[d\] becomes `f` of itself, the lane of V\[n\] and the element.
#[inline(always)]
fn lanewise<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], index: u8, f: impl Fn(T, T, T) -> T) {
    let element = T::get(&cpu.vector(m), index);
    let value = zip(&cpu.vector(d), &cpu.vector(n), |d, n| f(d, n, element));
    cpu.set_vector_q(q, d, value);
}

/// As [`lanewise`], with saturation.
#[inline(always)]
fn saturating<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], index: u8, f: impl Fn(T, T, T) -> (T, bool)) {
    let (d_lanes, n_lanes) = (cpu.vector(d), cpu.vector(n));
    let element = T::get(&cpu.vector(m), index);
    saturate(cpu, q, d, [&d_lanes, &n_lanes, &n_lanes], |d, n, _| f(d, n, element));
}

/// Every wide lane of V\[d\] becomes `f` of itself, the lane of V\[n\] and the element.
#[inline(always)]
fn long<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], index: u8, f: impl FnMut(T::Wide, T, T) -> T::Wide) {
    let element = splat(T::get(&cpu.vector(m), index));
    let value = zip_long(q, &cpu.vector(d), &cpu.vector(n), &element, f);
    cpu.set_vector(d, value);
}

/// As [`long`], with saturation.
#[inline(always)]
fn saturating_long<T: Narrow>(
    cpu: &mut State,
    q: bool,
    [d, n, m]: [u8; 3],
    index: u8,
    f: impl Fn(T::Wide, T, T) -> (T::Wide, bool),
) {
    let mut saturated = false;
    long::<T>(cpu, q, [d, n, m], index, |d, n, m| {
        let (value, this) = f(d, n, m);
        saturated |= this;
        value
    });
    set_saturated(cpu, saturated);
}

/// `name Type: type shape(function);`: the element type follows from `size` and what is given here (16 or 32 bits).
macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident $Type:ident: ($t16:ty, $t32:ty) $shape:ident($f:expr);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn, rm, index }: $Type) {
            match size {
                1 => $shape::<$t16>(cpu, q, [rd, rn, rm], index, $f),
                _ => $shape::<$t32>(cpu, q, [rd, rn, rm], index, $f),
            }
        }
    )*};
}

vectors! {
    /// MLA (by element), C7.2.195.
    mla_element MlaElement: (u16, u32) lanewise(|d, n, m| Element::add(d, Element::mul(n, m)));
    /// MLS (by element), C7.2.197.
    mls_element MlsElement: (u16, u32) lanewise(|d, n, m| Element::sub(d, Element::mul(n, m)));
    /// MUL (by element), C7.2.205.
    mul_element MulElement: (u16, u32) lanewise(|_, n, m| Element::mul(n, m));
    /// SQDMULH (by element), C7.2.288.
    sqdmulh_element_vec SqdmulhElementVec: (i16, i32) saturating(|_, n, m| lane::doubling_multiply_high(n, m));
    /// SQRDMULH (by element), C7.2.297.
    sqrdmulh_element_vec SqrdmulhElementVec: (i16, i32) saturating(|_, n, m| lane::rounding_doubling_multiply_high(n, m));
    /// SQRDMLAH (by element), C7.2.293.
    sqrdmlah_element_vec SqrdmlahElementVec: (i16, i32) saturating(lane::rounding_doubling_multiply_add);
    /// SQRDMLSH (by element), C7.2.295.
    sqrdmlsh_element_vec SqrdmlshElementVec: (i16, i32) saturating(lane::rounding_doubling_multiply_sub);
    /// SMLAL (by element), C7.2.274.
    smlal_element SmlalElement: (i16, i32) long(|d, n, m| Element::add(d, n.product(m)));
    /// UMLAL (by element), C7.2.366.
    umlal_element UmlalElement: (u16, u32) long(|d, n, m| Element::add(d, n.product(m)));
    /// SMLSL (by element), C7.2.276.
    smlsl_element SmlslElement: (i16, i32) long(|d, n, m| Element::sub(d, n.product(m)));
    /// UMLSL (by element), C7.2.368.
    umlsl_element UmlslElement: (u16, u32) long(|d, n, m| Element::sub(d, n.product(m)));
    /// SMULL (by element), C7.2.280.
    smull_element SmullElement: (i16, i32) long(|_, n, m| n.product(m));
    /// UMULL (by element), C7.2.372.
    umull_element UmullElement: (u16, u32) long(|_, n, m| n.product(m));
    /// SQDMLAL (by element), C7.2.284.
    sqdmlal_element_vec SqdmlalElementVec: (i16, i32) saturating_long(lane::doubling_multiply_add_long);
    /// SQDMLSL (by element), C7.2.286.
    sqdmlsl_element_vec SqdmlslElementVec: (i16, i32) saturating_long(lane::doubling_multiply_sub_long);
    /// SQDMULL (by element), C7.2.290.
    sqdmull_element_vec SqdmullElementVec: (i16, i32) saturating_long(|_, n, m| lane::doubling_multiply_long(n, m));
}

/// SDOT (by element), C7.2.237.
#[inline(always)]
pub fn sdot_element(cpu: &mut State, SdotElement { q, rd, rn, rm, index }: SdotElement) {
    let bytes = splat(u32::get(&cpu.vector(rm), index));
    let value = dot::<i8, i8>(&cpu.vector(rd), &cpu.vector(rn), &bytes);
    cpu.set_vector_q(q, rd, value);
}

/// UDOT (by element), C7.2.356.
#[inline(always)]
pub fn udot_element(cpu: &mut State, UdotElement { q, rd, rn, rm, index }: UdotElement) {
    let bytes = splat(u32::get(&cpu.vector(rm), index));
    let value = dot::<u8, u8>(&cpu.vector(rd), &cpu.vector(rn), &bytes);
    cpu.set_vector_q(q, rd, value);
}

/// SUDOT (by element), C7.2.336.
#[inline(always)]
pub fn sudot_element(cpu: &mut State, SudotElement { q, rd, rn, rm, index }: SudotElement) {
    let bytes = splat(u32::get(&cpu.vector(rm), index));
    let value = dot::<i8, u8>(&cpu.vector(rd), &cpu.vector(rn), &bytes);
    cpu.set_vector_q(q, rd, value);
}

/// USDOT (by element), C7.2.388.
#[inline(always)]
pub fn usdot_element(cpu: &mut State, UsdotElement { q, rd, rn, rm, index }: UsdotElement) {
    let bytes = splat(u32::get(&cpu.vector(rm), index));
    let value = dot::<u8, i8>(&cpu.vector(rd), &cpu.vector(rn), &bytes);
    cpu.set_vector_q(q, rd, value);
}

/// The scalar form of [`saturating`]: lane 0, zeros above it.
#[inline(always)]
fn saturating_scalar<T: Element>(cpu: &mut State, [d, n, m]: [u8; 3], index: u8, f: impl Fn(T, T, T) -> (T, bool)) {
    let element = T::get(&cpu.vector(m), index);
    let (value, saturated) = f(T::get(&cpu.vector(d), 0), T::get(&cpu.vector(n), 0), element);
    cpu.set_vector(d, single(value));
    set_saturated(cpu, saturated);
}

/// The scalar form of [`saturating_long`].
#[inline(always)]
fn long_scalar<T: Narrow>(
    cpu: &mut State,
    [d, n, m]: [u8; 3],
    index: u8,
    f: impl Fn(T::Wide, T, T) -> (T::Wide, bool),
) {
    let element = T::get(&cpu.vector(m), index);
    let (value, saturated) = f(T::Wide::get(&cpu.vector(d), 0), T::get(&cpu.vector(n), 0), element);
    cpu.set_vector(d, single(value));
    set_saturated(cpu, saturated);
}

/// As [`vectors`], on one lane.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $shape:ident($f:expr);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn, rm, index }: $Type) {
            match size {
                1 => $shape::<i16>(cpu, [rd, rn, rm], index, $f),
                _ => $shape::<i32>(cpu, [rd, rn, rm], index, $f),
            }
        }
    )*};
}

scalars! {
    /// SQDMULH (by element), C7.2.288.
    sqdmulh_element_scalar SqdmulhElementScalar: saturating_scalar(|_, n, m| lane::doubling_multiply_high(n, m));
    /// SQRDMULH (by element), C7.2.297.
    sqrdmulh_element_scalar SqrdmulhElementScalar: saturating_scalar(|_, n, m| lane::rounding_doubling_multiply_high(n, m));
    /// SQRDMLAH (by element), C7.2.293.
    sqrdmlah_element_scalar SqrdmlahElementScalar: saturating_scalar(lane::rounding_doubling_multiply_add);
    /// SQRDMLSH (by element), C7.2.295.
    sqrdmlsh_element_scalar SqrdmlshElementScalar: saturating_scalar(lane::rounding_doubling_multiply_sub);
    /// SQDMLAL (by element), C7.2.284.
    sqdmlal_element_scalar SqdmlalElementScalar: long_scalar(lane::doubling_multiply_add_long);
    /// SQDMLSL (by element), C7.2.286.
    sqdmlsl_element_scalar SqdmlslElementScalar: long_scalar(lane::doubling_multiply_sub_long);
    /// SQDMULL (by element), C7.2.290.
    sqdmull_element_scalar SqdmullElementScalar: long_scalar(|_, n, m| lane::doubling_multiply_long(n, m));
}
