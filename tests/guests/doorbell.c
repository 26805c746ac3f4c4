/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real-time VM that waits in HLT for doorbells: counts its interrupts and notes the message that each one found, in the shared
 * region (doorbell.h), and answers with a doorbell where that is asked for. Nothing but the answer makes an exit.
 */
#include "tests/guests/doorbell.h"
#include "rtvm/device.h"
#include "rtvm/ivshmem.h"
#include "tests/guests/guest.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC_SVR    0x80FU
#define VECTOR_FIRST  0x60U

/* What the driver touches (rtvm/device.h). */
uint32_t device_config_read(uint32_t function, uint32_t offset)
{
    __asm__ volatile("outl %0, %1" : : "a"(0x80000000U | (function << 8) | (offset & 0xFCU)), "Nd"((uint16_t)0xCF8U));
    return in32(0xCFCU);
}

void device_config_write(uint32_t function, uint32_t offset, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(0x80000000U | (function << 8) | (offset & 0xFCU)), "Nd"((uint16_t)0xCF8U));
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"((uint16_t)0xCFCU));
}

uint32_t device_read(uint64_t address) { return *(const volatile uint32_t *)address; }
void device_write(uint64_t address, uint32_t value) { *(volatile uint32_t *)address = value; }

static void set_up(const struct ivshmem *device)
{
    check("doorbells", device->vectors == 2U, device->vectors);
    check("peer", device->peer == 1U, device->peer);
    check("memory", device->size == 0x100000U, device->size);
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC_SVR, 0x1FFU);
    ivshmem_interrupt(device, 0U, 0U, VECTOR_FIRST);
    ivshmem_interrupt(device, 1U, 0U, VECTOR_FIRST + 1U);
    ivshmem_enable(device);
}

static void serve(const struct ivshmem *device)
{
    volatile uint32_t *const word = (volatile uint32_t *)(uintptr_t)(device->memory + WORDS);
    uint32_t taken = 0U;
    word[READY] = MAGIC;
    print_text("waiting\n");
    for (;;) {
        wait_for_interrupt();
        word[OTHERS] = (uint32_t)interrupt_count[VECTOR_FIRST + 1U];
        if ((uint32_t)interrupt_count[VECTOR_FIRST] != taken) {
            taken = (uint32_t)interrupt_count[VECTOR_FIRST];
            word[SEEN] = word[ASKED];
            word[TAKEN] = taken;
            if (word[ECHO] != 0U) {
                word[ANSWERED]++;
                ivshmem_ring(device, word[ECHO] - 1U, 0U);
            }
        }
    }
}

void guest_main(void)
{
    struct ivshmem device = { 0 };
    const bool found = ivshmem_find(&device, 0U);
    check("found", found && !ivshmem_find(&(struct ivshmem){ 0 }, 1U), device.bdf);
    if (found) {
        set_up(&device);
        serve(&device);
    }
}
