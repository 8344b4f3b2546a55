//! From an address to the name of the function around it, for reports. Reads `.symtab`, or `.dynsym` if that is all
//! there is; whatever is wrong with them, the answer is only "no name".

use goblin::elf::header::EM_ARM;
use goblin::elf::section_header::{SHT_DYNSYM, SHT_SYMTAB, SectionHeader};
use goblin::elf::sym::{STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, Symtab};

use crate::ElfError;
use crate::elf::{Source, context, headers, read};

/// Sizes of a section header and of a symbol: in ELF64, in ELF32.
const SECTION_HEADER_SIZES: [u16; 2] = [64, 40];
const SYMBOL_SIZES: [u64; 2] = [24, 16];
/// Larger tables are not read: 16 Mi symbols do not occur.
const TABLE_LIMIT: u64 = 384 << 20;

/// The functions of a file.
#[derive(Debug, Default)]
pub struct Symbols {
    /// Sorted by address.
    functions: Vec<Function>,
    names: Vec<u8>,
    /// What begins where, by the mapping symbols.
    contents: Vec<(u64, Content)>,
}

/// What stands in a section of code from some address on, as its mapping symbols say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// `$x`: A64.
    A64,
    /// `$a`: A32.
    A32,
    /// `$t`: T32.
    T32,
    /// `$d`: no code.
    Data,
}

impl Content {
    /// By the name of a mapping symbol, which may have an ending: `$d.1`.
    fn of(name: &[u8]) -> Option<Content> {
        let content = match name.get(..2)? {
            b"$x" => Content::A64,
            b"$a" => Content::A32,
            b"$t" => Content::T32,
            b"$d" => Content::Data,
            _ => return None,
        };
        matches!(name.get(2)?, 0 | b'.').then_some(content)
    }
}

#[derive(Debug)]
struct Function {
    address: u64,
    /// 0 if it is not known.
    size: u64,
    /// Offset in [`Symbols::names`].
    name: usize,
}

impl Symbols {
    /// Reads the symbols of a file that [`crate::Elf::parse`] takes; none if there is anything wrong.
    #[must_use]
    pub fn read(source: &(impl Source + ?Sized)) -> Symbols {
        try_read(source).ok().flatten().unwrap_or_default()
    }

    /// How many functions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// All functions, in the order of their addresses: name, address (before the load bias), size (0 if it is not known).
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        self.functions
            .iter()
            .filter_map(|function| Some((self.name(function)?, function.address, function.size)))
    }

    fn name(&self, function: &Function) -> Option<&str> {
        let name = self.names.get(function.name..)?;
        let end = name.iter().position(|&byte| byte == 0)?;
        std::str::from_utf8(&name[..end]).ok()
    }

    /// What stands at `address` (before the load bias), as far as mapping symbols say; they are stripped from most programs.
    #[must_use]
    pub fn content(&self, address: u64) -> Option<Content> {
        let after = self.contents.partition_point(|(start, _)| *start <= address);
        self.contents.get(after.checked_sub(1)?).map(|(_, content)| *content)
    }

    /// The function around `address` (before the load bias), and the distance from its start.
    #[must_use]
    pub fn lookup(&self, address: u64) -> Option<(&str, u64)> {
        let after = self.functions.partition_point(|function| function.address <= address);
        let function = &self.functions[after.checked_sub(1)?];
        let offset = address - function.address;
        if function.size != 0 && offset >= function.size {
            return None;
        }
        Some((self.name(function)?, offset))
    }
}

fn try_read(source: &(impl Source + ?Sized)) -> Result<Option<Symbols>, ElfError> {
    let undecodable = |_| ElfError::Malformed {
        what: "its symbols cannot be decoded",
    };
    let (header, _) = headers(source)?;
    let context = context(&header);
    let symbol_size = SYMBOL_SIZES[usize::from(!context.is_big())];
    let is_arm = header.e_machine == EM_ARM;
    let sections = sections(source)?;
    let Some(table) = [SHT_SYMTAB, SHT_DYNSYM]
        .iter()
        .find_map(|&kind| sections.iter().find(|s| s.sh_type == kind))
    else {
        return Ok(None);
    };
    let Some(strings) = sections.get(table.sh_link as usize) else {
        return Ok(None);
    };
    if table.sh_entsize != symbol_size || table.sh_size > TABLE_LIMIT || strings.sh_size > TABLE_LIMIT {
        return Ok(None);
    }
    let bytes = read(source, table.sh_offset, table.sh_size, "the symbol table")?;
    let names = read(source, strings.sh_offset, strings.sh_size, "the string table")?;
    let count = bytes.len() / symbol_size as usize;
    let (mut functions, mut contents) = (Vec::new(), Vec::new());
    for symbol in Symtab::parse(&bytes, 0, count, context).map_err(undecodable)?.iter() {
        let defined = symbol.st_shndx != 0 && symbol.st_value != 0;
        // Assembly often has labels without a type; "$x", "$a", "$t" and "$d" only mark code and data (ELF for the Arm 64-bit
        // Architecture, 4.5.4; ELF for the Arm Architecture, 5.5.5).
        let named = names
            .get(symbol.st_name)
            .is_some_and(|&first| first != 0 && first != b'$');
        if let Some(kind) = Content::of(names.get(symbol.st_name..).unwrap_or_default())
            && symbol.st_shndx != 0
        {
            contents.push((symbol.st_value, kind));
        }
        if defined && named && matches!(symbol.st_type(), STT_FUNC | STT_GNU_IFUNC | STT_NOTYPE) {
            // Bit 0 of an AArch32 function says that it is T32.
            let thumb_bit = u64::from(is_arm && symbol.st_type() == STT_FUNC);
            functions.push(Function {
                address: symbol.st_value & !thumb_bit,
                size: symbol.st_size,
                name: symbol.st_name,
            });
        }
    }
    // Of several names for one address, the one with a size comes last, and is found.
    functions.sort_by_key(|function| (function.address, function.size));
    contents.sort_by_key(|(address, _)| *address);
    Ok(Some(Symbols {
        functions,
        names,
        contents,
    }))
}

/// The section headers; none if the file has none.
pub(crate) fn sections(source: &(impl Source + ?Sized)) -> Result<Vec<SectionHeader>, ElfError> {
    let (header, _) = headers(source)?;
    let context = context(&header);
    let header_size = SECTION_HEADER_SIZES[usize::from(!context.is_big())];
    let count = usize::from(header.e_shnum);
    if count == 0 || header.e_shentsize != header_size {
        return Ok(Vec::new());
    }
    let size = count as u64 * u64::from(header_size);
    let bytes = read(source, header.e_shoff, size, "the section header table")?;
    SectionHeader::parse_from(&bytes, 0, count, context).map_err(|_| ElfError::Malformed {
        what: "its section headers cannot be decoded",
    })
}
