//! How operands are printed: the functions that the texts of the rows call, in the style of capstone. `int.rs`,
//! `load_store.rs` and `system.rs` serve the base instructions, `fp.rs` floating point, `simd.rs` Advanced SIMD.

mod fp;
mod int;
mod load_store;
mod simd;
mod system;

use core::fmt::{Formatter, Result, Write};

#[allow(unused_imports, reason = "a file may serve only one of the tables")]
pub(super) use {fp::*, int::*, load_store::*, simd::*, system::*};

/// Where the text goes, and the address of the instruction.
pub(in crate::a64) struct Text<'a, 'b> {
    pub(in crate::a64) out: &'a mut Formatter<'b>,
    pub(in crate::a64) pc: u64,
}

impl Write for Text<'_, '_> {
    fn write_str(&mut self, s: &str) -> Result {
        self.out.write_str(s)
    }
}
