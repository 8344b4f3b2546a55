/* Ends by a fault or with a status, by its argument. What was printed before is seen. */
#include "common.h"
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static __attribute__((noinline)) uint32_t overflow(volatile uint32_t depth) {
    volatile char frame[1024];
    frame[depth % 1024] = 1;
    if (depth == UINT32_MAX) /* never */
        return 0;
    return overflow(depth + 1) + (uint32_t)frame[0];
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    printf("about to %s\n", kind);
    fflush(stdout);
    if (strcmp(kind, "read-null") == 0) {
        volatile int *volatile null = NULL;
        return *null;
    } else if (strcmp(kind, "write-null") == 0) {
        volatile int *volatile null = NULL;
        *null = 1;
    } else if (strcmp(kind, "write-code") == 0) {
        *(volatile char *)(uintptr_t)main = 0;
    } else if (strcmp(kind, "jump-wild") == 0) {
        void (*volatile wild)(void) = (void (*)(void))(uintptr_t)0x5554440;
        wild();
    } else if (strcmp(kind, "run-data") == 0) {
        static uint32_t data[4];
        void (*volatile wild)(void) = (void (*)(void))(uintptr_t)data;
        wild();
    } else if (strcmp(kind, "undefined") == 0) {
#if defined(__aarch64__) || defined(__arm__)
        __asm__ volatile("udf #0");
#else
        __asm__ volatile("ud2");
#endif
    } else if (strcmp(kind, "trap") == 0) {
#ifdef __aarch64__
        __asm__ volatile("brk #0");
#elif defined(__thumb__)
        __asm__ volatile(".inst.n 0xde01"); /* the breakpoint that Linux knows */
#elif defined(__arm__)
        __asm__ volatile(".inst 0xe7f001f0"); /* the same */
#else
        __asm__ volatile("int3");
#endif
    } else if (strcmp(kind, "overflow") == 0) {
        return (int)overflow(0);
    } else if (strcmp(kind, "abort") == 0) {
        abort();
    } else if (strcmp(kind, "fpe") == 0) {
        raise(SIGFPE);
    } else if (strcmp(kind, "term") == 0) {
        kill(getpid(), SIGTERM);
        pause();
    } else if (strcmp(kind, "bus") == 0) {
        FILE *file = tmpfile();
        volatile char *page = file ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0) : NULL;
        return page[100];
    } else if (strcmp(kind, "exit") == 0)
        return argc > 2 ? atoi(argv[2]) : 0;
    return 99;
}
