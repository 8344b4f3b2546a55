/* Floating point at its edges: infinities, NaN tests, subnormals, rounding to integers, conversions inside their range,
 * fused multiply-add, classification. Only what C defines is printed, so that every machine agrees. */
#include "common.h"
#include <fenv.h>
#include <math.h>

static volatile double values[] = {0.0, -0.0, 1.0, -1.5, 2.5, 3.5, -2.5, 0.1, 1e308, -1e308, 5e-324, 2.2250738585072014e-308,
                                   1e-310, 4503599627370497.5, 9007199254740993.0, INFINITY, -INFINITY, NAN};
static volatile float floats[] = {0.0f, -0.0f, 1.1f, -2.5f, 1e-45f, 1.17549435e-38f, 3.4e38f, 16777217.0f, INFINITY};
enum { COUNT = sizeof values / sizeof *values, FLOATS = sizeof floats / sizeof *floats };

static void show(const char *name, double value) {
    if (isnan(value))
        printf(" %s nan", name);
    else
        printf(" %s %a", name, value);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 1);
    uint32_t hash = FNV_START;
    for (uint32_t round = 0; round < rounds; round++)
        for (int i = 0; i < COUNT; i++)
            for (int j = 0; j < COUNT; j++) {
                double a = values[i], b = values[j];
                double results[5] = {a + b, a - b, a * b, a / b, fma(a, b, values[(i + j) % COUNT])};
                for (int k = 0; k < 5; k++) {
                    if (isnan(results[k]))
                        results[k] = 12345.0;
                    hash = fnv1a(hash, &results[k], sizeof *results);
                }
                int compared = (a < b) | (a <= b) << 1 | (a == b) << 2 | (a > b) << 3 | (a >= b) << 4 | (a != b) << 5 |
                               (isunordered(a, b) != 0) << 6;
                hash = fnv1a(hash, &compared, sizeof compared);
            }
    printf("arithmetic %08x\n", hash);
    for (int i = 0; i < COUNT; i++) {
        double a = values[i];
        printf("%2d", i);
        show("floor", floor(a)), show("ceil", ceil(a)), show("trunc", trunc(a)), show("round", round(a));
        show("rint", rint(a)), show("sqrt", sqrt(fabs(a))), show("float", (float)a);
        printf(" sign %d class %d%d%d%d\n", !isnan(a) && signbit(a) != 0, isfinite(a) != 0, isinf(a) != 0, isnan(a) != 0,
               isnormal(a) != 0);
        if (fabs(a) < 1e18)
            printf("   int %lld %d unsigned %llu\n", (long long)a, fabs(a) < 2e9 ? (int)a : 0,
                   (unsigned long long)fabs(a));
    }
    for (int i = 0; i < FLOATS; i++) {
        float a = floats[i];
        printf("f %a %a %a %a\n", a * 1.5f, a / 3.0f, a + 1.0f, sqrtf(fabsf(a)));
    }
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int i = 0; i < 4; i++) {
        CHECK(fesetround(modes[i]) == 0);
        volatile double third = values[2] / (values[4] + 0.5), tenth = values[7] * values[7];
        volatile float narrow = (float)third;
        printf("mode %d %a %a %a %a %lld\n", i, third, tenth, narrow, rint(values[4]), llrint(values[6]));
    }
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    volatile double result = values[2] / values[0];
    printf("by zero %d inexact %d", fetestexcept(FE_DIVBYZERO) != 0, fetestexcept(FE_INEXACT) != 0);
    feclearexcept(FE_ALL_EXCEPT);
    result = values[8] * values[8];
    printf(" overflow %d", fetestexcept(FE_OVERFLOW) != 0);
    feclearexcept(FE_ALL_EXCEPT);
    result = values[15] - values[15];
    printf(" invalid %d", fetestexcept(FE_INVALID) != 0);
    feclearexcept(FE_ALL_EXCEPT);
    result = values[11] * values[7];
    printf(" underflow %d\n", fetestexcept(FE_UNDERFLOW) != 0);
    (void)result;
    return 0;
}
