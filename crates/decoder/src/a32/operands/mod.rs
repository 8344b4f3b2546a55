//! From raw fields to operands: the functions that the rows of A32 and T32 name. Arguments are the fields as unsigned numbers; `None`
//! is an unallocated encoding. `int.rs` and `load_store.rs` serve the base instructions, `fp.rs` VFP, `simd.rs` Advanced SIMD.

mod fp;
mod int;
mod load_store;
mod simd;

#[allow(unused_imports, reason = "a file may serve only one of the tables")]
pub(crate) use {fp::*, int::*, load_store::*, simd::*};
