/* Runs short A32 and T32 instruction sequences on chosen register states, under qemu-arm or on a real machine: harness.c, for
 * AArch32. crates/oracle/src/a32/qemu.rs has the other side of the two structures. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define DATA ((uint32_t *)0x10000000)
#define DATA_WORDS (96 * 1024 / 4)
#define CODE ((uint16_t *)0x30000000)
#define MAX_HALFWORDS 80
#define VFP_MAGIC 0x56465001
#define T 0x20
/* Flags, Q, GE, IT and T of CPSR. */
#define OWN 0xfe0ffc20

struct input {
    uint32_t r[15], cpsr;
    uint64_t d[32];
    uint32_t fpscr, count, watch, zero;
    uint16_t halfwords[MAX_HALFWORDS];
};

struct output {
    uint32_t signal, address, r[15], pc, cpsr, fpscr;
    uint64_t d[32];
    uint32_t changes, zero; /* index and value of that many words follow */
};

struct vfp_frame {
    uint32_t magic, size;
    uint64_t d[32];
    uint32_t fpscr;
};

static uint32_t pristine[DATA_WORDS];
static struct input in;
static struct {
    struct output head;
    uint32_t change[DATA_WORDS][2];
} out;
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

static void handler(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    mcontext_t *mc = &uc->uc_mcontext;
    struct vfp_frame *fp = (void *)uc->uc_regspace;
    if (fp->magic != VFP_MAGIC)
        _exit(4);
    if (running) {
        struct output *head = &out.head;
        memset(head, 0, sizeof *head);
        head->signal = signal;
        head->address = (uint32_t)info->si_addr;
        memcpy(head->r, &mc->arm_r0, sizeof head->r);
        head->pc = mc->arm_pc;
        head->cpsr = mc->arm_cpsr & OWN;
        head->fpscr = fp->fpscr;
        memcpy(head->d, fp->d, sizeof head->d);
        for (unsigned i = 0; in.watch && i < DATA_WORDS; i++)
            if (DATA[i] != pristine[i]) {
                out.change[head->changes][0] = i;
                out.change[head->changes][1] = DATA[i];
                head->changes++;
                DATA[i] = pristine[i];
            }
        write_all(&out, sizeof *head + head->changes * sizeof *out.change);
    }
    if (!read_all(&in, sizeof in))
        _exit(0);
    running = 1;
    alarm(60); /* a case that never ends must not hang the test */
    memset(CODE, 0, 4096);
    memcpy(CODE, in.halfwords, 2 * in.count);
    if (in.cpsr & T) {
        CODE[in.count] = 0xbe77; /* bkpt #0x77 */
    } else {
        CODE[in.count] = 0x0777;
        CODE[in.count + 1] = 0xe120;
    }
    __builtin___clear_cache((char *)CODE, (char *)CODE + 4096);
    memcpy(&mc->arm_r0, in.r, sizeof in.r);
    mc->arm_pc = (uint32_t)CODE;
    mc->arm_cpsr = (mc->arm_cpsr & ~OWN) | in.cpsr;
    fp->fpscr = in.fpscr;
    memcpy(fp->d, in.d, sizeof in.d);
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
        DATA[i] = pristine[i] = (uint32_t)(z ^ z >> 29);
    }
    static char stack[1 << 16];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    __asm__ volatile("bkpt #0x77");
    return 6;
}
