//! `armlet coverage`: what in a program's code armlet cannot execute.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context;
use armlet_decoder::a64::{Undecoded, decode};
use armlet_loader::elf::FileSource;
use armlet_loader::{Elf, Symbols, sections};

use crate::args::FileArgs;

/// Lists them by extension, with the first places of each; the status is 1 if there are any.
pub fn run(arguments: &FileArgs) -> anyhow::Result<ExitCode> {
    let file = super::open(&arguments.file)?;
    let source = FileSource::new(&file)?;
    Elf::parse(&source).with_context(|| arguments.file.display().to_string())?;
    let symbols = Symbols::read(&source);
    let (mut words, mut unallocated) = (0_u64, 0_u64);
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for section in sections::executable(&source)? {
        for (word, pc) in section.bytes.chunks_exact(4).zip((section.address..).step_by(4)) {
            words += 1;
            match decode(u32::from_le_bytes([word[0], word[1], word[2], word[3]])) {
                Ok(_) => {}
                Err(Undecoded::Unallocated) => unallocated += 1,
                Err(Undecoded::Unimplemented(extension)) => {
                    let place = match symbols.lookup(pc) {
                        Some((symbol, offset)) => format!("{pc:#x} {symbol}+{offset:#x}"),
                        None => format!("{pc:#x}"),
                    };
                    missing.entry(format!("{extension:?}")).or_default().push(place);
                }
            }
        }
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{words} words of code; {unallocated} are no instructions (data, or padding)"
    )?;
    if missing.is_empty() {
        writeln!(out, "every instruction is implemented")?;
        return Ok(ExitCode::SUCCESS);
    }
    for (extension, places) in missing {
        writeln!(
            out,
            "{extension}: {} instructions that are not implemented",
            places.len()
        )?;
        for place in places.iter().take(5) {
            writeln!(out, "  {place}")?;
        }
    }
    writeln!(
        out,
        "A program that asks HWCAP before it uses an extension does not reach them."
    )?;
    Ok(ExitCode::FAILURE)
}
