/* SPDX-License-Identifier: Apache-2.0 */
/* What every guest sees of the CPU, wherever it runs: hidden features, faults where the
 * real machine faults, no way to the machine's controls. */
#include "tests/guests/guest.h"

#define VECTOR_UD 6U
#define VECTOR_GP 13U
#define MSR_EFER  0xC0000080U
#define MSR_VM_HSAVE_PA 0xC0010117U
#define MSR_NONE  0x00000FFFU
#define MSR_APIC_BASE 0x1BU

static void cpuid_checks(void)
{
    uint32_t leaf[4];
    cpuid_get(1U, 0U, leaf);
    check("x2apic-shown", (leaf[2] & (1U << 21)) != 0U, leaf[2]);
    check("hypervisor-bit-shown", (leaf[2] & (1U << 31)) != 0U, leaf[2]);
    check("vmx-hidden", (leaf[2] & (1U << 5)) == 0U, leaf[2]);
    check("monitor-hidden", (leaf[2] & (1U << 3)) == 0U, leaf[2]);
    check("osxsave-follows-cr4", (leaf[2] & (1U << 27)) == 0U, leaf[2]);
    cpuid_get(0x80000001U, 0U, leaf);
    check("svm-hidden", (leaf[2] & 4U) == 0U, leaf[2]);
    cpuid_get(0x40000000U, 0U, leaf);
    check("hypervisor-signature", leaf[1] != 0U, leaf[1]);
}

static void instruction_checks(void)
{
    TRY("vmrun %%rax", : : "a"(0UL) : "r15", "memory");
    check("vmrun-is-ud", trap_vector == VECTOR_UD, trap_vector);
    TRY("clgi", : : : "r15", "memory");
    check("clgi-is-ud", trap_vector == VECTOR_UD, trap_vector);
    TRY("monitor", : : "a"(0x1000UL), "c"(0), "d"(0) : "r15", "memory");
    check("monitor-is-ud", trap_vector == VECTOR_UD, trap_vector);
    TRY("ud2", : : : "r15", "memory");
    check("ud2-is-ud", trap_vector == VECTOR_UD, trap_vector);
    TRY("wbinvd", : : : "r15", "memory");
    check("wbinvd-does-nothing", trap_vector == NO_TRAP, trap_vector);
}

static void msr_checks(void)
{
    uint64_t value = msr_get(MSR_EFER);
    check("efer-read", (trap_vector == NO_TRAP) && ((value & 0x1000U) == 0U), value);
    msr_set(MSR_EFER, value | 0x1000U);
    check("efer-svme-is-gp", trap_vector == VECTOR_GP, trap_vector);
    (void)msr_get(MSR_VM_HSAVE_PA);
    check("hsave-is-gp", trap_vector == VECTOR_GP, trap_vector);
    (void)msr_get(MSR_NONE);
    check("unknown-msr-is-gp", trap_vector == VECTOR_GP, trap_vector);
    value = msr_get(MSR_APIC_BASE);
    check("apic-base-enabled", (value & 0x800U) != 0U, value);
}

void guest_main(void)
{
    print_text("exits\r\n");
    cpuid_checks();
    instruction_checks();
    msr_checks();
}
