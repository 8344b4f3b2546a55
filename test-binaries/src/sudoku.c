/* Sudokus solved by trying, the most constrained cell first: bit masks, counts of bits, recursion with undo. */
#include "common.h"

static uint16_t row[9], column[9], box[9];
static uint8_t grid[81];
static uint32_t tried;

static int place(int cell, int digit, int set) {
    uint16_t bit = (uint16_t)(1 << digit);
    int r = cell / 9, c = cell % 9, b = r / 3 * 3 + c / 3;
    if (set && ((row[r] | column[c] | box[b]) & bit))
        return 0;
    row[r] ^= bit, column[c] ^= bit, box[b] ^= bit;
    grid[cell] = set ? (uint8_t)digit : 0;
    return 1;
}

static int solve(void) {
    int best = -1, fewest = 10;
    uint16_t choices = 0;
    for (int cell = 0; cell < 81; cell++) {
        if (grid[cell])
            continue;
        int r = cell / 9, c = cell % 9;
        uint16_t open = 0x3fe & ~(row[r] | column[c] | box[r / 3 * 3 + c / 3]);
        int count = __builtin_popcount(open);
        if (count < fewest)
            best = cell, fewest = count, choices = open;
    }
    if (best < 0)
        return 1;
    for (int digit = 1; digit <= 9; digit++)
        if (choices >> digit & 1) {
            tried++;
            place(best, digit, 1);
            if (solve())
                return 1;
            place(best, digit, 0);
        }
    return 0;
}

int main(int argc, char **argv) {
    static const char *puzzles[] = {
        "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79",
        "8..........36......7..9.2...5...7.......457.....1...3...1....68..85...1..9....4..",
        "..............3.85..1.2.......5.7.....4...1...9.......5......73..2.1........4...9",
    };
    uint32_t rounds = size_argument(argc, argv, 1), hash = FNV_START;
    for (uint32_t round = 0; round < rounds; round++)
        for (int puzzle = 0; puzzle < (round % 64 == 63 ? 3 : 2); puzzle++) {
            memset(row, 0, sizeof row), memset(column, 0, sizeof column), memset(box, 0, sizeof box);
            memset(grid, 0, sizeof grid);
            for (int cell = 0; cell < 81; cell++)
                if (puzzles[puzzle][cell] != '.')
                    CHECK(place(cell, puzzles[puzzle][cell] - '0', 1));
            CHECK(solve());
            hash = fnv1a(hash, grid, sizeof grid);
        }
    printf("%08x %u\n", hash, tried);
    return 0;
}
