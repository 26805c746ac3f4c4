/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An NVMe controller (NVM Express 1.4) at work with one queue pair beside the administrative one, each completion by an MSI-X interrupt, which is waited
 * for in HLT: read=TEXT is what fills the first 4 KiB, write=TEXT what is written to count=0x... blocks of 4 KiB behind it and read back. Texts have 15
 * letters; a block is 256 lines of one. Without a controller it says so.
 */
#include "tests/guests/words.h"

#define CONFIG_ADDRESS 0xCF8U
#define CONFIG_DATA    0xCFCU
#define ENABLE         0x80000000U
#define CLASS_NVME     0x010802U
#define COMMAND        0x04U
#define COMMAND_MEMORY_MASTER 6U
#define CLASS          0x08U
#define BAR0           0x10U
#define REGISTERS      0xD0000000U
#define CAPABILITIES   0x34U
#define CAP_MSIX       0x11U
#define MSIX_ENABLE    0x80000000U
#define MESSAGE        0xFEE00000U  /* vCPU 0 */

#define REG_CC         0x14U
#define REG_CSTS       0x1CU
#define REG_AQA        0x24U
#define REG_ASQ        0x28U
#define REG_ACQ        0x30U
#define DOORBELLS      0x1000U
#define CC_ENABLE      0x00460001U  /* 64-byte and 16-byte entries */
#define CC_SHUTDOWN    0x00464001U
#define CSTS_READY     1U
#define CSTS_SHUT_DOWN 8U
#define SHUTDOWN_MASK  0xCU
#define PATIENCE       20000000000U /* of the TSC */

#define APIC_BASE 0x1BU
#define X2APIC    0xC00U
#define SPURIOUS  0x80FU
#define PIC_MASKS 0x21U
#define ADMIN 0U
#define IO    1U
#define ENTRIES 16U
#define BLOCK   4096U
#define LINE    16U

struct submission { uint32_t opcode_id, space; uint64_t reserved[2]; uint64_t address[2]; uint32_t word[6]; };
struct completion { uint32_t result, reserved; uint16_t head, queue, id, status; };
struct queue {
    volatile struct submission *sent;
    volatile struct completion *done;
    uint32_t tail, head, phase, vector;
};

static volatile struct submission sent[2][64] __attribute__((aligned(4096)));
static volatile struct completion done[2][256] __attribute__((aligned(4096)));
static uint8_t block[BLOCK] __attribute__((aligned(4096)));
static uint8_t info[BLOCK] __attribute__((aligned(4096)));
static struct queue queues[2];
static uint64_t registers;
static uint32_t slot, commands, failures;

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t config_read(uint32_t device, uint32_t offset)
{
    out32(CONFIG_ADDRESS, ENABLE | (device << 11) | offset);
    return in32(CONFIG_DATA);
}

static void config_write(uint32_t offset, uint32_t value)
{
    out32(CONFIG_ADDRESS, ENABLE | (slot << 11) | offset);
    out32(CONFIG_DATA, value);
}

static volatile uint32_t *reg(uint32_t offset) { return (volatile uint32_t *)(uintptr_t)(registers + offset); }
static void put64(uint32_t offset, const volatile void *memory) { *(volatile uint64_t *)(uintptr_t)(registers + offset) = (uintptr_t)memory; }

static uint32_t number_of(const char *name)
{
    const char *word = word_of(name);
    uint32_t value = 0U;
    for (uint32_t i = 0U; (word[i] != '\0') && (word[i] != ' '); i++) {
        value = (value * 16U) + ((word[i] <= '9') ? ((uint32_t)word[i] - '0') : (((uint32_t)word[i] | 0x20U) - 'a' + 10U));
    }
    return value;
}

static bool find(void)
{
    slot = 0U;
    while ((slot < 32U) && ((config_read(slot, CLASS) >> 8) != CLASS_NVME)) {
        slot++;
    }
    return slot < 32U;
}

/* One vector for each queue. */
static bool messages(void)
{
    uint32_t at = config_read(slot, CAPABILITIES) & 0xFCU;
    while ((at != 0U) && ((config_read(slot, at) & 0xFFU) != CAP_MSIX)) {
        at = (config_read(slot, at) >> 8) & 0xFCU;
    }
    if (at != 0U) {
        const uint32_t table = config_read(slot, at + 4U);
        volatile uint32_t *entry = reg(table & ~7U);
        config_write(at, config_read(slot, at) | MSIX_ENABLE);
        for (uint32_t i = 0U; i < 2U; i++) {
            entry[4U * i] = MESSAGE;
            entry[(4U * i) + 1U] = 0U;
            entry[(4U * i) + 2U] = queues[i].vector;
            entry[(4U * i) + 3U] = 0U;
        }
        at = ((table & 7U) == 0U) ? at : 0U;
    }
    return at != 0U;
}

static bool await(uint32_t mask, uint32_t value)
{
    const uint64_t start = tsc();
    while (((*reg(REG_CSTS) & mask) != value) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("pause");
    }
    return (*reg(REG_CSTS) & mask) == value;
}

/* Its completion's status; one interrupt for each, or this waits for ever. */
static uint32_t run(uint32_t q, struct submission command)
{
    struct queue *queue = &queues[q];
    volatile struct completion *answer = &queue->done[queue->head];
    uint32_t status;
    command.opcode_id |= commands << 16;
    commands++;
    queue->sent[queue->tail] = command;
    queue->tail = (queue->tail + 1U) % ENTRIES;
    *reg(DOORBELLS + (8U * q)) = queue->tail;
    do {
        wait_for_interrupt();
    } while ((answer->status & 1U) != queue->phase);
    status = (uint32_t)answer->status >> 1;
    queue->head = (queue->head + 1U) % ENTRIES;
    queue->phase ^= (queue->head == 0U) ? 1U : 0U;
    *reg(DOORBELLS + (8U * q) + 4U) = queue->head;
    failures += (status != 0U) ? 1U : 0U;
    return status;
}

static uint32_t run_io(uint32_t opcode, uint32_t number)
{
    return run(IO, (struct submission){ .opcode_id = opcode, .space = 1U, .address = { (uintptr_t)block }, .word = { number * 8U, 0U, 7U } });
}

static bool start(void)
{
    if (config_read(slot, BAR0 + 4U) != 0U) { /* where firmware put it, nothing is mapped here */
        config_write(BAR0, REGISTERS);
        config_write(BAR0 + 4U, 0U);
    }
    config_write(COMMAND, COMMAND_MEMORY_MASTER);
    registers = config_read(slot, BAR0) & ~15U;
    for (uint32_t i = 0U; i < 2U; i++) {
        queues[i] = (struct queue){ .sent = sent[i], .done = done[i], .phase = 1U, .vector = 0x40U + (16U * i) };
    }
    *reg(REG_CC) = 0U;
    check("it stops", await(CSTS_READY, 0U), *reg(REG_CSTS));
    *reg(REG_AQA) = ((ENTRIES - 1U) << 16) | (ENTRIES - 1U);
    put64(REG_ASQ, sent[ADMIN]);
    put64(REG_ACQ, done[ADMIN]);
    check("it has MSI-X", messages(), 0U);
    *reg(REG_CC) = CC_ENABLE;
    return await(CSTS_READY, CSTS_READY);
}

static void make_queues(void)
{
    (void)run(ADMIN, (struct submission){ .opcode_id = 6U, .address = { (uintptr_t)info }, .word = { 1U } });
    (void)run(ADMIN, (struct submission){ .opcode_id = 5U, .address = { (uintptr_t)done[IO] }, .word = { ((ENTRIES - 1U) << 16) | IO, (IO << 16) | 3U } });
    (void)run(ADMIN, (struct submission){ .opcode_id = 1U, .address = { (uintptr_t)sent[IO] }, .word = { ((ENTRIES - 1U) << 16) | IO, (IO << 16) | 1U } });
    check("identified, and queues made", failures == 0U, failures);
}

static uint8_t letter(const char *text, uint32_t i) { return ((i % LINE) == (LINE - 1U)) ? (uint8_t)'\n' : (uint8_t)text[i % LINE]; }

static uint32_t wrong(const char *text)
{
    uint32_t count = 0U;
    for (uint32_t i = 0U; i < BLOCK; i++) {
        count += (*(volatile uint8_t *)&block[i] != letter(text, i)) ? 1U : 0U;
    }
    return count;
}

static void fill(const char *text)
{
    for (uint32_t i = 0U; i < BLOCK; i++) {
        *(volatile uint8_t *)&block[i] = (text[0] != '\0') ? letter(text, i) : 0U;
    }
}

static void transfer(const char *expected, const char *text, uint32_t count)
{
    uint32_t bad = 0U;
    (void)run_io(2U, 0U);
    check("what was written before", wrong(expected) == 0U, wrong(expected));
    for (uint32_t i = 1U; i <= count; i++) {
        fill(text);
        (void)run_io(1U, i);
        fill("");
        (void)run_io(2U, i);
        bad += wrong(text);
    }
    (void)run(IO, (struct submission){ .opcode_id = 0U, .space = 1U });
    check("what it wrote", bad == 0U, bad);
    check("no command failed", failures == 0U, failures);
    check("an interrupt for each", (interrupt_count[queues[ADMIN].vector] + interrupt_count[queues[IO].vector]) >= commands, commands);
}

void guest_main(void)
{
    msr_set(APIC_BASE, msr_get(APIC_BASE) | X2APIC); /* as lib.c's handlers need it */
    msr_set(SPURIOUS, 0x1FFU);
    out8(PIC_MASKS, 0xFFU); /* of the bare machine's firmware */
    out8(PIC_MASKS + 0x80U, 0xFFU);
    if (!find()) {
        print_text("no controller\r\n");
    } else if (!start()) {
        check("it starts", false, *reg(REG_CSTS));
    } else {
        make_queues();
        transfer(word_of("read="), word_of("write="), number_of("count=0x"));
        if (word_of("leave=")[0] == '\0') { /* else the next owner finds it running */
            *reg(REG_CC) = CC_SHUTDOWN;
            check("it shuts down", await(SHUTDOWN_MASK, CSTS_SHUT_DOWN), *reg(REG_CSTS));
        }
    }
}
