//! `armlet disasm`: a program's code, or single instruction words.

use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use armlet_decoder::a64::{Disassembly, Undecoded, decode};
use armlet_loader::elf::FileSource;
use armlet_loader::sections::{self, Section};
use armlet_loader::{Elf, Symbols};

use super::code_a32::{self, Place};
use crate::args::DisasmArgs;
use crate::explain::undecoded_text;

/// Disassembles each argument.
pub fn run(arguments: &DisasmArgs) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    for what in &arguments.what {
        match word(what) {
            Some(word) => out.write_all(one(word?).as_bytes())?,
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

/// One word: `armlet explain` tells more.
fn one(word: u32) -> String {
    match decode(word) {
        Ok(insn) => format!("0x{word:08x}  {}\n", Disassembly { insn, pc: 0 }),
        Err(undecoded) => format!("0x{word:08x}  {}\n", undecoded_text(undecoded)),
    }
}

/// Every executable section of a file.
fn file(out: &mut impl Write, path: &Path) -> anyhow::Result<()> {
    let file = super::open(path)?;
    let source = FileSource::new(&file)?;
    let elf = Elf::parse(&source).with_context(|| path.display().to_string())?;
    let symbols = Symbols::read(&source);
    if elf.is_32 {
        return file_a32(out, &elf, &symbols, &sections::executable(&source)?);
    }
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

/// The same of an AArch32 file.
fn file_a32(out: &mut impl Write, elf: &Elf, symbols: &Symbols, sections: &[Section]) -> anyhow::Result<()> {
    use armlet_decoder::a32;
    for section in sections {
        writeln!(out, "\nDisassembly of section {}:", section.name)?;
        code_a32::each(elf, symbols, section, |pc, bytes, place| {
            if let Some((symbol, 0)) = symbols.lookup(pc) {
                writeln!(out, "\n{pc:08x} <{symbol}>:")?;
            }
            match place {
                Place::Code(Ok(decoded)) => {
                    let text = a32::Disassembly { decoded, pc: pc as u32 };
                    writeln!(out, "{pc:8x}:  {bytes:9}  {text}")
                }
                Place::Code(Err(a32::Undecoded::Unimplemented(extension))) => {
                    writeln!(out, "{pc:8x}:  {bytes:9}  .inst ; an instruction of {extension:?}")
                }
                Place::Code(Err(a32::Undecoded::Unallocated)) => writeln!(out, "{pc:8x}:  {bytes:9}  .inst"),
                Place::Data => writeln!(out, "{pc:8x}:  {bytes:9}  .word"),
            }
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_files() {
        assert_eq!(word(OsStr::new("0x91000420")).and_then(Result::ok), Some(0x9100_0420));
        assert!(word(OsStr::new("0x123456789")).is_some_and(|word| word.is_err()));
        assert!(word(OsStr::new("91000420")).is_none());
    }
}
