/* Signals: handlers with siginfo, masks, pending signals, alternate stacks, faults caught and stepped over by longjmp,
 * timers, restarts of system calls, sigwait, queued values. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, last_signal, last_code, last_value, on_stack, nested;
static void *volatile last_address;
static char alternate[65536];
static sigjmp_buf target;

static void handler(int signal, siginfo_t *info, void *context) {
    char here;
    count++, last_signal = signal, last_code = info->si_code, last_address = info->si_addr;
    on_stack = &here >= alternate && &here < alternate + sizeof alternate;
    if (info->si_code == SI_QUEUE)
        last_value = info->si_value.sival_int;
    CHECK(context != NULL && ((ucontext_t *)context)->uc_stack.ss_flags != 12345);
}

static void jumper(int signal, siginfo_t *info, void *context) {
    handler(signal, info, context);
    siglongjmp(target, 1);
}

static void nester(int signal) {
    nested++;
    if (signal == SIGUSR1) {
        raise(SIGUSR2); /* blocked by sa_mask until this handler returns */
        CHECK(nested % 2 == 1);
    }
}

static void set(int signal, void (*function)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = function, .sa_flags = SA_SIGINFO | flags};
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static __attribute__((noinline)) int overflow(volatile int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    if (depth < 0) /* never */
        return 0;
    return overflow(depth + 1) + frame[0];
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 20);
    set(SIGUSR1, handler, 0);
    for (uint32_t i = 0; i < rounds; i++)
        CHECK(raise(SIGUSR1) == 0);
    printf("raised %d code %d\n", (int)count, (int)last_code == SI_TKILL);
    CHECK(kill(getpid(), SIGUSR1) == 0 && last_code == SI_USER);
    union sigval value = {.sival_int = 777};
    CHECK(sigqueue(getpid(), SIGUSR1, value) == 0);
    printf("queued %d\n", (int)last_value);

    sigset_t set_one, old, pending;
    sigemptyset(&set_one), sigaddset(&set_one, SIGUSR1);
    count = 0;
    CHECK(sigprocmask(SIG_BLOCK, &set_one, &old) == 0 && !sigismember(&old, SIGUSR1));
    raise(SIGUSR1), raise(SIGUSR1);
    CHECK(count == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
    printf("pending delivered %d\n", (int)count);
    CHECK(sigprocmask(SIG_BLOCK, &set_one, NULL) == 0 && raise(SIGUSR1) == 0);
    int got = 0;
    CHECK(sigwait(&set_one, &got) == 0 && got == SIGUSR1 && count == 1);
    CHECK(raise(SIGUSR1) == 0 && sigsuspend(&old) == -1 && errno == EINTR && count == 2);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);

    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, previous;
    CHECK(sigaltstack(&stack, NULL) == 0 && sigaltstack(NULL, &previous) == 0 && previous.ss_sp == alternate);
    set(SIGUSR2, handler, SA_ONSTACK);
    on_stack = 0, raise(SIGUSR2);
    printf("alternate stack %d", (int)on_stack);
    raise(SIGUSR1);
    printf(" ordinary stack %d\n", (int)on_stack);

    set(SIGSEGV, jumper, SA_ONSTACK);
    char *hole = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(hole != MAP_FAILED);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(target, 1) == 0)
            *(volatile char *)(hole + 1000 * i) = 1;
        else
            CHECK(last_address == hole + 1000 * i && last_code == SEGV_ACCERR && on_stack);
    munmap(hole, 1 << 16);
    if (sigsetjmp(target, 1) == 0)
        (void)*(volatile int *)hole;
    printf("unmapped: %d address %d\n", last_code == SEGV_MAPERR, last_address == hole);
    if (sigsetjmp(target, 1) == 0)
        overflow(0);
    printf("stack overflow caught on the alternate stack: %d\n", (int)on_stack);
    void (*volatile wild)(void) = (void (*)(void))(uintptr_t)16;
    if (sigsetjmp(target, 1) == 0)
        wild();
    printf("wild jump: %d\n", last_address == (void *)16);

    struct sigaction action = {.sa_handler = nester};
    sigemptyset(&action.sa_mask), sigaddset(&action.sa_mask, SIGUSR2);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);
    raise(SIGUSR1);
    printf("nested %d\n", (int)nested);

    struct sigaction once = {.sa_handler = nester, .sa_flags = SA_RESETHAND}, now;
    CHECK(sigaction(SIGHUP, &once, NULL) == 0 && raise(SIGHUP) == 0);
    CHECK(sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    signal(SIGHUP, SIG_IGN), raise(SIGHUP);

    count = 0;
    set(SIGALRM, handler, 0);
    struct itimerval timer = {{0, 2000}, {0, 2000}}, off = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    while (count < 3)
        ;
    CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0 && last_signal == SIGALRM);
    puts("timer interrupts a loop");
    struct timespec nap = {5, 0}, left;
    timer.it_interval.tv_usec = 0, timer.it_value.tv_usec = 20000;
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    CHECK(nanosleep(&nap, &left) == -1 && errno == EINTR && left.tv_sec >= 3);
    puts("timer interrupts a sleep");
    alarm(1000);
    CHECK(alarm(0) > 900);

    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    for (int restart = 0; restart < 2; restart++) {
        set(SIGCHLD, handler, restart ? SA_RESTART : 0);
        fflush(stdout);
        count = 0;
        pid_t child = fork();
        if (child == 0) {
            struct timespec wait = {0, 30000000};
            nanosleep(&wait, NULL); /* the parent is reading by now, or the read is restarted all the same */
            if (restart) {
                kill(getppid(), SIGCHLD);
                nanosleep(&wait, NULL);
                _exit(write(ends[1], "x", 1) != 1);
            }
            for (;;) { /* again and again, lest one comes before the read */
                kill(getppid(), SIGCHLD);
                nanosleep(&wait, NULL);
            }
        }
        ssize_t n = read(ends[0], &byte, 1);
        printf("read %s\n", restart ? n == 1 ? "restarted" : "failed" : n == -1 && errno == EINTR ? "interrupted" : "odd");
        if (!restart)
            kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
            ;
    }
    return 0;
}
