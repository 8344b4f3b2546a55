//! What this CPU says of itself: the registers that describe it, as Linux shows them to user space (fields that it hides have their
//! safe values; see Documentation/arch/arm64/cpu-feature-registers.rst). Every field names an instruction set extension
//! that the engines have, so this file, the rows of the decoder and the loader's HWCAP tell the same story.

/// A four-bit field of an ID register.
const fn field(value: u64, low: u32) -> u64 {
    value << low
}

/// MIDR_EL1: implementer 0 (software), architecture by ID registers, part 0xa64.
pub const MIDR_EL1: u64 = 0x000f_a640;
/// MPIDR_EL1, as Linux emulates it: RES1 and nothing else.
pub const MPIDR_EL1: u64 = 1 << 31;

/// ID_AA64PFR0_EL1: AArch64 at EL0 and EL1, floating point and Advanced SIMD with half precision.
pub const ID_AA64PFR0_EL1: u64 = field(1, 0) | field(1, 4) | field(1, 16) | field(1, 20);

/// ID_AA64DFR0_EL1: the debug architecture of Armv8.0.
pub const ID_AA64DFR0_EL1: u64 = field(6, 0);

/// ID_AA64ISAR0_EL1: AES with PMULL, SHA1, SHA256 with SHA512, CRC32, LSE, RDM, SHA3, SM3, SM4, DotProd, FHM, FlagM with FlagM2.
pub const ID_AA64ISAR0_EL1: u64 = field(2, 4)
    | field(1, 8)
    | field(2, 12)
    | field(1, 16)
    | field(2, 20)
    | field(1, 28)
    | field(1, 32)
    | field(1, 36)
    | field(1, 40)
    | field(1, 44)
    | field(1, 48)
    | field(2, 52);

/// ID_AA64ISAR1_EL1: DPB, JSCVT, FCMA, LRCPC with LRCPC2, FRINTTS, BF16, I8MM.
pub const ID_AA64ISAR1_EL1: u64 =
    field(1, 0) | field(1, 12) | field(1, 16) | field(2, 20) | field(1, 32) | field(1, 44) | field(1, 52);

/// ID_AA64MMFR0_EL1: granules hidden.
pub const ID_AA64MMFR0_EL1: u64 = field(0xf, 24) | field(0xf, 28);

/// ID_AA64MMFR2_EL1: LSE2.
pub const ID_AA64MMFR2_EL1: u64 = field(1, 32);

/// CTR_EL0: cache lines of 64 bytes; changed code must be announced (IDC and DIC are 0).
pub const CTR_EL0: u64 = 1 << 31 | field(4, 24) | field(4, 20) | field(4, 16) | field(0xc, 12) | field(4, 0);

/// Bytes that DC ZVA clears.
pub const ZVA_SIZE: u64 = 64;

/// DCZID_EL0: DC ZVA is permitted; the logarithm of [`ZVA_SIZE`] in words.
pub const DCZID_EL0: u64 = ZVA_SIZE.ilog2() as u64 - 2;

/// CNTFRQ_EL0: the virtual counter runs at 1 GHz.
pub const CNTFRQ_EL0: u64 = 1_000_000_000;
