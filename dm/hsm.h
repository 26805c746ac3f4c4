/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All access to the hypervisor: /dev/acrn_hsm and nothing else. hsm.c is the real one; unit
 * tests link tests/unit/dm_fake_hsm.c instead, and bhdm-kvm links hsm_kvm.c.
 * Functions return 0 or a negative errno.
 */
#ifndef DM_HSM_H
#define DM_HSM_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/acrn.h>

#define HSM_NAME_SIZE 16U

struct hsm;

struct hsm *hsm_open(const char *path); /* NULL: errno says why */
void hsm_close(struct hsm *hsm);        /* destroys the VM, if there is one */

int hsm_create_vm(struct hsm *hsm, const char *name, uint64_t affinity, uint16_t *vmid, uint16_t *vcpu_count);
int hsm_destroy_vm(struct hsm *hsm);
int hsm_start_vm(struct hsm *hsm);
int hsm_pause_vm(struct hsm *hsm);
int hsm_reset_vm(struct hsm *hsm);
int hsm_set_vcpu_regs(struct hsm *hsm, const struct acrn_vcpu_regs *regs);
int hsm_map_memory(struct hsm *hsm, uint64_t gpa, void *hva, uint64_t size);

int hsm_inject_msi(struct hsm *hsm, uint64_t address, uint32_t data);
int hsm_set_irq_line(struct hsm *hsm, uint32_t gsi, bool high);
/* PCI functions of the Service VM, and their interrupt lines. While the VM does not run. */
int hsm_assign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device);
int hsm_deassign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device);
int hsm_assign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device);
int hsm_deassign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device);
int hsm_set_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq);
int hsm_reset_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq);
/* Shared memory with doorbells, which the hypervisor emulates. While the VM does not run. */
int hsm_create_vdev(struct hsm *hsm, const struct acrn_vdev *device);
int hsm_destroy_vdev(struct hsm *hsm, const struct acrn_vdev *device);
/* A guest write of size bytes to gpa signals fd instead of reaching the request loop. */
int hsm_assign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size);
int hsm_deassign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size);
/* Signalling fd injects the MSI. */
int hsm_assign_irqfd(struct hsm *hsm, int fd, uint64_t address, uint32_t data);
int hsm_deassign_irqfd(struct hsm *hsm, int fd);

int hsm_create_client(struct hsm *hsm);
/* Blocks until there may be a request; -ENODEV once the client is destroyed. */
int hsm_wait_requests(struct hsm *hsm);
int hsm_destroy_client(struct hsm *hsm);
int hsm_clear_requests(struct hsm *hsm);
struct acrn_io_request *hsm_request(struct hsm *hsm, unsigned slot);
int hsm_finish_request(struct hsm *hsm, unsigned slot);
/* The two calls in one: finishes, then waits. After a failure to finish it has not waited. */
int hsm_finish_and_wait(struct hsm *hsm, unsigned slot);

#endif
