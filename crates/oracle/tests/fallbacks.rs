//! Which instructions translated code leaves to the interpreter: the lists in `fallbacks.txt` and `fallbacks_a32.txt`, word for word, so that a change is
//! seen in review. `ARMLET_BLESS=1` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use armlet_cpu::a32_features::Model;
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a64::{ROWS, decode};
use armlet_interpreter::a32::Place;
use armlet_jit::listing;
use armlet_oracle::a32::capstone::Set;
use armlet_oracle::a32::case::halfwords;
use armlet_oracle::a32::sample as a32;
use armlet_oracle::sample::{Random, word};

const PC: u64 = 0x40_0000;
const RET: u32 = 0xd65f_03c0;
const BX_LR: u32 = 0xe12f_ff1e;
const SAMPLES: u32 = 60;

fn unmapped(address: u64) -> Fault {
    Fault {
        address,
        access: Access::Execute,
        kind: FaultKind::Unmapped,
    }
}

fn is_fallback(op: &String) -> bool {
    op.starts_with("interpret") || op == "leave for the interpreter"
}

/// Whether a word becomes a call of the interpreter's function, or is a way out to it.
fn falls_back(word: u32) -> bool {
    let mut code = |address: u64| match address.wrapping_sub(PC) {
        0 => Ok(word),
        4 => Ok(RET),
        _ => Err(unmapped(address)),
    };
    let listing = listing(PC, &mut code).expect("the code is there");
    let ops = listing
        .instructions
        .first()
        .map(|listed| &listed.ops[..])
        .unwrap_or(&[]);
    ops.iter().any(is_fallback)
}

/// The same in AArch32.
fn falls_back_a32(set: Set, word: u32) -> bool {
    let mut program = halfwords(set, word);
    match set {
        Set::A32 => program.extend(halfwords(set, BX_LR)),
        Set::T32 => program.push(0x4770),
    }
    let mut code = |address: u64| {
        let index = address.checked_sub(PC).map_or(usize::MAX, |offset| offset as usize / 2);
        program.get(index).copied().ok_or(unmapped(address))
    };
    let place = Place::new(PC as u32, set == Set::T32);
    let listing = armlet_jit::listing_a32(place, Model::Max, &mut code).expect("the code is there");
    let first = listing.instructions.iter().filter(|listed| listed.pc == PC);
    first.flat_map(|listed| &listed.ops).any(is_fallback)
}

/// Compares a list with the one in a file.
fn judge(file: &str, title: &str, by_file: BTreeMap<&str, Vec<String>>) {
    let mut text = format!("{title}\n");
    for (file, names) in by_file {
        let _ = write!(text, "\n{file}\n  {}\n", names.join("\n  "));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    if std::env::var_os("ARMLET_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the list is written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, known, "ARMLET_BLESS=1 writes the list anew");
}

/// How a row is named in the list, of which `count` of `all` words fall back.
fn entry(name: &str, count: usize, all: usize) -> String {
    format!("{name}{}", if count < all { " (some forms)" } else { "" })
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
            let names = by_file.entry(row.file).or_default();
            names.push(entry(row.name, count, own.len()));
        }
    }
    let title = format!("{left} of {rows} rows of A64 are left to the interpreter, in some form at least.");
    judge("fallbacks.txt", &title, by_file);
}

#[test]
fn the_list_of_aarch32_is_true() {
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut rows, mut left) = (0, 0);
    for set in [Set::A32, Set::T32] {
        for row in a32::rows(set) {
            let mut random = Random::new(7);
            let words = (0..SAMPLES).map(|_| a32::word(row, &mut random));
            let own: Vec<u32> = words
                .filter(|&word| set.decode(word).is_ok_and(|decoded| decoded.row.name == row.name))
                .collect();
            let count = own.iter().filter(|&&word| falls_back_a32(set, word)).count();
            rows += usize::from(!own.is_empty());
            if count > 0 {
                left += 1;
                let names = by_file.entry(row.file).or_default();
                names.push(entry(row.name, count, own.len()));
            }
        }
    }
    let title = format!("{left} of {rows} rows of A32 and T32 are left to the interpreter, in some form at least.");
    judge("fallbacks_a32.txt", &title, by_file);
}
