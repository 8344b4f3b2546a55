//! Where the judges and armlet differ in VFP and Advanced SIMD of AArch32, and armlet is right.

use super::differences::{ExecutionRule, Rule};

/// A field of four bits, and the bit that makes it a register number.
fn double(word: u32, field: u32, bit: u32) -> u32 {
    (word >> bit & 1) << 4 | word >> field & 15
}

/// The differences from capstone 5.0.
pub static CAPSTONE_FLOAT: &[Rule] = &[
    Rule {
        name: "fldmx",
        only: None,
        reason: "FLDMX and FSTMX of registers above D15 are unpredictable: capstone sees no instruction, armlet and qemu execute them",
        explains: |opinion| {
            let (odd, double) = (opinion.word & 1 != 0, opinion.word >> 8 & 15 == 11);
            opinion.theirs.is_none()
                && odd
                && double
                && ["vldm", "vstm"].iter().any(|name| opinion.row().starts_with(name))
        },
    },
    Rule {
        name: "vext",
        only: None,
        reason: "VEXT counts in bytes (F6.1); capstone prints some in larger elements, an alias",
        explains: |opinion| {
            let theirs = opinion.theirs.as_deref().unwrap_or_default();
            opinion.row() == "vext" && theirs.starts_with("vext.") && !theirs.starts_with("vext.8")
        },
    },
];

/// The differences from qemu 7.2.
pub static QEMU_FLOAT: &[ExecutionRule] = &[
    ExecutionRule {
        reason: "a stated alignment of 256 bits is checked (F3.1.3); qemu checks 128",
        explains: |row, case, ours, theirs| {
            let aligned = row.file == "simd_load_store" && row.name.contains("multiple") && case.word() >> 4 & 3 == 3;
            aligned && ours.signal == 7 && theirs.signal != 7 && ours.address % 32 == 16
        },
    },
    ExecutionRule {
        reason: "VTRN, VUZP and VZIP of a register with itself leave it unknown (F6.1)",
        explains: |row, case, _, _| {
            let word = case.word();
            matches!(row.name, "vtrn" | "vuzp" | "vzip") && double(word, 12, 22) == double(word, 0, 5)
        },
    },
    ExecutionRule {
        reason: "VJCVT of a number that is flushed to zero was not exact (FPToFixedJS()); qemu takes the zero",
        explains: |row, case, ours, theirs| {
            let flushes = case.fpscr >> 24 & 1 != 0;
            row.name == "vjcvt" && flushes && ours.fpscr & 0x80 != 0 && ours.fpscr ^ theirs.fpscr == 0x4000_0000
        },
    },
    ExecutionRule {
        reason: "ARMv8 cores have no short vectors (MVFR0.FPShVec is 0): Len and Stride read as zero; -cpu max has them",
        explains: |row, _, ours, theirs| row.name == "vmsr" && (ours.fpscr ^ theirs.fpscr) & !0x0037_0000 == 0,
    },
    ExecutionRule {
        reason: "a load relative to the program counter reads what other cases have left in the code area",
        explains: |row, case, _, _| row.file == "vfp_load_store" && case.word() >> 16 & 15 == 15,
    },
];
