/* An open-addressing hash table of 64-bit keys: insert, look up, delete. */
#include "common.h"

enum { BITS = 14, SLOTS = 1 << BITS };

static uint64_t keys[SLOTS], values[SLOTS];
static uint32_t used;

static uint32_t slot_of(uint64_t key) { return (uint32_t)(key * 0x9E3779B97F4A7C15u >> (64 - BITS)); }

static void insert(uint64_t key, uint64_t value) {
    uint32_t slot = slot_of(key);
    while (keys[slot] && keys[slot] != key)
        slot = (slot + 1) % SLOTS;
    used += !keys[slot];
    keys[slot] = key, values[slot] += value;
}

static uint64_t lookup(uint64_t key) {
    for (uint32_t slot = slot_of(key); keys[slot]; slot = (slot + 1) % SLOTS)
        if (keys[slot] == key)
            return values[slot];
    return 0;
}

static void erase(uint64_t key) {
    uint32_t slot = slot_of(key);
    while (keys[slot] != key) {
        if (!keys[slot])
            return;
        slot = (slot + 1) % SLOTS;
    }
    used--;
    for (uint32_t next = slot;;) { /* close the gap */
        keys[slot] = 0, values[slot] = 0;
        for (;;) {
            next = (next + 1) % SLOTS;
            if (!keys[next])
                return;
            uint32_t home = slot_of(keys[next]);
            if ((next - home) % SLOTS >= (next - slot) % SLOTS)
                break;
        }
        keys[slot] = keys[next], values[slot] = values[next];
        slot = next;
    }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 3);
    uint32_t seed = 5;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < 10000; i++)
            insert(random32(&seed) % 12000 * 0x100000001ull + 1, i);
        for (uint32_t i = 0; i < 12000; i++)
            sum = sum * 31 + lookup(i * 0x100000001ull + 1);
        for (uint32_t i = 0; i < 12000; i += 3)
            erase(i * 0x100000001ull + 1);
    }
    printf("used %u sum %llu\n", used, (unsigned long long)sum);
    return 0;
}
