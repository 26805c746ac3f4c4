/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <errno.h>
#include <setjmp.h> /* VIOLATES 21.4 */
#include <signal.h> /* VIOLATES 21.5 */
#include <stdio.h> /* VIOLATES 21.6 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h> /* VIOLATES 21.10 */
#include <tgmath.h> /* VIOLATES 21.11 */
#include <fenv.h>
#define errno 5 /* VIOLATES 21.1 */
int32_t strlen_of(const char *text);
extern void *memmove(void *to, const void *from, size_t size); /* VIOLATES 21.2 */
int r21_order(const void *a, const void *b);
int r21_order(const void *a, const void *b) { return (a == b) ? 0 : 1; }
void r21_library(const char *text);
void r21_library(const char *text)
{
    uint32_t *block = malloc(4U); /* VIOLATES 21.3 D4.12 */
    int number = atoi(text); /* VIOLATES 21.7 */
    qsort(block, 1U, 4U, r21_order); /* VIOLATES 21.9 */
    (void)feraiseexcept(number); /* VIOLATES 21.12 */
    (void)system("ls"); /* VIOLATES 21.21 */
    abort(); /* VIOLATES 21.8 */
}
