/* SPDX-License-Identifier: Apache-2.0 */
/* The one lock of the shared side: held from entry into core/ until before VM entry.
 * It is the only lock; a core that runs an exclusive VM never takes it. */
#ifndef X86_LOCK_H
#define X86_LOCK_H

void lock_shared(void);
void unlock_shared(void);

#endif
