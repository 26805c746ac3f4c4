// SPDX-License-Identifier: Apache-2.0
/* Memory segments: what is refused leaves nothing pinned; what is accepted stays until the VM goes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsm_client.h"

#define MIB (1UL << 20U)
#define SEGMENT_LIMIT 256U

static int set(const struct client *client, struct acrn_vm_memmap map)
{
    return ioctl(client->fd, ACRN_IOCTL_SET_MEMSEG, &map);
}

/* REQ-HSM-007 */
static void bad_segments(const struct client *client)
{
    char *memory = anonymous(4U * PAGE);
    long before = counter("pinned_pages");
    const struct acrn_vm_memmap good = {
        .type = ACRN_MEMMAP_RAM, .attr = ACRN_MEM_ACCESS_RWX, .user_vm_pa = 0x100000U,
        .vma_base = (uint64_t)(uintptr_t)memory, .len = 4U * PAGE,
    };
    struct acrn_vm_memmap map = good;

#define REFUSED(field, value, error) do { map = good; map.field = (value); EXPECT_ERROR(set(client, map), error); } while (0)
    REFUSED(type, 2U, EINVAL);
    REFUSED(type, ~0U, EINVAL);
    REFUSED(attr, 0U, EINVAL);
    REFUSED(attr, 0x8U | ACRN_MEM_ACCESS_RWX, EINVAL);
    REFUSED(attr, ~0U, EINVAL);
    REFUSED(attr, ACRN_MEM_ACCESS_RWX | ACRN_MEM_TYPE_UC, EINVAL);
    REFUSED(len, 0U, EINVAL);
    REFUSED(len, PAGE + 1U, EINVAL);
    REFUSED(len, ~0ULL & ~(PAGE - 1U), EINVAL);
    REFUSED(user_vm_pa, 0x100001U, EINVAL);
    REFUSED(user_vm_pa, ~0ULL & ~(PAGE - 1U), EINVAL);
    REFUSED(user_vm_pa, 1ULL << 52U, EINVAL);
    REFUSED(vma_base, good.vma_base + 1U, EINVAL);
    REFUSED(vma_base, 0xffff888000000000ULL, EINVAL);
    REFUSED(vma_base, 0x10000U, EFAULT);
    EXPECT(munmap(memory + (2U * PAGE), PAGE) == 0); /* a hole in the middle */
    EXPECT_ERROR(set(client, good), EFAULT);
    EXPECT(counter("pinned_pages") == before);
    (void)munmap(memory, 4U * PAGE);
    memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_ERROR(client_map(client, 0U, memory, PAGE), EFAULT); /* guests may write */
    EXPECT(counter("pinned_pages") == before);
    (void)munmap(memory, PAGE);
}

/* A page of the kernel's RAM in the middle of the largest range. */
static uint64_t kernel_ram(void)
{
    FILE *file = fopen("/proc/iomem", "r");
    char line[128];
    unsigned long long start, end, best = 0U, size = 0U;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "%llx-%llx : System RAM", &start, &end) == 2 && strstr(line, "System RAM") != NULL &&
            end - start > size) {
            size = end - start;
            best = start + (size / 2U);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return best & ~(PAGE - 1U);
}

/* REQ-HSM-005 */
static void mmio_cannot_reach_the_kernels_memory(const struct client *client)
{
    struct acrn_vm_memmap map = {
        .type = ACRN_MEMMAP_MMIO, .attr = ACRN_MEM_ACCESS_RWX, .user_vm_pa = 0xd0000000U,
        .service_vm_pa = kernel_ram(), .len = PAGE,
    };

    EXPECT_ERROR(set(client, map), EPERM);
    map.service_vm_pa = ~0ULL & ~(PAGE - 1U);
    EXPECT_ERROR(set(client, map), EINVAL);
}

/* The hypervisor has its own limits; what it took of a segment before it refused is taken back. */
static void what_the_hypervisor_refuses_is_not_kept(const struct client *client)
{
    size_t size = 512U * PAGE;
    char *memory = anonymous(2U * size);
    char *pieces = anonymous(size);
    long before = counter("pinned_pages");

    /* Every second page of one mapping and of another: physical neighbours are rare. */
    for (size_t i = 0U; i < size; i += PAGE) {
        memory[2U * i] = 1;
        pieces[i] = 1;
    }
    EXPECT_ERROR(client_map(client, 1ULL << 45U, pieces, size), EINVAL);
    EXPECT(counter("pinned_pages") == before);
    /* The guest's I/O APIC lies in the middle. */
    EXPECT_ERROR(client_map(client, 0xfec00000U - (size / 2U), pieces, size), EINVAL);
    EXPECT(counter("pinned_pages") == before);
    EXPECT(client_map(client, 0xfec00000U - size, pieces, size) == 0);
    EXPECT(counter("pinned_pages") == before + (long)(size / PAGE));
    (void)munmap(memory, 2U * size);
    (void)munmap(pieces, size);
}

static void unset_is_for_mmio(const struct client *client, void *memory)
{
    struct acrn_vm_memmap map = {
        .type = ACRN_MEMMAP_RAM, .user_vm_pa = 0U, .vma_base = (uint64_t)(uintptr_t)memory, .len = PAGE,
    };

    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_UNSET_MEMSEG, &map), EINVAL);
    map.type = ACRN_MEMMAP_MMIO; /* but not to take RAM away */
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_UNSET_MEMSEG, &map), EINVAL);
    map.len = 0U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_UNSET_MEMSEG, &map), EINVAL);
}

/* REQ-HSM-007 */
static void segments_do_not_overlap_and_are_limited(const struct client *client)
{
    char *memory = anonymous((SEGMENT_LIMIT + 1U) * PAGE);
    unsigned int mapped = 0U;
    long before = counter("pinned_pages");

    for (unsigned int i = 0U; i < SEGMENT_LIMIT; i++) {
        mapped += client_map(client, (uint64_t)i * 2U * PAGE, memory + (i * PAGE), PAGE) == 0 ? 1U : 0U;
    }
    EXPECT(mapped == SEGMENT_LIMIT);
    EXPECT(counter("pinned_pages") == before + (long)SEGMENT_LIMIT);
    EXPECT_ERROR(client_map(client, 0U, memory, PAGE), EEXIST);
    EXPECT_ERROR(client_map(client, PAGE, memory, 4U * PAGE), EEXIST);
    EXPECT_ERROR(client_map(client, 0x40000000U, memory, PAGE), ENOSPC);
    unset_is_for_mmio(client, memory);
    /* The process may let go of the memory; the VM keeps it. */
    (void)munmap(memory, (SEGMENT_LIMIT + 1U) * PAGE);
    EXPECT(counter("pinned_pages") == before + (long)SEGMENT_LIMIT);
}

static void pins(const char *what, void *memory, size_t size)
{
    struct client client;
    long before;

    if (memory == MAP_FAILED) {
        printf("hsm_client: no %s here\n", what);
        return;
    }
    if (client_open(&client)) {
        before = counter("pinned_pages");
        EXPECT(client_map(&client, 0U, memory, size) == 0);
        EXPECT(counter("pinned_pages") == before + (long)(size / PAGE));
        EXPECT(ioctl(client.fd, ACRN_IOCTL_DESTROY_VM, 0) == 0);
        EXPECT(counter("pinned_pages") == 0);
        client_close(&client);
    }
    (void)munmap(memory, size);
}

static void all_kinds_of_memory_are_pinned_whole(void)
{
    char *huge = mmap(NULL, 6U * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int file = memfd_create("guest", MFD_CLOEXEC);
    char *aligned = (char *)(((uintptr_t)huge + (2U * MIB) - 1U) & ~((2U * MIB) - 1U));
    FILE *pool = fopen("/proc/sys/vm/nr_hugepages", "w");

    (void)munmap(huge, (size_t)(aligned - huge));
    (void)madvise(aligned, 4U * MIB, MADV_HUGEPAGE);
    pins("transparent huge pages", aligned, 4U * MIB);
    EXPECT(ftruncate(file, 2L * (long)MIB) == 0);
    pins("shared memory", mmap(NULL, 2U * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), 2U * MIB);
    (void)close(file);
    if (pool != NULL) {
        (void)fputs("4", pool);
        (void)fclose(pool);
    }
    pins("hugetlb pages", mmap(NULL, 4U * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0),
         4U * MIB);
    pins("plain pages", anonymous(3U * PAGE), 3U * PAGE);
    pins("64 MiB", anonymous(64U * MIB), 64U * MIB);
}

void test_memory(void)
{
    struct client client;

    if (client_open(&client)) {
        bad_segments(&client);
        mmio_cannot_reach_the_kernels_memory(&client);
        segments_do_not_overlap_and_are_limited(&client);
        client_close(&client);
    }
    if (client_open(&client)) {
        what_the_hypervisor_refuses_is_not_kept(&client);
        client_close(&client);
    }
    all_kinds_of_memory_are_pinned_whole();
}
