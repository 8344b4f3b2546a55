//! Operands of loads and stores: offsets in bytes, sizes as logarithms.

use super::int::signed;

/// imm9 (unscaled, pre- and post-indexed forms).
pub(in crate::a64) fn simm9(imm9: u32) -> i32 {
    signed(imm9, 9) as i32
}

/// imm12 in units of 2^`scale` bytes.
pub(in crate::a64) fn scaled12(imm12: u32, scale: u32) -> i32 {
    (imm12 << scale) as i32
}

/// imm12 in units of a W or X register.
pub(in crate::a64) fn scaled12_sf(imm12: u32, sf: u32) -> i32 {
    scaled12(imm12, 2 + sf)
}

/// imm12 in units of a SIMD&FP register of `simd_scale`.
pub(in crate::a64) fn scaled12_simd(imm12: u32, size: u32, opc1: u32) -> i32 {
    scaled12(imm12, opc1 << 2 | size)
}

/// Logarithm of the size of a SIMD&FP register: opc<1>:size, up to 16 bytes.
pub(in crate::a64) fn simd_scale(size: u32, opc1: u32) -> Option<u8> {
    let scale = opc1 << 2 | size;
    (scale <= 4).then_some(scale as u8)
}

/// The extension of an index register: UXTW, LSL, SXTW, SXTX.
pub(in crate::a64) fn index_extend(option: u32) -> Option<u8> {
    (option & 2 != 0).then_some(option as u8)
}

/// How far an index register is shifted for an access of 2^`scale` bytes.
pub(in crate::a64) fn index_shift(scaled: u32, scale: u32) -> u8 {
    (scaled * scale) as u8
}

/// [`index_shift`] for a W or X register.
pub(in crate::a64) fn sf_index_shift(sf: u32, scaled: u32) -> u8 {
    index_shift(scaled, 2 + sf)
}

/// [`index_shift`] for a SIMD&FP register of `simd_scale`.
pub(in crate::a64) fn simd_index_shift(size: u32, opc1: u32, scaled: u32) -> u8 {
    index_shift(scaled, opc1 << 2 | size)
}

/// imm7 in units of 2^`scale` bytes (pairs).
pub(in crate::a64) fn pair_offset(imm7: u32, scale: u32) -> i32 {
    (signed(imm7, 7) as i32) << scale
}

/// imm7 in units of a W or X register.
pub(in crate::a64) fn pair_offset_sf(imm7: u32, sf: u32) -> i32 {
    pair_offset(imm7, 2 + sf)
}

/// imm7 in units of an S, D or Q register.
pub(in crate::a64) fn pair_offset_simd(imm7: u32, opc: u32) -> i32 {
    pair_offset(imm7, 2 + opc)
}

/// Logarithm of the size of S, D, Q, by the opc of pairs and literals.
pub(in crate::a64) fn pair_scale(opc: u32) -> Option<u8> {
    (opc < 3).then_some(2 + opc as u8)
}

/// The first register of a pair that must start at an even one (CASP).
pub(in crate::a64) fn even(n: u32) -> Option<u8> {
    n.is_multiple_of(2).then_some(n as u8)
}
