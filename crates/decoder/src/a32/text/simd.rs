//! Text of Advanced SIMD operands.

use core::fmt::{Result, Write as _};

use super::{Text, registers};

/// Bits of an element: `8`, `16`, `32`, `64`.
pub(crate) fn bits(out: &mut Text<'_, '_>, size: u8) -> Result {
    write!(out, "{}", 8u8 << size)
}

/// The type's letter: `s` or `u`.
pub(crate) fn sign(out: &mut Text<'_, '_>, signed: bool) -> Result {
    out.write_char(if signed { 's' } else { 'u' })
}

/// A vector register: Q or D.
pub(crate) fn v(out: &mut Text<'_, '_>, q: bool, n: u8) -> Result {
    match q {
        true => write!(out, "q{}", n / 2),
        false => write!(out, "d{n}"),
    }
}

/// A scalar: `d1[2]`.
pub(crate) fn lane(out: &mut Text<'_, '_>, n: u8, index: u8) -> Result {
    write!(out, "d{n}[{index}]")
}

/// D registers `step` apart.
pub(crate) fn step_list(out: &mut Text<'_, '_>, first: u8, count: u8, step: u8) -> Result {
    registers(out, 3, first, count, step, format_args!(""))
}

/// One lane of each: `{d1[2], d3[2]}`.
pub(crate) fn lane_list(out: &mut Text<'_, '_>, first: u8, count: u8, step: u8, index: u8) -> Result {
    registers(out, 3, first, count, step, format_args!("[{index}]"))
}

/// All lanes of each: `{d1[], d2[]}`.
pub(crate) fn all_list(out: &mut Text<'_, '_>, first: u8, count: u8, step: u8) -> Result {
    registers(out, 3, first, count, step, format_args!("[]"))
}

/// The element of so many bits that a modified immediate repeats.
pub(crate) fn imm_of(out: &mut Text<'_, '_>, imm: u64, bits: u32) -> Result {
    match imm & u64::MAX >> (64 - bits) {
        small @ 0..=9 => write!(out, "#{small}"),
        imm => write!(out, "#{imm:#x}"),
    }
}

/// The address of an element or structure load or store, and what follows it.
pub(crate) fn simd_address(out: &mut Text<'_, '_>, rn: u8, align: u8, rm: u8) -> Result {
    out.write_char('[')?;
    super::r(out, rn)?;
    if align != 0 {
        write!(out, ":{:#x}", 8 * u16::from(align))?;
    }
    out.write_char(']')?;
    match rm {
        15 => Ok(()),
        13 => out.write_char('!'),
        _ => {
            out.write_str(", ")?;
            super::r(out, rm)
        }
    }
}

/// The letter of a rounding direction: A, N, P, M.
pub(crate) fn direction(out: &mut Text<'_, '_>, mode: u8) -> Result {
    out.write_char(['a', 'n', 'p', 'm'][usize::from(mode & 3)])
}

/// The letter of VRINT's rounding, from op.
pub(crate) fn rounding(out: &mut Text<'_, '_>, op: u8) -> Result {
    out.write_char(['n', 'x', 'a', 'z', '?', 'm', '?', 'p'][usize::from(op & 7)])
}
