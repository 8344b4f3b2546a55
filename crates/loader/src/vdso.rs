//! The vDSO: a small shared object that the kernel maps into every process, with the code that returns from signal
//! handlers and functions that tell the time. Built here from nothing: an ELF header, a load and a dynamic segment,
//! four symbols with their version, and the code, which makes the system call of the same name.
//!
//! The layout is that of any small shared object, so that the parsers of musl (DT_HASH, DT_VERSYM, DT_VERDEF) and of
//! glibc, debuggers and unwinders (which know the return from a signal by its two instructions) read it as they read
//! the kernel's.
//!
//! An engine may recognise the entry points (the fields of [`Vdso`]) and run something faster in their place.

use goblin::elf::header::{EM_AARCH64, ET_DYN};

/// The name of the object (DT_SONAME).
pub(crate) const SONAME: &str = "linux-vdso.so.1";
/// The version of all its symbols.
const VERSION: &str = "LINUX_2.6.39";

/// A function of the vDSO and the arm64 number of the system call that it makes.
const FUNCTIONS: [(&str, u16); 4] = [
    ("__kernel_rt_sigreturn", 139),
    ("__kernel_gettimeofday", 169),
    ("__kernel_clock_gettime", 113),
    ("__kernel_clock_getres", 114),
];

/// `NOP`.
const NOP: u32 = 0xd503_201f;
/// `SVC #0`.
const SVC: u32 = 0xd400_0001;
/// `RET`.
const RET: u32 = 0xd65f_03c0;

/// `MOV X8, #number`.
const fn mov_x8(number: u16) -> u32 {
    0xd280_0008 | (number as u32) << 5
}

/// Where the functions are, once the object is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vdso {
    /// Where the object begins: AT_SYSINFO_EHDR.
    pub base: u64,
    /// `__kernel_rt_sigreturn`: the return address of signal handlers without `SA_RESTORER`.
    pub sigreturn: u64,
    /// `__kernel_gettimeofday`.
    pub gettimeofday: u64,
    /// `__kernel_clock_gettime`.
    pub clock_gettime: u64,
    /// `__kernel_clock_getres`.
    pub clock_getres: u64,
    /// `__vdso_clock_gettime64`, which only AArch32 has.
    pub clock_gettime64: Option<u64>,
}

/// The file, and the offsets of its functions from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The bytes, less than a page.
    pub bytes: Vec<u8>,
    pub(crate) offsets: [u64; FUNCTIONS.len()],
    pub(crate) clock_gettime64: Option<u64>,
}

impl Object {
    /// The addresses of the functions if the object is at `base`.
    #[must_use]
    pub fn at(&self, base: u64) -> Vdso {
        let [sigreturn, gettimeofday, clock_gettime, clock_getres] = self.offsets.map(|offset| base + offset);
        Vdso {
            base,
            sigreturn,
            gettimeofday,
            clock_gettime,
            clock_getres,
            clock_gettime64: self.clock_gettime64.map(|offset| base + offset),
        }
    }
}

/// Bytes with an end that grows by aligned parts.
#[derive(Default)]
pub(crate) struct Bytes(pub Vec<u8>);

impl Bytes {
    pub fn align(&mut self, to: usize) -> u64 {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
        self.0.len() as u64
    }

    pub fn half(&mut self, value: u16) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub fn word(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn xword(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }
}

/// The hash function of the System V ABI, for DT_HASH and for versions.
pub(crate) fn hash(name: &str) -> u32 {
    name.bytes().fold(0u32, |hash, byte| {
        let hash = (hash << 4).wrapping_add(byte.into());
        let high = hash & 0xf000_0000;
        (hash ^ high >> 24) & !high
    })
}

/// The string table: its bytes, and the offset of each string given.
pub(crate) fn strings(names: &[&str]) -> (Vec<u8>, Vec<u32>) {
    let mut table = vec![0];
    let offsets = names
        .iter()
        .map(|name| {
            let at = table.len() as u32;
            table.extend_from_slice(name.as_bytes());
            table.push(0);
            at
        })
        .collect();
    (table, offsets)
}

/// Builds the object.
#[must_use]
pub fn build() -> Object {
    const HEADERS: usize = 64 + 2 * 56;
    /// st_info: STB_GLOBAL, STT_FUNC.
    const GLOBAL_FUNCTION: u8 = 1 << 4 | 2;
    /// The index of the section that symbols are said to be in. There are no section headers; it must only not be 0
    /// (SHN_UNDEF).
    const SECTION: u16 = 1;
    /// Version indices: 1 is the object itself, 2 is [`VERSION`].
    const BASE_VERSION: u16 = 1;
    const OUR_VERSION: u16 = 2;

    let mut out = Bytes(vec![0; HEADERS]);

    // The code, first, because the symbols need its addresses. Signal handlers return to the function's start, while
    // an unwinder looks one instruction before a return address: that must not belong to anything else.
    out.align(16);
    out.word(NOP);
    let mut functions = Vec::new();
    for (name, number) in FUNCTIONS {
        let start = out.align(4);
        out.word(mov_x8(number)).word(SVC);
        if name != FUNCTIONS[0].0 {
            out.word(RET);
        }
        functions.push((start, out.0.len() as u64 - start));
        // Room, so that an engine can tell the functions apart by their cache line if it wants to.
        out.align(16);
    }

    let names: Vec<&str> = FUNCTIONS
        .iter()
        .map(|function| function.0)
        .chain([SONAME, VERSION])
        .collect();
    let (table, name_offsets) = strings(&names);
    let (soname, version) = (name_offsets[FUNCTIONS.len()], name_offsets[FUNCTIONS.len() + 1]);
    let dynstr = out.align(8);
    out.0.extend_from_slice(&table);

    // Elf64_Sym: name, info, other, section, value, size. The first is empty.
    let dynsym = out.align(8);
    out.0.extend_from_slice(&[0; 24]);
    for (&name, &(start, size)) in name_offsets.iter().zip(&functions) {
        out.word(name);
        out.0.extend_from_slice(&[GLOBAL_FUNCTION, 0]);
        out.half(SECTION).xword(start).xword(size);
    }

    // DT_HASH with one bucket: a chain through all symbols.
    let count = FUNCTIONS.len() as u32;
    let hash_table = out.align(8);
    out.word(1).word(count + 1).word(1).word(0);
    for symbol in 1..=count {
        out.word(if symbol == count { 0 } else { symbol + 1 });
    }

    // A version for each symbol; the empty one is local.
    let versym = out.align(8);
    out.half(0);
    for _ in FUNCTIONS {
        out.half(OUR_VERSION);
    }

    // Elf64_Verdef: version 1, flags, index, one name, hash, offset of the name (Elf64_Verdaux: string, next), next.
    let verdef = out.align(8);
    const VER_FLG_BASE: u16 = 1;
    out.half(1)
        .half(VER_FLG_BASE)
        .half(BASE_VERSION)
        .half(1)
        .word(hash(SONAME))
        .word(20)
        .word(28);
    out.word(soname).word(0);
    out.half(1)
        .half(0)
        .half(OUR_VERSION)
        .half(1)
        .word(hash(VERSION))
        .word(20)
        .word(0);
    out.word(version).word(0);

    let dynamic = out.align(8);
    const DT_NULL: u64 = 0;
    const DT_HASH: u64 = 4;
    const DT_STRTAB: u64 = 5;
    const DT_SYMTAB: u64 = 6;
    const DT_STRSZ: u64 = 10;
    const DT_SYMENT: u64 = 11;
    const DT_SONAME: u64 = 14;
    const DT_VERSYM: u64 = 0x6fff_fff0;
    const DT_VERDEF: u64 = 0x6fff_fffc;
    const DT_VERDEFNUM: u64 = 0x6fff_fffd;
    for (tag, value) in [
        (DT_HASH, hash_table),
        (DT_STRTAB, dynstr),
        (DT_SYMTAB, dynsym),
        (DT_STRSZ, table.len() as u64),
        (DT_SYMENT, 24),
        (DT_SONAME, u64::from(soname)),
        (DT_VERSYM, versym),
        (DT_VERDEF, verdef),
        (DT_VERDEFNUM, 2),
        (DT_NULL, 0),
    ] {
        out.xword(tag).xword(value);
    }
    let end = out.0.len() as u64;

    let headers = elf_headers(end, dynamic);
    out.0[..HEADERS].copy_from_slice(&headers);
    let offset = |index: usize| functions[index].0;
    Object {
        bytes: out.0,
        offsets: std::array::from_fn(offset),
        clock_gettime64: None,
    }
}

/// The ELF header, a PT_LOAD of `end` bytes and a PT_DYNAMIC from `dynamic` to `end`.
fn elf_headers(end: u64, dynamic: u64) -> Vec<u8> {
    let mut out = Bytes::default();
    // 64-bit, little-endian, version 1.
    out.0.extend_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    out.half(ET_DYN).half(EM_AARCH64).word(1);
    // Entry, program headers, section headers, flags.
    out.xword(0).xword(64).xword(0).word(0);
    // Sizes and counts: this header, program headers, section headers.
    out.half(64).half(56).half(2).half(0).half(0).half(0);
    const PT_LOAD: u32 = 1;
    const PT_DYNAMIC: u32 = 2;
    for (kind, flags, start, alignment) in [(PT_LOAD, 5, 0, 4096), (PT_DYNAMIC, 4, dynamic, 8)] {
        // Offset, virtual and physical address are equal; so are the sizes in the file and in memory.
        out.word(kind).word(flags).xword(start).xword(start).xword(start);
        out.xword(end - start).xword(end - start).xword(alignment);
    }
    out.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elf;

    #[test]
    fn the_hash_is_the_one_that_libraries_expect() {
        // What glibc has written out for these versions.
        assert_eq!(hash("LINUX_2.6.39"), 123_718_537);
        assert_eq!(hash("LINUX_2.6"), 61_765_110);
    }

    #[test]
    fn goblin_and_our_own_parser_read_it() {
        let object = build();
        assert!(object.bytes.len() < 4096);
        let elf = Elf::parse(object.bytes.as_slice()).unwrap();
        assert_eq!(elf.segments.len(), 1);
        assert_eq!(elf.segments[0].protection, 5);

        let elf = goblin::elf::Elf::parse(&object.bytes).unwrap();
        assert_eq!(elf.soname, Some(SONAME));
        let vdso = object.at(0x1000);
        let expected = [
            ("__kernel_rt_sigreturn", vdso.sigreturn),
            ("__kernel_gettimeofday", vdso.gettimeofday),
            ("__kernel_clock_gettime", vdso.clock_gettime),
            ("__kernel_clock_getres", vdso.clock_getres),
        ];
        let found: Vec<(&str, u64)> = elf
            .dynsyms
            .iter()
            .skip(1)
            .map(|symbol| (elf.dynstrtab.get_at(symbol.st_name).unwrap(), symbol.st_value + 0x1000))
            .collect();
        assert_eq!(found, expected);
    }

    /// Finds a function as a C library does: through PT_DYNAMIC, the number of symbols in DT_HASH, and the version.
    fn find(bytes: &[u8], wanted: &str, version: &str) -> Option<u64> {
        let half = |at: u64| u16::from_le_bytes(*bytes[at as usize..].first_chunk().unwrap());
        let word = |at: u64| u32::from_le_bytes(*bytes[at as usize..].first_chunk().unwrap());
        let xword = |at: u64| u64::from_le_bytes(*bytes[at as usize..].first_chunk().unwrap());
        let headers = (0..half(56).into()).map(|n: u64| xword(32) + 56 * n);
        let dynamic = xword(headers.into_iter().find(|&at| word(at) == 2).unwrap() + 8);
        let value = |tag| xword((dynamic..).step_by(16).find(|&at| xword(at) == tag).unwrap() + 8);
        let (hashes, symbols, names) = (value(4), value(6), value(5));
        let (versions, mut definition) = (value(0x6fff_fff0), value(0x6fff_fffc));
        let is = |name: u64, text: &str| {
            let rest = &bytes[(names + name) as usize..];
            rest.starts_with(text.as_bytes()) && rest[text.len()] == 0
        };
        let symbol = (0..word(hashes + 4).into()).find(|&n| is(word(symbols + 24 * n).into(), wanted))?;
        // Elf64_Verdef: the entry whose index the symbol has.
        while half(definition + 4) != half(versions + 2 * symbol) {
            assert_ne!(word(definition + 16), 0, "no definition of the symbol's version");
            definition += u64::from(word(definition + 16));
        }
        let name = word(definition + u64::from(word(definition + 12)));
        let matches = word(definition + 8) == hash(version) && is(name.into(), version);
        matches.then(|| xword(symbols + 24 * symbol + 8))
    }

    #[test]
    fn a_c_library_finds_the_functions() {
        let object = build();
        let vdso = object.at(0);
        let find = |name| find(&object.bytes, name, "LINUX_2.6.39");
        assert_eq!(find("__kernel_rt_sigreturn"), Some(vdso.sigreturn));
        assert_eq!(find("__kernel_gettimeofday"), Some(vdso.gettimeofday));
        assert_eq!(find("__kernel_clock_gettime"), Some(vdso.clock_gettime));
        assert_eq!(find("__kernel_clock_getres"), Some(vdso.clock_getres));
        assert_eq!(find("__kernel_getrandom"), None);
        assert_eq!(self::find(&object.bytes, "__kernel_clock_getres", "LINUX_2.6"), None);
    }

    #[test]
    fn the_return_from_a_signal_is_what_unwinders_look_for() {
        let object = build();
        let at = object.at(0).sigreturn as usize;
        assert_eq!(
            object.bytes[at..at + 8],
            [0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4]
        );
    }
}
