//! SM3SS1, SM3TT1A/B, SM3TT2A/B and SM3PARTW1/2 (GB/T 32905-2016).

use super::{from_words, words};

/// SM3SS1.
pub fn ss1(n: u128, m: u128, a: u128) -> u128 {
    let sum = words(n)[3]
        .rotate_left(12)
        .wrapping_add(words(m)[3])
        .wrapping_add(words(a)[3]);
    from_words([0, 0, 0, sum.rotate_left(7)])
}

/// SM3TT1A: `index` (0 to 3) chooses the element of `m`.
pub fn tt1a(d: u128, n: u128, m: u128, index: u8) -> u128 {
    tt1(d, n, m, index, |x, y, z| x ^ y ^ z)
}

/// SM3TT1B.
pub fn tt1b(d: u128, n: u128, m: u128, index: u8) -> u128 {
    tt1(d, n, m, index, super::majority)
}

fn tt1(d: u128, n: u128, m: u128, index: u8, function: fn(u32, u32, u32) -> u32) -> u128 {
    let d = words(d);
    let ss2 = words(n)[3] ^ d[3].rotate_left(12);
    let sum = function(d[1], d[3], d[2])
        .wrapping_add(d[0])
        .wrapping_add(ss2)
        .wrapping_add(element(m, index));
    from_words([d[1], d[2].rotate_left(9), d[3], sum])
}

/// SM3TT2A: `index` (0 to 3) chooses the element of `m`.
pub fn tt2a(d: u128, n: u128, m: u128, index: u8) -> u128 {
    tt2(d, n, m, index, |x, y, z| x ^ y ^ z)
}

/// SM3TT2B.
pub fn tt2b(d: u128, n: u128, m: u128, index: u8) -> u128 {
    tt2(d, n, m, index, super::choose)
}

fn tt2(d: u128, n: u128, m: u128, index: u8, function: fn(u32, u32, u32) -> u32) -> u128 {
    let d = words(d);
    let sum = function(d[3], d[2], d[1])
        .wrapping_add(d[0])
        .wrapping_add(words(n)[3])
        .wrapping_add(element(m, index));
    from_words([
        d[1],
        d[2].rotate_left(19),
        d[3],
        sum ^ sum.rotate_left(9) ^ sum.rotate_left(17),
    ])
}

fn element(vector: u128, index: u8) -> u32 {
    words(vector)[usize::from(index & 3)]
}

/// The permutation P1.
fn permute(x: u32) -> u32 {
    x ^ x.rotate_left(15) ^ x.rotate_left(23)
}

/// SM3PARTW1: schedule update, first part.
pub fn part_w1(d: u128, n: u128, m: u128) -> u128 {
    let (sum, m) = (words(d ^ n), words(m));
    let mut result = [0; 4];
    for i in 0..3 {
        result[i] = permute(sum[i] ^ m[i + 1].rotate_left(15));
    }
    result[3] = permute(sum[3] ^ result[0].rotate_left(15));
    from_words(result)
}

/// SM3PARTW2: schedule update, second part.
pub fn part_w2(d: u128, n: u128, m: u128) -> u128 {
    let rotated = n ^ from_words(words(m).map(|word| word.rotate_left(7)));
    let mut result = words(d ^ rotated);
    result[3] ^= permute(words(rotated)[0].rotate_left(15));
    from_words(result)
}
