/* Linked into the ARMv5TE programs only: the __sync functions that a compiler calls on a machine without exclusive
 * loads, built on the compare-and-swap that the kernel offers at 0xffff0fc0 (kernel_user_helpers.rst in Linux). */
#include <stdint.h>

typedef int kernel_compare_and_swap(uint32_t old, uint32_t new, volatile uint32_t *pointer);
#define KERNEL_CAS ((kernel_compare_and_swap *)0xffff0fc0)
#define KERNEL_BARRIER ((void (*)(void))0xffff0fa0)

/* Replaces the bits of `mask` in the word that holds `pointer` by `new`, if they are `old`; gives what was there. */
static uint32_t masked_swap(volatile void *pointer, uint32_t mask, uint32_t old, uint32_t new, int always) {
    volatile uint32_t *word = (volatile uint32_t *)((uintptr_t)pointer & ~3u);
    unsigned shift = ((uintptr_t)pointer & 3) * 8;
    for (;;) {
        uint32_t seen = *word, value = seen >> shift & mask;
        if (!always && value != (old & mask))
            return value;
        uint32_t next = (seen & ~(mask << shift)) | (new & mask) << shift;
        if (KERNEL_CAS(seen, next, word) == 0)
            return value;
    }
}

#define FAMILY(size, type, mask)                                                                                       \
    type sync_val_cas_##size(volatile void *p, type o, type n) __asm__("__sync_val_compare_and_swap_" #size);          \
    type sync_val_cas_##size(volatile void *p, type o, type n) { return (type)masked_swap(p, mask, o, n, 0); }         \
    type sync_swap_##size(volatile void *p, type n) __asm__("__sync_lock_test_and_set_" #size);                        \
    type sync_swap_##size(volatile void *p, type n) { return (type)masked_swap(p, mask, 0, n, 1); }                    \
    FETCH(size, type, mask, add, v + n)                                                                                \
    FETCH(size, type, mask, sub, v - n)                                                                                \
    FETCH(size, type, mask, and, v & n)                                                                                \
    FETCH(size, type, mask, or, v | n)                                                                                 \
    FETCH(size, type, mask, xor, v ^ n)
#define FETCH(size, type, mask, name, expression)                                                                      \
    type sync_##name##_##size(volatile type *p, type n) __asm__("__sync_fetch_and_" #name "_" #size);                  \
    type sync_##name##_##size(volatile type *p, type n) {                                                              \
        for (;;) {                                                                                                     \
            type v = *p;                                                                                               \
            if ((type)masked_swap(p, mask, v, (type)(expression), 0) == v)                                             \
                return v;                                                                                              \
        }                                                                                                              \
    }

FAMILY(1, uint8_t, 0xffu)
FAMILY(2, uint16_t, 0xffffu)
FAMILY(4, uint32_t, 0xffffffffu)

void sync_synchronize(void) __asm__("__sync_synchronize");
void sync_synchronize(void) { KERNEL_BARRIER(); }
