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

/// Cases with what both sides observed.
#[derive(Default)]
struct Judged {
    cases: Vec<Case>,
    ours: Vec<Observed>,
    theirs: Vec<Observed>,
    /// Cases that end qemu's harness.
    lost: Vec<Case>,
}

impl Judged {
    fn of(qemu: &Qemu, cases: Vec<Case>, ours: Vec<Observed>) -> anyhow::Result<Judged> {
        let mut judged = Judged::default();
        for ((case, ours), theirs) in cases.iter().zip(ours).zip(qemu.observe(&cases)?) {
            match theirs {
                Some(theirs) => {
                    judged.cases.push(case.clone());
                    judged.ours.push(ours);
                    judged.theirs.push(theirs);
                }
                None => judged.lost.push(case.clone()),
            }
        }
        Ok(judged)
    }

    /// What is to be said of a row.
    fn report(&self, row: &Row) -> Option<String> {
        let mut shown = String::new();
        let mut count = 0;
        let mut show = |case: &Case, lines: &[String]| {
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
        };
        for ((case, ours), theirs) in self.cases.iter().zip(&self.ours).zip(&self.theirs) {
            let lines = ours.differences(theirs, case);
            if !lines.is_empty() && explain_execution(row, case, ours, theirs).is_none() {
                show(case, &lines);
            }
        }
        for case in &self.lost {
            show(case, &["it ends qemu's harness".into()]);
        }
        let cases = self.cases.len();
        (count > 0).then(|| format!("{} ({}): {count} of {cases} differ\n{shown}", row.name, row.file))
    }
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
        let judged = match Judged::of(qemu, cases, ours) {
            Ok(judged) => judged,
            Err(error) => {
                reports.push(error.to_string());
                continue;
            }
        };
        for ((case, ours), theirs) in judged.cases.iter().zip(&judged.ours).zip(&judged.theirs) {
            let lines = ours.differences(theirs, case);
            if !lines.is_empty() && !mended(ours, theirs) {
                reports.push(format!("{}    {}", case.disassembly(), lines.join("\n    ")));
            }
        }
        let lost = |case: &Case| format!("{}    it ends qemu's harness", case.disassembly());
        reports.extend(judged.lost.iter().map(lost));
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
            match Judged::of(&qemu, cases, ours) {
                Ok(judged) => {
                    total += judged.cases.len();
                    reports.extend(judged.report(row));
                }
                Err(error) => reports.push(format!("{}: {error}", row.name)),
            }
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
