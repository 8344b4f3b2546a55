//! Advanced SIMD, two registers and a shift amount.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, Rounding};
use armlet_decoder::a32::*;

use super::float::lanes1;
use super::vector::{accumulate, by_type, long, narrowing, nearest, saturating};
use crate::a64::lane;
use crate::a64::vector::{Element, Narrow, by_size};

/// `name Type: types shape(|d, m, shift| result);`: `any` types are signed or unsigned as the operands say.
macro_rules! shifts {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $types:ident $shape:ident($f:expr);)*) => {$(
        shifts!(@ $(#[$doc])* $types $name $Type $shape $f);
    )*};
    (@ $(#[$doc:meta])* any $name:ident $Type:ident $shape:ident $f:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, shift, vd, vm, unsigned }: $Type) {
            by_type!(size, unsigned, T => $shape::<T>(cpu, q, [vd, vm, vm], |d, m, _| $f(d, m, shift.into())))
        }
    };
    (@ $(#[$doc:meta])* $types:ident $name:ident $Type:ident $shape:ident $f:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, shift, vd, vm }: $Type) {
            by_size!(size, $types T => $shape::<T>(cpu, q, [vd, vm, vm], |d, m, _| $f(d, m, shift.into())))
        }
    };
}

shifts! {
    /// VSHR.
    vshr Vshr: any accumulate(|_, m, shift| lane::shift_right(m, shift));
    /// VSRA.
    vsra Vsra: any accumulate(|d: T, m, shift| d.add(lane::shift_right(m, shift)));
    /// VRSHR.
    vrshr Vrshr: any accumulate(|_, m, shift| lane::rounding_shift_right(m, shift));
    /// VRSRA.
    vrsra Vrsra: any accumulate(|d: T, m, shift| d.add(lane::rounding_shift_right(m, shift)));
    /// VSRI: the bits that nothing is shifted into stay.
    vsri Vsri: unsigned accumulate(|d: T, m: T, shift| {
        lane::shift_right(m, shift) | d & !lane::shift_right(T::ONES, shift)
    });
    /// VSHL (immediate).
    vshl_imm VshlImm: unsigned accumulate(|_, m: T, shift| m.shl(shift));
    /// VSLI.
    vsli Vsli: unsigned accumulate(|d: T, m: T, shift| m.shl(shift) | d & !T::ONES.shl(shift));
    /// VQSHLU (immediate).
    vqshlu Vqshlu: signed saturating(|_, m, shift| lane::saturating_shift_left_unsigned(m, shift));
    /// VQSHL (immediate).
    vqshl_imm VqshlImm: any saturating(|_, m, shift| lane::saturating_shift_left(m, shift));
}

/// `name Type: types(|wide, shift| (result, saturated));`
macro_rules! narrow_shifts {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $types:ident($f:expr);)*) => {$(
        narrow_shifts!(@ $(#[$doc])* $types $name $Type $f);
    )*};
    (@ $(#[$doc:meta])* any $name:ident $Type:ident $f:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, shift, vd, vm, unsigned }: $Type) {
            by_type!(size, unsigned, narrow T => narrowing::<T>(cpu, [vd, vm], |m| $f(m, shift.into())))
        }
    };
    (@ $(#[$doc:meta])* $types:ident $name:ident $Type:ident $f:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, shift, vd, vm }: $Type) {
            by_size!(size, $types T => narrowing::<T>(cpu, [vd, vm], |m| $f(m, shift.into())))
        }
    };
}

narrow_shifts! {
    /// VSHRN.
    vshrn Vshrn: unsigned_narrow(|m, shift| (T::truncate(lane::shift_right(m, shift)), false));
    /// VRSHRN.
    vrshrn Vrshrn: unsigned_narrow(|m, shift| (T::truncate(lane::rounding_shift_right(m, shift)), false));
    /// VQSHRUN.
    vqshrun Vqshrun: signed_narrow(|m, shift| lane::as_unsigned::<T>(lane::shift_right(m, shift)));
    /// VQRSHRUN.
    vqrshrun Vqrshrun: signed_narrow(|m, shift| lane::as_unsigned::<T>(lane::rounding_shift_right(m, shift)));
    /// VQSHRN.
    vqshrn Vqshrn: any(|m, shift| nearest::<T>(lane::shift_right(m, shift)));
    /// VQRSHRN.
    vqrshrn Vqrshrn: any(|m, shift| nearest::<T>(lane::rounding_shift_right(m, shift)));
}

#[inline(always)]
fn shift_long<T: Narrow>(cpu: &mut State, [d, m]: [u8; 2], shift: u8) {
    long::<T>(cpu, [d, m, m], |_, m, _| T::Wide::from(m) << u32::from(shift));
}

/// VSHLL, VMOVL.
#[inline(always)]
pub fn vshll(
    cpu: &mut State,
    Vshll {
        size,
        shift,
        vd,
        vm,
        unsigned,
    }: Vshll,
) {
    by_type!(size, unsigned, narrow T => shift_long::<T>(cpu, [vd, vm], shift))
}

/// VCVT (from fixed-point).
#[inline(always)]
pub fn vcvt_from_fixed(
    cpu: &mut State,
    VcvtFromFixed {
        q,
        fbits,
        vd,
        vm,
        unsigned,
    }: VcvtFromFixed,
) {
    lanes1(cpu, q, [vd, vm], |m, env| {
        fp::from_fixed(m.into(), 32, fbits.into(), !unsigned, Rounding::TiesToEven, env)
    });
}

/// VCVT (to fixed-point).
#[inline(always)]
pub fn vcvt_to_fixed(
    cpu: &mut State,
    VcvtToFixed {
        q,
        fbits,
        vd,
        vm,
        unsigned,
    }: VcvtToFixed,
) {
    lanes1(cpu, q, [vd, vm], |m, env| {
        fp::to_fixed(m, 32, fbits.into(), !unsigned, Rounding::TowardZero, env) as u32
    });
}
