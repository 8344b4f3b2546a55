//! Immediates, shifts and branch offsets.

/// What a carry operand is when the flag stays as it was.
const UNCHANGED: u8 = 2;

/// A32ExpandImm() of the manual.
pub(crate) fn arm_expand(rotation: u32, imm8: u32) -> u32 {
    imm8.rotate_right(2 * rotation)
}

/// The carry-out of A32ExpandImm_C(): 0, 1, or 2 for "unchanged".
pub(crate) fn arm_expand_carry(rotation: u32, imm8: u32) -> u8 {
    match rotation {
        0 => UNCHANGED,
        _ => (arm_expand(rotation, imm8) >> 31) as u8,
    }
}

/// T32ExpandImm() of the manual; a replicated zero is unpredictable, and is zero here.
pub(crate) fn thumb_expand(i: u32, imm3: u32, imm8: u32) -> u32 {
    match i << 2 | imm3 >> 1 {
        0 => imm8 * [1, 0x0001_0001][(imm3 & 1) as usize],
        1 => imm8 * [0x0100_0100, 0x0101_0101][(imm3 & 1) as usize],
        _ => (0x80 | imm8 & 0x7f).rotate_right(i << 4 | imm3 << 1 | imm8 >> 7),
    }
}

/// The carry-out of T32ExpandImm_C(): 0, 1, or 2 for "unchanged".
pub(crate) fn thumb_expand_carry(i: u32, imm3: u32, imm8: u32) -> u8 {
    match i << 2 | imm3 >> 1 {
        0 | 1 => UNCHANGED,
        _ => (thumb_expand(i, imm3, imm8) >> 31) as u8,
    }
}

/// Two fields as one number: the left one above `width` bits of the right one.
pub(crate) fn join(high: u32, low: u32, width: u32) -> u32 {
    high << width | low
}

/// [`join`] for numbers of registers, bits and shifts.
pub(crate) fn small(high: u32, low: u32, width: u32) -> u8 {
    join(high, low, width) as u8
}

/// Three fields as one number: 3 and 8 bits below `i` (imm12 of T32).
pub(crate) fn imm12(i: u32, imm3: u32, imm8: u32) -> u32 {
    i << 11 | imm3 << 8 | imm8
}

/// imm4:i:imm3:imm8 (MOVW and MOVT of T32).
pub(crate) fn imm16(imm4: u32, i: u32, imm3: u32, imm8: u32) -> u16 {
    (imm4 << 12 | imm12(i, imm3, imm8)) as u16
}

/// DecodeImmShift(): 0 LSL, 1 LSR, 2 ASR, 3 ROR, 4 RRX.
pub(crate) fn shift_kind(kind: u32, imm5: u32) -> u8 {
    if kind == 3 && imm5 == 0 { 4 } else { kind as u8 }
}

/// DecodeImmShift(): the amount, 0 to 31 for LSL, 1 to 32 for LSR and ASR, 1 to 31 for ROR, 1 for RRX.
pub(crate) fn shift_amount(kind: u32, imm5: u32) -> u8 {
    match (kind, imm5) {
        (1 | 2, 0) => 32,
        (3, 0) => 1,
        _ => imm5 as u8,
    }
}

/// [`shift_kind`] from imm3:imm2.
pub(crate) fn shift_kind2(kind: u32, imm3: u32, imm2: u32) -> u8 {
    shift_kind(kind, imm3 << 2 | imm2)
}

/// [`shift_amount`] from imm3:imm2.
pub(crate) fn shift_amount2(kind: u32, imm3: u32, imm2: u32) -> u8 {
    shift_amount(kind, imm3 << 2 | imm2)
}

/// `value` of `width` bits as a signed number, times `scale`.
pub(crate) fn signed(value: u32, width: u32, scale: u32) -> i32 {
    ((value << (32 - width)) as i32 >> (32 - width)) * scale as i32
}

/// A field times a power of two.
pub(crate) fn scaled(value: u32, scale: u32) -> i32 {
    (value * scale) as i32
}

/// BLX (immediate) of A32: imm24:H.
pub(crate) fn blx_offset(h: u32, imm24: u32) -> i32 {
    signed(imm24 << 1 | h, 25, 2)
}

/// S:J2:J1:imm6:imm11 (B T3).
pub(crate) fn branch20(s: u32, j2: u32, j1: u32, imm6: u32, imm11: u32) -> i32 {
    signed(s << 19 | j2 << 18 | j1 << 17 | imm6 << 11 | imm11, 20, 2)
}

/// S:I1:I2:imm10:imm11 (B T4, BL), where I1 is NOT(J1 EOR S).
pub(crate) fn branch24(s: u32, j1: u32, j2: u32, imm10: u32, imm11: u32) -> i32 {
    let (i1, i2) = (!(j1 ^ s) & 1, !(j2 ^ s) & 1);
    signed(s << 23 | i1 << 22 | i2 << 21 | imm10 << 11 | imm11, 24, 2)
}

/// S:I1:I2:imm10H:imm10L (BLX), in words.
pub(crate) fn blx24(s: u32, j1: u32, j2: u32, high: u32, low: u32) -> i32 {
    branch24(s, j1, j2, high, low << 1)
}

/// msb, from the width of a bit field: BFI and BFC hold lsb and msb.
pub(crate) fn field_width(msb: u32, lsb: u32) -> Option<u8> {
    (msb >= lsb).then(|| (msb - lsb + 1) as u8)
}

/// [`field_width`] with lsb in two fields, imm3:imm2.
pub(crate) fn field_width2(msb: u32, imm3: u32, imm2: u32) -> Option<u8> {
    field_width(msb, imm3 << 2 | imm2)
}

/// A field plus one: widths, and the limit of SSAT.
pub(crate) fn plus1(value: u32) -> u8 {
    value as u8 + 1
}

/// [`join`] for 16-bit immediates.
pub(crate) fn join16(high: u32, low: u32, width: u32) -> u16 {
    join(high, low, width) as u16
}

/// Whether two fields have these values (the UDF encodings that Linux takes for breakpoints).
pub(crate) fn equal(a: u32, a_value: u32, b: u32, b_value: u32) -> bool {
    a == a_value && b == b_value
}

/// The shift of SSAT and USAT: LSL or ASR.
pub(crate) fn saturation_shift(sh: u32) -> u8 {
    2 * sh as u8
}

/// Its amount; ASR by 0 is ASR by 32.
pub(crate) fn saturation_amount(sh: u32, imm5: u32) -> u8 {
    shift_amount(2 * sh, imm5)
}

/// The rotation of an extended register, in bits.
pub(crate) fn rotation(rotate: u32) -> u8 {
    rotate as u8 * 8
}

/// A number of words, in bytes.
pub(crate) fn words(value: u32) -> u32 {
    value * 4
}

/// Whether a field is zero.
pub(crate) fn zero(value: u32) -> bool {
    value == 0
}

/// The offset of ADR: added if `add` is set.
pub(crate) fn adr_offset(add: u32, i: u32, imm3: u32, imm8: u32) -> i32 {
    super::offset(add, imm12(i, imm3, imm8))
}

/// i:imm5 in halfwords (CBZ, CBNZ).
pub(crate) fn cbz(i: u32, imm5: u32) -> i32 {
    scaled(i << 5 | imm5, 2)
}

/// imod of the 16-bit CPS: enable or disable.
pub(crate) fn cps_imod(im: u32) -> u8 {
    2 | im as u8
}
