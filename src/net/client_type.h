/* SPDX-License-Identifier: BSD-3-Clause */
/* TYPE of CLIENT LIST and CLIENT KILL.
 * Owner: nobody. Locks: none. */
#ifndef SHERD_NET_CLIENT_TYPE_H
#define SHERD_NET_CLIENT_TYPE_H

#include "internal.h"
#include "sherd/exec/call.h"
#include "sherd/net/registry.h"

/* The types that a client can be of; there are no replicas and masters here. */
enum client_type {
    CLIENT_TYPE_ANY = -2,
    CLIENT_TYPE_UNKNOWN = -1,
    CLIENT_TYPE_NORMAL,
    CLIENT_TYPE_REPLICA,
    CLIENT_TYPE_PUBSUB,
    CLIENT_TYPE_MASTER,
};

enum client_type client_type_by_name(struct slice name);
bool client_type_is(const struct client_view *view, enum client_type type);
/* Says that there is no type of that name. */
enum outcome client_type_fail(struct call *call, struct slice name);

#endif
