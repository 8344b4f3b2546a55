/* A small LZ77 compressor with a hash of three bytes, and its decompressor. */
#include "common.h"

enum { N = 40000, HASH = 4096, WINDOW = 8191, SHORTEST = 4, LONGEST = 255 + SHORTEST };
static uint8_t input[N], packed[2 * N], output[N + LONGEST];
static int32_t last_seen[HASH];

static uint32_t hash3(const uint8_t *p) { return ((uint32_t)p[0] << 16 | p[1] << 8 | p[2]) * 2654435761u >> 20; }

/* A control byte announces eight items; a set bit is a match (two bytes of distance, one of length). */
static uint32_t compress(void) {
    uint32_t out = 0, control = 0, items = 8;
    for (uint32_t i = 0; i < HASH; i++)
        last_seen[i] = -1;
    for (uint32_t i = 0; i < N; items++) {
        if (items == 8)
            control = out++, packed[control] = 0, items = 0;
        uint32_t length = 0, distance = 0;
        if (i + SHORTEST <= N) {
            uint32_t h = hash3(input + i);
            if (last_seen[h] >= 0 && (distance = i - (uint32_t)last_seen[h]) <= WINDOW)
                while (length < LONGEST && i + length < N && input[i + length - distance] == input[i + length])
                    length++;
            last_seen[h] = (int32_t)i;
        }
        if (length >= SHORTEST) {
            packed[control] |= (uint8_t)(1u << items);
            packed[out++] = (uint8_t)distance, packed[out++] = (uint8_t)(distance >> 8);
            packed[out++] = (uint8_t)(length - SHORTEST);
            i += length;
        } else
            packed[out++] = input[i++];
    }
    return out;
}

static uint32_t decompress(uint32_t size) {
    uint32_t out = 0;
    for (uint32_t in = 0; in < size;) {
        uint32_t control = packed[in++];
        for (int item = 0; item < 8 && in < size && out < N; item++, control >>= 1) {
            if (!(control & 1)) {
                output[out++] = packed[in++];
                continue;
            }
            uint32_t distance = packed[in] | (uint32_t)packed[in + 1] << 8, length = packed[in + 2] + SHORTEST;
            in += 3;
            CHECK(distance && distance <= out);
            for (; length; length--, out++)
                output[out] = output[out - distance];
        }
    }
    return out;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 4);
    static const char *const words[] = {"register ", "memory ", "branch ", "the ", "of ", "load ", "store ", "\n"};
    uint32_t seed = 17, at = 0, total = 0, hash = FNV_START;
    while (at < N) {
        const char *word = words[random32(&seed) % 8];
        for (; *word && at < N; word++)
            input[at++] = (uint8_t)*word;
        if (random32(&seed) % 10 == 0 && at < N)
            input[at++] = (uint8_t)random32(&seed);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t size = compress();
        total += size;
        hash = fnv1a(hash, packed, size);
        CHECK(decompress(size) == N);
        CHECK(memcmp(input, output, N) == 0);
        input[round * 997 % N] ^= 1;
    }
    printf("packed %u hash %08x\n", total, hash);
    return 0;
}
