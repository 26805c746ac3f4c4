/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#define R20_NAME stdbool
#include R20_NAME /* VIOLATES 20.3 */
