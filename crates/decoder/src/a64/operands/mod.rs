//! From raw fields to operands: the functions that the rows name. Arguments are the fields as unsigned numbers; `None`
//! is an unallocated encoding. `int.rs`, `load_store.rs` and `system.rs` serve the base
//! instructions, `fp.rs` floating point, `simd.rs` Advanced SIMD.

mod fp;
mod int;
mod load_store;
mod simd;
mod system;

#[allow(unused_imports, reason = "a file may serve only one of the tables")]
pub(super) use {fp::*, int::*, load_store::*, simd::*, system::*};
