/* Quadruple precision: `long double` on AArch64, computed by the compiler's run-time library in integer registers. The
 * bits are printed, and must be those of the host's __float128. */
#include "common.h"
#ifdef __aarch64__
typedef long double Quad;
#else
typedef __float128 Quad;
#endif

static void print(const char *label, Quad value) {
    uint64_t bits[2];
    memcpy(bits, &value, sizeof bits);
    printf("%s %016llx%016llx\n", label, (unsigned long long)bits[1], (unsigned long long)bits[0]);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 60);
    volatile Quad one = 1, three = 3;
    print("third", one / three);
    Quad e = 1, term = 1;
    for (int i = 1; i < 40; i++)
        e += term /= i;
    print("e", e);
    Quad root = 1;
    for (int i = 0; i < 8; i++)
        root = (root + 2 / root) / 2;
    print("root of two", root);
    Quad sum = 0, tiny = 1;
    for (uint32_t i = 1; i <= rounds; i++) {
        sum = sum * (Quad)-0.75 + (Quad)i / (Quad)(i + 7);
        tiny = tiny / 3 - (Quad)(double)tiny / 5;
    }
    print("sum", sum);
    print("tiny", tiny);
    volatile double narrow = (double)e;
    volatile float narrower = (float)root;
    printf("%.17g %.9g\n", narrow, narrower);
    printf("%d %d %d %lld %llu\n", e < root, e > root, sum == sum, (long long)(e * 1000000), (unsigned long long)(root * 1000000000));
    return 0;
}
