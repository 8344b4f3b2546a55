//! The vDSO of AArch32 programs: as [`crate::vdso`], a small ELF32 object with the functions of arm Linux that tell the time, and with the
//! trampolines of signal handlers (which arm Linux has in a page of their own).

use goblin::elf::header::{EM_ARM, ET_DYN};

use crate::helpers::TRAMPOLINES;
use crate::vdso::{Bytes, Object, SONAME, hash, strings};

/// The version of all its symbols.
const VERSION: &str = "LINUX_2.6";

/// A function and the number of the system call that it makes.
const FUNCTIONS: [(&str, u32); 4] = [
    ("__vdso_gettimeofday", 78),
    ("__vdso_clock_gettime", 263),
    ("__vdso_clock_getres", 264),
    ("__vdso_clock_gettime64", 403),
];

/// The code of a function that makes the system call of that number, below 1024. It has no constant in memory, so that a translator sees the number.
const fn code(number: u32) -> [u32; 6] {
    [
        0xe52d_7004,               // push {r7}
        0xe3a0_7f00 | number >> 2, // mov r7, #number & ~3
        0xe387_7000 | number & 3,  // orr r7, r7, #number & 3
        0xef00_0000,               // svc #0
        0xe49d_7004,               // pop {r7}
        0xe12f_ff1e,               // bx lr
    ]
}

/// EF_ARM_EABI_VER5.
const FLAGS: u32 = 0x0500_0000;

/// Builds the object.
#[must_use]
pub fn build() -> Object {
    const HEADERS: usize = 52 + 2 * 32;
    /// st_info: STB_GLOBAL, STT_FUNC.
    const GLOBAL_FUNCTION: u8 = 1 << 4 | 2;
    /// Anything but 0 (SHN_UNDEF).
    const SECTION: u16 = 1;
    const OUR_VERSION: u16 = 2;

    let mut out = Bytes(vec![0; HEADERS]);
    let trampolines = out.align(16);
    for word in TRAMPOLINES {
        out.word(word);
    }
    let mut functions = Vec::new();
    for (_, number) in FUNCTIONS {
        let start = out.align(32);
        let code = code(number);
        for word in code {
            out.word(word);
        }
        functions.push((start as u32, 4 * code.len() as u32));
    }

    let names: Vec<&str> = FUNCTIONS
        .iter()
        .map(|function| function.0)
        .chain([SONAME, VERSION])
        .collect();
    let (table, name_offsets) = strings(&names);
    let (soname, version) = (name_offsets[FUNCTIONS.len()], name_offsets[FUNCTIONS.len() + 1]);
    let dynstr = out.align(4) as u32;
    out.0.extend_from_slice(&table);

    // Elf32_Sym: name, value, size, info, other, section. The first is empty.
    let dynsym = out.align(4) as u32;
    out.0.extend_from_slice(&[0; 16]);
    for (&name, &(start, size)) in name_offsets.iter().zip(&functions) {
        out.word(name).word(start).word(size);
        out.0.extend_from_slice(&[GLOBAL_FUNCTION, 0]);
        out.half(SECTION);
    }

    // DT_HASH with one bucket: a chain through all symbols.
    let count = FUNCTIONS.len() as u32;
    let hash_table = out.align(4) as u32;
    out.word(1).word(count + 1).word(1).word(0);
    for symbol in 1..=count {
        out.word(if symbol == count { 0 } else { symbol + 1 });
    }

    let versym = out.align(4) as u32;
    out.half(0);
    for _ in FUNCTIONS {
        out.half(OUR_VERSION);
    }

    // Elf32_Verdef is the same as Elf64_Verdef.
    let verdef = out.align(4) as u32;
    out.half(1).half(1).half(1).half(1).word(hash(SONAME)).word(20).word(28);
    out.word(soname).word(0);
    out.half(1)
        .half(0)
        .half(OUR_VERSION)
        .half(1)
        .word(hash(VERSION))
        .word(20)
        .word(0);
    out.word(version).word(0);

    let dynamic = out.align(4) as u32;
    for (tag, value) in [
        (4, hash_table),          // DT_HASH
        (5, dynstr),              // DT_STRTAB
        (6, dynsym),              // DT_SYMTAB
        (10, table.len() as u32), // DT_STRSZ
        (11, 16),                 // DT_SYMENT
        (14, soname),             // DT_SONAME
        (0x6fff_fff0, versym),    // DT_VERSYM
        (0x6fff_fffc, verdef),    // DT_VERDEF
        (0x6fff_fffd, 2),         // DT_VERDEFNUM
        (0, 0),
    ] {
        out.word(tag).word(value);
    }
    let end = out.0.len() as u32;
    out.0[..HEADERS].copy_from_slice(&elf_headers(end, dynamic));
    let offset = |index: usize| u64::from(functions[index].0);
    Object {
        bytes: out.0,
        offsets: [trampolines, offset(0), offset(1), offset(2)],
        clock_gettime64: Some(offset(3)),
    }
}

/// The ELF header, a PT_LOAD of `end` bytes and a PT_DYNAMIC from `dynamic` to `end`.
fn elf_headers(end: u32, dynamic: u32) -> Vec<u8> {
    let mut out = Bytes::default();
    // 32-bit, little-endian, version 1.
    out.0.extend_from_slice(b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    out.half(ET_DYN).half(EM_ARM).word(1);
    // Entry, program headers, section headers, flags.
    out.word(0).word(52).word(0).word(FLAGS);
    // Sizes and counts: this header, program headers, section headers.
    out.half(52).half(32).half(2).half(0).half(0).half(0);
    for (kind, flags, start, alignment) in [(1, 5, 0, 4096), (2, 4, dynamic, 4)] {
        // Offset, virtual and physical address, size in the file and in memory, flags, alignment.
        out.word(kind).word(start).word(start).word(start);
        out.word(end - start).word(end - start).word(flags).word(alignment);
    }
    out.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elf;

    #[test]
    fn goblin_and_our_own_parser_read_it() {
        let object = build();
        assert!(object.bytes.len() < 4096);
        let elf = Elf::parse(object.bytes.as_slice()).unwrap();
        assert!(elf.is_32 && !elf.hard_float);
        assert_eq!(elf.segments[0].protection, 5);
        let elf = goblin::elf::Elf::parse(&object.bytes).unwrap();
        assert_eq!(elf.soname, Some(SONAME));
        let vdso = object.at(0x1000);
        let expected = [
            ("__vdso_gettimeofday", vdso.gettimeofday),
            ("__vdso_clock_gettime", vdso.clock_gettime),
            ("__vdso_clock_getres", vdso.clock_getres),
            ("__vdso_clock_gettime64", vdso.clock_gettime64.unwrap()),
        ];
        let found: Vec<(&str, u64)> = elf
            .dynsyms
            .iter()
            .skip(1)
            .map(|symbol| (elf.dynstrtab.get_at(symbol.st_name).unwrap(), symbol.st_value + 0x1000))
            .collect();
        assert_eq!(found, expected);
        // The version that glibc and musl look for, by its hash.
        assert_eq!(hash(VERSION), 61_765_110);
        // The constants of the code make the number of the call: an immediate shifted left by two, and two bits.
        for (function, number) in [(vdso.clock_gettime, 263), (vdso.clock_gettime64.unwrap(), 403)] {
            let word = |index: usize| {
                let at = function as usize - 0x1000 + 4 * index;
                u32::from_le_bytes(object.bytes[at..at + 4].try_into().unwrap())
            };
            assert_eq!((word(1) & 0xff) << 2 | word(2) & 0xff, number);
        }
    }
}
