/* SPDX-License-Identifier: Apache-2.0 */
/* iommu_table_set() is the only writer of entries. A function's entry is cleared before it gets another owner (core/iommu.c), so in whatever
 * order a unit sees the two words change, it finds an entry of nobody or of the new owner: a second word of zeros is refused by the hardware. */
#include "core/iommu_table.h"

#include "core/iommu_table_spec.h" /* the words of the contracts */
#include "core/stage2.h"

#define ALL_BUSES        256U
#define FUNCTIONS_OF_BUS 256U
#define VTD_PRESENT      1U
#define VTD_WORDS        2U
#define AMDVI_WORDS      4U     /* the last two are about interrupts: zero, they pass as they are */
#define AMDVI_IRQS       2U     /* which word */
#define VTD_WIDTH_48     2U     /* four levels; translation type 0: requests without an address-space id */
#define VTD_DOMAIN       0x100U /* bits 8 to 23 of the second word */
#define AMDVI_NOTHING    3U     /* valid, translated, mode 0 and no rights: every request is refused; zeros would let all pass */
#define AMDVI_ROOT       0x6000000000000803U /* the same with four levels, reading and writing */

__attribute__((aligned(4096))) uint64_t iommu_root[IOMMU_ROOT_WORDS];
__attribute__((aligned(4096))) uint64_t iommu_entry[IOMMU_BUSES][IOMMU_BUS_WORDS];
hpa_t iommu_base;
uint32_t iommu_format; /* IOMMU_FORMAT_VTD until boot says otherwise */

/* Words of a function's entry, and the first one of a function that nobody has. */
/*@ assigns \nothing;
    exits \false;
    ensures \result == (iommu_format == IOMMU_FORMAT_AMDVI ? 4 : 2); */
static uint32_t words(void)
{
    return (iommu_format == IOMMU_FORMAT_AMDVI) ? AMDVI_WORDS : VTD_WORDS;
}

/*@ assigns \nothing;
    exits \false;
    ensures \result == iommu_low_of(IOMMU_NOBODY); */
static uint64_t nothing(void)
{
    return (iommu_format == IOMMU_FORMAT_AMDVI) ? AMDVI_NOTHING : 0U;
}

/*@ requires pool_ok && vm < MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result == iommu_low_of(vm); */
static uint64_t low_word(vm_id_t vm)
{
    return stage2_root(vm) + ((iommu_format == IOMMU_FORMAT_AMDVI) ? AMDVI_ROOT : VTD_PRESENT);
}

/*@ requires vm < MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result == iommu_high_of(vm); */
static uint64_t high_word(vm_id_t vm)
{
    const uint64_t domain = (uint64_t)vm + 1U;
    return (iommu_format == IOMMU_FORMAT_AMDVI) ? domain : (VTD_WIDTH_48 + (VTD_DOMAIN * domain));
}

/*@ assigns \nothing;
    exits \false;
    ensures \result <==> iommu_reads_stage2; */
static bool reads_stage2(void)
{
    return (iommu_format == IOMMU_FORMAT_AMDVI) == (stage2_format == S2_FORMAT_NPT_AMDVI);
}

/*@ assigns IOMMU_ENTRIES;
    exits \false;
    ensures \forall integer b, w; 0 <= b < IOMMU_BUSES && 0 <= w < IOMMU_BUS_WORDS ==>
      iommu_entry[b][w] == (w % 4 == 0 ? iommu_low_of(IOMMU_NOBODY) : 0); */
static void clear_entries(void)
{
    const uint64_t first = nothing();
    /*@ loop invariant 0 <= bus <= IOMMU_BUSES;
        loop invariant \forall integer b, w; 0 <= b < bus && 0 <= w < IOMMU_BUS_WORDS ==> iommu_entry[b][w] == (w % 4 == 0 ? first : 0);
        loop assigns bus, IOMMU_ENTRIES;
        loop variant IOMMU_BUSES - bus; */
    for (uint32_t bus = 0U; bus < IOMMU_BUSES; bus++) {
        /*@ loop invariant 0 <= i <= IOMMU_BUS_WORDS;
            loop invariant \forall integer b, w; 0 <= b < bus && 0 <= w < IOMMU_BUS_WORDS ==> iommu_entry[b][w] == (w % 4 == 0 ? first : 0);
            loop invariant \forall integer w; 0 <= w < i ==> iommu_entry[bus][w] == (w % 4 == 0 ? first : 0);
            loop assigns i, IOMMU_ENTRIES;
            loop variant IOMMU_BUS_WORDS - i; */
        for (uint32_t i = 0U; i < IOMMU_BUS_WORDS; i++) {
            iommu_entry[bus][i] = ((i % AMDVI_WORDS) == 0U) ? first : 0U;
        }
    }
}

/* REQ-ISO-050 */
void iommu_table_init(hpa_t entries)
{
    iommu_base = entries;
    clear_entries();
    /*@ loop invariant 0 <= bus <= ALL_BUSES;
        loop invariant \forall integer b; 0 <= b < bus ==> iommu_root_ok(b);
        loop assigns bus, iommu_root[0 .. IOMMU_ROOT_WORDS - 1];
        loop variant ALL_BUSES - bus; */
    for (uint32_t bus = 0U; bus < ALL_BUSES; bus++) {
        const uint64_t at = (uint64_t)bus * VTD_WORDS;
        iommu_root[at] = (bus < IOMMU_BUSES) ? (entries + ((uint64_t)bus * IOMMU_BUS_WORDS * 8U) + VTD_PRESENT) : 0U;
        iommu_root[at + 1U] = 0U;
    }
}

/* REQ-ISO-040 REQ-ISO-050 */
bool iommu_table_set(uint16_t bdf, vm_id_t vm)
{
    const uint32_t bus = (uint32_t)bdf / FUNCTIONS_OF_BUS;
    const uint32_t at = words() * ((uint32_t)bdf % FUNCTIONS_OF_BUS);
    const bool valid = (bus < IOMMU_BUSES) && ((vm == IOMMU_NOBODY) || ((vm < MAX_VM) && reads_stage2()));
    if (valid && (vm == IOMMU_NOBODY)) {
        iommu_entry[bus][at] = nothing();
        iommu_entry[bus][at + 1U] = 0U;
    } else if (valid) {
        iommu_entry[bus][at + 1U] = high_word(vm);
        iommu_entry[bus][at] = low_word(vm);
    } else {
        /* nothing is written */
    }
    /*@ assert entry: valid ==> iommu_owner(bus, bdf % 256) == vm && iommu_entry_ok(bus, bdf % 256); */
    /*@ assert others: \forall integer b, f; 0 <= b < IOMMU_BUSES && 0 <= f < 256 && !(valid && b == bus && f == bdf % 256) ==>
          iommu_low(b, f) == \at(iommu_low(b, f), Pre) && iommu_high(b, f) == \at(iommu_high(b, f), Pre) && iommu_entry_ok(b, f); */
    return valid;
}

/* REQ-ISO-041 */
void iommu_table_irqs(uint16_t bdf, uint64_t word)
{
    const uint32_t bus = (uint32_t)bdf / FUNCTIONS_OF_BUS;
    const uint32_t at = AMDVI_WORDS * ((uint32_t)bdf % FUNCTIONS_OF_BUS);
    if ((iommu_format == IOMMU_FORMAT_AMDVI) && (bus < IOMMU_BUSES)) {
        iommu_entry[bus][at + AMDVI_IRQS] = word;
        /*@ assert same: \forall integer b, f; 0 <= b < IOMMU_BUSES && 0 <= f < 256 ==>
              iommu_low(b, f) == \at(iommu_low(b, f), Pre) && iommu_high(b, f) == \at(iommu_high(b, f), Pre); */
    }
}

vm_id_t iommu_table_owner(uint16_t bdf)
{
    const uint32_t bus = (uint32_t)bdf / FUNCTIONS_OF_BUS;
    const uint32_t at = words() * ((uint32_t)bdf % FUNCTIONS_OF_BUS);
    vm_id_t owner = IOMMU_NOBODY;
    /*@ assert entry: bus < IOMMU_BUSES ==> iommu_entry_ok(bus, bdf % 256); */
    if ((bus < IOMMU_BUSES) && (iommu_entry[bus][at + 1U] != 0U)) {
        const uint64_t domain = iommu_entry[bus][at + 1U] / ((iommu_format == IOMMU_FORMAT_AMDVI) ? 1U : VTD_DOMAIN);
        owner = (vm_id_t)((domain - 1U) % MAX_VM);
    }
    return owner;
}
