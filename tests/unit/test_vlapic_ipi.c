/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c
   devices/vlapic_timer.c devices/vlapic_ipi.c */
/* Messages between and to local APICs: who receives what. */
#include "device_stubs.h"
#include "vlapic_helpers.h"

#include "devices/vioapic.h"
#include "devices/vpic.h"

#define FIXED  0x000U
#define LOWEST 0x100U
#define SMI    0x200U
#define NMI    0x400U
#define INIT   0x500U
#define SIPI   0x600U
#define EXTINT 0x700U
#define LOGICAL 0x800U
#define ASSERT 0x4000U
#define LEVEL  0x8000U
#define TO_SELF   0x40000U
#define TO_ALL    0x80000U
#define TO_OTHERS 0xC0000U
#define VECTOR 0x51U

void vioapic_eoi(vm_id_t v, uint32_t vector) { (void)v; (void)vector; }
bool vpic_pending(vm_id_t v) { (void)v; return false; }

static int setup(void **state)
{
    (void)state;
    stubs_reset();
    apics_start(GUEST);
    apics_start(GUEST + 1U);
    return 0;
}

static int setup_x2apic(void **state)
{
    (void)setup(state);
    for (uint32_t i = 0U; i < GUEST_VCPUS; i++) {
        enter_x2apic(CPU(i));
    }
    return 0;
}

static void send(vcpu_id_t from, uint32_t dest, uint32_t low)
{
    apic_write(from, 0x310U, dest << 24U);
    apic_write(from, 0x300U, low);
}

static void send_x2(vcpu_id_t from, uint32_t dest, uint32_t low)
{
    msr_write(from, 0x830U, ((uint64_t)dest << 32U) | low);
}

/* Bit i: vCPU i of the VM has the vector requested. */
static uint32_t receivers_in(vm_id_t v, uint32_t vector)
{
    uint32_t set = 0U;

    for (uint32_t i = 0U; i < MAX_VCPU_PER_VM; i++) {
        if (requested(vcpu_id(v, i), vector)) {
            set |= 1U << i;
            assert_true(notified[vcpu_id(v, i)] > 0U);
        }
    }
    return set;
}

static uint32_t receivers(void)
{
    assert_int_equal(receivers_in(GUEST + 1U, VECTOR), 0U); /* never another VM's */
    return receivers_in(GUEST, VECTOR);
}

static uint32_t counted(const uint32_t counter[MAX_VCPU])
{
    uint32_t set = 0U;

    for (uint32_t id = 0U; id < MAX_VCPU; id++) {
        if (counter[id] != 0U) {
            assert_int_equal(vcpu_vm(id), GUEST);
            assert_int_equal(counter[id], 1U);
            set |= 1U << vcpu_index(id);
        }
    }
    return set;
}

/* ---- destinations ---- */

static void physical_names_one_vcpu(void **state)
{
    (void)state;
    send(CPU(0), 2U, VECTOR);
    assert_int_equal(receivers(), 0x4U);
    assert_int_equal(notified[CPU(1)], 0U);
}

static void physical_ff_is_broadcast(void **state)
{
    (void)state;
    send(CPU(0), 0xFFU, VECTOR);
    assert_int_equal(receivers(), 0xFU); /* vCPUs beyond vcpu_count do not exist */
}

static void an_absent_destination_is_dropped(void **state)
{
    (void)state;
    send(CPU(0), 4U, VECTOR);
    send(CPU(0), 0x80U, VECTOR);
    assert_int_equal(receivers(), 0U);
}

static void logical_flat_is_a_set_of_bits(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < GUEST_VCPUS; i++) {
        apic_write(CPU(i), 0xD0U, 0x1000000U << i);
    }
    send(CPU(0), 0x0AU, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0xAU);
}

static void logical_without_ldr_reaches_nobody(void **state)
{
    (void)state;
    send(CPU(0), 0x0FU, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0U);
    send(CPU(0), 0xFFU, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0xFU);
}

static void logical_cluster_is_a_cluster_and_its_members(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < GUEST_VCPUS; i++) { /* clusters 0: vCPU 0, 1; 1: vCPU 2, 3 */
        apic_write(CPU(i), 0xE0U, 0x0FFFFFFFU);
        apic_write(CPU(i), 0xD0U, (((i / 2U) << 4U) | (1U << (i & 1U))) << 24U);
    }
    send(CPU(0), 0x12U, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0x8U);
    send(CPU(0), 0xF1U, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0x8U | 0x5U);
}

static void x2apic_physical_has_32_bits(void **state)
{
    (void)state;
    send_x2(CPU(0), 3U, VECTOR);
    assert_int_equal(receivers(), 0x8U);
    send_x2(CPU(0), 0xFFU, VECTOR); /* an ordinary id that nobody has */
    assert_int_equal(receivers(), 0x8U);
    send_x2(CPU(0), 0xFFFFFFFFU, VECTOR);
    assert_int_equal(receivers(), 0xFU);
}

static void x2apic_logical_is_cluster_and_members(void **state)
{
    (void)state;
    send_x2(CPU(0), 0x00000006U, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0x6U);
    send_x2(CPU(0), 0x00010009U, VECTOR | LOGICAL); /* cluster 1 is empty */
    assert_int_equal(receivers(), 0x6U);
    send_x2(CPU(0), 0xFFFFFFFFU, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0xFU);
}

static void a_32_bit_destination_does_not_match_an_xapic(void **state)
{
    (void)state;
    enter_x2apic(CPU(0)); /* the others are still in xAPIC mode */
    apic_write(CPU(1), 0xD0U, 0x02000000U);
    send_x2(CPU(0), 0x10002U, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0U);
    send_x2(CPU(0), 0x2U, VECTOR | LOGICAL);
    assert_int_equal(receivers(), 0x2U);
}

static void shorthands_ignore_the_destination(void **state)
{
    (void)state;
    send(CPU(1), 3U, VECTOR | TO_SELF);
    assert_int_equal(receivers(), 0x2U);
    send(CPU(1), 3U, 0x61U | TO_OTHERS);
    assert_int_equal(receivers_in(GUEST, 0x61U), 0xDU);
    send(CPU(1), 3U, 0x71U | TO_ALL);
    assert_int_equal(receivers_in(GUEST, 0x71U), 0xFU);
}

static void shorthands_with_self_take_fixed_mode_only(void **state)
{
    (void)state;
    send(CPU(1), 0U, NMI | TO_SELF);
    send(CPU(1), 0U, NMI | TO_ALL);
    send(CPU(1), 0U, INIT | ASSERT | TO_SELF);
    send(CPU(1), 0U, SIPI | TO_ALL | 8U);
    assert_int_equal(counted(nmis), 0U);
    assert_int_equal(counted(inits), 0U);
    assert_int_equal(counted(sipis), 0U);
}

static void a_disabled_apic_receives_nothing(void **state)
{
    (void)state;
    msr_write(CPU(2), MSR_APIC_BASE, VLAPIC_BASE);
    vlapic_deliver(GUEST, 0xFFU, false, 0U, VECTOR, false);
    vlapic_deliver(GUEST, 0xFFU, false, 4U, 0U, false);
    msr_write(CPU(2), MSR_APIC_BASE, BASE_XAPIC);
    assert_int_equal(receivers(), 0xBU);
    assert_int_equal(counted(nmis), 0xBU);
}

static void vcpus_that_are_off_receive_no_interrupt(void **state)
{
    (void)state;
    vcpus[CPU(2)].state = VCPU_OFF;
    send(CPU(0), 0xFFU, VECTOR);
    send(CPU(0), 0xFFU, NMI);
    assert_int_equal(receivers(), 0xBU);
    assert_int_equal(counted(nmis), 0xBU);
    assert_int_equal(notified[CPU(2)], 0U);
}

/* ---- delivery modes ---- */

/* REQ-INT-008 */
static void nmi_reaches_the_destination(void **state)
{
    (void)state;
    send(CPU(0), 0U, NMI | TO_OTHERS);
    assert_int_equal(counted(nmis), 0xEU);
}

/* REQ-INT-008 */
static void init_and_sipi_reach_vcpus_that_are_off(void **state)
{
    (void)state;
    vcpus[CPU(1)].state = VCPU_OFF;
    send(CPU(0), 1U, INIT | ASSERT | LEVEL);
    assert_int_equal(counted(inits), 0x2U);
    send(CPU(0), 1U, SIPI | 0x9AU);
    assert_int_equal(counted(sipis), 0x2U);
    assert_int_equal(sipi_vector, 0x9AU);
}

static void init_level_deassert_does_nothing(void **state)
{
    (void)state;
    send(CPU(0), 1U, INIT | LEVEL);
    send(CPU(0), 0U, INIT | LEVEL | TO_ALL);
    assert_int_equal(counted(inits), 0U);
    send(CPU(0), 1U, INIT); /* an edge without assert is an INIT */
    assert_int_equal(counted(inits), 0x2U);
}

static void smi_extint_and_the_reserved_mode_are_dropped(void **state)
{
    (void)state;
    send(CPU(0), 1U, SMI | VECTOR);
    send(CPU(0), 1U, 0x300U | VECTOR);
    send(CPU(0), 1U, EXTINT | VECTOR);
    assert_int_equal(receivers(), 0U);
    assert_int_equal(counted(nmis) | counted(inits) | counted(sipis), 0U);
}

static void ipis_are_edges(void **state)
{
    (void)state;
    send(CPU(0), 1U, VECTOR | LEVEL | ASSERT);
    assert_int_equal(apic_read(CPU(1), 0x180U + (2U * 16U)), 0U);
}

static void an_illegal_vector_is_the_senders_error(void **state)
{
    (void)state;
    send(CPU(0), 1U, 0x0FU);
    send(CPU(0), 1U, LOWEST | 0x01U);
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0x20U);
    apic_write(CPU(1), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(1), 0x280U), 0U);
    assert_int_equal(notified[CPU(1)], 0U);
    send(CPU(0), 1U, 0x10U); /* the lowest legal one */
    assert_true(requested(CPU(1), 0x10U));
}

static void lowest_priority_picks_one_with_the_lowest_ppr(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x80U, 0x50U);
    apic_write(CPU(1), 0x80U, 0x30U);
    apic_write(CPU(2), 0x80U, 0x20U);
    apic_write(CPU(3), 0x80U, 0x40U);
    send(CPU(0), 0xFFU, LOWEST | VECTOR);
    assert_int_equal(receivers(), 0x4U);
    apic_write(CPU(0), 0x80U, 0U);
    vlapic_deliver(GUEST, 0xFFU, false, 1U, 0x61U, false);
    assert_int_equal(receivers_in(GUEST, 0x61U), 0x1U);
}

static void lowest_priority_skips_those_that_cannot_take_it(void **state)
{
    (void)state;
    vcpus[CPU(0)].state = VCPU_OFF;
    apic_write(CPU(1), 0xF0U, 0xFFU); /* software-disabled */
    send(CPU(3), 0xFFU, LOWEST | VECTOR);
    assert_int_equal(receivers(), 0x4U);
    for (uint32_t i = 0U; i < GUEST_VCPUS; i++) {
        vcpus[CPU(i)].state = VCPU_OFF;
    }
    vlapic_deliver(GUEST, 0xFFU, false, 1U, 0x61U, false);
    assert_int_equal(receivers_in(GUEST, 0x61U), 0U);
}

static void the_icr_reads_back_without_delivery_status(void **state)
{
    (void)state;
    send(CPU(0), 0x12U, 0xFFFFFFFFU & ~0xC0000U);
    assert_int_equal(apic_read(CPU(0), 0x300U), 0x0000CFFFU);
    assert_int_equal(apic_read(CPU(0), 0x310U), 0x12000000U);
    enter_x2apic(CPU(0));
    send_x2(CPU(0), 0x77U, VECTOR | 0x1000U);
    assert_int_equal(msr_read(CPU(0), 0x830U), (0x77ULL << 32U) | VECTOR);
}

/* ---- from devices ---- */

static void deliver_refuses_startup_messages(void **state)
{
    (void)state;
    vlapic_deliver(GUEST, 1U, false, 6U, 8U, false);
    assert_int_equal(counted(sipis), 0U);
}

static void deliver_passes_the_trigger_mode_on(void **state)
{
    (void)state;
    vlapic_deliver(GUEST, 1U, false, 0U, VECTOR, true);
    assert_int_equal(receivers(), 0x2U);
    assert_int_equal(apic_read(CPU(1), 0x180U + (2U * 16U)), 1U << (VECTOR & 31U));
}

/* REQ-INT-008 */
static void an_8_bit_broadcast_reaches_x2apics(void **state)
{
    (void)state;
    vlapic_deliver(GUEST, 0xFFU, false, 0U, VECTOR, false);
    assert_int_equal(receivers(), 0xFU);
}

static void msi_physical_and_logical(void **state)
{
    (void)state;
    vlapic_deliver_msi(GUEST, 0xFEE03000U, VECTOR);
    assert_int_equal(receivers(), 0x8U);
    apic_write(CPU(1), 0xD0U, 0x40000000U);
    vlapic_deliver_msi(GUEST, 0xFEE40004U, VECTOR);
    assert_int_equal(receivers(), 0xAU);
}

static void msi_with_redirection_hint_goes_to_one(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x80U, 0x20U);
    vlapic_deliver_msi(GUEST, 0xFEEFF00CU, VECTOR);
    assert_int_equal(receivers(), 0x2U);
    vlapic_deliver_msi(GUEST, 0xFEEFF004U, 0x61U);
    assert_int_equal(receivers_in(GUEST, 0x61U), 0xFU);
}

/* REQ-INT-005 */
static void msi_elsewhere_is_no_interrupt(void **state)
{
    (void)state;
    vlapic_deliver_msi(GUEST, 0xFED00000U, VECTOR);
    vlapic_deliver_msi(GUEST, 0x1FEE00000U, VECTOR);
    assert_int_equal(receivers(), 0U);
}

static void msi_level_deassert_is_dropped(void **state)
{
    (void)state;
    vlapic_deliver_msi(GUEST, 0xFEE01000U, LEVEL | VECTOR);
    assert_int_equal(receivers(), 0U);
    vlapic_deliver_msi(GUEST, 0xFEE01000U, LEVEL | ASSERT | VECTOR);
    assert_int_equal(receivers(), 0x2U);
}

/* REQ-INT-008 */
static void msi_nmi_stays_in_the_vm(void **state)
{
    (void)state;
    vlapic_deliver_msi(GUEST, 0xFEEFF000U, NMI);
    assert_int_equal(counted(nmis), 0xFU);
}

static void target_is_the_first_vcpu_that_is_on(void **state)
{
    (void)state;
    assert_int_equal(vlapic_target(GUEST, 2U, false), CPU(2));
    assert_int_equal(vlapic_target(GUEST, 0xFFU, false), CPU(0));
    vcpus[CPU(0)].state = VCPU_OFF;
    assert_int_equal(vlapic_target(GUEST, 0xFFU, false), CPU(1));
    assert_int_equal(vlapic_target(GUEST, 0U, false), ID_NONE);
    assert_int_equal(vlapic_target(GUEST, 7U, false), ID_NONE);
    apic_write(CPU(3), 0xD0U, 0x10000000U);
    assert_int_equal(vlapic_target(GUEST, 0x10U, true), CPU(3));
}

#define T(name) cmocka_unit_test_setup(name, setup)
#define X(name) cmocka_unit_test_setup(name, setup_x2apic)

static void a_vm_that_claims_too_many_vcpus_reaches_its_own_only(void **state)
{
    (void)state;
    vms[GUEST].vcpu_count = MAX_VCPU_PER_VM + 1U;
    apics_start(GUEST + 1U);
    vlapic_deliver(GUEST, 0xFFU, false, 0U, VECTOR, false);
    assert_int_equal(receivers_in(GUEST, VECTOR), 0xFFU);
    assert_int_equal(receivers_in(GUEST + 1U, VECTOR), 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(physical_names_one_vcpu), T(physical_ff_is_broadcast), T(an_absent_destination_is_dropped),
        T(logical_flat_is_a_set_of_bits), T(logical_without_ldr_reaches_nobody),
        T(logical_cluster_is_a_cluster_and_its_members), X(x2apic_physical_has_32_bits),
        X(x2apic_logical_is_cluster_and_members), T(a_32_bit_destination_does_not_match_an_xapic),
        T(shorthands_ignore_the_destination), T(shorthands_with_self_take_fixed_mode_only),
        T(a_disabled_apic_receives_nothing), T(vcpus_that_are_off_receive_no_interrupt),
        T(nmi_reaches_the_destination), T(init_and_sipi_reach_vcpus_that_are_off),
        T(init_level_deassert_does_nothing), T(smi_extint_and_the_reserved_mode_are_dropped), T(ipis_are_edges),
        T(an_illegal_vector_is_the_senders_error), T(lowest_priority_picks_one_with_the_lowest_ppr),
        T(lowest_priority_skips_those_that_cannot_take_it), T(the_icr_reads_back_without_delivery_status),
        T(deliver_refuses_startup_messages), T(deliver_passes_the_trigger_mode_on),
        X(an_8_bit_broadcast_reaches_x2apics), T(msi_physical_and_logical), T(msi_with_redirection_hint_goes_to_one),
        T(msi_elsewhere_is_no_interrupt), T(msi_level_deassert_is_dropped), T(msi_nmi_stays_in_the_vm),
        T(target_is_the_first_vcpu_that_is_on),
        cmocka_unit_test_setup(a_vm_that_claims_too_many_vcpus_reaches_its_own_only, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
