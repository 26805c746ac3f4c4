/* SPDX-License-Identifier: Apache-2.0 */
/* Sets CR3 to where the Service VM has no memory: the hypervisor's own. */
#include "tests/guests/guest.h"

#define HYPERVISOR 0x1000000U

void guest_main(void)
{
    print_text("lost: changing CR3\r\n");
    __asm__ volatile("mov %0, %%cr3" : : "r"((uint64_t)HYPERVISOR) : "memory");
    print_text("not ok: ran on\r\n");
}
