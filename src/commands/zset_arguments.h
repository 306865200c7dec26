/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sorted set commands share: limits, bounds of ranges, and elements as replies.
 * Owner: the handler's stack. Locks: none taken; replies of elements want the set's shard held. */
#ifndef SHERD_COMMANDS_ZSET_ARGUMENTS_H
#define SHERD_COMMANDS_ZSET_ARGUMENTS_H

#include "sherd/exec/exec.h"
#include "sherd/value/zset.h"

enum {
    /* What is done under a spinlock; anything beyond moves to an executor: */
    ZSET_SHORT_WALK = 1000,   /* elements visited one after the other */
    ZSET_SHORT_LOOKUPS = 300, /* members looked up, added or removed */
};

struct zset_limits zset_limits_of(const struct call *call);

/* Whether so much work is too long for this thread: then the handler returns OUTCOME_POSSESS, having done nothing. */
NODISCARD static inline bool zset_is_long(struct call *call, uint64_t work, uint64_t limit)
{
    return UNLIKELY(work > limit) && !call->locks.possessed;
}
/* The same for a handler that has looked `keys` of its keys up with call_read*: they will be counted again. */
NODISCARD bool zset_read_is_long(struct call *call, uint64_t work, uint64_t limit, uint64_t keys);

/* "5", "(5", "-inf" ... as ZRANGEBYSCORE takes them. On false the error is replied. */
NODISCARD bool zset_argument_scores(struct call *call, uint32_t min, uint32_t max, struct zset_score_range *range);
/* "[a", "(a", "-", "+" as ZRANGEBYLEX takes them. On false the error is replied. */
NODISCARD bool zset_argument_lex(struct call *call, uint32_t min, uint32_t max, struct zset_lex_range *range);

/* How members are replied. */
enum zset_reply_style {
    ZSET_REPLY_MEMBERS,
    ZSET_REPLY_FLAT,   /* member, score, member, score */
    ZSET_REPLY_NESTED, /* an array of [member, score] */
    ZSET_REPLY_BARE,   /* member, score, within an array that is there already */
};

/* With scores: flat in RESP2, nested in RESP3. */
static inline enum zset_reply_style zset_reply_style(const struct call *call, bool with_scores)
{
    if (!with_scores) {
        return ZSET_REPLY_MEMBERS;
    }
    return call->reply.version > 2 ? ZSET_REPLY_NESTED : ZSET_REPLY_FLAT;
}

static inline void zset_reply_begin(struct reply *reply, enum zset_reply_style style, size_t count)
{
    if (style != ZSET_REPLY_BARE) {
        reply_array(reply, style == ZSET_REPLY_FLAT ? 2 * count : count);
    }
}

static inline void zset_reply_element(struct reply *reply, enum zset_reply_style style,
                                      const struct zset_element *element)
{
    if (style == ZSET_REPLY_NESTED) {
        reply_array(reply, 2);
    }
    reply_bulk(reply, element->member);
    if (style != ZSET_REPLY_MEMBERS) {
        reply_double(reply, element->score);
    }
}

/* Replies `count` members from that rank on, down when `is_reverse`. */
void zset_reply_run(struct call *call, const struct zset *zset, struct zset_range run, bool is_reverse,
                    enum zset_reply_style style);

/* Puts the set into the key at `argument`, over whatever it holds; takes ownership. An empty one, which is destroyed,
 * removes the key. Replies the count. */
void zset_store(struct call *call, uint32_t argument, struct zset *zset, const char *event) REQUIRES(shard_held);

#endif
