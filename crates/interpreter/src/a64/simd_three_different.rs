//! Advanced SIMD three different and its scalar form (C4.1.96): long, wide and narrowing instructions. `q` selects the upper halves.

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::crypto::polynomial;
use armlet_decoder::a64::*;

use super::lane;
use super::vector::{Element, Narrow, by_size, narrow, set_half, set_saturated, single, zip, zip_long};

/// One lane, widened.
#[inline(always)]
fn widened<T: Narrow>(lane: T) -> T::Wide {
    lane.into()
}

/// Every wide lane of V\[d\] becomes `f` of itself and the lanes of V\[n\] and V\[m\].
#[inline(always)]
fn long<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl FnMut(T::Wide, T, T) -> T::Wide) {
    let value = zip_long(q, &cpu.vector(d), &cpu.vector(n), &cpu.vector(m), f);
    cpu.set_vector(d, value);
}

/// As [`long`], with saturation.
#[inline(always)]
fn saturating<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T::Wide, T, T) -> (T::Wide, bool)) {
    let mut saturated = false;
    long::<T>(cpu, q, [d, n, m], |d, n, m| {
        let (value, this) = f(d, n, m);
        saturated |= this;
        value
    });
    set_saturated(cpu, saturated);
}

/// Every wide lane of V\[d\] is `f` of the wide lane of V\[n\] and the lane of V\[m\].
#[inline(always)]
fn wide<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T::Wide, T::Wide) -> T::Wide) {
    let m = cpu.vector(m);
    let value = zip_long::<T>(q, &cpu.vector(n), &m, &m, |n, m, _| f(n, m.into()));
    cpu.set_vector(d, value);
}

/// The upper halves of `f` of the wide lanes of V\[n\] and V\[m\], rounded if wanted.
#[inline(always)]
fn high<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T::Wide, T::Wide) -> T::Wide, round: bool) {
    let half = if round {
        widened(T::ONE) << (T::BITS - 1)
    } else {
        T::Wide::default()
    };
    let wide = zip::<T::Wide>(&cpu.vector(n), &cpu.vector(m), |n, m| f(n, m).add(half));
    let value = narrow(&wide, |wide: T::Wide| T::truncate(wide >> T::BITS));
    set_half(cpu, q, d, &value);
}

/// `name Type: type shape(function);`: the element type follows from `size` and what is given here.
macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn, rm }: $Type) {
            by_size!(size, $type T => $shape::<T>(cpu, q, [rd, rn, rm], $($f),*))
        }
    )*};
}

vectors! {
    /// SADDL, C7.2.229.
    saddl Saddl: signed_narrow long(|_, n, m| widened(n).add(widened(m)));
    /// UADDL, C7.2.348.
    uaddl Uaddl: unsigned_narrow long(|_, n, m| widened(n).add(widened(m)));
    /// SADDW, C7.2.232.
    saddw Saddw: signed_narrow wide(Element::add);
    /// UADDW, C7.2.351.
    uaddw Uaddw: unsigned_narrow wide(Element::add);
    /// SSUBL, C7.2.319.
    ssubl Ssubl: signed_narrow long(|_, n, m| widened(n).sub(widened(m)));
    /// USUBL, C7.2.396.
    usubl Usubl: unsigned_narrow long(|_, n, m| widened(n).sub(widened(m)));
    /// SSUBW, C7.2.320.
    ssubw Ssubw: signed_narrow wide(Element::sub);
    /// USUBW, C7.2.397.
    usubw Usubw: unsigned_narrow wide(Element::sub);
    /// ADDHN, C7.2.3.
    addhn Addhn: unsigned_narrow high(Element::add, false);
    /// RADDHN, C7.2.216.
    raddhn Raddhn: unsigned_narrow high(Element::add, true);
    /// SABAL, C7.2.225.
    sabal Sabal: signed_narrow long(|d, n, m| d.add(lane::abs_difference(widened(n), widened(m))));
    /// UABAL, C7.2.344.
    uabal Uabal: unsigned_narrow long(|d, n, m| d.add(lane::abs_difference(widened(n), widened(m))));
    /// SUBHN, C7.2.335.
    subhn Subhn: unsigned_narrow high(Element::sub, false);
    /// RSUBHN, C7.2.223.
    rsubhn Rsubhn: unsigned_narrow high(Element::sub, true);
    /// SABDL, C7.2.227.
    sabdl Sabdl: signed_narrow long(|_, n, m| lane::abs_difference(widened(n), widened(m)));
    /// UABDL, C7.2.346.
    uabdl Uabdl: unsigned_narrow long(|_, n, m| lane::abs_difference(widened(n), widened(m)));
    /// SMLAL (vector), C7.2.275.
    smlal_vec SmlalVec: signed_narrow long(|d, n, m| d.add(n.product(m)));
    /// UMLAL (vector), C7.2.367.
    umlal_vec UmlalVec: unsigned_narrow long(|d, n, m| d.add(n.product(m)));
    /// SMLSL (vector), C7.2.277.
    smlsl_vec SmlslVec: signed_narrow long(|d, n, m| d.sub(n.product(m)));
    /// UMLSL (vector), C7.2.369.
    umlsl_vec UmlslVec: unsigned_narrow long(|d, n, m| d.sub(n.product(m)));
    /// SMULL (vector), C7.2.281.
    smull_vec SmullVec: signed_narrow long(|_, n, m| n.product(m));
    /// UMULL (vector), C7.2.373.
    umull_vec UmullVec: unsigned_narrow long(|_, n, m| n.product(m));
    /// SQDMLAL (vector), C7.2.285.
    sqdmlal_vec SqdmlalVec: signed_narrow saturating(lane::doubling_multiply_add_long);
    /// SQDMLSL (vector), C7.2.287.
    sqdmlsl_vec SqdmlslVec: signed_narrow saturating(lane::doubling_multiply_sub_long);
    /// SQDMULL (vector), C7.2.291.
    sqdmull_vec SqdmullVec: signed_narrow saturating(|_, n, m| lane::doubling_multiply_long(n, m));
}

/// The scalar form of [`saturating`]: lane 0, zeros above it.
#[inline(always)]
fn saturating_scalar<T: Narrow>(cpu: &mut State, [d, n, m]: [u8; 3], f: impl Fn(T::Wide, T, T) -> (T::Wide, bool)) {
    let (n, m) = (T::get(&cpu.vector(n), 0), T::get(&cpu.vector(m), 0));
    let (value, saturated) = f(T::Wide::get(&cpu.vector(d), 0), n, m);
    cpu.set_vector(d, single(value));
    set_saturated(cpu, saturated);
}

/// As [`vectors`], on one lane.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn, rm }: $Type) {
            by_size!(size, $type T => $shape::<T>(cpu, [rd, rn, rm], $($f),*))
        }
    )*};
}

scalars! {
    /// SQDMLAL (vector), C7.2.285.
    sqdmlal_scalar SqdmlalScalar: signed_narrow saturating_scalar(lane::doubling_multiply_add_long);
    /// SQDMLSL (vector), C7.2.287.
    sqdmlsl_scalar SqdmlslScalar: signed_narrow saturating_scalar(lane::doubling_multiply_sub_long);
    /// SQDMULL (vector), C7.2.291.
    sqdmull_scalar SqdmullScalar: signed_narrow saturating_scalar(|_, n, m| lane::doubling_multiply_long(n, m));
}

/// PMULL on bytes, C7.2.215.
#[inline(always)]
pub fn pmull_8(cpu: &mut State, Pmull8 { q, rd, rn, rm }: Pmull8) {
    long::<u8>(cpu, q, [rd, rn, rm], |_, n, m| polynomial::multiply8(n, m));
}

/// PMULL on 64-bit elements, C7.2.215.
#[inline(always)]
pub fn pmull_64(cpu: &mut State, Pmull64 { q, rd, rn, rm }: Pmull64) {
    let lane = |vector: Vector| u64::get(&vector, q.into());
    let product = polynomial::multiply64(lane(cpu.vector(rn)), lane(cpu.vector(rm)));
    cpu.set_v(rd, product);
}
