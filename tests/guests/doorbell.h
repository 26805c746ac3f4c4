/* SPDX-License-Identifier: Apache-2.0 */
/* What doorbell.c (a real-time VM) and linux/doorbell.c (in the Service VM) say to each other: words of the shared region, from WORDS on. */
#ifndef TESTS_GUESTS_DOORBELL_H
#define TESTS_GUESTS_DOORBELL_H

#define WORDS    0x1000U /* bytes from the region's start */
#define READY    0U      /* the real-time VM has set up its interrupts: MAGIC */
#define ASKED    1U      /* number of the message, by the Service VM */
#define ECHO     2U      /* 1: answer each with a doorbell */
#define SEEN     3U      /* the message that the last interrupt found */
#define TAKEN    4U      /* interrupts of doorbell 0 */
#define OTHERS   5U      /* of doorbell 1, which nobody rings but by mistake */
#define ANSWERED 6U      /* doorbells rung */

#define MAGIC    0x4C4C4542U

#endif
