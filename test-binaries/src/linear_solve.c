/* Linear equations by elimination with partial pivoting, as Linpack does: f64, mostly y += a * x over rows. */
#include "common.h"
#include <math.h>

enum { MOST = 400 };
static double a[MOST][MOST + 1], x[MOST];

static void solve(uint32_t n) {
    for (uint32_t column = 0; column < n; column++) {
        uint32_t pivot = column;
        for (uint32_t i = column + 1; i < n; i++)
            if (fabs(a[i][column]) > fabs(a[pivot][column]))
                pivot = i;
        for (uint32_t k = column; k <= n && pivot != column; k++) {
            double t = a[pivot][k];
            a[pivot][k] = a[column][k], a[column][k] = t;
        }
        for (uint32_t i = column + 1; i < n; i++) {
            double factor = a[i][column] / a[column][column];
            for (uint32_t k = column; k <= n; k++)
                a[i][k] -= factor * a[column][k];
        }
    }
    for (uint32_t i = n; i-- > 0;) {
        double sum = a[i][n];
        for (uint32_t k = i + 1; k < n; k++)
            sum -= a[i][k] * x[k];
        x[i] = sum / a[i][i];
    }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 1), n = 200, hash = FNV_START;
    double most = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t state = round + 1;
        for (uint32_t i = 0; i < n; i++) {
            a[i][n] = 0;
            for (uint32_t k = 0; k < n; k++) {
                a[i][k] = random32(&state) / 4294967296.0 - 0.5;
                a[i][n] += a[i][k];
            }
        }
        solve(n);
        for (uint32_t i = 0; i < n; i++)
            most = fmax(most, fabs(x[i] - 1));
        hash = fnv1a(hash, x, n * sizeof *x);
    }
    CHECK(most < 1e-6);
    printf("%08x %.17g\n", hash, most);
    return 0;
}
