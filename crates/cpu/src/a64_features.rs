//! The processor that AArch64 guests see, in the one place that says so: an ARMv8.2-A application core with the
//! cryptographic extensions and some later ones, without pointer authentication, branch target identification, memory
//! tagging, SVE and SME. What Linux tells of it (HWCAP) and what the identification registers say are two views of
//! the same list.
//!
//! | extension | HWCAP | field |
//! |---|---|---|
//! | FP, AdvSIMD, with half precision | FP, ASIMD, FPHP, ASIMDHP | PFR0.FP, PFR0.AdvSIMD = 1 |
//! | AES, PMULL | AES, PMULL | ISAR0.AES = 2 |
//! | SHA1 | SHA1 | ISAR0.SHA1 = 1 |
//! | SHA256, SHA512 | SHA2, SHA512 | ISAR0.SHA2 = 2 |
//! | CRC32 | CRC32 | ISAR0.CRC32 = 1 |
//! | LSE | ATOMICS | ISAR0.Atomic = 2 |
//! | RDM | ASIMDRDM | ISAR0.RDM = 1 |
//! | SHA3 | SHA3 | ISAR0.SHA3 = 1 |
//! | SM3, SM4 | SM3, SM4 | ISAR0.SM3, ISAR0.SM4 = 1 |
//! | DotProd | ASIMDDP | ISAR0.DP = 1 |
//! | FHM | ASIMDFHM | ISAR0.FHM = 1 |
//! | FlagM, FlagM2 | FLAGM, FLAGM2 | ISAR0.TS = 2 |
//! | DPB (DC CVAP) | DCPOP | ISAR1.DPB = 1 |
//! | JSCVT | JSCVT | ISAR1.JSCVT = 1 |
//! | FCMA | FCMA | ISAR1.FCMA = 1 |
//! | LRCPC, LRCPC2 | LRCPC, ILRCPC | ISAR1.LRCPC = 2 |
//! | FRINTTS | FRINT | ISAR1.FRINTTS = 1 |
//! | BF16 | BF16 | ISAR1.BF16 = 1 |
//! | I8MM | I8MM | ISAR1.I8MM = 1 |
//! | LSE2 | USCAT | MMFR2.AT = 1 |
//!
//! The registers have the values that Linux shows to user space when it emulates MRS (`HWCAP_CPUID`): fields that are
//! not for user space read as their safe values (Documentation/arch/arm64/cpu-feature-registers.rst).

/// `AT_HWCAP` of arm64 (asm/hwcap.h).
pub const HWCAP: u64 = 1 // FP
    | 1 << 1 // ASIMD
    | 1 << 3 // AES
    | 1 << 4 // PMULL
    | 1 << 5 // SHA1
    | 1 << 6 // SHA2
    | 1 << 7 // CRC32
    | 1 << 8 // ATOMICS
    | 1 << 9 // FPHP
    | 1 << 10 // ASIMDHP
    | 1 << 11 // CPUID
    | 1 << 12 // ASIMDRDM
    | 1 << 13 // JSCVT
    | 1 << 14 // FCMA
    | 1 << 15 // LRCPC
    | 1 << 16 // DCPOP
    | 1 << 17 // SHA3
    | 1 << 18 // SM3
    | 1 << 19 // SM4
    | 1 << 20 // ASIMDDP
    | 1 << 21 // SHA512
    | 1 << 23 // ASIMDFHM
    | 1 << 25 // USCAT
    | 1 << 26 // ILRCPC
    | 1 << 27; // FLAGM

/// `AT_HWCAP2` of arm64.
pub const HWCAP2: u64 = 1 << 7 // FLAGM2
    | 1 << 8 // FRINT
    | 1 << 13 // I8MM
    | 1 << 14; // BF16

/// The words of the "Features" line of /proc/cpuinfo, in the kernel's order.
pub const CPUINFO_FEATURES: &str = "fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc \
    dcpop sha3 sm3 sm4 asimddp sha512 asimdfhm uscat ilrcpc flagm flagm2 frint i8mm bf16";

/// ID_AA64PFR0_EL1: FP and AdvSIMD with half precision; EL1 and EL0 in AArch64 only.
pub const ID_AA64PFR0_EL1: u64 = 1 << 20 | 1 << 16 | 1 << 4 | 1;

/// ID_AA64PFR1_EL1: no BTI, SSBS, MTE, SME.
pub const ID_AA64PFR1_EL1: u64 = 0;

/// ID_AA64ZFR0_EL1: no SVE.
pub const ID_AA64ZFR0_EL1: u64 = 0;

/// ID_AA64ISAR0_EL1.
pub const ID_AA64ISAR0_EL1: u64 = 2 << 52 // TS
    | 1 << 48 // FHM
    | 1 << 44 // DP
    | 1 << 40 // SM4
    | 1 << 36 // SM3
    | 1 << 32 // SHA3
    | 1 << 28 // RDM
    | 2 << 20 // Atomic
    | 1 << 16 // CRC32
    | 2 << 12 // SHA2
    | 1 << 8 // SHA1
    | 2 << 4; // AES

/// ID_AA64ISAR1_EL1.
pub const ID_AA64ISAR1_EL1: u64 = 1 << 52 // I8MM
    | 1 << 44 // BF16
    | 1 << 32 // FRINTTS
    | 2 << 20 // LRCPC
    | 1 << 16 // FCMA
    | 1 << 12 // JSCVT
    | 1; // DPB

/// ID_AA64ISAR2_EL1: none of its extensions.
pub const ID_AA64ISAR2_EL1: u64 = 0;

/// ID_AA64MMFR0_EL1: nothing is for user space; the granule fields read as "not implemented" (0xf for TGran4 and
/// TGran64).
pub const ID_AA64MMFR0_EL1: u64 = 0xff << 24;

/// ID_AA64MMFR1_EL1: no FEAT_AFP, nothing else is for user space.
pub const ID_AA64MMFR1_EL1: u64 = 0;

/// ID_AA64MMFR2_EL1: AT, unaligned single-copy atomicity within 16 bytes (FEAT_LSE2).
pub const ID_AA64MMFR2_EL1: u64 = 1 << 32;

/// MIDR_EL1: implementer 0 (reserved for software use), architecture 0xf (see the ID registers), part 0xa64.
pub const MIDR_EL1: u64 = 0xf << 16 | 0xa64 << 4;

/// MPIDR_EL1: Linux shows only the RES1 bit.
pub const MPIDR_EL1: u64 = 1 << 31;

/// REVIDR_EL1.
pub const REVIDR_EL1: u64 = 0;

/// CTR_EL0: lines of 64 bytes (IminLine, DminLine, ERG and CWG are 4: log2 of words), PIPT instruction cache, IDC set
/// (no DC CVAU needed),
/// **DIC clear**: the guest has to announce changed code by IC IVAU, which is how armlet learns of it.
pub const CTR_EL0: u64 = 1 << 31 | 1 << 28 | 4 << 24 | 4 << 20 | 4 << 16 | 3 << 14 | 4;

/// DCZID_EL0: DC ZVA is permitted and clears [`ZVA_SIZE`] bytes (log2 of words).
pub const DCZID_EL0: u64 = 4;

/// Bytes that DC ZVA clears.
pub const ZVA_SIZE: u64 = 4 << DCZID_EL0;

/// Bytes in a cache line, as CTR_EL0 says: what IC IVAU and DC CVAU concern.
pub const CACHE_LINE: u64 = 4 << (CTR_EL0 & 0xf);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_bits_agree_in_number() {
        let bits = HWCAP.count_ones() + HWCAP2.count_ones();
        assert_eq!(CPUINFO_FEATURES.split_whitespace().count() as u32, bits);
    }

    #[test]
    fn caches() {
        assert_eq!((ZVA_SIZE, CACHE_LINE), (64, 64));
        assert_eq!(CTR_EL0, 0x9444_c004);
    }
}
