//! How times lie in guest memory. An arm64 program has 64-bit seconds and nanoseconds everywhere; an AArch32 program has 32-bit ones
//! in the calls below 403, and 64-bit ones in those that Linux 5.1 added for the time after 2038, and in all later calls.

use armlet_cpu::Fault;
use armlet_memory::{read_struct, write_struct};

use super::Timespec;
use crate::abi::Abi;
use crate::call::Call;

/// The first call of AArch32 with 64-bit times: `clock_gettime64`.
const FIRST_WIDE: u32 = 403;

/// How wide seconds and their fractions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 64 bits, all of which count: arm64.
    Full,
    /// 64 bits, but the upper half of a fraction is padding with anything in it: `struct __kernel_timespec` of a 32-bit program.
    Padded,
    /// 32 bits.
    Narrow,
}

impl Width {
    /// Bytes of a pair.
    #[must_use]
    pub const fn size(self) -> u64 {
        match self {
            Width::Full | Width::Padded => 16,
            Width::Narrow => 8,
        }
    }

    /// Reads a pair: seconds, nanoseconds or microseconds.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn read(self, address: u64) -> Result<Timespec, Fault> {
        match self {
            Width::Full => read_struct(address),
            Width::Padded => read_struct::<Timespec>(address).map(|[seconds, part]| [seconds, part & 0xffff_ffff]),
            Width::Narrow => read_struct::<[i32; 2]>(address).map(|pair| pair.map(i64::from)),
        }
    }

    /// Stores a pair. Seconds behind 2038 wrap in 32 bits, as the kernel's do.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn write(self, address: u64, time: Timespec) -> Result<(), Fault> {
        match self {
            Width::Full | Width::Padded => write_struct(address, &time),
            Width::Narrow => write_struct(address, &time.map(|part| part as i32)),
        }
    }
}

impl Call<'_> {
    /// How wide this call's times are.
    #[inline]
    pub fn width(&self) -> Width {
        match self.abi {
            Abi::A64 => Width::Full,
            Abi::A32 if self.row.number >= FIRST_WIDE => Width::Padded,
            Abi::A32 => Width::Narrow,
        }
    }

    /// Reads a time of this call's.
    pub fn read_time(&self, address: u64) -> Result<Timespec, Fault> {
        self.width().read(address)
    }

    /// Reads the time that an argument may point to.
    pub fn read_optional_time(&self, address: u64) -> Result<Option<Timespec>, Fault> {
        if address == 0 {
            Ok(None)
        } else {
            self.read_time(address).map(Some)
        }
    }

    /// Stores a time of this call's.
    pub fn write_time(&self, address: u64, time: Timespec) -> Result<(), Fault> {
        self.width().write(address, time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_padded_time_are_32_bits() {
        let wide = [5_i64, -1];
        let narrow = [-2_i32, 7];
        let (wide_at, narrow_at) = (wide.as_ptr() as u64, narrow.as_ptr() as u64);
        assert_eq!(Width::Full.read(wide_at), Ok([5, -1]));
        assert_eq!(Width::Padded.read(wide_at), Ok([5, 0xffff_ffff]));
        assert_eq!(Width::Narrow.read(narrow_at), Ok([-2, 7]));
        let mut stored = [0_i32; 4];
        Width::Narrow
            .write(stored.as_mut_ptr() as u64, [1 << 32 | 9, 3])
            .expect("memory");
        assert_eq!(stored, [9, 3, 0, 0]);
    }
}
