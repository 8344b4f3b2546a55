//! FPSR as programs see it: sequences of floating-point and saturating instructions that read, clear and set it, and change FPCR, in between. What they have read is in
//! registers at the end, translated and interpreted.

use armlet_decoder::a64::{ROWS, Row, decode};
use armlet_jit::Jit;
use armlet_oracle::case::Case;
use armlet_oracle::engine::{Engines, map};
use armlet_oracle::sample::{Random, word};

const CASES: usize = 6000;

/// Chapters that sequences are made of.
const CHAPTERS: [&str; 11] = [
    "fp",
    "simd_element",
    "simd_shift_imm",
    "simd_three_different",
    "simd_three_same",
    "simd_two_misc",
    "simd_fp_three_same",
    "simd_fp_element",
    "simd_fp_across",
    "simd_fp_two_misc",
    "simd_fp_convert",
];

/// MRS and MSR of FPSR, MSR of FPCR, without the register.
const READ: u32 = 0xd53b_4420;
const WRITE: u32 = 0xd51b_4420;
const CONTROL: u32 = 0xd51b_4400;

fn case(rows: &[&Row], random: &mut Random) -> Case {
    let mut words = vec![READ];
    for register in 1..16 {
        for _ in 0..1 + random.below(4) {
            words.extend(
                std::iter::repeat_with(|| word(rows[random.below(rows.len())], random))
                    .find(|&word| decode(word).is_ok()),
            );
        }
        if random.below(4) == 0 {
            // Of these registers, some have what has been read before.
            words.push(WRITE | random.below(32) as u32);
        }
        if random.below(12) == 0 {
            words.push(CONTROL | (20 + random.below(4) as u32));
        }
        words.push(READ | register);
    }
    let mut case = Case::new(words, random);
    for (n, control) in [0, 1 << 25, 1 << 22, 3 << 22].into_iter().enumerate() {
        case.x[20 + n] = control;
    }
    case.fpcr = 0;
    case
}

#[test]
fn what_programs_read_of_it_is_the_same() {
    let _space = map().expect("the neighbourhood is free");
    let rows: Vec<&Row> = ROWS.iter().filter(|row| CHAPTERS.contains(&row.file)).collect();
    let start = || {
        let jit = Jit::new().expect("an arena is mapped");
        jit.record_underflows();
        Engines::with_jit(jit).expect("the translator starts")
    };
    let mut engines = start();
    let mut random = Random::new(17);
    let (mut failures, mut seen) = (Vec::new(), 0);
    for index in 0..CASES {
        if index % 100 == 0 && index < CASES / 2 {
            // (After 200 operations that trap, they are checked: here, they are not yet. As after FPSR has been read.)
            engines = start();
        }
        let case = case(&rows, &mut random);
        let (Some(expected), Some(translated)) = (engines.interpret(&case), engines.translate(&case)) else {
            failures.push(format!("{}    it does not end", case.disassembly()));
            continue;
        };
        seen |= expected.x[1..16].iter().fold(0, |all, read| all | read);
        let differences = translated.differences(&expected, &case);
        if !differences.is_empty() {
            failures.push(format!("{}\n{}", differences.join("\n"), case.disassembly()));
        }
    }
    assert_eq!(seen & 0x0800_009f, 0x0800_009f, "every bit is set at some time");
    assert!(
        failures.is_empty(),
        "{} differences\n{}",
        failures.len(),
        failures.join("\n")
    );
}
