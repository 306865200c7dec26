/* SPDX-License-Identifier: BSD-3-Clause */
/* A value under another name or in another database: RENAME, RENAMENX, COPY, MOVE.
 * A key has the same shard in every database. Lookups may remove a key that fell due, which can move others of its
 * table: so a reference is opened again after every other lookup in that table.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the shards of both keys. */
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"

enum {
    COPY_FEW_ELEMENTS = 64, /* collections with more are not copied under a spinlock */
};

static enum outcome rename_key(struct call *call, bool only_new) REQUIRES(shard_held)
{
    struct keyref from;
    struct keyref to;
    if (!call_write(call, 1, &from)) {
        return call_fail(call, ERROR_NO_SUCH_KEY);
    }
    bool same = slice_equals(call_argument(call, 1), call_argument(call, 2));
    if (!same && (!call_write(call, 2, &to) || !only_new)) {
        keyref_open_hashed(&from, from.user, from.db, from.key, from.hash);
        struct entry_spec value = keyref_take(&from);
        if (call_write(call, 2, &to)) {
            keyref_remove(&to); /* what has the name goes, and a new key comes: so the events say */
        }
        keyref_put(&to, value);
        call_changed(call, &from, EVENT_GENERIC, "rename_from");
        call_changed_event(call, &to, EVENT_GENERIC, "rename_to");
        if (only_new) {
            reply_integer(&call->reply, 1);
            return OUTCOME_DONE;
        }
    } else if (only_new) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(rename_command)
{
    return rename_key(call, false);
}

COMMAND_HANDLER(renamenx_command)
{
    return rename_key(call, true);
}

COMMAND_HANDLER(move_command)
{
    unsigned db;
    if (!call_database(call, 2, &db)) {
        return OUTCOME_ERROR;
    }
    if (db == call->db) {
        return call_fail(call, ERROR_SAME_OBJECT);
    }
    struct keyref from;
    struct keyref to;
    if (!call_write(call, 1, &from) || call_write_in(call, db, 1, &to)) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    keyref_put(&to, keyref_take(&from));
    call_changed(call, &from, EVENT_GENERIC, "move_from");
    call_changed_event(call, &to, EVENT_GENERIC, "move_to");
    reply_integer(&call->reply, 1);
    return OUTCOME_DONE;
}

static bool copy_options(struct call *call, unsigned *db, bool *replace)
{
    *db = call->db;
    *replace = false;
    for (uint32_t i = 3; i < call->argc; i++) {
        if (call_argument_is(call, i, "replace")) {
            *replace = true;
        } else if (call_argument_is(call, i, "db") && i + 1 < call->argc) {
            if (!call_database(call, ++i, db)) {
                return false;
            }
        } else {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

COMMAND_HANDLER(copy_command)
{
    unsigned db;
    bool replace;
    if (!copy_options(call, &db, &replace)) {
        return OUTCOME_ERROR;
    }
    if (db == call->db && slice_equals(call_argument(call, 1), call_argument(call, 2))) {
        return call_fail(call, ERROR_SAME_OBJECT);
    }
    struct keyref from;
    struct keyref to;
    if (!call_read(call, 1, &from) || (call_write_in(call, db, 2, &to) && !replace)) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (to.entry != NULL) {
        keyref_remove(&to); /* as RENAME */
    }
    keyref_open_hashed(&from, from.user, from.db, from.key, from.hash);
    keyref_put(&to, keyref_copy(&from));
    call_changed(call, &to, EVENT_GENERIC, "copy_to");
    reply_integer(&call->reply, 1);
    return OUTCOME_DONE;
}

static bool copy_is_long(struct call *call) REQUIRES(shard_held)
{
    struct keyref ref;
    if (call->argc < 3 || !call_peek(call, 1, &ref) || ref.entry->form != ENTRY_OBJECT) {
        return false;
    }
    const struct value_class *class = value_class((enum value_type)ref.entry->type);
    return class->elements(entry_object(ref.entry)) > COPY_FEW_ELEMENTS;
}

static const struct command_history renamenx_history[] = {
    {"3.2.0", "The command no longer returns an error when source and destination names are the same."}, {0}};

const struct command_row move_commands[] = {
    {.name = "rename",
     .handler = rename_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = 2, .step = 1}},
     .summary = "Gives a value another name, replacing what has that name.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .arguments = "key:key newkey:key#1"},
    {.name = "renamenx",
     .handler = renamenx_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1},
              {.flags = KEY_OW | KEY_INSERT, .begin = 2, .step = 1}},
     .summary = "Gives a value another name unless that is taken.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .history = renamenx_history,
     .arguments = "key:key newkey:key#1"},
    {.name = "copy",
     .handler = copy_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = 2, .step = 1}},
     .is_long = copy_is_long,
     .summary = "Copies a value to another key, also in another database.",
     .since = "6.2.0",
     .group = "generic",
     .complexity = "O(N) for a collection, N being its elements; O(1) for a string.",
     .arguments = "source:key destination:key#1 destination-db:integer=DB? REPLACE?"},
    {.name = "move",
     .handler = move_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Moves a key to another database unless it is there already.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .arguments = "key:key db:integer"},
    {0},
};
