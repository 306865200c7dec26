/* SPDX-License-Identifier: BSD-3-Clause */
/* A running command: everything its handler may use. Handlers read arguments, look keys up, write the reply, note
 * effects, and return what call_fail* or OUTCOME_DONE say. They never lock: dispatch holds what the row declares.
 * Owner: dispatch, on the executing thread. Locks: none taken here; shard_held is what the keys need. */
#ifndef SHERD_EXEC_CALL_H
#define SHERD_EXEC_CALL_H

#include "sherd/exec/command.h"
#include "sherd/exec/effects.h"
#include "sherd/exec/session.h"
#include "sherd/keyspace/interest.h"
#include "sherd/keyspace/keyref.h"
#include "sherd/resp/reply.h"

/* Declares a handler with the locks that dispatch holds for it. Use it for handlers that touch keys. */
#define COMMAND_HANDLER(function) static enum outcome function(struct call *call) REQUIRES(shard_held)

/* What a handler with LOCK_EACH_SHARD keeps from one shard to the next; all 0 at the first. */
struct call_carried {
    uint64_t cursor;
    uint64_t found;
    uint64_t seen;
    uint64_t steps;
};

struct call {
    struct exec_worker *worker;
    struct session *session;
    const struct command *command;
    void *context; /* of the command's room */
    const struct slice *argv;
    uint32_t argc;
    unsigned db;
    int64_t now_ms;      /* frozen */
    uint64_t first_hash; /* keyed hash of the first key, when first_hashed */
    bool first_hashed;
    bool timed;         /* else the next call of the batch is of the same brief command, and its time counts for both */
    uint32_t first_key; /* its place in argv */
    struct reply reply;
    struct effects effects;
    struct lockset locks;
    /* LOCK_EACH_SHARD: the shard that is held; the handler puts the one to go on with here. */
    uint32_t next_shard;
    uint32_t only_key; /* while it is served after a wait: the key argument to look at; else 0 */
    struct call_carried carried;
    struct output_mark carried_mark; /* where the reply begins */
};

/* Errors: each writes the reply and returns OUTCOME_ERROR. */
enum outcome call_fail(struct call *call, enum error_text error);
enum outcome call_fail_format(struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);
enum outcome call_fail_slice(struct call *call, struct slice line);
/* "ERR wrong number of arguments for 'name' command" */
enum outcome call_fail_arity(struct call *call);
/* "ERR unknown subcommand or wrong number of arguments for '%s'. Try NAME HELP." */
enum outcome call_fail_subcommand(struct call *call);

/* Looks a key argument up for reading: past-due keys are gone, the access is marked, hits and misses are counted.
 * False when the key does not exist. */
NODISCARD bool call_read(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);
/* The same without marking the access (EXISTS, TYPE, TTL, OBJECT). */
NODISCARD bool call_look(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);
/* The same without telling of a miss (OBJECT). */
NODISCARD bool call_look_quietly(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);
/* The same without marking the access and without counting. */
NODISCARD bool call_peek(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);
enum {
    CALL_PREFETCH_MAX = 16,
};
/* For commands with many keys: hashes at most CALL_PREFETCH_MAX key arguments, `first` and every `step`-th behind it,
 * and starts loading what their lookups will touch. The hashes are for call_*_hashed. */
void call_prefetch(struct call *call, uint32_t first, uint32_t step, uint32_t count, uint64_t *hashes);
/* As call_read, call_look and call_write, with the key's hash already known. */
NODISCARD bool call_look_hashed(struct call *call, uint32_t argument, uint64_t hash, struct keyref *ref)
    REQUIRES(shard_held);
NODISCARD bool call_read_hashed(struct call *call, uint32_t argument, uint64_t hash, struct keyref *ref)
    REQUIRES(shard_held);
bool call_write_hashed(struct call *call, uint32_t argument, uint64_t hash, struct keyref *ref) REQUIRES(shard_held);
/* As call_read for a key that is no argument, in a call that holds the whole keyspace (reaches_further). */
NODISCARD bool call_read_named(struct call *call, struct slice key, struct keyref *ref) REQUIRES(shard_held);
/* Looks a key argument up for writing: past-due keys are gone; no statistics. False when it does not exist; `ref` can
 * then be used to create it. */
bool call_write(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);
/* As call_write in another database (MOVE, COPY ... DB). */
bool call_write_in(struct call *call, unsigned db, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);

/* The same three for keys that should hold a collection of that type, which is put into `*object`: NULL when the key
 * does not exist. False: it holds another type, and WRONGTYPE is replied (by call_peek_object: nothing is). */
NODISCARD bool call_read_object(struct call *call, uint32_t argument, enum value_type type, void **object)
    REQUIRES(shard_held);
NODISCARD bool call_peek_object(struct call *call, uint32_t argument, enum value_type type, void **object)
    REQUIRES(shard_held);
NODISCARD bool call_write_object(struct call *call, uint32_t argument, enum value_type type, struct keyref *ref,
                                 void **object) REQUIRES(shard_held);

/* In the loops of work without a bound, every 100 us or so: other long commands may go on instead for a while. What the
 * call holds it keeps. Nothing on a worker, where work has a bound. */
void call_rest(const struct call *call);

/* For a handler that keeps writes from beginning (COMMAND_ELSEWHERE): its call, or the EXEC that it is part of, answers
 * only after every worker's turn of now has ended, and every write on an executor that began before it. */
void call_await_writes(const struct call *call);

/* For a handler that finds after call_read* of one existing key, and before it has replied or changed anything, that
 * its work is too long for a spinlock (no work is once call->locks.possessed): the call runs again with its shards
 * possessed. Takes back the hit, which is counted again there. */
enum outcome call_read_elsewhere(struct call *call);

/* The half of call_changed_event for listeners. */
void call_tell_event(struct call *call, const struct keyref *ref, enum event_class event_class, const char *event)
    REQUIRES(shard_held);

/* Notes a further event of a change that call_changed has counted ("set", then "expire"). */
static ALWAYS_INLINE void call_changed_event(struct call *call, const struct keyref *ref, enum event_class event_class,
                                             const char *event) REQUIRES(shard_held)
{
    interest_touch(ref);
    if (UNLIKELY(call->effects.listeners != 0)) {
        call_tell_event(call, ref, event_class, event);
    }
}

/* Notes that the key of `ref` was changed: `event` is its keyspace event ("set", "expire", "del" ...). Counts as one
 * change. Without it a write is not seen by anybody. */
static ALWAYS_INLINE void call_changed(struct call *call, const struct keyref *ref, enum event_class event_class,
                                       const char *event) REQUIRES(shard_held)
{
    call->effects.changes++;
    call_changed_event(call, ref, event_class, event);
}

/* Notes that all keys of a database are gone: `count` changes. The call holds every shard. */
void call_flushed(struct call *call, unsigned db, uint64_t count) REQUIRES(shard_held);

/* The argument as text; index below argc. */
static ALWAYS_INLINE struct slice call_argument(const struct call *call, uint32_t index)
{
    return call->argv[index];
}

static ALWAYS_INLINE bool call_argument_is(const struct call *call, uint32_t index, const char *word)
{
    return slice_equals_word(call->argv[index], word);
}

/* Arguments as numbers: on false the error is replied; return OUTCOME_ERROR. */
NODISCARD bool call_integer(struct call *call, uint32_t index, int64_t *value);
NODISCARD bool call_integer_between(struct call *call, uint32_t index, int64_t min, int64_t max, int64_t *value);
NODISCARD bool call_database(struct call *call, uint32_t index, unsigned *db);

/* Writes a string value as a bulk; large ones by reference. */
void call_reply_string(struct call *call, const struct entry *entry) REQUIRES(shard_held);
/* Replies the lines of a HELP subcommand: "NAME <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" first. */
enum outcome call_reply_help(struct call *call, const char *const *lines);

#endif
