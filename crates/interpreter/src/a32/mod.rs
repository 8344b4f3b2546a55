//! AArch32: A32 and T32.
//!
//! - `branch.rs`, `data_processing.rs`, …: the instructions, one function for both instruction sets. A function takes the register file, the
//!   decoded operands and, where it needs it, the place of the instruction; it returns nothing, or what `outcome.rs` lists.
//! - `block.rs`: pre-decoded basic blocks and their cache. Conditions and IT blocks become guards there, and the program counter as an operand
//!   becomes steps before and behind its instruction, so that no instruction's function knows of either.
//! - `dispatch.rs`: from a decoded instruction to the host function that runs it and goes on with the next one.
//! - `run.rs`: the outer loop. `features.rs`: which model has which instructions.
//! - `integer.rs`: flags and shifts; `../guest.rs`: single accesses of memory.

mod block;
mod branch;
mod data_processing;
mod dispatch;
mod features;
mod integer;
mod load_store;
mod outcome;
mod place;
mod run;
mod vfp;

pub use block::{BlockCache, Fetch};
pub use features::has;
pub use place::Place;
pub use run::{Stop, execute, run, run_block, step};
