/* SPDX-License-Identifier: BSD-3-Clause */
/* The line of CLIENT LIST: each flag, addresses of every kind, texts that are there or absent.
 * Owner: each test. Locks: none. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "sherd/net/registry.h"

static struct client_view view;
static struct buffer line;

static void set_inet(struct sockaddr_storage *storage, const char *address, uint16_t port)
{
    struct sockaddr_in *inet = (struct sockaddr_in *)storage;
    inet->sin_family = AF_INET;
    inet->sin_port = htons(port);
    cr_assert_eq(inet_pton(AF_INET, address, &inet->sin_addr), 1);
}

static void setup(void)
{
    view = (struct client_view){
        .id = 7, .fd = 12, .resp = 2, .queued = -1, .created_ms = 1000, .active_ms = 4000, .counted_bytes = 100};
    set_inet(&view.peer, "10.0.0.1", 50000);
    set_inet(&view.local, "127.0.0.1", 6379);
    buffer_init(&line);
}

static void teardown(void)
{
    buffer_deinit(&line);
    client_view_deinit(&view);
}

TestSuite(client_view, .init = setup, .fini = teardown);

static const char *print(int64_t now_ms)
{
    line.len = 0;
    client_view_print(&view, now_ms, &line);
    buffer_append(&line, "", 1);
    return line.data;
}

/* Has the line such a field, whole? */
static bool has(const char *field)
{
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted), " %s ", field);
    (void)print(9999);
    line.len--;
    buffer_append(&line, " ", 2);
    return strstr(line.data, wanted) != NULL;
}

static struct blob *blob_of(const char *text)
{
    return blob_from_slice(slice_from_text(text));
}

Test(client_view, shows_all_fields_of_redis_in_their_order)
{
    cr_assert_str_eq(print(9999),
                     "id=7 addr=10.0.0.1:50000 laddr=127.0.0.1:6379 fd=12 name= age=8 idle=5 flags=N db=0 sub=0 psub=0 "
                     "ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 "
                     "tot-mem=100 events=r cmd=NULL user=default redir=-1 resp=2 lib-name= lib-ver=");
}

Test(client_view, ages_are_whole_seconds_of_the_clock)
{
    view.created_ms = 1999;
    view.active_ms = 2000;
    cr_assert_not_null(strstr(print(2000), " age=1 idle=0 "));
}

Test(client_view, shows_addresses_of_six_in_brackets)
{
    struct sockaddr_in6 *inet = (struct sockaddr_in6 *)&view.peer;
    *inet = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_addr = in6addr_loopback};
    cr_assert(has("addr=[::1]:80"));
}

Test(client_view, shows_the_path_of_a_socket_for_both_addresses)
{
    struct sockaddr_un *local = (struct sockaddr_un *)&view.local;
    local->sun_family = AF_UNIX;
    (void)snprintf(local->sun_path, sizeof(local->sun_path), "/run/s");
    view.peer.ss_family = AF_UNIX;
    view.is_unix = true;
    cr_assert(has("addr=/run/s:0"));
    cr_assert(has("laddr=/run/s:0"));
    cr_assert(has("flags=U"));
}

Test(client_view, a_subscriber_has_the_flag_whatever_it_subscribed_to)
{
    view.subscriptions[SUBSCRIPTION_SHARD] = 3;
    cr_assert(has("flags=P"));
    cr_assert(has("ssub=3"));
    cr_assert(client_view_subscribes(&view));
}

Test(client_view, an_open_transaction_has_the_flag_before_anything_is_queued)
{
    view.queued = 0;
    view.touched = true;
    cr_assert(has("flags=xd"));
    cr_assert(has("multi=0"));
}

Test(client_view, a_client_that_waits_or_is_postponed_is_blocked)
{
    view.is_blocked = true;
    cr_assert(has("flags=b"));
    view.is_blocked = false;
    view.flags = SESSION_POSTPONED;
    cr_assert(has("flags=b"));
}

Test(client_view, flags_stand_in_the_order_of_redis)
{
    view.flags = SESSION_NO_TOUCH | SESSION_NO_EVICT | SESSION_CLOSING | SESSION_MONITOR;
    cr_assert(has("flags=OceT"));
}

Test(client_view, a_redirection_is_shown_only_while_it_tracks)
{
    view.redirect = 42;
    cr_assert(has("redir=-1"));
    view.tracking = SESSION_SHOWS_TRACKING;
    cr_assert(has("redir=42"));
    cr_assert(has("flags=t"));
}

Test(client_view, texts_count_as_memory_of_the_client)
{
    view.texts[SESSION_NAME] = blob_of("worker-1");
    view.texts[SESSION_LIBRARY_NAME] = blob_of("lib");
    view.texts[SESSION_LIBRARY_VERSION] = blob_of("1.2");
    view.texts[SESSION_USER] = blob_of("alice");
    cr_assert(has("name=worker-1"));
    cr_assert(has("user=alice"));
    cr_assert(has("lib-name=lib"));
    cr_assert(has("lib-ver=1.2"));
    cr_assert_not(has("tot-mem=100"));
}

Test(client_view, who_waits_for_its_socket_shows_that_it_would_write)
{
    view.is_writing = true;
    view.output_bytes = 5000;
    view.output_inserts = 2;
    cr_assert(has("events=rw"));
    cr_assert(has("oll=2"));
    cr_assert(has("omem=5000"));
}

Test(client_view, a_list_finds_a_client_by_its_id_alone)
{
    struct client_view views[] = {{.id = 2}, {.id = 3}, {.id = 9}};
    const struct client_list list = {.clients = views, .count = ARRAY_LENGTH(views)};
    cr_assert_eq(client_list_find(&list, 2), &views[0]);
    cr_assert_eq(client_list_find(&list, 9), &views[2]);
    cr_assert_null(client_list_find(&list, 1));
    cr_assert_null(client_list_find(&list, 4));
    cr_assert_null(client_list_find(&list, UINT64_MAX));
}
