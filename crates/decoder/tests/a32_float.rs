//! VFP and Advanced SIMD have no T32 rows: their encodings are A32's with other top bits. Extensions that are missing have names.

use armlet_decoder::a32::{ALWAYS, Extension, Row, Undecoded, decode};
use armlet_decoder::t32::{self, ItState};

/// The T32 encoding of an unconditional A32 word.
fn to_t32(word: u32) -> u32 {
    match word >> 24 {
        0xf2 | 0xf3 => 0xef00_0000 | (word >> 24 & 1) << 28 | word & 0x00ff_ffff,
        0xf4 => 0xf900_0000 | word & 0x00ff_ffff,
        _ => word,
    }
}

/// A word of a row: the pattern's fields filled with bits of `noise`.
fn word(row: &Row, noise: u32) -> u32 {
    let word = row.value | noise & !row.mask;
    if row.pattern.starts_with("cccc") {
        word & 0x0fff_ffff | 0xe000_0000
    } else {
        word
    }
}

#[test]
fn every_vfp_and_simd_row_is_the_same_in_t32() {
    let mut noise = 1u32;
    let floating = |row: &&Row| ["vfp", "simd", "crypto"].iter().any(|part| row.file.starts_with(part));
    for row in armlet_decoder::a32::ROWS.iter().filter(floating) {
        let mut decoded = 0;
        for _ in 0..20_000 {
            noise = noise.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
            let word = word(row, noise ^ noise >> 15);
            let Ok(ours) = decode(word) else { continue };
            let other = t32::decode(to_t32(word), ItState::default());
            assert_eq!(
                other.map(|other| (other.insn, other.cond, other.len)),
                Ok((ours.insn, ALWAYS, 4)),
                "{word:08x}"
            );
            decoded += u32::from(ours.row.name == row.name);
        }
        assert!(decoded > 0, "no word is decoded as {}", row.name);
    }
}

#[test]
fn extensions_are_named() {
    for (word, extension) in [
        (0xee30_0900, Extension::Fp16),
        (0xf3f6_0683, Extension::Fp16),
        (0xf3b5_f421, Extension::Fp16),
        (0xfc21_0810, Extension::Fhm),
        (0xfc21_0800, Extension::Fcma),
        (0xfd88_08a3, Extension::Fcma),
        (0xeef7_8a10, Extension::Privileged),
        (0xfc01_0d02, Extension::Bf16),
        (0xfc22_0c44, Extension::I8mm),
    ] {
        let name = decode(word).map(|decoded| decoded.row.name);
        assert_eq!(name, Err(Undecoded::Unimplemented(extension)), "{word:08x}");
    }
}
