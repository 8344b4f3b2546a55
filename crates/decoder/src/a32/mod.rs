//! AArch32: the A32 instruction set, whose instructions T32 encodes, too ([`crate::t32`]). The rows are in the `.isa` files beside
//! this one; the generated structs, [`Insn`], [`ROWS`] and the decoder are included here.
//!
//! The condition is no operand: it stands beside the instruction in [`Decoded`]. Registers are numbers 0 to 15; an instruction
//! that reads register 15 reads the program counter, one that writes it branches ([`Insn::branches`]).

mod feature;
pub(crate) mod operands;
mod pc;
pub(crate) mod text;

use core::fmt::Write as _;

pub use feature::{Extension, Feature};
pub use pc::PcWrite;
use text::Text;

/// What the tables say of one instruction form, or of one encoding of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, and its function's in the engines: `add_imm`. A T32 row has the encoding behind a dot: `add_imm.t3`.
    pub name: &'static str,
    /// The table it stands in, without the ending: `data_processing`.
    pub file: &'static str,
    /// 32 characters, bit 31 first: `0`, `1`, `.` (does not matter) or a field's letter; `cccc` at the beginning is the condition.
    pub pattern: &'static str,
    /// The bits that the pattern fixes.
    pub mask: u32,
    /// Their values.
    pub value: u32,
    /// The architecture version or extension that it belongs to.
    pub feature: Feature,
    /// Its section in the Arm Architecture Reference Manual (DDI 0487).
    pub section: &'static str,
    /// Its title there.
    pub title: &'static str,
}

/// Why a word is not an instruction of any of armlet's CPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undecoded {
    /// The architecture allocates nothing there (or reserves it): undefined on any CPU.
    Unallocated,
    /// An instruction of an extension that no CPU of armlet's has.
    Unimplemented(Extension),
}

/// Condition AL.
pub const ALWAYS: u8 = 14;

/// One decoded instruction.
#[derive(Clone, Copy, Debug)]
pub struct Decoded {
    /// What it does.
    pub insn: Insn,
    /// Under which condition: 0 to 14.
    pub cond: u8,
    /// Its bytes: 2 or 4.
    pub len: u8,
    /// Its encoding; the first halfword of T32 is in the upper half.
    pub word: u32,
    /// The row of its encoding.
    pub row: &'static Row,
    /// Its number, if it is one of T32.
    pub(crate) t32: Option<u16>,
}

/// Decodes one A32 instruction word. Never panics; every word has an answer.
pub fn decode(word: u32) -> Result<Decoded, Undecoded> {
    match decode_row(word) {
        Some(insn) => Ok(Decoded {
            insn,
            cond: if word >> 28 == 15 { ALWAYS } else { (word >> 28) as u8 },
            len: 4,
            word,
            row: insn.row(),
            t32: None,
        }),
        None => Err(foreign(word).map_or(Undecoded::Unallocated, Undecoded::Unimplemented)),
    }
}

/// An instruction as assembler text; `pc` is its own address, which makes branch targets absolute.
#[derive(Clone, Copy, Debug)]
pub struct Disassembly {
    /// The instruction.
    pub decoded: Decoded,
    /// Its address.
    pub pc: u32,
}

impl core::fmt::Display for Disassembly {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Decoded {
            insn, cond, word, t32, ..
        } = self.decoded;
        let mut text = Text {
            out: f,
            pc: self.pc,
            word,
            cond,
            thumb: t32.is_some(),
            wide: t32.is_some_and(crate::t32::wide),
        };
        match t32 {
            Some(row) => crate::t32::write(row, &insn, &mut text),
            None => write_insn(&insn, &mut text),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/a32.rs"));
