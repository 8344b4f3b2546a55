//! What an instruction does: the effect and the sentence of `a64.txt` or `a32.txt`, and the registers that are read and written.

use std::collections::BTreeSet;

use armlet_decoder::a32::Decoded;
use armlet_observe::{Kind, Shape};

/// See the heads of the files.
const A64: &str = include_str!("a64.txt");
const A32: &str = include_str!("a32.txt");

/// What an instruction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// As statements, with the names of the fields.
    pub effect: String,
    /// In words.
    pub sentence: &'static str,
    /// What it reads: `x1`, `v2`, `sp`, `nzcv`, `memory`, …
    pub reads: Vec<String>,
    /// What it writes.
    pub writes: Vec<String>,
}

/// The effect and the sentence of a row of A32, or of T32.
pub fn of_a32_row(name: &str) -> Option<(&'static str, &'static str)> {
    lookup(A32, name.split('.').next()?)
}

/// The meaning of an AArch32 instruction. What it reads and writes is as `trace` has it.
pub fn of_a32(decoded: &Decoded) -> Option<Meaning> {
    let (effect, sentence) = of_a32_row(decoded.insn.row().name)?;
    let shape = Shape::of_a32(decoded);
    let texts = |registers: &[armlet_observe::Register]| registers.iter().map(ToString::to_string).collect();
    let (mut reads, mut writes): (Vec<String>, Vec<String>) = (texts(&shape.reads), texts(&shape.writes));
    for (kind, list) in [(Kind::LOAD, &mut reads), (Kind::STORE, &mut writes)] {
        if shape.kind.meets(kind) {
            list.push("memory".to_owned());
        }
    }
    if shape.kind.meets(Kind::BRANCH) {
        writes.push("pc".to_owned());
    }
    Some(Meaning {
        effect: effect.to_owned(),
        sentence,
        reads,
        writes,
    })
}

/// The meaning of a row, with these operands.
pub fn of(name: &str, operands: &[(String, String)]) -> Option<Meaning> {
    let (effect, sentence) = lookup(A64, name)?;
    let mut operands = operands.to_vec();
    // `ld3r`: the registers of the structure.
    if let Some(count) = name
        .strip_prefix("ld")
        .or_else(|| name.strip_prefix("st"))
        .and_then(|rest| rest.get(..1))
        && count.parse::<u8>().is_ok()
    {
        operands.push(("count".to_owned(), count.to_owned()));
    }
    let operands = operands.as_slice();
    let operand = |wanted: &str| {
        operands
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| &**value)
    };
    let mut effect = effect.to_owned();
    let indexed = operand("rm").is_some();
    if indexed {
        effect = effect
            .replace("op2", "op2 of Xm")
            .replace("address of Xn", "address of Xn and Xm");
    }
    if name.ends_with("_pre") || name.ends_with("_post") {
        match operand("rm") {
            Some(rm) if rm != "31" => effect += "; Xn = Xn + Xm",
            _ => effect += "; Xn = Xn + offset",
        }
    }
    let (mut reads, mut writes) = (BTreeSet::new(), BTreeSet::new());
    for statement in effect.split("; ") {
        let (condition, statement) = match statement.split_once(": ") {
            Some((condition, statement)) => (condition, statement),
            None => ("", statement),
        };
        collect(condition, operands, &mut reads);
        match statement.split_once(" = ") {
            Some((left, right)) => {
                // An address in brackets is read.
                let (target, address) = left.split_once('[').unwrap_or((left, ""));
                collect(target, operands, &mut writes);
                collect(address, operands, &mut reads);
                collect(right, operands, &mut reads);
            }
            None if statement == "FPSR" => collect(statement, operands, &mut writes),
            None => collect(statement, operands, &mut reads),
        }
    }
    // A part of the flags is the flags; 31 is no register.
    let listed = |names: BTreeSet<String>| names.into_iter().filter(|name| name != "xzr").collect();
    Some(Meaning {
        effect,
        sentence,
        reads: listed(reads),
        writes: listed(writes),
    })
}

/// Effect and sentence of a row: of its name, or of the name without its last parts.
fn lookup(text: &'static str, name: &str) -> Option<(&'static str, &'static str)> {
    let find = |name: &str| {
        text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
            let (names, rest) = line.split_once(" | ")?;
            let (effect, sentence) = rest.rsplit_once(" | ")?;
            names
                .split(' ')
                .any(|known| known == name)
                .then_some((effect, sentence))
        })
    };
    let mut name = name;
    loop {
        if let Some(found) = find(name) {
            return Some(found);
        }
        name = name.rsplit_once('_')?.0;
    }
}

/// The registers and the other state that a piece of an effect names.
fn collect(text: &str, operands: &[(String, String)], into: &mut BTreeSet<String>) {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '+')
        .filter(|word| !word.is_empty())
        .collect();
    for (index, word) in words.iter().enumerate() {
        match *word {
            "cond" | "NZCV" | "NZV" | "C" if !text.contains("N and Z") || *word != "C" => {
                into.insert("nzcv".to_owned());
            }
            "PC" => {
                into.insert("pc".to_owned());
            }
            "SP" => {
                into.insert("sp".to_owned());
            }
            "LR" => {
                into.insert("x30".to_owned());
            }
            "FPSR" => {
                into.insert("fpsr".to_owned());
            }
            "monitor" => {
                into.insert("monitor".to_owned());
            }
            "mem" | "mem8" | "mem16" | "mem32" => {
                into.insert("memory".to_owned());
            }
            _ => {
                let Some((class, number)) = register(word, operands) else {
                    continue;
                };
                let follow = words[index + 1..].starts_with(&["and", "those", "that", "follow"]);
                let count = if follow { structure(operands) } else { 1 };
                for n in 0..count {
                    into.insert(name_of(class, number, n));
                }
            }
        }
    }
}

/// `Xd`, `Wn`, `Vt2`, `Xs+1`: the class and the number that the operand has.
fn register(word: &str, operands: &[(String, String)]) -> Option<(char, u32)> {
    let class = word.chars().next().filter(|class| "XWV".contains(*class))?;
    let (field, plus) = match word[1..].split_once('+') {
        Some((field, plus)) => (field, plus.parse().ok()?),
        None => (&word[1..], 0),
    };
    if !["d", "n", "m", "a", "t", "t2", "s"].contains(&field) {
        return None;
    }
    let (_, value) = operands.iter().find(|(name, _)| *name == format!("r{field}"))?;
    let number: u32 = value.parse().ok()?;
    Some((if class == 'V' { 'v' } else { 'x' }, number + plus))
}

fn name_of(class: char, number: u32, offset: u32) -> String {
    match (class, number) {
        ('v', number) => format!("v{}", (number + offset) % 32),
        (_, 31) => "xzr".to_owned(),
        (_, 32) => "sp".to_owned(),
        (_, number) => format!("x{number}"),
    }
}

/// Registers of a structure or of a table.
fn structure(operands: &[(String, String)]) -> u32 {
    let value = operands.iter().find(|(name, _)| name == "count");
    value.and_then(|(_, value)| value.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain;
    use armlet_decoder::a64::ROWS;
    use armlet_decoder::{a32, t32};

    #[test]
    fn every_row_has_a_meaning() {
        for row in ROWS {
            assert!(lookup(A64, row.name).is_some(), "{}", row.name);
        }
        for row in a32::ROWS.iter().chain(t32::ROWS) {
            assert!(of_a32_row(row.name).is_some(), "{}", row.name);
        }
    }

    #[test]
    fn every_meaning_has_a_row() {
        let of_a64: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        let of_a32 = a32::ROWS.iter().chain(t32::ROWS);
        let of_a32: Vec<&str> = of_a32.filter_map(|row| row.name.split('.').next()).collect();
        for (text, rows) in [(A64, of_a64), (A32, of_a32)] {
            let mut seen = BTreeSet::new();
            for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
                let parts: Vec<&str> = line.split(" | ").collect();
                assert!(parts.len() >= 3, "{line}");
                for name in parts[0].split(' ') {
                    let known = |row: &&&str| **row == name || row.starts_with(&format!("{name}_"));
                    assert!(rows.iter().any(|row| known(&row)), "{name}");
                    assert!(seen.insert(name), "{name} has two lines");
                }
            }
        }
    }

    fn lists(word: u32) -> (String, String) {
        let meaning = explain::word(word, 0)
            .expect("an instruction")
            .meaning
            .expect("a meaning");
        (meaning.reads.join(" "), meaning.writes.join(" "))
    }

    fn both(reads: &str, writes: &str) -> (String, String) {
        (reads.to_owned(), writes.to_owned())
    }

    #[test]
    fn registers_that_take_part() {
        assert_eq!(lists(0xab02_0020), both("x1 x2", "nzcv x0")); // adds x0, x1, x2
        assert_eq!(lists(0x9100_43ff), both("sp", "sp")); // add sp, sp, #0x10
        assert_eq!(lists(0xf840_8441), both("memory x2", "x1 x2")); // ldr x1, [x2], #8
        assert_eq!(lists(0xf823_6841), both("x1 x2 x3", "memory")); // str x1, [x2, x3]
        assert_eq!(lists(0x5400_0040), both("nzcv pc", "pc")); // b.eq
        assert_eq!(lists(0x9a02_0020), both("nzcv x1 x2", "x0")); // adc x0, x1, x2
        assert_eq!(lists(0x9400_0001), both("pc", "pc x30")); // bl
        assert_eq!(lists(0xf29f_ffe0), both("x0", "x0")); // movk x0, #0xffff
        assert_eq!(lists(0x1e62_2820), both("v1 v2", "fpsr v0")); // fadd d0, d1, d2
        assert_eq!(lists(0xd65f_03c0), both("x30", "pc")); // ret
        assert_eq!(lists(0x4c40_8c20), both("memory x1", "v0 v1")); // ld2 {v0.2d, v1.2d}, [x1]
        assert_eq!(lists(0xc805_7c41), both("monitor x1 x2", "memory monitor x5")); // stxr w5, x1, [x2]
    }
}
