//! Where the judges and armlet differ in AArch32, and armlet is right. Every rule has its reason.

use std::sync::LazyLock;

use armlet_decoder::a32::{Disassembly, Extension, Row, Undecoded};
use armlet_decoder::t32;

use super::capstone::{Opinion, Set};
use super::case::{Case, Observed};
use super::differences_float::{CAPSTONE_FLOAT, QEMU_FLOAT};
use super::sample::rows;

/// One reasoned difference.
pub struct Rule {
    /// Its name, for the reports.
    pub name: &'static str,
    /// The instruction set that has such differences; `None` if both have.
    pub only: Option<Set>,
    /// Why armlet is right.
    pub reason: &'static str,
    /// Whether it explains a difference.
    pub explains: fn(&Opinion) -> bool,
}

/// Whether a text of capstone is an instruction of this extension.
fn belongs(text: &str, extension: Extension) -> bool {
    let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
    let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| mnemonic.starts_with(beginning));
    match extension {
        // VLLDM and VLSTM are the M profile's.
        Extension::Coprocessor => starts(&["cdp", "ldc", "stc", "mcr", "mrc", "mrrc", "vlldm", "vlstm"]),
        Extension::Privileged => {
            starts(&["msr", "mrs", "vmrs", "vmsr", "rfe", "srs", "cps"])
                || starts(&["ldm", "stm"]) && operands.ends_with('^')
                || text.starts_with("subs pc, lr, ")
        }
        Extension::Hypervisor => starts(&["hvc", "smc", "eret"]),
        Extension::BigEndian => starts(&["setend"]),
        Extension::MProfile => starts(&["bxns", "blxns", "sg", "tt"]),
        Extension::Fp16 => mnemonic.contains("16"),
        Extension::Fcma => starts(&["vcadd", "vcmla"]),
        Extension::ThumbEe | Extension::Fhm | Extension::Bf16 | Extension::I8mm | Extension::Sb => false,
    }
}

/// Whether a text is an instruction of the row that a shape is of, of which the word would be if its bits were as they should be.
fn named(text: &str, shape: &Shape, word: u32) -> bool {
    let row = shape.row;
    let corrected = word & !row.mask | row.value;
    let set = if t32::ROWS.iter().any(|other| std::ptr::eq(other, row)) {
        Set::T32
    } else {
        Set::A32
    };
    if let Ok(decoded) = set.decode(corrected) {
        let ours = Disassembly { decoded, pc: 0 }.to_string();
        let mnemonic = |text: &str| text.split(' ').next().map(String::from);
        if mnemonic(&ours) == mnemonic(text) {
            return true;
        }
    }
    // x and y stand for B or T.
    let base = row.name.split(['_', '.']).next().unwrap_or_default();
    let base = base.trim_end_matches("xy").trim_end_matches('y');
    // A shift by a constant is MOV.
    let shift = base.starts_with("mov")
        && ["asr", "lsl", "lsr", "ror", "rrx"]
            .iter()
            .any(|name| text.starts_with(name));
    shift || text.starts_with(base)
}

/// The differences from capstone 5.0.
pub static CAPSTONE: &[Rule] = &[
    Rule {
        name: "first-byte",
        only: Some(Set::T32),
        reason: "capstone takes some words for ARMv8's SIMD instructions of T32 whose first byte is not theirs (0xef, 0xfe, 0xff)",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            let starts = |names: &[&str]| names.iter().any(|name| theirs.starts_with(name));
            let first = opinion.word >> 24;
            starts(&["aes", "sha1", "sha256"]) && !matches!(first, 0xef | 0xff)
                || starts(&["vcvt", "vmaxnm", "vminnm", "vrint"]) && !matches!(first, 0xee | 0xef | 0xfe | 0xff)
        },
    },
    Rule {
        name: "foreign",
        only: None,
        reason: "an instruction of an extension that armlet names and does not implement; capstone agrees, or does not know it",
        explains: |opinion| match opinion.ours {
            Err(Undecoded::Unimplemented(extension)) => {
                opinion.theirs.as_deref().is_none_or(|text| belongs(text, extension))
            }
            _ => false,
        },
    },
    Rule {
        name: "unpredictable",
        only: None,
        reason: "a row refuses the encoding by a condition on its operands: constrained unpredictable (K1.2), undefined here",
        explains: |opinion| opinion.ours.is_err() && shapes(opinion).any(|(shape, word)| shape.matches(word)),
    },
    Rule {
        name: "should-be",
        only: None,
        reason: "bits that should be zero or one are not: constrained unpredictable (K1.2), undefined here; capstone does not look at some of them",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            opinion.ours.is_err()
                && shapes(opinion).any(|(shape, word)| shape.nearly_matches(word) && named(theirs, shape, word))
        },
    },
    Rule {
        name: "privileged",
        only: None,
        reason: "user mode has no SPSR, and no PAN to set: undefined here, as in qemu",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            opinion.ours.is_err() && (theirs.ends_with(", spsr") || theirs.starts_with("setpan"))
        },
    },
    Rule {
        name: "offset",
        only: None,
        reason: "capstone prints zero and small negative offsets in several ways",
        explains: |opinion| {
            let (Some(ours), Some(theirs)) = (&opinion.our_text, &opinion.theirs) else {
                return false;
            };
            plain(ours) == plain(theirs)
        },
    },
    Rule {
        name: "swp",
        only: Some(Set::A32),
        reason: "ARMv8 has no SWP, for which capstone is set up; Linux emulates it there",
        explains: |opinion| opinion.theirs.is_none() && opinion.row().starts_with("swp"),
    },
    Rule {
        name: "udf",
        only: None,
        reason: "UDF with a condition is undefined all the same, and its text is nobody's; one of T32 is LLVM's trap",
        explains: |opinion| {
            opinion.row().starts_with("udf") && matches!(opinion.theirs.as_deref(), None | Some("trap"))
        },
    },
    Rule {
        name: "dfb",
        only: None,
        reason: "DSB with option 12 has an alias for one profile of the architecture",
        explains: |opinion| opinion.theirs.as_deref() == Some("dfb"),
    },
    Rule {
        name: "push-one",
        only: None,
        reason: "PUSH and POP of one register are STR with sp and -4, and LDR with 4 (F5.1 POP (single register)), not with other offsets",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            let ours = opinion.our_text.as_deref().unwrap_or_default();
            let push = ["[sp, #-4]!", "[sp, #-0x4]!"].iter().any(|end| theirs.ends_with(end));
            ours.starts_with("push") && push
                || ours.starts_with("pop") && theirs.ends_with("[sp], #4")
                || ours.ends_with("[sp], #-4") && theirs.starts_with("pop")
        },
    },
    Rule {
        name: "tsb",
        only: Some(Set::A32),
        reason: "TSB CSYNC with a condition is unpredictable, and a hint that does nothing here; capstone gives it no name",
        explains: |opinion| opinion.row() == "hint" && opinion.word >> 28 != 14 && opinion.word & 0xff == 0x12,
    },
    Rule {
        name: "it-mov",
        only: Some(Set::T32),
        reason: "MOVS of 16 bits in an IT block is unpredictable; it is MOV here, as in qemu, and has its condition",
        explains: |opinion| opinion.it.in_block() && opinion.row() == "mov_reg.t2",
    },
    Rule {
        name: "pldw",
        only: Some(Set::T32),
        reason: "PLDW (literal) is unpredictable; it is a hint here, as in qemu",
        explains: |opinion| opinion.theirs.is_none() && opinion.row() == "pld_imm.t1litw",
    },
];

/// A row as the rules look at it.
struct Shape {
    row: &'static Row,
    /// Whether it begins with a condition, which is not 15.
    conditional: bool,
    /// Bits that its pattern fixes, without those that may only be such that should be zero or one: a field of four that is all zeros or
    /// all ones, and some single zeros.
    essential: u32,
}

impl Shape {
    fn new(row: &'static Row) -> Shape {
        const FIELDS: [u32; 4] = [0xf_0000, 0xf000, 0xf00, 0xf];
        const ZEROS: u32 = 1 << 26 | 1 << 15 | 1 << 6 | 1 << 5;
        let uniform = |field: &u32| row.value & field == 0 || row.value & field == row.mask & field;
        let should_be = FIELDS.into_iter().filter(uniform).sum::<u32>() | ZEROS & !row.value;
        Shape {
            row,
            conditional: row.pattern.starts_with("cccc"),
            essential: row.mask & !should_be,
        }
    }

    fn agrees(&self, word: u32, bits: u32) -> bool {
        (word ^ self.row.value) & bits == 0 && !(self.conditional && word >> 28 == 15)
    }

    /// Whether the word is of the row's pattern.
    fn matches(&self, word: u32) -> bool {
        self.agrees(word, self.row.mask)
    }

    /// Whether it is but for bits that should be zero or one.
    fn nearly_matches(&self, word: u32) -> bool {
        self.agrees(word, self.essential)
    }
}

/// All rows that an encoding may be of, each with the word to compare with it: those of A32 also stand for what T32 shares with it.
fn shapes(opinion: &Opinion) -> impl Iterator<Item = (&'static Shape, u32)> {
    static A32: LazyLock<Vec<Shape>> = LazyLock::new(|| rows(Set::A32).into_iter().map(Shape::new).collect());
    static T32: LazyLock<Vec<Shape>> = LazyLock::new(|| rows(Set::T32).into_iter().map(Shape::new).collect());
    let a32 = match opinion.set {
        Set::A32 => Some(opinion.word),
        Set::T32 => t32::shared(opinion.word),
    };
    let t32 = (opinion.set == Set::T32).then_some(opinion.word);
    let with = |shapes: &'static [Shape], word: Option<u32>| {
        word.into_iter()
            .flat_map(move |word| shapes.iter().map(move |shape| (shape, word)))
    };
    with(&A32, a32).chain(with(&T32, t32))
}

/// A text with one form of zero and small negative offsets.
fn plain(text: &str) -> String {
    let mut words: Vec<String> = text.split(", ").map(String::from).collect();
    for word in &mut words {
        let bare = word.trim_end_matches([']', '!']);
        let end = word[bare.len()..].to_string();
        if let Some(digits) = bare.strip_prefix("#-0x").filter(|digits| digits.len() == 1) {
            let digits = digits
                .parse()
                .map_or_else(|_| format!("0x{digits}"), |digit: u8| digit.to_string());
            *word = format!("#-{digits}{end}");
        }
        if matches!(word.as_str(), "#-0" | "#-0]" | "#-0]!" | "#0]!") {
            *word = word.replace('-', "");
        }
    }
    words.join(", ").replace(", #0]", "]")
}

/// The rule that explains a difference.
pub fn explain(opinion: &Opinion) -> Option<&'static Rule> {
    rules(opinion.set).find(|rule| (rule.explains)(opinion))
}

/// The rules for an instruction set.
pub fn rules(set: Set) -> impl Iterator<Item = &'static Rule> {
    let rules = CAPSTONE.iter().chain(CAPSTONE_FLOAT);
    rules.filter(move |rule| rule.only.is_none_or(|only| only == set))
}

/// One reasoned difference from qemu 7.2.
pub struct ExecutionRule {
    /// Why armlet is right, or may be.
    pub reason: &'static str,
    /// Whether it explains a difference of a case of a row.
    pub explains: fn(row: &Row, case: &Case, ours: &Observed, theirs: &Observed) -> bool,
}

/// The differences from qemu 7.2.
pub static QEMU: &[ExecutionRule] = &[
    ExecutionRule {
        reason: "a branch to an unaligned address is a prefetch abort (G5.5.1), for Linux SIGBUS; qemu looks at the mapping first",
        explains: |_, _, ours, theirs| {
            ours.cpsr & T == 0 && ours.pc % 4 != 0 && ours.signal == SIGBUS && theirs.signal == SIGSEGV
        },
    },
    ExecutionRule {
        reason: "Linux mends unaligned LDM, STM, LDRD and STRD (arch/arm/mm/alignment.c); qemu-user does not",
        explains: |row, _, _, theirs| {
            let mended = ["ldm", "stm", "ldrd", "strd"]
                .iter()
                .any(|name| row.name.starts_with(name));
            mended && theirs.signal == SIGBUS && theirs.address % 4 != 0
        },
    },
    ExecutionRule {
        reason: "an unaligned exclusive store faults whatever the monitor says (AArch32.ExclusiveMonitorsPass()); in qemu, it fails if the monitor is open",
        explains: |row, _, ours, _| {
            let exclusive = row.name.starts_with("strex") || row.name.starts_with("stlex");
            exclusive && ours.signal == SIGBUS
        },
    },
    ExecutionRule {
        reason: "CBZ, CBNZ and CPS are unpredictable in an IT block, and undefined here; qemu executes them",
        explains: |row, case, ours, _| {
            let in_it = case.cpsr & IT != 0;
            in_it && ours.signal == SIGILL && ["cb", "cps"].iter().any(|name| row.name.starts_with(name))
        },
    },
    ExecutionRule {
        reason: "a store relative to the program counter changes the code of the case, which qemu then runs",
        explains: |row, case, _, _| row.name.starts_with("str") && case.stores_at_pc(row),
    },
    ExecutionRule {
        reason: "LDRD that loads its own index register is unpredictable (F5.1); qemu loads the register before it writes the base back",
        explains: |row, case, _, _| row.name == "ldrd_reg" && case.loads_its_index(),
    },
];

const SIGILL: u32 = 4;
const SIGBUS: u32 = 7;
const SIGSEGV: u32 = 11;
/// CPSR: Thumb state.
const T: u32 = 1 << 5;
/// CPSR: IT.
const IT: u32 = 0x0600_fc00;

/// The rule of [`QEMU`] that explains a difference.
pub fn explain_execution(row: &Row, case: &Case, ours: &Observed, theirs: &Observed) -> Option<&'static ExecutionRule> {
    QEMU.iter()
        .chain(QEMU_FLOAT)
        .find(|rule| (rule.explains)(row, case, ours, theirs))
}
