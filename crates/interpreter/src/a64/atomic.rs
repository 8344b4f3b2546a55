//! Exclusive, ordered and atomic accesses: C4.1.95.
//!
//! The host lets no load be passed by what follows it and no store pass what comes before it, so that acquire and release cost
//! nothing; only STLR must also not be passed by a later LDAR. Every read-modify-write is sequentially consistent.
//!
//! An exclusive store succeeds if memory still holds what the exclusive load read there, and no other one has stored there since ([`exclusive`]).

use armlet_cpu::a64::{Exclusive, State};
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a64::*;
use armlet_memory::{
    Data, compare_exchange, exclusive, fetch_add, fetch_update, load, load_single_copy, store, store_seq_cst, swap,
    untag,
};

use super::guest::Word;
use super::integer::{set, sign_extend};

type Done = Result<(), Fault>;

/// With FEAT_LSE2, these accesses may be unaligned as long as they do not cross a 16-byte boundary (B2.8.2).
#[inline(always)]
fn check_alignment<T>(address: u64, access: Access) -> Done {
    if (address & 15) + size_of::<T>() as u64 <= 16 {
        return Ok(());
    }
    Err(Fault {
        address: untag(address),
        access,
        kind: FaultKind::Alignment,
    })
}

/// Sets the exclusive monitor after `value` has been read, and before it the stamp.
#[inline(always)]
fn mark_exclusive<T>(cpu: &mut State, address: u64, value: u128, stamp: u64) {
    cpu.exclusive = Exclusive {
        value,
        address: untag(address),
        size: size_of::<T>() as u64,
        stamp,
    };
}

/// Writes `new` if the monitor allows it, and the status (0 for success) to W\[s\]. The monitor is open afterwards.
/// `expected` is the monitor's value as a T.
#[inline(always)]
fn store_exclusive<T: Data>(cpu: &mut State, address: u64, rs: u8, new: T, expected: impl Fn(u128) -> T) -> Done {
    check_alignment::<T>(address, Access::Write)?;
    let monitor = std::mem::take(&mut cpu.exclusive);
    let covered = monitor.address == untag(address) && monitor.size == size_of::<T>() as u64;
    let expected = expected(monitor.value);
    let success = covered
        && exclusive::attempt(monitor.address, monitor.stamp, || {
            Ok(compare_exchange(address, expected, new)? == expected)
        })?;
    cpu.set_w(rs, (!success).into());
    Ok(())
}

#[inline(always)]
fn load_exclusive_register<T: Word>(cpu: &mut State, address: u64, rt: u8) -> Done {
    check_alignment::<T>(address, Access::Read)?;
    let stamp = exclusive::read(untag(address));
    let value = load::<T>(address)?.into();
    mark_exclusive::<T>(cpu, address, value.into(), stamp);
    cpu.set_x(rt, value);
    Ok(())
}

#[inline(always)]
fn store_exclusive_register<T: Word>(cpu: &mut State, address: u64, rs: u8, rt: u8) -> Done {
    let new = T::truncate(cpu.x(rt));
    store_exclusive(cpu, address, rs, new, |value| T::truncate(value as u64))
}

#[inline(always)]
fn load_exclusive_pair(cpu: &mut State, address: u64, sf: bool, rt: u8, rt2: u8) -> Done {
    let stamp = exclusive::read(untag(address));
    if sf {
        check_alignment::<u128>(address, Access::Read)?;
        let value = load_single_copy(address)?;
        mark_exclusive::<u128>(cpu, address, value, stamp);
        set_pair(cpu, sf, rt, rt2, value);
    } else {
        check_alignment::<u64>(address, Access::Read)?;
        let value = load::<u64>(address)?.into();
        mark_exclusive::<u64>(cpu, address, value, stamp);
        set_pair(cpu, sf, rt, rt2, value);
    }
    Ok(())
}

#[inline(always)]
fn store_exclusive_pair(cpu: &mut State, address: u64, sf: bool, rs: u8, rt: u8, rt2: u8) -> Done {
    let new = pair(cpu, sf, rt, rt2);
    if sf {
        store_exclusive(cpu, address, rs, new, |value| value)
    } else {
        store_exclusive(cpu, address, rs, new as u64, |value| value as u64)
    }
}

/// Two registers as they lie in memory.
#[inline(always)]
fn pair(cpu: &State, sf: bool, first: u8, second: u8) -> u128 {
    if sf {
        u128::from(cpu.x(second)) << 64 | u128::from(cpu.x(first))
    } else {
        u128::from(cpu.x(second) << 32 | u64::from(cpu.w(first)))
    }
}

/// The inverse of [`pair`].
#[inline(always)]
fn set_pair(cpu: &mut State, sf: bool, first: u8, second: u8, value: u128) {
    let width = if sf { 64 } else { 32 };
    set(cpu, sf, first, value as u64);
    set(cpu, sf, second, (value >> width) as u64);
}

/// LDAR, LDLAR, LDAPR, LDAPUR.
#[inline(always)]
fn load_ordered<T: Word>(cpu: &mut State, address: u64, rt: u8) -> Done {
    check_alignment::<T>(address, Access::Read)?;
    cpu.set_x(rt, load::<T>(address)?.into());
    Ok(())
}

/// LDAPURSB, LDAPURSH, LDAPURSW: to X, or to W if `w` is set.
#[inline(always)]
fn load_ordered_signed<T: Word>(cpu: &mut State, address: u64, w: bool, rt: u8) -> Done {
    check_alignment::<T>(address, Access::Read)?;
    set(cpu, !w, rt, sign_extend(load::<T>(address)?) as u64);
    Ok(())
}

/// STLR: later LDARs do not pass it.
#[inline(always)]
fn store_ordered<T: Word>(cpu: &mut State, address: u64, rt: u8) -> Done {
    check_alignment::<T>(address, Access::Write)?;
    store_seq_cst(address, T::truncate(cpu.x(rt)))
}

/// STLLR and STLUR.
#[inline(always)]
fn store_release<T: Word>(cpu: &mut State, address: u64, rt: u8) -> Done {
    check_alignment::<T>(address, Access::Write)?;
    store(address, T::truncate(cpu.x(rt)))
}

/// CAS: X\[s\] is what is expected and becomes what was there.
#[inline(always)]
fn compare_and_swap<T: Word>(cpu: &mut State, address: u64, rs: u8, rt: u8) -> Done {
    check_alignment::<T>(address, Access::Write)?;
    let old = compare_exchange(address, T::truncate(cpu.x(rs)), T::truncate(cpu.x(rt)))?;
    cpu.set_x(rs, old.into());
    Ok(())
}

/// CASP.
#[inline(always)]
pub fn casp(cpu: &mut State, Casp { sf, rs, rt, rn, .. }: Casp) -> Done {
    let address = cpu.x(rn);
    let (expected, new) = (pair(cpu, sf, rs, rs + 1), pair(cpu, sf, rt, rt + 1));
    let old = if sf {
        check_alignment::<u128>(address, Access::Write)?;
        compare_exchange(address, expected, new)?
    } else {
        check_alignment::<u64>(address, Access::Write)?;
        compare_exchange(address, expected as u64, new as u64)?.into()
    };
    set_pair(cpu, sf, rs, rs + 1, old);
    Ok(())
}

/// LDADD and its like: `operation` of what is in memory and X\[s\]; X\[t\] gets what was there.
#[inline(always)]
fn read_modify_write<T: Word>(
    cpu: &mut State,
    address: u64,
    rs: u8,
    rt: u8,
    operation: impl Fn(u64, T) -> Result<T, Fault>,
) -> Done {
    check_alignment::<T>(address, Access::Write)?;
    let old = operation(address, T::truncate(cpu.x(rs)))?;
    cpu.set_x(rt, old.into());
    Ok(())
}

#[inline(always)]
fn fetch_clear<T: Word>(address: u64, operand: T) -> Result<T, Fault> {
    fetch_update(address, |old: T| T::truncate(old.into() & !operand.into()))
}

#[inline(always)]
fn fetch_xor<T: Word>(address: u64, operand: T) -> Result<T, Fault> {
    fetch_update(address, |old: T| T::truncate(old.into() ^ operand.into()))
}

#[inline(always)]
fn fetch_or<T: Word>(address: u64, operand: T) -> Result<T, Fault> {
    fetch_update(address, |old: T| T::truncate(old.into() | operand.into()))
}

#[inline(always)]
fn fetch_signed_max<T: Word>(address: u64, operand: T) -> Result<T, Fault> {
    let larger = |old| {
        if sign_extend::<T>(old) > sign_extend(operand) {
            old
        } else {
            operand
        }
    };
    fetch_update(address, larger)
}

#[inline(always)]
fn fetch_signed_min<T: Word>(address: u64, operand: T) -> Result<T, Fault> {
    let smaller = |old| {
        if sign_extend::<T>(old) < sign_extend(operand) {
            old
        } else {
            operand
        }
    };
    fetch_update(address, smaller)
}

#[inline(always)]
fn fetch_unsigned_max<T: Word>(address: u64, operand: T) -> Result<T, Fault> {
    let larger = |old: T| if old.into() > operand.into() { old } else { operand };
    fetch_update(address, larger)
}

#[inline(always)]
fn fetch_unsigned_min<T: Word>(address: u64, operand: T) -> Result<T, Fault> {
    let smaller = |old: T| if old.into() < operand.into() { old } else { operand };
    fetch_update(address, smaller)
}

/// `title (operands) function [operation]: name Type, name Type, name Type;` for W and X, byte, halfword.
macro_rules! sized {
    ($(
        $title:literal $operands:tt $function:ident $($operation:ident)?:
        $name:ident $Type:ident, $b:ident $TypeB:ident, $h:ident $TypeH:ident;
    )*) => {
        $(
            #[doc = concat!($title, ", 32 or 64 bits.")]
            #[inline(always)]
            pub fn $name(cpu: &mut State, operands: $Type) -> Done {
                if operands.sf {
                    sized!(cpu operands $Type $operands $function u64 $($operation)?)
                } else {
                    sized!(cpu operands $Type $operands $function u32 $($operation)?)
                }
            }
            sized!(@narrow u8 $title ", a byte." $b $TypeB $operands $function $($operation)?);
            sized!(@narrow u16 $title ", a halfword." $h $TypeH $operands $function $($operation)?);
        )*
    };
    (@narrow $T:ident $title:literal $what:literal $name:ident $Type:ident $operands:tt $function:ident $($operation:ident)?) => {
        #[doc = concat!($title, $what)]
        #[inline(always)]
        pub fn $name(cpu: &mut State, operands: $Type) -> Done {
            sized!(cpu operands $Type $operands $function $T $($operation)?)
        }
    };
    ($cpu:ident $operands:ident $Type:ident ($($operand:ident),*) $function:ident $T:ident $($operation:ident)?) => {{
        let $Type { rn, $($operand,)* .. } = $operands;
        $function::<$T>($cpu, $cpu.x(rn), $($operand,)* $($operation)?)
    }};
}

sized! {
    "LDXR" (rt) load_exclusive_register: ldxr Ldxr, ldxrb Ldxrb, ldxrh Ldxrh;
    "LDAXR" (rt) load_exclusive_register: ldaxr Ldaxr, ldaxrb Ldaxrb, ldaxrh Ldaxrh;
    "STXR" (rs, rt) store_exclusive_register: stxr Stxr, stxrb Stxrb, stxrh Stxrh;
    "STLXR" (rs, rt) store_exclusive_register: stlxr Stlxr, stlxrb Stlxrb, stlxrh Stlxrh;
    "LDAR" (rt) load_ordered: ldar Ldar, ldarb Ldarb, ldarh Ldarh;
    "LDLAR" (rt) load_ordered: ldlar Ldlar, ldlarb Ldlarb, ldlarh Ldlarh;
    "LDAPR" (rt) load_ordered: ldapr Ldapr, ldaprb Ldaprb, ldaprh Ldaprh;
    "STLR" (rt) store_ordered: stlr Stlr, stlrb Stlrb, stlrh Stlrh;
    "STLLR" (rt) store_release: stllr Stllr, stllrb Stllrb, stllrh Stllrh;
    "CAS" (rs, rt) compare_and_swap: cas Cas, casb Casb, cash Cash;
    "SWP" (rs, rt) read_modify_write swap: swp Swp, swpb Swpb, swph Swph;
    "LDADD" (rs, rt) read_modify_write fetch_add: ldadd Ldadd, ldaddb Ldaddb, ldaddh Ldaddh;
    "LDCLR" (rs, rt) read_modify_write fetch_clear: ldclr Ldclr, ldclrb Ldclrb, ldclrh Ldclrh;
    "LDEOR" (rs, rt) read_modify_write fetch_xor: ldeor Ldeor, ldeorb Ldeorb, ldeorh Ldeorh;
    "LDSET" (rs, rt) read_modify_write fetch_or: ldset Ldset, ldsetb Ldsetb, ldseth Ldseth;
    "LDSMAX" (rs, rt) read_modify_write fetch_signed_max: ldsmax Ldsmax, ldsmaxb Ldsmaxb, ldsmaxh Ldsmaxh;
    "LDSMIN" (rs, rt) read_modify_write fetch_signed_min: ldsmin Ldsmin, ldsminb Ldsminb, ldsminh Ldsminh;
    "LDUMAX" (rs, rt) read_modify_write fetch_unsigned_max: ldumax Ldumax, ldumaxb Ldumaxb, ldumaxh Ldumaxh;
    "LDUMIN" (rs, rt) read_modify_write fetch_unsigned_min: ldumin Ldumin, lduminb Lduminb, lduminh Lduminh;
}

/// LDXP.
#[inline(always)]
pub fn ldxp(cpu: &mut State, Ldxp { sf, rt, rt2, rn }: Ldxp) -> Done {
    load_exclusive_pair(cpu, cpu.x(rn), sf, rt, rt2)
}

/// LDAXP.
#[inline(always)]
pub fn ldaxp(cpu: &mut State, Ldaxp { sf, rt, rt2, rn }: Ldaxp) -> Done {
    load_exclusive_pair(cpu, cpu.x(rn), sf, rt, rt2)
}

/// STXP.
#[inline(always)]
pub fn stxp(cpu: &mut State, Stxp { sf, rs, rt, rt2, rn }: Stxp) -> Done {
    store_exclusive_pair(cpu, cpu.x(rn), sf, rs, rt, rt2)
}

/// STLXP.
#[inline(always)]
pub fn stlxp(cpu: &mut State, Stlxp { sf, rs, rt, rt2, rn }: Stlxp) -> Done {
    store_exclusive_pair(cpu, cpu.x(rn), sf, rs, rt, rt2)
}

/// `title (operands) function: name Type;` with an unscaled offset.
macro_rules! unscaled {
    ($($title:literal ($($operand:ident),*) $function:expr => $name:ident $Type:ident;)*) => {
        $(
            #[doc = concat!($title, ".")]
            #[inline(always)]
            pub fn $name(cpu: &mut State, $Type { rn, offset, $($operand),* }: $Type) -> Done {
                let address = cpu.x(rn).wrapping_add_signed(offset.into());
                $function(cpu, address, $($operand),*)
            }
        )*
    };
}

unscaled! {
    "LDAPURB" (rt) load_ordered::<u8> => ldapurb Ldapurb;
    "LDAPURH" (rt) load_ordered::<u16> => ldapurh Ldapurh;
    "LDAPURSB" (w, rt) load_ordered_signed::<u8> => ldapursb Ldapursb;
    "LDAPURSH" (w, rt) load_ordered_signed::<u16> => ldapursh Ldapursh;
    "STLURB" (rt) store_release::<u8> => stlurb Stlurb;
    "STLURH" (rt) store_release::<u16> => stlurh Stlurh;
}

/// LDAPUR.
#[inline(always)]
pub fn ldapur(cpu: &mut State, Ldapur { sf, rt, rn, offset }: Ldapur) -> Done {
    let address = cpu.x(rn).wrapping_add_signed(offset.into());
    if sf {
        load_ordered::<u64>(cpu, address, rt)
    } else {
        load_ordered::<u32>(cpu, address, rt)
    }
}

/// LDAPURSW.
#[inline(always)]
pub fn ldapursw(cpu: &mut State, Ldapursw { rt, rn, offset }: Ldapursw) -> Done {
    let address = cpu.x(rn).wrapping_add_signed(offset.into());
    load_ordered_signed::<u32>(cpu, address, false, rt)
}

/// STLUR.
#[inline(always)]
pub fn stlur(cpu: &mut State, Stlur { sf, rt, rn, offset }: Stlur) -> Done {
    let address = cpu.x(rn).wrapping_add_signed(offset.into());
    if sf {
        store_release::<u64>(cpu, address, rt)
    } else {
        store_release::<u32>(cpu, address, rt)
    }
}
