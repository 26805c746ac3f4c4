/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of a link over real sockets, and peers that are dead, strange or hostile.
 * unit-sources: /dm/net_link.c /dm/loop.c /dm/log.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "dm/log.h"
#include "dm/net_link.h"

#define LONG_MS 10000 /* for what comes */
#define NO_MS   0     /* for what does not */

struct end {
    struct net_link link;
    struct loop loop;
    unsigned frames, batches, ups, downs;
    size_t last_size;
    uint8_t last[NET_FRAME_MAX];
};

static char folder[] = "/tmp/test_dm_net_link.XXXXXX";
static char path[NET_PATH_SIZE];
static struct end a, b;

static void receive(void *owner, const uint8_t *frame, size_t size)
{
    struct end *end = owner;

    end->frames++;
    end->last_size = size;
    memcpy(end->last, frame, size);
}

static void received(void *owner) { ((struct end *)owner)->batches++; }

static void carrier(void *owner, bool up)
{
    struct end *end = owner;

    end->ups += up ? 1U : 0U;
    end->downs += up ? 0U : 1U;
}

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_dm_net_link.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/link", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(folder); /* the path is gone */
}

static void begin(struct end *end)
{
    *end = (struct end){0};
    assert_int_equal(loop_create(&end->loop), 0);
    assert_int_equal(net_link_open(&end->link, path), 0);
    assert_int_equal(end->link.backend.attach(&end->link, &end->loop, &(struct net_user){receive, received, carrier, end}), 0);
}

static void finish(struct end *end)
{
    loop_destroy(&end->loop);
    net_link_close(&end->link);
}

/* As when its process is killed: all descriptors are closed, and nothing else. */
static void kill_end(struct end *end)
{
    loop_destroy(&end->loop);
    close(end->link.timer);
    if (end->link.listener >= 0) {
        close(end->link.listener);
    }
    if (end->link.fd >= 0) {
        close(end->link.fd);
    }
}

/* One event of a loop, or NULL after a while. */
static const struct loop_source *turn(struct end *end, int wait_ms)
{
    struct epoll_event event;
    struct loop_source *source = NULL;

    if (epoll_wait(end->loop.epoll, &event, 1, wait_ms) == 1) {
        source = event.data.ptr;
        source->ready(source->owner, event.events);
    }
    return source;
}

/* Until something is so. */
#define TURN_UNTIL(end, condition)                   \
    for (unsigned i_ = 0; i_ < 100U && !(condition); i_++) { \
        assert_non_null(turn(end, LONG_MS));         \
    }                                                \
    assert_true(condition)

static void turn_until_up(struct end *one, struct end *other)
{
    for (unsigned i = 0; i < 100U && !(one->link.up && other->link.up); i++) {
        (void)turn(one, 50);
        (void)turn(other, 50);
    }
    assert_true(one->link.up && other->link.up);
}

static void settle(struct end *end)
{
    unsigned turns = 0;

    while (turn(end, NO_MS) != NULL) {
        turns++;
        assert_true(turns < 10000U);
    }
}

static bool send_from(struct end *end, size_t size, char content)
{
    uint8_t frame[NET_FRAME_MAX];

    memset(frame, content, sizeof(frame));
    return end->link.backend.send(&end->link, frame, size);
}

/* A process of another make at the other end: a socket that is connected. */
static int strange_client(int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, path, sizeof(path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int strange_listener(int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, path, sizeof(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* REQ-DM-018 */
static void frames_go_both_ways(void **state)
{
    (void)state;
    begin(&a);
    assert_true(a.link.listener >= 0);
    assert_false(send_from(&a, 60, 'x')); /* nobody there */
    begin(&b);
    assert_true(b.link.listener < 0);
    turn_until_up(&a, &b);
    assert_true(send_from(&a, NET_FRAME_MIN, 'a'));
    assert_true(send_from(&a, NET_FRAME_MAX, 'A'));
    assert_true(send_from(&b, 60, 'b'));
    settle(&a);
    settle(&b);
    assert_int_equal(b.frames, 2);
    assert_int_equal(b.last_size, NET_FRAME_MAX);
    assert_int_equal(b.last[NET_FRAME_MAX - 1U], 'A');
    assert_int_equal(a.frames, 1);
    assert_int_equal(a.last_size, 60);
    assert_int_equal(a.ups + b.ups, 2);
    assert_int_equal(a.link.sent, 2);
    assert_int_equal(b.link.received, 2);
    assert_int_equal(a.link.not_taken, 1);
    assert_true(b.batches >= 1U);
    finish(&b);
    finish(&a);
}

/* REQ-DM-018 */
static void the_one_who_listens_leaves_and_comes_back(void **state)
{
    (void)state;
    begin(&a);
    begin(&b);
    turn_until_up(&a, &b);
    for (unsigned i = 1; i <= 3U; i++) {
        struct end *gone = (i % 2U == 1U) ? &a : &b;
        struct end *stays = (i % 2U == 1U) ? &b : &a;
        unsigned downs = stays->downs;

        assert_true(gone->link.listener >= 0);
        finish(gone);
        assert_int_equal(access(path, F_OK), -1);
        settle(stays);
        assert_int_equal(stays->downs, downs + 1U);
        assert_false(stays->link.up);
        TURN_UNTIL(stays, stays->link.listener >= 0);
        begin(gone);
        turn_until_up(&a, &b);
        assert_true(send_from(gone, 60, 'x'));
    }
    finish(&a);
    finish(&b);
}

/* REQ-DM-018 */
static void the_one_who_connects_leaves_and_comes_back(void **state)
{
    (void)state;
    begin(&a);
    for (unsigned i = 1; i <= 3U; i++) {
        begin(&b);
        turn_until_up(&a, &b);
        assert_int_equal(a.ups, i);
        finish(&b);
        settle(&a);
        assert_int_equal(a.downs, i);
    }
    finish(&a);
}

/* REQ-DM-018 */
static void a_stale_file_of_a_killed_process_is_replaced(void **state)
{
    (void)state;
    begin(&a);
    kill_end(&a);
    assert_int_equal(access(path, F_OK), 0);
    begin(&b);
    assert_true(b.link.listener >= 0);
    begin(&a);
    turn_until_up(&a, &b);
    kill_end(&b);
    TURN_UNTIL(&a, a.link.listener >= 0);
    begin(&b);
    turn_until_up(&a, &b);
    finish(&a);
    finish(&b);
}

/* REQ-DM-018 */
static void others_files_and_sockets_are_left_alone(void **state)
{
    struct net_link link;
    struct stat status;
    int fd;

    (void)state;
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(net_link_open(&link, path), -EEXIST);
    assert_int_equal(stat(path, &status), 0);
    unlink(path);
    assert_int_equal(symlink("/nonexistent", path), 0);
    assert_int_equal(net_link_open(&link, path), -EEXIST);
    unlink(path);
    fd = strange_listener(SOCK_STREAM);
    assert_int_equal(net_link_open(&link, path), -EPROTOTYPE);
    close(fd);
    unlink(path);
    assert_int_equal(net_link_open(&link, "/nonexistent/link"), -ENOENT);
}

/* REQ-DM-018 */
static void two_do_not_replace_a_file_at_once(void **state)
{
    int other = open(folder, O_RDONLY | O_DIRECTORY);

    (void)state;
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    begin(&a); /* waits for its turn without waiting */
    assert_true(a.link.listener < 0);
    assert_ptr_equal(turn(&a, LONG_MS), &a.link.timer_source);
    assert_true(a.link.listener < 0);
    close(other);
    TURN_UNTIL(&a, a.link.listener >= 0);
    finish(&a);
}

/* REQ-DM-018 */
static void the_path_of_another_is_not_removed(void **state)
{
    (void)state;
    begin(&a);
    unlink(path);
    begin(&b); /* has the path now */
    finish(&a);
    assert_int_equal(access(path, F_OK), 0);
    finish(&b);
}

/* REQ-DM-018 */
static void a_third_one_waits_without_a_carrier(void **state)
{
    struct end c;

    (void)state;
    begin(&a);
    begin(&b);
    turn_until_up(&a, &b);
    begin(&c);
    settle(&a);
    settle(&c);
    assert_false(c.link.up);
    assert_int_equal(a.downs, 0);
    finish(&b);
    settle(&a);
    turn_until_up(&a, &c);
    finish(&c);
    finish(&a);
}

/* REQ-DM-018 */
static void a_peer_that_does_not_read_stops_nobody(void **state)
{
    unsigned taken = 0;

    (void)state;
    begin(&a);
    begin(&b);
    turn_until_up(&a, &b);
    while (taken < 100000U && send_from(&a, NET_FRAME_MAX, 'f')) {
        taken++;
    }
    assert_true(taken > 0U && taken < 100000U);
    assert_int_equal(a.link.not_taken, 1);
    settle(&b); /* in several turns of its loop */
    assert_int_equal(b.frames, taken);
    assert_true(b.batches > taken / 64U);
    assert_true(send_from(&a, 60, 'x'));
    finish(&a);
    finish(&b);
}

/* REQ-DM-018 */
static void what_was_sent_before_the_end_arrives(void **state)
{
    (void)state;
    begin(&a);
    begin(&b);
    turn_until_up(&a, &b);
    for (unsigned i = 0; i < 70U; i++) {
        assert_true(send_from(&b, 60, 'x'));
    }
    finish(&b);
    settle(&a);
    assert_int_equal(a.frames, 70);
    assert_int_equal(a.downs, 1);
    finish(&a);
}

/* REQ-DM-018 */
static void frames_of_bad_size_are_dropped(void **state)
{
    static const uint8_t zeros[70000];
    static const size_t sizes[] = {0, 1, 9, NET_FRAME_MIN - 1U, NET_FRAME_MAX + 1U, 70000};
    int fd;

    (void)state;
    begin(&a);
    fd = strange_client(SOCK_SEQPACKET);
    assert_int_equal(send(fd, "bhlink 1", 9, 0), 9);
    settle(&a);
    assert_true(a.link.up);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(send(fd, zeros, sizes[i], 0), sizes[i]);
        settle(&a);
    }
    assert_int_equal(a.frames, 0);
    assert_int_equal(a.link.bad, 5); /* an empty one is nothing */
    assert_int_equal(send(fd, zeros, NET_FRAME_MIN, 0), NET_FRAME_MIN);
    settle(&a);
    assert_int_equal(a.frames, 1);
    assert_int_equal(a.downs, 0);
    close(fd);
    settle(&a);
    assert_int_equal(a.downs, 1);
    finish(&a);
}

/* REQ-DM-018 */
static void one_that_does_not_greet_has_no_carrier(void **state)
{
    static const uint8_t zeros[100];
    int fd;

    (void)state;
    begin(&a);
    fd = strange_client(SOCK_SEQPACKET);
    settle(&a);
    assert_int_equal(send(fd, zeros, 60, 0), 60);
    assert_int_equal(send(fd, "bhlink 2", 9, 0), 9);
    settle(&a);
    assert_int_equal(a.ups + a.frames, 0);
    assert_int_equal(a.link.bad, 2);
    close(fd);
    settle(&a);
    assert_int_equal(a.downs, 0);
    begin(&b); /* and the next one has */
    turn_until_up(&a, &b);
    finish(&b);
    finish(&a);
}

/* REQ-DM-018 */
static void one_that_comes_and_goes_changes_the_carrier_only_so_often(void **state)
{
    (void)state;
    begin(&a);
    for (unsigned i = 0; i < 2U; i++) {
        int fd = strange_client(SOCK_SEQPACKET);

        assert_int_equal(send(fd, "bhlink 1", 9, 0), 9);
        close(fd);
    }
    TURN_UNTIL(&a, a.downs == 1U);
    assert_ptr_equal(turn(&a, LONG_MS), &a.link.timer_source); /* before the next one is let in */
    assert_int_equal(a.ups, 1);
    TURN_UNTIL(&a, a.downs == 2U);
    assert_int_equal(a.ups, 2);
    finish(&a);
}

/* REQ-DM-018 */
static void half_an_end_is_an_end(void **state)
{
    int fd;

    (void)state;
    begin(&a);
    fd = strange_client(SOCK_SEQPACKET);
    assert_int_equal(send(fd, "bhlink 1", 9, 0), 9);
    settle(&a);
    assert_true(a.link.up);
    shutdown(fd, SHUT_WR);
    settle(&a);
    assert_false(a.link.up);
    close(fd);
    finish(&a);
}

/* REQ-DM-018 */
static void a_listener_that_is_busy_is_asked_again(void **state)
{
    int listener, first, second;

    (void)state;
    listener = strange_listener(SOCK_SEQPACKET);
    first = strange_client(SOCK_SEQPACKET);
    second = strange_client(SOCK_SEQPACKET);
    begin(&a); /* its queue is full */
    assert_true(a.link.fd < 0 && a.link.listener < 0);
    close(accept(listener, NULL, NULL));
    TURN_UNTIL(&a, a.link.fd >= 0);
    close(first);
    close(second);
    close(listener);
    unlink(path);
    finish(&a);
}

static void a_folder_that_vanishes_is_said_once(void **state)
{
    char elsewhere[NET_PATH_SIZE];

    (void)state;
    snprintf(elsewhere, sizeof(elsewhere), "%.90s-2", folder);
    begin(&a);
    begin(&b);
    turn_until_up(&a, &b);
    finish(&a);
    assert_int_equal(rename(folder, elsewhere), 0);
    TURN_UNTIL(&b, b.link.complained);
    assert_non_null(turn(&b, LONG_MS));
    assert_int_equal(rename(elsewhere, folder), 0);
    begin(&a);
    turn_until_up(&a, &b);
    assert_false(b.link.complained);
    finish(&a);
    finish(&b);
}

/* Programs read of the carrier in the events. */
static void changes_are_events(void **state)
{
    char events[NET_PATH_SIZE + 16U], text[1024] = "";
    FILE *file;

    (void)state;
    snprintf(events, sizeof(events), "%s.events", path);
    assert_int_equal(events_open(events, "user1"), 0);
    begin(&a);
    begin(&b);
    turn_until_up(&a, &b);
    assert_true(send_from(&a, 60, 'x'));
    finish(&b);
    settle(&a);
    finish(&a);
    events_close();
    file = fopen(events, "r");
    assert_true(fread(text, 1, sizeof(text) - 1U, file) > 0U);
    fclose(file);
    unlink(events);
    assert_non_null(strstr(text, "\"event\":\"link up\",\"path\":\""));
    assert_non_null(strstr(text, "\"sent\":1,\"received\":0,\"not_taken\":0,\"bad\":0}"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_go_both_ways), TEST(the_one_who_listens_leaves_and_comes_back), TEST(the_one_who_connects_leaves_and_comes_back),
        TEST(a_stale_file_of_a_killed_process_is_replaced), TEST(others_files_and_sockets_are_left_alone),
        TEST(two_do_not_replace_a_file_at_once), TEST(the_path_of_another_is_not_removed), TEST(a_third_one_waits_without_a_carrier),
        TEST(a_peer_that_does_not_read_stops_nobody), TEST(what_was_sent_before_the_end_arrives), TEST(frames_of_bad_size_are_dropped),
        TEST(one_that_does_not_greet_has_no_carrier), TEST(one_that_comes_and_goes_changes_the_carrier_only_so_often),
        TEST(half_an_end_is_an_end), TEST(a_listener_that_is_busy_is_asked_again), TEST(a_folder_that_vanishes_is_said_once),
        TEST(changes_are_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
