/* Code that is written, run, changed and run again, with the cache maintenance that the architecture asks for; AArch64 and
 * AArch32 (A32 and T32 in turns) write their own instructions, other machines only give the expected numbers. Also the same page
 * mapped twice. */
#define _GNU_SOURCE
#include "common.h"
#include <sys/mman.h>
#include <unistd.h>

#ifdef __aarch64__
static void synchronise(const void *start, size_t length) {
    uint64_t type;
    __asm__("mrs %0, ctr_el0" : "=r"(type));
    size_t data_line = 4u << (type >> 16 & 15), code_line = 4u << (type & 15);
    for (uintptr_t p = (uintptr_t)start & ~(data_line - 1); p < (uintptr_t)start + length; p += data_line)
        __asm__ volatile("dc cvau, %0" ::"r"(p) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
    for (uintptr_t p = (uintptr_t)start & ~(code_line - 1); p < (uintptr_t)start + length; p += code_line)
        __asm__ volatile("ic ivau, %0" ::"r"(p) : "memory");
    __asm__ volatile("dsb ish\nisb" ::: "memory");
}

/* x0 + immediate: add x0, x0, #imm; ret. The offset of its entry. */
static uintptr_t write_adder(uint32_t *at, uint32_t immediate) {
    at[0] = 0x91000000u | immediate << 10;
    at[1] = 0xd65f03c0u;
    return 0;
}
#endif

#ifdef __arm__
#include <sys/syscall.h>

static void synchronise(const void *start, size_t length) {
    CHECK(syscall(0x0f0002, start, (uintptr_t)start + length, 0) == 0); /* cacheflush */
}

/* r0 and r1 + immediate, in one instruction set or the other: ldr r2, literal; adds r0, r0, r2; adc r1, r1, #0; bx lr. */
static uintptr_t write_adder(uint32_t *at, uint32_t immediate) {
    static const uint32_t a32[] = {0xe59f2008, 0xe0900002, 0xe2a11000, 0xe12fff1e};
    static const uint16_t t32[] = {0x4a03, 0x1880, 0x2200, 0x4151, 0x4770, 0xdeff, 0xdeff, 0xdeff};
    static uintptr_t thumb;
    memcpy(at, thumb ? (const void *)t32 : (const void *)a32, 16);
    at[4] = immediate;
    uintptr_t entry = thumb;
    thumb ^= 1;
    return entry;
}
#endif

#if defined(__aarch64__) || defined(__arm__)
#define WRITES_CODE 1
#define LENGTH 20
#endif

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 300);
    uint64_t sum = 0;
#ifdef WRITES_CODE
    uintptr_t entry;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint32_t *code = mmap(NULL, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(code != MAP_FAILED);
    for (uint32_t round = 0; round < rounds; round++) {
        entry = write_adder(code, round % 4096);
        synchronise(code, LENGTH);
        for (int i = 0; i < 20; i++)
            sum = ((uint64_t(*)(uint64_t))((uintptr_t)code + entry))(sum);
    }
    /* Protection changed in between: writable, then executable. */
    for (uint32_t round = 0; round < rounds / 10; round++) {
        CHECK(mprotect(code, page, PROT_READ | PROT_WRITE) == 0);
        entry = write_adder(code, round * 2 + 1);
        synchronise(code, LENGTH);
        CHECK(mprotect(code, page, PROT_READ | PROT_EXEC) == 0);
        sum = ((uint64_t(*)(uint64_t))((uintptr_t)code + entry))(sum);
    }
    /* Unmapped, and other code mapped at the same place. */
    for (uint32_t round = 0; round < rounds / 10; round++) {
        CHECK(munmap(code, page) == 0);
        CHECK(mmap(code, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == code);
        entry = write_adder(code, round * 3 + 2);
        synchronise(code, LENGTH);
        sum = ((uint64_t(*)(uint64_t))((uintptr_t)code + entry))(sum);
    }
    /* One page, mapped twice: written through one address, run at the other. */
    int fd = memfd_create("code", 0);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)page) == 0);
    uint32_t *writable = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint32_t *runnable = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(writable != MAP_FAILED && runnable != MAP_FAILED);
    for (uint32_t round = 0; round < rounds; round++) {
        entry = write_adder(writable, round % 4096);
        synchronise(writable, LENGTH);
        synchronise(runnable, LENGTH);
        sum = ((uint64_t(*)(uint64_t))((uintptr_t)runnable + entry))(sum);
    }
#else
    for (uint32_t round = 0; round < rounds; round++)
        sum += 20ull * (round % 4096) + round % 4096;
    for (uint32_t round = 0; round < rounds / 10; round++)
        sum += (round * 2 + 1) + (round * 3 + 2);
#endif
    printf("sum %llu\n", (unsigned long long)sum);
    return 0;
}
