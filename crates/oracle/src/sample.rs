//! Instruction words made from the decoder's rows: the same tables that decode are the source of what is tested.

use armlet_decoder::a64::{ROWS, Row, SystemRegister};

/// A small deterministic generator (SplitMix64), so that every run of a test sees the same words.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that yields the same sequence for the same seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `bound` (which is not 0).
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % bound as u64) as usize
    }
}

/// The fields of a row's pattern: lowest bit and width of each run of one letter, and of each run of bits that do not matter.
pub fn fields(row: &Row) -> Vec<(u32, u32)> {
    let bits = row.pattern.as_bytes();
    let mut fields = Vec::new();
    let mut start = 0;
    while start < bits.len() {
        let letter = bits[start];
        let end = (start..bits.len()).find(|&i| bits[i] != letter).unwrap_or(bits.len());
        if !matches!(letter, b'0' | b'1') {
            fields.push((32 - end as u32, (end - start) as u32));
        }
        start = end;
    }
    fields
}

/// A random word of a row. Fields are often all zeros, all ones or one off: that is where encodings change their meaning.
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
    match row.name {
        "mrs" | "msr" => word & !(0xffff << 5) | system_register(random) << 5,
        _ => word,
    }
}

/// Bits 20 to 5 of MRS and MSR: most of their values are no register, or none that user code has.
fn system_register(random: &mut Random) -> u32 {
    let named = SystemRegister::NAMED;
    named[random.below(named.len())].0.into()
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

/// All rows of the decoder.
pub fn rows() -> &'static [Row] {
    ROWS
}
