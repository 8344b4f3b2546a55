//! Program status, hints, barriers, coprocessor registers: F4.1.

use armlet_cpu::a32::cpsr;
use armlet_cpu::a64::State;
use armlet_cpu::id;
use armlet_decoder::a32::*;
use armlet_memory::fence;

use crate::a64::virtual_count;

/// MRS: the flags, Q and GE; of the rest, user code sees only its mode.
#[inline(always)]
pub fn mrs(cpu: &mut State, Mrs { rd }: Mrs) {
    let visible = cpu.cpsr() & cpsr::APSR | cpsr::USER;
    cpu.set_r(rd, visible);
}

/// What MSR writes: the flags and Q, GE; user code cannot write the other bytes.
#[inline(always)]
fn write(cpu: &mut State, mask: u8, value: u32) {
    let mut bits = 0;
    if mask & 8 != 0 {
        bits |= cpsr::APSR & 0xff00_0000;
    }
    if mask & 4 != 0 {
        bits |= cpsr::APSR & 0x00ff_0000;
    }
    let old = cpu.cpsr();
    cpu.set_apsr(old & !bits | value & bits);
}

/// MSR (immediate).
#[inline(always)]
pub fn msr_imm(cpu: &mut State, MsrImm { mask, imm }: MsrImm) {
    write(cpu, mask, imm);
}

/// MSR (register).
#[inline(always)]
pub fn msr_reg(cpu: &mut State, MsrReg { mask, rn }: MsrReg) {
    write(cpu, mask, cpu.r(rn));
}

/// NOP, YIELD, WFE and their like.
#[inline(always)]
pub fn hint(_: &mut State, _: Hint) {}

/// CPS does nothing in user mode.
#[inline(always)]
pub fn cps(_: &mut State, _: Cps) {}

/// SETEND LE: data are little-endian already. (SETEND BE is undefined, as on a CPU without big-endian data at EL0.)
#[inline(always)]
pub fn setend_le(_: &mut State, _: SetendLe) {}

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

/// ISB: changed code is announced by a system call.
#[inline(always)]
pub fn isb(_: &mut State, _: Isb) {}

/// CLREX.
#[inline(always)]
pub fn clrex(cpu: &mut State, _: Clrex) {
    cpu.exclusive = Default::default();
}

/// PLD, PLDW (immediate): hints.
#[inline(always)]
pub fn pld_imm(_: &mut State, _: PldImm) {}

/// PLD, PLDW (register).
#[inline(always)]
pub fn pld_reg(_: &mut State, _: PldReg) {}

/// PLI (immediate).
#[inline(always)]
pub fn pli_imm(_: &mut State, _: PliImm) {}

/// PLI (register).
#[inline(always)]
pub fn pli_reg(_: &mut State, _: PliReg) {}

/// MRC: TPIDRURW.
#[inline(always)]
pub fn mrc_tpidrurw(cpu: &mut State, MrcTpidrurw { rt }: MrcTpidrurw) {
    cpu.set_r(rt, cpu.a32.tpidrurw);
}

/// MCR: TPIDRURW.
#[inline(always)]
pub fn mcr_tpidrurw(cpu: &mut State, McrTpidrurw { rt }: McrTpidrurw) {
    cpu.a32.tpidrurw = cpu.r(rt);
}

/// MRC: TPIDRURO, the thread pointer.
#[inline(always)]
pub fn mrc_tpidruro(cpu: &mut State, MrcTpidruro { rt }: MrcTpidruro) {
    cpu.set_r(rt, cpu.tpidr as u32);
}

/// MCR: CP15ISB.
#[inline(always)]
pub fn mcr_isb(_: &mut State, _: McrIsb) {}

/// MCR: CP15DSB.
#[inline(always)]
pub fn mcr_dsb(_: &mut State, _: McrDsb) {
    fence();
}

/// MCR: CP15DMB.
#[inline(always)]
pub fn mcr_dmb(_: &mut State, _: McrDmb) {
    fence();
}

/// MRC: PMUSERENR, which may always be read: programs learn from it that the performance counters are not theirs.
#[inline(always)]
pub fn mrc_pmuserenr(cpu: &mut State, MrcPmuserenr { rt }: MrcPmuserenr) {
    cpu.set_r(rt, 0);
}

/// MRC: CNTFRQ.
#[inline(always)]
pub fn mrc_cntfrq(cpu: &mut State, MrcCntfrq { rt }: MrcCntfrq) {
    cpu.set_r(rt, id::CNTFRQ_EL0 as u32);
}

/// MRRC: CNTVCT.
#[inline(always)]
pub fn mrrc_cntvct(cpu: &mut State, MrrcCntvct { rt, rt2 }: MrrcCntvct) {
    let count = virtual_count();
    cpu.set_r(rt, count as u32);
    cpu.set_r(rt2, (count >> 32) as u32);
}
