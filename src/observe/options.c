/* SPDX-License-Identifier: BSD-3-Clause */
/* The option rows of this room, and how changes of them take effect.
 * Owner: nobody, the rows are constant. Locks: none. */
#include "sherd/observe/options.h"

#include <limits.h>
#include <stdio.h>

#include "apply.h"
#include "memory_limit.h"
#include "sherd/base/number.h"
#include "sherd/base/quote.h"
#include "sherd/config/pending.h"
#include "sherd/observe/observe.h"

/* A percentile as the configuration and INFO show it: without needless zeros. */
size_t percentile_print(char out[static PERCENTILE_BYTES], double value)
{
    size_t len = (size_t)snprintf(out, PERCENTILE_BYTES, "%f", value);
    while (out[len - 1] == '0') {
        len--;
    }
    if (out[len - 1] == '.') {
        len--;
    }
    out[len] = '\0';
    return len;
}

static const char *percentiles_normalize(const struct option_given *given, struct buffer *text)
{
    if (given->count == 0 || (given->count == 1 && given->words[0].len == 0)) {
        return NULL;
    }
    if (given->count > PERCENTILES_MAX) {
        return "latency-tracking-info-percentiles takes at most 32 parameters";
    }
    for (size_t i = 0; i < given->count; i++) {
        double value;
        if (!number_parse_double(given->words[i], &value)) {
            return "Invalid latency-tracking-info-percentiles parameters";
        }
        if (value < 0 || value > 100) {
            return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
        }
        char shown[PERCENTILE_BYTES];
        (void)percentile_print(shown, value);
        buffer_printf(text, "%s%s", i == 0 ? "" : " ", shown);
    }
    return NULL;
}

static void percentiles_store(struct slice text, void *field)
{
    struct percentiles *percentiles = field;
    percentiles->count = 0;
    struct quote_words words;
    if (quote_split(text, &words) == STATUS_OK) {
        for (size_t i = 0; i < words.count && i < PERCENTILES_MAX; i++) {
            if (number_parse_double(words.words[i], &percentiles->values[percentiles->count])) {
                percentiles->count++;
            }
        }
        quote_words_deinit(&words);
    }
}

static int64_t maxmemory_resolve(void *context, int64_t percent)
{
    (void)context;
    uint64_t limit = memory_limit_bytes();
    return (int64_t)(limit / 100 * (uint64_t)percent + limit % 100 * (uint64_t)percent / 100);
}

static const char *apply_slow(void *context, const struct config_snapshot *now)
{
    struct observe *observe = context;
    const struct observe_options *options = observe_options(observe, now);
    uint64_t slow_ns = UINT64_MAX;
    if (options->slowlog_slower_than_us >= 0 && options->slowlog_slower_than_us < INT64_MAX / 1000) {
        slow_ns = (uint64_t)options->slowlog_slower_than_us * 1000;
    }
    if (options->latency_threshold_ms > 0 && options->latency_threshold_ms < INT64_MAX / 1000000) {
        uint64_t latency_ns = (uint64_t)options->latency_threshold_ms * 1000000;
        slow_ns = latency_ns < slow_ns ? latency_ns : slow_ns;
    }
    atomic_store_explicit(&observe->setup.exec->slow_ns, slow_ns, memory_order_relaxed);
    return NULL;
}

static const char *apply_tracking(void *context, const struct config_snapshot *now)
{
    struct observe *observe = context;
    atomic_store_explicit(&observe->setup.exec->track_latency, observe_options(observe, now)->latency_tracking,
                          memory_order_relaxed);
    return NULL;
}

/* As Redis: 50 us for each step up to 10, then 15 % more for each. */
static uint64_t tenacity_slice_ns(int64_t tenacity)
{
    if (tenacity >= 100) {
        return UINT64_MAX;
    }
    double slice_ns = 50000.0 * (double)(tenacity < 10 ? tenacity : 10);
    for (int64_t step = 10; step < tenacity; step++) {
        slice_ns *= 1.15;
    }
    return (uint64_t)slice_ns;
}

static const char *apply_eviction(void *context, const struct config_snapshot *now)
{
    struct observe *observe = context;
    struct exec *exec = observe->setup.exec;
    const struct observe_options *options = observe_options(observe, now);
    const struct eviction_settings settings = {.limit_bytes = options->maxmemory_bytes,
                                               .policy = (enum evict_policy)options->maxmemory_policy,
                                               .samples = (uint32_t)options->maxmemory_samples,
                                               .slice_ns = tenacity_slice_ns(options->maxmemory_tenacity)};
    bool by_frequency = (settings.policy & EVICT_FREQUENCY) != 0;
    usage_settings usage =
        usage_settings_make(by_frequency, (uint32_t)options->lfu_log_factor, (uint32_t)options->lfu_decay_minutes);
    atomic_store_explicit(&exec->keyspace->usage, usage, memory_order_relaxed);
    exec_set_eviction(exec, &settings);
    exec_arm_guard(exec, COMMAND_DENYOOM, settings.limit_bytes > 0);
    return NULL;
}

static const char *apply_maxmemory(void *context, const struct config_snapshot *now)
{
    struct observe *observe = context;
    int64_t limit = observe_options(observe, now)->maxmemory_bytes;
    int64_t used = atomic_load_explicit(&observe->setup.exec->memory_used, memory_order_relaxed);
    if (limit > 0 && limit < used) {
        log_write(
            observe->setup.log, LOG_LEVEL_WARNING,
            "maxmemory is now %lld bytes, below the %lld bytes in use: keys are evicted as maxmemory-policy says, "
            "or commands that need memory refused",
            (long long)limit, (long long)used);
    }
    return apply_eviction(context, now);
}

void observe_apply_options(struct observe *observe)
{
    const struct config_snapshot *now = config_current(observe->setup.exec->config);
    (void)apply_slow(observe, now);
    (void)apply_tracking(observe, now);
    (void)apply_maxmemory(observe, now);
}

/* In the order in which Redis's errors list them. */
static const struct option_word policy_words[] = {{"volatile-lru", EVICT_VOLATILE_LRU},
                                                  {"volatile-lfu", EVICT_VOLATILE_LFU},
                                                  {"volatile-random", EVICT_VOLATILE_RANDOM},
                                                  {"volatile-ttl", EVICT_VOLATILE_TTL},
                                                  {"allkeys-lru", EVICT_ALLKEYS_LRU},
                                                  {"allkeys-lfu", EVICT_ALLKEYS_LFU},
                                                  {"allkeys-random", EVICT_ALLKEYS_RANDOM},
                                                  {"noeviction", EVICT_NOTHING},
                                                  {NULL, 0}};

#define FIELD(field) offsetof(struct observe_options, field)

const struct option observe_option_rows[] = {
    {.name = "slowlog-log-slower-than",
     .type = OPTION_INTEGER,
     .offset = FIELD(slowlog_slower_than_us),
     .default_text = "10000",
     .min = -1,
     .max = LLONG_MAX,
     .apply = apply_slow},
    {.name = "slowlog-max-len",
     .type = OPTION_INTEGER,
     .offset = FIELD(slowlog_max_len),
     .default_text = "128",
     .max = LONG_MAX},
    {.name = "latency-monitor-threshold",
     .type = OPTION_INTEGER,
     .offset = FIELD(latency_threshold_ms),
     .default_text = "0",
     .max = LLONG_MAX,
     .apply = apply_slow},
    {.name = "latency-tracking",
     .type = OPTION_BOOL,
     .offset = FIELD(latency_tracking),
     .default_text = "yes",
     .apply = apply_tracking},
    {.name = "latency-tracking-info-percentiles",
     .type = OPTION_WORDS,
     .offset = FIELD(percentiles),
     .default_text = "50 99 99.9",
     .normalize = percentiles_normalize,
     .store = percentiles_store},
    {.name = "enable-debug-command",
     .type = OPTION_ENUM,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(enable_debug_command),
     .default_text = "no",
     .words = config_protected_words},
    {.name = "maxmemory",
     .type = OPTION_MEMORY,
     .flags = OPTION_PERCENT,
     .offset = FIELD(maxmemory_bytes),
     .default_text = "0",
     .min = -100,
     .max = INT64_MAX,
     .resolve = maxmemory_resolve,
     .apply = apply_maxmemory},
    {.name = "maxmemory-policy",
     .type = OPTION_ENUM,
     .offset = FIELD(maxmemory_policy),
     .default_text = "noeviction",
     .words = policy_words,
     .apply = apply_eviction},
    {.name = "maxmemory-samples",
     .type = OPTION_INTEGER,
     .offset = FIELD(maxmemory_samples),
     .default_text = "5",
     .min = 1,
     .max = INT_MAX,
     .apply = apply_eviction},
    {.name = "maxmemory-eviction-tenacity",
     .type = OPTION_INTEGER,
     .offset = FIELD(maxmemory_tenacity),
     .default_text = "10",
     .max = 100,
     .apply = apply_eviction},
    {.name = "lfu-log-factor",
     .type = OPTION_INTEGER,
     .offset = FIELD(lfu_log_factor),
     .default_text = "10",
     .max = INT_MAX,
     .apply = apply_eviction},
    {.name = "lfu-decay-time",
     .type = OPTION_INTEGER,
     .offset = FIELD(lfu_decay_minutes),
     .default_text = "1",
     .max = INT_MAX,
     .apply = apply_eviction},
};

const size_t observe_option_count = ARRAY_LENGTH(observe_option_rows);
