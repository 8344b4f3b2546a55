//! Advanced SIMD, two registers, miscellaneous: floating-point instructions, under the standard value of FPSCR.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, Rounding};
use armlet_decoder::a32::*;

use super::float::{convert_standard, lanes1};
use super::vector::{set, source};
use super::vfp::directed;
use crate::a64::vector::Element;

/// `name Type = |m, env| result`.
macro_rules! one_source {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, vm }: $Type) {
            lanes1(cpu, q, [vd, vm], $operation);
        }
    )*};
}

one_source! {
    /// VCGT (immediate #0).
    vcgt_zero_fp VcgtZeroFp = |m, env| u32::mask(fp::greater(m, 0, env));
    /// VCGE (immediate #0).
    vcge_zero_fp VcgeZeroFp = |m, env| u32::mask(fp::greater_equal(m, 0, env));
    /// VCEQ (immediate #0).
    vceq_zero_fp VceqZeroFp = |m, env| u32::mask(fp::equal(m, 0, env));
    /// VCLE (immediate #0).
    vcle_zero_fp VcleZeroFp = |m, env| u32::mask(fp::greater_equal(0, m, env));
    /// VCLT (immediate #0).
    vclt_zero_fp VcltZeroFp = |m, env| u32::mask(fp::greater(0, m, env));
    /// VABS.
    vabs_fp VabsFp = |m, _| fp::abs(m);
    /// VNEG.
    vneg_fp VnegFp = |m, _| fp::neg(m);
    /// VRECPE.
    vrecpe_fp VrecpeFp = fp::recip_estimate;
    /// VRSQRTE.
    vrsqrte_fp VrsqrteFp = fp::rsqrt_estimate;
}

/// VRINTN, VRINTX, VRINTA, VRINTZ, VRINTM, VRINTP.
#[inline(always)]
pub fn vrint(cpu: &mut State, Vrint { q, vd, vm, mode }: Vrint) {
    let (rounding, exact) = match mode {
        0 => (Rounding::TiesToEven, false),
        1 => (Rounding::TiesToEven, true),
        2 => (Rounding::TiesToAway, false),
        3 => (Rounding::TowardZero, false),
        5 => (Rounding::TowardNegative, false),
        _ => (Rounding::TowardPositive, false),
    };
    lanes1(cpu, q, [vd, vm], |m, env| {
        fp::round_to_integral(m, rounding, exact, env)
    });
}

/// VCVTA, VCVTN, VCVTP, VCVTM.
#[inline(always)]
pub fn vcvt_directed(
    cpu: &mut State,
    VcvtDirected {
        q,
        vd,
        vm,
        mode,
        unsigned,
    }: VcvtDirected,
) {
    lanes1(cpu, q, [vd, vm], |m, env| {
        fp::to_fixed(m, 32, 0, !unsigned, directed(mode), env) as u32
    });
}

/// VCVT (integer to floating-point).
#[inline(always)]
pub fn vcvt_from_int(cpu: &mut State, VcvtFromInt { q, vd, vm, unsigned }: VcvtFromInt) {
    lanes1(cpu, q, [vd, vm], |m, env| {
        fp::from_fixed(m.into(), 32, 0, !unsigned, Rounding::TiesToEven, env)
    });
}

/// VCVT (floating-point to integer).
#[inline(always)]
pub fn vcvt_to_int(cpu: &mut State, VcvtToInt { q, vd, vm, unsigned }: VcvtToInt) {
    lanes1(cpu, q, [vd, vm], |m, env| {
        fp::to_fixed(m, 32, 0, !unsigned, Rounding::TowardZero, env) as u32
    });
}

/// VCVT (half to single precision).
#[inline(always)]
pub fn vcvt_half_single(cpu: &mut State, VcvtHalfSingle { vd, vm }: VcvtHalfSingle) {
    let halves = u16::lanes(&source(cpu, false, vm));
    let mut result = [0u32; 4];
    for (single, half) in result.iter_mut().zip(halves) {
        *single = convert_standard(cpu, half);
    }
    set(cpu, true, vd, u32::vector(result));
}

/// VCVT (single to half precision).
#[inline(always)]
pub fn vcvt_single_half(cpu: &mut State, VcvtSingleHalf { vd, vm }: VcvtSingleHalf) {
    let singles = u32::lanes(&source(cpu, true, vm));
    let mut result = [0u16; 8];
    for (half, single) in result.iter_mut().zip(singles) {
        *half = convert_standard(cpu, single);
    }
    set(cpu, false, vd, u16::vector(result));
}
