/* SPDX-License-Identifier: Apache-2.0 */
/* Between a network device and what carries its frames (net_link.c), and the command line of both. */
#ifndef DM_NET_H
#define DM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dm/loop.h"

#define NET_MAC_SIZE  6U
#define NET_PATH_SIZE 108U  /* of a Unix socket's address, with its end */
#define NET_FRAME_MIN 14U   /* addresses and type */
#define NET_FRAME_MAX 1518U /* and 1500 bytes, and a VLAN tag; no checksum */

/* Who has the frames that arrive. All on the loop's thread, never from within send(). */
struct net_user {
    void (*receive)(void *owner, const uint8_t *frame, size_t size); /* NET_FRAME_MIN to NET_FRAME_MAX */
    void (*received)(void *owner);                                   /* no other waits at this moment */
    void (*carrier)(void *owner, bool up);                           /* it is down at first */
    void *owner;
};

struct net_backend {
    int (*attach)(void *state, struct loop *loop, const struct net_user *user); /* 0 or -errno */
    /* On the loop's thread. Never waits; false: the frame is lost. */
    bool (*send)(void *state, const uint8_t *frame, size_t size);
    void *state;
};

/* As the command line has it. */
struct net_option {
    char path[NET_PATH_SIZE];
    uint8_t mac[NET_MAC_SIZE];
    bool has_mac; /* else net_default_mac() */
};

/* link:PATH or link:PATH,mac=XX:XX:XX:XX:XX:XX. NULL, or what is wrong, in words. */
const char *net_parse(const char *text, struct net_option *option);
/* Locally administered; of one VM they all differ, and so do those of VMs with different names, but by bad luck. */
void net_default_mac(const char *vm_name, unsigned number, uint8_t mac[NET_MAC_SIZE]);

#endif
