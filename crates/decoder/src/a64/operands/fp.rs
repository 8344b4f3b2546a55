//! Operands of the floating-point instructions.

/// log2 of the bytes of the format that `ftype` names: half, single or double precision.
pub(in crate::a64) fn format(ftype: u32) -> Option<u8> {
    match ftype {
        0b00 => Some(2),
        0b01 => Some(3),
        0b11 => Some(1),
        _ => None,
    }
}

/// Bits behind the binary point, 1 to 64, from `scale`.
pub(in crate::a64) fn fraction_bits(scale: u32) -> u8 {
    (64 - scale) as u8
}

/// VFPExpandImm() of the manual: the bit pattern of the number that eight bits stand for, in the format `ftype`.
pub(in crate::a64) fn expand_float(ftype: u32, imm8: u32) -> u64 {
    match ftype {
        0b00 => expand(imm8, 8, 23),
        0b01 => expand(imm8, 11, 52),
        _ => expand(imm8, 5, 10),
    }
}

/// A sign, three bits that make the exponent, four that begin the fraction.
fn expand(imm8: u32, exponent_bits: u32, fraction_bits: u32) -> u64 {
    let imm8 = u64::from(imm8);
    let (sign, fraction) = (imm8 >> 7, imm8 & 0xf);
    // The bias is added by inverting the first bit and repeating it.
    let exponent = match imm8 >> 6 & 1 {
        0 => 1 << (exponent_bits - 1),
        _ => (1 << (exponent_bits - 1)) - 4,
    } | imm8 >> 4 & 3;
    sign << (exponent_bits + fraction_bits) | exponent << fraction_bits | fraction << (fraction_bits - 4)
}

/// log2 of the bytes of single (`sz` 0) and double precision.
pub(in crate::a64) fn single_or_double(sz: u32) -> u8 {
    2 + sz as u8
}

/// log2 of the bytes of half (`sz` 0) and single precision, the narrow formats of a conversion.
pub(in crate::a64) fn half_or_single(sz: u32) -> u8 {
    1 + sz as u8
}

/// Index of a single (H:L) or double precision element (H, where L has to be 0).
pub(in crate::a64) fn float_index(sz: u32, h: u32, l: u32) -> Option<u8> {
    match (sz, l) {
        (0, _) => Some((h << 1 | l) as u8),
        (_, 0) => Some(h as u8),
        _ => None,
    }
}

/// H:L:M, the index of a 16-bit element; `lm` is L:M.
pub(in crate::a64) fn half_index(h: u32, lm: u32) -> u8 {
    (h << 2 | lm) as u8
}

/// Index of a complex number of the size that `size` is the logarithm of, FCMLA: H:L for half precision, where without Q
/// there are only two; H for single precision, which needs Q and no L.
pub(in crate::a64) fn complex_index(q: u32, size: u32, h: u32, l: u32) -> Option<u8> {
    match (size, q, h, l) {
        (1, 0, 1, _) => None,
        (1, ..) => Some((h << 1 | l) as u8),
        (2, 1, _, 0) => Some(h as u8),
        _ => None,
    }
}

/// The rotation of FCADD in quarter turns: one or three.
pub(in crate::a64) fn odd_rotation(rot: u32) -> u8 {
    (2 * rot + 1) as u8
}
