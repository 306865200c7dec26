/* SPDX-License-Identifier: BSD-3-Clause */
/* A session whose sink only records: how often it was resumed and how often a long command returned.
 * Owner: the test. Locks: none; other threads reach the counters alone. */
#ifndef TESTS_SUPPORT_RECORDER_H
#define TESTS_SUPPORT_RECORDER_H

#include <time.h>

#include "sherd/exec/exec.h"

enum {
    RECORDER_WAIT_MAX_MS = 20000,
};

struct recorder {
    struct session session;
    _Atomic uint32_t resumed;  /* (a) */
    _Atomic uint32_t returned; /* (a) */
    struct buffer replies;     /* what recorder_replies collected last, with a NUL behind it */
};

static inline void recorder_resume(struct session *session)
{
    struct recorder *recorder = CONTAINER_OF(session, struct recorder, session);
    atomic_fetch_add(&recorder->resumed, 1);
}

static inline void recorder_returned(struct session *session)
{
    struct recorder *recorder = CONTAINER_OF(session, struct recorder, session);
    atomic_fetch_add(&recorder->returned, 1);
}

static inline void recorder_describe(UNUSED const struct session *session, struct buffer *out)
{
    buffer_append_slice(out, SLICE_LITERAL("nowhere"));
}

static inline void recorder_init(struct recorder *recorder, struct exec_worker *worker)
{
    static const struct session_sink sink = {.resume = recorder_resume,
                                             .returned = recorder_returned,
                                             .describe = recorder_describe,
                                             .pins_arguments = true};
    uint64_t id = atomic_fetch_add(&worker->exec->session_ids, 1) + 1;
    session_init(&recorder->session, id, worker, &sink);
    atomic_init(&recorder->resumed, 0);
    atomic_init(&recorder->returned, 0);
    buffer_init(&recorder->replies);
}

static inline void recorder_deinit(struct recorder *recorder)
{
    session_deinit(&recorder->session);
    buffer_deinit(&recorder->replies);
}

/* Moves the replies that stand for a session in its worker's turn and in its own output to `to`. */
static inline void session_collect(struct session *session, struct buffer *to)
{
    if (session->in_turn) {
        output_move(&session->own, &session->worker->out, &session->turn);
        session->in_turn = false;
    }
    struct output_range range = output_all(&session->own);
    while (range.begin < range.end || range.insert_begin < range.insert_end) {
        struct iovec vectors[8];
        size_t count = output_vectors(&session->own, &range, vectors, ARRAY_LENGTH(vectors));
        size_t bytes = 0;
        for (size_t i = 0; i < count; i++) {
            buffer_append(to, vectors[i].iov_base, vectors[i].iov_len);
            bytes += vectors[i].iov_len;
        }
        output_advance(&session->own, &range, bytes);
    }
    output_clear(&session->own, 0);
}

/* The replies that have not been collected yet, with a NUL behind them; valid until the next call. */
static inline const char *recorder_replies(struct recorder *recorder)
{
    recorder->replies.len = 0;
    session_collect(&recorder->session, &recorder->replies);
    buffer_append(&recorder->replies, "", 1);
    return recorder->replies.data;
}

/* Waits for another thread to bring the number to `least`; false when it does not within RECORDER_WAIT_MAX_MS. */
NODISCARD static inline bool recorder_await(_Atomic uint32_t *number, uint32_t least)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int ms = 0; ms < RECORDER_WAIT_MAX_MS && atomic_load(number) < least; ms++) {
        (void)nanosleep(&pause, NULL);
    }
    return atomic_load(number) >= least;
}

#endif
