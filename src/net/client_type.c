/* SPDX-License-Identifier: BSD-3-Clause */
/* Types of clients by their names.
 * Owner: nobody. Locks: none. */
#include "client_type.h"

enum client_type client_type_by_name(struct slice name)
{
    static const struct {
        const char *name;
        enum client_type type;
    } types[] = {{"normal", CLIENT_TYPE_NORMAL},
                 {"slave", CLIENT_TYPE_REPLICA},
                 {"replica", CLIENT_TYPE_REPLICA},
                 {"pubsub", CLIENT_TYPE_PUBSUB},
                 {"master", CLIENT_TYPE_MASTER}};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (slice_equals_word(name, types[i].name)) {
            return types[i].type;
        }
    }
    return CLIENT_TYPE_UNKNOWN;
}

bool client_type_is(const struct client_view *view, enum client_type type)
{
    return type == CLIENT_TYPE_ANY || type == (client_view_subscribes(view) ? CLIENT_TYPE_PUBSUB : CLIENT_TYPE_NORMAL);
}

enum outcome client_type_fail(struct call *call, struct slice name)
{
    return call_fail_format(call, "ERR Unknown client type '%.*s'", (int)name.len, name.data);
}
