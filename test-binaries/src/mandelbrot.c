/* The Mandelbrot set in f64: multiplications, additions, comparisons. */
#include "common.h"

int main(int argc, char **argv) {
    uint32_t size = size_argument(argc, argv, 60);
    uint32_t hash = FNV_START, inside = 0;
    uint64_t iterations = 0;
    for (uint32_t row = 0; row < size; row++)
        for (uint32_t column = 0; column < size; column++) {
            double cr = 3.0 * column / size - 2.25, ci = 3.0 * row / size - 1.5, zr = 0, zi = 0;
            uint32_t n = 0;
            for (; n < 100 && zr * zr + zi * zi <= 4.0; n++) {
                double next = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = next;
            }
            inside += n == 100;
            iterations += n;
            hash = fnv1a(hash, &zr, sizeof zr);
            hash = fnv1a(hash, &zi, sizeof zi);
        }
    printf("inside %u iterations %llu hash %08x\n", inside, (unsigned long long)iterations, hash);
    return 0;
}
