//! Advanced SIMD across lanes and scalar pairwise (C4.1.96): floating-point instructions. The arithmetic itself is
//! `armlet_cpu::fp`.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, FpEnv};
use armlet_decoder::a64::*;

use super::float::{Format, set_number, single_or_double, with_env};

/// Reduce() of the manual: neighbours are combined until one number is left of the lowest `count` lanes (a power of two).
#[inline(never)]
fn reduce<F: Format>(cpu: &mut State, count: usize, [d, n]: [u8; 2], operation: impl Fn(F, F, &mut FpEnv) -> F) {
    let mut lanes = F::lanes(&cpu.vector(n));
    let lanes = lanes.as_mut();
    let mut count = count.min(F::LANES);
    with_env(cpu, |env| {
        while count > 1 {
            count /= 2;
            for lane in 0..count {
                lanes[lane] = operation(lanes[2 * lane], lanes[2 * lane + 1], env);
            }
        }
    });
    set_number(cpu, d, lanes[0]);
}

/// Across lanes: `operation: single precision's name Type, half precision's name Type`.
macro_rules! across {
    ($(#[$doc:meta] $operation:expr => $name:ident $Type:ident, $half:ident $Half:ident;)*) => {$(
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rn }: $Type) {
            reduce::<u32>(cpu, 4, [rd, rn], $operation);
        }
        #[$doc]
        #[inline(always)]
        pub fn $half(cpu: &mut State, $Half { q, rd, rn }: $Half) {
            reduce::<u16>(cpu, if q { 8 } else { 4 }, [rd, rn], $operation);
        }
    )*};
}

across! {
    /// FMAXNMV, C7.2.107.
    fp::max_num => fmaxnmv Fmaxnmv, fmaxnmv_half FmaxnmvHalf;
    /// FMINNMV, C7.2.117.
    fp::min_num => fminnmv Fminnmv, fminnmv_half FminnmvHalf;
    /// FMAXV, C7.2.110.
    fp::max => fmaxv Fmaxv, fmaxv_half FmaxvHalf;
    /// FMINV, C7.2.120.
    fp::min => fminv Fminv, fminv_half FminvHalf;
}

/// Scalar pairwise: `operation: single and double precision's name Type, half precision's name Type`.
macro_rules! pairwise {
    ($(#[$doc:meta] $operation:expr => $name:ident $Type:ident, $half:ident $Half:ident;)*) => {$(
        #[$doc]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn }: $Type) {
            single_or_double!(size, F => reduce::<F>(cpu, 2, [rd, rn], $operation));
        }
        #[$doc]
        #[inline(always)]
        pub fn $half(cpu: &mut State, $Half { rd, rn }: $Half) {
            reduce::<u16>(cpu, 2, [rd, rn], $operation);
        }
    )*};
}

pairwise! {
    /// FADDP (scalar), C7.2.51.
    fp::add => faddp_scalar FaddpScalar, faddp_scalar_half FaddpScalarHalf;
    /// FMAXP (scalar), C7.2.108.
    fp::max => fmaxp_scalar FmaxpScalar, fmaxp_scalar_half FmaxpScalarHalf;
    /// FMINP (scalar), C7.2.118.
    fp::min => fminp_scalar FminpScalar, fminp_scalar_half FminpScalarHalf;
    /// FMAXNMP (scalar), C7.2.105.
    fp::max_num => fmaxnmp_scalar FmaxnmpScalar, fmaxnmp_scalar_half FmaxnmpScalarHalf;
    /// FMINNMP (scalar), C7.2.115.
    fp::min_num => fminnmp_scalar FminnmpScalar, fminnmp_scalar_half FminnmpScalarHalf;
}
