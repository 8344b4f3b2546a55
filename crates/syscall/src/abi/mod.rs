//! Layouts and constants in which the guest's Linux differs from the x86-64 host's, one file per guest ABI. What is the same on
//! both (most structures of 64-bit Linux are) is not repeated here.

pub mod a64;
