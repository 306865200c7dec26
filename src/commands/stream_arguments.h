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

void stream_reply_id(struct reply *reply, struct stream_id id);
/* The entries that the iterator still gives, at most `count` (0: all), as an array of [id, [field, value ...]]. */
void stream_reply_entries(struct reply *reply, struct stream_iterator *iterator, uint64_t count);
/* The next entry alone; false, and nothing written, when there is none. */
NODISCARD bool stream_reply_entry(struct reply *reply, struct stream_iterator *iterator);

#endif
