//! Operands of Advanced SIMD instructions. Register numbers are those of D registers; a Q register has the number of its first half.

use super::vfp_imm;

/// D:Vd.
pub(crate) fn dd(bit: u32, field: u32) -> u8 {
    (bit << 4 | field) as u8
}

/// The field as it is.
pub(crate) fn same(value: u32) -> u8 {
    value as u8
}

/// The same for 32 bits, from the low five bits of imm6.
pub(crate) fn fbits32(low: u32) -> u8 {
    32 - low as u8
}

/// log2 of the bytes of a scalar, from opc1 and opc2 of VMOV; a word cannot be zero-extended (U).
pub(crate) fn scalar_size(unsigned: u32, opc1: u32, opc2: u32) -> Option<u8> {
    match (opc1 >> 1, opc2) {
        (1, _) => Some(0),
        (0, 1 | 3) => Some(1),
        (0, 0) if unsigned == 0 => Some(2),
        _ => None,
    }
}

/// The index of a scalar, from opc1 and opc2 of VMOV.
pub(crate) fn scalar_index(opc1: u32, opc2: u32) -> u8 {
    let x = opc1 & 1;
    (match (opc1 >> 1, opc2 & 1) {
        (1, _) => x << 2 | opc2,
        (_, 1) => x << 1 | opc2 >> 1,
        _ => x,
    }) as u8
}

/// log2 of the bytes of VDUP's elements, from B and E.
pub(crate) fn vdup_size(b: u32, e: u32) -> Option<u8> {
    [Some(2), Some(1), Some(0), None][(b << 1 | e) as usize & 3]
}

/// Register of a scalar: three bits for halfwords, four for words.
pub(crate) fn scalar_register(size: u32, vm: u32) -> u8 {
    (if size == 1 { vm & 7 } else { vm }) as u8
}

/// Index of a scalar: M:Vm<3> for halfwords, M for words.
pub(crate) fn scalar_lane(size: u32, m: u32, vm: u32) -> u8 {
    (if size == 1 { m << 1 | vm >> 3 } else { m }) as u8
}

/// log2 of the bytes of an element, from L:imm6 of a shift by immediate.
pub(crate) fn shift_size(l: u32, imm6: u32) -> Option<u8> {
    match (l, imm6 >> 3) {
        (1, _) => Some(3),
        (_, top) => top.checked_ilog2().map(|size| size as u8),
    }
}

/// Shift to the right, 1 to the bits of an element, from L:imm6.
pub(crate) fn right_shift(l: u32, imm6: u32) -> u8 {
    match shift_size(l, imm6) {
        Some(3) | None => 64 - imm6 as u8,
        Some(size) => (16 << size) - imm6 as u8,
    }
}

/// Shift to the left, 0 to one less than the bits of an element, from L:imm6.
pub(crate) fn left_shift(l: u32, imm6: u32) -> u8 {
    match shift_size(l, imm6) {
        Some(3) | None => imm6 as u8,
        Some(size) => imm6 as u8 - (8 << size),
    }
}

/// The eight bits of a modified immediate.
fn imm8(i: u32, high: u32, low: u32) -> u64 {
    (i << 7 | high << 4 | low).into()
}

/// 8 bits, shifted by so many bytes, in every 32.
pub(crate) fn word(i: u32, high: u32, low: u32, bytes: u32) -> u64 {
    (imm8(i, high, low) << (8 * bytes)) * 0x0000_0001_0000_0001
}

/// 8 bits, shifted by so many bytes, in every 16.
pub(crate) fn halfword(i: u32, high: u32, low: u32, bytes: u32) -> u64 {
    (imm8(i, high, low) << (8 * bytes)) * 0x0001_0001_0001_0001
}

/// 8 bits, ones shifted in behind them, in every 32.
pub(crate) fn word_ones(i: u32, high: u32, low: u32, more: u32) -> u64 {
    let shift = 8 << more;
    (imm8(i, high, low) << shift | ((1 << shift) - 1)) * 0x0000_0001_0000_0001
}

/// 8 bits in every byte.
pub(crate) fn byte(i: u32, high: u32, low: u32) -> u64 {
    imm8(i, high, low) * 0x0101_0101_0101_0101
}

/// Every bit becomes a byte of it.
pub(crate) fn byte_masks(i: u32, high: u32, low: u32) -> u64 {
    let imm8 = imm8(i, high, low);
    (0..8).map(|bit| ((imm8 >> bit & 1) * 0xff) << (8 * bit)).sum()
}

/// A single-precision number in every 32 bits.
pub(crate) fn singles(i: u32, high: u32, low: u32) -> u64 {
    vfp_imm(0, i << 3 | high, low) * 0x0000_0001_0000_0001
}

/// log2 of the bytes of VDUP's (scalar) elements, from imm4: its lowest bit set.
pub(crate) fn imm4_size(imm4: u32) -> Option<u8> {
    match imm4.trailing_zeros() {
        size @ 0..=2 => Some(size as u8),
        _ => None,
    }
}

/// Index of the scalar: what is above the lowest bit set of imm4.
pub(crate) fn imm4_index(imm4: u32) -> u8 {
    (imm4 >> (imm4.trailing_zeros().min(3) + 1)) as u8
}

/// Registers of VLD1 and VST1 (multiple single elements), from type.
pub(crate) fn vld1_count(kind: u32) -> Option<u8> {
    match kind {
        0b0010 => Some(4),
        0b0110 => Some(3),
        0b0111 => Some(1),
        0b1010 => Some(2),
        _ => None,
    }
}

/// The alignment of a load or store of multiple structures in bytes, from align: 0 for none.
pub(crate) fn multiple_align(align: u32) -> u8 {
    [0, 8, 16, 32][align as usize & 3]
}

/// Index of one lane, from size and index_align.
pub(crate) fn lane_index(size: u32, index_align: u32) -> u8 {
    (index_align >> (size + 1).min(3)) as u8
}

/// Distance of the registers of a structure of `count` elements, of which one lane is loaded or stored.
pub(crate) fn lane_step(count: u32, size: u32, index_align: u32) -> u8 {
    let double = match size {
        _ if count == 1 => false,
        1 => index_align & 2 != 0,
        2 => index_align & 4 != 0,
        _ => false,
    };
    1 + u8::from(double)
}

/// The alignment in bytes for one lane of a structure of `count` elements: 0 for none.
pub(crate) fn lane_align(count: u32, size: u32, index_align: u32) -> Option<u8> {
    let low = index_align & ((1 << (size + 1).min(3)) - 1);
    match (count, size) {
        (1, 0) => (low == 0).then_some(0),
        (1, 1) if low & 2 == 0 => Some(2 * low as u8),
        (1, 2) if low == 0 => Some(0),
        (1, 2) if low == 3 => Some(4),
        (2, 0 | 1) => Some(((low & 1) << (size + 1)) as u8),
        (2, 2) if low & 2 == 0 => Some(8 * (low & 1) as u8),
        (3, 0 | 1) => (low & 1 == 0).then_some(0),
        (3, 2) => (low & 3 == 0).then_some(0),
        (4, 0 | 1) => Some(((low & 1) << (size + 2)) as u8),
        (4, 2) if low & 3 != 3 => Some([0, 8, 16][low as usize & 3]),
        _ => None,
    }
}

/// log2 of the bytes of an element that goes to all lanes of a structure of `count` elements, from size.
pub(crate) fn all_size(count: u32, size: u32) -> Option<u8> {
    match size {
        3 if count == 4 => Some(2),
        3 => None,
        _ => Some(size as u8),
    }
}

/// The alignment in bytes for a structure of `count` elements that goes to all lanes, from size and a: 0 for none.
pub(crate) fn all_align(count: u32, size: u32, a: u32) -> Option<u8> {
    match (count, size, a) {
        (4, 3, 0) | (3, _, 1) | (1, 0, 1) => None,
        (_, _, 0) => Some(0),
        (4, 3, _) => Some(16),
        (4, 2, _) => Some(8),
        _ => Some((count << size) as u8),
    }
}
