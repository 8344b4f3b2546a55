//! AESE, AESD, AESMC and AESIMC (FIPS 197). The S-box is computed from its definition when this crate is compiled.

/// The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
const fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut product, mut i) = (a, 0, 0);
    while i < 8 {
        if b >> i & 1 != 0 {
            product ^= a;
        }
        a = (a << 1) ^ ((a >> 7) * 0x1b);
        i += 1;
    }
    product
}

/// SubBytes(): the affine transformation of the inverse.
const SBOX: [u8; 256] = {
    let mut table = [0x63; 256];
    // 3 generates the field and 0xf6 is its inverse: the two walk through all pairs of inverses.
    let (mut value, mut inverse, mut i) = (1, 1, 0);
    while i < 255 {
        let affine: u8 = inverse
            ^ u8::rotate_left(inverse, 1)
            ^ u8::rotate_left(inverse, 2)
            ^ u8::rotate_left(inverse, 3)
            ^ u8::rotate_left(inverse, 4);
        table[value as usize] = affine ^ 0x63;
        value = multiply(value, 3);
        inverse = multiply(inverse, 0xf6);
        i += 1;
    }
    table
};

/// InvSubBytes().
const INVERSE_SBOX: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[SBOX[i] as usize] = i as u8;
        i += 1;
    }
    table
};

/// The multiples of each byte by the first column of a MixColumns matrix.
const fn column_table(factors: [u8; 4]) -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        table[i] = u32::from_le_bytes([
            multiply(byte, factors[0]),
            multiply(byte, factors[1]),
            multiply(byte, factors[2]),
            multiply(byte, factors[3]),
        ]);
        i += 1;
    }
    table
}

static MIX: [u32; 256] = column_table([2, 1, 1, 3]);
static INVERSE_MIX: [u32; 256] = column_table([14, 9, 13, 11]);

/// AESE: AddRoundKey, ShiftRows, SubBytes.
pub fn encrypt(d: u128, n: u128) -> u128 {
    let state = (d ^ n).to_le_bytes();
    // Row r of column c comes from column c + r.
    u128::from_le_bytes(std::array::from_fn(|i| {
        SBOX[usize::from(state[(i + 4 * (i % 4)) % 16])]
    }))
}

/// AESD: AddRoundKey, InvShiftRows, InvSubBytes.
pub fn decrypt(d: u128, n: u128) -> u128 {
    let state = (d ^ n).to_le_bytes();
    u128::from_le_bytes(std::array::from_fn(|i| {
        INVERSE_SBOX[usize::from(state[(i + 12 * (i % 4)) % 16])]
    }))
}

/// AESMC: MixColumns.
pub fn mix_columns(n: u128) -> u128 {
    multiply_columns(n, &MIX)
}

/// AESIMC: InvMixColumns.
pub fn inverse_mix_columns(n: u128) -> u128 {
    multiply_columns(n, &INVERSE_MIX)
}

fn multiply_columns(n: u128, table: &[u32; 256]) -> u128 {
    let column = |word: u32| {
        let bytes = word.to_le_bytes();
        (0..4).fold(0, |sum, row| {
            sum ^ table[usize::from(bytes[row])].rotate_left(8 * row as u32)
        })
    };
    super::from_words(super::words(n).map(column))
}
