/* The smallest C program: start-up, one write, exit. */
#include <stdio.h>

int main(void) {
    puts("Hello, world!");
    return 0;
}
