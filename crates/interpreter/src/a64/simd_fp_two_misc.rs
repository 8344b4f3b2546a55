//! Advanced SIMD two-register miscellaneous and its scalar form (C4.1.96): floating-point instructions, conversions excepted, which
//! are in `simd_fp_convert.rs`. The arithmetic itself is `armlet_cpu::fp`.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, FpEnv, Rounding};
use armlet_decoder::a64::*;

use super::float::{Format, current, two_misc};
use super::vector::map;

/// `n > 0`, as a mask.
#[inline(always)]
fn greater_than_zero<F: Format>(n: F, env: &mut FpEnv) -> F {
    F::mask(fp::greater(n, F::default(), env))
}

/// `n == 0`, as a mask.
#[inline(always)]
fn equal_to_zero<F: Format>(n: F, env: &mut FpEnv) -> F {
    F::mask(fp::equal(n, F::default(), env))
}

/// `n < 0`, as a mask.
#[inline(always)]
fn less_than_zero<F: Format>(n: F, env: &mut FpEnv) -> F {
    F::mask(fp::greater(F::default(), n, env))
}

/// `n >= 0`, as a mask.
#[inline(always)]
fn at_least_zero<F: Format>(n: F, env: &mut FpEnv) -> F {
    F::mask(fp::greater_equal(n, F::default(), env))
}

/// `n <= 0`, as a mask.
#[inline(always)]
fn at_most_zero<F: Format>(n: F, env: &mut FpEnv) -> F {
    F::mask(fp::greater_equal(F::default(), n, env))
}

two_misc! {
    /// FABS (vector), C7.2.45.
    |n, _| fp::abs(n) => vec fabs_vec FabsVec, vec_half fabs_vec_half FabsVecHalf;
    /// FNEG (vector), C7.2.139.
    |n, _| fp::neg(n) => vec fneg_vec FnegVec, vec_half fneg_vec_half FnegVecHalf;
    /// FSQRT (vector), C7.2.171.
    fp::sqrt => vec fsqrt_vec FsqrtVec, vec_half fsqrt_vec_half FsqrtVecHalf;
    /// FRECPE, C7.2.144.
    fp::recip_estimate =>
        vec frecpe_vec FrecpeVec, vec_half frecpe_vec_half FrecpeVecHalf,
        scalar frecpe_scalar FrecpeScalar, scalar_half frecpe_scalar_half FrecpeScalarHalf;
    /// FRSQRTE, C7.2.169.
    fp::rsqrt_estimate =>
        vec frsqrte_vec FrsqrteVec, vec_half frsqrte_vec_half FrsqrteVecHalf,
        scalar frsqrte_scalar FrsqrteScalar, scalar_half frsqrte_scalar_half FrsqrteScalarHalf;
    /// FRECPX, C7.2.146.
    fp::recip_exponent => scalar frecpx_scalar FrecpxScalar, scalar_half frecpx_scalar_half FrecpxScalarHalf;
    /// FRINTN (vector), C7.2.161.
    |n, env| fp::round_to_integral(n, Rounding::TiesToEven, false, env) =>
        vec frintn_vec FrintnVec, vec_half frintn_vec_half FrintnVecHalf;
    /// FRINTM (vector), C7.2.159.
    |n, env| fp::round_to_integral(n, Rounding::TowardNegative, false, env) =>
        vec frintm_vec FrintmVec, vec_half frintm_vec_half FrintmVecHalf;
    /// FRINTP (vector), C7.2.163.
    |n, env| fp::round_to_integral(n, Rounding::TowardPositive, false, env) =>
        vec frintp_vec FrintpVec, vec_half frintp_vec_half FrintpVecHalf;
    /// FRINTZ (vector), C7.2.167.
    |n, env| fp::round_to_integral(n, Rounding::TowardZero, false, env) =>
        vec frintz_vec FrintzVec, vec_half frintz_vec_half FrintzVecHalf;
    /// FRINTA (vector), C7.2.155.
    |n, env| fp::round_to_integral(n, Rounding::TiesToAway, false, env) =>
        vec frinta_vec FrintaVec, vec_half frinta_vec_half FrintaVecHalf;
    /// FRINTX (vector), C7.2.165.
    |n, env| fp::round_to_integral(n, current(env), true, env) =>
        vec frintx_vec FrintxVec, vec_half frintx_vec_half FrintxVecHalf;
    /// FRINTI (vector), C7.2.157.
    |n, env| fp::round_to_integral(n, current(env), false, env) =>
        vec frinti_vec FrintiVec, vec_half frinti_vec_half FrintiVecHalf;
    /// FRINT32Z (vector), C7.2.149.
    |n, env| fp::round_to_int_size(n, 32, Rounding::TowardZero, env) => vec frint32z_vec Frint32zVec;
    /// FRINT32X (vector), C7.2.147.
    |n, env| fp::round_to_int_size(n, 32, current(env), env) => vec frint32x_vec Frint32xVec;
    /// FRINT64Z (vector), C7.2.153.
    |n, env| fp::round_to_int_size(n, 64, Rounding::TowardZero, env) => vec frint64z_vec Frint64zVec;
    /// FRINT64X (vector), C7.2.151.
    |n, env| fp::round_to_int_size(n, 64, current(env), env) => vec frint64x_vec Frint64xVec;
    /// FCMGT (zero), C7.2.61.
    greater_than_zero =>
        vec fcmgt_zero_vec FcmgtZeroVec, vec_half fcmgt_zero_vec_half FcmgtZeroVecHalf,
        scalar fcmgt_zero_scalar FcmgtZeroScalar, scalar_half fcmgt_zero_scalar_half FcmgtZeroScalarHalf;
    /// FCMEQ (zero), C7.2.57.
    equal_to_zero =>
        vec fcmeq_zero_vec FcmeqZeroVec, vec_half fcmeq_zero_vec_half FcmeqZeroVecHalf,
        scalar fcmeq_zero_scalar FcmeqZeroScalar, scalar_half fcmeq_zero_scalar_half FcmeqZeroScalarHalf;
    /// FCMLT (zero), C7.2.65.
    less_than_zero =>
        vec fcmlt_zero_vec FcmltZeroVec, vec_half fcmlt_zero_vec_half FcmltZeroVecHalf,
        scalar fcmlt_zero_scalar FcmltZeroScalar, scalar_half fcmlt_zero_scalar_half FcmltZeroScalarHalf;
    /// FCMGE (zero), C7.2.59.
    at_least_zero =>
        vec fcmge_zero_vec FcmgeZeroVec, vec_half fcmge_zero_vec_half FcmgeZeroVecHalf,
        scalar fcmge_zero_scalar FcmgeZeroScalar, scalar_half fcmge_zero_scalar_half FcmgeZeroScalarHalf;
    /// FCMLE (zero), C7.2.64.
    at_most_zero =>
        vec fcmle_zero_vec FcmleZeroVec, vec_half fcmle_zero_vec_half FcmleZeroVecHalf,
        scalar fcmle_zero_scalar FcmleZeroScalar, scalar_half fcmle_zero_scalar_half FcmleZeroScalarHalf;
}

/// URECPE, C7.2.382.
#[inline(always)]
pub fn urecpe(cpu: &mut State, Urecpe { q, rd, rn }: Urecpe) {
    let result = map(&cpu.vector(rn), fp::unsigned_recip_estimate);
    cpu.set_vector_q(q, rd, result);
}

/// URSQRTE, C7.2.386.
#[inline(always)]
pub fn ursqrte(cpu: &mut State, Ursqrte { q, rd, rn }: Ursqrte) {
    let result = map(&cpu.vector(rn), fp::unsigned_rsqrt_estimate);
    cpu.set_vector_q(q, rd, result);
}
