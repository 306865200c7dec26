/* SPDX-License-Identifier: BSD-3-Clause */
/* The largest input and output buffers of the last seconds, as INFO shows them: each worker notes the peaks of its own
 * connections, readers take the largest.
 * Owner: the worker; anybody reads. Locks: none. */
#include "internal.h"
#include "sherd/net/registry.h"

enum {
    SECONDS_CLEARED = 2, /* two, since a second may pass without a call */
};

static void raise_to(_Atomic size_t *peak, size_t bytes)
{
    if (atomic_load_explicit(peak, memory_order_relaxed) < bytes) {
        atomic_store_explicit(peak, bytes, memory_order_relaxed);
    }
}

static size_t second_of(const struct net_worker *worker)
{
    return (size_t)(worker->exec.user.now_ms / 1000) % RECENT_SECONDS;
}

void peaks_note(struct net_worker *worker, size_t input_bytes, size_t output_bytes)
{
    size_t second = second_of(worker);
    raise_to(&worker->peaks.input[second], input_bytes);
    raise_to(&worker->peaks.output[second], output_bytes);
}

void peaks_advance(struct net_worker *worker)
{
    size_t second = second_of(worker);
    for (size_t ahead = 1; ahead <= SECONDS_CLEARED; ahead++) {
        size_t next = (second + ahead) % RECENT_SECONDS;
        atomic_store_explicit(&worker->peaks.input[next], 0, memory_order_relaxed);
        atomic_store_explicit(&worker->peaks.output[next], 0, memory_order_relaxed);
    }
    for (uint32_t i = 0; i < worker->slot_count; i++) {
        const struct conn *conn = worker->slots[i].conn;
        raise_to(&worker->peaks.input[second], conn->input.cap);
        raise_to(&worker->peaks.output[second], atomic_load_explicit(&conn->shown_output, memory_order_relaxed));
    }
}

void net_recent_peaks(const struct net *net, size_t *input_bytes, size_t *output_bytes)
{
    *input_bytes = 0;
    *output_bytes = 0;
    for (unsigned i = 0; i < net->worker_count; i++) {
        const struct recent_peaks *peaks = &net->workers[i]->peaks;
        for (size_t second = 0; second < RECENT_SECONDS; second++) {
            size_t input = atomic_load_explicit(&peaks->input[second], memory_order_relaxed);
            size_t output = atomic_load_explicit(&peaks->output[second], memory_order_relaxed);
            *input_bytes = input > *input_bytes ? input : *input_bytes;
            *output_bytes = output > *output_bytes ? output : *output_bytes;
        }
    }
}
