//! A32 and T32 encodings made from the decoder's own rows.

use armlet_decoder::a32::{self, Row};
use armlet_decoder::t32;

use super::capstone::Set;
use crate::sample::Random;

/// The rows of an instruction set that have encodings.
pub fn rows(set: Set) -> Vec<&'static Row> {
    let rows = match set {
        Set::A32 => a32::ROWS,
        Set::T32 => t32::ROWS,
    };
    rows.iter().filter(|row| row.pattern.len() == 32).collect()
}

/// Lowest bit and width of each field of a row: runs of one letter, and of bits that do not matter.
pub fn fields(row: &Row) -> Vec<(u32, u32)> {
    let bits = row.pattern.as_bytes();
    let mut fields = Vec::new();
    let mut start = 0;
    while start < bits.len() {
        let end = (start..bits.len())
            .find(|&i| bits[i] != bits[start])
            .unwrap_or(bits.len());
        if !matches!(bits[start], b'0' | b'1') {
            fields.push((32 - end as u32, (end - start) as u32));
        }
        start = end;
    }
    fields
}

/// A random word of a row. Fields are often all zeros, all ones or one off: that is where encodings change their meaning. Most conditions
/// are AL.
pub fn word(row: &Row, random: &mut Random) -> u32 {
    let mut word = row.value;
    for (low, width) in fields(row) {
        let ones = ((1u64 << width) - 1) as u32;
        let value = match random.below(8) {
            0 => 0,
            1 => ones,
            2 => 1,
            3 => ones - 1,
            _ => random.next_u64() as u32,
        };
        word |= (value & ones) << low;
    }
    if row.pattern.starts_with("cccc") {
        let cond = if random.below(4) == 0 {
            random.below(15) as u32
        } else {
            14
        };
        word = word & 0x0fff_ffff | cond << 28;
    }
    word
}

/// Every value of every small field (up to six bits) of a row, the other fields random, and `count` random words more.
pub fn dense(row: &Row, count: usize, random: &mut Random) -> Vec<u32> {
    let mut words = Vec::new();
    for (low, width) in fields(row) {
        if width <= 6 {
            let mask = ((1u32 << width) - 1) << low;
            words.extend((0..1u32 << width).map(|value| word(row, random) & !mask | value << low));
        }
    }
    words.extend((0..count).map(|_| word(row, random)));
    words
}
