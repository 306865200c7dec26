/* SPDX-License-Identifier: BSD-3-Clause */
/* Places on earth as 52 bit numbers that sort by nearness, as sorted sets keep them: 26 bits of latitude and of
 * longitude, interleaved, longitude first. A cell of `step` bits each way is a prefix of such numbers, so one range.
 * Figures, their order of evaluation included, are those of the Redis documentation's formulas (mean radius
 * 6372797.560856 m, haversine), because replies show the last digits: https://redis.io/docs/latest/commands/geoadd/
 * Owner: nobody, there is no state. Locks: none. */
#ifndef SHERD_CONTAINER_GEOHASH_H
#define SHERD_CONTAINER_GEOHASH_H

#include "sherd/base/compiler.h"

#define GEO_LONGITUDE_MAX 180.0
#define GEO_LATITUDE_MAX  85.05112878 /* where a square map of the earth ends */

enum {
    GEO_CELLS_MAX = 9,
    GEO_TEXT_BYTES = 11,
};

struct geo_point {
    double longitude; /* degrees */
    double latitude;
};

/* Within what can be encoded? */
static inline bool geo_point_is_valid(struct geo_point point)
{
    return point.longitude >= -GEO_LONGITUDE_MAX && point.longitude <= GEO_LONGITUDE_MAX &&
           point.latitude >= -GEO_LATITUDE_MAX && point.latitude <= GEO_LATITUDE_MAX;
}

/* A valid point as a score: an integer below 2^52. */
uint64_t geohash_encode(struct geo_point point);
/* The middle of the cell that a score stands for; any double means some place. */
struct geo_point geohash_decode(double score);
/* The standard geohash, which takes latitudes from -90 to 90: ten digits and a 0. */
void geohash_print(char out[static GEO_TEXT_BYTES], struct geo_point point);

/* Metres between two points. */
double geo_distance(struct geo_point a, struct geo_point b);

/* What is searched: a circle, or a box along the meridians. Lengths are in the caller's unit. */
struct geo_shape {
    bool is_box;
    struct geo_point centre;
    double radius;
    double width;
    double height;
    double unit_metres; /* of one unit of length */
};

/* Is a point within the shape? Its distance to the centre in metres is put into `*metres` when it is. */
NODISCARD bool geo_shape_contains(const struct geo_shape *shape, struct geo_point point, double *metres);

/* Scores from `min` on and below `max`. */
struct geo_cell {
    double min;
    double max;
};

/* The cells that hold whatever lies in the shape, in the order in which they are to be searched. Returns how many. */
unsigned geo_shape_cells(const struct geo_shape *shape, struct geo_cell cells[static GEO_CELLS_MAX]);

#endif
