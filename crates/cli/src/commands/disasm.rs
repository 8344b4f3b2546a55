//! `armlet disasm`: a program's code, or single instruction words.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use armlet_decoder::a64::{Disassembly, Undecoded, decode};
use armlet_loader::elf::FileSource;
use armlet_loader::sections::{self, Section};
use armlet_loader::{Elf, Symbols};

use crate::args::DisasmArgs;

/// Disassembles each argument.
pub fn run(arguments: &DisasmArgs) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    for what in &arguments.what {
        match word(what) {
            Some(word) => out.write_all(explain(word?).as_bytes())?,
            None => file(&mut out, Path::new(what))?,
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// `0x…` is an instruction word.
fn word(text: &OsStr) -> Option<anyhow::Result<u32>> {
    let digits = text.to_str()?.strip_prefix("0x")?;
    Some(
        u32::from_str_radix(digits, 16)
            .with_context(|| format!("0x{digits}: give a word of 32 bits, such as 0x91000420")),
    )
}

/// What stands in the tables about one word.
fn explain(word: u32) -> String {
    let mut text = format!("0x{word:08x}  ");
    match decode(word) {
        Ok(insn) => {
            let row = insn.row();
            let _ = writeln!(text, "{}", Disassembly { insn, pc: 0 });
            let _ = writeln!(text, "  row       {} ({}.isa)", row.name, row.file);
            let _ = writeln!(text, "  manual    {} {}", row.section, row.title);
            let _ = writeln!(text, "  feature   {:?}", row.feature);
            let _ = writeln!(text, "  pattern   {}", row.pattern);
            let _ = writeln!(text, "  word      {word:032b}");
            for (field, value) in fields(row.pattern, word) {
                let _ = writeln!(text, "  field {field}   {value:#x} ({value})");
            }
            let _ = writeln!(text, "  operands  {insn:?}");
        }
        Err(undecoded) => {
            let _ = writeln!(text, "{}", undecoded_text(undecoded));
        }
    }
    text
}

/// The runs of letters in a pattern, with what the word has there.
fn fields(pattern: &str, word: u32) -> Vec<(char, u32)> {
    let mut fields: Vec<(char, u32)> = Vec::new();
    for (index, letter) in pattern
        .chars()
        .enumerate()
        .filter(|(_, letter)| letter.is_ascii_alphabetic())
    {
        let bit = word >> (31 - index) & 1;
        match fields.last_mut() {
            Some((last, value)) if *last == letter => *value = *value << 1 | bit,
            _ => fields.push((letter, bit)),
        }
    }
    fields
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

/// Every executable section of a file.
fn file(out: &mut impl Write, path: &Path) -> anyhow::Result<()> {
    let file = super::open(path)?;
    let source = FileSource::new(&file)?;
    Elf::parse(&source).with_context(|| path.display().to_string())?;
    let symbols = Symbols::read(&source);
    for Section { name, address, bytes } in sections::executable(&source)? {
        writeln!(out, "\nDisassembly of section {name}:")?;
        for (word, pc) in bytes.chunks_exact(4).zip((address..).step_by(4)) {
            let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            if let Some((symbol, 0)) = symbols.lookup(pc) {
                writeln!(out, "\n{pc:016x} <{symbol}>:")?;
            }
            match decode(word) {
                Ok(insn) => writeln!(out, "{pc:8x}:  {word:08x}  {}", Disassembly { insn, pc })?,
                Err(Undecoded::Unallocated) => writeln!(out, "{pc:8x}:  {word:08x}  .inst {word:#010x}")?,
                Err(undecoded) => writeln!(
                    out,
                    "{pc:8x}:  {word:08x}  .inst {word:#010x} ; {}",
                    undecoded_text(undecoded)
                )?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_runs_of_letters() {
        assert_eq!(
            fields("z01100010hiiiiiiiiiiiinnnnnddddd", 0x9100_0420),
            [('z', 1), ('h', 0), ('i', 1), ('n', 1), ('d', 0)]
        );
    }

    #[test]
    fn words_are_told_from_files() {
        assert_eq!(word(OsStr::new("0x91000420")).and_then(Result::ok), Some(0x9100_0420));
        assert!(word(OsStr::new("0x123456789")).is_some_and(|word| word.is_err()));
        assert!(word(OsStr::new("91000420")).is_none());
    }
}
