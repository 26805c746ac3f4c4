/* SPDX-License-Identifier: Apache-2.0 */
/* What a small real-time operating system does when it starts: reads the command line, the memory map and its modules (Multiboot 0.6.96,
 * 3.3), finds neither PIT nor PIC, and runs on the local APIC's timer. Says on COM3 what it found. */
#include <stdbool.h>
#include <stdint.h>

#define CONSOLE      0x3E8U
#define LOADER_MAGIC 0x2BADB002U
#define HAS_CMDLINE  0x4U
#define HAS_MODULES  0x8U
#define HAS_MAP      0x40U
#define X2APIC_SVR   0x80FU
#define X2APIC_TIMER 0x832U
#define X2APIC_TMICT 0x838U
#define X2APIC_TDCR  0x83EU
#define VECTOR       0x40U
#define TICKS        1000U

struct multiboot {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
};
struct module { uint32_t start, end, string, reserved; };
struct map_entry { uint32_t size; uint64_t base, length; uint32_t type; } __attribute__((packed));
struct gate { uint16_t offset0, selector, type, offset16; };

extern const uint8_t timer_entry[];
extern const uint8_t image_end[];
volatile uint32_t timer_count;
static struct gate gates[VECTOR + 1U];

void rtos_main(uint32_t magic, const struct multiboot *info);

static uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void msr_set(uint32_t msr, uint32_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"(value), "d"(0U) : "memory");
}

static void print_char(char c)
{
    while ((in8(CONSOLE + 5U) & 0x20U) == 0U) {
        /* transmitter busy */
    }
    __asm__ volatile("outb %0, %1" : : "a"(c), "Nd"((uint16_t)CONSOLE));
}

static void print_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        print_char(text[i]);
    }
}

static void print_number(uint32_t value)
{
    for (uint32_t i = 0U; i < 8U; i++) {
        print_char("0123456789abcdef"[(value >> (28U - (4U * i))) & 0xFU]);
    }
}

static void check(const char *name, bool good)
{
    print_text(good ? "ok " : "not ok ");
    print_text(name);
    print_text("\r\n");
}

static bool in_ram(const struct multiboot *info, uint32_t start, uint32_t end)
{
    bool found = false;
    for (uint32_t at = info->mmap_addr; at < (info->mmap_addr + info->mmap_length); at += ((const struct map_entry *)at)->size + 4U) {
        const struct map_entry *entry = (const struct map_entry *)at;
        found = found || ((entry->type == 1U) && (start >= entry->base) && (end <= (entry->base + entry->length)));
    }
    return found;
}

/* Its string, its text up to the first line end, and the sum of all its bytes. */
static void show_module(const struct multiboot *info, const struct module *module)
{
    const uint8_t *content = (const uint8_t *)module->start;
    uint32_t size = module->end - module->start;
    uint32_t sum = 0U;
    for (uint32_t i = 0U; i < size; i++) {
        sum += content[i];
    }
    print_text("module ");
    print_text((const char *)module->string);
    print_text(" size ");
    print_number(size);
    print_text(" sum ");
    print_number(sum);
    print_text(" says ");
    for (uint32_t i = 0U; (i < size) && (content[i] != '\n'); i++) {
        print_char((char)content[i]);
    }
    print_text("\r\n");
    check("module-on-a-page-of-its-own", (module->start & 0xFFFU) == 0U);
    check("module-in-ram-behind-the-image", in_ram(info, module->start, module->end) && (module->start >= (uint32_t)image_end));
}

static void run_on_the_timer(void)
{
    struct { uint16_t limit; uint32_t base; } __attribute__((packed)) pointer = { sizeof(gates) - 1U, (uint32_t)gates };
    gates[VECTOR].offset0 = (uint16_t)(uint32_t)timer_entry;
    gates[VECTOR].offset16 = (uint16_t)((uint32_t)timer_entry >> 16);
    gates[VECTOR].selector = 8U;
    gates[VECTOR].type = 0x8E00U;
    __asm__ volatile("lidt %0" : : "m"(pointer));
    msr_set(X2APIC_SVR, 0x1FFU);
    msr_set(X2APIC_TDCR, 0xBU);
    msr_set(X2APIC_TIMER, VECTOR);
    for (uint32_t i = 0U; i < TICKS; i++) {
        msr_set(X2APIC_TMICT, 20000U);
        while (timer_count == i) {
            __asm__ volatile("sti; hlt; cli" : : : "memory");
        }
    }
    check("timer-ticks", timer_count == TICKS);
}

void rtos_main(uint32_t magic, const struct multiboot *info)
{
    const struct module *module = (const struct module *)info->mods_addr;
    __asm__ volatile("outb %0, %1" : : "a"((uint8_t)3U), "Nd"((uint16_t)(CONSOLE + 3U))); /* line control: 8 bits; a reset leaves 5 */
    check("multiboot-magic", magic == LOADER_MAGIC);
    check("what-the-loader-tells", (info->flags & (HAS_CMDLINE | HAS_MODULES | HAS_MAP)) == (HAS_CMDLINE | HAS_MODULES | HAS_MAP));
    print_text("cmdline ");
    print_text((const char *)info->cmdline);
    print_text("\r\n");
    for (uint32_t i = 0U; i < info->mods_count; i++) {
        show_module(info, &module[i]);
        check("modules-in-order", (i == 0U) || (module[i].start >= module[i - 1U].end));
    }
    check("no-pit-no-pic", (in8(0x40U) == 0xFFU) && (in8(0x21U) == 0xFFU) && (in8(0x61U) == 0xFFU));
    run_on_the_timer();
    print_text("done\r\n");
}
