//! Which registers an operation of Advanced SIMD names.

use crate::ir::*;

/// Calls `see` with every variable and `vector` with every vector register that an operation names.
pub fn visit(op: &Simd, see: &mut dyn FnMut(Var), vector: &mut dyn FnMut(u8)) {
    let mut operand = |operand: &Operand| match *operand {
        Operand::Reg(n) | Operand::Lane(n, _) | Operand::Low(n) => vector(n),
        Operand::Zero | Operand::Constant(_) => {}
    };
    match op {
        Simd::Binary { a, b, .. } | Simd::Long { a, b, .. } | Simd::RoundedHigh { a, b, .. } => {
            operand(a);
            operand(b);
        }
        Simd::Pairwise { a, b, .. }
        | Simd::Choose { a, b, .. }
        | Simd::Extract { a, b, .. }
        | Simd::NarrowHigh { a, b, .. }
        | Simd::Dot { a, b, .. }
        | Simd::MatrixProduct { a, b, .. }
        | Simd::Sha { a, b, .. }
        | Simd::XorRotate { a, b, .. }
        | Simd::Pmull { a, b, .. } => {
            vector(*a);
            vector(*b);
        }
        Simd::Table { a, count, b, .. } => {
            (0..*count).for_each(|n| vector((a + n) & 31));
            vector(*b);
        }
        Simd::Three { a, b, c, .. } => {
            vector(*a);
            vector(*b);
            vector(*c);
        }
        Simd::Single { a, .. } | Simd::Narrow { a, .. } | Simd::ShiftSaturating { a, .. } => operand(a),
        Simd::Shift { a, .. }
        | Simd::ShiftInsert { a, .. }
        | Simd::Widen { a, .. }
        | Simd::PairLong { a, .. }
        | Simd::Across { a, .. }
        | Simd::DuplicateLane { a, .. }
        | Simd::Element { a, .. }
        | Simd::Copy { a, .. }
        | Simd::Move { a, .. }
        | Simd::Aes { a, .. } => vector(*a),
        Simd::Duplicate { a, .. } | Simd::Insert { a, .. } => {
            if let Val::Var(var) = a {
                see(*var);
            }
        }
        Simd::Constant { .. } => {}
    }
    match op {
        Simd::Move { d, .. } => see(*d),
        Simd::Constant { d, .. }
        | Simd::Binary { d, .. }
        | Simd::Pairwise { d, .. }
        | Simd::Long { d, .. }
        | Simd::Choose { d, .. }
        | Simd::Single { d, .. }
        | Simd::Shift { d, .. }
        | Simd::Widen { d, .. }
        | Simd::Narrow { d, .. }
        | Simd::PairLong { d, .. }
        | Simd::Across { d, .. }
        | Simd::Extract { d, .. }
        | Simd::Table { d, .. }
        | Simd::Duplicate { d, .. }
        | Simd::DuplicateLane { d, .. }
        | Simd::Element { d, .. }
        | Simd::Insert { d, .. }
        | Simd::Copy { d, .. }
        | Simd::Pmull { d, .. }
        | Simd::ShiftInsert { d, .. }
        | Simd::NarrowHigh { d, .. }
        | Simd::Dot { d, .. }
        | Simd::MatrixProduct { d, .. }
        | Simd::ShiftSaturating { d, .. }
        | Simd::RoundedHigh { d, .. }
        | Simd::Sha { d, .. }
        | Simd::Three { d, .. }
        | Simd::XorRotate { d, .. }
        | Simd::Aes { d, .. } => vector(*d),
    }
}
