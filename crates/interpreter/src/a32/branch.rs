//! Branches and exception generation: F4.1.

use armlet_cpu::a32::LR;
use armlet_cpu::{Trap, a64::State};
use armlet_decoder::a32::*;

use super::dispatch::Direct;
use super::outcome::{Near, Target};
use super::place::Place;
use crate::guest::{Denied, load};

/// B.
#[inline(always)]
pub fn b(_: &mut State, _: B, branch: Direct) -> Near {
    Near(branch.target)
}

/// BL: the return address has the Thumb bit.
#[inline(always)]
pub fn bl(cpu: &mut State, _: Bl, branch: Direct) -> Near {
    cpu.set_r(LR, branch.place.plus(4).0);
    Near(branch.target)
}

/// BLX (immediate): to the other instruction set. In both, the target is relative to a multiple of 4.
#[inline(always)]
pub fn blx_imm(cpu: &mut State, BlxImm { offset }: BlxImm, place: Place) -> Target {
    cpu.set_r(LR, place.plus(4).0);
    let target = (place.pc() & !3).wrapping_add_signed(offset);
    Target(Place::new(target, !place.thumb()))
}

/// BX.
#[inline(always)]
pub fn bx(cpu: &mut State, Bx { rm }: Bx) -> Target {
    Target(Place(cpu.r(rm)))
}

/// BXJ: there is no Jazelle, so it is BX.
#[inline(always)]
pub fn bxj(cpu: &mut State, Bxj { rm }: Bxj) -> Target {
    Target(Place(cpu.r(rm)))
}

/// BLX (register).
#[inline(always)]
pub fn blx_reg(cpu: &mut State, BlxReg { rm }: BlxReg, place: Place) -> Target {
    let target = Place(cpu.r(rm));
    cpu.set_r(LR, place.plus(if place.thumb() { 2 } else { 4 }).0);
    Target(target)
}

/// SVC: a system call.
#[inline(always)]
pub fn svc(_: &mut State, Svc { imm }: Svc) -> Trap {
    Trap::SupervisorCall { imm }
}

/// BKPT.
#[inline(always)]
pub fn bkpt(_: &mut State, Bkpt { imm }: Bkpt) -> Trap {
    Trap::Breakpoint { imm }
}

/// UDF: permanently undefined; one encoding of each length is a breakpoint for Linux (arch/arm/kernel/ptrace.c).
#[inline(always)]
pub fn udf(_: &mut State, Udf { imm, breakpoint }: Udf) -> Trap {
    if breakpoint {
        Trap::Breakpoint { imm }
    } else {
        Trap::Undefined
    }
}

/// IT: the conditions of the next instructions, which the decoder has resolved.
#[inline(always)]
pub fn it(_: &mut State, _: It) {}

/// CBZ.
#[inline(always)]
pub fn cbz(cpu: &mut State, Cbz { rn, .. }: Cbz, branch: Direct) -> Option<Near> {
    (cpu.r(rn) == 0).then_some(Near(branch.target))
}

/// CBNZ.
#[inline(always)]
pub fn cbnz(cpu: &mut State, Cbnz { rn, .. }: Cbnz, branch: Direct) -> Option<Near> {
    (cpu.r(rn) != 0).then_some(Near(branch.target))
}

/// The target of a table branch: as many halfwords further on as the table says.
#[inline(always)]
fn table_branch(place: Place, entry: u32) -> Target {
    Target(Place::new(place.pc().wrapping_add(2 * entry), true))
}

/// TBB.
#[inline(always)]
pub fn tbb(cpu: &mut State, Tbb { rn, rm }: Tbb, place: Place) -> Result<Target, Denied> {
    let address = cpu.r(rn).wrapping_add(cpu.r(rm));
    Ok(table_branch(place, load::<u8>(address.into())?.into()))
}

/// TBH.
#[inline(always)]
pub fn tbh(cpu: &mut State, Tbh { rn, rm }: Tbh, place: Place) -> Result<Target, Denied> {
    let address = cpu.r(rn).wrapping_add(cpu.r(rm) << 1);
    Ok(table_branch(place, load::<u16>(address.into())?.into()))
}

/// HLT: undefined without an external debugger.
#[inline(always)]
pub fn hlt(_: &mut State, _: Hlt) -> Trap {
    Trap::Undefined
}
