/* SPDX-License-Identifier: BSD-3-Clause */
/* Silence: of whole replies, and of the parts of EXEC's.
 * Owner: the session, by the thread that runs it. Locks: none. */
#include "silence.h"

bool silence_reply(struct session *session)
{
    bool silent = (session->flags & (SESSION_REPLY_OFF | SESSION_REPLY_SKIP)) != 0;
    bool is_sifted = (session->flags & SESSION_SIFTED) != 0;
    bool skip = (session->flags & SESSION_REPLY_SKIP_NEXT) != 0;
    session->flags &= ~(uint32_t)(SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT | SESSION_SIFTED);
    session->flags |= skip ? SESSION_REPLY_SKIP : 0;
    return silent && !is_sifted;
}

bool silence_spares(const struct call *call, struct output_mark mark)
{
    enum { PUSHES = COMMAND_PUBSUB | COMMAND_SUBSCRIBED };
    const struct buffer *bytes = &call->reply.output->bytes;
    return call->command != NULL && (call->command->flags & PUSHES) == PUSHES && bytes->len > mark.bytes &&
           (bytes->data[mark.bytes] == '>' || bytes->data[mark.bytes] == '*');
}

void silence_part(struct call *call, struct output_mark mark, uint32_t flags)
{
    bool silent = session_has(call->session, SESSION_REPLY_OFF | SESSION_REPLY_SKIP) && !silence_spares(call, mark);
    if (silent || (flags & SESSION_CLOSING) != 0) {
        output_truncate(call->reply.output, mark);
    }
}
