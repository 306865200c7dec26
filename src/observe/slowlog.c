/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of the slow log.
 * Owner: struct observe. Locks: lock, for pointers only; entries are made and freed outside. */
#include "sherd/observe/slowlog.h"

#include <stdio.h>

#include "sherd/base/memory.h"

enum {
    MORE_BYTES = 64, /* room for "... (18446744073709551615 more arguments)" */
};

/* Writes the argument as it is shown; returns the end. */
static char *argument_cut(char *at, struct slice *shown, struct slice argument)
{
    size_t len = argument.len < SLOWLOG_ARGUMENT_BYTES_MAX ? argument.len : (size_t)SLOWLOG_ARGUMENT_BYTES_MAX;
    shown->data = at;
    if (len != 0) {
        memcpy(at, argument.data, len);
    }
    if (len < argument.len) {
        len += (size_t)snprintf(at + len, MORE_BYTES, "... (%zu more bytes)", argument.len - len);
    }
    shown->len = len;
    return at + len;
}

static char *text_copy(char *at, struct slice *copy, struct slice text)
{
    if (text.len != 0) {
        memcpy(at, text.data, text.len);
    }
    *copy = slice_make(at, text.len);
    return at + text.len;
}

static struct slowlog_entry *entry_make(const struct slowlog_event *event)
{
    uint32_t argc = event->argc < SLOWLOG_ARGUMENTS_MAX ? event->argc : (uint32_t)SLOWLOG_ARGUMENTS_MAX;
    uint32_t whole = argc == event->argc ? argc : argc - 1;
    size_t bytes = event->client.len + event->client_name.len + MORE_BYTES;
    for (uint32_t i = 0; i < whole; i++) {
        bytes += (event->argv[i].len < SLOWLOG_ARGUMENT_BYTES_MAX ? event->argv[i].len
                                                                  : (size_t)SLOWLOG_ARGUMENT_BYTES_MAX) +
                 MORE_BYTES;
    }
    struct slowlog_entry *entry = memory_alloc(sizeof(*entry) + argc * sizeof(struct slice) + bytes);
    atomic_init(&entry->references, 1);
    entry->time_s = event->time_s;
    entry->duration_us = event->duration_us;
    entry->argc = argc;
    char *at = (char *)&entry->argv[argc];
    at = text_copy(at, &entry->client, event->client);
    at = text_copy(at, &entry->client_name, event->client_name);
    for (uint32_t i = 0; i < whole; i++) {
        at = argument_cut(at, &entry->argv[i], event->argv[i]);
    }
    if (whole < argc) {
        int len = snprintf(at, MORE_BYTES, "... (%u more arguments)", event->argc - whole);
        entry->argv[whole] = slice_make(at, (size_t)len);
    }
    return entry;
}

void slowlog_init(struct slowlog *slowlog)
{
    spin_init(&slowlog->lock, LOCK_RANK_OBSERVE, 0);
    slowlog->newest = NULL;
    slowlog->oldest = NULL;
    slowlog->count = 0;
    slowlog->next_id = 0;
}

void slowlog_deinit(struct slowlog *slowlog)
{
    slowlog_reset(slowlog);
}

/* Takes the oldest out; under the lock. */
static struct slowlog_entry *take_oldest(struct slowlog *slowlog)
{
    struct slowlog_entry *entry = slowlog->oldest;
    slowlog->oldest = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &slowlog->newest) = NULL;
    slowlog->count--;
    return entry;
}

void slowlog_push(struct slowlog *slowlog, const struct slowlog_event *event, uint64_t max)
{
    struct slowlog_entry *entry = entry_make(event);
    struct slowlog_entry *dropped = NULL;
    spin_acquire(&slowlog->lock);
    entry->id = slowlog->next_id++;
    entry->newer = NULL;
    entry->older = slowlog->newest;
    *(slowlog->newest != NULL ? &slowlog->newest->newer : &slowlog->oldest) = entry;
    slowlog->newest = entry;
    slowlog->count++;
    while (slowlog->count > max) {
        struct slowlog_entry *oldest = take_oldest(slowlog);
        oldest->newer = dropped;
        dropped = oldest;
    }
    spin_release(&slowlog->lock);
    while (dropped != NULL) {
        struct slowlog_entry *next = dropped->newer;
        slowlog_release(dropped);
        dropped = next;
    }
}

void slowlog_reset(struct slowlog *slowlog)
{
    spin_acquire(&slowlog->lock);
    struct slowlog_entry *entry = slowlog->newest;
    slowlog->newest = NULL;
    slowlog->oldest = NULL;
    slowlog->count = 0;
    spin_release(&slowlog->lock);
    while (entry != NULL) {
        struct slowlog_entry *older = entry->older;
        slowlog_release(entry);
        entry = older;
    }
}

uint64_t slowlog_length(struct slowlog *slowlog)
{
    spin_acquire(&slowlog->lock);
    uint64_t count = slowlog->count;
    spin_release(&slowlog->lock);
    return count;
}

size_t slowlog_take(struct slowlog *slowlog, struct slowlog_entry **entries, size_t max)
{
    size_t count = 0;
    spin_acquire(&slowlog->lock);
    for (struct slowlog_entry *entry = slowlog->newest; entry != NULL && count < max; entry = entry->older) {
        atomic_fetch_add_explicit(&entry->references, 1, memory_order_relaxed);
        entries[count++] = entry;
    }
    spin_release(&slowlog->lock);
    return count;
}

void slowlog_release(struct slowlog_entry *entry)
{
    if (atomic_fetch_sub_explicit(&entry->references, 1, memory_order_acq_rel) == 1) {
        memory_free(entry);
    }
}
