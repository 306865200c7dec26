/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the arguments of the geo commands; errors and their order as Redis has them.
 * Owner: the handler's stack. Locks: none taken. */
#include "geo_arguments.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "sherd/base/number.h"

bool geo_point_argument(struct call *call, uint32_t argument, struct geo_point *point)
{
    if (!number_parse_double(call->argv[argument], &point->longitude) ||
        !number_parse_double(call->argv[argument + 1], &point->latitude)) {
        (void)call_fail(call, ERROR_NOT_FLOAT);
        return false;
    }
    if (!geo_point_is_valid(*point)) {
        (void)call_fail_format(call, "ERR invalid longitude,latitude pair %f,%f", point->longitude, point->latitude);
        return false;
    }
    return true;
}

bool geo_unit_argument(struct call *call, uint32_t argument, double *metres)
{
    static const struct {
        const char *word;
        double metres;
    } units[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (call_argument_is(call, argument, units[i].word)) {
            *metres = units[i].metres;
            return true;
        }
    }
    (void)call_fail_slice(call, SLICE_LITERAL("ERR unsupported unit provided. please use M, KM, FT, MI"));
    return false;
}

bool geo_member_point(const struct zset *zset, struct slice member, struct geo_point *point)
{
    double score;
    if (!zset_score(zset, member, &score)) {
        return false;
    }
    *point = geohash_decode(score);
    return true;
}

static bool fail(struct call *call, const char *line)
{
    (void)call_fail_slice(call, slice_from_text(line));
    return false;
}

static bool circle_arguments(struct call *call, uint32_t argument, struct geo_search *search)
{
    if (!number_parse_double(call->argv[argument], &search->shape.radius)) {
        return fail(call, "ERR need numeric radius");
    }
    if (search->shape.radius < 0) {
        return fail(call, "ERR radius cannot be negative");
    }
    search->shape.is_box = false;
    search->has_shape = true;
    return geo_unit_argument(call, argument + 1, &search->shape.unit_metres);
}

static bool box_arguments(struct call *call, uint32_t argument, struct geo_search *search)
{
    if (!number_parse_double(call->argv[argument], &search->shape.width)) {
        return fail(call, "ERR need numeric width");
    }
    if (!number_parse_double(call->argv[argument + 1], &search->shape.height)) {
        return fail(call, "ERR need numeric height");
    }
    if (search->shape.width < 0 || search->shape.height < 0) {
        return fail(call, "ERR height or width cannot be negative");
    }
    search->shape.is_box = true;
    search->has_shape = true;
    return geo_unit_argument(call, argument + 2, &search->shape.unit_metres);
}

static bool member_argument(struct call *call, uint32_t argument, struct geo_search *search)
{
    search->from_member = true;
    search->has_centre = true;
    if (search->zset != NULL && !geo_member_point(search->zset, call->argv[argument], &search->shape.centre)) {
        return fail(call, "ERR could not decode requested zset member");
    }
    return true;
}

static bool count_argument(struct call *call, uint32_t argument, struct geo_search *search)
{
    if (!call_integer(call, argument, &search->count)) {
        return false;
    }
    return search->count > 0 || fail(call, "ERR COUNT must be > 0");
}

/* WITHDIST and other words that stand alone. */
static bool take_word(const struct call *call, uint32_t at, struct geo_search *search)
{
    if (call_argument_is(call, at, "withdist")) {
        search->with_distance = true;
    } else if (call_argument_is(call, at, "withhash")) {
        search->with_hash = true;
    } else if (call_argument_is(call, at, "withcoord")) {
        search->with_point = true;
    } else if (call_argument_is(call, at, "any")) {
        search->any = true;
    } else if (call_argument_is(call, at, "asc")) {
        search->order = GEO_NEAREST_FIRST;
    } else if (call_argument_is(call, at, "desc")) {
        search->order = GEO_FARTHEST_FIRST;
    } else {
        return false;
    }
    return true;
}

/* The options of GEOSEARCH and GEOSEARCHSTORE about centre and shape. Gives the arguments taken; 0: it is none of them,
 * or (then *failed) the error is replied. */
static uint32_t take_shape(struct call *call, uint32_t at, struct geo_search *search, bool *failed)
{
    uint32_t left = call->argc - at - 1;
    bool from_point = search->has_centre && !search->from_member;
    bool has_circle = search->has_shape && !search->shape.is_box;
    bool has_box = search->has_shape && search->shape.is_box;
    if (left >= 1 && !from_point && call_argument_is(call, at, "frommember")) {
        *failed = !member_argument(call, at + 1, search);
        return 2;
    }
    if (left >= 2 && !search->from_member && call_argument_is(call, at, "fromlonlat")) {
        search->has_centre = true;
        *failed = !geo_point_argument(call, at + 1, &search->shape.centre);
        return 3;
    }
    if (left >= 2 && !has_box && call_argument_is(call, at, "byradius")) {
        *failed = !circle_arguments(call, at + 1, search);
        return 3;
    }
    if (left >= 3 && !has_circle && call_argument_is(call, at, "bybox")) {
        *failed = !box_arguments(call, at + 1, search);
        return 4;
    }
    return 0;
}

/* One option at argument `at`. Gives the arguments taken; 0: the error is replied. */
static uint32_t take_option(struct call *call, uint32_t at, struct geo_search *search)
{
    bool has_next = at + 1 < call->argc;
    bool searches = (search->variant & GEO_VARIANT_BITS) == GEO_FROM_OPTION;
    bool stores = (search->variant & GEO_MAY_STORE) != 0;
    bool is_storedist = call_argument_is(call, at, "storedist");
    if (take_word(call, at, search)) {
        return 1;
    }
    if (has_next && call_argument_is(call, at, "count")) {
        return count_argument(call, at + 1, search) ? 2 : 0;
    }
    if (stores && !searches && has_next && (is_storedist || call_argument_is(call, at, "store"))) {
        search->store = at + 1;
        search->store_distance = is_storedist;
        return 2;
    }
    if (stores && searches && is_storedist) {
        search->store_distance = true;
        return 1;
    }
    bool failed = false;
    uint32_t taken = searches ? take_shape(call, at, search, &failed) : 0;
    if (taken == 0) {
        (void)call_fail(call, ERROR_SYNTAX);
    }
    return failed ? 0 : taken;
}

/* The options must fit together. */
static bool check_options(struct call *call, const struct geo_search *search)
{
    bool searches = (search->variant & GEO_VARIANT_BITS) == GEO_FROM_OPTION;
    struct slice name = call->argv[0];
    if (search->store != 0 && (search->with_distance || search->with_hash || search->with_point)) {
        (void)call_fail_format(call, "ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                               searches ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
        return false;
    }
    if (searches && !search->has_centre) {
        (void)call_fail_format(call, "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %.*s",
                               (int)name.len, name.data);
        return false;
    }
    if (searches && !search->has_shape) {
        (void)call_fail_format(call, "ERR exactly one of BYRADIUS and BYBOX can be specified for %.*s", (int)name.len,
                               name.data);
        return false;
    }
    return !search->any || search->count != 0 || fail(call, "ERR the ANY argument requires COUNT argument");
}

bool geo_search_parse(struct call *call, struct geo_search *search)
{
    uint32_t at;
    switch (search->variant & GEO_VARIANT_BITS) {
    case GEO_FROM_POINT:
        at = 6;
        if (!geo_point_argument(call, 2, &search->shape.centre) || !circle_arguments(call, 4, search)) {
            return false;
        }
        break;
    case GEO_FROM_MEMBER:
        at = 5;
        /* Of a missing key nothing is looked at but the options, which choose the reply. */
        if (search->zset != NULL && (!member_argument(call, 2, search) || !circle_arguments(call, 3, search))) {
            return false;
        }
        break;
    default:
        at = 2;
        if ((search->variant & GEO_MAY_STORE) != 0) {
            at = 3;
            search->store = 1;
        }
        break;
    }
    while (at < call->argc) {
        uint32_t taken = take_option(call, at, search);
        if (taken == 0) {
            return false;
        }
        at += taken;
    }
    return check_options(call, search);
}

void geo_reply_distance(struct call *call, double distance)
{
    char text[64];
    double scaled = rint(distance * 10000.0);
    bool is_small = fabs(scaled) < 9.2e18;
    int64_t value = is_small ? (int64_t)scaled : INT64_MIN; /* as the conversion on x86 has it */
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int len =
        snprintf(text, sizeof(text), "%s%" PRIu64 ".%04" PRIu64, value < 0 ? "-" : "", size / 10000, size % 10000);
    reply_bulk(&call->reply, slice_make(text, (size_t)len));
}

static void reply_coordinate(struct call *call, double value)
{
    char text[NUMBER_LONG_DOUBLE_BYTES];
    size_t len = number_print_long_double_human(text, value);
    if (call->reply.version == 2) {
        reply_bulk(&call->reply, slice_make(text, len));
    } else {
        REPLY_LITERAL(&call->reply, ",");
        reply_raw(&call->reply, text, len);
        REPLY_LITERAL(&call->reply, "\r\n");
    }
}

void geo_reply_point(struct call *call, struct geo_point point)
{
    reply_array(&call->reply, 2);
    reply_coordinate(call, point.longitude);
    reply_coordinate(call, point.latitude);
}
