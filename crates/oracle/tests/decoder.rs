//! The decoder against capstone, on a dense sample of every row and on random words.
//!
//! `ARMLET_ROWS=add,ldr cargo test -p armlet-oracle --test decoder` looks only at rows whose names contain one of these.

use std::collections::BTreeMap;

use armlet_oracle::capstone::{Capstone, Opinion};
use armlet_oracle::differences::explain;
use armlet_oracle::sample::{Random, dense, rows};

/// Few enough to read, enough to see the pattern.
const SHOWN_PER_ROW: usize = 4;

fn report(differences: BTreeMap<String, Vec<Opinion>>) {
    let mut text = String::new();
    for (row, opinions) in &differences {
        text += &format!("{row}: {} differences\n", opinions.len());
        for opinion in opinions.iter().take(SHOWN_PER_ROW) {
            text += &format!("    {opinion}\n");
        }
    }
    assert!(
        differences.is_empty(),
        "{} rows differ from capstone:\n{text}",
        differences.len()
    );
}

fn differences(words: &[u32]) -> BTreeMap<String, Vec<Opinion>> {
    let capstone = Capstone::new().expect("capstone starts");
    let mut found: BTreeMap<String, Vec<Opinion>> = BTreeMap::new();
    for chunk in words.chunks(1 << 14) {
        for opinion in capstone.judge(chunk, 0x10_0000).expect("capstone answers") {
            if !opinion.agrees() && explain(&opinion).is_none() {
                found.entry(opinion.row()).or_default().push(opinion);
            }
        }
    }
    found
}

#[test]
fn every_row_reads_as_capstone_reads_it() {
    let wanted = std::env::var("ARMLET_ROWS").unwrap_or_default();
    let wanted = |name: &str| wanted.split(',').any(|part| name.contains(part));
    let mut random = Random::new(1);
    let words: Vec<u32> = rows()
        .iter()
        .filter(|row| wanted(row.name))
        .flat_map(|row| dense(row, 400, &mut random))
        .collect();
    report(differences(&words));
}

/// All words of the system instructions, and of one that has no operands to sample.
#[test]
fn system_instructions_read_as_capstone_reads_them() {
    let words: Vec<u32> = (0xd500_0000..0xd540_0000).chain([0xc008_0000]).collect();
    report(differences(&words));
}

#[test]
fn random_words_read_as_capstone_reads_them() {
    let mut random = Random::new(2);
    let words: Vec<u32> = (0..1_000_000).map(|_| random.next_u64() as u32).collect();
    report(differences(&words));
}
