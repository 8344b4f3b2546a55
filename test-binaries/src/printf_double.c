/* Formatting and reading of numbers: every conversion of printf, doubles to 17 digits and back. */
#include "common.h"

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 50);
    static const double values[] = {0, -0.0, 1, -1, 0.1, 1.0 / 3, 2.5, 1e21, 1e-7, 123456789.125, 1.7976931348623157e308,
                                    2.2250738585072014e-308, 5e-324, 9.999999e9, 0.00001234, 4503599627370496.5};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        printf("%f|%.0f|%e|%.3e|%g|%G|%.17g|%+.2f|%012.4f|%-14.6g|\n", values[i] < 1e30 ? values[i] : 1e30, values[i] < 1e30 ? values[i] : 1e30,
               values[i], values[i], values[i], values[i], values[i], values[i] < 1e30 ? values[i] : 1e30, values[i] < 1e5 ? values[i] : 1e5, values[i]);
    printf("%d|%5d|%-5d|%05d|%+d|% d|%u|%x|%X|%#x|%o|%#o|%c|%s|%.3s|%10s|%-10s|%%\n", 42, 42, 42, 42, 42, 42, 42u,
           0xbeefu, 0xBEEFu, 0xbeefu, 0755u, 0755u, 'x', "text", "text", "right", "left");
    printf("%ld|%lld|%llu|%llx|%hhd|%hd|%zu|%*d|%.*f\n", -7l, -1234567890123456789ll, 18446744073709551615ull,
           0x0123456789abcdefull, (signed char)-1, (short)-2, (size_t)99, 8, 5, 3, 2.0 / 3);
    uint32_t seed = 31, hash = FNV_START, failures = 0;
    char text[64];
    for (uint32_t i = 0; i < rounds; i++) {
        uint64_t bits = (uint64_t)random32(&seed) << 32 | random32(&seed);
        double value, back;
        memcpy(&value, &bits, 8);
        if (value != value || value - value != 0)
            continue;
        int length = snprintf(text, sizeof text, "%.17g", value);
        hash = fnv1a(hash, text, (size_t)length);
        back = strtod(text, NULL);
        failures += back != value;
    }
    printf("hash %08x failures %u\n", hash, failures);
    int a, n;
    unsigned b;
    double c;
    char word[16];
    n = sscanf("-17 0xfe 2.75e2 words rest", "%d %x %lf %15s", &a, &b, &c, word);
    printf("%d: %d %u %g %s\n", n, a, b, c, word);
    return 0;
}
