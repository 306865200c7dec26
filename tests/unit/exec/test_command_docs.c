/* SPDX-License-Identifier: BSD-3-Clause */
/* The notation of command arguments: what it can say and what it refuses.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/exec/command_docs.h"

static struct command_argument only(const char *notation)
{
    struct slice rest = slice_from_text(notation);
    struct command_argument argument = {0};
    cr_assert(command_argument_next(&rest, &argument), "%s", notation);
    cr_assert_eq(rest.len, 0, "%s", notation);
    return argument;
}

static bool is(struct slice bytes, const char *text)
{
    return slice_equals(bytes, slice_from_text(text));
}

static bool valid(const char *notation)
{
    return command_arguments_valid(slice_from_text(notation));
}

Test(command_docs, takes_a_bare_name_for_a_string)
{
    struct command_argument argument = only("value");
    cr_assert(is(argument.name, "value") && is(argument.display, "value"));
    cr_assert_eq(argument.type, ARGUMENT_STRING);
    cr_assert_eq(argument.key_spec, ARGUMENT_NO_KEY_SPEC);
    cr_assert_eq(argument.flags, 0);
    cr_assert(!argument.has_token && argument.since.len == 0 && argument.deprecated_since.len == 0);
}

Test(command_docs, gives_keys_the_first_key_spec)
{
    cr_assert_eq(only("key:key").key_spec, 0);
    cr_assert_eq(only("destination:key#2").key_spec, 2);
    cr_assert_eq(only("numkeys:integer#0").key_spec, 0);
    cr_assert_eq(only("count:integer").key_spec, ARGUMENT_NO_KEY_SPEC);
}

Test(command_docs, names_a_bare_token_like_itself)
{
    struct command_argument argument = only("KEEPTTL?^6.0.0");
    cr_assert_eq(argument.type, ARGUMENT_TOKEN);
    cr_assert(argument.has_token && is(argument.token, "KEEPTTL") && is(argument.name, "KEEPTTL"));
    cr_assert_eq(argument.flags, ARGUMENT_OPTIONAL);
    cr_assert(is(argument.since, "6.0.0"));
}

Test(command_docs, reads_tokens_of_signs_and_the_empty_one)
{
    cr_assert(is(only("auto-id:token=*").token, "*"));
    cr_assert(is(only("equal:token==?").token, "="));
    struct command_argument empty = only("empty-string:token=''");
    cr_assert(empty.has_token && empty.token.len == 0);
    cr_assert(is(only("libname=LIB-NAME").token, "LIB-NAME"));
}

Test(command_docs, reads_every_mark)
{
    struct command_argument argument = only("get-pattern'pattern':pattern#1=GET?++^2.0.0!7.2.0");
    cr_assert(is(argument.name, "get-pattern") && is(argument.display, "pattern"));
    cr_assert_eq(argument.type, ARGUMENT_PATTERN);
    cr_assert_eq(argument.key_spec, 1);
    cr_assert_eq(argument.flags, ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE | ARGUMENT_MULTIPLE_TOKEN);
    cr_assert(is(argument.token, "GET") && is(argument.since, "2.0.0") && is(argument.deprecated_since, "7.2.0"));
    cr_assert_eq(only("key:key+").flags, ARGUMENT_MULTIPLE);
    cr_assert(is(only("addr'ip:port'=ADDR?").display, "ip:port"));
}

Test(command_docs, tells_blocks_from_choices)
{
    struct command_argument block = only("limit:(offset:integer count:integer)=LIMIT?");
    cr_assert_eq(block.type, ARGUMENT_BLOCK);
    cr_assert(is(block.parts, "offset:integer count:integer") && is(block.token, "LIMIT"));
    struct command_argument choice = only("id-selector:(auto-id:token=*|id)");
    cr_assert_eq(choice.type, ARGUMENT_ONEOF);
    cr_assert_eq(command_argument_count(choice.parts), 2);
    cr_assert_eq(only("a:(b:(c|d) e)").type, ARGUMENT_BLOCK);
    cr_assert_eq(only("a:(b:(c d)|e)").type, ARGUMENT_ONEOF);
}

Test(command_docs, walks_a_list_to_its_end)
{
    struct slice rest = SLICE_LITERAL("key:key NOMKSTREAM?^6.2.0 data:(field value)+");
    cr_assert_eq(command_argument_count(rest), 3);
    struct command_argument argument;
    cr_assert(command_argument_next(&rest, &argument) && is(argument.name, "key"));
    cr_assert(command_argument_next(&rest, &argument) && is(argument.name, "NOMKSTREAM"));
    cr_assert(command_argument_next(&rest, &argument) && is(argument.parts, "field value"));
    cr_assert(!command_argument_next(&rest, &argument));
    cr_assert_eq(rest.len, 0);
    cr_assert_eq(command_argument_count(SLICE_LITERAL("")), 0);
}

Test(command_docs, accepts_right_notations)
{
    cr_assert(valid(""));
    cr_assert(
        valid("key:key value condition:(NX|XX)?^2.6.12 GET?^6.2.0 expiration:(seconds:integer=EX|KEEPTTL^6.0.0)?"));
    cr_assert(valid("a:(b:(c|d:(e f)=G?) H)+"));
}

Test(command_docs, refuses_wrong_notations)
{
    static const char *const wrong[] = {
        " ",          "key ",       "key  value", "key|value", "key:",       "key:text",     "key:key#", "key:key#x",
        "key=",       "key=lower",  "key:token",  "key'x",     "key''",      "key?^",        "key^!1",   "a:()",
        "a:(b",       "a:(b c|d)",  "a:(b|c d)",  "a:(b |c)",  "a:(b c ) d", "Key",          "key?x",    "9",
        "key:key?#1", "key^1.0.0?", "a)",         "a:(b))",    "key:key#12", "a:(b:(c|) d)", "key='x'",  "-x:key ",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        cr_assert(!valid(wrong[i]), "accepted: %s", wrong[i]);
    }
}

Test(command_docs, bounds_the_depth_of_groups)
{
    cr_assert(valid("a:(a:(a:(a:(a:(a:(a:(b)))))))"));
    cr_assert(!valid("a:(a:(a:(a:(a:(a:(a:(a:(b))))))))"));
}

Test(command_docs, names_the_types_as_the_protocol_does)
{
    cr_assert_str_eq(argument_type_name(ARGUMENT_TOKEN), "pure-token");
    cr_assert_str_eq(argument_type_name(ARGUMENT_UNIX_TIME), "unix-time");
    cr_assert_str_eq(argument_type_name(ARGUMENT_BLOCK), "block");
}
