//! Randomness for the layout of a guest and for AT_RANDOM: the host's, or a reproducible sequence.

use std::io;

use armlet_memory::Layout;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::LoadError;

/// Where random numbers come from.
#[derive(Clone, Debug)]
pub enum Entropy {
    /// getrandom(2).
    Host,
    /// A fixed sequence that begins with this seed: the same numbers in every run.
    Seed(u64),
}

/// How wide a program's addresses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Those of an AArch64 program.
    Bits46,
    /// Those of one that cannot do with more ([`crate::is_built_for_42_bits`]).
    Bits42,
    /// Those of an AArch32 program.
    Bits32,
}

impl Entropy {
    /// The next `N` random numbers.
    ///
    /// # Errors
    ///
    /// What getrandom(2) reports.
    pub fn numbers<const N: usize>(&mut self) -> Result<[u64; N], LoadError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = match self {
                Entropy::Host => host().map_err(LoadError::Entropy)?,
                Entropy::Seed(state) => split_mix(state),
            };
        }
        Ok(numbers)
    }

    /// A layout for a new guest; `stack_limit` is `RLIMIT_STACK` in bytes, `randomize` is address space layout
    /// randomisation.
    ///
    /// # Errors
    ///
    /// As [`Entropy::numbers`].
    pub fn layout(&mut self, addresses: Addresses, stack_limit: u64, randomize: bool) -> Result<Layout, LoadError> {
        let numbers = if randomize { self.numbers()? } else { [0; 5] };
        let layout = match addresses {
            Addresses::Bits46 => Layout::random,
            Addresses::Bits42 => Layout::random_42,
            Addresses::Bits32 => Layout::random_a32,
        };
        Ok(layout(stack_limit, numbers))
    }
}

fn host() -> io::Result<u64> {
    let mut bytes = [0u8; 8];
    // Up to 256 bytes come whole, once the host's pool is ready.
    loop {
        match getrandom(&mut bytes, GetRandomFlags::empty()) {
            Ok(_) => return Ok(u64::from_ne_bytes(bytes)),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
