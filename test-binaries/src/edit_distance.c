/* Levenshtein's distance between words, by a table of two rows: minima of three, compared bytes. */
#include "common.h"

enum { WORDS = 64, LENGTH = 96 };
static char words[WORDS][LENGTH + 1];
static uint16_t rows[2][LENGTH + 1];

static uint32_t distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (uint16_t)j;
    for (size_t i = 1; i <= n; i++) {
        uint16_t *above = rows[(i - 1) & 1], *row = rows[i & 1];
        row[0] = (uint16_t)i;
        for (size_t j = 1; j <= m; j++) {
            uint16_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return rows[n & 1][m];
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 200), state = 9, sum = 0;
    for (int w = 0; w < WORDS; w++) {
        uint32_t length = LENGTH / 2 + random32(&state) % (LENGTH / 2);
        for (uint32_t i = 0; i < length; i++)
            words[w][i] = (char)('a' + random32(&state) % 6);
    }
    for (uint32_t round = 0; round < rounds; round++)
        sum = sum * 31 + distance(words[round % WORDS], words[random32(&state) % WORDS]);
    printf("%u\n", sum);
    return 0;
}
