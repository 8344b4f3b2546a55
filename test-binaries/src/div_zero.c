/* What the Arm architecture defines and C does not: division by zero gives zero, the smallest number divided by -1 gives
 * itself, conversions saturate, shifts by registers use the low bits. Other machines compute the same by the rules. */
#include "common.h"

#ifdef __aarch64__
#define BINARY(name, type, instruction, size)                                                                          \
    static type name(type a, type b) {                                                                                 \
        type r;                                                                                                        \
        __asm__(instruction " %" size "0, %" size "1, %" size "2" : "=r"(r) : "r"(a), "r"(b));                         \
        return r;                                                                                                      \
    }
BINARY(sdiv32, int32_t, "sdiv", "w")
BINARY(udiv32, uint32_t, "udiv", "w")
BINARY(sdiv64, int64_t, "sdiv", "x")
BINARY(udiv64, uint64_t, "udiv", "x")
BINARY(lsl32, uint32_t, "lsl", "w")
BINARY(asr64, int64_t, "asr", "x")
static int32_t to_int(double x) {
    int32_t r;
    __asm__("fcvtzs %w0, %d1" : "=r"(r) : "w"(x));
    return r;
}
static uint64_t to_unsigned(double x) {
    uint64_t r;
    __asm__("fcvtzu %0, %d1" : "=r"(r) : "w"(x));
    return r;
}
#else
static int32_t sdiv32(int32_t a, int32_t b) { return b == 0 ? 0 : b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b; }
static uint32_t udiv32(uint32_t a, uint32_t b) { return b == 0 ? 0 : a / b; }
static int64_t sdiv64(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? (int64_t)(0u - (uint64_t)a) : a / b; }
static uint64_t udiv64(uint64_t a, uint64_t b) { return b == 0 ? 0 : a / b; }
static uint32_t lsl32(uint32_t a, uint32_t b) { return a << (b & 31); }
static int64_t asr64(int64_t a, int64_t b) { return a >> (b & 63); }
static int32_t to_int(double x) {
    return x != x ? 0 : x >= 2147483647.0 ? INT32_MAX : x <= -2147483648.0 ? INT32_MIN : (int32_t)x;
}
static uint64_t to_unsigned(double x) {
    return !(x > 0) ? 0 : x >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)x;
}
#endif

int main(void) {
    static const int64_t values[] = {0, 1, -1, 7, -7, 31, 33, 64, 100, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    static const double doubles[] = {0, -0.0, 0.9, -0.9, 1e9, -1e9, 2147483647.5, 1e10, -1e10, 1e19, 1e20, 1e300, -1e300, 0.0 / 0.0};
    enum { COUNT = sizeof values / sizeof *values };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            int64_t a = values[i], b = values[j];
            printf("%lld %lld: %d %u %lld %llu %u %lld\n", (long long)a, (long long)b, sdiv32((int32_t)a, (int32_t)b),
                   udiv32((uint32_t)a, (uint32_t)b), (long long)sdiv64(a, b),
                   (unsigned long long)udiv64((uint64_t)a, (uint64_t)b), lsl32((uint32_t)a, (uint32_t)b),
                   (long long)asr64(a, b));
        }
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        printf("%d %llu\n", to_int(doubles[i]), (unsigned long long)to_unsigned(doubles[i]));
    return 0;
}
