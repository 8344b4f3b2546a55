//! AArch64: the A64 instruction set. The rows are in the `.isa` files beside this one; the generated structs, [`Insn`],
//! [`ROWS`] and the decoder are included here.

mod feature;
mod operands;
mod system_register;
mod text;

use core::fmt::Write as _;

pub use feature::{Extension, Feature};
pub use system_register::SystemRegister;
use text::Text;

/// What the tables say of one instruction form.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, and its function's in the engines: `adds_imm`.
    pub name: &'static str,
    /// The table it stands in, without the ending: `data_imm`.
    pub file: &'static str,
    /// 32 characters, bit 31 first: `0`, `1`, `.` (does not matter) or a field's letter.
    pub pattern: &'static str,
    /// The bits that the pattern fixes.
    pub mask: u32,
    /// Their values.
    pub value: u32,
    /// The architecture feature that it belongs to.
    pub feature: Feature,
    /// Its section in the Arm Architecture Reference Manual (DDI 0487).
    pub section: &'static str,
    /// Its title there.
    pub title: &'static str,
}

/// Why a word is not an instruction of this CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undecoded {
    /// The architecture allocates nothing there (or reserves it): SIGILL on any CPU.
    Unallocated,
    /// An instruction of an extension that this CPU does not have: SIGILL here, fine elsewhere.
    Unimplemented(Extension),
}

/// Decodes one A64 instruction word. Never panics; every word has an answer.
pub fn decode(word: u32) -> Result<Insn, Undecoded> {
    decode_row(word).ok_or_else(|| match foreign(word) {
        Some(extension) => Undecoded::Unimplemented(extension),
        None => Undecoded::Unallocated,
    })
}

/// An instruction as assembler text; `pc` is its own address, which makes branch and ADR targets absolute.
#[derive(Clone, Copy, Debug)]
pub struct Disassembly {
    /// The instruction.
    pub insn: Insn,
    /// Its address.
    pub pc: u64,
}

impl core::fmt::Display for Disassembly {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write_insn(&self.insn, &mut Text { out: f, pc: self.pc })
    }
}

include!(concat!(env!("OUT_DIR"), "/a64.rs"));
