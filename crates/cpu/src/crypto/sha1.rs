//! SHA1C, SHA1P, SHA1M, SHA1H, SHA1SU0 and SHA1SU1 (FIPS 180-4, section 6.1).

use super::{choose, from_words, majority, words};

/// SHA1C: four rounds with "choose".
pub fn hash_choose(d: u128, n: u32, m: u128) -> u128 {
    four_rounds(d, n, m, choose)
}

/// SHA1P: four rounds with "parity".
pub fn hash_parity(d: u128, n: u32, m: u128) -> u128 {
    four_rounds(d, n, m, |x, y, z| x ^ y ^ z)
}

/// SHA1M: four rounds with "majority".
pub fn hash_majority(d: u128, n: u32, m: u128) -> u128 {
    four_rounds(d, n, m, majority)
}

fn four_rounds(d: u128, n: u32, m: u128, function: fn(u32, u32, u32) -> u32) -> u128 {
    let ([mut a, mut b, mut c, mut d], mut e) = (words(d), n);
    for w in words(m) {
        let t = e
            .wrapping_add(a.rotate_left(5))
            .wrapping_add(function(b, c, d))
            .wrapping_add(w);
        (a, b, c, d, e) = (t, a, b.rotate_left(30), c, d);
    }
    from_words([a, b, c, d])
}

/// SHA1H: the fixed rotation.
pub fn fixed_rotate(n: u32) -> u32 {
    n.rotate_left(30)
}

/// SHA1SU0: schedule update, first part.
pub fn schedule0(d: u128, n: u128, m: u128) -> u128 {
    (n << 64 | d >> 64) ^ d ^ m
}

/// SHA1SU1: schedule update, second part.
pub fn schedule1(d: u128, n: u128) -> u128 {
    let t = words(d ^ n >> 32);
    let mut result = t.map(|word| word.rotate_left(1));
    result[3] ^= t[0].rotate_left(2);
    from_words(result)
}
