//! The names of architecture versions and extensions.

/// What brought an instruction into AArch32; every row belongs to one. Whether a CPU has it is the engines' affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// ARMv4T, Thumb included.
    V4T,
    /// ARMv5T: BLX, BKPT, CLZ, PLD.
    V5T,
    /// ARMv5TE: saturating and halfword arithmetic, LDRD and STRD; also BXJ of ARMv5TEJ.
    V5TE,
    /// ARMv6: media instructions, REV, LDREX.
    V6,
    /// ARMv6K: exclusives of other sizes, CLREX, hints, the thread pointers.
    V6K,
    /// ARMv6T2: Thumb-2, and what it brought to A32 (MOVW, bit fields, MLS).
    V6T2,
    /// ARMv7: barriers as instructions, PLI; PLDW of the multiprocessing extensions.
    V7,
    /// SDIV and UDIV.
    Div,
    /// The virtual counter (generic timer).
    Timer,
    /// ARMv8 AArch32: LDA, STL and their like, SEVL, HLT.
    V8,
    /// CRC32.
    Crc32,
    /// VFPv2.
    Vfp2,
    /// VFPv3: 32 double registers, immediates, fixed point.
    Vfp3,
    /// Conversions between half and single precision.
    VfpHalf,
    /// VFPv4: fused multiply-add.
    Vfp4,
    /// What ARMv8 added to scalar floating point: VSEL, VMAXNM, VCVTA, VRINT.
    Fp8,
    /// Advanced SIMD.
    Neon,
    /// Fused multiply-add of Advanced SIMD.
    Neon4,
    /// What ARMv8 added to Advanced SIMD.
    Neon8,
    /// AES and polynomial multiplication.
    Aes,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// VQRDMLAH, VQRDMLSH.
    Rdm,
    /// VSDOT, VUDOT.
    DotProd,
    /// VJCVT.
    Jscvt,
}

/// Instructions that armlet's CPUs do not have; they are undefined and are reported by this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extension {
    /// A coprocessor, or a register of CP14 and CP15, that user code does not have.
    Coprocessor,
    /// Instructions of privileged modes: MSR of other fields, CPS, SRS, RFE, ERET, banked registers.
    Privileged,
    /// HVC, SMC and ERET.
    Hypervisor,
    /// Big-endian data (SETEND BE), which Linux permits only where all cores have it.
    BigEndian,
    /// Jazelle and ThumbEE: ENTERX, LEAVEX.
    ThumbEe,
    /// TT, SG and their like of the M profile.
    MProfile,
    /// Half-precision arithmetic (FEAT_FP16).
    Fp16,
    /// VFMAL, VFMSL (FEAT_FHM).
    Fhm,
    /// VCADD, VCMLA (FEAT_FCMA).
    Fcma,
    /// BFloat16 (FEAT_AA32BF16).
    Bf16,
    /// 8-bit integer matrix multiplication (FEAT_AA32I8MM).
    I8mm,
    /// Speculation barrier (FEAT_SB).
    Sb,
}
