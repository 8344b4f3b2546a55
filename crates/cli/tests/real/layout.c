/* A dynamic program whose addresses are others in every run: threads with signals, forks, itself run again, a pipe. Prints `ok`. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(what) do { if (!(what)) { printf("%d: %s\n", __LINE__, #what); exit(1); } } while (0)

static volatile sig_atomic_t hits;

static void count(int signal) {
    (void)signal;
    hits++;
}

static void *thread(void *number) {
    char *memory = malloc(100000);
    memset(memory, 1, 100000);
    for (int i = 0; i < 20; i++)
        pthread_kill(pthread_self(), SIGUSR1);
    free(memory);
    return number;
}

int main(int argc, char **argv) {
    if (argc > 1)
        return write(1, argv[1], strlen(argv[1])) == 4 ? 7 : 1;
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval often = {{0, 500}, {0, 500}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, thread, (void *)i) == 0);
    for (int i = 0; i < 3; i++) {
        int ends[2], status;
        char text[8] = "";
        CHECK(pipe(ends) == 0);
        pid_t child = i == 2 ? vfork() : fork();
        if (child == 0) {
            if (i == 0)
                _exit(7);
            dup2(ends[1], 1);
            execl("/proc/self/exe", argv[0], "text", NULL);
            _exit(1);
        }
        CHECK(child > 0 && close(ends[1]) == 0);
        CHECK(read(ends[0], text, sizeof text) == (i == 0 ? 0 : 4) && (i == 0 || memcmp(text, "text", 4) == 0));
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
        close(ends[0]);
    }
    for (long i = 0; i < 4; i++) {
        void *number;
        CHECK(pthread_join(threads[i], &number) == 0 && (long)number == i);
    }
    CHECK(hits >= 20);
    puts("ok");
    return 0;
}
