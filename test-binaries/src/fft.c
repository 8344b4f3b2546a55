/* Fast Fourier transform, there and back, of complex numbers in f64: products of complex numbers, strides that double. */
#include "common.h"
#include <math.h>

enum { LOG = 12, N = 1 << LOG };
typedef struct {
    double re, im;
} Complex;
static Complex data[N], roots[N / 2];

static void transform(Complex *x, int inverse) {
    for (uint32_t i = 1, j = 0; i < N; i++) {
        uint32_t bit = N >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            Complex t = x[i];
            x[i] = x[j], x[j] = t;
        }
    }
    for (uint32_t half = 1; half < N; half *= 2)
        for (uint32_t start = 0; start < N; start += 2 * half)
            for (uint32_t k = 0; k < half; k++) {
                Complex w = roots[k * (N / 2 / half)], a = x[start + k], b = x[start + k + half];
                double im = inverse ? -w.im : w.im;
                double re = b.re * w.re - b.im * im;
                im = b.re * im + b.im * w.re;
                x[start + k] = (Complex){a.re + re, a.im + im};
                x[start + k + half] = (Complex){a.re - re, a.im - im};
            }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 4), state = 1;
    /* Roots of unity by products of square roots: the libraries' sines may differ in the last bit. */
    Complex step = {-1, 0};
    roots[0] = (Complex){1, 0};
    for (uint32_t half = N / 4; half >= 1; half /= 2) {
        double re = sqrt((1 + step.re) / 2), im = step.im == 0 ? -1 : step.im / (2 * re);
        step = (Complex){step.im == 0 ? 0 : re, im};
        for (uint32_t i = half; i < N / 2; i += 2 * half) {
            Complex w = roots[i - half];
            roots[i] = (Complex){w.re * step.re - w.im * step.im, w.re * step.im + w.im * step.re};
        }
    }
    for (int i = 0; i < N; i++)
        data[i] = (Complex){random32(&state) / 4294967296.0, random32(&state) / 4294967296.0};
    double before = data[1].re;
    for (uint32_t round = 0; round < rounds; round++) {
        transform(data, 0);
        transform(data, 1);
        for (int i = 0; i < N; i++)
            data[i].re /= N, data[i].im /= N;
    }
    CHECK(fabs(data[1].re - before) < 1e-9);
    printf("%08x %.17g\n", fnv1a(FNV_START, data, sizeof data), data[N - 1].im);
    return 0;
}
