/* SPDX-License-Identifier: BSD-3-Clause */
/* The command families of this room: arrays of rows, each ending with a row without name, for server/wiring.c.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_COMMANDS_FAMILIES_H
#define SHERD_COMMANDS_FAMILIES_H

#include "sherd/exec/command.h"

extern const struct command_row command_commands[];      /* COMMAND */
extern const struct command_row config_commands[];       /* CONFIG */
extern const struct command_row key_commands[];          /* DEL UNLINK EXISTS TOUCH TYPE */
extern const struct command_row expire_commands[];       /* EXPIRE TTL PERSIST and their kin */
extern const struct command_row move_commands[];         /* RENAME RENAMENX COPY MOVE */
extern const struct command_row migrate_commands[];      /* MIGRATE */
extern const struct command_row walk_commands[];         /* SCAN KEYS RANDOMKEY DBSIZE */
extern const struct command_row object_commands[];       /* OBJECT */
extern const struct command_row flush_commands[];        /* FLUSHDB FLUSHALL SWAPDB; context: commands_state */
extern const struct command_row string_commands[];       /* GET SET and what replaces or reads whole values */
extern const struct command_row string_many_commands[];  /* MGET MSET MSETNX */
extern const struct command_row string_range_commands[]; /* APPEND STRLEN SETRANGE GETRANGE SUBSTR */
extern const struct command_row counter_commands[];      /* INCR and its relatives */
extern const struct command_row lcs_commands[];          /* LCS */
extern const struct command_row bitmap_commands[];       /* SETBIT GETBIT BITCOUNT BITPOS */
extern const struct command_row bitfield_commands[];     /* BITFIELD BITFIELD_RO */
extern const struct command_row bitop_commands[];        /* BITOP */
extern const struct command_row hyperloglog_commands[];  /* PFADD PFCOUNT PFMERGE; context: commands_state */
extern const struct command_row pfdebug_commands[];      /* PFDEBUG PFSELFTEST; context: commands_state */
extern const struct command_row hash_commands[];         /* HSET HGET and what works by field; commands_state */
extern const struct command_row hash_many_commands[];    /* HGETALL HKEYS HVALS HRANDFIELD HSCAN; commands_state */
extern const struct command_row sort_commands[];         /* SORT SORT_RO; context: commands_state */
extern const struct command_row geo_commands[];          /* GEOADD GEOPOS GEODIST GEOHASH; context: commands_state */
extern const struct command_row geo_search_commands[];   /* GEOSEARCH GEORADIUS ...; context: commands_state */
extern const struct command_row list_commands[];         /* LPUSH LPOP and their kin, LLEN; context: commands_state */
extern const struct command_row list_range_commands[];   /* LINDEX LSET LRANGE LTRIM; context: commands_state */
extern const struct command_row list_search_commands[];  /* LREM LINSERT LPOS; context: commands_state */
extern const struct command_row list_block_commands[];   /* BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP */
extern const struct command_row zset_block_commands[];   /* BZPOPMIN BZPOPMAX BZMPOP */
extern const struct command_row list_move_commands[];    /* LMOVE RPOPLPUSH LMPOP; context: commands_state */
extern const struct command_row hash_expire_commands[];  /* HEXPIRE HTTL HPERSIST and their kin; commands_state */
extern const struct command_row hash_timed_commands[];   /* HGETEX HSETEX HGETDEL; commands_state */
extern const struct command_row set_commands[];          /* SADD SREM and what works by member; commands_state */
extern const struct command_row set_many_commands[];     /* SMEMBERS SPOP SRANDMEMBER SSCAN; context: commands_state */
extern const struct command_row set_combine_commands[];  /* SINTER SUNION SDIFF and their kin; commands_state */
extern const struct command_row stream_commands[];       /* XADD XDEL XTRIM XSETID XLEN; context: commands_state */
extern const struct command_row stream_range_commands[]; /* XRANGE XREVRANGE */
extern const struct command_row stream_read_commands[];  /* XREAD XREADGROUP */
extern const struct command_row stream_group_commands[]; /* XGROUP XACK XPENDING */
extern const struct command_row stream_claim_commands[]; /* XCLAIM XAUTOCLAIM */
extern const struct command_row stream_info_commands[];  /* XINFO */
extern const struct command_row zset_commands[];         /* ZADD ZSCORE ZRANK and the like; context: commands_state */
extern const struct command_row zset_range_commands[];   /* ZRANGE and its kin, ZRANGESTORE ZCOUNT ZLEXCOUNT */
extern const struct command_row zset_pop_commands[];     /* ZREMRANGEBY* ZPOPMIN ZPOPMAX ZMPOP */
extern const struct command_row zset_walk_commands[];    /* ZRANDMEMBER ZSCAN */
extern const struct command_row zset_combine_commands[]; /* ZUNION ZINTER ZDIFF, their STORE forms, ZINTERCARD */

#endif
