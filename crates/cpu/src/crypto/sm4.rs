//! SM4E and SM4EKEY (GB/T 32907-2016). The S-box is computed from its algebraic form when this crate is compiled: an
//! affine transformation, the inverse modulo x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1, and the same affine transformation.

use super::{from_words, words};

/// The product in SM4's field.
const fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut product, mut i) = (a, 0, 0);
    while i < 8 {
        if b >> i & 1 != 0 {
            product ^= a;
        }
        a = (a << 1) ^ ((a >> 7) * 0xf5);
        i += 1;
    }
    product
}

/// The affine transformation: row i of its circulant matrix is 0xa7 rotated left by i, its constant is 0xd3.
const fn affine(x: u8) -> u8 {
    let (mut result, mut i) = (0xd3, 0);
    while i < 8 {
        let row = u8::rotate_left(0xa7, i);
        result ^= ((row & x).count_ones() as u8 & 1) << i;
        i += 1;
    }
    result
}

/// `x` to the power 254: the inverse, and zero for zero.
const fn invert(x: u8) -> u8 {
    let (mut result, mut square, mut i) = (1, x, 1);
    while i < 8 {
        square = multiply(square, square);
        result = multiply(result, square);
        i += 1;
    }
    result
}

static SBOX: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = affine(invert(affine(i as u8)));
        i += 1;
    }
    table
};

/// SM4E: four rounds of the state `d` under the round keys `n`.
pub fn encrypt(d: u128, n: u128) -> u128 {
    four_rounds(d, n, |x| {
        x ^ x.rotate_left(2) ^ x.rotate_left(10) ^ x.rotate_left(18) ^ x.rotate_left(24)
    })
}

/// SM4EKEY: four round keys from the last four, `n`, and the constants `m`.
pub fn expand_key(n: u128, m: u128) -> u128 {
    four_rounds(n, m, |x| x ^ x.rotate_left(13) ^ x.rotate_left(23))
}

fn four_rounds(state: u128, keys: u128, linear: fn(u32) -> u32) -> u128 {
    let [mut x0, mut x1, mut x2, mut x3] = words(state);
    for key in words(keys) {
        let substituted = (x1 ^ x2 ^ x3 ^ key).to_le_bytes().map(|byte| SBOX[usize::from(byte)]);
        (x0, x1, x2, x3) = (x1, x2, x3, x0 ^ linear(u32::from_le_bytes(substituted)));
    }
    from_words([x0, x1, x2, x3])
}
