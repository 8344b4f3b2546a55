//! Load and store multiple: F4.1. Registers lie in memory in ascending order, whichever the addressing form.
//!
//! Unpredictable, as qemu does it: a loaded base keeps the loaded value, a stored one is the old one.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use crate::guest::{Denied, load, store};

type Done = Result<(), Denied>;

/// How many bits each byte has set. (Hosts have an instruction for it, but not all do.)
const ONES: [u8; 256] = {
    let mut ones = [0; 256];
    let mut byte = 1;
    while byte < 256 {
        ones[byte] = ones[byte / 2] + (byte & 1) as u8;
        byte += 1;
    }
    ones
};

/// The registers in a list.
#[inline(always)]
fn count(list: u16) -> u32 {
    let [low, high] = list.to_le_bytes().map(|byte| ONES[usize::from(byte)]);
    u32::from(low + high)
}

/// The lowest address of the transfer, and the base register's new value.
#[inline(always)]
fn addresses(base: u32, before: bool, add: bool, list: u16) -> (u32, u32) {
    let bytes = 4 * count(list);
    let (lowest, moved) = if add {
        (base, base.wrapping_add(bytes))
    } else {
        (base.wrapping_sub(bytes), base.wrapping_sub(bytes))
    };
    (if before == add { lowest.wrapping_add(4) } else { lowest }, moved)
}

/// The registers of a list.
#[inline(always)]
fn registers(list: u16) -> impl Iterator<Item = u8> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let n = rest.trailing_zeros();
        rest &= rest.wrapping_sub(1);
        (n < 16).then_some(n as u8)
    })
}

/// LDM, POP. The first word and the last are read before a register changes: those between are on the same pages, so that after a fault the
/// instruction can be run again.
#[inline(always)]
pub fn ldm(
    cpu: &mut State,
    Ldm {
        rn,
        before,
        add,
        wback,
        list,
    }: Ldm,
) -> Done {
    let (mut address, moved) = addresses(cpu.r(rn), before, add, list);
    load::<u32>(address.into())?;
    load::<u32>(address.wrapping_add(4 * count(list)).wrapping_sub(4).into())?;
    if wback {
        cpu.set_r(rn, moved);
    }
    for n in registers(list) {
        cpu.set_r(n, load(address.into())?);
        address = address.wrapping_add(4);
    }
    Ok(())
}

/// STM, PUSH.
#[inline(always)]
pub fn stm(
    cpu: &mut State,
    Stm {
        rn,
        before,
        add,
        wback,
        list,
    }: Stm,
) -> Done {
    let (mut address, moved) = addresses(cpu.r(rn), before, add, list);
    for n in registers(list) {
        store(address.into(), cpu.r(n))?;
        address = address.wrapping_add(4);
    }
    if wback {
        cpu.set_r(rn, moved);
    }
    Ok(())
}
