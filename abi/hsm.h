/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /dev/acrn_hsm has beyond ACRN's interface (<linux/acrn.h>, which owns the numbers below 0xF0). A module without it
 * says -ENOTTY.
 */
#ifndef ABI_HSM_H
#define ABI_HSM_H

/*
 * NOTIFY_REQUEST_FINISH for the slot that is the argument, by value, then ATTACH_IOREQ_CLIENT: returns 0 when a request may wait.
 * -EINVAL: nothing of that slot was to be finished, and the call did not wait. -ENODEV: the client or the VM is going.
 */
#define HSM_IOCTL_FINISH_AND_WAIT 0xA2F0U /* _IO(0xA2, 0xF0) */

#endif
