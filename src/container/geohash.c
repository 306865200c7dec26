/* SPDX-License-Identifier: BSD-3-Clause */
/* Geohashes: encoding, distances, and the cells around a place.
 * Owner: nobody. Locks: none. */
#include "sherd/container/geohash.h"

#include <math.h>

enum {
    STEP_MAX = 26,
};

static const double EARTH_RADIUS_METRES = 6372797.560856;
static const double MERCATOR_METRES = 20037726.37; /* half the length of the equator on the map */

static double radians(double angle)
{
    return angle * (M_PI / 180.0);
}

static double degrees(double angle)
{
    return angle / (M_PI / 180.0);
}

/* Bits of latitude in the even places, of longitude in the odd ones; 2 * step bits. */
struct hash {
    uint64_t bits;
    unsigned step; /* 0: none */
};

struct range {
    double min;
    double max;
};

struct area {
    struct range longitude;
    struct range latitude;
};

static const struct area MAP = {{-GEO_LONGITUDE_MAX, GEO_LONGITUDE_MAX}, {-GEO_LATITUDE_MAX, GEO_LATITUDE_MAX}};

/* Moves bit i to bit 2i. */
static uint64_t spread(uint32_t bits)
{
    uint64_t x = bits;
    x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
    x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x | x << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    x = (x | x << 2) & UINT64_C(0x3333333333333333);
    return (x | x << 1) & UINT64_C(0x5555555555555555);
}

/* And back. */
static uint32_t gather(uint64_t x)
{
    x &= UINT64_C(0x5555555555555555);
    x = (x | x >> 1) & UINT64_C(0x3333333333333333);
    x = (x | x >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    x = (x | x >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x | x >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(x | x >> 16);
}

/* The point lies in the area. */
static struct hash hash_encode(const struct area *area, struct geo_point point, unsigned step)
{
    double latitude = (point.latitude - area->latitude.min) / (area->latitude.max - area->latitude.min);
    double longitude = (point.longitude - area->longitude.min) / (area->longitude.max - area->longitude.min);
    double cells = (double)(UINT64_C(1) << step);
    return (struct hash){.bits = spread((uint32_t)(latitude * cells)) | spread((uint32_t)(longitude * cells)) << 1,
                         .step = step};
}

static struct range range_part(const struct range *whole, uint32_t at, unsigned step)
{
    double scale = whole->max - whole->min;
    double cells = (double)(UINT64_C(1) << step);
    return (struct range){.min = whole->min + (at / cells) * scale, .max = whole->min + ((at + 1) / cells) * scale};
}

static struct area hash_decode(struct hash hash)
{
    return (struct area){.longitude = range_part(&MAP.longitude, gather(hash.bits >> 1), hash.step),
                         .latitude = range_part(&MAP.latitude, gather(hash.bits), hash.step)};
}

uint64_t geohash_encode(struct geo_point point)
{
    return hash_encode(&MAP, point, STEP_MAX).bits;
}

/* What x86 makes of a score that was not made by GEOADD: any double gives some bits. */
static uint64_t score_bits(double score)
{
    const double half = 9223372036854775808.0;
    if (score >= half) {
        return score < 2 * half ? (uint64_t)score : 0;
    }
    return score >= -half ? (uint64_t)(int64_t)score : UINT64_C(1) << 63;
}

static double clamp(double value, double limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

struct geo_point geohash_decode(double score)
{
    struct area area = hash_decode((struct hash){.bits = score_bits(score), .step = STEP_MAX});
    return (struct geo_point){.longitude = clamp((area.longitude.min + area.longitude.max) / 2, GEO_LONGITUDE_MAX),
                              .latitude = clamp((area.latitude.min + area.latitude.max) / 2, GEO_LATITUDE_MAX)};
}

void geohash_print(char out[static GEO_TEXT_BYTES], struct geo_point point)
{
    static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    static const struct area standard = {{-180.0, 180.0}, {-90.0, 90.0}};
    uint64_t bits = hash_encode(&standard, point, STEP_MAX).bits;
    for (unsigned i = 0; i < GEO_TEXT_BYTES - 1; i++) {
        out[i] = digits[bits >> (2 * STEP_MAX - 5 * (i + 1)) & 31];
    }
    out[GEO_TEXT_BYTES - 1] = '0'; /* 52 bits make ten digits and two bits; the last digit says nothing */
}

static double latitude_distance(double a, double b)
{
    return EARTH_RADIUS_METRES * fabs(radians(b) - radians(a));
}

double geo_distance(struct geo_point a, struct geo_point b)
{
    double v = sin((radians(b.longitude) - radians(a.longitude)) / 2);
    if (v == 0.0) {
        return latitude_distance(a.latitude, b.latitude);
    }
    double a_latitude = radians(a.latitude);
    double b_latitude = radians(b.latitude);
    double u = sin((b_latitude - a_latitude) / 2);
    return 2.0 * EARTH_RADIUS_METRES * asin(sqrt(u * u + cos(a_latitude) * cos(b_latitude) * v * v));
}

bool geo_shape_contains(const struct geo_shape *shape, struct geo_point point, double *metres)
{
    if (shape->is_box) {
        struct geo_point beside = {.longitude = shape->centre.longitude, .latitude = point.latitude};
        if (latitude_distance(point.latitude, shape->centre.latitude) > shape->height * shape->unit_metres / 2 ||
            geo_distance(point, beside) > shape->width * shape->unit_metres / 2) {
            return false;
        }
        *metres = geo_distance(shape->centre, point);
        return true;
    }
    *metres = geo_distance(shape->centre, point);
    return *metres <= shape->radius * shape->unit_metres;
}

/* The box around the shape. Its sides are bent on the map: the wider end counts. */
static struct area shape_bounds(const struct geo_shape *shape)
{
    double height = shape->unit_metres * (shape->is_box ? shape->height / 2 : shape->radius);
    double width = shape->unit_metres * (shape->is_box ? shape->width / 2 : shape->radius);
    double longitude = shape->centre.longitude;
    double latitude = shape->centre.latitude;
    double up = degrees(height / EARTH_RADIUS_METRES);
    double nearer_pole = latitude < 0 ? latitude - up : latitude + up;
    double aside = degrees(width / EARTH_RADIUS_METRES / cos(radians(nearer_pole)));
    return (struct area){.longitude = {longitude - aside, longitude + aside},
                         .latitude = {latitude - up, latitude + up}};
}

/* The finest step at which a cell and its neighbours cover so much. */
static unsigned step_for(double metres, double latitude)
{
    if (metres == 0) {
        return STEP_MAX;
    }
    int step = 1;
    for (; metres < MERCATOR_METRES; metres *= 2) {
        step++;
    }
    step -= 2;
    if (fabs(latitude) > 66) { /* cells are narrower towards the poles */
        step -= fabs(latitude) > 80 ? 2 : 1;
    }
    return step < 1 ? 1 : step > STEP_MAX ? STEP_MAX : (unsigned)step;
}

enum neighbour {
    CENTRE,
    NORTH,
    SOUTH,
    EAST,
    WEST,
    NORTH_EAST,
    NORTH_WEST,
    SOUTH_EAST,
    SOUTH_WEST,
};

/* Steps by one cell along the coordinate whose bits `mask` has, around the edge of the map. */
static uint64_t neighbour_bits(uint64_t bits, uint64_t mask, int direction, unsigned step)
{
    if (direction == 0) {
        return bits; /* the edge itself, latitude 85.05112878, has one bit more than the map */
    }
    uint64_t all = ~UINT64_C(0) >> (64 - 2 * step);
    uint64_t others = ~mask & all;
    uint64_t moved = bits & mask;
    if (direction > 0) {
        moved = moved + (others + 1); /* the carry runs over the other coordinate's places */
    } else {
        moved = (moved | others) - (others + 1);
    }
    return (moved & mask & all) | (bits & ~mask);
}

static void neighbours_of(struct hash hash, struct hash around[static GEO_CELLS_MAX])
{
    static const struct {
        int8_t east;
        int8_t north;
    } moves[GEO_CELLS_MAX] = {
        [NORTH] = {0, 1},      [SOUTH] = {0, -1},      [EAST] = {1, 0},        [WEST] = {-1, 0},
        [NORTH_EAST] = {1, 1}, [NORTH_WEST] = {-1, 1}, [SOUTH_EAST] = {1, -1}, [SOUTH_WEST] = {-1, -1},
    };
    const uint64_t longitudes = UINT64_C(0xaaaaaaaaaaaaaaaa);
    for (unsigned i = 0; i < GEO_CELLS_MAX; i++) {
        uint64_t bits = neighbour_bits(hash.bits, longitudes, moves[i].east, hash.step);
        bits = neighbour_bits(bits, ~longitudes, moves[i].north, hash.step);
        around[i] = (struct hash){.bits = bits, .step = hash.step};
    }
}

/* Do the nine cells reach beyond the bounds on all sides? */
static bool neighbours_cover(const struct hash around[static GEO_CELLS_MAX], const struct area *bounds)
{
    /* Bounds that are no numbers (of an infinite radius) count as covered. */
    return !(hash_decode(around[NORTH]).latitude.max < bounds->latitude.max) &&
           !(hash_decode(around[SOUTH]).latitude.min > bounds->latitude.min) &&
           !(hash_decode(around[EAST]).longitude.max < bounds->longitude.max) &&
           !(hash_decode(around[WEST]).longitude.min > bounds->longitude.min);
}

/* Drops the sides to which the shape does not reach. */
static void neighbours_narrow(struct hash around[static GEO_CELLS_MAX], const struct area *bounds)
{
    static const uint8_t sides[4][3] = {{SOUTH, SOUTH_WEST, SOUTH_EAST},
                                        {NORTH, NORTH_EAST, NORTH_WEST},
                                        {WEST, SOUTH_WEST, NORTH_WEST},
                                        {EAST, SOUTH_EAST, NORTH_EAST}};
    struct area cell = hash_decode(around[CENTRE]);
    const bool is_idle[4] = {
        cell.latitude.min<bounds->latitude.min, cell.latitude.max> bounds->latitude.max,
        cell.longitude.min<bounds->longitude.min, cell.longitude.max> bounds->longitude.max,
    };
    for (unsigned side = 0; side < 4; side++) {
        for (unsigned i = 0; is_idle[side] && i < 3; i++) {
            around[sides[side][i]].step = 0;
        }
    }
}

static double hash_score(uint64_t bits, unsigned step)
{
    return (double)(bits << (2 * STEP_MAX - 2 * step));
}

unsigned geo_shape_cells(const struct geo_shape *shape, struct geo_cell cells[static GEO_CELLS_MAX])
{
    struct area bounds = shape_bounds(shape);
    double reach = shape->radius;
    if (shape->is_box) {
        reach = sqrt((shape->width / 2) * (shape->width / 2) + (shape->height / 2) * (shape->height / 2));
    }
    unsigned step = step_for(reach * shape->unit_metres, shape->centre.latitude);
    struct hash around[GEO_CELLS_MAX];
    neighbours_of(hash_encode(&MAP, shape->centre, step), around);
    if (step > 1 && !neighbours_cover(around, &bounds)) {
        step--;
        neighbours_of(hash_encode(&MAP, shape->centre, step), around);
    }
    if (step >= 2) {
        neighbours_narrow(around, &bounds);
    }
    unsigned count = 0;
    unsigned last = CENTRE;
    for (unsigned i = 0; i < GEO_CELLS_MAX; i++) {
        /* Around the whole earth neighbours are the same cell. Redis compares with the cell before, if that is not the
         * centre, and so shall the order of the members be. */
        if (around[i].step == 0 || (last != CENTRE && around[i].bits == around[last].bits)) {
            continue;
        }
        cells[count++] =
            (struct geo_cell){.min = hash_score(around[i].bits, step), .max = hash_score(around[i].bits + 1, step)};
        last = i;
    }
    return count;
}
