//! Text of Advanced SIMD operands.
