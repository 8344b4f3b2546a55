// The smallest program: two system calls, no C library, no stack.
        .global _start
        .text
_start:
        mov     x0, #1                  // write(1, message, length)
        adr     x1, message
        mov     x2, #(end - message)
        mov     x8, #64
        svc     #0
        mov     x0, #7                  // exit(7)
        mov     x8, #93
        svc     #0
message:
        .ascii  "Hello from AArch64\n"
end:
