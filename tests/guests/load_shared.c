/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Service VM that makes the hypervisor work as hard as it can, one kind of exit and one hypercall after the other, with a
 * User VM that needs it for each access. What it costs is counted from outside (scons budget).
 */
#include "abi/hv_info.h"
#include "abi/hypercall.h"
#include "abi/ioreq.h"
#include "tests/guests/guest.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC(offset) (0x800U + ((offset) >> 4))
#define SVR       0x0F0U
#define TIMER     0x320U
#define TMICT     0x380U
#define TDCR      0x3E0U
#define ICR       0x300U
#define UPCALL    0xF3U
#define WAKE      0x50U
#define IOAPIC    0xFEC00000U
#define LENT      0x10000000U  /* memory that becomes the User VM's */
#define LENT_ODD  0x10401000U  /* no multiple of 2 MiB */
#define PIECE     0x200000U
#define GIB       0x40000000U
#define RWX       (HC_REGION_READ | HC_REGION_WRITE | 0x4U | HC_REGION_WB)
#define ROUNDS    4U
#define ACCESSES  12U
#define REGIONS   16U
#define SETTLE    20000000U

static uint8_t request_page[4096] __attribute__((aligned(4096)));
static struct hc_memory_regions request;
static struct hc_memory_region region[REGIONS];
static struct hc_vm_creation creation;
static struct hc_vcpu_regs regs;
static struct hc_msi msi;
static uint64_t word[2];

/* Real mode at 0: ports, MMIO, CPUID, MSR, then HLT and again. */
static const uint8_t user_code[] = {
    0xB8, 0x00, 0xB8, 0x8E, 0xD8,             /* mov $0xB800, %ax; mov %ax, %ds */
    0xE6, 0x80, 0xE4, 0x80,                   /* out %al, $0x80; in $0x80, %al */
    0xA0, 0x00, 0x00, 0xA2, 0x00, 0x00,       /* mov 0, %al; mov %al, 0 */
    0x0F, 0xA2,                               /* cpuid */
    0x66, 0xB9, 0x1B, 0x00, 0x00, 0x00,       /* mov $0x1B, %ecx */
    0x0F, 0x32,                               /* rdmsr */
    0xE4, 0x21, 0xE6, 0x21,                   /* in $0x21, %al; out %al, $0x21 */
    0xEB, 0xE1,                               /* back to the start */
};

/* The ACRN ABI's instruction, an undefined opcode on this CPU. */
static int64_t call_acrn(uint64_t id, uint64_t p1, uint64_t p2)
{
    register uint64_t r8 __asm__("r8") = id;
    int64_t result;
    __asm__ volatile(".byte 0x0f, 0x01, 0xc1" : "=a"(result) : "r"(r8), "D"(p1), "S"(p2) : "memory");
    return result;
}

static uint64_t gpa(const volatile void *at)
{
    return (uint64_t)(uintptr_t)at; /* identity mapped twice */
}

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t config_read(uint32_t bdf, uint32_t offset)
{
    out32(0xCF8U, 0x80000000U | (bdf << 8) | offset);
    return in32(0xCFCU);
}

static void config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    out32(0xCF8U, 0x80000000U | (bdf << 8) | offset);
    out32(0xCFCU, value);
}

/* Every function of bus 0: identity, capabilities, size of each BAR. Also makes the statistics be published. */
static void pci(void)
{
    for (uint32_t bdf = 0U; bdf < 256U; bdf++) {
        const uint32_t id = config_read(bdf, 0U);
        if (id != 0xFFFFFFFFU) {
            for (uint32_t bar = 0x10U; bar < 0x28U; bar += 4U) {
                const uint32_t old = config_read(bdf, bar);
                config_write(bdf, bar, 0xFFFFFFFFU);
                (void)config_read(bdf, bar);
                config_write(bdf, bar, old);
            }
            config_write(bdf, 4U, config_read(bdf, 4U));
            for (uint32_t at = 0x34U; at < 0x100U; at += 4U) {
                (void)config_read(bdf, at);
            }
        }
        if (id == (HV_PCI_VENDOR | (HV_PCI_DEVICE << 16))) {
            config_write(bdf, HV_PCI_COMMAND, HV_COMMAND_PUBLISH);
        }
    }
}

static void ports(void)
{
    static uint8_t bytes[8];
    const uint8_t *from = bytes;
    uint8_t *to = bytes;
    uint64_t count = sizeof(bytes);
    for (uint32_t port = 0x20U; port < 0x22U; port++) {
        out8((uint16_t)port, (port == 0x21U) ? 0xFFU : 0x0BU);
        (void)in8((uint16_t)port);
    }
    (void)in8(0x3E8U);   /* the RTVM's console */
    (void)in32(0xB2U);
    out8(0xB2U, 0U);
    (void)in8(0x92U);
    (void)in8(0x64U);
    out8(0x64U, 0xDFU);
    __asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(0x3E8U) : "memory");
    count = sizeof(bytes);
    __asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(0x3E8U) : "memory");
}

static void msrs(void)
{
    static const uint32_t numbers[] = { 0x10U, 0x1BU, 0x3AU, 0x3BU, 0x8BU, 0xFEU, 0x174U, 0x179U, 0x198U, 0x1A0U, 0x1D9U, 0x200U, 0x277U,
        0x2FFU, 0x400U, 0x6E0U, 0xC0000080U, 0xC0000081U, 0xC0000100U, 0xC0000103U, 0xC0010015U, 0xC0010117U, 0x40000000U, 0x4B564D01U };
    for (uint32_t i = 0U; i < (sizeof(numbers) / sizeof(numbers[0])); i++) {
        const uint64_t value = msr_get(numbers[i]);
        if (trap_vector == NO_TRAP) {
            msr_set(numbers[i], value);
        }
        msr_set(numbers[i], 0xFFFFFFFFFFFFFFFFU);
        if (numbers[i] == MSR_APIC_BASE) {
            msr_set(MSR_APIC_BASE, value);
        }
    }
    for (uint32_t reg = 0x802U; reg <= 0x83FU; reg++) {
        (void)msr_get(reg);
    }
}

static void lapic(void)
{
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC(SVR), 0x1FFU);
    msr_set(X2APIC(TDCR), 0xBU);
    msr_set(X2APIC(TIMER), WAKE);
}

/* To itself and to all: fixed, lowest priority, NMI; INIT and SIPI to the vCPUs that it does not have. */
static void ipis(void)
{
    static const uint32_t modes[] = { 0x40041U, 0x80042U, 0xC0043U, 0x144U, 0x945U, 0xC4500U, 0xC0608U, 0x40400U };
    for (uint32_t i = 0U; i < (sizeof(modes) / sizeof(modes[0])); i++) {
        msr_set(X2APIC(ICR), modes[i]);
        msr_set(X2APIC(ICR), 0xFFFFFFFF00000000U | modes[i]);
        __asm__ volatile("sti; nop; nop; cli");
    }
}

static void pause_for(uint32_t ticks)
{
    msr_set(X2APIC(TMICT), ticks);
    wait_for_interrupt();
}

static void ioapic(void)
{
    volatile uint32_t *const select = (volatile uint32_t *)(uintptr_t)IOAPIC;
    volatile uint32_t *const window = (volatile uint32_t *)(uintptr_t)(IOAPIC + 0x10U);
    for (uint32_t reg = 0U; reg < 0x40U; reg++) {
        *select = reg;
        (void)*window;
    }
    for (uint32_t reg = 0x10U; reg < 0x40U; reg += 2U) {
        *select = reg;
        *window = 0x00018060U; /* level, masked */
        *window = 0x00008060U;
        *window = 0x00010000U;
    }
}

static void instructions(void)
{
    uint32_t leaf[4];
    uint64_t cr8;
    for (uint32_t i = 0U; i < 0x20U; i++) {
        cpuid_get(i, 0U, leaf);
        cpuid_get(0x80000000U + i, 0U, leaf);
        cpuid_get(0x40000000U + i, 0U, leaf);
        cpuid_get(0xDU, i, leaf);
    }
    __asm__ volatile("mov %%cr8, %0" : "=r"(cr8));
    __asm__ volatile("mov %0, %%cr8" : : "r"(cr8));
    TRY("wbinvd", : : : "r15", "memory");
    TRY("vmrun %%rax", : : "a"(0UL) : "r15", "memory");
    TRY("ud2", : : : "r15", "memory");
    TRY("rdpmc", : : "c"(0) : "r15", "rax", "rdx", "memory");
    TRY("mov %%cr4, %%rax; or $0x40000, %%rax; mov %%rax, %%cr4", : : : "r15", "rax", "memory");
    TRY("xsetbv", : : "a"(3), "d"(0), "c"(0) : "r15", "memory");
    TRY("xsetbv", : : "a"(0), "d"(0), "c"(0) : "r15", "memory");
    TRY("pushfq; orq $0x100, (%%rsp); popfq; nop", : : : "r15", "memory"); /* #DB */
}

static void set_region(uint32_t i, uint32_t type, uint64_t at, uint64_t from, uint64_t size)
{
    region[i] = (struct hc_memory_region){ type, RWX, at, from, size };
}

/* How often the hypervisor asked to go on shows as the number of calls that were counted. */
static int64_t regions(uint32_t count)
{
    request.count = count;
    request.regions_gpa = gpa(region);
    return hypercall(HC_VM_SET_MEMORY_REGIONS, gpa(&request), 0U);
}

/* Pages far apart, each with tables of its own; large pages, split by taking one small page out; small pages only. */
static void memory(void)
{
    for (uint32_t type = HC_REGION_ADD; type <= HC_REGION_MODIFY; type++) {
        const uint32_t what = (type == 1U) ? HC_REGION_MODIFY : ((type == 3U) ? HC_REGION_ADD : type);
        for (uint32_t i = 0U; i < REGIONS; i++) {
            set_region(i, what, (uint64_t)(i + 8U) * GIB, LENT_ODD + (i * 0x1000U), 0x1000U);
        }
        (void)regions(REGIONS);
    }
    for (uint32_t i = 0U; i < REGIONS; i++) {
        set_region(i, HC_REGION_DEL, (uint64_t)(i + 8U) * GIB, 0U, 0x1000U);
    }
    (void)regions(REGIONS);
    set_region(0U, HC_REGION_ADD, PIECE, LENT + PIECE, 8U * PIECE);
    (void)regions(1U);
    set_region(0U, HC_REGION_MODIFY, (2U * PIECE) + 0x1000U, 0U, 0x1000U);
    (void)regions(1U);
    set_region(0U, HC_REGION_DEL, (3U * PIECE) + 0x1000U, 0U, 0x1000U);
    (void)regions(1U);
    set_region(0U, HC_REGION_DEL, PIECE, 0U, 8U * PIECE);
    (void)regions(1U);
    set_region(0U, HC_REGION_ADD, PIECE - 0x1000U, LENT_ODD, 0x1000U + PIECE);
    (void)regions(1U);
    set_region(0U, HC_REGION_MODIFY, PIECE - 0x1000U, 0U, 0x1000U + PIECE);
    (void)regions(1U);
    set_region(0U, HC_REGION_DEL, PIECE - 0x1000U, 0U, 0x1000U + PIECE);
    (void)regions(1U);
    set_region(0U, HC_REGION_ADD, PIECE, 0x1000000U, PIECE); /* the hypervisor's own */
    (void)regions(1U);
}

static int64_t create(void)
{
    creation = (struct hc_vm_creation){ .name = "load" };
    const int64_t result = hypercall(HC_CREATE_VM, gpa(&creation), 0U);
    request.vmid = creation.vmid;
    return result;
}

/* Answers one I/O request as a device model does. waits: for the next one, which the User VM makes as soon as it runs. */
static void serve(bool waits)
{
    volatile uint32_t *const processed = (volatile uint32_t *)(uintptr_t)gpa(&request_page[IOREQ_OFF_PROCESSED]);
    if (*processed == IOREQ_PENDING) {
        *(volatile uint64_t *)(uintptr_t)gpa(&request_page[IOREQ_OFF_VALUE]) = 0x55U;
        *processed = IOREQ_COMPLETE;
        (void)hypercall(waits ? HC_FINISH_AND_WAIT : HC_NOTIFY_REQUEST_FINISH, creation.vmid, 0U);
    }
}

static void user_start(void)
{
    volatile uint8_t *const code = (volatile uint8_t *)(uintptr_t)LENT;
    for (uint32_t i = 0U; i < sizeof(user_code); i++) {
        code[i] = user_code[i];
    }
    request_page[IOREQ_OFF_PROCESSED] = IOREQ_FREE;
    word[0] = gpa(request_page);
    (void)hypercall(HC_SET_IOREQ_BUFFER, creation.vmid, gpa(word));
    set_region(0U, HC_REGION_ADD, 0U, LENT, 0x10000U);
    (void)regions(1U);
    regs = (struct hc_vcpu_regs){ .regs.cr0 = 0x30U, .regs.cs_limit = 0xFFFFU };
    (void)hypercall(HC_SET_VCPU_REGS, creation.vmid, gpa(&regs));
    (void)hypercall(HC_START_VM, creation.vmid, 0U);
}

static void user_life(void)
{
    check("created", create() == 0, creation.vmid);
    memory();
    user_start();
    for (uint32_t i = 0U; i < ACCESSES; i++) {
        pause_for(2000000U);
        serve((i % 2U) != 0U);
    }
    msi = (struct hc_msi){ 0xFEE00000U, 0x41U };
    (void)hypercall(HC_INJECT_MSI, creation.vmid, gpa(&msi));
    for (uint64_t operation = 0U; operation < 5U; operation++) {
        (void)hypercall(HC_SET_IRQLINE, creation.vmid, 4U | (operation << 32));
    }
    word[0] = 0U;
    (void)hypercall(HC_VM_INTR_MONITOR, creation.vmid, gpa(word));
    (void)hypercall(HC_PM_GET_CPU_STATE, (uint64_t)creation.vmid << 24, gpa(word));
    for (uint64_t id = HC_SET_PTDEV_INTR_INFO; id <= HC_DESTROY_VDEV; id++) {
        (void)hypercall(id, creation.vmid, gpa(word));
    }
    (void)hypercall(HC_PAUSE_VM, creation.vmid, 0U);
    (void)hypercall(HC_RESET_VM, creation.vmid, 0U);
    (void)hypercall(HC_DESTROY_VM, creation.vmid, 0U);
    (void)call_acrn(HC_DESTROY_VM, creation.vmid, 0U);
    (void)hypercall(HC_SERVICE_VM_OFFLINE_CPU, 1U, 0U);
    (void)hypercall(0x80000001U, 0U, 0U);
}

void guest_main(void)
{
    const uint64_t start = tsc();
    print_text("load\r\n");
    while ((tsc() - start) < SETTLE) {
        /* the other cores come to rest */
    }
    (void)hypercall(0U, 0U, 0U); /* counting starts */
    lapic();
    (void)hypercall(HC_SET_CALLBACK_VECTOR, UPCALL, 0U);
    for (uint32_t round = 0U; round < ROUNDS; round++) {
        instructions();
        msrs();
        lapic();
        ipis();
        ioapic();
        ports();
        pause_for(100000U);
        user_life();
    }
    pci();
}
