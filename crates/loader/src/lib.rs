//! From a file to a guest that can run: ELF, segments, the initial stack, the auxiliary vector and the vDSO.
//!
//! * [`elf`]: what a file says about itself, checked; needs nothing but bytes.
//! * [`mod@load`]: puts a program (and its interpreter, if it is dynamic) into an address space.
//! * [`stack`]: the initial stack and the auxiliary vector.
//! * [`vdso`], [`vdso_a32`]: the shared object that the kernel gives to every process.
//! * [`helpers`]: the page with which the kernel helps AArch32 programs.
//! * [`symbols`]: from an address to a function's name.
//! * [`sections`]: the code of a file, for disassemblers.
//! * [`info`]: everything about a file that a person may want to know.
//! * [`entropy`]: randomness, or none.
//!
//! Nothing here executes a guest instruction, and scripts (`#!`) are the runtime's.
#![forbid(unsafe_code)]

pub mod elf;
pub mod entropy;
mod error;
pub mod helpers;
pub mod info;
pub mod load;
pub mod sections;
pub mod stack;
pub mod symbols;
pub mod vdso;
pub mod vdso_a32;

pub use elf::{Elf, Source};
pub use entropy::{Addresses, Entropy};
pub use error::{ElfError, LoadError};
pub use info::{Info, is_built_for_42_bits};
pub use load::{Image, LoadedProgram, Options, load};
pub use symbols::{Content, Symbols};
