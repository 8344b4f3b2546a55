//! Where the judges and armlet differ in AArch32, and armlet is right. Every rule has its reason.

use armlet_decoder::a32::{Row, Undecoded};

use super::capstone::Opinion;
use super::case::{Case, Observed};
use super::differences_float::{CAPSTONE_FLOAT, QEMU_FLOAT};
use super::sample::rows;

/// One reasoned difference.
pub struct Rule {
    /// Its name, for the reports.
    pub name: &'static str,
    /// Why armlet is right.
    pub reason: &'static str,
    /// Whether it explains a difference.
    pub explains: fn(&Opinion) -> bool,
}

/// The differences from capstone 5.0.
pub static CAPSTONE: &[Rule] = &[
    Rule {
        name: "foreign",
        reason: "an instruction of an extension that armlet names and does not implement",
        explains: |opinion| matches!(opinion.ours, Err(Undecoded::Unimplemented(_))),
    },
    Rule {
        name: "unpredictable",
        reason: "a row refuses the encoding by a condition on its operands: constrained unpredictable (K1.2), undefined here",
        explains: |opinion| {
            let refused = |row: &&Row| {
                let conditional = row.pattern.starts_with("cccc");
                opinion.word & row.mask == row.value && !(conditional && opinion.word >> 28 == 15)
            };
            opinion.ours.is_err() && rows(opinion.set).iter().any(refused)
        },
    },
    Rule {
        name: "should-be",
        reason: "bits that should be zero or one are not: constrained unpredictable (K1.2), undefined here; capstone does not look at some of them",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            // A shift by a constant is MOV.
            let shift = ["asr", "lsl", "lsr", "ror", "rrx"]
                .iter()
                .any(|name| theirs.starts_with(name));
            let start = if shift { Some("mo") } else { theirs.get(..2) };
            let named = |word: u32| match opinion.set.decode(word) {
                Ok(decoded) => start == decoded.row.name.get(..2),
                Err(Undecoded::Unimplemented(_)) => ["cps", "crc32"].iter().any(|name| theirs.starts_with(name)),
                Err(Undecoded::Unallocated) => rows(opinion.set).iter().any(|row| {
                    let conditional = row.pattern.starts_with("cccc") && word >> 28 == 15;
                    word & row.mask == row.value && !conditional && start == row.name.get(..2)
                }),
            };
            opinion.ours.is_err() && !theirs.is_empty() && as_they_should_be(opinion.word).any(named)
        },
    },
    Rule {
        name: "privileged",
        reason: "user mode has no SPSR, and no PAN to set: undefined here, as in qemu",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            opinion.ours.is_err() && (theirs.ends_with(", spsr") || theirs.starts_with("setpan"))
        },
    },
    Rule {
        name: "first-byte",
        reason: "capstone takes some words for ARMv8's SIMD instructions of T32 whose first byte is not theirs (0xff, 0xfe)",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            let simd = ["sha256", "vmaxnm", "vminnm", "vrint"];
            let first = opinion.word >> 24;
            opinion.ours.is_err() && !matches!(first, 0xfe | 0xff) && simd.iter().any(|name| theirs.starts_with(name))
        },
    },
    Rule {
        name: "offset",
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
        reason: "ARMv8 has no SWP, for which capstone is set up; Linux emulates it there",
        explains: |opinion| opinion.theirs.is_none() && opinion.row().starts_with("swp"),
    },
    Rule {
        name: "udf",
        reason: "UDF with a condition is undefined all the same, and its text is nobody's; one of T32 is LLVM's trap",
        explains: |opinion| {
            opinion.row().starts_with("udf") && matches!(opinion.theirs.as_deref(), None | Some("trap"))
        },
    },
    Rule {
        name: "dfb",
        reason: "DSB with option 12 has an alias for one profile of the architecture",
        explains: |opinion| opinion.theirs.as_deref() == Some("dfb"),
    },
    Rule {
        name: "pldw",
        reason: "PLDW (literal) is unpredictable; it is a hint here, as in qemu",
        explains: |opinion| opinion.theirs.is_none() && opinion.row() == "pld_imm.t1litw",
    },
];

/// A word with all zeros, or all ones, in some of the fields of four bits that some instructions do not use, and without some of the single bits.
fn as_they_should_be(word: u32) -> impl Iterator<Item = u32> {
    const FIELDS: [u32; 4] = [0xf_0000, 0xf000, 0xf00, 0xf];
    const BITS: [u32; 4] = [1 << 26, 1 << 15, 1 << 6, 1 << 5];
    // Each field as it is, zeros or ones: a number with four digits to the base 3; each bit as it is or zero.
    (0..81 * 16_usize).map(move |choice| {
        let (bits, mut rest) = (choice % 16, choice / 16);
        let word = (0..4)
            .filter(|bit| bits >> bit & 1 != 0)
            .fold(word, |word, bit| word & !BITS[bit]);
        FIELDS.iter().fold(word, |word, mask| {
            let digit = rest % 3;
            rest /= 3;
            [word, word & !mask, word | mask][digit]
        })
    })
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
    CAPSTONE
        .iter()
        .chain(CAPSTONE_FLOAT)
        .find(|rule| (rule.explains)(opinion))
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
