/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/net.h"

#include <stdlib.h>
#include <string.h>
#include <ctype.h>

#define LINK         "link:"
#define MAC          ",mac="
#define MAC_TEXT     17U   /* XX:XX:XX:XX:XX:XX */
#define MAC_GROUP    0x01U /* of the first byte: IEEE 802, I/G bit */
#define MAC_LOCAL    0x02U /* U/L bit */
#define FNV_BASIS    0xCBF29CE484222325ULL
#define FNV_PRIME    0x100000001B3ULL

static bool parse_mac(const char *text, uint8_t mac[NET_MAC_SIZE])
{
    bool valid = strlen(text) == MAC_TEXT;

    for (unsigned i = 0; i < NET_MAC_SIZE && valid; i++) {
        const char *digits = text + 3U * i;

        valid = isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1]) &&
                digits[2] == ((i + 1U < NET_MAC_SIZE) ? ':' : '\0');
        mac[i] = valid ? (uint8_t)strtoul(digits, NULL, 16) : 0U;
    }
    return valid;
}

static bool is_station(const uint8_t mac[NET_MAC_SIZE])
{
    static const uint8_t none[NET_MAC_SIZE];

    return (mac[0] & MAC_GROUP) == 0U && memcmp(mac, none, sizeof(none)) != 0;
}

/* It goes into JSON: nothing that would need quoting there. */
static bool is_plain(const char *path)
{
    bool plain = path[0] != '\0';

    for (const char *at = path; *at != '\0' && plain; at++) {
        plain = *at != '"' && *at != '\\' && (unsigned char)*at >= ' ';
    }
    return plain;
}

/* REQ-DM-017 */
const char *net_parse(const char *text, struct net_option *option)
{
    bool known = strncmp(text, LINK, strlen(LINK)) == 0;
    const char *path = known ? text + strlen(LINK) : "";
    const char *mac = strstr(path, MAC);
    size_t length = (mac != NULL) ? (size_t)(mac - path) : strlen(path);
    const char *problem = NULL;

    *option = (struct net_option){.has_mac = mac != NULL};
    if (length < sizeof(option->path)) {
        memcpy(option->path, path, length);
    }
    if (!known || !is_plain(option->path)) {
        problem = "write link:PATH or link:PATH,mac=XX:XX:XX:XX:XX:XX; a path has at most 107 bytes and no quotes";
    } else if (option->has_mac && !parse_mac(mac + strlen(MAC), option->mac)) {
        problem = "a MAC address has six bytes: mac=02:00:00:00:00:01";
    } else if (option->has_mac && !is_station(option->mac)) {
        problem = "that MAC address is a group's or no one's";
    } else {
        /* as it should be */
    }
    return problem;
}

/* FNV-1a. Each step is one-to-one also on the 40 bits that are used, so names that differ in one place always differ here. */
void net_default_mac(const char *vm_name, unsigned number, uint8_t mac[NET_MAC_SIZE])
{
    uint64_t hash = (FNV_BASIS ^ number) * FNV_PRIME;

    for (const char *at = vm_name; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * FNV_PRIME;
    }
    mac[0] = MAC_LOCAL;
    for (unsigned i = 1; i < NET_MAC_SIZE; i++) {
        mac[i] = (uint8_t)(hash >> (8U * (i - 1U)));
    }
}
