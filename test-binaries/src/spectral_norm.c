/* Spectral norm of an infinite matrix, cut to n columns: f64 divisions and dot products. */
#include "common.h"
#include <math.h>

enum { MOST = 2000 };
static double u[MOST], v[MOST], t[MOST];

static double cell(uint32_t i, uint32_t j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void times(const double *in, double *out, uint32_t n, int transposed) {
    for (uint32_t i = 0; i < n; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < n; j++)
            sum += (transposed ? cell(j, i) : cell(i, j)) * in[j];
        out[i] = sum;
    }
}

int main(int argc, char **argv) {
    uint32_t n = size_argument(argc, argv, 60);
    if (n > MOST)
        return 2;
    for (uint32_t i = 0; i < n; i++)
        u[i] = 1;
    for (int round = 0; round < 10; round++) {
        times(u, t, n, 0), times(t, v, n, 1);
        times(v, t, n, 0), times(t, u, n, 1);
    }
    double uv = 0, vv = 0;
    for (uint32_t i = 0; i < n; i++)
        uv += u[i] * v[i], vv += v[i] * v[i];
    printf("%.15f\n", sqrt(uv / vv));
    return 0;
}
