/* SPDX-License-Identifier: BSD-3-Clause */
/* Keyspace events: the option, when to listen, and the messages.
 * Owner: struct pubsub. Locks: its own, a leaf. */
#include "sherd/pubsub/notify.h"

#include "sherd/base/number.h"
#include "sherd/pubsub/pubsub.h"

/* Beside enum event_class. */
enum notify_flag {
    NOTIFY_MODULE = 1 << 28, /* d: there are no modules */
    NOTIFY_KEYSPACE = 1 << 29,
    NOTIFY_KEYEVENT = 1 << 30,
};

enum {
    NOTIFY_ALL = EVENT_GENERIC | EVENT_STRING | EVENT_LIST | EVENT_SET | EVENT_HASH | EVENT_ZSET | EVENT_EXPIRED |
                 EVENT_EVICTED | EVENT_STREAM | NOTIFY_MODULE, /* A: new keys and misses must be named */
    NOTIFY_CLASSES = NOTIFY_ALL | EVENT_NEW | EVENT_KEY_MISS,
};

struct letter {
    char letter;
    uint32_t flag;
};

/* In the order in which CONFIG GET shows them. */
static const struct letter letters[] = {
    {'g', EVENT_GENERIC}, {'$', EVENT_STRING},    {'l', EVENT_LIST},      {'s', EVENT_SET},      {'h', EVENT_HASH},
    {'z', EVENT_ZSET},    {'x', EVENT_EXPIRED},   {'e', EVENT_EVICTED},   {'t', EVENT_STREAM},   {'d', NOTIFY_MODULE},
    {'n', EVENT_NEW},     {'K', NOTIFY_KEYSPACE}, {'E', NOTIFY_KEYEVENT}, {'m', EVENT_KEY_MISS},
};

static uint32_t letter_flags(char wanted)
{
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
        if (letters[i].letter == wanted) {
            return letters[i].flag;
        }
    }
    return wanted == 'A' ? (uint32_t)NOTIFY_ALL : 0;
}

/* The flags of all letters before the first that is none; *end is where that stands. */
static uint32_t parse_letters(struct slice text, size_t *end)
{
    uint32_t flags = 0;
    for (*end = 0; *end < text.len; (*end)++) {
        uint32_t found = letter_flags(text.data[*end]);
        if (found == 0) {
            break;
        }
        flags |= found;
    }
    return flags;
}

/* Every letter once, A instead of those that it stands for. */
static void print_letters(uint32_t flags, struct buffer *text)
{
    if ((flags & NOTIFY_ALL) == NOTIFY_ALL) {
        buffer_append(text, "A", 1);
        flags &= ~(uint32_t)NOTIFY_ALL;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
        if ((flags & letters[i].flag) != 0) {
            buffer_append(text, &letters[i].letter, 1);
        }
    }
}

static const char *normalize_events(const struct option_given *given, struct buffer *text)
{
    if (given->count != 1) {
        return "wrong number of arguments";
    }
    struct slice word = given->words[0];
    size_t end;
    uint32_t flags = parse_letters(word, &end);
    if (end < word.len && word.data[end] != '\0') {
        return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
    }
    print_letters(flags, text);
    return NULL;
}

static void store_events(struct slice text, void *field)
{
    size_t end;
    *(uint32_t *)field = parse_letters(text, &end);
}

/* Beside A Redis does not show the n that A leaves out; CONFIG REWRITE writes it here. */
static void show_events(struct slice text, struct buffer *out)
{
    size_t end;
    uint32_t flags = parse_letters(text, &end);
    print_letters((flags & NOTIFY_ALL) == NOTIFY_ALL ? flags & ~(uint32_t)EVENT_NEW : flags, out);
}

static void listen_if_wanted(struct notify *notify)
{
    uint32_t classes = atomic_load_explicit(&notify->classes, memory_order_relaxed);
    bool wanted = (classes & NOTIFY_CLASSES) != 0 && (classes & (NOTIFY_KEYSPACE | NOTIFY_KEYEVENT)) != 0;
    exec_listen(notify->pubsub->exec, notify->listener, wanted && notify->topics != 0);
}

static const char *apply_events(void *context, const struct config_snapshot *now)
{
    struct pubsub *pubsub = context;
    struct notify *notify = &pubsub->notify;
    const struct pubsub_options *options = config_section(now, notify->config_slot);
    spin_acquire(&notify->lock);
    atomic_store_explicit(&notify->classes, options->events, memory_order_relaxed);
    listen_if_wanted(notify);
    spin_release(&notify->lock);
    return NULL;
}

const struct option pubsub_option_rows[] = {
    {.name = "notify-keyspace-events",
     .type = OPTION_STRING,
     .offset = offsetof(struct pubsub_options, events),
     .normalize = normalize_events,
     .store = store_events,
     .show = show_events,
     .apply = apply_events},
};

const size_t pubsub_option_count = ARRAY_LENGTH(pubsub_option_rows);

bool notify_may_fit(struct slice name)
{
    static const char begin[] = "__key";
    for (size_t i = 0; i < sizeof(begin) - 1; i++) {
        if (i < name.len && memchr("*?[\\", name.data[i], 4) != NULL) {
            return true;
        }
        if (i == name.len || name.data[i] != begin[i]) {
            return false;
        }
    }
    return true;
}

void notify_count_topics(struct notify *notify, uint32_t change)
{
    spin_acquire(&notify->lock);
    notify->topics += change;
    listen_if_wanted(notify);
    spin_release(&notify->lock);
}

/* "__keyspace@0__:" */
static struct slice channel_prefix(char out[static 64], const char *space, unsigned db)
{
    char digits[NUMBER_I64_BYTES];
    size_t digit_count = number_print_u64(digits, db);
    size_t space_len = strlen(space);
    memcpy(out, space, space_len);
    memcpy(out + space_len, digits, digit_count);
    memcpy(out + space_len + digit_count, "__:", 3);
    return slice_make(out, space_len + digit_count + 3);
}

static void publish_effect(struct pubsub *pubsub, uint32_t classes, const struct effect *effect)
{
    char prefix[64];
    struct slice event = slice_from_text(effect->event);
    if ((classes & NOTIFY_KEYSPACE) != 0) {
        pubsub_publish_event(pubsub, channel_prefix(prefix, "__keyspace@", effect->db), effect->key, event);
    }
    if ((classes & NOTIFY_KEYEVENT) != 0) {
        pubsub_publish_event(pubsub, channel_prefix(prefix, "__keyevent@", effect->db), event, effect->key);
    }
}

/* The listener. */
static void publish_effects(void *context, const struct call *call)
{
    struct notify *notify = context;
    uint32_t classes = atomic_load_explicit(&notify->classes, memory_order_relaxed);
    for (uint32_t i = 0; i < call->effects.count; i++) {
        const struct effect *effect = &call->effects.list[i];
        if ((classes & (uint32_t)effect->event_class) != 0) {
            publish_effect(notify->pubsub, classes, effect);
        }
    }
}

void notify_init(struct notify *notify, struct pubsub *pubsub)
{
    notify->pubsub = pubsub;
    spin_init(&notify->lock, LOCK_RANK_LEAF, 0);
    notify->listener =
        exec_add_listener(pubsub->exec, (struct effects_listener){.committed = publish_effects, .context = notify});
}

void notify_configure(struct notify *notify, unsigned config_slot)
{
    notify->config_slot = config_slot;
    (void)apply_events(notify->pubsub, config_current(notify->pubsub->exec->config));
}
