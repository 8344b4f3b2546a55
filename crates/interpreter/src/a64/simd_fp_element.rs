//! Advanced SIMD vector x indexed element and its scalar form (C4.1.96): floating-point instructions. The arithmetic itself is
//! `armlet_cpu::fp`.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, FpEnv};
use armlet_decoder::a64::*;

use super::float::{Format, element, lanes2_of, lanes3_of, number, set_number, single_or_double, with_env};
use super::vector::splat;

/// A product of every lane and one element; the destination does not matter.
#[inline(always)]
fn product<F: Format>(
    cpu: &mut State,
    q: bool,
    [d, n]: [u8; 2],
    [m, index]: [u8; 2],
    operation: impl Fn(F, F, &mut FpEnv) -> F,
) {
    let element = splat::<F>(element(cpu, m, index));
    lanes2_of(cpu, q, [d, n], &element, operation);
}

/// A product of every lane and one element, added to the destination.
#[inline(always)]
fn sum<F: Format>(
    cpu: &mut State,
    q: bool,
    [d, n]: [u8; 2],
    [m, index]: [u8; 2],
    operation: impl Fn(F, F, F, &mut FpEnv) -> F,
) {
    let element = splat::<F>(element(cpu, m, index));
    lanes3_of(cpu, q, [d, n], &element, operation);
}

/// [`product`] of scalars.
#[inline(always)]
fn scalar_product<F: Format>(
    cpu: &mut State,
    [d, n]: [u8; 2],
    [m, index]: [u8; 2],
    operation: impl Fn(F, F, &mut FpEnv) -> F,
) {
    let (n, element) = (number(cpu, n), element(cpu, m, index));
    let result = with_env(cpu, |env| operation(n, element, env));
    set_number(cpu, d, result);
}

/// [`sum`] of scalars.
#[inline(always)]
fn scalar_sum<F: Format>(
    cpu: &mut State,
    [d, n]: [u8; 2],
    [m, index]: [u8; 2],
    operation: impl Fn(F, F, F, &mut FpEnv) -> F,
) {
    let (addend, n, element) = (number(cpu, d), number(cpu, n), element(cpu, m, index));
    let result = with_env(cpu, |env| operation(addend, n, element, env));
    set_number(cpu, d, result);
}

/// `shape, scalar's shape(operation)`, and name and type of the encodings: vector, vector of halves, scalar, scalar half.
macro_rules! by_element {
    ($(#[$doc:meta] $shape:ident, $scalar_shape:ident($operation:expr):
       $vec:ident $Vec:ident, $vec_half:ident $VecHalf:ident,
       $scalar:ident $Scalar:ident, $scalar_half:ident $ScalarHalf:ident;)*) => {$(
        #[$doc]
        #[inline(always)]
        pub fn $vec(cpu: &mut State, $Vec { q, size, rd, rn, rm, index }: $Vec) {
            single_or_double!(size, F => $shape::<F>(cpu, q, [rd, rn], [rm, index], $operation));
        }
        #[$doc]
        #[inline(always)]
        pub fn $vec_half(cpu: &mut State, $VecHalf { q, rd, rn, rm, index }: $VecHalf) {
            $shape::<u16>(cpu, q, [rd, rn], [rm, index], $operation);
        }
        #[$doc]
        #[inline(always)]
        pub fn $scalar(cpu: &mut State, $Scalar { size, rd, rn, rm, index }: $Scalar) {
            single_or_double!(size, F => $scalar_shape::<F>(cpu, [rd, rn], [rm, index], $operation));
        }
        #[$doc]
        #[inline(always)]
        pub fn $scalar_half(cpu: &mut State, $ScalarHalf { rd, rn, rm, index }: $ScalarHalf) {
            $scalar_shape::<u16>(cpu, [rd, rn], [rm, index], $operation);
        }
    )*};
}

by_element! {
    /// FMLA (by element), C7.2.121.
    sum, scalar_sum(fp::mul_add):
        fmla_element_vec FmlaElementVec, fmla_element_vec_half FmlaElementVecHalf,
        fmla_element_scalar FmlaElementScalar, fmla_element_scalar_half FmlaElementScalarHalf;
    /// FMLS (by element), C7.2.125.
    sum, scalar_sum(|d, n, element, env| fp::mul_add(d, fp::neg(n), element, env)):
        fmls_element_vec FmlsElementVec, fmls_element_vec_half FmlsElementVecHalf,
        fmls_element_scalar FmlsElementScalar, fmls_element_scalar_half FmlsElementScalarHalf;
    /// FMUL (by element), C7.2.134.
    product, scalar_product(fp::mul):
        fmul_element_vec FmulElementVec, fmul_element_vec_half FmulElementVecHalf,
        fmul_element_scalar FmulElementScalar, fmul_element_scalar_half FmulElementScalarHalf;
    /// FMULX (by element), C7.2.137.
    product, scalar_product(fp::mulx):
        fmulx_element_vec FmulxElementVec, fmulx_element_vec_half FmulxElementVecHalf,
        fmulx_element_scalar FmulxElementScalar, fmulx_element_scalar_half FmulxElementScalarHalf;
}
