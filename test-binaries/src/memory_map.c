/* The address space: mmap, munmap, mprotect, mremap, brk, madvise, file mappings, shared memory between processes. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf target;
static volatile uintptr_t fault_address;
static volatile int fault_code;

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    fault_address = (uintptr_t)info->si_addr, fault_code = info->si_code;
    siglongjmp(target, 1);
}

/* Touches a byte; gives 0, or the si_code of the fault, whose address is checked. */
static int touch(volatile char *address, int write) {
    if (sigsetjmp(target, 1)) {
        CHECK(fault_address == (uintptr_t)address);
        return fault_code;
    }
    if (write)
        *address = 1;
    else
        (void)*address;
    return 0;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 30);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    char *p = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED && p[0] == 0 && p[8 * page - 1] == 0);
    memset(p, 7, 8 * page);
    CHECK(mprotect(p + page, page, PROT_READ) == 0);
    printf("read-only: read %d write %d\n", touch(p + page + 5, 0), touch(p + page + 5, 1));
    CHECK(mprotect(p + page, page, PROT_NONE) == 0);
    printf("none: read %d before %d after %d\n", touch(p + page, 0), touch(p + page - 1, 1), touch(p + 2 * page, 1));
    CHECK(mprotect(p + page, page, PROT_READ | PROT_WRITE) == 0 && p[page + 5] == 7);
    CHECK(munmap(p + 3 * page, page) == 0);
    printf("hole: read %d write %d\n", touch(p + 3 * page + 9, 0), touch(p + 3 * page, 1));
    CHECK(mmap(p + 3 * page, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p + 3 * page);
    CHECK(p[3 * page] == 0 && p[4 * page] == 7);
    CHECK(syscall(SYS_mprotect, p + 1, page, PROT_READ) == -1 && errno == EINVAL);
    CHECK(madvise(p + 5 * page, page, MADV_DONTNEED) == 0 && p[5 * page] == 0);

    char *grown = mremap(p, 8 * page, 64 * page, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED && grown[page + 5] == 7 && grown[63 * page] == 0);
    CHECK(mremap(grown, 64 * page, 2 * page, 0) == grown && touch(grown + 2 * page, 0) == SEGV_MAPERR);
    CHECK(munmap(grown, 2 * page) == 0);

    int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)(2 * page + 100)) == 0 && pwrite(fd, "in the file", 11, (off_t)page) == 11);
    char *shared = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off_t)page);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED);
    CHECK(memcmp(shared + page, "in the file", 11) == 0 && memcmp(private, "in the file", 11) == 0);
    memcpy(shared + page, "by", 2);
    private[7] = 'F';
    char text[12] = {0};
    CHECK(msync(shared, 3 * page, MS_SYNC) == 0 && pread(fd, text, 11, (off_t)page) == 11);
    printf("file \"%s\" private \"%.11s\"\n", text, private);
    printf("past the end: SIGBUS %d\n", touch(shared + 3 * page, 0) == BUS_ADRERR);
    close(fd);
    CHECK(munmap(shared, 4 * page) == 0 && munmap(private, page) == 0);

    volatile uint32_t *common = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(common != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        common[1] = 4321;
        _exit(7);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    printf("shared %u\n", common[1]);

    uintptr_t start = (uintptr_t)syscall(SYS_brk, 0);
    CHECK((uintptr_t)syscall(SYS_brk, start + 3 * page) == start + 3 * page);
    *(volatile char *)(start + 2 * page) = 5;
    CHECK((uintptr_t)syscall(SYS_brk, start) == start && touch((char *)((start + page - 1) / page * page + page), 0) == SEGV_MAPERR);
    CHECK((uintptr_t)syscall(SYS_brk, start + 3 * page) == start + 3 * page && *(volatile char *)(start + 2 * page) == 0);

    uint32_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        size_t size = (1 + round % 13) * page;
        unsigned char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(block != MAP_FAILED);
        for (size_t i = 0; i < size; i += page)
            sum += block[i], block[i] = (unsigned char)round, sum += block[i];
        CHECK(mprotect(block, size, PROT_READ) == 0 && munmap(block, size) == 0);
    }
    printf("sum %u\n", sum);
    return 0;
}
