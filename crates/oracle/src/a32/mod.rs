//! The judges of AArch32, as the modules of the same names are those of AArch64.

pub mod capstone;
pub mod case;
pub mod differences;
mod differences_float;
pub mod engine;
pub mod qemu;
pub mod sample;
pub mod sequence;
pub mod soft_float;
