//! Published vectors for the cryptographic functions, and the floating-point rules that no other test here reaches.

use armlet_cpu::crypto::{aes, crc, polynomial, sha1, sha256, sm4};
use armlet_cpu::fp::{self, FpEnv, Fpcr, fpsr};

/// Bytes in the order of the standards as a vector register.
fn bytes(text: &str) -> u128 {
    u128::from_str_radix(text, 16).unwrap().swap_bytes()
}

/// Four words, element 0 first.
fn words(words: [u32; 4]) -> u128 {
    words
        .iter()
        .rev()
        .fold(0, |vector, &word| vector << 32 | u128::from(word))
}

fn elements(vector: u128) -> [u32; 4] {
    std::array::from_fn(|i| (vector >> (32 * i)) as u32)
}

#[test]
fn aes_128_is_fips_197_appendix_b() {
    // SubWord() by AESE: all columns the same, so that ShiftRows changes nothing.
    let substitute = |word: u32| aes::encrypt(words([word; 4]), 0) as u32;
    let mut keys = vec![bytes("2b7e151628aed2a6abf7158809cf4f3c")];
    let mut constant = 1u32;
    for round in 0..10 {
        let mut key = elements(keys[round]);
        key[0] ^= substitute(key[3].rotate_right(8)) ^ constant;
        for i in 1..4 {
            key[i] ^= key[i - 1];
        }
        keys.push(words(key));
        constant = constant << 1 ^ if constant & 0x80 != 0 { 0x11b } else { 0 };
    }
    let plain = bytes("3243f6a8885a308d313198a2e0370734");
    let cipher = bytes("3925841d02dc09fbdc118597196a0b32");
    let state = (0..9).fold(plain, |state, round| aes::mix_columns(aes::encrypt(state, keys[round])));
    assert_eq!(aes::encrypt(state, keys[9]) ^ keys[10], cipher);
    let decrypted = (1..10).rev().fold(aes::decrypt(cipher, keys[10]), |state, round| {
        aes::decrypt(aes::inverse_mix_columns(state), aes::inverse_mix_columns(keys[round]))
    });
    assert_eq!(decrypted ^ keys[0], plain);
}

/// The padded block of the message "abc".
fn abc() -> [u128; 4] {
    [words([0x6162_6380, 0, 0, 0]), 0, 0, words([0, 0, 0, 24])]
}

#[test]
fn sha1_of_abc() {
    let start = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let (mut state, mut e, mut w) = (words(start), 0xc3d2_e1f0_u32, abc());
    for round in 0..20 {
        let constant = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6_u32][round / 5];
        let input = words(elements(w[0]).map(|word| word.wrapping_add(constant)));
        let next = sha1::fixed_rotate(state as u32);
        state = match round / 5 {
            0 => sha1::hash_choose(state, e, input),
            2 => sha1::hash_majority(state, e, input),
            _ => sha1::hash_parity(state, e, input),
        };
        e = next;
        w = [
            w[1],
            w[2],
            w[3],
            sha1::schedule1(sha1::schedule0(w[0], w[1], w[2]), w[3]),
        ];
    }
    let sums: Vec<u32> = elements(state)
        .iter()
        .zip(start)
        .map(|(a, b)| a.wrapping_add(b))
        .collect();
    assert_eq!(sums, [0xa999_3e36, 0x4706_816a, 0xba3e_2571, 0x7850_c26c]);
    assert_eq!(e.wrapping_add(0xc3d2_e1f0), 0x9cd0_d89d);
}

#[test]
fn sha256_of_abc() {
    let primes: Vec<u128> = (2..312).filter(|n| (2..*n).all(|divisor| n % divisor != 0)).collect();
    // The first 32 bits of the fractional parts of the roots of the primes.
    let square_root = |n: u128| (n << 64).isqrt() as u32;
    let cube_root = |n: u128| {
        let bit = |root: u128, bit: u32| {
            if (root | 1 << bit).pow(3) <= n << 96 {
                root | 1 << bit
            } else {
                root
            }
        };
        (0..35).rev().fold(0, bit) as u32
    };
    let start = |from: usize| words(std::array::from_fn(|i| square_root(primes[from + i])));
    let (mut low, mut high, mut w) = (start(0), start(4), abc());
    for round in 0..16 {
        let mut input = elements(w[0]);
        for (i, word) in input.iter_mut().enumerate() {
            *word = word.wrapping_add(cube_root(primes[4 * round + i]));
        }
        (low, high) = (
            sha256::hash(low, high, words(input)),
            sha256::hash2(high, low, words(input)),
        );
        w = [
            w[1],
            w[2],
            w[3],
            sha256::schedule1(sha256::schedule0(w[0], w[1]), w[2], w[3]),
        ];
    }
    let sum = |a: u128, b: u128| {
        let (a, b) = (elements(a), elements(b));
        std::array::from_fn(|i| a[i].wrapping_add(b[i]))
    };
    let (low, high): ([u32; 4], [u32; 4]) = (sum(low, start(0)), sum(high, start(4)));
    assert_eq!(low, [0xba78_16bf, 0x8f01_cfea, 0x4141_40de, 0x5dae_2223]);
    assert_eq!(high, [0xb003_61a3, 0x9617_7a9c, 0xb410_ff61, 0xf200_15ad]);
}

#[test]
fn sm4_is_the_standards_example() {
    let key = [0x0123_4567, 0x89ab_cdef, 0xfedc_ba98, 0x7654_3210_u32];
    let family = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc_u32];
    let mut keys = words(std::array::from_fn(|i| key[i] ^ family[i]));
    let mut state = words(key);
    for round in 0..8 {
        let constant = |i: u32| (0..4).fold(0, |word, byte| (word << 8) | ((16 * round + 4 * i + byte) * 7 % 256));
        keys = sm4::expand_key(keys, words([constant(0), constant(1), constant(2), constant(3)]));
        state = sm4::encrypt(state, keys);
    }
    let mut cipher = elements(state);
    cipher.reverse();
    assert_eq!(cipher, [0x681e_df34, 0xd206_965e, 0x86b3_e94f, 0x536e_4246]);
}

#[test]
fn crc_check_values() {
    let digits = u64::from_le_bytes(*b"12345678");
    let whole = |crc: fn(u32, u64, u32) -> u32| !crc(crc(!0, digits, 8), b'9'.into(), 1);
    assert_eq!(whole(crc::crc32), 0xcbf4_3926);
    assert_eq!(whole(crc::crc32c), 0xe306_9283);
    // Any division into pieces is the same.
    let pieces = |crc: fn(u32, u64, u32) -> u32| !crc(crc(crc(!0, digits, 4), digits >> 32, 2), digits >> 48, 2);
    assert_eq!(pieces(crc::crc32), !crc::crc32(!0, digits, 8));
}

#[test]
fn polynomial_products() {
    // (x + 1)^2 = x^2 + 1, and x^63 * x^63 = x^126.
    assert_eq!(polynomial::multiply8(3, 3), 5);
    assert_eq!(polynomial::multiply64(3, 3), 5);
    assert_eq!(polynomial::multiply64(1 << 63, 1 << 63), 1 << 126);
    assert_eq!(polynomial::multiply64(u64::MAX, 3), 1 << 64 | 1);
}

#[test]
fn aarch32_neon_flushes_and_makes_default_nans() {
    let (denormal, one, payload) = (1u32, 1f32.to_bits(), 0x7fc0_1234u32);
    let mut env = FpEnv::standard(Fpcr::RMODE, 0);
    assert_eq!(env.fpcr, Fpcr(Fpcr::FZ | Fpcr::DN));
    assert_eq!(fp::add(denormal, denormal, &mut env), 0);
    assert_eq!(env.fpsr, fpsr::IDC);
    assert_eq!(fp::mul(payload, one, &mut env), 0x7fc0_0000);
    assert_eq!(env.fpsr, fpsr::IDC);
}

#[test]
fn aarch32_steps_round_twice() {
    let bits = f32::to_bits;
    let infinity = f32::INFINITY;
    let step = |a: f32, b: f32| {
        let mut env = FpEnv::standard(0, 0);
        let steps = (
            fp::recip_step_chained(bits(a), bits(b), &mut env),
            fp::rsqrt_step_chained(bits(a), bits(b), &mut env),
        );
        (f32::from_bits(steps.0), f32::from_bits(steps.1), env.fpsr)
    };
    assert_eq!(step(0.5, 1.5), (1.25, 1.125, 0));
    assert_eq!(step(0.0, infinity), (2.0, 1.5, 0));
    assert_eq!(step(-infinity, f32::from_bits(1)), (2.0, 1.5, fpsr::IDC));
    assert_eq!(step(infinity, 1.0), (-infinity, -infinity, 0));
    // The product's last bits are lost before the subtraction, unlike in the fused step of A64.
    let (a, b) = (1.0 + f32::EPSILON, 1.0 - f32::EPSILON);
    assert_eq!(step(a, b), (1.0, 1.0, fpsr::IXC));
    let fused = fp::recip_step(bits(a), bits(2.0 * b), &mut FpEnv::standard(0, 0));
    assert_eq!(f32::from_bits(fused), 2.0 * f32::EPSILON * f32::EPSILON);
}
