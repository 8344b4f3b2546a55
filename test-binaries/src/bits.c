/* Bit fields, rotates, counts of bits and zeros, byte swaps, sign extensions, shifts by variable amounts. */
#include "common.h"

typedef struct {
    uint32_t a : 3, b : 7, c : 11, d : 11;
    int32_t e : 5, f : 13, g : 14;
    uint64_t h : 37, i : 27;
} Fields;

static uint64_t rotate64(uint64_t x, unsigned n) { return n & 63 ? x >> (n & 63) | x << (64 - (n & 63)) : x; }
static uint32_t rotate32(uint32_t x, unsigned n) { return n & 31 ? x << (n & 31) | x >> (32 - (n & 31)) : x; }

static uint64_t reverse_bits(uint64_t x) {
    x = (x >> 1 & 0x5555555555555555u) | (x & 0x5555555555555555u) << 1;
    x = (x >> 2 & 0x3333333333333333u) | (x & 0x3333333333333333u) << 2;
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0fu) | (x & 0x0f0f0f0f0f0f0f0fu) << 4;
    return __builtin_bswap64(x);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 3000);
    uint32_t seed = 77;
    uint64_t x = 0x0123456789abcdefu, sum = 0;
    Fields fields = {0};
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t n = random32(&seed);
        x = rotate64(x ^ n, n >> 7) + (x << (n & 63)) - (x >> (n >> 6 & 63));
        sum += (uint64_t)__builtin_popcountll(x) + (uint64_t)__builtin_clzll(x | 1) * 3 +
               (uint64_t)__builtin_ctzll(x | 1ull << 63) * 5 + (uint64_t)__builtin_parity(n);
        sum ^= __builtin_bswap64(x) + __builtin_bswap32(n) + __builtin_bswap16((uint16_t)n);
        sum += reverse_bits(x) ^ rotate32(n, round);
        sum += (uint64_t)(int64_t)(int8_t)x + (uint64_t)(int64_t)(int16_t)n + (uint64_t)((int64_t)x >> (n & 31)) +
               (uint64_t)(int64_t)((int32_t)n >> 3);
        fields.a = n, fields.b += n >> 5, fields.c ^= n >> 9, fields.d -= fields.c;
        fields.e = (int32_t)(n & 31) - 16, fields.f = (int32_t)(n >> 20) - 4000, fields.g = -(int32_t)(n >> 19);
        fields.h += x, fields.i ^= x >> 20;
        sum += fields.a + fields.b * 3u + fields.c + fields.d + (uint64_t)(int64_t)(fields.e * fields.f - fields.g) +
               (uint64_t)fields.h * (uint64_t)fields.i;
        sum = (sum & ~(x & 0xff00ff)) | (n & ~0xf0f0u);
        sum ^= (n & 0x80) ? ~x : x ^ ~(uint64_t)n;
    }
    printf("x %016llx sum %016llx\n", (unsigned long long)x, (unsigned long long)sum);
    printf("fields %u %u %u %u %d %d %d %llu %llu\n", fields.a, fields.b, fields.c, fields.d, fields.e, fields.f,
           fields.g, (unsigned long long)fields.h, (unsigned long long)fields.i);
    return 0;
}
