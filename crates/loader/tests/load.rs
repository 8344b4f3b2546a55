//! Programs in memory: segments, bss, the initial stack, the auxiliary vector, the vDSO, the dynamic linker.

mod common;

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use armlet_cpu::a64_features::{HWCAP, HWCAP2};
use armlet_loader::stack::at;
use armlet_loader::{Entropy, LoadError, LoadedProgram, Options, load};
use armlet_memory::{AddressSpace, PAGE_SIZE, fault, read_bytes, read_cstr, read_struct};
use common::{CODE, DATA, DATA_FILE, DATA_MEMORY, ENTRY, Shape};

/// Guests use fixed addresses: one at a time in this process.
static ONE: Mutex<()> = Mutex::new(());

/// A directory for a test's files, and an address space of its own; both are cleaned up at the end.
struct Bench {
    directory: PathBuf,
    space: AddressSpace,
    stack_limit: u64,
    _one: MutexGuard<'static, ()>,
}

impl Bench {
    fn new(randomize: bool) -> Bench {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        fault::install_fault_handler().unwrap();
        let directory = std::env::temp_dir().join(format!("armlet-load-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let stack_limit = 8 << 20;
        let layout = Entropy::Host
            .layout(armlet_loader::Addresses::Bits46, stack_limit, randomize)
            .unwrap();
        Bench {
            directory,
            space: AddressSpace::new(layout),
            stack_limit,
            _one: one,
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn load_with(
        &self,
        path: &Path,
        argv: &[&str],
        envp: &[&str],
        sysroot: Option<&Path>,
    ) -> Result<LoadedProgram, LoadError> {
        let strings = |list: &[&str]| list.iter().map(|text| CString::new(*text).unwrap()).collect::<Vec<_>>();
        let options = Options {
            path,
            file: None,
            argv: &strings(argv),
            envp: &strings(envp),
            sysroot,
            stack_limit: self.stack_limit,
            model: Default::default(),
            secure: false,
        };
        load(&self.space, options, &mut Entropy::Seed(1))
    }

    fn load(&self, bytes: &[u8]) -> Result<LoadedProgram, LoadError> {
        let path = self.write("program", bytes);
        self.load_with(&path, &["program"], &[], None)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for mapping in self.space.mappings() {
            self.space.unmap(mapping.start, mapping.length()).unwrap();
        }
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn value(program: &LoadedProgram, key: u64) -> u64 {
    let found: Vec<u64> = program
        .auxv
        .iter()
        .filter(|pair| pair.0 == key)
        .map(|pair| pair.1)
        .collect();
    assert_eq!(found.len(), 1, "auxiliary value {key}");
    found[0]
}

/// Protection of the page at `address`, as /proc/self/maps writes it; empty if nothing is mapped.
fn protection(space: &AddressSpace, address: u64) -> String {
    space
        .lookup(address)
        .map_or_else(String::new, |mapping| format!("{:?}", mapping.protection))
}

fn check_segments(bench: &Bench, program: &LoadedProgram, bytes: &[u8]) {
    let base = program.program.range().start;
    let mut code = vec![0; 0x1000];
    read_bytes(base, &mut code).unwrap();
    assert_eq!(code, bytes[..0x1000]);
    let mut data = vec![0xff; DATA_MEMORY as usize];
    read_bytes(base + DATA, &mut data).unwrap();
    assert_eq!(data[..DATA_FILE as usize], bytes[0x1000..0x1000 + DATA_FILE as usize]);
    assert!(
        data[DATA_FILE as usize..].iter().all(|&byte| byte == 0),
        "bss is not zero"
    );
    assert_eq!(protection(&bench.space, base), "r-x");
    assert_eq!(
        protection(&bench.space, base + 0x1000),
        "",
        "the hole between the segments"
    );
    assert_eq!(protection(&bench.space, base + DATA - PAGE_SIZE), "");
    assert_eq!(protection(&bench.space, base + DATA), "rw-");
    assert_eq!(protection(&bench.space, base + DATA + 2 * PAGE_SIZE), "rw-");
    assert_eq!(protection(&bench.space, base + DATA + DATA_MEMORY), "");
    assert!(
        bench.space.lookup(base).unwrap().file.is_some(),
        "code comes from the file"
    );
    let brk = bench.space.brk(0);
    assert_eq!(brk, base + DATA + DATA_MEMORY + bench.space.layout().brk_offset);
    assert_eq!(bench.space.brk(brk + 1), brk + 1);
}

#[test]
fn fixed_addresses() {
    let bench = Bench::new(false);
    let bytes = common::program(Shape::default());
    let program = bench.load(&bytes).unwrap();
    assert_eq!((program.program.bias, program.entry), (0, CODE + ENTRY));
    check_segments(&bench, &program, &bytes);
    assert_eq!(
        program
            .symbolize(CODE + ENTRY + 4)
            .map(|(name, offset, _)| (name, offset)),
        Some(("start", 4))
    );
    assert!(program.symbolize(CODE + ENTRY + 8).is_none());
    assert!(program.symbolize(0).is_none());
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let kept = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    assert!(
        !kept.into_iter().any(|path| path == program.program.path),
        "the program's file is still open"
    );
    assert_eq!(value(&program, at::PHDR), CODE + 64);
    assert_eq!(value(&program, at::ENTRY), CODE + ENTRY);
    assert_eq!(value(&program, at::BASE), 0);
}

#[test]
fn position_independent() {
    let bytes = common::program(Shape {
        position_independent: true,
        ..Shape::default()
    });
    {
        let bench = Bench::new(false);
        let program = bench.load(&bytes).unwrap();
        assert_eq!(program.program.bias, 0x2aaa_aaaa_a000);
        check_segments(&bench, &program, &bytes);
        assert_eq!(value(&program, at::PHDR), program.program.bias + 64);
    }
    let mut seen = Vec::new();
    for _ in 0..4 {
        let bench = Bench::new(true);
        let program = bench.load(&bytes).unwrap();
        check_segments(&bench, &program, &bytes);
        seen.push((program.program.bias, program.stack.end, program.vdso.base));
    }
    seen.dedup();
    assert_eq!(seen.len(), 4, "nothing is random: {seen:x?}");
}

#[test]
fn alignment_of_the_load_bias() {
    for alignment in [0x1_0000, 0x20_0000] {
        let bench = Bench::new(true);
        let bytes = common::program(Shape {
            position_independent: true,
            alignment,
            ..Shape::default()
        });
        // The second segment's address would not be congruent; only the first one is aligned so.
        let program = bench.load(&bytes).unwrap();
        assert_eq!(program.program.bias % alignment, 0);
        check_segments(&bench, &program, &bytes);
    }
}

#[test]
fn a_segment_without_file_and_one_that_is_read_only_with_zeros() {
    let bench = Bench::new(false);
    let mut bytes = common::program(Shape::default());
    // Only bss.
    let data = common::program_header(1);
    common::put(&mut bytes, data + common::P_FILESZ, 0, 8);
    common::put(&mut bytes, data + common::P_VADDR, CODE + DATA + 0x10, 8);
    // Code whose tail is to be zero.
    let code = common::program_header(0);
    common::put(&mut bytes, code + common::P_FILESZ, 0x900, 8);
    let program = bench.load(&bytes).unwrap();
    assert_eq!(read_struct::<[u64; 4]>(CODE + DATA), Ok([0; 4]));
    assert_eq!(read_struct::<u32>(program.entry), Ok(0xd280_0bc8));
    let mut tail = vec![1; 0x700];
    read_bytes(CODE + 0x900, &mut tail).unwrap();
    assert!(tail.iter().all(|&byte| byte == 0));
    assert_eq!(protection(&bench.space, CODE), "r-x");
}

#[test]
fn the_initial_stack() {
    let bench = Bench::new(true);
    let path = bench.write("program", &common::program(Shape::default()));
    let (argv, envp) = (["program", "", "two words"], ["A=1", "EMPTY="]);
    let program = bench.load_with(&path, &argv, &envp, None).unwrap();
    let sp = program.sp;
    assert_eq!(sp % 16, 0);
    assert!(program.stack.contains(&sp));
    assert_eq!(program.stack.end - program.stack.start, bench.stack_limit);
    let word = |n: u64| read_struct::<u64>(sp + 8 * n).unwrap();
    let text = |address: u64| String::from_utf8(read_cstr(address, 4096).unwrap().unwrap()).unwrap();
    assert_eq!(word(0), argv.len() as u64);
    for (n, argument) in argv.iter().enumerate() {
        assert_eq!(text(word(1 + n as u64)), *argument);
    }
    assert_eq!(word(4), 0);
    assert_eq!(
        (text(word(5)), text(word(6)), word(7)),
        ("A=1".into(), "EMPTY=".into(), 0)
    );
    assert_eq!(word(1), program.arguments.start);
    assert_eq!(word(5), program.arguments.end);
    assert_eq!(program.environment, word(5)..word(6) + 7);

    let pairs: Vec<(u64, u64)> = (0..program.auxv.len() as u64)
        .map(|n| (word(8 + 2 * n), word(9 + 2 * n)))
        .collect();
    assert_eq!(pairs, program.auxv);
    assert_eq!(pairs.last(), Some(&(at::NULL, 0)));
    assert_eq!(value(&program, at::HWCAP), HWCAP);
    assert_eq!(value(&program, at::HWCAP2), HWCAP2);
    assert_eq!(value(&program, at::PAGESZ), 4096);
    assert_eq!((value(&program, at::PHENT), value(&program, at::PHNUM)), (56, 4));
    assert_eq!(value(&program, at::CLKTCK), 100);
    assert_eq!(value(&program, at::SECURE), 0);
    assert_eq!(value(&program, at::MINSIGSTKSZ), 4720);
    assert_eq!(text(value(&program, at::PLATFORM)), "aarch64");
    assert_eq!(text(value(&program, at::EXECFN)), path.to_str().unwrap());
    let random: [u64; 2] = read_struct(value(&program, at::RANDOM)).unwrap();
    assert_eq!(random, Entropy::Seed(1).numbers::<2>().unwrap());
    assert_eq!(protection(&bench.space, sp), "rw-");
    let stack = bench.space.lookup(sp).unwrap();
    assert_eq!((stack.name.as_deref(), stack.grows_down), (Some("[stack]"), true));
    assert_eq!(read_struct(program.stack.end - 8), Ok(0u64));
}

#[test]
fn an_executable_stack_only_if_it_is_asked_for() {
    let bench = Bench::new(false);
    let program = bench
        .load(&common::program(Shape {
            executable_stack: true,
            ..Shape::default()
        }))
        .unwrap();
    assert_eq!(protection(&bench.space, program.sp), "rwx");
}

#[test]
fn more_arguments_than_fit() {
    let bench = Bench::new(false);
    let path = bench.write("program", &common::program(Shape::default()));
    let long = "x".repeat(3 << 20);
    let error = bench.load_with(&path, &["program", &long], &[], None).unwrap_err();
    assert!(matches!(error, LoadError::ArgumentsTooLong { .. }), "{error}");
    assert_eq!((error.exit_code(), error.errno()), (126, 7));
}

#[test]
fn the_vdso_is_mapped() {
    let bench = Bench::new(false);
    let program = bench.load(&common::program(Shape::default())).unwrap();
    let vdso = program.vdso;
    assert_eq!(value(&program, at::SYSINFO_EHDR), vdso.base);
    assert_eq!(bench.space.lookup(vdso.base).unwrap().name.as_deref(), Some("[vdso]"));
    assert_eq!(protection(&bench.space, vdso.base), "r-x");
    assert_eq!(read_struct::<[u8; 4]>(vdso.base), Ok(*b"\x7fELF"));
    for (function, number) in [
        (vdso.sigreturn, 139u32),
        (vdso.gettimeofday, 169),
        (vdso.clock_gettime, 113),
        (vdso.clock_getres, 114),
    ] {
        assert_eq!(
            read_struct::<[u32; 2]>(function),
            Ok([0xd280_0008 | number << 5, 0xd400_0001])
        );
    }
}

#[test]
fn a_dynamic_linker_from_the_sysroot() {
    const LINKER: &str = "/lib/ld-armlet-test.so.1";
    let bench = Bench::new(false);
    let program = common::program(Shape {
        position_independent: true,
        interpreter: Some(LINKER),
        ..Shape::default()
    });
    let path = bench.write("program", &program);
    let error = bench.load_with(&path, &["program"], &[], None).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(LINKER) && text.contains("-L DIR"), "{text}");
    assert_eq!((error.exit_code(), error.errno()), (126, 2));
}

#[test]
fn a_dynamic_linker_is_loaded() {
    const LINKER: &str = "/lib/ld-armlet-test.so.1";
    let bench = Bench::new(false);
    let program = common::program(Shape {
        position_independent: true,
        interpreter: Some(LINKER),
        ..Shape::default()
    });
    let path = bench.write("program", &program);
    let linker = common::program(Shape {
        position_independent: true,
        alignment: 0x1_0000,
        ..Shape::default()
    });
    bench.write(&format!("root{LINKER}"), &linker);
    let root = bench.directory.join("root");
    let loaded = bench.load_with(&path, &["program"], &[], Some(&root)).unwrap();
    let interpreter = loaded.interpreter.as_ref().unwrap();
    assert_eq!(loaded.entry, interpreter.bias + ENTRY);
    assert_eq!(interpreter.bias % 0x1_0000, 0);
    assert_eq!(value(&loaded, at::BASE), interpreter.bias);
    assert_eq!(value(&loaded, at::ENTRY), loaded.program.bias + ENTRY);
    assert_eq!(loaded.symbolize(loaded.entry).unwrap().2.path, interpreter.path);
    let mut code = vec![0; 0x1000];
    read_bytes(interpreter.bias, &mut code).unwrap();
    assert_eq!(code, linker[..0x1000]);
}

#[test]
fn a_bad_dynamic_linker() {
    const LINKER: &str = "/lib/ld-armlet-test.so.1";
    let bench = Bench::new(false);
    let path = bench.write(
        "program",
        &common::program(Shape {
            interpreter: Some(LINKER),
            ..Shape::default()
        }),
    );
    bench.write(&format!("root{LINKER}"), b"#!/bin/sh\n");
    let root = bench.directory.join("root");
    let error = bench.load_with(&path, &["program"], &[], Some(&root)).unwrap_err();
    assert!(matches!(error, LoadError::Interpreter { .. }), "{error}");
    assert_eq!(error.exit_code(), 126);
}

#[test]
fn files_that_are_not_programs() {
    let bench = Bench::new(false);
    let missing = bench
        .load_with(Path::new("/no/such/program"), &["x"], &[], None)
        .unwrap_err();
    assert_eq!((missing.exit_code(), missing.errno()), (127, 2));
    assert_eq!(missing.to_string(), "/no/such/program: not found; check the path");
    let directory = bench.load_with(&bench.directory, &["x"], &[], None).unwrap_err();
    assert_eq!((directory.exit_code(), directory.errno()), (126, 13));
    let empty = bench.load(b"").unwrap_err();
    assert_eq!((empty.exit_code(), empty.errno()), (126, 8));
}

#[test]
fn prebuilt_programs() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-binaries/prebuilt/aarch64");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if !bytes.starts_with(b"\x7fELF") {
            continue;
        }
        count += 1;
        let bench = Bench::new(true);
        let program = bench.load_with(&path, &["program"], &[], None).unwrap();
        assert!(bench.space.executable(program.entry).is_ok(), "{}", path.display());
        let elf = goblin::elf::Elf::parse(&bytes).unwrap();
        assert_eq!(program.program.elf.entry, elf.entry);
        for header in elf.program_headers.iter().filter(|header| header.p_type == 1) {
            let mut memory = vec![0; header.p_filesz as usize];
            read_bytes(header.p_vaddr + program.program.bias, &mut memory).unwrap();
            assert_eq!(memory, bytes[header.file_range()], "{}", path.display());
        }
    }
    assert!(count > 0, "no prebuilt programs");
}
