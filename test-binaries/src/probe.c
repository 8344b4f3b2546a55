/* What `armlet compare` asks of a process: a start and an end, work for the processor, system calls, and what can be seen of the machine.
 *
 *   probe              starts and ends
 *   probe cpu N        N rounds of integer work; prints what comes out
 *   probe calls N      N system calls; prints the nanoseconds of one
 *   probe seen         prints: processes visible in /proc, own process number, user, host name
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t work(unsigned long rounds) {
    uint64_t table[256];
    for (unsigned i = 0; i < 256; i++)
        table[i] = i * 0x9e3779b97f4a7c15u;
    uint64_t hash = 1;
    for (unsigned long round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < 256; i++) {
            hash = (hash ^ table[(hash + i) & 255]) * 0x100000001b3u;
            table[i] += hash >> 32;
        }
    }
    return hash;
}

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int processes(void) {
    DIR *directory = opendir("/proc");
    if (!directory)
        return 0;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    closedir(directory);
    return count;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000;
    if (!strcmp(what, "cpu")) {
        printf("%016llx\n", (unsigned long long)work(count));
    } else if (!strcmp(what, "calls")) {
        uint64_t start = nanoseconds();
        for (unsigned long i = 0; i < count; i++)
            syscall(SYS_getppid);
        printf("%.1f\n", (double)(nanoseconds() - start) / (double)count);
    } else if (!strcmp(what, "seen")) {
        char host[256] = "";
        gethostname(host, sizeof host - 1);
        printf("%d %d %d %s\n", processes(), (int)getpid(), (int)getuid(), host);
    } else if (argc > 1) {
        fprintf(stderr, "probe: give cpu N, calls N, seen, or nothing\n");
        return 2;
    }
    return 0;
}
