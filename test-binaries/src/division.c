/* Division and remainder, signed and unsigned, 32 and 64 bits, by variables and by constants; 128-bit where it exists is
 * left out, so that 32-bit machines run it too. Also Euclid and powers modulo a prime. */
#include "common.h"

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t rest = a % b;
        a = b, b = rest;
    }
    return a;
}

static uint32_t power(uint32_t base, uint32_t exponent, uint32_t modulus) {
    uint64_t result = 1, square = base % modulus;
    for (; exponent; exponent >>= 1, square = square * square % modulus)
        if (exponent & 1)
            result = result * square % modulus;
    return (uint32_t)result;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2000);
    uint32_t seed = 123;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t a = random32(&seed), b = random32(&seed) >> (round & 31) | 1;
        uint64_t c = (uint64_t)a << 32 | random32(&seed), d = ((uint64_t)random32(&seed) << 32 | b) >> (round & 63) | 1;
        int32_t e = (int32_t)a, f = (int32_t)b | 2;
        int64_t g = (int64_t)c, h = (int64_t)d | 2;
        if (f == -1)
            f = 3;
        if (h == -1)
            h = 3;
        sum = sum * 3 + a / b + a % b + c / d + c % d + (uint64_t)(int64_t)(e / f + e % f) + (uint64_t)(g / h) +
              (uint64_t)(g % h);
        sum += c / 10 + c % 1000 + a / 7 + a % 641 + (uint64_t)(g / -12345) + (uint64_t)(int64_t)(e / 9) +
               (uint64_t)(g % 3) + (uint64_t)(e / 16) + (uint64_t)(g / 4096);
        sum ^= gcd(c, d) + gcd(a, b);
    }
    printf("sum %016llx\n", (unsigned long long)sum);
    printf("power %u %u\n", power(3, 1000003, 1000000007), power(65537, 4294967295u, 4294967291u));
    printf("gcd %llu\n", (unsigned long long)gcd(1234567890123456780u, 9876543210987654320u));
    return 0;
}
