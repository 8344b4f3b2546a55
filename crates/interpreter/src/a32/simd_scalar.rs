//! Advanced SIMD, two registers and a scalar: one lane takes the place of every lane of the second source.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use super::float::{chained_add, chained_sub, lanes3_with};
use super::vector::{accumulate_with, by_type, long_with, saturating_long_with, saturating_with, scalar};
use crate::a64::lane;
use crate::a64::vector::{Element, by_size, splat};
use armlet_cpu::fp;

/// `name Type: shape(function);` on unsigned (`accumulate_with`) or signed (`saturating_with`) elements.
macro_rules! same_length {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $types:ident $shape:ident($f:expr);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, vd, vn, vm, index }: $Type) {
            by_size!(size, $types T => {
                let m = splat(scalar::<T>(cpu, vm, index));
                $shape::<T>(cpu, q, [vd, vn], &m, $f)
            })
        }
    )*};
}

same_length! {
    /// VMLA (by scalar).
    vmla_scalar VmlaScalar: unsigned_narrow accumulate_with(|d, n, m| d.add(n.mul(m)));
    /// VMLS (by scalar).
    vmls_scalar VmlsScalar: unsigned_narrow accumulate_with(|d, n, m| d.sub(n.mul(m)));
    /// VMUL (by scalar).
    vmul_scalar VmulScalar: unsigned_narrow accumulate_with(|_, n, m| n.mul(m));
    /// VQDMULH.
    vqdmulh_scalar VqdmulhScalar: signed_narrow saturating_with(|_, n, m| lane::doubling_multiply_high(n, m));
    /// VQRDMULH.
    vqrdmulh_scalar VqrdmulhScalar: signed_narrow saturating_with(|_, n, m| lane::rounding_doubling_multiply_high(n, m));
    /// VQRDMLAH.
    vqrdmlah_scalar VqrdmlahScalar: signed_narrow saturating_with(lane::rounding_doubling_multiply_add);
    /// VQRDMLSH.
    vqrdmlsh_scalar VqrdmlshScalar: signed_narrow saturating_with(lane::rounding_doubling_multiply_sub);
}

/// `name Type = |d, n, m| result`, where `d` is wide.
macro_rules! longs {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vn, vm, index, unsigned }: $Type) {
            by_type!(size, unsigned, narrow T => {
                let m = splat(scalar::<T>(cpu, vm, index));
                long_with::<T>(cpu, [vd, vn], &m, $f)
            })
        }
    )*};
}

longs! {
    /// VMLAL (by scalar).
    vmlal_scalar VmlalScalar = |d, n, m| d.wrapping_add(n.product(m));
    /// VMLSL (by scalar).
    vmlsl_scalar VmlslScalar = |d, n, m| d.wrapping_sub(n.product(m));
    /// VMULL (by scalar).
    vmull_scalar VmullScalar = |_, n, m| n.product(m);
}

/// `name Type = function;`: signed, saturating.
macro_rules! saturating_longs {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vn, vm, index }: $Type) {
            by_size!(size, signed_narrow T => {
                let m = splat(scalar::<T>(cpu, vm, index));
                saturating_long_with::<T>(cpu, [vd, vn], &m, $f)
            })
        }
    )*};
}

saturating_longs! {
    /// VQDMLAL.
    vqdmlal_scalar VqdmlalScalar = lane::doubling_multiply_add_long;
    /// VQDMLSL.
    vqdmlsl_scalar VqdmlslScalar = lane::doubling_multiply_sub_long;
    /// VQDMULL.
    vqdmull_scalar VqdmullScalar = |_, n, m| lane::doubling_multiply_long(n, m);
}

/// Floating point: `name Type = |d, n, m, env| result`.
macro_rules! floats {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, vn, vm, index }: $Type) {
            let m = splat(scalar::<u32>(cpu, vm, index));
            lanes3_with(cpu, q, [vd, vn], &m, $f);
        }
    )*};
}

floats! {
    /// VMLA (by scalar).
    vmla_fp_scalar VmlaFpScalar = chained_add;
    /// VMLS (by scalar).
    vmls_fp_scalar VmlsFpScalar = chained_sub;
    /// VMUL (by scalar).
    vmul_fp_scalar VmulFpScalar = |_, n, m, env| fp::mul(n, m, env);
}
