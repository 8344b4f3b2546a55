//! `cargo xtask where NAME`: every line of the tree that mentions an instruction or a system call by its name, under a
//! heading that says what the place is. The same name is used in every layer, so that a search of whole words finds all.

use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};

/// What a file is, by the start of its path; the first that fits. What lies in a `tests` folder is a test.
const PLACES: [(&str, &str); 11] = [
    ("decoder", "crates/decoder/"),
    ("interpreter", "crates/interpreter/"),
    ("JIT", "crates/jit/"),
    ("shared state", "crates/cpu/"),
    ("system calls", "crates/syscall/"),
    ("runtime", "crates/runtime/"),
    ("loader", "crates/loader/"),
    ("memory", "crates/memory/"),
    ("command", "crates/cli/"),
    ("tests", "crates/"),
    ("test programs", "test-binaries/src/"),
];

/// Prints the places, `file:line: text`, grouped by layer.
pub fn run(name: &str) -> Result<()> {
    let root = armlet_tests::root();
    let mut files = Vec::new();
    collect(&root.join("crates"), &mut files)?;
    collect(&root.join("test-binaries/src"), &mut files)?;
    files.sort();
    let mut found = Vec::new();
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else {
            continue;
        };
        let path = file.strip_prefix(&root).unwrap_or(file).display().to_string();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| mentions(line, name)) {
            found.push((place(&path), format!("  {path}:{}: {}", number + 1, line.trim())));
        }
    }
    ensure!(
        !found.is_empty(),
        "{name} is nowhere: names are the Arm manual's (adds_imm) or the kernel's (openat)"
    );
    for (title, _) in PLACES {
        let lines: Vec<_> = found.iter().filter(|(place, _)| *place == title).collect();
        if !lines.is_empty() {
            println!("{title}");
            lines.iter().for_each(|(_, line)| println!("{line}"));
        }
    }
    Ok(())
}

fn place(path: &str) -> &'static str {
    if path.contains("/tests/") {
        return "tests";
    }
    PLACES
        .iter()
        .find(|(_, start)| path.starts_with(start))
        .map_or("tests", |(title, _)| title)
}

/// Does `line` hold `name` as a whole word? Underscores and capitals in the middle of a word do not end it, but
/// `AddsImm` is found by `adds_imm`.
fn mentions(line: &str, name: &str) -> bool {
    let camel: String = name
        .split('_')
        .flat_map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters.map(|l| l.to_ascii_lowercase()))
        })
        .collect();
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| {
            word.eq_ignore_ascii_case(name) || word == camel || word.eq_ignore_ascii_case(&format!("sys_{name}"))
        })
}

/// All sources below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|kind| ["rs", "isa", "c", "h", "S"].iter().any(|&k| kind == k))
        {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn whole_words_only() {
        assert!(mentions("    fn adds_imm(&mut self) {", "adds_imm"));
        assert!(mentions("Insn::AddsImm { rd, .. } =>", "adds_imm"));
        assert!(mentions("ADDS_IMM", "adds_imm"));
        assert!(mentions("  56 => openat(task, arguments),", "openat"));
        assert!(!mentions("fn adds_immediate()", "adds_imm"));
        assert!(!mentions("fn subs_imm()", "adds_imm"));
        assert!(!mentions("openat2", "openat"));
    }
}
