//! Scalar floating point: C4.1.96. The arithmetic itself is `armlet_cpu::fp`.

use armlet_cpu::a64::{Flags, State};
use armlet_cpu::fp::{self, Float, FpEnv, Rounding};
use armlet_decoder::a64::*;

use super::float::{Format, by_format, current, number, scalar1, scalar2, set_number, with_env};
use super::vector::Element;

/// Instructions with one source, in every format: `name Type = |operand, env| result`.
macro_rules! one_source {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn }: $Type) {
            by_format!(size, F => scalar1::<F>(cpu, [rd, rn], $operation));
        }
    )*};
}

one_source! {
    /// FMOV (register), C7.2.130.
    fmov_reg FmovReg = |operand, _| operand;
    /// FABS (scalar), C7.2.46.
    fabs_scalar FabsScalar = |operand, _| fp::abs(operand);
    /// FNEG (scalar), C7.2.140.
    fneg_scalar FnegScalar = |operand, _| fp::neg(operand);
    /// FSQRT (scalar), C7.2.172.
    fsqrt_scalar FsqrtScalar = fp::sqrt;
    /// FRINTN (scalar), C7.2.162.
    frintn_scalar FrintnScalar = |operand, env| fp::round_to_integral(operand, Rounding::TiesToEven, false, env);
    /// FRINTP (scalar), C7.2.164.
    frintp_scalar FrintpScalar = |operand, env| fp::round_to_integral(operand, Rounding::TowardPositive, false, env);
    /// FRINTM (scalar), C7.2.160.
    frintm_scalar FrintmScalar = |operand, env| fp::round_to_integral(operand, Rounding::TowardNegative, false, env);
    /// FRINTZ (scalar), C7.2.168.
    frintz_scalar FrintzScalar = |operand, env| fp::round_to_integral(operand, Rounding::TowardZero, false, env);
    /// FRINTA (scalar), C7.2.156.
    frinta_scalar FrintaScalar = |operand, env| fp::round_to_integral(operand, Rounding::TiesToAway, false, env);
    /// FRINTX (scalar), C7.2.166.
    frintx_scalar FrintxScalar = |operand, env| fp::round_to_integral(operand, current(env), true, env);
    /// FRINTI (scalar), C7.2.158.
    frinti_scalar FrintiScalar = |operand, env| fp::round_to_integral(operand, current(env), false, env);
    /// FRINT32Z (scalar), C7.2.150.
    frint32z_scalar Frint32zScalar = |operand, env| fp::round_to_int_size(operand, 32, Rounding::TowardZero, env);
    /// FRINT32X (scalar), C7.2.148.
    frint32x_scalar Frint32xScalar = |operand, env| fp::round_to_int_size(operand, 32, current(env), env);
    /// FRINT64Z (scalar), C7.2.154.
    frint64z_scalar Frint64zScalar = |operand, env| fp::round_to_int_size(operand, 64, Rounding::TowardZero, env);
    /// FRINT64X (scalar), C7.2.152.
    frint64x_scalar Frint64xScalar = |operand, env| fp::round_to_int_size(operand, 64, current(env), env);
}

/// FCVT, C7.2.69.
#[inline(always)]
pub fn fcvt(cpu: &mut State, Fcvt { to, from, rd, rn }: Fcvt) {
    by_format!(from, From => by_format!(to, To => {
        let operand: From = number(cpu, rn);
        let result: To = with_env(cpu, |env| fp::convert(operand, env));
        set_number(cpu, rd, result);
    }));
}

/// BFCVT, C7.2.13.
#[inline(always)]
pub fn bfcvt(cpu: &mut State, Bfcvt { rd, rn }: Bfcvt) {
    let operand = number(cpu, rn);
    let result = with_env(cpu, |env| fp::bf16::from_single(operand, env));
    set_number(cpu, rd, result);
}

/// Instructions with two sources, in every format: `name Type = |a, b, env| result`.
macro_rules! two_sources {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn, rm }: $Type) {
            by_format!(size, F => scalar2::<F>(cpu, [rd, rn, rm], $operation));
        }
    )*};
}

two_sources! {
    /// FMUL (scalar), C7.2.136.
    fmul_scalar FmulScalar = fp::mul;
    /// FDIV (scalar), C7.2.98.
    fdiv_scalar FdivScalar = fp::div;
    /// FADD (scalar), C7.2.50.
    fadd_scalar FaddScalar = fp::add;
    /// FSUB (scalar), C7.2.174.
    fsub_scalar FsubScalar = fp::sub;
    /// FMAX (scalar), C7.2.102.
    fmax_scalar FmaxScalar = fp::max;
    /// FMIN (scalar), C7.2.112.
    fmin_scalar FminScalar = fp::min;
    /// FMAXNM (scalar), C7.2.104.
    fmaxnm_scalar FmaxnmScalar = fp::max_num;
    /// FMINNM (scalar), C7.2.114.
    fminnm_scalar FminnmScalar = fp::min_num;
    /// FNMUL (scalar), C7.2.143.
    fnmul_scalar FnmulScalar = |a, b, env| fp::neg(fp::mul(a, b, env));
}

/// A fused multiply-add, of three sources.
#[inline(always)]
fn multiply_add<F: Format>(cpu: &mut State, [d, n, m, a]: [u8; 4], operation: impl FnOnce(F, F, F, &mut FpEnv) -> F) {
    let (addend, n, m) = (number(cpu, a), number(cpu, n), number(cpu, m));
    let result = with_env(cpu, |env| operation(addend, n, m, env));
    set_number(cpu, d, result);
}

/// The fused multiply-add instructions: `name Type = |addend, a, b, env| result`.
macro_rules! three_sources {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn, rm, ra }: $Type) {
            by_format!(size, F => multiply_add::<F>(cpu, [rd, rn, rm, ra], $operation));
        }
    )*};
}

three_sources! {
    /// FMADD, C7.2.100.
    fmadd Fmadd = fp::mul_add;
    /// FMSUB, C7.2.133.
    fmsub Fmsub = |addend, a, b, env| fp::mul_add(addend, fp::neg(a), b, env);
    /// FNMADD, C7.2.141.
    fnmadd Fnmadd = |addend, a, b, env| fp::mul_add(fp::neg(addend), fp::neg(a), b, env);
    /// FNMSUB, C7.2.142.
    fnmsub Fnmsub = |addend, a, b, env| fp::mul_add(fp::neg(addend), a, b, env);
}

/// The flags of a comparison.
#[inline(always)]
fn compare<F: Format>(cpu: &mut State, a: F, b: F, signal_quiet: bool) -> Flags {
    Flags::from_nibble(with_env(cpu, |env| fp::compare(a, b, signal_quiet, env)))
}

/// FCMP and FCMPE.
#[inline(always)]
fn compare_registers(cpu: &mut State, size: u8, rn: u8, rm: u8, zero: bool, signal_quiet: bool) {
    by_format!(size, F => {
        let a: F = number(cpu, rn);
        let b = if zero { F::default() } else { number(cpu, rm) };
        cpu.flags = compare(cpu, a, b, signal_quiet);
    });
}

/// FCMP, C7.2.66.
#[inline(always)]
pub fn fcmp(cpu: &mut State, Fcmp { size, rn, rm, zero }: Fcmp) {
    compare_registers(cpu, size, rn, rm, zero, false);
}

/// FCMPE, C7.2.67.
#[inline(always)]
pub fn fcmpe(cpu: &mut State, Fcmpe { size, rn, rm, zero }: Fcmpe) {
    compare_registers(cpu, size, rn, rm, zero, true);
}

/// FCCMP, C7.2.54.
#[inline(always)]
pub fn fccmp(
    cpu: &mut State,
    Fccmp {
        size,
        rn,
        rm,
        cond,
        nzcv,
    }: Fccmp,
) {
    if cpu.flags.holds(cond) {
        compare_registers(cpu, size, rn, rm, false, false);
    } else {
        cpu.flags = Flags::from_nibble(nzcv);
    }
}

/// FCCMPE, C7.2.55.
#[inline(always)]
pub fn fccmpe(
    cpu: &mut State,
    Fccmpe {
        size,
        rn,
        rm,
        cond,
        nzcv,
    }: Fccmpe,
) {
    if cpu.flags.holds(cond) {
        compare_registers(cpu, size, rn, rm, false, true);
    } else {
        cpu.flags = Flags::from_nibble(nzcv);
    }
}

/// FCSEL, C7.2.68.
#[inline(always)]
pub fn fcsel(cpu: &mut State, Fcsel { size, rd, rn, rm, cond }: Fcsel) {
    let source = if cpu.flags.holds(cond) { rn } else { rm };
    by_format!(size, F => set_number::<F>(cpu, rd, number(cpu, source)));
}

/// FMOV (scalar, immediate), C7.2.132.
#[inline(always)]
pub fn fmov_imm(cpu: &mut State, FmovImm { rd, imm, .. }: FmovImm) {
    set_number(cpu, rd, imm);
}

/// FMOV (general), C7.2.131: to a general register.
#[inline(always)]
pub fn fmov_to_general(cpu: &mut State, FmovToGeneral { size, rd, rn, .. }: FmovToGeneral) {
    by_format!(size, F => cpu.set_x(rd, number::<F>(cpu, rn).bits()));
}

/// FMOV (general), C7.2.131: from a general register.
#[inline(always)]
pub fn fmov_from_general(cpu: &mut State, FmovFromGeneral { size, rd, rn, .. }: FmovFromGeneral) {
    by_format!(size, F => set_number(cpu, rd, cpu.x(rn) as F));
}

/// FMOV (general), C7.2.131: from the upper half of a vector register.
#[inline(always)]
pub fn fmov_to_general_top(cpu: &mut State, FmovToGeneralTop { rd, rn }: FmovToGeneralTop) {
    cpu.set_x(rd, u64::get(&cpu.vector(rn), 1));
}

/// FMOV (general), C7.2.131: to the upper half of a vector register; the low half stays.
#[inline(always)]
pub fn fmov_from_general_top(cpu: &mut State, FmovFromGeneralTop { rd, rn }: FmovFromGeneralTop) {
    let mut vector = cpu.vector(rd);
    u64::set(&mut vector, 1, cpu.x(rn));
    cpu.set_vector(rd, vector);
}

/// Operands of a conversion between a number and an integer of 32 or 64 bits, of which `fbits` are behind the binary point.
struct Conversion {
    sf: bool,
    size: u8,
    rd: u8,
    rn: u8,
    fbits: u8,
}

impl Conversion {
    /// Bits of the integer.
    #[inline(always)]
    fn width(&self) -> u32 {
        if self.sf { 64 } else { 32 }
    }

    /// The number in V\[n\] becomes an integer in X\[d\] or W\[d\].
    #[inline(always)]
    fn integer_from_number(&self, cpu: &mut State, signed: bool, rounding: Rounding) {
        by_format!(self.size, F => {
            let operand: F = number(cpu, self.rn);
            let convert = |env: &mut _| fp::to_fixed(operand, self.width(), self.fbits.into(), signed, rounding, env);
            let result = with_env(cpu, convert);
            cpu.set_x(self.rd, result);
        });
    }

    /// The integer in X\[n\] or W\[n\] becomes a number in V\[d\].
    #[inline(always)]
    fn number_from_integer(&self, cpu: &mut State, signed: bool) {
        let operand = cpu.x(self.rn);
        by_format!(self.size, F => {
            let convert = |env: &mut _| {
                fp::from_fixed::<F>(operand, self.width(), self.fbits.into(), signed, current(env), env)
            };
            let result = with_env(cpu, convert);
            set_number(cpu, self.rd, result);
        });
    }
}

/// Conversion to an integer: `name Type = signed, rounding`.
macro_rules! to_integer {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $signed:literal, $rounding:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { sf, size, rd, rn }: $Type) {
            let conversion = Conversion { sf, size, rd, rn, fbits: 0 };
 conversion.integer_from_number(cpu, $signed, Rounding::$rounding);
        }
    )*};
}

to_integer! {
    /// FCVTNS (scalar), C7.2.81.
    fcvtns_general FcvtnsGeneral = true, TiesToEven;
    /// FCVTNU (scalar), C7.2.83.
    fcvtnu_general FcvtnuGeneral = false, TiesToEven;
    /// FCVTAS (scalar), C7.2.71.
    fcvtas_general FcvtasGeneral = true, TiesToAway;
    /// FCVTAU (scalar), C7.2.73.
    fcvtau_general FcvtauGeneral = false, TiesToAway;
    /// FCVTPS (scalar), C7.2.85.
    fcvtps_general FcvtpsGeneral = true, TowardPositive;
    /// FCVTPU (scalar), C7.2.87.
    fcvtpu_general FcvtpuGeneral = false, TowardPositive;
    /// FCVTMS (scalar), C7.2.76.
    fcvtms_general FcvtmsGeneral = true, TowardNegative;
    /// FCVTMU (scalar), C7.2.78.
    fcvtmu_general FcvtmuGeneral = false, TowardNegative;
    /// FCVTZS (scalar, integer), C7.2.92.
    fcvtzs_general FcvtzsGeneral = true, TowardZero;
    /// FCVTZU (scalar, integer), C7.2.96.
    fcvtzu_general FcvtzuGeneral = false, TowardZero;
}

/// SCVTF (scalar, integer), C7.2.236.
#[inline(always)]
pub fn scvtf_general(cpu: &mut State, ScvtfGeneral { sf, size, rd, rn }: ScvtfGeneral) {
    let conversion = Conversion {
        sf,
        size,
        rd,
        rn,
        fbits: 0,
    };
    conversion.number_from_integer(cpu, true);
}

/// UCVTF (scalar, integer), C7.2.355.
#[inline(always)]
pub fn ucvtf_general(cpu: &mut State, UcvtfGeneral { sf, size, rd, rn }: UcvtfGeneral) {
    let conversion = Conversion {
        sf,
        size,
        rd,
        rn,
        fbits: 0,
    };
    conversion.number_from_integer(cpu, false);
}

/// SCVTF (scalar, fixed-point), C7.2.235.
#[inline(always)]
pub fn scvtf_general_fixed(
    cpu: &mut State,
    ScvtfGeneralFixed {
        sf,
        size,
        rd,
        rn,
        fbits,
    }: ScvtfGeneralFixed,
) {
    let conversion = Conversion {
        sf,
        size,
        rd,
        rn,
        fbits,
    };
    conversion.number_from_integer(cpu, true);
}

/// UCVTF (scalar, fixed-point), C7.2.354.
#[inline(always)]
pub fn ucvtf_general_fixed(
    cpu: &mut State,
    UcvtfGeneralFixed {
        sf,
        size,
        rd,
        rn,
        fbits,
    }: UcvtfGeneralFixed,
) {
    let conversion = Conversion {
        sf,
        size,
        rd,
        rn,
        fbits,
    };
    conversion.number_from_integer(cpu, false);
}

/// FCVTZS (scalar, fixed-point), C7.2.91.
#[inline(always)]
pub fn fcvtzs_general_fixed(
    cpu: &mut State,
    FcvtzsGeneralFixed {
        sf,
        size,
        rd,
        rn,
        fbits,
    }: FcvtzsGeneralFixed,
) {
    let conversion = Conversion {
        sf,
        size,
        rd,
        rn,
        fbits,
    };
    conversion.integer_from_number(cpu, true, Rounding::TowardZero);
}

/// FCVTZU (scalar, fixed-point), C7.2.95.
#[inline(always)]
pub fn fcvtzu_general_fixed(
    cpu: &mut State,
    FcvtzuGeneralFixed {
        sf,
        size,
        rd,
        rn,
        fbits,
    }: FcvtzuGeneralFixed,
) {
    let conversion = Conversion {
        sf,
        size,
        rd,
        rn,
        fbits,
    };
    conversion.integer_from_number(cpu, false, Rounding::TowardZero);
}

/// FJCVTZS, C7.2.99: the conversion of JavaScript; Z says whether it was exact.
#[inline(always)]
pub fn fjcvtzs(cpu: &mut State, Fjcvtzs { rd, rn }: Fjcvtzs) {
    let operand = number(cpu, rn);
    let (result, exact) = with_env(cpu, |env| fp::to_int32_js(operand, env));
    cpu.set_w(rd, result);
    cpu.flags = Flags {
        z: exact,
        ..Flags::default()
    };
}
