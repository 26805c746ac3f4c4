/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Service VM that lends memory to a User VM and takes it back: TSC ticks around VM_SET_MEMORY_REGIONS, by size of the pages and by
 * how many are asked for at once (./bulkhead bench). Under counted time a tick is an instruction. The User VM never runs. With low=1 on the
 * command line, for a machine with less memory, the sizes up to 512 MiB.
 */
#include "abi/hypercall.h"
#include "tests/guests/guest.h"
#include "tests/guests/words.h"

#define KIB4    0x1000U
#define MIB2    0x200000U
#define GIB     0x40000000U
#define LENT    0x100000000U /* RAM of the Service VM, 1 GiB of it and one page */
#define LOW     0x10000000U  /* 512 MiB of it */
#define USER    0x200000000U /* where it lies in the User VM: as LENT in a page of 1 GiB */
#define RIGHTS  (HC_REGION_READ | HC_REGION_WRITE | HC_REGION_EXEC | HC_REGION_WB)
#define TABLES  400U         /* of the 640 pages for tables of a VM, in the case where most are taken */
#define SETTLE  20000000U

static struct hc_memory_regions request;
static struct hc_memory_region region;
static struct hc_vm_creation creation;
static uint64_t lent = LENT;
static bool failed;

static uint64_t gpa(const volatile void *at)
{
    return (uint64_t)(uintptr_t)at; /* identity mapped twice */
}

/* Ticks of one hypercall, and of its going on where the hypervisor cuts it into pieces. */
static uint64_t change(uint32_t type, uint64_t at, uint64_t from, uint64_t size)
{
    int64_t result;
    uint64_t before;
    uint64_t ticks;
    region = (struct hc_memory_region){ type, RIGHTS, at, from, size };
    request.count = 1U;
    request.regions_gpa = gpa(&region);
    before = tsc();
    result = hypercall(HC_VM_SET_MEMORY_REGIONS, gpa(&request), 0U);
    ticks = tsc() - before;
    failed = failed || (result != 0);
    return ticks;
}

static void print_figure(const char *what, const char *name, uint64_t value)
{
    print_text(what);
    print_text(" ");
    print_text(name);
    print_text(" ");
    print_hex(value);
    print_text("\r\n");
}

/* off: 4 KiB makes it impossible to use larger pages. */
static void measure(const char *name, uint64_t off, uint64_t size)
{
    print_figure("map", name, change(HC_REGION_ADD, USER + off, lent, size));
    print_figure("unmap", name, change(HC_REGION_DEL, USER + off, 0U, size));
}

/* A page each in places that need a table each. */
static void fill(uint32_t type)
{
    for (uint64_t i = 1U; i <= TABLES; i++) {
        (void)change(type, USER + GIB + (i * MIB2), lent + KIB4, KIB4);
    }
}

void guest_main(void)
{
    const uint64_t start = tsc();
    print_text("map_cost\r\n");
    while ((tsc() - start) < SETTLE) {
        /* the other cores come to rest */
    }
    lent = (word_of("low=1")[0] != '\0') ? LOW : LENT;
    creation = (struct hc_vm_creation){ .name = "lent" };
    failed = hypercall(HC_CREATE_VM, gpa(&creation), 0U) != 0;
    request.vmid = creation.vmid;
    measure("4k_1", KIB4, KIB4);
    measure("4k_16", KIB4, 16U * KIB4);
    measure("4k_256", KIB4, 256U * KIB4);
    measure("4k_4096", KIB4, 4096U * KIB4);
    measure("4k_65536", KIB4, 65536U * KIB4);
    measure("2m_1", 0U, MIB2);
    measure("2m_16", 0U, 16U * MIB2);
    measure("2m_256", 0U, 256U * MIB2);
    if (lent == LENT) {
        measure("1g_1", 0U, GIB);
    }
    fill(HC_REGION_ADD);
    measure("4k_full", KIB4, KIB4);
    measure("2m_full", 0U, MIB2);
    fill(HC_REGION_DEL);
    failed = (hypercall(HC_DESTROY_VM, creation.vmid, 0U) != 0) || failed;
    check("every hypercall was done", !failed, 0U);
}
