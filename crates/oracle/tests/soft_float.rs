//! The routines of floating-point libraries, done the quick way and as they are: the same results, from the same registers, for random and for
//! special numbers.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_cpu::{Fault, Trap};
use armlet_interpreter::a32::accelerate::{Accelerator, Division, Routine, Ways};
use armlet_interpreter::a32::{BlockCache, Place, Stop, run_block};
use armlet_jit::{Jit, ThreadA32};
use armlet_memory::{AddressSpace, fetch, space, store};
use armlet_oracle::a32::soft_float::{Library, SOURCE};
use armlet_oracle::sample::Random;

const PRIVATE_ANONYMOUS_FIXED: u32 = 0x02 | 0x20 | 0x10;
/// Where routines return to: BKPT #0.
const BACK: u32 = 0x0080_0000;
/// A call of a routine, for the translator; behind it, the same BKPT.
const CALLER: u32 = BACK + 0x200;
const STACK: u32 = 0x0081_0000;
const CASES: usize = 4000;

const SPECIAL: [u64; 28] = [
    0,
    1 << 63,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0xfff8_0000_1234_5678,
    0xfff4_0000_0000_0abc,
    1,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x41df_ffff_ffc0_0000,
    0x41e0_0000_0000_0000,
    0xc1e0_0000_0000_0000,
    0xc1e0_0000_001f_ffff,
    0x41ef_ffff_ffe0_0000,
    0x41f0_0000_0000_0000,
    0x43e0_0000_0000_0000,
    0xc3e0_0000_0000_0000,
    0x43f0_0000_0000_0000,
    0xbfe0_0000_0000_0000,
    0x3ff0_0000_0000_0001,
    0x36a0_0000_0000_0001,
    0x380f_ffff_ffff_ffff,
    0x3690_0000_0000_0000,
];

const SINGLES: [u32; 20] = [
    0,
    1 << 31,
    0x3f80_0000,
    0xbf80_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0x7f80_0001,
    0xffc0_1234,
    1,
    0x007f_ffff,
    0x0080_0000,
    0x7f7f_ffff,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0x4f80_0000,
    0x5f00_0000,
    0x5f80_0000,
    0xbf00_0000,
];

/// R0 to R3: two doubles, or singles and integers.
fn operands(random: &mut Random) -> [u32; 4] {
    let mut double = |near: u64| match random.below(10) {
        0 | 1 => SPECIAL[random.below(SPECIAL.len())],
        2 => {
            let single = |random: &mut Random| u64::from(SINGLES[random.below(SINGLES.len())]);
            single(random) << 32 | single(random)
        }
        // Close to each other, so that sums cancel.
        3 => near ^ random.next_u64() >> (11 + random.below(50)),
        // Powers of two, or almost: sums that lose a bit.
        4 | 5 => {
            let exponent = (990 + random.below(80) as u64) << 52;
            let low = random.next_u64() & ((1 << random.below(53)) - 1);
            let sign = random.next_u64() & (1 << 63);
            sign | exponent
                | if random.below(2) == 0 {
                    low
                } else {
                    low ^ 0xf_ffff_ffff_ffff
                }
        }
        // Of moderate size.
        // Small integers with either sign, in one word or two.
        7 => (random.next_u64() as i64 >> random.below(64)) as u64,
        8 => {
            let mut word = || random.next_u64() as u32 as i32 >> random.below(32);
            u64::from(word() as u32) << 32 | u64::from(word() as u32)
        }
        6 => random.next_u64() & 0x800f_ffff_ffff_ffff | (900 + random.below(240) as u64) << 52,
        _ => random.next_u64(),
    };
    let a = double(0x3ff0_0000_0000_0000);
    let b = double(a);
    [a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32]
}

fn code(address: u64) -> Result<u16, Fault> {
    fetch(address)
}

/// Runs a routine to its return.
fn call(start: &State, place: Place, blocks: &mut BlockCache) -> State {
    let mut cpu = start.clone();
    cpu.pc = place.address().into();
    cpu.a32.thumb = place.thumb();
    for _ in 0..20_000 {
        match run_block(&mut cpu, blocks, &mut code, &mut ()) {
            None => {}
            Some(Trap::Breakpoint { .. }) if cpu.pc == u64::from(BACK) => return cpu,
            Some(trap) => panic!("{trap:?} at {:#x}", cpu.pc),
        }
    }
    panic!("the routine at {place:?} does not return");
}

/// Has the translator run a call of a routine.
fn call_translated(start: &State, place: Place, thread: &mut ThreadA32) -> State {
    let mut cpu = start.clone();
    cpu.pc = CALLER.into();
    let distance = place.address().wrapping_sub(CALLER + 8);
    // BL, or BLX to Thumb code.
    let call = match place.thumb() {
        false => 0xeb00_0000,
        true => 0xfa00_0000 | (distance & 2) << 23,
    } | distance >> 2 & 0x00ff_ffff;
    if fetch_word(CALLER) != call {
        store(CALLER.into(), call).expect("it is mapped");
        store(u64::from(CALLER) + 4, 0xe120_0070_u32).expect("it is mapped");
        thread.invalidate(u64::from(CALLER)..u64::from(CALLER) + 8);
    }
    match thread.run(&mut cpu, &mut code, &AtomicU32::new(0)) {
        Stop::Trap(Trap::Breakpoint { .. }) if cpu.pc == u64::from(CALLER) + 4 => cpu,
        stop => panic!("{stop:?} at {:#x}", cpu.pc),
    }
}

fn fetch_word(address: u32) -> u32 {
    armlet_memory::load(address.into()).expect("it is mapped")
}

/// What has to be the same: the registers with the result; after a comparison that gives flags, these too.
fn result(routine: Routine, cpu: &State) -> (Vec<u32>, Option<u32>) {
    let ways = routine.ways();
    let flags = (ways == Ways::Flags).then(|| cpu.flags.to_bits());
    ((0..ways.results()).map(|n| cpu.r(n)).collect(), flags)
}

/// Maps the code of programs, one after the other, in this process.
struct Memory(AddressSpace);

/// There is one for all tests.
static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(|| Mutex::new(Memory::new()));

fn memory() -> MutexGuard<'static, Memory> {
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    fn new() -> Memory {
        armlet_memory::fault::install_fault_handler().expect("the handler is installed");
        let space = AddressSpace::new(space::Layout::fixed(8 << 20));
        for start in [BACK, STACK - 0x8000] {
            let mapped = space.map(start.into(), 0x8000, 3, PRIVATE_ANONYMOUS_FIXED, -1, 0);
            mapped.expect("the place is free");
        }
        store(BACK.into(), 0xe120_0070_u32).expect("it is mapped");
        Memory(space)
    }

    fn load(&self, library: &Library) {
        for section in library.segments() {
            let start = section.address & !0xfff;
            let length = section.address + section.bytes.len() as u64 - start;
            // Segments may share a page: what is there stays.
            for page in (start..start + length).step_by(0x1000) {
                if fetch::<u16>(page).is_err() {
                    let mapped = self.0.map(page, 0x1000, 3, PRIVATE_ANONYMOUS_FIXED, -1, 0);
                    mapped.expect("the place is free");
                }
            }
            for (offset, &byte) in (0..).zip(&section.bytes) {
                store(section.address + offset, byte).expect("it is mapped");
            }
        }
    }

    fn unload(&self, library: &Library) {
        for section in library.segments() {
            let start = section.address & !0xfff;
            let end = section.address + section.bytes.len() as u64;
            self.0
                .unmap(start, (end - start + 0xfff) & !0xfff)
                .expect("it was mapped");
        }
    }
}

/// Compares a routine with itself; how often it was done the quick way. `raises`: it divides by zero by a signal.
fn compare(name: &str, routine: Routine, place: Place, accelerator: &Arc<Accelerator>, raises: bool) -> usize {
    let model = Model::Max;
    let seed = name
        .bytes()
        .fold(3, |seed: u64, byte| seed.wrapping_mul(31) + u64::from(byte));
    let mut random = Random::new(seed);
    let (mut plain, mut quick) = (
        BlockCache::new(),
        BlockCache::accelerating(Some(Arc::clone(accelerator))),
    );
    let jit = Jit::a32().expect("there is room").counting();
    let jit = Arc::new(jit.accelerating(Some(Arc::clone(accelerator))));
    armlet_jit::install_fault_handler(Arc::clone(&jit)).expect("the handler is installed");
    let mut thread = ThreadA32::new(jit, 0);
    let mut done = 0;
    let translated = armlet_jit::accelerated();
    for _ in 0..CASES {
        let mut start = State::default();
        (0..15).for_each(|n| start.set_r(n, random.next_u64() as u32));
        (0..)
            .zip(operands(&mut random))
            .for_each(|(n, word)| start.set_r(n, word));
        start.set_r(13, STACK - 64);
        start.set_r(14, BACK);
        start.a32.model = model;
        start.set_apsr(random.next_u64() as u32);
        if let Ways::Divide(Division { wide, .. }) = routine.ways() {
            let zero = if wide {
                start.r(2) | start.r(3) == 0
            } else {
                start.r(1) == 0
            };
            assert_ne!(routine.perform(&mut start.clone()), zero, "{name}");
            if zero && raises {
                continue;
            }
        }
        let expected = call(&start, place, &mut plain);
        let got = call(&start, place, &mut quick);
        done += usize::from(routine.perform(&mut start.clone()));
        assert_eq!(
            result(routine, &got),
            result(routine, &expected),
            "{name} ({routine:?}) of {:08x?}",
            (0..4).map(|n| start.r(n)).collect::<Vec<_>>()
        );
        let jit = call_translated(&start, place, &mut thread);
        assert_eq!(
            result(routine, &jit),
            result(routine, &expected),
            "{name} ({routine:?}), translated"
        );
        // What a caller keeps over the call.
        for n in (4..12).chain([13]) {
            assert_eq!((got.r(n), jit.r(n)), (expected.r(n), expected.r(n)), "{name}: r{n}");
        }
    }
    if routine.ways() != Ways::Flags {
        let times = armlet_jit::accelerated() - translated;
        assert!(times > CASES as u64 / 4, "{name}: {times} of {done} in translated code");
    }
    done
}

/// A thread on whose registers a routine can be tried.
fn thread(model: Model) -> State {
    let mut state = State::default();
    state.a32.model = model;
    state.set_r(13, STACK - 64);
    state
}

/// Every routine of a library that `find` is to know.
fn check(memory: &Memory, library: &Library, accelerator: &Arc<Accelerator>) -> BTreeMap<&'static str, usize> {
    memory.load(library);
    let mut done = BTreeMap::new();
    for (name, place) in library.routines() {
        let routine = Routine::of_symbol(name).expect("only those are listed");
        let found = accelerator.find(&thread(Model::Max), *place, &mut code);
        let found = found.unwrap_or_else(|| panic!("{name} is not recognised"));
        // Two of them may be one and the same code: __aeabi_cdcmpeq and __aeabi_cdcmple.
        assert_eq!(found.routine, routine, "{name}");
        *done.entry(routine.name()).or_default() += compare(name, routine, *place, accelerator, true);
    }
    memory.unload(library);
    done
}

fn libgcc(folder: &Path, compiler: &str, flags: &[&str]) -> Library {
    let program = folder.join(format!("soft-float-{}", std::process::id()));
    let status = Command::new(compiler)
        .args(flags)
        .args(["-O2", "-static", "-o"])
        .args([&program, Path::new(SOURCE)])
        .status()
        .expect("the cross compiler is installed");
    assert!(status.success());
    let library = Library::open(&program).expect("it is an ELF file");
    std::fs::remove_file(program).expect("it can be removed");
    library
}

#[test]
#[ignore = "needs the armel cross compiler"]
fn oracle_routines_of_libgcc_done_quickly_are_what_they_are() {
    let memory = memory();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = libgcc(folder, "arm-linux-gnueabi-gcc", &[]);
    let done = check(&memory, &library, &Arc::default());
    // All of them are there, and all are done the quick way most of the time.
    assert_eq!(done.len(), Routine::ALL.len() - 1, "all but the square root: {done:?}");
    let slow: Vec<_> = done.iter().filter(|(_, done)| **done < CASES / 4).collect();
    assert!(slow.is_empty(), "{slow:?}");

    // The routine is another when its code is changed anywhere, and a symbol is believed only if it is true.
    memory.load(&library);
    let place = |symbol: &str| {
        library
            .routines()
            .iter()
            .find(|(name, _)| name == symbol)
            .expect("it is there")
            .1
    };
    let (multiply, add) = (place("__aeabi_dmul"), place("__aeabi_dadd"));
    let known = Accelerator::default();
    let found = known
        .find(&thread(Model::Arm926), multiply, &mut code)
        .expect("it is known");
    let last = found.code.last().expect("it has code").end - 4;
    let mut blocks = BlockCache::accelerating(Some(Arc::default()));
    let mut start = State::default();
    start.set_r(1, 0x4000_0000);
    start.set_r(3, 0x4008_0000);
    start.set_r(13, STACK - 64);
    start.set_r(14, BACK);
    start.a32.model = Model::Arm926;
    let before = call(&start, multiply, &mut blocks);
    assert_eq!((before.r(0), before.r(1)), (0, 0x4018_0000));
    // The first instruction returns at once; the cache is told of the last one only.
    let first: u32 = armlet_memory::load(multiply.0.into()).expect("it is mapped");
    store(multiply.0.into(), 0xe12f_ff1e_u32).expect("it is mapped");
    blocks.invalidate(last.into(), u64::from(last) + 4);
    let after = call(&start, multiply, &mut blocks);
    assert_eq!(
        after.r(1),
        0x4000_0000,
        "a routine that has been rewritten is run as it is"
    );
    store(multiply.0.into(), first).expect("it is mapped");

    // Unknown code: one more instruction (MOV R12, R12) in front of the routine, in a free place, then a branch to it.
    let trampoline = |at: u32, to: Place| {
        store(at.into(), 0xe1a0_c00c_u32).expect("it is mapped");
        let distance = to.0.wrapping_sub(at + 12) >> 2 & 0x00ff_ffff;
        store(u64::from(at) + 4, 0xea00_0000 | distance).expect("it is mapped");
        Place(at)
    };
    for (to, is_true) in [(multiply, true), (add, false)] {
        let symbol = trampoline(BACK + 0x100, to);
        let accelerator = Accelerator::new([(symbol, Routine::Dmul)].into_iter());
        let accelerator = Arc::new(accelerator);
        let mut blocks = BlockCache::accelerating(Some(Arc::clone(&accelerator)));
        call(&start, symbol, &mut blocks);
        let found = accelerator.find(&thread(Model::Arm926), symbol, &mut code);
        assert_eq!(found.is_some(), is_true, "{found:?}");
    }
    memory.unload(&library);
}

#[test]
#[ignore = "needs the armhf cross compiler"]
fn oracle_divisions_of_libgcc_for_thumb_done_quickly_are_what_they_are() {
    let memory = memory();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = libgcc(folder, "arm-linux-gnueabihf-gcc", &["-DONLY_INTEGERS"]);
    let done = check(&memory, &library, &Arc::default());
    assert_eq!(done.len(), 12, "{done:?}");
    assert!(done.values().all(|&done| done > CASES / 2), "{done:?}");
}

/// The places that the code of a program calls: A32 only.
fn called(library: &Library) -> Vec<Place> {
    let mut places = Vec::new();
    for section in library.sections() {
        for (index, word) in section.bytes.chunks_exact(4).enumerate() {
            let word = u32::from_le_bytes(word.try_into().expect("four bytes"));
            if word >> 24 == 0xeb {
                let offset = (word << 8) as i32 >> 6;
                let pc = section.address as u32 + 4 * index as u32 + 8;
                places.push(Place(pc.wrapping_add_signed(offset)));
            }
        }
    }
    places.sort_by_key(|place| place.0);
    places.dedup();
    places
}

/// The programs of test-binaries have no symbols, and Zig's library.
#[test]
fn routines_in_programs_without_symbols_are_found_and_are_what_they_are() {
    let memory = memory();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-binaries/prebuilt");
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for program in [
        "armel/nbody",
        "armel/float32",
        "armel/printf_double",
        "armel/spectral_norm",
        "armel/mandelbrot",
        "armel/simd_float",
        "armel/time_format",
        "armel/division",
        "armhf/division",
    ] {
        let library = Library::open(&folder.join(program)).expect("it is built");
        memory.load(&library);
        let accelerator = Arc::new(Accelerator::default());
        let mut state = State::default();
        state.set_r(13, STACK - 64);
        state.a32.model = Model::Max;
        let mut found_here = 0;
        for place in called(&library) {
            if let Some(found) = accelerator.find(&state, place, &mut code) {
                let name = found.routine.name();
                found_here += 1;
                *done.entry(name).or_default() += compare(name, found.routine, place, &accelerator, false);
            }
        }
        assert!(found_here > 0, "{program}");
        memory.unload(&library);
    }
    for name in [
        "dadd", "dsub", "dmul", "ddiv", "fadd", "fmul", "fdiv", "dcmpun", "d2iz", "i2d", "f2d", "d2f", "uidiv", "idiv",
        "uldivmod", "ldivmod",
    ] {
        let name = format!("__aeabi_{name}");
        assert!(done.contains_key(name.as_str()), "{name}: {done:?}");
    }
    // Those that name a table, wherever it is.
    let relation = done
        .keys()
        .any(|name| name.starts_with("__aeabi_dcmp") && *name != "__aeabi_dcmpun");
    assert!(relation && done.contains_key("sqrt"), "{done:?}");
}
