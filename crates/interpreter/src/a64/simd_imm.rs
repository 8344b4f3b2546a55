//! Advanced SIMD modified immediate (C4.1.96).

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::vector::{map, splat};

/// Moves an immediate to V\[d\]. The decoder has expanded it, and inverted it for MVNI.
macro_rules! moves {
    ($($(#[$doc:meta])* $name:ident $Type:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, rd, imm, .. }: $Type) {
            cpu.set_vector_q(q, rd, splat(imm));
        }
    )*};
}

moves! {
    /// MOVI, C7.2.204.
    movi_32 Movi32;
    /// MOVI, C7.2.204.
    movi_16 Movi16;
    /// MOVI, C7.2.204.
    movi_shifted_ones MoviShiftedOnes;
    /// MVNI, C7.2.208.
    mvni_32 Mvni32;
    /// MVNI, C7.2.208.
    mvni_16 Mvni16;
    /// MVNI, C7.2.208.
    mvni_shifted_ones MvniShiftedOnes;
    /// MOVI, C7.2.204.
    movi_8 Movi8;
    /// MOVI, C7.2.204.
    movi_64 Movi64;
    /// FMOV (vector, immediate), C7.2.129.
    fmov_imm_vec_32 FmovImmVec32;
    /// FMOV (vector, immediate), C7.2.129.
    fmov_imm_vec_16 FmovImmVec16;
}

/// FMOV (vector, immediate), C7.2.129.
#[inline(always)]
pub fn fmov_imm_vec_64(cpu: &mut State, FmovImmVec64 { rd, imm, .. }: FmovImmVec64) {
    cpu.set_vector(rd, splat(imm));
}

/// ORR (vector, immediate), C7.2.212.
#[inline(always)]
pub fn orr_imm_32(cpu: &mut State, OrrImm32 { q, rd, imm, .. }: OrrImm32) {
    let value = map(&cpu.vector(rd), |d: u64| d | imm);
    cpu.set_vector_q(q, rd, value);
}

/// ORR (vector, immediate), C7.2.212.
#[inline(always)]
pub fn orr_imm_16(cpu: &mut State, OrrImm16 { q, rd, imm, .. }: OrrImm16) {
    let value = map(&cpu.vector(rd), |d: u64| d | imm);
    cpu.set_vector_q(q, rd, value);
}

/// BIC (vector, immediate), C7.2.20.
#[inline(always)]
pub fn bic_imm_32(cpu: &mut State, BicImm32 { q, rd, imm, .. }: BicImm32) {
    let value = map(&cpu.vector(rd), |d: u64| d & !imm);
    cpu.set_vector_q(q, rd, value);
}

/// BIC (vector, immediate), C7.2.20.
#[inline(always)]
pub fn bic_imm_16(cpu: &mut State, BicImm16 { q, rd, imm, .. }: BicImm16) {
    let value = map(&cpu.vector(rd), |d: u64| d & !imm);
    cpu.set_vector_q(q, rd, value);
}
