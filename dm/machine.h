/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The User VM's machine: every address, port and interrupt line of it, in one place. dsdt.asl
 * repeats those that the guest's ACPI interpreter needs; test_dm_acpi.c compares the two.
 *
 * In the hypervisor: local APICs, IOAPIC (24 pins), both 8259 PICs, ACPI-free CPU hot paths.
 * Here: everything below. There is no PIT and no HPET: a guest keeps time with the TSC, the
 * TSC-deadline timer and the KVM clock page.
 */
#ifndef DM_MACHINE_H
#define DM_MACHINE_H

/* RAM: 0..3 GiB, the rest above 4 GiB. */
#define MACHINE_LOW_RAM_LIMIT  0xC0000000ULL
#define MACHINE_HIGH_RAM_BASE  0x100000000ULL
#define MACHINE_PCI_MMIO_BASE  0xC0000000ULL /* window of the PCI host bridge */
#define MACHINE_PCI_MMIO_SIZE  0x20000000ULL
#define MACHINE_ECAM_BASE      0xE0000000ULL /* MMCONFIG, bus 0 only */
#define MACHINE_ECAM_SIZE      0x00100000ULL
#define MACHINE_IOAPIC_BASE    0xFEC00000ULL
#define MACHINE_LAPIC_BASE     0xFEE00000ULL

/* First MiB: where the loader and the ACPI tables live. */
#define MACHINE_BOOT_PARAMS    0x10000ULL
#define MACHINE_BOOT_GDT       0x11000ULL
#define MACHINE_BOOT_TABLES    0x12000ULL /* 6 pages */
#define MACHINE_BOOT_CMDLINE   0x20000ULL
#define MACHINE_LOW_RAM_END    0x9FC00ULL /* RAM below the legacy hole */
#define MACHINE_ACPI_BASE      0xF0000ULL
#define MACHINE_ACPI_SIZE      0x10000ULL
#define MACHINE_KERNEL_MIN     0x100000ULL

/* Ports. */
#define MACHINE_PORT_PIT       0x040U /* 4 ports: absent, read as zero */
#define MACHINE_PORT_I8042     0x060U /* data 0x60, status and command 0x64 */
#define MACHINE_PORT_SYSTEM_B  0x061U
#define MACHINE_PORT_RTC       0x070U /* index 0x70, data 0x71 */
#define MACHINE_PORT_POST      0x080U
#define MACHINE_PORT_COM1      0x3F8U
#define MACHINE_PORT_PM1_EVENT 0x600U /* status, enable: 2 bytes each */
#define MACHINE_PORT_PM1_CTL   0x604U
#define MACHINE_PORT_PM_TIMER  0x608U
#define MACHINE_PORT_CF8       0xCF8U
#define MACHINE_PORT_RESET     0xCF9U
#define MACHINE_PORT_CFC       0xCFCU

/* Interrupt lines (GSI). PCI INTA of device d is MACHINE_GSI_PCI + d % 4, level, active high. */
#define MACHINE_GSI_COM1       4U
#define MACHINE_GSI_RTC        8U
#define MACHINE_GSI_SCI        9U
#define MACHINE_GSI_PCI        16U
#define MACHINE_GSI_PCI_COUNT  4U

#define MACHINE_VCPUS_MAX      8U
#define MACHINE_PCI_SLOTS      16U
#define MACHINE_DISKS_MAX      8U
#define MACHINE_NETS_MAX       4U
#define MACHINE_FUNCTIONS_MAX  4U /* PCI functions of the Service VM */
#define MACHINE_IVSHMEM_MAX    4U /* regions of shared memory */
#define MACHINE_MMIO_MAX       4U /* ranges of registers of the Service VM */
#define MACHINE_SLEEP_S5       5U /* SLP_TYP that means power off (_S5 in the DSDT) */
#define MACHINE_RESET_VALUE    6U /* written to MACHINE_PORT_RESET (FADT RESET_VALUE) */

#endif
