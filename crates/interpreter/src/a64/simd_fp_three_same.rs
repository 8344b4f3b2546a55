//! Advanced SIMD three same and its scalar form (C4.1.96): floating-point instructions. The arithmetic itself is
//! `armlet_cpu::fp`.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, FpEnv};
use armlet_decoder::a64::*;

use super::float::{Format, lanes2, lanes3, scalar2, single_or_double, with_env};
use super::vector::{evens, odds, zip};

/// Lane by lane on the pairs of both sources, one behind the other.
#[inline(never)]
fn pairs<F: Format>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], operation: impl Fn(F, F, &mut FpEnv) -> F) {
    let (n, m) = (cpu.vector(n), cpu.vector(m));
    let (even, odd) = (evens::<F>(q, &n, &m), odds::<F>(q, &n, &m));
    let result = with_env(cpu, |env| zip(&even, &odd, |a, b| operation(a, b, env)));
    cpu.set_vector_q(q, d, result);
}

/// The difference without its sign.
#[inline(always)]
fn abs_difference<F: Format>(n: F, m: F, env: &mut FpEnv) -> F {
    fp::abs(fp::sub(n, m, env))
}

/// `n == m`, as a mask.
#[inline(always)]
fn equal<F: Format>(n: F, m: F, env: &mut FpEnv) -> F {
    F::mask(fp::equal(n, m, env))
}

/// `n >= m`, as a mask.
#[inline(always)]
fn greater_equal<F: Format>(n: F, m: F, env: &mut FpEnv) -> F {
    F::mask(fp::greater_equal(n, m, env))
}

/// `n > m`, as a mask.
#[inline(always)]
fn greater<F: Format>(n: F, m: F, env: &mut FpEnv) -> F {
    F::mask(fp::greater(n, m, env))
}

/// One encoding of an instruction: `vec`, `scalar` (both single and double precision), `vec_half`, `scalar_half`.
macro_rules! encoding {
    ($doc:meta vec $name:ident $Type:ident $shape:ident($operation:expr)) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn, rm }: $Type) {
            single_or_double!(size, F => $shape::<F>(cpu, q, [rd, rn, rm], $operation));
        }
    };
    ($doc:meta vec_half $name:ident $Type:ident $shape:ident($operation:expr)) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, rd, rn, rm }: $Type) {
            $shape::<u16>(cpu, q, [rd, rn, rm], $operation);
        }
    };
    ($doc:meta scalar $name:ident $Type:ident $shape:ident($operation:expr)) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn, rm }: $Type) {
            single_or_double!(size, F => scalar2::<F>(cpu, [rd, rn, rm], $operation));
        }
    };
    ($doc:meta scalar_half $name:ident $Type:ident $shape:ident($operation:expr)) => {
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rn, rm }: $Type) {
            scalar2::<u16>(cpu, [rd, rn, rm], $operation);
        }
    };
}

/// `shape(operation): encoding name Type, …;`
macro_rules! three_same {
    ($(#[$doc:meta] $shape:ident($operation:expr): $($encoding:ident $name:ident $Type:ident),*;)*) => {
        $($(encoding!($doc $encoding $name $Type $shape($operation));)*)*
    };
}

three_same! {
    /// FADD (vector), C7.2.49.
    lanes2(fp::add): vec fadd_vec FaddVec, vec_half fadd_vec_half FaddVecHalf;
    /// FSUB (vector), C7.2.173.
    lanes2(fp::sub): vec fsub_vec FsubVec, vec_half fsub_vec_half FsubVecHalf;
    /// FABD, C7.2.44.
    lanes2(abs_difference): vec fabd_vec FabdVec, vec_half fabd_vec_half FabdVecHalf,
        scalar fabd_scalar FabdScalar, scalar_half fabd_scalar_half FabdScalarHalf;
    /// FMUL (vector), C7.2.135.
    lanes2(fp::mul): vec fmul_vec FmulVec, vec_half fmul_vec_half FmulVecHalf;
    /// FMULX, C7.2.138.
    lanes2(fp::mulx): vec fmulx_vec FmulxVec, vec_half fmulx_vec_half FmulxVecHalf,
        scalar fmulx_scalar FmulxScalar, scalar_half fmulx_scalar_half FmulxScalarHalf;
    /// FDIV (vector), C7.2.97.
    lanes2(fp::div): vec fdiv_vec FdivVec, vec_half fdiv_vec_half FdivVecHalf;
    /// FMLA (vector), C7.2.122.
    lanes3(fp::mul_add): vec fmla_vec FmlaVec, vec_half fmla_vec_half FmlaVecHalf;
    /// FMLS (vector), C7.2.126.
    lanes3(|d, n, m, env| fp::mul_add(d, fp::neg(n), m, env)): vec fmls_vec FmlsVec, vec_half fmls_vec_half FmlsVecHalf;
    /// FRECPS, C7.2.145.
    lanes2(fp::recip_step): vec frecps_vec FrecpsVec, vec_half frecps_vec_half FrecpsVecHalf,
        scalar frecps_scalar FrecpsScalar, scalar_half frecps_scalar_half FrecpsScalarHalf;
    /// FRSQRTS, C7.2.170.
    lanes2(fp::rsqrt_step): vec frsqrts_vec FrsqrtsVec, vec_half frsqrts_vec_half FrsqrtsVecHalf,
        scalar frsqrts_scalar FrsqrtsScalar, scalar_half frsqrts_scalar_half FrsqrtsScalarHalf;
    /// FMAX (vector), C7.2.101.
    lanes2(fp::max): vec fmax_vec FmaxVec, vec_half fmax_vec_half FmaxVecHalf;
    /// FMIN (vector), C7.2.111.
    lanes2(fp::min): vec fmin_vec FminVec, vec_half fmin_vec_half FminVecHalf;
    /// FMAXNM (vector), C7.2.103.
    lanes2(fp::max_num): vec fmaxnm_vec FmaxnmVec, vec_half fmaxnm_vec_half FmaxnmVecHalf;
    /// FMINNM (vector), C7.2.113.
    lanes2(fp::min_num): vec fminnm_vec FminnmVec, vec_half fminnm_vec_half FminnmVecHalf;
    /// FCMEQ (register), C7.2.56.
    lanes2(equal): vec fcmeq_vec FcmeqVec, vec_half fcmeq_vec_half FcmeqVecHalf,
        scalar fcmeq_scalar FcmeqScalar, scalar_half fcmeq_scalar_half FcmeqScalarHalf;
    /// FCMGE (register), C7.2.58.
    lanes2(greater_equal): vec fcmge_vec FcmgeVec, vec_half fcmge_vec_half FcmgeVecHalf,
        scalar fcmge_scalar FcmgeScalar, scalar_half fcmge_scalar_half FcmgeScalarHalf;
    /// FCMGT (register), C7.2.60.
    lanes2(greater): vec fcmgt_vec FcmgtVec, vec_half fcmgt_vec_half FcmgtVecHalf,
        scalar fcmgt_scalar FcmgtScalar, scalar_half fcmgt_scalar_half FcmgtScalarHalf;
    /// FACGE, C7.2.47.
    lanes2(|n, m, env| greater_equal(fp::abs(n), fp::abs(m), env)):
        vec facge_vec FacgeVec, vec_half facge_vec_half FacgeVecHalf,
        scalar facge_scalar FacgeScalar, scalar_half facge_scalar_half FacgeScalarHalf;
    /// FACGT, C7.2.48.
    lanes2(|n, m, env| greater(fp::abs(n), fp::abs(m), env)):
        vec facgt_vec FacgtVec, vec_half facgt_vec_half FacgtVecHalf,
        scalar facgt_scalar FacgtScalar, scalar_half facgt_scalar_half FacgtScalarHalf;
    /// FADDP (vector), C7.2.52.
    pairs(fp::add): vec faddp_vec FaddpVec, vec_half faddp_vec_half FaddpVecHalf;
    /// FMAXP (vector), C7.2.109.
    pairs(fp::max): vec fmaxp_vec FmaxpVec, vec_half fmaxp_vec_half FmaxpVecHalf;
    /// FMINP (vector), C7.2.119.
    pairs(fp::min): vec fminp_vec FminpVec, vec_half fminp_vec_half FminpVecHalf;
    /// FMAXNMP (vector), C7.2.106.
    pairs(fp::max_num): vec fmaxnmp_vec FmaxnmpVec, vec_half fmaxnmp_vec_half FmaxnmpVecHalf;
    /// FMINNMP (vector), C7.2.116.
    pairs(fp::min_num): vec fminnmp_vec FminnmpVec, vec_half fminnmp_vec_half FminnmpVecHalf;
}
