/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include <string.h>

#define LOG_BYTES   65536U
#define CPUID_LEAFS 96U

struct fake_pcpu fake_pcpu[MAX_PCPU];
pcpu_id_t fake_current_pcpu;
void (*fake_on_fence)(void);
void (*fake_on_raise)(void);
uint64_t fake_tsc;
uint64_t fake_tsc_hz;
uint32_t fake_port_value[0x10000];
uint32_t fake_port_writes;
uint32_t fake_halts;
bool fake_halts_in_time;
uint32_t fake_machine_checks;
jmp_buf fake_end_jump;
bool fake_cache_split[2];
uint32_t fake_cache_mask[2][FAKE_CLASSES];
uint32_t fake_bandwidth_delay[FAKE_CLASSES];
uint32_t fake_bandwidth_rate[FAKE_CLASSES];
uint32_t fake_class;
uint32_t fake_class_writes;
bool fake_has_arch_capabilities;
uint64_t fake_arch_capabilities;

static char log_text_seen[LOG_BYTES];
static uint32_t log_length;
static uint32_t cpuid_table[CPUID_LEAFS][6];
static uint32_t cpuid_count;

void fake_memory_reset(void);
void fake_vcpus_reset(void);

void fake_reset(void)
{
    fake_memory_reset();
    fake_vcpus_reset();
    memset(fake_pcpu, 0, sizeof(fake_pcpu));
    memset(fake_port_value, 0, sizeof(fake_port_value));
    memset(log_text_seen, 0, sizeof(log_text_seen));
    memset(fake_cache_split, 0, sizeof(fake_cache_split));
    memset(fake_cache_mask, 0xFF, sizeof(fake_cache_mask));
    memset(fake_bandwidth_delay, 0xFF, sizeof(fake_bandwidth_delay));
    memset(fake_bandwidth_rate, 0xFF, sizeof(fake_bandwidth_rate));
    fake_class = ID_NONE;
    fake_class_writes = 0U;
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        fake_pcpu[p].timer = TIME_NEVER;
    }
    fake_current_pcpu = 0U;
    fake_on_fence = NULL;
    fake_on_raise = NULL;
    fake_tsc = 1000000U;
    fake_tsc_hz = 1000000000U;
    fake_port_writes = 0U;
    fake_halts = 0U;
    fake_halts_in_time = true;
    fake_machine_checks = 0U;
    fake_has_arch_capabilities = false;
    log_length = 0U;
    cpuid_count = 0U;
}

const char *fake_log(void)
{
    return log_text_seen;
}

void hw_log_char(char c)
{
    if (log_length < (LOG_BYTES - 1U)) {
        log_text_seen[log_length] = c;
        log_length++;
    }
}

uint32_t hw_port_read(uint16_t port, uint32_t size)
{
    (void)size;
    return fake_port_value[port];
}

void hw_port_write(uint16_t port, uint32_t size, uint32_t value)
{
    (void)size;
    fake_port_value[port] = value;
    fake_port_writes++;
}

uint64_t hw_tsc(void)
{
    return fake_tsc;
}

uint64_t hw_tsc_hz(void)
{
    return fake_tsc_hz;
}

pcpu_id_t hw_pcpu(void)
{
    return fake_current_pcpu;
}

uint64_t hw_timer_armed(void)
{
    return fake_pcpu[fake_current_pcpu].timer;
}

void hw_timer_arm(uint64_t tsc_deadline)
{
    fake_pcpu[fake_current_pcpu].timer = tsc_deadline;
}

void hw_exclusive_start(void)
{
}

void hw_kick(pcpu_id_t pcpu)
{
    fake_pcpu[pcpu].kicks++;
    fake_pcpu[pcpu].in_guest = fake_pcpu[pcpu].in_guest && (fake_pcpu[pcpu].slow != 0U);
}

bool hw_pcpu_in_guest(pcpu_id_t pcpu)
{
    return fake_pcpu[pcpu].in_guest;
}

bool hw_lapic_drain(void)
{
    fake_pcpu[fake_current_pcpu].drains++;
    return !fake_pcpu[fake_current_pcpu].stuck;
}

uint64_t hw_machine_check(void)
{
    fake_machine_checks++;
    return 0xBE00000000000000U;
}

bool hw_halt(void)
{
    fake_halts++;
    return fake_halts_in_time;
}

void hw_send_ipi(pcpu_id_t pcpu, uint32_t vector)
{
    fake_pcpu[pcpu].ipis++;
    fake_pcpu[pcpu].last_ipi = vector;
}

void hw_fence(void)
{
    if (fake_on_fence != NULL) {
        fake_on_fence();
    }
}

bool hw_raise(volatile bool *flag)
{
    bool was;
    if (fake_on_raise != NULL) {
        fake_on_raise();
    }
    was = *flag;
    *flag = true;
    return was;
}

void hw_relax(void)
{
    fake_tsc++;
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        if ((fake_pcpu[p].kicks != 0U) && (fake_pcpu[p].slow != 0U)) {
            fake_pcpu[p].slow--;
            fake_pcpu[p].in_guest = fake_pcpu[p].in_guest && (fake_pcpu[p].slow != 0U);
        }
    }
}

void fake_cpuid_set(uint32_t leaf, uint32_t subleaf, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    uint32_t row[6] = { leaf, subleaf, a, b, c, d };
    memcpy(cpuid_table[cpuid_count], row, sizeof(row));
    cpuid_count++;
}

bool hw_arch_capabilities(uint64_t *value)
{
    *value = fake_has_arch_capabilities ? fake_arch_capabilities : 0U;
    return fake_has_arch_capabilities;
}

void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    memset(out, 0, 4U * sizeof(uint32_t));
    for (uint32_t i = 0U; i < cpuid_count; i++) {
        if ((cpuid_table[i][0] == leaf) && (cpuid_table[i][1] == subleaf)) {
            memcpy(out, &cpuid_table[i][2], 4U * sizeof(uint32_t));
        }
    }
}

bool hw_cache_split(uint32_t index)
{
    return fake_cache_split[index];
}

void hw_cache_mask(uint32_t index, uint32_t number, uint32_t mask)
{
    fake_cache_mask[index][number] = mask;
    fake_class_writes++;
}

void hw_bandwidth_delay(uint32_t number, uint32_t delay)
{
    fake_bandwidth_delay[number] = delay;
    fake_class_writes++;
}

void hw_bandwidth_rate(uint32_t number, uint32_t rate)
{
    fake_bandwidth_rate[number] = rate;
    fake_class_writes++;
}

void hw_cache_class(uint32_t number)
{
    fake_class = number;
    fake_class_writes++;
}

NORETURN void hw_poweroff(uint16_t pm1_value)
{
    (void)pm1_value;
    longjmp(fake_end_jump, FAKE_POWEROFF);
}

NORETURN void hw_reset(void)
{
    longjmp(fake_end_jump, FAKE_RESET);
}
