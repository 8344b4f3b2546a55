/* Conway's game of life, a byte a cell, on a torus: neighbours counted with branches on what lives, tables, wrapped indices. */
#include "common.h"

enum { SIZE = 128 };
static uint8_t now[SIZE][SIZE], next[SIZE][SIZE];

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 10), state = 5;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
            now[y][x] = random32(&state) >> 31;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                uint32_t count = 0;
                for (uint32_t dy = SIZE - 1; dy <= SIZE + 1; dy++)
                    for (uint32_t dx = SIZE - 1; dx <= SIZE + 1; dx++)
                        if (dy != SIZE || dx != SIZE)
                            count += now[(y + dy) % SIZE][(x + dx) % SIZE];
                next[y][x] = count == 3 || (count == 2 && now[y][x]);
            }
        memcpy(now, next, sizeof now);
    }
    printf("%08x\n", fnv1a(FNV_START, now, sizeof now));
    return 0;
}
