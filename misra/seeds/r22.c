/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h> /* VIOLATES 22.3 D4.11 */
#include <stdlib.h>
void r22_leak(void);
void r22_leak(void)
{
    uint32_t *block = malloc(4U);
    if (block != 0) {
        block[0] = 1U;
    }
} /* VIOLATES 22.1 */
void r22_free(void);
void r22_free(void)
{
    uint32_t local = 1U;
    free(&local); /* VIOLATES 22.2 */
}
void r22_files(void);
void r22_files(void)
{
    FILE *in = fopen("a", "r");
    FILE *out = fopen("a", "w"); /* MISSED 22.3 */
    (void)fprintf(in, "x"); /* VIOLATES 22.4 */
    FILE copy = *in; /* VIOLATES 22.5 */
    (void)fclose(in);
    (void)fgetc(in); /* VIOLATES 22.6 */
    (void)fclose(out);
    (void)copy;
}
void r22_end(FILE *f);
void r22_end(FILE *f)
{
    char c = (char)getchar();
    if (c == EOF) { /* VIOLATES 22.7 */
        (void)fclose(f);
    }
}
void r22_errno(const char *text);
void r22_errno(const char *text)
{
    int64_t value = strtol(text, 0, 10); /* VIOLATES 22.8 */
    value++;
    errno = 0;
    value += strtol(text, 0, 10); /* VIOLATES 22.9 */
    r22_leak();
    if (errno != 0) { /* VIOLATES 22.10 */
        value++;
    }
    (void)value;
}
