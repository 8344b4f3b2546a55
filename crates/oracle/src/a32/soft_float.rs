//! Programs with the routines of a floating-point library: where they are, and their signatures.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::Context;
use armlet_cpu::a32_features::Model;
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_interpreter::a32::Place;
use armlet_interpreter::a32::accelerate::{Routine, TABLE_MARK, fingerprint, prefix};
use armlet_loader::elf::FileSource;
use armlet_loader::sections::{Section, executable};
use armlet_loader::{Content, Symbols};

/// The program that has all routines of a library.
pub const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/guest/soft_float.c");
/// More instructions than any routine has.
const LONGEST: usize = 4000;

/// The loadable segments of an ELF32 file, as far as they are in the file.
fn segments(file: &[u8]) -> Option<Vec<Section>> {
    let number = |at: usize, size: usize| {
        let bytes = file.get(at..at + size)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |value, &byte| value << 8 | usize::from(byte)),
        )
    };
    let (table, entry, count) = (number(28, 4)?, number(42, 2)?, number(44, 2)?);
    let mut segments = Vec::new();
    for header in (0..count).map(|index| table + index * entry) {
        let (kind, offset, address, size) = (
            number(header, 4)?,
            number(header + 4, 4)?,
            number(header + 8, 4)?,
            number(header + 16, 4)?,
        );
        const PT_LOAD: usize = 1;
        if kind == PT_LOAD && size > 0 {
            segments.push(Section {
                name: String::new(),
                address: address as u64,
                bytes: file.get(offset..offset + size)?.to_vec(),
            });
        }
    }
    Some(segments)
}

/// The code of such a program.
pub struct Library {
    sections: Vec<Section>,
    segments: Vec<Section>,
    routines: Vec<(String, Place)>,
}

impl Library {
    /// Reads a program with symbols.
    ///
    /// # Errors
    ///
    /// It is no ELF file.
    pub fn open(path: &Path) -> anyhow::Result<Library> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let source = FileSource::new(&file)?;
        let symbols = Symbols::read(&source);
        let routines = symbols
            .iter()
            .filter(|(name, ..)| Routine::of_symbol(name).is_some())
            .map(|(name, address, _)| {
                let thumb = symbols.content(address) == Some(Content::T32);
                (name.to_string(), Place::new(address as u32, thumb))
            })
            .collect::<BTreeMap<_, _>>();
        Ok(Library {
            sections: executable(&source)?,
            segments: segments(&std::fs::read(path)?).context("its segments")?,
            routines: routines.into_iter().collect(),
        })
    }

    /// The routines that it has: symbol and place.
    pub fn routines(&self) -> &[(String, Place)] {
        &self.routines
    }

    /// Its sections of code.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// What is loaded of its file: code, and tables.
    pub fn segments(&self) -> &[Section] {
        &self.segments
    }

    /// The halfword at an address of its code.
    ///
    /// # Errors
    ///
    /// There is no code.
    pub fn fetch(&self, address: u64) -> Result<u16, Fault> {
        let halfword = self.sections.iter().find_map(|section| {
            let at = usize::try_from(address.checked_sub(section.address)?).ok()?;
            Some(u16::from_le_bytes(section.bytes.get(at..at + 2)?.try_into().ok()?))
        });
        halfword.ok_or(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    }

    /// A line of the table of signatures; `None` if the code has no fingerprint.
    pub fn signature(&self, name: &str, place: Place) -> Option<String> {
        let mut code = |address| self.fetch(address);
        let prefix = prefix(Model::Max, place, &mut code)?;
        let print = fingerprint(Model::Max, place, LONGEST, &mut code)?;
        // Constants that are addresses of the program differ from program to program.
        let program = self
            .segments
            .iter()
            .map(|segment| segment.address..segment.address + segment.bytes.len() as u64);
        let program: Vec<_> = program.map(|range| range.start & !0xffff..range.end).collect();
        let is_address = |value: &u32| program.iter().any(|range| range.contains(&u64::from(*value)));
        Some(if print.constants.iter().any(is_address) {
            format!(
                "{name} {:016x} {prefix:016x} {} {TABLE_MARK}",
                print.loose, print.instructions
            )
        } else {
            format!("{name} {:016x} {prefix:016x} {}", print.hash, print.instructions)
        })
    }
}
