//! What `--check` prints when translated code and the interpreter differ.

use std::fmt::Write;

use armlet_cpu::a64::State;
use armlet_decoder::a64;
use armlet_observe::effects_a32;
use armlet_runtime::{Step, Wrong};

use crate::commands::explain::registers;
use crate::explain::host;

/// Writes to a string do not fail.
pub fn report(wrong: &Wrong, a32: bool) -> String {
    let mut out = String::new();
    let start = wrong.path.first().map_or(wrong.before.pc, |step| step.pc);
    let _ = writeln!(
        out,
        "armlet: --check: translated code differs from the interpreter, in what begins at {start:#x}\n"
    );
    let width = |value: fn(&armlet_jit::Difference) -> &str| {
        let widths = wrong.differences.iter().map(|difference| value(difference).len());
        widths.max().unwrap_or(0).max(12)
    };
    let (name, before, interpreted) = (width(|d| &d.name), width(|d| &d.before), width(|d| &d.interpreted));
    let _ = writeln!(
        out,
        "{:name$}  {:before$}  {:interpreted$}  translated",
        "", "before", "interpreted"
    );
    for d in &wrong.differences {
        let _ = writeln!(
            out,
            "{:name$}  {:before$}  {:interpreted$}  {}",
            d.name, d.before, d.interpreted, d.translated
        );
    }
    let _ = writeln!(
        out,
        "\nexecuted: the guest's instructions, the operations that they become, x86-64"
    );
    for step in &wrong.path {
        code(&mut out, wrong, *step, a32);
    }
    if let Some(listing) = &wrong.listing {
        let _ = writeln!(out, "\nhost registers: {}", registers(listing));
    }
    for (title, state) in [
        ("before", &wrong.before),
        ("interpreted", &wrong.interpreted),
        ("translated", &wrong.translated),
    ] {
        let _ = writeln!(out, "\n{title}");
        all_registers(&mut out, state, a32);
    }
    out
}

/// One instruction.
fn code(out: &mut String, wrong: &Wrong, step: Step, a32: bool) {
    let pc = step.pc;
    let (bytes, text) = if a32 {
        let mut at = State {
            pc,
            a32: wrong.before.a32,
            ..State::default()
        };
        (at.a32.thumb, at.a32.itstate) = (step.thumb, step.itstate);
        match effects_a32::fetched(&at) {
            Some((Ok(decoded), bytes)) => (bytes, effects_a32::text(decoded, pc)),
            Some((Err(_), bytes)) => (bytes, "undefined".into()),
            None => (String::new(), "no code".into()),
        }
    } else {
        match armlet_memory::load::<u32>(pc) {
            Ok(word) => {
                let insn = a64::decode(word);
                let text = insn.map_or("undefined".into(), |insn| a64::Disassembly { insn, pc }.to_string());
                (format!("{word:08x}"), text)
            }
            Err(_) => (String::new(), "no code".into()),
        }
    };
    let _ = writeln!(out, "{pc:8x}:  {bytes:<9}  {text}");
    let Some(listing) = &wrong.listing else { return };
    let Some(listed) = listing.instructions.iter().find(|listed| listed.pc == pc) else {
        return;
    };
    for op in &listed.ops {
        let _ = writeln!(out, "    {op}");
    }
    let lines = host::disassemble(&listing.bytes, listing.at, &listing.names);
    for line in lines.iter().filter(|line| listed.host.contains(&line.offset)) {
        let _ = writeln!(out, "        {}", line.text);
    }
}

/// The register file.
fn all_registers(out: &mut String, state: &State, a32: bool) {
    let (general, vectors, letter, digits) = if a32 { (15, 16, 'r', 8) } else { (31, 32, 'x', 16) };
    let mut cells: Vec<String> = (0..general)
        .map(|n| format!("{:>4} {:0digits$x}", format!("{letter}{n}"), state.x[n]))
        .collect();
    if !a32 {
        cells.push(format!("  sp {:016x}", state.sp()));
    }
    for row in cells.chunks(4) {
        let _ = writeln!(out, "  {}", row.join("  "));
    }
    let letter = if a32 { 'q' } else { 'v' };
    let cells: Vec<String> = (0..vectors)
        .map(|n| format!("{:>4} {:032x}", format!("{letter}{n}"), u128::from(state.v[n])))
        .collect();
    for row in cells.chunks(2) {
        let _ = writeln!(out, "  {}", row.join("  "));
    }
    let flags = state.flags.to_bits() >> 28;
    let _ = writeln!(
        out,
        "  pc {:x}  nzcv {flags:04b}  fpcr {:08x}  fpsr {:08x}",
        state.pc, state.fpcr, state.fpsr
    );
}
