//! Floating-point data-processing (VFP). The arithmetic itself is `armlet_cpu::fp`.

use armlet_cpu::a64::{Flags, State};
use armlet_cpu::fp::{self, Float, Rounding};
use armlet_decoder::a32::*;

use super::float::{chained_add, chained_sub, number, scalar1, scalar2, scalar3, set_number, with_env};
use crate::a64::float::{Format, current, single_or_double};

/// Instructions with three sources, the first of which is the destination: `name Type = |d, n, m, env| result`.
macro_rules! three_sources {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vn, vm }: $Type) {
            single_or_double!(size, F => scalar3::<F>(cpu, [vd, vn, vm], $operation));
        }
    )*};
}

three_sources! {
    /// VMLA (floating-point): not fused.
    vmla_vfp VmlaVfp = chained_add;
    /// VMLS (floating-point): not fused.
    vmls_vfp VmlsVfp = chained_sub;
    /// VNMLS.
    vnmls Vnmls = |d, n, m, env| chained_add(fp::neg(d), n, m, env);
    /// VNMLA.
    vnmla Vnmla = |d, n, m, env| chained_sub(fp::neg(d), n, m, env);
    /// VFMA.
    vfma_vfp VfmaVfp = fp::mul_add;
    /// VFMS.
    vfms_vfp VfmsVfp = |d, n, m, env| fp::mul_add(d, fp::neg(n), m, env);
    /// VFNMS.
    vfnms Vfnms = |d, n, m, env| fp::mul_add(fp::neg(d), n, m, env);
    /// VFNMA.
    vfnma Vfnma = |d, n, m, env| fp::mul_add(fp::neg(d), fp::neg(n), m, env);
}

/// Instructions with two sources: `name Type = |n, m, env| result`.
macro_rules! two_sources {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vn, vm }: $Type) {
            single_or_double!(size, F => scalar2::<F>(cpu, [vd, vn, vm], $operation));
        }
    )*};
}

two_sources! {
    /// VMUL (floating-point).
    vmul_vfp VmulVfp = fp::mul;
    /// VNMUL.
    vnmul Vnmul = |n, m, env| fp::neg(fp::mul(n, m, env));
    /// VADD (floating-point).
    vadd_vfp VaddVfp = fp::add;
    /// VSUB (floating-point).
    vsub_vfp VsubVfp = fp::sub;
    /// VDIV.
    vdiv Vdiv = fp::div;
    /// VMAXNM.
    vmaxnm_vfp VmaxnmVfp = fp::max_num;
    /// VMINNM.
    vminnm_vfp VminnmVfp = fp::min_num;
}

/// Instructions with one source: `name Type = |m, env| result`.
macro_rules! one_source {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd, vm }: $Type) {
            single_or_double!(size, F => scalar1::<F>(cpu, [vd, vm], $operation));
        }
    )*};
}

one_source! {
    /// VMOV (register).
    vmov_reg_vfp VmovRegVfp = |m, _| m;
    /// VABS.
    vabs_vfp VabsVfp = |m, _| fp::abs(m);
    /// VNEG.
    vneg_vfp VnegVfp = |m, _| fp::neg(m);
    /// VSQRT.
    vsqrt Vsqrt = fp::sqrt;
    /// VRINTR.
    vrintr Vrintr = |m, env| fp::round_to_integral(m, current(env), false, env);
    /// VRINTZ.
    vrintz_vfp VrintzVfp = |m, env| fp::round_to_integral(m, Rounding::TowardZero, false, env);
    /// VRINTX.
    vrintx_vfp VrintxVfp = |m, env| fp::round_to_integral(m, current(env), true, env);
}

/// VMOV (immediate).
#[inline(always)]
pub fn vmov_imm_vfp(cpu: &mut State, VmovImmVfp { size, vd, imm }: VmovImmVfp) {
    single_or_double!(size, F => scalar1::<F>(cpu, [vd, vd], |_, _| imm as F));
}

/// The rounding of VCVTA, VRINTA and their like: A, N, P, M.
#[inline(always)]
pub fn directed(mode: u8) -> Rounding {
    match mode & 3 {
        0 => Rounding::TiesToAway,
        1 => Rounding::TiesToEven,
        2 => Rounding::TowardPositive,
        _ => Rounding::TowardNegative,
    }
}

/// VRINTA, VRINTN, VRINTP, VRINTM.
#[inline(always)]
pub fn vrint_directed_vfp(cpu: &mut State, VrintDirectedVfp { size, vd, vm, mode }: VrintDirectedVfp) {
    single_or_double!(size, F => scalar1::<F>(cpu, [vd, vm], |m, env| {
        fp::round_to_integral(m, directed(mode), false, env)
    }));
}

/// VSEL.
#[inline(always)]
pub fn vsel(cpu: &mut State, Vsel { size, vd, vn, vm, cond }: Vsel) {
    let source = if cpu.flags.holds(cond) { vn } else { vm };
    single_or_double!(size, F => set_number::<F>(cpu, vd, number(cpu, source)));
}

/// VCMP and VCMPE: the flags go to FPSCR.
#[inline(always)]
fn compare<F: Format>(cpu: &mut State, d: F, m: F, signal_quiet: bool) {
    let nzcv = with_env(cpu, |env| fp::compare(d, m, signal_quiet, env));
    cpu.a32.fpscr_flags = Flags::from_nibble(nzcv);
}

/// VCMP, VCMPE.
#[inline(always)]
pub fn vcmp(cpu: &mut State, Vcmp { size, vd, vm, e }: Vcmp) {
    single_or_double!(size, F => compare::<F>(cpu, number(cpu, vd), number(cpu, vm), e));
}

/// VCMP, VCMPE (with zero).
#[inline(always)]
pub fn vcmp_zero(cpu: &mut State, VcmpZero { size, vd, e }: VcmpZero) {
    single_or_double!(size, F => compare::<F>(cpu, number(cpu, vd), 0, e));
}

#[inline(always)]
fn convert<F: Format, T: Format>(cpu: &mut State, d: u8, m: u8) {
    let operand: F = number(cpu, m);
    let result: T = with_env(cpu, |env| fp::convert(operand, env));
    set_number(cpu, d, result);
}

/// VCVT (from single to double precision).
#[inline(always)]
pub fn vcvt_single_double(cpu: &mut State, VcvtSingleDouble { vd, vm }: VcvtSingleDouble) {
    convert::<u32, u64>(cpu, vd, vm);
}

/// VCVT (from double to single precision).
#[inline(always)]
pub fn vcvt_double_single(cpu: &mut State, VcvtDoubleSingle { vd, vm }: VcvtDoubleSingle) {
    convert::<u64, u32>(cpu, vd, vm);
}

/// A conversion from the bottom or top half of S\[m\].
#[inline(always)]
fn from_half<T: Format>(cpu: &mut State, d: u8, m: u8, top: bool) {
    let half = (number::<u32>(cpu, m) >> if top { 16 } else { 0 }) as u16;
    let result: T = with_env(cpu, |env| fp::convert(half, env));
    set_number(cpu, d, result);
}

/// A conversion to the bottom or top half of S\[d\]; the other half stays.
#[inline(always)]
fn to_half<F: Format>(cpu: &mut State, d: u8, m: u8, top: bool) {
    let operand: F = number(cpu, m);
    let half: u16 = with_env(cpu, |env| fp::convert(operand, env));
    let shift = if top { 16 } else { 0 };
    let before: u32 = number(cpu, d);
    set_number(cpu, d, before & !(0xffff << shift) | u32::from(half) << shift);
}

/// `name Type = function::<format>, top;`
macro_rules! halves {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $function:ident::<$F:ident>, $top:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { vd, vm }: $Type) {
            $function::<$F>(cpu, vd, vm, $top);
        }
    )*};
}

halves! {
    /// VCVTB (half to single precision).
    vcvtb_from_half VcvtbFromHalf = from_half::<u32>, false;
    /// VCVTT (half to single precision).
    vcvtt_from_half VcvttFromHalf = from_half::<u32>, true;
    /// VCVTB (half to double precision).
    vcvtb_from_half_double VcvtbFromHalfDouble = from_half::<u64>, false;
    /// VCVTT (half to double precision).
    vcvtt_from_half_double VcvttFromHalfDouble = from_half::<u64>, true;
    /// VCVTB (single to half precision).
    vcvtb_to_half VcvtbToHalf = to_half::<u32>, false;
    /// VCVTT (single to half precision).
    vcvtt_to_half VcvttToHalf = to_half::<u32>, true;
    /// VCVTB (double to half precision).
    vcvtb_to_half_double VcvtbToHalfDouble = to_half::<u64>, false;
    /// VCVTT (double to half precision).
    vcvtt_to_half_double VcvttToHalfDouble = to_half::<u64>, true;
}

/// VCVT (integer to floating-point).
#[inline(always)]
pub fn vcvt_from_int_vfp(cpu: &mut State, VcvtFromIntVfp { size, vd, vm, signed }: VcvtFromIntVfp) {
    let operand = number::<u32>(cpu, vm).into();
    single_or_double!(size, F => {
        let result: F = with_env(cpu, |env| fp::from_fixed(operand, 32, 0, signed, current(env), env));
        set_number(cpu, vd, result);
    });
}

/// The number in S\[m\] or D\[m\] becomes an integer in S\[d\].
#[inline(always)]
fn to_integer(cpu: &mut State, size: u8, [d, m]: [u8; 2], signed: bool, rounding: Option<Rounding>) {
    single_or_double!(size, F => {
        let operand: F = number(cpu, m);
        let result = with_env(cpu, |env| {
            fp::to_fixed(operand, 32, 0, signed, rounding.unwrap_or(current(env)), env)
        });
        set_number(cpu, d, result as u32);
    });
}

/// VCVT (floating-point to integer), VCVTR.
#[inline(always)]
pub fn vcvt_to_int_vfp(
    cpu: &mut State,
    VcvtToIntVfp {
        size,
        vd,
        vm,
        signed,
        zero,
    }: VcvtToIntVfp,
) {
    to_integer(cpu, size, [vd, vm], signed, zero.then_some(Rounding::TowardZero));
}

/// VCVTA, VCVTN, VCVTP, VCVTM.
#[inline(always)]
pub fn vcvt_directed_vfp(
    cpu: &mut State,
    VcvtDirectedVfp {
        size,
        vd,
        vm,
        mode,
        signed,
    }: VcvtDirectedVfp,
) {
    to_integer(cpu, size, [vd, vm], signed, Some(directed(mode)));
}

/// VJCVT: the conversion of JavaScript; FPSCR.Z says whether it was exact.
#[inline(always)]
pub fn vjcvt(cpu: &mut State, Vjcvt { vd, vm }: Vjcvt) {
    let operand = number(cpu, vm);
    let (result, exact) = with_env(cpu, |env| fp::to_int32_js(operand, env));
    set_number(cpu, vd, result);
    cpu.a32.fpscr_flags = Flags {
        z: exact,
        ..Flags::default()
    };
}

/// VCVT (from fixed-point): always to nearest.
#[inline(always)]
pub fn vcvt_from_fixed_vfp(
    cpu: &mut State,
    VcvtFromFixedVfp {
        size,
        vd,
        width,
        fbits,
        unsigned,
    }: VcvtFromFixedVfp,
) {
    single_or_double!(size, F => {
        let operand = number::<F>(cpu, vd).bits();
        let result: F = with_env(cpu, |env| {
            fp::from_fixed(operand, width.into(), fbits.into(), !unsigned, Rounding::TiesToEven, env)
        });
        set_number(cpu, vd, result);
    });
}

/// VCVT (to fixed-point): always towards zero; the result is extended to the size of the register.
#[inline(always)]
pub fn vcvt_to_fixed_vfp(
    cpu: &mut State,
    VcvtToFixedVfp {
        size,
        vd,
        width,
        fbits,
        unsigned,
    }: VcvtToFixedVfp,
) {
    single_or_double!(size, F => {
        let operand: F = number(cpu, vd);
        let fixed = with_env(cpu, |env| {
            fp::to_fixed(operand, width.into(), fbits.into(), !unsigned, Rounding::TowardZero, env)
        });
        let above = 64 - u32::from(width);
        let extended = if unsigned { fixed } else { ((fixed << above) as i64 >> above) as u64 };
        set_number(cpu, vd, extended as F);
    });
}
