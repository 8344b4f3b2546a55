//! AArch64.
//!
//! - `branch.rs`, `data_imm.rs`, …: the instructions. A function takes the register file, the decoded operands and, where it needs it, the
//!   address of the instruction; it returns nothing, or what `outcome.rs` lists.
//! - `dispatch.rs`: from a decoded instruction to the host function that runs it and goes on with the next one.
//! - `special.rs`: operands that are worth a copy of the function compiled for their value.
//! - `integer.rs`: flags, shifts, extensions; `../guest.rs`: single accesses of memory; `vector.rs`: lanes of vector registers;
//!   `lane.rs`: integer operations on one lane; `float.rs`: between registers and `armlet_cpu::fp`.
//! - `block.rs`: pre-decoded basic blocks and their cache. `run.rs`: the outer loop.

mod atomic;
mod block;
mod branch;
mod crypto;
mod data_imm;
mod data_reg;
mod dispatch;
pub(crate) mod float;
mod fp;

mod integer;
pub(crate) mod lane;
mod load_store;
mod outcome;
mod run;
mod simd_across;
mod simd_copy;
mod simd_element;
mod simd_fp_across;
mod simd_fp_convert;
mod simd_fp_element;
mod simd_fp_mixed;
mod simd_fp_three_same;
mod simd_fp_two_misc;
mod simd_imm;
mod simd_load_store;
mod simd_shift_imm;
mod simd_three_different;
pub(crate) mod simd_three_same;
mod simd_two_misc;
pub mod source;
mod special;
mod system;
pub(crate) mod vector;

// The decoder keeps the rows of these in files of their own.
use load_store as load_store_pair;
use load_store as load_store_simd;

use crate::guest;

pub use block::{BlockCache, Fetch};
pub use branch::branch_address;
pub use run::{Stop, ends_block, execute, run, run_block, run_probed, step};
pub use system::constant as system_constant;
pub(crate) use system::virtual_count;
