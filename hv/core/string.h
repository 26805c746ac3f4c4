/* SPDX-License-Identifier: Apache-2.0 */
/* Memory helpers with their C library names, because compilers call them by these. */
#ifndef CORE_STRING_H
#define CORE_STRING_H

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *dst, const void *src, size_t size); /* DEV-006 */
void *memmove(void *dst, const void *src, size_t size); /* DEV-006 */
void *memset(void *dst, int value, size_t size); /* DEV-006 */
int memcmp(const void *left, const void *right, size_t size); /* DEV-006 */

#endif
