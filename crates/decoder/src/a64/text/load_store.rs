//! Text of loads and stores: addresses, prefetch operations, memory order.

use core::fmt::{Result, Write as _};

use super::Text;
use super::int::{extend_name, imm, r};

/// `[base, #offset]`; no offset if it is 0.
pub(in crate::a64) fn mem(out: &mut Text<'_, '_>, rn: u8, offset: i32) -> Result {
    out.write_char('[')?;
    r(out, true, rn)?;
    if offset != 0 {
        out.write_str(", ")?;
        imm(out, offset)?;
    }
    out.write_char(']')
}

/// `[base], #offset`: post-indexed.
pub(in crate::a64) fn mem_post(out: &mut Text<'_, '_>, rn: u8, offset: i32) -> Result {
    mem(out, rn, 0)?;
    out.write_str(", ")?;
    imm(out, offset)
}

/// `[base, #offset]!`: pre-indexed.
pub(in crate::a64) fn mem_pre(out: &mut Text<'_, '_>, rn: u8, offset: i32) -> Result {
    out.write_char('[')?;
    r(out, true, rn)?;
    out.write_str(", ")?;
    imm(out, offset)?;
    out.write_str("]!")
}

/// `[base, index, extend #shift]`.
pub(in crate::a64) fn mem_index(out: &mut Text<'_, '_>, rn: u8, rm: u8, extend: u8, scaled: bool, shift: u8) -> Result {
    out.write_char('[')?;
    r(out, true, rn)?;
    out.write_str(", ")?;
    r(out, extend & 1 != 0, rm)?;
    if extend != 3 {
        write!(out, ", {}", extend_name(extend))?;
    } else if scaled {
        out.write_str(", lsl")?;
    }
    if scaled {
        write!(out, " #{shift}")?;
    }
    out.write_char(']')
}

/// A prefetch operation: PLD, PLI or PST, level, policy; a number if it has no name.
pub(in crate::a64) fn prefetch(out: &mut Text<'_, '_>, operation: u8) -> Result {
    let (kind, level, policy) = (operation >> 3, operation >> 1 & 3, operation & 1);
    if kind == 3 || level == 3 {
        return imm(out, operation);
    }
    let kind = ["pld", "pli", "pst"][usize::from(kind)];
    let policy = ["keep", "strm"][usize::from(policy)];
    write!(out, "{kind}l{}{policy}", level + 1)
}

/// Memory order of an atomic instruction: `a`, `l` or both.
pub(in crate::a64) fn order(out: &mut Text<'_, '_>, acquire: bool, release: bool) -> Result {
    out.write_str(match (acquire, release) {
        (false, false) => "",
        (true, false) => "a",
        (false, true) => "l",
        (true, true) => "al",
    })
}
