//! The A32 and T32 decoders against capstone, on a dense sample of every row and on random words.
//!
//! `ARMLET_ROWS=add,ldr` looks only at rows whose names contain one of these.

use std::collections::BTreeMap;

use armlet_oracle::a32::capstone::{Capstone, Opinion, Set};
use armlet_oracle::a32::differences::explain;
use armlet_oracle::a32::sample::{dense, rows};
use armlet_oracle::sample::Random;

/// Few enough to read, enough to see the pattern.
const SHOWN_PER_ROW: usize = 4;

fn check(set: Set, words: impl Iterator<Item = u32>) {
    let capstone = Capstone::new(set).expect("capstone starts");
    report(words.map(|word| capstone.judge(word, 0x10_0000).expect("capstone answers")));
}

fn report(opinions: impl Iterator<Item = Opinion>) {
    let mut found: BTreeMap<String, Vec<Opinion>> = BTreeMap::new();
    for opinion in opinions {
        if !opinion.agrees() && explain(&opinion).is_none() {
            found.entry(opinion.row()).or_default().push(opinion);
        }
    }
    let mut text = String::new();
    for (row, opinions) in &found {
        text += &format!("{row}: {} differences\n", opinions.len());
        for opinion in opinions.iter().take(SHOWN_PER_ROW) {
            text += &format!("    {opinion}\n");
        }
    }
    assert!(found.is_empty(), "{} rows differ from capstone:\n{text}", found.len());
}

fn every_row(set: Set) {
    let wanted = std::env::var("ARMLET_ROWS").unwrap_or_default();
    let mut random = Random::new(1);
    let rows = rows(set)
        .into_iter()
        .filter(|row| wanted.split(',').any(|part| row.name.contains(part)));
    check(set, rows.flat_map(|row| dense(row, 400, &mut random)));
}

#[test]
fn every_a32_row_reads_as_capstone_reads_it() {
    every_row(Set::A32);
}

#[test]
fn every_t32_row_reads_as_capstone_reads_it() {
    every_row(Set::T32);
}

/// All instructions of 16 bits, outside of IT blocks and inside.
#[test]
fn halfwords_read_as_capstone_reads_them() {
    let capstone = Capstone::new(Set::T32).expect("capstone starts");
    let halfwords = (0..0xe800u32).map(|halfword| halfword << 16);
    report(halfwords.flat_map(|word| {
        let opinions = [capstone.judge(word, 0x10_0000), capstone.judge_in_it(word, 0x10_0000)];
        opinions.map(|opinion| opinion.expect("capstone answers"))
    }));
}

/// Those that differed when all 2^32 words were read: single ones of spaces that no sample of rows reaches.
#[test]
fn rare_words_read_as_capstone_reads_them() {
    check(
        Set::A32,
        [
            0xfd88_08a3,
            0xeef7_8a10,
            0xac25_0a00,
            0x2320_f012,
            0x141d_3004,
            0x052d_8004,
            0xe16f_f185,
            0xe163_4285,
        ]
        .into_iter(),
    );
    let t32 = [
        0xe92d_18a8,
        0xf85d_5b04,
        0xf84d_0d04,
        0xf3af_8012,
        0xec50_0e00,
        0xec35_0a00,
        0xfeb0_236e,
    ];
    check(Set::T32, t32.into_iter());
}

#[test]
fn random_words_read_as_capstone_reads_them() {
    let mut random = Random::new(2);
    check(Set::A32, (0..200_000).map(|_| random.next_u64() as u32));
    check(Set::T32, (0..200_000).map(|_| random.next_u64() as u32));
}
