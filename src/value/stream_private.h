/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the stream type share beside its interface.
 * Owner: the stream. Locks: none. */
#ifndef SHERD_VALUE_STREAM_PRIVATE_H
#define SHERD_VALUE_STREAM_PRIVATE_H

#include "sherd/value/stream.h"

/* Frees a node, whatever is in it; `place` is then that of the next one. The length is the caller's to lower. */
void stream_drop_node(struct stream *stream, struct stream_place *place);
/* Moves entries from live to deleted in the node's own counts, and keeps the account of its memory. */
void stream_count_deleted(struct stream *stream, struct stream_node *node, size_t count);
/* Finds first_id again after entries at the front went. */
void stream_refresh_first_id(struct stream *stream);

#endif
