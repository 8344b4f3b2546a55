/* What the kernel hands to a new program: arguments, environment, the auxiliary vector. */
#include "common.h"
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        printf("argv[%d] = \"%s\"\n", i, i ? argv[i] : "(the program)");
    CHECK(argv[argc] == NULL);

    /* The test sets these two; others may or may not be there. */
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "GUEST_", 6) == 0)
            puts(*entry);
    const char *missing = getenv("SURELY_NOT_SET");
    printf("missing: %s\n", missing ? missing : "(null)");
    setenv("GUEST_ADDED", "by hand", 1);
    printf("added: %s\n", getenv("GUEST_ADDED"));

    CHECK(getauxval(AT_PAGESZ) == (unsigned long)sysconf(_SC_PAGESIZE));
    CHECK(getauxval(AT_PHDR) != 0);
    CHECK(getauxval(AT_PHENT) == (sizeof(long) == 8 ? 56 : 32));
    CHECK(getauxval(AT_PHNUM) > 0);
    CHECK(getauxval(AT_ENTRY) != 0);
    CHECK(getauxval(AT_UID) == getuid());
    CHECK(getauxval(AT_EUID) == geteuid());
    CHECK(getauxval(AT_GID) == getgid());
    CHECK(getauxval(AT_SECURE) == 0);
    CHECK(getauxval(AT_CLKTCK) == 100);
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    CHECK(random != NULL);
    unsigned any = 0;
    for (int i = 0; i < 16; i++)
        any |= random[i];
    CHECK(any != 0);
    const char *name = (const char *)getauxval(AT_EXECFN);
    CHECK(name != NULL && strstr(name, "args_env") != NULL);
#ifdef __aarch64__
    CHECK(strcmp((const char *)getauxval(AT_PLATFORM), "aarch64") == 0);
    CHECK((getauxval(AT_HWCAP) & 3) == 3); /* FP and ASIMD */
#endif
    puts("auxv is sane");
    return 0;
}
