//! SHA512H, SHA512H2, SHA512SU0 and SHA512SU1 (FIPS 180-4, section 6.4).

/// The two doublewords of a vector register, element 0 first.
fn halves(vector: u128) -> [u64; 2] {
    [vector as u64, (vector >> 64) as u64]
}

/// The inverse of [`halves`].
fn from_halves(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// The exclusive or of three rotations.
fn rotations(x: u64, by: [u32; 3]) -> u64 {
    x.rotate_right(by[0]) ^ x.rotate_right(by[1]) ^ x.rotate_right(by[2])
}

/// SHA512H: the part of two rounds that depends on e, f, g.
pub fn hash(d: u128, n: u128, m: u128) -> u128 {
    const SIGMA1: [u32; 3] = [14, 18, 41];
    let (w, x, y) = (halves(d), halves(n), halves(m));
    let choose = |e: u64, f: u64, g: u64| e & f ^ !e & g;
    let high = choose(y[1], x[0], x[1])
        .wrapping_add(rotations(y[1], SIGMA1))
        .wrapping_add(w[1]);
    let next = high.wrapping_add(y[0]);
    let low = choose(next, y[1], x[0])
        .wrapping_add(rotations(next, SIGMA1))
        .wrapping_add(w[0]);
    from_halves(low, high)
}

/// SHA512H2: the part of two rounds that depends on a, b, c.
pub fn hash2(d: u128, n: u128, m: u128) -> u128 {
    const SIGMA0: [u32; 3] = [28, 34, 39];
    let (w, x, y) = (halves(d), halves(n), halves(m));
    let majority = |a: u64, b: u64, c: u64| a & b ^ a & c ^ b & c;
    let high = majority(x[0], y[1], y[0])
        .wrapping_add(rotations(y[0], SIGMA0))
        .wrapping_add(w[1]);
    let low = majority(high, y[0], y[1])
        .wrapping_add(rotations(high, SIGMA0))
        .wrapping_add(w[0]);
    from_halves(low, high)
}

/// SHA512SU0: schedule update, first part.
pub fn schedule0(d: u128, n: u128) -> u128 {
    let (w, x) = (halves(d), halves(n));
    let sigma0 = |word: u64| word.rotate_right(1) ^ word.rotate_right(8) ^ word >> 7;
    from_halves(w[0].wrapping_add(sigma0(w[1])), w[1].wrapping_add(sigma0(x[0])))
}

/// SHA512SU1: schedule update, second part.
pub fn schedule1(d: u128, n: u128, m: u128) -> u128 {
    let (w, x, y) = (halves(d), halves(n), halves(m));
    let sigma1 = |word: u64| word.rotate_right(19) ^ word.rotate_right(61) ^ word >> 6;
    let element = |i: usize| w[i].wrapping_add(sigma1(x[i])).wrapping_add(y[i]);
    from_halves(element(0), element(1))
}
