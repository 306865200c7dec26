/* SPDX-License-Identifier: BSD-3-Clause */
/* The options that SET and GETEX share: when to write, when the key expires, what to reply.
 * Owner: the handler's stack. Locks: set_options_allow reads the key. */
#ifndef SHERD_COMMANDS_SET_OPTIONS_H
#define SHERD_COMMANDS_SET_OPTIONS_H

#include "sherd/exec/call.h"

enum set_flag {
    SET_NX = 1 << 0,
    SET_XX = 1 << 1,
    SET_GET = 1 << 2,
    SET_KEEPTTL = 1 << 3,
    SET_PERSIST = 1 << 4, /* GETEX */
    SET_IFEQ = 1 << 5,    /* Valkey 8.1 and Redis 8.4: only while the value equals `comparand` */
    SET_IFNE = 1 << 6,    /* Redis 8.4: only while it differs */
    SET_EX = 1 << 7,
    SET_PX = 1 << 8,
    SET_EXAT = 1 << 9,
    SET_PXAT = 1 << 10,
};

enum {
    SET_EXPIRES = SET_EX | SET_PX | SET_EXAT | SET_PXAT,
    SET_COMPARES = SET_IFEQ | SET_IFNE,
    SET_ACCEPTS = SET_NX | SET_XX | SET_GET | SET_KEEPTTL | SET_EXPIRES | SET_COMPARES,
    GETEX_ACCEPTS = SET_EXPIRES | SET_PERSIST,
};

struct set_options {
    uint32_t flags;             /* enum set_flag */
    uint32_t deadline_argument; /* with SET_EXPIRES: where its number stands */
    int64_t deadline_ms;        /* unix time, from set_options_deadline; DEADLINE_NONE before and without SET_EXPIRES */
    struct slice comparand;
};

/* Parses the words from `first` on; `accepts` says which options the command has. On false the error is replied. */
NODISCARD bool set_options_parse(struct call *call, uint32_t first, uint32_t accepts, struct set_options *options);
/* Computes deadline_ms, if the options name one. On false the error is replied. */
NODISCARD bool set_options_deadline(struct call *call, struct set_options *options);
/* Applies conditions and replies the old value for GET. False: nothing is to be written, the reply is there and
 * `outcome` is what the handler returns. */
NODISCARD bool set_options_allow(struct call *call, const struct set_options *options, const struct keyref *ref,
                                 bool exists, enum outcome *outcome) REQUIRES(shard_held);
/* Turns a number of seconds or milliseconds, relative or absolute, into a deadline as EXPIRE and SET do. On false the
 * error "invalid expire time" is replied. */
NODISCARD bool call_deadline(struct call *call, uint32_t argument, bool seconds, bool absolute, int64_t *deadline_ms);
/* Key flags of SET for COMMAND GETKEYSANDFLAGS. */
uint16_t set_key_flags(const struct call *call, uint32_t argument);

#endif
