//! Text of the base instructions' operands, loads and stores excepted.

use core::fmt::{Result, Write as _};

use super::Text;

/// What follows the mnemonic: `s` if flags are set, the condition, `.w`.
pub(crate) fn c(out: &mut Text<'_, '_>, s: bool) -> Result {
    if s {
        out.write_char('s')?;
    }
    condition(out, out.cond)?;
    out.write_str(if out.wide { ".w" } else { "" })
}

/// A condition; nothing for AL.
pub(crate) fn condition(out: &mut Text<'_, '_>, cond: u8) -> Result {
    out.write_str(
        [
            "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", "",
        ][usize::from(cond & 15)],
    )
}

/// A general register.
pub(crate) fn r(out: &mut Text<'_, '_>, n: u8) -> Result {
    match n {
        10 => out.write_str("sl"),
        11 => out.write_str("fp"),
        12 => out.write_str("ip"),
        13 => out.write_str("sp"),
        14 => out.write_str("lr"),
        15 => out.write_str("pc"),
        _ => write!(out, "r{n}"),
    }
}

/// An immediate: decimal up to 9, hexadecimal above, as capstone prints it.
pub(crate) fn imm(out: &mut Text<'_, '_>, value: impl Into<i64>) -> Result {
    let value = value.into();
    let sign = if value < 0 { "-" } else { "" };
    match value.unsigned_abs() {
        small @ 0..=9 => write!(out, "#{sign}{small}"),
        large => write!(out, "#{sign}{large:#x}"),
    }
}

/// A modified immediate of A32: its value, or value and rotation if the encoding is not the usual one of that value.
pub(crate) fn modified(out: &mut Text<'_, '_>, value: u32) -> Result {
    let rotation = 2 * (out.word >> 8 & 15);
    let usual = (0..32).step_by(2).find(|&rotation| value.rotate_left(rotation) < 256);
    if out.thumb || usual == Some(rotation) {
        return imm(out, i64::from(value as i32));
    }
    let imm8 = out.word & 0xff;
    imm(out, imm8)?;
    out.write_str(", ")?;
    imm(out, rotation)
}

/// LSL, LSR, ASR, ROR, RRX.
pub(crate) fn shift_name(out: &mut Text<'_, '_>, shift: u8) -> Result {
    out.write_str(["lsl", "lsr", "asr", "ror", "rrx"][usize::from(shift).min(4)])
}

/// A register shifted by a constant.
pub(crate) fn shifted(out: &mut Text<'_, '_>, rm: u8, shift: u8, amount: u8) -> Result {
    r(out, rm)?;
    if shift == 0 && amount == 0 {
        return Ok(());
    }
    out.write_str(", ")?;
    shift_name(out, shift)?;
    if shift == 4 {
        return Ok(());
    }
    out.write_char(' ')?;
    imm(out, amount)
}

/// An absolute target: `offset` bytes from what R15 reads as.
pub(crate) fn label(out: &mut Text<'_, '_>, offset: i32) -> Result {
    let target = out
        .pc
        .wrapping_add(if out.thumb { 4 } else { 8 })
        .wrapping_add_signed(offset);
    imm(out, target)
}

/// An absolute target in A32, from a multiple of 4 (BLX of T32).
pub(crate) fn label_blx(out: &mut Text<'_, '_>, offset: i32) -> Result {
    let pc = out.pc.wrapping_add(if out.thumb { 4 } else { 8 }) & !3;
    imm(out, pc.wrapping_add_signed(offset))
}

/// The T's and E's of IT.
pub(crate) fn it_mask(out: &mut Text<'_, '_>, firstcond: u8, mask: u8) -> Result {
    for bit in (mask.trailing_zeros() + 1..4).rev() {
        out.write_char(if mask >> bit & 1 == firstcond & 1 { 't' } else { 'e' })?;
    }
    Ok(())
}
