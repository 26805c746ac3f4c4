/* SPDX-License-Identifier: Apache-2.0 */
/* The first program of Linux (rdinit=), for ./bulkhead bench: prints the TSC that it begins at, then becomes the usual one. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    unsigned int low;
    unsigned int high;
    char *const arguments[] = { "/init", NULL };
    char *const environment[] = { NULL };
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    printf("shell %08x%08x\n", high, low);
    fflush(stdout);
    execve(arguments[0], arguments, environment);
    perror("/init");
    return EXIT_FAILURE;
}
