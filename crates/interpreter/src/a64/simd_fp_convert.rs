//! Advanced SIMD conversions between formats, and between floating-point and integers or fixed-point numbers (C4.1.96). The
//! arithmetic itself is `armlet_cpu::fp`.

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::fp::{self, Float, FpEnv, Rounding};
use armlet_decoder::a64::*;

use super::float::{Format, by_format, current, lanes1, number, scalar1, set_number, two_misc, with_env};
use super::vector::{Element, narrow, set_half};

/// A number as an integer of the same size, of which `fbits` are behind the binary point.
#[inline(always)]
fn to_fixed<F: Format>(n: F, fbits: u8, signed: bool, rounding: Rounding, env: &mut FpEnv) -> F {
    let fixed = fp::to_fixed(n, <F as Element>::BITS, fbits.into(), signed, rounding, env);
    <F as Float>::from_bits(fixed)
}

/// The number of an integer of the same size, of which `fbits` are behind the binary point.
#[inline(always)]
fn from_fixed<F: Format>(n: F, fbits: u8, signed: bool, env: &mut FpEnv) -> F {
    fp::from_fixed(n.bits(), <F as Element>::BITS, fbits.into(), signed, current(env), env)
}

two_misc! {
    /// FCVTNS (vector), C7.2.80.
    |n, env| to_fixed(n, 0, true, Rounding::TiesToEven, env) =>
        vec fcvtns_vec FcvtnsVec, vec_half fcvtns_vec_half FcvtnsVecHalf,
        scalar fcvtns_scalar FcvtnsScalar, scalar_half fcvtns_scalar_half FcvtnsScalarHalf;
    /// FCVTNU (vector), C7.2.82.
    |n, env| to_fixed(n, 0, false, Rounding::TiesToEven, env) =>
        vec fcvtnu_vec FcvtnuVec, vec_half fcvtnu_vec_half FcvtnuVecHalf,
        scalar fcvtnu_scalar FcvtnuScalar, scalar_half fcvtnu_scalar_half FcvtnuScalarHalf;
    /// FCVTPS (vector), C7.2.84.
    |n, env| to_fixed(n, 0, true, Rounding::TowardPositive, env) =>
        vec fcvtps_vec FcvtpsVec, vec_half fcvtps_vec_half FcvtpsVecHalf,
        scalar fcvtps_scalar FcvtpsScalar, scalar_half fcvtps_scalar_half FcvtpsScalarHalf;
    /// FCVTPU (vector), C7.2.86.
    |n, env| to_fixed(n, 0, false, Rounding::TowardPositive, env) =>
        vec fcvtpu_vec FcvtpuVec, vec_half fcvtpu_vec_half FcvtpuVecHalf,
        scalar fcvtpu_scalar FcvtpuScalar, scalar_half fcvtpu_scalar_half FcvtpuScalarHalf;
    /// FCVTMS (vector), C7.2.75.
    |n, env| to_fixed(n, 0, true, Rounding::TowardNegative, env) =>
        vec fcvtms_vec FcvtmsVec, vec_half fcvtms_vec_half FcvtmsVecHalf,
        scalar fcvtms_scalar FcvtmsScalar, scalar_half fcvtms_scalar_half FcvtmsScalarHalf;
    /// FCVTMU (vector), C7.2.77.
    |n, env| to_fixed(n, 0, false, Rounding::TowardNegative, env) =>
        vec fcvtmu_vec FcvtmuVec, vec_half fcvtmu_vec_half FcvtmuVecHalf,
        scalar fcvtmu_scalar FcvtmuScalar, scalar_half fcvtmu_scalar_half FcvtmuScalarHalf;
    /// FCVTZS (vector, integer), C7.2.90.
    |n, env| to_fixed(n, 0, true, Rounding::TowardZero, env) =>
        vec fcvtzs_vec FcvtzsVec, vec_half fcvtzs_vec_half FcvtzsVecHalf,
        scalar fcvtzs_scalar FcvtzsScalar, scalar_half fcvtzs_scalar_half FcvtzsScalarHalf;
    /// FCVTZU (vector, integer), C7.2.94.
    |n, env| to_fixed(n, 0, false, Rounding::TowardZero, env) =>
        vec fcvtzu_vec FcvtzuVec, vec_half fcvtzu_vec_half FcvtzuVecHalf,
        scalar fcvtzu_scalar FcvtzuScalar, scalar_half fcvtzu_scalar_half FcvtzuScalarHalf;
    /// FCVTAS (vector), C7.2.70.
    |n, env| to_fixed(n, 0, true, Rounding::TiesToAway, env) =>
        vec fcvtas_vec FcvtasVec, vec_half fcvtas_vec_half FcvtasVecHalf,
        scalar fcvtas_scalar FcvtasScalar, scalar_half fcvtas_scalar_half FcvtasScalarHalf;
    /// FCVTAU (vector), C7.2.72.
    |n, env| to_fixed(n, 0, false, Rounding::TiesToAway, env) =>
        vec fcvtau_vec FcvtauVec, vec_half fcvtau_vec_half FcvtauVecHalf,
        scalar fcvtau_scalar FcvtauScalar, scalar_half fcvtau_scalar_half FcvtauScalarHalf;
    /// SCVTF (vector, integer), C7.2.234.
    |n, env| from_fixed(n, 0, true, env) =>
        vec scvtf_vec ScvtfVec, vec_half scvtf_vec_half ScvtfVecHalf,
        scalar scvtf_scalar ScvtfScalar, scalar_half scvtf_scalar_half ScvtfScalarHalf;
    /// UCVTF (vector, integer), C7.2.353.
    |n, env| from_fixed(n, 0, false, env) =>
        vec ucvtf_vec UcvtfVec, vec_half ucvtf_vec_half UcvtfVecHalf,
        scalar ucvtf_scalar UcvtfScalar, scalar_half ucvtf_scalar_half UcvtfScalarHalf;
}

/// Fixed-point conversions, vector and scalar: `|n, fbits, env| result: vector's name Type, scalar's name Type`.
macro_rules! fixed_point {
    ($(#[$doc:meta] |$n:ident, $fbits:ident, $env:ident| $result:expr =>
       $vec:ident $Vec:ident, $scalar:ident $Scalar:ident;)*) => {$(
        #[$doc]
        #[inline(always)]
        pub fn $vec(cpu: &mut State, $Vec { q, size, rd, rn, fbits: $fbits }: $Vec) {
            by_format!(size, F => lanes1::<F>(cpu, q, [rd, rn], |$n, $env| $result));
        }
        #[$doc]
        #[inline(always)]
        pub fn $scalar(cpu: &mut State, $Scalar { size, rd, rn, fbits: $fbits }: $Scalar) {
            by_format!(size, F => scalar1::<F>(cpu, [rd, rn], |$n, $env| $result));
        }
    )*};
}

fixed_point! {
    /// SCVTF (vector, fixed-point), C7.2.233.
    |n, fbits, env| from_fixed(n, fbits, true, env) =>
        scvtf_fixed_vec ScvtfFixedVec, scvtf_fixed_scalar ScvtfFixedScalar;
    /// UCVTF (vector, fixed-point), C7.2.352.
    |n, fbits, env| from_fixed(n, fbits, false, env) =>
        ucvtf_fixed_vec UcvtfFixedVec, ucvtf_fixed_scalar UcvtfFixedScalar;
    /// FCVTZS (vector, fixed-point), C7.2.89.
    |n, fbits, env| to_fixed(n, fbits, true, Rounding::TowardZero, env) =>
        fcvtzs_fixed_vec FcvtzsFixedVec, fcvtzs_fixed_scalar FcvtzsFixedScalar;
    /// FCVTZU (vector, fixed-point), C7.2.93.
    |n, fbits, env| to_fixed(n, fbits, false, Rounding::TowardZero, env) =>
        fcvtzu_fixed_vec FcvtzuFixedVec, fcvtzu_fixed_scalar FcvtzuFixedScalar;
}

/// All lanes of V\[d\] are the lanes of the low or the upper half of V\[n\], in the wider format.
#[inline(never)]
fn lengthen<N: Format, W: Format>(cpu: &mut State, upper: bool, [d, n]: [u8; 2]) {
    let n = N::lanes(&cpu.vector(n));
    let (low, high) = n.as_ref().split_at(N::LANES / 2);
    let mut lanes = W::Lanes::default();
    with_env(cpu, |env| {
        for (lane, &n) in lanes.as_mut().iter_mut().zip(if upper { high } else { low }) {
            *lane = fp::convert(n, env);
        }
    });
    cpu.set_vector(d, W::vector(lanes));
}

/// The low or the upper half of V\[d\] becomes the lanes of V\[n\] in a narrower format.
#[inline(never)]
fn shorten<W: Format, N: Format>(
    cpu: &mut State,
    upper: bool,
    [d, n]: [u8; 2],
    operation: impl Fn(W, &mut FpEnv) -> N,
) {
    let n: Vector = cpu.vector(n);
    let result = with_env(cpu, |env| narrow(&n, |n| operation(n, env)));
    set_half(cpu, upper, d, &result);
}

/// FCVTL, FCVTL2, C7.2.74.
#[inline(always)]
pub fn fcvtl(cpu: &mut State, Fcvtl { q, size, rd, rn }: Fcvtl) {
    match size {
        1 => lengthen::<u16, u32>(cpu, q, [rd, rn]),
        _ => lengthen::<u32, u64>(cpu, q, [rd, rn]),
    }
}

/// FCVTN, FCVTN2, C7.2.79.
#[inline(always)]
pub fn fcvtn(cpu: &mut State, Fcvtn { q, size, rd, rn }: Fcvtn) {
    match size {
        1 => shorten::<u32, u16>(cpu, q, [rd, rn], fp::convert),
        _ => shorten::<u64, u32>(cpu, q, [rd, rn], fp::convert),
    }
}

/// FCVTXN, FCVTXN2, C7.2.88.
#[inline(always)]
pub fn fcvtxn_vec(cpu: &mut State, FcvtxnVec { q, rd, rn }: FcvtxnVec) {
    shorten(cpu, q, [rd, rn], fp::convert_to_odd);
}

/// FCVTXN, FCVTXN2, C7.2.88.
#[inline(always)]
pub fn fcvtxn_scalar(cpu: &mut State, FcvtxnScalar { rd, rn }: FcvtxnScalar) {
    let n = number(cpu, rn);
    let result = with_env(cpu, |env| fp::convert_to_odd(n, env));
    set_number(cpu, rd, result);
}

/// BFCVTN, BFCVTN2, C7.2.14.
#[inline(always)]
pub fn bfcvtn(cpu: &mut State, Bfcvtn { q, rd, rn }: Bfcvtn) {
    shorten(cpu, q, [rd, rn], fp::bf16::from_single);
}
