/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual function of QEMU's igb (Intel 82576 data sheet, chapters 7.10 and 8; PCI Express 5.0, chapter 9) as function of an exclusive VM: what it sees of it, a frame that
 * it sends, one that is not in its memory, a message interrupt. As Service VM, which has the card: bar=0x... are the virtual function's registers; it tries to take the
 * function away before it lets the card send. As User VM (user=y), to which it is lent by a Service VM whose driver has the card: the same, but first it asks that driver by the mailbox (7.10.2.9),
 * which answers with a message interrupt; then it waits until it finds a word there and is rung, sends once more, and ends.
 */
#include "tests/guests/statistics.h"
#include "tests/guests/words.h"

#define VF_ID       0x10CA8086U
#define MINE        0x08U        /* 00:01.0 */
#define CARD        0x28U        /* 00:05.0 */
#define SHADOW      0xA8U        /* 00:15.0 */
#define SRIOV       0x160U
#define CONTROL     (SRIOV + 0x08U)
#define NUMBER      (SRIOV + 0x10U)
#define VF_BAR0     (SRIOV + 0x24U)
#define ON          0x09U
#define EXPRESS     0xA0U
#define POWER       0x40U
#define FLR         0x8000U
#define WINDOW      0xB0000000U  /* MMCONFIG of the board */
#define COMMAND     0x04U
#define MASTER_MEMORY 0x06U
#define BAR0        0x10U
#define BAR3        0x1CU
#define MSIX        0x70U
#define MSIX_ON     0x80000000U
#define ADDRESS     0xFFFFFFF0U
#define SIZE_16K    0xFFFFC000U
#define MESSAGE     0xFEE00000U  /* vCPU 0 */
#define VECTOR      0x41U
#define ANSWER      0x42U        /* of the mailbox */
#define APIC_BASE   0x1BU
#define X2APIC      0xC00U
#define SVR         0x80FU
#define TCTL        0x0400U      /* of the card */
#define TCTL_ON     2U
#define GPIE        0x1514U
#define GPIE_MSIX   0x10U
#define EICS        0x1520U      /* of both */
#define EIMS        0x1524U
#define EICR        0x1580U
#define IVAR_MISC   0x1740U      /* which message the mailbox has */
#define IVAR_LAST   0x82U        /* valid, the third; QEMU takes the second */
#define MESSAGES    3U
#define ALL         7U
#define BUFFER      0x0800U      /* of the mailbox, its first word */
#define BUFFER_LAST 0x083CU
#define RUNG        0x600DU
#define MAILBOX     0x0C40U
#define MAIL_REQUEST 1U
#define MAIL_ACKNOWLEDGE 2U
#define MAIL_MINE   4U
#define MAIL_CAME   0x10U
#define RESET_ME    1U           /* a message: the first one of each driver */
#define ANSWERED    0xC0000000U  /* or refused, as the function has no address of its owner's choice */
#define TDBAL       0x3800U
#define TDBAH       0x3804U
#define TDLEN       0x3808U
#define TDT         0x3818U
#define TXDCTL      0x3828U
#define QUEUE_ON    0x02000000U
#define RING        8U           /* descriptors of 16 bytes */
#define SEND        0x2B300000U  /* advanced data descriptor: whole frame with checksum, report */
#define FRAME       64U
#define DONE        1U
#define BESIDE      0x8000000U   /* not this VM's */
#define PATIENCE    60000000000U /* of the TSC */

static volatile uint8_t *registers;
static struct descriptor { uint64_t buffer; uint32_t command; uint32_t status; } ring[RING] __attribute__((aligned(128)));
static uint8_t frame[FRAME];

static uint32_t get(uint32_t offset) { return *(volatile uint32_t *)(registers + offset); }
static void put(uint32_t offset, uint32_t value) { *(volatile uint32_t *)(registers + offset) = value; }
static volatile uint32_t *window(uint32_t bdf, uint32_t offset) { return (volatile uint32_t *)(uintptr_t)(WINDOW + (bdf << 12) + offset); }

static void config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    out32(0xCF8U, 0x80000000U | (bdf << 8) | offset);
    out32(0xCFCU, value);
}

/* Sends descriptor n; until it is reported, which it is not before the card's owner lets it send. */
static bool sent(uint32_t n, uint64_t buffer)
{
    const uint64_t start = tsc();
    ring[n] = (struct descriptor){ .buffer = buffer, .command = SEND | FRAME, .status = FRAME << 14 };
    do {
        put(TDT, n + 1U);
    } while (((*(volatile uint32_t *)&ring[n].status & DONE) == 0U) && ((tsc() - start) < PATIENCE));
    return (ring[n].status & DONE) != 0U;
}

/* The driver of the card hears that this one begins, and lets it send from then on. */
static void ask(void)
{
    const uint64_t start = tsc();
    put(IVAR_MISC, IVAR_LAST);
    put(MAILBOX, MAIL_MINE);
    check("the mailbox", (get(MAILBOX) & MAIL_MINE) != 0U, get(MAILBOX));
    put(BUFFER, RESET_ME);
    put(MAILBOX, MAIL_REQUEST);
    while ((interrupt_count[ANSWER] == 0U) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("sti; nop; cli" : : : "memory");
    }
    check("an interrupt by the driver of the card", interrupt_count[ANSWER] != 0U, interrupt_count[ANSWER]);
    while (((get(MAILBOX) & MAIL_CAME) == 0U) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("pause" : : : "memory");
    }
    check("its answer", ((get(BUFFER) & 0xFFFFU) == RESET_ME) && ((get(BUFFER) & ANSWERED) != 0U), get(BUFFER));
    put(MAILBOX, MAIL_ACKNOWLEDGE);
}

static void messages_on(void)
{
    volatile uint32_t *const table = (volatile uint32_t *)(uintptr_t)(config_read(MINE, BAR3) & ADDRESS);
    for (uint32_t i = 0U; i < MESSAGES; i++) {
        table[4U * i] = MESSAGE;
        table[(4U * i) + 1U] = 0U;
        table[(4U * i) + 2U] = (i == 0U) ? VECTOR : ANSWER;
        table[(4U * i) + 3U] = 0U;
    }
    config_write(MINE, MSIX, MSIX_ON);
}

static void as_owner(bool lent)
{
    uint32_t others = 0U;
    for (uint32_t bdf = 1U; bdf < FUNCTIONS; bdf++) {
        others += ((bdf != MINE) && (config_read(bdf, 0U) != 0xFFFFFFFFU)) ? 1U : 0U;
    }
    check("its own function", config_read(MINE, 0U) == VF_ID, config_read(MINE, 0U));
    check("nothing else", others == 0U, others);
    config_write(MINE, BAR0, 0xFFFFFFFFU);
    check("a BAR is sized", (config_read(MINE, BAR0) & ADDRESS) == SIZE_16K, config_read(MINE, BAR0));
    config_write(MINE, BAR0, 0x10000000U);
    registers = (volatile uint8_t *)(uintptr_t)(config_read(MINE, BAR0) & ADDRESS);
    check("and has a place", registers != 0, (uintptr_t)registers);
    config_write(MINE, COMMAND, MASTER_MEMORY);
    messages_on();
    if (lent) {
        put(EIMS, ALL & ~1U);
        ask();
    }
    put(TDBAL, (uint32_t)(uintptr_t)ring);
    put(TDBAH, 0U);
    put(TDLEN, sizeof(ring));
    check("its registers", get(TDBAL) == (uint32_t)(uintptr_t)ring, get(TDBAL));
    put(TXDCTL, QUEUE_ON);
    check("a frame goes out", sent(0U, (uintptr_t)frame), ring[0].status);
    (void)sent(1U, BESIDE);
    print_text("beside\r\n");
    put(EIMS, 1U);
    put(EICS, 1U);
    wait_for_interrupt();
    /* Where its driver before let QEMU's card wait between messages, that sends a second one. */
    check("an interrupt", (interrupt_count[VECTOR] == 1U) || (lent && (interrupt_count[VECTOR] == 2U)), interrupt_count[VECTOR]);
    print_text("sent\r\n");
    if (lent) {
        while (get(BUFFER_LAST) != RUNG) {
            put(EICR, ALL);
            wait_for_interrupt(); /* also one that the card sends late, to send fewer */
        }
        check("its registers still", get(TDBAL) == (uint32_t)(uintptr_t)ring, get(TDBAL));
        check("a frame goes out still", sent(2U, (uintptr_t)frame), ring[2].status);
        print_text("done\r\n");
    }
}

static bool still_there(void)
{
    return ((*window(CARD, CONTROL) & ON) == ON) && ((*window(CARD, NUMBER) & 0xFFFFU) == 1U);
}

static void as_service(uint64_t bar)
{
    const uint32_t place = *window(CARD, VF_BAR0);
    check("it is on", still_there(), *window(CARD, CONTROL));
    check("a class where it is", (config_read(SHADOW, 8U) >> 16) == 0x0200U, config_read(SHADOW, 8U));
    check("and nothing else", (config_read(SHADOW, 0U) == 0U) && (config_read(SHADOW, MSIX) == 0U), config_read(SHADOW, 0U));
    check("nor its registers", *(volatile uint32_t *)(uintptr_t)(bar + EIMS) == 0xFFFFFFFFU, 0U);
    *window(CARD, VF_BAR0) = 0xFFFFFFFFU;
    check("its BAR is sized", (*window(CARD, VF_BAR0) & ADDRESS) == SIZE_16K, *window(CARD, VF_BAR0));
    *window(CARD, VF_BAR0) = 0xFD000000U;
    check("and does not move", *window(CARD, VF_BAR0) == place, *window(CARD, VF_BAR0));
    *window(CARD, CONTROL) = 0U;
    check("not switched off", still_there(), *window(CARD, CONTROL));
    *window(CARD, NUMBER) = 2U;
    check("nor joined", still_there(), *window(CARD, NUMBER));
    config_write(CARD, EXPRESS + 8U, config_read(CARD, EXPRESS + 8U) | FLR);
    check("nor reset with the card", still_there(), *window(CARD, CONTROL));
    config_write(CARD, POWER + 4U, 3U);
    check("which does not sleep", (config_read(CARD, POWER + 4U) & 3U) == 0U, config_read(CARD, POWER + 4U));
    config_write(CARD, COMMAND, MASTER_MEMORY);
    registers = (volatile uint8_t *)(uintptr_t)(config_read(CARD, BAR0) & ADDRESS);
    put(GPIE, GPIE_MSIX);
    put(TCTL, TCTL_ON);
    print_text("ready\r\n");
}

void guest_main(void)
{
    uint64_t bar = 0U;
    for (uint32_t i = 0U; guest_line[i] != '\0'; i++) {
        if ((guest_line[i] == 'b') && (guest_line[i + 1U] == 'a') && (guest_line[i + 2U] == 'r')) {
            for (i += 6U; (guest_line[i] != '\0') && (guest_line[i] != ' '); i++) {
                bar = (bar * 16U) + (((uint32_t)guest_line[i] <= '9') ? ((uint32_t)guest_line[i] - '0') : (((uint32_t)guest_line[i] | 0x20U) - 'a' + 10U));
            }
            break;
        }
    }
    if (bar != 0U) {
        as_service(bar);
    } else if (word_of("user=")[0] == 'y') {
        msr_set(APIC_BASE, msr_get(APIC_BASE) | X2APIC);
        msr_set(SVR, 0x1FFU);
        as_owner(true);
    } else {
        msr_set(SVR, 0x1FFU);
        as_owner(false);
    }
}
