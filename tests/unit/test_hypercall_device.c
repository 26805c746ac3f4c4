/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Hypercalls that lend devices: what they refuse, the steps of a hand-over, and who gives back what when. */
#include "lent_machine.h"

static vm_id_t user;

static int start(void **state)
{
    (void)machine_start(state);
    user = world_create(1U);
    return 0;
}

static bool service_has_nic(void)
{
    return (vpci_config_read(VM_SERVICE, NIC, 0U, 4U) == 0x10D38086U) && (where(VM_SERVICE, REGS) == REGS) && (where(VM_SERVICE, REGS + 0x2000U) == 0U) &&
           (where(VM_SERVICE, REGS + 0xF000U) == REGS + 0xF000U) && (where(VM_SERVICE, HIGH) == HIGH) && vpci_mmio_claims(VM_SERVICE, REGS + 0x2000U) &&
           (iommu_table_owner(NIC) == VM_SERVICE);
}

/* REQ-HYP-080 */
static void only_the_service_vm_lends_and_only_to_user_vms(void **state)
{
    (void)state;
    device_arg(PLACE, NIC, 0U, 0U);
    assert_int_equal(hypercall_call(vcpu_id(user, 0U), HC_ASSIGN_PCIDEV, user, SCRATCH), -HC_ENOTTY);
    assert_int_equal(hypercall_call(vcpu_id(RTVM, 0U), HC_ASSIGN_PCIDEV, user, SCRATCH), -HC_ENOTTY);
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, RTVM, SCRATCH), -HC_EINVAL);
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, VM_SERVICE, SCRATCH), -HC_EINVAL);
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, user + 1U, SCRATCH), -HC_EINVAL);
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, user, 0x8000000000U), -HC_EFAULT);
    assert_int_equal(hypercall(HC_DEASSIGN_PCIDEV, user, 0x8000000000U), -HC_EFAULT);
    assert_int_equal(assign_as(user, PLACE, NIC, 2U), -HC_EINVAL);
    for (uint32_t i = 0U; i < 20U; i++) {
        assert_int_equal(assign(user, GIVEN), -HC_EINVAL); /* as often as it likes: the log has a limit */
    }
    assert_int_equal(hypercall(HC_DESTROY_VM, RTVM, 0U), -HC_EINVAL);
    assert_true(service_has_nic());
}

/* REQ-HYP-013 */
static void other_devices_are_refused(void **state)
{
    (void)state;
    assert_int_equal(hypercall(HC_CREATE_VDEV, user, SCRATCH), -HC_ENODEV);
    assert_int_equal(hypercall(HC_DESTROY_VDEV, user, SCRATCH), -HC_ENODEV);
    assert_int_equal(hypercall(0x8000005BU, user, SCRATCH), -HC_ENOTTY);
    assert_int_equal(hypercall(0x80000052U, user, SCRATCH), -HC_ENOTTY);
    assert_int_equal(hypercall_dispatch(SERVICE_BSP, HC_ASSIGN_PCIDEV, user, SCRATCH), -HC_ENOTTY);
}

/* REQ-INT-083 */
static void functions_that_cannot_be_lent_are_named_with_the_reason(void **state)
{
    static const struct { uint16_t bdf; const char *why; } cases[] = {
        { 0x0FF8U, "0xff8 is not lent: there is no such function" },
        { GIVEN, "0x60 is not lent: it is not the Service VM's" },
        { HOST, "0x0 is not lent: it is a bridge" },
        { ISA, "0xf8 is not lent: it is a bridge" },
        { BRIDGE, "0x30 is not lent: it is a bridge" },
        { PLAIN, "0x28 is not lent: it has no function-level reset, and none by power states; with ,as-is it is" },
    };
    static const struct { uint16_t bdf; const char *why; } quirks[] = {
        { TWIN, "0x38 is not lent: nothing keeps it apart" },
        { BEHIND, "0x100 is not lent: it is behind a bridge" },
        { SHARED, "0x40: a page of its registers is another" },
        { SHARED2, "0x48: a page of its registers is another" },
        { OUTSIDE, "0x50: not all of its registers are the Service VM's" },
    };
    (void)state;
    for (uint32_t i = 0U; i < 6U; i++) {
        fake_tsc += fake_tsc_hz; /* another second of the log */
        assert_int_equal(assign(user, cases[i].bdf), -HC_EINVAL);
        assert_true(told(cases[i].why));
    }
    for (uint32_t i = 0U; i < 5U; i++) {
        fake_tsc += fake_tsc_hz;
        assert_int_equal(assign_as(user, PLACE, quirks[i].bdf, HC_PCIDEV_QUIRK), -HC_EINVAL);
        assert_true(told(quirks[i].why));
        assert_int_equal(iommu_table_owner(quirks[i].bdf), VM_SERVICE);
    }
    for (uint16_t n = 1U; n < 8U; n++) {
        assert_int_equal(assign_as(user, (uint16_t)(PLACE + n), NIC, 0U), -HC_EINVAL);
    }
    assert_int_equal(assign_as(user, 0U, NIC, 0U), -HC_EINVAL);
    assert_true(service_has_nic());
}

/* REQ-INT-083 */
static void a_sleeping_port_an_rmrr_and_no_unit_are_refused(void **state)
{
    (void)state;
    fake_bus_put(plain, 4U, 4U, 7U, 0xFFFFU);
    const uint32_t class_code = hw_pci_read(NIC, 8U, 4U);
    fake_bus_put(nic, 0U, 4U, 0xFFFFFFFFU, 0U);
    fake_bus_put(nic, 8U, 4U, 0xFFFFFFFFU, 0U);
    assert_int_equal(assign(user, NIC), -HC_EINVAL);
    assert_true(told("0x10 is not lent: it does not answer"));
    fake_bus_put(nic, 8U, 4U, class_code, 0U); /* a virtual function: its class answers, its vendor does not */
    hw_pci_write(NIC, 4U, 2U, 7U);
    vpci_function[1].physical = NIC;
    assert_int_equal(assign(user, NIC), -HC_EINVAL);
    assert_true(told("0x10 is not lent: its virtual functions are on"));
    vpci_function[1].physical = 0U;
    fake_bus_put(nic, 0U, 4U, 0x10D38086U, 0U);
    fake_iommu_regions = 1U;
    fake_iommu_region[0] = (struct fake_iommu_region){ NIC, 0x1000000U, 0x1000U };
    assert_int_equal(assign(user, NIC), -HC_EINVAL);
    assert_true(told("0x10 is not lent: the firmware reserves memory for it"));
    assert_true(service_has_nic());
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 7U); /* as if nothing had been asked */
    assert_int_equal(nic->resets, 0U);
    platform.iommu_present = false;
    (void)iommu_init(ROOT, ENTRIES, REMAP);
    assert_int_equal(assign(user, NIC), -HC_ENODEV);
    assert_true(told("0x10 is not lent: the machine has no IOMMU"));
}

/* REQ-INT-083 */
static void a_vm_that_has_started_and_one_with_its_share_get_none(void **state)
{
    (void)state;
    assert_int_equal(assign_as(user, 0x08U, NIC, 0U), 0);
    assert_int_equal(assign_as(user, 0x08U, DISK, 0U), -HC_EBUSY); /* the place is taken */
    assert_int_equal(assign_as(user, 0x10U, NIC, 0U), -HC_EINVAL);  /* lent already */
    assert_int_equal(assign_as(user, 0x08U, NIC, 0U), -HC_EINVAL);
    assert_int_equal(assign_as(user, 0x10U, DISK, 0U), 0);
    assert_int_equal(assign_as(user, 0x18U, USB, 0U), 0);
    assert_int_equal(assign_as(user, 0x20U, PLAIN, HC_PCIDEV_QUIRK), 0);
    fake_tsc += fake_tsc_hz;
    assert_int_equal(assign_as(user, 0x28U, TABLES, HC_PCIDEV_QUIRK), -HC_ENOMEM);
    assert_true(told("0x58 is not lent: 4 functions for one VM"));
    assert_int_equal(deassign_as(user, 0x20U, PLAIN), 0);
    assert_int_equal(assign_as(user, 0x28U, TABLES, HC_PCIDEV_QUIRK), 0);
    assert_int_equal(deassign_as(user, 0x28U, TABLES), 0);
    assert_int_equal(world_ioreq_page(user, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, user, 0U), 0);
    assert_int_equal(assign_as(user, 0x28U, TABLES, HC_PCIDEV_QUIRK), -HC_EINVAL);
    assert_true(told("0x58 is not lent: its VM has started"));
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), -HC_EINVAL); /* it runs: its functions keep on */
    assert_int_equal(get(user, 0x08U, 0U, 4U), 0x10D38086U);
    assert_int_equal(hypercall(HC_DESTROY_VM, user, 0U), -HC_EINVAL);
    assert_int_equal(get(user, 0x08U, 0U, 4U), 0x10D38086U);
}

/* REQ-LIF-080 REQ-ISO-081 */
static void a_hand_over_takes_steps_in_which_nobody_has_it(void **state)
{
    uint32_t times = 0U;
    uint32_t value = 0U;
    (void)state;
    hw_pci_write(NIC, 4U, 2U, 7U);
    hw_pci_write(NIC, 0x3CU, 1U, 0x0BU);
    hw_pci_write(NIC, 0xCU, 2U, 0x4010U);
    hw_pci_write(NIC, 0x48U, 2U, 0x2830U);
    nic->config[0x4A] = 0x20U; /* requests wait for their completion */
    assert_true(reaches(NIC, 0x1000000U));
    device_arg(PLACE, NIC, 0U, 0xC0000000U);
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x400U); /* no master */
    assert_int_equal(iommu_table_owner(NIC), IOMMU_NOBODY);
    assert_false(reaches(NIC, 0x1000000U));
    assert_int_equal(where(VM_SERVICE, REGS), 0U);
    assert_int_equal(vpci_config_read(VM_SERVICE, NIC, 0U, 4U), 0xFFFFFFFFU);
    (void)vpci_lent_port_write(user, 0xCF8U, 4U, 0x80000000U | (PLACE << 8U));
    assert_true(vpci_lent_port_read(user, 0xCFCU, 2U, &value));
    assert_int_equal(value, 0xFFFFU);
    assert_true(vpci_lent_port_write(user, 0xCFCU, 4U, 0U));
    fake_tsc += fake_tsc_hz / 50U;
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    assert_int_equal(nic->resets, 0U);  /* 20 ms, and something is pending */
    nic->config[0x4A] = 0U;
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    assert_int_equal(nic->resets, 1U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), 0U);
    assert_int_equal(call_through(HC_ASSIGN_PCIDEV, user, SCRATCH, &times), 0);
    assert_int_equal(times, 21U);       /* 100 ms */
    assert_int_equal(iommu_table_owner(NIC), user);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), REGS);
    assert_int_equal(hw_pci_read(NIC, 0x3CU, 1U), 0x0BU);
    assert_int_equal(hw_pci_read(NIC, 0xCU, 2U), 0x4010U);
    assert_int_equal(hw_pci_read(NIC, 0x48U, 2U), 0x2830U);
    assert_int_equal(nic->masters, 1U); /* the Service VM's own, long before */
    assert_true(told("0x10 is lent"));
    set(user, PLACE, 4U, 2U, 6U);
    device_arg(PLACE, NIC, 0U, 0U);
    nic->config[0x4A] = 0x20U;          /* for ever */
    assert_int_equal(hypercall(HC_DEASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    assert_int_equal(where(user, 0xC0000000U), 0U);
    assert_false(reaches(NIC, 0U));
    assert_int_equal(where(VM_SERVICE, REGS), 0U);
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, user, SCRATCH), -HC_EINVAL); /* it is leaving */
    assert_int_equal(call_through(HC_DEASSIGN_PCIDEV, user, SCRATCH, &times), 0);
    assert_int_equal(times, 41U);
    assert_int_equal(nic->resets, 2U);
    assert_true(service_has_nic());
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0U);
    assert_true(reaches(NIC, 0x1000000U));
    assert_int_equal(hypercall(HC_DEASSIGN_PCIDEV, user, SCRATCH), -HC_EINVAL);
}

/* REQ-LIF-080 */
static void each_way_of_reset_is_used(void **state)
{
    (void)state;
    assert_int_equal(assign_as(user, 0x08U, DISK, 0U), 0);
    assert_int_equal(disk->resets, 1U);
    assert_int_equal(assign_as(user, 0x10U, USB, 0U), 0); /* woken, then put to sleep and woken */
    assert_int_equal(usb->resets, 2U);
    assert_int_equal(hw_pci_read(USB, 0x44U, 1U), 0U);
    assert_int_equal(assign_as(user, 0x18U, PLAIN, HC_PCIDEV_QUIRK), 0);
    assert_int_equal(plain->resets, 0U);
    disk->config[0x75] = 1U; /* transactions pending */
    device_arg(0x08U, DISK, 0U, 0U);
    assert_int_equal(hypercall(HC_DEASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    fake_tsc += fake_tsc_hz / 50U;
    assert_int_equal(hypercall(HC_DEASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    assert_int_equal(disk->resets, 1U);
    disk->config[0x75] = 0U;
    assert_int_equal(deassign_as(user, 0x08U, DISK), 0);
    assert_int_equal(disk->resets, 2U);
}

/* REQ-LIF-080 */
static void a_function_that_keeps_its_state_in_d3_or_offers_no_flr_has_no_reset(void **state)
{
    (void)state;
    fake_bus_put(usb, 0x44U, 4U, 8U, 3U);
    assert_int_equal(assign(user, USB), -HC_EINVAL);
    fake_bus_put(disk, 0x70U, 4U, 0x01060013U, 0U);
    assert_int_equal(assign(user, DISK), -HC_EINVAL);
    fake_bus_put(nic, 0x44U, 4U, 0U, 0U);
    assert_int_equal(assign(user, NIC), -HC_EINVAL);
    fake_bus_put(usb, 0x40U, 4U, 0x00034001U, 0U); /* a list that bites its tail */
    fake_bus_put(usb, 0x40U, 1U, 0x02U, 0U);
    assert_int_equal(assign(user, USB), -HC_EINVAL);
}

/* REQ-LIF-081 */
static void destroying_its_vm_gives_it_back(void **state)
{
    uint32_t times = 0U;
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(assign_as(user, 0x20U, DISK, 0U), 0);
    set(user, PLACE, 4U, 2U, 6U);
    assert_int_equal(world_ioreq_page(user, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, user, 0U), 0);
    assert_int_equal(hypercall(HC_PAUSE_VM, user, 0U), 0);
    assert_int_equal(hypercall(HC_DESTROY_VM, user, 0U), HYPERCALL_AGAIN);
    assert_int_equal(vms[user].state, VM_PAUSED);
    assert_false(reaches(NIC, 0U));
    assert_int_equal(call_through(HC_DESTROY_VM, user, 0U, &times), 0);
    assert_int_equal(vms[user].state, VM_FREE);
    assert_true(service_has_nic());
    assert_int_equal(iommu_table_owner(DISK), VM_SERVICE);
    assert_int_equal(world_create(1U), user);
    assert_false(vpci_lent_port_read(user, 0xCFCU, 4U, &times));
}

/* REQ-LIF-081 */
static void a_reset_of_its_vm_resets_it_and_it_stays(void **state)
{
    uint32_t times = 0U;
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(assign_as(user, 0x20U, DISK, 0U), 0);
    set(user, PLACE, 4U, 2U, 6U);
    set(user, PLACE, 0x10U, 4U, 0xD0000000U);
    assert_int_equal(world_ioreq_page(user, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, user, 0U), 0);
    assert_int_equal(hypercall(HC_PAUSE_VM, user, 0U), 0);
    nic->config[0x4A] = 0x20U; /* takes longer than the disk's */
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), HYPERCALL_AGAIN);
    assert_int_equal(where(user, 0xD0000000U), 0U);
    assert_int_equal(call_through(HC_RESET_VM, user, 0U, &times), 0);
    assert_int_equal(times, 41U);
    assert_int_equal(nic->resets, 2U);
    assert_int_equal(disk->resets, 2U); /* once each */
    assert_int_equal(vms[user].state, VM_CREATED);
    assert_int_equal(get(user, PLACE, 0x10U, 4U), 0xC0000000U);
    assert_int_equal(get(user, PLACE, 4U, 2U), 0x400U);
    assert_int_equal(iommu_table_owner(NIC), user);
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), HYPERCALL_AGAIN); /* begun, and the VM is started all the same: it has its functions then */
    assert_int_equal(hypercall(HC_START_VM, user, 0U), HYPERCALL_AGAIN);
    assert_int_equal(call_through(HC_START_VM, user, 0U, &times), 0);
    assert_int_equal(get(user, PLACE, 0U, 4U), 0x10D38086U);
    assert_int_equal(hypercall(HC_START_VM, user, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_PAUSE_VM, user, 0U), 0);
    fake_tsc += fake_tsc_hz;
    nic->config[0x4A] = 0U;
    assert_int_equal(call_through(HC_RESET_VM, user, 0U, &times), 0);
    assert_int_equal(get(user, PLACE, 0U, 4U), 0x10D38086U);
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), HYPERCALL_AGAIN);
    assert_int_equal(call_through(HC_DESTROY_VM, user, 0U, &times), 0); /* on its way already, and now another one */
    assert_true(service_has_nic());
}

/* How often a core looks, 10 ms apart, until the machine is off or the Service VM runs again. Nobody waits, and meanwhile the group stands still. */
static uint32_t ends_after(bool off)
{
    const uint64_t epoch = vcpus[SERVICE_BSP].epoch;
    const enum fake_end end = fake_catch();
    static uint32_t looks;
    if (end == FAKE_NONE) {
        const uint64_t before = fake_tsc;
        looks = 0U;
        if (off) {
            vm_service_off(0U);
        } else {
            vm_service_reset();
        }
        assert_int_equal(fake_tsc, before);
        while ((vms[VM_SERVICE].state != VM_RUNNING) && (looks < 100U)) {
            assert_int_equal(vms[VM_SERVICE].state, VM_STOPPED);
            assert_int_equal(vcpus[SERVICE_BSP].state, VCPU_OFF);
            assert_int_not_equal(vms[user].state, VM_RUNNING);
            fake_tsc += fake_tsc_hz / 100U;
            looks++;
            (void)core_next(0U);
            assert_true((fake_pcpu[0].timer <= (fake_tsc + (fake_tsc_hz / 100U))) || (vms[VM_SERVICE].state == VM_RUNNING));
        }
    }
    assert_int_equal(end, off ? FAKE_POWEROFF : FAKE_NONE);
    assert_true(vcpus[SERVICE_BSP].epoch != epoch);
    return looks;
}

/* REQ-LIF-081 */
static void the_end_of_the_service_vm_brings_everything_back(void **state)
{
    vm_id_t other = world_create(2U);
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    set(user, PLACE, 4U, 2U, 6U);
    assert_int_equal(assign(other, DISK), 0);
    device_arg(0x20U, USB, 0U, 0U);
    assert_int_equal(hypercall(HC_ASSIGN_PCIDEV, other, SCRATCH), HYPERCALL_AGAIN); /* half way */
    assert_in_range(ends_after(true), 11U, 22U);
    assert_int_equal(vms[user].state, VM_FREE);
    assert_int_equal(vms[other].state, VM_FREE);
    assert_int_equal(iommu_table_owner(NIC), VM_SERVICE);
    assert_int_equal(iommu_table_owner(DISK), VM_SERVICE);
    assert_int_equal(iommu_table_owner(USB), VM_SERVICE);
    assert_int_equal(where(VM_SERVICE, REGS), REGS);
    assert_int_equal(nic->resets, 2U);
}

/* REQ-LIF-081 REQ-LIF-005 */
static void the_service_vm_begins_anew_when_everything_is_back(void **state)
{
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(ioreq_set_page(user, SCRATCH & ~0xFFFULL), STATUS_OK);
    assert_int_equal(vm_start(user), STATUS_OK);
    set(user, PLACE, 4U, 2U, 6U);
    (void)core_next(0U);
    fake_tsc += fake_tsc_hz * 11U;
    assert_in_range(ends_after(false), 11U, 22U);
    assert_int_equal(vms[user].state, VM_FREE);
    assert_int_equal(vcpus[SERVICE_BSP].state, VCPU_RUNNABLE);
    assert_true(service_has_nic());
    assert_int_equal(hw_pci_read(NIC, 4U, 2U) & 4U, 0U);
    assert_int_equal(core_next(0U).vcpu, SERVICE_BSP);
}

/* REQ-HYP-080 */
static void what_is_another_vms_is_not_returned(void **state)
{
    vm_id_t other = world_create(2U);
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(deassign(other, NIC), -HC_EINVAL);
    assert_int_equal(deassign_as(user, PLACE + 8U, NIC), -HC_EINVAL);
    assert_int_equal(deassign(user, DISK), -HC_EINVAL);
    assert_int_equal(assign(other, NIC), -HC_EINVAL);
    assert_int_equal(assign(other, DISK), 0); /* the same place of another VM */
    assert_int_equal(deassign(user, NIC), 0);
    assert_int_equal(get(other, PLACE, 0U, 4U), 0x29228086U);
    assert_int_equal(deassign(other, DISK), 0);
}

/* REQ-INT-083 REQ-INT-050 */
static void ports_above_forward_and_silent_neighbours_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(assign_as(user, 0x08U, BELOW, HC_PCIDEV_QUIRK), 0);
    assert_int_equal(hw_pci_read(PORT, 4U, 2U), 6U);
    vpci_config_write(VM_SERVICE, PORT, 4U, 2U, 0U);
    assert_int_equal(hw_pci_read(PORT, 4U, 2U), 6U); /* the Service VM's, and not its to switch off */
    assert_int_equal(deassign_as(user, 0x08U, BELOW), 0);
    vpci_config_write(VM_SERVICE, PORT, 4U, 2U, 0U);
    assert_int_equal(hw_pci_read(PORT, 4U, 2U), 0U);
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        vpci_function[i].owner = (vpci_function[i].bdf == (TWIN + 1U)) ? ID_NONE : vpci_function[i].owner;
    }
    assert_int_equal(assign_as(user, 0x08U, TWIN, HC_PCIDEV_QUIRK), 0);
}

/* REQ-ISO-080 */
static void registers_that_the_service_vm_has_otherwise_are_not_lent(void **state)
{
    (void)state;
    assert_int_equal(stage2_unmap(VM_SERVICE, REGS + 0x30000U, 0x1000U), STATUS_OK);
    assert_int_equal(stage2_map(VM_SERVICE, REGS + 0x30000U, REGS + 0x30000U, 0x1000U, S2_READ | S2_UC), STATUS_OK);
    assert_int_equal(assign(user, DISK), -HC_EINVAL);
    assert_true(told("0x18: not all of its registers"));
    assert_int_equal(stage2_unmap(VM_SERVICE, REGS + 0x30000U, 0x1000U), STATUS_OK);
    assert_int_equal(assign(user, DISK), -HC_EINVAL);
    assert_int_equal(stage2_map(VM_SERVICE, REGS + 0x30000U, REGS + 0x31000U, 0x1000U, S2_READ | S2_WRITE | S2_UC), STATUS_OK);
    assert_int_equal(assign(user, DISK), -HC_EINVAL);
    assert_int_equal(stage2_unmap(VM_SERVICE, REGS + 0x4000U, 0x1000U), STATUS_OK);
    assert_int_equal(stage2_map(VM_SERVICE, REGS + 0x4000U, REGS + 0x4000U, 0x1000U, S2_READ | S2_WRITE | S2_WC), STATUS_OK);
    assert_int_equal(assign(user, NIC), -HC_EINVAL); /* not all alike */
    assert_int_equal(where(VM_SERVICE, REGS + 0x5000U), REGS + 0x5000U);
}

/* REQ-ISO-080 */
static void without_tables_for_the_cut_all_stays(void **state)
{
    gpa_t at = 0x100000000ULL;
    (void)state;
    while (stage2_map(VM_SERVICE, at, SCRATCH, 0x1000U, S2_READ) == STATUS_OK) {
        at += PAGE_SIZE_2M;
    }
    assert_int_equal(assign(user, NIC), -HC_ENOMEM);
    assert_true(service_has_nic());
    assert_int_equal(nic->resets, 0U);
}

/* REQ-ISO-080 */
static void registers_that_cannot_be_given_back_are_told(void **state)
{
    (void)state;
    assert_int_equal(assign(user, DISK), 0);
    assert_int_equal(stage2_map(VM_SERVICE, REGS + 0x30000U, SCRATCH, 0x1000U, S2_READ), STATUS_OK);
    assert_int_equal(deassign(user, DISK), 0);
    assert_true(told("0x18: the Service VM does not get these registers back"));
    assert_int_equal(vpci_config_read(VM_SERVICE, DISK, 0U, 4U), 0x29228086U);
}

/* REQ-LIF-081 */
static void a_reset_is_of_what_the_vm_has(void **state)
{
    vm_id_t other = world_create(2U);
    uint32_t times = 0U;
    (void)state;
    assert_int_equal(assign(other, NIC), 0);
    assert_int_equal(assign(user, USB), 0);
    assert_int_equal(assign_as(user, 0x20U, DISK, 0U), 0);
    assert_int_equal(deassign(user, USB), 0);
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), HYPERCALL_AGAIN);
    assert_int_equal(call_through(HC_RESET_VM, user, 0U, &times), 0);
    assert_int_equal(nic->resets, 1U);
    assert_int_equal(disk->resets, 2U);
}

/* REQ-ISO-080 */
static void lives_are_symmetric(void **state)
{
    const uint32_t used = stage2_pages_used(VM_SERVICE);
    uint32_t after;
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(deassign(user, NIC), 0);
    after = stage2_pages_used(VM_SERVICE);
    assert_true(after <= used + 4U);
    for (uint32_t i = 0U; i < 1000U; i++) {
        assert_int_equal(assign(user, NIC), 0);
        set(user, PLACE, 4U, 2U, 6U);
        assert_int_equal(deassign(user, NIC), 0);
        fake_tsc += fake_tsc_hz;
        if ((i % 100U) == 0U) {
            log_flush();
        }
    }
    assert_int_equal(stage2_pages_used(VM_SERVICE), after);
    assert_true(service_has_nic());
}

/* REQ-LIF-081 */
static void a_reset_that_the_service_vms_end_cut_short_is_not_the_next_vms(void **state)
{
    uint32_t times = 0U;
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), HYPERCALL_AGAIN);
    vpci_lent_return_all(user); /* the Service VM ends */
    while (!vpci_lent_settled(user)) {
        fake_tsc += fake_tsc_hz / 200U;
    }
    assert_int_equal(vm_destroy(user), STATUS_OK);
    assert_int_equal(world_create(1U), user);
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(nic->resets, 3U);
    assert_int_equal(call_through(HC_RESET_VM, user, 0U, &times), 0);
    assert_int_equal(nic->resets, 4U);
}

/* REQ-HYP-080 */
static void of_two_that_give_it_back_at_once_neither_fails(void **state)
{
    uint32_t times = 0U;
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    device_arg(PLACE, NIC, 0U, 0U);
    assert_int_equal(hypercall_call(vcpu_id(VM_SERVICE, 1U), HC_DEASSIGN_PCIDEV, user, SCRATCH), HYPERCALL_AGAIN);
    assert_int_equal(call_through(HC_DEASSIGN_PCIDEV, user, SCRATCH, &times), 0);
    assert_int_equal(hypercall_call(vcpu_id(VM_SERVICE, 1U), HC_DEASSIGN_PCIDEV, user, SCRATCH), 0);
    assert_int_equal(hypercall_call(vcpu_id(VM_SERVICE, 1U), HC_DEASSIGN_PCIDEV, user, SCRATCH), -HC_EINVAL); /* asked anew */
    assert_int_equal(hypercall(HC_DEASSIGN_PCIDEV, user, SCRATCH), -HC_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(only_the_service_vm_lends_and_only_to_user_vms, start),
        cmocka_unit_test_setup(other_devices_are_refused, start),
        cmocka_unit_test_setup(functions_that_cannot_be_lent_are_named_with_the_reason, start),
        cmocka_unit_test_setup(a_sleeping_port_an_rmrr_and_no_unit_are_refused, start),
        cmocka_unit_test_setup(a_vm_that_has_started_and_one_with_its_share_get_none, start),
        cmocka_unit_test_setup(a_hand_over_takes_steps_in_which_nobody_has_it, start),
        cmocka_unit_test_setup(each_way_of_reset_is_used, start),
        cmocka_unit_test_setup(a_function_that_keeps_its_state_in_d3_or_offers_no_flr_has_no_reset, start),
        cmocka_unit_test_setup(destroying_its_vm_gives_it_back, start),
        cmocka_unit_test_setup(a_reset_of_its_vm_resets_it_and_it_stays, start),
        cmocka_unit_test_setup(the_end_of_the_service_vm_brings_everything_back, start),
        cmocka_unit_test_setup(the_service_vm_begins_anew_when_everything_is_back, start),
        cmocka_unit_test_setup(what_is_another_vms_is_not_returned, start),
        cmocka_unit_test_setup(ports_above_forward_and_silent_neighbours_do_not_count, start),
        cmocka_unit_test_setup(registers_that_the_service_vm_has_otherwise_are_not_lent, start),
        cmocka_unit_test_setup(without_tables_for_the_cut_all_stays, start),
        cmocka_unit_test_setup(registers_that_cannot_be_given_back_are_told, start),
        cmocka_unit_test_setup(a_reset_is_of_what_the_vm_has, start),
        cmocka_unit_test_setup(lives_are_symmetric, start),
        cmocka_unit_test_setup(a_reset_that_the_service_vms_end_cut_short_is_not_the_next_vms, start),
        cmocka_unit_test_setup(of_two_that_give_it_back_at_once_neither_fails, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
