/* Spheres above a plane with shadows and mirrors: f64 in small structures, square roots, calls that recurse. */
#include "common.h"
#include <math.h>

typedef struct {
    double x, y, z;
} Vec;
typedef struct {
    Vec centre, colour;
    double radius, mirror;
} Sphere;

enum { SPHERES = 9 };
static Sphere spheres[SPHERES];
static const Vec light = {-5, 8, -6};

static Vec add(Vec a, Vec b) { return (Vec){a.x + b.x, a.y + b.y, a.z + b.z}; }
static Vec scale(Vec a, double f) { return (Vec){a.x * f, a.y * f, a.z * f}; }
static Vec sub(Vec a, Vec b) { return add(a, scale(b, -1)); }
static double dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static Vec unit(Vec a) { return scale(a, 1 / sqrt(dot(a, a))); }

/* The distance to the sphere along a ray, or a negative number. */
static double hit(const Sphere *sphere, Vec from, Vec way) {
    Vec to = sub(sphere->centre, from);
    double middle = dot(to, way);
    double square = sphere->radius * sphere->radius - dot(to, to) + middle * middle;
    if (square < 0)
        return -1;
    double half = sqrt(square);
    return middle - half > 1e-6 ? middle - half : middle + half > 1e-6 ? middle + half : -1;
}

static const Sphere *nearest(Vec from, Vec way, double *distance) {
    const Sphere *found = NULL;
    for (int i = 0; i < SPHERES; i++) {
        double d = hit(&spheres[i], from, way);
        if (d > 0 && (!found || d < *distance))
            found = &spheres[i], *distance = d;
    }
    return found;
}

static Vec trace(Vec from, Vec way, int depth) {
    double distance = 0;
    const Sphere *sphere = nearest(from, way, &distance);
    double plane = way.y < 0 ? -(from.y + 1) / way.y : -1;
    Vec normal, colour, at;
    double mirror;
    if (plane > 1e-6 && (!sphere || plane < distance)) {
        at = add(from, scale(way, plane)), normal = (Vec){0, 1, 0}, mirror = 0.2;
        colour = ((int)floor(at.x) + (int)floor(at.z)) & 1 ? (Vec){0.9, 0.9, 0.9} : (Vec){0.2, 0.2, 0.3};
    } else if (sphere) {
        at = add(from, scale(way, distance)), normal = unit(sub(at, sphere->centre));
        colour = sphere->colour, mirror = sphere->mirror;
    } else {
        return scale((Vec){0.4, 0.6, 0.9}, 0.5 + 0.5 * way.y);
    }
    Vec to_light = unit(sub(light, at));
    double bright = dot(normal, to_light), unused = 0;
    if (bright < 0 || nearest(at, to_light, &unused))
        bright = 0;
    colour = scale(colour, 0.15 + 0.85 * bright);
    if (depth > 0) {
        Vec reflected = sub(way, scale(normal, 2 * dot(way, normal)));
        colour = add(scale(colour, 1 - mirror), scale(trace(at, unit(reflected), depth - 1), mirror));
    }
    return colour;
}

int main(int argc, char **argv) {
    uint32_t size = size_argument(argc, argv, 24), hash = FNV_START;
    for (int i = 0; i < SPHERES; i++)
        spheres[i] = (Sphere){{(i % 3 - 1) * 1.8, i / 3 * 0.9 - 0.2, i % 2 + i / 3 * 1.1},
                              {0.3 + 0.07 * i, 0.9 - 0.08 * i, 0.5},
                              0.5 + 0.05 * i,
                              0.1 * i};
    for (uint32_t y = 0; y < size; y++)
        for (uint32_t x = 0; x < size; x++) {
            Vec way = {(x + 0.5) / size * 2 - 1, 1 - (y + 0.5) / size * 2, 1.6};
            Vec colour = trace((Vec){0, 1, -5}, unit(way), 4);
            unsigned char pixel[3] = {colour.x * 255, colour.y * 255, colour.z * 255};
            hash = fnv1a(hash, pixel, sizeof pixel);
        }
    printf("%08x\n", hash);
    return 0;
}
