/* N queens, by sets of bits and by arrays: branches, shifts, recursion. */
#include "common.h"

static uint32_t by_bits(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
    if (columns == all)
        return 1;
    uint32_t count = 0;
    for (uint32_t free = all & ~(columns | left | right); free; free &= free - 1) {
        uint32_t bit = free & -free;
        count += by_bits(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

static int place[16];

static uint32_t by_array(int row, int n) {
    if (row == n)
        return 1;
    uint32_t count = 0;
    for (int column = 0; column < n; column++) {
        int good = 1;
        for (int before = 0; before < row && good; before++)
            good = place[before] != column && abs(place[before] - column) != row - before;
        if (good) {
            place[row] = column;
            count += by_array(row + 1, n);
        }
    }
    return count;
}

int main(int argc, char **argv) {
    uint32_t n = size_argument(argc, argv, 8);
    if (n < 1 || n > 15)
        return 2;
    uint32_t bits = by_bits((1u << n) - 1, 0, 0, 0), array = by_array(0, (int)n);
    printf("queens %u: %u %u\n", n, bits, array);
    return bits != array;
}
