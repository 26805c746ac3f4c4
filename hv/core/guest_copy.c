/* SPDX-License-Identifier: Apache-2.0 */
/* Copies from and to a VM's memory, through stage 2. Lock: the shared-side lock, or single-core boot. */
#include "core/guest_copy_spec.h"
#include "core/hw.h"
#include "core/stage2.h"
#include "core/vm.h"

/* Bytes from gpa to the end of its page, at most size. */
static uint32_t page_rest(gpa_t gpa, uint32_t size)
{
    uint32_t rest = PAGE_SIZE - (uint32_t)(gpa % PAGE_SIZE);
    return (rest < size) ? rest : size;
}

/* RAM only: an uncached leaf is a device, and reading one may have side effects. */
static enum status guest_page(vm_id_t v, gpa_t gpa, uint32_t right, hpa_t *hpa)
{
    struct stage2_mapping leaf = stage2_lookup(v, gpa);
    bool ram = leaf.present && (leaf.attr < S2_UC);
    bool allowed = (right == S2_READ) || (((leaf.attr / S2_WRITE) % 2U) == 1U);
    *hpa = leaf.hpa;
    return (ram && allowed) ? STATUS_OK : STATUS_FAULT;
}

/* Every page is checked before the first byte moves, so that a fault leaves the state unchanged. */
static enum status guest_check(vm_id_t v, gpa_t gpa, uint32_t size, uint32_t right)
{
    enum status result = (size <= (0xFFFFFFFFFFFFFFFFU - gpa)) ? STATUS_OK : STATUS_FAULT;
    uint32_t done = 0U;
    /*@ loop invariant done <= size && (result == STATUS_OK || result == STATUS_FAULT);
        loop invariant here: result == STATUS_OK ==> gpa + size <= 0xFFFFFFFFFFFFFFFF && guest_all(v, gpa, done, right);
        loop invariant gone: result != STATUS_OK ==> !guest_all(v, gpa, size, right);
        loop assigns done, result;
        loop variant size - done; */
    while ((done < size) && (result == STATUS_OK)) {
        hpa_t hpa = 0U;
        result = guest_page(v, gpa + done, right, &hpa);
        done += page_rest(gpa + done, size - done);
    }
    return result;
}

/* REQ-HYP-004 */
enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size)
{
    enum status result = guest_check(v, gpa, size, S2_READ);
    uint32_t done = 0U;
    /*@ loop invariant done <= size && (result == STATUS_OK || (result == STATUS_FAULT && done == 0));
        loop invariant mapped: result == STATUS_OK <==> guest_all(v, gpa, size, S2_READ);
        loop invariant copied: guest_copied(done);
        loop invariant kept: done == 0 ==> \forall integer i; 0 <= i < size ==> dst[i] == \at(dst[i], Pre);
        loop assigns done, result, proof_copied, dst[0 .. size - 1];
        loop variant size - done; */
    while ((done < size) && (result == STATUS_OK)) {
        uint32_t piece = page_rest(gpa + done, size - done);
        hpa_t hpa = 0U;
        result = guest_page(v, gpa + done, S2_READ, &hpa);
        if (result == STATUS_OK) {
            hw_phys_copy_in(&dst[done], hpa, piece);
        }
        done += piece;
    }
    return result;
}

enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size)
{
    enum status result = guest_check(v, gpa, size, S2_READ | S2_WRITE);
    uint32_t done = 0U;
    /*@ loop invariant done <= size && (result == STATUS_OK || (result == STATUS_FAULT && done == 0));
        loop invariant mapped: result == STATUS_OK <==> guest_all(v, gpa, size, S2_READ + S2_WRITE);
        loop invariant copied: guest_copied(done);
        loop assigns done, result, proof_copied;
        loop variant size - done; */
    while ((done < size) && (result == STATUS_OK)) {
        uint32_t piece = page_rest(gpa + done, size - done);
        hpa_t hpa = 0U;
        result = guest_page(v, gpa + done, S2_READ | S2_WRITE, &hpa);
        if (result == STATUS_OK) {
            hw_phys_copy_out(hpa, &src[done], piece);
        }
        done += piece;
    }
    return result;
}
