//! Random sequences of A32 and T32 instructions: IT blocks, conditions, branches among themselves, accesses that hit the data most of the time.
//!
//! R5 is a small index, R6 and R7 point into the data; nothing else is written to them but write-back. R13 and R15 are left alone.

use armlet_decoder::a32::{Insn, Row};
use armlet_decoder::t32::{self, ItState};

use super::capstone::Set;
use super::case::{Case, accesses_memory, halfwords};
use super::sample::{rows, word};
use crate::sample::Random;

/// Chapters that sequences are made of.
const CHAPTERS: [&str; 9] = [
    "data_processing",
    "data_processing_16",
    "data_processing_32",
    "media",
    "multiply",
    "load_store",
    "load_store_16",
    "load_store_32",
    "load_store_multiple",
];
const INDEX: u32 = 5;
const BASES: [u32; 2] = [6, 7];
/// What instructions write: low registers, and of the high ones those that are free.
const WRITTEN: [u32; 11] = [0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 14];
/// The bits of [`WRITTEN`].
const LIST: u32 = 0x5f1f;

/// A piece of a sequence that branches can go to: one instruction, or an IT block.
enum Piece {
    Plain(Vec<u16>),
    /// A branch to the start of another piece, under a condition.
    Branch {
        to: usize,
        cond: u32,
    },
}

impl Piece {
    fn halfwords(&self, set: Set) -> usize {
        match self {
            Piece::Plain(halfwords) => halfwords.len(),
            Piece::Branch { .. } if set == Set::A32 => 2,
            Piece::Branch { .. } => 1,
        }
    }
}

/// The bits of a field of a word, replaced by what `value` makes of its width.
fn with_field(row: &Row, word: u32, letter: u8, value: impl FnOnce(u32) -> u32) -> u32 {
    let bits = row.pattern.as_bytes();
    let first = bits.iter().position(|&byte| byte == letter);
    let last = bits.iter().rposition(|&byte| byte == letter);
    match (first, last) {
        (Some(first), Some(last)) if first >= 4 || letter != b'c' => {
            let (low, width) = (31 - last, last - first + 1);
            let mask = (((1u64 << width) - 1) << low) as u32;
            word & !mask | value(width as u32) << low & mask
        }
        _ => word,
    }
}

/// A register that may be written, in a field of `width` bits.
fn written(random: &mut Random, width: u32) -> u32 {
    match width {
        4 => WRITTEN[random.below(WRITTEN.len())],
        1 => 0,
        _ => WRITTEN[random.below(5)],
    }
}

/// One instruction that is no branch, under an IT state.
fn plain(set: Set, rows: &[&Row], it: ItState, random: &mut Random) -> Vec<u16> {
    loop {
        let row = rows[random.below(rows.len())];
        let mut candidate = word(row, random);
        let memory = accesses_memory(row);
        for letter in *b"dt" {
            candidate = with_field(row, candidate, letter, |width| written(random, width));
        }
        if row.name.contains("ldrd") || row.name.contains("strd") {
            candidate = with_field(row, candidate, b't', |_| [0, 2, 8, 10][random.below(4)]);
            candidate = with_field(row, candidate, b's', |_| [1, 3, 9, 11][random.below(4)]);
        }
        if memory {
            candidate = with_field(row, candidate, b'n', |_| BASES[random.below(2)]);
            candidate = with_field(row, candidate, b'm', |_| INDEX);
            let list = random.next_u64() as u32 & LIST;
            candidate = with_field(row, candidate, b'l', |width| {
                if width >= 8 { list } else { random.next_u64() as u32 }
            });
            if row.name.contains("push") || row.name.contains("pop") {
                continue;
            }
        } else {
            if row.file == "multiply" {
                for letter in *b"hl" {
                    candidate = with_field(row, candidate, letter, |width| written(random, width));
                }
            } else if row.file == "data_processing_16" {
                candidate = with_field(row, candidate, b'h', |_| 0);
            }
            for letter in *b"nma" {
                candidate = with_field(row, candidate, letter, |_| random.below(15) as u32);
            }
            if row.pattern.contains('s') && !row.pattern.contains("ss") {
                candidate = with_field(row, candidate, b's', |_| random.below(2) as u32);
            }
        }
        let decoded = match set {
            Set::A32 => armlet_decoder::a32::decode(candidate),
            Set::T32 => t32::decode(candidate, it),
        };
        let Ok(decoded) = decoded else { continue };
        let stack = row.name.contains("sp") || row.name == "str_imm.t2" || row.name == "ldr_imm.t2";
        if decoded.row.name == row.name && decoded.insn.branches().is_none() && !stack && !decoded.insn.reads_pc() {
            return halfwords(set, candidate);
        }
    }
}

/// An IT block of one to four instructions.
fn it_block(rows: &[&Row], random: &mut Random) -> Vec<u16> {
    loop {
        let (firstcond, mask) = (random.below(14) as u32, 1 + random.below(15) as u32);
        let first = 0xbf00 | firstcond << 4 | mask;
        if !matches!(
            t32::decode(first << 16, ItState(0)).map(|decoded| decoded.insn),
            Ok(Insn::It(_))
        ) {
            continue;
        }
        let mut block = vec![first as u16];
        let mut it = ItState((firstcond << 4 | mask) as u8);
        while it.in_block() {
            block.extend(plain(Set::T32, rows, it, random));
            it = it.advanced();
        }
        return block;
    }
}

/// A random sequence of `length` pieces.
pub fn sequence(set: Set, length: usize, random: &mut Random) -> Case {
    let rows: Vec<&Row> = rows(set)
        .into_iter()
        .filter(|row| CHAPTERS.contains(&row.file))
        .collect();
    let pieces: Vec<Piece> = (0..length)
        .map(|_| match random.below(8) {
            0 => Piece::Branch {
                to: random.below(length + 1),
                cond: random.below(14) as u32,
            },
            1 | 2 if set == Set::T32 => Piece::Plain(it_block(&rows, random)),
            _ => Piece::Plain(plain(set, &rows, ItState(0), random)),
        })
        .collect();
    let starts: Vec<usize> = pieces
        .iter()
        .scan(0, |at, piece| {
            let start = *at;
            *at += piece.halfwords(set);
            Some(start)
        })
        .collect();
    let end = starts
        .last()
        .map_or(0, |last| last + pieces.last().map_or(0, |piece| piece.halfwords(set)));
    let mut code = Vec::new();
    for (piece, &start) in pieces.iter().zip(&starts) {
        match piece {
            Piece::Plain(halfwords) => code.extend(halfwords),
            Piece::Branch { to, cond } => {
                let target = starts.get(*to).copied().unwrap_or(end) as i32;
                let distance = target - start as i32;
                match set {
                    Set::A32 => {
                        let offset = (distance / 2 - 2) as u32 & 0x00ff_ffff;
                        code.extend(halfwords(set, cond << 28 | 0x0a00_0000 | offset));
                    }
                    Set::T32 => code.push((0xd000 | cond << 8 | (distance - 2) as u32 & 0xff) as u16),
                }
            }
        }
    }
    let mut case = Case::new(set, code, random);
    case.watch = true;
    case.r[INDEX as usize] = (random.below(64) as u32).wrapping_sub(32);
    for base in BASES {
        case.r[base as usize] = super::case::DATA as u32 + 16 * 1024 + random.below(128) as u32 * 16;
    }
    case
}

/// A sequence of `length` instructions that set flags, some of them N and Z only, with amounts of shifts that are often 0, and branches over one
/// instruction that ask for all kinds of conditions.
pub fn flags(set: Set, length: usize, random: &mut Random) -> Case {
    let mut code = Vec::new();
    for _ in 0..length {
        let (d, m) = (random.below(5) as u32, random.below(5) as u32);
        let word = match (set, random.below(8)) {
            // Shifts by a constant.
            (Set::T32, 0 | 1) => (random.below(3) as u32) << 11 | (random.below(32) as u32) << 6 | m << 3 | d,
            (Set::T32, 2) => 0x2000 | d << 8 | random.below(3) as u32,
            (Set::T32, 3) => 0xd000 | (random.below(14) as u32) << 8,
            // ANDS to MVNS, shifts by a register among them.
            (Set::T32, _) => 0x4000 | (random.below(16) as u32) << 6 | m << 3 | d,
            (Set::A32, 0) => (random.below(14) as u32) << 28 | 0x0a00_0000,
            (Set::A32, kind) => {
                // Opcodes that compare have to set flags.
                let opcode = random.below(16) as u32;
                let s = u32::from(random.below(4) > 0 || opcode >> 2 == 2);
                let shift = match kind {
                    1..=3 => (random.below(5) as u32) << 8 | (random.below(4) as u32) << 5 | 0x10,
                    _ => (random.below(128) as u32) << 5,
                };
                0xe000_0000 | opcode << 21 | s << 20 | (random.below(5) as u32) << 16 | d << 12 | shift | m
            }
        };
        let word = if set == Set::T32 { word << 16 } else { word };
        code.extend(halfwords(set, word));
    }
    // What a branch at the end goes over.
    code.extend(halfwords(set, if set == Set::T32 { 0x4600_0000 } else { 0xe1a0_0000 }));
    let mut case = Case::new(set, code, random);
    for r in &mut case.r[..5] {
        match random.below(3) {
            0 => *r = 0,
            1 => *r = random.below(40) as u32,
            _ => {}
        }
    }
    case
}

/// A sequence of `length` instructions of VFP and Advanced SIMD that stay within the registers.
pub fn vectors(set: Set, length: usize, random: &mut Random) -> Case {
    let fits = |row: &&'static Row| {
        let chapter = ["simd_", "vfp"].iter().any(|start| row.file.starts_with(start));
        chapter && !accesses_memory(row) && !row.name.starts_with("vmsr")
    };
    let all: Vec<&'static Row> = rows(set).into_iter().filter(fits).collect();
    let float: Vec<&'static Row> = all
        .iter()
        .copied()
        .filter(|row| row.file.starts_with("simd_fp"))
        .collect();
    let mut code = Vec::new();
    for _ in 0..length {
        // Arithmetic on single precision twice as often.
        let from = if random.below(2) == 0 { &float } else { &all };
        let row = from[random.below(from.len())];
        let word = word(row, random);
        // Unconditional, where there is a choice.
        let word = if set == Set::A32 && row.pattern.starts_with("cccc") {
            word & 0x0fff_ffff | 0xe000_0000
        } else {
            word
        };
        code.extend(halfwords(set, word));
    }
    Case::new(set, code, random)
}

/// A loop over `length` instructions of VFP, loads and stores among them, that is passed through three times: A32.
pub fn vfp_loop(length: usize, random: &mut Random) -> Case {
    const COUNTER: u32 = 11;
    let set = Set::A32;
    let fits = |row: &&Row| row.file.starts_with("vfp") && row.name != "vmsr";
    let rows: Vec<&Row> = rows(set).into_iter().filter(fits).collect();
    let mut code = Vec::new();
    for _ in 0..length {
        let row = rows[random.below(rows.len())];
        let mut candidate = word(row, random);
        if row.file == "vfp_load_store" {
            candidate = with_field(row, candidate, b'n', |_| BASES[random.below(2)]);
            candidate = with_field(row, candidate, b'i', |_| 2 * (1 + random.below(4)) as u32);
        } else {
            for letter in *b"tu" {
                let flags = row.name == "vmrs";
                candidate = with_field(
                    row,
                    candidate,
                    letter,
                    |_| if flags { 15 } else { random.below(5) as u32 },
                );
            }
        }
        if row.pattern.starts_with("cccc") {
            let cond = if random.below(8) == 0 {
                random.below(14) as u32
            } else {
                14
            };
            candidate = candidate & 0x0fff_ffff | cond << 28;
        }
        code.extend(halfwords(set, candidate));
    }
    // SUBS R11, R11, #1; BNE to the start.
    code.extend(halfwords(set, 0xe250_0001 | COUNTER << 16 | COUNTER << 12));
    let offset = (length as u32 + 3).wrapping_neg() & 0x00ff_ffff;
    code.extend(halfwords(set, 0x1a00_0000 | offset));
    let mut case = Case::new(set, code, random);
    case.watch = true;
    case.r[COUNTER as usize] = 3;
    // (With other control bits, VFP is interpreted.)
    if random.below(4) != 0 {
        case.fpscr &= 0xf000_009f;
    }
    for base in BASES {
        case.r[base as usize] = super::case::DATA as u32 + 16 * 1024 + random.below(128) as u32 * 16;
    }
    case
}
