//! Operands of the Advanced SIMD instructions.

use super::expand_float;

/// log2 of the bytes of an element, from immh:immb of a shift by immediate: the highest bit set of immh.
pub(in crate::a64) fn element_size(immh_immb: u32) -> Option<u8> {
    (immh_immb >> 3).checked_ilog2().map(|size| size as u8)
}

/// The bits of an element, from immh:immb.
fn element_bits(immh_immb: u32) -> u32 {
    8 << (immh_immb >> 3).checked_ilog2().unwrap_or(0)
}

/// Shift to the right, 1 to the bits of an element, from immh:immb.
pub(in crate::a64) fn right_shift(immh_immb: u32) -> u8 {
    (2 * element_bits(immh_immb)).wrapping_sub(immh_immb) as u8
}

/// Shift to the left, 0 to one less than the bits of an element, from immh:immb.
pub(in crate::a64) fn left_shift(immh_immb: u32) -> u8 {
    immh_immb.wrapping_sub(element_bits(immh_immb)) as u8
}

/// Shift of 64 bits to the right, from the low six bits of immh:immb.
pub(in crate::a64) fn right_shift64(low: u32) -> u8 {
    (64 - low) as u8
}

/// Index of an element (by element): H:L:M for 16 bits, H:L for 32 bits; `rm` is M:Rm.
pub(in crate::a64) fn element_index(size: u32, h: u32, l: u32, rm: u32) -> u8 {
    let h_l = h << 1 | l;
    (if size == 1 { h_l << 1 | rm >> 4 } else { h_l }) as u8
}

/// Register of an element (by element), from M:Rm: for 16 bits, M belongs to the index.
pub(in crate::a64) fn element_register(size: u32, rm: u32) -> u8 {
    (if size == 1 { rm & 15 } else { rm }) as u8
}

/// H:L, the index of four bytes.
pub(in crate::a64) fn bytes_index(h: u32, l: u32) -> u8 {
    (h << 1 | l) as u8
}

/// log2 of the bytes of an element, from imm5: its lowest bit set.
pub(in crate::a64) fn imm5_size(imm5: u32) -> Option<u8> {
    match imm5.trailing_zeros() {
        size @ 0..=3 => Some(size as u8),
        _ => None,
    }
}

/// Index of an element: what is above the lowest bit set of imm5.
pub(in crate::a64) fn imm5_index(imm5: u32) -> u8 {
    imm5.checked_shr(imm5.trailing_zeros() + 1).unwrap_or(0) as u8
}

/// Index of the source of INS: imm4 without the bits that the size of imm5 leaves out.
pub(in crate::a64) fn imm4_index(imm5: u32, imm4: u32) -> u8 {
    imm4.checked_shr(imm5.trailing_zeros()).unwrap_or(0) as u8
}

/// One more than the field.
pub(in crate::a64) fn plus1(value: u32) -> u8 {
    value as u8 + 1
}

/// a:b:c and d:e:f:g:h of a modified immediate.
pub(in crate::a64) fn imm8(abc: u32, defgh: u32) -> u8 {
    (abc << 5 | defgh) as u8
}

/// A shift in bytes, as bits.
pub(in crate::a64) fn byte_shift(bytes: u32) -> u8 {
    (8 * bytes) as u8
}

/// The shift of "shifting ones": 8 or 16 bits.
pub(in crate::a64) fn ones_shift(c: u32) -> u8 {
    (8 << c) as u8
}

/// AdvSIMDExpandImm(), J1.1.3: 8 bits, shifted, in every 32.
pub(in crate::a64) fn word(abc: u32, defgh: u32, bytes: u32) -> u64 {
    u64::from(imm8(abc, defgh)) << (8 * bytes) << 32 | u64::from(imm8(abc, defgh)) << (8 * bytes)
}

/// 8 bits, shifted, in every 16.
pub(in crate::a64) fn halfword(abc: u32, defgh: u32, bytes: u32) -> u64 {
    (u64::from(imm8(abc, defgh)) << (8 * bytes)) * 0x0001_0001_0001_0001
}

/// 8 bits, ones shifted in behind them, in every 32.
pub(in crate::a64) fn word_ones(abc: u32, defgh: u32, c: u32) -> u64 {
    let shift = 8 << c;
    (u64::from(imm8(abc, defgh)) << shift | ((1 << shift) - 1)) * 0x0000_0001_0000_0001
}

/// [`word`], inverted (MVNI).
pub(in crate::a64) fn not_word(abc: u32, defgh: u32, bytes: u32) -> u64 {
    !word(abc, defgh, bytes)
}

/// [`halfword`], inverted (MVNI).
pub(in crate::a64) fn not_halfword(abc: u32, defgh: u32, bytes: u32) -> u64 {
    !halfword(abc, defgh, bytes)
}

/// [`word_ones`], inverted (MVNI).
pub(in crate::a64) fn not_word_ones(abc: u32, defgh: u32, c: u32) -> u64 {
    !word_ones(abc, defgh, c)
}

/// 8 bits in every byte.
pub(in crate::a64) fn byte(abc: u32, defgh: u32) -> u64 {
    u64::from(imm8(abc, defgh)) * 0x0101_0101_0101_0101
}

/// Every bit becomes a byte of it.
pub(in crate::a64) fn byte_masks(abc: u32, defgh: u32) -> u64 {
    let imm8 = imm8(abc, defgh);
    (0..8)
        .map(|bit| if imm8 >> bit & 1 != 0 { 0xff << (8 * bit) } else { 0 })
        .sum()
}

/// A half-precision number in every 16 bits.
pub(in crate::a64) fn halves(abc: u32, defgh: u32) -> u64 {
    expand_float(0b11, imm8(abc, defgh).into()) * 0x0001_0001_0001_0001
}

/// A single-precision number in every 32 bits.
pub(in crate::a64) fn singles(abc: u32, defgh: u32) -> u64 {
    expand_float(0b00, imm8(abc, defgh).into()) * 0x0000_0001_0000_0001
}

/// A double-precision number.
pub(in crate::a64) fn double(abc: u32, defgh: u32) -> u64 {
    expand_float(0b01, imm8(abc, defgh).into())
}

/// Registers of LD1 and ST1 (multiple structures), from opcode.
pub(in crate::a64) fn ld1_count(opcode: u32) -> Option<u8> {
    match opcode {
        0b0010 => Some(4),
        0b0110 => Some(3),
        0b0111 => Some(1),
        0b1010 => Some(2),
        _ => None,
    }
}

/// log2 of the bytes of one lane, from opcode<2:1> and S:size (load or store of a single structure).
pub(in crate::a64) fn lane_size(opcode: u32, s_size: u32) -> Option<u8> {
    match (opcode, s_size & 3, s_size >> 2) {
        (0, ..) => Some(0),
        (1, 0 | 2, _) => Some(1),
        (2, 0, _) => Some(2),
        (2, 1, 0) => Some(3),
        _ => None,
    }
}

/// Index of one lane, from Q, opcode<2:1> and S:size.
pub(in crate::a64) fn lane_index(q: u32, opcode: u32, s_size: u32) -> u8 {
    let q_s_size = q << 3 | s_size;
    let unused = if opcode == 2 && s_size & 1 != 0 { 3 } else { opcode };
    (q_s_size >> unused) as u8
}
