//! One case of a differential test of AArch32: a few instructions, the registers they start from, and what was observed.

use std::fmt::Write as _;

use armlet_decoder::a32::{Disassembly, Row};
use armlet_decoder::t32;

use super::capstone::Set;
use super::sample::word;
use crate::case::{DOUBLES, HALVES, SINGLES};
use crate::sample::Random;

/// Where the code of a case stands. The megabytes around it are unmapped.
pub const CODE: u64 = 0x3000_0000;
/// Where the data of a case stands, in an otherwise unmapped neighbourhood.
pub const DATA: u64 = 0x1000_0000;
/// Bytes of data.
pub const DATA_SIZE: u64 = 96 * 1024;
/// Base registers point around here, so that negative and large positive offsets both hit the data.
const DATA_BASE: u32 = DATA as u32 + 16 * 1024;
/// The longest sequence of the harness, in halfwords.
pub const MAX_HALFWORDS: usize = 80;
/// CPSR: Thumb state.
const T: u32 = 1 << 5;

/// What an instruction sequence starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The instructions, at [`CODE`], as they lie in memory.
    pub halfwords: Vec<u16>,
    /// R0 to R14.
    pub r: [u32; 15],
    /// N, Z, C, V, Q, GE, IT and T.
    pub cpsr: u32,
    /// D0 to D31.
    pub d: [u64; 32],
    /// FPSCR.
    pub fpscr: u32,
    /// Whether the data area is compared, too.
    pub watch: bool,
}

/// What was there when the sequence ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The signal that ended it (SIGTRAP at the end of the code is the normal end).
    pub signal: u32,
    /// `si_addr` of a memory fault; 0 for everything else.
    pub address: u32,
    /// R0 to R14.
    pub r: [u32; 15],
    /// The program counter.
    pub pc: u32,
    /// N, Z, C, V, Q, GE, IT and T.
    pub cpsr: u32,
    /// D0 to D31.
    pub d: [u64; 32],
    /// FPSCR.
    pub fpscr: u32,
    /// Index and new value of every changed word of the data.
    pub changes: Vec<(u32, u32)>,
}

/// The initial contents of the data; guest/harness_a32.c has the same lines.
pub fn pristine() -> Vec<u32> {
    let mut z = 0u64;
    let next = |_| {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (z ^ z >> 29) as u32
    };
    (0..DATA_SIZE / 4).map(next).collect()
}

const INTEGERS: [u32; 14] = [
    0,
    1,
    2,
    u32::MAX,
    0x7fff_ffff,
    0x8000_0000,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_8000,
    0x8000_7fff,
    0x80_8080,
    31,
    32,
];

fn integer(random: &mut Random) -> u32 {
    match random.below(6) {
        0 | 1 => INTEGERS[random.below(INTEGERS.len())],
        2 => random.next_u64() as u32 >> random.below(32),
        3 => DATA_BASE + random.below(256) as u32 * 8,
        _ => random.next_u64() as u32,
    }
}

fn double(random: &mut Random) -> u64 {
    let single = |random: &mut Random| SINGLES[random.below(SINGLES.len())];
    match random.below(8) {
        0 | 1 => DOUBLES[random.below(DOUBLES.len())],
        2 => u64::from(single(random)) << 32 | u64::from(single(random)),
        3 => (0..4).fold(0, |lanes, _| {
            lanes << 16 | u64::from(HALVES[random.below(HALVES.len())])
        }),
        4 => 0x3ff0_0000_0000_0000 ^ random.next_u64() >> (16 + random.below(48)),
        5 => {
            let near = |random: &mut Random| 0x3f80_0000 ^ random.next_u64() as u32 >> (8 + random.below(24));
            u64::from(near(random)) << 32 | u64::from(near(random))
        }
        _ => random.next_u64(),
    }
}

/// Bits of FPSCR that the cases play with: flags, QC, AHP, DN, FZ, RMode, FZ16, cumulative exceptions.
const FPSCR_BITS: u32 = 0xffc8_009f;
/// The control bits of FPSCR.
const CONTROL: u32 = 0x07ff_0000;
/// FPSCR.DN and FPSCR.FZ: "RunFast" mode.
pub const RUN_FAST: u32 = 0x0300_0000;

impl Case {
    /// The same in RunFast mode.
    pub fn in_fast_mode(mut self) -> Case {
        self.fpscr = self.fpscr & !CONTROL | RUN_FAST;
        self
    }

    /// Whether it is in that mode.
    pub fn is_fast(&self) -> bool {
        self.fpscr & CONTROL == RUN_FAST
    }

    /// A case with random registers, for instructions of a set.
    pub fn new(set: Set, halfwords: Vec<u16>, random: &mut Random) -> Case {
        let fpscr = match random.below(4) {
            0 => 0,
            1 => 0x10,
            _ => random.next_u64() as u32 & FPSCR_BITS,
        };
        let mut r: [u32; 15] = std::array::from_fn(|_| integer(random));
        r[13] = DATA_BASE + random.below(64) as u32 * 8;
        Case {
            halfwords,
            r,
            cpsr: random.next_u64() as u32 & 0xf80f_0000 | if set == Set::T32 { T } else { 0 },
            d: std::array::from_fn(|_| double(random)),
            fpscr,
            watch: false,
        }
    }

    /// A random case of a row. Instructions that access memory get a base register that points into the data, and an
    /// index register that is small. A T32 instruction is often the last one of an IT block.
    pub fn of_row(set: Set, row: &Row, random: &mut Random) -> Case {
        let word = word(row, random);
        let mut case = Case::new(set, halfwords(set, word), random);
        if set == Set::T32 && random.below(3) == 0 && !row.name.starts_with("it.") {
            let cond = random.below(15) as u32;
            case.cpsr |= it_bits(cond << 4 | 8);
        }
        if accesses_memory(row) {
            case.watch = true;
            let skew = if random.below(4) == 0 {
                random.below(16) as u32
            } else {
                0
            };
            if let Some(m) = register(row, word, b'm') {
                case.r[m] = (random.below(128) as u32).wrapping_sub(64);
            }
            let base = DATA_BASE + random.below(64) as u32 * 16 + skew;
            match register(row, word, b'n') {
                Some(n) => case.r[n] = base,
                None => case.r[13] = base & !7,
            }
        }
        case
    }

    /// Whether the base register of its only instruction, of a row, is R15.
    pub fn stores_at_pc(&self, row: &Row) -> bool {
        self.set() == Set::A32 && row.pattern.contains('n') && self.word() >> 16 & 15 == 15
    }

    /// Its first A32 word.
    pub fn word(&self) -> u32 {
        let half = |n: usize| u32::from(self.halfwords.get(n).copied().unwrap_or(0));
        half(0) | half(1) << 16
    }

    /// Whether its only instruction, an LDRD of A32, has an index register that it loads.
    pub fn loads_its_index(&self) -> bool {
        let half = |n: usize| u32::from(self.halfwords.get(n).copied().unwrap_or(0));
        let word = half(0) | half(1) << 16;
        let (rm, rt) = (word & 15, word >> 12 & 15);
        rm == rt || rm == rt + 1
    }

    /// Its instruction set.
    pub fn set(&self) -> Set {
        if self.cpsr & T != 0 { Set::T32 } else { Set::A32 }
    }

    /// The instructions as text.
    pub fn disassembly(&self) -> String {
        let mut text = String::new();
        let mut at = 0;
        let mut it = t32::ItState((self.cpsr >> 25 & 3 | self.cpsr >> 8 & 0xfc) as u8);
        while at < self.halfwords.len() {
            let half = |index: usize| u32::from(self.halfwords.get(index).copied().unwrap_or(0));
            let (word, len) = match self.set() {
                Set::A32 => (half(at) | half(at + 1) << 16, 2),
                Set::T32 => (
                    half(at) << 16 | half(at + 1),
                    usize::from(t32::length(half(at) as u16)) / 2,
                ),
            };
            let pc = CODE as u32 + 2 * at as u32;
            let decoded = match self.set() {
                Set::A32 => armlet_decoder::a32::decode(word),
                Set::T32 => t32::decode(word, it),
            };
            let line = match decoded {
                Ok(decoded) => Disassembly { decoded, pc }.to_string(),
                Err(reason) => format!("{reason:?}"),
            };
            it = match decoded.map(|decoded| decoded.insn) {
                Ok(armlet_decoder::a32::Insn::It(insn)) => t32::ItState(insn.firstcond << 4 | insn.mask),
                _ => it.advanced(),
            };
            let _ = writeln!(text, "    {word:08x}  {line}");
            at += len;
        }
        text
    }
}

/// An encoding as it lies in memory.
pub fn halfwords(set: Set, word: u32) -> Vec<u16> {
    set.bytes(word)
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

/// IT\[7:0\] at its places in CPSR.
pub fn it_bits(it: u32) -> u32 {
    (it & 3) << 25 | (it >> 2) << 10
}

/// Whether a row stands in a chapter of loads and stores (the data area is compared then).
pub fn accesses_memory(row: &Row) -> bool {
    ["load", "store", "sync"].iter().any(|part| row.file.contains(part)) || row.name.starts_with("tb")
}

/// The general register in the field `letter` of a word, if it is not R15.
pub fn register(row: &Row, word: u32, letter: u8) -> Option<usize> {
    let bits = row.pattern.as_bytes();
    let last = bits.iter().rposition(|&byte| byte == letter)?;
    let first = bits.iter().position(|&byte| byte == letter)?;
    let number = word >> (31 - last) & ((1u32 << (last - first + 1)) - 1);
    (number < 15).then_some(number as usize)
}

impl Observed {
    /// Whether it went, or looked, where the harness, its stack, its vDSO or the kernel helpers are mapped in qemu's guest: there, the two cannot agree.
    pub fn in_harness(&self) -> bool {
        [self.pc, self.address]
            .iter()
            .any(|at| matches!(at >> 24, 0x3f..=0x41 | 0x70) || *at >> 16 == 0xffff)
    }

    /// Every item in which two observations differ, one line each.
    pub fn differences(&self, other: &Observed, case: &Case) -> Vec<String> {
        let mut lines = Vec::new();
        let mut item = |name: String, start: u64, ours: u64, theirs: u64| {
            if ours != theirs {
                lines.push(format!("{name}: from {start:#x}: ours {ours:#x}, theirs {theirs:#x}"));
            }
        };
        item("signal".into(), 0, self.signal.into(), other.signal.into());
        item("fault address".into(), 0, self.address.into(), other.address.into());
        item("pc".into(), CODE, self.pc.into(), other.pc.into());
        for n in 0..15 {
            item(format!("r{n}"), case.r[n].into(), self.r[n].into(), other.r[n].into());
        }
        item("cpsr".into(), case.cpsr.into(), self.cpsr.into(), other.cpsr.into());
        item("fpscr".into(), case.fpscr.into(), self.fpscr.into(), other.fpscr.into());
        for n in 0..32 {
            item(format!("d{n}"), case.d[n], self.d[n], other.d[n]);
        }
        if self.changes != other.changes {
            lines.push(format!("memory: ours {:x?}, theirs {:x?}", self.changes, other.changes));
        }
        lines
    }
}
