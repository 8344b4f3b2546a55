/* Threads: create, join, mutexes, condition variables, thread-local storage, once, barriers, read-write locks,
 * cancellation, stacks. */
#include "common.h"
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

enum { THREADS = 4 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static pthread_key_t key;
static sem_t semaphore;
static uint32_t rounds, guarded, turn, initialised, destroyed, read_sum;
static __thread uint32_t local = 5;
static __thread char local_text[32] = "thread-local";

static void initialise(void) { initialised++; }
static void destroy(void *value) {
    pthread_mutex_lock(&mutex);
    destroyed += *(uint32_t *)value;
    pthread_mutex_unlock(&mutex);
    free(value);
}

static void *worker(void *argument) {
    uint32_t self = (uint32_t)(uintptr_t)argument;
    CHECK(local == 5 && strcmp(local_text, "thread-local") == 0);
    local_text[0] = (char)('A' + self);
    pthread_once(&once, initialise);
    uint32_t *own = malloc(sizeof *own);
    *own = self + 1;
    pthread_setspecific(key, own);
    pthread_barrier_wait(&barrier);
    for (uint32_t i = 0; i < rounds; i++) {
        pthread_mutex_lock(&mutex);
        guarded = guarded + 1;
        pthread_mutex_unlock(&mutex);
        local += self;
        if (i % 16 == 0) {
            if (self == 0) {
                pthread_rwlock_wrlock(&rwlock);
                read_sum++;
            } else
                pthread_rwlock_rdlock(&rwlock);
            pthread_rwlock_unlock(&rwlock);
        }
    }
    pthread_barrier_wait(&barrier);
    for (uint32_t i = 0; i < rounds / 10; i++) { /* round-robin by a condition variable */
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != self)
            pthread_cond_wait(&changed, &mutex);
        turn++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    CHECK(local_text[0] == (char)('A' + self) && *(uint32_t *)pthread_getspecific(key) == self + 1);
    sem_post(&semaphore);
    return (void *)(uintptr_t)local;
}

static void *sleeper(void *argument) {
    struct timespec day = {86400, 0};
    nanosleep(&day, NULL);
    return argument;
}

static void *deep(void *argument) {
    volatile char block[200000];
    for (size_t i = 0; i < sizeof block; i += 1000)
        block[i] = (char)i;
    return block[5000] == (char)5000 ? argument : NULL;
}

int main(int argc, char **argv) {
    rounds = size_argument(argc, argv, 500);
    pthread_t threads[THREADS];
    CHECK(pthread_key_create(&key, destroy) == 0 && sem_init(&semaphore, 0, 0) == 0);
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, worker, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(sem_wait(&semaphore) == 0);
    uint32_t results = 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        results += (uint32_t)(uintptr_t)result;
    }
    printf("guarded %u turn %u results %u once %u destroyed %u writes %u\n", guarded, turn, results, initialised, destroyed,
           read_sum);
    CHECK(local == 5 && local_text[0] == 't');

    pthread_t thread;
    void *result;
    CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0 && pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 1 << 20) == 0);
    CHECK(pthread_create(&thread, &attributes, deep, &key) == 0 && pthread_join(thread, &result) == 0 && result == &key);
    uint32_t created = 0;
    for (uint32_t i = 0; i < rounds / 10; i++, created++)
        CHECK(pthread_create(&thread, &attributes, deep, &key) == 0 && pthread_join(thread, NULL) == 0);
    printf("created %u\n", created);

    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 10000000;
    if (soon.tv_nsec >= 1000000000)
        soon.tv_nsec -= 1000000000, soon.tv_sec++;
    pthread_mutex_lock(&mutex);
    int late;
    do
        late = pthread_cond_timedwait(&changed, &mutex, &soon);
    while (late == 0);
    pthread_mutex_unlock(&mutex);
    puts(strerror(late) != NULL && late ? "timed out" : "odd");
    return 0;
}
