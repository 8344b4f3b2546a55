/* CRC-32 (polynomial 0xEDB88320), bit by bit, by a table of 256, and by four tables. */
#include "common.h"

static uint32_t table[4][256];

static uint32_t bit_by_bit(uint32_t crc, const uint8_t *data, size_t length) {
    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

static uint32_t by_table(uint32_t crc, const uint8_t *data, size_t length) {
    crc = ~crc;
    for (size_t i = 0; i < length; i++)
        crc = table[0][(crc ^ data[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

static uint32_t by_words(uint32_t crc, const uint8_t *data, size_t length) {
    crc = ~crc;
    for (; length >= 4; length -= 4, data += 4) {
        uint32_t word;
        memcpy(&word, data, 4);
        crc ^= word;
        crc = table[3][crc & 0xff] ^ table[2][crc >> 8 & 0xff] ^ table[1][crc >> 16 & 0xff] ^ table[0][crc >> 24];
    }
    return by_table(~crc, data, length);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 4);
    static uint8_t data[65537];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)random32(&seed);
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int t = 1; t < 4; t++)
            table[t][i] = table[0][table[t - 1][i] & 0xff] ^ table[t - 1][i] >> 8;
    printf("check %08x\n", bit_by_bit(0, (const uint8_t *)"123456789", 9));
    uint32_t a = 0, b = 0, c = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        if (i < 4)
            a = bit_by_bit(a, data, sizeof data);
        b = by_table(b, data, sizeof data);
        c = by_words(c, data, sizeof data);
        if (i < 4)
            CHECK(a == b);
        CHECK(b == c);
    }
    printf("crc %08x %08x\n", a, b);
    return 0;
}
