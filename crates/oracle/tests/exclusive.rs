//! Pairs of load-exclusive and store-exclusive in all the forms that become one locked instruction, and in some that must not, translated against
//! interpreted: registers, flags, memory, faults, and the monitor that is left.

use std::sync::{Mutex, PoisonError};

use armlet_jit::Jit;
use armlet_oracle::a32::capstone::Set;
use armlet_oracle::case::{DATA, DATA_SIZE, pristine};
use armlet_oracle::sample::Random;
use armlet_oracle::{a32, case, engine};

/// One test at a time: a store-exclusive may fail when another thread makes one that shares its stamp.
static TURN: Mutex<()> = Mutex::new(());

const CASES: usize = 6000;
const NOP: u32 = 0xd503_201f;

fn pick<T: Copy>(of: &[T], random: &mut Random) -> T {
    of[random.below(of.len())]
}

/// What the memory of a case holds.
fn held(address: u64, size: u32) -> u64 {
    let word = pristine()[((address - DATA) / 8) as usize];
    let shifted = word >> (8 * (address % 8));
    if size == 3 {
        shifted
    } else {
        shifted & ((1 << (8 << size)) - 1)
    }
}

/// A pair with random registers. Between instructions that set what it may not touch, and others that look at what it leaves.
fn a64(random: &mut Random) -> case::Case {
    let size = random.below(4) as u32;
    let sf = u32::from(size == 3 || size < 2 && random.below(4) == 0) << 31;
    let registers = [0, 1, 2, 3, 4, 5, 19, 20, 21, 22, 23];
    let any = |random: &mut Random| match random.below(12) {
        0 => 31,
        _ => pick(&registers, random),
    };
    let (rt, rs, m, v) = (any(random), any(random), any(random), any(random));
    let base = pick(&registers, random);
    let new = if random.below(2) == 0 { rt } else { v };
    let load = size << 30 | pick(&[0x085f_7c00, 0x085f_fc00], random) | base << 5 | rt;
    let store = |data: u32| size << 30 | 0x0800_7c00 | rs << 16 | base << 5 | data;
    let release = pick(&[0, 0x8000], random);
    let swapped = random.below(2) == 0;
    let (n, m) = if swapped { (m, rt) } else { (rt, m) };
    let amount = if random.below(3) == 0 {
        random.below(32) as u32
    } else {
        0
    };
    let shift = if amount == 0 { 0 } else { random.below(3) as u32 };
    let three = |op: u32| sf | op | shift << 22 | m << 16 | amount << 10 | n << 5;
    let imm = random.below(300) as u32;
    let operations = [
        three(0x0b00_0000),
        three(0x4b00_0000),
        three(0x2b00_0000),
        three(0x0a00_0000),
        three(0x0a20_0000),
        three(0x2a00_0000),
        three(0x2a20_0000),
        three(0x4a00_0000),
        three(0x4a20_0000),
        sf | 0x1100_0000 | imm << 10 | rt << 5,
        sf | 0x5100_0000 | imm << 10 | rt << 5,
    ];
    let comparisons = [
        sf | 0x6b00_001f | m << 16 | n << 5,
        sf | 0x6b00_001f | m << 16 | n << 5,
        0x6b20_001f | (size & 1) << 13 | m << 16 | n << 5,
        sf | 0x7100_001f | imm << 10 | rt << 5,
    ];
    let mut words = vec![NOP; random.below(3)];
    let start = words.len() as i32;
    words.push(load);
    let stored = match random.below(5) {
        0 => v,
        1 | 2 => {
            words.push(pick(&operations, random) | new);
            new
        }
        3 => {
            words.push(pick(&comparisons, random));
            // Past the rest, or on to the next instruction.
            words.push(0x5400_0001 | pick(&[3, 4, 1], random) << 5);
            v
        }
        _ => {
            words.push(sf | 0x3500_0000 | 3 << 5 | rt);
            v
        }
    };
    words.push(store(stored) | release);
    if random.below(4) != 0 {
        let back = (start - words.len() as i32) as u32 & 0x7_ffff;
        words.push(0x3500_0000 | back << 5 | rs);
    }
    // A store-exclusive that succeeds only if the monitor has been left set; the flags; a status that is looked at.
    words.push(pick(&[NOP, store(2), 0x9a9f_17e6], random));
    words.push(0x9a9f_37e7);
    let mut case = case::Case::new(words, random);
    case.fpcr = 0;
    case.watch = true;
    let skew = if random.below(8) == 0 {
        random.next_u64() % 16
    } else {
        0
    };
    let address = DATA + 16 * 1024 + random.next_u64() % 256 * 16 + skew;
    case.x[base as usize] = match random.below(20) {
        0 => DATA + DATA_SIZE + 16,
        1 => address | 0x5a << 56,
        _ => address,
    };
    for register in [m, n] {
        let upper = if random.below(2) == 0 {
            0
        } else {
            random.next_u64() << 32
        };
        if register != base && register != 31 && random.below(2) == 0 {
            case.x[register as usize] = held(address & !7, size) | upper;
        }
    }
    if base != 30 && skew == 0 {
        case.x[base as usize] &= !7;
    }
    case
}

/// That translated code does what the interpreter does.
fn compare(seed: u64, sample: fn(&mut Random) -> case::Case) {
    let engines = engine::Engines::with_jit(Jit::new().expect("an arena is mapped")).expect("the translator starts");
    let mut random = Random::new(seed);
    let (mut failures, mut ended) = (Vec::new(), 0);
    for _ in 0..CASES {
        let case = sample(&mut random);
        let Some(expected) = engines.interpret(&case) else {
            continue;
        };
        ended += u32::from(expected.signal == 5);
        let Some(mut translated) = engines.translate(&case) else {
            failures.push(format!("{}    it does not end", case.disassembly()));
            continue;
        };
        if expected.signal != 5 {
            // (Flags that nobody can use any more are not computed.)
            translated.nzcv = expected.nzcv;
        }
        let differences = translated.differences(&expected, &case);
        if !differences.is_empty() {
            let registers = &case.x[..24];
            failures.push(format!(
                "{}    x {registers:x?}\n    {}",
                case.disassembly(),
                differences.join("\n    ")
            ));
        }
    }
    assert!(ended > CASES as u32 / 2, "{ended} cases run to their end");
    assert!(
        failures.is_empty(),
        "{} differences\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Exclusive accesses and compare-and-swap of 16 bytes, some of them where nothing is mapped.
fn sixteen_bytes(random: &mut Random) -> case::Case {
    let mut registers = vec![0u32, 1, 2, 3, 4, 5, 19, 20, 21, 22, 23];
    let mut take = |random: &mut Random| registers.swap_remove(random.below(registers.len()));
    let (base, low, high, status) = (take(random), take(random), take(random), take(random));
    let data = [low, high, take(random), take(random), 31];
    let (first, second) = (pick(&data, random), pick(&data, random));
    let order = pick(&[0, 0x8000], random);
    let even = [0u32, 2, 4, 20, 22, 30];
    let casp = |random: &mut Random| {
        let (expected, new) = (pick(&even, random), pick(&even, random));
        0x4820_7c00 | order | expected << 16 | base << 5 | new
    };
    let mut words = vec![NOP; random.below(3)];
    words.push(0xc87f_0000 | order | high << 10 | base << 5 | low);
    words.push(pick(&[NOP, 0xca00_0000 | first << 16 | low << 5 | low], random));
    words.push(0xc820_0000 | order | status << 16 | second << 10 | base << 5 | first);
    words.push(casp(random));
    // What is read of it at last.
    words.push(pick(&[0xa940_0000 | 7 << 10 | base << 5 | 6, casp(random)], random));
    if random.below(3) == 0 {
        words = vec![casp(random)];
    }
    let mut case = case::Case::new(words, random);
    case.fpcr = 0;
    case.watch = true;
    let address = DATA + 16 * 1024 + random.next_u64() % 256 * 16;
    if random.below(2) == 0 {
        // What is compared is there.
        let expected = pick(&even[..5], random) as usize;
        case.x[expected] = held(address, 3);
        case.x[expected + 1] = held(address + 8, 3);
    }
    case.x[base as usize] = match random.below(12) {
        0 => DATA + DATA_SIZE + 16,
        1 => address | 0x5a << 56,
        2 => address + 8,
        _ => address,
    };
    case
}

#[test]
fn pairs_of_aarch64() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let _space = engine::map().expect("the neighbourhood is free");
    compare(11, a64);
    compare(13, sixteen_bytes);
}

/// The same in A32 and T32.
fn a32_pair(set: Set, random: &mut Random) -> a32::case::Case {
    use a32::case::{Case, DATA, halfwords, pristine};
    let thumb = set == Set::T32;
    let size = random.below(3) as u32;
    let any = |random: &mut Random| random.below(if thumb { 13 } else { 12 }) as u32;
    let (rt, rd, m, v, base) = (any(random), any(random), any(random), any(random), any(random));
    let new = if random.below(2) == 0 { rt } else { v };
    let forms = |t32: u32, a32: u32| if thumb { t32 } else { a32 };
    let three =
        |t32: u32, a32: u32, d: u32, n: u32, m: u32| forms(t32 | n << 16 | d << 8 | m, a32 | n << 16 | d << 12 | m);
    let load = forms(
        [0xe8d0_0f4f, 0xe8d0_0f5f, 0xe850_0f00][size as usize] | base << 16 | rt << 12,
        [0xe1d0_0f9f, 0xe1f0_0f9f, 0xe190_0f9f][size as usize] | base << 16 | rt << 12,
    );
    let store = |data: u32| {
        let status = if size == 2 { rd << 8 } else { rd };
        forms(
            [0xe8c0_0f40, 0xe8c0_0f50, 0xe840_0000][size as usize] | base << 16 | data << 12 | status,
            [0xe1c0_0f90, 0xe1e0_0f90, 0xe180_0f90][size as usize] | base << 16 | rd << 12 | data,
        )
    };
    let (n, m) = if random.below(2) == 0 { (m, rt) } else { (rt, m) };
    let operations = [
        three(0xeb00_0000, 0xe080_0000, new, n, m),
        three(0xeb10_0000, 0xe090_0000, new, n, m),
        three(0xeba0_0000, 0xe040_0000, new, n, m),
        three(0xea00_0000, 0xe000_0000, new, n, m),
        three(0xea20_0000, 0xe1c0_0000, new, n, m),
        three(0xea40_0000, 0xe180_0000, new, n, m),
        three(0xea80_0000, 0xe020_0000, new, n, m),
        three(0xf100_0000, 0xe280_0000, new, rt, 37),
        three(0xf1a0_0000, 0xe240_0000, new, rt, 37),
    ];
    let mut code = Vec::new();
    let push = |code: &mut Vec<u16>, word: u32| code.extend(halfwords(set, word));
    let bne = |code: &mut Vec<u16>, to: i32| {
        // In halfwords, from the start of the code.
        let distance = to - code.len() as i32;
        if thumb {
            code.push(0xd100 | (distance - 2) as u16 & 0xff);
        } else {
            code.extend(halfwords(set, 0x1a00_0000 | (distance / 2 - 2) as u32 & 0x00ff_ffff));
        }
    };
    push(&mut code, load);
    let stored = match random.below(4) {
        0 => v,
        1 | 2 => {
            push(&mut code, pick(&operations, random));
            new
        }
        _ => {
            let imm = random.below(3) as u32;
            let compare = pick(
                &[
                    three(0xebb0_0f00, 0xe150_0000, 0, n, m),
                    three(0xf1b0_0f00, 0xe350_0000, 0, rt, imm),
                ],
                random,
            );
            push(&mut code, compare);
            let far = code.len() as i32 + if thumb { 6 } else { 8 };
            bne(&mut code, far);
            v
        }
    };
    push(&mut code, store(stored));
    push(&mut code, three(0xf1b0_0f00, 0xe350_0000, 0, rd, 0));
    if random.below(4) != 0 {
        bne(&mut code, 0);
    }
    push(&mut code, three(0xea4f_0000, 0xe1a0_0000, 7, 0, 7));
    let another = random.below(2);
    push(&mut code, if another == 0 { store(2) } else { load });
    let mut case = Case::new(set, code, random);
    case.watch = true;
    let index = random.below(256);
    let address = DATA as u32 + 16 * 1024 + index as u32 * 4 + if random.below(8) == 0 { 1 } else { 0 };
    for register in [m, n] {
        if random.below(2) == 0 {
            let mask = u32::MAX >> (32 - (8 << size));
            case.r[register as usize] = pristine()[4096 + index] & mask;
        }
    }
    case.r[base as usize] = if random.below(20) == 0 { 16 } else { address };
    case
}

#[test]
fn pairs_of_aarch32() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let _space = a32::engine::map().expect("the neighbourhood is free");
    let engines = a32::engine::Engines::new().expect("the translator starts");
    let mut random = Random::new(12);
    let (mut failures, mut ended) = (Vec::new(), 0);
    for index in 0..CASES {
        let set = [Set::A32, Set::T32][index % 2];
        let case = a32_pair(set, &mut random);
        let Some(mut expected) = engines.interpret(&case) else {
            continue;
        };
        ended += u32::from(expected.signal == 5);
        let Some(mut translated) = engines.translate(&case, true) else {
            failures.push(format!("{}    it does not end", case.disassembly()));
            continue;
        };
        if expected.signal != 5 {
            translated.cpsr &= 0x0fff_ffff;
            expected.cpsr &= 0x0fff_ffff;
        }
        let differences = translated.differences(&expected, &case);
        if !differences.is_empty() {
            failures.push(format!(
                "{}    r {:x?}\n    {}",
                case.disassembly(),
                case.r,
                differences.join("\n    ")
            ));
        }
    }
    assert!(ended > CASES as u32 / 3, "{ended} cases run to their end");
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures[0]);
}
