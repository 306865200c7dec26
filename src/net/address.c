/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of clients as text.
 * Owner: nobody. Locks: none. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "internal.h"

void address_append(const struct sockaddr_storage *peer, const struct sockaddr_storage *local, struct buffer *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *address = (const struct sockaddr_in *)peer;
        (void)inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text));
        buffer_printf(out, "%s:%u", text, (unsigned)ntohs(address->sin_port));
    } else if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)peer;
        (void)inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof(text));
        buffer_printf(out, "[%s]:%u", text, (unsigned)ntohs(address->sin6_port));
    } else {
        const struct sockaddr_un *address = (const struct sockaddr_un *)local;
        buffer_printf(out, "%.*s:0", (int)sizeof(address->sun_path), address->sun_path);
    }
}
