//! Loads and stores of single registers: F4.1.
//!
//! Addresses are computed modulo 2^32. The transfer comes first and the write-back last, so that a fault leaves the registers as they were.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use crate::guest::{Denied, load, store};

type Done = Result<(), Denied>;

/// The address of a transfer, and the base register's new value.
#[inline(always)]
fn addresses(base: u32, offset: i32, index: bool) -> (u64, u32) {
    let moved = base.wrapping_add_signed(offset);
    (u64::from(if index { moved } else { base }), moved)
}

/// LDR (immediate).
#[inline(always)]
pub fn ldr_imm(
    cpu: &mut State,
    LdrImm {
        rt,
        rn,
        index,
        wback,
        offset,
    }: LdrImm,
) -> Done {
    let (address, moved) = addresses(cpu.r(rn), offset, index);
    let value = load::<u32>(address)?;
    if wback {
        cpu.set_r(rn, moved);
    }
    cpu.set_r(rt, value);
    Ok(())
}

/// STR (immediate).
#[inline(always)]
pub fn str_imm(
    cpu: &mut State,
    StrImm {
        rt,
        rn,
        index,
        wback,
        offset,
    }: StrImm,
) -> Done {
    let (address, moved) = addresses(cpu.r(rn), offset, index);
    store(address, cpu.r(rt))?;
    if wback {
        cpu.set_r(rn, moved);
    }
    Ok(())
}
