/* SPDX-License-Identifier: BSD-3-Clause */
/* What the stream commands share: the arguments of XADD and XTRIM, ids, and entries as replies.
 * Owner: the handler's stack. Locks: none taken; replies of entries want the stream's shard held. */
#ifndef SHERD_COMMANDS_STREAM_ARGUMENTS_H
#define SHERD_COMMANDS_STREAM_ARGUMENTS_H

#include "sherd/exec/call.h"
#include "sherd/value/stream.h"

enum {
    /* What is done under a spinlock; anything beyond moves to an executor: */
    STREAM_SHORT_WORK = 128 * 1024, /* reading, as stream_iterator_work counts it */
    STREAM_SHORT_NODES = 128,       /* nodes freed */
    STREAM_SHORT_DELETES = 64,      /* entries found and deleted one by one */
    STREAM_SHORT_ITEMS = 4096,      /* fields and values of one entry */
    STREAM_SHORT_PENDING = 512,     /* pending entries looked up one by one, or consumers and groups listed */
    STREAM_FIND_WORK = 512,         /* finding and reading one entry by its id, in the measure of STREAM_SHORT_WORK */
    STREAM_FEW_IDS = 32,            /* ids that fit on the stack */
};

/* Ids from arguments. */
struct stream_ids {
    struct stream_id *items; /* `few`, or memory of their own */
    uint32_t count;
    struct stream_id few[STREAM_FEW_IDS];
};

/* XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] id ...; XTRIM key MAXLEN|MINID ... */
struct stream_arguments {
    bool trims;
    struct stream_trimming trimming;
    bool limit_given;
    int64_t limit;
    bool must_exist; /* NOMKSTREAM */
    enum stream_id_rule rule;
    struct stream_id id;
    uint32_t fields; /* XADD: the first argument behind the id */
};

/* Parses from argument 2 on; `adds` for XADD. Replies nothing: the error is returned, an empty slice when there is
 * none. Usable under the lock before the handler runs. */
NODISCARD struct slice stream_arguments_parse(const struct call *call, bool adds, int64_t node_max_entries,
                                              struct stream_arguments *arguments);

/* Whether the argument is that one character, as a C string: Redis does not see what stands behind a NUL. */
static inline bool stream_argument_is(struct slice text, char wanted)
{
    return text.len >= 1 && text.data[0] == wanted && (text.len == 1 || text.data[1] == '\0');
}

/* "ms-seq" or "ms" with `missing_seq`; on false the error is replied. */
NODISCARD bool stream_argument_id(struct call *call, uint32_t index, uint64_t missing_seq, struct stream_id *id);

/* One end of a range: "-", "+", an id, or "(" and an id that is itself outside. The error is returned, an empty slice
 * when there is none. */
NODISCARD struct slice stream_parse_end(struct slice text, bool is_start, struct stream_id *id);

void stream_reply_id(struct reply *reply, struct stream_id id);
/* The entries that the iterator still gives, at most `count` (0: all), as an array of [id, [field, value ...]]. */
void stream_reply_entries(struct reply *reply, struct stream_iterator *iterator, uint64_t count);
/* The entry that the iterator has just found. */
void stream_reply_found(struct reply *reply, struct stream_iterator *iterator, struct stream_id id, size_t pairs);
/* The next entry alone; false, and nothing written, when there is none. */
NODISCARD bool stream_reply_entry(struct reply *reply, struct stream_iterator *iterator);

/* As many of the arguments from `first` on as are ids; to be released. */
void stream_ids_take(const struct call *call, uint32_t first, struct stream_ids *ids);
void stream_ids_release(struct stream_ids *ids);

/* The stream at argument 1 and its group at argument 2; NULL where there is none. False: an error is replied. */
NODISCARD bool stream_find_group(struct call *call, void **stream, struct stream_group **group) REQUIRES(shard_held);
/* The same without statistics and errors, for what runs before a handler. */
NODISCARD bool stream_peek_group(struct call *call, void **stream, struct stream_group **group) REQUIRES(shard_held);
/* "NOGROUP No such key ... or consumer group ..." of the same arguments. */
enum outcome stream_fail_group(struct call *call);
/* The consumer of that name, who is seen now, made when it is missing; `key` is the argument with the stream's key. */
struct stream_consumer *stream_see_consumer(struct call *call, struct stream *stream, struct stream_group *group,
                                            uint32_t key, struct slice name) REQUIRES(shard_held);

#endif
