//! Every word has an answer, and the answer belongs to the word.

use std::fmt::Write;

use armlet_decoder::a64::{Disassembly, ROWS, Row, Undecoded, decode};

/// Random words (xorshift64*).
struct Words(u64);

impl Words {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }
}

/// The row of a word, if it has one; its text is written into `text`.
fn row(word: u32, text: &mut String) -> Option<&'static Row> {
    let insn = decode(word).ok()?;
    let row = insn.row();
    assert_eq!(word & row.mask, row.value, "{word:#010x} is no {}", row.name);
    text.clear();
    write!(text, "{}", Disassembly { insn, pc: 0xffff_f000 }).expect("a string takes all text");
    assert!(!text.is_empty(), "{word:#010x} {} has no text", row.name);
    Some(row)
}

#[test]
fn random_words_are_decoded_or_refused() {
    let (mut words, mut text) = (Words(1), String::new());
    let decoded = (0..5_000_000)
        .filter(|_| row(words.next(), &mut text).is_some())
        .count();
    // Over a quarter of all words are instructions.
    assert!((1_250_000..2_500_000).contains(&decoded), "{decoded}");
}

#[test]
fn every_row_has_words() {
    let (mut words, mut text) = (Words(2), String::new());
    for wanted in ROWS {
        // Many, for the few registers of MSR among all numbers; the first is enough.
        let mut own = (0..1_000_000).map(|_| wanted.value | words.next() & !wanted.mask);
        assert!(
            own.any(|word| row(word, &mut text) == Some(wanted)),
            "no word is decoded as {}",
            wanted.name
        );
    }
}

#[test]
fn zero_is_udf_and_all_ones_are_nothing() {
    assert_eq!(decode(0).map(|insn| insn.row().name), Ok("udf"));
    assert_eq!(decode(u32::MAX), Err(Undecoded::Unallocated));
}
