/* SPDX-License-Identifier: BSD-3-Clause */
/* The options that command families over the keyspace read, and what those families keep.
 * Owner: rows are constant; the state belongs to the server and is constant after wiring. Locks: none. */
#ifndef SHERD_COMMANDS_OPTIONS_H
#define SHERD_COMMANDS_OPTIONS_H

#include "sherd/config/option.h"

struct commands_options {
    int64_t list_max_listpack_size; /* positive: elements in a node; -1 .. -5: 4 KiB << (-1 - size) bytes */
    int64_t list_compress_depth;    /* nodes left plain at either end; 0: all */
    int64_t hash_max_listpack_entries;
    int64_t hash_max_listpack_value; /* bytes */
    int64_t set_max_intset_entries;
    int64_t set_max_listpack_entries;
    int64_t set_max_listpack_value; /* bytes */
    int64_t zset_max_listpack_entries;
    int64_t zset_max_listpack_value; /* bytes */
    int64_t hll_sparse_max_bytes;
    int64_t stream_node_max_bytes;   /* 0: no limit */
    int64_t stream_node_max_entries; /* 0: no limit */
    bool lazyfree_lazy_user_flush;   /* FLUSHALL and FLUSHDB without a word mean ASYNC */
    /* Large values are always freed off the worker that removes them, so these three mean the same either way. */
    bool lazyfree_lazy_user_del;
    bool lazyfree_lazy_server_del;
    bool lazyfree_lazy_expire;
};

/* What the families of this room get as call->context. */
struct commands_state {
    unsigned config_slot; /* (c) of struct commands_options */
};

extern const struct option commands_option_rows[];
extern const size_t commands_option_count;

#endif
