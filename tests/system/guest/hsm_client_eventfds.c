// SPDX-License-Identifier: Apache-2.0
/* ioeventfd and irqfd: registering, refusing, and every way for one to end. */
#define _GNU_SOURCE
#include <sys/eventfd.h>
#include <unistd.h>

#include "hsm_client.h"

static int ioeventfd(const struct client *client, struct acrn_ioeventfd args)
{
    return ioctl(client->fd, ACRN_IOCTL_IOEVENTFD, &args);
}

static int irqfd(const struct client *client, int fd, uint32_t flags)
{
    struct acrn_irqfd args = { .fd = fd, .flags = flags, .msi = { .msi_addr = 0xfee00000U, .msi_data = 0x30U } };

    return ioctl(client->fd, ACRN_IOCTL_IRQFD, &args);
}

/* REQ-HSM-008 */
static void ioeventfds_are_checked(const struct client *client)
{
    int fd = eventfd(0U, EFD_CLOEXEC);
    const struct acrn_ioeventfd good = { .fd = (uint32_t)fd, .addr = 0xd0003000U, .len = 2U };
    struct acrn_ioeventfd args = good;

#define REFUSED(field, value, error) do { args = good; args.field = (value); \
                                          EXPECT_ERROR(ioeventfd(client, args), error); } while (0)
    REFUSED(fd, ~0U, EBADF);
    REFUSED(fd, (uint32_t)client->fd, EINVAL);
    REFUSED(flags, 0x08U, EINVAL);
    REFUSED(flags, ~0U, EINVAL);
    REFUSED(reserved, 1U, EINVAL);
    REFUSED(len, 0U, EINVAL);
    REFUSED(len, 3U, EINVAL);
    REFUSED(len, 16U, EINVAL);
    REFUSED(addr, ~0ULL, EINVAL);
    REFUSED(flags, ACRN_IOEVENTFD_FLAG_PIO, EINVAL); /* no such port */
    EXPECT(ioeventfd(client, good) == 0);
    EXPECT_ERROR(ioeventfd(client, good), EEXIST);
    REFUSED(flags, ACRN_IOEVENTFD_FLAG_DATAMATCH, EEXIST);
    args = good;
    args.addr += 2U;
    args.flags = ACRN_IOEVENTFD_FLAG_DATAMATCH;
    args.data = 1U;
    EXPECT(ioeventfd(client, args) == 0);
    EXPECT_ERROR(ioeventfd(client, args), EEXIST);
    args.data = 2U;
    EXPECT(ioeventfd(client, args) == 0);
    EXPECT(counter("ioeventfds") == 3);
    args.flags = ACRN_IOEVENTFD_FLAG_DEASSIGN;
    EXPECT(ioeventfd(client, args) == 0);
    EXPECT(ioeventfd(client, args) == 0);
    EXPECT(ioeventfd(client, args) == 0);
    EXPECT_ERROR(ioeventfd(client, args), ENOENT);
    EXPECT(counter("ioeventfds") == 0);
    EXPECT(ioeventfd(client, good) == 0); /* left for the end of the VM */
    (void)close(fd);
}

/* REQ-HSM-008 */
static void irqfds_are_checked(const struct client *client)
{
    int fd = eventfd(0U, EFD_CLOEXEC);

    EXPECT_ERROR(irqfd(client, -1, 0U), EBADF);
    EXPECT_ERROR(irqfd(client, client->fd, 0U), EINVAL);
    EXPECT_ERROR(irqfd(client, fd, 2U), EINVAL);
    EXPECT_ERROR(irqfd(client, fd, ACRN_IRQFD_FLAG_DEASSIGN), ENOENT);
    EXPECT(irqfd(client, fd, 0U) == 0);
    EXPECT_ERROR(irqfd(client, fd, 0U), EBUSY);
    EXPECT(counter("irqfds") == 1);
    EXPECT(irqfd(client, fd, ACRN_IRQFD_FLAG_DEASSIGN) == 0);
    EXPECT(counter("irqfds") == 0);
    EXPECT(irqfd(client, fd, 0U) == 0);
    EXPECT(eventfd_write(fd, 1U) == 0); /* whatever the hypervisor thinks of the interrupt */
    (void)close(fd);
    EXPECT(counter_becomes("irqfds", 0));
    fd = eventfd(1U, EFD_CLOEXEC); /* signalled before it is assigned */
    EXPECT(irqfd(client, fd, 0U) == 0); /* left for the end of the VM */
}

/* REQ-HSM-008 */
static void many_come_and_go(const struct client *client)
{
    for (unsigned int i = 0U; i < 200U; i++) {
        int fd = eventfd(0U, EFD_CLOEXEC);
        struct acrn_ioeventfd args = { .fd = (uint32_t)fd, .addr = 0xe0000000U + (8U * i), .len = 8U };
        if (irqfd(client, fd, 0U) != 0 || ioeventfd(client, args) != 0 || eventfd_write(fd, 1U) != 0) {
            check(false, "many eventfds", errno);
        }
        (void)close(fd);
    }
    /* An ioeventfd holds the eventfd itself but not its file: irqfds end with the file. */
    EXPECT(counter_becomes("irqfds", 1));
}

void test_eventfds(void)
{
    struct client client;

    if (client_open(&client)) {
        ioeventfds_are_checked(&client);
        irqfds_are_checked(&client);
        many_come_and_go(&client);
        client_close(&client);
    }
}
