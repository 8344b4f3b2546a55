//! Guest memory for the instructions that are run most: single loads and stores. The functions of `armlet-memory` return faults as
//! values of three words, which takes a stack frame; here a fault is one word, so that a handler needs none.

use std::num::NonZeroU64;

use armlet_cpu::{Access, Fault, FaultKind};
use armlet_memory::{Atomic, Data, try_load, try_store, untag};

/// A [`Fault`] in one word: the address shifted to the left by 8 (its top byte is a copy of bit 55), access and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied(NonZeroU64);

const ACCESSES: [Access; 3] = [Access::Read, Access::Write, Access::Execute];
const KINDS: [FaultKind; 4] = [
    FaultKind::Unmapped,
    FaultKind::Permission,
    FaultKind::BeyondObject,
    FaultKind::Alignment,
];

impl From<Fault> for Denied {
    fn from(Fault { address, access, kind }: Fault) -> Denied {
        let access = ACCESSES.iter().position(|&other| other == access).unwrap_or_default() as u64;
        let kind = KINDS.iter().position(|&other| other == kind).unwrap_or_default() as u64;
        Denied(NonZeroU64::MIN | address << 8 | kind << 4 | access << 1)
    }
}

impl From<Denied> for Fault {
    fn from(Denied(word): Denied) -> Fault {
        let word = word.get();
        Fault {
            address: (word as i64 >> 8) as u64,
            access: ACCESSES[(word >> 1 & 3).min(2) as usize],
            kind: KINDS[(word >> 4 & 3) as usize],
        }
    }
}

/// A value that one access moves between memory and a general register.
pub trait Word: Atomic + Into<u64> {
    /// The low bits of a register.
    fn truncate(register: u64) -> Self;
}

macro_rules! words {
    ($($type:ty)*) => {
        $(impl Word for $type {
            #[inline(always)]
            fn truncate(register: u64) -> $type {
                register as $type
            }
        })*
    };
}
words!(u8 u16 u32 u64);

/// Reads; acquire order.
#[inline(always)]
pub fn load<T: Data>(address: u64) -> Result<T, Denied> {
    let mut address = address;
    loop {
        match try_load(address) {
            Some(value) => return Ok(value),
            None => address = readable::<T>(address)?,
        }
    }
}

/// The address at which a failed load can succeed (the same without its tag), or the fault.
#[cold]
#[inline(never)]
fn readable<T: Data>(address: u64) -> Result<u64, Denied> {
    armlet_memory::load::<T>(address)?;
    Ok(untag(address))
}

/// Writes; release order.
#[inline(always)]
pub fn store<T: Data>(address: u64, value: T) -> Result<(), Denied> {
    if try_store(address, value) {
        Ok(())
    } else {
        store_again(address, value)
    }
}

#[cold]
#[inline(never)]
fn store_again<T: Data>(address: u64, value: T) -> Result<(), Denied> {
    Ok(armlet_memory::store(address, value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_survives_in_one_word() {
        for access in ACCESSES {
            for kind in KINDS {
                for address in [0, 8, 0x7fff_ffff_ffff, u64::MAX << 55] {
                    let fault = Fault { address, access, kind };
                    assert_eq!(Fault::from(Denied::from(fault)), fault);
                }
            }
        }
    }
}
