/* Float SIMD with NEON intrinsics, beside the same in portable C: 4x4 matrices, vector transforms, absolute maximum,
 * selection, conversion. Products are not fused, so that every machine rounds alike. */
#include "common.h"
#ifdef __ARM_NEON
#include <arm_neon.h>
#endif

enum { N = 1024 };
static float points[N][4], moved[N][4];
static int32_t fixed[N][4];

static void multiply_c(float out[4][4], float a[4][4], float b[4][4]) {
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 4; column++) {
            float sum = a[row][0] * b[0][column];
            for (int k = 1; k < 4; k++)
                sum = sum + a[row][k] * b[k][column];
            out[row][column] = sum;
        }
}
static void transform_c(float m[4][4]) {
    for (int i = 0; i < N; i++)
        for (int column = 0; column < 4; column++) {
            float sum = points[i][0] * m[0][column];
            for (int k = 1; k < 4; k++)
                sum = sum + points[i][k] * m[k][column];
            moved[i][column] = sum > 8.0f ? 8.0f : sum;
            fixed[i][column] = (int32_t)(moved[i][column] * 65536.0f);
        }
}
static float largest_c(void) {
    float most = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++) {
            float size = moved[i][k] < 0 ? -moved[i][k] : moved[i][k];
            most = size > most ? size : most;
        }
    return most;
}

#ifdef __ARM_NEON
static float32x4_t combine(float32x4_t v, float32x4_t r0, float32x4_t r1, float32x4_t r2, float32x4_t r3) {
    float32x4_t sum = vmulq_n_f32(r0, vgetq_lane_f32(v, 0));
    sum = vaddq_f32(sum, vmulq_n_f32(r1, vgetq_lane_f32(v, 1)));
    sum = vaddq_f32(sum, vmulq_n_f32(r2, vgetq_lane_f32(v, 2)));
    return vaddq_f32(sum, vmulq_n_f32(r3, vgetq_lane_f32(v, 3)));
}
static void multiply(float out[4][4], float a[4][4], float b[4][4]) {
    float32x4_t r0 = vld1q_f32(b[0]), r1 = vld1q_f32(b[1]), r2 = vld1q_f32(b[2]), r3 = vld1q_f32(b[3]);
    for (int row = 0; row < 4; row++)
        vst1q_f32(out[row], combine(vld1q_f32(a[row]), r0, r1, r2, r3));
}
static void transform(float m[4][4]) {
    float32x4_t r0 = vld1q_f32(m[0]), r1 = vld1q_f32(m[1]), r2 = vld1q_f32(m[2]), r3 = vld1q_f32(m[3]);
    float32x4_t eight = vdupq_n_f32(8.0f);
    for (int i = 0; i < N; i++) {
        float32x4_t sum = combine(vld1q_f32(points[i]), r0, r1, r2, r3);
        sum = vbslq_f32(vcgtq_f32(sum, eight), eight, sum);
        vst1q_f32(moved[i], sum);
        vst1q_s32(fixed[i], vcvtq_n_s32_f32(sum, 16));
    }
}
static float largest(void) {
    float32x4_t most = vdupq_n_f32(0);
    for (int i = 0; i < N; i++)
        most = vmaxq_f32(most, vabsq_f32(vld1q_f32(moved[i])));
    float32x2_t half = vpmax_f32(vget_low_f32(most), vget_high_f32(most));
    return vget_lane_f32(vpmax_f32(half, half), 0);
}
#else
#define multiply multiply_c
#define transform transform_c
#define largest largest_c
#endif

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 10);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++)
            points[i][k] = (float)((i * (k + 3)) % 101) / 16.0f - 3.0f;
    float turn[4][4] = {{0.8f, -0.6f, 0, 0}, {0.6f, 0.8f, 0, 0}, {0, 0, 1.25f, 0.125f}, {0.5f, -0.25f, 0, 0.75f}};
    float matrix[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}, next[4][4];
    uint32_t hash = FNV_START;
    float sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        multiply(next, matrix, turn);
        memcpy(matrix, next, sizeof matrix);
        if (round % 8 == 7)
            memcpy(matrix, turn, sizeof matrix);
        transform(matrix);
        sum = sum * 0.5f + largest();
    }
    hash = fnv1a(hash, moved, sizeof moved);
    hash = fnv1a(hash, fixed, sizeof fixed);
#ifdef __ARM_NEON
    multiply_c(next, matrix, turn);
    float other[4][4];
    multiply(other, matrix, turn);
    CHECK(memcmp(next, other, sizeof next) == 0);
    CHECK(largest() == largest_c());
    transform_c(matrix);
    uint32_t again = fnv1a(FNV_START, moved, sizeof moved);
    CHECK(fnv1a(again, fixed, sizeof fixed) == hash);
#endif
    printf("sum %.9g hash %08x\n", sum, hash);
    return 0;
}
