/* SPDX-License-Identifier: BSD-3-Clause */
/* BITOP: combines the bits of several strings into another.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/bits.h"
#include "sherd/commands/families.h"
#include "string_access.h"

enum {
    FIRST_SOURCE = 3,
    FEW_SOURCES = 16, /* kept on the stack */
    DIGITS_BYTES = 24,
    PART_BYTES = 16 * 1024, /* of the result, between two rests */
};

/* The strings to combine, and room for the digits of those that are numbers. */
struct sources {
    struct slice *slices;
    char (*digits)[DIGITS_BYTES];
    size_t count;
    size_t longest;
};

static bool operation_parse(const struct call *call, enum bits_operation *operation)
{
    static const struct {
        const char *word;
        enum bits_operation operation;
    } words[] = {{"and", BITS_AND}, {"or", BITS_OR}, {"xor", BITS_XOR}, {"not", BITS_NOT}};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (call_argument_is(call, 1, words[i].word)) {
            *operation = words[i].operation;
            return true;
        }
    }
    return false;
}

static bool bitop_is_long(struct call *call) REQUIRES(shard_held)
{
    size_t bytes = 0;
    char digits[DIGITS_BYTES];
    for (uint32_t i = FIRST_SOURCE; i < call->argc && call->argc <= STRING_LONG_ARGUMENTS; i++) {
        bytes += string_glance(call, i, digits).len;
    }
    return bytes > STRING_LONG_BYTES || call->argc > STRING_LONG_ARGUMENTS;
}

/* Looks all sources up. On false the error is replied. */
static bool sources_read(struct call *call, struct sources *sources) REQUIRES(shard_held)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct keyref ref;
        enum string_found found = string_read(call, FIRST_SOURCE + (uint32_t)i, &ref);
        if (found == STRING_REFUSED) {
            return false;
        }
        sources->slices[i] = found == STRING_FOUND ? entry_string(ref.entry, sources->digits[i]) : slice_make("", 0);
        if (sources->slices[i].len > sources->longest) {
            sources->longest = sources->slices[i].len;
        }
    }
    return true;
}

/* Stores the combination; the target may be one of the sources, so it is opened only when the result is there. */
static void combine(struct call *call, enum bits_operation operation, const struct sources *sources)
    REQUIRES(shard_held)
{
    struct keyref ref;
    size_t len = sources->longest;
    if (len == 0) {
        if (call_write(call, 2, &ref)) {
            keyref_remove(&ref);
            call_changed(call, &ref, EVENT_GENERIC, "del");
        }
        return;
    }
    if (len <= ENTRY_EMBED_MAX_BYTES) {
        char result[ENTRY_EMBED_MAX_BYTES];
        bits_combine(operation, sources->slices, sources->count, result, (struct bits_range){0, len});
        (void)call_write(call, 2, &ref);
        keyref_set_edited(&ref, slice_make(result, len), DEADLINE_NONE);
    } else {
        struct blob *blob = blob_create(len, len);
        for (size_t at = 0; at < len; at += PART_BYTES) {
            struct bits_range part = {at, len - at < PART_BYTES ? len : at + PART_BYTES};
            bits_combine(operation, sources->slices, sources->count, blob->data, part);
            call_rest(call);
        }
        (void)call_write(call, 2, &ref);
        keyref_set_blob(&ref, blob, DEADLINE_NONE);
    }
    call_changed(call, &ref, EVENT_STRING, "set");
}

static enum outcome bitop_run(struct call *call, enum bits_operation operation, struct sources *sources)
    REQUIRES(shard_held)
{
    if (!sources_read(call, sources)) {
        return OUTCOME_ERROR;
    }
    combine(call, operation, sources);
    reply_integer(&call->reply, (int64_t)sources->longest);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(bitop_command)
{
    enum bits_operation operation;
    if (!operation_parse(call, &operation)) {
        return call_fail(call, ERROR_SYNTAX);
    }
    if (operation == BITS_NOT && call->argc != FIRST_SOURCE + 1) {
        return call_fail_slice(call, SLICE_LITERAL("ERR BITOP NOT must be called with a single source key."));
    }
    struct slice slices[FEW_SOURCES];
    char digits[FEW_SOURCES][DIGITS_BYTES];
    struct sources sources = {.slices = slices, .digits = digits, .count = call->argc - FIRST_SOURCE};
    if (sources.count <= FEW_SOURCES) {
        return bitop_run(call, operation, &sources);
    }
    sources.slices = memory_alloc(sources.count * sizeof(*sources.slices));
    sources.digits = memory_alloc(sources.count * sizeof(*sources.digits));
    enum outcome outcome = bitop_run(call, operation, &sources);
    memory_free(sources.slices);
    memory_free(sources.digits);
    return outcome;
}

const struct command_row bitop_commands[] = {
    {.name = "bitop",
     .handler = bitop_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_BITMAP,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 2, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = 3, .last = -1, .step = 1}},
     .is_long = bitop_is_long,
     .summary = "Combines the bits of strings with AND, OR, XOR or NOT and stores the result.",
     .since = "2.6.0",
     .group = "bitmap",
     .complexity = "O(N)",
     .arguments = "operation:(AND|OR|XOR|NOT) destkey:key key:key#1+"},
    {0},
};
