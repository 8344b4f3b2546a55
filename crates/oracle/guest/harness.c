/* Runs short instruction sequences on chosen register states, under qemu-aarch64 or on a real machine.
 *
 * Every case is entered by returning from a signal handler with the case's registers in the frame, and left by the
 * signal that its last instruction (or the BRK behind it) raises; so all registers are under control, SP included. Cases come on
 * stdin, results go to stdout; crates/oracle/src/qemu.rs has the other side of the two structures. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define DATA ((uint64_t *)0x1000000000)
#define DATA_WORDS (96 * 1024 / 8)
#define CODE ((uint32_t *)0x3000000000)
#define MAX_WORDS 32
#define MAX_CHANGES 40
#define END 0xd4200ee0 /* brk #0x77 */

struct input {
    uint64_t x[31], sp;
    __uint128_t v[32];
    uint32_t nzcv, fpcr, fpsr, count;
    uint32_t words[MAX_WORDS];
    uint64_t watch, zero;
};

struct output {
    uint64_t signal, address, pc;
    uint64_t x[31], sp, nzcv;
    uint32_t fpcr, fpsr;
    __uint128_t v[32];
    uint64_t changes, zero;
    uint64_t change[MAX_CHANGES][2];
};

static uint64_t pristine[DATA_WORDS];
static struct input in;
static struct output out;
static int running;

static int read_all(void *to, size_t size) {
    char *at = to;
    while (size > 0) {
        ssize_t got = read(0, at, size);
        if (got <= 0)
            return 0;
        at += got;
        size -= got;
    }
    return 1;
}

static void write_all(const void *from, size_t size) {
    const char *at = from;
    while (size > 0) {
        ssize_t put = write(1, at, size);
        if (put <= 0)
            _exit(3);
        at += put;
        size -= put;
    }
}

static struct fpsimd_context *fpsimd(ucontext_t *uc) {
    struct _aarch64_ctx *at = (void *)uc->uc_mcontext.__reserved;
    while (at->magic != FPSIMD_MAGIC) {
        if (at->magic == 0)
            _exit(4);
        at = (void *)((char *)at + at->size);
    }
    return (void *)at;
}

static void handler(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    struct fpsimd_context *fp = fpsimd(uc);
    if (running) {
        memset(&out, 0, sizeof out);
        out.signal = signal;
        out.address = (uint64_t)info->si_addr;
        out.pc = uc->uc_mcontext.pc;
        memcpy(out.x, uc->uc_mcontext.regs, sizeof out.x);
        out.sp = uc->uc_mcontext.sp;
        out.nzcv = uc->uc_mcontext.pstate & 0xf0000000;
        out.fpcr = fp->fpcr;
        out.fpsr = fp->fpsr;
        memcpy(out.v, fp->vregs, sizeof out.v);
        for (unsigned i = 0; in.watch && i < DATA_WORDS; i++)
            if (DATA[i] != pristine[i]) {
                if (out.changes < MAX_CHANGES) {
                    out.change[out.changes][0] = i;
                    out.change[out.changes][1] = DATA[i];
                    out.changes++;
                }
                DATA[i] = pristine[i];
            }
        write_all(&out, sizeof out);
    }
    if (!read_all(&in, sizeof in))
        _exit(0);
    running = 1;
    memcpy(CODE, in.words, 4 * in.count);
    CODE[in.count] = END;
    __builtin___clear_cache((char *)CODE, (char *)(CODE + in.count + 1));
    memcpy(uc->uc_mcontext.regs, in.x, sizeof in.x);
    uc->uc_mcontext.sp = in.sp;
    uc->uc_mcontext.pc = (uint64_t)CODE;
    uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & ~0xf0000000) | in.nzcv;
    fp->fpcr = in.fpcr;
    fp->fpsr = in.fpsr;
    memcpy(fp->vregs, in.v, sizeof in.v);
}

static void *map(void *at, size_t size, int protection) {
    void *got = mmap(at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (got != at)
        _exit(5);
    return got;
}

int main(void) {
    map(DATA, sizeof pristine, PROT_READ | PROT_WRITE);
    map(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    uint64_t z = 0;
    for (unsigned i = 0; i < DATA_WORDS; i++) {
        z += 0x9e3779b97f4a7c15;
        DATA[i] = pristine[i] = z ^ z >> 29;
    }
    static char stack[1 << 16];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    alarm(60); /* a case that never ends must not hang the test */
    __asm__ volatile("brk #0x77");
    return 6;
}
