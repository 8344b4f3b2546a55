/* io_uring: rings that the kernel maps where it likes, requests on files, pipes and times, and their completions. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int ring;
static struct io_uring_params params;
static char *submission, *completion;
static struct io_uring_sqe *requests;

static void *map(size_t length, off_t what) {
    void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, what);
    CHECK(at != MAP_FAILED);
    return at;
}

#define SUBMISSION(field) ((_Atomic unsigned *)(submission + params.sq_off.field))
#define COMPLETION(field) ((_Atomic unsigned *)(completion + params.cq_off.field))

static void prepare(int operation, int descriptor, const void *address, unsigned length, uint64_t offset, uint64_t mark) {
    unsigned tail = *SUBMISSION(tail), index = tail & *SUBMISSION(ring_mask);
    requests[index] = (struct io_uring_sqe){
        .opcode = (uint8_t)operation, .fd = descriptor, .addr = (uintptr_t)address, .len = length, .off = offset, .user_data = mark};
    ((unsigned *)(submission + params.sq_off.array))[index] = index;
    *SUBMISSION(tail) = tail + 1;
}

/* Submits what is prepared, waits for as many completions, and prints them in the order of their marks. */
static void complete(unsigned count, const char *what) {
    CHECK(syscall(SYS_io_uring_enter, ring, count, count, IORING_ENTER_GETEVENTS, NULL, 0) == (long)count);
    int results[8] = {0};
    for (unsigned i = 0; i < count; i++) {
        unsigned head = *COMPLETION(head);
        CHECK(head != *COMPLETION(tail));
        struct io_uring_cqe *entry = (struct io_uring_cqe *)(completion + params.cq_off.cqes) + (head & *COMPLETION(ring_mask));
        CHECK(entry->user_data < 8);
        results[entry->user_data] = entry->res;
        *COMPLETION(head) = head + 1;
    }
    printf("%s:", what);
    for (unsigned i = 0; i < count; i++)
        printf(" %d", results[i]);
    printf("\n");
}

int main(void) {
    ring = (int)syscall(SYS_io_uring_setup, 8, &params);
    if (ring < 0) {
        /* A kernel without it, or one that forbids it. */
        printf("no rings: %s\n", strerror(errno));
        return 0;
    }
    submission = map(params.sq_off.array + params.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
    completion = map(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
    requests = map(params.sq_entries * sizeof *requests, IORING_OFF_SQES);

    int file = memfd_create("ring", 0), ends[2];
    CHECK(file >= 0 && pipe(ends) == 0);
    char hello[] = "hello, ", world[] = "rings", buffer[32] = {0};
    struct iovec vectors[2] = {{hello, 7}, {world, 5}};
    prepare(IORING_OP_NOP, -1, NULL, 0, 0, 0);
    prepare(IORING_OP_WRITEV, file, vectors, 2, 0, 1);
    complete(2, "writev");
    prepare(IORING_OP_READ, file, buffer, sizeof buffer, 0, 0);
    prepare(IORING_OP_READ, -1, buffer, 1, 0, 1);
    complete(2, "read");
    printf("%s\n", buffer);

    struct __kernel_timespec time = {.tv_nsec = 1000000};
    prepare(IORING_OP_TIMEOUT, -1, &time, 1, 0, 0);
    complete(1, "timeout");
    prepare(IORING_OP_READ, ends[0], buffer, sizeof buffer, (uint64_t)-1, 0);
    prepare(IORING_OP_WRITE, ends[1], "pipe", 4, (uint64_t)-1, 1);
    complete(2, "pipe");
    CHECK(memcmp(buffer, "pipe", 4) == 0);
    CHECK(munmap(requests, params.sq_entries * sizeof *requests) == 0 && close(ring) == 0);
    return 0;
}
