//! Exact Arm floating point: the manual's shared pseudocode (Arm ARM J1.3, `FPAdd`, `FPRound`, `FPToFixed`, …) as pure
//! functions on bit patterns. Results, NaN propagation, flushing and FPSR flags are those of an Armv8.2-A core without
//! FEAT_AFP, FEAT_EBF16 or trapped exceptions.
//!
//! The format is the type of the operands: `u16` is half, `u32` single, `u64` double precision. An interpreter writes
//!
//! ```
//! use armlet_cpu::fp::{self, FpEnv};
//! let (fpcr, fpsr) = (0, 0);
//! let mut env = FpEnv::new(fpcr, fpsr);
//! let sum = fp::add(1.5f32.to_bits(), 2.25f32.to_bits(), &mut env);
//! assert_eq!(sum, 3.75f32.to_bits());
//! assert_eq!(env.fpsr, 0); // goes back into the register file: it holds the incoming flags and the new ones
//! ```
//!
//! | instruction (A64; AArch32 likewise) | function |
//! |---|---|
//! | FABS, FNEG | [`abs`], [`neg`] |
//! | FADD, FSUB, FMUL, FNMUL, FMULX, FDIV, FSQRT | [`add`], [`sub`], [`mul`], `neg` of `mul`, [`mulx`], [`div`], [`sqrt`] |
//! | FMADD, FMLA | [`mul_add`]`(addend, a, b)` |
//! | FMSUB, FMLS | `mul_add(addend, neg(a), b)` |
//! | FNMADD, FNMSUB | `mul_add(neg(addend), neg(a), b)`, `mul_add(neg(addend), a, b)` |
//! | FMLAL, FMLSL | [`mul_add_half`], the latter with `neg(a)` |
//! | FMAX, FMIN, FMAXNM, FMINNM | [`max`], [`min`], [`max_num`], [`min_num`] |
//! | FCMP, FCMPE, FCCMP, FCCMPE | [`compare`] |
//! | FCMEQ, FCMGE, FCMGT; FACGE, FACGT | [`equal`], [`greater_equal`], [`greater`]; the same of `abs` |
//! | FRECPE, FRSQRTE, FRECPS, FRSQRTS, FRECPX | [`recip_estimate`], [`rsqrt_estimate`], [`recip_step`], [`rsqrt_step`], [`recip_exponent`] |
//! | VRECPS, VRSQRTS (AArch32: not fused) | [`recip_step_chained`], [`rsqrt_step_chained`] |
//! | URECPE, URSQRTE | [`unsigned_recip_estimate`], [`unsigned_rsqrt_estimate`] |
//! | FRINT{N,A,P,M,Z,I,X} | [`round_to_integral`] |
//! | FRINT{32,64}{Z,X} | [`round_to_int_size`] |
//! | FCVT{N,A,P,M,Z}{S,U}; fixed point | [`to_fixed`] |
//! | SCVTF, UCVTF; fixed point | [`from_fixed`] |
//! | FJCVTZS | [`to_int32_js`] |
//! | FCVT, FCVTL, FCVTN; FCVTXN | [`convert`]; [`convert_to_odd`] |
//! | BFCVT, BFCVTN; BFDOT, BFMMLA, BFMLALB/T | [`bf16::from_single`]; [`bf16::dot_add`], [`bf16::matrix_mul_add`], [`bf16::mul_add`] |
//!
//! FCADD and FCMLA are `add` and `mul_add` on rearranged elements, pairwise and across-lanes forms are the plain
//! functions in the order that the manual gives: the callers build them. AArch32 Advanced SIMD makes its environment
//! with [`FpEnv::standard`].
//!
//! Single and double precision have fast paths on the host's arithmetic (`host.rs` says when they are provably the same).
//! They take it for granted that the host rounds to nearest and neither flushes nor reads denormals as zero.

mod arithmetic;
pub mod bf16;
mod compare;
mod convert;
mod env;
mod estimate;
mod format;
mod host;
mod integer;
mod real;

pub use arithmetic::{abs, add, div, mul, mul_add, mul_add_half, mulx, neg, sqrt, sub};
pub use compare::{compare, equal, greater, greater_equal, max, max_num, min, min_num};
pub use convert::{convert, convert_to_odd};
pub use env::{FpEnv, Fpcr, Rounding, fpsr};
pub use estimate::{
    recip_estimate, recip_exponent, recip_step, recip_step_chained, rsqrt_estimate, rsqrt_step, rsqrt_step_chained,
    unsigned_recip_estimate, unsigned_rsqrt_estimate,
};
pub use format::Float;
pub use integer::{from_fixed, round_to_int_size, round_to_integral, to_fixed, to_int32_js};
