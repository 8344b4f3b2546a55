//! Layouts and constants in which the guest's Linux differs from the x86-64 host's, one file per guest ABI. What is the same on
//! both (most structures of 64-bit Linux are) is not repeated here.

pub mod a32;
pub mod a64;

use armlet_cpu::a64::State;

use crate::row::Row;
use crate::{table, table_a32};

/// Which Linux a guest process lives on. It decides the table, the registers of a call, and the width of pointers and `long`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Abi {
    /// arm64: number in X8, arguments in X0 to X5, 64-bit words.
    #[default]
    A64,
    /// arm EABI: number in R7, arguments in R0 to R5 (64-bit ones in even pairs), 32-bit words.
    A32,
}

impl Abi {
    /// Bytes in a pointer and in a `long`.
    #[inline]
    #[must_use]
    pub const fn word(self) -> u64 {
        match self {
            Abi::A64 => 8,
            Abi::A32 => 4,
        }
    }

    /// The register that holds the number of the call.
    #[inline]
    #[must_use]
    pub const fn number_register(self) -> u8 {
        match self {
            Abi::A64 => 8,
            Abi::A32 => 7,
        }
    }

    /// The row of a number.
    #[inline]
    #[must_use]
    pub fn row(self, number: u64) -> Option<&'static Row> {
        match self {
            Abi::A64 => table::row(number),
            Abi::A32 => table_a32::row(number),
        }
    }

    /// Every row of the table.
    #[must_use]
    pub fn table(self) -> Vec<&'static Row> {
        match self {
            Abi::A64 => table::TABLE.iter().collect(),
            Abi::A32 => table_a32::TABLE.iter().chain(table_a32::private::TABLE).collect(),
        }
    }

    /// The number of `restart_syscall`.
    #[must_use]
    pub const fn restart_syscall(self) -> u64 {
        match self {
            Abi::A64 => 128,
            Abi::A32 => 0,
        }
    }

    /// Bytes of the SVC instruction that the PC stands behind.
    #[inline]
    #[must_use]
    pub fn svc_length(self, state: &State) -> u64 {
        match self {
            Abi::A32 if state.a32.thumb => 2,
            _ => 4,
        }
    }

    /// A register as a call sees it.
    #[inline]
    #[must_use]
    pub fn register(self, state: &State, n: u8) -> u64 {
        match self {
            Abi::A64 => state.x(n),
            Abi::A32 => state.w(n).into(),
        }
    }

    /// Sets the result of a call.
    #[inline]
    pub fn set_result(self, state: &mut State, value: u64) {
        match self {
            Abi::A64 => state.set_x(0, value),
            Abi::A32 => state.set_w(0, value as u32),
        }
    }
}
