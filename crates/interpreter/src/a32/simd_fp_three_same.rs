//! Advanced SIMD, three registers of the same length: floating-point instructions, under the standard value of FPSCR.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, FpEnv};
use armlet_decoder::a32::*;

use super::float::{chained_add, chained_sub, halves, lanes2, lanes3};
use super::vector::concatenated;
use crate::a64::vector::{Element, evens, odds};

/// `name Type = |n, m, env| result`.
macro_rules! two_sources {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, vn, vm }: $Type) {
            lanes2(cpu, q, [vd, vn, vm], $operation);
        }
    )*};
}

two_sources! {
    /// VADD (floating-point).
    vadd_fp VaddFp = fp::add;
    /// VSUB (floating-point).
    vsub_fp VsubFp = fp::sub;
    /// VABD (floating-point).
    vabd_fp VabdFp = |n, m, env| fp::abs(fp::sub(n, m, env));
    /// VMUL (floating-point).
    vmul_fp VmulFp = fp::mul;
    /// VCEQ (register).
    vceq_reg_fp VceqRegFp = |n, m, env| u32::mask(fp::equal(n, m, env));
    /// VCGE (register).
    vcge_reg_fp VcgeRegFp = |n, m, env| u32::mask(fp::greater_equal(n, m, env));
    /// VCGT (register).
    vcgt_reg_fp VcgtRegFp = |n, m, env| u32::mask(fp::greater(n, m, env));
    /// VACGE.
    vacge Vacge = |n, m, env| u32::mask(fp::greater_equal(fp::abs(n), fp::abs(m), env));
    /// VACGT.
    vacgt Vacgt = |n, m, env| u32::mask(fp::greater(fp::abs(n), fp::abs(m), env));
    /// VMAX (floating-point).
    vmax_fp VmaxFp = fp::max;
    /// VMIN (floating-point).
    vmin_fp VminFp = fp::min;
    /// VMAXNM.
    vmaxnm_fp VmaxnmFp = fp::max_num;
    /// VMINNM.
    vminnm_fp VminnmFp = fp::min_num;
    /// VRECPS: not fused.
    vrecps Vrecps = fp::recip_step_chained;
    /// VRSQRTS: not fused.
    vrsqrts Vrsqrts = fp::rsqrt_step_chained;
}

/// `name Type = |d, n, m, env| result`.
macro_rules! three_sources {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, vn, vm }: $Type) {
            lanes3(cpu, q, [vd, vn, vm], $operation);
        }
    )*};
}

three_sources! {
    /// VFMA.
    vfma_fp VfmaFp = fp::mul_add;
    /// VFMS.
    vfms_fp VfmsFp = |d, n, m, env| fp::mul_add(d, fp::neg(n), m, env);
    /// VMLA (floating-point): not fused.
    vmla_fp VmlaFp = chained_add;
    /// VMLS (floating-point): not fused.
    vmls_fp VmlsFp = chained_sub;
}

/// Neighbours in D\[m\]:D\[n\].
#[inline(always)]
fn pairwise(cpu: &mut State, [d, n, m]: [u8; 3], operation: impl Fn(u32, u32, &mut FpEnv) -> u32) {
    let sources = concatenated(cpu, n, m);
    let (first, second) = (
        evens::<u32>(true, &sources, &sources),
        odds::<u32>(true, &sources, &sources),
    );
    halves(cpu, d, [&first, &second], operation);
}

/// `name Type = operation;`
macro_rules! pairwises {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { vd, vn, vm }: $Type) {
            pairwise(cpu, [vd, vn, vm], $operation);
        }
    )*};
}

pairwises! {
    /// VPADD (floating-point).
    vpadd_fp VpaddFp = fp::add;
    /// VPMAX (floating-point).
    vpmax_fp VpmaxFp = fp::max;
    /// VPMIN (floating-point).
    vpmin_fp VpminFp = fp::min;
}
