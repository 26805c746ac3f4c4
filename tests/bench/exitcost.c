/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU plugin: counts the instructions that the hypervisor executes from an exit, or from the end of an idle wait, to the
 * next VMRUN or idle wait, and keeps the most of each kind. What the exit was is read off the hypervisor's own accesses:
 * it loads the exit code from the VMCB and stores the guest's R8, the number of a hypercall.
 *
 *   -plugin exitcost.so,out=FILE,text=START,end=END,vmcb=ADDRESS,regs=ADDRESS,vcpus=N
 *
 * The interface is declared by hand, since Debian has no package with QEMU's plugin header: version 4, QEMU 9.2 and later.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
typedef struct {
    uint32_t type;
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        struct { uint64_t low, high; } u128;
    } data;
} qemu_plugin_mem_value;
enum { CB_NO_REGS = 0, MEM_RW = 3, VALUE_U32 = 2, VALUE_U64 = 3 };

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned int, void *), int, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, void (*)(unsigned int, qemu_plugin_meminfo_t, uint64_t, void *),
                                      int, int, void *);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *, size_t);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);
qemu_plugin_mem_value qemu_plugin_mem_get_value(qemu_plugin_meminfo_t);

#define KINDS      512U
#define VMCB_SIZE  4096U
#define VMCB_CODE  0x70U        /* EXITCODE (AMD APM 2, B-1) */
#define REGS_SIZE  144U         /* struct vcpu_regs */
#define REGS_R8    64U
#define VMCB_INFO1 0x78U
#define CODE_UD    0x46U
#define CODE_MSR   0x7CU        /* bit 0 of EXITINFO1: a write */
#define CODE_CALL  0x81U
#define CODE_WAKE  0xFFFEU      /* out of an idle wait */
#define CODE_NONE  0xFFFFU
#define CODE_WRITE 0x10000U     /* added to CODE_MSR */

struct core {
    bool counting;
    uint64_t count;
    uint32_t vcpu, code;
    uint64_t r8;
};
struct kind {
    uint32_t vcpu, code;
    uint64_t r8, times, most;
};

/*
 * One state for all cores: under instruction counting QEMU runs one core at a time and tells a plugin the core that translated
 * a block, not the one that runs it. So only one core may have something to do, as the guests see to: counting
 * starts with the first hypercall instruction, when all others have come to rest.
 */
static struct core here;
static bool started;
static struct kind kinds[KINDS];
static unsigned int kind_count;
static uint64_t text_start, text_end, vmcb_base, regs_base, vcpus;
static uint64_t after_vmrun;    /* the address behind the one VMRUN */
static char out_path[1024];

static void begin(struct core *core, uint32_t code)
{
    *core = (struct core){ .counting = true, .code = code, .vcpu = CODE_NONE };
}

static void end(struct core *core)
{
    if (started && core->counting && (core->code != CODE_NONE)) {
        unsigned int at = 0U;
        core->r8 = ((core->code == CODE_CALL) || (core->code == CODE_UD)) ? core->r8 : 0U;
        while ((at < kind_count) && ((kinds[at].vcpu != core->vcpu) || (kinds[at].code != core->code) || (kinds[at].r8 != core->r8))) {
            at++;
        }
        if ((at == kind_count) && (kind_count < KINDS)) {
            kinds[at] = (struct kind){ core->vcpu, core->code, core->r8, 0U, 0U };
            kind_count++;
        }
        if (at < kind_count) {
            kinds[at].times++;
            kinds[at].most = (core->count > kinds[at].most) ? core->count : kinds[at].most;
        }
    }
    core->counting = false;
}

static void on_insn(unsigned int cpu, void *unused)
{
    (void)cpu;
    (void)unused;
    here.count++;
}

static void on_vmrun(unsigned int cpu, void *unused)
{
    on_insn(cpu, unused);
    end(&here);
}

static void on_exit(unsigned int cpu, void *unused)
{
    begin(&here, CODE_NONE);
    on_insn(cpu, unused);
}

static void on_halt(unsigned int cpu, void *unused)
{
    on_vmrun(cpu, unused);
    begin(&here, CODE_WAKE);
}

static void on_access(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t at, void *unused)
{
    struct core *core = &here;
    const bool store = qemu_plugin_mem_is_store(info);
    const uint64_t offset = (at - vmcb_base) % VMCB_SIZE;
    const bool in_vmcb = (at >= vmcb_base) && (at < (vmcb_base + (vcpus * VMCB_SIZE)));
    (void)cpu;
    (void)unused;
    if (core->counting && !store && (core->code == CODE_MSR) && in_vmcb && (offset == VMCB_INFO1)) {
        core->code += ((qemu_plugin_mem_get_value(info).data.u8 & 1U) != 0U) ? CODE_WRITE : 0U;
    } else if (core->counting && !store && (core->code == CODE_NONE) && in_vmcb && (offset == VMCB_CODE)) {
        core->vcpu = (uint32_t)((at - vmcb_base) / VMCB_SIZE);
        core->code = qemu_plugin_mem_get_value(info).data.u32;
        started = started || (core->code == CODE_CALL);
    } else if (core->counting && store && (core->code == CODE_NONE) && (at >= regs_base) && (at < (regs_base + (vcpus * REGS_SIZE)))
               && (((at - regs_base) % REGS_SIZE) == REGS_R8)) {
        core->r8 = qemu_plugin_mem_get_value(info).data.u64;
    } else {
        /* nothing that tells exits apart */
    }
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0U; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        uint8_t bytes[3] = { 0U, 0U, 0U };
        if ((address >= text_start) && (address < text_end)) {
            (void)qemu_plugin_insn_data(insn, bytes, sizeof(bytes));
            if ((bytes[0] == 0x0FU) && (bytes[1] == 0x01U) && (bytes[2] == 0xD8U)) {
                after_vmrun = address + 3U;
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_vmrun, CB_NO_REGS, NULL);
            } else if (address == after_vmrun) {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_exit, CB_NO_REGS, NULL);
            } else if (bytes[0] == 0xF4U) {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_halt, CB_NO_REGS, NULL);
            } else {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, CB_NO_REGS, NULL);
                qemu_plugin_register_vcpu_mem_cb(insn, on_access, CB_NO_REGS, MEM_RW, NULL);
            }
        }
    }
}

/* One line a kind: vcpu, exit code, R8, how many, most instructions. */
static void report(qemu_plugin_id_t id, void *unused)
{
    FILE *file = fopen(out_path, "w");
    (void)id;
    (void)unused;
    if (file != NULL) {
        for (unsigned int i = 0U; i < kind_count; i++) {
            fprintf(file, "%x %x %lx %lu %lu\n", kinds[i].vcpu, kinds[i].code, kinds[i].r8, kinds[i].times, kinds[i].most);
        }
        fprintf(file, "%s\n", (kind_count < KINDS) ? "end" : "full");
        (void)fclose(file);
    }
}

static void option(const char *argument, const char *name, uint64_t *value)
{
    const size_t length = strlen(name);
    if ((strncmp(argument, name, length) == 0) && (argument[length] == '=')) {
        *value = strtoull(&argument[length + 1U], NULL, 0);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        option(argv[i], "text", &text_start);
        option(argv[i], "end", &text_end);
        option(argv[i], "vmcb", &vmcb_base);
        option(argv[i], "regs", &regs_base);
        option(argv[i], "vcpus", &vcpus);
        if (strncmp(argv[i], "out=", 4U) == 0) {
            (void)snprintf(out_path, sizeof(out_path), "%s", &argv[i][4]);
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
