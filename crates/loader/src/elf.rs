//! What an ELF file says about itself, with every number checked before it is used. Nothing is mapped here, and no
//! more is read or allocated than the checked headers need: at most 64 KiB of program headers and a path.
//!
//! goblin decodes the structures, but only from bytes whose place and count have been checked here.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use armlet_memory::space::TOP_A32;
use armlet_memory::{ADDRESS_LIMIT, PAGE_SIZE, page_down, page_up};
use goblin::container::{Container, Ctx, Endian};
use goblin::elf::header::{self, Header};
use goblin::elf::program_header::{self, PF_R, PF_W, PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD, ProgramHeader};

use crate::ElfError;

/// Size of an ELF64 header in bytes; an ELF32 header has 52.
pub const HEADER_SIZE: usize = 64;
/// Size of an ELF64 program header in bytes.
pub const PROGRAM_HEADER_SIZE: usize = 56;
/// Size of an ELF32 program header in bytes.
pub const PROGRAM_HEADER_SIZE_32: usize = 32;
/// As many bytes of program headers as the kernel takes.
const PROGRAM_HEADERS_LIMIT: usize = 65536;
/// The longest interpreter path, with its NUL (PATH_MAX).
const PATH_LIMIT: u64 = 4096;
/// The largest image: from its lowest address to its highest.
const IMAGE_LIMIT: u64 = 64 << 30;
/// Larger alignments of segments are not honoured.
const ALIGNMENT_LIMIT: u64 = 1 << 30;

/// Where the bytes of a file come from.
pub trait Source {
    /// Bytes in the file.
    fn length(&self) -> u64;
    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    ///
    /// What reading reports; `UnexpectedEof` behind the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

impl Source for [u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).ok();
        let bytes = start.and_then(|start| self.get(start..start.checked_add(buffer.len())?));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// An open file and its length.
#[derive(Debug)]
pub struct FileSource<'a> {
    file: &'a File,
    length: u64,
}

impl FileSource<'_> {
    /// Asks the file for its length.
    ///
    /// # Errors
    ///
    /// What fstat(2) reports.
    pub fn new(file: &File) -> io::Result<FileSource<'_>> {
        Ok(FileSource {
            file,
            length: file.metadata()?.len(),
        })
    }
}

impl Source for FileSource<'_> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

/// `length` bytes at `offset`, after a look at the length of the file, so that a lie in a header allocates nothing.
pub(crate) fn read(
    source: &(impl Source + ?Sized),
    offset: u64,
    length: u64,
    what: &'static str,
) -> Result<Vec<u8>, ElfError> {
    if offset.checked_add(length).is_none_or(|end| end > source.length()) {
        return Err(ElfError::Truncated { what });
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| ElfError::Truncated { what })?];
    source.read_at(offset, &mut bytes)?;
    Ok(bytes)
}

/// EF_ARM_EABIMASK, and the first version that Linux uses.
const EABI_MASK: u32 = 0xff00_0000;
const EABI_4: u32 = 0x0400_0000;
/// EF_ARM_BE8: little-endian code with big-endian data.
const BE8: u32 = 0x0080_0000;
/// EF_ARM_ABI_FLOAT_HARD.
const FLOAT_HARD: u32 = 0x0400;

/// The goblin context of a file that is taken: its class; always little-endian.
pub(crate) fn context(header: &Header) -> Ctx {
    Ctx {
        container: if header.e_ident[header::EI_CLASS] == header::ELFCLASS32 {
            Container::Little
        } else {
            Container::Big
        },
        le: Endian::Little,
    }
}

/// The first 20 bytes of any ELF file: what kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// ELFCLASS64; else ELFCLASS32.
    pub is_64: bool,
    /// ELFDATA2LSB; else ELFDATA2MSB.
    pub little_endian: bool,
    /// EI_OSABI.
    pub abi: u8,
    /// ET_EXEC, ET_DYN, ….
    pub kind: u16,
    /// EM_AARCH64, ….
    pub machine: u16,
}

impl Identity {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Not an ELF file, truncated, or with an unknown class or byte order.
    pub fn read(source: &(impl Source + ?Sized)) -> Result<Identity, ElfError> {
        let front = read(source, 0, source.length().min(20), "the ELF header")?;
        if front.starts_with(b"#!") {
            return Err(ElfError::Script);
        }
        if !front.starts_with(header::ELFMAG) {
            return Err(ElfError::NotElf);
        }
        if front.len() < 20 {
            return Err(ElfError::Truncated { what: "the ELF header" });
        }
        let is_64 = match front[header::EI_CLASS] {
            header::ELFCLASS32 => false,
            header::ELFCLASS64 => true,
            _ => {
                return Err(ElfError::Malformed {
                    what: "its class is neither 32-bit nor 64-bit",
                });
            }
        };
        let little_endian = match front[header::EI_DATA] {
            header::ELFDATA2LSB => true,
            header::ELFDATA2MSB => false,
            _ => {
                return Err(ElfError::Malformed {
                    what: "its byte order is neither little-endian nor big-endian",
                });
            }
        };
        let half = |at: usize| {
            let bytes = [front[at], front[at + 1]];
            if little_endian {
                u16::from_le_bytes(bytes)
            } else {
                u16::from_be_bytes(bytes)
            }
        };
        Ok(Identity {
            is_64,
            little_endian,
            abi: front[header::EI_OSABI],
            kind: half(16),
            machine: half(18),
        })
    }

    /// Whether it is a program that this emulator can run.
    fn check(&self) -> Result<(), ElfError> {
        match self.machine {
            header::EM_AARCH64 | header::EM_ARM if !self.little_endian => return Err(ElfError::BigEndian),
            header::EM_AARCH64 if !self.is_64 => {
                return Err(ElfError::Malformed {
                    what: "a 32-bit file for AArch64 (the ILP32 ABI does not exist on Linux)",
                });
            }
            header::EM_AARCH64 => {}
            header::EM_ARM if self.is_64 => {
                return Err(ElfError::Malformed {
                    what: "a 64-bit file for AArch32",
                });
            }
            header::EM_ARM => {}
            header::EM_X86_64 => return Err(ElfError::X86_64),
            other => {
                return Err(ElfError::OtherMachine {
                    machine: machine_name(other),
                });
            }
        }
        match self.kind {
            header::ET_EXEC | header::ET_DYN => Ok(()),
            header::ET_REL => Err(ElfError::NotAProgram {
                what: "an object file",
                advice: "link it first",
            }),
            header::ET_CORE => Err(ElfError::NotAProgram {
                what: "a core dump",
                advice: "open it with a debugger",
            }),
            _ => Err(ElfError::Malformed {
                what: "its type is unknown",
            }),
        }
    }
}

/// The common name of a machine number.
pub(crate) fn machine_name(machine: u16) -> String {
    let name = match machine {
        header::EM_AARCH64 => "AArch64",
        header::EM_ARM => "ARM (AArch32)",
        header::EM_X86_64 => "x86-64",
        header::EM_386 => "x86 (i386)",
        header::EM_MIPS | header::EM_MIPS_RS3_LE => "MIPS",
        header::EM_PPC => "PowerPC",
        header::EM_PPC64 => "PowerPC64",
        header::EM_S390 => "IBM S/390",
        header::EM_SPARC | header::EM_SPARC32PLUS | header::EM_SPARCV9 => "SPARC",
        header::EM_IA_64 => "Itanium",
        header::EM_68K => "Motorola 68000",
        header::EM_SH => "SuperH",
        0x9026 => "Alpha",
        header::EM_PARISC => "PA-RISC",
        header::EM_RISCV => "RISC-V",
        258 => "LoongArch",
        header::EM_BPF => "eBPF",
        _ => return format!("the processor with ELF number {machine}"),
    };
    name.to_owned()
}

/// A PT_LOAD segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First address, before the load bias.
    pub address: u64,
    /// Bytes in memory; never 0.
    pub memory_size: u64,
    /// Where its bytes are in the file.
    pub offset: u64,
    /// Bytes in the file; at most [`Segment::memory_size`], the rest is zero.
    pub file_size: u64,
    /// `PROT_READ`, `PROT_WRITE`, `PROT_EXEC`.
    pub protection: u32,
}

impl Segment {
    /// One past its last address.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.address + self.memory_size
    }

    /// The pages it touches.
    #[must_use]
    pub fn pages(&self) -> Range<u64> {
        // Checked when it was read: below ADDRESS_LIMIT, which is a page.
        page_down(self.address)..page_up(self.end()).unwrap_or(ADDRESS_LIMIT)
    }
}

/// A program, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    /// A 32-bit file: a program for AArch32; else for AArch64.
    pub is_32: bool,
    /// AArch32: built for the hard-float ABI (armhf).
    pub hard_float: bool,
    /// ET_DYN: it can be loaded at any page (of its [`Elf::alignment`]); else ET_EXEC.
    pub position_independent: bool,
    /// Where it starts, before the load bias.
    pub entry: u64,
    /// Its PT_LOAD segments, upwards and without overlaps; at least one.
    pub segments: Vec<Segment>,
    /// PT_INTERP: the dynamic linker.
    pub interpreter: Option<PathBuf>,
    /// PT_GNU_STACK asks for an executable stack.
    pub executable_stack: bool,
    /// The address of the program headers, before the load bias, if a segment contains them; else 0.
    pub program_headers: u64,
    /// How many there are.
    pub program_header_count: u16,
    /// The largest alignment of a segment, at least a page.
    pub alignment: u64,
}

impl Elf {
    /// Reads and checks the headers.
    ///
    /// # Errors
    ///
    /// See [`ElfError`].
    pub fn parse(source: &(impl Source + ?Sized)) -> Result<Elf, ElfError> {
        let identity = Identity::read(source)?;
        identity.check()?;
        let (header, program_headers) = headers(source)?;

        let is_32 = !identity.is_64;
        if is_32 {
            check_flags(header.e_flags)?;
        }
        let mut elf = Elf {
            is_32,
            hard_float: is_32 && header.e_flags & FLOAT_HARD != 0,
            position_independent: header.e_type == header::ET_DYN,
            entry: header.e_entry,
            segments: Vec::new(),
            interpreter: None,
            executable_stack: false,
            program_headers: 0,
            program_header_count: header.e_phnum,
            alignment: PAGE_SIZE,
        };
        for program_header in &program_headers {
            match program_header.p_type {
                PT_LOAD => elf.add_segment(program_header, source.length(), header.e_phoff)?,
                PT_INTERP if elf.interpreter.is_none() => elf.interpreter = Some(interpreter(source, program_header)?),
                PT_GNU_STACK => elf.executable_stack = program_header.p_flags & PF_X != 0,
                _ => {}
            }
        }
        let Some(range) = elf.range() else {
            return Err(ElfError::Malformed {
                what: "it has no segment to load",
            });
        };
        if range.end - range.start > IMAGE_LIMIT {
            let gibibytes = (range.end - range.start).div_ceil(1 << 30);
            return Err(ElfError::TooLarge {
                gibibytes,
                limit: IMAGE_LIMIT >> 30,
            });
        }
        Ok(elf)
    }

    /// The pages from the first segment to the last, before the load bias. `None` is impossible for a parsed file.
    fn range(&self) -> Option<Range<u64>> {
        Some(self.segments.first()?.pages().start..self.segments.last()?.pages().end)
    }

    /// The pages from the first segment to the last, before the load bias.
    #[must_use]
    pub fn pages(&self) -> Range<u64> {
        self.range().unwrap_or(0..0)
    }

    fn add_segment(&mut self, from: &ProgramHeader, length: u64, headers_offset: u64) -> Result<(), ElfError> {
        let malformed = |what| Err(ElfError::Malformed { what });
        if from.p_filesz > from.p_memsz {
            return malformed("a segment is larger in the file than in memory");
        }
        if from.p_offset.checked_add(from.p_filesz).is_none_or(|end| end > length) {
            return Err(ElfError::Truncated { what: "a segment" });
        }
        if from.p_memsz == 0 {
            return Ok(());
        }
        let limit = if self.is_32 { TOP_A32 } else { ADDRESS_LIMIT };
        if from.p_vaddr.checked_add(from.p_memsz).is_none_or(|end| end > limit) {
            return malformed("a segment is outside of the address space");
        }
        if from.p_align > 1 && !from.p_align.is_power_of_two() {
            return malformed("a segment's alignment is not a power of two");
        }
        if from.p_filesz != 0 && from.p_vaddr % PAGE_SIZE != from.p_offset % PAGE_SIZE {
            return malformed("a segment's address and its place in the file are not congruent");
        }
        if self.segments.last().is_some_and(|last| last.end() > from.p_vaddr) {
            return malformed("its segments overlap, or are not in the order of their addresses");
        }
        if from.p_align <= ALIGNMENT_LIMIT {
            self.alignment = self.alignment.max(from.p_align);
        }
        let file = from.p_offset..from.p_offset + from.p_filesz;
        if file.contains(&headers_offset) {
            self.program_headers = from.p_vaddr + (headers_offset - from.p_offset);
        }
        let flag = |set: u32, protection: u32| if from.p_flags & set != 0 { protection } else { 0 };
        self.segments.push(Segment {
            address: from.p_vaddr,
            memory_size: from.p_memsz,
            offset: from.p_offset,
            file_size: from.p_filesz,
            protection: flag(PF_R, 1) | flag(PF_W, 2) | flag(PF_X, 4),
        });
        Ok(())
    }
}

/// The processor-specific flags of an AArch32 file.
fn check_flags(flags: u32) -> Result<(), ElfError> {
    if flags & BE8 != 0 {
        return Err(ElfError::BigEndian);
    }
    if flags & EABI_MASK < EABI_4 {
        return Err(ElfError::OldAbi);
    }
    Ok(())
}

/// The header and the program headers of a little-endian file.
pub(crate) fn headers(source: &(impl Source + ?Sized)) -> Result<(Header, Vec<ProgramHeader>), ElfError> {
    let undecodable = |_| ElfError::Malformed {
        what: "its headers cannot be decoded",
    };
    // An ELF32 header is shorter, but no program ends behind it.
    let bytes = read(source, 0, HEADER_SIZE as u64, "the ELF header")?;
    let header = goblin::elf::Elf::parse_header(&bytes).map_err(undecodable)?;
    if header.e_phnum == 0 {
        return Err(ElfError::Malformed {
            what: "it has no program headers",
        });
    }
    let context = context(&header);
    let entry_size = match context.container {
        Container::Big => PROGRAM_HEADER_SIZE,
        Container::Little => PROGRAM_HEADER_SIZE_32,
    };
    if usize::from(header.e_phentsize) != entry_size {
        return Err(ElfError::Malformed {
            what: "the size of its program headers is wrong",
        });
    }
    let count = usize::from(header.e_phnum);
    let size = count * entry_size;
    if size > PROGRAM_HEADERS_LIMIT {
        return Err(ElfError::Malformed {
            what: "it has too many program headers",
        });
    }
    let bytes = read(source, header.e_phoff, size as u64, "the program header table")?;
    let program_headers = ProgramHeader::parse(&bytes, 0, count, context).map_err(undecodable)?;
    Ok((header, program_headers))
}

/// The path in PT_INTERP.
pub(crate) fn interpreter(source: &(impl Source + ?Sized), from: &ProgramHeader) -> Result<PathBuf, ElfError> {
    debug_assert_eq!(from.p_type, program_header::PT_INTERP);
    if !(2..=PATH_LIMIT).contains(&from.p_filesz) {
        return Err(ElfError::Malformed {
            what: "the length of its interpreter's path is wrong",
        });
    }
    let mut path = read(source, from.p_offset, from.p_filesz, "the interpreter's path")?;
    if path.pop() != Some(0) {
        return Err(ElfError::Malformed {
            what: "its interpreter's path does not end",
        });
    }
    path.truncate(path.iter().position(|&byte| byte == 0).unwrap_or(path.len()));
    Ok(OsString::from_vec(path).into())
}
