/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#ifndef R08_5_A_H
#define R08_5_A_H
extern uint32_t r08_declared_twice;
#endif
