//! Vector registers as AArch32 sees them: D registers are halves of Q registers, and an instruction leaves the other half alone. One
//! generic function per shape of operation; lanes themselves are `crate::a64::vector`'s and `crate::a64::lane`'s. Nothing here
//! is an instruction.
//!
//! Register numbers are those of D registers; a Q register (`q`) has the number of its first half.

use armlet_cpu::a64::{State, Vector};

use crate::a64::vector::{Element, Narrow, SaturateTo, map, narrow, pairs, set_saturated, splat, zip, zip_long, zip3};

/// D\[n\].
#[inline(always)]
pub fn double(cpu: &State, n: u8) -> u64 {
    u64::get(&cpu.v[usize::from(n >> 1 & 15)], n & 1)
}

/// Writes D\[n\]; the other half of its Q register stays.
#[inline(always)]
pub fn set_double(cpu: &mut State, n: u8, value: u64) {
    u64::set(&mut cpu.v[usize::from(n >> 1 & 15)], n & 1, value);
}

/// Q\[n / 2\], or D\[n\] twice, so that the lanes which do not count raise no flag that the others do not raise.
#[inline(always)]
pub fn source(cpu: &State, q: bool, n: u8) -> Vector {
    if q {
        cpu.v[usize::from(n >> 1 & 15)]
    } else {
        splat(double(cpu, n))
    }
}

/// Writes Q\[n / 2\], or the low half to D\[n\].
#[inline(always)]
pub fn set(cpu: &mut State, q: bool, n: u8, value: Vector) {
    if q {
        cpu.v[usize::from(n >> 1 & 15)] = value;
    } else {
        set_double(cpu, n, u64::get(&value, 0));
    }
}

/// Lane `index` of D\[n\].
#[inline(always)]
pub fn scalar<T: Element>(cpu: &State, n: u8, index: u8) -> T {
    T::get(&cpu.v[usize::from(n >> 1 & 15)], (n & 1) * (T::LANES / 2) as u8 + index)
}

/// Writes lane `index` of D\[n\].
#[inline(always)]
pub fn set_scalar<T: Element>(cpu: &mut State, n: u8, index: u8, value: T) {
    T::set(
        &mut cpu.v[usize::from(n >> 1 & 15)],
        (n & 1) * (T::LANES / 2) as u8 + index,
        value,
    );
}

/// Every lane is `f` of the lane of `m`.
#[inline(always)]
pub fn lanewise1<T: Element>(cpu: &mut State, q: bool, [d, m]: [u8; 2], f: impl Fn(T) -> T) {
    let value = map(&source(cpu, q, m), f);
    set(cpu, q, d, value);
}

/// Every lane is `f` of the lanes of `n` and `m`.
#[inline(always)]
pub fn lanewise<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T) -> T) {
    let value = zip(&source(cpu, q, n), &source(cpu, q, m), f);
    set(cpu, q, d, value);
}

/// Every lane becomes `f` of itself and the lanes of `n` and `m`.
#[inline(always)]
pub fn accumulate<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T, T) -> T) {
    let m = source(cpu, q, m);
    accumulate_with(cpu, q, [d, n], &m, f);
}

/// [`accumulate`], the last source of which is not a register.
#[inline(always)]
pub fn accumulate_with<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], m: &Vector, f: impl Fn(T, T, T) -> T) {
    let value = zip3(&source(cpu, q, d), &source(cpu, q, n), m, f);
    set(cpu, q, d, value);
}

/// As [`accumulate`]; what saturates sets FPSCR.QC.
#[inline(always)]
pub fn saturating<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T, T) -> (T, bool)) {
    let m = source(cpu, q, m);
    saturating_with(cpu, q, [d, n], &m, f);
}

/// [`saturating`], the last source of which is not a register.
#[inline(always)]
pub fn saturating_with<T: Element>(
    cpu: &mut State,
    q: bool,
    [d, n]: [u8; 2],
    m: &Vector,
    f: impl Fn(T, T, T) -> (T, bool),
) {
    let mut saturated = false;
    let value = zip3(&source(cpu, q, d), &source(cpu, q, n), m, |d, n, m| {
        let (value, this) = f(d, n, m);
        saturated |= this;
        value
    });
    set(cpu, q, d, value);
    set_saturated(cpu, saturated);
}

/// D\[m\]:D\[n\].
#[inline(always)]
pub fn concatenated(cpu: &State, n: u8, m: u8) -> Vector {
    u64::vector([double(cpu, n), double(cpu, m)])
}

/// Every lane of D\[d\] is `f` of two neighbours in D\[m\]:D\[n\].
#[inline(always)]
pub fn pairwise<T: Narrow>(cpu: &mut State, [d, n, m]: [u8; 3], f: impl Fn(T, T) -> T) {
    let sources = concatenated(cpu, n, m);
    set(cpu, false, d, pairs(true, &sources, &sources, f));
}

/// Every lane of Q\[d / 2\] becomes `f` of itself and the lanes of D\[n\] and D\[m\].
#[inline(always)]
pub fn long<T: Narrow>(cpu: &mut State, [d, n, m]: [u8; 3], f: impl Fn(T::Wide, T, T) -> T::Wide) {
    let m = source(cpu, false, m);
    long_with(cpu, [d, n], &m, f);
}

/// [`long`], the last source of which is not a register.
#[inline(always)]
pub fn long_with<T: Narrow>(cpu: &mut State, [d, n]: [u8; 2], m: &Vector, f: impl Fn(T::Wide, T, T) -> T::Wide) {
    let value = zip_long::<T>(false, &source(cpu, true, d), &source(cpu, false, n), m, f);
    set(cpu, true, d, value);
}

/// As [`long_with`]; what saturates sets FPSCR.QC.
#[inline(always)]
pub fn saturating_long_with<T: Narrow>(
    cpu: &mut State,
    [d, n]: [u8; 2],
    m: &Vector,
    f: impl Fn(T::Wide, T, T) -> (T::Wide, bool),
) {
    let mut saturated = false;
    let value = zip_long::<T>(false, &source(cpu, true, d), &source(cpu, false, n), m, |d, n, m| {
        let (value, this) = f(d, n, m);
        saturated |= this;
        value
    });
    set(cpu, true, d, value);
    set_saturated(cpu, saturated);
}

/// Every lane of D\[d\] is `f` of the wide lane of Q\[m / 2\]; what saturates sets FPSCR.QC.
#[inline(always)]
pub fn narrowing<T: Narrow>(cpu: &mut State, [d, m]: [u8; 2], f: impl Fn(T::Wide) -> (T, bool)) {
    let mut saturated = false;
    let value = narrow(&source(cpu, true, m), |wide: T::Wide| {
        let (value, this) = f(wide);
        saturated |= this;
        value
    });
    set(cpu, false, d, value);
    set_saturated(cpu, saturated);
}

/// The nearest value to a wide one.
#[inline(always)]
pub fn nearest<T: Narrow>(wide: T::Wide) -> (T, bool) {
    wide.saturate_to()
}

/// Runs `$body` with `$T` as the element type that `$size` (log2 of its bytes) and `$unsigned` select; of `narrow` types, none has 64 bits.
macro_rules! by_type {
    ($size:expr, $unsigned:expr, $T:ident => $body:expr) => {
        if $unsigned {
            crate::a64::vector::by_size!($size, unsigned $T => $body)
        } else {
            crate::a64::vector::by_size!($size, signed $T => $body)
        }
    };
    ($size:expr, $unsigned:expr, narrow $T:ident => $body:expr) => {
        if $unsigned {
            crate::a64::vector::by_size!($size, unsigned_narrow $T => $body)
        } else {
            crate::a64::vector::by_size!($size, signed_narrow $T => $body)
        }
    };
}
pub(super) use by_type;
