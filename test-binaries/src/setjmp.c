/* setjmp and longjmp out of deep recursion, with callee-saved registers in use. */
#include "common.h"
#include <setjmp.h>

static jmp_buf target;

static __attribute__((noinline)) int dive(int depth, int value, double x) {
    if (depth == 0)
        longjmp(target, value);
    if (depth < 0) /* never: the jump leaves from depth 0 */
        return 0;
    return dive(depth - 1, value, x * 1.5) + depth + (int)x;
}

int main(int argc, char **argv) {
    volatile uint32_t rounds = size_argument(argc, argv, 200);
    volatile uint32_t jumps = 0;
    volatile double kept = 0.5;
    volatile uint64_t sum = 0;
    for (volatile uint32_t round = 0; round < rounds; round++) {
        int got = setjmp(target);
        if (got == 0)
            dive((int)(round % 50), (int)(round % 7), 1.0);
        jumps++;
        sum = sum * 5 + (uint64_t)got;
        kept = kept * 0.5 + got;
    }
    printf("jumps %u sum %llu kept %.6f\n", jumps, (unsigned long long)sum, kept);
    return 0;
}
