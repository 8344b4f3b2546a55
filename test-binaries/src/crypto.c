/* The cryptographic and checksum instructions of Armv8, by intrinsics; elsewhere the same in portable C. CRC-32 and
 * CRC-32C, AES-128 encryption, SHA-256, SHA-1 rounds, carry-less multiplication. */
#include "common.h"
#ifdef __aarch64__
#include <arm_acle.h>
#include <arm_neon.h>
#endif

static uint8_t data[4096];

static uint32_t crc_bits(uint32_t crc, uint32_t polynomial, const uint8_t *p, size_t length) {
    for (size_t i = 0; i < length; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
    }
    return crc;
}

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#ifdef __aarch64__
static uint32_t crc32_all(uint32_t crc, const uint8_t *p, size_t length) {
    for (; length >= 8; length -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __crc32d(crc, word);
    }
    for (; length >= 2; length -= 2, p += 2)
        crc = __crc32h(crc, (uint16_t)(p[0] | p[1] << 8));
    return length ? __crc32b(crc, *p) : crc;
}
static uint32_t crc32c_all(uint32_t crc, const uint8_t *p, size_t length) {
    for (; length >= 4; length -= 4, p += 4) {
        uint32_t word;
        memcpy(&word, p, 4);
        crc = __crc32cw(crc, word);
    }
    for (; length; length--)
        crc = __crc32cb(crc, *p++);
    return crc;
}
static void sha256_block(uint32_t state[8], const uint8_t *p) {
    uint32x4_t w[4], abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4), abcd0 = abcd, efgh0 = efgh;
    for (int i = 0; i < 4; i++)
        w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p + 16 * i)));
    for (int i = 0; i < 16; i++) {
        uint32x4_t kw = vaddq_u32(w[i & 3], vld1q_u32(K + 4 * i)), before = abcd;
        abcd = vsha256hq_u32(abcd, efgh, kw);
        efgh = vsha256h2q_u32(efgh, before, kw);
        w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
    }
    vst1q_u32(state, vaddq_u32(abcd, abcd0));
    vst1q_u32(state + 4, vaddq_u32(efgh, efgh0));
}
static void sha1_block(uint32_t state[5], const uint8_t *p) {
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32x4_t w[4], abcd = vld1q_u32(state), start = abcd;
    uint32_t e = state[4];
    for (int i = 0; i < 4; i++)
        w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p + 16 * i)));
    for (int i = 0; i < 20; i++) {
        uint32x4_t kw = vaddq_u32(w[i & 3], vdupq_n_u32(constants[i / 5]));
        uint32_t next = vsha1h_u32(vgetq_lane_u32(abcd, 0));
        abcd = i < 5 ? vsha1cq_u32(abcd, e, kw) : i >= 10 && i < 15 ? vsha1mq_u32(abcd, e, kw) : vsha1pq_u32(abcd, e, kw);
        e = next;
        w[i & 3] = vsha1su1q_u32(vsha1su0q_u32(w[i & 3], w[(i + 1) & 3], w[(i + 2) & 3]), w[(i + 3) & 3]);
    }
    vst1q_u32(state, vaddq_u32(abcd, start));
    state[4] += e;
}
static void aes_rounds(uint8_t block[16], const uint8_t *keys, int rounds) {
    uint8x16_t v = vld1q_u8(block);
    for (int i = 0; i < rounds; i++)
        v = vaesmcq_u8(vaeseq_u8(v, vld1q_u8(keys + 16 * i)));
    vst1q_u8(block, v);
}
static void aes_back(uint8_t block[16], const uint8_t *keys, int rounds) {
    uint8x16_t v = vld1q_u8(block);
    for (int i = 0; i < rounds; i++)
        v = vaesimcq_u8(vaesdq_u8(v, vld1q_u8(keys + 16 * i)));
    vst1q_u8(block, v);
}
static void carry_less(uint64_t a, uint64_t b, uint64_t out[2]) {
    poly128_t product = vmull_p64(a, b);
    memcpy(out, &product, 16);
}
#else
static uint32_t crc32_all(uint32_t crc, const uint8_t *p, size_t length) { return crc_bits(crc, 0xEDB88320u, p, length); }
static uint32_t crc32c_all(uint32_t crc, const uint8_t *p, size_t length) { return crc_bits(crc, 0x82F63B78u, p, length); }
static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }
static uint32_t big_endian(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static void sha256_block(uint32_t state[8], const uint8_t *p) {
    uint32_t w[64], s[8];
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        if (i < 16)
            w[i] = big_endian(p + 4 * i);
        else
            w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 25) ^ rotate(w[i - 15], 14) ^ w[i - 15] >> 3) +
                   (rotate(w[i - 2], 15) ^ rotate(w[i - 2], 13) ^ w[i - 2] >> 10);
        uint32_t t1 = s[7] + (rotate(s[4], 26) ^ rotate(s[4], 21) ^ rotate(s[4], 7)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + K[i] + w[i];
        uint32_t t2 = (rotate(s[0], 30) ^ rotate(s[0], 19) ^ rotate(s[0], 10)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1, s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}
static void sha1_block(uint32_t state[5], const uint8_t *p) {
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 80; i++) {
        w[i] = i < 16 ? big_endian(p + 4 * i) : rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        uint32_t next = rotate(a, 5) + f + e + constants[i / 20] + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}
static uint8_t times(uint8_t a, uint8_t b) {
    uint8_t product = 0;
    for (; b; b >>= 1, a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0)))
        product ^= b & 1 ? a : 0;
    return product;
}
static uint8_t sbox[256], inverse[256];
static void make_boxes(void) {
    for (int x = 0; x < 256; x++) {
        uint8_t y = 0;
        for (int candidate = 1; x && candidate < 256; candidate++)
            if (times((uint8_t)x, (uint8_t)candidate) == 1)
                y = (uint8_t)candidate;
        uint8_t s = 0x63;
        for (int i = 0; i < 5; i++)
            s ^= (uint8_t)(y << i | y >> (8 - i));
        sbox[x] = s, inverse[s] = (uint8_t)x;
    }
}
static void mix(uint8_t block[16], int first, int second, int third, int fourth) {
    for (int c = 0; c < 16; c += 4) {
        uint8_t t[4];
        memcpy(t, block + c, 4);
        for (int i = 0; i < 4; i++)
            block[c + i] = times(t[i], (uint8_t)first) ^ times(t[(i + 1) & 3], (uint8_t)second) ^
                           times(t[(i + 2) & 3], (uint8_t)third) ^ times(t[(i + 3) & 3], (uint8_t)fourth);
    }
}
static void aes_rounds(uint8_t block[16], const uint8_t *keys, int rounds) {
    uint8_t t[16];
    make_boxes();
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < 16; i++)
            block[i] ^= keys[16 * round + i];
        for (int i = 0; i < 16; i++)
            t[i] = sbox[block[(i + 4 * (i % 4)) % 16]];
        memcpy(block, t, 16);
        mix(block, 2, 3, 1, 1);
    }
}
static void aes_back(uint8_t block[16], const uint8_t *keys, int rounds) {
    uint8_t t[16];
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < 16; i++)
            block[i] ^= keys[16 * round + i];
        for (int i = 0; i < 16; i++)
            t[(i + 4 * (i % 4)) % 16] = inverse[block[i]];
        memcpy(block, t, 16);
        mix(block, 14, 11, 13, 9);
    }
}
static void carry_less(uint64_t a, uint64_t b, uint64_t out[2]) {
    out[0] = out[1] = 0;
    for (int i = 0; i < 64; i++)
        if (b >> i & 1)
            out[0] ^= a << i, out[1] ^= i ? a >> (64 - i) : 0;
}
#endif

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 3);
    uint32_t seed = 8;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)random32(&seed);
    printf("check %08x %08x\n", ~crc32_all(~0u, (const uint8_t *)"123456789", 9), ~crc32c_all(~0u, (const uint8_t *)"123456789", 9));
    CHECK(crc32_all(1, data, 4095) == crc_bits(1, 0xEDB88320u, data, 4095));
    CHECK(crc32c_all(1, data, 4095) == crc_bits(1, 0x82F63B78u, data, 4095));
    uint32_t crc = 0, crcc = 0, sha256[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint32_t sha1[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint64_t product[2] = {1, 2};
    uint8_t block[16] = "sixteen letters";
    for (uint32_t round = 0; round < rounds; round++) {
        crc = crc32_all(crc, data, sizeof data), crcc = crc32c_all(crcc, data, sizeof data);
        for (size_t i = 0; i < sizeof data; i += 64) {
            sha256_block(sha256, data + i);
            sha1_block(sha1, data + i);
            uint64_t factor;
            memcpy(&factor, data + i, 8);
            carry_less(product[0] ^ factor, product[1] | 1, product);
        }
        aes_rounds(block, data + round % 100 * 16, 10);
        data[round % sizeof data] ^= block[3];
    }
    printf("crc %08x %08x\nsha256 ", crc, crcc);
    for (int i = 0; i < 8; i++)
        printf("%08x", sha256[i]);
    printf("\nsha1 ");
    for (int i = 0; i < 5; i++)
        printf("%08x", sha1[i]);
    printf("\nproduct %016llx%016llx\naes ", (unsigned long long)product[1], (unsigned long long)product[0]);
    aes_back(block, data, 9);
    for (int i = 0; i < 16; i++)
        printf("%02x", block[i]);
    putchar('\n');
    return 0;
}
