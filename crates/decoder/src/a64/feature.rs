//! The names of architecture features and extensions.

/// A feature that armlet's CPU has; every row belongs to one. Names are the manual's (A2.2, without `FEAT_`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// Armv8.0-A base instructions.
    Base,
    /// Scalar floating point (FEAT_FP).
    Fp,
    /// Advanced SIMD (FEAT_AdvSIMD).
    AdvSimd,
    /// AESE, AESD, AESMC, AESIMC (FEAT_AES).
    Aes,
    /// PMULL and PMULL2 on 64-bit elements (FEAT_PMULL).
    Pmull,
    /// SHA-1 (FEAT_SHA1).
    Sha1,
    /// SHA-256 (FEAT_SHA256).
    Sha256,
    /// SHA-512 (FEAT_SHA512).
    Sha512,
    /// EOR3, RAX1, XAR, BCAX (FEAT_SHA3).
    Sha3,
    /// SM3 (FEAT_SM3).
    Sm3,
    /// SM4 (FEAT_SM4).
    Sm4,
    /// CRC32 and CRC32C (FEAT_CRC32).
    Crc32,
    /// Large System Extensions: atomics in one instruction (FEAT_LSE).
    Lse,
    /// SQRDMLAH and SQRDMLSH (FEAT_RDM).
    Rdm,
    /// LDLAR, STLLR (FEAT_LOR).
    Lor,
    /// Half-precision arithmetic (FEAT_FP16).
    Fp16,
    /// SDOT and UDOT (FEAT_DotProd).
    DotProd,
    /// FMLAL and FMLSL (FEAT_FHM).
    Fhm,
    /// LDAPR (FEAT_LRCPC).
    Lrcpc,
    /// LDAPUR and STLUR (FEAT_LRCPC2).
    Lrcpc2,
    /// FCMLA and FCADD (FEAT_FCMA).
    Fcma,
    /// FJCVTZS (FEAT_JSCVT).
    Jscvt,
    /// CFINV, RMIF, SETF8, SETF16 (FEAT_FlagM).
    FlagM,
    /// AXFLAG and XAFLAG (FEAT_FlagM2).
    FlagM2,
    /// FRINT32Z and its like (FEAT_FRINTTS).
    FrintTs,
    /// BFloat16 (FEAT_BF16).
    Bf16,
    /// 8-bit integer matrix multiplication (FEAT_I8MM).
    I8mm,
    /// DC CVAP (FEAT_DPB).
    Dpb,
}

/// An extension that armlet's CPU does not have; its instructions are undefined and are reported by this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extension {
    /// Scalable vectors (FEAT_SVE, FEAT_SVE2).
    Sve,
    /// Scalable matrices (FEAT_SME).
    Sme,
    /// Pointer authentication outside the hint space (FEAT_PAuth).
    PAuth,
    /// Memory tagging (FEAT_MTE).
    Mte,
    /// Memory copy and set (FEAT_MOPS).
    Mops,
    /// Common short sequence compression (FEAT_CSSC).
    Cssc,
    /// 64-byte loads and stores (FEAT_LS64).
    Ls64,
    /// 128-bit atomics (FEAT_LSE128).
    Lse128,
    /// LDIAPP and STILP (FEAT_LRCPC3).
    Lrcpc3,
    /// Speculation barrier (FEAT_SB).
    Sb,
    /// Wait with timeout (FEAT_WFxT).
    Wfxt,
    /// Transactional memory (FEAT_TME).
    Tme,
    /// Hinted conditional branches (FEAT_HBC).
    Hbc,
    /// Translation hardening: RCW instructions (FEAT_THE).
    The,
    /// 128-bit system registers (FEAT_SYSREG128, FEAT_SYSINSTR128).
    Sysreg128,
    /// DC CVADP (FEAT_DPB2).
    Dpb2,
    /// DSB with the nXS qualifier (FEAT_XS).
    Xs,
    /// CFP RCTX, DVP RCTX, CPP RCTX (FEAT_SPECRES).
    Specres,
    /// Instructions and registers of EL1 and above.
    Privileged,
}
