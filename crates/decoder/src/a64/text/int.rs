//! Text of the base instructions' operands, loads and stores excepted.

use core::fmt::{Result, Write as _};

use super::Text;

/// A general register: X or W by `sf`; 31 is the zero register, 32 the stack pointer.
pub(in crate::a64) fn r(out: &mut Text<'_, '_>, sf: bool, n: u8) -> Result {
    match (sf, n) {
        (true, 32) => out.write_str("sp"),
        (false, 32) => out.write_str("wsp"),
        (true, 31) => out.write_str("xzr"),
        (false, 31) => out.write_str("wzr"),
        (true, n) => write!(out, "x{n}"),
        (false, n) => write!(out, "w{n}"),
    }
}

/// Bits in a register.
pub(in crate::a64) fn width(sf: bool) -> u8 {
    if sf { 64 } else { 32 }
}

/// An immediate: decimal up to 9, hexadecimal above, as capstone prints it.
pub(in crate::a64) fn imm(out: &mut Text<'_, '_>, value: impl Into<i128>) -> Result {
    let value = value.into();
    let sign = if value < 0 { "-" } else { "" };
    match value.unsigned_abs() {
        small @ 0..=9 => write!(out, "#{sign}{small}"),
        large => write!(out, "#{sign}{large:#x}"),
    }
}

/// An immediate that is shown as a signed number of the register's width (MOV).
pub(in crate::a64) fn simm(out: &mut Text<'_, '_>, sf: bool, value: u64) -> Result {
    imm(out, if sf { value as i64 } else { i64::from(value as i32) })
}

/// imm12 of ADD and SUB, from its shifted value.
pub(in crate::a64) fn imm12(out: &mut Text<'_, '_>, high: bool, value: u32) -> Result {
    if high {
        imm(out, value >> 12)?;
        out.write_str(", lsl #12")
    } else {
        imm(out, value)
    }
}

/// imm16 and its shift in bits (MOVK and its like).
pub(in crate::a64) fn wide(out: &mut Text<'_, '_>, value: u16, shift: u8) -> Result {
    imm(out, value)?;
    if shift == 0 {
        Ok(())
    } else {
        write!(out, ", lsl #{shift}")
    }
}

/// The imm16 that MOVN makes `value` of.
pub(in crate::a64) fn movn_imm16(value: u64, shift: u8) -> u16 {
    (!value >> shift) as u16
}

/// Whether MOVN is printed as MOV: not where MOVZ gives the value too, nor for a shifted zero.
pub(in crate::a64) fn movn_is_mov(sf: bool, value: u64, shift: u8) -> bool {
    let imm16 = movn_imm16(value, shift);
    !(imm16 == 0 && shift != 0) && (sf || imm16 != 0xffff)
}

/// MoveWidePreferred() of the manual: ORR of this immediate is not printed as MOV, because MOVZ or MOVN do the same.
pub(in crate::a64) fn move_wide_preferred(sf: bool, value: u64) -> bool {
    let width = u32::from(width(sf));
    let one_halfword = |value: u64| (0..width).step_by(16).any(|shift| value & !(0xffff << shift) == 0);
    one_halfword(value) || one_halfword(!value & u64::MAX >> (64 - width))
}

/// Position and width of a bitfield (BFI, UBFX and their like).
pub(in crate::a64) fn lsb_width(out: &mut Text<'_, '_>, sf: bool, immr: u8, imms: u8) -> Result {
    let (lsb, count) = if imms < immr {
        (width(sf) - immr, imms + 1)
    } else {
        (immr, imms - immr + 1)
    };
    imm(out, lsb)?;
    out.write_str(", ")?;
    imm(out, count)
}

/// A shifted register: kind (LSL, LSR, ASR, ROR) and amount.
pub(in crate::a64) fn shifted(out: &mut Text<'_, '_>, sf: bool, rm: u8, shift: u8, amount: u8) -> Result {
    r(out, sf, rm)?;
    if shift == 0 && amount == 0 {
        return Ok(());
    }
    let name = ["lsl", "lsr", "asr", "ror"][usize::from(shift & 3)];
    write!(out, ", {name} #{amount}")
}

/// UXTB to SXTX, by option.
pub(in crate::a64) fn extend_name(option: u8) -> &'static str {
    ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"][usize::from(option & 7)]
}

/// An extended register: `sp` says that SP is among the operands, where the extension of full width is called LSL.
pub(in crate::a64) fn extended(out: &mut Text<'_, '_>, sf: bool, sp: bool, rm: u8, option: u8, amount: u8) -> Result {
    r(out, sf && option & 3 == 3, rm)?;
    if sp && option == if sf { 3 } else { 2 } {
        if amount == 0 {
            return Ok(());
        }
        out.write_str(", lsl ")?;
    } else {
        write!(out, ", {}", extend_name(option))?;
        if amount == 0 {
            return Ok(());
        }
        out.write_char(' ')?;
    }
    imm(out, amount)
}

/// A condition.
pub(in crate::a64) fn cond(out: &mut Text<'_, '_>, cond: u8) -> Result {
    out.write_str(
        [
            "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
        ][usize::from(cond & 15)],
    )
}

/// B, H, W, X: the size of an operand by its logarithm.
pub(in crate::a64) fn size_letter(out: &mut Text<'_, '_>, size: u8) -> Result {
    out.write_char(['b', 'h', 'w', 'x'][usize::from(size & 3)])
}

/// An absolute target: this instruction's address plus `offset` bytes.
pub(in crate::a64) fn label(out: &mut Text<'_, '_>, offset: impl Into<i64>) -> Result {
    let target = out.pc.wrapping_add_signed(offset.into());
    imm(out, target)
}

/// An absolute page: this instruction's page plus `offset` bytes (ADRP).
pub(in crate::a64) fn page(out: &mut Text<'_, '_>, offset: i64) -> Result {
    let target = (out.pc & !0xfff).wrapping_add_signed(offset);
    imm(out, target)
}
