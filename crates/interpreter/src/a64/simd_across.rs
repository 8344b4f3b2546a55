//! Advanced SIMD across lanes, and scalar pairwise (C4.1.96): integer instructions.

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::vector::{Element, Narrow, by_size, fold, single};

/// The lanes of V\[n\], combined by `f`.
#[inline(always)]
fn reduce<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], f: impl Fn(T, T) -> T) {
    let n = cpu.vector(n);
    // The first lane counts twice: harmless for a minimum or a maximum.
    let value = fold(q, &n, T::get(&n, 0), f);
    cpu.set_vector(d, single(value));
}

/// The sum of the lanes of V\[n\].
#[inline(always)]
fn sum<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2]) {
    let value = fold(q, &cpu.vector(n), T::default(), T::add);
    cpu.set_vector(d, single(value));
}

/// The sum of the lanes of V\[n\], in twice their size.
#[inline(always)]
fn long_sum<T: Narrow>(cpu: &mut State, q: bool, [d, n]: [u8; 2]) {
    let value = fold(q, &cpu.vector(n), T::Wide::default(), |sum, lane: T| sum + lane.into());
    cpu.set_vector(d, single(value));
}

/// `name Type: type shape(function);`: the element type follows from `size` and what is given here.
macro_rules! across {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($($f:expr),*);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn }: $Type) {
            by_size!(size, $type T => $shape::<T>(cpu, q, [rd, rn] $(, $f)*))
        }
    )*};
}

across! {
    /// SADDLV, C7.2.231.
    saddlv Saddlv: signed_narrow long_sum();
    /// UADDLV, C7.2.350.
    uaddlv Uaddlv: unsigned_narrow long_sum();
    /// SMAXV, C7.2.270.
    smaxv Smaxv: signed_narrow reduce(Ord::max);
    /// UMAXV, C7.2.362.
    umaxv Umaxv: unsigned_narrow reduce(Ord::max);
    /// SMINV, C7.2.273.
    sminv Sminv: signed_narrow reduce(Ord::min);
    /// UMINV, C7.2.365.
    uminv Uminv: unsigned_narrow reduce(Ord::min);
    /// ADDV, C7.2.6.
    addv Addv: unsigned_narrow sum();
}

/// ADDP (scalar), C7.2.4.
#[inline(always)]
pub fn addp_scalar(cpu: &mut State, AddpScalar { rd, rn }: AddpScalar) {
    sum::<u64>(cpu, true, [rd, rn]);
}
