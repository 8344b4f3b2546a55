//! Branches and exception generation: F4.1.

use armlet_cpu::a32::LR;
use armlet_cpu::{Trap, a64::State};
use armlet_decoder::a32::*;

use super::outcome::Target;
use super::place::Place;

/// B.
#[inline(always)]
pub fn b(_: &mut State, B { offset }: B, place: Place) -> Target {
    Target(place.branch(offset))
}

/// BL: the return address has the Thumb bit.
#[inline(always)]
pub fn bl(cpu: &mut State, Bl { offset }: Bl, place: Place) -> Target {
    cpu.set_r(LR, place.plus(4).0);
    Target(place.branch(offset))
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
