/* SPDX-License-Identifier: Apache-2.0 */
/* A log that counts lines and keeps the last one. */
#ifndef STUB_LOG_H
#define STUB_LOG_H

#include "core/log.h"
#include <stdio.h>
#include <string.h>

static unsigned int log_lines;
static char log_last[256];
static char log_before[256]; /* the line before it */

static void log_append(const char *text)
{
    size_t used = strlen(log_last);
    (void)snprintf(log_last + used, sizeof(log_last) - used, "%s", text);
}
void log_begin(const char *module)
{
    (void)memcpy(log_before, log_last, sizeof(log_before));
    log_last[0] = '\0';
    log_append(module);
    log_append(": ");
}
void log_text(const char *text) { log_append(text); }
void log_dec(uint64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    log_append(digits);
}
void log_hex(uint64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "0x%llx", (unsigned long long)value);
    log_append(digits);
}
void log_end(void) { log_lines++; }
void log_line(const char *module, const char *text)
{
    log_begin(module);
    log_text(text);
    log_end();
}

#endif
