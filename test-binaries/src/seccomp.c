/* seccomp(2): filters that refuse, trap and kill; their order; what threads, children and programs inherit; strict mode. The answers do
 * not depend on the machine, though the filters know its numbers. */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __arm__
#define ARCHITECTURE AUDIT_ARCH_ARM
#else
#define ARCHITECTURE AUDIT_ARCH_X86_64
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define IF_NOT(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, skip)

/* musl keeps the name for the call with 64-bit times. */
#ifndef SYS_clock_gettime
#define SYS_clock_gettime SYS_clock_gettime32
#endif

/* A filter that answers `action` to the call `number`, and allows the rest. */
static int install(unsigned flags, unsigned number, unsigned action) {
    struct sock_filter code[] = {
        LOAD(arch), IF_NOT(ARCHITECTURE, 3), LOAD(nr), IF_NOT(number, 1), RETURN(action), RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* Runs `body` in a child, and tells how that ends. */
static void child(const char *name, void (*body)(void)) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        body();
        fflush(stdout);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status))
        printf("%s: exit %d\n", name, WEXITSTATUS(status));
    else
        printf("%s: signal %d\n", name, WTERMSIG(status));
}

static void refuses(void) {
    CHECK(prctl(PR_GET_SECCOMP) == 0);
    CHECK(install(0, SYS_getppid, SECCOMP_RET_ERRNO | EDOM) == 0);
    CHECK(prctl(PR_GET_SECCOMP) == 2);
    CHECK(syscall(SYS_getppid) == -1 && errno == EDOM);
    CHECK(syscall(SYS_getpid) == getpid());
    /* The newest of equal answers, the strictest of all. */
    CHECK(install(0, SYS_getppid, SECCOMP_RET_ERRNO | ERANGE) == 0);
    CHECK(syscall(SYS_getppid) == -1 && errno == ERANGE);
    CHECK(install(0, SYS_getppid, SECCOMP_RET_ALLOW) == 0);
    CHECK(syscall(SYS_getppid) == -1 && errno == ERANGE);
    CHECK(install(0, SYS_getppid, SECCOMP_RET_ERRNO) == 0);
    CHECK(syscall(SYS_getppid) == 0);
    /* Nobody traces. */
    CHECK(install(0, SYS_getuid, SECCOMP_RET_TRACE | 1) == 0);
    CHECK(syscall(SYS_getuid) == -1 && errno == ENOSYS);
    /* A call that is often made without the kernel. */
    CHECK(install(0, SYS_clock_gettime, SECCOMP_RET_ERRNO | EPERM) == 0);
    long time[4];
    for (int i = 0; i < 1000; i++)
        CHECK(syscall(SYS_clock_gettime, 0, time) == -1 && errno == EPERM);
    /* A number that does not exist. */
    CHECK(install(0, 1999, SECCOMP_RET_ERRNO | ENOANO) == 0);
    CHECK(syscall(1999) == -1 && errno == ENOANO);
    char line[200], *seccomp = NULL;
    FILE *status = fopen("/proc/self/status", "r");
    while (!seccomp && fgets(line, sizeof line, status))
        seccomp = strncmp(line, "Seccomp:", 8) ? NULL : line;
    CHECK(seccomp && atoi(seccomp + 8) == 2);
}

/* A filter sees all arguments, with all of their bits. */
static void arguments(void) {
    struct sock_filter code[] = {
        LOAD(nr),          IF_NOT(SYS_dup3, 6),
        LOAD(args[0]),     IF_NOT(0x12345678, 4),
        LOAD(args[2]),     BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff), IF_NOT(0x42, 1),
        RETURN(SECCOMP_RET_ERRNO | EXDEV), RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    CHECK(syscall(SYS_dup3, 0x12345678, 1, 0x7742) == -1 && errno == EXDEV);
    CHECK(syscall(SYS_dup3, 0x12345679, 1, 0x7742) == -1 && errno != EXDEV);
    CHECK(syscall(SYS_dup3, 0x12345678, 1, 0x7743) == -1 && errno != EXDEV);
}

static volatile int trapped;

static void on_sys(int signal, siginfo_t *info, void *context) {
    (void)context;
    CHECK(signal == SIGSYS && info->si_code == 1 && info->si_errno == 0x1234);
    CHECK(info->si_syscall == SYS_getppid && info->si_arch == ARCHITECTURE);
    CHECK(info->si_call_addr != NULL);
    trapped++;
}

static void traps(void) {
    struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    CHECK(install(0, SYS_getppid, SECCOMP_RET_TRAP | 0x1234) == 0);
    for (int i = 1; i <= 3; i++) {
        syscall(SYS_getppid);
        CHECK(trapped == i);
    }
}

static void trap_without_handler(void) {
    CHECK(install(0, SYS_getppid, SECCOMP_RET_TRAP) == 0);
    signal(SIGSYS, SIG_IGN);
    syscall(SYS_getppid);
}

static void kill_process(void) {
    struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    CHECK(install(0, SYS_getppid, SECCOMP_RET_KILL_PROCESS) == 0);
    syscall(SYS_getppid);
}

static void kill_last_thread(void) {
    CHECK(install(0, SYS_getppid, SECCOMP_RET_KILL_THREAD) == 0);
    syscall(SYS_getppid);
}

static void *calls(void *argument) {
    (void)argument;
    return (void *)(intptr_t)(syscall(SYS_getppid) == -1 ? errno : 0);
}

static void *waits(void *lock) {
    pthread_mutex_lock(lock);
    return calls(NULL);
}

static void threads(void) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t old, new;
    void *answer;
    pthread_mutex_lock(&lock);
    CHECK(pthread_create(&old, NULL, waits, &lock) == 0);
    CHECK(install(SECCOMP_FILTER_FLAG_TSYNC, SYS_getppid, SECCOMP_RET_ERRNO | EDOM) == 0);
    CHECK(pthread_create(&new, NULL, calls, NULL) == 0);
    pthread_join(new, &answer);
    CHECK((intptr_t)answer == EDOM);
    pthread_mutex_unlock(&lock);
    pthread_join(old, &answer);
    CHECK((intptr_t)answer == EDOM);
}

static void *own_filter(void *barrier) {
    CHECK(install(0, SYS_getuid, SECCOMP_RET_ALLOW) == 0);
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    return NULL;
}

static void thread_in_the_way(void) {
    pthread_barrier_t barrier;
    pthread_t other;
    pthread_barrier_init(&barrier, NULL, 2);
    CHECK(pthread_create(&other, NULL, own_filter, &barrier) == 0);
    pthread_barrier_wait(&barrier);
    CHECK(install(SECCOMP_FILTER_FLAG_TSYNC, SYS_getppid, SECCOMP_RET_ERRNO | EDOM) > 0);
    CHECK(syscall(SYS_getppid) != -1);
    pthread_barrier_wait(&barrier);
    pthread_join(other, NULL);
}

static void over_fork(void) {
    CHECK(install(0, SYS_getppid, SECCOMP_RET_ERRNO | EDOM) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit((int)(intptr_t)calls(NULL));
    int status;
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EDOM);
}

static void over_exec(void) {
    CHECK(install(0, SYS_getppid, SECCOMP_RET_ERRNO | EDOM) == 0);
    CHECK(install(0, SYS_getuid, SECCOMP_RET_ERRNO | ERANGE) == 0);
    execl("/proc/self/exe", "seccomp", "after", NULL);
    _exit(99);
}

static void strict(void) {
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    CHECK(write(1, "strict writes\n", 14) == 14);
    syscall(SYS_exit, 5);
}

static void strict_kills(void) {
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) == 0);
    syscall(SYS_getpid);
}

static int is_available(unsigned action) {
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static void errors(void) {
    struct sock_filter falls_off = LOAD(nr), odd = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2);
    struct sock_filter bad[] = {odd, RETURN(SECCOMP_RET_ALLOW)};
    struct sock_fprog programs[] = {{1, &falls_off}, {2, bad}, {0, bad}, {2, NULL}};
    for (int i = 0; i < 4; i++)
        CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &programs[i]) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1 && errno == EFAULT);
    CHECK(install(1u << 30, SYS_getppid, 0) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_seccomp, 99, 0, NULL) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL) == -1 && errno == EINVAL);
    CHECK(is_available(SECCOMP_RET_KILL_PROCESS) && is_available(SECCOMP_RET_TRAP) && is_available(SECCOMP_RET_LOG));
    CHECK(!is_available(0x12340000) && errno == EOPNOTSUPP);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "after"))
        return syscall(SYS_getppid) == -1 && errno == EDOM && syscall(SYS_getuid) == -1 && errno == ERANGE ? 0 : 1;
    child("refuses", refuses);
    child("arguments", arguments);
    child("traps", traps);
    child("trap without handler", trap_without_handler);
    child("kill process", kill_process);
    child("kill last thread", kill_last_thread);
    child("threads", threads);
    child("thread in the way", thread_in_the_way);
    child("over fork", over_fork);
    child("over exec", over_exec);
    child("strict", strict);
    child("strict kills", strict_kills);
    child("errors", errors);
    return 0;
}
