// Signals of AArch32: handlers of both instruction sets, with every kind of frame and return; what the context says of a fault; faults in
// the middle of an IT block; what must survive a handler; calls that go on from T32; and the kernel's helpers.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define ARM __attribute__((target("arm"), noinline))
#define THUMB __attribute__((target("thumb"), noinline))
#define PSR_T 0x20u
#define IT(cpsr) (((cpsr) >> 25 & 3) | ((cpsr) >> 8 & 0xfc))

static volatile int caught, last_signal, last_code;
static volatile uint32_t last_cpsr, last_trap, last_error, last_address, last_it;
static volatile uint32_t place; // what a faulting store is mended to

static int ok(const char *what, int good) {
    printf("%-44s %s\n", what, good ? "ok" : "WRONG");
    fflush(stdout);
    return good;
}

ARM static void plain_arm(int signal) { caught += signal; }
THUMB static void plain_thumb(int signal) { caught += signal; }
ARM static void info_arm(int signal, siginfo_t *info, void *context) {
    caught += signal + (info->si_signo == signal) + (((ucontext_t *)context)->uc_mcontext.arm_sp != 0);
}
THUMB static void info_thumb(int signal, siginfo_t *info, void *context) {
    caught += signal + (info->si_signo == signal) + (((ucontext_t *)context)->uc_mcontext.arm_sp != 0);
}

struct kernel_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint32_t mask[2];
};

static void install(int signal, void *handler, unsigned long flags) {
    struct kernel_action action = {handler, flags, 0, {0, 0}};
    syscall(SYS_rt_sigaction, signal, &action, 0, 8);
}

// Remembers what happened, and goes on: behind the instruction, or (a store through r2) at the same one with a good address.
static void on_fault(int signal, siginfo_t *info, void *pointer) {
    mcontext_t *context = &((ucontext_t *)pointer)->uc_mcontext;
    last_signal = signal;
    last_code = info->si_code;
    last_cpsr = context->arm_cpsr;
    last_it = context->arm_cpsr & PSR_T ? IT(context->arm_cpsr) : 0;
    last_trap = context->trap_no;
    last_error = context->error_code;
    last_address = context->fault_address;
    if (signal == SIGSEGV)
        context->arm_r2 = (uint32_t)&place;
    else
        context->arm_pc += context->arm_cpsr & PSR_T ? 2 : 4;
}

static void with_handler(int signal) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(signal, &action, 0);
}

// A store to 16, in each instruction set; answers what came to `place`.
ARM static uint32_t store_arm(uint32_t value) {
    register uint32_t at __asm__("r2") = 16;
    place = 0;
    __asm__ volatile("str %1, [%0]" : "+r"(at) : "r"(value) : "memory");
    return place;
}
THUMB static uint32_t store_thumb(uint32_t value) {
    register uint32_t at __asm__("r2") = 16;
    place = 0;
    __asm__ volatile("str %1, [%0]" : "+r"(at) : "r"(value) : "memory");
    return place;
}

#if __ARM_ARCH >= 7
// A fault in an IT block: the rest of the block must be as the processor has it.
__attribute__((naked)) THUMB static uint32_t store_in_it(uint32_t value, uint32_t flags) {
    __asm__ volatile("mov r2, #16\n"
                     "movs r3, #0\n"
                     "cmp r1, #0\n"
                     "ittee eq\n"
                     "streq r0, [r2]\n"
                     "addeq r3, r3, #1\n"
                     "strne r0, [r2]\n"
                     "addne r3, r3, #2\n"
                     "mov r0, r3\n"
                     "bx lr\n");
}

// Flags, GE and a vector register across a handler.
__attribute__((naked)) ARM static uint32_t survives(uint32_t a, uint64_t *vector) {
    __asm__ volatile("vldr d5, [r1]\n"
                     "vldr d31, [r1, #8]\n"
                     "mvn r2, #0\n"
                     "uadd8 r2, r2, r0\n"
                     "cmp r0, #1\n"
                     "udf #7\n"
                     "mrs r0, apsr\n"
                     "vstr d5, [r1]\n"
                     "vstr d31, [r1, #8]\n"
                     "bx lr\n");
}
#endif

static int pipe_ends[2];
ARM static void write_byte(int signal) {
    (void)signal;
    caught++;
    write(pipe_ends[1], "x", 1);
}

// read(2) by SVC in T32.
__attribute__((naked)) THUMB static int read_thumb(int descriptor, void *buffer, unsigned length) {
    __asm__ volatile("push {r7, lr}\n"
                     "movs r7, #3\n"
                     "svc #0\n"
                     "pop {r7, pc}\n");
}

typedef int (*cmpxchg_t)(int, int, volatile int *);
typedef int (*cmpxchg64_t)(const int64_t *, const int64_t *, volatile int64_t *);
typedef void *(*get_tls_t)(void);
typedef void (*barrier_t)(void);

int main(void) {
    void *const plain[2] = {(void *)plain_arm, (void *)plain_thumb};
    void *const info[2] = {(void *)info_arm, (void *)info_thumb};
    for (int thumb = 0; thumb < 2; thumb++) {
        // Through the C library, which has a restorer; then without one.
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = (void (*)(int))plain[thumb];
        sigaction(SIGUSR1, &action, 0);
        caught = 0;
        raise(SIGUSR1);
        ok(thumb ? "T32 handler, restorer" : "A32 handler, restorer", caught == SIGUSR1);
        action.sa_sigaction = (void (*)(int, siginfo_t *, void *))info[thumb];
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGUSR1, &action, 0);
        caught = 0;
        raise(SIGUSR1);
        ok(thumb ? "T32 handler, siginfo, restorer" : "A32 handler, siginfo, restorer", caught == SIGUSR1 + 2);
        install(SIGUSR2, plain[thumb], 0);
        caught = 0;
        raise(SIGUSR2);
        ok(thumb ? "T32 handler, kernel's return" : "A32 handler, kernel's return", caught == SIGUSR2);
        install(SIGUSR2, info[thumb], SA_SIGINFO);
        caught = 0;
        raise(SIGUSR2);
        ok(thumb ? "T32 handler, siginfo, kernel's return" : "A32 handler, siginfo, kernel's return", caught == SIGUSR2 + 2);
    }

    with_handler(SIGSEGV);
    with_handler(SIGILL);
    with_handler(SIGTRAP);
    ok("store mended, A32", store_arm(0x1234) == 0x1234 && !(last_cpsr & PSR_T));
    ok("si_code, address, trap, write", last_code == SEGV_MAPERR && last_address == 16 && last_trap == 14 && (last_error & 0x800));
    ok("store mended, T32", store_thumb(0x5678) == 0x5678 && (last_cpsr & PSR_T));
#if __ARM_ARCH >= 7
    int first = store_in_it(7, 0) == 1 && place == 7 && last_it != 0;
    int second = store_in_it(8, 1) == 2 && place == 8 && last_it != 0;
    uint64_t vector[2] = {0x0123456789abcdefull, 0xfedcba9876543210ull};
    uint32_t apsr = survives(0x01000001, vector);
    int flags = (apsr & 0xf0000000) == 0x20000000 && (apsr >> 16 & 15) == 9;
    int vectors = vector[0] == 0x0123456789abcdefull && vector[1] == 0xfedcba9876543210ull;
    if (!ok("what ARMv7 has, if it is that", first && second && flags && vectors))
        printf("IT block %d %d, flags and GE %d, vectors %d\n", first, second, flags, vectors);
#else
    __asm__ volatile(".inst 0xe7f000f7");
    ok("what ARMv7 has, if it is that", 1);
#endif
    ok("undefined instruction", last_signal == SIGILL && last_code == ILL_ILLOPC);
    __asm__ volatile("bkpt #1");
    ok("breakpoint", last_signal == SIGTRAP && last_code == TRAP_BRKPT);

    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = write_byte;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, 0);
    pipe(pipe_ends);
    struct itimerval soon = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &soon, 0);
    char byte = 0;
    caught = 0;
    int count = read_thumb(pipe_ends[0], &byte, 1);
    ok("a call of T32 goes on", count == 1 && byte == 'x' && caught == 1);

    ok("helpers' version", *(volatile int *)0xffff0ffc >= 5);
    volatile int word = 5;
    cmpxchg_t cmpxchg = (cmpxchg_t)0xffff0fc0;
    ok("cmpxchg", cmpxchg(5, 6, &word) == 0 && word == 6 && cmpxchg(5, 7, &word) != 0 && word == 6);
    volatile int64_t wide = 1ll << 40;
    int64_t old = 1ll << 40, new = -1;
    cmpxchg64_t cmpxchg64 = (cmpxchg64_t)0xffff0f60;
    ok("cmpxchg64", cmpxchg64(&old, &new, &wide) == 0 && wide == -1 && cmpxchg64(&old, &new, &wide) != 0);
    ((barrier_t)0xffff0fa0)();
    ok("get_tls", (long)((get_tls_t)0xffff0fe0)() == syscall(0xf0006));
    ok("unknown call", syscall(500) == -1);
    last_signal = 0;
    return 0;
}
