/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Shared-memory devices and their doorbells, between the Service VM, an exclusive VM and a second one. */
#include "ivshmem_machine.h"

#include "core/exclusive.h"
#include "core/exclusive_life.h"
#include "core/exclusive_pci.h"
#include "core/vm_memory.h"
#include "devices/vpci.h"

#define RTVM2        2U
#define REGION_HPA   0x1800000U
#define REGION_SIZE  0x10000U
#define SERVICE_REGS 0xC0100000U
#define SERVICE_BAR2 0xC0200000U
#define RTVM_REGS    0xFE800000U

#define SERVICE_BDF 0xF1U
#define RTVM_BDF    0xF0U

#define PBA      0x1800U
#define FUNCTION_MASK 0x40000000U
#define ONES     0xFFFFFFFFU

static const gpa_t registers_of[3] = { SERVICE_REGS, RTVM_REGS, RTVM_REGS };
static const uint16_t bdf_of[3] = { SERVICE_BDF, RTVM_BDF, RTVM_BDF };

static struct part_ivshmem device(uint16_t v, uint64_t registers, uint64_t memory, uint16_t vectors)
{
    struct part_ivshmem d = { .registers_gpa = registers, .memory_gpa = memory, .vm = v, .vectors = vectors, .interval_us = 100U };
    return d;
}

static void window(void)
{
    struct part_range r = { .gpa = 0xC0000000U, .hpa = 0xC0000000U, .size = 0x1000000U, .type = PART_RANGE_MMIO, .flags = PART_RANGE_WRITE };
    partition.table.vm[VM_SERVICE].range[0] = r;
    partition.table.vm[VM_SERVICE].range_count = 1U;
}

static void second_rtvm(void)
{
    partition.table.vm_count = 3U;
    world_vm(RTVM2, "rtvm2", PART_VM_PRELAUNCH, PART_VM_EXCLUSIVE, 4U);
    partition.table.vm[RTVM2].range_count = 1U;
    partition.table.vm[RTVM2].range[0] = partition.table.vm[RTVM].range[0];
    partition.table.vm[RTVM2].range[0].hpa = RTVM_HPA + 0x400000U;
}

static int boot(void **state)
{
    (void)state;
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    world_machine();
    platform.pcpu_count = 6U;
    world_table();
    second_rtvm();
    window();
    partition.table.shared_count = 1U;
    partition.table.shared[0].hpa = REGION_HPA;
    partition.table.shared[0].size = REGION_SIZE;
    for (vm_id_t v = 0U; v <= RTVM2; v++) {
        share(v, REGION_HPA, REGION_SIZE, PART_RANGE_WRITE);
    }
    partition.table.ivshmem_count = 3U;
    partition.table.ivshmem[0] = device(VM_SERVICE, SERVICE_REGS, SERVICE_BAR2, 2U);
    partition.table.ivshmem[1] = device(RTVM, RTVM_REGS, REGION_HPA, 3U);
    partition.table.ivshmem[2] = device(RTVM2, RTVM_REGS, REGION_HPA, 8U);
    world_boot();
    world_quiet();
    fake_tsc += 10U * INTERVAL; /* longer ago than any doorbell of the test before */
    return 0;
}

static uint32_t config(vm_id_t v, uint32_t offset)
{
    return vpci_config_read(v, bdf_of[v], offset, 4U);
}

static void config_set(vm_id_t v, uint32_t offset, uint32_t value)
{
    vpci_config_write(v, bdf_of[v], offset, 4U, value);
}

static uint32_t reg(vm_id_t v, uint32_t offset)
{
    return (uint32_t)vpci_mmio_read(v, registers_of[v] + offset, 4U);
}

static void reg_set(vm_id_t v, uint32_t offset, uint32_t value)
{
    vpci_mmio_write(v, registers_of[v] + offset, 4U, value);
}

static void vector_set(vm_id_t v, uint32_t n, uint32_t address, uint32_t data)
{
    reg_set(v, TABLE + (16U * n), address);
    reg_set(v, TABLE + (16U * n) + 8U, data);
    reg_set(v, TABLE + (16U * n) + 12U, 0U);
}

/* Doorbell n of the VM is its vector 0x40 + n, on its vCPU 1. */
static void listen(vm_id_t v)
{
    for (uint32_t i = 0U; i < 8U; i++) {
        vector_set(v, i, 0xFEE01000U, 0x40U + i);
    }
    config_set(v, MSIX, ENABLE);
}

static void ring(vm_id_t from, vm_id_t to, uint32_t vector)
{
    reg_set(from, DOORBELL, (to << 16U) | vector);
}

static void service_listens(void)
{
    apic_on(vcpu_id(VM_SERVICE, 0U));
    listen(VM_SERVICE);
    for (uint32_t i = 0U; i < 2U; i++) {
        vector_set(VM_SERVICE, i, 0xFEE00000U, 0x40U + i); /* its vCPU 1 is not up yet */
    }
}

static uint32_t service_vector(void)
{
    return vlapic_pending(vcpu_id(VM_SERVICE, 0U));
}

/* Vectors 0x40 to 0x5F (IRR, SDM 3, 11.8.4). */
static uint32_t service_requests(void)
{
    uint64_t value = 0U;
    assert_int_equal(vlapic_msr_read(vcpu_id(VM_SERVICE, 0U), 0x822U, &value), STATUS_OK);
    return (uint32_t)value;
}

/* REQ-IO-020 */
static void it_looks_like_qemus_device(void **state)
{
    (void)state;
    for (vm_id_t v = 0U; v < 3U; v++) {
        assert_int_equal(config(v, 0U), 0x11101AF4U);
        assert_int_equal(config(v, 8U), 0x05000001U);
        assert_int_equal(config(v, 0x0CU), 0x00800000U);
        assert_int_equal(config(v, 0x2CU), 0x11001AF4U);
        assert_int_equal(config(v, 0x10U), registers_of[v]);
        assert_int_equal(config(v, 0x14U), registers_of[v] + 0x1000U);
        assert_int_equal(config(v, 0x1CU), 0U);
        assert_int_equal(config(v, 0x34U), MSIX);
        assert_int_equal(config(v, MSIX + 4U), 1U);
        assert_int_equal(config(v, MSIX + 8U), 0x801U);
        assert_int_equal(config(v, 0x20U), 0U);
        assert_int_equal(reg(v, 8U), v);
        assert_int_equal(reg(v, 4U), 0U);
    }
    assert_int_equal(vpci_config_read(RTVM, 0U, 8U, 4U), 0x06000000U); /* a host bridge before it */
    assert_int_equal(config(VM_SERVICE, 0x18U), SERVICE_BAR2 | 0xCU);
    assert_int_equal(config(RTVM, 0x18U), REGION_HPA | 0xCU);
    assert_int_equal(config(RTVM, MSIX), 0x00020011U);
    assert_int_equal(config(RTVM2, MSIX), 0x00070011U);
    assert_int_equal(vpci_config_read(VM_SERVICE, 0xF0U, 0xEU, 1U), 0x80U); /* the hypervisor's own function says that there are others */
    assert_int_equal(vpci_config_read(RTVM, 0xF1U, 0U, 4U), ONES);
    assert_int_equal(vpci_config_read(VM_SERVICE, 0xF2U, 0U, 4U), ONES);
    assert_int_equal(vpci_config_read(VM_SERVICE, SERVICE_BDF, 2U, 4U), ONES); /* not aligned */
    vpci_config_write(RTVM, 0xF1U, MSIX, 4U, ENABLE);
    assert_int_equal(config(RTVM, MSIX), 0x00020011U);
}

/* REQ-IO-020 */
static void its_bars_tell_their_size_and_stay(void **state)
{
    (void)state;
    static const uint32_t size[4] = { 0xFFFFF000U, 0xFFFFF000U, 0xFFFF000CU, 0xFFFFFFFFU };
    for (uint32_t i = 0U; i < 4U; i++) {
        uint32_t at = 0x10U + (4U * i);
        uint32_t before = config(VM_SERVICE, at);
        config_set(VM_SERVICE, at, ONES);
        assert_int_equal(config(VM_SERVICE, at), size[i]);
        config_set(VM_SERVICE, at, 0xD0000000U);
        assert_int_equal(config(VM_SERVICE, at), before);
        vpci_config_write(VM_SERVICE, SERVICE_BDF, at, 2U, 0xFFFFU);
        assert_int_equal(config(VM_SERVICE, at), before);
    }
    config_set(VM_SERVICE, 4U, ONES);
    assert_int_equal(config(VM_SERVICE, 4U), 0x00100406U);
    config_set(VM_SERVICE, 0x3CU, ONES);
    assert_int_equal(config(VM_SERVICE, 0x3CU), 0xFFU);
    config_set(VM_SERVICE, 0U, 0U);
    assert_int_equal(config(VM_SERVICE, 0U), 0x11101AF4U);
}

/* REQ-INT-053 */
static void by_the_ports_an_exclusive_vm_reaches_whole_registers_of_it(void **state)
{
    (void)state;
    vpci_port_write(RTVM, 0xCF8U, 4U, 0x80000004U | (RTVM_BDF << 8U));
    vpci_port_write(RTVM, 0xCFCU, 2U, 0x0002U);
    assert_int_equal(vpci_port_read(RTVM, 0xCFCU, 4U), 0x00100002U);
    vpci_port_write(RTVM, 0xCFDU, 2U, 0x0004U);          /* across an aligned word: no register */
    assert_int_equal(vpci_port_read(RTVM, 0xCFCU, 4U), 0x00100002U);
    assert_int_equal(vpci_port_read(RTVM, 0xCFDU, 2U), 0xFFFFU);
    vpci_port_write(RTVM, 0xCFDU, 1U, 0x04U);
    assert_int_equal(vpci_port_read(RTVM, 0xCFCU, 4U), 0x00100402U);
}

/* REQ-ISO-070 */
static void the_memory_is_mapped_and_the_registers_are_not(void **state)
{
    (void)state;
    struct stage2_mapping there = stage2_lookup(VM_SERVICE, SERVICE_BAR2 + 0x8000U);
    assert_true(there.present);
    assert_int_equal(there.hpa, REGION_HPA + 0x8000U);
    assert_int_equal(there.attr & (S2_UC | S2_WC), 0U);
    assert_int_equal(stage2_lookup(RTVM, REGION_HPA).hpa, REGION_HPA);
    assert_int_equal(stage2_lookup(VM_SERVICE, SERVICE_BAR2 + REGION_SIZE).hpa, SERVICE_BAR2 + REGION_SIZE); /* the window goes on */
    for (uint32_t page = 0U; page < 2U; page++) {
        assert_false(stage2_lookup(VM_SERVICE, SERVICE_REGS + (page * 0x1000U)).present);
        assert_false(stage2_lookup(RTVM, RTVM_REGS + (page * 0x1000U)).present);
        assert_true(vpci_mmio_claims(RTVM, RTVM_REGS + (page * 0x1000U)));
        assert_true(vpci_mmio_claims(VM_SERVICE, SERVICE_REGS + (page * 0x1000U)));
    }
    assert_false(vpci_mmio_claims(RTVM, RTVM_REGS + 0x2000U));
    assert_false(vpci_mmio_claims(RTVM, RTVM_REGS - 1U));
    assert_false(vpci_mmio_claims(VM_SERVICE, RTVM_REGS));
    assert_false(vpci_mmio_claims(VM_SERVICE, SERVICE_REGS + 0x2000U));
    assert_false(vpci_mmio_claims(VM_FIRST_USER, RTVM_REGS));
}

/* The Service VM may only read where its range says so. */
static void read_only_memory_stays_so(void **state)
{
    (void)state;
    partition.table.vm[VM_SERVICE].range[1].flags = 0U;
    stage2_init(0x100000000U);
    assert_int_equal(domain_build(), STATUS_OK);
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);
    assert_int_equal(stage2_lookup(VM_SERVICE, SERVICE_BAR2).attr & S2_WRITE, 0U);
}

/* REQ-ISO-070 */
static void memory_that_cannot_be_mapped_ends_the_build(void **state)
{
    (void)state;
    partition.table.ivshmem[1] = device(VM_SERVICE, SERVICE_REGS + 0x2000U, SERVICE_BAR2, 2U); /* where the first is */
    partition.table.ivshmem[2] = device(VM_SERVICE, SERVICE_REGS + 0x4000U, SERVICE_BAR2 + 0x100000U, 2U);
    stage2_init(0x100000000U);
    assert_int_equal(domain_build(), STATUS_OK);
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_BUSY);
    assert_true(stage2_lookup(VM_SERVICE, SERVICE_BAR2).present);
    assert_false(stage2_lookup(VM_SERVICE, SERVICE_BAR2 + 0x100000U).present);
}

/* REQ-IO-020 */
static void beside_a_device_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(ivshmem_read(RTVM, RTVM_REGS + 0x2000U, 4U), 0xFFFFFFFFFFFFFFFFULL);
    assert_int_equal(ivshmem_read(VM_FIRST_USER, RTVM_REGS, 4U), 0xFFFFFFFFFFFFFFFFULL);
    ivshmem_write(RTVM, RTVM_REGS + 0x2000U, 4U, 5U);
    ivshmem_write(VM_FIRST_USER, RTVM_REGS, 4U, 5U);
    ivshmem_write(RTVM, RTVM_REGS, 4U, 6U);
    assert_int_equal(reg(RTVM, 0U), 6U);
    assert_int_equal(reg(RTVM2, 0U), 0U);
    assert_int_equal(ivshmem_register_read(RTVM, RTVM_BDF + 1U, 0U, 4U), ONES);
    assert_int_equal(ivshmem_register_read(RTVM, RTVM_BDF + 1U, 0U, 2U), 0xFFFFU);
    ivshmem_register_write(RTVM, RTVM_BDF + 1U, 4U, 4U, 2U);
    for (vm_id_t v = 0U; v < 3U; v++) {
        assert_int_equal(config(v, 4U), 0x00100000U);
    }
    ivshmem_register_write(RTVM, RTVM_BDF, 4U, 4U, 2U);
    assert_int_equal(config(RTVM, 4U), 0x00100002U);
}

/* REQ-INT-070 */
static void a_doorbell_is_of_its_region(void **state)
{
    (void)state;
    partition.table.shared_count = 2U;
    partition.table.shared[1].hpa = REGION_HPA + REGION_SIZE;
    partition.table.shared[1].size = REGION_SIZE;
    partition.table.ivshmem_count = 5U;
    partition.table.ivshmem[3] = device(VM_SERVICE, SERVICE_REGS + 0x2000U, SERVICE_BAR2 + REGION_SIZE, 1U);
    partition.table.ivshmem[4] = device(RTVM, RTVM_REGS + 0x2000U, REGION_HPA + REGION_SIZE, 1U);
    partition.table.ivshmem[3].region = 1U;
    partition.table.ivshmem[4].region = 1U;
    ivshmem_init();
    listen(RTVM);
    vpci_mmio_write(RTVM, RTVM_REGS + 0x2000U + TABLE, 4U, 0xFEE01000U);
    vpci_mmio_write(RTVM, RTVM_REGS + 0x2000U + TABLE + 8U, 4U, 0x50U);
    vpci_mmio_write(RTVM, RTVM_REGS + 0x2000U + TABLE + 12U, 4U, 0U);
    vpci_config_write(RTVM, RTVM_BDF + 1U, MSIX, 4U, ENABLE);
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(interrupts(RTVM), 1U);
    assert_int_equal(last_vector(RTVM), 0x40U);
    vpci_mmio_write(VM_SERVICE, SERVICE_REGS + 0x2000U + DOORBELL, 4U, RTVM << 16U);
    assert_int_equal(interrupts(RTVM), 2U);
    assert_int_equal(last_vector(RTVM), 0x50U);
    vpci_mmio_write(VM_SERVICE, SERVICE_REGS + 0x2000U + DOORBELL, 4U, RTVM2 << 16U); /* it has not that region */
    assert_int_equal(interrupts(RTVM) + interrupts(RTVM2), 2U);
}

/* REQ-RT-070 REQ-INT-070 */
static void a_doorbell_reaches_the_core_of_an_exclusive_vm(void **state)
{
    (void)state;
    listen(RTVM);
    ring(VM_SERVICE, RTVM, 2U);
    assert_int_equal(interrupts(RTVM), 1U);
    assert_int_equal(last_vector(RTVM), 0x42U);
    ring(RTVM2, RTVM, 0U); /* without a shared core */
    assert_int_equal(interrupts(RTVM), 2U);
    assert_int_equal(last_vector(RTVM), 0x40U);
    assert_int_equal(fake_pcpu[vcpus[vcpu_id(RTVM, 1U)].pcpu].kicks, 0U); /* nothing that would make it exit */
    assert_int_equal(fake_pcpu[0].kicks, 0U);
    assert_int_equal(ivshmem_look(fake_tsc), TIME_NEVER);
}

/* REQ-IO-020 */
static void a_doorbell_of_an_exclusive_vm_is_delivered_by_a_shared_core(void **state)
{
    (void)state;
    service_listens();
    ring(RTVM, VM_SERVICE, 1U);
    assert_int_equal(service_vector(), VECTOR_NONE); /* its own core holds no lock */
    assert_int_equal(fake_pcpu[vcpus[vcpu_id(VM_SERVICE, 0U)].pcpu].kicks, 1U);
    (void)core_next(0U);
    assert_int_equal(service_vector(), 0x41U);
    ring(VM_SERVICE, VM_SERVICE, 0U);
    assert_int_equal(ivshmem_look(fake_tsc), TIME_NEVER);
    assert_int_equal(service_vector(), 0x41U); /* the higher of the two */
}

static void a_shared_core_looks(void)
{
    fake_on_raise = NULL;
    (void)ivshmem_look(fake_tsc);
}

/* REQ-INT-070 */
static void a_doorbell_that_meets_the_delivery_of_the_one_before_is_not_lost(void **state)
{
    const vcpu_id_t id = vcpu_id(VM_SERVICE, 0U);
    (void)state;
    service_listens();
    ring(RTVM, VM_SERVICE, 1U);
    fake_tsc += INTERVAL;
    fake_on_raise = a_shared_core_looks;
    ring(RTVM, VM_SERVICE, 1U);
    assert_null(fake_on_raise);
    assert_int_equal(service_vector(), 0x41U); /* the first */
    vlapic_accepted(id, 0x41U);
    assert_int_equal(fake_pcpu[vcpus[id].pcpu].kicks, 2U);
    fake_tsc += INTERVAL;
    assert_int_equal(ivshmem_look(fake_tsc), TIME_NEVER);
    assert_int_equal(service_requests(), 2U);  /* the second, bit 1 of vectors from 0x40 on */
}

/* REQ-INT-071 */
static void those_that_come_too_early_are_one_and_wait(void **state)
{
    (void)state;
    listen(RTVM);
    for (uint32_t i = 0U; i < 1000U; i++) {
        ring(VM_SERVICE, RTVM, 0U);
    }
    assert_int_equal(interrupts(RTVM), 1U);
    ring(VM_SERVICE, RTVM, 1U); /* each doorbell has an interval of its own */
    assert_int_equal(interrupts(RTVM), 2U);
    uint64_t start = fake_tsc;
    assert_int_equal(ivshmem_look(fake_tsc), start + INTERVAL);
    assert_int_equal(ivshmem_look(fake_tsc), start + INTERVAL); /* it is still there */
    (void)core_next(0U);
    assert_true(fake_pcpu[0].timer <= (start + INTERVAL));
    assert_int_equal(interrupts(RTVM), 2U);
    fake_tsc = start + INTERVAL;
    (void)core_next(0U);
    assert_int_equal(interrupts(RTVM), 3U);
    assert_int_equal(last_vector(RTVM), 0x40U);
    fake_tsc += 2U * INTERVAL;
    assert_int_equal(ivshmem_look(fake_tsc), TIME_NEVER); /* the 999 were one */
    assert_int_equal(interrupts(RTVM), 3U);
}

/* REQ-INT-071 */
static void an_exclusive_sender_that_floods_calls_a_shared_core_once(void **state)
{
    (void)state;
    listen(RTVM);
    for (uint32_t i = 0U; i < 1000U; i++) {
        ring(RTVM2, RTVM, 5U); /* no such doorbell */
        ring(RTVM2, RTVM, 0U);
    }
    assert_int_equal(interrupts(RTVM), 1U);
    assert_int_equal(fake_pcpu[0].kicks, 1U);
    fake_tsc += INTERVAL;
    (void)core_next(0U);
    assert_int_equal(interrupts(RTVM), 2U);
}

/* REQ-INT-071 */
static void the_next_look_is_for_the_earliest(void **state)
{
    (void)state;
    uint64_t start = fake_tsc;
    listen(RTVM);
    ring(VM_SERVICE, RTVM, 0U);
    fake_tsc += 1000U;
    ring(VM_SERVICE, RTVM, 1U);
    ring(VM_SERVICE, RTVM, 0U);
    ring(VM_SERVICE, RTVM, 1U);
    assert_int_equal(ivshmem_look(fake_tsc), start + INTERVAL);
    fake_tsc = start + INTERVAL;
    assert_int_equal(ivshmem_look(fake_tsc), start + INTERVAL + 1000U);
    assert_int_equal(interrupts(RTVM), 3U);
}

/* REQ-INT-070 */
static void hostile_doorbells_reach_nobody(void **state)
{
    (void)state;
    listen(RTVM);
    listen(RTVM2);
    service_listens();
    for (uint32_t peer = 0U; peer < 0x10000U; peer += (peer < 10U) ? 1U : 4099U) {
        for (uint32_t vector = 8U; vector < 0x10000U; vector += 977U) {
            ring(VM_SERVICE, peer, vector);
            ring(RTVM, peer, vector);
        }
    }
    ring(VM_SERVICE, 3U, 0U);  /* no such VM */
    ring(VM_SERVICE, RTVM, 3U); /* a doorbell of RTVM2, not of this one */
    ring(VM_SERVICE, 0xFFFFU, 0xFFFFU);
    assert_int_equal(interrupts(RTVM) + interrupts(RTVM2), 0U);
    assert_int_equal(ivshmem_look(fake_tsc), TIME_NEVER);
    assert_int_equal(service_vector(), VECTOR_NONE);
    log_flush();
    const char *said = strstr(fake_log(), "service: nobody has the doorbell 0x8");
    assert_non_null(said);
    assert_null(strstr(said + 10, "service: nobody has")); /* said once */
}

/* REQ-INT-070 */
static void accesses_of_other_sizes_do_nothing(void **state)
{
    (void)state;
    listen(RTVM);
    static const uint32_t wrong[][2] = { { DOORBELL, 1U }, { DOORBELL, 2U }, { DOORBELL - 4U, 8U }, { DOORBELL + 2U, 4U }, { TABLE + 4U, 8U }, { TABLE, 2U } };
    for (uint32_t i = 0U; i < 6U; i++) {
        vpci_mmio_write(VM_SERVICE, SERVICE_REGS + wrong[i][0], wrong[i][1], 0x1000000010000ULL | (RTVM << 16U));
        assert_int_equal(vpci_mmio_read(VM_SERVICE, SERVICE_REGS + wrong[i][0], wrong[i][1]), 0xFFFFFFFFFFFFFFFFULL);
    }
    assert_int_equal(interrupts(RTVM), 0U);
    assert_int_equal(reg(VM_SERVICE, DOORBELL), 0U);
    reg_set(VM_SERVICE, 0U, 5U); /* IntrMask */
    assert_int_equal(reg(VM_SERVICE, 0U), 5U);
    reg_set(VM_SERVICE, 4U, 5U);
    assert_int_equal(reg(VM_SERVICE, 4U), 0U);
}

/* REQ-INT-070 */
static void the_table_reads_as_written(void **state)
{
    (void)state;
    vpci_mmio_write(RTVM, RTVM_REGS + TABLE + 16U, 8U, 0x12345678FEE01007ULL);
    vpci_mmio_write(RTVM, RTVM_REGS + TABLE + 24U, 8U, 0x000000F100000055ULL);
    assert_int_equal(vpci_mmio_read(RTVM, RTVM_REGS + TABLE + 16U, 8U), 0x12345678FEE01004ULL);
    assert_int_equal(vpci_mmio_read(RTVM, RTVM_REGS + TABLE + 24U, 8U), 0x0000000100000055ULL);
    assert_int_equal(reg(RTVM, TABLE + 12U), 1U); /* masked after a reset */
    reg_set(RTVM, TABLE + 12U, ~1U);
    assert_int_equal(reg(RTVM, TABLE + 12U), 0U);
    assert_int_equal(reg(RTVM, TABLE + 28U), 1U); /* the next one's own */
    reg_set(RTVM, TABLE + (3U * 16U), ONES);      /* it has three */
    assert_int_equal(reg(RTVM, TABLE + (3U * 16U)), 0U);
    assert_int_equal(reg(RTVM, TABLE + 0x700U), 0U);
    assert_int_equal(reg(RTVM2, TABLE + (8U * 16U)), 0U);
    reg_set(RTVM2, TABLE + (8U * 16U), ONES);
}

/* REQ-INT-070 */
static void only_messages_that_are_interrupts_of_its_own_go_out(void **state)
{
    static const uint32_t wrong[][2] = {
        { 0xFEE01000U, 0x0FU },   /* an exception's vector */
        { 0xFEE01000U, 0x440U },  /* NMI */
        { 0xFEE01000U, 0x540U },  /* INIT */
        { 0xFEE01000U, 0x240U },  /* SMI */
        { 0xFEE02000U, 0x40U },   /* it has no vCPU 2 */
        { 0xFEE04004U, 0x40U },   /* nor by its logical id */
        { 0xFED01000U, 0x40U },   /* a write to memory */
    };
    (void)state;
    listen(RTVM);
    for (uint32_t i = 0U; i < 7U; i++) {
        vector_set(RTVM, 0U, wrong[i][0], wrong[i][1]);
        ring(VM_SERVICE, RTVM, 0U);
        fake_tsc += INTERVAL;
    }
    reg_set(RTVM, TABLE + 4U, 1U);
    vector_set(RTVM, 0U, 0xFEE01000U, 0x40U);
    ring(VM_SERVICE, RTVM, 0U);
    fake_tsc += INTERVAL;
    reg_set(RTVM, TABLE + 4U, 0U);
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        assert_int_equal(fake_pcpu[p].ipis, 0U);
    }
    vector_set(RTVM, 0U, 0xFEE02004U, 0x140U); /* logical id of vCPU 1, lowest priority */
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(interrupts(RTVM), 1U);
    fake_tsc += INTERVAL;
    vector_set(RTVM, 0U, 0xFEEFF000U, 0x41U); /* all: its first */
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(fake_pcpu[vcpus[vcpu_id(RTVM, 0U)].pcpu].last_ipi, 0x41U);
    service_listens();
    vector_set(VM_SERVICE, 0U, 0xFED01000U, 0x40U);
    ring(VM_SERVICE, VM_SERVICE, 0U);
    (void)ivshmem_look(fake_tsc);
    assert_int_equal(service_vector(), VECTOR_NONE);
}

/* REQ-IO-020 */
static void a_masked_doorbell_waits_for_its_unmasking(void **state)
{
    (void)state;
    listen(RTVM);
    reg_set(RTVM, TABLE + 16U + 12U, 1U);
    ring(VM_SERVICE, RTVM, 1U);
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(interrupts(RTVM), 1U);
    assert_int_equal(reg(RTVM, PBA), 2U);
    reg_set(RTVM, TABLE + 16U + 12U, 0U);
    assert_int_equal(interrupts(RTVM), 2U);
    assert_int_equal(last_vector(RTVM), 0x41U);
    assert_int_equal(reg(RTVM, PBA), 0U);
    fake_tsc += INTERVAL;
    config_set(RTVM, MSIX, ENABLE | FUNCTION_MASK);
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(interrupts(RTVM), 2U);
    config_set(RTVM, MSIX, ENABLE);
    assert_int_equal(interrupts(RTVM), 3U);
    assert_int_equal(config(RTVM, MSIX), ENABLE | 0x00020011U);
}

/* REQ-INT-070 */
static void what_else_changes_in_the_table_does_not_unmask_it(void **state)
{
    (void)state;
    listen(RTVM);
    reg_set(RTVM, TABLE + 16U + 12U, 1U);
    ring(VM_SERVICE, RTVM, 1U);
    vector_set(RTVM, 0U, 0xFEE01000U, 0x50U);
    reg_set(RTVM, TABLE + 16U + 8U, 0x51U);
    config_set(RTVM, MSIX, ENABLE);
    assert_int_equal(interrupts(RTVM), 0U);
    assert_int_equal(reg(RTVM, PBA), 2U);
    reg_set(RTVM, TABLE + 16U + 12U, 0U);
    assert_int_equal(interrupts(RTVM), 1U);
    assert_int_equal(last_vector(RTVM), 0x51U);
    assert_int_equal(reg(RTVM, PBA), 0U);
}

static void the_same_on_a_shared_core(void **state)
{
    (void)state;
    service_listens();
    config_set(VM_SERVICE, MSIX, ENABLE | FUNCTION_MASK);
    ring(RTVM, VM_SERVICE, 0U);
    (void)core_next(0U);
    assert_int_equal(service_vector(), VECTOR_NONE);
    assert_int_equal(reg(VM_SERVICE, PBA), 1U);
    config_set(VM_SERVICE, MSIX, ENABLE);
    (void)core_next(0U);
    assert_int_equal(service_vector(), 0x40U);
    assert_int_equal(reg(VM_SERVICE, PBA), 0U);
}

static void without_msix_a_doorbell_is_dropped(void **state)
{
    (void)state;
    ring(VM_SERVICE, RTVM, 0U);
    ring(VM_SERVICE, VM_SERVICE, 0U);
    assert_int_equal(ivshmem_look(fake_tsc), TIME_NEVER);
    assert_int_equal(interrupts(RTVM), 0U);
    fake_tsc += INTERVAL;
    listen(RTVM);
    service_listens();
    assert_int_equal(interrupts(RTVM), 0U);
    assert_int_equal(service_vector(), VECTOR_NONE);
    config_set(RTVM, MSIX, 0U);
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(interrupts(RTVM), 0U);
}

/* REQ-LIF-060 */
static void a_vm_that_ends_hears_nothing_until_it_starts_again(void **state)
{
    (void)state;
    listen(RTVM);
    config_set(RTVM, 4U, 6U);
    ring(VM_SERVICE, RTVM, 0U);
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(interrupts(RTVM), 1U);
    ivshmem_close(RTVM);
    ring(VM_SERVICE, RTVM, 1U);
    fake_tsc += INTERVAL;
    (void)ivshmem_look(fake_tsc);
    config_set(RTVM, MSIX, ENABLE); /* one of its vCPUs has not left yet */
    assert_int_equal(interrupts(RTVM), 1U);
    ivshmem_reset(RTVM);
    assert_int_equal(config(RTVM, MSIX), 0x00020011U);
    assert_int_equal(config(RTVM, 4U), 0x00100000U);
    ring(VM_SERVICE, RTVM, 1U);
    assert_int_equal(interrupts(RTVM), 1U); /* nobody listens yet */
    fake_tsc += INTERVAL;
    listen(RTVM);
    ring(VM_SERVICE, RTVM, 1U);
    assert_int_equal(interrupts(RTVM), 2U);
}

/* REQ-LIF-060 */
static void the_end_of_a_user_vm_silences_nobody(void **state)
{
    (void)state;
    listen(RTVM);
    for (vm_id_t v = VM_FIRST_USER; v < MAX_VM; v++) {
        ivshmem_close(v);
    }
    ring(VM_SERVICE, RTVM, 0U);
    assert_int_equal(interrupts(RTVM), 1U);
    ivshmem_reset(VM_FIRST_USER);
    assert_int_equal(config(RTVM, MSIX), ENABLE | 0x00020011U);
}

/* REQ-LIF-060 */
static void a_reset_of_the_service_vm_silences_its_device(void **state)
{
    (void)state;
    service_listens();
    ring(RTVM, VM_SERVICE, 0U);
    vpci_reset();
    (void)core_next(0U);
    assert_int_equal(service_vector(), VECTOR_NONE);
    assert_int_equal(config(VM_SERVICE, MSIX), 0x00010011U);
}

/* REQ-INT-053 */
static void configuration_ports_of_an_exclusive_vm_reach_its_device(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = 0xCF8U, .size = 4U, .write = true, .length = 1U };
    vcpu_id_t id = vcpu_id(RTVM, 0U);
    (void)state;
    vcpu_regs[id].gpr[GPR_RAX] = 0x80000000U | (RTVM_BDF << 8U);
    (void)core_exclusive_exit(id, &exit);
    exit.number = 0xCFCU;
    exit.write = false;
    vcpu_regs[id].gpr[GPR_RAX] = 0U;
    (void)core_exclusive_exit(id, &exit);
    assert_int_equal(vcpu_regs[id].gpr[GPR_RAX], 0x11101AF4U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCF8U, 4U), 0U); /* each VM has its own address register */
    assert_int_equal(vpci_port_read(VM_FIRST_USER, 0xCF8U, 4U), ONES);
    vpci_port_write(VM_FIRST_USER, 0xCF8U, 4U, ONES);
}

static void execute(vcpu_id_t id, uint64_t gpa, bool write, const uint8_t *code, uint32_t size)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .gpa = gpa, .write = write };
    vcpu_regs[id].rip = 0x100000U;
    fake_vcpu[id].segment[SEG_CS].access = 0x4000U; /* 32-bit code */
    fake_vcpu[id].reg[REG_CR0] = 1U;
    for (uint32_t i = 0U; i < size; i++) {
        hw_phys_write(RTVM_HPA + 0x100000U + i, 1U, code[i]);
    }
    (void)core_exclusive_exit(id, &exit);
}

/* REQ-INT-053 */
static void loads_and_stores_of_an_exclusive_vm_reach_its_registers(void **state)
{
    static const uint8_t store[] = { 0x89U, 0x03U };       /* mov [ebx], eax */
    static const uint8_t load[] = { 0x8BU, 0x03U };        /* mov eax, [ebx] */
    static const uint8_t narrow[] = { 0x0FU, 0xB6U, 0x03U }; /* movzx eax, byte [ebx] */
    vcpu_id_t id = vcpu_id(RTVM, 0U);
    (void)state;
    listen(RTVM2);
    vcpu_regs[id].gpr[GPR_RAX] = (RTVM2 << 16U) | 7U;
    execute(id, RTVM_REGS + DOORBELL, true, store, sizeof(store));
    assert_int_equal(interrupts(RTVM2), 1U);
    assert_int_equal(last_vector(RTVM2), 0x47U);
    assert_int_equal(vcpu_regs[id].rip, 0x100002U);
    execute(id, RTVM_REGS + 8U, false, load, sizeof(load));
    assert_int_equal(vcpu_regs[id].gpr[GPR_RAX], RTVM);
    execute(id, RTVM_REGS + 8U, false, narrow, sizeof(narrow));
    assert_int_equal(vcpu_regs[id].gpr[GPR_RAX], 0xFFU);
    assert_int_equal(vcpu_regs[id].rip, 0x100003U);
    assert_false(exclusive_stopped(RTVM));
}

/* REQ-INT-053 */
static void its_configuration_space_is_in_mmconfig_too(void **state)
{
    static const uint8_t load[] = { 0x8BU, 0x03U };
    vcpu_id_t id = vcpu_id(RTVM, 0U);
    (void)state;
    platform.mmconfig_base = 0xB0000000U;
    execute(id, 0xB0000000U + ((uint64_t)RTVM_BDF << 12U), false, load, sizeof(load));
    assert_int_equal(vcpu_regs[id].gpr[GPR_RAX], 0x11101AF4U);
    execute(id, 0xB0000000U, false, load, sizeof(load));
    assert_int_equal(vcpu_regs[id].gpr[GPR_RAX] & 0xFFFFU, 0xB04DU); /* its host bridge */
    assert_false(exclusive_stopped(RTVM));
}

/* REQ-INT-053 REQ-IO-009 */
static void beside_its_registers_it_has_nothing(void **state)
{
    static const uint8_t load[] = { 0x8BU, 0x03U };
    (void)state;
    execute(vcpu_id(RTVM2, 0U), RTVM_REGS + 0x2000U, false, load, sizeof(load));
    log_flush();
    assert_non_null(strstr(fake_log(), "rtvm2: access to unmapped address 0xfe802000"));
}

static void without_a_shared_core_there_is_one_to_call_all_the_same(void **state)
{
    (void)state;
    partition.table.board.shared_pcpu_mask = 0U;
    ivshmem_init();
    listen(RTVM);
    ring(RTVM2, RTVM, 0U);
    ring(RTVM2, RTVM, 0U);
    assert_int_equal(fake_pcpu[MAX_PCPU - 1U].kicks, 1U);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, boot)
    const struct CMUnitTest tests[] = {
        T(it_looks_like_qemus_device), T(its_bars_tell_their_size_and_stay), T(the_memory_is_mapped_and_the_registers_are_not),
        T(by_the_ports_an_exclusive_vm_reaches_whole_registers_of_it),
        T(read_only_memory_stays_so), T(memory_that_cannot_be_mapped_ends_the_build), T(beside_a_device_there_is_none),
        T(a_doorbell_is_of_its_region), T(a_doorbell_reaches_the_core_of_an_exclusive_vm),
        T(a_doorbell_of_an_exclusive_vm_is_delivered_by_a_shared_core),
        T(a_doorbell_that_meets_the_delivery_of_the_one_before_is_not_lost), T(those_that_come_too_early_are_one_and_wait),
        T(an_exclusive_sender_that_floods_calls_a_shared_core_once), T(the_next_look_is_for_the_earliest), T(hostile_doorbells_reach_nobody),
        T(accesses_of_other_sizes_do_nothing), T(the_table_reads_as_written), T(only_messages_that_are_interrupts_of_its_own_go_out),
        T(a_masked_doorbell_waits_for_its_unmasking), T(what_else_changes_in_the_table_does_not_unmask_it),
        T(the_same_on_a_shared_core), T(without_msix_a_doorbell_is_dropped),
        T(a_vm_that_ends_hears_nothing_until_it_starts_again), T(the_end_of_a_user_vm_silences_nobody),
        T(a_reset_of_the_service_vm_silences_its_device),
        T(configuration_ports_of_an_exclusive_vm_reach_its_device), T(loads_and_stores_of_an_exclusive_vm_reach_its_registers),
        T(its_configuration_space_is_in_mmconfig_too), T(beside_its_registers_it_has_nothing), T(without_a_shared_core_there_is_one_to_call_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
