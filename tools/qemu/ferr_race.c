/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU plugin: takes a data race between emulated cores out of QEMU (seen in 10.0; thread=multi).
 *
 * Whenever a core restores its x87 state (FXRSTOR, XRSTOR: each change of task), QEMU calls cpu_clear_ignne(), which clears the
 * IGNNE# bit in a flag word of the first core, from the thread of whichever core it is and with no atomic instruction. Nested
 * paging and GIF of the first core are bits of the same word: a change of theirs at the same moment is lost. The first core then
 * goes on in the host with the guest's nested paging, or in the guest without it; seen as a virtual machine gone for ever, once
 * in some minutes of four busy cores.
 * IGNNE# matters to MS-DOS FPU error handling alone, and nothing in QEMU but a write to port 0xF0 sets it. So the
 * function is made to return at once: its first byte becomes a RET, before any core runs.
 *
 * Debian's QEMU exports its functions to its modules, so the dynamic linker finds this one by name. Where it does not, the machine runs as it
 * would without this plugin, and says so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define FUNCTION "cpu_clear_ignne"
#define RET 0xC3

typedef uint64_t plugin_id;

EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

static const char *make_it_return(void)
{
    void *const function = dlsym(RTLD_DEFAULT, FUNCTION);
    const uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *const page = (void *)((uintptr_t)function & ~(page_size - 1U));

    if (function == NULL) {
        return "this QEMU does not export it";
    }
    if (mprotect(page, page_size, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
        return "its code cannot be made writable";
    }
    memset(function, RET, 1U);
    return (mprotect(page, page_size, PROT_READ | PROT_EXEC) == 0) ? NULL : "its code stays writable";
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    const char *const problem = make_it_return();

    (void)id;
    (void)info;
    (void)argc;
    (void)argv;
    if (problem != NULL) {
        (void)fprintf(stderr, "ferr_race: %s: %s; a virtual machine on the first core may hang, once in some minutes\n", FUNCTION, problem);
    }
    return 0;
}
