//! Between registers and `armlet_cpu::fp`: VFP instructions obey FPSCR, Advanced SIMD ones its standard value. Nothing here is an
//! instruction.
//!
//! Scalar registers are numbers of S registers for single precision (`u32`), of D registers for double precision (`u64`).

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::fp::{self, FpEnv, Fpcr};

use super::vector::{set, source};
use crate::a64::float::Format;
use crate::a64::vector::{map, zip, zip3};

/// S\[n\] or D\[n\].
#[inline(always)]
pub fn number<F: Format>(cpu: &State, n: u8) -> F {
    F::get(&cpu.v[(usize::from(n) / F::LANES) & 15], n % F::LANES as u8)
}

/// Writes S\[n\] or D\[n\]; the rest of the Q register stays.
#[inline(always)]
pub fn set_number<F: Format>(cpu: &mut State, n: u8, value: F) {
    F::set(&mut cpu.v[(usize::from(n) / F::LANES) & 15], n % F::LANES as u8, value);
}

/// Runs operations under FPSCR, and gathers their exceptions there.
#[inline(always)]
pub fn with_env<R>(cpu: &mut State, operations: impl FnOnce(&mut FpEnv) -> R) -> R {
    let mut env = FpEnv::new(cpu.fpcr, cpu.fpsr);
    let result = operations(&mut env);
    cpu.fpsr = env.fpsr;
    result
}

/// Runs operations under the standard value of FPSCR, and gathers their exceptions in FPSCR.
#[inline(always)]
fn with_standard_env<R>(cpu: &mut State, operations: impl FnOnce(&mut FpEnv) -> R) -> R {
    let mut env = FpEnv::standard(cpu.fpcr, cpu.fpsr);
    let result = operations(&mut env);
    cpu.fpsr = env.fpsr;
    result
}

/// A VFP data-processing instruction: `d` becomes `operation` of itself, `n` and `m`. With FPSCR.Len, it does so for the registers of a
/// short vector.
#[inline(always)]
pub fn scalar3<F: Format>(cpu: &mut State, [d, n, m]: [u8; 3], operation: impl Fn(F, F, F, &mut FpEnv) -> F + Copy) {
    if cpu.fpcr & Fpcr::LEN != 0 {
        return short_vectors(cpu, [d, n, m], operation);
    }
    let (addend, left, right) = (number(cpu, d), number(cpu, n), number(cpu, m));
    let result = with_env(cpu, |env| operation(addend, left, right, env));
    set_number(cpu, d, result);
}

/// [`scalar3`] without the destination as a source.
#[inline(always)]
pub fn scalar2<F: Format>(cpu: &mut State, [d, n, m]: [u8; 3], operation: impl Fn(F, F, &mut FpEnv) -> F + Copy) {
    scalar3(cpu, [d, n, m], |_, left, right, env| operation(left, right, env));
}

/// [`scalar3`] with one source.
#[inline(always)]
pub fn scalar1<F: Format>(cpu: &mut State, [d, m]: [u8; 2], operation: impl Fn(F, &mut FpEnv) -> F + Copy) {
    // As the first source, the destination always moves along.
    scalar3(cpu, [d, d, m], |_, _, operand, env| operation(operand, env));
}

/// VFP vectors (DDI 0406C, appendix D11): the registers are banks of 8 (S) or 4 (D), within which numbers wrap. A destination in the first
/// bank (of D0 to D15, and again of D16 to D31) makes the operation scalar; a second source there is the same for all elements.
#[cold]
#[inline(never)]
fn short_vectors<F: Format>(
    cpu: &mut State,
    [mut d, mut n, mut m]: [u8; 3],
    operation: impl Fn(F, F, F, &mut FpEnv) -> F,
) {
    let bank = if F::BITS == 32 { 8 } else { 4 };
    let is_scalar = |register: u8| if F::BITS == 32 { register < 8 } else { register & 15 < 4 };
    let step = if cpu.fpcr & Fpcr::STRIDE != 0 { 2 } else { 1 };
    let next = |register: u8| register & !(bank - 1) | (register + step) & (bank - 1);
    let count = if is_scalar(d) {
        1
    } else {
        (cpu.fpcr & Fpcr::LEN) / (Fpcr::LEN & Fpcr::LEN.wrapping_neg()) + 1
    };
    let fixed = is_scalar(m);
    for _ in 0..count {
        let (addend, left, right) = (number(cpu, d), number(cpu, n), number(cpu, m));
        let result = with_env(cpu, |env| operation(addend, left, right, env));
        set_number(cpu, d, result);
        d = next(d);
        n = next(n);
        if !fixed {
            m = next(m);
        }
    }
}

/// An Advanced SIMD instruction on every lane of one source. Like the shapes below, it stands apart: inlined, the many lanes would make a
/// large frame in the caller, which has to leave in tail position.
#[inline(never)]
pub fn lanes1(cpu: &mut State, q: bool, [d, m]: [u8; 2], operation: impl Fn(u32, &mut FpEnv) -> u32) {
    let m = source(cpu, q, m);
    let result = with_standard_env(cpu, |env| map(&m, |m| operation(m, env)));
    set(cpu, q, d, result);
}

/// An instruction on every lane of two sources.
#[inline(never)]
pub fn lanes2(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], operation: impl Fn(u32, u32, &mut FpEnv) -> u32) {
    let (n, m) = (source(cpu, q, n), source(cpu, q, m));
    let result = with_standard_env(cpu, |env| zip(&n, &m, |n, m| operation(n, m, env)));
    set(cpu, q, d, result);
}

/// An instruction on every lane of the destination and two sources.
#[inline(always)]
pub fn lanes3(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], operation: impl Fn(u32, u32, u32, &mut FpEnv) -> u32) {
    let m = source(cpu, q, m);
    lanes3_with(cpu, q, [d, n], &m, operation);
}

/// [`lanes3`], the second source of which is not a register.
#[inline(never)]
pub fn lanes3_with(
    cpu: &mut State,
    q: bool,
    [d, n]: [u8; 2],
    m: &Vector,
    operation: impl Fn(u32, u32, u32, &mut FpEnv) -> u32,
) {
    let (addend, n) = (source(cpu, q, d), source(cpu, q, n));
    let result = with_standard_env(cpu, |env| zip3(&addend, &n, m, |d, n, m| operation(d, n, m, env)));
    set(cpu, q, d, result);
}

/// Lanes of two given vectors; the low half of the result goes to D\[d\] (pairwise instructions).
#[inline(never)]
pub fn halves(cpu: &mut State, d: u8, [n, m]: [&Vector; 2], operation: impl Fn(u32, u32, &mut FpEnv) -> u32) {
    let result = with_standard_env(cpu, |env| zip(n, m, |n, m| operation(n, m, env)));
    set(cpu, false, d, result);
}

/// Conversion between formats in Advanced SIMD.
#[inline(always)]
pub fn convert_standard<F: Format, T: Format>(cpu: &mut State, operand: F) -> T {
    with_standard_env(cpu, |env| fp::convert(operand, env))
}

/// VMLA: the product is rounded before it is added.
#[inline(always)]
pub fn chained_add<F: Format>(addend: F, a: F, b: F, env: &mut FpEnv) -> F {
    let product = fp::mul(a, b, env);
    fp::add(addend, product, env)
}

/// VMLS.
#[inline(always)]
pub fn chained_sub<F: Format>(addend: F, a: F, b: F, env: &mut FpEnv) -> F {
    let product = fp::neg(fp::mul(a, b, env));
    fp::add(addend, product, env)
}
