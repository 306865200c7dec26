/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes of a worker's turn.
 * Owner: nobody. Locks: none. */
#ifndef SHERD_NET_SIZES_H
#define SHERD_NET_SIZES_H

enum {
    NET_READ_BYTES = 16 * 1024,          /* room for a read from one connection in one turn */
    NET_READ_MAX_BYTES = 64 * 1024,      /* the same for one that has filled its buffer */
    NET_OUTPUT_FLUSH_BYTES = 512 * 1024, /* replies collected before they are written in mid-turn */
    NET_OUTPUT_KEEP_BYTES = 1024 * 1024, /* storage kept from turn to turn */
};

#endif
