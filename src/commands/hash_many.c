/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes, many fields at once: HGETALL HKEYS HVALS HRANDFIELD HSCAN.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "hash_access.h"
#include "scan_arguments.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/exec.h"

enum hash_part {
    PART_FIELDS = 1 << 0,
    PART_VALUES = 1 << 1,
};

/* Whether more than a few fields live in a hash: work for a walk over all. */
static bool walk_is_long(struct call *call) REQUIRES(shard_held)
{
    const struct hash *hash = hash_peek(call);
    return hash != NULL && hash_length(hash) > HASH_SHORT_WALK;
}

/* Writes fields as they are visited. */
struct writing {
    struct reply *reply;
    unsigned parts; /* enum hash_part */
    bool in_pairs;  /* each field with its value in an array of its own */
    size_t count;
};

static void write_field(void *context, struct slice field, const struct hash_value *value)
{
    struct writing *writing = context;
    writing->count++;
    if (writing->in_pairs) {
        reply_array(writing->reply, 2);
    }
    if ((writing->parts & PART_FIELDS) != 0) {
        reply_bulk(writing->reply, field);
    }
    if ((writing->parts & PART_VALUES) != 0) {
        hash_reply_value(writing->reply, value);
    }
}

/* Replies all fields, or their values, or a map of both. */
static enum outcome reply_all(struct call *call, unsigned parts) REQUIRES(shard_held)
{
    const struct hash *hash;
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    struct reply *reply = &call->reply;
    bool is_map = parts == (PART_FIELDS | PART_VALUES);
    size_t living = hash == NULL ? 0 : hash_length(hash) - hash_dead(hash, call->now_ms, SIZE_MAX);
    if (is_map) {
        reply_map(reply, living);
    } else {
        reply_array(reply, living);
    }
    if (hash != NULL) {
        struct writing writing = {.reply = reply, .parts = parts};
        hash_walk(hash, call->now_ms, write_field, &writing);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hgetall_command)
{
    return reply_all(call, PART_FIELDS | PART_VALUES);
}

COMMAND_HANDLER(hkeys_command)
{
    return reply_all(call, PART_FIELDS);
}

COMMAND_HANDLER(hvals_command)
{
    return reply_all(call, PART_VALUES);
}

/* ---- HRANDFIELD ---- */

struct randfield {
    int64_t count;
    bool with_values;
};

/* What follows the key; false: an error is replied. */
static bool parse_randfield(struct call *call, struct randfield *wanted)
{
    *wanted = (struct randfield){.count = 0};
    if (!call_integer_between(call, 2, -INT64_MAX, INT64_MAX, &wanted->count)) {
        return false;
    }
    if (call->argc > 4 || (call->argc == 4 && !call_argument_is(call, 3, "withvalues"))) {
        (void)call_fail(call, ERROR_SYNTAX);
        return false;
    }
    wanted->with_values = call->argc == 4;
    if (wanted->with_values && (wanted->count < -INT64_MAX / 2 || wanted->count > INT64_MAX / 2)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR value is out of range"));
        return false;
    }
    return true;
}

/* Drawing from a listpack walks over it; from a table each draw is a lookup, unless most of it is dead. */
static bool hrandfield_is_long(struct call *call) REQUIRES(shard_held)
{
    const struct hash *hash = hash_peek(call);
    if (hash == NULL) {
        return false;
    }
    int64_t count = 1;
    if (call->argc > 2 && !number_parse_i64(call->argv[2], &count)) {
        return false;
    }
    size_t length = hash_length(hash);
    uint64_t draws = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
    if (count > 0 && draws > length) {
        draws = length;
    }
    bool walks = !hash_is_table(hash) || (count > 0 && draws >= length / 4);
    return draws > HASH_SHORT_LOOKUPS || (walks && length > HASH_SHORT_WALK) ||
           hash_dead(hash, call->now_ms, HASH_SHORT_WALK) == HASH_SHORT_WALK;
}

/* As many as asked for, with repeats: a dead hash has none to repeat. */
static void reply_draws(struct call *call, const struct hash *hash, const struct randfield *wanted)
{
    struct reply *reply = &call->reply;
    bool in_pairs = wanted->with_values && reply->version >= 3;
    struct output_mark mark = reply_open(reply);
    struct writing writing = {
        .reply = reply, .parts = PART_FIELDS | (wanted->with_values ? PART_VALUES : 0U), .in_pairs = in_pairs};
    struct hash_draw draw = {.count = wanted->count < 0 ? 0 - (size_t)wanted->count : (size_t)wanted->count,
                             .now_ms = call->now_ms,
                             .random = &call->worker->random};
    if (wanted->count < 0) {
        (void)hash_sample(hash, &draw, write_field, &writing);
    } else {
        hash_choose(hash, &draw, write_field, &writing);
    }
    reply_close_array(reply, mark, wanted->with_values && !in_pairs ? writing.count * 2 : writing.count);
}

COMMAND_HANDLER(hrandfield_command)
{
    struct randfield wanted;
    const struct hash *hash;
    if (call->argc > 2 && !parse_randfield(call, &wanted)) {
        return OUTCOME_ERROR;
    }
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    if (call->argc > 2) {
        if (hash == NULL) {
            reply_array(&call->reply, 0);
        } else {
            reply_draws(call, hash, &wanted);
        }
        return OUTCOME_DONE;
    }
    struct writing writing = {.reply = &call->reply, .parts = PART_FIELDS};
    struct hash_draw draw = {.count = 1, .now_ms = call->now_ms, .random = &call->worker->random};
    if (hash == NULL || hash_sample(hash, &draw, write_field, &writing) == 0) {
        reply_null(&call->reply);
    }
    return OUTCOME_DONE;
}

/* ---- HSCAN ---- */

struct scanning {
    struct writing writing;
    const struct scan_options *options;
    struct scan_match match;
    uint64_t seen;
};

static void scan_visited(void *context, struct slice field, const struct hash_value *value)
{
    struct scanning *scanning = context;
    scanning->seen++;
    if (scan_matches(scanning->options, field, &scanning->match)) {
        write_field(&scanning->writing, field, value);
    }
}

static bool hscan_is_long(struct call *call) REQUIRES(shard_held)
{
    struct scan_options options;
    enum error_text error;
    const struct hash *hash = hash_peek(call);
    if (hash == NULL || hash_length(hash) <= HASH_SHORT_WALK) {
        return false;
    }
    return !hash_is_table(hash) ||
           (scan_options_parse(call, 3, SCAN_TAKES_NOVALUES, &options, &error) && options.count > HASH_SHORT_WALK / 2);
}

COMMAND_HANDLER(hscan_command)
{
    uint64_t cursor;
    const struct hash *hash;
    struct scan_options options;
    enum error_text error;
    if (!scan_cursor_parse(call->argv[2], &cursor)) {
        return call_fail(call, ERROR_INVALID_CURSOR);
    }
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    struct output_mark mark = reply_open(&call->reply);
    if (hash == NULL) {
        scan_reply_head(call, mark, 0, 0);
        return OUTCOME_DONE;
    }
    if (!scan_options_parse(call, 3, SCAN_TAKES_NOVALUES, &options, &error)) {
        return call_fail(call, error);
    }
    unsigned parts = options.without_values ? PART_FIELDS : PART_FIELDS | PART_VALUES;
    struct scanning scanning = {
        .writing = {.reply = &call->reply, .parts = parts}, .options = &options, .match = scan_match_begin(call)};
    uint64_t buckets = scan_options_buckets(&options);
    do {
        cursor = hash_scan(hash, cursor, call->now_ms, scan_visited, &scanning);
    } while (cursor != 0 && scanning.seen < (uint64_t)options.count && --buckets != 0 && !scanning.match.undecided);
    if (UNLIKELY(scanning.match.undecided)) {
        output_truncate(call->reply.output, mark);
        return call_read_elsewhere(call);
    }
    size_t elements = scanning.writing.count * (options.without_values ? 1 : 2);
    scan_reply_head(call, mark, cursor, elements);
    return OUTCOME_DONE;
}

static const char *const order_tips[] = {"nondeterministic_output_order", NULL};
static const char *const output_tips[] = {"nondeterministic_output", NULL};

#define ALL_ROW(name_, summary_)                                                                                       \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = 2, .lock = LOCK_KEYS, .flags = COMMAND_READONLY,          \
        .categories = ACL_HASH, .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},                       \
        .is_long = walk_is_long, .summary = (summary_), .since = "2.0.0", .group = "hash",                             \
        .complexity = "O(N) where N is the number of fields.", .tips = order_tips, .arguments = "key:key"              \
    }

const struct command_row hash_many_commands[] = {
    ALL_ROW(hgetall, "Returns all fields of a hash with their values."),
    ALL_ROW(hkeys, "Returns all fields of a hash."),
    ALL_ROW(hvals, "Returns the values of all fields of a hash."),
    {.name = "hrandfield",
     .handler = hrandfield_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = hrandfield_is_long,
     .summary = "Returns random fields of a hash; with a negative count the same one may come more than once.",
     .since = "6.2.0",
     .group = "hash",
     .complexity = "O(N) where N is the number of fields returned.",
     .tips = output_tips,
     .arguments = "key:key options:(count:integer WITHVALUES?)?"},
    {.name = "hscan",
     .handler = hscan_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = hscan_is_long,
     .summary = "Walks over the fields of a hash, a few with each call.",
     .since = "2.8.0",
     .group = "hash",
     .complexity = "O(COUNT) for a call, O(N) for a complete walk over N fields.",
     .tips = output_tips,
     .arguments = "key:key cursor:integer pattern:pattern=MATCH? count:integer=COUNT? NOVALUES?"},
    {0},
};
