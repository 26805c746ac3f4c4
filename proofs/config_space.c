/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves what a VM reaches in the configuration space of the machine: whatever it writes to whatever register of its bus, each write that gets to
 * the hardware is one that hw_pci_write() allows here, and each register that is read is of a function that the VM has. hw_pci_read() and hw_pci_write() are
 * the boundary: what they require, every caller on the way of a VM's access has to show.
 */
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/irq.h"
#include "core/partition.h"
#include "devices/ivshmem.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "devices/vpci_given.h"
#include "devices/vpci_lent_state.h"

extern vm_id_t pci_actor;   /* whose access it is: any VM's */
#define PCI_TABLE vpci_function[0 .. MAX_PCI_FUNCTION - 1]
#define PCI_ENTRIES vpci_msix_entry[0 .. VPCI_MSIX_POOL - 1]
#define PCI_MESSAGE pci_seen.address, pci_seen.data
#define PCI_MSI(fn) fn->msi.enabled, fn->msi.source, fn->msi.address, fn->msi.data, fn->msi.mask
#define PCI_HEAD(fn) fn->bar[0 .. VPCI_ROM].sizing
#define PCI_TOLD vpci_function[0 .. MAX_PCI_FUNCTION - 1].told
#define PCI_WRITTEN(fn) PCI_HEAD(fn), PCI_TOLD, PCI_MSI(fn), fn->msix.enabled, fn->msix.masked, PCI_ENTRIES, pci_seen

/*@
  predicate pci_access(integer offset, integer size) = 0 <= offset && offset + size <= 4096 &&
    (size == 1 || (size == 2 && offset % 2 == 0) || (size == 4 && offset % 4 == 0));
  // An access that begins outside of a capability lies outside: capabilities begin on dwords.
  predicate pci_outside(integer offset, integer base, integer length) = offset < base || base + length <= offset;
  lemma pci_outside_as_a_whole: \forall integer offset, size, base, length; pci_access(offset, size) && base % 4 == 0 && pci_outside(offset, base, length) ==>
    offset + size <= base || base + length <= offset;

  logic integer msi_data{L}(struct vpci_function *fn) = fn->msi.offset + (fn->msi.wide ? 12 : 8);
  logic integer msi_end{L}(struct vpci_function *fn) = msi_data(fn) + (fn->msi.maskable ? 12 : 4);

  // As vpci_scan() leaves it: capabilities lie behind the header, on dwords of their own.
  predicate pci_layout{L}(struct vpci_function *fn) =
    (fn->msi.offset == 0 || 64 <= fn->msi.offset <= 232) && fn->msi.offset % 4 == 0 &&
    (fn->msix.offset == 0 || 64 <= fn->msix.offset <= 244) && fn->msix.offset % 4 == 0 &&
    fn->acs <= 4088 && fn->acs % 4 == 0 &&
    \forall integer k; 0 <= k < VPCI_CLOSED && k < fn->closed_count ==>
      64 <= fn->closed[k].offset <= 4092 && fn->closed[k].offset % 4 == 0 && fn->closed[k].size <= 64;
  predicate pci_layouts{L} = vpci_function_count <= MAX_PCI_FUNCTION &&
    \forall integer i; 0 <= i < MAX_PCI_FUNCTION ==> pci_layout(&vpci_function[i]);
  predicate pci_mine{L}(struct vpci_function *fn) = \valid(fn) && (\exists integer i; 0 <= i < MAX_PCI_FUNCTION && fn == &vpci_function[i]) &&
    fn == pci_fn && fn->owner == pci_actor && pci_layout(fn);

  // BARs and ROM: the firmware's address and no other.
  predicate pci_bar_write{L}(struct vpci_function *fn, integer offset, integer size, integer value) =
    size == 4 && 16 <= offset && offset % 4 == 0 && (offset - 16) / 4 < (fn->bridge ? 2 : 6) &&
      fn->bar[(offset - 16) / 4].mask != 0 && value == fn->bar[(offset - 16) / 4].value;

  // Message interrupts: address and data are those of the last message of vpci_message().
  predicate pci_msi_write{L}(struct vpci_function *fn, integer offset, integer size, integer value) = fn->msi.offset != 0 && (
    (offset == fn->msi.offset + 4 && size == 4 && value == (uint32_t)pci_seen.address) ||
    (fn->msi.wide && offset == fn->msi.offset + 8 && size == 4 && value == (uint32_t)(pci_seen.address >> 32)) ||
    (offset == msi_data(fn) && size == 2 && value == pci_seen.data) ||
    (fn->msi.maskable && offset == msi_data(fn) + 4 && size == 4 && (value == 0 || value == 1)));

  // Registers of the device itself: any value, but not in those capabilities, nor in a closed one, nor in registers of the chipset or of a shared bridge.
  predicate pci_device_write{L}(struct vpci_function *fn, integer offset, integer size) = 64 <= offset &&
    (fn->msi.offset != 0 ==> pci_outside(offset, fn->msi.offset, msi_end(fn) - fn->msi.offset)) &&
    (fn->msix.offset != 0 ==> pci_outside(offset, fn->msix.offset, 12)) &&
    (\forall integer k; 0 <= k < VPCI_CLOSED && k < fn->closed_count ==> pci_outside(offset, fn->closed[k].offset, fn->closed[k].size)) &&
    fn->class_code != PCI_CLASS_HOST_BRIDGE &&
    (fn->class_code == PCI_CLASS_ISA_BRIDGE ==> (0x60 <= offset && offset + size <= 0x64) || (0x68 <= offset && offset + size <= 0x6C)) &&
    !pci_seen.shared;
*/

/* Bits that stay as they were read; bits that are clear. */
#define PCI_KEPT(value, seen, bit) (((value) & (bit)) != 0 <==> ((seen) & (bit)) != 0)
#define PCI_CLEAR(value, bits) (((value) & (bits)) == 0)
#define PCI_KEPT_HIGH(value, seen) (PCI_KEPT(value, seen, 0x800) && PCI_KEPT(value, seen, 0x1000) && PCI_KEPT(value, seen, 0x2000) && \
    PCI_KEPT(value, seen, 0x4000) && PCI_KEPT(value, seen, 0x8000))
/* Command: what has no meaning stays as it was; a function that is not the Service VM's decodes no ports, raises no pin but one whose line its owner got, and is a bus master only behind the IOMMU. */
#define PCI_COMMAND_KEPT(value, seen) (PCI_KEPT(value, seen, 0x80) && PCI_KEPT(value, seen, 0x200) && PCI_KEPT_HIGH(value, seen))
#define PCI_COMMAND_GIVEN(fn, value) (PCI_CLEAR(value, 1) && (!PCI_CLEAR(value, 0x400) || fn->line) && (!PCI_CLEAR(value, 4) ==> fn->walled))
/* Bridge control: no reset of what lies behind. */
#define PCI_BRIDGE_KEPT(value, seen) (PCI_KEPT(value, seen, 0x40) && PCI_KEPT(value, seen, 0x80) && PCI_KEPT(value, seen, 0x100) && \
    PCI_KEPT(value, seen, 0x200) && PCI_KEPT(value, seen, 0x400) && PCI_KEPT_HIGH(value, seen))
/* The rest of the header: status, cache line and latency timer, interrupt line. Not at all: ids, class, BIST, bus numbers and windows of bridges. */
#define PCI_HEADER_WRITE(offset, size) ((6 <= offset && offset + size <= 8) || (12 <= offset && offset + size <= 14) || (offset == 0x3C && size == 1))
/* MSI: one message. MSI-X: enable and mask. Access control: the hypervisor switches it on again. */
#define PCI_MSI_CONTROL(fn, offset, size, value) (fn->msi.offset != 0 && offset == fn->msi.offset + 2 && size == 2 && PCI_CLEAR(value, 0xFFFFFE7E))
#define PCI_MSIX_CONTROL(fn, offset, size, value) (fn->msix.offset != 0 && offset == fn->msix.offset + 2 && size == 2 && PCI_CLEAR(value, 0xFFFF3FFF))
#define PCI_ACS_CONTROL(fn, offset, size, value) (fn->acs != 0 && offset == fn->acs + 6 && size == 2 && PCI_CLEAR(value, 0xFFFFFFE2))

/* ---- Hardware ---- */
/* proves REQ-ISO-100 */
/* Of a virtual function the vendor's id is the physical function's. */
/*@ requires own: pci_fn->owner == pci_actor;
    requires function: bdf == pci_fn->bdf || (pci_fn->physical != 0 && bdf == pci_fn->physical && offset == 0 && size == 2);
    assigns \result, pci_seen.command, pci_seen.bridge_control;
    exits \false;
    ensures command: pci_seen.command == (offset == PCI_COMMAND && size == 2 ? \result : \old(pci_seen.command));
    ensures bridge: pci_seen.bridge_control == (offset == PCI_BRIDGE_CONTROL && size == 2 ? \result : \old(pci_seen.bridge_control));
    ensures size: size == 2 ==> \result <= 0xFFFF; */
uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size);
/*@ requires own: pci_fn->owner == pci_actor && bdf == pci_fn->bdf;
    requires access: pci_access(offset, size);
    requires allowed: pci_bar_write(pci_fn, offset, size, value) ||
      (offset == (pci_fn->bridge ? 0x38 : 0x30) && size == 4 && (value == pci_fn->bar[6].value || value == (pci_fn->bar[6].value | 1))) ||
      (offset == PCI_COMMAND && size == 2 && PCI_COMMAND_KEPT(value, pci_seen.command) && (pci_fn->owner != VM_SERVICE ==> PCI_COMMAND_GIVEN(pci_fn, value))) ||
      (offset == PCI_COMMAND && size == 2 && (value == pci_seen.command || value == (pci_seen.command | 2))) ||
      (offset == PCI_BRIDGE_CONTROL && size == 2 && pci_fn->bridge && PCI_BRIDGE_KEPT(value, pci_seen.bridge_control)) ||
      PCI_HEADER_WRITE(offset, size) ||
      pci_msi_write(pci_fn, offset, size, value) || PCI_MSI_CONTROL(pci_fn, offset, size, value) || PCI_MSIX_CONTROL(pci_fn, offset, size, value) ||
      PCI_ACS_CONTROL(pci_fn, offset, size, value) ||
      pci_device_write(pci_fn, offset, size);
    assigns \nothing;
    exits \false; */
void hw_pci_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);
/*@ assigns \nothing;
    exits \false; */
void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value);

/* ---- Frame ---- */
/*@ assigns PCI_TOLD, pci_seen.others;
    exits \false; */
void vpci_refuse(enum vpci_refusal kind, uint16_t bdf, uint32_t offset);
/*@ requires \valid(source);
    assigns *source, PCI_TOLD, pci_seen.others, PCI_MESSAGE;
    exits \false;
    ensures chosen: \result.address == pci_seen.address && \result.data == pci_seen.data; */
struct irq_msi_message vpci_message(const struct vpci_function *fn, uint32_t *source, const struct vpci_written *written);
/*@ requires \valid(source);
    assigns *source, pci_seen.others;
    exits \false; */
void vpci_message_free(uint32_t *source);
/*@ assigns pci_seen.shared;
    exits \false;
    ensures \result <==> pci_seen.shared; */
bool vpci_bridge_shared(const struct vpci_function *fn);
/*@ requires pci_layouts;
    assigns PCI_TABLE, vpci_function_count, PCI_ENTRIES, pci_seen.others;
    exits \false;
    ensures pci_layouts; */
void vpci_sriov_wake(uint16_t bdf);
/*@ assigns \nothing;
    exits \false; */
bool vpci_sriov_covers(const struct vpci_function *fn, uint32_t offset);
/*@ requires pf == pci_fn && pf->owner == pci_actor;
    assigns \nothing;
    exits \false; */
bool vpci_sriov_held(const struct vpci_function *pf);
/*@ requires pf == pci_fn && pf->owner == pci_actor;
    assigns \nothing;
    exits \false; */
uint32_t vpci_sriov_read(const struct vpci_function *pf, uint32_t dword);
/*@ requires pci_actor == VM_SERVICE;
    assigns \nothing;
    exits \false; */
uint32_t vpci_sriov_shadow(uint16_t bdf, uint32_t offset, uint32_t size);
/*@ requires pf == pci_fn && pf->owner == pci_actor && pci_actor == VM_SERVICE;
    assigns PCI_TABLE, vpci_function_count, PCI_ENTRIES, pci_seen.others;
    exits \false; */
void vpci_sriov_write(struct vpci_function *pf, uint32_t offset, uint32_t size, uint32_t value);
/*@ assigns \nothing;
    exits \false; */
uint32_t ivshmem_find(vm_id_t vm, uint16_t bdf);
/*@ assigns \nothing;
    exits \false; */
bool ivshmem_present(vm_id_t vm);
/*@ assigns pci_seen.others, \result;
    exits \false; */
uint32_t ivshmem_register_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size);
/*@ assigns pci_seen.others;
    exits \false; */
void ivshmem_register_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);
/*@ assigns \nothing;
    exits \false; */
uint32_t vpci_hv_read(uint32_t offset);
/*@ assigns pci_seen.others;
    exits \false; */
void vpci_hv_write(uint32_t offset, uint32_t value, uint32_t written);
/*@ requires \valid(l);
    assigns l->at[0 .. LENT_BARS - 1], pci_seen.others;
    exits \false; */
void lent_bars_update(struct lent *l);
/*@ assigns \nothing;
    exits \false; */
uint32_t lent_bar_read(const struct lent *l, uint32_t index);

/* ---- Proved: devices/vpci_function.h ---- */
/*@ requires size == 1 || size == 2 || size == 4;
    assigns \nothing;
    exits \false; */
static inline uint32_t pci_ones(uint32_t size);
/*@ assigns \nothing;
    exits \false;
    ensures \result == offset - offset % 4; */
static inline uint32_t pci_dword(uint32_t offset);
/*@ requires size == 1 || size == 2 || size == 4;
    assigns \nothing;
    exits \false; */
static inline uint32_t pci_extract(uint32_t dword, uint32_t offset, uint32_t size);
/*@ requires size == 1 || size == 2 || size == 4;
    assigns \nothing;
    exits \false; */
static inline uint32_t pci_merge(uint32_t dword, uint32_t offset, uint32_t size, uint32_t value);
/*@ assigns \nothing;
    exits \false;
    ensures \result ==> PCI_PORT_DATA <= port && port + size <= PCI_PORT_LAST + 1 && (size == 1 || size == 2 || size == 4); */
static inline bool pci_data_access(uint32_t address, uint16_t port, uint32_t size);
/*@ assigns \nothing;
    exits \false;
    ensures \result <==> pci_access(offset, size); */
static inline bool pci_register_valid(uint32_t offset, uint32_t size);
/*@ requires \valid_read(fn);
    assigns \nothing;
    exits \false;
    ensures \result == (fn->bridge ? 0x38 : 0x30); */
static inline uint32_t pci_rom_offset(const struct vpci_function *fn);
/*@ requires \valid_read(fn);
    assigns \nothing;
    exits \false;
    ensures \result == (fn->bridge ? 2 : 6); */
static inline uint32_t pci_bar_count(const struct vpci_function *fn);

/* ---- Proved: devices/vpci_given.c, what a function may do on the bus: a case each ---- */
/*@ requires \valid_read(fn);
    assigns \nothing;
    exits \false;
    ensures kept_service: fn->owner == VM_SERVICE ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_given_walled_line: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && fn->walled && fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_given_walled_quiet: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && fn->walled && !fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_given_open_line: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && !fn->walled && fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_given_open_quiet: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && !fn->walled && !fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_user_walled_line: fn->owner >= VM_FIRST_USER && fn->walled && fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_user_walled_quiet: fn->owner >= VM_FIRST_USER && fn->walled && !fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_user_open_line: fn->owner >= VM_FIRST_USER && !fn->walled && fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures kept_user_open_quiet: fn->owner >= VM_FIRST_USER && !fn->walled && !fn->line ==> PCI_COMMAND_KEPT(\result, command);
    ensures allowed_given_walled_line: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && fn->walled && fn->line ==> PCI_COMMAND_GIVEN(fn, \result);
    ensures allowed_given_walled_quiet: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && fn->walled && !fn->line ==> PCI_COMMAND_GIVEN(fn, \result);
    ensures allowed_given_open_line: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && !fn->walled && fn->line ==> PCI_COMMAND_GIVEN(fn, \result);
    ensures allowed_given_open_quiet: fn->owner != VM_SERVICE && fn->owner < VM_FIRST_USER && !fn->walled && !fn->line ==> PCI_COMMAND_GIVEN(fn, \result);
    ensures allowed_user_walled_line: fn->owner >= VM_FIRST_USER && fn->walled && fn->line ==> PCI_COMMAND_GIVEN(fn, \result);
    ensures allowed_user_walled_quiet: fn->owner >= VM_FIRST_USER && fn->walled && !fn->line ==> PCI_COMMAND_GIVEN(fn, \result);
    ensures allowed_user_open_line: fn->owner >= VM_FIRST_USER && !fn->walled && fn->line ==> PCI_COMMAND_GIVEN(fn, \result);
    ensures allowed_user_open_quiet: fn->owner >= VM_FIRST_USER && !fn->walled && !fn->line ==> PCI_COMMAND_GIVEN(fn, \result); */
uint32_t vpci_command_allowed(const struct vpci_function *fn, uint32_t command);

/* ---- Proved: devices/vpci_group.c ---- */
/*@ requires pci_mine(fn);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false;
    ensures pci_seen.command == \old(pci_seen.command); */
void vpci_access_control_on(const struct vpci_function *fn);
#include "devices/vpci_group.c"

/* ---- Proved: devices/vpci_header.c ---- */
/*@ requires pci_mine(fn) && index < VPCI_BARS;
    assigns \nothing;
    exits \false; */
static uint32_t bar_flags(const struct vpci_function *fn, uint32_t index);
/*@ requires pci_mine(fn) && index < VPCI_BARS;
    assigns \nothing;
    exits \false; */
static uint32_t header_bar_read(const struct vpci_function *fn, uint32_t index);
/*@ requires pci_mine(fn) && index < (fn->bridge ? 2 : 6);
    assigns PCI_HEAD(fn), PCI_TOLD, pci_seen.others;
    exits \false; */
static void bar_write(struct vpci_function *fn, uint32_t index, uint32_t value);
/*@ requires pci_mine(fn);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
static uint32_t rom_read(const struct vpci_function *fn);
/*@ requires pci_mine(fn);
    assigns PCI_HEAD(fn), PCI_TOLD, pci_seen.others;
    exits \false; */
static void rom_write(struct vpci_function *fn, uint32_t value);
/*@ requires pci_mine(fn);
    assigns \nothing;
    exits \false; */
void vpci_bars_restore(const struct vpci_function *fn);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
static void header_command_write(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
/*@ requires pci_mine(fn) && pci_access(offset, size) && 4 <= offset < 8;
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
static void command_status_write(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
/*@ requires pci_mine(fn) && pci_access(offset, size) && 0x3C <= offset < 0x40;
    assigns PCI_TOLD, pci_seen.command, pci_seen.bridge_control, pci_seen.others;
    exits \false; */
static void interrupt_write(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
/*@ requires \valid_read(fn) && dword % 4 == 0;
    assigns \nothing;
    exits \false;
    ensures \result < VPCI_BARS ==> \result < (fn->bridge ? 2 : 6) && dword == 16 + 4 * \result;
    ensures \result <= VPCI_BARS; */
static uint32_t bar_at(const struct vpci_function *fn, uint32_t dword);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
uint32_t vpci_header_read(const struct vpci_function *fn, uint32_t offset, uint32_t size);
/*@ requires pci_mine(fn) && pci_access(offset, size) && offset < PCI_DEVICE_AREA;
    assigns PCI_HEAD(fn), PCI_TOLD, pci_seen.command, pci_seen.bridge_control, pci_seen.shared, pci_seen.others;
    exits \false; */
void vpci_header_write(struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
#include "devices/vpci_header.c"

/* ---- Proved: devices/vpci_msi.c ---- */
/*@ requires \valid_read(msi);
    assigns \nothing;
    exits \false;
    ensures \result == (msi->wide ? 12 : 8); */
static uint32_t data_offset(const struct vpci_msi *msi);
/*@ requires \valid_read(msi);
    assigns \nothing;
    exits \false;
    ensures \result == (msi->wide ? 12 : 8) + (msi->maskable ? 12 : 4); */
static uint32_t capability_size(const struct vpci_msi *msi);
/*@ requires pci_mine(fn);
    assigns \nothing;
    exits \false;
    ensures \result <==> fn->msi.offset != 0 && fn->msi.offset <= offset < msi_end(fn); */
bool vpci_msi_covers(const struct vpci_function *fn, uint32_t offset);
/*@ requires pci_mine(fn);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
uint32_t vpci_msi_read(const struct vpci_function *fn, uint32_t offset);
/*@ assigns \nothing;
    exits \false;
    ensures on: enabled ==> PCI_CLEAR(\result, 0xFFFFFE7E);
    ensures off: !enabled ==> PCI_CLEAR(\result, 0xFFFFFE7E); */
static uint32_t control_word(uint32_t before, bool enabled);
/*@ requires pci_mine(fn) && fn->msi.offset != 0;
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
static void hardware_control(const struct vpci_function *fn, bool enabled);
/*@ requires pci_mine(fn) && fn->msi.offset != 0 && \valid_read(message);
    requires chosen: message->address == pci_seen.address && message->data == pci_seen.data;
    assigns \nothing;
    exits \false; */
static void hardware_message(const struct vpci_function *fn, const struct irq_msi_message *message);
/*@ requires pci_mine(fn) && fn->msi.offset != 0;
    assigns \nothing;
    exits \false; */
static void hardware_mask(const struct vpci_function *fn, bool masked);
/*@ requires pci_mine(fn) && fn->msi.offset != 0;
    assigns PCI_MSI(fn), PCI_TOLD, pci_seen;
    exits \false; */
static void apply(struct vpci_function *fn);
/*@ requires pci_mine(fn) && fn->msi.offset != 0;
    assigns PCI_MSI(fn), PCI_TOLD, pci_seen;
    exits \false; */
void vpci_msi_write(struct vpci_function *fn, uint32_t offset, uint32_t value);
#include "devices/vpci_msi.c"

/* ---- Proved: devices/vpci_msix.c, its capability ---- */
/*@ requires pci_mine(fn);
    assigns \nothing;
    exits \false;
    ensures \result <==> fn->msix.offset != 0 && fn->msix.offset <= offset < fn->msix.offset + 12; */
bool vpci_msix_covers(const struct vpci_function *fn, uint32_t offset);
/*@ requires pci_mine(fn);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
uint32_t vpci_msix_read(const struct vpci_function *fn, uint32_t offset);
/*@ requires \valid_read(message);
    assigns \nothing;
    exits \false; */
static void msix_entry_write(hpa_t at, const struct irq_msi_message *message);
/*@ requires \valid_read(fn);
    assigns \nothing;
    exits \false;
    ensures \exists integer i; 0 <= i < VPCI_MSIX_POOL && \result == &vpci_msix_entry[i]; */
static struct vpci_msix_entry *entry_of(const struct vpci_function *fn, uint32_t index);
/*@ requires pci_mine(fn) && index < fn->msix.count;
    assigns PCI_ENTRIES, PCI_TOLD, PCI_MESSAGE, pci_seen.others;
    exits \false; */
static void entry_apply(const struct vpci_function *fn, uint32_t index);
/*@ requires pci_mine(fn);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
bool vpci_decodes_memory(const struct vpci_function *fn);
/*@ requires pci_mine(fn);
    assigns PCI_ENTRIES, pci_seen.others;
    exits \false; */
static void entries_free(const struct vpci_function *fn);
/*@ requires pci_mine(fn);
    assigns PCI_ENTRIES, PCI_TOLD, pci_seen;
    exits \false; */
static void table_sync(const struct vpci_function *fn);
/*@ requires pci_mine(fn) && fn->msix.offset != 0;
    assigns fn->msix.enabled, fn->msix.masked, PCI_ENTRIES, PCI_TOLD, pci_seen;
    exits \false; */
void vpci_msix_write(struct vpci_function *fn, uint32_t offset, uint32_t value);
#include "devices/vpci_msix.c"

/* ---- Proved: devices/vpci.c, a function's registers, and whose they are ---- */
/*@ requires vpci_function_count <= MAX_PCI_FUNCTION;
    assigns \nothing;
    exits \false;
    ensures \result == ID_NONE || (\result < vpci_function_count && vpci_function[\result].bdf == bdf && vpci_function[\result].owner == VM_SERVICE); */
static uint32_t function_find(uint16_t bdf);
/*@ assigns \nothing;
    exits \false; */
static bool is_hv_device(uint16_t bdf);
/*@ requires \valid_read(fn) && pci_layout(fn);
    assigns \nothing;
    exits \false;
    ensures \result == ID_NONE ==> \forall integer k; 0 <= k < VPCI_CLOSED && k < fn->closed_count ==>
      offset < fn->closed[k].offset || offset >= fn->closed[k].offset + fn->closed[k].size; */
static uint32_t closed_find(const struct vpci_function *fn, uint32_t offset);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
static uint32_t closed_read(const struct vpci_function *fn, uint32_t offset, uint32_t size);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns \nothing;
    exits \false; */
static uint32_t with_multifunction(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
uint32_t vpci_function_read(const struct vpci_function *fn, uint32_t offset, uint32_t size);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false;
    ensures !\result ==> fn->class_code != PCI_CLASS_HOST_BRIDGE &&
      (fn->class_code == PCI_CLASS_ISA_BRIDGE ==> (0x60 <= offset && offset + size <= 0x64) || (0x68 <= offset && offset + size <= 0x6C)); */
static bool chipset_register(const struct vpci_function *fn, uint32_t offset, uint32_t size);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns PCI_WRITTEN(fn);
    exits \false; */
void vpci_function_write(struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
/*@ requires pci_layouts && pci_actor == VM_SERVICE && pci_access(offset, size);
    assigns PCI_TABLE, vpci_function_count, PCI_ENTRIES, pci_seen, pci_fn;
    exits \false; */
static uint32_t service_read(uint16_t bdf, uint32_t offset, uint32_t size);
/*@ requires pci_layouts && pci_actor == VM_SERVICE && pci_access(offset, size);
    assigns PCI_TABLE, vpci_function_count, PCI_ENTRIES, pci_seen, pci_fn;
    exits \false; */
static void service_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);

/* ---- Proved: devices/vpci_given.c ---- */
/*@ requires vm < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result <= PART_MAX_PCI; */
static uint32_t given_count(vm_id_t vm);
/*@ requires vm < PART_MAX_VM;
    assigns \nothing;
    exits \false; */
bool vpci_given_bus(vm_id_t vm);
/*@ requires vm < PART_MAX_VM && vpci_function_count <= MAX_PCI_FUNCTION;
    assigns \nothing;
    exits \false;
    ensures \result == ID_NONE || (\result < vpci_function_count && vpci_function[\result].owner == vm); */
static uint32_t given_find(vm_id_t vm, uint16_t bdf);
/*@ assigns \nothing;
    exits \false; */
static uint32_t host_bridge(uint32_t dword);
/*@ requires pci_layouts && pci_actor == vm && vm < PART_MAX_VM && (size == 1 || size == 2 || size == 4);
    assigns pci_seen, pci_fn;
    exits \false; */
uint32_t vpci_given_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size);
/*@ requires pci_layouts && pci_actor == vm && vm < PART_MAX_VM;
    assigns PCI_TABLE, PCI_ENTRIES, pci_seen, pci_fn;
    exits \false; */
void vpci_given_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);
#include "devices/vpci_given.c"

/*@ requires pci_layouts && pci_actor == vm && (size == 1 || size == 2 || size == 4);
    assigns PCI_TABLE, vpci_function_count, PCI_ENTRIES, pci_seen, pci_fn;
    exits \false; */
uint32_t vpci_config_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size);
/*@ requires pci_layouts && pci_actor == vm;
    assigns PCI_TABLE, vpci_function_count, PCI_ENTRIES, pci_seen, pci_fn;
    exits \false; */
void vpci_config_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);
#include "devices/vpci.c"

/* ---- Proved: devices/vpci_lent_config.c ---- */
/* A lent function's owner is the VM that has it. */
/*@ predicate lent_to_its_owner{L} = \forall integer k; 0 <= k < LENT_FUNCTIONS && vpci_lent_record[k].state == LENT_THERE ==>
      vpci_function[vpci_lent_record[k].function % MAX_PCI_FUNCTION].owner == vpci_lent_record[k].vm; */
/*@ requires \valid_read(l);
    assigns \nothing;
    exits \false;
    ensures \result == &vpci_function[l->function % MAX_PCI_FUNCTION]; */
static inline struct vpci_function *lent_function(const struct lent *l);
/*@ assigns \nothing;
    exits \false; */
static uint16_t place_of(vm_id_t v);
/*@ assigns \nothing;
    exits \false;
    ensures \result ==> pci_access(port % 4, size) && PCI_PORT_DATA <= port <= PCI_PORT_LAST; */
static bool lent_data_access(vm_id_t v, uint16_t port, uint32_t size);
/*@ assigns \nothing;
    exits \false;
    ensures \result ==> pci_access(port % 4, size) && PCI_PORT_DATA <= port <= PCI_PORT_LAST; */
static bool shared_memory(vm_id_t v, uint16_t port, uint32_t size);
/*@ assigns \nothing;
    exits \false;
    ensures \result <= LENT_FUNCTIONS && (\result < LENT_FUNCTIONS ==> vpci_lent_record[\result].vm == v && pci_access(port % 4, size) && PCI_PORT_DATA <= port <= PCI_PORT_LAST); */
static uint32_t lent_addressed(vm_id_t v, uint16_t port, uint32_t size);
/*@ requires PCI_PORT_DATA <= port <= PCI_PORT_LAST;
    assigns \nothing;
    exits \false;
    ensures \result <= 255 && \result % 4 == port % 4; */
static uint32_t offset_of(vm_id_t v, uint16_t port);
/*@ requires \valid_read(l) && pci_mine(&vpci_function[l->function % MAX_PCI_FUNCTION]) && pci_access(offset, size);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
static uint32_t lent_read(const struct lent *l, uint32_t offset, uint32_t size);
/*@ requires pci_mine(fn) && pci_access(offset, size);
    assigns pci_seen.command, pci_seen.bridge_control;
    exits \false; */
static uint32_t link_kept(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
/*@ requires \valid_read(fn);
    assigns \nothing;
    exits \false; */
static bool link_register(const struct vpci_function *fn, uint32_t dword);
/*@ requires \exists integer k; 0 <= k < LENT_FUNCTIONS && l == &vpci_lent_record[k];
    requires pci_mine(&vpci_function[l->function % MAX_PCI_FUNCTION]) && pci_access(offset, size);
    assigns vpci_lent_record[0 .. LENT_FUNCTIONS - 1], PCI_TABLE, PCI_ENTRIES, pci_seen;
    exits \false; */
static void lent_write(struct lent *l, uint32_t offset, uint32_t size, uint32_t value);
/*@ requires pci_layouts && lent_to_its_owner && pci_actor == v && \valid(value);
    assigns *value, pci_seen, pci_fn;
    exits \false; */
bool vpci_lent_port_read(vm_id_t v, uint16_t port, uint32_t size, uint32_t *value);
#include "devices/vpci_lent_config.c"
/*@ requires pci_layouts && lent_to_its_owner && pci_actor == v;
    assigns lent_address[v % MAX_VM], vpci_lent_record[0 .. LENT_FUNCTIONS - 1], PCI_TABLE, PCI_ENTRIES, pci_seen, pci_fn;
    exits \false; */
bool vpci_lent_port_write(vm_id_t v, uint16_t port, uint32_t size, uint32_t value);
