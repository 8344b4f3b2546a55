/* Base64 there and back: table look-ups, shifts, byte stores. */
#include "common.h"

enum { N = 30000 };
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t data[N + 3], back[N + 3], reverse[256];
static char text[N / 3 * 4 + 8];

static uint32_t encode(const uint8_t *in, uint32_t length, char *out) {
    char *start = out;
    for (; length >= 3; length -= 3, in += 3) {
        uint32_t bits = (uint32_t)in[0] << 16 | in[1] << 8 | in[2];
        *out++ = letters[bits >> 18], *out++ = letters[bits >> 12 & 63];
        *out++ = letters[bits >> 6 & 63], *out++ = letters[bits & 63];
    }
    if (length) {
        uint32_t bits = (uint32_t)in[0] << 16 | (length == 2 ? in[1] << 8 : 0);
        *out++ = letters[bits >> 18], *out++ = letters[bits >> 12 & 63];
        *out++ = length == 2 ? letters[bits >> 6 & 63] : '=', *out++ = '=';
    }
    *out = 0;
    return (uint32_t)(out - start);
}

static uint32_t decode(const char *in, uint32_t length, uint8_t *out) {
    uint8_t *start = out;
    for (uint32_t i = 0; i < length; i += 4, in += 4) {
        uint32_t bits = (uint32_t)reverse[(uint8_t)in[0]] << 18 | (uint32_t)reverse[(uint8_t)in[1]] << 12 |
                        (uint32_t)reverse[(uint8_t)in[2]] << 6 | reverse[(uint8_t)in[3]];
        *out++ = (uint8_t)(bits >> 16);
        if (in[2] != '=')
            *out++ = (uint8_t)(bits >> 8);
        if (in[3] != '=')
            *out++ = (uint8_t)bits;
    }
    return (uint32_t)(out - start);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 10);
    for (int i = 0; i < 64; i++)
        reverse[(uint8_t)letters[i]] = (uint8_t)i;
    encode((const uint8_t *)"any carnal pleasure", 19, text);
    puts(text);
    uint32_t seed = 13, hash = FNV_START;
    for (uint32_t i = 0; i < N; i++)
        data[i] = (uint8_t)random32(&seed);
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t length = N - round % 3, size = encode(data, length, text);
        hash = fnv1a(hash, text, size);
        CHECK(decode(text, size, back) == length);
        CHECK(memcmp(data, back, length) == 0);
        data[round] ^= 0x55;
    }
    printf("hash %08x\n", hash);
    return 0;
}
