/* Integer matrices: 32-bit and 64-bit multiply-add, three nested loops. */
#include "common.h"

enum { N = 48 };

static uint32_t a[N][N], b[N][N], c[N][N];
static uint64_t x[N][N], y[N][N], z[N][N];

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 3);
    uint32_t seed = 7;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = random32(&seed), b[i][j] = random32(&seed);
            x[i][j] = (uint64_t)random32(&seed) << 20 | 1, y[i][j] = (uint64_t)random32(&seed) << 9;
        }
    for (uint32_t round = 0; round < rounds; round++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                uint32_t narrow = 0;
                uint64_t wide = round;
                for (int k = 0; k < N; k++) {
                    narrow += a[i][k] * b[k][j];
                    wide += x[i][k] * y[k][j];
                }
                c[i][j] = narrow, z[i][j] = wide;
            }
        memcpy(a, c, sizeof a);
        memcpy(x, z, sizeof x);
    }
    printf("narrow %08x wide %08x corner %u %llu\n", fnv1a(FNV_START, c, sizeof c), fnv1a(FNV_START, z, sizeof z),
           c[N - 1][N - 1], (unsigned long long)z[0][N - 1]);
    return 0;
}
