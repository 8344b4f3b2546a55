/* Files and directories, in a new directory below the current one: open flags, read, write, seek, vectors, stat,
 * directories, rename, links, truncation, locks, stdio. */
#define _GNU_SOURCE
#include "common.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *path) {
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    char *names[100];
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (count < 100) {
            CHECK(entry->d_type == DT_UNKNOWN || entry->d_type == DT_DIR || entry->d_type == DT_REG || entry->d_type == DT_LNK);
            names[count++] = strdup(entry->d_name);
        }
    closedir(directory);
    qsort(names, count, sizeof *names, by_name);
    printf("%zu entries:", count);
    for (size_t i = 0; i < count; i++)
        printf(" %s", names[i]), free(names[i]);
    putchar('\n');
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 20);
    umask(022);
    CHECK(mkdir("work", 0755) == 0);
    CHECK(mkdir("work", 0755) == -1 && errno == EEXIST);
    CHECK(chdir("work") == 0);
    char path[4096];
    CHECK(getcwd(path, sizeof path) == path && strcmp(strrchr(path, '/'), "/work") == 0);

    int fd = open("data", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    CHECK(fd >= 0);
    CHECK(open("data", O_RDWR | O_CREAT | O_EXCL, 0640) == -1 && errno == EEXIST);
    CHECK(open("data", O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
    CHECK(write(fd, "0123456789", 10) == 10);
    struct iovec vector[3] = {{"abc", 3}, {"", 0}, {"defgh", 5}};
    CHECK(writev(fd, vector, 3) == 8);
    CHECK(lseek(fd, 0, SEEK_CUR) == 18 && lseek(fd, -4, SEEK_END) == 14);
    char buffer[64] = {0};
    CHECK(read(fd, buffer, sizeof buffer) == 4 && memcmp(buffer, "efgh", 4) == 0);
    CHECK(pread(fd, buffer, 5, 3) == 5 && memcmp(buffer, "34567", 5) == 0);
    CHECK(pwrite(fd, "XY", 2, 1) == 2);
    CHECK(lseek(fd, 5, SEEK_SET) == 5);
    struct iovec into[2] = {{buffer, 4}, {buffer + 10, 20}};
    CHECK(readv(fd, into, 2) == 13 && memcmp(buffer, "5678", 4) == 0 && memcmp(buffer + 10, "9abcdefgh", 9) == 0);

    struct stat st;
    CHECK(fstat(fd, &st) == 0);
    printf("size %lld mode %o links %d regular %d\n", (long long)st.st_size, (unsigned)st.st_mode & 07777,
           (int)st.st_nlink, S_ISREG(st.st_mode));
    CHECK(st.st_uid == geteuid());
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(fcntl(fd, F_SETFL, O_APPEND) == 0 && (fcntl(fd, F_GETFL) & (O_APPEND | O_DIRECTORY)) == O_APPEND);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "!", 1) == 1 && lseek(fd, 0, SEEK_CUR) == 19);
    CHECK(ftruncate(fd, 5) == 0 && fstat(fd, &st) == 0 && st.st_size == 5);
    CHECK(ftruncate(fd, 100000) == 0 && fstat(fd, &st) == 0 && st.st_size == 100000);
    CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0 && flock(fd, LOCK_UN) == 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    CHECK(fcntl(fd, F_SETLK, &lock) == 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
    int copy = dup(fd), high = fcntl(fd, F_DUPFD, 100);
    CHECK(copy >= 0 && high >= 100 && dup2(fd, 50) == 50);
    CHECK(close(copy) == 0 && close(high) == 0 && close(50) == 0 && close(50) == -1 && errno == EBADF);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);

    CHECK(link("data", "hard") == 0 && stat("hard", &st) == 0 && st.st_nlink == 2);
    CHECK(symlink("data", "soft") == 0 && lstat("soft", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 4);
    CHECK(readlink("soft", buffer, sizeof buffer) == 4 && memcmp(buffer, "data", 4) == 0);
    CHECK(open("soft", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK(access("soft", R_OK | W_OK) == 0 && access("none", F_OK) == -1 && errno == ENOENT);
    CHECK(chmod("data", 0600) == 0 && stat("data", &st) == 0 && (st.st_mode & 07777) == 0600);
    struct timespec times[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
    CHECK(utimensat(AT_FDCWD, "data", times, 0) == 0 && stat("data", &st) == 0);
    printf("times %lld.%09ld %lld.%09ld\n", (long long)st.st_atim.tv_sec, (long)st.st_atim.tv_nsec,
           (long long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
    CHECK(rename("hard", "moved") == 0 && stat("hard", &st) == -1 && errno == ENOENT);
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(directory >= 0);
    CHECK(mkdirat(directory, "sub", 0700) == 0 && renameat(directory, "moved", directory, "sub/inner") == 0);
    CHECK(fstatat(directory, "sub/inner", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size == 100000);
    CHECK(faccessat(directory, "sub", X_OK, 0) == 0);
    list(".");
    CHECK(rmdir("sub") == -1 && errno == ENOTEMPTY);
    CHECK(unlinkat(directory, "sub/inner", 0) == 0 && unlinkat(directory, "sub", AT_REMOVEDIR) == 0);
    struct statvfs vfs;
    CHECK(statvfs(".", &vfs) == 0 && vfs.f_bsize > 0 && vfs.f_namemax >= 14);
    int hidden = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(hidden >= 0 ? write(hidden, "x", 1) == 1 && close(hidden) == 0 : errno == EOPNOTSUPP || errno == EISDIR);

    FILE *file = fopen("lines", "w+");
    CHECK(file != NULL);
    for (int i = 0; i < 1000; i++)
        fprintf(file, "line %d of the file\n", i);
    CHECK(fseek(file, 100, SEEK_SET) == 0 && ftell(file) == 100 && fgets(buffer, sizeof buffer, file));
    printf("at 100: %s", buffer);
    rewind(file);
    int lines = 0;
    while (fgets(buffer, sizeof buffer, file))
        lines++;
    printf("lines %d end %d\n", lines, feof(file) != 0);
    fclose(file);

    uint32_t hash = FNV_START;
    for (uint32_t round = 0; round < rounds; round++) {
        char name[32];
        snprintf(name, sizeof name, "f%u", round % 7);
        int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
        CHECK(f >= 0 && write(f, name, 8) == 8 && lseek(f, 2, SEEK_SET) == 2 && read(f, buffer, 6) == 6);
        hash = fnv1a(hash, name, strlen(name));
        CHECK(fstat(f, &st) == 0 && st.st_size == 8 && close(f) == 0);
        CHECK(round % 3 || unlink(name) == 0);
    }
    list(".");
    printf("hash %08x\n", hash);
    CHECK(unlink("missing") == -1 && errno == ENOENT);
    puts(strerror(ENOTDIR));
    return 0;
}
