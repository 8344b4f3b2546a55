/* The C library's string and memory loops at every small length and alignment, then over large blocks. */
#include "common.h"

static char buffer[1 << 16], other[1 << 16];

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2);
    uint32_t hash = FNV_START;
    for (size_t length = 0; length < 70; length++)
        for (size_t from = 0; from < 9; from++)
            for (size_t to = 0; to < 9; to++) {
                for (size_t i = 0; i < 100; i++)
                    buffer[i] = (char)('!' + (i * 7 + length) % 90), other[i] = '.';
                memcpy(other + to, buffer + from, length);
                hash = fnv1a(hash, other, 100);
                memmove(buffer + to, buffer + from, length);
                hash = fnv1a(hash, buffer, 100);
                memset(other + from, (int)length, to);
                hash = fnv1a(hash, other, 100);
            }
    printf("copies %08x\n", hash);

    uint64_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < sizeof buffer; i++)
            buffer[i] = (char)('a' + (i * i + round) % 26);
        buffer[sizeof buffer - 1] = 0;
        strcpy(other, buffer);
        sum += strlen(other) + (size_t)(strchr(other, 0) - other);
        sum += (size_t)((char *)memchr(other, 0, sizeof other) - other);
        CHECK(strcmp(buffer, other) == 0);
        CHECK(memcmp(buffer, other, sizeof buffer) == 0);
        other[60000] = '!';
        sum += (uint64_t)(strcmp(buffer, other) > 0) + 2 * (uint64_t)(memcmp(other, buffer, sizeof other) < 0);
        sum += (size_t)(strchr(other, '!') - other) + (size_t)(strstr(other, "!") - other);
        strcpy(buffer, "the quick brown fox jumps over the lazy dog, and the dog sleeps");
        for (char *word = strtok(buffer, " ,"); word; word = strtok(NULL, " ,"))
            sum = sum * 31 + strlen(word) + (unsigned char)word[0];
        strncpy(other, "padded", 32);
        strcat(other, " and joined up");
        sum += strspn(other, "adpe ") + strcspn(other, "j") + (strrchr(other, 'd') - other);
    }
    printf("sum %llu\n", (unsigned long long)sum);
    printf("numbers %ld %lu %ld %.2f\n", strtol("-12345xyz", NULL, 10), strtoul("ffff", NULL, 16),
           strtol("0755", NULL, 0), atof("2.25e3"));
    return 0;
}
