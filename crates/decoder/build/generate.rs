//! Writes the Rust module of one instruction set from its table.

use std::fmt::Write as _;

use crate::rows::{Operand, Row, Table, arguments, fixed, letters, run};

/// Generated code need not be pretty.
const ALLOW: &str = "#[allow(unused_parens, unused_variables, unreachable_code, clippy::all)]\n";

/// `adds_imm` becomes `AddsImm`.
fn camel(name: &str) -> String {
    name.split('_')
        .map(|part| part[..1].to_uppercase() + &part[1..])
        .collect()
}

pub fn module(set: &str, table: &Table) -> String {
    let mut out = String::new();
    structs(&mut out, &table.rows);
    insn(&mut out, &table.rows);
    metadata(&mut out, &table.rows);
    decoder(&mut out, table);
    disassembler(&mut out, &table.rows);
    callback(&mut out, set, &table.rows);
    out
}

/// The structs are aligned so that their sizes are those of machine words: the compiler passes them to the engines' functions in registers,
/// and would put one of three or six bytes together from pieces.
fn structs(out: &mut String, rows: &[Row]) {
    for row in rows {
        let _ = writeln!(
            out,
            "/// {}: {} ({}).\n///\n/// `{}`",
            row.section, row.title, row.feature, row.pattern
        );
        let _ = writeln!(
            out,
            "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n#[repr(align(4))]\npub struct {} {{",
            camel(&row.name)
        );
        for Operand { name, kind, source, .. } in &row.operands {
            let bits: Vec<_> = letters(source)
                .iter()
                .filter_map(|&letter| run(&row.pattern, letter))
                .map(|(low, width)| {
                    if width == 1 {
                        low.to_string()
                    } else {
                        format!("{}:{low}", low + width - 1)
                    }
                })
                .collect();
            let how = if source.contains('(') {
                format!(" through `{source}`")
            } else {
                String::new()
            };
            let _ = writeln!(out, "    /// Bits {}{how}.\n    pub {name}: {kind},", bits.join(", "));
        }
        out.push_str("}\n");
    }
}

fn insn(out: &mut String, rows: &[Row]) {
    out.push_str("/// One decoded instruction: one variant per row of the tables.\n");
    out.push_str("#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\npub enum Insn {\n");
    for row in rows {
        let _ = writeln!(
            out,
            "    /// {}: {}.\n    {}({}),",
            row.section,
            row.title,
            camel(&row.name),
            camel(&row.name)
        );
    }
    out.push_str("}\nimpl Insn {\n");
    out.push_str("    /// The row of the table that this instruction comes from.\n");
    out.push_str("    pub fn row(&self) -> &'static Row {\n        match self {\n");
    for (index, row) in rows.iter().enumerate() {
        let _ = writeln!(out, "            Insn::{}(_) => &ROWS[{index}],", camel(&row.name));
    }
    out.push_str("        }\n    }\n}\n");
}

fn metadata(out: &mut String, rows: &[Row]) {
    out.push_str("/// Every row of the tables, in the order of the files.\npub static ROWS: &[Row] = &[\n");
    for row in rows {
        let (mask, value) = fixed(&row.pattern);
        let _ = writeln!(
            out,
            "    Row {{ name: {:?}, file: {:?}, pattern: {:?}, mask: {mask:#010x}, value: {value:#010x}, \
             feature: Feature::{}, section: {:?}, title: {:?} }},",
            row.name, row.file, row.pattern, row.feature, row.section, row.title
        );
    }
    out.push_str("];\n");
}

/// One function per row that builds the operands, and a tree of matches on the bits that tell the rows apart best.
fn decoder(out: &mut String, table: &Table) {
    for row in &table.rows {
        let _ = writeln!(out, "{ALLOW}fn decode_{}(word: u32) -> Option<Insn> {{", row.name);
        for operand in &row.operands {
            let bits = |argument: &str| match argument.chars().next() {
                Some(letter) if !letter.is_ascii_digit() => {
                    let (low, width) = run(&row.pattern, letter).expect("checked when the row was read");
                    format!("(word >> {low} & {:#x})", (1u64 << width) - 1)
                }
                _ => argument.to_string(),
            };
            let value = match operand.source.split_once('(') {
                Some((function, _)) => {
                    let arguments: Vec<_> = arguments(&operand.source).map(bits).collect();
                    let question = if operand.fallible { "?" } else { "" };
                    format!("operands::{function}({}){question}", arguments.join(", "))
                }
                None => {
                    let raw = bits(&operand.source);
                    if operand.kind == "bool" {
                        format!("{raw} != 0")
                    } else {
                        format!("{raw} as {}", operand.kind)
                    }
                }
            };
            let _ = writeln!(out, "    let {}: {} = {value};", operand.name, operand.kind);
        }
        for constraint in &row.constraints {
            let _ = writeln!(out, "    if !({constraint}) {{ return None; }}");
        }
        let names: Vec<_> = row.operands.iter().map(|operand| operand.name.as_str()).collect();
        let camel = camel(&row.name);
        let _ = writeln!(out, "    Some(Insn::{camel}({camel} {{ {} }}))\n}}", names.join(", "));
    }
    out.push_str(&format!("{ALLOW}fn decode_row(word: u32) -> Option<Insn> {{\n"));
    let mut all: Vec<&Row> = table.rows.iter().collect();
    // A row that overrides another is tried before it.
    all.sort_by_key(|row| row.overrides.is_empty());
    tree(out, &all, 0, 1);
    out.push_str("}\n");
    out.push_str(&format!("{ALLOW}fn foreign(word: u32) -> Option<Extension> {{\n"));
    for foreign in &table.foreign {
        let (mask, value) = fixed(&foreign.pattern);
        let _ = writeln!(
            out,
            "    if word & {mask:#010x} == {value:#010x} {{ return Some(Extension::{}); }}",
            foreign.extension
        );
    }
    out.push_str("    None\n}\n");
}

/// Splits `rows` on the (at most six adjacent) bits that tell them apart best, until few are left.
fn tree(out: &mut String, rows: &[&Row], known: u32, depth: usize) {
    let pad = "    ".repeat(depth);
    let best = (0..32u32)
        .flat_map(|low| (1..=6.min(32 - low)).map(move |width| (low, width)))
        .filter(|&(low, width)| field(low, width) & known == 0)
        .map(|(low, width)| (cost(rows, low, width), width, low))
        .min();
    match best {
        Some((smallest, width, low)) if rows.len() > 3 && smallest < rows.len() * rows.len() => {
            let _ = writeln!(out, "{pad}match word >> {low} & {:#x} {{", (1u32 << width) - 1);
            for (values, part) in parts(rows, low, width) {
                let values: Vec<_> = values.iter().map(|value| format!("{value:#x}")).collect();
                let _ = writeln!(out, "{pad}{} => {{", values.join(" | "));
                tree(out, &part, known | field(low, width), depth + 1);
                let _ = writeln!(out, "{pad}}}");
            }
            let _ = writeln!(out, "{pad}_ => None,\n{pad}}}");
        }
        _ => {
            for row in rows {
                let (mask, value) = fixed(&row.pattern);
                let _ = writeln!(
                    out,
                    "{pad}if word & {mask:#010x} == {value:#010x} {{ return decode_{}(word); }}",
                    row.name
                );
            }
            let _ = writeln!(out, "{pad}None");
        }
    }
}

/// A mask of `width` bits from bit `low` up.
fn field(low: u32, width: u32) -> u32 {
    (((1u64 << width) - 1) << low) as u32
}

/// The rows that are left for the values of a field, and the values that leave them; none for values that leave no row.
fn parts<'a>(rows: &[&'a Row], low: u32, width: u32) -> Vec<(Vec<u32>, Vec<&'a Row>)> {
    let mut parts: Vec<(Vec<u32>, Vec<&Row>)> = Vec::new();
    for value in 0..1u32 << width {
        let compatible = |row: &&&Row| {
            let (mask, fixed_value) = fixed(&row.pattern);
            (fixed_value ^ value << low) & mask & field(low, width) == 0
        };
        let part: Vec<&Row> = rows.iter().filter(compatible).copied().collect();
        let same = |other: &Vec<&Row>| other.iter().map(|row| &row.name).eq(part.iter().map(|row| &row.name));
        match parts.iter_mut().find(|(_, other)| same(other)) {
            Some((values, _)) => values.push(value),
            None if part.is_empty() => {}
            None => parts.push((vec![value], part)),
        }
    }
    parts
}

/// Square sums: large parts are bad, and so are rows that are in many parts.
fn cost(rows: &[&Row], low: u32, width: u32) -> usize {
    let squares = parts(rows, low, width)
        .into_iter()
        .map(|(_, part)| part.len() * part.len());
    squares.sum()
}

fn disassembler(out: &mut String, rows: &[Row]) {
    out.push_str(&format!(
        "{ALLOW}fn write_insn(insn: &Insn, out: &mut Text<'_, '_>) -> core::fmt::Result {{\n"
    ));
    out.push_str("    match *insn {\n");
    for row in rows {
        let camel = camel(&row.name);
        let names: Vec<_> = row.operands.iter().map(|operand| operand.name.as_str()).collect();
        let _ = writeln!(out, "        Insn::{camel}({camel} {{ {} }}) => {{", names.join(", "));
        for text in &row.texts {
            let condition = text.condition.as_deref();
            let _ = writeln!(
                out,
                "            {}{{",
                condition.map_or(String::new(), |c| format!("if {c} "))
            );
            template(out, &text.template);
            out.push_str("                return Ok(());\n            }\n");
        }
        out.push_str("        }\n");
    }
    out.push_str("    }\n}\n");
}

/// `add {r(sf,rd)}, #{imm}`: text as it is, `{f(a,b)}` calls `text::f(out, a, b)`, `{a}` prints a.
fn template(out: &mut String, template: &str) {
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let (inside, after) = behind.split_once('}').expect("a '{' in a text is closed");
        if !before.is_empty() {
            let _ = writeln!(out, "                out.write_str({before:?})?;");
        }
        match inside.split_once('(') {
            Some((function, arguments)) => {
                let arguments = arguments.strip_suffix(')').expect("a '(' in a text is closed");
                let _ = writeln!(out, "                text::{function}(out, {arguments})?;");
            }
            None => {
                let _ = writeln!(out, "                write!(out, \"{{}}\", {inside})?;");
            }
        }
        rest = after;
    }
    if !rest.is_empty() {
        let _ = writeln!(out, "                out.write_str({rest:?})?;");
    }
}

fn callback(out: &mut String, set: &str, rows: &[Row]) {
    let _ = writeln!(
        out,
        "/// Calls `$callback! {{ file name Type; … }}` with every row: engines build their tables from it, so that a row \
         without a function does not compile.\n#[macro_export]\nmacro_rules! {set}_rows {{\n    ($callback:path) => {{\n        $callback! {{"
    );
    for row in rows {
        let _ = writeln!(out, "            {} {} {};", row.file, row.name, camel(&row.name));
    }
    out.push_str("        }\n    };\n}\n");
}
