//! Writes the Rust module of one instruction set from its table.

use std::fmt::Write as _;

use crate::rows::{Foreign, NO_PATTERN, Operand, Row, Table, arguments, conditional, fixed, letters, literal, run};

/// Generated code need not be pretty.
const ALLOW: &str = "#[allow(unused_parens, unused_variables, unreachable_code, clippy::all)]\n";

/// `adds_imm` becomes `AddsImm`.
fn camel(name: &str) -> String {
    name.split('_')
        .map(|part| part[..1].to_uppercase() + &part[1..])
        .collect()
}

/// A set with instructions of its own.
pub fn module(set: &str, table: &Table) -> String {
    let mut out = String::new();
    structs(&mut out, &table.rows);
    insn(&mut out, &table.rows);
    if table.rows.iter().any(|row| row.branch.is_some()) {
        program_counter(&mut out, &table.rows);
    }
    metadata(&mut out, &table.rows);
    decoder(&mut out, table);
    disassembler(&mut out, set, &table.rows);
    fields(&mut out, &table.rows);
    mnemonics(&mut out, &table.rows);
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
            if row.pattern == NO_PATTERN {
                let _ = writeln!(
                    out,
                    "    /// As the rows of its encodings say.\n    pub {name}: {kind},"
                );
                continue;
            }
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

/// Register 15 as an operand: who reads the program counter, and who branches by writing it.
fn program_counter(out: &mut String, rows: &[Row]) {
    out.push_str(&format!("{ALLOW}impl Insn {{\n"));
    out.push_str("    /// How the instruction writes the program counter, if register 15 is among its results.\n");
    out.push_str("    pub fn branches(&self) -> Option<PcWrite> {\n        match *self {\n");
    for row in rows {
        if let Some((kind, condition)) = &row.branch {
            let camel = camel(&row.name);
            let _ = writeln!(
                out,
                "            Insn::{camel}({camel} {{ {} }}) if {condition} => Some(PcWrite::{kind}),",
                names(row)
            );
        }
    }
    out.push_str("            _ => None,\n        }\n    }\n");
    out.push_str(
        "    /// Whether register 15 is among the registers that the instruction reads (it may say so without need).\n",
    );
    out.push_str("    pub fn reads_pc(&self) -> bool {\n        match *self {\n");
    for row in rows {
        let has = |name: &&str| row.operands.iter().any(|operand| operand.name == *name);
        let mut reads: Vec<String> = ["rn", "rm", "rs", "ra", "rt"]
            .iter()
            .filter(|name| has(name))
            .map(|name| format!("{name} == 15"))
            .collect();
        if has(&"list") && row.name.starts_with("st") {
            reads.push("list >> 15 != 0".into());
        }
        if !reads.is_empty() {
            let camel = camel(&row.name);
            let _ = writeln!(
                out,
                "            Insn::{camel}({camel} {{ {} }}) => {},",
                names(row),
                reads.join(" || ")
            );
        }
    }
    out.push_str("            _ => false,\n        }\n    }\n}\n");
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

/// A set whose rows encode the instructions of another, `of`, whose rows are `own`: decoder, texts and the list of rows.
pub fn encodings(of: &str, own: &Table, table: &Table) -> Result<String, String> {
    let mut out = String::new();
    metadata(&mut out, &table.rows);
    fields(&mut out, &table.rows);
    let mut means = Vec::new();
    for row in &table.rows {
        let what = own.rows.iter().find(|what| what.name == row.base());
        means.push(what.ok_or_else(|| format!("{}.isa:{}: {} has no row in {of}", row.file, row.line, row.name))?);
    }
    for (index, (row, what)) in table.rows.iter().zip(&means).enumerate() {
        let _ = writeln!(
            out,
            "{ALLOW}fn decode_{}(word: u32, in_it: bool) -> Option<Found> {{",
            row.ident()
        );
        out.push_str("    let cond: u8 = 14;\n");
        for operand in &row.operands {
            let known = what.operands.iter().find(|known| known.name == operand.name);
            match known {
                Some(known) => binding(&mut out, row, operand, &known.kind),
                None if operand.name == "cond" => binding(&mut out, row, operand, "u8"),
                // Something that only a condition or the text needs.
                None => binding(&mut out, row, operand, &operand.kind),
            }
        }
        conditions(&mut out, row);
        let camel = camel(&what.name);
        let _ = writeln!(
            out,
            "    Some(Found {{ insn: Insn::{camel}({camel} {{ {} }}), cond, row: {index} }})\n}}",
            names(what)
        );
    }
    out.push_str(&format!(
        "{ALLOW}fn decode_row(word: u32, in_it: bool) -> Option<Found> {{\n"
    ));
    trees(&mut out, &table.rows, "word, in_it");
    out.push_str("}\n");
    foreign(&mut out, &table.foreign);
    let wide: Vec<_> = (0..table.rows.len())
        .filter(|&index| table.rows[index].wide)
        .map(|index| index.to_string())
        .collect();
    let _ = writeln!(
        out,
        "/// The rows with `.w`.\nstatic WIDE: &[u16] = &[{}];",
        wide.join(", ")
    );
    out.push_str(&format!(
        "{ALLOW}fn write_row(row: u16, insn: &Insn, out: &mut Text<'_, '_>) -> core::fmt::Result {{\n    match (row, *insn) {{\n"
    ));
    for (index, (row, what)) in table.rows.iter().zip(&means).enumerate() {
        if !row.texts.is_empty() {
            let camel = camel(&what.name);
            let _ = writeln!(
                out,
                "        ({index}, Insn::{camel}({camel} {{ {} }})) => {{",
                names(what)
            );
            texts(&mut out, row);
            out.push_str("        }\n");
        }
    }
    let _ = writeln!(
        out,
        "        _ => {{}}\n    }}\n    crate::{of}::write_insn(insn, out)\n}}"
    );
    Ok(out)
}

/// The operands' names with commas between them.
fn names(row: &Row) -> String {
    row.operands
        .iter()
        .map(|operand| operand.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// `let rd: u8 = …;`: an operand from the word.
fn binding(out: &mut String, row: &Row, operand: &Operand, kind: &str) {
    let bits = |argument: &str| match argument.chars().next() {
        _ if argument == "!it" => "!in_it".to_string(),
        Some(letter) if !literal(argument) => {
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
            if literal(&operand.source) {
                raw
            } else if kind == "bool" {
                format!("{raw} != 0")
            } else {
                format!("{raw} as {kind}")
            }
        }
    };
    let _ = writeln!(out, "    let {}: {kind} = {value};", operand.name);
}

/// The conditions under which the encoding is allocated.
fn conditions(out: &mut String, row: &Row) {
    for constraint in &row.constraints {
        let _ = writeln!(out, "    if !({constraint}) {{ return None; }}");
    }
}

/// One function per row that builds the operands, and a tree of matches on the bits that tell the rows apart best.
fn decoder(out: &mut String, table: &Table) {
    for row in table.rows.iter().filter(|row| row.pattern != NO_PATTERN) {
        let _ = writeln!(out, "{ALLOW}fn decode_{}(word: u32) -> Option<Insn> {{", row.name);
        for operand in &row.operands {
            binding(out, row, operand, &operand.kind);
        }
        conditions(out, row);
        let camel = camel(&row.name);
        let _ = writeln!(out, "    Some(Insn::{camel}({camel} {{ {} }}))\n}}", names(row));
    }
    out.push_str(&format!("{ALLOW}fn decode_row(word: u32) -> Option<Insn> {{\n"));
    trees(out, &table.rows, "word");
    out.push_str("}\n");
    foreign(out, &table.foreign);
}

/// The body of the decoder: conditional and unconditional rows have a tree each.
fn trees(out: &mut String, rows: &[Row], arguments: &str) {
    let mut all: Vec<&Row> = rows.iter().filter(|row| row.pattern != NO_PATTERN).collect();
    // A row that overrides another is tried before it.
    all.sort_by_key(|row| order(row, rows));
    let (conditional, unconditional): (Vec<&Row>, Vec<&Row>) =
        all.into_iter().partition(|row| conditional(&row.pattern));
    if !conditional.is_empty() {
        out.push_str("    if word >> 28 != 15 {\n        return {\n");
        tree(out, &conditional, arguments, 0, 3);
        out.push_str("        };\n    }\n");
    }
    tree(out, &unconditional, arguments, 0, 1);
}

/// 0 for a row that nothing overrides; a row comes behind all that override it.
fn order(row: &Row, rows: &[Row]) -> usize {
    let before = rows.iter().filter(|other| other.overrides.contains(&row.name));
    before.map(|other| order(other, rows) + 1).max().unwrap_or(0)
}

fn foreign(out: &mut String, foreign: &[Foreign]) {
    out.push_str(&format!("{ALLOW}fn foreign(word: u32) -> Option<Extension> {{\n"));
    for foreign in foreign {
        let (mask, value) = fixed(&foreign.pattern);
        let condition = if conditional(&foreign.pattern) {
            "word >> 28 != 15 && "
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "    if {condition}word & {mask:#010x} == {value:#010x} {{ return Some(Extension::{}); }}",
            foreign.extension
        );
    }
    out.push_str("    None\n}\n");
}

/// Splits `rows` on the (at most six adjacent) bits that tell them apart best, until few are left.
fn tree(out: &mut String, rows: &[&Row], arguments: &str, known: u32, depth: usize) {
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
                tree(out, &part, arguments, known | field(low, width), depth + 1);
                let _ = writeln!(out, "{pad}}}");
            }
            let _ = writeln!(out, "{pad}_ => None,\n{pad}}}");
        }
        _ => {
            for row in rows {
                let (mask, value) = fixed(&row.pattern);
                let exceptions: String = row.exceptions.iter().map(|exception| except(exception)).collect();
                let _ = writeln!(
                    out,
                    "{pad}if word & {mask:#010x} == {value:#010x}{exceptions} {{ return decode_{}({arguments}); }}",
                    row.ident()
                );
            }
            let _ = writeln!(out, "{pad}None");
        }
    }
}

/// The condition that a word is no exception.
fn except(pattern: &str) -> String {
    let (mask, value) = fixed(pattern);
    format!(" && word & {mask:#010x} != {value:#010x}")
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

fn disassembler(out: &mut String, set: &str, rows: &[Row]) {
    // Encodings of A32's instructions in T32 have most texts from here.
    let visibility = if set == "a32" { "pub(crate) " } else { "" };
    out.push_str(&format!(
        "{ALLOW}{visibility}fn write_insn(insn: &Insn, out: &mut Text<'_, '_>) -> core::fmt::Result {{\n"
    ));
    out.push_str("    match *insn {\n");
    for row in rows {
        let camel = camel(&row.name);
        let _ = writeln!(out, "        Insn::{camel}({camel} {{ {} }}) => {{", names(row));
        texts(out, row);
        out.push_str("        }\n");
    }
    out.push_str("    }\n}\n");
}

/// The first text whose condition holds, and back.
fn texts(out: &mut String, row: &Row) {
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

/// What a reader asks of a row by its name: which operands a field makes.
fn fields(out: &mut String, rows: &[Row]) {
    out.push_str("/// The fields of a row's pattern, by its name: the letter, and the operands that are made of it.\n");
    out.push_str("pub fn fields(row: &str) -> &'static [(char, &'static str)] {\n    match row {\n");
    for row in rows {
        let mut seen = Vec::new();
        for letter in row.pattern.chars().filter(char::is_ascii_alphabetic) {
            if seen.iter().any(|(known, _)| *known == letter) {
                continue;
            }
            let own = |operand: &&Operand| operand.source.chars().eq([letter]);
            let uses = |operand: &&Operand| letters(&operand.source).contains(&letter);
            // What is the field itself says it best.
            let mut operands: Vec<&Operand> = row.operands.iter().filter(own).collect();
            if operands.is_empty() {
                operands = row.operands.iter().filter(uses).collect();
            }
            let mut names: Vec<_> = operands.iter().map(|operand| operand.name.as_str()).collect();
            if letter == 'c' && conditional(&row.pattern) && names.is_empty() {
                names.push("cond");
            }
            seen.push((letter, names.join(", ")));
        }
        let _ = writeln!(out, "        {:?} => &{seen:?},", row.name);
    }
    out.push_str("        _ => &[],\n    }\n}\n");
}

/// The same: by which words assembler text begins.
fn mnemonics(out: &mut String, rows: &[Row]) {
    out.push_str("/// The mnemonics of a row, by its name; aliases are among them.\n");
    out.push_str("pub fn mnemonics(row: &str) -> &'static [&'static str] {\n    match row {\n");
    for row in rows {
        let mut words: Vec<&str> = Vec::new();
        for text in &row.texts {
            let word = text
                .template
                .split([' ', '{'])
                .next()
                .unwrap_or_default()
                .trim_end_matches('.');
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        let _ = writeln!(out, "        {:?} => &{words:?},", row.name);
    }
    out.push_str("        _ => &[],\n    }\n}\n");
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
