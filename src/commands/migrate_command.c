/* SPDX-License-Identifier: BSD-3-Clause */
/* MIGRATE: reads its arguments and says when there is nothing to move. Moving needs a value's serialized form, which
 * does not exist yet; a key that is there is refused, never lost.
 * Owner: nobody. Locks: none taken; dispatch holds the shards of the keys. */
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"

enum {
    MIGRATE_KEY = 3,
    MIGRATE_DB = 4,
    MIGRATE_TIMEOUT = 5,
    MIGRATE_OPTIONS = 6,
};

/* The keys among the arguments. */
struct migrate_keys {
    uint32_t first;
    uint32_t count;
};

/* How many arguments follow an option's name; 0 for everything else. */
static uint32_t option_arguments(struct slice word)
{
    return slice_equals_word(word, "auth") ? 1 : slice_equals_word(word, "auth2") ? 2 : 0;
}

/* Reads on behind wrong options, which the handler refuses before it looks at a key. */
static int64_t migrate_find_keys(const struct slice *argv, uint32_t argc, struct key_place *places, size_t max)
{
    struct migrate_keys keys = {MIGRATE_KEY, 1};
    for (uint32_t i = MIGRATE_OPTIONS; i < argc; i++) {
        if (slice_equals_word(argv[i], "keys")) {
            keys = (struct migrate_keys){i + 1, argv[MIGRATE_KEY].len == 0 ? argc - i - 1 : 0};
            break;
        }
        i += option_arguments(argv[i]);
    }
    for (uint32_t i = 0; i < keys.count && i < max; i++) {
        places[i] = (struct key_place){.argument = keys.first + i, .flags = KEY_RW | KEY_ACCESS | KEY_DELETE};
    }
    return keys.count;
}

static bool migrate_parse(struct call *call, struct migrate_keys *keys)
{
    *keys = (struct migrate_keys){MIGRATE_KEY, 1};
    for (uint32_t i = MIGRATE_OPTIONS; i < call->argc; i++) {
        uint32_t more = call->argc - 1 - i;
        uint32_t wanted = option_arguments(call->argv[i]);
        if (call_argument_is(call, i, "keys")) {
            if (call->argv[MIGRATE_KEY].len != 0) {
                (void)call_fail_format(call, "ERR When using MIGRATE KEYS option, the key argument must be set to the "
                                             "empty string");
                return false;
            }
            *keys = (struct migrate_keys){i + 1, more};
            break;
        }
        bool known = wanted != 0 || call_argument_is(call, i, "copy") || call_argument_is(call, i, "replace");
        if (!known || wanted > more) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
        i += wanted;
    }
    int64_t number;
    return call_integer(call, MIGRATE_TIMEOUT, &number) && call_integer(call, MIGRATE_DB, &number);
}

COMMAND_HANDLER(migrate_command)
{
    struct migrate_keys keys;
    if (!migrate_parse(call, &keys)) {
        return OUTCOME_ERROR;
    }
    bool found = false;
    for (uint32_t i = 0; i < keys.count; i++) {
        struct keyref ref;
        found |= call_read(call, keys.first + i, &ref);
    }
    if (found) {
        return call_fail_format(call, "ERR This server cannot move keys to another instance yet");
    }
    reply_status(&call->reply, "NOKEY");
    return OUTCOME_DONE;
}

static const char *const migrate_tips[] = {"nondeterministic_output", NULL};

static const struct command_history migrate_history[] = {{"3.0.0", "Added the `COPY` and `REPLACE` options."},
                                                         {"3.0.6", "Added the `KEYS` option."},
                                                         {"4.0.7", "Added the `AUTH` option."},
                                                         {"6.0.0", "Added the `AUTH2` option."},
                                                         {0}};

const struct command_row migrate_commands[] = {
    {.name = "migrate",
     .handler = migrate_command,
     .arity = -6,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_KEYSPACE | ACL_DANGEROUS,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 3, .step = 1},
              {.flags = KEY_RW | KEY_ACCESS | KEY_DELETE | KEY_INCOMPLETE,
               .begin = -2,
               .keyword = "KEYS",
               .last = -1,
               .step = 1}},
     .find_keys = migrate_find_keys,
     .summary = "Moves keys to another server.",
     .since = "2.6.0",
     .group = "generic",
     .complexity = "O(N) for N keys that are looked up",
     .tips = migrate_tips,
     .history = migrate_history,
     .arguments = "host port:integer key-selector:(key:key|empty-string:token='') destination-db:integer "
                  "timeout:integer COPY?^3.0.0 REPLACE?^3.0.0 "
                  "authentication:(auth'password'=AUTH^4.0.7|auth2:(username password)=AUTH2^6.0.0)? "
                  "keys'key':key#1=KEYS?+^3.0.6"},
    {0},
};
