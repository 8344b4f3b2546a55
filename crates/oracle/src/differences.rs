//! Where the judge and armlet differ, and armlet is right. Every rule has its reason; a rule that explains nothing fails
//! the sweep over all words.

use armlet_cpu::fp::{Fpcr, fpsr};
use armlet_decoder::a64::{Extension, Row, Undecoded};

use crate::capstone::Opinion;
use crate::case::{Case, Observed};

/// One reasoned difference.
pub struct Rule {
    /// Its name, for the reports.
    pub name: &'static str,
    /// Why armlet is right.
    pub reason: &'static str,
    /// Whether it explains a difference.
    pub explains: fn(&Opinion) -> bool,
}

/// The texts of both, where both decode.
fn texts(opinion: &Opinion) -> Option<(String, &str)> {
    opinion.our_text().zip(opinion.theirs.as_deref())
}

/// Whether the transfer and base registers of a load or store are such that the architecture leaves the result open.
fn unpredictable(opinion: &Opinion) -> bool {
    let Ok(insn) = opinion.ours else { return false };
    let row = insn.row();
    let register = |low: u32| opinion.word >> low & 31;
    let (t, n, t2) = (register(0), register(5), register(10));
    let name = row.name;
    let pair = matches!(row.file, "load_store_pair") || matches!(name, "ldxp" | "ldaxp" | "stxp" | "stlxp");
    let loads = name.starts_with("ld");
    let writes_back = ["_post", "_pre"].iter().any(|form| name.ends_with(form)) && !name.contains("simd");
    let same_target = pair && loads && t == t2;
    let base_overwritten = writes_back && n != 31 && (t == n || pair && t2 == n);
    let unprivileged = name.starts_with("ldtr") && t == n;
    same_target || base_overwritten || unprivileged
}

/// Whether a text of capstone is an instruction of this extension.
fn belongs(text: &str, extension: Extension) -> bool {
    // Aliases that capstone does not know.
    let generic = text.starts_with("sys #3, c7, ");
    let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
    let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| mnemonic.starts_with(beginning));
    match extension {
        Extension::Sve => {
            let mut words = operands.split(|c: char| !c.is_ascii_alphanumeric());
            let scalable = words.any(|word| {
                let number = word.strip_prefix(['z', 'p']).unwrap_or_default();
                number.starts_with(|c: char| c.is_ascii_digit())
            });
            scalable
                || starts(&[
                    "addpl", "addvl", "rdvl", "cnt", "inc", "dec", "sqinc", "sqdec", "uqinc", "uqdec",
                ])
                || starts(&["cterm", "setffr"])
        }
        Extension::Sme => {
            operands.contains("za") || text == "zero {}" || starts(&["smst", "addspl", "addsvl", "rdsvl"])
        }
        Extension::PAuth => starts(&["pac", "aut", "xpac", "bra", "blra", "reta", "ereta", "ldra"]),
        Extension::Mte => {
            starts(&["addg", "subg", "subp", "irg", "gmi", "ldg", "stg", "st2g", "stz"])
                || text.contains("dc ")
                || generic
        }
        Extension::Mops => starts(&["cpy", "set"]),
        Extension::Ls64 => starts(&["ld64b", "st64b"]),
        Extension::Sb => mnemonic == "sb",
        Extension::Wfxt => matches!(mnemonic, "wfet" | "wfit"),
        Extension::Tme => matches!(mnemonic, "tstart" | "tcommit" | "tcancel" | "ttest"),
        Extension::Hbc => starts(&["bc."]),
        Extension::Dpb2 => text.starts_with("dc cvadp") || generic,
        Extension::Xs => mnemonic == "dsb" && operands.ends_with("nxs"),
        Extension::Specres => matches!(mnemonic, "cfp" | "dvp" | "cpp") || generic,
        Extension::Privileged => {
            starts(&["mrs", "msr", "sys", "at", "dc", "ic", "tlbi", "brb"])
                || matches!(mnemonic, "hvc" | "smc" | "eret" | "drps" | "dcps1" | "dcps2" | "dcps3")
        }
        Extension::Cssc | Extension::Lse128 | Extension::Lrcpc3 | Extension::The | Extension::Sysreg128 => false,
    }
}

/// The differences from capstone 5.0.
pub static CAPSTONE: &[Rule] = &[
    Rule {
        name: "foreign",
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
        reason: "constrained unpredictable (K1.2): capstone sees no instruction, armlet and qemu execute it",
        explains: |opinion| opinion.theirs.is_none() && unpredictable(opinion),
    },
    Rule {
        name: "should-be-one",
        reason: "constrained unpredictable: Rs and Rt2 of an exclusive or ordered access that has none should be ones",
        explains: |opinion| {
            let fields = [opinion.word >> 16 & 31, opinion.word >> 10 & 31];
            let ordered = opinion.ours.is_ok_and(|insn| insn.row().file == "atomic");
            opinion.theirs.is_none() && ordered && fields.iter().any(|&field| field != 31)
        },
    },
    Rule {
        name: "op0",
        reason: "MRS and MSR (register) have op0 2 or 3 (C5.1.3); what capstone prints as s0_… is unallocated",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            opinion.ours.is_err()
                && (theirs.starts_with("msr s0_") || theirs.starts_with("mrs ") && theirs.contains(", s0_"))
        },
    },
    Rule {
        name: "post-index",
        reason: "capstone prints negative post-index offsets of single registers as unsigned numbers",
        explains: |opinion| {
            texts(opinion).is_some_and(|(ours, theirs)| {
                let (Some((ours, offset)), Some((theirs, unsigned))) = (ours.rsplit_once('#'), theirs.rsplit_once('#'))
                else {
                    return false;
                };
                ours == theirs
                    && ours.ends_with("], ")
                    && offset.starts_with('-')
                    && unsigned.starts_with("0xffffffffffff")
            })
        },
    },
    Rule {
        name: "prefetch",
        reason: "capstone prints nothing for a prefetch operation without a name",
        explains: |opinion| {
            texts(opinion).is_some_and(|(ours, theirs)| ours.starts_with("prf") && theirs.contains(" , "))
        },
    },
    Rule {
        name: "orr",
        reason: "MoveWidePreferred() holds: by C6.2 ORR (immediate), the alias MOV is then not the preferred text",
        explains: |opinion| {
            texts(opinion).is_some_and(|(ours, theirs)| {
                ours.starts_with("orr ") && ours.contains("zr, ") && theirs.starts_with("mov ")
            })
        },
    },
    Rule {
        name: "ands",
        reason: "capstone prints the bit mask of a 64-bit ANDS, and of no other logical instruction, as a signed number",
        explains: |opinion| {
            texts(opinion).is_some_and(|(ours, theirs)| {
                (ours.starts_with("ands x") || ours.starts_with("tst x")) && theirs.contains("#-")
            })
        },
    },
    Rule {
        name: "bfc",
        reason: "BFC is preferred only where imms < immr; with immr = 0 it is BFXIL",
        explains: |opinion| {
            texts(opinion).is_some_and(|(ours, theirs)| ours.starts_with("bfxil ") && theirs.starts_with("bfc "))
        },
    },
    Rule {
        name: "register",
        reason: "capstone does not know the names of all ID registers",
        explains: |opinion| {
            texts(opinion).is_some_and(|(ours, theirs)| {
                ours.starts_with("mrs ") && ours.contains(", id_") && theirs.contains(", s3_0_c0_c")
            })
        },
    },
    Rule {
        name: "dfb",
        reason: "DFB is DSB #12 of Armv8-R alone",
        explains: |opinion| opinion.theirs.as_deref() == Some("dfb"),
    },
    Rule {
        name: "zero",
        reason: "capstone leaves the 0x out when the immediate of MOVI (64-bit) is zero",
        explains: |opinion| {
            let theirs = opinion
                .theirs
                .as_deref()
                .map(|text| text.replace("#0000000000000000", "#0x00000000000000"));
            opinion.row() == "movi_64" && opinion.our_text() == theirs
        },
    },
];

/// The rule of [`CAPSTONE`] that explains a difference.
pub fn explain(opinion: &Opinion) -> Option<&'static Rule> {
    CAPSTONE.iter().find(|rule| (rule.explains)(opinion))
}

/// One reasoned difference of whether a word is an instruction, or of its text.
pub struct TextRule {
    /// Why armlet is right, or why the two need not agree.
    pub reason: &'static str,
    /// Whether it explains a difference: the word, armlet's text, llvm-mc's text.
    pub explains: fn(u32, Option<&str>, Option<&str>) -> bool,
}

/// The differences from llvm-mc 14.
pub static LLVM: &[TextRule] = &[
    TextRule {
        reason: "constrained unpredictable: Rs of LDAPR should be ones; llvm-mc sees no instruction, capstone does",
        explains: |word, ours, theirs| {
            ours.is_some_and(|text| text.starts_with("ldapr")) && theirs.is_none() && word >> 16 & 31 != 31
        },
    },
    TextRule {
        reason: "CRm of AXFLAG and XAFLAG should be zero; other values are constrained unpredictable, and undefined here",
        explains: |word, ours, theirs| {
            ours.is_none() && matches!(theirs, Some("axflag" | "xaflag")) && word >> 8 & 15 != 0
        },
    },
    TextRule {
        reason: "llvm-mc prints all of the system instruction space, also what is privileged or unallocated",
        explains: |word, ours, theirs| {
            let system = |text: &str| {
                ["msr ", "mrs ", "sys ", "sysl "]
                    .iter()
                    .any(|name| text.starts_with(name))
            };
            word >> 22 == 0x354 && ours.is_none() && theirs.is_some_and(system)
        },
    },
];

const SIGILL: u64 = 4;
const SIGBUS: u64 = 7;
const SIGSEGV: u64 = 11;

/// One reasoned difference in what an instruction does.
pub struct ExecutionRule {
    /// Why armlet is right, or why the two need not agree.
    pub reason: &'static str,
    /// Whether it explains a difference of this row.
    pub explains: fn(&Row, &Case, &Observed, &Observed) -> bool,
}

/// The differences from qemu-aarch64 7.2 with `-cpu max`.
pub static QEMU: &[ExecutionRule] = &[
    ExecutionRule {
        reason: "constrained unpredictable: Rs of LDAPR should be ones; armlet executes it like capstone reads it, qemu takes it as undefined",
        explains: |row, case, _, theirs| {
            row.name.starts_with("ldapr") && case.words[0] >> 16 & 31 != 31 && theirs.signal == SIGILL
        },
    },
    ExecutionRule {
        reason: "FEAT_LSE2: an unaligned atomic access faults if it crosses a 16-byte boundary, and only then; qemu 7.2 does not have it",
        explains: |row, _, ours, theirs| row.file == "atomic" && (ours.signal == SIGBUS) != (theirs.signal == SIGBUS),
    },
    ExecutionRule {
        reason: "a branch to an unaligned address is a PC alignment fault (D1.3.9), for Linux SIGBUS; qemu looks at the mapping first",
        explains: |row, _, ours, theirs| {
            row.file == "branch" && ours.pc % 4 != 0 && ours.signal == SIGBUS && theirs.signal == SIGSEGV
        },
    },
    ExecutionRule {
        reason: "the PAC forms among the hints do nothing without FEAT_PAuth, which -cpu max has",
        explains: |row, case, _, _| row.name == "hint" && matches!(case.words[0] >> 5 & 0x7f, 7..=14 | 24..=31),
    },
    ExecutionRule {
        reason: "-cpu max clears 512 bytes with DC ZVA, armlet's DCZID_EL0 says 64",
        explains: |row, _, ours, theirs| {
            row.name == "dc_zva" && ours.signal == theirs.signal && ours.changes.len() < theirs.changes.len()
        },
    },
    ExecutionRule {
        reason: "cleaning a cache by an unmapped address faults (D8.8.5); qemu-user ignores the address",
        explains: |row, _, ours, _| row.name.starts_with("dc_c") && ours.signal == SIGSEGV,
    },
    ExecutionRule {
        reason: "DC CVAP is undefined in qemu-user 7.2",
        explains: |row, _, _, theirs| row.name == "dc_cvap" && theirs.signal == SIGILL,
    },
    ExecutionRule {
        reason: "the half-precision scalar result has 16 bits and zeros above; qemu 7.2 extends its sign to 32",
        explains: |row, case, ours, theirs| {
            let d = (case.words[0] & 31) as usize;
            let extended = ours.v[d] as u16 as i16 as u32;
            row.name == "fcvtzs_fixed_scalar"
                && case.words[0] >> 20 & 7 == 1
                && ours.v[d] <= u128::from(u16::MAX)
                && theirs.v[d] == u128::from(extended)
                && ours.fpsr == theirs.fpsr
        },
    },
    ExecutionRule {
        reason: "FPToFixedJS() clears Z for a denormal that is flushed to zero, as later versions of qemu do",
        explains: |row, case, ours, theirs| {
            let operand = case.v[(case.words[0] >> 5 & 31) as usize] as u64;
            let flushed = case.fpcr & FZ != 0 && (1..1 << 52).contains(&operand);
            row.name == "fjcvtzs" && flushed && ours.nzcv ^ theirs.nzcv == Z
        },
    },
    ExecutionRule {
        reason: "FPCR.{Stride, Len} and FPSR.{N, Z, C, V} are RES0 on a CPU without AArch32 (C5.2.8, C5.2.10), -cpu max has it",
        explains: |row, _, ours, theirs| {
            let fpcr = (ours.fpcr ^ theirs.fpcr) & Fpcr::WRITABLE;
            row.name == "msr" && fpcr == 0 && (ours.fpsr ^ theirs.fpsr) & fpsr::WRITABLE == 0
        },
    },
    ExecutionRule {
        reason: "the ID registers describe another CPU, the counter another moment, the thread pointer another thread",
        explains: |row, case, _, _| row.name == "mrs" && describes_the_machine(case.words[0]),
    },
];

/// Whether MRS reads an ID register, CTR_EL0, DCZID_EL0, TPIDR_EL0 or one of the timer.
fn describes_the_machine(word: u32) -> bool {
    let (op1, crn) = (word >> 16 & 7, word >> 12 & 15);
    crn == 0 && matches!(op1, 0 | 3) || matches!(crn, 13 | 14)
}

/// FPCR.FZ: denormal numbers are flushed to zero.
const FZ: u32 = 1 << 24;
/// Z in NZCV.
const Z: u32 = 1 << 30;

/// The rule of [`QEMU`] that explains a difference.
pub fn explain_execution(row: &Row, case: &Case, ours: &Observed, theirs: &Observed) -> Option<&'static ExecutionRule> {
    QEMU.iter().find(|rule| (rule.explains)(row, case, ours, theirs))
}
