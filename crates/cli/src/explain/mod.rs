//! What there is to know of an instruction, for `armlet explain` and the other commands that show instructions.
//!
//! - `bits.rs`: the word taken apart into fields.
//! - `meaning.rs`: what it does, what it reads and writes; the text is in `a64.txt`.
//! - `host.rs`: x86-64 disassembly.

pub mod bits;
pub mod host;
pub mod meaning;

use armlet_decoder::a64::{self, Disassembly, Insn, Row, Undecoded};

use bits::Field;
use meaning::Meaning;

/// A decoded instruction with what the tables say of it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Its assembler text.
    pub text: String,
    /// Its row.
    pub row: &'static Row,
    /// Its fields, the highest first.
    pub fields: Vec<Field>,
    /// The operands as the engines get them: name and value.
    pub operands: Vec<(String, String)>,
    /// What it does.
    pub meaning: Option<Meaning>,
}

/// Explains the word of an instruction at the address `pc`.
///
/// # Errors
///
/// There is no instruction.
pub fn word(word: u32, pc: u64) -> Result<Explained, Undecoded> {
    let insn = a64::decode(word)?;
    Ok(explained(insn, word, pc))
}

fn explained(insn: Insn, word: u32, pc: u64) -> Explained {
    let row = insn.row();
    let operands = operands(&format!("{insn:?}"));
    Explained {
        text: Disassembly { insn, pc }.to_string(),
        row,
        fields: bits::fields(row.pattern, word, a64::fields(row.name)),
        meaning: meaning::of(row.name, &operands),
        operands,
    }
}

/// The operands out of the text of a structure: `AddImm(AddImm { sf: true, rd: 0 })`.
pub fn operands(debug: &str) -> Vec<(String, String)> {
    let inside = debug
        .split_once('{')
        .map_or("", |(_, rest)| rest.trim_end_matches([')', ' ', '}']));
    let pairs = inside.split(", ").filter_map(|pair| pair.split_once(": "));
    pairs
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .collect()
}

/// Why there is no instruction.
pub fn undecoded_text(undecoded: Undecoded) -> String {
    match undecoded {
        Undecoded::Unallocated => "unallocated: not an instruction of the architecture".to_owned(),
        Undecoded::Unimplemented(extension) => {
            format!("an instruction of {extension:?}, an extension that armlet does not implement")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_taken_from_the_structure() {
        let pairs = operands("AddsImm(AddsImm { sf: true, rd: 31, imm: 4 })");
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("sf", "true"), ("rd", "31"), ("imm", "4")]);
        assert!(operands("Cfinv(Cfinv)").is_empty());
    }
}
