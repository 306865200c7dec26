/* SPDX-License-Identifier: BSD-3-Clause */
/* How long the shards of a GET, a SET or an MSET of ten are held, and what several threads get done, on the real
 * keyspace with batches that prefetch as the server's do. No sockets: `outside` stands for what a command costs there.
 * Owner: main; each thread its own lists. Locks: the shards'. */
#include <stdatomic.h>

#include "measure.h"
#include "sherd/keyspace/keyref.h"
#include "sherd/keyspace/lockset.h"

enum {
    KEYS = 1000000,
    HOT_KEYS = 1000, /* when only one of them is asked for */
    KEY_BYTES = 16,
    VALUE_BYTES = 64,
    BATCH = 50,
    MSET_KEYS = 10,
    DRAWS = 1 << 20,
    KEY_DIGITS = 12,
};

struct world {
    struct keyspace keyspace;
    struct epoch epoch;
    uint32_t *draws; /* (c) numbers of keys in the order they are asked for */
    const char *op;  /* (c) */
    uint64_t outside_steps;
    _Atomic uint64_t sink; /* what was read ends here, so that it is read */
    bool stamps;           /* (c) measure hold times, too */
};

struct user {
    struct world *world;
    struct keyspace_user keyspace;
    struct garbage garbage;
    struct shard_waiter waiter;
    char keys[BATCH][KEY_BYTES];
    uint64_t hashes[BATCH];
    char reply[VALUE_BYTES * 2];
    uint32_t next_draw;
};

static void key_write(char key[static KEY_BYTES], uint32_t number)
{
    memcpy(key, "key:", 4);
    for (int i = KEY_BYTES - 1; i >= KEY_BYTES - KEY_DIGITS; i--) {
        key[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

static void removed(void *context, enum removal why, unsigned db, struct slice key)
{
    (void)context;
    (void)why;
    (void)db;
    (void)key;
}

static void resume(struct shard_waiter *waiter)
{
    (void)waiter;
}

static void user_init(struct user *user, struct world *world, unsigned index)
{
    memset((void *)user, 0, sizeof(*user));
    user->world = world;
    garbage_init(&user->garbage);
    user->keyspace = (struct keyspace_user){.keyspace = &world->keyspace,
                                            .epoch = epoch_register(&world->epoch),
                                            .garbage = &user->garbage,
                                            .now_ms = 1000,
                                            .removed = removed};
    shard_waiter_init(&user->waiter, resume);
    user->next_draw = index * 77777U;
}

static ALWAYS_INLINE void get(struct user *user, struct slice key, uint64_t hash) REQUIRES(shard_held)
{
    struct keyref ref;
    keyref_open_hashed(&ref, &user->keyspace, 0, key, hash);
    if (ref.entry != NULL && !keyref_expire_if_due(&ref)) {
        char digits[24];
        keyref_touch(&ref);
        struct slice value = entry_string(ref.entry, digits);
        memcpy(user->reply, value.data, value.len < sizeof(user->reply) ? value.len : sizeof(user->reply));
    }
}

static ALWAYS_INLINE void set(struct user *user, struct slice key, uint64_t hash) REQUIRES(shard_held)
{
    static const char bytes[VALUE_BYTES] = "................................................................";
    struct keyref ref;
    keyref_open_hashed(&ref, &user->keyspace, 0, key, hash);
    if (!keyref_expire_if_due(&ref)) {
        keyref_set_string(&ref, slice_make(bytes, sizeof(bytes)), DEADLINE_NONE);
    }
}

/* One command of `keys` keys under its locks; the cycles that they were held. */
static ALWAYS_INLINE uint64_t command(struct runner *runner, struct user *user, uint32_t first,
                                      uint32_t keys) UNCHECKED_LOCKING
{
    struct keyspace *keyspace = &user->world->keyspace;
    struct lockset locks;
    lockset_init(&locks);
    for (uint32_t i = first; i < first + keys; i++) {
        lockset_add(&locks, keyspace_shard_of(user->hashes[i]));
    }
    if (locks.count != 1 || !lockset_acquire_single(&locks, keyspace)) {
        while (lockset_acquire(&locks, keyspace, &user->waiter, false) != LOCKSET_HELD) {
            runner->outs++;
        }
    }
    uint64_t begin = user->world->stamps ? cycles() : 0;
    for (uint32_t i = first; i < first + keys; i++) {
        struct slice key = slice_make(user->keys[i], KEY_BYTES);
        if (user->world->op[0] == 'g') {
            get(user, key, user->hashes[i]);
        } else {
            set(user, key, user->hashes[i]);
        }
    }
    uint64_t held = user->world->stamps ? cycles() - begin : 0;
    lockset_release(&locks, keyspace);
    if (!garbage_is_empty(&user->garbage)) {
        garbage_release(&user->garbage);
    }
    return held;
}

/* Keys, hashes and prefetches of a batch, step by step as in exec_batch. */
static void batch_prepare(struct user *user)
{
    const struct keyspace *keyspace = &user->world->keyspace;
    struct table_place places[BATCH];
    struct table_bucket *buckets[BATCH];
    for (int i = 0; i < BATCH; i++) {
        key_write(user->keys[i], user->world->draws[user->next_draw++ % DRAWS]);
        user->hashes[i] = keyspace_hash(keyspace, slice_make(user->keys[i], KEY_BYTES));
        keyspace_prefetch_shard(keyspace, 0, user->hashes[i]);
    }
    for (int i = 0; i < BATCH; i++) {
        places[i] = keyspace_prefetch_place(keyspace, 0, user->hashes[i]);
    }
    for (int i = 0; i < BATCH; i++) {
        buckets[i] = table_prefetch_bucket(places[i]);
    }
    struct table_group further[BATCH];
    uint64_t further_hashes[BATCH];
    size_t left = 0;
    for (int i = 0; i < BATCH; i++) {
        if (buckets[i] != NULL) {
            keyspace_prefetch_entry(buckets[i], user->hashes[i], &further[left]);
            further_hashes[left] = user->hashes[i];
            left += further[left].words != NULL;
        }
    }
    for (size_t i = 0; i < left; i++) {
        keyspace_prefetch_further(further[i], further_hashes[i]);
    }
}

static void ask(struct runner *runner)
{
    struct world *world = runner->shared;
    struct user *user = aligned_alloc(CACHE_LINE_BYTES, (sizeof(*user) + 63) / 64 * 64);
    user_init(user, world, runner->index);
    uint32_t keys = world->op[0] == 'm' ? MSET_KEYS : 1;
    while (!atomic_load_explicit(runner->stop, memory_order_relaxed)) {
        epoch_enter(user->keyspace.epoch);
        batch_prepare(user);
        for (uint32_t i = 0; i < BATCH; i += keys) {
            runner->held += command(runner, user, i, keys);
            work(world->outside_steps);
            runner->ops++;
        }
        epoch_leave(user->keyspace.epoch);
        epoch_poll(user->keyspace.epoch);
    }
    atomic_fetch_add(&world->sink, (uint64_t)user->reply[0]);
    garbage_deinit(&user->garbage);
    epoch_drain(user->keyspace.epoch);
    free(user);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return *state >> 33;
}

/* Zipf with exponent 0.99 by the inverse of its summed weights. */
static void draw_zipf(uint32_t *draws, uint64_t *state)
{
    double *sums = malloc(KEYS * sizeof(*sums));
    double sum = 0;
    for (int i = 0; i < KEYS; i++) {
        sum += __builtin_pow(i + 1, -0.99);
        sums[i] = sum;
    }
    for (int i = 0; i < DRAWS; i++) {
        double wanted = (double)next_random(state) / (double)(UINT64_C(1) << 31) * sum;
        uint32_t low = 0;
        uint32_t high = KEYS - 1;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (sums[middle] < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        draws[i] = low;
    }
    free(sums);
}

static void draw(uint32_t *draws, const char *how)
{
    uint64_t state = 42;
    for (int i = 0; i < DRAWS; i++) {
        draws[i] = how[0] == 'h' ? 1 : (uint32_t)(next_random(&state) % KEYS);
    }
    if (how[0] == 'z') {
        draw_zipf(draws, &state);
    }
}

/* The keys that are asked for, at the least. */
static void fill(struct world *world, uint32_t keys) UNCHECKED_LOCKING
{
    struct user *user = aligned_alloc(CACHE_LINE_BYTES, (sizeof(*user) + 63) / 64 * 64);
    user_init(user, world, 0);
    for (uint32_t i = 0; i < keys; i++) {
        key_write(user->keys[0], i);
        struct slice key = slice_make(user->keys[0], KEY_BYTES);
        uint64_t hash = keyspace_hash(&world->keyspace, key);
        struct shard *shard = keyspace_shard(&world->keyspace, keyspace_shard_of(hash));
        spin_acquire(&shard->lock);
        set(user, key, hash);
        spin_release(&shard->lock);
        epoch_poll(user->keyspace.epoch);
    }
    epoch_drain(user->keyspace.epoch);
    free(user);
}

int measure_keys(int argc, char **argv)
{
    (void)argc;
    struct world *world = calloc(1, sizeof(*world));
    struct runner runners[THREADS_MAX];
    unsigned threads = (unsigned)strtoul(argv[4], NULL, 10);
    double per_ns = cycles_per_ns();
    if (threads < 1 || threads > THREADS_MAX || keyspace_init(&world->keyspace, 1) != STATUS_OK) {
        return 2;
    }
    epoch_init(&world->epoch);
    world->op = argv[2];
    world->outside_steps = (uint64_t)(strtod(argv[5], NULL) * work_per_ns());
    world->draws = malloc(DRAWS * sizeof(world->draws[0]));
    draw(world->draws, argv[3]);
    fill(world, argv[3][0] == 'h' ? HOT_KEYS : KEYS);
    for (int pass = 0; pass < 2; pass++) { /* first without the stamps, which cost time themselves */
        world->stamps = pass == 1;
        double passed = run_threads(runners, threads, strtod(argv[6], NULL), ask, world);
        uint64_t ops = 0;
        uint64_t held = 0;
        uint64_t outs = 0;
        double cpu = 0;
        for (unsigned i = 0; i < threads; i++) {
            ops += runners[i].ops;
            held += runners[i].held;
            outs += runners[i].outs;
            cpu += runners[i].cpu_seconds;
        }
        (void)printf("{\"op\": \"%s\", \"keys\": \"%s\", \"shards\": %d, \"threads\": %u, \"mops\": %.3f, "
                     "\"cpu_ns\": %.1f, \"hold_ns\": %.1f, \"gave_up\": %.6f}\n",
                     argv[2], argv[3], KEYSPACE_SHARDS, threads, (double)ops / passed / 1e6, cpu * 1e9 / (double)ops,
                     (double)held / (double)ops / per_ns, (double)outs / (double)ops);
    }
    return 0;
}
