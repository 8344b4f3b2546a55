//! A small valid AArch64 program, made by hand, for tests to load and to spoil.
#![allow(dead_code, reason = "each test file uses a part of it")]

/// Offsets in the ELF header and in a program header.
pub const E_TYPE: usize = 16;
pub const E_MACHINE: usize = 18;
pub const E_PHOFF: usize = 32;
pub const E_PHENTSIZE: usize = 54;
pub const E_PHNUM: usize = 56;
pub const P_OFFSET: usize = 8;
pub const P_VADDR: usize = 16;
pub const P_FILESZ: usize = 32;
pub const P_MEMSZ: usize = 40;
pub const P_ALIGN: usize = 48;

/// Where program header `n` is.
pub fn program_header(n: usize) -> usize {
    64 + 56 * n
}

pub fn put(bytes: &mut [u8], at: usize, value: u64, size: usize) {
    bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
}

/// What [`program`] can vary.
#[derive(Clone, Copy, Default)]
pub struct Shape<'a> {
    pub position_independent: bool,
    pub interpreter: Option<&'a str>,
    pub executable_stack: bool,
    pub alignment: u64,
}

/// Where the first segment is, unless the program is position-independent.
pub const CODE: u64 = 0x40_0000;
/// Distance of the data from the code: a hole lies between them.
pub const DATA: u64 = 0x1_1000;
/// Bytes of data in the file, and in memory.
pub const DATA_FILE: u64 = 0x123;
pub const DATA_MEMORY: u64 = 0x3000;
/// Distance of the entry, which is the function `start`, from the code.
pub const ENTRY: u64 = 0x800;

/// Two segments (a page of code; data and bss), PT_GNU_STACK, notes, symbols, perhaps an interpreter.
pub fn program(shape: Shape) -> Vec<u8> {
    let mut out = vec![0u8; 0x1000];
    let base = if shape.position_independent { 0 } else { CODE };
    out[..16].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    put(&mut out, E_TYPE, if shape.position_independent { 3 } else { 2 }, 2);
    put(&mut out, E_MACHINE, 183, 2);
    put(&mut out, 20, 1, 4);
    put(&mut out, 24, base + ENTRY, 8);
    put(&mut out, E_PHOFF, 64, 8);
    put(&mut out, 52, 64, 2);
    put(&mut out, E_PHENTSIZE, 56, 2);
    put(&mut out, 58, 64, 2);

    // Code at ENTRY: MOV X8, #94; SVC #0.
    put(&mut out, ENTRY as usize, 0xd280_0bc8, 4);
    put(&mut out, ENTRY as usize + 4, 0xd400_0001, 4);
    // Notes: an ABI tag (Linux 3.7.0) and a build-id.
    let mut notes = Vec::new();
    for (kind, description) in [
        (1u32, &[0u8, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0][..]),
        (3, &[0xab, 0xcd, 0xef, 1]),
    ] {
        notes.extend_from_slice(&4u32.to_le_bytes());
        notes.extend_from_slice(&(description.len() as u32).to_le_bytes());
        notes.extend_from_slice(&kind.to_le_bytes());
        notes.extend_from_slice(b"GNU\0");
        notes.extend_from_slice(description);
    }
    out[0x600..0x600 + notes.len()].copy_from_slice(&notes);
    if let Some(path) = shape.interpreter {
        out[0x700..0x700 + path.len()].copy_from_slice(path.as_bytes());
    }

    // The data, then what is only in the file: symbols, their names, section headers.
    out.extend((0..DATA_FILE).map(|n| n as u8 | 1));
    out.resize(0x2000, 0xee);
    let names = b"\0start\0data\0";
    for (name, info, value, size) in [(0, 0, 0, 0), (1, 0x12, base + ENTRY, 8), (7, 0x11, base + DATA, 16u64)] {
        let at = out.len();
        out.resize(at + 24, 0);
        put(&mut out, at, name, 4);
        out[at + 4] = info;
        put(&mut out, at + 6, u64::from(value != 0), 2);
        put(&mut out, at + 8, value, 8);
        put(&mut out, at + 16, size, 8);
    }
    let strings = out.len();
    out.extend_from_slice(names);
    out.resize(0x2080, 0);
    put(&mut out, 40, 0x2080, 8);
    put(&mut out, 60, 3, 2);
    for (kind, offset, size, link, entry) in [
        (0u64, 0u64, 0u64, 0u64, 0u64),
        (2, 0x2000, 72, 2, 24),
        (3, strings as u64, names.len() as u64, 0, 0),
    ] {
        let at = out.len();
        out.resize(at + 64, 0);
        put(&mut out, at + 4, kind, 4);
        put(&mut out, at + 24, offset, 8);
        put(&mut out, at + 32, size, 8);
        put(&mut out, at + 40, link, 4);
        put(&mut out, at + 56, entry, 8);
    }

    let stack_flags = if shape.executable_stack { 7 } else { 6 };
    let alignment = shape.alignment.max(0x1000);
    // Type, flags, offset, address, size in the file and in memory, alignment.
    let mut headers = vec![
        [1, 5, 0, base, 0x1000, 0x1000, alignment],
        [1, 6, 0x1000, base + DATA, DATA_FILE, DATA_MEMORY, alignment],
        [0x6474_e551, stack_flags, 0, 0, 0, 0, 16],
        [4, 4, 0x600, base + 0x600, notes.len() as u64, notes.len() as u64, 4],
    ];
    if let Some(path) = shape.interpreter {
        let size = path.len() as u64 + 1;
        headers.push([3, 4, 0x700, base + 0x700, size, size, 1]);
    }
    put(&mut out, E_PHNUM, headers.len() as u64, 2);
    for (n, [kind, flags, offset, address, file, memory, align]) in headers.into_iter().enumerate() {
        let at = program_header(n);
        put(&mut out, at, kind, 4);
        put(&mut out, at + 4, flags, 4);
        put(&mut out, at + P_OFFSET, offset, 8);
        put(&mut out, at + P_VADDR, address, 8);
        put(&mut out, at + 24, address, 8);
        put(&mut out, at + P_FILESZ, file, 8);
        put(&mut out, at + P_MEMSZ, memory, 8);
        put(&mut out, at + P_ALIGN, align, 8);
    }
    out
}
