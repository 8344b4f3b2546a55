//! Operands of VFP instructions. Register numbers are those of S registers for single precision, else of D registers.

/// log2 of the bytes of a floating-point number, from sz.
pub(crate) fn fsize(sz: u32) -> u8 {
    2 + sz as u8
}

/// A register by sz: Vd:D of single precision, D:Vd of double precision.
pub(crate) fn fd(sz: u32, bit: u32, field: u32) -> u8 {
    (if sz == 0 { field << 1 | bit } else { bit << 4 | field }) as u8
}

/// VFPExpandImm() of the manual, for 32 bits (sz 0) or 64, from imm4H and imm4L.
pub(crate) fn vfp_imm(sz: u32, high: u32, low: u32) -> u64 {
    let imm8 = u64::from(high << 4 | low);
    let (sign, b, rest) = (imm8 >> 7, imm8 >> 6 & 1, imm8 & 0x3f);
    let (exponent_bits, fraction_bits) = if sz == 0 { (8, 23) } else { (11, 52) };
    let repeated = (1 << (exponent_bits - 3)) - 1;
    let exponent = (b ^ 1) << (exponent_bits - 1) | (b * repeated) << 2;
    sign << (exponent_bits + fraction_bits) | exponent << fraction_bits | rest << (fraction_bits - 4)
}

/// Bits of a fixed-point number, from sx.
pub(crate) fn fixed_width(sx: u32) -> u8 {
    16 << sx
}

/// Bits behind its binary point, from sx, imm4 and i: there are no more than it has bits.
pub(crate) fn fixed_fbits(sx: u32, imm4: u32, i: u32) -> Option<u8> {
    fixed_width(sx).checked_sub((imm4 << 1 | i) as u8)
}

/// The condition of VSEL: EQ, VS, GE, GT.
pub(crate) fn vsel_cond(cc: u32) -> u8 {
    [0, 6, 10, 12][cc as usize & 3]
}

/// Registers of a list, from sz and imm8.
pub(crate) fn list_count(sz: u32, imm8: u32) -> u8 {
    (imm8 >> sz) as u8
}
