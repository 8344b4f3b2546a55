//! Reads instruction tables. What a row may say is described in `src/lib.rs`, "How to add an instruction".

use std::fmt::Write as _;
use std::path::Path;

/// One operand of an instruction.
pub struct Operand {
    pub name: String,
    pub kind: String,
    /// A letter of the pattern, or `function(letters)`.
    pub source: String,
    /// The function may refuse the encoding (a `?` behind it).
    pub fallible: bool,
}

/// One line of assembler text and the condition under which it is preferred.
pub struct Text {
    pub template: String,
    pub condition: Option<String>,
}

/// One instruction form.
pub struct Row {
    /// `adds_imm`; in a table whose instructions are another's, what follows a dot tells the encodings of one instruction apart: `add_imm.t3`.
    pub name: String,
    pub file: String,
    pub line: usize,
    pub pattern: String,
    pub feature: String,
    pub section: String,
    pub title: String,
    pub operands: Vec<Operand>,
    pub constraints: Vec<String>,
    pub texts: Vec<Text>,
    pub overrides: Vec<String>,
    /// Words that the pattern has and the row has not: patterns of `0`, `1` and `.`.
    pub exceptions: Vec<String>,
    /// How and when it writes the program counter: a variant of `PcWrite`, and a condition on the operands.
    pub branch: Option<(String, String)>,
    /// The assembler's `.w`: a T32 encoding of 32 bits of which there is one of 16, too.
    pub wide: bool,
}

/// An encoding space of an extension that is known by name only.
pub struct Foreign {
    pub extension: String,
    pub pattern: String,
}

pub struct Table {
    pub rows: Vec<Row>,
    pub foreign: Vec<Foreign>,
}

impl Row {
    /// The name without what follows the dot.
    pub fn base(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// Whether all words of another row are exceptions of this one.
    fn leaves_out(&self, other: &Row) -> bool {
        let (mask, value) = fixed(&other.pattern);
        self.exceptions.iter().any(|exception| {
            let (except_mask, except_value) = fixed(exception);
            mask & except_mask == except_mask && value & except_mask == except_value
        })
    }

    /// The name as a Rust identifier.
    pub fn ident(&self) -> String {
        self.name.replace('.', "_")
    }
}

/// Whether the pattern starts with a condition, which is not one of its operands: such a row does not mean words whose top bits are all ones.
pub fn conditional(pattern: &str) -> bool {
    pattern.starts_with("cccc")
}

/// An operand's source that is not taken from the word: a number, a truth value, or "not in an IT block".
pub fn literal(source: &str) -> bool {
    matches!(source, "true" | "false" | "!it") || source.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}

/// Mask and value of a pattern: the bits that are `0` or `1`.
pub fn fixed(pattern: &str) -> (u32, u32) {
    pattern.bytes().fold((0, 0), |(mask, value), byte| match byte {
        b'0' => (mask << 1 | 1, value << 1),
        b'1' => (mask << 1 | 1, value << 1 | 1),
        _ => (mask << 1, value << 1),
    })
}

/// Lowest bit and width of the run of `letter` in a pattern.
pub fn run(pattern: &str, letter: char) -> Option<(u32, u32)> {
    let first = pattern.find(letter)?;
    let last = pattern.rfind(letter)?;
    pattern[first..=last]
        .chars()
        .all(|c| c == letter)
        .then_some((31 - last as u32, (last - first + 1) as u32))
}

/// The arguments of an operand's source: `d` of `d`, `a`, `b` and `3` of `f(a,b,3)`.
pub fn arguments(source: &str) -> impl Iterator<Item = &str> {
    source
        .split_once('(')
        .map_or(source, |(_, rest)| rest.trim_end_matches(')'))
        .split(',')
        .map(str::trim)
        .filter(|argument| !argument.is_empty())
}

/// The letters among the arguments of an operand's source; the others are numbers.
pub fn letters(source: &str) -> Vec<char> {
    arguments(source)
        .filter(|argument| !literal(argument))
        .filter_map(|argument| argument.chars().next())
        .collect()
}

pub fn read_folder(folder: &Path) -> Result<Table, String> {
    let mut table = Table {
        rows: Vec::new(),
        foreign: Vec::new(),
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "isa"))
        .collect();
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        read_file(&file, &text, &mut table).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    for row in &table.rows {
        check_row(row).map_err(|error| format!("{}.isa:{}: {}: {error}", row.file, row.line, row.name))?;
    }
    check_overlaps(&table)?;
    Ok(table)
}

fn read_file(file: &str, text: &str, table: &mut Table) -> Result<(), String> {
    for (index, line) in text.lines().enumerate() {
        let error = |what: &str| format!("line {}: {what}: {line}", index + 1);
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            let mut words = trimmed.split_whitespace();
            let name = words.next().ok_or_else(|| error("no name"))?;
            if name == "foreign" {
                let extension = words.next().ok_or_else(|| error("no extension"))?;
                let pattern = words
                    .next()
                    .and_then(pattern)
                    .ok_or_else(|| error("no pattern of 32 bits"))?;
                table.foreign.push(Foreign {
                    extension: extension.into(),
                    pattern,
                });
                continue;
            }
            let pattern = words
                .next()
                .and_then(pattern)
                .ok_or_else(|| error("no pattern of 32 bits"))?;
            let feature = words.next().ok_or_else(|| error("no feature"))?;
            let section = words.next().ok_or_else(|| error("no section"))?;
            table.rows.push(Row {
                name: name.into(),
                file: file.into(),
                line: index + 1,
                pattern,
                feature: feature.into(),
                section: section.into(),
                title: words.collect::<Vec<_>>().join(" "),
                operands: Vec::new(),
                constraints: Vec::new(),
                texts: Vec::new(),
                overrides: Vec::new(),
                exceptions: Vec::new(),
                branch: None,
                wide: false,
            });
            continue;
        }
        let row = table
            .rows
            .last_mut()
            .ok_or_else(|| error("a continuation without a row"))?;
        if trimmed == "wide" {
            row.wide = true;
            continue;
        }
        let (mark, rest) = trimmed
            .split_once(' ')
            .ok_or_else(|| error("no text behind the mark"))?;
        let rest = rest.trim();
        match mark {
            "=" => {
                for word in rest.split_whitespace() {
                    let operand = read_operand(word, &row.pattern).ok_or_else(|| error(word))?;
                    row.operands.push(operand);
                }
            }
            "?" => row.constraints.push(rest.into()),
            ">" => {
                let (template, condition) = match rest.split_once(" when ") {
                    Some((template, condition)) => (template.trim_end(), Some(condition.trim().to_string())),
                    None => (rest, None),
                };
                row.texts.push(Text {
                    template: template.into(),
                    condition,
                });
            }
            "pc" => {
                let (kind, condition) = rest.split_once(' ').ok_or_else(|| error("no condition"))?;
                row.branch = Some((kind.into(), condition.into()));
            }
            "except" => row
                .exceptions
                .push(pattern(rest).ok_or_else(|| error("no pattern of 32 bits"))?),
            "overrides" => row.overrides.extend(rest.split_whitespace().map(String::from)),
            _ => {
                return Err(error(
                    "a continuation starts with '=', '?', '>', 'pc', 'except', 'overrides' or 'wide'",
                ));
            }
        }
    }
    Ok(())
}

/// The pattern of an instruction that this set has no encoding of.
pub const NO_PATTERN: &str = "-";

/// 32 characters; 16 stand for the upper half, where the first halfword of a T32 instruction is.
fn pattern(text: &str) -> Option<String> {
    match text.len() {
        _ if text == NO_PATTERN => Some(text.into()),
        32 => Some(text.into()),
        16 => Some(format!("{text}................")),
        _ => None,
    }
}

fn read_operand(word: &str, pattern: &str) -> Option<Operand> {
    if pattern == NO_PATTERN {
        let (name, kind) = word.split_once(':').unwrap_or((word, "u8"));
        return Some(Operand {
            name: name.into(),
            kind: kind.into(),
            source: String::new(),
            fallible: false,
        });
    }
    let (left, source) = word.split_once('=')?;
    let fallible = source.ends_with('?');
    let source = source.trim_end_matches('?').to_string();
    let (name, kind) = match left.split_once(':') {
        Some((name, kind)) => (name, kind.to_string()),
        None if matches!(source.as_str(), "true" | "false" | "!it") => (left, "bool".to_string()),
        None if source.contains('(') || literal(&source) => (left, "u8".to_string()),
        None => {
            let (_, width) = run(pattern, source.chars().next()?)?;
            let kind = match width {
                1 => "bool",
                2..=8 => "u8",
                9..=16 => "u16",
                _ => "u32",
            };
            (left, kind.to_string())
        }
    };
    Some(Operand {
        name: name.into(),
        kind,
        source,
        fallible,
    })
}

fn check_row(row: &Row) -> Result<(), String> {
    let own = if conditional(&row.pattern) {
        &row.pattern[4..]
    } else {
        &row.pattern
    };
    for letter in own.chars().filter(|c| c.is_ascii_alphabetic()) {
        run(&row.pattern, letter).ok_or_else(|| format!("'{letter}' is not one run of bits"))?;
        if !row
            .operands
            .iter()
            .any(|operand| letters(&operand.source).contains(&letter))
        {
            return Err(format!("'{letter}' is in no operand"));
        }
    }
    for operand in &row.operands {
        for letter in letters(&operand.source) {
            run(&row.pattern, letter)
                .ok_or_else(|| format!("operand {}: no '{letter}' in the pattern", operand.name))?;
        }
    }
    match row.texts.last() {
        // The text of the instruction that this is an encoding of.
        None if row.name.contains('.') => Ok(()),
        Some(text) if text.condition.is_none() || row.name.contains('.') => Ok(()),
        _ => Err("the last text has a condition, or there is none".into()),
    }
}

/// Whether `a` overrides `b`, or a row that does.
fn wins(a: &Row, b: &Row, rows: &[Row]) -> bool {
    let beneath = |name: &String| rows.iter().find(|row| row.name == *name);
    a.overrides.contains(&b.name) || a.overrides.iter().filter_map(beneath).any(|row| wins(row, b, rows))
}

fn check_overlaps(table: &Table) -> Result<(), String> {
    let mut report = String::new();
    let rows = &table.rows;
    for (index, a) in rows.iter().enumerate() {
        for b in &rows[index + 1..] {
            if a.name == b.name {
                let _ = writeln!(
                    report,
                    "two rows are called {}: {}.isa and {}.isa",
                    a.name, a.file, b.file
                );
            }
            if a.pattern == NO_PATTERN || b.pattern == NO_PATTERN {
                continue;
            }
            let ((mask_a, value_a), (mask_b, value_b)) = (fixed(&a.pattern), fixed(&b.pattern));
            let apart = |one: &str, other: &str| conditional(one) && other.starts_with("1111");
            let meet = (value_a ^ value_b) & mask_a & mask_b == 0
                && !apart(&a.pattern, &b.pattern)
                && !apart(&b.pattern, &a.pattern)
                && !a.leaves_out(b)
                && !b.leaves_out(a);
            let declared = a.overrides.contains(&b.name) || b.overrides.contains(&a.name);
            if meet && !wins(a, b, rows) && !wins(b, a, rows) {
                let _ = writeln!(
                    report,
                    "{} ({}.isa) and {} ({}.isa) overlap",
                    a.name, a.file, b.name, b.file
                );
                let _ = writeln!(report, "    {}\n    {}", a.pattern, b.pattern);
            }
            if !meet && declared {
                let _ = writeln!(report, "{} and {} do not overlap: drop 'overrides'", a.name, b.name);
            }
        }
        for name in &a.overrides {
            if !rows.iter().any(|row| &row.name == name) {
                let _ = writeln!(report, "{} overrides {name}, which does not exist", a.name);
            }
        }
    }
    if report.is_empty() { Ok(()) } else { Err(report) }
}
