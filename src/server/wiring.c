/* SPDX-License-Identifier: BSD-3-Clause */
/* Every room's rows in one place: option sections, command families, guards, hooks. A feature is a room and its lines
 * here.
 * Owner: the server. Locks: none; runs before the threads start. */
#include "sherd/commands/families.h"
#include "sherd/commands/options.h"
#include "sherd/exec/transaction.h"
#include "sherd/net/commands.h"
#include "sherd/net/registry.h"
#include "sherd/observe/commands.h"
#include "sherd/observe/info.h"
#include "sherd/pubsub/commands.h"
#include "sherd/server/commands.h"
#include "sherd/server/options.h"
#include "sherd/server/server.h"
#include "sherd/tracking/commands.h"

static void snapshot_release(void *snapshot)
{
    config_snapshot_free(snapshot);
}

/* Snapshots are replaced by CONFIG SET, on whatever thread, but under the config's lock: so one record serves all. */
static void snapshot_retire(void *context, const struct config_snapshot *old)
{
    struct server *server = context;
    epoch_retire(server->config_epoch, (void *)(uintptr_t)old, snapshot_release);
    epoch_poll(server->config_epoch); /* its record is never inside a section */
}

struct config *server_wire_config(struct server *server)
{
    const struct option_section sections[] = {
        [SLOT_SERVER - 1] = {.room = "server",
                             .rows = server_option_rows,
                             .count = server_option_count,
                             .options_bytes = sizeof(struct server_options),
                             .context = server},
        [SLOT_NET - 1] = {.room = "net",
                          .rows = net_option_rows,
                          .count = net_option_count,
                          .options_bytes = sizeof(struct net_options),
                          .context = &server->net},
        [SLOT_COMMANDS - 1] = {.room = "commands",
                               .rows = commands_option_rows,
                               .count = commands_option_count,
                               .options_bytes = sizeof(struct commands_options),
                               .context = &server->commands_state},
        [SLOT_OBSERVE - 1] = {.room = "observe",
                              .rows = observe_option_rows,
                              .count = observe_option_count,
                              .options_bytes = sizeof(struct observe_options),
                              .context = &server->observe},
        [SLOT_TRACKING - 1] = {.room = "tracking",
                               .rows = tracking_option_rows,
                               .count = tracking_option_count,
                               .options_bytes = sizeof(struct tracking_options),
                               .context = &server->tracking},
        [SLOT_PUBSUB - 1] = {.room = "pubsub",
                             .rows = pubsub_option_rows,
                             .count = pubsub_option_count,
                             .options_bytes = sizeof(struct pubsub_options),
                             .context = &server->pubsub},
    };
    struct config_hooks hooks = {.context = server, .retire = snapshot_retire};
    return config_create(sections, ARRAY_LENGTH(sections), &hooks);
}

/* The sections of INFO in the order of their appearance. */
static void wire_info(struct server *server)
{
    void *observe = &server->observe;
    const struct info_section sections[] = {
        {"Server", true, info_write_server, observe},
        {"Clients", true, net_info_clients, &server->net},
        {"Clients", true, tracking_info_clients, &server->tracking},
        {"Clients", true, pubsub_info_clients, &server->pubsub},
        {"Memory", true, info_write_memory, observe},
        {"Persistence", true, info_write_persistence, observe},
        {"Stats", true, info_write_stats, observe},
        {"Stats", true, net_info_stats, &server->net},
        {"Stats", true, pubsub_info_stats, &server->pubsub},
        {"Stats", true, tracking_info_stats, &server->tracking},
        {"Replication", true, info_write_replication, observe},
        {"CPU", true, info_write_cpu, observe},
        {"Modules", true, info_write_modules, observe},
        {"Commandstats", false, info_write_commandstats, observe},
        {"Errorstats", true, info_write_errorstats, observe},
        {"Latencystats", false, info_write_latencystats, observe},
        {"Cluster", true, info_write_cluster, observe},
        {"Keyspace", true, info_write_keyspace, observe},
        {0},
    };
    _Static_assert(ARRAY_LENGTH(sections) <= SERVER_INFO_SECTIONS, "more sections than room");
    memcpy(server->info_sections, sections, sizeof(sections));
}

/* What a percentage of maxmemory-clients refers to. */
static int64_t maxmemory_bytes(void *context, const struct config_snapshot *now)
{
    return observe_options(context, now)->maxmemory_bytes;
}

static struct command_table *wire_commands(struct server *server)
{
    const struct command_family families[] = {
        {connection_commands, &server->net},
        {authentication_commands, &server->net},
        {client_commands, &server->net},
        {client_kill_commands, &server->net},
        {tracking_commands, &server->tracking},
        {string_commands, NULL},
        {key_commands, NULL},
        {expire_commands, NULL},
        {move_commands, NULL},
        {migrate_commands, NULL},
        {walk_commands, NULL},
        {object_commands, NULL},
        {flush_commands, &server->commands_state},
        {string_many_commands, NULL},
        {string_range_commands, NULL},
        {counter_commands, NULL},
        {lcs_commands, NULL},
        {bitmap_commands, NULL},
        {bitfield_commands, NULL},
        {bitop_commands, NULL},
        {hyperloglog_commands, &server->commands_state},
        {pfdebug_commands, &server->commands_state},
        {hash_commands, &server->commands_state},
        {hash_many_commands, &server->commands_state},
        {set_commands, &server->commands_state},
        {set_many_commands, &server->commands_state},
        {set_combine_commands, &server->commands_state},
        {sort_commands, &server->commands_state},
        {geo_commands, &server->commands_state},
        {geo_search_commands, &server->commands_state},
        {list_commands, &server->commands_state},
        {list_range_commands, &server->commands_state},
        {list_search_commands, &server->commands_state},
        {list_move_commands, &server->commands_state},
        {list_block_commands, &server->commands_state},
        {hash_expire_commands, &server->commands_state},
        {hash_timed_commands, &server->commands_state},
        {stream_commands, &server->commands_state},
        {stream_range_commands, &server->commands_state},
        {stream_read_commands, &server->commands_state},
        {stream_group_commands, &server->commands_state},
        {stream_claim_commands, &server->commands_state},
        {stream_info_commands, &server->commands_state},
        {transaction_commands, NULL},
        {zset_commands, &server->commands_state},
        {zset_range_commands, &server->commands_state},
        {zset_pop_commands, &server->commands_state},
        {zset_block_commands, &server->commands_state},
        {zset_walk_commands, &server->commands_state},
        {zset_combine_commands, &server->commands_state},
        {config_commands, NULL},
        {command_commands, NULL},
        {info_commands, &server->observe},
        {monitor_commands, &server->observe},
        {slowlog_commands, &server->observe},
        {latency_commands, &server->observe},
        {memory_commands, &server->observe},
        {debug_commands, &server->observe},
        {standby_commands, &server->observe},
        {pubsub_commands, &server->pubsub},
        {server_commands, server},
    };
    return command_table_create(families, ARRAY_LENGTH(families));
}

void server_wire(struct server *server)
{
    server->commands_state = (struct commands_state){.config_slot = SLOT_COMMANDS};
    server->commands = wire_commands(server);
    exec_init(&server->exec, &server->keyspace, &server->epoch, server->config, server->commands);
    exec_add_guard(&server->exec, (struct guard){.session_flags = SESSION_UNAUTHENTICATED,
                                                 .check = net_guard_authentication,
                                                 .context = &server->net});
    exec_add_guard(&server->exec, (struct guard){.session_flags = SESSION_SUBSCRIBED, .check = pubsub_guard});
    pubsub_init(&server->pubsub, &server->exec);
    notify_configure(&server->pubsub.notify, SLOT_PUBSUB);
    net_init(&server->net, &server->exec, &server->log, SLOT_NET);
    const struct tracking_clients clients = {net_find_worker, net_find_session, &server->net};
    tracking_init(&server->tracking, &server->exec, clients, SLOT_TRACKING);
    server->exec.shed_hook = (struct shed_hook){net_shed_clients, &server->net};
    server->net.ceiling = (struct net_ceiling){maxmemory_bytes, &server->observe};
    wire_info(server);
    observe_init(&server->observe, &(struct observe_setup){.exec = &server->exec,
                                                           .log = &server->log,
                                                           .config_slot = SLOT_OBSERVE,
                                                           .sections = server->info_sections});
    pause_init(&server->net); /* its guard stands behind those that refuse */
}

void server_unwire(struct server *server)
{
    tracking_deinit(&server->tracking);
    pubsub_deinit(&server->pubsub);
    observe_deinit(&server->observe);
    command_table_destroy(server->commands);
    server->commands = NULL;
}
