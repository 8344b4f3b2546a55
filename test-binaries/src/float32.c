/* f32 loops that a compiler turns into vector code: saxpy, scale, minimum, conversion; and a dot product in four lanes. */
#include "common.h"

enum { N = 4096 };
static float x[N], y[N], z[N];
static int32_t integers[N];

static __attribute__((noinline)) void saxpy(float a) {
    for (int i = 0; i < N; i++)
        y[i] = a * x[i] + y[i];
}

static __attribute__((noinline)) void blend(float a) {
    for (int i = 0; i < N; i++)
        z[i] = (x[i] < y[i] ? x[i] : y[i]) * a - (x[i] > 0.5f ? 0.25f : -0.25f);
}

static __attribute__((noinline)) void convert(void) {
    for (int i = 0; i < N; i++)
        integers[i] += (int32_t)(z[i] * 64.0f);
    for (int i = 0; i < N; i++)
        x[i] += (float)(integers[i] & 255) * 0.0009765625f;
}

static __attribute__((noinline)) float dot(const float *a, const float *b) {
    float lanes[4] = {0};
    for (int i = 0; i < N; i += 4)
        for (int lane = 0; lane < 4; lane++)
            lanes[lane] += a[i + lane] * b[i + lane];
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 20);
    for (int i = 0; i < N; i++)
        x[i] = (float)(i % 97) / 97.0f, y[i] = (float)(i % 31) / 62.0f;
    float sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        saxpy(1.0f / (float)(round + 2));
        blend(0.75f);
        convert();
        sum = sum * 0.5f + dot(x, z) / N;
        for (int i = 0; i < N; i++)
            y[i] *= 0.5f, x[i] *= 0.875f;
    }
    printf("sum %.9g x %.9g y %.9g z %.9g\n", sum, x[N - 1], y[N / 2], z[N / 3]);
    printf("hash %08x %08x\n", fnv1a(FNV_START, z, sizeof z), fnv1a(FNV_START, integers, sizeof integers));
    return 0;
}
