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
    let mut found: BTreeMap<String, Vec<Opinion>> = BTreeMap::new();
    for word in words {
        let opinion = capstone.judge(word, 0x10_0000).expect("capstone answers");
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

#[test]
fn random_words_read_as_capstone_reads_them() {
    let mut random = Random::new(2);
    check(Set::A32, (0..200_000).map(|_| random.next_u64() as u32));
    check(Set::T32, (0..200_000).map(|_| random.next_u64() as u32));
}
