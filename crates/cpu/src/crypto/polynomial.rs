//! Multiplication of polynomials over {0, 1}: no carries.

/// PolynomialMult() of two bytes: PMULL and PMULL2 on `.8B`/`.16B`; its low byte is an element of PMUL.
#[inline]
pub fn multiply8(a: u8, b: u8) -> u16 {
    (0..8).fold(0, |product, i| {
        product ^ ((u16::from(a) << i) * u16::from((b >> i) & 1))
    })
}

/// PolynomialMult() of two doublewords: PMULL and PMULL2 on `.1D`/`.2D`.
#[inline]
pub fn multiply64(a: u64, b: u64) -> u128 {
    // The multiples of `a` by all polynomials of degree below four, then Horner's rule on the nibbles of `b`.
    let mut multiples = [0u128; 16];
    for i in 1..16 {
        multiples[i] = multiples[i >> 1] << 1 ^ if i & 1 != 0 { u128::from(a) } else { 0 };
    }
    (0..16)
        .rev()
        .fold(0, |product, i| product << 4 ^ multiples[(b >> (4 * i) & 15) as usize])
}
