/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/mmio.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm/log.h"

#define PAGE_SIZE_4K  4096U
#define FIRST         (MACHINE_ECAM_BASE + MACHINE_ECAM_SIZE) /* behind all that a User VM has below 4 GiB, ... */
#define END           MACHINE_HIGH_RAM_BASE
#define LAPIC_SIZE    0x100000ULL                             /* ... but for its interrupt controllers; with the addresses of messages */

/* Hexadecimal behind 0x, else decimal; a size may end in K or M. */
static bool parse_bytes(const char **text, bool unit, uint64_t *value)
{
    char *end = NULL;
    bool valid = isdigit((unsigned char)**text) != 0;

    errno = 0;
    *value = valid ? strtoull(*text, &end, 0) : 0U;
    if (valid) {
        unsigned shift = (!unit) ? 0U : ((toupper((unsigned char)*end) == 'K') ? 10U : ((toupper((unsigned char)*end) == 'M') ? 20U : 0U));

        valid = errno == 0 && *value <= (UINT64_MAX >> 20);
        *value <<= shift;
        *text = end + ((shift != 0U) ? 1 : 0);
    }
    return valid;
}

static bool parse_word(const char **text, const char *word)
{
    size_t length = strlen(word);
    bool valid = strncmp(*text, word, length) == 0;

    *text += valid ? length : 0U;
    return valid;
}

static bool meets(const struct mmio_option *option, uint64_t base, uint64_t size)
{
    return option->guest < base + size && base < option->guest + option->size;
}

/* REQ-DM-016 */
const char *mmio_parse(const char *text, struct mmio_option *option)
{
    const char *at = text;
    const char *problem = NULL;
    bool valid = parse_bytes(&at, false, &option->base) && parse_word(&at, ",") && parse_bytes(&at, true, &option->size);

    option->guest = option->base;
    if (valid && *at != '\0') {
        valid = parse_word(&at, ",guest=") && parse_bytes(&at, false, &option->guest) && *at == '\0';
    }
    if (!valid) {
        problem = "write BASE,SIZE or BASE,SIZE,guest=GPA, such as 0xfed40000,20K";
    } else if ((option->base | option->size | option->guest) % PAGE_SIZE_4K != 0U || option->size == 0U) {
        problem = "registers are given in whole pages: multiples of 4K";
    } else if (option->guest < FIRST || option->guest >= END || option->size > END - option->guest) {
        problem = "it would lie in RAM or PCI of the VM; add guest=GPA with an address from 0xe0100000 to below 4 GiB";
    } else if (meets(option, MACHINE_IOAPIC_BASE, PAGE_SIZE_4K) || meets(option, MACHINE_LAPIC_BASE, LAPIC_SIZE)) {
        problem = "it would lie on an interrupt controller of the VM; add guest=GPA with another address";
    } else {
        /* as it should be */
    }
    return problem;
}

static struct acrn_mmiodev call_of(const struct mmio_option *option)
{
    struct acrn_mmiodev call = {.name = "mmio"};

    call.res[0].user_vm_pa = option->guest;
    call.res[0].service_vm_pa = option->base;
    call.res[0].size = option->size;
    return call;
}

/* REQ-DM-016 */
int mmio_assign(struct mmio_ranges *ranges, const struct mmio_option *options, unsigned count, struct hsm *hsm)
{
    int result = 0;

    for (unsigned i = 0; i < count && result == 0; i++) {
        struct acrn_mmiodev call = call_of(&options[i]);

        result = hsm_assign_mmiodev(hsm, &call);
        if (result == 0) {
            ranges->assigned++;
            events_write("mmio given", ",\"base\":\"0x%llx\",\"size\":%llu,\"as\":\"0x%llx\"", (unsigned long long)options[i].base,
                         (unsigned long long)options[i].size, (unsigned long long)options[i].guest);
        } else {
            log_message("--mmio 0x%llx: %s; 'bhctl log' says more", (unsigned long long)options[i].base,
                        (result == -EINVAL) ? "the hypervisor does not give it to a User VM; the scenario must list it under lend_mmio" : strerror(-result));
        }
    }
    return result;
}

void mmio_deassign(struct mmio_ranges *ranges, const struct mmio_option *options, struct hsm *hsm)
{
    while (ranges->assigned != 0U) {
        struct acrn_mmiodev call;
        int result;

        ranges->assigned--;
        call = call_of(&options[ranges->assigned]);
        result = hsm_deassign_mmiodev(hsm, &call);
        if (result != 0) {
            log_message("--mmio 0x%llx: the hypervisor does not take it back: %s", (unsigned long long)options[ranges->assigned].base, strerror(-result));
        }
    }
}
