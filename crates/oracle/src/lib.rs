//! Outside judges. Nothing here is part of the emulator: it asks others what they make of the same bits.
//!
//! - [`capstone`] judges the decoder's text and its idea of what is allocated; [`differences`] lists, with
//!   reasons, where they are right to differ.
//! - [`sample`] makes instruction words from the decoder's own rows.
#![forbid(unsafe_code)]

pub mod a32;
pub mod capstone;
pub mod case;
pub mod differences;
pub mod engine;
pub mod llvm;
pub mod qemu;
pub mod sample;
pub mod sweep;
