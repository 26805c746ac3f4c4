/* SPDX-License-Identifier: Apache-2.0 */
/* The partition table as a whole: its frame, its board, and the verdict. */
#include "core/partition.h"

#include "core/boot_info.h"
#include "core/crc32.h"
#include "core/partition_check.h"

#define CRC_OFFSET     12U         /* of part_table.crc32 */
#define TSC_HZ_LEAST   100000000U
#define TSC_HZ_MOST    20000000000U

/* Whole pages of its own: x86 makes them read-only once the table is validated. */
union partition_storage partition __attribute__((aligned(4096))); /* DEV-007 */
struct partition_verdict partition_result;

/* REQ-CFG-009 */
bool partition_refuse(const char *reason, uint32_t vm, uint64_t detail)
{
    partition_result.valid = false;
    partition_result.reason = reason;
    partition_result.vm = vm;
    partition_result.detail = detail;
    return false;
}

bool partition_vm_absent(uint32_t v)
{
    return (v == VM_SERVICE) && (partition.table.vm[v].kind == 0U);
}

bool partition_text_ends(const char *text, uint32_t size)
{
    bool ends = false;
    /*@ loop invariant i <= size;
        loop assigns i, ends;
        loop variant size - i; */
    for (uint32_t i = 0U; (i < size) && !ends; i++) {
        ends = (text[i] == '\0');
    }
    return ends;
}

/* Over size bytes, the checksum field itself read as zero. */
/*@ requires size <= PART_MAX_SIZE;
    assigns \nothing;
    exits \false; */
static uint32_t partition_crc(uint32_t size)
{
    uint32_t crc = CRC32_BEGIN;
    /*@ loop invariant i <= size;
        loop assigns i, crc;
        loop variant size - i; */
    for (uint32_t i = 0U; i < size; i++) {
        bool own = (i >= CRC_OFFSET) && (i < (CRC_OFFSET + 4U));
        crc = crc32_step(crc, own ? 0U : (uint32_t)partition.bytes[i]);
    }
    return crc ^ CRC32_BEGIN;
}

/* REQ-CFG-003 */
/*@ assigns partition_result;
    exits \false;
    ensures \result ==> partition.table.total_size >= sizeof(struct part_table); */
static bool check_frame(uint32_t table_size)
{
    bool ok = true;
    if ((table_size < sizeof(struct part_table)) || (table_size > PART_MAX_SIZE)) {
        ok = partition_refuse("the boot module is no partition table (its size is wrong): load the file that the "
                              "config compiler wrote", ID_NONE, table_size);
    } else if (partition.table.magic != PART_MAGIC) {
        ok = partition_refuse("no partition table in the boot module (magic number): load the file that the config "
                              "compiler wrote", ID_NONE, partition.table.magic);
    } else if (partition.table.version != PART_VERSION) {
        ok = partition_refuse("the partition table has another version: compile the scenario again with this "
                              "release's config compiler", ID_NONE, partition.table.version);
    } else if ((partition.table.total_size < sizeof(struct part_table)) || (partition.table.total_size > table_size)) {
        ok = partition_refuse("the partition table is cut short: copy the file again", ID_NONE, partition.table.total_size);
    } else if (partition_crc(partition.table.total_size) != partition.table.crc32) {
        ok = partition_refuse("the partition table is damaged (CRC): copy the file again", ID_NONE, partition.table.crc32);
    } else {
        /* the bytes are what the compiler wrote */
    }
    return ok;
}

/* REQ-CFG-004 */
/*@ assigns partition_result;
    exits \false;
    ensures \result ==> 1 <= partition.table.vm_count <= PART_MAX_VM && partition.table.shared_count <= PART_MAX_SHARED; */
static bool check_limits(void)
{
    bool ok = true;
    if (partition.table.reserved != 0U) {
        ok = partition_refuse("reserved fields are not zero: compile the scenario again", ID_NONE, 0U);
    } else if ((partition.table.flags & ~PART_ALLOW_NO_IOMMU) != 0U) {
        ok = partition_refuse("unknown flag: compile the scenario again", ID_NONE, partition.table.flags);
    } else if (!partition_text_ends(partition.table.scenario, PART_TAG_SIZE)) {
        ok = partition_refuse("the scenario's name is too long: at most 31 characters", ID_NONE, 0U);
    } else if ((partition.table.vm_count == 0U) || (partition.table.vm_count > PART_MAX_VM)) {
        ok = partition_refuse("number of VMs: list the Service VM and at most 3 pre-launched VMs", ID_NONE,
                              partition.table.vm_count);
    } else if (partition.table.shared_count > PART_MAX_SHARED) {
        ok = partition_refuse("number of shared regions: at most 4", ID_NONE, partition.table.shared_count);
    } else {
        /* all counts are within the arrays */
    }
    return ok;
}

/*@ requires partition.table.shared_count <= PART_MAX_SHARED;
    assigns partition_result;
    exits \false; */
static bool check_region_names(void)
{
    bool ok = true;
    /*@ loop invariant s <= PART_MAX_SHARED;
        loop assigns s, ok, partition_result;
        loop variant PART_MAX_SHARED - s; */
    for (uint32_t s = 0U; ok && (s < partition.table.shared_count); s++) {
        if ((partition.table.shared[s].name[0] == '\0') ||
            !partition_text_ends(partition.table.shared[s].name, PART_NAME_SIZE)) {
            ok = partition_refuse("a shared region's name has 1 to 15 characters", ID_NONE, s);
        }
    }
    return ok;
}

/*@ assigns partition_result;
    exits \false;
    ensures \result ==> header_ok; */
static bool partition_check_header(uint32_t table_size)
{
    return check_frame(table_size) && check_limits() && check_region_names();
}

/*@ requires boot_ok;
    assigns \nothing;
    exits \false; */
static uint64_t ram_present(void)
{
    uint64_t sum = 0U;
    /*@ loop invariant i <= MAX_BOOT_RANGE && sum <= i * 0x10000000000000;
        loop assigns i, sum;
        loop variant MAX_BOOT_RANGE - i; */
    for (uint32_t i = 0U; i < boot_info.range_count; i++) {
        if (boot_info.range[i].type == BOOT_RAM) {
            sum += boot_info.range[i].size;
        }
    }
    return sum;
}

/* REQ-CFG-008 */
/*@ requires boot_ok;
    assigns partition_result;
    exits \false;
    ensures \result ==> partition.table.board.pcpu_count <= MAX_PCPU; */
static bool check_machine(void)
{
    bool ok = true;
    uint32_t cores = partition.table.board.pcpu_count;
    if (!partition_text_ends(partition.table.board.name, PART_TAG_SIZE)) {
        ok = partition_refuse("the board's name is too long: at most 31 characters", ID_NONE, 0U);
    } else if ((cores == 0U) || (cores > MAX_PCPU) || (cores > platform.pcpu_count)) {
        ok = partition_refuse("the board file asks for more cores than this machine has: run the board inspector on "
                              "this machine", ID_NONE, cores);
    } else if ((partition.table.board.shared_pcpu_mask >> cores) != 0U) {
        ok = partition_refuse("shared cores: name only cores that the board has", ID_NONE,
                              partition.table.board.shared_pcpu_mask);
    } else if (partition.table.board.ram_size > ram_present()) {
        ok = partition_refuse("the scenario needs more RAM than this machine has: lower ram_size or add memory",
                              ID_NONE, partition.table.board.ram_size);
    } else if (!platform.irqs_remapped && !partition_vm_absent(VM_SERVICE) &&
               ((partition.table.flags & PART_ALLOW_NO_IOMMU) == 0U)) {
        ok = partition_refuse("this machine has no IOMMU, or one that does not remap interrupts (see the log), so devices of the "
                              "Service VM can reach all memory, or all cores: enable it in the firmware, or set allow_no_iommu in the scenario", ID_NONE, 0U);
    } else {
        /* the machine can carry the scenario */
    }
    return ok;
}

/*@ assigns partition_result;
    exits \false; */
static bool check_board_values(void)
{
    bool ok = true;
    const struct part_board *board = &partition.table.board;
    if ((board->mmconfig_base != 0U) && (platform.mmconfig_base != 0U) && (board->mmconfig_base != platform.mmconfig_base)) {
        ok = partition_refuse("mmconfig_base differs from the MCFG table of this machine: run the board inspector on "
                              "this machine", ID_NONE, board->mmconfig_base);
    } else if ((board->tsc_hz != 0U) && ((board->tsc_hz < TSC_HZ_LEAST) || (board->tsc_hz > TSC_HZ_MOST))) {
        ok = partition_refuse("tsc_hz must be 0 (measure) or 100 MHz to 20 GHz", ID_NONE, board->tsc_hz);
    } else if ((board->hv_device_bdf == 0U) || ((board->hv_device_bdf % 8U) != 0U)) {
        ok = partition_refuse("the hypervisor's PCI device must be function 0 of a device other than 00:00",
                              ID_NONE, board->hv_device_bdf);
    } else if (board->s5_slp_typ > 7U) {
        ok = partition_refuse("s5_slp_typ must be 0 to 7 (ACPI \\_S5)", ID_NONE, board->s5_slp_typ);
    } else {
        /* usable */
    }
    return ok;
}

/*@ assigns partition_result;
    exits \false; */
static bool check_user_policy(void)
{
    bool ok = true;
    const struct part_user_policy *user = &partition.table.user;
    if (user->max_vms > (MAX_VM - VM_FIRST_USER)) {
        ok = partition_refuse("user VMs: at most 4", ID_NONE, user->max_vms);
    } else if ((user->pcpu_mask & ~partition.table.board.shared_pcpu_mask) != 0U) {
        ok = partition_refuse("user VMs may use shared cores only: correct pcpu_mask", ID_NONE, user->pcpu_mask);
    } else if (user->max_vms == 0U) {
        ok = true;
    } else if ((user->max_vcpus == 0U) || (user->max_vcpus > MAX_VCPU_PER_VM)) {
        ok = partition_refuse("user VMs: 1 to 8 vCPUs", ID_NONE, user->max_vcpus);
    } else if (user->pcpu_mask == 0U) {
        ok = partition_refuse("user VMs have no core: set pcpu_mask, or max_vms to 0", ID_NONE, 0U);
    } else if ((user->weight == 0U) || (user->weight > 10000U)) {
        ok = partition_refuse("user VMs: weight must be 1 to 10000", ID_NONE, user->weight);
    } else {
        /* usable */
    }
    return ok;
}

/*@ requires boot_ok && header_ok;
    assigns partition_result;
    exits \false;
    ensures \result ==> partition.table.board.pcpu_count <= MAX_PCPU; */
static bool partition_check_board(void)
{
    return check_machine() && check_board_values() && check_user_policy();
}

/* REQ-CFG-002 */
struct partition_verdict partition_validate(uint32_t table_size)
{
    partition_result.valid = true;
    partition_result.reason = "";
    partition_result.vm = ID_NONE;
    partition_result.detail = 0U;
    partition_result.valid = partition_check_header(table_size) && partition_check_board() && partition_check_vms() &&
                             partition_check_policy() && partition_check_memory() && partition_check_devices();
    return partition_result;
}
