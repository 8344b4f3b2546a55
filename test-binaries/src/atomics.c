/* Atomic operations of every size and kind, alone and by four threads at once; message passing with acquire and
 * release. The same source is built with load- and store-exclusives and with LSE. */
#include "common.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4 };

static uint32_t rounds;
static _Atomic uint8_t byte;
static _Atomic uint16_t half;
static _Atomic uint32_t word, flag, locked;
#if __SIZEOF_POINTER__ == 8
typedef uint64_t Wide;
#else
typedef uint32_t Wide;
#endif
static _Atomic Wide wide, maximum;
static uint32_t message, guarded;

static void *worker(void *argument) {
    uint32_t self = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < rounds; i++) {
        atomic_fetch_add(&byte, 1);
        atomic_fetch_sub(&half, 3);
        atomic_fetch_xor(&word, 1u << (i + self) % 32);
        atomic_fetch_add_explicit(&wide, self * 1000 + i, memory_order_relaxed);
        Wide seen = atomic_load(&maximum), mine = (Wide)i * 7 + self;
        while (mine > seen && !atomic_compare_exchange_weak(&maximum, &seen, mine))
            ;
        while (atomic_exchange_explicit(&locked, 1, memory_order_acquire))
            while (atomic_load_explicit(&locked, memory_order_relaxed))
                sched_yield();
        guarded++;
        atomic_store_explicit(&locked, 0, memory_order_release);
    }
    return NULL;
}

static void *consumer(void *argument) {
    uint32_t *sum = argument;
    for (uint32_t i = 1; i <= rounds; i++) {
        while (atomic_load_explicit(&flag, memory_order_acquire) != 2 * i - 1)
            sched_yield();
        *sum = *sum * 3 + message;
        atomic_store_explicit(&flag, 2 * i, memory_order_release);
    }
    return NULL;
}

int main(int argc, char **argv) {
    rounds = size_argument(argc, argv, 300);
    _Atomic uint32_t alone = 0xf0f0f0f0;
    uint32_t expected = 5, before[8];
    before[0] = atomic_fetch_or(&alone, 0x0000ff00), before[1] = atomic_fetch_and(&alone, 0xffff0fff);
    before[2] = atomic_fetch_xor(&alone, 0xffffffff), before[3] = atomic_exchange(&alone, 4);
    before[4] = (uint32_t)atomic_compare_exchange_strong(&alone, &expected, 9), before[5] = expected;
    before[6] = (uint32_t)atomic_compare_exchange_strong(&alone, &expected, 9), before[7] = atomic_load(&alone);
    for (int i = 0; i < 8; i++)
        printf("%x ", before[i]);
    putchar('\n');
    atomic_thread_fence(memory_order_seq_cst);
    atomic_flag once = ATOMIC_FLAG_INIT;
    int first = atomic_flag_test_and_set(&once), second = atomic_flag_test_and_set(&once);
    printf("flag %d %d\n", first, second);

    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, worker, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("byte %u half %u word %08x wide %llu maximum %llu guarded %u\n", atomic_load(&byte), atomic_load(&half),
           atomic_load(&word), (unsigned long long)atomic_load(&wide), (unsigned long long)atomic_load(&maximum), guarded);

    uint32_t sum = 0;
    CHECK(pthread_create(&threads[0], NULL, consumer, &sum) == 0);
    for (uint32_t i = 1; i <= rounds; i++) {
        message = i * i;
        atomic_store_explicit(&flag, 2 * i - 1, memory_order_release);
        while (atomic_load_explicit(&flag, memory_order_acquire) != 2 * i)
            sched_yield();
    }
    CHECK(pthread_join(threads[0], NULL) == 0);
    printf("messages %08x\n", sum);
    return 0;
}
