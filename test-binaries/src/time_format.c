/* Calendar arithmetic on fixed times in UTC: gmtime, mktime, strftime. */
#include "common.h"
#include <time.h>

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 20);
    setenv("TZ", "UTC0", 1);
    tzset();
    static const long long times[] = {0, 1, 86399, 951782400, 1000000000, 1234567890, 1709208000, 2147483647, -1, -86400 * 365ll};
    char text[128];
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        time_t t = (time_t)times[i];
        struct tm *tm = gmtime(&t);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %b %j %U %W %u %w %y %p %I", tm);
        printf("%lld %s\n", times[i], text);
        struct tm copy = *tm;
        CHECK(mktime(&copy) == t);
    }
    uint32_t hash = FNV_START;
    for (uint32_t i = 0; i < rounds; i++) {
        time_t t = (time_t)(i * 7654321u % 2000000000u);
        strftime(text, sizeof text, "%c", gmtime(&t));
        hash = fnv1a(hash, text, strlen(text));
    }
    printf("hash %08x\n", hash);
    return 0;
}
