//! Operands of the base instructions' data processing and branches: registers, immediates, branch offsets.

/// A general register of which 31 is SP.
pub(in crate::a64) fn sp(n: u32) -> u8 {
    if n == 31 { 32 } else { n as u8 }
}

/// imm12, shifted left by 12 when `sh` is set (ADD, SUB immediate).
pub(in crate::a64) fn shift12(sh: u32, imm12: u32) -> u32 {
    imm12 << (12 * sh)
}

/// The low `width` bits of `value` as a signed number.
pub(in crate::a64) fn signed(value: u32, width: u32) -> i64 {
    i64::from((value << (32 - width)) as i32 >> (32 - width))
}

/// `value`, a branch offset of `width` bits in words, in bytes (B, B.cond, TBZ, LDR literal).
pub(in crate::a64) fn branch(value: u32, width: u32) -> i64 {
    signed(value, width) * 4
}

/// Two halves of a number: a bit number of TBZ (b5:b40).
pub(in crate::a64) fn bit_number(b5: u32, b40: u32) -> u8 {
    (b5 << 5 | b40) as u8
}

/// immhi:immlo in bytes (ADR).
pub(in crate::a64) fn adr(immhi: u32, immlo: u32) -> i64 {
    signed(immhi << 2 | immlo, 21)
}

/// immhi:immlo in pages (ADRP).
pub(in crate::a64) fn adrp(immhi: u32, immlo: u32) -> i64 {
    adr(immhi, immlo) << 12
}

/// The low `count` (1 to 64) bits set.
fn ones(count: u32) -> u64 {
    u64::MAX >> (64 - count)
}

/// DecodeBitMasks() of the manual, for the immediate of a logical instruction: wmask, in the low 32 bits when `sf` is 0.
pub(in crate::a64) fn bitmask(sf: u32, n: u32, immr: u32, imms: u32) -> Option<u64> {
    if n > sf {
        return None;
    }
    let length = (n << 6 | !imms & 0x3f).checked_ilog2()?;
    if length == 0 {
        return None;
    }
    let size = 1 << length;
    let (set, rotation) = (imms & (size - 1), immr & (size - 1));
    if set == size - 1 {
        return None;
    }
    let element = ones(set + 1);
    let rotated = element >> rotation | element << ((size - rotation) & 63);
    // All ones divided by an element's all ones: a one at the foot of each element.
    let replicated = (rotated & ones(size)).wrapping_mul(u64::MAX / ones(size));
    Some(if sf == 0 { replicated & ones(32) } else { replicated })
}

/// hw in bits (MOVZ, MOVN, MOVK): 32-bit forms reach the low word only.
pub(in crate::a64) fn wide_shift(sf: u32, hw: u32) -> Option<u8> {
    (sf == 1 || hw < 2).then_some(hw as u8 * 16)
}

/// What MOVZ writes.
pub(in crate::a64) fn movz(hw: u32, imm16: u32) -> u64 {
    u64::from(imm16) << (16 * hw)
}

/// What MOVN writes.
pub(in crate::a64) fn movn(sf: u32, hw: u32, imm16: u32) -> u64 {
    !movz(hw, imm16) & ones(32 + 32 * sf)
}

/// A bit number of an operand of 32 or 64 bits; N must equal sf (SBFM, BFM, UBFM, EXTR).
pub(in crate::a64) fn bit_index(sf: u32, n: u32, index: u32) -> Option<u8> {
    (n == sf && (sf == 1 || index < 32)).then_some(index as u8)
}

/// A shift amount of an operand of 32 or 64 bits.
pub(in crate::a64) fn shift_amount(sf: u32, amount: u32) -> Option<u8> {
    bit_index(sf, sf, amount)
}

/// How far a 64-bit left shift takes bit `imms` to bit 63.
pub(in crate::a64) fn field_left(imms: u32) -> u8 {
    (63 - imms) as u8
}

/// How far the field must then come back to the right: to bit 0 (extraction), or to bit `width - immr` (insertion in zeros).
pub(in crate::a64) fn field_right(sf: u32, immr: u32, imms: u32) -> u8 {
    let width = 32 + 32 * sf;
    let lsb = if imms >= immr { 0 } else { width - immr };
    let field = if imms >= immr { imms - immr + 1 } else { imms + 1 };
    64u32.saturating_sub(field + lsb) as u8
}

/// The bits that BFM writes: tmask and wmask of DecodeBitMasks().
pub(in crate::a64) fn field_mask(sf: u32, immr: u32, imms: u32) -> u64 {
    let width = 32 + 32 * sf;
    if imms >= immr {
        ones((imms - immr + 1).min(width))
    } else {
        ones(imms + 1) << (width.saturating_sub(immr) & 63)
    }
}
