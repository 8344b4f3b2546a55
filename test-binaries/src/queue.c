/* Producers and consumers around one queue: a mutex, two conditions, a barrier, and thread-local sums. */
#include "common.h"
#include <pthread.h>

enum { SLOTS = 64, SIDES = 2 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t start;
static uint32_t slots[SLOTS], head, tail, each;
static _Thread_local uint64_t sum;
static uint64_t total;

static void *produce(void *side) {
    pthread_barrier_wait(&start);
    for (uint32_t i = 0; i < each; i++) {
        pthread_mutex_lock(&lock);
        while (head - tail == SLOTS)
            pthread_cond_wait(&emptied, &lock);
        slots[head++ % SLOTS] = i * SIDES + (uint32_t)(uintptr_t)side;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *consume(void *side) {
    (void)side;
    pthread_barrier_wait(&start);
    for (uint32_t i = 0; i < each; i++) {
        pthread_mutex_lock(&lock);
        while (head == tail)
            pthread_cond_wait(&filled, &lock);
        sum += slots[tail++ % SLOTS];
        pthread_cond_signal(&emptied);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    total += sum;
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[2 * SIDES];
    each = size_argument(argc, argv, 2000);
    CHECK(pthread_barrier_init(&start, NULL, 2 * SIDES) == 0);
    for (uintptr_t i = 0; i < 2 * SIDES; i++)
        CHECK(pthread_create(&threads[i], NULL, i % 2 ? consume : produce, (void *)(i / 2)) == 0);
    for (int i = 0; i < 2 * SIDES; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%llu\n", (unsigned long long)total);
    return 0;
}
