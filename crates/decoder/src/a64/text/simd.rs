//! Text of the Advanced SIMD instructions' operands.

use core::fmt::{Result, Write as _};

use super::Text;

/// A vector with its arrangement: lanes of `8 << size` bits, in 128 bits with `q`, else in 64.
pub(in crate::a64) fn v(out: &mut Text<'_, '_>, q: bool, size: u8, n: u8) -> Result {
    let lanes = (8u8 << u8::from(q)) >> size;
    write!(out, "v{n}.{lanes}{}", letter(size))
}

/// One lane of a vector: `v1.s[2]`.
pub(in crate::a64) fn lane(out: &mut Text<'_, '_>, size: u8, n: u8, index: u8) -> Result {
    write!(out, "v{n}.{}", letter(size))?;
    index_of(out, index)
}

/// A scalar register of `8 << size` bits: B, H, S, D, Q.
pub(in crate::a64) fn scalar(out: &mut Text<'_, '_>, size: u8, n: u8) -> Result {
    write!(out, "{}{n}", letter(size))
}

/// Consecutive vectors, modulo 32: `{v31.16b, v0.16b}`.
pub(in crate::a64) fn list(out: &mut Text<'_, '_>, q: bool, size: u8, first: u8, count: u8) -> Result {
    out.write_char('{')?;
    for i in 0..count {
        out.write_str(if i == 0 { "" } else { ", " })?;
        v(out, q, size, (first + i) % 32)?;
    }
    out.write_char('}')
}

/// Consecutive vectors of which one lane is meant: `{v0.s, v1.s}`.
pub(in crate::a64) fn lanes(out: &mut Text<'_, '_>, size: u8, first: u8, count: u8) -> Result {
    out.write_char('{')?;
    for i in 0..count {
        let separator = if i == 0 { "" } else { ", " };
        write!(out, "{separator}v{}.{}", (first + i) % 32, letter(size))?;
    }
    out.write_char('}')
}

/// What a post-indexed structure load or store adds: a register, or (`rm` 31) the bytes transferred.
pub(in crate::a64) fn post(out: &mut Text<'_, '_>, rm: u8, bytes: u8) -> Result {
    match rm {
        31 => write!(out, ", #{bytes}"),
        _ => write!(out, ", x{rm}"),
    }
}

/// The index of a lane: `[9]`, `[0xa]`.
pub(in crate::a64) fn index_of(out: &mut Text<'_, '_>, index: u8) -> Result {
    match index {
        0..=9 => write!(out, "[{index}]"),
        _ => write!(out, "[{index:#x}]"),
    }
}

/// An immediate of 64 bits, fourteen digits at least.
pub(in crate::a64) fn imm64(out: &mut Text<'_, '_>, imm: u64) -> Result {
    write!(out, "#{imm:#016x}")
}

fn letter(size: u8) -> char {
    match size {
        0 => 'b',
        1 => 'h',
        2 => 's',
        3 => 'd',
        _ => 'q',
    }
}
