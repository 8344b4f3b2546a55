/* ChaCha20 (RFC 8439): additions, exclusive ors, rotates. */
#include "common.h"

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

#define QUARTER(a, b, c, d)                                                                                            \
    (a += b, d = rotate(d ^ a, 16), c += d, b = rotate(b ^ c, 12), a += b, d = rotate(d ^ a, 8), c += d,               \
     b = rotate(b ^ c, 7))

static void block(const uint32_t in[16], uint32_t out[16]) {
    uint32_t x[16];
    memcpy(x, in, sizeof x);
    for (int i = 0; i < 10; i++) {
        QUARTER(x[0], x[4], x[8], x[12]), QUARTER(x[1], x[5], x[9], x[13]);
        QUARTER(x[2], x[6], x[10], x[14]), QUARTER(x[3], x[7], x[11], x[15]);
        QUARTER(x[0], x[5], x[10], x[15]), QUARTER(x[1], x[6], x[11], x[12]);
        QUARTER(x[2], x[7], x[8], x[13]), QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (int i = 0; i < 16; i++)
        out[i] = x[i] + in[i];
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2000);
    uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (int i = 0; i < 8; i++)
        state[4 + i] = 0x03020100u + 0x04040404u * (uint32_t)i;
    state[12] = 1, state[13] = 0x09000000, state[14] = 0x4a000000;
    uint32_t out[16], hash = FNV_START;
    block(state, out);
    printf("first %08x %08x last %08x\n", out[0], out[1], out[15]);
    for (uint32_t i = 0; i < rounds; i++) {
        state[12]++;
        block(state, out);
        hash ^= out[i % 16];
        state[13] ^= out[3];
    }
    printf("hash %08x\n", hash);
    return 0;
}
