/* Particles in a box with springs between neighbours: f64 and f32 side by side, comparisons, conversions to integers. */
#include "common.h"
#include <math.h>

enum { MOST = 512, CELLS = 32 };
static double px[MOST], py[MOST], vx[MOST], vy[MOST];
static float charge[MOST];
static uint32_t visits[CELLS][CELLS];

static uint32_t cell(double at) {
    int32_t c = (int32_t)(at * CELLS);
    return c < 0 ? 0 : c >= CELLS ? CELLS - 1 : (uint32_t)c;
}

static void step(double dt) {
    for (int i = 0; i < MOST; i++) {
        int j = (i + 1) % MOST;
        double dx = px[j] - px[i], dy = py[j] - py[i];
        double length = sqrt(dx * dx + dy * dy) + 1e-9;
        double pull = (length - 0.05) * 4 * (double)(charge[i] * charge[j]) / length;
        vx[i] += dx * pull * dt, vy[i] += dy * pull * dt;
        vx[j] -= dx * pull * dt, vy[j] -= dy * pull * dt;
    }
    for (int i = 0; i < MOST; i++) {
        px[i] += vx[i] * dt, py[i] += vy[i] * dt;
        if (px[i] < 0 || px[i] > 1)
            vx[i] = -vx[i], px[i] = px[i] < 0 ? -px[i] : 2 - px[i];
        if (py[i] < 0 || py[i] > 1)
            vy[i] = -vy[i], py[i] = py[i] < 0 ? -py[i] : 2 - py[i];
        visits[cell(py[i])][cell(px[i])]++;
    }
}

int main(int argc, char **argv) {
    uint32_t steps = size_argument(argc, argv, 100), state = 7;
    for (int i = 0; i < MOST; i++) {
        px[i] = random32(&state) / 4294967296.0, py[i] = random32(&state) / 4294967296.0;
        charge[i] = 0.5f + (float)(random32(&state) >> 8) / 16777216.0f;
    }
    for (uint32_t i = 0; i < steps; i++)
        step(0.005);
    double energy = 0;
    for (int i = 0; i < MOST; i++)
        energy += vx[i] * vx[i] + vy[i] * vy[i];
    printf("%08x %.17g\n", fnv1a(FNV_START, visits, sizeof visits), energy);
    return 0;
}
