//! The sections that hold code, for disassemblers. Running a program needs segments only.

use goblin::elf::section_header::{SHF_EXECINSTR, SHT_PROGBITS};

use crate::ElfError;
use crate::elf::{Source, headers, read};
use crate::symbols::sections;

/// Larger sections are malformed.
const SIZE_LIMIT: u64 = 4 << 30;

/// A section of code.
#[derive(Debug)]
pub struct Section {
    /// Its name: `.text`.
    pub name: String,
    /// The address of its first byte, before the load bias.
    pub address: u64,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// The executable sections of a file that [`crate::Elf::parse`] takes, in the file's order.
///
/// # Errors
///
/// Headers or contents that are not in the file.
pub fn executable(source: &(impl Source + ?Sized)) -> Result<Vec<Section>, ElfError> {
    let (header, _) = headers(source)?;
    let sections = sections(source)?;
    let names = match sections.get(usize::from(header.e_shstrndx)) {
        Some(names) if names.sh_size <= SIZE_LIMIT => {
            read(source, names.sh_offset, names.sh_size, "the section names")?
        }
        _ => Vec::new(),
    };
    let is_code = |flags: u64| flags & u64::from(SHF_EXECINSTR) != 0;
    let code = sections.iter().filter(|section| {
        section.sh_type == SHT_PROGBITS && is_code(section.sh_flags) && section.sh_size <= SIZE_LIMIT
    });
    code.map(|section| {
        let name = names.get(section.sh_name..).unwrap_or_default();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Section {
            name: String::from_utf8_lossy(name).into_owned(),
            address: section.sh_addr,
            bytes: read(source, section.sh_offset, section.sh_size, "a section")?,
        })
    })
    .collect()
}
