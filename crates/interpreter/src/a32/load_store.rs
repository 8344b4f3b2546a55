//! Loads and stores of single registers and pairs: F4.1.
//!
//! An instruction is a *transfer* at an *address*: a base register and an immediate or a shifted register, or a literal. Addresses are computed
//! modulo 2^32. The transfer comes first and the write-back last, so that a fault leaves the registers as they were. Data may be
//! unaligned: where the CPU would trap (LDRD, STRD), Linux mends the access.
//!
//! Unpredictable, as qemu does it: of a load to its own base with write-back, the loaded value stays, of LDRD the address; a store
//! stores the old value of its base.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use super::integer::shift;
use super::place::Place;
use crate::guest::{Denied, load, store};

type Done = Result<(), Denied>;

/// What a load makes of memory at an address.
type Load = fn(u64) -> Result<u32, Denied>;
/// What a store does with a register at an address.
type Store = fn(u64, u32) -> Done;

fn load_word(address: u64) -> Result<u32, Denied> {
    load::<u32>(address)
}

fn load_byte(address: u64) -> Result<u32, Denied> {
    Ok(load::<u8>(address)?.into())
}

fn load_half(address: u64) -> Result<u32, Denied> {
    Ok(load::<u16>(address)?.into())
}

fn load_signed_byte(address: u64) -> Result<u32, Denied> {
    Ok(load::<u8>(address)? as i8 as u32)
}

fn load_signed_half(address: u64) -> Result<u32, Denied> {
    Ok(load::<u16>(address)? as i16 as u32)
}

fn store_word(address: u64, value: u32) -> Done {
    store(address, value)
}

fn store_byte(address: u64, value: u32) -> Done {
    store(address, value as u8)
}

fn store_half(address: u64, value: u32) -> Done {
    store(address, value as u16)
}

/// The address of a transfer, and the base register's new value.
#[inline(always)]
fn addresses(base: u32, moved: u32, index: bool) -> (u64, u32) {
    (u64::from(if index { moved } else { base }), moved)
}

/// The base register, moved by a shifted register.
#[inline(always)]
fn moved(cpu: &State, rn: u8, add: bool, rm: u8, kind: u8, amount: u8) -> u32 {
    let (offset, _) = shift(cpu.r(rm), kind, amount, cpu.flags.c);
    let base = cpu.r(rn);
    if add {
        base.wrapping_add(offset)
    } else {
        base.wrapping_sub(offset)
    }
}

/// The address of a literal.
#[inline(always)]
fn literal(place: Place, offset: i32) -> u64 {
    u64::from((place.pc() & !3).wrapping_add_signed(offset))
}

/// `title transfer: immediate Type, register Type, literal Type;`
macro_rules! loads {
    ($($title:literal $transfer:expr => $imm:ident $Imm:ident, $reg:ident $Reg:ident, $lit:ident $Lit:ident;)*) => {
        $(#[doc = concat!($title, " (immediate).")]
        #[inline(always)]
        pub fn $imm(cpu: &mut State, $Imm { rt, rn, index, wback, offset }: $Imm) -> Done {
            let base = cpu.r(rn);
            let (address, moved) = addresses(base, base.wrapping_add_signed(offset), index);
            let transfer: Load = $transfer;
            let value = transfer(address)?;
            if wback {
                cpu.set_r(rn, moved);
            }
            cpu.set_r(rt, value);
            Ok(())
        }
        #[doc = concat!($title, " (register).")]
        #[inline(always)]
        pub fn $reg(cpu: &mut State, $Reg { rt, rn, index, wback, add, rm, shift, amount }: $Reg) -> Done {
            let (address, moved) = addresses(cpu.r(rn), moved(cpu, rn, add, rm, shift, amount), index);
            let transfer: Load = $transfer;
            let value = transfer(address)?;
            if wback {
                cpu.set_r(rn, moved);
            }
            cpu.set_r(rt, value);
            Ok(())
        }
        #[doc = concat!($title, " (literal).")]
        #[inline(always)]
        pub fn $lit(cpu: &mut State, $Lit { rt, offset }: $Lit, place: Place) -> Done {
            let transfer: Load = $transfer;
            cpu.set_r(rt, transfer(literal(place, offset))?);
            Ok(())
        })*
    };
}

loads! {
    "LDR" load_word => ldr_imm LdrImm, ldr_reg LdrReg, ldr_lit LdrLit;
    "LDRB" load_byte => ldrb_imm LdrbImm, ldrb_reg LdrbReg, ldrb_lit LdrbLit;
    "LDRH" load_half => ldrh_imm LdrhImm, ldrh_reg LdrhReg, ldrh_lit LdrhLit;
    "LDRSB" load_signed_byte => ldrsb_imm LdrsbImm, ldrsb_reg LdrsbReg, ldrsb_lit LdrsbLit;
    "LDRSH" load_signed_half => ldrsh_imm LdrshImm, ldrsh_reg LdrshReg, ldrsh_lit LdrshLit;
}

/// `title transfer: immediate Type, register Type;`
macro_rules! stores {
    ($($title:literal $transfer:expr => $imm:ident $Imm:ident, $reg:ident $Reg:ident;)*) => {
        $(#[doc = concat!($title, " (immediate).")]
        #[inline(always)]
        pub fn $imm(cpu: &mut State, $Imm { rt, rn, index, wback, offset }: $Imm) -> Done {
            let base = cpu.r(rn);
            let (address, moved) = addresses(base, base.wrapping_add_signed(offset), index);
            let transfer: Store = $transfer;
            transfer(address, cpu.r(rt))?;
            if wback {
                cpu.set_r(rn, moved);
            }
            Ok(())
        }
        #[doc = concat!($title, " (register).")]
        #[inline(always)]
        pub fn $reg(cpu: &mut State, $Reg { rt, rn, index, wback, add, rm, shift, amount }: $Reg) -> Done {
            let (address, moved) = addresses(cpu.r(rn), moved(cpu, rn, add, rm, shift, amount), index);
            let transfer: Store = $transfer;
            transfer(address, cpu.r(rt))?;
            if wback {
                cpu.set_r(rn, moved);
            }
            Ok(())
        })*
    };
}

stores! {
    "STR" store_word => str_imm StrImm, str_reg StrReg;
    "STRB" store_byte => strb_imm StrbImm, strb_reg StrbReg;
    "STRH" store_half => strh_imm StrhImm, strh_reg StrhReg;
}

/// Two registers, in one access.
#[inline(always)]
fn load_pair(cpu: &mut State, address: u64, rt: u8, rt2: u8) -> Done {
    let both = load::<u64>(address)?;
    cpu.set_r(rt, both as u32);
    cpu.set_r(rt2, (both >> 32) as u32);
    Ok(())
}

#[inline(always)]
fn store_pair(cpu: &mut State, address: u64, rt: u8, rt2: u8) -> Done {
    store(address, u64::from(cpu.r(rt2)) << 32 | u64::from(cpu.r(rt)))
}

macro_rules! pairs {
    ($($title:literal $transfer:ident => $imm:ident $Imm:ident, $reg:ident $Reg:ident;)*) => {
        $(#[doc = concat!($title, " (immediate).")]
        #[inline(always)]
        pub fn $imm(cpu: &mut State, $Imm { rt, rt2, rn, index, wback, offset }: $Imm) -> Done {
            let base = cpu.r(rn);
            let (address, moved) = addresses(base, base.wrapping_add_signed(offset.into()), index);
            $transfer(cpu, address, rt, rt2)?;
            if wback {
                cpu.set_r(rn, moved);
            }
            Ok(())
        }
        #[doc = concat!($title, " (register).")]
        #[inline(always)]
        pub fn $reg(cpu: &mut State, $Reg { rt, rt2, rn, index, wback, add, rm }: $Reg) -> Done {
            let (address, moved) = addresses(cpu.r(rn), moved(cpu, rn, add, rm, 0, 0), index);
            $transfer(cpu, address, rt, rt2)?;
            if wback {
                cpu.set_r(rn, moved);
            }
            Ok(())
        })*
    };
}

pairs! {
    "LDRD" load_pair => ldrd_imm LdrdImm, ldrd_reg LdrdReg;
    "STRD" store_pair => strd_imm StrdImm, strd_reg StrdReg;
}

/// LDRD (literal).
#[inline(always)]
pub fn ldrd_lit(cpu: &mut State, LdrdLit { rt, rt2, offset }: LdrdLit, place: Place) -> Done {
    load_pair(cpu, literal(place, offset.into()), rt, rt2)
}
