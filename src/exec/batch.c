/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches: rows and keys of all requests first, then what leads to their entries is prefetched step by step (shard,
 * place in the directory, bucket, entry, entries behind full buckets), each step for the whole batch so that the misses
 * overlap; then they run in order.
 * Owner: the executing thread. Locks: none here; dispatch takes those of each call. */
#include "effects_commit.h"
#include "silence.h"

/* Looks the command up and, where its first key stands at a fixed place, hashes it and prefetches its shard. */
static ALWAYS_INLINE void item_prepare(struct exec_worker *worker, struct item *item)
{
    struct exec *exec = worker->exec;
    const struct slice *argv = worker->pool.slots + item->request.first;
    uint32_t argc = item->request.argc;
    item->argv = argv;
    item->hashed = false;
    const struct command *command = command_resolve(exec->commands, argv, argc);
    item->command = command;
    if (LIKELY(command != NULL && command->first_key > 0 && (uint32_t)command->first_key < argc)) {
        item->hash = keyspace_hash(exec->keyspace, argv[command->first_key]);
        item->hashed = true;
        keyspace_prefetch_shard(exec->keyspace, item->session->db, item->hash);
    }
}

/* Extends the session's stretch of the turn's output by what was just written behind `mark`. */
static ALWAYS_INLINE void session_wrote(struct exec_worker *worker, struct session *session, struct output_mark mark)
{
    struct output *out = &worker->out;
    if (!session->in_turn) {
        session->in_turn = true;
        session->turn.begin = mark.bytes;
        session->turn.insert_begin = mark.inserts;
    } else if (UNLIKELY(session->turn.end != mark.bytes)) {
        /* Others wrote in between: the earlier stretch moves to the session's own output, and this one behind it. */
        struct output_range fresh = {mark.bytes, out->bytes.len, mark.inserts, out->insert_count};
        session_settle(session);
        output_move(&session->own, out, &fresh);
        return;
    }
    session->turn.end = out->bytes.len;
    session->turn.insert_end = out->insert_count;
}

/* May nothing of the session run now? */
static ALWAYS_INLINE bool session_rests(const struct session *session)
{
    return (session->flags & (SESSION_CLOSING | SESSION_STOPPED)) != 0 ||
           atomic_load_explicit(&session->doomed, memory_order_relaxed);
}

/* Returns true when a slow holder was in the way: then the session counts as suspended to the end of the batch, so that
 * nothing of it runs before this request. */
static ALWAYS_INLINE bool item_execute(struct exec_worker *worker, struct item *item)
{
    struct session *session = item->session;
    if (UNLIKELY(session_rests(session))) {
        item->outcome = ITEM_SKIPPED;
        return false;
    }
    struct call call;
    struct output *output = &worker->out;
    struct output_mark mark = output_mark(output);
    call.worker = worker;
    call.session = session;
    call.command = item->command;
    call.context = item->command == NULL ? NULL : item->command->context;
    call.argv = item->argv;
    call.argc = item->request.argc;
    call.db = session->db;
    call.now_ms = worker->user.now_ms;
    call.first_hash = item->hash;
    call.first_hashed = item->hashed;
    call.first_key = item->hashed ? (uint32_t)item->command->first_key : 0;
    call.reply.output = output;
    call.reply.version = session->resp;
    call.timed = item->timed;
    call.next_shard = 0;
    call.only_key = 0;
    atomic_store_explicit(&session->last_command, item->command, memory_order_relaxed);
    item->outcome = exec_dispatch(&call);
    if (UNLIKELY(item->outcome != ITEM_DONE)) {
        output_truncate(output, mark);
        if (item->outcome != ITEM_BUSY) {
            return false; /* suspended or away: an executor may be reading the flags by now */
        }
        session->flags |= SESSION_SUSPENDED;
        return true;
    }
    if (UNLIKELY((session->flags & SILENCE_FLAGS) != 0) && silence_reply(session) && !silence_spares(&call, mark)) {
        output_truncate(output, mark);
        return false;
    }
    session_wrote(worker, session, mark);
    return false;
}

/* The steps from the shards to the entries, without locks: hints that execution does not rely on. */
static ALWAYS_INLINE void batch_prefetch(const struct keyspace *keyspace, struct item *items, size_t count)
{
    struct table_place places[EXEC_BATCH_MAX];
    struct table_bucket *buckets[EXEC_BATCH_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct item *item = &items[i];
        places[i] = LIKELY(item->hashed) ? keyspace_prefetch_place(keyspace, item->session->db, item->hash)
                                         : (struct table_place){0};
    }
    for (size_t i = 0; i < count; i++) {
        buckets[i] = table_prefetch_bucket(places[i]);
    }
    struct table_group further[EXEC_BATCH_MAX];
    uint64_t further_hashes[EXEC_BATCH_MAX];
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (LIKELY(buckets[i] != NULL)) {
            keyspace_prefetch_entry(buckets[i], items[i].hash, &further[left]);
            further_hashes[left] = items[i].hash;
            left += further[left].words != NULL;
        }
    }
    for (size_t i = 0; i < left; i++) {
        keyspace_prefetch_further(further[i], further_hashes[i]);
    }
}

/* Reading the time costs as much as a tenth of a GET, so neighbours that run the same brief command share one reading;
 * not when a threshold of slow calls is so low that it matters which of them it was. */
static ALWAYS_INLINE void batch_choose_timed(const struct exec_worker *worker, struct item *items, size_t count)
{
    bool all = atomic_load_explicit(&worker->exec->slow_ns, memory_order_relaxed) < EXEC_TIMED_BELOW_NS;
    uint32_t untimed = 0;
    for (size_t i = 0; i < count; i++) {
        const struct command *command = items[i].command;
        bool shares = !all && untimed < EXEC_UNTIMED_MAX && i + 1 < count && items[i + 1].command == command &&
                      command != NULL && (command->flags & COMMAND_BRIEF) != 0 &&
                      items[i].request.argc <= EXEC_UNTIMED_ARGC;
        untimed = shares ? untimed + 1 : 0;
        items[i].timed = !shares;
    }
}

/* Far from the ceiling on memory its guard has nothing to say in this batch. */
void exec_look_at_guards(struct exec_worker *worker)
{
    uint32_t armed = atomic_load_explicit(&worker->exec->guard_command_flags, memory_order_relaxed);
    bool asks_memory = (armed & COMMAND_DENYOOM) != 0 && exec_memory_is_near(worker);
    worker->guard_command_flags = asks_memory ? armed : armed & ~(uint32_t)COMMAND_DENYOOM;
    worker->witnessed = atomic_load_explicit(&worker->exec->witnessed, memory_order_relaxed);
    if (UNLIKELY(worker->witnessed)) {
        worker->guard_command_flags |= COMMAND_EVERY; /* so that no call takes the shortest way */
    }
}

/* The replies have become large: what is left is to be tried again when they are out. A large argument has been
 * received for the last item, which makes it dear to come back to: that one runs now. */
static NOINLINE bool batch_leave(struct exec_worker *worker, struct item *items, size_t count)
{
    bool last_runs = count != 0 && items[count - 1].session->argument != NULL;
    for (size_t i = 0; i < count - last_runs; i++) {
        items[i].outcome = session_rests(items[i].session) ? ITEM_SKIPPED : ITEM_BUSY;
    }
    return last_runs && item_execute(worker, &items[count - 1]);
}

void exec_batch(struct exec_worker *worker, struct item *items, size_t count)
{
    ASSERT(count <= EXEC_BATCH_MAX && worker->config != NULL);
    for (size_t i = 0; i < count; i++) {
        item_prepare(worker, &items[i]);
    }
    batch_prefetch(worker->exec->keyspace, items, count);
    batch_choose_timed(worker, items, count);
    exec_look_at_guards(worker);
    worker->last_ticks = clock_ticks(&worker->exec->ticks);
    bool busy = false;
    for (size_t i = 0; i < count; i++) {
        busy |= item_execute(worker, &items[i]);
        if (UNLIKELY(worker->out.bytes.len > EXEC_BATCH_REPLY_BYTES)) {
            busy |= batch_leave(worker, &items[i + 1], count - i - 1);
            break;
        }
    }
    if (UNLIKELY(worker->untimed_count != 0)) {
        exec_count_untimed(worker);
    }
    uint32_t armed = atomic_load_explicit(&worker->exec->guard_command_flags, memory_order_relaxed);
    if (UNLIKELY((armed & COMMAND_DENYOOM) != 0) && UNLIKELY(exec_memory_is_over(worker))) {
        (void)exec_evict(worker); /* before the replies say that there is more in memory than may be */
    }
    if (UNLIKELY(worker->gathers)) {
        effects_flush(worker);
    }
    for (size_t i = 0; UNLIKELY(busy) && i < count; i++) {
        if (items[i].outcome == ITEM_BUSY) {
            items[i].session->flags &= ~(uint32_t)SESSION_SUSPENDED;
        }
    }
}

void exec_turn_begin(struct exec_worker *worker)
{
    /* Either this comes after the look of exec_await_turns, and sees what was published before it, or it is seen. */
    (void)atomic_fetch_add_explicit(&worker->turn, 1, memory_order_acq_rel);
    epoch_enter(worker->epoch);
    worker->config = config_current(worker->exec->config);
    exec_refresh(worker);
}

void exec_refresh(struct exec_worker *worker)
{
    worker->now_us = clock_source_us(worker->exec->clock);
    keyspace_user_refresh(&worker->user, worker->now_us / 1000);
    worker->turn_ticks = clock_ticks(&worker->exec->ticks);
}

static void flush_meter(struct exec_worker *worker)
{
    int64_t change = memory_meter_take(&worker->meter);
    if (change != 0) {
        atomic_fetch_add_explicit(&worker->exec->memory_used, change, memory_order_relaxed);
    }
}

bool exec_tidy(struct exec_worker *worker)
{
    bool tidy = epoch_tidy(worker->epoch);
    if (UNLIKELY(worker->user.retired_bytes != 0) && tidy) {
        exec_evict_tidied(worker);
    }
    flush_meter(worker);
    return tidy;
}

void exec_turn_end(struct exec_worker *worker)
{
    if (UNLIKELY(worker->gathers)) {
        effects_flush(worker);
    }
    worker->config = NULL;
    (void)atomic_fetch_add_explicit(&worker->turn, 1, memory_order_release);
    epoch_leave(worker->epoch);
    if (UNLIKELY(worker->user.retired_bytes != 0)) {
        exec_evict_turn_end(worker);
    }
    epoch_poll(worker->epoch);
    flush_meter(worker);
}
