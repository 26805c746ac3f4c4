/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Interrupt lines of lent functions: who may have one, the way of an interrupt to its VM, and the way of the line back. */
#include "lent_machine.h"

#include "devices/vioapic.h"

#define PIN    23U /* of the machine */
#define OWN    17U /* of the User VM */
#define VECTOR 0x51U
#define LEVEL  0x8000U
#define MASKED 0x10000U
#define COMMAND 4U
#define QUIET  0x400U /* interrupt disable */

static vm_id_t user;

static int with_nic(void **state)
{
    (void)machine_start(state);
    user = world_create(1U);
    fake_bus_put(nic, 0x3CU, 4U, 0x0100U, 0xFFU); /* INTA */
    assert_int_equal(assign(user, NIC), 0);
    return 0;
}

static int64_t line_as(uint64_t id, const struct hc_ptdev_irq *irq)
{
    hw_phys_copy_out(SCRATCH, (const uint8_t *)irq, sizeof(*irq));
    return hypercall(id, user, SCRATCH);
}

static struct hc_ptdev_irq usual(void)
{
    return (struct hc_ptdev_irq){ .type = HC_PTDEV_INTX, .virt_bdf = PLACE, .phys_bdf = NIC, .virt_pin = OWN, .phys_pin = PIN };
}

static int64_t line_call(uint64_t id)
{
    const struct hc_ptdev_irq irq = usual();
    return line_as(id, &irq);
}

static void entry(vm_id_t v, uint32_t pin, uint32_t low)
{
    vioapic_mmio_write(v, 0U, 0x10U + (2U * pin));
    vioapic_mmio_write(v, 0x10U, low);
}

static void apic_on(vcpu_id_t id) { assert_int_equal(vlapic_mmio_write(id, 0xF0U, 0x1FFU), STATUS_OK); }

/* The CPU accepts what is pending, and ends it. */
static uint32_t taken(vcpu_id_t id)
{
    const uint32_t vector = vlapic_pending(id);
    if (vector != VECTOR_NONE) {
        vlapic_accepted(id, vector);
    }
    return vector;
}

static void eoi(vcpu_id_t id) { assert_int_equal(vlapic_mmio_write(id, 0xB0U, 0U), STATUS_OK); }

/* REQ-INT-084 */
static void a_line_reaches_its_vm_and_waits_for_its_eoi(void **state)
{
    (void)state;
    apic_on(vcpu_id(user, 0U));
    entry(user, OWN, VECTOR | LEVEL);
    assert_int_equal(get(user, PLACE, 0x3CU, 4U), 0U);
    set(user, PLACE, COMMAND, 2U, 6U);
    assert_int_equal(hw_pci_read(NIC, COMMAND, 2U), 6U | QUIET); /* without a line it cannot assert one */
    assert_int_equal(line_call(HC_SET_PTDEV_INTR_INFO), 0);
    assert_true(told("0x10: its VM has its interrupt line 0x17"));
    assert_int_equal(get(user, PLACE, 0x3CU, 4U), 0x0100U);
    assert_int_equal(get(user, PLACE, 0x3DU, 1U), 1U);
    set(user, PLACE, COMMAND, 2U, 6U);
    assert_int_equal(hw_pci_read(NIC, COMMAND, 2U), 6U);
    assert_false(fake_ioapic_masked[PIN]);
    irq_arrived(0U, fake_ioapic_vector[PIN]);
    assert_true(fake_ioapic_masked[PIN]);
    assert_int_equal(taken(vcpu_id(user, 0U)), VECTOR);
    assert_int_equal(taken(vcpu_id(user, 0U)), VECTOR_NONE);
    assert_true(fake_ioapic_masked[PIN]);
    eoi(vcpu_id(user, 0U));
    assert_false(fake_ioapic_masked[PIN]);
    assert_int_equal(taken(vcpu_id(user, 0U)), VECTOR_NONE);
    irq_arrived(0U, fake_ioapic_vector[PIN]); /* it asserts it again, or still */
    assert_int_equal(taken(vcpu_id(user, 0U)), VECTOR);
    assert_int_equal(vlapic_pending(SERVICE_BSP), VECTOR_NONE);
}

/* REQ-INT-084 */
static void lines_that_cannot_be_lent_are_named_with_the_reason(void **state)
{
    struct hc_ptdev_irq irq = usual();
    (void)state;
    assert_int_equal(hypercall(HC_SET_PTDEV_INTR_INFO, user, 0x8000000000U), -HC_EFAULT);
    assert_int_equal(line_call(HC_RESET_PTDEV_INTR_INFO), -HC_EINVAL); /* it has none */
    irq.phys_bdf = DISK;
    assert_int_equal(line_as(HC_SET_PTDEV_INTR_INFO, &irq), -HC_EINVAL); /* not lent */
    assert_int_equal(line_as(HC_RESET_PTDEV_INTR_INFO, &irq), -HC_EINVAL);
    irq = usual();
    irq.type = 1U; /* messages need no word */
    assert_int_equal(line_as(HC_SET_PTDEV_INTR_INFO, &irq), -HC_EINVAL);
    irq = usual();
    irq.pic_pin = 1U;
    assert_int_equal(line_as(HC_SET_PTDEV_INTR_INFO, &irq), -HC_EINVAL);
    irq = usual();
    irq.phys_pin = 9U;
    assert_int_equal(line_as(HC_SET_PTDEV_INTR_INFO, &irq), -HC_EINVAL);
    assert_true(told("0x10: no interrupt line of PCI, which are 0x10 to 0x17: 0x9"));
    apic_on(SERVICE_BSP);
    entry(VM_SERVICE, PIN, VECTOR | LEVEL);
    fake_tsc += fake_tsc_hz;
    assert_int_equal(line_call(HC_SET_PTDEV_INTR_INFO), -HC_EBUSY);
    assert_true(told("0x10: the Service VM uses its interrupt line"));
    assert_int_equal(hw_pci_read(NIC, COMMAND, 2U), QUIET);
    entry(VM_SERVICE, PIN, VECTOR | LEVEL | MASKED);
    assert_int_equal(line_call(HC_SET_PTDEV_INTR_INFO), 0);
    assert_int_equal(line_call(HC_SET_PTDEV_INTR_INFO), -HC_EINVAL); /* it has one */
    fake_bus_put(disk, 0x3CU, 4U, 0x0100U, 0xFFU);
    assert_int_equal(assign_as(user, 0x20U, DISK, 0U), 0);
    irq = (struct hc_ptdev_irq){ .virt_bdf = 0x20U, .phys_bdf = DISK, .virt_pin = OWN + 1U, .phys_pin = PIN };
    fake_tsc += fake_tsc_hz;
    assert_int_equal(line_as(HC_SET_PTDEV_INTR_INFO, &irq), -HC_EBUSY);
    assert_true(told("0x18: its interrupt line is another VM's"));
    for (uint32_t i = 0U; i < 20U; i++) {
        assert_int_equal(line_as(HC_SET_PTDEV_INTR_INFO, &irq), -HC_EBUSY); /* as often as it likes: the log has a limit */
    }
    fake_bus_put(disk, 0x3CU, 4U, 0U, 0xFFU);
    irq.phys_pin = PIN - 1U;
    assert_int_equal(line_as(HC_SET_PTDEV_INTR_INFO, &irq), -HC_EINVAL); /* no pin */
    device_arg(PLACE, NIC, 0U, 0U);
    assert_int_equal(hypercall(HC_DEASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    assert_int_equal(line_call(HC_SET_PTDEV_INTR_INFO), -HC_EINVAL); /* on its way back */
}

/* REQ-INT-084 REQ-ISO-081 */
static void the_line_comes_back_with_the_call_the_function_and_the_vm(void **state)
{
    uint32_t times = 0U;
    (void)state;
    apic_on(SERVICE_BSP);
    for (uint32_t way = 0U; way < 3U; way++) {
        entry(user, OWN, VECTOR | LEVEL);
        assert_int_equal(line_call(HC_SET_PTDEV_INTR_INFO), 0);
        set(user, PLACE, COMMAND, 2U, 6U);
        irq_arrived(0U, fake_ioapic_vector[PIN]);
        entry(VM_SERVICE, PIN, VECTOR | LEVEL); /* has no effect yet */
        assert_true(fake_ioapic_masked[PIN]);
        if (way == 0U) {
            assert_int_equal(line_call(HC_RESET_PTDEV_INTR_INFO), 0);
            assert_int_equal(hw_pci_read(NIC, COMMAND, 2U), 6U | QUIET);
            assert_int_equal(get(user, PLACE, 0x3CU, 4U), 0U);
        } else if (way == 1U) {
            assert_int_equal(deassign(user, NIC), 0);
        } else {
            assert_int_equal(call_through(HC_DESTROY_VM, user, 0U, &times), 0);
        }
        assert_false(fake_ioapic_masked[PIN]); /* as the Service VM has it */
        irq_arrived(0U, fake_ioapic_vector[PIN]);
        assert_int_equal(taken(SERVICE_BSP), VECTOR);
        entry(VM_SERVICE, PIN, VECTOR | LEVEL | MASKED);
        eoi(SERVICE_BSP);
        if (way == 1U) {
            assert_int_equal(assign(user, NIC), 0);
        }
    }
}

/* REQ-LIF-081 REQ-INT-084 */
static void a_reset_of_its_vm_masks_it_and_it_stays(void **state)
{
    uint32_t times = 0U;
    (void)state;
    entry(user, OWN, VECTOR | LEVEL);
    assert_int_equal(line_call(HC_SET_PTDEV_INTR_INFO), 0);
    irq_arrived(0U, fake_ioapic_vector[PIN]);
    assert_int_equal(call_through(HC_RESET_VM, user, 0U, &times), 0);
    assert_true(fake_ioapic_masked[PIN]);
    assert_int_equal(hw_pci_read(NIC, COMMAND, 2U), QUIET);
    apic_on(vcpu_id(user, 0U));
    assert_int_equal(taken(vcpu_id(user, 0U)), VECTOR_NONE);
    entry(user, OWN, VECTOR | LEVEL);
    assert_int_equal(taken(vcpu_id(user, 0U)), VECTOR_NONE);
    assert_false(fake_ioapic_masked[PIN]);
    assert_int_equal(get(user, PLACE, 0x3DU, 1U), 1U);
    irq_arrived(0U, fake_ioapic_vector[PIN]);
    assert_int_equal(taken(vcpu_id(user, 0U)), VECTOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_reaches_its_vm_and_waits_for_its_eoi, with_nic),
        cmocka_unit_test_setup(lines_that_cannot_be_lent_are_named_with_the_reason, with_nic),
        cmocka_unit_test_setup(the_line_comes_back_with_the_call_the_function_and_the_vm, with_nic),
        cmocka_unit_test_setup(a_reset_of_its_vm_masks_it_and_it_stays, with_nic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
