//! Text of VFP operands.

use core::fmt::{Result, Write as _};

use super::Text;

/// A floating-point register: S or D.
pub(crate) fn f(out: &mut Text<'_, '_>, size: u8, n: u8) -> Result {
    write!(out, "{}{n}", if size == 3 { 'd' } else { 's' })
}

/// What stands between the braces of a list of D (or S) registers: `count` of them, `step` apart, each with `suffix`.
pub(crate) fn registers(
    out: &mut Text<'_, '_>,
    size: u8,
    first: u8,
    count: u8,
    step: u8,
    suffix: core::fmt::Arguments<'_>,
) -> Result {
    out.write_char('{')?;
    for i in 0..count {
        out.write_str(if i == 0 { "" } else { ", " })?;
        f(out, size, first + step * i)?;
        out.write_fmt(suffix)?;
    }
    out.write_char('}')
}

/// Consecutive registers: `{d1, d2}`.
pub(crate) fn vector_list(out: &mut Text<'_, '_>, size: u8, first: u8, count: u8) -> Result {
    registers(out, size, first, count, 1, format_args!(""))
}

/// A floating-point immediate, of single or double precision, with seven digits: `#1.250000e+00`.
pub(crate) fn fimm(out: &mut Text<'_, '_>, size: u8, bits: u64) -> Result {
    let value = if size == 2 {
        f32::from_bits(bits as u32).into()
    } else {
        f64::from_bits(bits)
    };
    // Between 0.125 and 31: the exponent has one digit.
    let mut exponent = 0;
    let mut mantissa = value;
    while mantissa >= 10.0 || mantissa <= -10.0 {
        mantissa /= 10.0;
        exponent += 1;
    }
    while mantissa < 1.0 && mantissa > -1.0 {
        mantissa *= 10.0;
        exponent -= 1;
    }
    write!(
        out,
        "#{mantissa:.6}e{}0{}",
        if exponent < 0 { '-' } else { '+' },
        i32::abs(exponent)
    )
}

/// The base of VLDM and VSTM.
pub(crate) fn base(out: &mut Text<'_, '_>, rn: u8, writeback: bool) -> Result {
    super::r(out, rn)?;
    out.write_str(if writeback { "!" } else { "" })
}
