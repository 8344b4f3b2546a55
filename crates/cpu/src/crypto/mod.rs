//! The pure functions of the Cryptographic Extension and of FEAT_CRC32, straight from the manual (Arm ARM C7.2, J1.3).
//!
//! Operands are whole vector registers (`u128`, element 0 in the low bits) unless a signature says otherwise; `d`, `n`,
//! `m`, `a` are the registers that the instruction names so. EOR3, BCAX, RAX1 and XAR are plain logic, left to callers.
//!
//! | instruction | function |
//! |---|---|
//! | AESE, AESD, AESMC, AESIMC | [`aes::encrypt`], [`aes::decrypt`], [`aes::mix_columns`], [`aes::inverse_mix_columns`] |
//! | SHA1C, SHA1P, SHA1M, SHA1H, SHA1SU0, SHA1SU1 | [`sha1`] |
//! | SHA256H, SHA256H2, SHA256SU0, SHA256SU1 | [`sha256`] |
//! | SHA512H, SHA512H2, SHA512SU0, SHA512SU1 | [`sha512`] |
//! | SM3SS1, SM3TT1A/B, SM3TT2A/B, SM3PARTW1/2 | [`sm3`] |
//! | SM4E, SM4EKEY | [`sm4`] |
//! | PMUL, PMULL, PMULL2 | [`polynomial`] |
//! | CRC32{B,H,W,X}, CRC32C{B,H,W,X} | [`crc`] |

pub mod aes;
pub mod crc;
pub mod polynomial;
pub mod sha1;
pub mod sha256;
pub mod sha512;
pub mod sm3;
pub mod sm4;

/// A vector register as four words, element 0 first.
fn words(vector: u128) -> [u32; 4] {
    std::array::from_fn(|i| (vector >> (32 * i)) as u32)
}

/// The inverse of [`words`].
fn from_words(words: [u32; 4]) -> u128 {
    words
        .iter()
        .rev()
        .fold(0, |vector, &word| vector << 32 | u128::from(word))
}

/// SHAchoose(): the bits of `y` where `x` is set, of `z` elsewhere.
fn choose(x: u32, y: u32, z: u32) -> u32 {
    (y ^ z) & x ^ z
}

/// SHAmajority().
fn majority(x: u32, y: u32, z: u32) -> u32 {
    x & y | (x | y) & z
}
