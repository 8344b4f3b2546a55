/* AES-128 by tables, encryption and decryption, checked against the example of FIPS 197; the S-box is computed. */
#include "common.h"

static uint8_t sbox[256], inverse[256], round_keys[176];
static uint32_t table[4][256];

static uint8_t twice(uint8_t x) { return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0)); }
static uint8_t times(uint8_t a, uint8_t b) {
    uint8_t product = 0;
    for (; b; b >>= 1, a = twice(a))
        product ^= b & 1 ? a : 0;
    return product;
}

static void make_tables(void) {
    uint8_t p = 1, q = 1;
    do { /* p runs through all non-zero values, q through their inverses */
        p = (uint8_t)(p ^ twice(p));
        q ^= (uint8_t)(q << 1), q ^= (uint8_t)(q << 2), q ^= (uint8_t)(q << 4);
        q ^= q & 0x80 ? 0x09 : 0;
        uint8_t x = (uint8_t)(q ^ (uint8_t)(q << 1 | q >> 7) ^ (uint8_t)(q << 2 | q >> 6) ^
                              (uint8_t)(q << 3 | q >> 5) ^ (uint8_t)(q << 4 | q >> 4));
        sbox[p] = x ^ 0x63;
    } while (p != 1);
    sbox[0] = 0x63;
    for (int i = 0; i < 256; i++) {
        inverse[sbox[i]] = (uint8_t)i;
        uint8_t s = sbox[i];
        uint32_t word = twice(s) | (uint32_t)s << 8 | (uint32_t)s << 16 | (uint32_t)(twice(s) ^ s) << 24;
        for (int t = 0; t < 4; t++, word = word << 8 | word >> 24)
            table[t][i] = word;
    }
}

static void expand(const uint8_t key[16]) {
    memcpy(round_keys, key, 16);
    uint8_t constant = 1;
    for (int i = 16; i < 176; i += 4) {
        uint8_t t[4];
        memcpy(t, round_keys + i - 4, 4);
        if (i % 16 == 0) {
            uint8_t first = t[0];
            t[0] = sbox[t[1]] ^ constant, t[1] = sbox[t[2]], t[2] = sbox[t[3]], t[3] = sbox[first];
            constant = twice(constant);
        }
        for (int k = 0; k < 4; k++)
            round_keys[i + k] = round_keys[i + k - 16] ^ t[k];
    }
}

static uint32_t word_at(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }

static void encrypt(uint8_t block[16]) {
    uint32_t s[4], t[4];
    for (int i = 0; i < 4; i++)
        s[i] = word_at(block + 4 * i) ^ word_at(round_keys + 4 * i);
    for (int round = 1; round < 10; round++) {
        for (int i = 0; i < 4; i++)
            t[i] = table[0][s[i] & 255] ^ table[1][s[(i + 1) & 3] >> 8 & 255] ^ table[2][s[(i + 2) & 3] >> 16 & 255] ^
                   table[3][s[(i + 3) & 3] >> 24] ^ word_at(round_keys + 16 * round + 4 * i);
        memcpy(s, t, sizeof s);
    }
    for (int i = 0; i < 16; i++)
        block[i] = sbox[s[(i / 4 + i % 4) & 3] >> 8 * (i % 4) & 255] ^ round_keys[160 + i];
}

static void decrypt(uint8_t block[16]) {
    uint8_t t[16];
    for (int i = 0; i < 16; i++)
        block[i] ^= round_keys[160 + i];
    for (int round = 9; round >= 0; round--) {
        for (int i = 0; i < 16; i++)
            t[(i + 4 * (i % 4)) % 16] = inverse[block[i]];
        for (int i = 0; i < 16; i++)
            t[i] ^= round_keys[16 * round + i];
        for (int i = 0; i < 16; i++) {
            int base = i & ~3;
            block[i] = round == 0 ? t[i]
                                  : times(t[i], 14) ^ times(t[base | ((i + 1) & 3)], 11) ^
                                        times(t[base | ((i + 2) & 3)], 13) ^ times(t[base | ((i + 3) & 3)], 9);
        }
    }
}

static void print(const char *label, const uint8_t *block) {
    printf("%s ", label);
    for (int i = 0; i < 16; i++)
        printf("%02x", block[i]);
    putchar('\n');
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2000);
    make_tables();
    uint8_t key[16], block[16], start[16];
    for (int i = 0; i < 16; i++)
        key[i] = (uint8_t)i, block[i] = start[i] = (uint8_t)(i * 0x11);
    expand(key);
    encrypt(block);
    print("encrypted", block);
    decrypt(block);
    print("decrypted", block);
    CHECK(memcmp(block, start, 16) == 0);
    for (uint32_t i = 0; i < rounds; i++)
        encrypt(block);
    print("chain", block);
    for (uint32_t i = 0; i < rounds && i < 500; i++)
        decrypt(block);
    print("back", block);
    return 0;
}
