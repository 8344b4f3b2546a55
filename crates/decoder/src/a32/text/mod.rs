//! How operands are printed: the functions that the texts of the rows call, in the style of capstone. `int.rs` and `load_store.rs` serve
//! the base instructions, `fp.rs` VFP, `simd.rs` Advanced SIMD.

mod fp;
mod int;
mod load_store;
mod simd;

use core::fmt::{Formatter, Result, Write};

#[allow(unused_imports, reason = "a file may serve only one of the tables")]
pub(crate) use {fp::*, int::*, load_store::*, simd::*};

/// Where the text goes, and what it needs besides the operands.
pub(crate) struct Text<'a, 'b> {
    pub(crate) out: &'a mut Formatter<'b>,
    /// The address of the instruction.
    pub(crate) pc: u32,
    /// Its encoding.
    pub(crate) word: u32,
    /// Its condition.
    pub(crate) cond: u8,
    /// Whether it is T32.
    pub(crate) thumb: bool,
    /// Whether `.w` stands behind the mnemonic.
    pub(crate) wide: bool,
}

impl Write for Text<'_, '_> {
    fn write_str(&mut self, s: &str) -> Result {
        self.out.write_str(s)
    }
}
