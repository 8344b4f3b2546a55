//! One case of a differential test: a few instruction words, the registers they start from, and what was observed.

use std::fmt::Write as _;

use armlet_decoder::a64::{Disassembly, Row, decode};

use crate::sample::{Random, word};

/// Where the code of a case stands. The megabytes around it are unmapped.
pub const CODE: u64 = 0x30_0000_0000;
/// Where the data of a case stands, in an otherwise unmapped neighbourhood.
pub const DATA: u64 = 0x10_0000_0000;
/// Bytes of data.
pub const DATA_SIZE: u64 = 96 * 1024;
/// Base registers point around here, so that negative and large positive offsets both hit the data.
const DATA_BASE: u64 = DATA + 16 * 1024;
/// The longest sequence of the harness.
pub const MAX_WORDS: usize = 32;

/// What an instruction sequence starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The instructions, at [`CODE`].
    pub words: Vec<u32>,
    /// X0 to X30.
    pub x: [u64; 31],
    /// SP.
    pub sp: u64,
    /// V0 to V31.
    pub v: [u128; 32],
    /// NZCV in bits 31 to 28.
    pub nzcv: u32,
    /// FPCR.
    pub fpcr: u32,
    /// FPSR.
    pub fpsr: u32,
    /// Whether the data area is compared, too.
    pub watch: bool,
}

/// What was there when the sequence ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The signal that ended it (SIGTRAP at the end of the code is the normal end).
    pub signal: u64,
    /// `si_addr` of a memory fault; 0 for everything else.
    pub address: u64,
    /// The program counter.
    pub pc: u64,
    /// X0 to X30.
    pub x: [u64; 31],
    /// SP.
    pub sp: u64,
    /// V0 to V31.
    pub v: [u128; 32],
    /// NZCV in bits 31 to 28.
    pub nzcv: u32,
    /// FPCR.
    pub fpcr: u32,
    /// FPSR.
    pub fpsr: u32,
    /// Index and new value of every changed 8-byte word of the data, as far as they were counted.
    pub changes: Vec<(u64, u64)>,
}

/// The initial contents of the data, 8 bytes each; guest/harness.c has the same lines.
pub fn pristine() -> Vec<u64> {
    let mut z = 0u64;
    let next = |_| {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z ^ z >> 29
    };
    (0..DATA_SIZE / 8).map(next).collect()
}

const INTEGERS: [u64; 16] = [
    0,
    1,
    2,
    u64::MAX,
    i64::MAX as u64,
    i64::MIN as u64,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0xffff_ffff_8000_0000,
    0x8000,
    0x7f80,
    0xff,
    63,
    64,
];

/// Double-precision numbers at which something changes, and NaNs of all kinds.
pub(crate) const DOUBLES: [u64; 24] = [
    0,
    0x8000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0xfff8_0000_1234_5678,
    0xfff4_0000_0000_0abc,
    1,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x3fe0_0000_0000_0000,
    0x4000_0000_0000_0000,
    0x41df_ffff_ffc0_0000,
    0x41e0_0000_0000_0000,
    0x43e0_0000_0000_0000,
    0xc3e0_0000_0000_0000,
    0x4330_0000_0000_0001,
    0x3ff8_0000_0000_0000,
    0x380f_ffff_ffff_ffff,
    0x36a0_0000_0000_0001,
];

/// The same in single precision.
pub(crate) const SINGLES: [u32; 22] = [
    0,
    0x8000_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0x7f80_0001,
    0xffc0_1234,
    0xffa0_0abc,
    1,
    0x007f_ffff,
    0x0080_0000,
    0x7f7f_ffff,
    0x3f00_0000,
    0x4f00_0000,
    0xcf00_0000,
    0x5f00_0000,
    0x3fc0_0000,
    0x4b00_0001,
    0x4780_0000,
    0x3880_0001,
];

/// The same in half precision.
pub(crate) const HALVES: [u16; 18] = [
    0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xfe12, 0xfd0a, 1, 0x03ff, 0x0400, 0x7bff, 0x3800,
    0x3e00, 0x6400, 0xfbff,
];

fn integer(random: &mut Random) -> u64 {
    match random.below(6) {
        0 | 1 => INTEGERS[random.below(INTEGERS.len())],
        2 => random.next_u64() >> random.below(64),
        3 => DATA_BASE + random.next_u64() % 256 * 8,
        _ => random.next_u64(),
    }
}

/// A number near `of`, so that operands often have exponents that interact.
fn near(of: u64, random: &mut Random) -> u64 {
    of ^ random.next_u64() >> (16 + random.below(48))
}

fn vector(random: &mut Random) -> u128 {
    let lanes = |random: &mut Random, bits: u32, pick: &dyn Fn(&mut Random) -> u64| {
        (0..128 / bits).fold(0u128, |vector, lane| vector | u128::from(pick(random)) << (lane * bits))
    };
    match random.below(9) {
        0 | 1 => lanes(random, 64, &|random| DOUBLES[random.below(DOUBLES.len())]),
        2 => lanes(random, 32, &|random| SINGLES[random.below(SINGLES.len())].into()),
        3 => lanes(random, 16, &|random| HALVES[random.below(HALVES.len())].into()),
        4 => lanes(random, 64, &|random| near(0x3ff0_0000_0000_0000, random)),
        5 => lanes(random, 32, &|random| near(0x3f80_0000, random) as u32 as u64),
        6 => lanes(random, 64, &|random| INTEGERS[random.below(INTEGERS.len())]),
        7 => {
            // The ends of the range, where elements saturate.
            let bits = 8 << random.below(3);
            let smallest = 1u64 << (bits - 1);
            let ends = [smallest, smallest - 1, smallest + 1, 2 * smallest - 1, 0, 1];
            lanes(random, bits, &|random| ends[random.below(ends.len())])
        }
        _ => u128::from(random.next_u64()) << 64 | u128::from(random.next_u64()),
    }
}

/// Bits of FPCR that the cases play with: AHP, DN, FZ, RMode, FZ16.
const FPCR_BITS: u32 = 0x07c8_0000;
/// Bits of FPSR: QC and the six cumulative exception bits.
const FPSR_BITS: u32 = 0x0800_009f;

impl Case {
    /// A case with random registers, for these words.
    pub fn new(words: Vec<u32>, random: &mut Random) -> Case {
        let fpcr = if random.below(2) == 0 {
            0
        } else {
            random.next_u64() as u32 & FPCR_BITS
        };
        let fpsr = match random.below(3) {
            0 => 0,
            1 => 0x10,
            _ => random.next_u64() as u32 & FPSR_BITS,
        };
        Case {
            words,
            x: std::array::from_fn(|_| integer(random)),
            sp: DATA_BASE + random.next_u64() % 64 * 16,
            v: std::array::from_fn(|_| vector(random)),
            nzcv: (random.next_u64() as u32) & 0xf000_0000,
            fpcr,
            fpsr,
            watch: false,
        }
    }

    /// A random case of a row. Instructions that access memory get a base register that points into the data, and an
    /// index register that is small.
    pub fn of_row(row: &Row, random: &mut Random) -> Case {
        let word = word(row, random);
        let mut case = Case::new(vec![word], random);
        if accesses_memory(row) {
            case.watch = true;
            let skew = if random.below(4) == 0 {
                random.next_u64() % 16
            } else {
                0
            };
            if let Some(m) = register(row, word, b'm') {
                case.x[m] = (random.next_u64() % 128).wrapping_sub(64);
            }
            let base = DATA_BASE + random.next_u64() % 64 * 16 + skew;
            match register(row, word, if row.name.starts_with("dc_") { b't' } else { b'n' }) {
                Some(n) => case.x[n] = base,
                None => case.sp = base & !15,
            }
        }
        case
    }

    /// The instructions as text.
    pub fn disassembly(&self) -> String {
        let mut text = String::new();
        for (index, &word) in self.words.iter().enumerate() {
            let line = match decode(word) {
                Ok(insn) => Disassembly {
                    insn,
                    pc: CODE + 4 * index as u64,
                }
                .to_string(),
                Err(reason) => format!("{reason:?}"),
            };
            let _ = writeln!(text, "    {word:08x}  {line}");
        }
        text
    }
}

/// Whether a row stands in a chapter of loads and stores (the data area is compared then).
pub fn accesses_memory(row: &Row) -> bool {
    ["load", "store", "atomic", "exclusive"]
        .iter()
        .any(|part| row.file.contains(part))
        || row.name.starts_with("dc_")
}

/// The general register in the five-bit field `letter` of a word, if it is not 31.
fn register(row: &Row, word: u32, letter: u8) -> Option<usize> {
    let last = row.pattern.bytes().rposition(|byte| byte == letter)?;
    let number = word >> (31 - last) & 31;
    (number != 31).then_some(number as usize)
}

impl Observed {
    /// Every item in which two observations differ, one line each.
    pub fn differences(&self, other: &Observed, case: &Case) -> Vec<String> {
        let mut lines = Vec::new();
        let mut item = |name: String, start: u128, ours: u128, theirs: u128| {
            if ours != theirs {
                lines.push(format!("{name}: from {start:#x}: ours {ours:#x}, theirs {theirs:#x}"));
            }
        };
        item("signal".into(), 0, self.signal.into(), other.signal.into());
        item("fault address".into(), 0, self.address.into(), other.address.into());
        item("pc".into(), CODE.into(), self.pc.into(), other.pc.into());
        for n in 0..31 {
            item(format!("x{n}"), case.x[n].into(), self.x[n].into(), other.x[n].into());
        }
        item("sp".into(), case.sp.into(), self.sp.into(), other.sp.into());
        item("nzcv".into(), case.nzcv.into(), self.nzcv.into(), other.nzcv.into());
        item("fpcr".into(), case.fpcr.into(), self.fpcr.into(), other.fpcr.into());
        item("fpsr".into(), case.fpsr.into(), self.fpsr.into(), other.fpsr.into());
        for n in 0..32 {
            item(format!("v{n}"), case.v[n], self.v[n], other.v[n]);
        }
        if self.changes != other.changes {
            lines.push(format!("memory: ours {:x?}, theirs {:x?}", self.changes, other.changes));
        }
        lines
    }
}

/// The bits of a field of a word, replaced.
fn with_field(row: &Row, word: u32, letter: u8, value: u32) -> u32 {
    let bits = row.pattern.as_bytes();
    match (
        bits.iter().position(|&byte| byte == letter),
        bits.iter().rposition(|&byte| byte == letter),
    ) {
        (Some(first), Some(last)) => {
            let low = 31 - last;
            let mask = (((1u64 << (last - first + 1)) - 1) << low) as u32;
            word & !mask | value << low & mask
        }
        _ => word,
    }
}

/// Registers that sequences use as base addresses; nothing else is written to them.
const BASES: u32 = 16;
/// Registers that sequences use as indexes: small numbers.
const INDEXES: u32 = 20;

impl Case {
    /// A random sequence of `length` instructions of these rows, with branches among themselves, forwards and backwards. Its memory
    /// accesses hit the data most of the time.
    pub fn sequence(rows: &[&Row], length: usize, random: &mut Random) -> Case {
        let mut words = Vec::new();
        while words.len() < length {
            let row = rows[random.below(rows.len())];
            let mut candidate = word(row, random);
            for letter in *b"dtua" {
                let register = if random.below(12) == 0 {
                    31
                } else {
                    random.below(13) as u32
                };
                candidate = with_field(row, candidate, letter, register);
            }
            if accesses_memory(row) {
                let base = if random.below(4) == 0 {
                    31
                } else {
                    BASES + random.below(4) as u32
                };
                candidate = with_field(row, candidate, b'n', base);
                candidate = with_field(row, candidate, b'm', INDEXES + random.below(4) as u32);
            } else {
                for letter in *b"nm" {
                    let register = if random.below(8) == 0 {
                        31
                    } else {
                        random.below(20) as u32
                    };
                    candidate = with_field(row, candidate, letter, register);
                }
            }
            if row.file == "branch" {
                let target = random.below(length + 1) as u32;
                candidate = with_field(row, candidate, b'i', target.wrapping_sub(words.len() as u32));
            }
            if decode(candidate).is_ok_and(|insn| insn.row().name == row.name) {
                words.push(candidate);
            }
        }
        let mut case = Case::new(words, random);
        case.watch = true;
        for n in BASES..BASES + 4 {
            case.x[n as usize] = DATA_BASE + random.next_u64() % 128 * 16;
        }
        for n in INDEXES..INDEXES + 4 {
            case.x[n as usize] = (random.next_u64() % 64).wrapping_sub(32);
        }
        case
    }
}
