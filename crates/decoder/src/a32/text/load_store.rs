//! Text of loads and stores: addresses and register lists.

use core::fmt::{Result, Write as _};

use super::Text;
use super::int::{imm, r, shifted};

/// `[base, #offset]`, `[base, #offset]!` or `[base], #offset`.
pub(crate) fn mem(out: &mut Text<'_, '_>, rn: u8, index: bool, wback: bool, offset: i32) -> Result {
    out.write_char('[')?;
    r(out, rn)?;
    if !index {
        out.write_str("], ")?;
        return imm(out, offset);
    }
    if offset != 0 || wback {
        out.write_str(", ")?;
        imm(out, offset)?;
    }
    out.write_str(if wback { "]!" } else { "]" })
}

/// `[base, -index, shift]` and its like.
pub(crate) fn mem_reg(
    out: &mut Text<'_, '_>,
    rn: u8,
    index: bool,
    wback: bool,
    add: bool,
    shifted_index: (u8, u8, u8),
) -> Result {
    let (rm, shift, amount) = shifted_index;
    out.write_char('[')?;
    r(out, rn)?;
    out.write_str(if index { ", " } else { "], " })?;
    out.write_str(if add { "" } else { "-" })?;
    shifted(out, rm, shift, amount)?;
    out.write_str(match (index, wback) {
        (true, true) => "]!",
        (true, false) => "]",
        _ => "",
    })
}

/// `{r0, r1, pc}`.
pub(crate) fn list(out: &mut Text<'_, '_>, list: u16) -> Result {
    out.write_char('{')?;
    let mut first = true;
    for n in (0..16).filter(|n| list >> n & 1 != 0) {
        out.write_str(if first { "" } else { ", " })?;
        first = false;
        r(out, n)?;
    }
    out.write_char('}')
}

/// The addressing form of LDM and STM behind the mnemonic; nothing for the usual one, IA.
pub(crate) fn multiple(out: &mut Text<'_, '_>, before: bool, add: bool) -> Result {
    out.write_str(match (before, add) {
        (false, true) => "",
        (true, true) => "ib",
        (false, false) => "da",
        (true, false) => "db",
    })
}

/// `!` if the base is written back.
pub(crate) fn bang(out: &mut Text<'_, '_>, wback: bool) -> Result {
    out.write_str(if wback { "!" } else { "" })
}
