//! Text of the system instructions' operands.

use core::fmt::{Result, Write as _};

use super::Text;
use super::int::imm;
use crate::a64::SystemRegister;

/// A hint by its name, or by its number.
pub(in crate::a64) fn hint(out: &mut Text<'_, '_>, number: u8) -> Result {
    out.write_str(match number {
        0 => "nop",
        1 => "yield",
        2 => "wfe",
        3 => "wfi",
        4 => "sev",
        5 => "sevl",
        6 => "dgh",
        7 => "xpaclri",
        8 => "pacia1716",
        10 => "pacib1716",
        12 => "autia1716",
        14 => "autib1716",
        16 => "esb",
        17 => "psb csync",
        18 => "tsb csync",
        20 => "csdb",
        24 => "paciaz",
        25 => "paciasp",
        26 => "pacibz",
        27 => "pacibsp",
        28 => "autiaz",
        29 => "autiasp",
        30 => "autibz",
        31 => "autibsp",
        32 => "bti",
        34 => "bti c",
        36 => "bti j",
        38 => "bti jc",
        _ => {
            out.write_str("hint ")?;
            return imm(out, number);
        }
    })
}

/// The domain and kind of accesses of a barrier.
pub(in crate::a64) fn barrier(out: &mut Text<'_, '_>, option: u8) -> Result {
    let kind = ["", "ld", "st", ""][usize::from(option & 3)];
    match (option >> 2 & 3, option & 3) {
        (_, 0) => imm(out, option),
        (3, 3) => out.write_str("sy"),
        (3, _) => out.write_str(kind),
        (domain, _) => write!(out, "{}{kind}", ["osh", "nsh", "ish"][usize::from(domain)]),
    }
}

/// A system register by its name, or by its numbers.
pub(in crate::a64) fn system_register(out: &mut Text<'_, '_>, register: SystemRegister) -> Result {
    write!(out, "{register}")
}
