//! CRC32 and CRC32C of one to eight bytes. The instructions take the bits of each byte, least significant first: the
//! polynomials are written reflected.

/// `TABLE[k][b]`: the remainder of byte `b` followed by `k` zero bytes.
const fn tables(polynomial: u32) -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut remainder, mut bit) = (byte as u32, 0);
        while bit < 64 {
            remainder = (remainder >> 1) ^ ((remainder & 1) * polynomial);
            bit += 1;
            if bit % 8 == 0 {
                tables[bit / 8 - 1][byte] = remainder;
            }
        }
        byte += 1;
    }
    tables
}

static CRC32: [[u32; 256]; 8] = tables(0xedb8_8320);
static CRC32C: [[u32; 256]; 8] = tables(0x82f6_3b78);

/// CRC32B, CRC32H, CRC32W, CRC32X: `value` is of `size` bytes (1, 2, 4, 8).
#[inline]
pub fn crc32(accumulator: u32, value: u64, size: u32) -> u32 {
    update(&CRC32, accumulator, value, size)
}

/// CRC32CB, CRC32CH, CRC32CW, CRC32CX: the polynomial of Castagnoli.
#[inline]
pub fn crc32c(accumulator: u32, value: u64, size: u32) -> u32 {
    update(&CRC32C, accumulator, value, size)
}

#[inline]
fn update(tables: &[[u32; 256]; 8], accumulator: u32, value: u64, size: u32) -> u32 {
    let bytes = (value ^ u64::from(accumulator)).to_le_bytes();
    let size = size.min(8) as usize;
    let rest = if size < 4 { accumulator >> (8 * size) } else { 0 };
    (0..size).fold(rest, |crc, i| crc ^ tables[size - 1 - i][usize::from(bytes[i])])
}
