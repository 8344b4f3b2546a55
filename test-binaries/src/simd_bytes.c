/* Byte SIMD written with NEON intrinsics, beside the same work in portable C: both run where NEON exists, and must agree.
 * ASCII count, upper case, UTF-8 length, a 3x3 blur, alpha blending. */
#include "common.h"
#ifdef __ARM_NEON
#include <arm_neon.h>
#endif

enum { W = 256, H = 64, N = W * H };
static uint8_t text[N], upper[N], image[N], blurred[N], front[N], alpha[N], blended[N];

static uint32_t count_ascii_c(const uint8_t *p) {
    uint32_t count = 0;
    for (int i = 0; i < N; i++)
        count += p[i] < 0x80;
    return count;
}
static uint32_t utf8_length_c(const uint8_t *p) {
    uint32_t count = 0;
    for (int i = 0; i < N; i++)
        count += (p[i] & 0xC0) != 0x80;
    return count;
}
static void upper_c(const uint8_t *p, uint8_t *out) {
    for (int i = 0; i < N; i++)
        out[i] = p[i] >= 'a' && p[i] <= 'z' ? p[i] & 0xDF : p[i];
}
static uint8_t halving(unsigned a, unsigned b) { return (uint8_t)((a + b + 1) >> 1); }
static void blur_c(const uint8_t *p, uint8_t *out) {
    for (int i = W; i < N - W; i += 1)
        out[i] = halving(halving(p[i - 1], p[i + 1]), halving(halving(p[i - W], p[i + W]), p[i]));
}
static void blend_c(const uint8_t *a, const uint8_t *b, const uint8_t *weight, uint8_t *out) {
    for (int i = 0; i < N; i++)
        out[i] = (uint8_t)((a[i] * weight[i] + b[i] * (255 - weight[i]) + 128) >> 8);
}

#ifdef __ARM_NEON
static uint32_t sum_lanes(uint8x16_t v) {
    uint64x2_t wide = vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(v)));
    return (uint32_t)(vgetq_lane_u64(wide, 0) + vgetq_lane_u64(wide, 1));
}
static uint32_t count_ascii(const uint8_t *p) {
    uint32_t count = 0;
    for (int i = 0; i < N; i += 16)
        count += sum_lanes(vshrq_n_u8(vmvnq_u8(vld1q_u8(p + i)), 7));
    return count;
}
static uint32_t utf8_length(const uint8_t *p) {
    uint32_t count = 0;
    for (int i = 0; i < N;) {
        uint8x16_t lanes = vdupq_n_u8(0);
        for (int block = 0; block < 64 && i < N; block++, i += 16)
            lanes = vsubq_u8(lanes, vcgtq_s8(vld1q_s8((const int8_t *)p + i), vdupq_n_s8(-65)));
        count += sum_lanes(lanes);
    }
    return count;
}
static void to_upper(const uint8_t *p, uint8_t *out) {
    for (int i = 0; i < N; i += 16) {
        uint8x16_t v = vld1q_u8(p + i);
        uint8x16_t lower = vandq_u8(vcgeq_u8(v, vdupq_n_u8('a')), vcleq_u8(v, vdupq_n_u8('z')));
        vst1q_u8(out + i, vbicq_u8(v, vandq_u8(lower, vdupq_n_u8(0x20))));
    }
}
static void blur(const uint8_t *p, uint8_t *out) {
    for (int i = W; i < N - W; i += 16) {
        uint8x16_t sides = vrhaddq_u8(vld1q_u8(p + i - 1), vld1q_u8(p + i + 1));
        uint8x16_t ends = vrhaddq_u8(vrhaddq_u8(vld1q_u8(p + i - W), vld1q_u8(p + i + W)), vld1q_u8(p + i));
        vst1q_u8(out + i, vrhaddq_u8(sides, ends));
    }
}
static void blend(const uint8_t *a, const uint8_t *b, const uint8_t *weight, uint8_t *out) {
    for (int i = 0; i < N; i += 8) {
        uint8x8_t w = vld1_u8(weight + i);
        uint16x8_t sum = vmlal_u8(vmull_u8(vld1_u8(a + i), w), vld1_u8(b + i), vmvn_u8(w));
        vst1_u8(out + i, vrshrn_n_u16(sum, 8));
    }
}
#else
#define count_ascii count_ascii_c
#define utf8_length utf8_length_c
#define to_upper upper_c
#define blur blur_c
#define blend blend_c
#endif

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 8);
    uint32_t seed = 21, ascii = 0, characters = 0, hash = FNV_START;
    for (int i = 0; i < N; i++) {
        text[i] = (uint8_t)random32(&seed), image[i] = (uint8_t)(i * i >> 5), front[i] = (uint8_t)random32(&seed);
        alpha[i] = (uint8_t)(i * 3);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        ascii += count_ascii(text), characters += utf8_length(text);
        to_upper(text, upper);
        blur(image, blurred);
        blend(front, blurred, alpha, blended);
        text[round * 97 % N] ^= 0x81;
        image[(round * 1009 + W) % N] += 77;
        alpha[round * 13 % N] += 5;
    }
    hash = fnv1a(hash, upper, N);
    hash = fnv1a(hash, blurred + W, N - 2 * W);
    hash = fnv1a(hash, blended, N);
#ifdef __ARM_NEON
    static uint8_t again[N];
    to_upper(text, upper), upper_c(text, again);
    CHECK(memcmp(upper, again, N) == 0);
    blur(image, blurred), blur_c(image, again);
    CHECK(memcmp(blurred + W, again + W, N - 2 * W) == 0);
    blend(front, blurred, alpha, blended), blend_c(front, blurred, alpha, again);
    CHECK(memcmp(blended, again, N) == 0);
    CHECK(count_ascii(text) == count_ascii_c(text) && utf8_length(text) == utf8_length_c(text));
#endif
    printf("ascii %u characters %u hash %08x\n", ascii, characters, hash);
    return 0;
}
