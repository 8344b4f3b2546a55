//! Text of the floating-point instructions' operands.

use core::fmt::{Result, Write as _};

use super::Text;

/// An immediate of FMOV, VFPExpandImm() of the manual, with eight decimals.
pub(in crate::a64) fn fp_imm8(out: &mut Text<'_, '_>, imm8: u8) -> Result {
    let sign = if imm8 >> 7 != 0 { -1.0 } else { 1.0 };
    let exponent = i32::from((imm8 >> 4 & 7) ^ 4) - 3;
    let power = if exponent < 0 {
        1.0 / f64::from(1u8 << -exponent)
    } else {
        f64::from(1u8 << exponent)
    };
    write!(out, "#{:.8}", sign * power * f64::from(16 + (imm8 & 15)) / 16.0)
}

/// The two lowest elements of a vector (scalar pairwise).
pub(in crate::a64) fn pair(out: &mut Text<'_, '_>, size: u8, n: u8) -> Result {
    write!(out, "v{n}.2{}", ['b', 'h', 's', 'd'][usize::from(size & 3)])
}

/// As many halves as there are single-precision elements: the sources of FMLAL and its like.
pub(in crate::a64) fn low_halves(out: &mut Text<'_, '_>, q: bool, n: u8) -> Result {
    write!(out, "v{n}.{}h", if q { 4 } else { 2 })
}

/// Quarter turns, in degrees.
pub(in crate::a64) fn degrees(out: &mut Text<'_, '_>, quarters: u8) -> Result {
    super::imm(out, 90 * u16::from(quarters))
}
