/* Synthetic systems code: records, enumerations, string compares, small procedures, pointers to structures. */
#include "common.h"

typedef enum { RED, GREEN, BLUE, WHITE } Colour;

typedef struct Record {
    struct Record *next;
    Colour colour;
    int16_t small;
    int8_t tiny;
    uint8_t flags;
    int32_t count;
    char text[31];
} Record;

static Record pool[2];
static int32_t vector[50], grid[50][50];
static int global_count;
static char global_char;

static __attribute__((noinline)) Colour next_colour(Colour c, int guard) {
    switch (c) {
    case RED: return guard > 100 ? GREEN : WHITE;
    case GREEN: return BLUE;
    case BLUE: return guard & 1 ? RED : WHITE;
    default: return RED;
    }
}

static __attribute__((noinline)) int same_text(const char *a, const char *b) {
    int i = 2;
    while (i <= 2)
        if (a[i] == b[i + 1]) {
            global_char = 'A';
            i++;
        } else
            i += 3;
    if (global_char >= 'W' && global_char < 'Z')
        i = 7;
    return strcmp(a, b) > 0 ? (global_count += i + 7, 1) : 0;
}

static __attribute__((noinline)) void fill_arrays(int32_t *one, int32_t two[50][50], int index, int value) {
    int at = index + 5;
    one[at] = value;
    one[at + 1] = one[at];
    one[at + 30] = at;
    for (int i = at; i <= at + 1; i++)
        two[at][i] = at;
    two[at][at - 1]++;
    two[at + 20 > 49 ? 49 : at + 20][at] = one[at];
}

static __attribute__((noinline)) void copy_record(Record *from) {
    Record *to = from->next;
    *to = *from;
    to->next = from;
    from->count = 5;
    to->count = from->count + to->small;
    to->colour = next_colour(from->colour, to->count);
    to->small = (int16_t)(from->small * 3 - 7);
    to->tiny = (int8_t)(to->small + to->tiny);
    to->flags ^= (uint8_t)(to->tiny << 1);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 20000);
    pool[0].next = &pool[1], pool[1].next = &pool[0];
    strcpy(pool[0].text, "A PROGRAM OF SOME RECORDS");
    strcpy(pool[1].text, "A PROGRAM OF SOME RECORDS");
    uint32_t hash = FNV_START;
    int32_t a = 0, b = 3, c = 0;
    for (uint32_t round = 1; round <= rounds; round++) {
        char text[31];
        strcpy(text, round & 1 ? "A PROGRAM OF MORE STRINGS" : "A PROGRAM OF SOME RECORDS");
        a = b;
        while (a < b + 2) {
            c = 5 * a - b;
            a++;
        }
        fill_arrays(vector, grid, (int)(round % 15), c);
        copy_record(&pool[round & 1]);
        if (same_text(pool[0].text, text))
            b = (b + 1) % 9;
        c = (c * b) % 97 / (a ? a : 1);
        pool[round & 1].small = (int16_t)(pool[round & 1].small + c);
        hash = (hash ^ (uint32_t)pool[0].tiny ^ (uint32_t)pool[1].count ^ pool[1].flags) * 16777619u;
    }
    printf("a %d b %d c %d count %d char %d\n", a, b, c, global_count, global_char);
    printf("colours %d %d small %d %d hash %08x\n", pool[0].colour, pool[1].colour, pool[0].small, pool[1].small, hash);
    printf("arrays %08x %08x\n", fnv1a(FNV_START, vector, sizeof vector), fnv1a(FNV_START, grid, sizeof grid));
    return 0;
}
