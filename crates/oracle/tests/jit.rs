//! Translated code against the interpreter: single instructions of every row, and random sequences with branches and loops,
//! which is where register allocation and flags go wrong. Failures are shrunk before they are shown.
//!
//! `ARMLET_ROWS`, `ARMLET_CASES` and `ARMLET_SEED` choose other samples.

use armlet_decoder::a64::{ROWS, Row, decode};
use armlet_jit::Jit;
use armlet_oracle::case::{Case, Observed};
use armlet_oracle::engine::{Engines, map};
use armlet_oracle::sample::Random;

/// Chapters that sequences are made of.
const CHAPTERS: [&str; 24] = [
    "atomic",
    "data_imm",
    "data_reg",
    "branch",
    "load_store",
    "load_store_pair",
    "load_store_simd",
    "fp",
    "simd_across",
    "simd_copy",
    "simd_element",
    "simd_imm",
    "simd_load_store",
    "simd_shift_imm",
    "simd_three_different",
    "simd_three_same",
    "simd_two_misc",
    "crypto",
    "simd_fp_three_same",
    "simd_fp_element",
    "simd_fp_across",
    "simd_fp_two_misc",
    "simd_fp_convert",
    "simd_fp_mixed",
];

const SIGBUS: u64 = 7;
const SIGSEGV: u64 = 11;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

fn wanted(row: &Row) -> bool {
    let rows = std::env::var("ARMLET_ROWS").unwrap_or_default();
    rows.split(',').any(|part| row.name.contains(part))
}

/// Rows of sequences that are about flags and who asks for them, in loops.
const FLAGS: [&str; 10] = [
    "ccmp_imm",
    "ccmp_reg",
    "ccmn_imm",
    "b_cond",
    "cbnz",
    "subs_imm",
    "csel",
    "and_imm",
    "ldr_imm",
    "subs_shift",
];

/// What leaves the guest, or reads the clock, cannot be compared.
fn comparable(row: &Row) -> bool {
    !matches!(row.name, "svc" | "hlt" | "hvc" | "smc" | "mrs")
}

/// How the numbers of the translations are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// As at a program's start: invalid operations trap, and an underflow to the smallest normal number is not recorded.
    Fast,
    /// As after FPSR has been read.
    Recorded,
    /// As when invalid operations are frequent, too.
    Checked,
    /// As when the program has set FPCR to another value.
    Under(u32),
}

/// FPCR.FZ.
const FLUSH: u32 = 1 << 24;
/// FPCR.DN.
const DEFAULT_NAN: u32 = 1 << 25;

impl Way {
    const ALL: [Way; 9] = [
        Way::Fast,
        Way::Recorded,
        Way::Checked,
        Way::Under(FLUSH),
        Way::Under(DEFAULT_NAN),
        Way::Under(FLUSH | DEFAULT_NAN),
        Way::Under(1 << 22),
        Way::Under(2 << 22),
        Way::Under(3 << 22),
    ];

    fn engines(self) -> Engines {
        let jit = Jit::new().expect("an arena is mapped");
        match self {
            Way::Fast => {}
            Way::Recorded => jit.record_underflows(),
            Way::Checked => {
                jit.record_underflows();
                jit.check_numbers();
            }
            Way::Under(fpcr) => jit.expect_fpcr(fpcr),
        }
        Engines::with_jit(jit).expect("the translator starts")
    }
}

/// FPSR.UFC.
const UNDERFLOW: u32 = 8;

/// How the translation of a case differs from its interpretation.
fn differences((way, engines): &(Way, Engines), case: &Case) -> Vec<String> {
    let mut case = case.clone();
    if let Way::Under(fpcr) = way {
        case.fpcr = *fpcr;
    }
    let case = &case;
    let Some(expected) = engines.interpret(case) else {
        return Vec::new();
    };
    let faults = matches!(expected.signal, SIGSEGV | SIGBUS);
    let mut all = compare(*way, case, engines.translate(case), &expected, faults);
    // Whatever a handler goes on with has to be there.
    if let Some(expected) = engines.interpret_past_faults(case).filter(|_| faults && all.is_empty()) {
        all = compare(*way, case, engines.translate_past_faults(case), &expected, false);
    }
    all
}

fn compare(way: Way, case: &Case, translated: Option<Observed>, expected: &Observed, faults: bool) -> Vec<String> {
    match translated {
        Some(mut translated) => {
            if faults {
                // Flags that nobody can use any more are not computed; only a fault lets them be seen.
                translated.nzcv = expected.nzcv;
            }
            match way {
                // The host's exceptions are not Arm's then: before the program looks at FPSR, nobody asks.
                Way::Under(fpcr) if fpcr & FLUSH != 0 => translated.fpsr = expected.fpsr,
                Way::Fast | Way::Under(_) if !translated.fpsr & expected.fpsr == UNDERFLOW => {
                    translated.fpsr |= UNDERFLOW;
                }
                _ => {}
            }
            translated.differences(expected, case)
        }
        None => vec!["it does not end".into()],
    }
}

/// Leaves out instructions as long as the difference stays.
fn shrink(engines: &(Way, Engines), mut case: Case) -> Case {
    const NOP: u32 = 0xd503_201f;
    for index in 0..case.words.len() {
        let mut smaller = case.clone();
        smaller.words[index] = NOP;
        if !differences(engines, &smaller).is_empty() {
            case = smaller;
        }
    }
    case
}

fn report(engines: &(Way, Engines), case: Case) -> String {
    let case = shrink(engines, case);
    format!(
        "{}    {}\n",
        case.disassembly(),
        differences(engines, &case).join("\n    ")
    )
}

/// The two tests share one piece of guest memory, so they are one.
#[test]
fn translated_code_does_what_the_interpreter_does() {
    let _space = map().expect("the neighbourhood is free");
    let ways = Way::ALL.map(|way| (way, way.engines()));
    let mut failures = Vec::new();
    let count = variable("ARMLET_CASES", 60);
    for row in ROWS.iter().filter(|row| comparable(row) && wanted(row)) {
        let seed = row.name.bytes().fold(variable("ARMLET_SEED", 3), |seed, byte| {
            seed.wrapping_mul(131) + u64::from(byte)
        });
        let numbers = row.file.contains("fp");
        // (After 200 operations that trap, they are checked: a few engines start anew with each row.)
        let fresh = [Way::Fast, Way::Recorded].map(|way| (way, way.engines()));
        let ways = ways[..if numbers { ways.len() } else { 1 }].iter();
        for engines in ways.chain(fresh.iter().filter(|_| numbers)) {
            let mut random = Random::new(seed);
            let decodes = |case: &Case| decode(case.words[0]).is_ok_and(|insn| insn.row().name == row.name);
            let cases = (0..count).map(|_| Case::of_row(row, &mut random)).filter(decodes);
            let failed: Vec<Case> = cases.filter(|case| !differences(engines, case).is_empty()).collect();
            if let Some(case) = failed.first() {
                failures.push(format!(
                    "{}, {:?}: {} of {count}\n{}",
                    row.name,
                    engines.0,
                    failed.len(),
                    report(engines, case.clone())
                ));
            }
        }
    }
    let rows: Vec<&Row> = ROWS
        .iter()
        .filter(|row| comparable(row) && wanted(row) && CHAPTERS.contains(&row.file))
        .collect();
    let flags: Vec<&Row> = rows.iter().copied().filter(|row| FLAGS.contains(&row.name)).collect();
    let mut random = Random::new(variable("ARMLET_SEED", 4));
    let mut run = 0;
    for index in 0..count * 200 {
        let engines = &ways[index as usize % ways.len()];
        let length = 2 + random.below(20);
        let rows = if index % 4 == 3 && !flags.is_empty() {
            &flags
        } else {
            &rows
        };
        let case = Case::sequence(rows, length, &mut random);
        run += 1;
        if !differences(engines, &case).is_empty() && failures.len() < 12 {
            failures.push(report(engines, case));
        }
    }
    println!("{run} sequences");
    failures.extend(a_small_arena_starts_anew(count));
    assert!(
        failures.is_empty(),
        "{} differences\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// An arena that is full again and again: the same results, whatever has to go.
fn a_small_arena_starts_anew(count: u64) -> Option<String> {
    let jit = Jit::with_arena(64 << 10).expect("an arena is mapped");
    let engines = (Way::Fast, Engines::with_jit(jit).expect("the translator starts"));
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.file == "data_reg").collect();
    let mut random = Random::new(5);
    (0..count * 20)
        .map(|_| Case::sequence(&rows, 20, &mut random))
        .find(|case| !differences(&engines, case).is_empty())
        .map(|case| report(&engines, case))
}
