/* Two processes that throw a message to each other through pipes and a pair of sockets, small and large, with poll before
 * each read. */
#include "common.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 16384 };
static unsigned char message[LARGE];

static void get(int fd, size_t size) {
    for (size_t got = 0; got < size;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        CHECK(poll(&wait, 1, -1) == 1 && (wait.revents & POLLIN));
        ssize_t part = read(fd, message + got, size - got);
        CHECK(part > 0);
        got += (size_t)part;
    }
}

static void put(int fd, size_t size) {
    for (size_t put = 0; put < size;) {
        ssize_t part = write(fd, message + put, size - put);
        CHECK(part > 0);
        put += (size_t)part;
    }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 200);
    int there[2], back[2], pair[2];
    CHECK(pipe(there) == 0 && pipe(back) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    int out = child ? there[1] : back[1], in = child ? back[0] : there[0], socket = pair[child != 0];
    for (uint32_t round = 0; round < rounds; round++) {
        size_t size = round % 8 ? 1 + round % 64 : LARGE;
        if (child) {
            message[0] = (unsigned char)round;
            put(round % 2 ? socket : out, size);
            get(round % 2 ? socket : in, size);
            CHECK(message[0] == (unsigned char)(round + 1));
        } else {
            get(round % 2 ? socket : in, size);
            message[0]++;
            put(round % 2 ? socket : out, size);
        }
    }
    if (!child)
        _exit(3);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    printf("%u\n", message[0]);
    return 0;
}
