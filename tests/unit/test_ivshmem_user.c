/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Ends of shared memory for User VMs: who gets one and what is refused, what the VM sees, doorbells both ways, and that nothing outlives the VM. */
#include "ivshmem_machine.h"
#include "lent_machine.h"

#include "core/exclusive_pci.h"
#include "devices/vpci_given.h"

#define REGION     0x1800000U
#define SIZE       0x200000U
#define OTHER      0x1C00000U /* a second region, of a page */
#define RTVM_REGS  0xFE800000U
#define USER_REGS  0xC0000000U
#define USER_BAR2  0xC0200000U
#define AT         0x0020U    /* place on the User VM's bus */
#define USER_PEER  4U
#define LINK       0U         /* devices in the table: the RTVM's, and the open ends */
#define LINK_USER  1U
#define OTHER_USER 2U

static vm_id_t user;

static void connect(uint32_t i, uint16_t v, uint16_t region, uint64_t registers)
{
    partition.table.ivshmem[i] = (struct part_ivshmem){ .registers_gpa = registers, .memory_gpa = (registers == 0U) ? 0U : REGION, .vm = v,
                                                        .region = region, .vectors = 2U, .interval_us = 100U };
    partition.table.ivshmem_count = i + 1U;
}

static int start(void **state)
{
    (void)machine_start(state);
    vpci_user_count = 0U;
    partition.table.shared_count = 2U;
    strcpy(partition.table.shared[0].name, "link");
    partition.table.shared[0].hpa = REGION;
    partition.table.shared[0].size = SIZE;
    strcpy(partition.table.shared[1].name, "links");
    partition.table.shared[1].hpa = OTHER;
    partition.table.shared[1].size = PAGE_SIZE;
    share(VM_SERVICE, REGION, SIZE, PART_RANGE_WRITE | PART_RANGE_EXEC);
    share(VM_SERVICE, OTHER, PAGE_SIZE, PART_RANGE_WRITE | PART_RANGE_EXEC);
    share(RTVM, REGION, SIZE, PART_RANGE_WRITE | PART_RANGE_EXEC);
    connect(LINK, RTVM, 0U, RTVM_REGS);
    connect(LINK_USER, PART_IVSHMEM_USER, 0U, 0U);
    connect(OTHER_USER, PART_IVSHMEM_USER, 1U, 0U);
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    world_boot();
    world_quiet();
    user = world_create(2U); /* on core 1 */
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, GUEST_RAM, LENT, 0x200000U), 0);
    return 0;
}

static struct hc_vdev vdev_of(uint16_t place, const char *name, uint32_t size)
{
    struct hc_vdev device;
    memset(&device, 0, sizeof(device));
    device.id = HC_VDEV_IVSHMEM;
    device.slot = place;
    device.io_addr[0] = USER_REGS;
    device.io_addr[1] = USER_REGS + 0x1000U;
    device.io_addr[2] = USER_BAR2 | 0xCU;
    device.io_size[2] = size;
    strcpy((char *)device.args, name);
    return device;
}

static int64_t vdev_call(vm_id_t v, uint64_t id, const struct hc_vdev *device)
{
    hw_phys_copy_out(SCRATCH, (const uint8_t *)device, sizeof(*device));
    return hypercall(id, v, SCRATCH);
}

static int64_t take(vm_id_t v)
{
    const struct hc_vdev device = vdev_of(AT, "link", SIZE);
    return vdev_call(v, HC_CREATE_VDEV, &device);
}

static int64_t drop(vm_id_t v, uint16_t place)
{
    const struct hc_vdev device = vdev_of(place, "link", SIZE);
    return vdev_call(v, HC_DESTROY_VDEV, &device);
}

static int with_end(void **state)
{
    (void)start(state);
    assert_int_equal(take(user), 0);
    return 0;
}

static uint32_t reg(uint32_t offset) { return (uint32_t)vpci_mmio_read(user, USER_REGS + offset, 4U); }
static void reg_set(uint32_t offset, uint32_t value) { vpci_mmio_write(user, USER_REGS + offset, 4U, value); }
static void rtvm_rings(uint32_t peer, uint32_t vector) { vpci_given_memory_write(RTVM, RTVM_REGS + DOORBELL, 4U, (peer << 16U) | vector); }

/* Both VMs: vector n of the device is 0x40 + n. */
static void user_listens(void)
{
    apic_on(vcpu_id(user, 0U));
    for (uint32_t i = 0U; i < 2U; i++) {
        reg_set(TABLE + (16U * i), 0xFEE00000U);
        reg_set(TABLE + (16U * i) + 8U, 0x40U + i);
        reg_set(TABLE + (16U * i) + 12U, 0U);
    }
    set(user, AT, MSIX, 4U, ENABLE);
}

static void rtvm_listens(void)
{
    for (uint32_t i = 0U; i < 2U; i++) {
        vpci_given_memory_write(RTVM, RTVM_REGS + TABLE + (16U * i), 4U, 0xFEE01000U);
        vpci_given_memory_write(RTVM, RTVM_REGS + TABLE + (16U * i) + 8U, 4U, 0x40U + i);
        vpci_given_memory_write(RTVM, RTVM_REGS + TABLE + (16U * i) + 12U, 4U, 0U);
    }
    vpci_config_write(RTVM, 0xF0U, MSIX, 4U, ENABLE);
}

static uint32_t heard(void)
{
    (void)ivshmem_look(fake_tsc);
    return vlapic_pending(vcpu_id(user, 0U));
}

/* REQ-IO-021 */
static void it_is_qemus_device_at_its_place(void **state)
{
    (void)state;
    assert_int_equal(vpci_user_count, 1U);
    assert_int_equal(get(user, AT, 0U, 4U), 0x11101AF4U);
    assert_int_equal(get(user, AT, 2U, 2U), 0x1110U);
    assert_int_equal(get(user, AT, 8U, 4U), 0x05000001U);
    assert_int_equal(get(user, AT, 0x10U, 4U), USER_REGS);
    assert_int_equal(get(user, AT, 0x14U, 4U), USER_REGS + 0x1000U);
    assert_int_equal(get(user, AT, 0x18U, 4U), USER_BAR2 | 0xCU);
    set(user, AT, 0x18U, 4U, 0xFFFFFFFFU);
    assert_int_equal(get(user, AT, 0x18U, 4U), (uint32_t)(0U - SIZE) | 0xCU);
    set(user, AT, 0x18U, 4U, 0xD0000000U);
    assert_int_equal(get(user, AT, 0x18U, 4U), USER_BAR2 | 0xCU); /* it stays */
    set(user, AT, 4U, 2U, 0x0406U);
    assert_int_equal(get(user, AT, 4U, 2U), 0x0406U);
    assert_int_equal(get(user, AT, MSIX, 4U), 0x00010011U);
    assert_int_equal(reg(8U), USER_PEER);
    assert_int_equal(vpci_mmio_read(user, USER_REGS + 0x2000U, 4U), 0xFFFFFFFFFFFFFFFFULL);
    assert_false(vpci_mmio_claims(user, USER_REGS + 0x2000U));
    assert_false(vpci_mmio_claims(user + 1U, USER_REGS));
    assert_true(vpci_mmio_claims(user, USER_REGS + 0x1FFFU));
}

/* REQ-IO-021 */
static void what_lies_beside_it_is_the_device_models(void **state)
{
    uint32_t value = 7U;
    (void)state;
    (void)vpci_lent_port_write(user, 0xCF8U, 4U, 0x80000000U | ((AT + 8U) << 8U));
    assert_false(vpci_lent_port_read(user, 0xCFCU, 4U, &value));
    assert_false(vpci_lent_port_write(user, 0xCFCU, 4U, 0U));
    (void)vpci_lent_port_write(user, 0xCF8U, 4U, 0x80000000U | (AT << 8U));
    assert_false(vpci_lent_port_read(user, 0xCFDU, 2U, &value)); /* not aligned */
    assert_int_equal(value, 7U);
    (void)vpci_lent_port_write(user + 1U, 0xCF8U, 4U, 0x80000000U | (AT << 8U));
    assert_false(vpci_lent_port_read(user + 1U, 0xCFCU, 4U, &value));
    vpci_mmio_write(user, USER_REGS + 0x2000U, 4U, 1U);
    assert_int_equal(reg(0U), 0U);
}

/* REQ-ISO-071 */
static void the_memory_is_the_region_with_the_rights_of_the_service_vm(void **state)
{
    struct hc_vdev device = vdev_of(AT + 8U, "links", PAGE_SIZE);
    (void)state;
    assert_int_equal(where(user, USER_BAR2), REGION);
    assert_int_equal(where(user, USER_BAR2 + SIZE - PAGE_SIZE), REGION + SIZE - PAGE_SIZE);
    assert_int_equal(where(user, USER_BAR2 + SIZE), 0U);
    assert_int_equal(where(user, USER_REGS), 0U);
    assert_int_equal(where(user, USER_REGS + 0x1000U), 0U);
    assert_int_equal(stage2_lookup(user, USER_BAR2).attr, S2_READ | S2_WRITE);
    device.io_addr[2] = 0x0000000CU;
    device.io_addr[3] = 0x10U; /* above 4 GiB */
    assert_int_equal(vdev_call(user, HC_CREATE_VDEV, &device), 0);
    assert_int_equal(vpci_user_count, 2U);
    assert_int_equal(where(user, 0x1000000000ULL), OTHER);
    assert_int_equal(get(user, AT + 8U, 0x1CU, 4U), 0x10U);
}

/* REQ-IO-021 */
static void doorbells_go_both_ways(void **state)
{
    (void)state;
    user_listens();
    rtvm_listens();
    reg_set(DOORBELL, (RTVM << 16U) | 1U);
    assert_int_equal(interrupts(RTVM), 1U); /* at once, as a message to its own core */
    assert_int_equal(last_vector(RTVM), 0x41U);
    assert_int_equal(fake_pcpu[vcpus[vcpu_id(RTVM, 1U)].pcpu].kicks, 0U);
    rtvm_rings(USER_PEER, 1U);
    assert_int_equal(fake_pcpu[1].kicks, 1U); /* the core of the User VM delivers it */
    assert_int_equal(fake_pcpu[0].kicks, 0U);
    assert_int_equal(heard(), 0x41U);
    reg_set(DOORBELL, 2U << 16U);             /* nobody */
    assert_true(told("ivshmem: user: nobody has the doorbell 0x20000"));
}

/* REQ-INT-070 */
static void nobodys_end_hears_nothing(void **state)
{
    (void)state;
    rtvm_rings(USER_PEER, 0U);
    assert_int_equal(fake_pcpu[0].kicks, 1U); /* some shared core looks */
    assert_int_equal(heard(), VECTOR_NONE);
    assert_int_equal(take(user), 0);
    user_listens();
    assert_int_equal(heard(), VECTOR_NONE);   /* it was not kept for the next */
    assert_false(told("nobody has the doorbell"));
}

/* REQ-LIF-061 */
static void an_end_that_is_given_back_leaves_nothing(void **state)
{
    (void)state;
    user_listens();
    rtvm_rings(USER_PEER, 0U);
    const uint32_t generation = vms[user].generation;
    assert_int_equal(drop(user, AT + 8U), -HC_ENOENT);
    assert_int_equal(drop(user + 1U, AT), -HC_EINVAL);
    assert_int_equal(drop(user, AT), 0);
    assert_true(vms[user].generation != generation);
    assert_int_equal(drop(user, AT), -HC_ENOENT);
    assert_int_equal(vpci_user_count, 0U);
    assert_int_equal(where(user, USER_BAR2), 0U);
    assert_false(vpci_mmio_claims(user, USER_REGS));
    assert_int_equal(heard(), VECTOR_NONE);
    assert_int_equal(take(user), 0);
    assert_int_equal(get(user, AT, MSIX, 4U), 0x00010011U); /* as after power-on */
}

/* REQ-LIF-061 */
static void it_goes_with_its_vm_and_the_next_one_gets_it(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < 1000U; i++) {
        user_listens();
        rtvm_rings(USER_PEER, 0U);
        world_destroy(user);
        assert_int_equal(vpci_user_count, 0U);
        assert_int_equal(ivshmem_end[LINK_USER].vm, ID_NONE);
        (void)ivshmem_look(fake_tsc);
        fake_tsc += INTERVAL;
        user = world_create(2U);
        assert_int_equal(where(user, USER_BAR2), 0U);
        assert_int_equal(take(user), 0);
        assert_int_equal(reg(TABLE + 12U), 1U);
        assert_int_equal(heard(), VECTOR_NONE);
    }
}

/* REQ-LIF-061 */
static void a_reset_makes_it_new_and_leaves_it_there(void **state)
{
    (void)state;
    user_listens();
    reg_set(0U, 5U);
    set(user, AT, 4U, 2U, 6U);
    rtvm_rings(USER_PEER, 0U);
    assert_int_equal(world_ioreq_page(user, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, user, 0U), 0);
    assert_int_equal(hypercall(HC_PAUSE_VM, user, 0U), 0);
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), 0);
    assert_int_equal(get(user, AT, 4U, 2U), 0U);
    assert_int_equal(get(user, AT, MSIX, 4U), 0x00010011U);
    assert_int_equal(reg(0U), 0U);
    assert_int_equal(heard(), VECTOR_NONE);
    assert_int_equal(where(user, USER_BAR2), REGION);
    user_listens();
    fake_tsc += INTERVAL;
    rtvm_rings(USER_PEER, 0U);
    assert_int_equal(heard(), 0x40U);
}

/* REQ-LIF-061 REQ-LIF-008 */
static void it_ends_with_the_service_vm(void **state)
{
    (void)state;
    if (fake_catch() == FAKE_NONE) {
        vm_service_off(0U);
    }
    assert_int_equal(vpci_user_count, 0U);
    assert_int_equal(ivshmem_end[LINK_USER].vm, ID_NONE);
    assert_int_equal(vms[user].state, VM_FREE);
}

/* REQ-IO-021 */
static void one_at_a_time_has_it(void **state)
{
    (void)state;
    const vm_id_t second = world_create(1U);
    assert_int_equal(take(second), -HC_EBUSY);
    assert_true(told("ivshmem: user: a User VM holds that end already"));
    assert_int_equal(take(user), -HC_EBUSY); /* nor twice */
    assert_int_equal(where(second, USER_BAR2), 0U);
    assert_int_equal(drop(second, AT), -HC_ENOENT);
    world_destroy(second);
    assert_int_equal(where(user, USER_BAR2), REGION); /* the end of one that has none takes nothing away */
    assert_int_equal(drop(user, AT), 0);
    user = world_create(1U);
    assert_int_equal(take(user), 0);
}

static void expect_refusal(int64_t error, const struct hc_vdev *device, const char *why)
{
    fake_tsc += fake_tsc_hz; /* another second of the log */
    assert_int_equal(vdev_call(user, HC_CREATE_VDEV, device), error);
    assert_true(told(why));
    assert_int_equal(vpci_user_count, 0U);
    assert_int_equal(ivshmem_end[LINK_USER].vm, ID_NONE);
    assert_int_equal(where(user, USER_BAR2), 0U);
}

#define REFUSE(error, why, change) do { struct hc_vdev d = vdev_of(AT, "link", SIZE); change; expect_refusal(error, &d, why); } while (0)

/* REQ-HYP-085 REQ-IO-021 */
static void what_is_refused_is_named(void **state)
{
    static const char no_such[] = "ivshmem: user: the scenario opens no region of that name to User VMs";
    static const char sizes[] = "ivshmem: user: BAR 2 is as large as the region and aligned to that, BAR 0 to a page, BAR 1 the next page, and none an interrupt controller's";
    (void)state;
    REFUSE(-HC_ENODEV, "", d.id = 0x99009710U);
    REFUSE(-HC_EINVAL, "", d.slot = 0U);
    REFUSE(-HC_EINVAL, "", d.slot = 0x10020U);
    REFUSE(-HC_ENOENT, no_such, strcpy((char *)d.args, "lin"));
    REFUSE(-HC_ENOENT, no_such, strcpy((char *)d.args, "linkt"));
    REFUSE(-HC_ENOENT, no_such, d.args[15] = 1U);
    REFUSE(-HC_EINVAL, sizes, d.io_size[2] = SIZE / 2U);
    REFUSE(-HC_EINVAL, sizes, d.io_size[2] = 0U);
    REFUSE(-HC_EINVAL, sizes, d.io_addr[2] = USER_BAR2 + 0x100000U);
    REFUSE(-HC_EINVAL, sizes, d.io_addr[3] = 0x80U);
    REFUSE(-HC_EINVAL, sizes, (d.io_addr[0] = USER_REGS + 0x100U, d.io_addr[1] = USER_REGS + 0x1100U));
    REFUSE(-HC_EINVAL, sizes, (d.io_addr[0] = 0xFFFFF000U, d.io_addr[1] = 0U));
    REFUSE(-HC_EINVAL, sizes, d.io_addr[1] = USER_REGS);
    REFUSE(-HC_EINVAL, sizes, (d.io_addr[0] = 0xFEBFF000U, d.io_addr[1] = 0xFEC00000U));
    REFUSE(-HC_EINVAL, sizes, (d.io_addr[0] = 0xFEE00000U, d.io_addr[1] = 0xFEE01000U));
    REFUSE(-HC_EINVAL, sizes, d.io_addr[2] = 0xFEC00000U);
    REFUSE(-HC_EINVAL, sizes, d.io_addr[2] = 0xFEE00000U);
    REFUSE(-HC_EINVAL, "ivshmem: user: BAR 2 meets other memory of the VM", d.io_addr[2] = 0U);
    partition.table.ivshmem[LINK_USER].vm = VM_SERVICE; /* a device for the region, but of another VM */
    REFUSE(-HC_ENOENT, no_such, (void)0);
    partition.table.ivshmem[LINK_USER].vm = PART_IVSHMEM_USER;
    assert_int_equal(hypercall(HC_CREATE_VDEV, user, 0x8000000000U), -HC_EFAULT);
    assert_int_equal(hypercall(HC_CREATE_VDEV, RTVM, SCRATCH), -HC_EINVAL);
    assert_int_equal(hypercall_call(vcpu_id(user, 0U), HC_CREATE_VDEV, user, SCRATCH), -HC_ENOTTY);
    for (uint32_t i = 0U; i < 20U; i++) {
        const struct hc_vdev d = vdev_of(AT, "x", SIZE);
        assert_int_equal(vdev_call(user, HC_CREATE_VDEV, &d), -HC_ENOENT); /* as often as it likes: the log has a limit */
    }
}

/* REQ-HYP-085 */
static void acrns_names_have_a_prefix(void **state)
{
    const struct hc_vdev device = vdev_of(AT, "hv:/link", SIZE);
    (void)state;
    assert_int_equal(vdev_call(user, HC_CREATE_VDEV, &device), 0);
    assert_int_equal(where(user, USER_BAR2), REGION);
}

/* REQ-IO-021 REQ-INT-083 */
static void a_place_is_one_devices(void **state)
{
    struct hc_vdev device = vdev_of(AT, "links", PAGE_SIZE);
    (void)state;
    assert_int_equal(vdev_call(user, HC_CREATE_VDEV, &device), -HC_EBUSY);
    assert_true(told("ivshmem: user: a User VM holds that end already, or another device is in its place"));
    assert_int_equal(vpci_user_count, 1U);
    assert_int_equal(assign_as(user, AT, NIC, 0U), -HC_EBUSY);
    assert_true(told("0x10 is not lent: another device of its VM is in its place"));
    assert_int_equal(vpci_config_read(VM_SERVICE, NIC, 0U, 2U), 0x8086U); /* it stays where it was */
    assert_int_equal(assign(user, NIC), 0);
    device.slot = PLACE;
    device.io_addr[2] = 0xC0400000U;
    assert_int_equal(vdev_call(user, HC_CREATE_VDEV, &device), -HC_EBUSY);
    assert_int_equal(get(user, PLACE, 0U, 4U), 0x10D38086U);
    assert_int_equal(get(user, AT, 0U, 4U), 0x11101AF4U);
    assert_int_equal(ivshmem_end[OTHER_USER].vm, ID_NONE);
    assert_int_equal(deassign(user, NIC), 0);
    assert_int_equal(vdev_call(user, HC_CREATE_VDEV, &device), 0); /* once the place is free */
    assert_int_equal(drop(user, AT), 0);
    assert_int_equal(assign_as(user, AT, NIC, 0U), 0);
}

/* REQ-IO-021 */
static void it_comes_before_the_start(void **state)
{
    struct hc_vdev device = vdev_of(AT + 8U, "links", PAGE_SIZE);
    (void)state;
    assert_int_equal(world_ioreq_page(user, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, user, 0U), 0);
    assert_int_equal(vdev_call(user, HC_CREATE_VDEV, &device), -HC_EINVAL);
    assert_true(told("ivshmem: user: shared memory comes before START_VM"));
    assert_int_equal(ivshmem_end[OTHER_USER].vm, ID_NONE);
    assert_int_equal(drop(user, AT), 0); /* but it may go at any time */
    assert_int_equal(where(user, USER_BAR2), 0U);
}

/* A lent function and shared memory side by side. */
static void a_lent_function_stays_when_it_goes(void **state)
{
    (void)state;
    assert_int_equal(assign(user, NIC), 0);
    assert_int_equal(vpci_user_count, 2U);
    assert_int_equal(get(user, PLACE, 0U, 4U), 0x10D38086U);
    assert_int_equal(get(user, AT, 0U, 4U), 0x11101AF4U);
    assert_int_equal(drop(user, AT), 0);
    assert_int_equal(get(user, PLACE, 0U, 4U), 0x10D38086U);
    const uint32_t flushes = fake_iommu_flushes;
    assert_int_equal(take(user), 0);
    assert_true(fake_iommu_flushes != flushes); /* the function's DMA finds it, too */
    assert_int_equal(drop(user, AT), 0);
    assert_int_equal(deassign(user, NIC), 0);
    assert_int_equal(vpci_user_count, 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_is_qemus_device_at_its_place, with_end),
        cmocka_unit_test_setup(what_lies_beside_it_is_the_device_models, with_end),
        cmocka_unit_test_setup(the_memory_is_the_region_with_the_rights_of_the_service_vm, with_end),
        cmocka_unit_test_setup(doorbells_go_both_ways, with_end),
        cmocka_unit_test_setup(nobodys_end_hears_nothing, start),
        cmocka_unit_test_setup(an_end_that_is_given_back_leaves_nothing, with_end),
        cmocka_unit_test_setup(it_goes_with_its_vm_and_the_next_one_gets_it, with_end),
        cmocka_unit_test_setup(a_reset_makes_it_new_and_leaves_it_there, with_end),
        cmocka_unit_test_setup(it_ends_with_the_service_vm, with_end),
        cmocka_unit_test_setup(one_at_a_time_has_it, with_end),
        cmocka_unit_test_setup(what_is_refused_is_named, start),
        cmocka_unit_test_setup(acrns_names_have_a_prefix, start),
        cmocka_unit_test_setup(a_place_is_one_devices, with_end),
        cmocka_unit_test_setup(it_comes_before_the_start, with_end),
        cmocka_unit_test_setup(a_lent_function_stays_when_it_goes, with_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
