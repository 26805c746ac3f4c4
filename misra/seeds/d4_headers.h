/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
extern unsigned char d4_no_guard; /* VIOLATES D4.10 */
