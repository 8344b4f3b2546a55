//! Branches and exception generation: C4.1.93.

use armlet_cpu::{Trap, a64::State};
use armlet_decoder::a64::*;

use super::outcome::Target;

const LR: u8 = 30;

/// AArch64.BranchAddr() of the manual: the tag of a user address is ignored (bit 55 is clear; above, Linux does not ask for it).
#[inline(always)]
pub fn branch_address(address: u64) -> u64 {
    if address >> 55 & 1 == 0 {
        address & ((1 << 56) - 1)
    } else {
        address
    }
}

/// B.
#[inline(always)]
pub fn b(_: &mut State, B { offset }: B, pc: u64) -> Target {
    Target(pc.wrapping_add_signed(offset))
}

/// BL.
#[inline(always)]
pub fn bl(cpu: &mut State, Bl { offset }: Bl, pc: u64) -> Target {
    cpu.set_x(LR, pc.wrapping_add(4));
    Target(pc.wrapping_add_signed(offset))
}

/// B.cond.
#[inline(always)]
pub fn b_cond(cpu: &mut State, BCond { cond, offset }: BCond, pc: u64) -> Option<Target> {
    cpu.flags.holds(cond).then(|| Target(pc.wrapping_add_signed(offset)))
}

/// CBZ.
#[inline(always)]
pub fn cbz(cpu: &mut State, Cbz { sf, rt, offset }: Cbz, pc: u64) -> Option<Target> {
    let zero = if sf { cpu.x(rt) == 0 } else { cpu.w(rt) == 0 };
    zero.then(|| Target(pc.wrapping_add_signed(offset)))
}

/// CBNZ.
#[inline(always)]
pub fn cbnz(cpu: &mut State, Cbnz { sf, rt, offset }: Cbnz, pc: u64) -> Option<Target> {
    let zero = if sf { cpu.x(rt) == 0 } else { cpu.w(rt) == 0 };
    (!zero).then(|| Target(pc.wrapping_add_signed(offset)))
}

/// TBZ.
#[inline(always)]
pub fn tbz(cpu: &mut State, Tbz { rt, bit, offset }: Tbz, pc: u64) -> Option<Target> {
    let set = cpu.x(rt) >> (bit & 63) & 1 != 0;
    (!set).then(|| Target(pc.wrapping_add_signed(offset)))
}

/// TBNZ.
#[inline(always)]
pub fn tbnz(cpu: &mut State, Tbnz { rt, bit, offset }: Tbnz, pc: u64) -> Option<Target> {
    let set = cpu.x(rt) >> (bit & 63) & 1 != 0;
    set.then(|| Target(pc.wrapping_add_signed(offset)))
}

/// BR.
#[inline(always)]
pub fn br(cpu: &mut State, Br { rn }: Br) -> Target {
    Target(branch_address(cpu.x(rn)))
}

/// BLR.
#[inline(always)]
pub fn blr(cpu: &mut State, Blr { rn }: Blr, pc: u64) -> Target {
    let target = branch_address(cpu.x(rn));
    cpu.set_x(LR, pc.wrapping_add(4));
    Target(target)
}

/// RET.
#[inline(always)]
pub fn ret(cpu: &mut State, Ret { rn }: Ret) -> Target {
    Target(branch_address(cpu.x(rn)))
}

/// SVC: a system call.
#[inline(always)]
pub fn svc(_: &mut State, Svc { imm }: Svc) -> Trap {
    Trap::SupervisorCall { imm: imm.into() }
}

/// HVC: undefined at EL0.
#[inline(always)]
pub fn hvc(_: &mut State, _: Hvc) -> Trap {
    Trap::Undefined
}

/// SMC: undefined at EL0.
#[inline(always)]
pub fn smc(_: &mut State, _: Smc) -> Trap {
    Trap::Undefined
}

/// BRK.
#[inline(always)]
pub fn brk(_: &mut State, Brk { imm }: Brk) -> Trap {
    Trap::Breakpoint { imm }
}

/// HLT: undefined without an external debugger.
#[inline(always)]
pub fn hlt(_: &mut State, _: Hlt) -> Trap {
    Trap::Undefined
}

/// DCPS1, DCPS2, DCPS3: undefined outside of debug state.
#[inline(always)]
pub fn dcps(_: &mut State, _: Dcps) -> Trap {
    Trap::Undefined
}

/// UDF: permanently undefined.
#[inline(always)]
pub fn udf(_: &mut State, _: Udf) -> Trap {
    Trap::Undefined
}
