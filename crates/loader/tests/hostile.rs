//! Files that are broken, by accident or on purpose: a sentence for each kind, and for thousands of mutations no
//! panic, no hang and no large allocation. Pure parsing: nothing is mapped.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use armlet_loader::{Elf, ElfError, Info, Symbols, vdso};
use common::{E_MACHINE, E_PHENTSIZE, E_PHNUM, E_PHOFF, E_TYPE, P_ALIGN, P_FILESZ, P_MEMSZ, P_OFFSET, P_VADDR, Shape};
use common::{program_header, put};

/// The system's allocator, noting the largest single allocation.
struct Noting;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Noting = Noting;

/// Everything that reads a file; returns what the parser for loading says.
fn read_all(bytes: &[u8]) -> Result<Elf, ElfError> {
    let symbols = Symbols::read(bytes);
    let _ = symbols.lookup(common::CODE + common::ENTRY);
    if let Ok(info) = Info::read(bytes) {
        let _ = info.to_string();
    }
    let parsed = Elf::parse(bytes);
    if let Ok(elf) = &parsed {
        // What mapping relies on.
        assert!(!elf.segments.is_empty() && elf.alignment.is_power_of_two());
        let mut end = 0;
        for segment in &elf.segments {
            assert!(segment.address >= end && segment.file_size <= segment.memory_size);
            assert!(segment.offset + segment.file_size <= bytes.len() as u64);
            end = segment.end();
        }
        assert!(end <= armlet_memory::ADDRESS_LIMIT && elf.pages().end - elf.pages().start <= 64 << 30);
    }
    parsed
}

/// xorshift64*: a fixed sequence.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn subjects() -> [Vec<u8>; 3] {
    let dynamic = Shape {
        position_independent: true,
        interpreter: Some("/lib/ld.so"),
        ..Shape::default()
    };
    [
        common::program(Shape::default()),
        common::program(dynamic),
        vdso::build().bytes,
    ]
}

#[test]
fn the_subjects_are_valid() {
    for subject in subjects() {
        read_all(&subject).unwrap();
    }
    let [program, dynamic, vdso] = subjects();
    assert_eq!(
        Elf::parse(dynamic.as_slice()).unwrap().interpreter.unwrap().to_str(),
        Some("/lib/ld.so")
    );
    let info = Info::read(program.as_slice()).unwrap();
    assert_eq!((info.functions, info.kernel), (1, Some((3, 7, 0))));
    assert_eq!(info.build_id, [0xab, 0xcd, 0xef, 1]);
    assert!(info.to_string().contains("build-id     abcdef01\n"), "{info}");
    assert!(Info::read(vdso.as_slice()).unwrap().dynamic);
}

#[test]
fn truncated_at_every_length() {
    for subject in subjects() {
        // Behind the last segment there are only symbols and section headers.
        let needed = Elf::parse(subject.as_slice())
            .unwrap()
            .segments
            .iter()
            .map(|s| s.offset + s.file_size)
            .max();
        for length in 0..subject.len() {
            let result = read_all(&subject[..length]);
            assert_eq!(result.is_ok(), length as u64 >= needed.unwrap(), "{length}: {result:?}");
        }
    }
    assert!(LARGEST.load(Ordering::Relaxed) < 64 << 20);
}

#[test]
fn mutations() {
    const INTERESTING: [u64; 12] = [
        0,
        1,
        0x7f,
        0xff,
        0x7fff,
        0xffff,
        0x7fff_ffff,
        0xffff_ffff,
        0x7fff_ffff_ffff_f000,
        u64::MAX,
        u64::MAX - 0xfff,
        1 << 47,
    ];
    let mut random = Random(0x5eed_0000_0000_0001);
    for subject in subjects() {
        // Where the structures are: mutations elsewhere would change nothing.
        let places: Vec<usize> = (0..0x200)
            .chain(0x600..0x740)
            .chain(0x2000..subject.len())
            .filter(|&at| at + 8 <= subject.len())
            .collect();
        for _ in 0..20_000 {
            let mut bytes = subject.clone();
            for _ in 0..=random.below(4) {
                let at = places[random.below(places.len())];
                match random.below(4) {
                    0 => bytes[at] ^= 1 << random.below(8),
                    1 => bytes[at] = random.next() as u8,
                    2 => put(&mut bytes, at & !7, INTERESTING[random.below(INTERESTING.len())], 8),
                    _ => put(&mut bytes, at & !3, INTERESTING[random.below(INTERESTING.len())], 4),
                }
            }
            if random.below(8) == 0 {
                bytes.truncate(random.below(subject.len()));
            }
            let _ = read_all(&bytes);
        }
    }
    // Random bytes behind a right beginning.
    for _ in 0..5_000 {
        let mut bytes: Vec<u8> = (0..random.below(1000)).map(|_| random.next() as u8).collect();
        let front = &subjects()[0][..20];
        let length = bytes.len().min(front.len());
        bytes[..length].copy_from_slice(&front[..length]);
        let _ = read_all(&bytes);
    }
    assert!(LARGEST.load(Ordering::Relaxed) < 64 << 20);
}

/// The error's text for the small program after `spoil`.
fn text(spoil: impl Fn(&mut Vec<u8>)) -> String {
    let mut bytes = common::program(Shape {
        interpreter: Some("/lib/ld.so"),
        ..Shape::default()
    });
    spoil(&mut bytes);
    read_all(&bytes).expect_err("a spoilt file is taken").to_string()
}

#[test]
fn a_sentence_for_each() {
    let machine = |number| text(move |bytes| put(bytes, E_MACHINE, number, 2));
    assert_eq!(machine(62), "this is an x86-64 program; run it directly");
    assert_eq!(
        machine(243),
        "a program for RISC-V, not for ARM; use an emulator of that processor"
    );
    assert_eq!(
        machine(8),
        "a program for MIPS, not for ARM; use an emulator of that processor"
    );
    assert!(machine(777).contains("777"));
    let wide_32 = text(|bytes| put(bytes, E_MACHINE, 40, 2));
    assert!(
        wide_32.starts_with("malformed ELF file: a 64-bit file for AArch32"),
        "{wide_32}"
    );
    // The header of an AArch32 program: its flags are at 36, its program headers (two bytes of their size) at 42.
    let flags_32 = |flags| {
        text(move |bytes| {
            bytes[4] = 1;
            put(bytes, E_MACHINE, 40, 2);
            put(bytes, 28, 52, 4);
            put(bytes, 36, flags, 4);
            put(bytes, 42, 32, 2);
            put(bytes, 44, 1, 2);
        })
    };
    assert!(flags_32(0).starts_with("a program for the old ABI"), "{}", flags_32(0));
    assert!(
        flags_32(0x0580_0000).starts_with("a big-endian ARM program"),
        "{}",
        flags_32(0x0580_0000)
    );
    let big = text(|bytes| {
        bytes[5] = 2;
        bytes[E_MACHINE..E_MACHINE + 2].copy_from_slice(&183u16.to_be_bytes());
    });
    assert!(big.starts_with("a big-endian ARM program"), "{big}");
    assert!(text(|bytes| bytes[0] = 0).starts_with("not an ELF program"));
    assert!(text(|bytes| bytes[..2].copy_from_slice(b"#!")).starts_with("a script"));
    assert!(text(|bytes| bytes.clear()).starts_with("not an ELF program"));
    assert!(text(|bytes| bytes.truncate(30)).starts_with("truncated: the ELF header"));
    assert!(text(|bytes| bytes.truncate(100)).starts_with("truncated: the program header table"));
    assert!(text(|bytes| bytes.truncate(0x1080)).starts_with("truncated: a segment"));
    assert!(text(|bytes| put(bytes, E_TYPE, 1, 2)).starts_with("an object file, not a program; link it first"));
    assert!(text(|bytes| put(bytes, E_TYPE, 4, 2)).starts_with("a core dump"));
    assert!(text(|bytes| put(bytes, E_TYPE, 9, 2)).contains("type"));

    let malformed = |what: &str, spoil: &dyn Fn(&mut Vec<u8>)| {
        let text = text(spoil);
        assert!(
            text.starts_with("malformed ELF file: ") && text.contains(what),
            "{what}: {text}"
        );
    };
    let first = program_header(0);
    let second = program_header(1);
    let interpreter = program_header(4);
    malformed("class", &|bytes| bytes[4] = 3);
    malformed("byte order", &|bytes| bytes[5] = 0);
    malformed("ILP32", &|bytes| bytes[4] = 1);
    malformed("no program headers", &|bytes| put(bytes, E_PHNUM, 0, 2));
    malformed("too many", &|bytes| put(bytes, E_PHNUM, 0xffff, 2));
    malformed("size of its program headers", &|bytes| put(bytes, E_PHENTSIZE, 57, 2));
    malformed("no segment", &|bytes| {
        [first, second].iter().for_each(|&at| put(bytes, at, 4, 4))
    });
    malformed("larger in the file", &|bytes| put(bytes, second + P_MEMSZ, 1, 8));
    malformed("power of two", &|bytes| put(bytes, second + P_ALIGN, 3, 8));
    malformed("congruent", &|bytes| put(bytes, second + P_OFFSET, 0x1001, 8));
    malformed("overlap", &|bytes| put(bytes, second + P_VADDR, common::CODE, 8));
    malformed("outside", &|bytes| put(bytes, second + P_VADDR, 0x7fff_ffff_f000, 8));
    malformed("outside", &|bytes| put(bytes, second + P_VADDR, u64::MAX - 0xfff, 8));
    malformed("interpreter", &|bytes| put(bytes, interpreter + P_FILESZ, 1, 8));
    malformed("does not end", &|bytes| put(bytes, interpreter + P_FILESZ, 3, 8));
    assert!(text(|bytes| put(bytes, E_PHOFF, u64::MAX - 8, 8)).starts_with("truncated"));
    assert!(text(|bytes| put(bytes, first + P_OFFSET, u64::MAX - 0xfff, 8)).starts_with("truncated"));
    let large = text(|bytes| put(bytes, second + P_MEMSZ, 65 << 30, 8));
    assert!(large.contains("66 GiB") && large.contains("64 GiB"), "{large}");
}
