/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU plugin: makes virtual time under -icount sleep=off independent of the host's scheduling.
 *
 * When all emulated cores are halted, QEMU moves the virtual clock on to the next timer. Its main thread does so when it is
 * woken, and looks only at the cores' halted flags: it may act after a core has set its flag and before that core's
 * last instructions are counted. These are then added to a clock that is already at the timer's deadline, and the
 * interrupt is late by them (seen: once in some 100,000 halts, QEMU 10.0).
 * So before each HLT this plugin waits until the main thread sleeps in poll(): nothing is left that could wake it before the
 * core's own thread does, after the count.
 *
 * Debian has no qemu-plugin.h; what is used of it (API version 4, QEMU 9.2 and later) is declared here.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define HLT 0xF4U
#define NO_REGISTERS 0
#define RUNNING (-1L)
#define LOCKS_MAX 100000U /* looks in a row that find the main thread at a lock: some 50 ms */

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*translated)(plugin_id id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*before)(unsigned int core, void *data), int registers, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t size);

EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

static int main_thread; /* /proc/self/task/TID/syscall: the number of the system call it sleeps in, or "running" */
static int main_state;  /* /proc/self/task/TID/stat: "TID (name) S ..." while it sleeps */

/* A thread that has been woken, but is not yet on its host core's queue, still counts as inside its system call (Linux,
 * task_current_syscall() and TASK_WAKING); its state is R by then. */
static bool main_thread_sleeps(void)
{
    char text[64] = "";
    ssize_t size = pread(main_state, text, sizeof(text) - 1U, 0);
    const char *name_end = strrchr(text, ')');

    return (size <= 0) || ((name_end != NULL) && (strncmp(name_end, ") S", 3U) == 0));
}

static long main_thread_sleeps_in(void)
{
    char text[24] = "";
    char *end = text;
    bool before = main_thread_sleeps();
    ssize_t size = pread(main_thread, text, sizeof(text) - 1U, 0);
    long call = strtol(text, &end, 10);
    bool asleep = before && (end != text) && main_thread_sleeps();

    return (size <= 0) ? SYS_ppoll : (asleep ? call : RUNNING);
}

/* The main thread has microseconds of work left: sleeping would take longer. It may also wait for this core to stop, when the
 * machine goes off; that wait looks like one for a lock, but does not end. */
static void before_halt(unsigned int core, void *data)
{
    long call = main_thread_sleeps_in();

    (void)core;
    (void)data;
    for (unsigned int locks = 0U; (call != SYS_ppoll) && (call != SYS_poll) && (locks < LOCKS_MAX);) {
        locks = (call == SYS_futex) ? (locks + 1U) : 0U;
        call = main_thread_sleeps_in();
    }
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0U; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint8_t opcode = 0U;

        if ((qemu_plugin_insn_data(insn, &opcode, 1U) == 1U) && (opcode == HLT)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, before_halt, NO_REGISTERS, NULL);
        }
    }
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    char path[2][64];
    char first;

    (void)info;
    (void)argc;
    (void)argv;
    (void)snprintf(path[0], sizeof(path[0]), "/proc/self/task/%d/syscall", (int)getpid());
    (void)snprintf(path[1], sizeof(path[1]), "/proc/self/task/%d/stat", (int)getpid());
    main_thread = open(path[0], O_RDONLY | O_CLOEXEC);
    main_state = open(path[1], O_RDONLY | O_CLOEXEC);
    if ((pread(main_thread, &first, 1U, 0) != 1) || (pread(main_state, &first, 1U, 0) != 1)) {
        (void)fprintf(stderr, "quiet_halt: cannot read %s and %s: two counted runs may differ by some instructions\n", path[0], path[1]);
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
