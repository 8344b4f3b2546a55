/* /proc as it describes the program itself: every view must agree with the others and with what the program knows. */
#define _GNU_SOURCE
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 20];

/* Reads a file relative to a directory into `text`; its length. */
static size_t slurp(int directory, const char *path) {
    int file = openat(directory, path, O_RDONLY);
    CHECK(file >= 0);
    size_t length = 0;
    ssize_t got;
    while ((got = read(file, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    close(file);
    text[length] = 0;
    return length;
}

/* The number behind a key at the start of a line of `text`. */
static unsigned long field(const char *key) {
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, strlen(key)))
            return strtoul(line + strlen(key), NULL, 10);
    }
    return -1UL;
}

/* The sum of what stands behind a key in all lines. */
static unsigned long sum(const char *key) {
    unsigned long sum = 0;
    for (char *line = strstr(text, key); line; line = strstr(line + 1, key))
        if (line[-1] == '\n')
            sum += strtoul(line + strlen(key), NULL, 10);
    return sum;
}

struct region {
    unsigned long start, end;
    char flags[8], name[256];
};

/* The mapping around an address, in `text` as maps and smaps have it. */
static struct region around(unsigned long address) {
    struct region region = {0};
    for (char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        unsigned long start, end;
        char flags[8], name[256] = "";
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255[^\n]", &start, &end, flags, name) < 3 || !strchr("r-", flags[0]))
            continue;
        if (start <= address && address < end) {
            region.start = start;
            region.end = end;
            strcpy(region.flags, flags);
            strcpy(region.name, name);
        }
    }
    return region;
}

static unsigned long total(void) {
    unsigned long total = 0;
    for (char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        unsigned long start, end;
        /* Not x86's page of the kernel's. */
        if (sscanf(line, "%lx-%lx", &start, &end) == 2 && (sizeof start == 4 || start < ~0ul / 2))
            total += end - start;
    }
    return total / 1024;
}

static int near(unsigned long a, unsigned long b, unsigned long slack) {
    return a > b ? a - b <= slack : b - a <= slack;
}

static unsigned long stat_field(int number) {
    slurp(AT_FDCWD, "/proc/self/stat");
    char *at = strrchr(text, ')') + 1;
    for (int i = 3; i < number; i++)
        at = strchr(at + 1, ' ');
    return strtoul(at, NULL, 10);
}

static void memory(void) {
    static char data[100 * 4096];
    unsigned long size = 64 << 20, big = (unsigned long)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset((void *)big, 1, 8 << 20);
    memset(data, 1, sizeof data);
    int local;
    slurp(AT_FDCWD, "/proc/self/maps");
    CHECK(!strcmp(around((unsigned long)&memory).flags, "r-xp"));
    CHECK(!strcmp(around((unsigned long)data).flags, "rw-p"));
    CHECK(!strcmp(around((unsigned long)&local).name, "[stack]"));
    unsigned long maps = total();
    slurp(AT_FDCWD, "/proc/self/smaps");
    CHECK(!strcmp(around((unsigned long)&memory).flags, "r-xp"));
    unsigned long resident = sum("Rss:");
    CHECK(near(maps, sum("Size:"), 256));
    slurp(AT_FDCWD, "/proc/self/status");
    CHECK(near(field("VmSize:"), maps, 256) && field("VmPeak:") >= field("VmSize:"));
    CHECK(near(field("VmRSS:"), resident, 512) && field("VmHWM:") + 512 >= field("VmRSS:"));
    CHECK(field("VmRSS:") >= 8 << 10 && field("VmRSS:") < 24 << 10);
    CHECK(field("VmData:") >= 64 << 10 && field("VmData:") < 80 << 10);
    CHECK(field("VmExe:") < 1 << 10);
    unsigned long pages, of_those_resident, page = (unsigned long)sysconf(_SC_PAGESIZE);
    slurp(AT_FDCWD, "/proc/self/statm");
    CHECK(sscanf(text, "%lu %lu", &pages, &of_those_resident) == 2);
    CHECK(near(pages * page / 1024, maps, 256) && near(of_those_resident * page / 1024, resident, 512));
    CHECK(near(stat_field(23) / 1024, maps, 256) && near(stat_field(24) * page / 1024, resident, 512));
    CHECK(stat_field(26) <= (unsigned long)&memory && (unsigned long)&memory < stat_field(27));
    CHECK(stat_field(45) <= (unsigned long)data && near(stat_field(28), (unsigned long)&local, 1 << 20));
    munmap((void *)big, size);
    slurp(AT_FDCWD, "/proc/self/status");
    CHECK(near(field("VmSize:") + (64 << 10), maps, 256));
    puts("memory");
}

/* The same file by other ways. */
static void ways(void) {
    char path[64];
    int by_descriptor = open("/proc/self", O_RDONLY | O_DIRECTORY);
    size_t lengths[6];
    lengths[0] = slurp(AT_FDCWD, "/proc/thread-self/auxv");
    lengths[1] = slurp(by_descriptor, "auxv");
    sprintf(path, "/proc/%d/task/%d/auxv", getpid(), getpid());
    lengths[2] = slurp(AT_FDCWD, path);
    CHECK(chdir("/proc/self") == 0);
    lengths[3] = slurp(AT_FDCWD, "auxv");
    lengths[4] = slurp(AT_FDCWD, "../self/task/../auxv");
    lengths[5] = slurp(AT_FDCWD, "/proc/self/auxv");
    for (int i = 1; i < 6; i++)
        CHECK(lengths[i] == lengths[0]);
    unsigned long *entry = (unsigned long *)text;
    while (entry[0] != AT_RANDOM && entry[0])
        entry += 2;
    CHECK(entry[1] == getauxval(AT_RANDOM));
    sprintf(path, "%d/maps", getpid());
    int proc = open("/proc", O_RDONLY | O_DIRECTORY);
    slurp(proc, path);
    CHECK(strchr(around((unsigned long)&ways).name, '/'));
    CHECK(chdir("/") == 0);
    puts("ways");
}

static void handler(int signal) { (void)signal; }

static void signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, handler);
    signal(SIGHUP, SIG_IGN);
    slurp(AT_FDCWD, "/proc/self/status");
    char *blocked = strstr(text, "SigBlk:"), *ignored = strstr(text, "SigIgn:"), *caught = strstr(text, "SigCgt:");
    CHECK(strtoull(blocked + 7, NULL, 16) == 1ull << (SIGUSR2 - 1));
    CHECK(strtoull(ignored + 7, NULL, 16) & 1);
    CHECK(strtoull(caught + 7, NULL, 16) == 1ull << (SIGUSR1 - 1));
    CHECK(stat_field(32) == 1ul << (SIGUSR2 - 1) && stat_field(34) == 1ul << (SIGUSR1 - 1));
    puts("signals");
}

static void environment(char **argv) {
    char *start = getenv("MARK"), was = 0;
    CHECK(slurp(AT_FDCWD, "/proc/self/environ") > 0 && strstr(text, "MARK=before") && !strstr(text, "ARMLET"));
    was = *start;
    *start = 'B';
    slurp(AT_FDCWD, "/proc/self/environ");
    CHECK(strstr(text, "MARK=Before"));
    *start = was;
    slurp(AT_FDCWD, "/proc/self/cmdline");
    CHECK(!strcmp(text, argv[0]));
    puts("environment");
}

static void machine(void) {
    struct utsname name;
    uname(&name);
    char *end;
    slurp(AT_FDCWD, "/proc/sys/kernel/arch");
    if ((end = strchr(text, '\n')))
        *end = 0;
    CHECK(!strncmp(text, name.machine, 3));
    slurp(AT_FDCWD, "/proc/cpuinfo");
    int cores = 0;
    for (char *line = strstr(text, "processor\t:"); line; line = strstr(line + 1, "processor\t:"))
        cores++;
    CHECK(cores == sysconf(_SC_NPROCESSORS_ONLN));
    puts("machine");
}

/* The flags of a descriptor are the program's numbers. */
static void descriptors(void) {
    int flags[] = {O_DIRECTORY, O_NOFOLLOW | O_PATH, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC};
    for (int i = 0; i < 3; i++) {
        char path[64];
        int file = open("/proc", flags[i] | O_RDONLY);
        sprintf(path, "/proc/self/fdinfo/%d", file);
        slurp(AT_FDCWD, path);
        unsigned long shown = strtoul(strstr(text, "flags:") + 6, NULL, 8);
        CHECK((shown & ~(unsigned long)O_LARGEFILE & 0xfffffff & ~0x8000ul & ~0x20000ul) ==
              ((unsigned long)flags[i] & ~0x8000ul & ~0x20000ul));
        close(file);
    }
    puts("descriptors");
}

/* Another process of the same program. */
static void other(void) {
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        close(pipes[1]);
        _exit(read(pipes[0], &byte, 1) == 0 ? 0 : 1);
    }
    char path[64];
    sprintf(path, "/proc/%d/maps", pid);
    slurp(AT_FDCWD, path);
    unsigned long maps = total();
    CHECK(!strcmp(around((unsigned long)&other).flags, "r-xp"));
    sprintf(path, "/proc/%d/statm", pid);
    slurp(AT_FDCWD, path);
    CHECK(near(strtoul(text, NULL, 10) * 4, maps, 256));
    sprintf(path, "/proc/%d/status", pid);
    slurp(AT_FDCWD, path);
    CHECK(near(field("VmSize:"), maps, 256));
    int status;
    close(pipes[1]);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    puts("other");
}

/* Limits hold for the program's own space, are shown, and stay over execve. */
static void limits(void) {
    struct rlimit limit = {256 << 20, 1ul << 30};
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    size_t large = 300 << 20;
    CHECK(mmap(NULL, large, PROT_READ | PROT_WRITE, anonymous, -1, 0) == MAP_FAILED && errno == ENOMEM);
    void *unused = mmap(NULL, large, PROT_NONE, anonymous, -1, 0);
    CHECK(unused != MAP_FAILED);
    CHECK(mprotect(unused, large, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
    munmap(unused, large);
    void *fits = mmap(NULL, 100 << 20, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    CHECK(fits != MAP_FAILED);
    CHECK(mremap(fits, 100 << 20, large, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
    munmap(fits, 100 << 20);
    slurp(AT_FDCWD, "/proc/self/limits");
    CHECK(strtoul(strstr(text, "Max data size") + 13, NULL, 10) == 256 << 20);
    limit.rlim_cur = 512 << 20;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    fflush(stdout);
    execl("/proc/self/exe", "proc_views", "limited", NULL);
    CHECK(0);
}

static int limited(void) {
    struct rlimit space, data;
    getrlimit(RLIMIT_AS, &space);
    getrlimit(RLIMIT_DATA, &data);
    CHECK(space.rlim_cur == 512 << 20 && data.rlim_cur == 256 << 20 && data.rlim_max == 1ul << 30);
    CHECK(mmap(NULL, 600 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
    CHECK(mmap(NULL, 300 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK(mmap(NULL, 300 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    puts("limits");
    return 0;
}

/* Where things are in a process that has asked for the same addresses in every run. */
static void addresses(char *line) {
    int local;
    void *mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sprintf(line, "%p %p %p", (void *)&local, mapping, sbrk(0));
}

static void fixed_addresses(void) {
    char first[100] = "", again[100];
    for (int i = 0; i < 4; i++) {
        int pipes[2];
        CHECK(pipe(pipes) == 0);
        fflush(stdout);
        if (fork() == 0) {
            CHECK(personality(ADDR_NO_RANDOMIZE) != -1);
            dup2(pipes[1], 1);
            execl("/proc/self/exe", "proc_views", "where", NULL);
            _exit(1);
        }
        close(pipes[1]);
        memset(again, 0, sizeof again);
        CHECK(read(pipes[0], again, sizeof again - 1) > 0);
        close(pipes[0]);
        wait(NULL);
        if (i == 0)
            strcpy(first, again);
        CHECK(!strcmp(first, again));
    }
    puts("fixed addresses");
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "where")) {
        char line[100];
        addresses(line);
        puts(line);
        return 0;
    }
    if (argc > 1)
        return limited();
    if (!getenv("MARK")) {
        char *fresh[] = {"MARK=before", NULL};
        execve("/proc/self/exe", argv, fresh);
        return 1;
    }
    memory();
    ways();
    environment(argv);
    machine();
    descriptors();
    other();
    signals();
    fixed_addresses();
    limits();
}
