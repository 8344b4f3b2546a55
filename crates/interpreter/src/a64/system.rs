//! System instructions: C4.1.93.

use armlet_cpu::a64::{Flags, State};
use armlet_cpu::fp::{Fpcr, fpsr};
use armlet_cpu::{Fault, Trap, id};
use armlet_decoder::a64::*;
use armlet_memory::{fence, load, store};
use rustix::time::{ClockId, clock_gettime};

/// HINT: YIELD, WFE and their like may do nothing; the PAC and BTI forms do nothing on a CPU without these extensions.
#[inline(always)]
pub fn hint(_: &mut State, _: Hint) {}

/// CLREX.
#[inline(always)]
pub fn clrex(cpu: &mut State, _: Clrex) {
    cpu.exclusive = Default::default();
}

/// A barrier: of its kinds, the host needs to be told only that stores are ordered before loads.
#[inline(always)]
fn barrier(option: u8) {
    if !matches!(option & 3, 1 | 2) {
        fence();
    }
}

/// DSB.
#[inline(always)]
pub fn dsb(_: &mut State, Dsb { option }: Dsb) {
    barrier(option);
}

/// DMB.
#[inline(always)]
pub fn dmb(_: &mut State, Dmb { option }: Dmb) {
    barrier(option);
}

/// ISB: changed code has been announced by IC IVAU already.
#[inline(always)]
pub fn isb(_: &mut State, _: Isb) {}

/// CFINV.
#[inline(always)]
pub fn cfinv(cpu: &mut State, _: Cfinv) {
    cpu.flags.c = !cpu.flags.c;
}

/// XAFLAG: from the flags of a comparison in an alternative format to Arm's.
#[inline(always)]
pub fn xaflag(cpu: &mut State, _: Xaflag) {
    let Flags { z, c, .. } = cpu.flags;
    cpu.flags = Flags {
        n: !c && !z,
        z: z && c,
        c: c || z,
        v: !c && z,
    };
}

/// AXFLAG: from the flags of an Arm comparison to the alternative format.
#[inline(always)]
pub fn axflag(cpu: &mut State, _: Axflag) {
    let Flags { z, c, v, .. } = cpu.flags;
    cpu.flags = Flags {
        n: false,
        z: z || v,
        c: c && !v,
        v: false,
    };
}

/// DC ZVA: zeroes the block that holds the address.
#[inline(always)]
pub fn dc_zva(cpu: &mut State, DcZva { rt }: DcZva) -> Result<(), Fault> {
    let block = cpu.x(rt) & !(id::ZVA_SIZE - 1);
    (0..id::ZVA_SIZE)
        .step_by(16)
        .try_for_each(|offset| store(block + offset, 0u128))
}

/// Cleaning a cache does nothing, but the address must be readable.
#[inline(always)]
fn clean(address: u64) -> Result<(), Fault> {
    load::<u8>(address).map(|_| ())
}

/// DC CVAC.
#[inline(always)]
pub fn dc_cvac(cpu: &mut State, DcCvac { rt }: DcCvac) -> Result<(), Fault> {
    clean(cpu.x(rt))
}

/// DC CVAU.
#[inline(always)]
pub fn dc_cvau(cpu: &mut State, DcCvau { rt }: DcCvau) -> Result<(), Fault> {
    clean(cpu.x(rt))
}

/// DC CVAP.
#[inline(always)]
pub fn dc_cvap(cpu: &mut State, DcCvap { rt }: DcCvap) -> Result<(), Fault> {
    clean(cpu.x(rt))
}

/// DC CIVAC.
#[inline(always)]
pub fn dc_civac(cpu: &mut State, DcCivac { rt }: DcCivac) -> Result<(), Fault> {
    clean(cpu.x(rt))
}

/// IC IVAU: the code at the address has changed.
#[inline(always)]
pub fn ic_ivau(cpu: &mut State, IcIvau { rt }: IcIvau) -> Trap {
    Trap::InvalidateCode { address: cpu.x(rt) }
}

/// MRS.
#[inline(always)]
pub fn mrs(cpu: &mut State, Mrs { rt, register }: Mrs) {
    let value = read(cpu, register);
    cpu.set_x(rt, value);
}

/// What a register that EL0 can read holds.
fn read(cpu: &mut State, register: SystemRegister) -> u64 {
    match register {
        SystemRegister::NZCV => cpu.flags.to_bits().into(),
        SystemRegister::FPCR => cpu.fpcr.into(),
        SystemRegister::FPSR => {
            cpu.fpsr_read = true;
            cpu.fpsr.into()
        }
        SystemRegister::TPIDR_EL0 => cpu.tpidr,
        SystemRegister::CNTVCT_EL0 => virtual_count(),
        _ => constant(register).unwrap_or(0),
    }
}

/// What a register that EL0 can read always holds; `None` if it changes. ID registers that are not listed read as zero.
pub fn constant(register: SystemRegister) -> Option<u64> {
    Some(match register {
        SystemRegister::NZCV
        | SystemRegister::FPCR
        | SystemRegister::FPSR
        | SystemRegister::TPIDR_EL0
        | SystemRegister::CNTVCT_EL0 => return None,
        SystemRegister::CTR_EL0 => id::CTR_EL0,
        SystemRegister::DCZID_EL0 => id::DCZID_EL0,
        SystemRegister::CNTFRQ_EL0 => id::CNTFRQ_EL0,
        SystemRegister::MIDR_EL1 => id::MIDR_EL1,
        SystemRegister::MPIDR_EL1 => id::MPIDR_EL1,
        SystemRegister::ID_AA64PFR0_EL1 => id::ID_AA64PFR0_EL1,
        SystemRegister::ID_AA64DFR0_EL1 => id::ID_AA64DFR0_EL1,
        SystemRegister::ID_AA64ISAR0_EL1 => id::ID_AA64ISAR0_EL1,
        SystemRegister::ID_AA64ISAR1_EL1 => id::ID_AA64ISAR1_EL1,
        SystemRegister::ID_AA64MMFR0_EL1 => id::ID_AA64MMFR0_EL1,
        SystemRegister::ID_AA64MMFR2_EL1 => id::ID_AA64MMFR2_EL1,
        _ => 0,
    })
}

/// CNTVCT_EL0 is the host's monotonic clock in units of [`id::CNTFRQ_EL0`]: all processes see the same.
pub fn virtual_count() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    (now.tv_sec as u64)
        .wrapping_mul(id::CNTFRQ_EL0)
        .wrapping_add(now.tv_nsec as u64)
}

/// MSR (register).
#[inline(always)]
pub fn msr(cpu: &mut State, Msr { rt, register }: Msr) {
    let value = cpu.x(rt);
    match register {
        SystemRegister::NZCV => cpu.flags = Flags::from_bits(value as u32),
        SystemRegister::FPCR => cpu.fpcr = value as u32 & Fpcr::WRITABLE,
        SystemRegister::FPSR => cpu.fpsr = value as u32 & fpsr::WRITABLE,
        SystemRegister::TPIDR_EL0 => cpu.tpidr = value,
        _ => {}
    }
}
