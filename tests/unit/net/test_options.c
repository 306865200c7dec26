/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of the network as CONFIG SET and a file give them: what they mean in the fields, what is refused.
 * Owner: each test. Locks: none. */
#include "sherd/net/options.h"

#include <criterion/criterion.h>

#include "sherd/config/config.h"

static struct config *config;
static struct buffer text;

static void setup(void)
{
    const struct option_section section = {
        .room = "net", .rows = net_option_rows, .count = net_option_count, .options_bytes = sizeof(struct net_options)};
    config = config_create(&section, 1, &(struct config_hooks){0});
    buffer_init(&text);
}

static void teardown(void)
{
    buffer_deinit(&text);
    config_destroy(config);
}

TestSuite(net_options, .init = setup, .fini = teardown);

static const struct net_options *options(void)
{
    return config_section(config_current(config), 1);
}

/* CONFIG SET; what is wrong, or "". */
static const char *set(const char *name, const char *value)
{
    const struct slice pair[] = {slice_from_text(name), slice_from_text(value)};
    text.len = 0;
    bool done = config_set(config, pair, 1, true, &text);
    buffer_append(&text, "", 1);
    cr_expect_eq(done, text.len == 1);
    return text.data;
}

/* The reason alone of what is wrong. */
static const char *refusal(const char *name, const char *value)
{
    const char *error = set(name, value);
    const char *reason = strstr(error, "') - ");
    return reason == NULL ? error : reason + strlen("') - ");
}

static const char *get(const char *name)
{
    struct slice value = {0};
    cr_assert(config_value(config, config_current(config), slice_from_text(name), &value));
    text.len = 0;
    buffer_append_slice(&text, value);
    buffer_append(&text, "", 1);
    return text.data;
}

/* Reads a line of a file, without applying it. */
static void load(const char *line)
{
    text.len = 0;
    cr_assert_eq(config_load_text(config, slice_from_text(line), &text), STATUS_OK, "%.*s", (int)text.len, text.data);
}

Test(net_options, one_class_of_output_limits_leaves_the_others_alone)
{
    cr_assert_str_eq(set("client-output-buffer-limit", "pubsub 1mb 512kb 5"), "");
    const struct output_limits *limits = &options()->output_limits;
    cr_assert_eq(limits->classes[CLIENT_PUBSUB].hard_bytes, 1024 * 1024);
    cr_assert_eq(limits->classes[CLIENT_PUBSUB].soft_bytes, 512 * 1024);
    cr_assert_eq(limits->classes[CLIENT_PUBSUB].soft_seconds, 5);
    cr_assert_eq(limits->classes[CLIENT_REPLICA].hard_bytes, 268435456);
}

Test(net_options, several_classes_of_output_limits_come_in_one_value)
{
    cr_assert_str_eq(set("client-output-buffer-limit", "replica 3 2 1 normal 6 5 4"), "");
    cr_assert_str_eq(get("client-output-buffer-limit"), "normal 6 5 4 slave 3 2 1 pubsub 33554432 8388608 60");
}

Test(net_options, a_class_named_twice_keeps_what_came_last)
{
    cr_assert_str_eq(set("client-output-buffer-limit", "normal 1 1 1 normal 2 2 2"), "");
    cr_assert_eq(options()->output_limits.classes[CLIENT_NORMAL].hard_bytes, 2);
}

Test(net_options, output_limits_want_groups_of_four_words)
{
    const char *reason = "Wrong number of arguments in buffer limit configuration.";
    cr_assert_str_eq(refusal("client-output-buffer-limit", "normal 1 1"), reason);
    cr_assert_str_eq(refusal("client-output-buffer-limit", ""), reason);
}

Test(net_options, output_limits_know_three_classes_alone)
{
    cr_assert_str_eq(refusal("client-output-buffer-limit", "master 1 1 1"),
                     "Invalid client class specified in buffer limit configuration.");
}

Test(net_options, output_limits_refuse_what_is_no_amount_or_time)
{
    const char *reason = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    cr_assert_str_eq(refusal("client-output-buffer-limit", "normal -1 0 0"), reason);
    cr_assert_str_eq(refusal("client-output-buffer-limit", "normal 0 1x 0"), reason);
    cr_assert_str_eq(refusal("client-output-buffer-limit", "normal 0 0 -1"), reason);
    cr_assert_str_eq(refusal("client-output-buffer-limit", "normal 9223372036854775808 0 0"), reason);
}

Test(net_options, a_wrong_group_behind_a_good_one_changes_nothing)
{
    cr_assert_str_neq(set("client-output-buffer-limit", "normal 7 7 7 pubsub 1 1 x"), "");
    cr_assert_eq(options()->output_limits.classes[CLIENT_NORMAL].hard_bytes, 0);
}

Test(net_options, an_address_with_a_dash_need_not_be_available)
{
    load("bind 127.0.0.1 -::1");
    const struct net_bind *bind = &options()->bind;
    cr_assert_eq(bind->count, 2);
    cr_assert_not(bind->addresses[0].optional);
    cr_assert_str_eq(bind->addresses[0].address, "127.0.0.1");
    cr_assert(bind->addresses[1].optional);
    cr_assert_str_eq(bind->addresses[1].address, "::1");
}

Test(net_options, more_than_sixteen_addresses_are_refused)
{
    cr_assert_str_eq(refusal("bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"),
                     "Too many bind addresses specified.");
    cr_assert_eq(options()->bind.count, 2, "the default stands");
}

Test(net_options, an_address_too_long_is_refused_instead_of_cut)
{
    char address[NET_ADDRESS_BYTES + 1];
    memset(address, '1', NET_ADDRESS_BYTES);
    address[NET_ADDRESS_BYTES] = '\0';
    cr_assert_str_eq(refusal("bind", address), "Bind address too long");
}

Test(net_options, a_share_of_memory_for_clients_is_kept_as_a_share)
{
    load("maxmemory-clients 5%");
    cr_assert_eq(options()->maxmemory_clients, -5);
    cr_assert_str_eq(get("maxmemory-clients"), "5%");
    load("maxmemory-clients 1gb");
    cr_assert_eq(options()->maxmemory_clients, 1024 * 1024 * 1024);
}

Test(net_options, more_than_the_whole_memory_for_clients_is_refused)
{
    cr_assert_str_neq(set("maxmemory-clients", "101%"), "");
    cr_assert_eq(options()->maxmemory_clients, 0);
}

Test(net_options, arguments_may_not_be_bound_below_a_mebibyte)
{
    cr_assert_str_eq(refusal("proto-max-bulk-len", "1048575"),
                     "argument must be between 1048576 and 9223372036854775807 inclusive");
    load("proto-max-bulk-len 1mb");
    cr_assert_eq(options()->bulk_max_bytes, 1048576);
}

Test(net_options, the_mode_of_a_socket_is_octal)
{
    load("unixsocketperm 700");
    cr_assert_eq(options()->unixsocket_permissions, 0700);
    text.len = 0;
    cr_assert_neq(config_load_text(config, SLICE_LITERAL("unixsocketperm 778"), &text), STATUS_OK);
}

Test(net_options, what_is_fixed_at_the_start_is_refused_later)
{
    cr_assert_str_eq(refusal("threads", "2"), "can't set immutable config");
    cr_assert_str_eq(refusal("tcp-backlog", "2"), "can't set immutable config");
}

Test(net_options, an_empty_password_is_none)
{
    load("requirepass secret");
    cr_assert(slice_equals(options()->requirepass, SLICE_LITERAL("secret")));
    load("requirepass \"\"");
    cr_assert_eq(options()->requirepass.len, 0);
}
