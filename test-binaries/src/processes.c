/* Processes: fork, wait, pipes, exec of itself, environment, exit statuses, descriptors across exec, poll. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/times.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static int child_of_exec(int argc, char **argv) {
    printf("child: argc %d \"%s\" \"%s\" GUEST_CHILD=%s\n", argc, argv[2], argv[3], getenv("GUEST_CHILD"));
    printf("child: inherited %d closed %d\n", fcntl(atoi(argv[4]), F_GETFD) >= 0, fcntl(atoi(argv[5]), F_GETFD) == -1);
    fflush(stdout);
    return 42;
}

int main(int argc, char **argv) {
    if (argc > 5 && strcmp(argv[1], "child") == 0)
        return child_of_exec(argc, argv);
    uint32_t rounds = size_argument(argc, argv, 5);
    setvbuf(stdout, NULL, _IOLBF, 0);

    int ends[2], back[2], status;
    CHECK(pipe(ends) == 0 && pipe2(back, O_CLOEXEC) == 0);
    CHECK(fcntl(back[0], F_GETFD) == FD_CLOEXEC && fcntl(ends[0], F_GETFD) == 0);
    uint32_t total = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        pid_t parent = getpid(), child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            uint32_t value;
            if (getppid() != parent || read(ends[0], &value, sizeof value) != sizeof value)
                _exit(99);
            value = value * 3 + 1;
            if (write(back[1], &value, sizeof value) != sizeof value)
                _exit(98);
            _exit((int)(round & 63));
        }
        uint32_t answer;
        CHECK(write(ends[1], &round, sizeof round) == sizeof round);
        CHECK(read(back[0], &answer, sizeof answer) == sizeof answer && answer == round * 3 + 1);
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == (int)(round & 63));
        total += answer;
    }
    printf("pipes %u\n", total);
    CHECK(wait(&status) == -1 && errno == ECHILD);

    pid_t child = fork();
    if (child == 0) {
        raise(SIGKILL);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        _exit(3);
    }
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK(kill(child, SIGCONT) == 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
    puts("killed, stopped and continued");

    struct pollfd poll_one = {.fd = ends[0], .events = POLLIN};
    CHECK(poll(&poll_one, 1, 0) == 0 && write(ends[1], "x", 1) == 1 && poll(&poll_one, 1, -1) == 1 && poll_one.revents == POLLIN);
    int pair[2];
    char buffer[16];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && send(pair[0], "socket", 6, 0) == 6 &&
          recv(pair[1], buffer, sizeof buffer, 0) == 6 && memcmp(buffer, "socket", 6) == 0);
    close(pair[0]);
    CHECK(read(pair[1], buffer, 1) == 0 && close(pair[1]) == 0);

    struct utsname names;
    struct rusage usage;
    struct rlimit limit;
    struct tms ticks;
    CHECK(uname(&names) == 0 && strcmp(names.sysname, "Linux") == 0);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 100);
    CHECK(times(&ticks) != (clock_t)-1 && getpgrp() == getpgid(0) && getsid(0) >= 0 && getpriority(PRIO_PROCESS, 0) < 20);

    char kept[12], lost[12];
    snprintf(kept, sizeof kept, "%d", ends[0]), snprintf(lost, sizeof lost, "%d", back[0]);
    child = fork();
    if (child == 0) {
        setenv("GUEST_CHILD", "inherited", 1);
        execl("/proc/self/exe", argv[0], "child", "one argument", "", kept, lost, (char *)NULL);
        _exit(97);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    printf("exec gave %d\n", WEXITSTATUS(status));
    child = fork();
    if (child == 0) {
        execl("./does-not-exist", "x", (char *)NULL);
        _exit(errno == ENOENT ? 11 : 12);
    }
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 11);
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    snprintf(place.sun_path, sizeof place.sun_path, "/tmp/processes-%d", (int)getpid());
    int socket_file = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(socket_file >= 0 && bind(socket_file, (struct sockaddr *)&place, sizeof place) == 0);
    CHECK(execl(place.sun_path, "x", (char *)NULL) == -1 && errno == EACCES);
    CHECK(unlink(place.sun_path) == 0 && close(socket_file) == 0);
    child = vfork();
    if (child == 0)
        _exit(21);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 21);
    puts("done");
    return 0;
}
