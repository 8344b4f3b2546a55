//! Every A32 and T32 instruction form on random registers: the interpreter against qemu-arm.
//!
//! `ARMLET_ROWS=add,ldr` limits it to rows whose names contain one of these; `ARMLET_CASES=N` sets the cases per form.

use std::path::Path;

use armlet_decoder::a32::Row;
use armlet_oracle::a32::capstone::Set;
use armlet_oracle::a32::case::{Case, MAX_HALFWORDS, Observed};
use armlet_oracle::a32::differences::explain_execution;
use armlet_oracle::a32::engine::{Engines, map};
use armlet_oracle::a32::qemu::Qemu;
use armlet_oracle::a32::sample::rows;
use armlet_oracle::a32::sequence::sequence;
use armlet_oracle::sample::Random;

/// Few enough to read, enough to see the pattern.
const SHOWN_PER_ROW: usize = 3;

/// Cases of one row that decode (a row's reserved encodings do not), from a seed of its own.
fn cases(set: Set, row: &Row, count: usize) -> Vec<Case> {
    let seed = row
        .name
        .bytes()
        .fold(7u64, |seed, byte| seed.wrapping_mul(131).wrapping_add(byte.into()));
    let mut random = Random::new(seed);
    let decodes = |case: &Case| {
        let half = |n: usize| u32::from(case.halfwords.get(n).copied().unwrap_or(0));
        let word = match set {
            Set::A32 => half(0) | half(1) << 16,
            Set::T32 => half(0) << 16 | half(1),
        };
        set.decode(word).is_ok_and(|decoded| decoded.row.name == row.name)
    };
    (0..count * 20)
        .map(|_| Case::of_row(set, row, &mut random))
        .filter(decodes)
        .take(count)
        .collect()
}

/// A system call, a semihosting call and the host's own values have no place in a comparison.
fn comparable(row: &Row) -> bool {
    let name = row.name.split('.').next().unwrap_or_default();
    !matches!(
        name,
        "svc" | "hlt" | "mrrc_cntvct" | "mrc_cntfrq" | "mrc_tpidruro" | "mrc_tpidrurw"
    )
}

fn compare(row: &Row, cases: &[Case], ours: &[Observed], theirs: &[Observed]) -> Option<String> {
    let mut shown = String::new();
    let mut count = 0;
    for ((case, ours), theirs) in cases.iter().zip(ours).zip(theirs) {
        let lines = ours.differences(theirs, case);
        if lines.is_empty() || explain_execution(row, case, ours, theirs).is_some() {
            continue;
        }
        count += 1;
        if count <= SHOWN_PER_ROW {
            shown += &format!(
                "{}    cpsr {:08x} fpscr {:08x} r {:x?}\n",
                case.disassembly(),
                case.cpsr,
                case.fpscr,
                case.r
            );
            lines.iter().for_each(|line| shown += &format!("        {line}\n"));
        }
    }
    (count > 0).then(|| {
        format!(
            "{} ({}): {count} of {} differ\n{shown}",
            row.name,
            row.file,
            cases.len()
        )
    })
}

/// Cases with what both sides observed.
type Judged = (Vec<Case>, Vec<Observed>, Vec<Observed>);

/// What qemu observes. A jump to anywhere can end its harness: then the cases are tried a few at a time, and at most one in five may be left
/// out for that reason.
fn judged(qemu: &Qemu, cases: Vec<Case>, ours: Vec<Observed>) -> anyhow::Result<Judged> {
    const AT_A_TIME: usize = 10;
    let error = match qemu.observe(&cases) {
        Ok(theirs) => return Ok((cases, ours, theirs)),
        Err(error) => error,
    };
    let count = cases.len();
    let mut judged: Judged = Default::default();
    for (cases, ours) in cases.chunks(AT_A_TIME).zip(ours.chunks(AT_A_TIME)) {
        if let Ok(theirs) = qemu.observe(cases) {
            judged.0.extend_from_slice(cases);
            judged.1.extend_from_slice(ours);
            judged.2.extend(theirs);
        }
    }
    anyhow::ensure!(5 * judged.0.len() >= 4 * count, error);
    Ok(judged)
}

/// Sequences with branches and IT blocks: the interpreter step by step and in blocks, and qemu.
fn sequences(engines: &Engines, qemu: &Qemu, count: usize) -> Vec<String> {
    let mut reports = Vec::new();
    for set in [Set::A32, Set::T32] {
        let mut random = Random::new(11);
        let observed = (0..count)
            .map(|_| {
                let length = 2 + random.below(14);
                sequence(set, length, &mut random)
            })
            .filter(|case| case.halfwords.len() < MAX_HALFWORDS - 2)
            .filter_map(|case| engines.interpret_blocks(&case).map(|ours| (case, ours)))
            .filter(|(_, ours)| !ours.in_harness());
        let (cases, ours): (Vec<_>, Vec<_>) = observed.unzip();
        for (case, ours) in cases.iter().zip(&ours) {
            if engines.interpret(case).as_ref() != Some(ours) {
                reports.push(format!("steps and blocks differ\n{}", case.disassembly()));
            }
        }
        match qemu.observe(&cases) {
            Ok(theirs) => {
                for ((case, ours), theirs) in cases.iter().zip(&ours).zip(&theirs) {
                    let lines = ours.differences(theirs, case);
                    if !lines.is_empty() && !mended(ours, theirs) {
                        reports.push(format!("{}    {}", case.disassembly(), lines.join("\n    ")));
                    }
                }
            }
            Err(error) => reports.push(error.to_string()),
        }
    }
    let shown = reports.len().min(12);
    reports.truncate(shown);
    reports
}

/// Linux mends unaligned LDM, STM, LDRD and STRD; qemu-user does not.
fn mended(ours: &Observed, theirs: &Observed) -> bool {
    theirs.signal == 7 && ours.signal != 7
}

#[test]
#[ignore = "needs qemu-user and the armhf cross compiler"]
fn oracle_every_a32_and_t32_row_does_what_qemu_does() {
    let wanted = std::env::var("ARMLET_ROWS").unwrap_or_default();
    let count = std::env::var("ARMLET_CASES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(250);
    let qemu = Qemu::new(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("qemu and the cross compiler are installed");
    let _space = map().expect("the neighbourhood is free");
    let engines = Engines::new().expect("the fault handler is installed");
    let mut reports = Vec::new();
    let (mut total, mut poor) = (0, Vec::new());
    for set in [Set::A32, Set::T32] {
        let rows = rows(set)
            .into_iter()
            .filter(|row| comparable(row) && wanted.split(',').any(|part| row.name.contains(part)));
        for row in rows {
            let cases = cases(set, row, count);
            if cases.len() < count.min(200) {
                poor.push(format!("{}: only {} cases", row.name, cases.len()));
            }
            let observed = cases
                .into_iter()
                .filter_map(|case| engines.interpret(&case).map(|ours| (case, ours)))
                .filter(|(_, ours)| !ours.in_harness());
            let (cases, ours): (Vec<_>, Vec<_>) = observed.unzip();
            let (cases, ours, theirs) = match judged(&qemu, cases, ours) {
                Ok(judged) => judged,
                Err(error) => {
                    reports.push(format!("{}: {error}", row.name));
                    continue;
                }
            };
            total += cases.len();
            reports.extend(compare(row, &cases, &ours, &theirs));
        }
    }
    if wanted.is_empty() {
        total += count * 40;
        reports.extend(sequences(&engines, &qemu, count * 20));
    }
    println!("{total} cases");
    assert!(
        reports.is_empty(),
        "{} rows differ from qemu\n{}",
        reports.len(),
        reports.join("\n")
    );
    assert!(poor.is_empty(), "too few cases: {poor:?}");
}
