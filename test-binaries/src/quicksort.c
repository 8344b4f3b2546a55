/* Three sorts of the same numbers: hand-written quicksort, heapsort, and the library's qsort with a callback. */
#include "common.h"

enum { N = 10000 };

static void quicksort(int32_t *v, int low, int high) {
    while (low < high) {
        int32_t pivot = v[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i <= j) {
                int32_t swap = v[i];
                v[i++] = v[j], v[j--] = swap;
            }
        }
        if (j - low < high - i) {
            quicksort(v, low, j);
            low = i;
        } else {
            quicksort(v, i, high);
            high = j;
        }
    }
}

static void sift(int32_t *v, int root, int length) {
    for (int child; (child = 2 * root + 1) < length; root = child) {
        if (child + 1 < length && v[child] < v[child + 1])
            child++;
        if (v[root] >= v[child])
            return;
        int32_t swap = v[root];
        v[root] = v[child], v[child] = swap;
    }
}

static void heapsort_(int32_t *v, int length) {
    for (int root = length / 2 - 1; root >= 0; root--)
        sift(v, root, length);
    for (int end = length - 1; end > 0; end--) {
        int32_t swap = v[0];
        v[0] = v[end], v[end] = swap;
        sift(v, 0, end);
    }
}

static int compare(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2);
    static int32_t one[N], two[N], three[N];
    uint32_t seed = 99, hash = FNV_START;
    for (uint32_t round = 0; round < rounds; round++) {
        for (int i = 0; i < N; i++)
            one[i] = two[i] = three[i] = (int32_t)random32(&seed) >> (round % 20);
        quicksort(one, 0, N - 1);
        heapsort_(two, N);
        qsort(three, N, sizeof *three, compare);
        CHECK(memcmp(one, two, sizeof one) == 0);
        CHECK(memcmp(one, three, sizeof one) == 0);
        hash = fnv1a(hash, one, sizeof one);
    }
    printf("first %d middle %d last %d hash %08x\n", one[0], one[N / 2], one[N - 1], hash);
    return 0;
}
