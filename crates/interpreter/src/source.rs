//! Finds the text of a function, or of the entry of a macro that makes it, in the interpreter's own files.

/// Where functions are looked for that an instruction's calls, besides its own file.
const SHARED: &str = "integer";
/// Functions that are shown behind an instruction's own, at most.
const HELPERS: usize = 4;

/// A piece of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The file in `crates/interpreter/src/` and the instruction set's folder, without its ending.
    pub file: &'static str,
    /// Its first line, from 1.
    pub line: usize,
    /// The text, without the common indentation.
    pub text: String,
}

/// The function called `name` in a file, or the line of the macro that makes it; then the functions and macros that this
/// uses, from the same file or from the one with what is shared.
pub(crate) fn of(files: &[(&'static str, &'static str)], file: &str, name: &str) -> Vec<Piece> {
    let Some(&(file, text)) = files.iter().find(|(known, _)| *known == file) else {
        return Vec::new();
    };
    let lines: Vec<&str> = text.lines().collect();
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    let Some(at) = lines
        .iter()
        .position(|line| is_code(line) && words(line).any(|word| word == name))
    else {
        return Vec::new();
    };
    let own = if lines[at].contains(&format!("fn {name}")) {
        item(file, &lines, at)
    } else {
        entry(file, &lines, at)
    };
    let mut used: Vec<&str> = words(&own.text).filter(|word| *word != name).collect();
    // The macro around an entry, and the one that the word before the name calls.
    let around = lines[..at]
        .iter()
        .rev()
        .find(|line| line.ends_with("! {") && !line.starts_with(' '));
    if let Some(around) = around.filter(|_| !lines[at].contains("fn ")) {
        used.insert(0, around.trim_end_matches("! {"));
    }
    let mut pieces = vec![own.clone()];
    for word in used {
        let places = [
            (file, text),
            *files
                .iter()
                .find(|(known, _)| *known == SHARED)
                .unwrap_or(&(file, text)),
        ];
        let helper = places.iter().find_map(|&(file, text)| {
            let lines: Vec<&str> = text.lines().collect();
            let defines = |line: &str| {
                let line = line.trim_start_matches("pub ");
                let rest = line.strip_prefix("fn ").or_else(|| line.strip_prefix("macro_rules! "));
                rest.and_then(|rest| words(rest).next()) == Some(word)
            };
            let at = lines.iter().position(|line| defines(line))?;
            Some(item(file, &lines, at))
        });
        if let Some(helper) = helper.filter(|helper| !pieces.contains(helper)) {
            pieces.push(helper);
        }
        if pieces.len() > HELPERS {
            break;
        }
    }
    pieces
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// A function or a macro with its documentation, to the brace that closes it.
fn item(file: &'static str, lines: &[&str], at: usize) -> Piece {
    let is_head = |line: &&&str| {
        let line = line.trim_start();
        line.starts_with("///") || line.starts_with("#[")
    };
    let first = at - lines[..at].iter().rev().take_while(is_head).count();
    let mut depth = 0_i32;
    let mut last = at;
    for (index, line) in lines.iter().enumerate().skip(at) {
        for c in line.chars() {
            depth += i32::from("({".contains(c)) - i32::from(")}".contains(c));
        }
        last = index;
        if depth <= 0 && (line.contains('}') || line.ends_with(';')) {
            break;
        }
    }
    piece(file, lines, first, last)
}

/// An entry of a macro's list: from behind the one before it to its semicolon.
fn entry(file: &'static str, lines: &[&str], at: usize) -> Piece {
    let ends = |line: &str| line.ends_with(';') || line.ends_with('{') || line.is_empty() || line.ends_with("}");
    let before = lines[..at].iter().rev().take_while(|line| !ends(line)).count();
    let after = lines[at..].iter().take_while(|line| !line.ends_with(';')).count();
    piece(file, lines, at - before, (at + after).min(lines.len() - 1))
}

fn piece(file: &'static str, lines: &[&str], first: usize, last: usize) -> Piece {
    let lines_of = &lines[first..=last];
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines_of
        .iter()
        .filter(|line| !line.is_empty())
        .map(indent)
        .min()
        .unwrap_or(0);
    let text: Vec<&str> = lines_of
        .iter()
        .map(|line| line.get(common..).unwrap_or_default())
        .collect();
    Piece {
        file,
        line: first + 1,
        text: text.join("\n"),
    }
}
