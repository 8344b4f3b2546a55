//! Advanced SIMD, three registers of different lengths.

use armlet_cpu::a64::State;
use armlet_cpu::crypto::polynomial;
use armlet_decoder::a32::*;

use super::vector::{by_type, long, saturating_long_with, set, source};
use crate::a64::lane;
use crate::a64::vector::{Element, Narrow, by_size, narrow, zip, zip_long};

/// The same number in twice the bits.
#[inline(always)]
fn widen<T: Element>(n: T) -> T::Wide {
    T::Wide::from(n)
}

/// The same bits as an unsigned number, in twice the bits.
#[inline(always)]
fn widen_unsigned<T: Element>(n: T) -> T::Wide {
    T::Wide::from(n.unsigned())
}

/// `name Type = |d, n, m| result`, where `d` is wide: signed or unsigned as the operands say.
macro_rules! longs {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vn, vm, unsigned }: $Type) {
            by_type!(size, unsigned, narrow T => long::<T>(cpu, [vd, vn, vm], $f))
        }
    )*};
}

longs! {
    /// VADDL.
    vaddl Vaddl = |_, n, m| widen(n) + widen(m);
    /// VSUBL.
    vsubl Vsubl = |_, n, m| widen(n).wrapping_sub(widen(m));
    /// VABAL.
    vabal Vabal = |d, n, m| d.wrapping_add(widen_unsigned(lane::abs_difference(n, m)));
    /// VABDL (integer).
    vabdl Vabdl = |_, n, m| widen_unsigned(lane::abs_difference(n, m));
    /// VMLAL (integer).
    vmlal Vmlal = |d, n, m| d.wrapping_add(n.product(m));
    /// VMLSL (integer).
    vmlsl Vmlsl = |d, n, m| d.wrapping_sub(n.product(m));
    /// VMULL (integer).
    vmull_int VmullInt = |_, n, m| n.product(m);
}

/// Every wide lane of Q\[d / 2\] is `f` of the wide lane of Q\[n / 2\] and the lane of D\[m\].
#[inline(always)]
fn wide<T: Narrow>(cpu: &mut State, [d, n, m]: [u8; 3], f: impl Fn(T::Wide, T::Wide) -> T::Wide) {
    let m = source(cpu, false, m);
    let value = zip_long::<T>(false, &source(cpu, true, n), &m, &m, |n, _, m| f(n, T::Wide::from(m)));
    set(cpu, true, d, value);
}

/// VADDW.
#[inline(always)]
pub fn vaddw(
    cpu: &mut State,
    Vaddw {
        size,
        vd,
        vn,
        vm,
        unsigned,
    }: Vaddw,
) {
    by_type!(size, unsigned, narrow T => wide::<T>(cpu, [vd, vn, vm], Element::add))
}

/// VSUBW.
#[inline(always)]
pub fn vsubw(
    cpu: &mut State,
    Vsubw {
        size,
        vd,
        vn,
        vm,
        unsigned,
    }: Vsubw,
) {
    by_type!(size, unsigned, narrow T => wide::<T>(cpu, [vd, vn, vm], Element::sub))
}

/// Every lane of D\[d\] is the upper half of `f` of the wide lanes of Q\[n / 2\] and Q\[m / 2\], rounded if so said.
#[inline(always)]
fn high<T: Narrow>(cpu: &mut State, [d, n, m]: [u8; 3], round: bool, f: impl Fn(T::Wide, T::Wide) -> T::Wide) {
    let half = if round {
        T::Wide::ONE << (T::BITS - 1)
    } else {
        T::Wide::default()
    };
    let sums = zip(&source(cpu, true, n), &source(cpu, true, m), |n, m| f(n, m).add(half));
    let value = narrow(&sums, |wide: T::Wide| T::truncate(wide >> T::BITS));
    set(cpu, false, d, value);
}

/// `name Type = rounds, function;`
macro_rules! highs {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $round:literal, $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vn, vm }: $Type) {
            by_size!(size, unsigned_narrow T => high::<T>(cpu, [vd, vn, vm], $round, $f))
        }
    )*};
}

highs! {
    /// VADDHN.
    vaddhn Vaddhn = false, Element::add;
    /// VRADDHN.
    vraddhn Vraddhn = true, Element::add;
    /// VSUBHN.
    vsubhn Vsubhn = false, Element::sub;
    /// VRSUBHN.
    vrsubhn Vrsubhn = true, Element::sub;
}

/// `name Type = function;`: signed, saturating.
macro_rules! saturating_longs {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vn, vm }: $Type) {
            let m = source(cpu, false, vm);
            by_size!(size, signed_narrow T => saturating_long_with::<T>(cpu, [vd, vn], &m, $f))
        }
    )*};
}

saturating_longs! {
    /// VQDMLAL.
    vqdmlal Vqdmlal = lane::doubling_multiply_add_long;
    /// VQDMLSL.
    vqdmlsl Vqdmlsl = lane::doubling_multiply_sub_long;
    /// VQDMULL.
    vqdmull Vqdmull = |_, n, m| lane::doubling_multiply_long(n, m);
}

/// VMULL (polynomial) of bytes.
#[inline(always)]
pub fn vmull_poly(cpu: &mut State, VmullPoly { vd, vn, vm }: VmullPoly) {
    long::<u8>(cpu, [vd, vn, vm], |_, n, m| polynomial::multiply8(n, m));
}
