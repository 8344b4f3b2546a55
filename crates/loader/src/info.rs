//! Everything about an ELF file that a person may want to know before running it: `armlet info FILE`.

use std::fmt;
use std::path::PathBuf;

use goblin::elf::dynamic::{DT_NEEDED, DT_STRSZ, DT_STRTAB, Dyn};
use goblin::elf::header::{EM_AARCH64, EM_ARM, ET_CORE, ET_DYN, ET_EXEC, ET_REL};
use goblin::elf::note::{NT_GNU_ABI_TAG, NT_GNU_BUILD_ID};
use goblin::elf::program_header::{PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE, PT_TLS, ProgramHeader};

use crate::elf::{self, Elf, Identity, Segment, Source, headers, machine_name, read};
use crate::{ElfError, Symbols};

/// NT_GNU_PROPERTY_TYPE_0.
const NT_GNU_PROPERTY: u32 = 5;
/// GNU_PROPERTY_AARCH64_FEATURE_1_AND.
const FEATURE_1_AND: u32 = 0xc000_0000;
/// Larger tables and notes are not read.
const PART_LIMIT: u64 = 1 << 20;

/// Whether a program needs ThreadSanitizer's shared library, which knows 39, 42 and 48 bits of addresses, but not 46.
pub fn is_built_for_42_bits(source: &(impl Source + ?Sized)) -> bool {
    let (Ok(identity), Ok((_, program_headers))) = (Identity::read(source), headers(source)) else {
        return false;
    };
    let dynamic = program_headers.iter().find(|header| header.p_type == PT_DYNAMIC);
    dynamic
        .and_then(|dynamic| needed(source, dynamic, &program_headers, identity.is_64).ok())
        .is_some_and(|needed| needed.iter().any(|name| name.starts_with("libtsan.so")))
}

/// What is known of a file.
#[derive(Debug)]
pub struct Info {
    /// Class, byte order, type, machine.
    pub identity: Identity,
    /// What [`Elf::parse`] says: what will be run, or why it will not.
    pub program: Result<Elf, ElfError>,
    /// PT_INTERP.
    pub interpreter: Option<PathBuf>,
    /// There is a PT_DYNAMIC.
    pub dynamic: bool,
    /// DT_NEEDED, in the file's order.
    pub needed: Vec<String>,
    /// PT_TLS: bytes of thread-local storage, and their alignment.
    pub tls: Option<(u64, u64)>,
    /// NT_GNU_BUILD_ID.
    pub build_id: Vec<u8>,
    /// NT_GNU_ABI_TAG: the oldest kernel that the program wants.
    pub kernel: Option<(u32, u32, u32)>,
    /// NT_GNU_PROPERTY_TYPE_0, AArch64 features: built with branch target identification, with pointer
    /// authentication, …
    pub properties: Vec<&'static str>,
    /// Functions that have a name.
    pub functions: usize,
}

impl Info {
    /// Reads it. Details that cannot be read are left out; [`Info::program`] says why the file cannot be run.
    ///
    /// # Errors
    ///
    /// The file is no ELF file, or too short to have an ELF header.
    pub fn read(source: &(impl Source + ?Sized)) -> Result<Info, ElfError> {
        let identity = Identity::read(source)?;
        let mut info = Info {
            identity,
            program: Elf::parse(source),
            interpreter: None,
            dynamic: false,
            needed: Vec::new(),
            tls: None,
            build_id: Vec::new(),
            kernel: None,
            properties: Vec::new(),
            functions: 0,
        };
        if !identity.little_endian {
            return Ok(info);
        }
        let Ok((_, program_headers)) = headers(source) else {
            return Ok(info);
        };
        for header in &program_headers {
            match header.p_type {
                PT_INTERP => info.interpreter = elf::interpreter(source, header).ok(),
                PT_TLS => info.tls = Some((header.p_memsz, header.p_align)),
                PT_NOTE => info.notes(source, header),
                PT_DYNAMIC => {
                    info.dynamic = true;
                    info.needed = needed(source, header, &program_headers, identity.is_64).unwrap_or_default();
                }
                _ => {}
            }
        }
        info.functions = Symbols::read(source).len();
        Ok(info)
    }

    /// Elf64_Nhdr: sizes of name and description, type; both are padded to four bytes (the property note to eight,
    /// which its size includes).
    fn notes(&mut self, source: &(impl Source + ?Sized), header: &ProgramHeader) {
        if header.p_filesz > PART_LIMIT {
            return;
        }
        let Ok(bytes) = read(source, header.p_offset, header.p_filesz, "a note") else {
            return;
        };
        let mut rest = bytes.as_slice();
        while let Some((note, after)) = split_note(rest, header.p_align.max(4)) {
            rest = after;
            if note.name != b"GNU\0" {
                continue;
            }
            match note.kind {
                NT_GNU_BUILD_ID => self.build_id = note.description.to_vec(),
                NT_GNU_ABI_TAG => {
                    if let [Some(0), Some(major), Some(minor), Some(patch)] =
                        [0, 1, 2, 3].map(|at| word(note.description, 4 * at))
                    {
                        self.kernel = Some((major, minor, patch));
                    }
                }
                NT_GNU_PROPERTY => self.properties = properties(note.description),
                _ => {}
            }
        }
    }
}

struct Note<'a> {
    name: &'a [u8],
    kind: u32,
    description: &'a [u8],
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The first note, and what comes behind it.
fn split_note(bytes: &[u8], alignment: u64) -> Option<(Note<'_>, &[u8])> {
    let alignment = if alignment == 8 { 8 } else { 4 };
    let (name_size, size, kind) = (word(bytes, 0)? as usize, word(bytes, 4)? as usize, word(bytes, 8)?);
    let name = bytes.get(12..12usize.checked_add(name_size)?)?;
    let start = (12 + name_size).checked_next_multiple_of(alignment)?;
    let end = start.checked_add(size)?;
    let description = bytes.get(start..end)?;
    let next = end.checked_next_multiple_of(alignment)?;
    Some((
        Note {
            name,
            kind,
            description,
        },
        bytes.get(next..).unwrap_or_default(),
    ))
}

/// The AArch64 features in a property note: a list of type, size, data padded to eight bytes.
fn properties(mut bytes: &[u8]) -> Vec<&'static str> {
    while let (Some(kind), Some(size)) = (word(bytes, 0), word(bytes, 4)) {
        if kind == FEATURE_1_AND {
            let bits = word(bytes, 8).unwrap_or(0);
            let names = [(1, "BTI"), (2, "PAC"), (4, "GCS")];
            return names
                .iter()
                .filter(|(bit, _)| bits & bit != 0)
                .map(|&(_, name)| name)
                .collect();
        }
        let next = (size as usize)
            .checked_next_multiple_of(8)
            .and_then(|size| size.checked_add(8));
        bytes = next.and_then(|next| bytes.get(next..)).unwrap_or_default();
    }
    Vec::new()
}

/// The names in DT_NEEDED.
fn needed(
    source: &(impl Source + ?Sized),
    dynamic: &ProgramHeader,
    program_headers: &[ProgramHeader],
    is_64: bool,
) -> Result<Vec<String>, ElfError> {
    // Two words of the class.
    let word = if is_64 { 8 } else { 4 };
    let bytes = read(
        source,
        dynamic.p_offset,
        dynamic.p_filesz.min(PART_LIMIT),
        "the dynamic section",
    )?;
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |number, &byte| number << 8 | u64::from(byte))
    };
    let entries: Vec<Dyn> = bytes
        .chunks_exact(2 * word)
        .map(|entry| Dyn {
            d_tag: number(&entry[..word]),
            d_val: number(&entry[word..]),
        })
        .take_while(|entry| entry.d_tag != 0)
        .collect();
    let value = |tag| entries.iter().find(|entry| entry.d_tag == tag).map(|entry| entry.d_val);
    let (Some(address), Some(size)) = (value(DT_STRTAB), value(DT_STRSZ)) else {
        return Ok(Vec::new());
    };
    let place = program_headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD)
        .find_map(|header| {
            let into = address
                .checked_sub(header.p_vaddr)
                .filter(|&into| into < header.p_filesz)?;
            header.p_offset.checked_add(into)
        });
    let Some(place) = place else { return Ok(Vec::new()) };
    let strings = read(source, place, size.min(PART_LIMIT), "the dynamic strings")?;
    let name = |at: u64| {
        let name = strings.get(usize::try_from(at).ok()?..)?;
        let end = name.iter().position(|&byte| byte == 0)?;
        Some(String::from_utf8_lossy(&name[..end]).into_owned())
    };
    Ok(entries
        .iter()
        .filter(|entry| entry.d_tag == DT_NEEDED)
        .filter_map(|entry| name(entry.d_val))
        .collect())
}

impl fmt::Display for Info {
    /// A line for each fact, with the names in a column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: fmt::Arguments<'_>| writeln!(f, "{name:<13}{value}");
        let identity = &self.identity;
        let bits = if identity.is_64 { 64 } else { 32 };
        let order = if identity.little_endian { "little" } else { "big" };
        line("class", format_args!("ELF{bits}, {order}-endian"))?;
        line("machine", format_args!("{}", machine_name(identity.machine)))?;
        let linking = match (&self.interpreter, self.dynamic) {
            (Some(_), _) => "dynamically linked",
            (None, true) if identity.kind == ET_DYN => "statically linked, or a shared object",
            _ => "statically linked",
        };
        match identity.kind {
            ET_EXEC => line("type", format_args!("executable at fixed addresses, {linking}"))?,
            ET_DYN => line("type", format_args!("position-independent, {linking}"))?,
            ET_REL => line("type", format_args!("object file"))?,
            ET_CORE => line("type", format_args!("core dump"))?,
            other => line("type", format_args!("unknown ({other})"))?,
        }
        match &self.program {
            Ok(elf) => {
                if elf.is_32 {
                    let (abi, float) = match elf.hard_float {
                        true => ("armhf", "in floating-point registers"),
                        false => ("armel", "in integer registers"),
                    };
                    line("abi", format_args!("EABI, floating-point arguments {float} ({abi})"))?;
                }
                line("entry", format_args!("{:#x}", elf.entry))?;
                for Segment {
                    address,
                    memory_size,
                    offset,
                    file_size,
                    protection,
                } in &elf.segments
                {
                    let letter = |bit: u32, letter| if protection & bit != 0 { letter } else { '-' };
                    let (r, w, x) = (letter(1, 'r'), letter(2, 'w'), letter(4, 'x'));
                    let end = address + memory_size;
                    let from = offset + file_size;
                    line(
                        "segment",
                        format_args!("{address:#012x}-{end:#012x} {r}{w}{x} file {offset:#x}-{from:#x}"),
                    )?;
                }
                if elf.executable_stack {
                    line("stack", format_args!("executable"))?;
                }
            }
            Err(error) => line("cannot run", format_args!("{error}"))?,
        }
        if let Some((size, alignment)) = self.tls {
            line("tls", format_args!("{size} bytes, aligned to {alignment}"))?;
        }
        if let Some(path) = &self.interpreter {
            line("interpreter", format_args!("{}", path.display()))?;
        }
        for library in &self.needed {
            line("needs", format_args!("{library}"))?;
        }
        if !self.build_id.is_empty() {
            let hex: String = self.build_id.iter().map(|byte| format!("{byte:02x}")).collect();
            line("build-id", format_args!("{hex}"))?;
        }
        if let Some((major, minor, patch)) = self.kernel {
            line("kernel", format_args!("Linux {major}.{minor}.{patch} or later"))?;
        }
        if !self.properties.is_empty() {
            line("built with", format_args!("{}", self.properties.join(", ")))?;
        }
        if matches!(identity.machine, EM_AARCH64 | EM_ARM) {
            line("functions", format_args!("{}", self.functions))?;
        }
        Ok(())
    }
}
