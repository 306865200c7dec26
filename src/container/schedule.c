/* SPDX-License-Identifier: BSD-3-Clause */
/* The heap of deadlines in chunks.
 * Owner: whoever embeds the struct. Locks: none. */
#include "sherd/container/schedule.h"

#include "sherd/base/memory.h"

enum {
    FIRST_CHUNK_PLACES = 4,
    DIRECTORY_FIRST_SLOTS = 4,
    WAYS = 4, /* children of a place: half as many levels as with two, and they share a cache line */
};

static struct schedule_entry *entry_at(const struct schedule *schedule, uint32_t place)
{
    return &schedule->chunks[place / SCHEDULE_CHUNK][place % SCHEDULE_CHUNK];
}

void schedule_init(struct schedule *schedule, void (*moved)(void *item, uint32_t place))
{
    *schedule = (struct schedule){.moved = moved};
}

void schedule_deinit(struct schedule *schedule)
{
    for (uint32_t i = 0; i * SCHEDULE_CHUNK < schedule->cap; i++) {
        memory_free(schedule->chunks[i]);
    }
    memory_free(schedule->chunks);
    schedule_init(schedule, schedule->moved);
}

/* Gives the chunk `index` so many places, keeping what it holds. */
static void chunk_resize(struct schedule *schedule, uint32_t index, uint32_t places)
{
    schedule->chunks[index] = memory_resize(schedule->chunks[index], places * sizeof(struct schedule_entry));
    schedule->cap = index * SCHEDULE_CHUNK + places;
}

static void grow(struct schedule *schedule)
{
    if (schedule->cap != 0 && schedule->cap < SCHEDULE_CHUNK) {
        chunk_resize(schedule, 0, schedule->cap * 2);
        return;
    }
    uint32_t index = schedule->cap / SCHEDULE_CHUNK;
    if (index == schedule->chunk_slots) {
        schedule->chunk_slots = index == 0 ? DIRECTORY_FIRST_SLOTS : index * 2;
        schedule->chunks = memory_resize(schedule->chunks, schedule->chunk_slots * sizeof(schedule->chunks[0]));
    }
    schedule->chunks[index] = NULL;
    chunk_resize(schedule, index, index == 0 ? FIRST_CHUNK_PLACES : SCHEDULE_CHUNK);
}

/* Gives back a chunk when a second one would be empty too, so that it rests at the border; a first one that is alone
 * halves when a quarter of it is in use. */
static void shrink(struct schedule *schedule)
{
    while (schedule->cap > SCHEDULE_CHUNK && schedule->cap - schedule->count >= 2 * SCHEDULE_CHUNK) {
        schedule->cap -= SCHEDULE_CHUNK;
        memory_free(schedule->chunks[schedule->cap / SCHEDULE_CHUNK]);
    }
    while (schedule->cap <= SCHEDULE_CHUNK && schedule->cap > FIRST_CHUNK_PLACES &&
           schedule->count < schedule->cap / 4) {
        chunk_resize(schedule, 0, schedule->cap / 2);
    }
}

static void put(struct schedule *schedule, uint32_t place, struct schedule_entry entry)
{
    *entry_at(schedule, place) = entry;
    schedule->moved(entry.item, place);
}

/* Puts an entry where it belongs, from `place` towards the top. */
static void sift_up(struct schedule *schedule, uint32_t place, struct schedule_entry entry)
{
    while (place > 0) {
        const struct schedule_entry *parent = entry_at(schedule, (place - 1) / WAYS);
        if (parent->deadline_ms <= entry.deadline_ms) {
            break;
        }
        put(schedule, place, *parent);
        place = (place - 1) / WAYS;
    }
    put(schedule, place, entry);
}

/* The same towards the bottom. */
static void sift_down(struct schedule *schedule, uint32_t place, struct schedule_entry entry)
{
    for (;;) {
        uint64_t first = (uint64_t)place * WAYS + 1;
        if (first >= schedule->count) {
            break;
        }
        uint32_t least = (uint32_t)first;
        for (uint64_t child = first + 1; child < first + WAYS && child < schedule->count; child++) {
            if (entry_at(schedule, (uint32_t)child)->deadline_ms < entry_at(schedule, least)->deadline_ms) {
                least = (uint32_t)child;
            }
        }
        if (entry_at(schedule, least)->deadline_ms >= entry.deadline_ms) {
            break;
        }
        put(schedule, place, *entry_at(schedule, least));
        place = least;
    }
    put(schedule, place, entry);
}

static void settle(struct schedule *schedule, uint32_t place, struct schedule_entry entry)
{
    if (place > 0 && entry_at(schedule, (place - 1) / WAYS)->deadline_ms > entry.deadline_ms) {
        sift_up(schedule, place, entry);
    } else {
        sift_down(schedule, place, entry);
    }
}

void schedule_insert(struct schedule *schedule, int64_t deadline_ms, void *item)
{
    if (schedule->count == schedule->cap) {
        grow(schedule);
    }
    schedule->count++;
    sift_up(schedule, schedule->count - 1, (struct schedule_entry){deadline_ms, item});
}

void schedule_remove(struct schedule *schedule, uint32_t place)
{
    ASSERT(place < schedule->count);
    struct schedule_entry last = *entry_at(schedule, --schedule->count);
    if (place != schedule->count) {
        settle(schedule, place, last);
    }
    shrink(schedule);
}

void schedule_change(struct schedule *schedule, uint32_t place, int64_t deadline_ms)
{
    ASSERT(place < schedule->count);
    settle(schedule, place, (struct schedule_entry){deadline_ms, entry_at(schedule, place)->item});
}

void schedule_rename(struct schedule *schedule, uint32_t place, void *item)
{
    ASSERT(place < schedule->count);
    entry_at(schedule, place)->item = item;
}

const struct schedule_entry *schedule_first(const struct schedule *schedule)
{
    return schedule->count == 0 ? NULL : entry_at(schedule, 0);
}

/* Due places are a tree below the top; `stack` needs no more than the ways of each level. */
size_t schedule_due(const struct schedule *schedule, int64_t now_ms, size_t enough)
{
    uint64_t stack[(WAYS - 1) * 16 + WAYS];
    size_t depth = 0;
    size_t due = 0;
    stack[depth++] = 0;
    while (depth > 0 && due < enough) {
        uint64_t place = stack[--depth];
        if (place >= schedule->count || entry_at(schedule, (uint32_t)place)->deadline_ms > now_ms) {
            continue;
        }
        due++;
        for (uint64_t child = place * WAYS + 1; child <= place * WAYS + WAYS; child++) {
            stack[depth++] = child;
        }
    }
    return due;
}

size_t schedule_bytes(const struct schedule *schedule)
{
    return schedule->chunk_slots * sizeof(schedule->chunks[0]) + schedule->cap * sizeof(struct schedule_entry);
}
