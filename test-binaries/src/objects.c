/* Objects of several kinds behind tables of functions, sorted and searched by the library with comparing functions: calls
 * through pointers, as compiled C++ makes them. */
#include "common.h"

typedef struct Shape Shape;
typedef struct {
    uint32_t (*area)(const Shape *);
    void (*grow)(Shape *, uint32_t);
    const char *name;
} Kind;
struct Shape {
    const Kind *kind;
    uint32_t a, b, serial;
};

static uint32_t square_area(const Shape *s) { return s->a * s->a; }
static uint32_t box_area(const Shape *s) { return s->a * s->b; }
static uint32_t triangle_area(const Shape *s) { return s->a * s->b / 2; }
static uint32_t ring_area(const Shape *s) { return 3 * (s->a * s->a - s->b * s->b); }
static void grow_a(Shape *s, uint32_t by) { s->a = (s->a + by) & 0xfff; }
static void grow_both(Shape *s, uint32_t by) { s->a = (s->a + by) & 0xfff, s->b = (s->b + by / 2) & 0xfff; }

static const Kind kinds[] = {{square_area, grow_a, "square"},
                             {box_area, grow_both, "box"},
                             {triangle_area, grow_both, "triangle"},
                             {ring_area, grow_a, "ring"}};
enum { COUNT = 1000 };
static Shape shapes[COUNT];

static int by_area(const void *x, const void *y) {
    const Shape *a = x, *b = y;
    uint32_t p = a->kind->area(a), q = b->kind->area(b);
    return p != q ? (p > q) - (p < q) : (a->serial > b->serial) - (a->serial < b->serial);
}

static int by_name(const void *x, const void *y) {
    const Shape *a = x, *b = y;
    int names = strcmp(a->kind->name, b->kind->name);
    return names ? names : (a->serial > b->serial) - (a->serial < b->serial);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 5), state = 17, hash = FNV_START;
    for (uint32_t i = 0; i < COUNT; i++)
        shapes[i] = (Shape){&kinds[random32(&state) % 4], random32(&state) & 0xfff, random32(&state) & 0xfff, i};
    for (uint32_t round = 0; round < rounds; round++) {
        for (int i = 0; i < COUNT; i++)
            shapes[i].kind->grow(&shapes[i], round + (uint32_t)i % 7);
        qsort(shapes, COUNT, sizeof *shapes, round % 2 ? by_name : by_area);
        int (*order)(const void *, const void *) = round % 2 ? by_name : by_area;
        uint32_t found = 0;
        for (int i = 0; i < COUNT; i += 7) {
            const Shape *shape = bsearch(&shapes[i], shapes, COUNT, sizeof *shapes, order);
            found += shape ? (uint32_t)(shape - shapes) : 0;
        }
        hash = fnv1a(hash, &found, sizeof found);
        hash = fnv1a(hash, &shapes[round % COUNT].serial, sizeof(uint32_t));
    }
    printf("%08x\n", hash);
    return 0;
}
