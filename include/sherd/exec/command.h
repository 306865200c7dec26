/* SPDX-License-Identifier: BSD-3-Clause */
/* A command is one function and one row, in the same file. From the row come lookup, arity, locking, ACL categories,
 * COMMAND, COMMAND DOCS, COMMAND GETKEYS and the arguments of the differential generator.
 * Owner: rows are constant; the table built from them is the server's and constant after start. Locks: none. */
#ifndef SHERD_EXEC_COMMAND_H
#define SHERD_EXEC_COMMAND_H

#include "sherd/base/slice.h"

struct call;

/* What a handler says when it is done. */
enum outcome {
    OUTCOME_DONE,       /* the reply is written */
    OUTCOME_ERROR,      /* an error was replied (only call_fail* give this) */
    OUTCOME_NEXT_SHARD, /* EACH_SHARD: go on with call->next_shard */
    OUTCOME_CLOSE,      /* replied; close the connection once that is out */
    OUTCOME_PREPARE,    /* nothing done: run again when what was asked for is copied (exec/preparation.h) */
    OUTCOME_BLOCK,      /* nothing replied: the session waits (only call_block gives this) */
    OUTCOME_POSSESS,    /* nothing done: run again on an executor, with its shards possessed */
    OUTCOME_POSTPONE,   /* only of guards: not now; the session rests until it is resumed (exec/postponement.h) */
};

typedef enum outcome command_handler(struct call *call);

enum command_flag {
    COMMAND_WRITE = 1 << 0,
    COMMAND_READONLY = 1 << 1,
    COMMAND_DENYOOM = 1 << 2,
    COMMAND_ADMIN = 1 << 3,
    COMMAND_PUBSUB = 1 << 4,
    COMMAND_NOSCRIPT = 1 << 5,
    COMMAND_BLOCKING = 1 << 6,
    COMMAND_LOADING = 1 << 7,
    COMMAND_STALE = 1 << 8,
    COMMAND_SKIP_MONITOR = 1 << 9,
    COMMAND_SKIP_SLOWLOG = 1 << 10,
    COMMAND_ASKING = 1 << 11,
    COMMAND_FAST = 1 << 12,
    COMMAND_NO_AUTH = 1 << 13,
    COMMAND_MAY_REPLICATE = 1 << 14,
    COMMAND_SENTINEL = 1 << 15,
    COMMAND_ONLY_SENTINEL = 1 << 16,
    COMMAND_NO_MANDATORY_KEYS = 1 << 17,
    COMMAND_PROTECTED = 1 << 18,
    COMMAND_MODULE = 1 << 19,
    COMMAND_NO_ASYNC_LOADING = 1 << 20,
    COMMAND_NO_MULTI = 1 << 21,
    COMMAND_ALLOW_BUSY = 1 << 22,
    COMMAND_MOVABLE_KEYS = 1 << 23, /* derived when the table is built */
    /* Sherd's own, not shown by COMMAND: */
    COMMAND_NO_STATS = 1 << 24,   /* its handler resets the statistics it would count in */
    COMMAND_ELSEWHERE = 1 << 25,  /* always runs on an executor's thread */
    COMMAND_GRACE = 1 << 26,      /* with ELSEWHERE: answers when every worker has begun a new turn since */
    COMMAND_SYSTEM = 1 << 27,     /* COMMAND DOCS calls it a "syscmd": not for clients */
    COMMAND_UNQUEUED = 1 << 29,   /* runs at once even between MULTI and EXEC */
    COMMAND_SUBSCRIBED = 1 << 30, /* allowed to a RESP2 client that has subscribed */
    COMMAND_BRIEF = 1 << 28,      /* bounded work: timed together with its like. Those FAST with one key are, too */
    COMMAND_EVERY = 1U << 31,     /* derived: all commands have it */
    COMMAND_WRITES = COMMAND_WRITE | COMMAND_MAY_REPLICATE, /* what others may have to be told of */
};

enum acl_category {
    ACL_KEYSPACE = 1 << 0,
    ACL_READ = 1 << 1,
    ACL_WRITE = 1 << 2,
    ACL_SET = 1 << 3,
    ACL_SORTEDSET = 1 << 4,
    ACL_LIST = 1 << 5,
    ACL_HASH = 1 << 6,
    ACL_STRING = 1 << 7,
    ACL_BITMAP = 1 << 8,
    ACL_HYPERLOGLOG = 1 << 9,
    ACL_GEO = 1 << 10,
    ACL_STREAM = 1 << 11,
    ACL_PUBSUB = 1 << 12,
    ACL_ADMIN = 1 << 13,
    ACL_FAST = 1 << 14,
    ACL_SLOW = 1 << 15,
    ACL_BLOCKING = 1 << 16,
    ACL_DANGEROUS = 1 << 17,
    ACL_CONNECTION = 1 << 18,
    ACL_TRANSACTION = 1 << 19,
    ACL_SCRIPTING = 1 << 20,
};

/* What is locked while the handler runs. */
enum lock_mode {
    LOCK_NONE,        /* touches no key */
    LOCK_KEYS,        /* the shards of the keys that the key specs find */
    LOCK_EACH_SHARD,  /* one shard at a time, the handler running once for each call->next_shard that it asks for */
    LOCK_ALL_SHARDS,  /* the whole keyspace */
    LOCK_TRANSACTION, /* what the queued commands of the session need, and the shards of its watched keys */
};

enum key_flag {
    KEY_RO = 1 << 0,
    KEY_RW = 1 << 1,
    KEY_OW = 1 << 2,
    KEY_RM = 1 << 3,
    KEY_ACCESS = 1 << 4,
    KEY_UPDATE = 1 << 5,
    KEY_INSERT = 1 << 6,
    KEY_DELETE = 1 << 7,
    KEY_NOT_KEY = 1 << 8,
    KEY_INCOMPLETE = 1 << 9,
    KEY_VARIABLE_FLAGS = 1 << 10,
};

enum {
    KEY_SPECS_MAX = 4,
};

/* Where keys stand among the arguments; the command's name is argument 0. */
struct key_spec {
    uint16_t flags;      /* enum key_flag; 0 ends the list */
    int8_t begin;        /* index of the first key (or of the key count); with a keyword: where the search begins;
                          * 0: that cannot be told */
    const char *keyword; /* NULL, or the word that stands before the first key, such as "STREAMS" */
    int16_t last;        /* last key, counted from the first; negative from the end: -1 is the last argument */
    int8_t step;         /* from key to key */
    int8_t limit;        /* 2: only the first half of what is left (XREAD), as in COMMAND INFO */
    bool counted;        /* `begin` is a number of keys that follow */
    const char *notes;
};

struct command_history {
    const char *version;
    const char *change;
};

struct key_place {
    uint32_t argument; /* index into argv */
    uint16_t flags;    /* enum key_flag */
};

struct command_row {
    const char *name;         /* as COMMAND shows it: lower case; a subcommand's own word */
    command_handler *handler; /* NULL for a mere container */
    int16_t arity;            /* counting the name (and the subcommand's); negative: at least */
    enum lock_mode lock;
    uint32_t flags;      /* enum command_flag */
    uint32_t categories; /* enum acl_category beyond those that follow from the flags */
    struct key_spec keys[KEY_SPECS_MAX];
    /* Does this call exceed what may be done under a spinlock, or in a worker's turn? Then it moves to an executor.
     * Asked under the locks; with LOCK_EACH_SHARD before the first. */
    bool (*is_long)(struct call *call);
    /* LOCK_EACH_SHARD: where to begin; NULL: at shard 0. Asked without locks. */
    uint32_t (*first_shard)(struct call *call);
    /* Where the key specs cannot tell the keys: finds them as command_keys does. */
    int64_t (*find_keys)(const struct slice *argv, uint32_t argc, struct key_place *places, size_t max);
    /* LOCK_KEYS: does this call look at keys that its arguments do not name (SORT BY a pattern)? Then it holds the
     * whole keyspace. NULL: never. Not for rows whose keys stand in one range. */
    bool (*reaches_further)(const struct slice *argv, uint32_t argc);
    /* Flags of the key at `argument` for this call where KEY_VARIABLE_FLAGS says that they vary. */
    uint16_t (*key_flags)(const struct call *call, uint32_t argument);
    const struct command_row *subcommands; /* ends with a row without name */
    bool extends; /* is no command of its own: its subcommands are further ones of the command of its name, whose family
                   * is another room's */
    /* Variants by the second word that lock differently, of a command that has no subcommands to the outside (DEBUG):
     * COMMAND does not show them; a word that is none of them goes to the row's own handler. */
    const struct command_row *variants;
    /* COMMAND DOCS */
    const char *summary; /* our own words */
    const char *since;
    const char *group;
    const char *complexity;
    const char *arguments;                 /* in the notation of exec/command_docs.h */
    const char *const *tips;               /* NULL-terminated, or NULL */
    const struct command_history *history; /* ends with a NULL version, or NULL */
    const char *replaced_by;               /* of a deprecated command */
    const char *deprecated_since;
};

enum {
    COMMAND_NAME_BYTES = 48, /* the longest full name, its NUL included */
};

/* A row at work. */
struct command {
    const struct command_row *row;
    const struct command *parent;      /* NULL for a top-level command */
    const struct command *subcommands; /* an array of subcommand_count */
    uint32_t subcommand_count;
    const struct command *variants; /* an array of variant_count; their parent and their full name are this one's */
    uint32_t variant_count;
    uint32_t id;                        /* 0 .. command_table.count - 1, its place in statistics */
    uint32_t flags;                     /* row flags and the derived ones */
    uint32_t categories;                /* row categories and those that follow from the flags */
    char full_name[COMMAND_NAME_BYTES]; /* "client|kill" */
    void *context;                      /* the state of the room that owns the command */
    /* The legacy triple of COMMAND INFO, also the fast way to the keys: used when `simple_keys`. */
    int16_t first_key, last_key, key_step;
    bool simple_keys; /* all keys stand at first..last by step */
    bool single_key;  /* and that is one key */
};

struct command_table; /* built once from the rows of all rooms */

/* The rows of one file, ending with a row without name, and the state their handlers reach as call->context. */
struct command_family {
    const struct command_row *rows;
    void *context;
};

NODISCARD struct command_table *command_table_create(const struct command_family *families, size_t count);
void command_table_destroy(struct command_table *table);
/* Number of top-level commands, and of all with subcommands (the ids). */
uint32_t command_table_count(const struct command_table *table);
uint32_t command_table_ids(const struct command_table *table);
const struct command *command_table_at(const struct command_table *table, uint32_t index);
const struct command *command_table_by_id(const struct command_table *table, uint32_t id);

/* The top-level command of a name in any case, or NULL. */
const struct command *command_find(const struct command_table *table, struct slice name);
/* The subcommand, or NULL. */
const struct command *command_find_subcommand(const struct command *command, struct slice name);
/* The command that a request means: descends into subcommands. NULL when the top-level name is unknown; the container
 * itself when its subcommand is missing or unknown. */
const struct command *command_resolve(const struct command_table *table, const struct slice *argv, uint32_t argc);
/* By "name" or "name|sub" (COMMAND INFO). */
const struct command *command_find_full(const struct command_table *table, struct slice full_name);

/* The top-level name of a command in capitals, as errors and HELP show it. */
void command_capitals(const struct command *command, char out[static COMMAND_NAME_BYTES]);

static inline bool command_arity_ok(const struct command *command, uint32_t argc)
{
    int32_t arity = command->row->arity;
    return arity >= 0 ? argc == (uint32_t)arity : argc >= (uint32_t)-arity;
}

/* Finds the keys of a request. Returns how many there are (writing at most `max`), or -1 when the arguments do not
 * make sense (a count that is no number, a missing keyword). */
int64_t command_keys(const struct command *command, const struct slice *argv, uint32_t argc, struct key_place *places,
                     size_t max);

#endif
