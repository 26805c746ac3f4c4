/* SPDX-License-Identifier: Apache-2.0 */
/* What vpci_lent*.c share: who has which function, and how far its hand-over is. Only they include this. */
#ifndef DEVICES_VPCI_LENT_STATE_H
#define DEVICES_VPCI_LENT_STATE_H

#include "devices/vpci_function.h"
#include "devices/vpci_lent.h"

/* In this order; LENT_THERE is the end of one way, LENT_FREE of the other. */
enum lent_state { LENT_FREE, LENT_DRAINS, LENT_POWERED_DOWN, LENT_RESETS, LENT_THERE };

struct lent {
    enum lent_state state;
    bool leaves;              /* on its way back to the Service VM */
    vm_id_t vm;
    uint32_t function;        /* index in vpci_function */
    uint16_t place;           /* on the VM's bus */
    uint16_t device_control;  /* saved over the reset: this and the next */
    uint32_t line;
    uint32_t pin;             /* of the machine's IOAPIC, which is its VM's; 0: none */
    uint32_t cache;
    uint64_t since;           /* the state began */
    uint32_t first[LENT_BARS];/* BAR registers at power-on */
    uint32_t bar[LENT_BARS];  /* as the VM wrote them */
    gpa_t at[LENT_BARS];      /* where it is mapped; 0: nowhere */
    uint32_t attr[LENT_BARS]; /* of its mapping in the Service VM; 0: no memory BAR */
};

extern struct lent vpci_lent_record[LENT_FUNCTIONS];

static inline struct vpci_function *lent_function(const struct lent *l)
{
    return &vpci_function[l->function % MAX_PCI_FUNCTION];
}

uint32_t lent_find(vm_id_t v, uint16_t place, uint16_t bdf); /* LENT_FUNCTIONS: the VM has no such function there */

/* vpci_lent_line.c: the function is quiet, and its line the Service VM's again; nothing without one. */
void lent_line_take(struct lent *l);

/* vpci_lent_map.c: vpci_say(), as often as the VM may. */
void lent_say(vm_id_t v, uint16_t bdf, const char *text, hpa_t at);

/* vpci_lent_map.c. Whether the Service VM has all pages of all memory BARs, and no other function has registers there: ""; fills attr. */
const char *lent_bars_refused(struct lent *l);
enum status lent_bars_take(const struct lent *l); /* from the Service VM: all, or none */
void lent_bars_give_back(const struct lent *l);
void lent_bars_update(struct lent *l); /* maps for the VM what its registers say */
uint32_t lent_bar_read(const struct lent *l, uint32_t index);

/* vpci_lent_reset.c */
bool lent_can_reset(const struct vpci_function *fn);
void lent_reset_begin(struct lent *l); /* quiet, LENT_DRAINS */
bool lent_reset_over(struct lent *l);  /* one step further, if it is time */
void lent_registers_save(struct lent *l); /* as the Service VM has them */
void lent_registers_restore(const struct lent *l);

/* vpci_lent_config.c: a new life of the VM. */
void lent_address_reset(vm_id_t v);

#endif
