//! The VFP and Advanced SIMD rows of AArch32 against capstone, on a dense sample of every row.
//!
//! `ARMLET_ROWS=vadd,vld` looks only at rows whose names contain one of these.

use std::collections::BTreeMap;

use armlet_decoder::a32::ROWS;
use armlet_oracle::a32::capstone::{Capstone, Opinion, Set};
use armlet_oracle::a32::differences::explain;
use armlet_oracle::a32::sample::dense;
use armlet_oracle::sample::Random;

/// Few enough to read, enough to see the pattern.
const SHOWN_PER_ROW: usize = 4;

#[test]
fn every_vfp_and_simd_row_reads_as_capstone_reads_it() {
    let wanted = std::env::var("ARMLET_ROWS").unwrap_or_default();
    let capstone = Capstone::new(Set::A32).expect("capstone starts");
    let mut random = Random::new(1);
    let mut found: BTreeMap<String, Vec<Opinion>> = BTreeMap::new();
    let floating = |file: &str| ["vfp", "simd", "crypto"].iter().any(|part| file.starts_with(part));
    let rows = ROWS
        .iter()
        .filter(|row| floating(row.file) && wanted.split(',').any(|part| row.name.contains(part)));
    for word in rows.flat_map(|row| dense(row, 200, &mut random)) {
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
