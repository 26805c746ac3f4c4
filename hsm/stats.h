/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of the module, readable below the hypervisor device in sysfs (hsm/NAME). */
#ifndef HSM_STATS_H
#define HSM_STATS_H

#include <linux/atomic.h>

struct hsm_stats {
	atomic64_t vms;			/* VMs that exist now */
	atomic64_t pinned_pages;	/* pages pinned now, request pages included */
	atomic64_t ioeventfds;		/* registered now */
	atomic64_t irqfds;		/* registered now */
	atomic64_t abandoned_pages;	/* of these for ever: their VM could not be destroyed */
	atomic64_t upcalls;		/* interrupts from the hypervisor, ever */
	atomic64_t requests;		/* I/O requests seen, ever */
	atomic64_t requests_in_kernel;	/* of these answered without user space */
};

extern struct hsm_stats hsm_stats;

#endif
