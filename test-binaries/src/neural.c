/* A small network of neurons that learns a function: f32 one by one, with a division for each activation. */
#include "common.h"

enum { IN = 8, HIDDEN = 24, OUT = 4 };
static float w1[HIDDEN][IN + 1], w2[OUT][HIDDEN + 1], hidden[HIDDEN], out[OUT];

/* Rises from -1 to 1; a quotient, as libraries' exponentials differ. */
static float activation(float x) { return x / (1.0f + (x < 0 ? -x : x)); }
static float slope(float y) {
    float rest = 1.0f - (y < 0 ? -y : y);
    return rest * rest;
}

static void forward(const float *in) {
    for (int h = 0; h < HIDDEN; h++) {
        float sum = w1[h][IN];
        for (int i = 0; i < IN; i++)
            sum += w1[h][i] * in[i];
        hidden[h] = activation(sum);
    }
    for (int o = 0; o < OUT; o++) {
        float sum = w2[o][HIDDEN];
        for (int h = 0; h < HIDDEN; h++)
            sum += w2[o][h] * hidden[h];
        out[o] = activation(sum);
    }
}

static float learn(const float *in, const float *wanted, float rate) {
    float error = 0, back[HIDDEN] = {0};
    forward(in);
    for (int o = 0; o < OUT; o++) {
        float miss = wanted[o] - out[o], delta = miss * slope(out[o]);
        error += miss * miss;
        for (int h = 0; h < HIDDEN; h++) {
            back[h] += delta * w2[o][h];
            w2[o][h] += rate * delta * hidden[h];
        }
        w2[o][HIDDEN] += rate * delta;
    }
    for (int h = 0; h < HIDDEN; h++) {
        float delta = back[h] * slope(hidden[h]);
        for (int i = 0; i < IN; i++)
            w1[h][i] += rate * delta * in[i];
        w1[h][IN] += rate * delta;
    }
    return error;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2000), state = 3;
    float *weights[] = {&w1[0][0], &w2[0][0]};
    size_t counts[] = {sizeof w1 / sizeof(float), sizeof w2 / sizeof(float)};
    for (int layer = 0; layer < 2; layer++)
        for (size_t i = 0; i < counts[layer]; i++)
            weights[layer][i] = (float)(random32(&state) >> 8) / 16777216.0f - 0.5f;
    float error = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t bits = random32(&state);
        float in[IN], wanted[OUT];
        for (int i = 0; i < IN; i++)
            in[i] = bits >> i & 1 ? 1.0f : -1.0f;
        for (int o = 0; o < OUT; o++)
            wanted[o] = (bits >> o ^ bits >> (o + OUT)) & 1 ? 0.5f : -0.5f;
        error += (learn(in, wanted, 0.05f) - error) * 0.01f;
    }
    printf("%08x %.9g\n", fnv1a(fnv1a(FNV_START, w1, sizeof w1), w2, sizeof w2), (double)error);
    return 0;
}
