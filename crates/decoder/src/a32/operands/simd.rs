//! Operands of Advanced SIMD instructions.
