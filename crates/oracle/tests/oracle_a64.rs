//! Every A64 instruction form on random registers: the interpreter against qemu-aarch64.
//!
//! `ARMLET_ROWS=add,ldr` limits it to rows whose names contain one of these; `ARMLET_CASES=N` sets the cases per form.

use std::path::Path;

use armlet_decoder::a64::{ROWS, Row, decode};
use armlet_oracle::case::{Case, Observed};
use armlet_oracle::differences::explain_execution;
use armlet_oracle::engine::{Engines, map};
use armlet_oracle::qemu::Qemu;
use armlet_oracle::sample::Random;

/// Few enough to read, enough to see the pattern.
const SHOWN_PER_ROW: usize = 3;

/// Cases of one row that decode (a row's reserved encodings do not), from a seed of its own.
fn cases(row: &'static Row, count: usize) -> Vec<Case> {
    let seed = row
        .name
        .bytes()
        .fold(7u64, |seed, byte| seed.wrapping_mul(131).wrapping_add(byte.into()));
    let mut random = Random::new(seed);
    let decodes = |case: &Case| decode(case.words[0]).is_ok_and(|insn| insn.row().name == row.name);
    (0..count * 20)
        .map(|_| Case::of_row(row, &mut random))
        .filter(decodes)
        .take(count)
        .collect()
}

/// A system call, a semihosting call and the host's own values have no place in a comparison.
fn comparable(row: &Row) -> bool {
    !matches!(row.name, "svc" | "hlt" | "hvc" | "smc")
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
                "{}    fpcr {:08x} fpsr {:08x} nzcv {:08x}\n",
                case.disassembly(),
                case.fpcr,
                case.fpsr,
                case.nzcv
            );
            lines.iter().for_each(|line| shown += &format!("        {line}\n"));
            shown += &operands(row, case);
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

/// The registers that the five-bit fields of the word name.
fn operands(row: &Row, case: &Case) -> String {
    let mut text = String::from("        operands:");
    for letter in ['n', 'm', 'a', 'd', 's', 't'] {
        if let Some(last) = row.pattern.rfind(letter) {
            let number = (case.words[0] >> (31 - last) & 31) as usize;
            let x = case.x.get(number).copied().unwrap_or_default();
            text += &format!(" {letter}={number} (x {x:#x}, v {:#x})", case.v[number]);
        }
    }
    text + "\n"
}

#[test]
#[ignore = "needs qemu-user and the AArch64 cross compiler"]
fn oracle_every_a64_row_does_what_qemu_does() {
    let wanted = std::env::var("ARMLET_ROWS").unwrap_or_default();
    let count = std::env::var("ARMLET_CASES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(250);
    let rows: Vec<&Row> = ROWS
        .iter()
        .filter(|row| comparable(row) && wanted.split(',').any(|part| row.name.contains(part)))
        .collect();
    let qemu = Qemu::new(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("qemu and the cross compiler are installed");
    let _space = map().expect("the neighbourhood is free");
    let engines = Engines::new().expect("the translator starts");
    let mut reports = Vec::new();
    let (mut total, mut poor) = (0, Vec::new());
    for row in rows {
        let cases = cases(row, count);
        if cases.len() < count.min(200) {
            poor.push(format!("{}: only {} cases", row.name, cases.len()));
        }
        let observed = cases
            .into_iter()
            .filter_map(|case| engines.interpret(&case).map(|ours| (case, ours)));
        let (cases, ours): (Vec<_>, Vec<_>) = observed.unzip();
        let theirs = qemu.observe(&cases).expect("qemu runs the harness");
        total += cases.len();
        reports.extend(compare(row, &cases, &ours, &theirs));
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
