/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT REPLY OFF and SKIP: which replies are not to be heard.
 * Owner: the session, by the thread that runs it. Locks: none. */
#ifndef SHERD_EXEC_SILENCE_H
#define SHERD_EXEC_SILENCE_H

#include "sherd/exec/exec.h"

enum {
    SILENCE_FLAGS = SESSION_REPLY_OFF | SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT | SESSION_SIFTED,
};

/* At the end of a call that has some of SILENCE_FLAGS: true when its reply is to be forgotten. What CLIENT REPLY SKIP
 * said of the next call is said of this one from now on. By the session's worker. */
bool silence_reply(struct session *session);
/* What SUBSCRIBE and its kin say is no reply but a push, which is heard even from a client whose replies are off; not
 * their errors. `mark`: where it begins. */
bool silence_spares(const struct call *call, struct output_mark mark);
/* Within EXEC, whose parts are heard or not one by one: forgets what stands behind `mark` if it is not to be heard.
 * `call` is the part, `flags` the session's before it ran: CLIENT REPLY ON is heard, what comes behind the end of the
 * connection is not. */
void silence_part(struct call *call, struct output_mark mark, uint32_t flags);

#endif
