/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Random hypercalls and random exits, the same in every run: whatever guests do, no sanitizer
 * speaks, and the walls stand. */
#include "world.h"

#include "core/mmio.h"

#define HYPERCALLS 60000U
#define EXITS      60000U

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t pick(const uint64_t *from, uint32_t count)
{
    return from[next_random() % count];
}

/* Mostly values near something that matters, sometimes any. */
static uint64_t an_address(void)
{
    static const uint64_t near[] = { 0U, 0x1000U, SCRATCH, SCRATCH + 0x100U, LENT, IOREQ_PAGE, RTVM_HPA, RTVM_HPA - 0x1000U,
                                     TELEMETRY_HPA, IMAGE_HPA, MODULE_HPA, 0xFEE00000U, 0xFEC00000U, 0xFEBFF000U,
                                     0x7FFFFFF000U, 0x8000000000U, 0xFFFFFFFFFFFFF000U, 0x9E000U, 0x9F000U };
    uint64_t value = pick(near, sizeof(near) / sizeof(near[0]));
    switch (next_random() % 8U) {
    case 0U:
        value = next_random();
        break;
    case 1U:
        value += next_random() % 0x3000U;
        break;
    case 2U:
        value += (next_random() % 64U) * 0x1000U;
        break;
    default:
        break;
    }
    return value;
}

static uint64_t a_size(void)
{
    static const uint64_t sizes[] = { 0U, 0x1000U, 0x2000U, 0x10000U, 0x200000U, 0x400000U, 0x1FF000U, 0x8000000000U, 0xFFFFFFFFFFFFF000U };
    return ((next_random() % 16U) == 0U) ? next_random() : pick(sizes, sizeof(sizes) / sizeof(sizes[0]));
}

static void random_regions(void)
{
    struct hc_memory_regions request = { (uint16_t)(VM_FIRST_USER + (next_random() % 5U)), 0U, 0U,
                                         (uint32_t)(next_random() % 4U), 0U, SCRATCH + 0x100U };
    static const uint64_t prots[] = { WORLD_RWX_WB, HC_REGION_READ | HC_REGION_WB, HC_REGION_READ | HC_REGION_UC, HC_REGION_WB };
    if ((next_random() % 16U) == 0U) {
        request.count = (uint32_t)next_random();
    }
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    for (uint32_t i = 0U; i < 4U; i++) {
        struct hc_memory_region region = { (uint32_t)(next_random() % 5U), (uint32_t)pick(prots, 4U), an_address(), an_address(), a_size() };
        hw_phys_copy_out(SCRATCH + 0x100U + (i * sizeof(region)), (const uint8_t *)&region, sizeof(region));
    }
}

static void random_bytes(hpa_t at, uint32_t size)
{
    for (uint32_t i = 0U; i < size; i += 8U) {
        hw_phys_write(at + i, 8U, ((next_random() % 4U) == 0U) ? next_random() : (next_random() % 8U));
    }
}

/* What a User VM reaches belongs to the Service VM, and is not read-only there. */
static void check_walls(void)
{
    for (vm_id_t v = VM_FIRST_USER; v < MAX_VM; v++) {
        for (uint32_t i = 0U; i < 8U; i++) {
            struct stage2_mapping leaf = stage2_lookup(v, an_address());
            if (leaf.present) {
                assert_int_not_equal(vms[v].state, VM_FREE);
                assert_true(domain_owns(VM_SERVICE, leaf.hpa & ~(hpa_t)0xFFFU, PAGE_SIZE, MEMORY_RAM));
                assert_true((leaf.hpa < RTVM_HPA) || (leaf.hpa >= (RTVM_HPA + 0x400000U)));
                assert_int_equal(leaf.attr & (S2_UC | S2_WC), 0U);
            }
        }
    }
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(fake_pcpu[2].kicks + fake_pcpu[3].kicks, 0U);
    assert_int_equal(fake_pcpu[2].ipis + fake_pcpu[3].ipis, 0U);
}

static int boot(void **state)
{
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    for (vm_id_t v = 0U; v < MAX_VM; v++) {
        ioreq_release(v);
    }
    return world_start(state);
}

/* REQ-ISO-001 REQ-ISO-021 REQ-ISO-043 */
static void test_hostile_hypercalls_do_not_reach_over_the_walls(void **state)
{
    (void)state;
    seed = 0x9E3779B97F4A7C15U;
    for (uint32_t i = 0U; i < HYPERCALLS; i++) {
        static const uint64_t listed[] = { HC_CREATE_VM, HC_DESTROY_VM, HC_START_VM, HC_PAUSE_VM, HC_RESET_VM, HC_SET_VCPU_REGS,
                                           HC_INJECT_MSI, HC_SET_IRQLINE, HC_SET_IOREQ_BUFFER, HC_NOTIFY_REQUEST_FINISH, HC_FINISH_AND_WAIT,
                                           HC_VM_SET_MEMORY_REGIONS, HC_VM_SET_MEMORY_REGIONS, HC_VM_SET_MEMORY_REGIONS };
        uint64_t id = ((next_random() % 4U) == 0U) ? (HC_BASE | (next_random() % 0x88U)) : pick(listed, 14U);
        uint64_t p1 = ((next_random() % 4U) == 0U) ? an_address() : (VM_FIRST_USER + (next_random() % 5U));
        uint64_t p2 = an_address();
        if (id == HC_VM_SET_MEMORY_REGIONS) {
            random_regions();
            p1 = SCRATCH;
        } else if (id == HC_CREATE_VM) {
            random_bytes(SCRATCH, 48U);
            p1 = ((next_random() % 8U) == 0U) ? an_address() : SCRATCH;
        } else if ((id == HC_SET_IOREQ_BUFFER) && ((next_random() % 2U) == 0U)) {
            hw_phys_write(SCRATCH, 8U, IOREQ_PAGE);
            p2 = SCRATCH;
        } else if ((next_random() % 4U) == 0U) {
            random_bytes(SCRATCH, 0x140U);
            random_bytes(IOREQ_PAGE, 0x200U);
            p2 = SCRATCH;
        } else {
            p2 = next_random() % 0x500000000U;
        }
        (void)hypercall(id, p1, p2);
        fake_tsc += 1000U;
        check_walls();
    }
}

static void random_vcpu(vcpu_id_t id, struct vm_exit *exit)
{
    static const uint64_t ports[] = { 0x20U, 0x21U, 0xA0U, 0x3F8U, 0x60U, 0x64U, 0x92U, 0xB2U, 0x600U, 0x604U, 0xCF8U, 0xCF9U, 0xCFCU, 0xCFFU };
    static const uint64_t msrs[] = { 0x10U, 0x1BU, 0x277U, 0x6E0U, 0x802U, 0x830U, 0x832U, 0x838U, 0xC0000080U, 0xC0000103U, 0x4B564D01U, 0x2FFU };
    uint8_t code[16];
    memset(exit, 0, sizeof(*exit));
    exit->reason = (enum hv_exit_reason)(next_random() % ((uint32_t)HV_EXIT_REASONS + 1U));
    exit->length = (uint32_t)(next_random() % 4U);
    exit->number = (uint32_t)pick(ports, 14U);
    exit->write = (next_random() % 2U) == 0U;
    exit->string = (next_random() % 8U) == 0U;
    exit->repeat = (next_random() % 2U) == 0U;
    exit->address_size = 1U << (1U + (next_random() % 3U));
    exit->segment = (uint32_t)(next_random() % 6U);
    exit->size = 1U << (next_random() % 3U);
    exit->gpr = (uint32_t)(next_random() % 18U);
    exit->gpa = an_address();
    exit->execute = (next_random() % 16U) == 0U;
    exit->table_walk = (next_random() % 16U) == 0U;
    if ((exit->reason == HV_EXIT_MSR_READ) || (exit->reason == HV_EXIT_MSR_WRITE)) {
        exit->number = ((next_random() % 4U) == 0U) ? (uint32_t)next_random() : (uint32_t)pick(msrs, 12U);
    } else if (exit->reason == HV_EXIT_CR) {
        exit->number = 8U;
    } else if (exit->reason == HV_EXIT_EXCEPTION) {
        exit->number = 6U;
    } else {
        /* a port */
    }
    for (uint32_t r = 0U; r < (uint32_t)GPR_COUNT; r++) {
        vcpu_regs[id].gpr[r] = an_address();
    }
    vcpu_regs[id].rip = 0x1000U + (next_random() % 0x100U);
    vcpu_regs[id].rflags = next_random();
    for (uint32_t i = 0U; i < 16U; i++) {
        static const uint64_t opcodes[] = { 0x88U, 0x89U, 0x8AU, 0x8BU, 0xA4U, 0xA5U, 0xAAU, 0xABU, 0xF3U, 0x48U, 0x87U, 0x0FU, 0xB6U, 0xC7U, 0x01U, 0xC1U };
        code[i] = (uint8_t)(((next_random() % 4U) == 0U) ? next_random() : pick(opcodes, 16U));
    }
    (void)guest_write(vcpu_vm(id), vcpu_regs[id].rip, code, 16U);
    hw_vcpu_set(id, REG_CR0, ((next_random() % 4U) == 0U) ? 0x80000011U : 0x11U);
    hw_vcpu_set(id, REG_CR3, an_address());
    hw_vcpu_set(id, REG_CR4, next_random() % 0x40000U);
    hw_vcpu_set(id, REG_EFER, ((next_random() % 2U) == 0U) ? 0x500U : 0U);
}

/* What the Service VM may bring about on purpose: it is off, or resets. */
static void put_service_back(void)
{
    if (vms[VM_SERVICE].state != VM_RUNNING) {
        (void)vm_boot_service();
    }
    vcpus[SERVICE_BSP].state = VCPU_RUNNABLE;
}

static void one_exit(vcpu_id_t id)
{
    struct vm_exit exit;
    random_vcpu(id, &exit);
    if ((vcpu_vm(id) == VM_SERVICE) && (exit.reason == HV_EXIT_HYPERCALL)) {
        exit.reason = HV_EXIT_CPUID; /* they have a test of their own */
    }
    vcpus[id].run_epoch = vcpus[id].epoch;
    fake_vcpu_ran(id);
    core_exit(id, &exit);
    fake_tsc += 100000U;
    (void)core_next(0U);
    log_flush();
}

/* REQ-ISO-001 REQ-ISO-021 REQ-ISO-043 */
static void test_hostile_exits_do_not_reach_over_the_walls(void **state)
{
    volatile uint32_t i = 0U;
    volatile vm_id_t user;
    enum fake_end end;
    (void)state;
    seed = 0xD1B54A32D192ED03U;
    user = world_running(1U);
    partition.table.vm[RTVM].flags |= PART_VM_FORBID_POWEROFF;
    end = fake_catch();
    assert_int_equal(end, FAKE_NONE); /* nothing switches this machine off, and nothing panics */
    while (i < EXITS) {
        vcpu_id_t id = ((i % 2U) == 0U) ? vcpu_id(user, 0U) : SERVICE_BSP;
        put_service_back();
        if (vms[user].state != VM_RUNNING) {
            user = world_running(1U);
            id = vcpu_id(user, 0U);
        }
        if (vcpus[id].state == VCPU_WAIT_IO) {
            slot_answer(0U, next_random());
            (void)hypercall(HC_NOTIFY_REQUEST_FINISH, user, 0U);
        }
        if ((vcpus[id].state == VCPU_OFF) && (id != SERVICE_BSP)) { /* its device model would reset it */
            (void)hypercall(HC_PAUSE_VM, user, 0U);
            (void)hypercall(HC_RESET_VM, user, 0U);
            (void)hypercall(HC_START_VM, user, 0U);
        }
        vcpus[id].state = (vcpus[id].state == VCPU_HALTED) ? VCPU_RUNNABLE : vcpus[id].state;
        one_exit(id);
        check_walls();
        i++;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_hostile_hypercalls_do_not_reach_over_the_walls, boot),
        cmocka_unit_test_setup(test_hostile_exits_do_not_reach_over_the_walls, boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
