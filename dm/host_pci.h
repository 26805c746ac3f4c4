/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions of the Service VM, as its Linux shows them in sysfs: what one is, and its way from its driver to a User VM and back. */
#ifndef DM_HOST_PCI_H
#define DM_HOST_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_PCI_ADDRESS 16U /* room for 0000:00:03.0 */
#define HOST_PCI_NAME    64U
#define HOST_PCI_BARS    6U

struct host_bar {
    uint64_t address;
    uint64_t size; /* 0: no memory */
    uint32_t type; /* the low four bits of the register */
};

struct host_function {
    char address[HOST_PCI_ADDRESS];
    uint16_t bdf;
    uint8_t pin;   /* 1: INTA; 0: no interrupt line */
    uint32_t line; /* the GSI of it */
    bool messages; /* has MSI or MSI-X */
    struct host_bar bar[HOST_PCI_BARS];
    char driver[HOST_PCI_NAME];   /* to give it back to; "": it had none */
    char override[HOST_PCI_NAME]; /* what driver_override said; "": nothing */
    char power[HOST_PCI_NAME];    /* what power/control said; "": there is none */
    int lock;                     /* -1: not held */
    bool taken;
};

extern const char *host_pci_root; /* /sys/bus/pci; unit tests have their own */

/* [DDDD:]BB:DD.F; false: is none, or is in a domain that ACRN's calls cannot name. */
bool host_pci_parse(const char *text, char address[HOST_PCI_ADDRESS], uint16_t *bdf);
/* Reads what there is to know and locks it against other device models. NULL, or what is wrong, in words. */
const char *host_pci_open(struct host_function *function, const char *address);
void host_pci_close(struct host_function *function);
/* Away from its driver, and from any other until it is given back. 0 or -errno. */
int host_pci_take(struct host_function *function);
/* To its former driver. Does nothing for a function that was not taken. */
int host_pci_give_back(struct host_function *function);

#endif
