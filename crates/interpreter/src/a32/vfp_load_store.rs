//! Loads and stores of Advanced SIMD and floating-point registers. Addresses that are not a multiple of 4 are alignment faults,
//! whatever the system permits elsewhere. A load reads everything before it writes a register.

use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a32::*;
use armlet_memory::{load, store};

use super::float::{number, set_number};
use super::vector::{double, set_double};
use crate::guest::{self, Denied};

/// The fault of an address that is not a multiple of `bytes` (a power of two; 0 asks for nothing).
#[inline(always)]
pub fn check_alignment(address: u32, bytes: u8, access: Access) -> Result<(), Fault> {
    if address & u32::from(bytes).saturating_sub(1) == 0 {
        Ok(())
    } else {
        Err(Fault {
            address: address.into(),
            access,
            kind: FaultKind::Alignment,
        })
    }
}

/// The base of a literal: R15 reads as a multiple of 4.
#[inline(always)]
fn base(cpu: &State, rn: u8) -> u32 {
    let value = cpu.r(rn);
    if rn == 15 { value & !3 } else { value }
}

/// An address that is a multiple of 4.
#[inline(always)]
fn aligned(address: u32, access: Access) -> Result<u64, Denied> {
    if address & 3 == 0 {
        Ok(address.into())
    } else {
        Err(misaligned(address, access))
    }
}

#[cold]
#[inline(never)]
fn misaligned(address: u32, access: Access) -> Denied {
    Denied::from(Fault {
        address: address.into(),
        access,
        kind: FaultKind::Alignment,
    })
}

/// VLDR.
#[inline(always)]
pub fn vldr(cpu: &mut State, Vldr { size, vd, rn, offset }: Vldr) -> Result<(), Denied> {
    let address = aligned(base(cpu, rn).wrapping_add_signed(offset), Access::Read)?;
    if size == 2 {
        let value: u32 = guest::load(address)?;
        set_number(cpu, vd, value);
    } else {
        let value: u64 = guest::load(address)?;
        set_number(cpu, vd, value);
    }
    Ok(())
}

/// VSTR.
#[inline(always)]
pub fn vstr(cpu: &mut State, Vstr { size, vd, rn, offset }: Vstr) -> Result<(), Denied> {
    let address = aligned(base(cpu, rn).wrapping_add_signed(offset), Access::Write)?;
    if size == 2 {
        guest::store(address, number::<u32>(cpu, vd))
    } else {
        guest::store(address, number::<u64>(cpu, vd))
    }
}

/// Reads `count` registers from `address` on.
#[inline(always)]
fn load_list(cpu: &mut State, size: u8, d: u8, count: u8, address: u32) -> Result<(), Fault> {
    check_alignment(address, 4, Access::Read)?;
    if size == 2 {
        let mut values = [0u32; 32];
        let values = &mut values[..usize::from(count & 63).min(32)];
        for (i, value) in (0..).zip(values.iter_mut()) {
            *value = load(address.wrapping_add(4 * i).into())?;
        }
        for (n, &mut value) in (d..).zip(values) {
            set_number(cpu, n, value);
        }
    } else {
        let mut values = [0u64; 32];
        let values = &mut values[..usize::from(count & 63).min(32)];
        for (i, value) in (0..).zip(values.iter_mut()) {
            *value = load(address.wrapping_add(8 * i).into())?;
        }
        for (n, &mut value) in (d..).zip(values) {
            set_double(cpu, n, value);
        }
    }
    Ok(())
}

/// Writes `count` registers from `address` on.
#[inline(always)]
fn store_list(cpu: &mut State, size: u8, d: u8, count: u8, address: u32) -> Result<(), Fault> {
    check_alignment(address, 4, Access::Write)?;
    for i in 0..count {
        let offset = u32::from(i) << size;
        if size == 2 {
            store(address.wrapping_add(offset).into(), number::<u32>(cpu, d + i))?;
        } else {
            store(address.wrapping_add(offset).into(), double(cpu, d + i))?;
        }
    }
    Ok(())
}

/// VLDM (increment after), VPOP.
#[inline(always)]
pub fn vldmia(
    cpu: &mut State,
    Vldmia {
        size,
        vd,
        rn,
        writeback,
        count,
        words,
    }: Vldmia,
) -> Result<(), Fault> {
    let address = base(cpu, rn);
    load_list(cpu, size, vd, count, address)?;
    if writeback {
        cpu.set_r(rn, address.wrapping_add(4 * u32::from(words)));
    }
    Ok(())
}

/// VLDM (decrement before).
#[inline(always)]
pub fn vldmdb(
    cpu: &mut State,
    Vldmdb {
        size,
        vd,
        rn,
        count,
        words,
    }: Vldmdb,
) -> Result<(), Fault> {
    let address = cpu.r(rn).wrapping_sub(4 * u32::from(words));
    load_list(cpu, size, vd, count, address)?;
    cpu.set_r(rn, address);
    Ok(())
}

/// VSTM (increment after).
#[inline(always)]
pub fn vstmia(
    cpu: &mut State,
    Vstmia {
        size,
        vd,
        rn,
        writeback,
        count,
        words,
    }: Vstmia,
) -> Result<(), Fault> {
    let address = base(cpu, rn);
    store_list(cpu, size, vd, count, address)?;
    if writeback {
        cpu.set_r(rn, address.wrapping_add(4 * u32::from(words)));
    }
    Ok(())
}

/// VSTM (decrement before), VPUSH.
#[inline(always)]
pub fn vstmdb(
    cpu: &mut State,
    Vstmdb {
        size,
        vd,
        rn,
        count,
        words,
    }: Vstmdb,
) -> Result<(), Fault> {
    let address = cpu.r(rn).wrapping_sub(4 * u32::from(words));
    store_list(cpu, size, vd, count, address)?;
    cpu.set_r(rn, address);
    Ok(())
}
