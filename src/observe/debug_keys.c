/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of DEBUG that look at keys: OBJECT, DIGEST-VALUE, DIGEST, POPULATE.
 * Owner: nobody. Locks: none taken; dispatch holds what the variants' rows say. */
#include "debug.h"

#include <stdio.h>

#include "sherd/base/number.h"
#include "sherd/keyspace/walk.h"

/* Contents, type, and whether there is a deadline. */
static void digest_value(const struct entry *entry, struct digest *digest) REQUIRES(shard_held)
{
    digest_mix(digest, slice_from_text(value_class((enum value_type)entry->type)->name));
    if (entry->type == VALUE_STRING) {
        char digits[24];
        digest_mix(digest, entry_string(entry, digits));
    } else {
        value_class((enum value_type)entry->type)->digest(entry_object(entry), digest);
    }
    if (entry->has_deadline) {
        digest_mix(digest, slice_from_text("expires"));
    }
}

enum outcome debug_object(struct call *call)
{
    struct keyref ref;
    if (call->argc != 3) {
        return call_fail_subcommand(call);
    }
    if (!call_peek(call, 2, &ref)) {
        return call_fail(call, ERROR_NO_SUCH_KEY);
    }
    const struct entry *entry = ref.entry;
    uint64_t now = (uint64_t)(call->now_ms / 1000) & USAGE_CLOCK_MASK;
    uint64_t idle = (now - entry->clock) & USAGE_CLOCK_MASK;
    size_t bytes = entry->type == VALUE_STRING ? entry_string_len(entry) + 1
                                               : value_class((enum value_type)entry->type)->bytes(entry_object(entry));
    struct buffer text;
    buffer_init(&text);
    buffer_printf(&text, "Value at:%p refcount:1 encoding:%s serializedlength:%zu lru:%llu lru_seconds_idle:%llu",
                  (const void *)entry, entry_encoding(entry), bytes, (unsigned long long)entry->clock,
                  (unsigned long long)idle);
    reply_status_slice(&call->reply, buffer_slice(&text));
    buffer_deinit(&text);
    return OUTCOME_DONE;
}

static void reply_digest(struct reply *reply, const struct digest *digest)
{
    char text[DIGEST_TEXT_BYTES];
    digest_print(text, digest);
    reply_status(reply, text);
}

enum outcome debug_digest_value(struct call *call)
{
    reply_array(&call->reply, call->argc - 2);
    for (uint32_t i = 2; i < call->argc; i++) {
        struct digest digest = {0};
        struct keyref ref;
        if (call_peek(call, i, &ref)) {
            digest_value(ref.entry, &digest);
        }
        reply_digest(&call->reply, &digest);
    }
    return OUTCOME_DONE;
}

bool debug_digest_is_long(struct call *call)
{
    enum { SHORT_BYTES = 64 * 1024, SHORT_KEYS = 300 }; /* about 50 us */
    size_t bytes = 0;
    for (uint32_t i = 2; i < call->argc && call->argc <= SHORT_KEYS && bytes <= SHORT_BYTES; i++) {
        struct keyref ref;
        if (call_peek(call, i, &ref)) {
            const struct entry *entry = ref.entry;
            bytes += entry->type == VALUE_STRING
                         ? entry_string_len(entry)
                         : value_class((enum value_type)entry->type)->bytes(entry_object(entry));
        }
    }
    return bytes > SHORT_BYTES || call->argc > SHORT_KEYS;
}

struct digest_walk {
    struct digest total;
    uint64_t db;
    int64_t now_ms;
};

static void digest_entry(void *context, void *item) UNCHECKED_LOCKING
{
    struct digest_walk *walk = context;
    const struct entry *entry = item;
    if (entry_is_expired(entry, walk->now_ms)) {
        return;
    }
    struct digest digest = {0};
    digest_mix(&digest, slice_make(&walk->db, sizeof(walk->db)));
    digest_mix(&digest, entry_key(entry));
    digest_value(entry, &digest);
    digest_join(&walk->total, &digest);
}

enum outcome debug_digest(struct call *call)
{
    if (call->argc != 2) {
        return call_fail_subcommand(call);
    }
    struct keyspace_user *user = &call->worker->user;
    struct digest_walk walk = {.now_ms = call->now_ms};
    for (unsigned db = 0; db < user->keyspace->databases; db++) {
        uint64_t cursor = 0;
        walk.db = db;
        do {
            cursor = walk_bucket(user, db, cursor, digest_entry, &walk);
        } while (cursor != 0);
    }
    reply_digest(&call->reply, &walk.total);
    return OUTCOME_DONE;
}

/* A number of keys or bytes; false when the error is replied. */
static bool positive(struct call *call, uint32_t index, int64_t max, int64_t *value)
{
    if (!number_parse_i64(call->argv[index], value) || *value < 0 || *value > max) {
        (void)call_fail_format(call, "ERR value is out of range, must be positive");
        return false;
    }
    return true;
}

struct population {
    struct slice prefix;
    struct buffer key;
    struct buffer value;
    size_t value_bytes; /* 0: as long as its text */
};

static void populate_one(struct call *call, struct population *population, int64_t number) REQUIRES(shard_held)
{
    population->key.len = population->prefix.len;
    buffer_printf(&population->key, ":%lld", (long long)number);
    struct slice key = buffer_slice(&population->key);
    struct keyref ref;
    keyref_open_hashed(&ref, &call->worker->user, call->db, key, keyspace_hash(call->worker->exec->keyspace, key));
    (void)keyref_expire_if_due(&ref);
    if (ref.entry != NULL) {
        return;
    }
    char text[64];
    size_t len = (size_t)snprintf(text, sizeof(text), "value:%lld", (long long)number);
    struct slice value = slice_make(text, len);
    if (population->value_bytes != 0) {
        memcpy(population->value.data, text, len < population->value_bytes ? len : population->value_bytes);
        value = slice_make(population->value.data, population->value_bytes);
    }
    keyref_set_string(&ref, value, DEADLINE_NONE);
}

enum outcome debug_populate(struct call *call)
{
    enum { VALUE_BYTES_MAX = 512 * 1024 * 1024 };
    int64_t count;
    int64_t value_bytes = 0;
    if (call->argc < 3 || call->argc > 5) {
        return call_fail_subcommand(call);
    }
    if (!positive(call, 2, INT64_MAX, &count) ||
        (call->argc == 5 && !positive(call, 4, VALUE_BYTES_MAX, &value_bytes))) {
        return OUTCOME_ERROR;
    }
    struct population population = {.prefix = call->argc == 3 ? slice_from_text("key") : call->argv[3],
                                    .value_bytes = (size_t)value_bytes};
    buffer_init(&population.key);
    buffer_append_slice(&population.key, population.prefix);
    buffer_init(&population.value);
    buffer_reserve(&population.value, population.value_bytes);
    if (value_bytes != 0) {
        memset(population.value.data, 0, population.value_bytes);
    }
    for (int64_t i = 0; i < count; i++) {
        populate_one(call, &population, i);
    }
    buffer_deinit(&population.key);
    buffer_deinit(&population.value);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}
