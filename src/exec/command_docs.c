/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the notation of command arguments.
 * Owner: nobody. Locks: none. */
#include "sherd/exec/command_docs.h"

static const char *const type_names[] = {
    [ARGUMENT_STRING] = "string",    [ARGUMENT_INTEGER] = "integer", [ARGUMENT_DOUBLE] = "double",
    [ARGUMENT_KEY] = "key",          [ARGUMENT_PATTERN] = "pattern", [ARGUMENT_UNIX_TIME] = "unix-time",
    [ARGUMENT_TOKEN] = "pure-token", [ARGUMENT_ONEOF] = "oneof",     [ARGUMENT_BLOCK] = "block",
};

const char *argument_type_name(enum argument_type type)
{
    return type_names[type];
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
    return is_lower(c) || is_digit(c) || c == '-';
}

static bool is_display_byte(char c)
{
    return c != '\'';
}

static bool is_token_byte(char c)
{
    return is_upper(c) || is_digit(c) || c == '-';
}

static bool is_version_byte(char c)
{
    return is_digit(c) || c == '.';
}

/* Takes the longest run of such bytes off the front. */
static struct slice take(struct slice *rest, bool (*belongs)(char c))
{
    struct slice taken = {.data = rest->data};
    while (taken.len < rest->len && belongs(rest->data[taken.len])) {
        taken.len++;
    }
    rest->data += taken.len;
    rest->len -= taken.len;
    return taken;
}

static bool take_byte(struct slice *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c) {
        return false;
    }
    rest->data++;
    rest->len--;
    return true;
}

static bool read_token(struct slice *rest, struct command_argument *argument)
{
    argument->has_token = true;
    if (take_byte(rest, '\'')) {
        argument->token = slice_make(rest->data, 0);
        return take_byte(rest, '\'');
    }
    if (rest->len != 0 && memchr("$*=~", rest->data[0], 4) != NULL) {
        argument->token = slice_make(rest->data, 1);
        return take_byte(rest, rest->data[0]);
    }
    argument->token = take(rest, is_token_byte);
    return argument->token.len != 0;
}

/* Behind the opening parenthesis: up to its closing one. A bar at the top level makes it a choice. */
static bool read_group(struct slice *rest, struct command_argument *argument)
{
    unsigned depth = 1;
    argument->type = ARGUMENT_BLOCK;
    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->data[i];
        depth += c == '(';
        depth -= c == ')';
        if (c == '|' && depth == 1) {
            argument->type = ARGUMENT_ONEOF;
        }
        if (depth == 0) {
            argument->parts = slice_make(rest->data, i);
            rest->data += i + 1;
            rest->len -= i + 1;
            return i != 0;
        }
    }
    return false;
}

static bool read_type(struct slice *rest, struct command_argument *argument)
{
    if (take_byte(rest, '(')) {
        return read_group(rest, argument);
    }
    struct slice word = take(rest, is_name_byte);
    if (slice_equals(word, SLICE_LITERAL("token"))) {
        argument->type = ARGUMENT_TOKEN;
        return true;
    }
    for (int type = ARGUMENT_STRING; type <= ARGUMENT_UNIX_TIME; type++) {
        if (slice_equals(word, slice_from_text(type_names[type]))) {
            argument->type = (enum argument_type)type;
            return true;
        }
    }
    return false;
}

static bool read_key_spec(struct slice *rest, struct command_argument *argument)
{
    argument->key_spec = argument->type == ARGUMENT_KEY ? 0 : ARGUMENT_NO_KEY_SPEC;
    if (!take_byte(rest, '#')) {
        return true;
    }
    struct slice digits = take(rest, is_digit);
    argument->key_spec = digits.len == 1 ? digits.data[0] - '0' : ARGUMENT_NO_KEY_SPEC;
    return digits.len == 1;
}

/* name [ "'" display "'" ] [ ":" type ] [ "#" key spec ] [ "=" token ] */
static bool read_named(struct slice *rest, struct command_argument *argument)
{
    argument->name = take(rest, is_name_byte);
    argument->display = argument->name;
    if (take_byte(rest, '\'')) {
        argument->display = take(rest, is_display_byte);
        if (!take_byte(rest, '\'') || argument->display.len == 0) {
            return false;
        }
    }
    if (take_byte(rest, ':') && !read_type(rest, argument)) {
        return false;
    }
    if (!read_key_spec(rest, argument) || (take_byte(rest, '=') && !read_token(rest, argument))) {
        return false;
    }
    return argument->type != ARGUMENT_TOKEN || argument->has_token;
}

static bool read_marks(struct slice *rest, struct command_argument *argument)
{
    argument->flags |= take_byte(rest, '?') ? (unsigned)ARGUMENT_OPTIONAL : 0U;
    argument->flags |= take_byte(rest, '+') ? (unsigned)ARGUMENT_MULTIPLE : 0U;
    argument->flags |= take_byte(rest, '+') ? (unsigned)ARGUMENT_MULTIPLE_TOKEN : 0U;
    if (take_byte(rest, '^')) {
        argument->since = take(rest, is_version_byte);
        if (argument->since.len == 0) {
            return false;
        }
    }
    if (take_byte(rest, '!')) {
        argument->deprecated_since = take(rest, is_version_byte);
        return argument->deprecated_since.len != 0;
    }
    return true;
}

bool command_argument_next(struct slice *notation, struct command_argument *argument)
{
    if (notation->len == 0) {
        return false;
    }
    struct slice rest = *notation;
    *argument = (struct command_argument){.key_spec = ARGUMENT_NO_KEY_SPEC};
    bool right;
    if (is_upper(rest.data[0])) {
        argument->type = ARGUMENT_TOKEN;
        right = read_token(&rest, argument);
        argument->name = argument->token;
        argument->display = argument->token;
    } else {
        right = is_lower(rest.data[0]) && read_named(&rest, argument);
    }
    right = right && read_marks(&rest, argument);
    /* A separator stands between two arguments, not behind the last. */
    if (right && rest.len != 0) {
        right = (take_byte(&rest, ' ') || take_byte(&rest, '|')) && rest.len != 0;
    }
    if (right) {
        *notation = rest;
    }
    return right;
}

size_t command_argument_count(struct slice notation)
{
    struct command_argument argument;
    size_t count = 0;
    while (command_argument_next(&notation, &argument)) {
        count++;
    }
    return count;
}

/* The arguments of one group: all of them separated by the same byte. */
static bool list_valid(struct slice notation, char separator, unsigned depth)
{
    struct command_argument argument;
    while (notation.len != 0) {
        if (!command_argument_next(&notation, &argument)) {
            return false;
        }
        if (notation.len != 0 && notation.data[-1] != separator) {
            return false;
        }
        char inner = argument.type == ARGUMENT_ONEOF ? '|' : ' ';
        if (argument.parts.len != 0 && (depth == ARGUMENT_DEPTH_MAX || !list_valid(argument.parts, inner, depth + 1))) {
            return false;
        }
    }
    return true;
}

bool command_arguments_valid(struct slice notation)
{
    return list_valid(notation, ' ', 1);
}
