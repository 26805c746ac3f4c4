/* SPDX-License-Identifier: Apache-2.0 */
/* What doorbell.c (a real-time VM) and linux/doorbell.c (in the Service VM or a User VM) say to each other: words of the shared region, from WORDS on. */
#ifndef TESTS_GUESTS_DOORBELL_H
#define TESTS_GUESTS_DOORBELL_H

#define WORDS    0x1000U /* bytes from the region's start */
#define READY    0U      /* the real-time VM has set up its interrupts: MAGIC */
#define ASKED    1U      /* number of the message, by Linux */
#define ECHO     2U      /* answer each with a doorbell to peer ECHO - 1; 0: no answers */
#define SEEN     3U      /* the message that the last interrupt found */
#define TAKEN    4U      /* interrupts of doorbell 0 */
#define OTHERS   5U      /* of doorbell 1, which nobody rings but by mistake */
#define ANSWERED 6U      /* doorbells rung */

#define MAGIC    0x4C4C4542U

#endif
