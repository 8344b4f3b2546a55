/* The allocator: many live blocks of many sizes, reallocated and freed out of order; large blocks come from mmap. */
#include "common.h"

enum { SLOTS = 512 };

static unsigned char *blocks[SLOTS];
static uint32_t sizes[SLOTS];

static void fill(uint32_t slot, uint32_t from) {
    for (uint32_t i = from; i < sizes[slot]; i += 61)
        blocks[slot][i] = (unsigned char)(slot + i);
}

static void verify(uint32_t slot, uint32_t until) {
    for (uint32_t i = 0; i < until; i += 61)
        CHECK(blocks[slot][i] == (unsigned char)(slot + i));
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 5000);
    uint32_t seed = 11;
    uint64_t total = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t slot = random32(&seed) % SLOTS, pick = random32(&seed);
        uint32_t size = pick % 100 == 0 ? 200000 + pick % 300000 : 1 + pick % (pick % 7 ? 300 : 9000);
        if (!blocks[slot]) {
            sizes[slot] = size;
            blocks[slot] = malloc(size);
            CHECK(blocks[slot] != NULL && (uintptr_t)blocks[slot] % 8 == 0);
            fill(slot, 0);
            total += size;
        } else if (pick & 1) {
            uint32_t old = sizes[slot], kept = old < size ? old : size;
            verify(slot, old);
            blocks[slot] = realloc(blocks[slot], size);
            CHECK(blocks[slot] != NULL);
            sizes[slot] = size;
            verify(slot, kept);
            fill(slot, 0);
        } else {
            verify(slot, sizes[slot]);
            free(blocks[slot]);
            blocks[slot] = NULL;
        }
    }
    uint32_t live = 0;
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (blocks[slot]) {
            verify(slot, sizes[slot]);
            live++;
            free(blocks[slot]);
        }
    unsigned char *zeros = calloc(3000, 100);
    CHECK(zeros != NULL);
    for (uint32_t i = 0; i < 300000; i += 997)
        CHECK(zeros[i] == 0);
    free(zeros);
    printf("allocated %llu live %u\n", (unsigned long long)total, live);
    return 0;
}
