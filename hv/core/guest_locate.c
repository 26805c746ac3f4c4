/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest in a loop of accesses has its code and its tables on the same few pages, so each place keeps what stage 2 said last. That
 * stays true until the VM's generation moves on: each change of stage 2 that takes something away or restricts it moves it, under
 * the lock that is held here too, and so does each new life of the VM's number. What was not there is looked up again.
 */
#include "core/guest_locate.h"
#include "core/stage2.h"
#include "core/vm.h"

#define PLACE_KNOWN 1U /* in the page's address */

struct guest_place {
    gpa_t page;
    hpa_t hpa;
    uint64_t generation;
};
static struct guest_place guest_place[MAX_VCPU][GUEST_PLACES];

/* REQ-IO-025 */
enum status guest_locate(vcpu_id_t id, uint32_t place, gpa_t gpa, hpa_t *hpa)
{
    vm_id_t v = vcpu_vm(id);
    struct guest_place *at = &guest_place[id][place];
    gpa_t wanted = (gpa & PAGE_MASK) | PLACE_KNOWN;
    if ((at->page != wanted) || (at->generation != vms[v].generation)) {
        struct stage2_mapping leaf = stage2_lookup(v, gpa);
        bool ram = leaf.present && (leaf.attr < S2_UC);
        at->page = ram ? wanted : 0U;
        at->hpa = leaf.hpa & PAGE_MASK;
        at->generation = vms[v].generation;
    }
    *hpa = at->hpa | (gpa & ~PAGE_MASK);
    return (at->page == wanted) ? STATUS_OK : STATUS_FAULT;
}
