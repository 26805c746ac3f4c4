/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/log.c as the other drivers see it: texts end, and nothing but the log changes. log.c here has
 * the bodies analysed.
 */
#include "__fc_string_axiomatic.h"
#include "core/log.h"

/*@ requires text_ends: valid_read_string(module);
    assigns \nothing; */
void log_begin(const char *module);
/*@ requires text_ends: valid_read_string(text);
    assigns \nothing; */
void log_text(const char *text);
/*@ requires in_text: \valid_read(text + (0 .. size - 1));
    assigns \nothing; */
void log_chars(const char *text, uint32_t size);
/*@ assigns \nothing; */
void log_dec(uint64_t value);
/*@ assigns \nothing; */
void log_hex(uint64_t value);
/*@ assigns \nothing; */
void log_end(void);
/*@ requires text_ends: valid_read_string(module) && valid_read_string(text);
    assigns \nothing; */
void log_line(const char *module, const char *text);
/*@ assigns \result \from back; */
char log_own_char(uint32_t back);
/*@ assigns \result \from now; */
uint64_t log_drain(uint64_t now);
/*@ assigns \nothing; */
void log_flush(void);
