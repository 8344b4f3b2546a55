//! The host code of representative instructions and loops, word for word, so that a change of it is seen in review. The files in `golden/`
//! have guest code behind `>`; what follows, up to an empty line, is rewritten under `ARMLET_BLESS=1` (`cargo xtask bless armlet-jit`).

use std::fmt::Write;
use std::path::Path;

use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::a64::decode;
use armlet_jit::{Listing, listing};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};

/// Where the guest code is taken to be.
const BASE: u64 = 0x40_0000;
const RET: u32 = 0xd65f_03c0;

fn translated(words: &[u32]) -> Listing {
    let mut code = |address: u64| {
        let index = usize::try_from(address.wrapping_sub(BASE) / 4).unwrap_or(usize::MAX);
        words.get(index).copied().ok_or(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    };
    listing(BASE, &mut code).expect("the code is there")
}

/// Host instructions as text, one per line, and their number.
fn disassembled(bytes: &[u8], at: u64, text: &mut String) -> usize {
    let mut formatter = IntelFormatter::new();
    let decoder = Decoder::with_ip(64, bytes, at, DecoderOptions::NONE);
    let mut count = 0;
    for instruction in decoder {
        text.push_str("    ");
        formatter.format(&instruction, text);
        text.push('\n');
        count += 1;
    }
    count
}

/// The expected text of one entry.
fn entry(words: &[u32]) -> String {
    let single = words.len() == 1;
    let mut code = words.to_vec();
    if single {
        code.push(RET);
    }
    let listing = translated(&code);
    let mut text = String::new();
    let mut total = 0;
    for listed in listing.instructions.iter().take(if single { 1 } else { usize::MAX }) {
        let word = code[(listed.pc.wrapping_sub(BASE) / 4) as usize];
        let name = decode(word).map_or_else(|_| "?".into(), |insn| insn.row().name.to_string());
        let bytes = &listing.bytes[listed.host.clone()];
        writeln!(text, "  {word:08x} {name}").expect("a string takes everything");
        total += disassembled(bytes, listing.at + listed.host.start as u64, &mut text);
    }
    writeln!(text, "  = {total}").expect("a string takes everything");
    text
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let expected = std::fs::read_to_string(&path).expect("the golden file is there");
    let mut found = String::new();
    let mut entries = 0;
    for line in expected.lines().filter(|line| line.starts_with(['>', '#'])) {
        let guest = line.strip_prefix("> ");
        let after_comment = found.lines().last().is_some_and(|last| last.starts_with('#'));
        if !found.is_empty() && (guest.is_none() || !after_comment) {
            found.push('\n');
        }
        found.push_str(line);
        found.push('\n');
        if let Some(guest) = guest {
            let words: Vec<u32> = guest
                .split(' ')
                .map(|word| u32::from_str_radix(word, 16).expect("a word in hexadecimal"))
                .collect();
            found.push_str(&entry(&words));
            entries += 1;
        }
    }
    assert!(entries > 9, "{name} has {entries} entries");
    if std::env::var_os("ARMLET_BLESS").is_some() {
        std::fs::write(&path, &found).expect("the golden file can be written");
        return;
    }
    let (ours, theirs) = (found.lines(), expected.lines());
    let difference = ours.zip(theirs).enumerate().find(|(_, (ours, theirs))| ours != theirs);
    assert!(
        found == expected,
        "{name} differs; if that is meant, `cargo xtask bless armlet-jit`. First: {difference:?}"
    );
}

#[test]
fn instructions() {
    check("instructions.txt");
}

#[test]
fn loops() {
    check("loops.txt");
}
