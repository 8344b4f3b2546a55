/* Streams through memory: large copies, fills and sums, far larger than a first-level cache. */
#include "common.h"

enum { WORDS = 1 << 17 };

static uint64_t a[WORDS], b[WORDS], c[WORDS];

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2);
    for (uint64_t i = 0; i < WORDS; i++)
        a[i] = i * 0x9E3779B97F4A7C15u, b[i] = i ^ i << 30;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        memcpy(c, a, sizeof c);
        for (uint32_t i = 0; i < WORDS; i++)
            a[i] = b[i] + 3 * c[i];
        memmove(b + 1, b, sizeof b - sizeof *b);
        for (uint32_t i = 0; i < WORDS; i++)
            sum += a[i] ^ b[i];
        memset(c, (int)round, sizeof c / 2);
    }
    printf("sum %016llx %08x\n", (unsigned long long)sum, fnv1a(FNV_START, c, 1 << 16));
    return 0;
}
