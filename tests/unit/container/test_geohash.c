/* SPDX-License-Identifier: BSD-3-Clause */
/* Geohashes: known values of redis-server 7.0.15, edges of the map, and that the cells of a shape hold all of it.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <math.h>

#include "sherd/base/random.h"
#include "sherd/container/geohash.h"

static const struct geo_point PALERMO = {13.361389, 38.115556};
static const struct geo_point CATANIA = {15.087269, 37.502669};

Test(geohash, encodes_as_geoadd_does)
{
    cr_assert_eq(geohash_encode(PALERMO), 3479099956230698);
    cr_assert_eq(geohash_encode(CATANIA), 3479447370796909);
    cr_assert_eq(geohash_encode((struct geo_point){-180, -GEO_LATITUDE_MAX}), 0);
}

Test(geohash, decodes_to_the_middle_of_a_cell)
{
    struct geo_point point = geohash_decode(3479099956230698);
    cr_assert_eq(point.longitude, 13.36138933897018433);
    cr_assert_eq(point.latitude, 38.11555639549629859);
}

Test(geohash, prints_the_standard_text)
{
    char text[GEO_TEXT_BYTES];
    geohash_print(text, geohash_decode(3479099956230698));
    cr_assert_eq(memcmp(text, "sqc8b49rny0", sizeof(text)), 0);
    geohash_print(text, geohash_decode(3479447370796909));
    cr_assert_eq(memcmp(text, "sqdtr74hyu0", sizeof(text)), 0);
}

Test(geohash, measures_along_the_great_circle)
{
    double metres = geo_distance(geohash_decode(3479099956230698), geohash_decode(3479447370796909));
    cr_assert_lt(fabs(metres - 166274.1516), 0.0001);
    cr_assert_eq(geo_distance(PALERMO, PALERMO), 0);
}

Test(geohash, takes_any_double_for_some_place)
{
    static const double scores[] = {-1, 1.5, 4503599627370496.0, 1e18, 9.3e18, 1e300, -1e300, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
        cr_assert(geo_point_is_valid(geohash_decode(scores[i])));
    }
}

/* A random place near the centre of the shape, or anywhere. */
static struct geo_point place_near(struct random *random, struct geo_point centre, double degrees)
{
    double x = (double)random_below(random, 2000001) / 1000000.0 - 1;
    double y = (double)random_below(random, 2000001) / 1000000.0 - 1;
    return (struct geo_point){centre.longitude + x * degrees, centre.latitude + y * degrees};
}

static bool is_in_cells(struct geo_point point, const struct geo_cell *cells, unsigned count)
{
    double score = (double)geohash_encode(point);
    for (unsigned i = 0; i < count; i++) {
        if (score >= cells[i].min && score < cells[i].max) {
            return true;
        }
    }
    return false;
}

Test(geohash, finds_cells_that_hold_what_lies_in_the_shape)
{
    struct random random;
    random_init_seed(&random, 3);
    unsigned inside = 0;
    for (int round = 0; round < 400; round++) {
        struct geo_point centre = place_near(&random, (struct geo_point){0, 0}, 60);
        double degrees = pow(10, (double)(round % 5) - 4); /* up to one degree, about 111 km */
        struct geo_shape shape = {.is_box = round % 2 == 0, .centre = centre, .unit_metres = 1000};
        shape.radius = degrees * 80;
        shape.width = degrees * 100;
        shape.height = degrees * 150;
        struct geo_cell cells[GEO_CELLS_MAX];
        unsigned count = geo_shape_cells(&shape, cells);
        cr_assert(count >= 1 && count <= GEO_CELLS_MAX);
        for (int i = 0; i < 100; i++) {
            double metres;
            struct geo_point point = geohash_decode((double)geohash_encode(place_near(&random, centre, degrees)));
            if (geo_shape_contains(&shape, point, &metres)) {
                inside++;
                cr_assert(is_in_cells(point, cells, count), "round %d: %f %f from %f %f", round, point.longitude,
                          point.latitude, centre.longitude, centre.latitude);
                cr_assert(shape.is_box || metres <= shape.radius * 1000);
            }
        }
    }
    cr_assert_gt(inside, 10000);
}

Test(geohash, finds_what_lies_on_the_edge_of_the_map)
{
    const struct geo_point edge = {179.9999, GEO_LATITUDE_MAX};
    struct geo_shape shape = {.centre = edge, .radius = 383.575, .unit_metres = 1};
    struct geo_cell cells[GEO_CELLS_MAX];
    unsigned count = geo_shape_cells(&shape, cells);
    cr_assert(is_in_cells(edge, cells, count));
}

Test(geohash, covers_the_whole_earth_without_searching_a_cell_twice_in_a_row)
{
    struct geo_shape shape = {.centre = {10, 10}, .radius = 30000, .unit_metres = 1000};
    struct geo_cell cells[GEO_CELLS_MAX];
    unsigned count = geo_shape_cells(&shape, cells);
    cr_assert(is_in_cells((struct geo_point){-170, -80}, cells, count));
    cr_assert(is_in_cells((struct geo_point){170, 80}, cells, count));
    shape.radius = 0;
    count = geo_shape_cells(&shape, cells);
    cr_assert(is_in_cells((struct geo_point){10, 10}, cells, count));
}
