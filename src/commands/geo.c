/* SPDX-License-Identifier: BSD-3-Clause */
/* Places in sorted sets: GEOADD, GEOPOS, GEODIST, GEOHASH.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "geo_arguments.h"
#include "sherd/base/memory.h"
#include "sherd/commands/families.h"

enum {
    FEW_PLACES = 32, /* kept on the stack */
};

/* GEOADD key [NX|XX] [CH] longitude latitude member ... */
struct geoadd {
    unsigned flags; /* enum zset_add_flag */
    bool counts_updates;
    uint32_t first; /* argument */
    uint32_t count; /* places */
    size_t longest_bytes;
    double *scores;
    double few[FEW_PLACES];
};

/* On false the error is replied. */
static bool geoadd_parse(struct call *call, struct geoadd *add)
{
    uint32_t at = 2;
    for (; at < call->argc; at++) {
        if (call_argument_is(call, at, "nx")) {
            add->flags |= ZSET_NX;
        } else if (call_argument_is(call, at, "xx")) {
            add->flags |= ZSET_XX;
        } else if (call_argument_is(call, at, "ch")) {
            add->counts_updates = true;
        } else {
            break;
        }
    }
    add->first = at;
    add->count = (call->argc - at) / 3;
    if ((call->argc - at) % 3 != 0 || add->count == 0 || add->flags == (ZSET_NX | ZSET_XX)) {
        (void)call_fail(call, ERROR_SYNTAX);
        return false;
    }
    if (add->count > FEW_PLACES) {
        add->scores = memory_alloc(add->count * sizeof(*add->scores));
    }
    for (uint32_t i = 0; i < add->count; i++, at += 3) {
        struct geo_point point;
        if (!geo_point_argument(call, at, &point)) {
            return false;
        }
        add->scores[i] = (double)geohash_encode(point);
        size_t len = call->argv[at + 2].len;
        add->longest_bytes = len > add->longest_bytes ? len : add->longest_bytes;
    }
    return true;
}

/* Adds the places to the set of argument 1. */
static enum outcome geoadd_apply(struct call *call, const struct geoadd *add) REQUIRES(shard_held)
{
    struct keyref ref;
    void *object;
    if (!call_write_object(call, 1, VALUE_ZSET, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    struct zset *zset = object;
    struct zset_limits limits = zset_limits_of(call);
    uint32_t added = 0;
    uint32_t updated = 0;
    if (zset == NULL && (add->flags & ZSET_XX) == 0) {
        zset = zset_create(&limits, add->count, add->longest_bytes);
        keyref_set_object(&ref, VALUE_ZSET, zset, DEADLINE_NONE);
    } else if (zset != NULL) {
        zset_expect(zset, &limits, add->count);
    }
    for (uint32_t i = 0; zset != NULL && i < add->count; i++) {
        struct zset_addition addition = {
            .member = call->argv[add->first + 3 * i + 2], .score = add->scores[i], .flags = add->flags};
        enum zset_add_result result = zset_add(zset, &limits, &addition);
        added += result == ZSET_ADDED ? 1 : 0;
        updated += result == ZSET_UPDATED ? 1 : 0;
    }
    if (added + updated != 0) {
        call_changed(call, &ref, EVENT_ZSET, "zadd");
        call->effects.changes += added + updated - 1;
    }
    reply_integer(&call->reply, add->counts_updates ? added + updated : added);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(geoadd_command)
{
    struct geoadd add = {0};
    add.scores = add.few;
    enum outcome outcome = geoadd_parse(call, &add) ? geoadd_apply(call, &add) : OUTCOME_ERROR;
    if (add.scores != add.few) {
        memory_free(add.scores);
    }
    return outcome;
}

static bool geoadd_is_long(struct call *call) REQUIRES(shard_held)
{
    return call->argc > 3 * ZSET_SHORT_LOOKUPS;
}

static bool members_are_long(struct call *call) REQUIRES(shard_held)
{
    return call->argc > ZSET_SHORT_LOOKUPS;
}

COMMAND_HANDLER(geopos_command)
{
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, call->argc - 2);
    for (uint32_t i = 2; i < call->argc; i++) {
        struct geo_point point;
        if (zset == NULL || !geo_member_point(zset, call->argv[i], &point)) {
            reply_null_array(&call->reply);
        } else {
            geo_reply_point(call, point);
        }
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(geohash_command)
{
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, call->argc - 2);
    for (uint32_t i = 2; i < call->argc; i++) {
        struct geo_point point;
        char text[GEO_TEXT_BYTES];
        if (zset == NULL || !geo_member_point(zset, call->argv[i], &point)) {
            reply_null(&call->reply);
        } else {
            geohash_print(text, point);
            reply_bulk(&call->reply, slice_make(text, sizeof(text)));
        }
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(geodist_command)
{
    double unit_metres = 1;
    if (call->argc == 5 && !geo_unit_argument(call, 4, &unit_metres)) {
        return OUTCOME_ERROR;
    }
    if (call->argc > 5) {
        return call_fail(call, ERROR_SYNTAX);
    }
    void *zset;
    struct geo_point a;
    struct geo_point b;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    if (zset == NULL || !geo_member_point(zset, call->argv[2], &a) || !geo_member_point(zset, call->argv[3], &b)) {
        reply_null(&call->reply);
    } else {
        geo_reply_distance(call, geo_distance(a, b) / unit_metres);
    }
    return OUTCOME_DONE;
}

static const struct command_history geoadd_history[] = {
    {"6.2.0", "Added the `CH`, `NX` and `XX` options."},
    {0},
};

const struct command_row geo_commands[] = {
    {.name = "geoadd",
     .handler = geoadd_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .is_long = geoadd_is_long,
     .summary = "Adds members to a sorted set under the places where they are.",
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(log(N)) for each member, where N is the number of members in the set.",
     .history = geoadd_history,
     .arguments = "key:key condition:(NX|XX)?^6.2.0 change:token=CH?^6.2.0 "
                  "longitude-latitude-member'longitude_latitude_member':(longitude:double latitude:double member)+"},
    {.name = "geopos",
     .handler = geopos_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = members_are_long,
     .summary = "Returns the longitude and latitude of members.",
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(1) for each member.",
     .arguments = "key:key member+"},
    {.name = "geodist",
     .handler = geodist_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the distance between two members.",
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(1)",
     .arguments = "key:key member1 member2 unit:(M|KM|FT|MI)?"},
    {.name = "geohash",
     .handler = geohash_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = members_are_long,
     .summary = "Returns the standard geohash of members.",
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(1) for each member.",
     .arguments = "key:key member+"},
    {0},
};
