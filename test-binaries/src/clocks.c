/* Clocks, read over and over: they never run backwards and agree with each other. No time is printed. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <sys/time.h>
#include <time.h>

static long long now(clockid_t clock) {
    struct timespec time;
    CHECK(clock_gettime(clock, &time) == 0 && time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 1000);
    long long previous = now(CLOCK_MONOTONIC), start = previous;
    for (uint32_t i = 0; i < rounds; i++) {
        long long next = now(CLOCK_MONOTONIC);
        CHECK(next >= previous);
        previous = next;
        struct timeval wall;
        CHECK(gettimeofday(&wall, NULL) == 0 && wall.tv_usec < 1000000 && wall.tv_sec > 1600000000);
    }
    struct timespec resolution, nap = {0, 2000000};
    CHECK(clock_getres(CLOCK_REALTIME, &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec > 0);
    long long wall = now(CLOCK_REALTIME), coarse = now(CLOCK_REALTIME_COARSE);
    CHECK(llabs(wall - coarse) < 1000000000ll && llabs(wall / 1000000000 - (long long)time(NULL)) <= 1);
    CHECK(now(CLOCK_PROCESS_CPUTIME_ID) >= 0 && now(CLOCK_THREAD_CPUTIME_ID) >= 0 && now(CLOCK_BOOTTIME) > 0);
    CHECK(now(CLOCK_MONOTONIC_RAW) > 0);
    long long before = now(CLOCK_MONOTONIC);
    CHECK(nanosleep(&nap, NULL) == 0 && now(CLOCK_MONOTONIC) - before >= 2000000);
    before = now(CLOCK_MONOTONIC) + 2000000;
    struct timespec until = {(time_t)(before / 1000000000), (long)(before % 1000000000)};
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0 && now(CLOCK_MONOTONIC) >= before);
    struct timespec bad;
    CHECK(clock_gettime((clockid_t)99, &bad) == -1 && errno == EINVAL);
    CHECK(now(CLOCK_MONOTONIC) > start && clock() != (clock_t)-1);
    puts("clocks are sane");
    return 0;
}
