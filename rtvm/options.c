/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdbool.h>

#include "console.h"
#include "nic_ring.h"
#include "pci.h"

struct options options = { .console = 0x3F8U, .pm_timer = 0x608U, .period_us = 1000U, .warmup = 100U,
    .nic_at = PCI_NONE, .nic_bytes = NIC_FRAME_LEAST, .nic_wait_us = 10000U, .build = "", .date = "", .machine = "" };

/* Decimal, or hexadecimal with 0x; stops at the first other character. */
static uint64_t parse_number(const char *text)
{
    bool hex = (text[0] == '0') && ((text[1] == 'x') || (text[1] == 'X'));
    uint64_t base = hex ? 16U : 10U;
    uint32_t i = hex ? 2U : 0U;
    uint64_t value = 0U;
    bool more = true;

    while (more) {
        char c = text[i];
        if ((c >= '0') && (c <= '9')) {
            value = (value * base) + ((uint64_t)c - (uint64_t)'0');
        } else if (hex && (c >= 'a') && (c <= 'f')) {
            value = (value * base) + (((uint64_t)c - (uint64_t)'a') + 10U);
        } else {
            more = false;
        }
        i++;
    }
    return value;
}

static bool name_is(const char *word, const char *name)
{
    uint32_t i = 0U;

    while ((name[i] != '\0') && (word[i] == name[i])) {
        i++;
    }
    return (name[i] == '\0') && (word[i] == '=');
}

static bool value_is(const char *value, const char *name)
{
    uint32_t i = 0U;

    while ((name[i] != '\0') && (value[i] == name[i])) {
        i++;
    }
    return (name[i] == '\0') && ((value[i] == '\0') || (value[i] == ' '));
}

/* What is about the Ethernet controller; returns whether the word is known. */
static bool parse_nic(const char *word, const char *value)
{
    bool known = true;

    if (name_is(word, "nic_at")) {
        options.nic_at = (uint32_t)parse_number(value);
    } else if (name_is(word, "nic_bytes")) {
        options.nic_bytes = (uint32_t)parse_number(value);
    } else if (name_is(word, "nic_wait_us")) {
        options.nic_wait_us = parse_number(value);
    } else if (name_is(word, "nic") && value_is(value, "poll")) {
        options.nic = NIC_POLL;
    } else if (name_is(word, "nic") && value_is(value, "msi")) {
        options.nic = NIC_MSI;
    } else if (name_is(word, "nic") && value_is(value, "msix")) {
        options.nic = NIC_MSIX;
    } else if (name_is(word, "nic_path") && value_is(value, "phy")) {
        options.nic_path = NIC_PHY;
    } else if (name_is(word, "nic_path") && value_is(value, "mac")) {
        options.nic_path = NIC_MAC;
    } else if (name_is(word, "nic_path") && value_is(value, "wire")) {
        options.nic_path = NIC_WIRE;
    } else {
        known = false;
    }
    return known;
}

/* Returns whether the word is known. */
static bool parse_word(const char *word)
{
    uint32_t i = 0U;
    bool known = true;

    while ((word[i] != '=') && (word[i] != '\0') && (word[i] != ' ')) {
        i++;
    }
    if (word[i] != '=') {
        known = false;
    } else {
        uint64_t value = parse_number(&word[i + 1U]);
        if (name_is(word, "console")) {
            options.console = (uint16_t)value;
        } else if (name_is(word, "poweroff")) {
            options.poweroff = (uint16_t)value;
        } else if (name_is(word, "tsc_hz")) {
            options.tsc_hz = value;
        } else if (name_is(word, "timer_hz")) {
            options.timer_hz = value;
        } else if (name_is(word, "pmtimer")) {
            options.pm_timer = (uint16_t)value;
        } else if (name_is(word, "period_us")) {
            options.period_us = (value == 0U) ? 1000U : value;
        } else if (name_is(word, "warmup")) {
            options.warmup = value;
        } else if (name_is(word, "count")) {
            options.count = value;
        } else if (name_is(word, "report")) {
            options.report = value;
        } else if (name_is(word, "histogram")) {
            options.histogram = value;
        } else if (name_is(word, "periodic")) {
            options.periodic = value;
        } else if (name_is(word, "spin")) {
            options.spin = value;
        } else if (name_is(word, "shm")) {
            options.shared = value;
        } else if (name_is(word, "serial")) {
            options.serial = (uint16_t)value;
        } else if (name_is(word, "record")) {
            options.record = value;
        } else if (name_is(word, "build")) {
            options.build = &word[i + 1U];
        } else if (name_is(word, "date")) {
            options.date = &word[i + 1U];
        } else if (name_is(word, "machine")) {
            options.machine = &word[i + 1U];
        } else {
            known = parse_nic(word, &word[i + 1U]);
        }
    }
    return known;
}

/* The first word is the image's own name: boot loaders put it there. */
static uint32_t parse_line(const char *line, bool report)
{
    uint32_t unknown = 0U;
    uint32_t i = 0U;
    bool first = true;

    while (line[i] != '\0') {
        if (line[i] == ' ') {
            i++;
        } else {
            if (!parse_word(&line[i]) && !first) {
                unknown++;
                if (report) {
                    console_text("rtvm: unknown option at: ");
                    console_text(&line[i]);
                    console_text("\n");
                }
            }
            first = false;
            bool last = name_is(&line[i], "machine"); /* has blanks of its own */
            while ((line[i] != '\0') && (last || (line[i] != ' '))) {
                i++;
            }
        }
    }
    return unknown;
}

uint32_t options_parse(const char *line) { return parse_line(line, false); }
void options_report_unknown(const char *line) { (void)parse_line(line, true); }
