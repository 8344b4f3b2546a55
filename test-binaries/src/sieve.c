/* Sieve of Eratosthenes: byte stores with a stride, and counting. */
#include "common.h"

enum { LIMIT = 200000 };

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2);
    static uint8_t composite[LIMIT];
    uint32_t count = 0, sum = 0, last = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        memset(composite, 0, sizeof composite);
        for (uint32_t i = 2; i * i < LIMIT; i++)
            if (!composite[i])
                for (uint32_t j = i * i; j < LIMIT; j += i)
                    composite[j] = 1;
        for (uint32_t i = 2; i < LIMIT; i++)
            if (!composite[i])
                count++, sum += i ^ round, last = i;
    }
    printf("primes %u sum %u last %u\n", count, sum, last);
    return 0;
}
