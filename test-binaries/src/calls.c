/* Calls and returns: deep recursion, mutual recursion, function pointers, many arguments, variable arguments. */
#include "common.h"
#include <stdarg.h>

static __attribute__((noinline)) uint32_t fibonacci(uint32_t n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static __attribute__((noinline)) uint32_t ackermann(uint32_t m, uint32_t n) {
    if (m == 0)
        return n + 1;
    return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static uint32_t odd(uint32_t n);
static __attribute__((noinline)) uint32_t even(uint32_t n) { return n == 0 ? 1 : odd(n - 1); }
static __attribute__((noinline)) uint32_t odd(uint32_t n) { return n == 0 ? 0 : even(n - 1); }

static uint32_t add(uint32_t a, uint32_t b) { return a + b; }
static uint32_t sub(uint32_t a, uint32_t b) { return a - b; }
static uint32_t mul(uint32_t a, uint32_t b) { return a * b; }
static uint32_t mix(uint32_t a, uint32_t b) { return (a << 7 | a >> 25) ^ b; }
static uint32_t (*volatile operations[4])(uint32_t, uint32_t) = {add, sub, mul, mix};

static __attribute__((noinline)) uint64_t many(int8_t a, uint16_t b, int32_t c, uint64_t d, int64_t e, uint8_t f, int g,
                                               int h, int64_t i, int16_t j, uint8_t k, double l, float m) {
    return a + b * 2u + (uint64_t)(c * 3ll) + d * 4 + (uint64_t)e * 5 + f * 6u + (uint64_t)(g * 7ll) +
           (uint64_t)(h * 8ll) + (uint64_t)i * 9 + (uint64_t)(j * 10ll) + k * 11u + (uint64_t)l + (uint64_t)m;
}

static __attribute__((noinline)) double variable(int count, ...) {
    va_list list;
    va_start(list, count);
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += i & 1 ? va_arg(list, double) : (double)va_arg(list, long long);
    va_end(list);
    return sum;
}

typedef struct {
    uint64_t words[5];
} Big;

static __attribute__((noinline)) Big rotate(Big big, int by) {
    Big result;
    for (int i = 0; i < 5; i++)
        result.words[i] = big.words[(i + by) % 5] + (uint64_t)i;
    return result;
}

int main(int argc, char **argv) {
    uint32_t n = size_argument(argc, argv, 20);
    printf("fibonacci(%u) = %u\n", n, fibonacci(n));
    printf("ackermann(2, %u) = %u\n", n * 4, ackermann(2, n * 4));
    printf("even(%u) = %u\n", n * 501, even(n * 501));
    uint32_t value = 1;
    for (uint32_t i = 0; i < n * 2000; i++)
        value = operations[(value ^ i) & 3](value, i);
    printf("operations %08x\n", value);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n * 100; i++)
        sum += many((int8_t)i, (uint16_t)(i * 3), (int32_t)i - 50, i, -(int64_t)i, (uint8_t)i, -7, 9, (int64_t)i << 33,
                    (int16_t)(i * 9), (uint8_t)(i * 5), i * 0.5, 2.0f);
    printf("many %llu\n", (unsigned long long)sum);
    printf("variable %.3f\n", variable(10, 1ll, 2.5, -3ll, 4.25, 5ll, 6.125, 1ll << 40, 8.5, 9ll, 10.75));
    Big big = {{1, 2, 3, 4, 5}};
    for (uint32_t i = 0; i < n; i++)
        big = rotate(big, (int)(i % 4));
    printf("big %llu %llu\n", (unsigned long long)big.words[0], (unsigned long long)big.words[4]);
    return 0;
}
