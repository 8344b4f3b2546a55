//! `armlet coverage`: what in a program's code armlet cannot execute.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context;
use armlet_decoder::a32;
use armlet_decoder::a64::{Undecoded, decode};
use armlet_loader::elf::FileSource;
use armlet_loader::{Elf, Symbols, sections};

use super::code_a32::{self, Place};
use crate::args::FileArgs;

/// Lists them by extension, with the first places of each; the status is 1 if there are any.
pub fn run(arguments: &FileArgs) -> anyhow::Result<ExitCode> {
    let file = super::open(&arguments.file)?;
    let source = FileSource::new(&file)?;
    let elf = Elf::parse(&source).with_context(|| arguments.file.display().to_string())?;
    let symbols = Symbols::read(&source);
    let (mut words, mut unallocated) = (0_u64, 0_u64);
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let place = |pc: u64| match symbols.lookup(pc) {
        Some((symbol, offset)) => format!("{pc:#x} {symbol}+{offset:#x}"),
        None => format!("{pc:#x}"),
    };
    for section in sections::executable(&source)? {
        if elf.is_32 {
            code_a32::each(&elf, &symbols, &section, |pc, _, found| {
                words += 1;
                match found {
                    Place::Data => unallocated += 1,
                    Place::Code(Ok(_)) => {}
                    Place::Code(Err(a32::Undecoded::Unallocated)) => unallocated += 1,
                    Place::Code(Err(a32::Undecoded::Unimplemented(extension))) => {
                        missing.entry(format!("{extension:?}")).or_default().push(place(pc));
                    }
                }
                Ok::<(), anyhow::Error>(())
            })?;
            continue;
        }
        for (word, pc) in section.bytes.chunks_exact(4).zip((section.address..).step_by(4)) {
            words += 1;
            match decode(u32::from_le_bytes([word[0], word[1], word[2], word[3]])) {
                Ok(_) => {}
                Err(Undecoded::Unallocated) => unallocated += 1,
                Err(Undecoded::Unimplemented(extension)) => {
                    missing.entry(format!("{extension:?}")).or_default().push(place(pc));
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
