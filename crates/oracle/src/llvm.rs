//! llvm-mc as the judge of instruction words, set up for exactly the features of armlet's CPU.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use armlet_decoder::a64::{Disassembly, decode};

/// The features, by the names that LLVM gives them.
const ATTRIBUTES: &str = "-mattr=+v8.2a,+neon,+aes,+sha2,+sha3,+sm4,+crc,+lse,+rdm,+lor,+fullfp16,+fp16fml,+dotprod,+rcpc,\
                          +rcpc-immo,+complxnum,+jsconv,+flagm,+altnzcv,+fptoint,+bf16,+i8mm,+ccpp";

/// llvm-mc's text of each word, `None` where it sees no instruction. `folder` is a build directory.
pub fn disassemble(words: &[u32], folder: &Path) -> anyhow::Result<Vec<Option<String>>> {
    // A word in brackets is read for itself: an invalid one does not shift those behind it.
    let line = |word: &u32| {
        let [a, b, c, d] = word.to_le_bytes();
        format!("[{a:#x} {b:#x} {c:#x} {d:#x}]\n")
    };
    let input = folder.join(format!("words-{}", std::process::id()));
    std::fs::write(&input, words.iter().map(line).collect::<String>())?;
    let output = Command::new("llvm-mc")
        .args(["--disassemble", "-triple=aarch64", ATTRIBUTES])
        .arg(&input)
        .output()
        .context("cannot run llvm-mc: install llvm")?;
    std::fs::remove_file(&input)?;
    let invalid: BTreeSet<usize> = String::from_utf8(output.stderr)?
        .lines()
        .filter_map(|line| line.strip_suffix(" warning: invalid instruction encoding"))
        .filter_map(|place| place.rsplit(':').nth(2)?.parse().ok())
        .collect();
    let stdout = String::from_utf8(output.stdout)?;
    let mut texts = stdout
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('.'));
    let opinions: Vec<_> = (1..=words.len())
        .map(|line| {
            if invalid.contains(&line) {
                None
            } else {
                texts.next().map(normal)
            }
        })
        .collect();
    let valid = opinions.iter().flatten().count();
    ensure!(
        valid + invalid.len() == words.len() && texts.next().is_none(),
        "llvm-mc answered {valid} + {} of {} words",
        invalid.len(),
        words.len()
    );
    Ok(opinions)
}

/// armlet's text of a word at address 0, in the form of [`disassemble`].
pub fn ours(word: u32) -> Option<String> {
    decode(word)
        .ok()
        .map(|insn| normal(&Disassembly { insn, pc: 0 }.to_string()))
}

/// A text without the differences of taste: tabs, braces' inner blanks, comments, hexadecimal numbers.
fn normal(text: &str) -> String {
    let text = text.split("//").next().unwrap_or_default();
    let text = text.replace("{ ", "{").replace(" }", "}");
    let words = text.split_whitespace().map(|word| {
        let (before, rest) = match word.split_once("0x") {
            Some(parts) => parts,
            None => return word.to_string(),
        };
        let digits = rest.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        match u64::from_str_radix(digits, 16) {
            Ok(value) => format!("{before}{value}{}", &rest[digits.len()..]),
            Err(_) => word.to_string(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
