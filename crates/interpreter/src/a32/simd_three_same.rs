//! Advanced SIMD, three registers of the same length: integer instructions.

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::crypto::polynomial;
use armlet_decoder::a32::*;

use super::vector::{accumulate, by_type, lanewise, pairwise, saturating, scalar, set, source};
use crate::a64::lane;
use crate::a64::simd_three_same::dot;
use crate::a64::vector::{Element, by_size, splat};

/// `name Type: types shape(function);`: `any` and `narrow` types are signed or unsigned as the operands say; the others are fixed.
macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $types:ident $shape:ident($f:expr);)*) => {$(
        vectors!(@ $(#[$doc])* $types $name $Type $shape $f);
    )*};
    (@ $(#[$doc:meta])* any $name:ident $Type:ident $shape:ident $f:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, vd, vn, vm, unsigned }: $Type) {
            by_type!(size, unsigned, T => $shape::<T>(cpu, q, [vd, vn, vm], $f))
        }
    };
    (@ $(#[$doc:meta])* narrow $name:ident $Type:ident $shape:ident $f:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, vd, vn, vm, unsigned }: $Type) {
            by_type!(size, unsigned, narrow T => $shape::<T>(cpu, q, [vd, vn, vm], $f))
        }
    };
    (@ $(#[$doc:meta])* $types:ident $name:ident $Type:ident $shape:ident $f:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, vd, vn, vm }: $Type) {
            by_size!(size, $types T => $shape::<T>(cpu, q, [vd, vn, vm], $f))
        }
    };
}

vectors! {
    /// VHADD.
    vhadd Vhadd: narrow lanewise(lane::halving_add);
    /// VQADD.
    vqadd Vqadd: any saturating(|_, n, m| lane::saturating_add(n, m));
    /// VRHADD.
    vrhadd Vrhadd: narrow lanewise(lane::rounding_halving_add);
    /// VHSUB.
    vhsub Vhsub: narrow lanewise(lane::halving_sub);
    /// VQSUB.
    vqsub Vqsub: any saturating(|_, n, m| lane::saturating_sub(n, m));
    /// VCGT (register).
    vcgt_reg VcgtReg: narrow lanewise(|n, m| T::mask(n > m));
    /// VCGE (register).
    vcge_reg VcgeReg: narrow lanewise(|n, m| T::mask(n >= m));
    /// VSHL (register): the second source is shifted by the first.
    vshl_reg VshlReg: any lanewise(|n, m| lane::shift(m, n.low_byte()));
    /// VQSHL (register).
    vqshl_reg VqshlReg: any saturating(|_, n, m| lane::saturating_shift(m, n.low_byte()));
    /// VRSHL.
    vrshl Vrshl: any lanewise(|n, m| lane::rounding_shift(m, n.low_byte()));
    /// VQRSHL.
    vqrshl Vqrshl: any saturating(|_, n, m| lane::saturating_rounding_shift(m, n.low_byte()));
    /// VMAX (integer).
    vmax_int VmaxInt: narrow lanewise(Ord::max);
    /// VMIN (integer).
    vmin_int VminInt: narrow lanewise(Ord::min);
    /// VABD (integer).
    vabd_int VabdInt: narrow lanewise(lane::abs_difference);
    /// VABA.
    vaba Vaba: narrow accumulate(|d, n, m| d.add(lane::abs_difference(n, m)));
    /// VADD (integer).
    vadd_int VaddInt: unsigned lanewise(Element::add);
    /// VSUB (integer).
    vsub_int VsubInt: unsigned lanewise(Element::sub);
    /// VTST.
    vtst Vtst: unsigned_narrow lanewise(|n, m| T::mask(n & m != T::default()));
    /// VCEQ (register).
    vceq_reg VceqReg: unsigned_narrow lanewise(|n, m| T::mask(n == m));
    /// VMLA (integer).
    vmla_int VmlaInt: unsigned_narrow accumulate(|d, n, m| d.add(n.mul(m)));
    /// VMLS (integer).
    vmls_int VmlsInt: unsigned_narrow accumulate(|d, n, m| d.sub(n.mul(m)));
    /// VMUL (integer).
    vmul_int VmulInt: unsigned_narrow lanewise(Element::mul);
    /// VQDMULH.
    vqdmulh Vqdmulh: signed_narrow saturating(|_, n, m| lane::doubling_multiply_high(n, m));
    /// VQRDMULH.
    vqrdmulh Vqrdmulh: signed_narrow saturating(|_, n, m| lane::rounding_doubling_multiply_high(n, m));
    /// VQRDMLAH.
    vqrdmlah Vqrdmlah: signed_narrow saturating(lane::rounding_doubling_multiply_add);
    /// VQRDMLSH.
    vqrdmlsh Vqrdmlsh: signed_narrow saturating(lane::rounding_doubling_multiply_sub);
}

/// VPMAX (integer).
#[inline(always)]
pub fn vpmax_int(
    cpu: &mut State,
    VpmaxInt {
        size,
        vd,
        vn,
        vm,
        unsigned,
    }: VpmaxInt,
) {
    by_type!(size, unsigned, narrow T => pairwise::<T>(cpu, [vd, vn, vm], Ord::max))
}

/// VPMIN (integer).
#[inline(always)]
pub fn vpmin_int(
    cpu: &mut State,
    VpminInt {
        size,
        vd,
        vn,
        vm,
        unsigned,
    }: VpminInt,
) {
    by_type!(size, unsigned, narrow T => pairwise::<T>(cpu, [vd, vn, vm], Ord::min))
}

/// VPADD (integer).
#[inline(always)]
pub fn vpadd_int(cpu: &mut State, VpaddInt { size, vd, vn, vm }: VpaddInt) {
    by_size!(size, unsigned_narrow T => pairwise::<T>(cpu, [vd, vn, vm], Element::add))
}

/// VMUL (polynomial).
#[inline(always)]
pub fn vmul_poly(cpu: &mut State, VmulPoly { q, vd, vn, vm }: VmulPoly) {
    lanewise::<u8>(cpu, q, [vd, vn, vm], |n, m| polynomial::multiply8(n, m) as u8);
}

/// Bitwise instructions: `name Type = |d, n, m| result`.
macro_rules! bitwise {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, vn, vm }: $Type) {
            accumulate::<u64>(cpu, q, [vd, vn, vm], $f);
        }
    )*};
}

bitwise! {
    /// VAND (register).
    vand_reg VandReg = |_, n, m| n & m;
    /// VBIC (register).
    vbic_reg VbicReg = |_, n, m| n & !m;
    /// VORR (register), VMOV (register).
    vorr_reg VorrReg = |_, n, m| n | m;
    /// VORN (register).
    vorn_reg VornReg = |_, n, m| n | !m;
    /// VEOR.
    veor Veor = |_, n, m| n ^ m;
    /// VBSL.
    vbsl Vbsl = |d, n, m| n & d | m & !d;
    /// VBIT.
    vbit Vbit = |d, n, m| n & m | d & !m;
    /// VBIF.
    vbif Vbif = |d, n, m| n & !m | d & m;
}

/// Dot products: `name Type N` and the form by element.
macro_rules! dots {
    ($($(#[$doc:meta])* $name:ident $Type:ident $element:ident $ElementType:ident $T:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, vn, vm }: $Type) {
            let m = source(cpu, q, vm);
            dot_with::<$T>(cpu, q, [vd, vn], &m);
        }

        $(#[$doc])*
        ///
        /// By element: four bytes of D\[m\].
        #[inline(always)]
        pub fn $element(cpu: &mut State, $ElementType { q, vd, vn, vm, index }: $ElementType) {
            let m = splat(scalar::<u32>(cpu, vm, index));
            dot_with::<$T>(cpu, q, [vd, vn], &m);
        }
    )*};
}

#[inline(always)]
fn dot_with<T: Element>(cpu: &mut State, q: bool, [d, n]: [u8; 2], m: &Vector)
where
    i32: From<T>,
{
    let value = dot::<T, T>(&source(cpu, q, d), &source(cpu, q, n), m);
    set(cpu, q, d, value);
}

dots! {
    /// VSDOT.
    vsdot Vsdot vsdot_element VsdotElement i8;
    /// VUDOT.
    vudot Vudot vudot_element VudotElement u8;
}
