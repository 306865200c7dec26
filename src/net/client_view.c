/* SPDX-License-Identifier: BSD-3-Clause */
/* The line that CLIENT LIST and CLIENT INFO show of a connection, with the fields of Redis 7.2 in their order.
 *
 * What has no counterpart here is shown as what is true: arguments are not copied, so argv-mem is 0. A connection has a
 * reply buffer only while the socket does not take its replies: omem is what waits, obl the bytes of it that are
 * copied, oll the number of values that are referenced; rbs is the buffer's size, rbp the most that waited in the last
 * seconds.
 * Owner: the view belongs to the caller. Locks: none. */
#include "internal.h"
#include "sherd/net/registry.h"

enum {
    FLAGS_SHOWN_MAX = 14,
};

static void print_flags(const struct client_view *view, char out[static FLAGS_SHOWN_MAX])
{
    size_t len = 0;
    if ((view->flags & SESSION_MONITOR) != 0) {
        out[len++] = 'O';
    }
    if (client_view_subscribes(view)) {
        out[len++] = 'P';
    }
    if (view->queued >= 0) {
        out[len++] = 'x';
    }
    if (view->is_blocked || (view->flags & SESSION_POSTPONED) != 0) {
        out[len++] = 'b';
    }
    if ((view->tracking & SESSION_SHOWS_TRACKING) != 0) {
        out[len++] = 't';
    }
    if ((view->tracking & SESSION_SHOWS_BROKEN) != 0) {
        out[len++] = 'R';
    }
    if ((view->tracking & SESSION_SHOWS_BROADCAST) != 0) {
        out[len++] = 'B';
    }
    if (view->touched) {
        out[len++] = 'd';
    }
    if ((view->flags & SESSION_CLOSING) != 0) {
        out[len++] = 'c';
    }
    if (view->is_unix) {
        out[len++] = 'U';
    }
    if ((view->flags & SESSION_NO_EVICT) != 0) {
        out[len++] = 'e';
    }
    if ((view->flags & SESSION_NO_TOUCH) != 0) {
        out[len++] = 'T';
    }
    if (len == 0) {
        out[len++] = 'N';
    }
    out[len] = '\0';
}

static void append_text(struct buffer *out, const char *label, const struct blob *text, const char *absent)
{
    buffer_append(out, label, strlen(label));
    buffer_append_slice(out, text == NULL ? slice_from_text(absent) : blob_slice(text));
}

static size_t total_bytes(const struct client_view *view)
{
    size_t bytes = view->counted_bytes;
    for (int i = 0; i < SESSION_TEXT_COUNT; i++) {
        bytes += view->texts[i] == NULL ? 0 : sizeof(struct blob) + view->texts[i]->cap;
    }
    return bytes;
}

void client_view_print(const struct client_view *view, int64_t now_ms, struct buffer *out)
{
    char flags[FLAGS_SHOWN_MAX];
    print_flags(view, flags);
    buffer_printf(out, "id=%llu addr=", (unsigned long long)view->id);
    address_append(&view->peer, &view->local, out);
    buffer_append(out, " laddr=", sizeof(" laddr=") - 1);
    address_append(&view->local, &view->local, out);
    buffer_printf(out, " fd=%d", view->fd);
    append_text(out, " name=", view->texts[SESSION_NAME], "");
    buffer_printf(out, " age=%lld idle=%lld flags=%s db=%u sub=%u psub=%u ssub=%u multi=%d",
                  (long long)(now_ms / 1000 - view->created_ms / 1000),
                  (long long)(now_ms / 1000 - view->active_ms / 1000), flags, view->db,
                  view->subscriptions[SUBSCRIPTION_CHANNEL], view->subscriptions[SUBSCRIPTION_PATTERN],
                  view->subscriptions[SUBSCRIPTION_SHARD], (int)view->queued);
    size_t omem = view->output_bytes;
    buffer_printf(
        out, " qbuf=%zu qbuf-free=%zu argv-mem=0 multi-mem=%zu rbs=%zu rbp=%zu obl=%zu oll=%u omem=%zu tot-mem=%zu",
        view->input_bytes, view->input_free_bytes, view->queued_bytes, view->output_room_bytes, view->output_peak_bytes,
        view->output_copied_bytes, view->output_inserts, omem, total_bytes(view));
    const struct command *command = view->last_command;
    buffer_printf(out, " events=%s cmd=%s", view->is_writing ? "rw" : "r",
                  command == NULL ? "NULL" : command->full_name);
    append_text(out, " user=", view->texts[SESSION_USER], "default");
    long long redirect = (view->tracking & SESSION_SHOWS_TRACKING) != 0 ? (long long)view->redirect : -1;
    buffer_printf(out, " redir=%lld resp=%u", redirect, view->resp);
    append_text(out, " lib-name=", view->texts[SESSION_LIBRARY_NAME], "");
    append_text(out, " lib-ver=", view->texts[SESSION_LIBRARY_VERSION], "");
}
