/* SPDX-License-Identifier: BSD-3-Clause */
/* The notation in which rows write what COMMAND DOCS says about a command's arguments.
 *
 *   arguments = argument { " " argument }
 *   argument  = TOKEN | name [ "'" display "'" ] [ ":" type | ":token" | ":" group ] [ "#" key spec ] [ "=" token ]
 *               followed by [ "?" optional ] [ "+" repeatable | "++" repeatable with its token ]
 *                           [ "^" version since which it exists ] [ "!" version since which it is deprecated ]
 *   type      = "string" (when nothing is said) | "integer" | "double" | "key" | "pattern" | "unix-time"
 *   group     = "(" argument { " " argument } ")"    these one after the other ("block")
 *             | "(" argument { "|" argument } ")"    one of these ("oneof")
 *   token     = upper case letters, digits and "-" | one of $ * = ~ | "''", the empty word
 *
 * A bare TOKEN is a word that stands for itself (a pure token) named like it in lower case; with another name it is
 * written name:token=TOKEN. An argument of type key belongs to key spec 0 unless "#" says otherwise. SET's:
 *
 *   key:key value condition:(NX|XX)?^2.6.12 GET?^6.2.0 expiration:(seconds:integer=EX|KEEPTTL^6.0.0)?
 *
 * Owner: nobody; what is read refers to the notation's bytes. Locks: none. */
#ifndef SHERD_EXEC_COMMAND_DOCS_H
#define SHERD_EXEC_COMMAND_DOCS_H

#include "sherd/base/slice.h"

enum argument_type {
    ARGUMENT_STRING,
    ARGUMENT_INTEGER,
    ARGUMENT_DOUBLE,
    ARGUMENT_KEY,
    ARGUMENT_PATTERN,
    ARGUMENT_UNIX_TIME,
    ARGUMENT_TOKEN, /* "pure-token" */
    ARGUMENT_ONEOF,
    ARGUMENT_BLOCK,
};

enum argument_flag {
    ARGUMENT_OPTIONAL = 1 << 0,
    ARGUMENT_MULTIPLE = 1 << 1,
    ARGUMENT_MULTIPLE_TOKEN = 1 << 2,
};

enum {
    ARGUMENT_NO_KEY_SPEC = -1,
    ARGUMENT_DEPTH_MAX = 8, /* of nested groups */
};

struct command_argument {
    struct slice name;    /* of a bare token: its word, to be shown in lower case */
    struct slice display; /* as the name where nothing else is said */
    enum argument_type type;
    int key_spec; /* index, or ARGUMENT_NO_KEY_SPEC */
    bool has_token;
    struct slice token;
    unsigned flags;                /* enum argument_flag */
    struct slice since;            /* empty: as the command */
    struct slice deprecated_since; /* empty: not deprecated */
    struct slice parts;            /* the inside of a group, in the same notation */
};

/* "string", "pure-token" and so on, as COMMAND DOCS calls them. */
const char *argument_type_name(enum argument_type type);

/* Reads the argument at the front of *notation and moves behind it and its separator. False at the end and, with
 * notation->len != 0, where the notation is wrong. */
NODISCARD bool command_argument_next(struct slice *notation, struct command_argument *argument);

/* How many arguments there are at the top level of a right notation. */
size_t command_argument_count(struct slice notation);

/* Whether the notation is right, groups included. */
NODISCARD bool command_arguments_valid(struct slice notation);

#endif
