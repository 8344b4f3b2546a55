/* What every test program shares: the size argument, a fixed pseudo-random generator and a checksum. Nothing here may
 * depend on the machine: the output of a program is the same on AArch64, AArch32 and x86-64. */
#ifndef COMMON_H
#define COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first argument as a number, or `fallback` when there is none. Short in tests, long in benchmarks. */
static inline uint32_t size_argument(int argc, char **argv, uint32_t fallback) {
    return argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : fallback;
}

/* xorshift32: never zero when the seed is not. */
static inline uint32_t random32(uint32_t *state) {
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* FNV-1a over a block, continuing from `hash`; start with FNV_START. */
#define FNV_START 2166136261u
static inline uint32_t fnv1a(uint32_t hash, const void *data, size_t length) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

/* Leaves with status 1 and a message when a condition that must hold does not. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s:%d: failed: %s\n", __FILE_NAME__, __LINE__, #condition);                                        \
            fflush(stdout);                                                                                            \
            _Exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

#endif
