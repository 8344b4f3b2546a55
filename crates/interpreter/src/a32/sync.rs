//! Exclusive and ordered accesses, SWP: F4.1.
//!
//! The host lets no load be passed by what follows it and no store pass what comes before it, so that acquire and release cost
//! nothing; only STL must also not be passed by a later LDA. An exclusive store succeeds if memory still holds what the exclusive
//! load read there. All of these must be aligned.

use armlet_cpu::a64::{Exclusive, State};
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a32::*;
use armlet_memory::{compare_exchange, exclusive, load, store_seq_cst, swap};

use crate::guest::Word;

type Done = Result<(), Fault>;

fn check_alignment<T>(address: u64, access: Access) -> Done {
    if address & (size_of::<T>() as u64 - 1) == 0 {
        return Ok(());
    }
    Err(Fault {
        address,
        access,
        kind: FaultKind::Alignment,
    })
}

fn load_ordered<T: Word>(address: u32) -> Result<u64, Fault> {
    check_alignment::<T>(address.into(), Access::Read)?;
    Ok(load::<T>(address.into())?.into())
}

fn load_exclusive<T: Word>(cpu: &mut State, address: u32) -> Result<u64, Fault> {
    let stamp = exclusive::read(address.into());
    let value = load_ordered::<T>(address)?;
    cpu.exclusive = Exclusive {
        value: value.into(),
        address: address.into(),
        size: size_of::<T>() as u64,
        stamp,
    };
    Ok(value)
}

/// Writes `new` if the monitor allows it, and the status (0 for success) to R\[d\]. The monitor is open afterwards.
fn store_exclusive<T: Word>(cpu: &mut State, address: u32, rd: u8, new: u64) -> Done {
    let address = u64::from(address);
    check_alignment::<T>(address, Access::Write)?;
    let monitor = std::mem::take(&mut cpu.exclusive);
    let covered = monitor.address == address && monitor.size == size_of::<T>() as u64;
    let expected = T::truncate(monitor.value as u64);
    let success = covered
        && exclusive::attempt(address, monitor.stamp, || {
            Ok(compare_exchange(address, expected, T::truncate(new))? == expected)
        })?;
    cpu.set_r(rd, (!success).into());
    Ok(())
}

fn store_ordered<T: Word>(address: u32, value: u32) -> Done {
    check_alignment::<T>(address.into(), Access::Write)?;
    store_seq_cst(address.into(), T::truncate(value.into()))
}

/// LDREX.
#[inline(always)]
pub fn ldrex(cpu: &mut State, Ldrex { rt, rn, offset }: Ldrex) -> Done {
    let address = cpu.r(rn).wrapping_add(offset.into());
    let value = load_exclusive::<u32>(cpu, address)?;
    cpu.set_r(rt, value as u32);
    Ok(())
}

/// STREX.
#[inline(always)]
pub fn strex(cpu: &mut State, Strex { rd, rt, rn, offset }: Strex) -> Done {
    let address = cpu.r(rn).wrapping_add(offset.into());
    store_exclusive::<u32>(cpu, address, rd, cpu.r(rt).into())
}

/// `type: function Type, …;` of the exclusive and ordered accesses without an offset.
macro_rules! exclusive_loads {
    ($($type:ty: $($name:ident $Type:ident),*;)*) => {
        $($(#[doc = concat!(stringify!($Type), ".")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rt, rn }: $Type) -> Done {
            let value = load_exclusive::<$type>(cpu, cpu.r(rn))?;
            cpu.set_r(rt, value as u32);
            Ok(())
        })*)*
    };
}

exclusive_loads! {
    u8: ldrexb Ldrexb, ldaexb Ldaexb;
    u16: ldrexh Ldrexh, ldaexh Ldaexh;
    u32: ldaex Ldaex;
}

macro_rules! exclusive_stores {
    ($($type:ty: $($name:ident $Type:ident),*;)*) => {
        $($(#[doc = concat!(stringify!($Type), ".")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rt, rn }: $Type) -> Done {
            store_exclusive::<$type>(cpu, cpu.r(rn), rd, cpu.r(rt).into())
        })*)*
    };
}

exclusive_stores! {
    u8: strexb Strexb, stlexb Stlexb;
    u16: strexh Strexh, stlexh Stlexh;
    u32: stlex Stlex;
}

macro_rules! exclusive_pairs {
    ($($load:ident $Load:ident, $store:ident $Store:ident;)*) => {
        $(#[doc = concat!(stringify!($Load), ".")]
        #[inline(always)]
        pub fn $load(cpu: &mut State, $Load { rt, rt2, rn }: $Load) -> Done {
            let value = load_exclusive::<u64>(cpu, cpu.r(rn))?;
            cpu.set_r(rt, value as u32);
            cpu.set_r(rt2, (value >> 32) as u32);
            Ok(())
        }
        #[doc = concat!(stringify!($Store), ".")]
        #[inline(always)]
        pub fn $store(cpu: &mut State, $Store { rd, rt, rt2, rn }: $Store) -> Done {
            let new = u64::from(cpu.r(rt2)) << 32 | u64::from(cpu.r(rt));
            store_exclusive::<u64>(cpu, cpu.r(rn), rd, new)
        })*
    };
}

exclusive_pairs! {
    ldrexd Ldrexd, strexd Strexd;
    ldaexd Ldaexd, stlexd Stlexd;
}

macro_rules! ordered {
    ($($type:ty: $load:ident $Load:ident, $store:ident $Store:ident;)*) => {
        $(#[doc = concat!(stringify!($Load), ".")]
        #[inline(always)]
        pub fn $load(cpu: &mut State, $Load { rt, rn }: $Load) -> Done {
            let value = load_ordered::<$type>(cpu.r(rn))?;
            cpu.set_r(rt, value as u32);
            Ok(())
        }
        #[doc = concat!(stringify!($Store), ".")]
        #[inline(always)]
        pub fn $store(cpu: &mut State, $Store { rt, rn }: $Store) -> Done {
            store_ordered::<$type>(cpu.r(rn), cpu.r(rt))
        })*
    };
}

ordered! {
    u8: ldab Ldab, stlb Stlb;
    u16: ldah Ldah, stlh Stlh;
    u32: lda Lda, stl Stl;
}

/// SWP.
#[inline(always)]
pub fn swp(cpu: &mut State, Swp { rt, rt2, rn }: Swp) -> Done {
    let address = cpu.r(rn).into();
    check_alignment::<u32>(address, Access::Write)?;
    let old = swap::<u32>(address, cpu.r(rt2))?;
    cpu.set_r(rt, old);
    Ok(())
}

/// SWPB.
#[inline(always)]
pub fn swpb(cpu: &mut State, Swpb { rt, rt2, rn }: Swpb) -> Done {
    let old = swap::<u8>(cpu.r(rn).into(), cpu.r(rt2) as u8)?;
    cpu.set_r(rt, old.into());
    Ok(())
}
