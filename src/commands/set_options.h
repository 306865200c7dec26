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
    SET_EXPIRES = 1 << 4, /* EX, PX, EXAT or PXAT was given: deadline_ms holds it */
    SET_PERSIST = 1 << 5, /* GETEX */
    SET_IFEQ = 1 << 6,    /* valkey and Redis 8.4: only while the value equals `comparand` */
    SET_IFNE = 1 << 7,    /* Redis 8.4: only while it differs */
};

enum {
    SET_ACCEPTS_ALL = SET_NX | SET_XX | SET_GET | SET_KEEPTTL | SET_EXPIRES | SET_IFEQ | SET_IFNE,
    GETEX_ACCEPTS = SET_EXPIRES | SET_PERSIST,
};

struct set_options {
    uint32_t flags; /* enum set_flag */
    int64_t deadline_ms; /* unix time; DEADLINE_NONE without SET_EXPIRES */
    struct slice comparand;
};

/* Parses the words from `first` on; `accepts` says which options the command has. On false the error is replied. */
NODISCARD bool set_options_parse(struct call *call, uint32_t first, uint32_t accepts, struct set_options *options);
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
