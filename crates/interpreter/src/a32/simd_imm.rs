//! Advanced SIMD, one register and a modified immediate.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use super::vector::{set, source};
use crate::a64::vector::{map, splat};

/// `name Type = |d, imm| result`.
macro_rules! immediates {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, imm }: $Type) {
            let f: fn(u64, u64) -> u64 = $f;
            let value = map(&source(cpu, q, vd), |d| f(d, imm));
            set(cpu, q, vd, value);
        }
    )*};
}

immediates! {
    /// VORR (immediate).
    vorr_imm32 VorrImm32 = |d, imm| d | imm;
    /// VORR (immediate).
    vorr_imm16 VorrImm16 = |d, imm| d | imm;
    /// VBIC (immediate).
    vbic_imm32 VbicImm32 = |d, imm| d & !imm;
    /// VBIC (immediate).
    vbic_imm16 VbicImm16 = |d, imm| d & !imm;
}

/// `name Type = |imm| result`.
macro_rules! moves {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, imm }: $Type) {
            let f: fn(u64) -> u64 = $f;
            set(cpu, q, vd, splat(f(imm)));
        }
    )*};
}

moves! {
    /// VMOV (immediate).
    vmov_imm32 VmovImm32 = |imm| imm;
    /// VMVN (immediate).
    vmvn_imm32 VmvnImm32 = |imm| !imm;
    /// VMOV (immediate).
    vmov_imm16 VmovImm16 = |imm| imm;
    /// VMVN (immediate).
    vmvn_imm16 VmvnImm16 = |imm| !imm;
    /// VMOV (immediate).
    vmov_imm_ones VmovImmOnes = |imm| imm;
    /// VMVN (immediate).
    vmvn_imm_ones VmvnImmOnes = |imm| !imm;
    /// VMOV (immediate).
    vmov_imm8 VmovImm8 = |imm| imm;
    /// VMOV (immediate).
    vmov_imm64 VmovImm64 = |imm| imm;
    /// VMOV (immediate).
    vmov_imm_fp VmovImmFp = |imm| imm;
}
