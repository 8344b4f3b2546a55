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
        9 => out.write_str("sb"),
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
    if out.thumb {
        return imm(out, value as i32);
    }
    if usual == Some(rotation) {
        return imm(out, value);
    }
    let imm8 = out.word & 0xff;
    write!(out, "#{imm8}, #{rotation}")
}

/// The same of AND, BIC, EOR, ORR and MVN, which capstone prints as unsigned numbers in T32, too.
pub(crate) fn mask(out: &mut Text<'_, '_>, value: u32) -> Result {
    if out.thumb {
        imm(out, value)
    } else {
        modified(out, value)
    }
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
    write!(out, " #{amount}")
}

/// The same where capstone prints the amount as an immediate (PKHBT, SSAT and their like).
pub(crate) fn shifted_hex(out: &mut Text<'_, '_>, rm: u8, shift: u8, amount: u8) -> Result {
    r(out, rm)?;
    if shift == 0 && amount == 0 {
        return Ok(());
    }
    out.write_str(", ")?;
    shift_name(out, shift)?;
    out.write_char(' ')?;
    imm(out, amount)
}

/// [`c`] without `.w`.
pub(crate) fn narrow(out: &mut Text<'_, '_>, s: bool) -> Result {
    if s {
        out.write_char('s')?;
    }
    condition(out, out.cond)
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

/// The condition of IT, where AL has a name.
pub(crate) fn it_cond(out: &mut Text<'_, '_>, firstcond: u8) -> Result {
    if firstcond >= 14 {
        return out.write_str("al");
    }
    condition(out, firstcond)
}

/// Which half of a register: T or B.
pub(crate) fn half(out: &mut Text<'_, '_>, top: bool) -> Result {
    out.write_char(if top { 't' } else { 'b' })
}

/// X, for exchanged halves.
pub(crate) fn swapped(out: &mut Text<'_, '_>, swap: bool) -> Result {
    out.write_str(if swap { "x" } else { "" })
}

/// R, for a rounded high word.
pub(crate) fn rounded(out: &mut Text<'_, '_>, round: bool) -> Result {
    out.write_str(if round { "r" } else { "" })
}

/// A rotated register.
pub(crate) fn rotated(out: &mut Text<'_, '_>, rm: u8, rotation: u8) -> Result {
    r(out, rm)?;
    if rotation == 0 {
        return Ok(());
    }
    write!(out, ", ror #{rotation}")
}

/// The kind of a CRC32.
pub(crate) fn crc(out: &mut Text<'_, '_>, castagnoli: bool, size: u8) -> Result {
    let letter = ['b', 'h', 'w', 'x'][usize::from(size & 3)];
    write!(out, "{}{letter}", if castagnoli { "c" } else { "" })
}

/// The fields of CPSR that MSR writes.
pub(crate) fn psr(out: &mut Text<'_, '_>, mask: u8) -> Result {
    let name = match mask {
        8 => "apsr_nzcvq",
        4 => "apsr_g",
        12 => "apsr_nzcvqg",
        _ => {
            out.write_str("cpsr_")?;
            for (bit, letter) in [(8, 'f'), (4, 's'), (2, 'x'), (1, 'c')] {
                if mask & bit != 0 {
                    out.write_char(letter)?;
                }
            }
            return Ok(());
        }
    };
    out.write_str(name)
}

/// A hint, with its condition.
pub(crate) fn hint(out: &mut Text<'_, '_>, number: u8) -> Result {
    let name = match number {
        0 => "nop",
        1 => "yield",
        2 => "wfe",
        3 => "wfi",
        4 => "sev",
        5 => "sevl",
        16 => "esb",
        18 => "tsb",
        20 => "csdb",
        0xf0.. => {
            out.write_str("dbg")?;
            narrow(out, false)?;
            out.write_char(' ')?;
            return imm(out, number & 15);
        }
        _ => {
            out.write_str("hint")?;
            c(out, false)?;
            out.write_char(' ')?;
            return imm(out, number);
        }
    };
    out.write_str(name)?;
    if number == 20 {
        return narrow(out, false);
    }
    c(out, false)?;
    out.write_str(if number == 18 { " csync" } else { "" })
}

/// What CPS does to interrupts and mode.
pub(crate) fn cps(out: &mut Text<'_, '_>, imod: u8, flags: u16, change: bool, mode: u8) -> Result {
    out.write_str(match imod {
        2 => "ie",
        3 => "id",
        _ => "",
    })?;
    out.write_str(if out.wide && !change { ".w " } else { " " })?;
    if imod >= 2 {
        for (bit, letter) in [(4, 'a'), (2, 'i'), (1, 'f')] {
            if flags & bit != 0 {
                out.write_char(letter)?;
            }
        }
        out.write_str(if change { ", " } else { "" })?;
    }
    if change { imm(out, mode) } else { Ok(()) }
}

/// The domain and kind of accesses of DMB and DSB.
pub(crate) fn barrier(out: &mut Text<'_, '_>, option: u8) -> Result {
    let kind = ["", "ld", "st", ""][usize::from(option & 3)];
    match (option >> 2 & 3, option & 3) {
        (_, 0) => imm(out, option),
        (3, 3) => out.write_str("sy"),
        (3, 2) => out.write_str("st"),
        (3, _) => out.write_str("ld"),
        (domain, _) => write!(out, "{}{kind}", ["osh", "nsh", "ish"][usize::from(domain)]),
    }
}

/// The option of ISB.
pub(crate) fn isb(out: &mut Text<'_, '_>, option: u8) -> Result {
    if option == 15 {
        out.write_str("sy")
    } else {
        write!(out, "#{option:#x}")
    }
}

/// W, for a preload for writing.
pub(crate) fn pldw(out: &mut Text<'_, '_>, write: bool) -> Result {
    out.write_str(if write { "w" } else { "" })
}
