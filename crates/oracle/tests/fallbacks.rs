//! Which instructions translated code leaves to the interpreter: the list in `fallbacks.txt`, word for word, so that a change is seen in review.
//! `ARMLET_BLESS=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a64::{ROWS, decode};
use armlet_jit::listing;
use armlet_oracle::sample::{Random, word};

const PC: u64 = 0x40_0000;
const RET: u32 = 0xd65f_03c0;
const SAMPLES: u32 = 60;

/// Whether a word becomes a call of the interpreter's function, or is a way out to it.
fn falls_back(word: u32) -> bool {
    let mut code = |address: u64| match address.wrapping_sub(PC) {
        0 => Ok(word),
        4 => Ok(RET),
        _ => Err(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        }),
    };
    let listing = listing(PC, &mut code).expect("the code is there");
    let ops = listing
        .instructions
        .first()
        .map(|listed| &listed.ops[..])
        .unwrap_or(&[]);
    ops.iter()
        .any(|op| op.starts_with("interpret") || op == "leave for the interpreter")
}

#[test]
fn the_list_is_true() {
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut rows, mut left) = (0, 0);
    for row in ROWS {
        let mut random = Random::new(7);
        let words = (0..SAMPLES).map(|_| word(row, &mut random));
        let own: Vec<u32> = words
            .filter(|&word| decode(word).is_ok_and(|insn| insn.row().name == row.name))
            .collect();
        let count = own.iter().filter(|&&word| falls_back(word)).count();
        rows += usize::from(!own.is_empty());
        if count > 0 {
            left += 1;
            let some = if count < own.len() { " (some forms)" } else { "" };
            by_file.entry(row.file).or_default().push(format!("{}{some}", row.name));
        }
    }
    let mut text = format!("{left} of {rows} rows of A64 are left to the interpreter, in some form at least.\n");
    for (file, names) in by_file {
        let _ = write!(text, "\n{file}\n  {}\n", names.join("\n  "));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fallbacks.txt");
    if std::env::var_os("ARMLET_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the list is written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, known, "ARMLET_BLESS=1 writes the list anew");
}
