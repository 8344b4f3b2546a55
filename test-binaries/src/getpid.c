/* The cheapest system call, over and over. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 1000);
    long pid = getpid();
    for (uint32_t i = 0; i < rounds; i++)
        CHECK(syscall(SYS_getpid) == pid);
    CHECK(syscall(SYS_gettid) == pid && syscall(SYS_getppid) > 0);
    CHECK(syscall(4000) == -1 && errno == ENOSYS);
    puts("same every time");
    return 0;
}
