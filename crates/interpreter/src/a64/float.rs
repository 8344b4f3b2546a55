//! Between the register file and `armlet_cpu::fp`: formats by size, numbers in registers, the environment. Nothing here is
//! an instruction.

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::fp::{Float, FpEnv, Rounding};

use super::vector::{Element, map, single, source, zip, zip3};

/// A floating-point format that is also an element of a vector: `u16` half, `u32` single, `u64` double precision.
pub trait Format: Float + Element {}

impl<T: Float + Element> Format for T {}

/// Runs `$body` with `$F` as the format that `$size` (log2 of its bytes: 1 to 3) selects.
macro_rules! by_format {
    ($size:expr, $F:ident => $body:expr) => {
        match $size {
            1 => {
                type $F = u16;
                $body
            }
            2 => {
                type $F = u32;
                $body
            }
            _ => {
                type $F = u64;
                $body
            }
        }
    };
}
pub(super) use by_format;

/// [`by_format`] for single and double precision only.
macro_rules! single_or_double {
    ($size:expr, $F:ident => $body:expr) => {
        if $size == 2 {
            type $F = u32;
            $body
        } else {
            type $F = u64;
            $body
        }
    };
}
pub(crate) use single_or_double;

/// Runs operations under FPCR, and gathers their exceptions in FPSR.
#[inline(always)]
pub fn with_env<R>(cpu: &mut State, operations: impl FnOnce(&mut FpEnv) -> R) -> R {
    let mut env = FpEnv::new(cpu.fpcr, cpu.fpsr);
    let result = operations(&mut env);
    cpu.fpsr = env.fpsr;
    result
}

/// FPCR's rounding mode.
#[inline(always)]
pub fn current(env: &FpEnv) -> Rounding {
    env.fpcr.rounding()
}

/// H\[n\], S\[n\] or D\[n\].
#[inline(always)]
pub fn number<F: Format>(cpu: &State, n: u8) -> F {
    element(cpu, n, 0)
}

/// One element of V\[n\], read where it is: a copy of the register would go through memory for the sake of the index.
#[inline(always)]
pub fn element<F: Format>(cpu: &State, n: u8, index: u8) -> F {
    F::get(&cpu.v[usize::from(n & 31)], index)
}

/// Writes H\[n\], S\[n\] or D\[n\]; the rest of V\[n\] becomes zero.
#[inline(always)]
pub fn set_number<F: Format>(cpu: &mut State, n: u8, value: F) {
    cpu.set_vector(n, single(value));
}

/// A scalar instruction with one source.
#[inline(always)]
pub fn scalar1<F: Format>(cpu: &mut State, [d, n]: [u8; 2], operation: impl FnOnce(F, &mut FpEnv) -> F) {
    let n = number(cpu, n);
    let result = with_env(cpu, |env| operation(n, env));
    set_number(cpu, d, result);
}

/// A scalar instruction with two sources.
#[inline(always)]
pub fn scalar2<F: Format>(cpu: &mut State, [d, n, m]: [u8; 3], operation: impl FnOnce(F, F, &mut FpEnv) -> F) {
    let (n, m) = (number(cpu, n), number(cpu, m));
    let result = with_env(cpu, |env| operation(n, m, env));
    set_number(cpu, d, result);
}

/// An instruction on every lane of one source. Like the shapes below, it stands apart: inlined, the many lanes would make a large
/// frame in the caller, which has to leave in tail position.
#[inline(never)]
pub fn lanes1<F: Format>(cpu: &mut State, q: bool, [d, n]: [u8; 2], operation: impl Fn(F, &mut FpEnv) -> F) {
    let n = source(cpu, q, n);
    let result = with_env(cpu, |env| map(&n, |n| operation(n, env)));
    cpu.set_vector_q(q, d, result);
}

/// An instruction on every lane of two sources.
#[inline(always)]
pub fn lanes2<F: Format>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], operation: impl Fn(F, F, &mut FpEnv) -> F) {
    let m = source(cpu, q, m);
    lanes2_of(cpu, q, [d, n], &m, operation);
}

/// [`lanes2`], the second source of which is not a register.
#[inline(never)]
pub fn lanes2_of<F: Format>(
    cpu: &mut State,
    q: bool,
    [d, n]: [u8; 2],
    m: &Vector,
    operation: impl Fn(F, F, &mut FpEnv) -> F,
) {
    let n = source(cpu, q, n);
    let result = with_env(cpu, |env| zip(&n, m, |n, m| operation(n, m, env)));
    cpu.set_vector_q(q, d, result);
}

/// An instruction on every lane of the destination and two sources.
#[inline(always)]
pub fn lanes3<F: Format>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], operation: impl Fn(F, F, F, &mut FpEnv) -> F) {
    let m = source(cpu, q, m);
    lanes3_of(cpu, q, [d, n], &m, operation);
}

/// [`lanes3`], the second source of which is not a register.
#[inline(never)]
pub fn lanes3_of<F: Format>(
    cpu: &mut State,
    q: bool,
    [d, n]: [u8; 2],
    m: &Vector,
    operation: impl Fn(F, F, F, &mut FpEnv) -> F,
) {
    let (addend, n) = (source(cpu, q, d), source(cpu, q, n));
    let result = with_env(cpu, |env| zip3(&addend, &n, m, |d, n, m| operation(d, n, m, env)));
    cpu.set_vector_q(q, d, result);
}

/// One encoding of an instruction with one source: `vec`, `scalar` (both single and double precision), `vec_half`, `scalar_half`.
macro_rules! two_misc_encoding {
    (#[$doc:meta] vec $name:ident $Type:ident $operation:expr) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn }: $Type) {
            super::float::single_or_double!(size, F => super::float::lanes1::<F>(cpu, q, [rd, rn], $operation));
        }
    };
    (#[$doc:meta] vec_half $name:ident $Type:ident $operation:expr) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, rd, rn }: $Type) {
            super::float::lanes1::<u16>(cpu, q, [rd, rn], $operation);
        }
    };
    (#[$doc:meta] scalar $name:ident $Type:ident $operation:expr) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn }: $Type) {
            super::float::single_or_double!(size, F => super::float::scalar1::<F>(cpu, [rd, rn], $operation));
        }
    };
    (#[$doc:meta] scalar_half $name:ident $Type:ident $operation:expr) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rn }: $Type) {
            super::float::scalar1::<u16>(cpu, [rd, rn], $operation);
        }
    };
}
pub(super) use two_misc_encoding;

/// Instructions with one source: `operation => encoding name Type, …;`
macro_rules! two_misc {
    ($(#[$doc:meta] $operation:expr => $($encoding:ident $name:ident $Type:ident),*;)*) => {
        $($(super::float::two_misc_encoding!(#[$doc] $encoding $name $Type $operation);)*)*
    };
}
pub(super) use two_misc;
