/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Ethernet link to another bhdm: a Unix socket of type SOCK_SEQPACKET, one message a frame. Who comes first listens at the path,
 * the other one connects; when one leaves, the one that stays waits for the next, listening itself if it did not. The link is up
 * while both have said that they speak this protocol. The peer is not trusted, and nothing here waits for it.
 */
#ifndef DM_NET_LINK_H
#define DM_NET_LINK_H

#include <sys/types.h>

#include "dm/net.h"

#define NET_LINK_RETRY_MS 200 /* from the loss of a peer to the next attempt: so often at most the carrier changes */

/* One of three is so: the timer runs, the listener is watched, or there is a connection. */
struct net_link {
    struct net_backend backend;
    char path[NET_PATH_SIZE];
    int fd;       /* the connection, or -1 */
    int listener; /* or -1 */
    int timer;
    bool up;
    bool complained;      /* of why there is no connection, since there last was one */
    dev_t device;         /* of the listener's file: what to remove */
    ino_t inode;
    struct loop *loop;    /* NULL: not attached */
    struct net_user user;
    struct loop_source fd_source, listener_source, timer_source;
    uint64_t sent, received;
    uint64_t not_taken;   /* sent, but the peer's end was full, or nobody was there */
    uint64_t bad;         /* received, of a size that no frame has */
};

/* Takes the path: 0, or -errno: -EEXIST something else than a link's socket is there. */
int net_link_open(struct net_link *self, const char *path);
void net_link_close(struct net_link *self); /* after the loop's end; removes the path, if it is ours */

#endif
