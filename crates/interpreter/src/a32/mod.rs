//! AArch32: A32 and T32.
//!
//! - `branch.rs`, `data_processing.rs`, …: the instructions, one function for both instruction sets. A function takes the register file, the
//!   decoded operands and, where it needs it, the place of the instruction; it returns nothing, or what `outcome.rs` lists.
//! - `block.rs`: pre-decoded basic blocks and their cache. Conditions and IT blocks become guards there, and the program counter as an operand
//!   becomes steps before and behind its instruction, so that no instruction's function knows of either.
//! - `dispatch.rs`: from a decoded instruction to the host function that runs it and goes on with the next one; `special.rs`: copies of the hot
//!   ones, compiled for fixed operands. `cache.rs`: finds blocks by their places.
//! - `accelerate/`: routines of floating-point libraries, recognised and done by the host's arithmetic.
//! - `run.rs`: the outer loop. `features.rs`: which model has which instructions.
//! - `vector.rs`: D and Q registers and the shapes of Advanced SIMD instructions; `float.rs`: between registers and `armlet_cpu::fp`, and the
//!   short vectors of VFP. Lanes are those of `../a64/vector.rs` and `../a64/lane.rs`.
//! - `integer.rs`: flags and shifts; `../guest.rs`: single accesses of memory.

pub mod accelerate;
mod block;
mod branch;
mod cache;
mod crypto;
mod data_processing;
mod dispatch;
mod features;
mod float;
mod integer;
mod load_store;
mod load_store_multiple;
mod media;
mod multiply;
mod outcome;
mod place;
mod run;
mod simd_fp_three_same;
mod simd_fp_two_misc;
mod simd_imm;
mod simd_load_store;
mod simd_scalar;
mod simd_shift_imm;
mod simd_three_different;
mod simd_three_same;
mod simd_two_misc;
pub mod source;
mod special;
mod status;
mod sync;
mod vector;
mod vfp;
mod vfp_load_store;
mod vfp_move;

pub use block::{Fetch, Item, decode};
pub use cache::BlockCache;
pub use features::has;
pub use place::Place;
pub use run::{Stop, ends_block, execute, run, run_block, run_probed, step, step_unconditionally};
