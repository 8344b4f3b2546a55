//! Which vector registers are known to hold one number and zeros above it. Scalar results must have zeros there; the host copies what its
//! first operand has there, so that nothing is to be done when that one is clean.

use crate::ir::{Op, Precision, Vector};

/// What is known at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clean {
    /// Registers with zeros above 64 bits.
    double: u32,
    /// Registers with zeros above 32 bits.
    single: u32,
}

impl Clean {
    /// Whether V\[n\] is zero above a number of this precision.
    pub fn holds(self, n: u8, p: Precision) -> bool {
        let set = match p {
            Precision::Single => self.single,
            Precision::Double => self.double,
        };
        set >> (n & 31) & 1 != 0
    }

    /// V\[n\] has been written; only its lowest 2^size bytes may not be zero.
    fn write(&mut self, n: u8, size: u8) {
        let bit = 1 << (n & 31);
        self.double &= !bit;
        self.single &= !bit;
        if size <= 3 {
            self.double |= bit;
        }
        if size <= 2 {
            self.single |= bit;
        }
    }

    /// What is known behind an operation.
    pub fn after(&mut self, op: &Op) {
        match op {
            Op::Vector(Vector::Load { size, d, .. }) => self.write(*d, *size),
            Op::Vector(Vector::LoadStructures { q, d, count, .. }) => {
                for n in 0..*count {
                    self.write(d + n, if *q { 4 } else { 3 });
                }
            }
            Op::Float { op, .. } => {
                if let Some((d, size)) = op.written() {
                    self.write(d, size);
                }
            }
            Op::Simd(op) => {
                if let Some((d, size)) = op.written() {
                    self.write(d, size);
                }
            }
            Op::Fallback { .. } => *self = Clean::default(),
            _ => {}
        }
    }
}
