/* SPDX-License-Identifier: BSD-3-Clause */
/* What the geo commands share: their arguments, their sorted sets, and numbers as they reply them.
 * Owner: the handler's stack. Locks: none taken. */
#ifndef SHERD_COMMANDS_GEO_ARGUMENTS_H
#define SHERD_COMMANDS_GEO_ARGUMENTS_H

#include "sherd/container/geohash.h"
#include "zset_arguments.h"

/* A kind of search: how the centre is given, and where results may go. */
enum geo_variant {
    GEO_FROM_POINT,       /* GEORADIUS, GEORADIUS_RO */
    GEO_FROM_MEMBER,      /* GEORADIUSBYMEMBER, GEORADIUSBYMEMBER_RO */
    GEO_FROM_OPTION,      /* GEOSEARCH, GEOSEARCHSTORE */
    GEO_VARIANT_BITS = 3, /* of the three above */
    GEO_MAY_STORE = 4,    /* STORE and STOREDIST, or the destination of GEOSEARCHSTORE */
};

enum geo_order {
    GEO_ANY_ORDER,
    GEO_NEAREST_FIRST,
    GEO_FARTHEST_FIRST,
};

struct geo_search {
    const struct zset *zset; /* NULL: the key is missing */
    unsigned variant;        /* enum geo_variant */
    struct geo_shape shape;
    enum geo_order order;
    int64_t count; /* 0: all */
    bool any;      /* stop as soon as `count` are found */
    bool with_distance, with_hash, with_point;
    bool has_centre, from_member, has_shape; /* GEO_FROM_OPTION */
    bool store_distance;
    uint32_t store; /* argument that names the destination; 0: none */
};

/* Longitude and latitude from two arguments; on false the error is replied. */
NODISCARD bool geo_point_argument(struct call *call, uint32_t argument, struct geo_point *point);
/* M, KM, FT, MI in metres; on false the error is replied. */
NODISCARD bool geo_unit_argument(struct call *call, uint32_t argument, double *metres);
/* Where a member is; false when it is not in the set. */
NODISCARD bool geo_member_point(const struct zset *zset, struct slice member, struct geo_point *point);
/* Reads all arguments of a search; `variant` and `zset` are filled in. On false the error is replied. */
NODISCARD bool geo_search_parse(struct call *call, struct geo_search *search);

/* A distance with four decimals, as a bulk string. */
void geo_reply_distance(struct call *call, double distance);
/* Longitude and latitude. */
void geo_reply_point(struct call *call, struct geo_point point);

#endif
