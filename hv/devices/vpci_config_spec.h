/* SPDX-License-Identifier: Apache-2.0 */
/* What the proof of configuration space (proofs/config_space.c) records while a VM's access is answered. Annotations only: the compiler sees nothing here. */
#ifndef DEVICES_VPCI_CONFIG_SPEC_H
#define DEVICES_VPCI_CONFIG_SPEC_H

#ifdef __FRAMAC__
struct vpci_function;
/*@ ghost extern const struct vpci_function *pci_fn; */ /* whose registers are accessed */
struct pci_seen {
    uint32_t command;        /* as it was read last, and the bridge control register */
    uint32_t bridge_control;
    bool shared;             /* the last answer of vpci_bridge_shared() */
    uint64_t address;        /* the last message of vpci_message() */
    uint32_t data;
    int others;              /* all that has no name in the proof */
};
extern struct pci_seen pci_seen;
#endif

#endif
