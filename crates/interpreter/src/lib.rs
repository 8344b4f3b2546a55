//! The executable specification: one readable function per ARM instruction, and the loop that runs pre-decoded blocks of them.
//!
//! [`a64::run`] and [`a32::run`] run a guest thread until it traps. The functions (one file per chapter of the manual, as in the decoder)
//! work on the thread's register file alone, and reach guest memory through `armlet-memory`.
#![forbid(unsafe_code)]

pub mod a32;
pub mod a64;
mod guest;
mod source;
