/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves how the log fills a ring (hv/core/log.c, core/ring.h): a byte goes into a free slot or is counted as lost, and no byte that
 * was not read yet changes. The drainer runs on another core: it moves the tail forward, up to the head and never further, so that
 * what is free here stays free (A-RING); therefore the variables stand still here.
 */
#define volatile
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/ring.h"
#include "core/stats.h"

static char log_ring[MAX_PCPU][4096];
static uint32_t log_head[MAX_PCPU];
static uint32_t log_tail[MAX_PCPU];
static uint32_t log_at[MAX_PCPU];
static uint32_t log_used[MAX_PCPU];
static uint64_t log_lost[MAX_PCPU];

/*@ logic integer distance(integer from, integer to) = (4294967296 + to - from) % 4294967296;
    logic integer slot_after(integer at, integer i) = ((at + i) % 4294967296) % 4096;
    predicate ring_ok{L}(integer core) = distance(log_tail[core], log_at[core]) <= 4096;
    predicate takes{L}(integer core) = distance(log_tail[core], log_at[core]) < 4096 && log_used[core] < 240;

    // What core/ring.h computes is right for positions as they would be without an end.
    lemma distance_counts: \forall integer f, t; 0 <= f <= t < f + 4294967296 ==> distance(f % 4294967296, t % 4294967296) == t - f;
    lemma next_counts: \forall integer n; 0 <= n ==> (n % 4294967296 + 1) % 4294967296 == (n + 1) % 4294967296;
    lemma slot_counts: \forall integer n; 0 <= n ==> (n % 4294967296) % 4096 == n % 4096;
    lemma slots_differ: \forall integer a, b; 0 <= a < b < a + 4096 ==> a % 4096 != b % 4096;
    lemma slot_of_sum: \forall integer at, i; 0 <= at && 0 <= i ==> slot_after(at, i) == (at + i) % 4096;
    lemma at_slot: \forall integer from, to; 0 <= from < 4294967296 && 0 <= to < 4294967296 ==>
      to % 4096 == (from + distance(from, to)) % 4096;
    // The next slot to fill is none of those between the tail and the position.
    lemma unread_apart: \forall integer from, to, i; 0 <= from < 4294967296 && 0 <= to < 4294967296 && distance(from, to) < 4096 &&
      0 <= i < distance(from, to) ==> slot_after(from, i) != to % 4096;
    lemma distance_next: \forall integer from, to; 0 <= from < 4294967296 && 0 <= to < 4294967296 && distance(from, to) < 4294967295 ==>
      distance(from, (to + 1) % 4294967296) == distance(from, to) + 1; */

/* proves REQ-RT-007 */
/*@ requires core < MAX_PCPU && ring_ok(core);
    assigns log_ring[core][0 .. 4095], log_at[core], log_used[core], log_lost[core];
    exits \false;
    ensures ok: ring_ok(core);
    ensures taken: \old(takes(core)) ==> log_at[core] == (\old(log_at[core]) + 1) % 4294967296 &&
      log_ring[core][\old(log_at[core]) % 4096] == c && log_lost[core] == \old(log_lost[core]);
    ensures lost: !\old(takes(core)) ==> log_at[core] == \old(log_at[core]) &&
      (\old(log_lost[core]) < 0xFFFFFFFFFFFFFFFF ==> log_lost[core] == \old(log_lost[core]) + 1);
    ensures kept: \forall integer i; 0 <= i < distance(log_tail[core], \old(log_at[core])) ==>
      log_ring[core][slot_after(log_tail[core], i)] == \old(log_ring[core][slot_after(log_tail[core], i)]); */
static void log_put(pcpu_id_t core, char c);

#include "core/log.c"
