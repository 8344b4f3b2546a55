//! SHA256H, SHA256H2, SHA256SU0 and SHA256SU1 (FIPS 180-4, section 6.2).

use super::{choose, from_words, majority, words};

/// SHA256H: four rounds, the first half of the state; `d` is that half, `n` the other.
pub fn hash(d: u128, n: u128, m: u128) -> u128 {
    four_rounds(d, n, m).0
}

/// SHA256H2: four rounds, the second half of the state; `d` is that half, `n` the other.
pub fn hash2(d: u128, n: u128, m: u128) -> u128 {
    four_rounds(n, d, m).1
}

fn four_rounds(x: u128, y: u128, w: u128) -> (u128, u128) {
    let ([mut a, mut b, mut c, mut d], [mut e, mut f, mut g, mut h]) = (words(x), words(y));
    for w in words(w) {
        let sigma1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let sigma0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let t = h.wrapping_add(sigma1).wrapping_add(choose(e, f, g)).wrapping_add(w);
        let next = t.wrapping_add(sigma0).wrapping_add(majority(a, b, c));
        (a, b, c, d, e, f, g, h) = (next, a, b, c, d.wrapping_add(t), e, f, g);
    }
    (from_words([a, b, c, d]), from_words([e, f, g, h]))
}

/// SHA256SU0: schedule update, first part.
pub fn schedule0(d: u128, n: u128) -> u128 {
    let (old, next) = (words(d), words(n << 96 | d >> 32));
    from_words(std::array::from_fn(|i| {
        let sigma = next[i].rotate_right(7) ^ next[i].rotate_right(18) ^ next[i] >> 3;
        sigma.wrapping_add(old[i])
    }))
}

/// SHA256SU1: schedule update, second part.
pub fn schedule1(d: u128, n: u128, m: u128) -> u128 {
    let (old, addend, last) = (words(d), words(m << 96 | n >> 32), words(m));
    let mut result = [0u32; 4];
    for i in 0..4 {
        let word = if i < 2 { last[i + 2] } else { result[i - 2] };
        let sigma = word.rotate_right(17) ^ word.rotate_right(19) ^ word >> 10;
        result[i] = sigma.wrapping_add(old[i]).wrapping_add(addend[i]);
    }
    from_words(result)
}
