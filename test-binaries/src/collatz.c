/* The longest Collatz chain: unpredictable branches over 64-bit integers. */
#include "common.h"

int main(int argc, char **argv) {
    uint32_t limit = size_argument(argc, argv, 20000);
    uint32_t best = 0, longest = 0;
    uint64_t peak = 0;
    for (uint32_t start = 1; start < limit; start++) {
        uint64_t n = start;
        uint32_t length = 1;
        for (; n != 1; length++) {
            n = n & 1 ? 3 * n + 1 : n >> 1;
            if (n > peak)
                peak = n;
        }
        if (length > longest)
            longest = length, best = start;
    }
    printf("start %u length %u peak %llu\n", best, longest, (unsigned long long)peak);
    return 0;
}
