//! Text of VFP operands.

use core::fmt::{Result, Write as _};

use super::Text;

/// A double-precision register.
pub(crate) fn d(out: &mut Text<'_, '_>, n: u8) -> Result {
    write!(out, "d{n}")
}
