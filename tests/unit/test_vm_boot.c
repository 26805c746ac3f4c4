/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/vm_boot.c core/vm_reload.c */
/* Boot of the VMs in the partition table: in which order, with what, and what is said when it cannot be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/acpi_filter.h"
#include "core/acpi_relocate.h"
#include "core/boot_info.h"
#include "core/exclusive_lapic.h"
#include "core/guest_map.h"
#include "core/kvmclock.h"
#include "core/loader.h"
#include "core/msr.h"
#include "core/partition.h"
#include "core/sched.h"
#include "core/stats.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "core/vm_memory.h"
#include "devices/vioapic.h"
#include "devices/vpci.h"
#include "devices/vpic.h"
#include "stub_log.h"

#define RTVM     1U
#define TABLES   0x7F00000U
#define ACPI_GPA 0x20000U
#define RSDP     0x1F000U
#define ENTRY    0x1000000U

union partition_storage partition;
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct vcpu_regs vcpu_regs[MAX_VCPU];

/* What the machine and the other modules answer; setup() makes all well. */
static struct {
    vm_id_t memory_fails_for;
    bool map_fits;
    vm_id_t map_fails_for;
    uint64_t tables_size;
    gpa_t tables_place;
    gpa_t carve_fails_at;
    enum status filter;
    enum status write;
    const char *image;      /* what is wrong with it */
} answer;
/* What was asked of them. */
static struct {
    uint32_t memory_built;  /* bit: VM */
    uint32_t ports_opened;
    uint32_t dma;           /* bit: VM whose functions reach its memory */
    uint32_t shared;        /* vCPUs given to the scheduler */
    uint32_t exclusive;     /* vCPUs with their local APIC */
    uint32_t chips;         /* bit: VM with virtual interrupt controllers */
    uint32_t devices_reset; /* bit: VM */
    uint32_t powered_on;
    uint32_t loaded_bzimage;
    uint32_t loaded_multiboot;
    gpa_t rsdp;             /* that the bzImage loader got */
    gpa_t relocated_to;
    gpa_t written_to;
    uint32_t written_size;
    const uint8_t *written;
    uint64_t carved_size;
    uint32_t published;
    uint32_t restarted;
    uint32_t notified;
    uint32_t exclusive_starts;
    uint32_t running_at_start;  /* bit: VM, when the exclusive cores were let go */
    uint32_t loaded_at_start;
    uint32_t tables_at_start;
} asked;

void log_chars(const char *text, uint32_t size)
{
    char copy[64] = { 0 };
    memcpy(copy, text, (size < 63U) ? size : 63U);
    log_text(copy);
}
void stats_init(void) { }
void stats_publish(void) { asked.published++; }
void stats_reset_vm(vm_id_t v) { asked.restarted |= 1U << v; }
void kvmclock_init(void) { }
enum status vm_memory_build(vm_id_t v)
{
    asked.memory_built |= 1U << v;
    vms[v].memory_size = 0x4000000U;
    return (v == answer.memory_fails_for) ? STATUS_NO_MEMORY : STATUS_OK;
}
void vm_ports_open(vm_id_t v) { asked.ports_opened |= 1U << v; }
void hw_bitmaps_close(vm_id_t v) { (void)v; }
void exclusive_life_init(void) { }
void health_init(void) { }
void ivshmem_init(void) { }
enum status guest_clear(vm_id_t v, gpa_t gpa, uint64_t size) { (void)v; (void)gpa; (void)size; return STATUS_OK; }
void msr_open_bitmap(vm_id_t v) { (void)v; }
void msr_reset(vcpu_id_t id) { (void)id; }
void exclusive_lapic_reset(vcpu_id_t id) { (void)id; asked.exclusive++; }
void sched_add(vcpu_id_t id, uint32_t weight) { (void)id; assert_int_equal(weight, 100U); asked.shared++; }
void vcpu_power_on(vcpu_id_t id) { asked.powered_on++; vcpu_regs[id].rip = 0xFFF0U; }
void vioapic_reset(vm_id_t v) { asked.chips |= 1U << v; }
void vpci_dma_open(vm_id_t v) { asked.dma |= 1U << v; }
void vpci_given_reset(vm_id_t v)
{
    assert_true((asked.dma >> v) & 1U); /* what no unit stands before is nobody's by then */
    asked.devices_reset |= 1U << v;
}
void vpic_reset(vm_id_t v) { asked.chips |= 0x100U << v; }
bool guest_map_build(vm_id_t v) { return answer.map_fits && (v != answer.map_fails_for); }
bool guest_map_carve(vm_id_t v, gpa_t base, uint64_t size, uint32_t type)
{
    (void)v;
    assert_int_equal(type, BOOT_ACPI);
    asked.carved_size = size;
    return base != answer.carve_fails_at;
}
gpa_t guest_map_highest(vm_id_t v, uint64_t size, gpa_t top, gpa_t keep_base, uint64_t keep_size)
{
    (void)v;
    (void)keep_base;
    assert_int_equal(size, answer.tables_size);
    assert_int_equal(top, 0x80000000U);
    assert_int_equal(keep_size, 0U);
    return answer.tables_place;
}
uint64_t acpi_relocate_size(void) { return answer.tables_size; }
void acpi_relocate(hpa_t where) { asked.relocated_to = where; }
enum status acpi_filter_build(uint32_t vcpu_count, gpa_t where, uint64_t size, gpa_t *rsdp)
{
    assert_int_equal(vcpu_count, 2U);
    assert_int_equal(where, LOADER_ACPI);
    assert_int_equal(size, PAGE_SIZE);
    *rsdp = RSDP;
    return answer.filter;
}
enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size)
{
    assert_int_equal(v, RTVM);
    asked.written_to = gpa;
    asked.written = src;
    asked.written_size = size;
    return answer.write;
}
static struct loader_verdict verdict(vm_id_t v)
{
    struct loader_verdict result = { answer.image, answer.image[0] == '\0' };
    vcpu_regs[vcpu_id(v, 0U)].rip = ENTRY;
    return result;
}
struct loader_verdict loader_bzimage(vm_id_t v, const struct part_vm *config, gpa_t rsdp)
{
    assert_ptr_equal(config, &partition.table.vm[v]);
    asked.loaded_bzimage |= 1U << v;
    asked.rsdp = rsdp;
    return verdict(v);
}
struct loader_verdict loader_multiboot(vm_id_t v, const struct part_vm *config)
{
    assert_ptr_equal(config, &partition.table.vm[v]);
    asked.loaded_multiboot |= 1U << v;
    return verdict(v);
}
void vcpu_notify(vcpu_id_t id) { asked.notified |= 1U << id; }
void hw_exclusive_start(void)
{
    asked.exclusive_starts++;
    asked.loaded_at_start = asked.loaded_bzimage | asked.loaded_multiboot;
    asked.tables_at_start = asked.memory_built;
    for (vm_id_t v = 0U; v < MAX_VM; v++) {
        asked.running_at_start |= (vms[v].state == VM_RUNNING) ? (1U << v) : 0U;
    }
}

static void listed(uint32_t v, const char *name, uint32_t kind, uint32_t flags, uint32_t image)
{
    struct part_vm *config = &partition.table.vm[v];
    strcpy(config->name, name);
    config->kind = kind;
    config->face = PART_FACE_KVM;
    config->flags = flags;
    config->image_type = image;
    config->weight = 100U;
    config->vcpu_count = 2U;
    config->pcpu[0] = v * 2U;
    config->pcpu[1] = (v * 2U) + 1U;
}

static int setup(void **state)
{
    (void)state;
    memset(&partition, 0, sizeof(partition));
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    memset(&asked, 0, sizeof(asked));
    log_lines = 0U;
    answer.memory_fails_for = ID_NONE;
    answer.map_fits = true;
    answer.map_fails_for = MAX_VM;
    answer.tables_size = 0x3000U;
    answer.tables_place = TABLES;
    answer.carve_fails_at = GUEST_MAP_NONE;
    answer.filter = STATUS_OK;
    answer.write = STATUS_OK;
    answer.image = "";
    partition.table.vm_count = 2U;
    listed(VM_SERVICE, "service", PART_VM_SERVICE, 0U, PART_IMAGE_BZIMAGE);
    listed(RTVM, "rtvm", PART_VM_PRELAUNCH, PART_VM_EXCLUSIVE, PART_IMAGE_MULTIBOOT);
    return 0;
}

/* REQ-RT-013 */
static void all_listed_vms_are_built_and_run(void **state)
{
    (void)state;
    assert_int_equal(vm_boot_all(), STATUS_OK);

    assert_int_equal(vms[VM_SERVICE].state, VM_RUNNING);
    assert_int_equal(vms[VM_SERVICE].kind, VM_KIND_SERVICE);
    assert_false(vms[VM_SERVICE].exclusive);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(vms[RTVM].kind, VM_KIND_PRELAUNCH);
    assert_true(vms[RTVM].exclusive);
    assert_string_equal(vms[RTVM].name, "rtvm");
    assert_int_equal(vcpus[vcpu_id(RTVM, 1U)].pcpu, 3U);
    assert_int_equal(asked.memory_built, 3U);
    assert_int_equal(asked.devices_reset, 1U << RTVM);
    assert_int_equal(asked.ports_opened, 3U);
    assert_int_equal(asked.powered_on, 4U);
    assert_int_equal(asked.published, 1U);
    assert_int_equal(log_lines, 2U);
    assert_string_equal(log_last, "boot: service: 2 shared vCPU, 64 MiB, entry 0x1000000");
}

/* REQ-RT-013 REQ-RT-040 */
static void exclusive_vms_start_before_the_service_vm_is_loaded(void **state)
{
    (void)state;
    listed(2U, "other", PART_VM_PRELAUNCH, 0U, PART_IMAGE_MULTIBOOT);
    partition.table.vm_count = 3U;

    assert_int_equal(vm_boot_all(), STATUS_OK);

    assert_int_equal(asked.exclusive_starts, 1U);
    assert_int_equal(asked.running_at_start, (1U << RTVM) | 4U);
    assert_int_equal(asked.loaded_at_start, (1U << RTVM) | 4U);
    assert_int_equal(asked.tables_at_start, 7U); /* those of all VMs: stage 2 is complete before any VM runs */
    assert_int_equal(asked.loaded_bzimage, 1U << VM_SERVICE);
}

static void only_shared_vms_get_the_scheduler_and_virtual_chips(void **state)
{
    (void)state;
    assert_int_equal(vm_boot_all(), STATUS_OK);
    assert_int_equal(asked.shared, 2U);
    assert_int_equal(asked.exclusive, 2U);
    assert_int_equal(asked.chips, 0x101U);
}

static void each_image_type_has_its_loader(void **state)
{
    (void)state;
    assert_int_equal(vm_boot_all(), STATUS_OK);
    assert_int_equal(asked.loaded_bzimage, 1U << VM_SERVICE);
    assert_int_equal(asked.loaded_multiboot, 1U << RTVM);
}

static void the_service_vm_gets_copied_and_filtered_tables(void **state)
{
    (void)state;
    assert_int_equal(vm_boot_all(), STATUS_OK);
    assert_int_equal(asked.relocated_to, TABLES);
    assert_int_equal(asked.rsdp, RSDP);
}

static void an_rtvm_gets_the_tables_of_the_partition_table(void **state)
{
    struct part_vm *config = &partition.table.vm[RTVM];
    (void)state;
    partition.table.vm[VM_SERVICE].kind = 0U; /* it would ask for its own */
    config->image_type = PART_IMAGE_BZIMAGE;
    config->acpi_offset = 0x2000U;
    config->acpi_size = 0x1001U;
    config->acpi_gpa = ACPI_GPA;

    assert_int_equal(vm_boot_all(), STATUS_OK);

    assert_int_equal(asked.written_to, ACPI_GPA);
    assert_int_equal(asked.written_size, 0x1001U);
    assert_ptr_equal(asked.written, &partition.bytes[0x2000]);
    assert_int_equal(asked.carved_size, 0x2000U); /* whole pages */
    assert_int_equal(asked.rsdp, ACPI_GPA);

    (void)setup(state);
    partition.table.vm[VM_SERVICE].kind = 0U;
    config->acpi_offset = PART_MAX_SIZE - 0x1000U; /* to the very end of the table */
    config->acpi_size = 0x1000U;
    assert_int_equal(vm_boot_all(), STATUS_OK);
    assert_int_equal(asked.carved_size, 0x1000U);
}

static void an_entry_that_is_not_used_is_passed_over(void **state)
{
    (void)state;
    partition.table.vm[VM_SERVICE].kind = 0U;

    assert_int_equal(vm_boot_all(), STATUS_OK);

    assert_int_equal(vms[VM_SERVICE].state, VM_FREE);
    assert_int_equal(asked.memory_built, 1U << RTVM);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
}

static void no_more_vms_are_booted_than_are_listed(void **state)
{
    (void)state;
    listed(2U, "other", PART_VM_PRELAUNCH, 0U, PART_IMAGE_MULTIBOOT); /* behind the two that count */

    assert_int_equal(vm_boot_all(), STATUS_OK);

    assert_int_equal(asked.memory_built, 3U);
    assert_int_equal(vms[2].state, VM_FREE);
}

static void no_more_vms_are_booted_than_a_table_holds(void **state)
{
    (void)state;
    partition.table.vm_count = PART_MAX_VM + 1U;
    memcpy(&partition.bytes[sizeof(struct part_table)], &partition.table.vm[RTVM], sizeof(struct part_vm)); /* what follows */

    assert_int_equal(vm_boot_all(), STATUS_OK);

    assert_int_equal(asked.memory_built, 3U);
}

/* What makes one VM fail before any runs keeps all from running, and is said. */
static void expect_refused(const char *line)
{
    assert_int_equal(vm_boot_all(), STATUS_INVALID);
    assert_int_equal(asked.exclusive_starts, 0U);
    assert_string_equal(log_last, line);
    assert_int_equal(log_lines, 1U);
    assert_int_not_equal(vms[VM_SERVICE].state, VM_RUNNING);
    assert_int_not_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(asked.published, 0U);
}

/* What makes the Service VM fail once an exclusive VM runs stops it alone, and is said. */
static void expect_service_stopped(const char *line)
{
    assert_int_equal(vm_boot_all(), STATUS_OK);
    assert_string_equal(log_last, line);
    assert_int_equal(log_lines, 2U);
    assert_int_equal(vms[VM_SERVICE].state, VM_STOPPED);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(asked.exclusive_starts, 1U);
    assert_int_equal(asked.published, 1U);
}

static void memory_that_cannot_be_mapped_is_named(void **state)
{
    (void)state;
    answer.memory_fails_for = VM_SERVICE;
    expect_refused("boot: service: stage 2 cannot be built");
    assert_int_equal(asked.powered_on, 0U);
    assert_int_equal(asked.memory_built, 1U); /* the others are not tried */
}

static void a_memory_map_that_is_too_long_is_named(void **state)
{
    (void)state;
    answer.map_fits = false;
    expect_refused("boot: rtvm: its memory map has too many entries");
}

static void that_of_the_service_vm_too(void **state)
{
    (void)state;
    answer.map_fails_for = VM_SERVICE;
    expect_service_stopped("boot: service: its memory map has too many entries");
}

static void tables_that_are_too_long_are_named(void **state)
{
    (void)state;
    answer.tables_size = 0U;
    expect_service_stopped("boot: service: no room for the machine's ACPI tables");
}

static void tables_without_a_place_are_named(void **state)
{
    (void)state;
    answer.tables_place = GUEST_MAP_NONE;
    expect_service_stopped("boot: service: no room for the machine's ACPI tables");
    assert_int_equal(asked.relocated_to, 0U);
}

static void tables_whose_place_cannot_be_listed_are_named(void **state)
{
    (void)state;
    answer.carve_fails_at = TABLES;
    expect_service_stopped("boot: service: no room for the machine's ACPI tables");
    assert_int_equal(asked.relocated_to, 0U);
}

static void filtered_tables_without_a_place_are_named(void **state)
{
    (void)state;
    answer.carve_fails_at = LOADER_ACPI;
    expect_service_stopped("boot: service: no RAM for the filtered ACPI tables");
}

static void tables_that_cannot_be_filtered_are_named(void **state)
{
    (void)state;
    answer.filter = STATUS_NOT_FOUND;
    expect_service_stopped("boot: service: the machine's ACPI tables cannot be filtered");
}

static void listed_tables(uint32_t offset, uint32_t size)
{
    partition.table.vm[RTVM].acpi_gpa = ACPI_GPA;
    partition.table.vm[RTVM].acpi_offset = offset;
    partition.table.vm[RTVM].acpi_size = size;
}

static void listed_tables_that_do_not_fit_are_named(void **state)
{
    (void)state;
    listed_tables(0x2000U, 0x1000U);
    answer.carve_fails_at = ACPI_GPA;
    expect_refused("boot: rtvm: its ACPI tables do not fit its memory");
    assert_int_equal(asked.written_size, 0U);
}

static void listed_tables_that_cannot_be_written_are_named(void **state)
{
    (void)state;
    listed_tables(0x2000U, 0x1000U);
    answer.write = STATUS_FAULT;
    expect_refused("boot: rtvm: its ACPI tables do not fit its memory");
}

/* REQ-CFG-004 */
static void listed_tables_outside_the_partition_table_are_never_read(void **state)
{
    (void)state;
    listed_tables(PART_MAX_SIZE + 1U, 0x1000U);
    expect_refused("boot: rtvm: its ACPI tables do not fit its memory");

    (void)setup(state);
    listed_tables(PART_MAX_SIZE - 0xFFFU, 0x1000U);
    expect_refused("boot: rtvm: its ACPI tables do not fit its memory");
    assert_int_equal(asked.written_size, 0U);
}

static void an_image_type_that_nobody_knows_is_named(void **state)
{
    (void)state;
    partition.table.vm[RTVM].image_type = 7U;
    expect_refused("boot: rtvm: image type is not known");
}

/* REQ-CFG-011 */
static void what_the_loader_refuses_is_named(void **state)
{
    (void)state;
    answer.image = "it is no kernel";
    expect_refused("boot: rtvm: it is no kernel");
}

/* REQ-RT-013 */
static void a_service_vm_that_cannot_be_loaded_stops_no_exclusive_vm(void **state)
{
    (void)state;
    partition.table.vm[VM_SERVICE].image_type = 7U;
    expect_service_stopped("boot: service: image type is not known");
}

/* REQ-CFG-011 */
static void a_service_vm_that_cannot_be_loaded_ends_a_boot_without_exclusive_vms(void **state)
{
    (void)state;
    partition.table.vm[VM_SERVICE].image_type = 7U;
    partition.table.vm[RTVM].flags = 0U; /* runs on the shared cores, which nobody has let go yet */

    assert_int_equal(vm_boot_all(), STATUS_INVALID);

    assert_string_equal(log_last, "boot: service: image type is not known");
    assert_int_equal(vms[VM_SERVICE].state, VM_STOPPED);
    assert_int_equal(asked.published, 0U);
}

/* REQ-LIF-005 */
static void the_service_vm_boots_again_in_the_memory_that_it_has(void **state)
{
    (void)state;
    assert_int_equal(vm_boot_all(), STATUS_OK);
    uint64_t generation = vms[VM_SERVICE].generation;
    vms[VM_SERVICE].state = VM_STOPPED;
    memset(&asked, 0, sizeof(asked));

    assert_int_equal(vm_boot_service(), STATUS_OK);

    assert_int_equal(vms[VM_SERVICE].state, VM_RUNNING);
    assert_int_equal(asked.memory_built, 0U);
    assert_int_equal(asked.powered_on, 2U);
    assert_int_equal(asked.restarted, 1U << VM_SERVICE);
    assert_int_equal(asked.notified, 1U << vcpu_id(VM_SERVICE, 0U));
    assert_true(vms[VM_SERVICE].generation > generation);
    assert_string_equal(log_last, "boot: service: 2 shared vCPU, 64 MiB, entry 0x1000000");
}

static void a_service_vm_that_cannot_boot_again_stays_stopped(void **state)
{
    (void)state;
    assert_int_equal(vm_boot_all(), STATUS_OK);
    memset(&asked, 0, sizeof(asked));
    answer.image = "it is no kernel";

    assert_int_equal(vm_boot_service(), STATUS_INVALID);

    assert_int_equal(vms[VM_SERVICE].state, VM_STOPPED);
    assert_int_equal(asked.notified, 0U);
    assert_string_equal(log_last, "boot: service: it is no kernel");
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_listed_vms_are_built_and_run, setup),
        cmocka_unit_test_setup(exclusive_vms_start_before_the_service_vm_is_loaded, setup),
        cmocka_unit_test_setup(only_shared_vms_get_the_scheduler_and_virtual_chips, setup),
        cmocka_unit_test_setup(each_image_type_has_its_loader, setup),
        cmocka_unit_test_setup(the_service_vm_gets_copied_and_filtered_tables, setup),
        cmocka_unit_test_setup(an_rtvm_gets_the_tables_of_the_partition_table, setup),
        cmocka_unit_test_setup(an_entry_that_is_not_used_is_passed_over, setup),
        cmocka_unit_test_setup(no_more_vms_are_booted_than_are_listed, setup),
        cmocka_unit_test_setup(no_more_vms_are_booted_than_a_table_holds, setup),
        cmocka_unit_test_setup(memory_that_cannot_be_mapped_is_named, setup),
        cmocka_unit_test_setup(a_memory_map_that_is_too_long_is_named, setup), cmocka_unit_test_setup(that_of_the_service_vm_too, setup),
        cmocka_unit_test_setup(tables_that_are_too_long_are_named, setup),
        cmocka_unit_test_setup(tables_without_a_place_are_named, setup),
        cmocka_unit_test_setup(tables_whose_place_cannot_be_listed_are_named, setup),
        cmocka_unit_test_setup(filtered_tables_without_a_place_are_named, setup),
        cmocka_unit_test_setup(tables_that_cannot_be_filtered_are_named, setup),
        cmocka_unit_test_setup(listed_tables_that_do_not_fit_are_named, setup),
        cmocka_unit_test_setup(listed_tables_that_cannot_be_written_are_named, setup),
        cmocka_unit_test_setup(listed_tables_outside_the_partition_table_are_never_read, setup),
        cmocka_unit_test_setup(an_image_type_that_nobody_knows_is_named, setup),
        cmocka_unit_test_setup(what_the_loader_refuses_is_named, setup),
        cmocka_unit_test_setup(a_service_vm_that_cannot_be_loaded_stops_no_exclusive_vm, setup),
        cmocka_unit_test_setup(a_service_vm_that_cannot_be_loaded_ends_a_boot_without_exclusive_vms, setup),
        cmocka_unit_test_setup(the_service_vm_boots_again_in_the_memory_that_it_has, setup),
        cmocka_unit_test_setup(a_service_vm_that_cannot_boot_again_stays_stopped, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
