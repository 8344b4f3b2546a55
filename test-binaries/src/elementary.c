/* What a Whetstone spends its time with: the library's elementary functions, f64, the results rounded to ten digits, as
 * libraries differ in the last ones. */
#include "common.h"
#include <math.h>

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 300);
    double waves = 0, angles = 0, growth = 0, roots = 0;
    for (uint32_t i = 1; i <= rounds; i++) {
        double x = i * 0.001, part = 1.0 / i;
        waves += sin(x) * cos(2 * x) + tan(part);
        angles += atan2(x, 1 + part) + asin(part) - acos(part / 2);
        growth += exp(-x / 50) + log(1 + x) * pow(x, part) - tanh(part);
        roots += cbrt(x) + hypot(x, part) + fmod(x, 0.7) + floor(x * 3);
    }
    printf("%.9e %.9e %.9e %.9e\n", waves, angles, growth, roots);
    return 0;
}
