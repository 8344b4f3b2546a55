//! Transfers between general-purpose registers and Advanced SIMD and floating-point registers, FPSCR among them.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use super::float::{number, set_number};
use super::vector::{double, scalar, set, set_double, set_scalar};
use crate::a64::vector::{by_size, splat};

/// VMOV (general-purpose register to single-precision).
#[inline(always)]
pub fn vmov_core_to_single(cpu: &mut State, VmovCoreToSingle { vn, rt }: VmovCoreToSingle) {
    set_number(cpu, vn, cpu.r(rt));
}

/// VMOV (single-precision to general-purpose register).
#[inline(always)]
pub fn vmov_single_to_core(cpu: &mut State, VmovSingleToCore { vn, rt }: VmovSingleToCore) {
    cpu.set_r(rt, number(cpu, vn));
}

/// VMOV (two general-purpose registers to two single-precision registers).
#[inline(always)]
pub fn vmov_cores_to_singles(cpu: &mut State, VmovCoresToSingles { vm, rt, rt2 }: VmovCoresToSingles) {
    set_number(cpu, vm, cpu.r(rt));
    set_number(cpu, vm + 1, cpu.r(rt2));
}

/// VMOV (two single-precision registers to two general-purpose registers).
#[inline(always)]
pub fn vmov_singles_to_cores(cpu: &mut State, VmovSinglesToCores { vm, rt, rt2 }: VmovSinglesToCores) {
    cpu.set_r(rt, number(cpu, vm));
    cpu.set_r(rt2, number(cpu, vm + 1));
}

/// VMOV (two general-purpose registers to a doubleword register).
#[inline(always)]
pub fn vmov_cores_to_double(cpu: &mut State, VmovCoresToDouble { vm, rt, rt2 }: VmovCoresToDouble) {
    set_double(cpu, vm, u64::from(cpu.r(rt2)) << 32 | u64::from(cpu.r(rt)));
}

/// VMOV (a doubleword register to two general-purpose registers).
#[inline(always)]
pub fn vmov_double_to_cores(cpu: &mut State, VmovDoubleToCores { vm, rt, rt2 }: VmovDoubleToCores) {
    let value = double(cpu, vm);
    cpu.set_r(rt, value as u32);
    cpu.set_r(rt2, (value >> 32) as u32);
}

/// VMOV (general-purpose register to scalar).
#[inline(always)]
pub fn vmov_core_to_scalar(cpu: &mut State, VmovCoreToScalar { size, index, vd, rt }: VmovCoreToScalar) {
    let value = cpu.r(rt);
    by_size!(size, unsigned_narrow T => set_scalar(cpu, vd, index, value as T));
}

/// VMOV (scalar to general-purpose register).
#[inline(always)]
pub fn vmov_scalar_to_core(
    cpu: &mut State,
    VmovScalarToCore {
        size,
        index,
        vn,
        rt,
        unsigned,
    }: VmovScalarToCore,
) {
    let value = match (size, unsigned) {
        (0, true) => scalar::<u8>(cpu, vn, index).into(),
        (0, false) => scalar::<i8>(cpu, vn, index) as u32,
        (1, true) => scalar::<u16>(cpu, vn, index).into(),
        (1, false) => scalar::<i16>(cpu, vn, index) as u32,
        _ => scalar(cpu, vn, index),
    };
    cpu.set_r(rt, value);
}

/// VDUP (general-purpose register).
#[inline(always)]
pub fn vdup_core(cpu: &mut State, VdupCore { size, q, vd, rt }: VdupCore) {
    let value = cpu.r(rt);
    by_size!(size, unsigned_narrow T => set(cpu, q, vd, splat(value as T)));
}

/// VMRS: FPSCR to a register, or its flags to the processor's.
#[inline(always)]
pub fn vmrs(cpu: &mut State, Vmrs { rt }: Vmrs) {
    if rt == 15 {
        cpu.flags = cpu.a32.fpscr_flags;
    } else {
        cpu.fpsr_read = true;
        cpu.set_r(rt, cpu.fpscr());
    }
}

/// VMSR: FPSCR.
#[inline(always)]
pub fn vmsr(cpu: &mut State, Vmsr { rt }: Vmsr) {
    cpu.set_fpscr(cpu.r(rt));
}
