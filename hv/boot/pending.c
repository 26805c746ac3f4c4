/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders for what has no real definition yet, so that the image links. Whoever adds the
 * real one removes it here; this file is gone when the last one has come. */
#include <stddef.h>

#include "core/boot_info.h"
#include "core/dispatch.h"
#include "core/log.h"
#include "core/hw.h"
#include "core/stats.h"
#include "core/vm.h"

/* core/boot_info.c */
struct boot_info boot_info;

uint32_t boot_module_find(const char *tag)
{
    (void)tag;
    return (boot_info.module_count > 0U) ? 0U : ID_NONE;
}

/* core/log.c */
void log_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        hw_log_char(text[i]);
    }
}

void log_begin(const char *module)
{
    log_text(module);
    log_text(": ");
}

static void pending_number(uint64_t value, uint64_t base)
{
    char digits[24];
    uint32_t at = sizeof(digits) - 1U;
    uint64_t rest = value;
    digits[at] = '\0';
    do {
        at--;
        digits[at] = "0123456789abcdef"[rest % base];
        rest /= base;
    } while (rest != 0U);
    log_text(&digits[at]);
}

void log_dec(uint64_t value)
{
    pending_number(value, 10U);
}

void log_hex(uint64_t value)
{
    log_text("0x");
    pending_number(value, 16U);
}

void log_end(void)
{
    log_text("\r\n");
}

void log_line(const char *module, const char *text)
{
    log_begin(module);
    log_text(text);
    log_end();
}

void log_drain(void)
{
}

/* core/dispatch.c, core/exclusive.c */
enum run_action core_exclusive_exit(vcpu_id_t id, const struct vm_exit *exit)
{
    (void)id;
    (void)exit;
    return RUN_STOP;
}

enum run_action core_exclusive_next(vcpu_id_t id)
{
    (void)id;
    return RUN_STOP;
}

void core_exit(vcpu_id_t id, const struct vm_exit *exit)
{
    (void)id;
    (void)exit;
}

void core_host_interrupt(pcpu_id_t pcpu, uint32_t vector)
{
    (void)pcpu;
    (void)vector;
}

struct run_plan core_next(pcpu_id_t pcpu)
{
    const struct run_plan plan = { RUN_IDLE, ID_NONE };
    (void)pcpu;
    return plan;
}

/* core/vm.c */
struct vm vm[MAX_VM];
struct vcpu vcpu[MAX_VCPU];

enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size)
{
    (void)v;
    (void)gpa;
    (void)dst;
    (void)size;
    return STATUS_FAULT;
}

enum status vm_boot_all(void)
{
    return STATUS_OK;
}

void vcpu_notify(vcpu_id_t id)
{
    (void)id;
}

void vcpu_receive_init(vcpu_id_t id)
{
    (void)id;
}

void vcpu_receive_sipi(vcpu_id_t id, uint32_t vector)
{
    (void)id;
    (void)vector;
}

void vcpu_receive_nmi(vcpu_id_t id)
{
    (void)id;
}

void vm_service_off(uint16_t pm1_value)
{
    hw_poweroff(pm1_value);
}

void vm_service_reset(void)
{
    hw_reset();
}

/* core/stats.c */
void stats_publish(void)
{
}

/* core/string.c */
void *memcpy(void *restrict dst, const void *restrict src, size_t size);
void *memset(void *dst, int value, size_t size);

void *memcpy(void *restrict dst, const void *restrict src, size_t size)
{
    volatile uint8_t *to = (volatile uint8_t *)dst;
    const uint8_t *from = (const uint8_t *)src;
    for (size_t i = 0U; i < size; i++) {
        to[i] = from[i];
    }
    return dst;
}

void *memset(void *dst, int value, size_t size)
{
    volatile uint8_t *to = (volatile uint8_t *)dst;
    for (size_t i = 0U; i < size; i++) {
        to[i] = (uint8_t)value;
    }
    return dst;
}
