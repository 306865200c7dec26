/* SPDX-License-Identifier: BSD-3-Clause */
/* Places: adding, telling and searching them; coordinates at their bounds, options in any order, what each command
 * refuses.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void sicily(void)
{
    command_server_setup();
    EXPECT("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2");
    EXPECT("GEOADD g 12.758489 38.788135 edge1 17.241510 38.788135 edge2", ":2");
}

TestSuite(geo, .init = sicily, .fini = command_server_teardown);
TestSuite(geosearch, .init = sicily, .fini = command_server_teardown);

static const char WRONG_TYPE[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";
static const char NO_UNIT[] = "-ERR unsupported unit provided. please use M, KM, FT, MI";

Test(geo, geoadd_counts_as_zadd_does)
{
    EXPECT("GEOADD g 13.5 38 Palermo 10 40 new", ":1");
    EXPECT("GEOADD g CH 13.6 38 Palermo 10 40 new", ":1");
    EXPECT("TYPE g", "+zset");
}

Test(geo, geoadd_with_nx_or_xx_leaves_alone_what_zadd_does)
{
    EXPECT("GEOADD g NX 1 1 Palermo 2 2 new", ":1");
    EXPECT("GEOADD g XX CH 1 1 Palermo 3 3 other", ":1");
    EXPECT("ZSCORE g other", "nil");
}

Test(geo, geoadd_refuses_nx_with_xx)
{
    EXPECT("GEOADD g NX XX 1 1 a", "-ERR syntax error");
}

Test(geo, geoadd_takes_coordinates_at_the_bounds)
{
    EXPECT("GEOADD b -180 -85.05112878 sw 180 85.05112878 ne", ":2");
    EXPECT("GEOHASH b sw ne", "[00bh0hbj200 bp05b5048p0]");
}

Test(geo, geoadd_refuses_coordinates_beyond_the_bounds)
{
    EXPECT("GEOADD b 180.000001 0 a", "-ERR invalid longitude,latitude pair 180.000001,0.000000");
    EXPECT("GEOADD b 0 -85.06 a", "-ERR invalid longitude,latitude pair 0.000000,-85.060000");
    EXPECT("GEOADD b inf 0 a", "-ERR invalid longitude,latitude pair inf,0.000000");
    EXPECT("EXISTS b", ":0");
}

Test(geo, geoadd_adds_nothing_when_any_place_is_none)
{
    EXPECT("GEOADD b 1 1 a 2 x b", "-ERR value is not a valid float");
    EXPECT("GEOADD b 1 1 a 2 2", "-ERR syntax error");
    EXPECT("GEOADD b 1 1 a nan 2 b", "-ERR value is not a valid float");
    EXPECT("EXISTS b", ":0");
}

Test(geo, geoadd_tells_the_event_of_zadd)
{
    EXPECT_EVENTS("GEOADD g 1 1 new", "zadd g");
    EXPECT_EVENTS("GEOADD g NX 1 1 new", "");
}

Test(geo, geopos_tells_the_middle_of_the_cell)
{
    EXPECT("GEOPOS g Palermo nobody", "[[13.36138933897018433 38.11555639549629859] nil-array]");
    EXPECT("GEOPOS nokey a", "[nil-array]");
    EXPECT("GEOPOS g", "[]");
}

Test(geo, geopos_answers_doubles_in_resp3)
{
    command_server_speak(3);
    EXPECT("GEOPOS g Palermo nobody", "[[,13.36138933897018433 ,38.11555639549629859] null]");
}

Test(geo, geohash_tells_the_standard_text)
{
    EXPECT("GEOHASH g Palermo nobody Catania", "[sqc8b49rny0 nil sqdtr74hyu0]");
    EXPECT("GEOHASH nokey a", "[nil]");
}

Test(geo, geodist_takes_four_units_in_either_case)
{
    EXPECT("GEODIST g Palermo Catania", "166274.1516");
    EXPECT("GEODIST g Palermo Catania KM", "166.2742");
    EXPECT("GEODIST g Palermo Catania mi", "103.3182");
    EXPECT("GEODIST g Palermo Catania ft", "545518.8700");
}

Test(geo, geodist_of_a_missing_place_is_nothing)
{
    EXPECT("GEODIST g Palermo nobody", "nil");
    EXPECT("GEODIST nokey a b", "nil");
    EXPECT("GEODIST g Palermo Palermo", "0.0000");
}

Test(geo, geodist_refuses_units_and_words_it_does_not_know)
{
    EXPECT("GEODIST g Palermo Catania yard", NO_UNIT);
    EXPECT("GEODIST g Palermo Catania m more", "-ERR syntax error");
}

Test(geo, keys_of_another_type_are_refused)
{
    EXPECT("SET k v", "+OK");
    EXPECT("GEOADD k 1 1 a", WRONG_TYPE);
    EXPECT("GEOPOS k a", WRONG_TYPE);
    EXPECT("GEODIST k a b", WRONG_TYPE);
    EXPECT("GEOSEARCH k FROMLONLAT 0 0 BYRADIUS 1 m", WRONG_TYPE);
}

Test(geosearch, a_circle_finds_what_lies_within)
{
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC", "[Catania Palermo]");
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 56 km", "[]");
}

Test(geosearch, a_box_finds_what_lies_within)
{
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km DESC", "[edge1 edge2 Palermo Catania]");
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYBOX 100 400 km", "[Catania]");
}

Test(geosearch, a_box_reaches_half_its_width_and_half_its_height_from_the_centre)
{
    /* Catania lies 7.7 km to the east and 55.9 km to the north. */
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYBOX 15 113 km", "[]");
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYBOX 17 110 km", "[]");
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYBOX 17 113 km", "[Catania]");
}

Test(geosearch, a_member_may_be_the_centre)
{
    EXPECT("GEOSEARCH g FROMMEMBER Catania BYRADIUS 0 m WITHDIST", "[[Catania 0.0000]]");
    EXPECT("GEOSEARCH g FROMMEMBER nobody BYRADIUS 1 m", "-ERR could not decode requested zset member");
}

Test(geosearch, what_is_told_stands_in_one_order_whatever_the_options)
{
    const char *reply = "[[Catania 56.4413 :3479447370796909 [15.08726745843887329 37.50266842333162032]]]";
    EXPECT("GEOSEARCH g WITHCOORD COUNT 1 WITHHASH ASC BYRADIUS 200 km WITHDIST FROMLONLAT 15 37", reply);
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST WITHHASH WITHCOORD COUNT 1", reply);
}

Test(geosearch, a_count_of_nothing_is_refused)
{
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0", "-ERR COUNT must be > 0");
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT -9223372036854775808", "-ERR COUNT must be > 0");
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT a", "-ERR value is not an integer or out of range");
}

Test(geosearch, any_wants_a_count)
{
    EXPECT("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ANY", "-ERR the ANY argument requires COUNT argument");
}

Test(geosearch, wants_one_centre_and_one_shape)
{
    EXPECT("GEOSEARCH g BYRADIUS 1 m ASC WITHDIST",
           "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH");
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 ASC WITHDIST WITHHASH",
           "-ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH");
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 FROMMEMBER Catania BYRADIUS 1 m", "-ERR syntax error");
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 BYBOX 1 1 m BYRADIUS 1 m", "-ERR syntax error");
}

Test(geosearch, refuses_shapes_of_no_size)
{
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS -1 m", "-ERR radius cannot be negative");
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS x m", "-ERR need numeric radius");
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 BYBOX 1 -1 m", "-ERR height or width cannot be negative");
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 BYBOX x 1 m", "-ERR need numeric width");
    EXPECT("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 parsec", NO_UNIT);
}

Test(geosearch, refuses_a_centre_beyond_the_bounds)
{
    EXPECT("GEOSEARCH g FROMLONLAT 181 1 BYRADIUS 1 m", "-ERR invalid longitude,latitude pair 181.000000,1.000000");
}

Test(geosearch, a_missing_key_finds_nothing_but_wrong_options_are_told)
{
    EXPECT("GEOSEARCH nokey FROMLONLAT 1 1 BYRADIUS 1 m", "[]");
    EXPECT("GEOSEARCH nokey FROMMEMBER a BYRADIUS 1 m", "[]");
    EXPECT("GEOSEARCH nokey FROMLONLAT 1 1 BYRADIUS 1 m COUNT", "-ERR syntax error");
}

Test(geosearch, storing_keeps_places_or_distances)
{
    EXPECT("GEOSEARCHSTORE to g FROMLONLAT 15 37 BYRADIUS 200 km", ":2");
    EXPECT("ZSCORE to Palermo", "3479099956230698");
    EXPECT("GEOSEARCHSTORE to g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST COUNT 1", ":1");
    EXPECT("ZRANGE to 0 -1 WITHSCORES", "[Catania 56.441257870158204]");
}

Test(geosearch, storing_nothing_removes_the_destination)
{
    EXPECT("SET to v", "+OK");
    EXPECT_EVENTS("GEOSEARCHSTORE to g FROMLONLAT 0 0 BYRADIUS 1 m", "del to");
    EXPECT_EVENTS("GEOSEARCHSTORE to nokey FROMLONLAT 0 0 BYRADIUS 1 m", "");
}

Test(geosearch, storing_takes_no_words_of_replies)
{
    EXPECT("GEOSEARCHSTORE to g FROMLONLAT 0 0 BYRADIUS 1 m WITHDIST",
           "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
}

Test(geosearch, georadius_stores_where_it_is_told)
{
    EXPECT("GEORADIUS g 15 37 200 km STORE to", ":2");
    EXPECT_EVENTS("GEORADIUSBYMEMBER g Catania 1 m STOREDIST to", "georadiusstore to");
    EXPECT("ZRANGE to 0 -1 WITHSCORES", "[Catania 0]");
}

Test(geosearch, georadius_stores_nothing_beside_words_of_replies)
{
    EXPECT("GEORADIUS g 15 37 200 km STORE to WITHDIST",
           "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
    EXPECT("GEORADIUS_RO g 15 37 200 km STORE to", "-ERR syntax error");
}
