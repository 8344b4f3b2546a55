//! Operands of the system instructions.

use crate::a64::SystemRegister;

/// CRm:op2 (HINT).
pub(in crate::a64) fn hint_number(crm: u32, op2: u32) -> u8 {
    (crm << 3 | op2) as u8
}

/// A system register that EL0 can name: `None` for the others.
pub(in crate::a64) fn system_register(o0: u32, op1: u32, crn: u32, crm: u32, op2: u32) -> Option<SystemRegister> {
    SystemRegister::user(2 | o0, op1, crn, crm, op2)
}
