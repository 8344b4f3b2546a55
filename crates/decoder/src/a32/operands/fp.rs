//! Operands of VFP instructions: registers.

/// A double-precision register: D:Vd, M:Vm, N:Vn.
pub(crate) fn dreg(high: u32, low: u32) -> u8 {
    (high << 4 | low) as u8
}

/// A single-precision register: Vd:D, Vm:M, Vn:N.
pub(crate) fn sreg(low: u32, high: u32) -> u8 {
    (high << 1 | low) as u8
}
