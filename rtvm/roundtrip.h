/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips of a small frame through the Ethernet controller: sent, returned by whoever nic_path= names, and seen again. */
#ifndef RTVM_ROUNDTRIP_H
#define RTVM_ROUNDTRIP_H

#include <stdbool.h>
#include <stdint.h>

extern volatile uint64_t nic_tsc;         /* TSC at the controller's last message, from its entry */
extern volatile uint64_t nic_interrupts;

struct roundtrip {
    uint64_t ticks; /* from before the write that sends, to the message's entry, or to when polling saw the frame */
    uint64_t tsc;   /* at its end */
};

/* Starts the controller as the options say. False: it cannot be used; the console says why. */
bool roundtrip_start(uint64_t tsc_hz);
/* One frame there and back. False: it was lost, or came back as something else; counted. Interrupts are off before and after. */
bool roundtrip_measure(struct roundtrip *trip);
/* Whether anything ever came back, or nothing was sent yet. */
bool roundtrip_alive(void);
void roundtrip_report(void);

#endif
