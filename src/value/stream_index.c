/* SPDX-License-Identifier: BSD-3-Clause */
/* Records ordered by stream id: a directory of sorted chunks.
 * Owner: the group or consumer. Locks: none. */
#include "sherd/value/stream_index.h"

#include "sherd/base/memory.h"

enum {
    CHUNK_RECORDS = 127, /* with the chunk's head just below a size of the allocator, for records of 16 and 40 bytes */
    FIRST_RECORDS = 4,
    SPARSE_RECORDS = CHUNK_RECORDS / 4, /* a chunk with fewer looks for a neighbour to join */
    JOINED_RECORDS = CHUNK_RECORDS / 2, /* the most that two joined chunks may hold together */
    SHRINK_SHARE = 8,                   /* an only chunk gives most of its room back when not a full 8th is used */
};

struct stream_index_chunk {
    uint16_t head;  /* unused places before the first record */
    uint16_t count; /* never 0 */
    uint16_t cap;
    _Alignas(8) unsigned char records[];
};

struct stream_index_slot {
    struct stream_id least; /* no record of the chunk is less, all of the chunks before are; not always there itself */
    struct stream_index_chunk *chunk;
};

static size_t chunk_bytes(const struct stream_index *index, uint32_t cap)
{
    return sizeof(struct stream_index_chunk) + (size_t)cap * index->record_bytes;
}

static ALWAYS_INLINE unsigned char *record_at(const struct stream_index *index, const struct stream_index_chunk *chunk,
                                              uint32_t slot)
{
    const unsigned char *at = chunk->records + (size_t)(chunk->head + slot) * index->record_bytes;
    return (unsigned char *)(uintptr_t)at;
}

static ALWAYS_INLINE struct stream_id id_at(const struct stream_index *index, const struct stream_index_chunk *chunk,
                                            uint32_t slot)
{
    struct stream_id id;
    memcpy(&id, record_at(index, chunk, slot), sizeof(id));
    return id;
}

static struct stream_index_chunk *chunk_create(struct stream_index *index, uint32_t cap)
{
    struct stream_index_chunk *chunk = memory_alloc(chunk_bytes(index, cap));
    chunk->head = 0;
    chunk->count = 0;
    chunk->cap = (uint16_t)cap;
    *index->account += chunk_bytes(index, cap);
    return chunk;
}

static void chunk_destroy(struct stream_index *index, struct stream_index_chunk *chunk)
{
    *index->account -= chunk_bytes(index, chunk->cap);
    memory_free(chunk);
}

/* Opens the directory's place `at` for a chunk. */
static void directory_insert(struct stream_index *index, uint32_t at, struct stream_id least,
                             struct stream_index_chunk *chunk)
{
    if (index->chunks == index->cap) {
        uint32_t cap = index->cap == 0 ? 1 : index->cap * 2;
        index->directory = memory_resize(index->directory, cap * sizeof(*index->directory));
        *index->account += (cap - index->cap) * sizeof(*index->directory);
        index->cap = cap;
    }
    struct stream_index_slot *slot = index->directory + at;
    memmove(slot + 1, slot, (index->chunks - at) * sizeof(*slot));
    *slot = (struct stream_index_slot){.least = least, .chunk = chunk};
    index->chunks++;
}

static void directory_remove(struct stream_index *index, uint32_t at)
{
    struct stream_index_slot *slot = index->directory + at;
    index->chunks--;
    memmove(slot, slot + 1, (index->chunks - at) * sizeof(*slot));
    if (index->chunks == 0) {
        *index->account -= index->cap * sizeof(*slot);
        memory_free(index->directory);
        index->directory = NULL;
        index->cap = 0;
    } else if (index->chunks <= index->cap / 4) {
        uint32_t cap = index->cap / 2;
        *index->account -= (index->cap - cap) * sizeof(*slot);
        index->directory = memory_resize(index->directory, cap * sizeof(*slot));
        index->cap = cap;
    }
}

void stream_index_init(struct stream_index *index, uint32_t record_bytes, size_t *account)
{
    *index = (struct stream_index){.record_bytes = record_bytes, .account = account};
}

void stream_index_deinit(struct stream_index *index)
{
    for (uint32_t i = 0; i < index->chunks; i++) {
        chunk_destroy(index, index->directory[i].chunk);
    }
    *index->account -= index->cap * sizeof(*index->directory);
    memory_free(index->directory);
    stream_index_init(index, index->record_bytes, index->account);
}

void stream_index_copy(struct stream_index *copy, const struct stream_index *original, size_t *account)
{
    stream_index_init(copy, original->record_bytes, account);
    for (uint32_t i = 0; i < original->chunks; i++) {
        const struct stream_index_chunk *from = original->directory[i].chunk;
        /* A single chunk gets no more room than it needs, as it may stay as small as it is. */
        struct stream_index_chunk *chunk = chunk_create(copy, original->chunks == 1 ? from->count : CHUNK_RECORDS);
        memcpy(chunk->records, record_at(original, from, 0), (size_t)from->count * original->record_bytes);
        chunk->count = from->count;
        directory_insert(copy, i, original->directory[i].least, chunk);
    }
    copy->count = original->count;
}

/* The last chunk whose least id is not greater, or the first; there is one. */
static uint32_t find_chunk(const struct stream_index *index, struct stream_id id)
{
    uint32_t low = 1; /* chunks known to be at or before, the first by definition */
    uint32_t high = index->chunks;
    if (stream_id_compare(index->directory[high - 1].least, id) <= 0) {
        return high - 1;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stream_id_compare(index->directory[middle].least, id) > 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low - 1;
}

/* The first slot of the chunk whose record is not less; its count when all are. Both ends are looked at first. */
static uint32_t find_slot(const struct stream_index *index, const struct stream_index_chunk *chunk, struct stream_id id)
{
    uint32_t low = 0;
    uint32_t high = chunk->count;
    if (stream_id_compare(id_at(index, chunk, high - 1), id) < 0) {
        return high;
    }
    if (stream_id_compare(id_at(index, chunk, 0), id) >= 0) {
        return 0;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stream_id_compare(id_at(index, chunk, middle), id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void *stream_index_find(const struct stream_index *index, struct stream_id id)
{
    if (index->chunks == 0) {
        return NULL;
    }
    const struct stream_index_chunk *chunk = index->directory[find_chunk(index, id)].chunk;
    uint32_t slot = find_slot(index, chunk, id);
    return slot < chunk->count && stream_id_equals(id_at(index, chunk, slot), id) ? record_at(index, chunk, slot)
                                                                                  : NULL;
}

/* Moves the records from `slot` on to a new chunk behind. */
static void split(struct stream_index *index, uint32_t at, uint32_t slot)
{
    struct stream_index_chunk *chunk = index->directory[at].chunk;
    struct stream_index_chunk *behind = chunk_create(index, CHUNK_RECORDS);
    uint32_t moved = chunk->count - slot;
    memcpy(behind->records, record_at(index, chunk, slot), (size_t)moved * index->record_bytes);
    behind->count = (uint16_t)moved;
    chunk->count = (uint16_t)slot;
    directory_insert(index, at + 1, id_at(index, behind, 0), behind);
}

/* Gives the chunk room for `cap` records; its gap at the front goes. */
static struct stream_index_chunk *resize(struct stream_index *index, uint32_t at, uint32_t cap)
{
    struct stream_index_chunk *chunk = index->directory[at].chunk;
    memmove(chunk->records, record_at(index, chunk, 0), (size_t)chunk->count * index->record_bytes);
    chunk->head = 0;
    if (cap != chunk->cap) {
        *index->account -= chunk_bytes(index, chunk->cap);
        *index->account += chunk_bytes(index, cap);
        chunk = memory_resize(chunk, chunk_bytes(index, cap));
        chunk->cap = (uint16_t)cap;
        index->directory[at].chunk = chunk;
    }
    return chunk;
}

static struct stream_index_chunk *grow(struct stream_index *index, uint32_t at)
{
    uint32_t cap = index->directory[at].chunk->cap * 2U;
    return resize(index, at, cap < FIRST_RECORDS ? FIRST_RECORDS : cap < CHUNK_RECORDS ? cap : CHUNK_RECORDS);
}

/* The last chunk, with room at its end; `id` is to come there. */
static struct stream_index_chunk *tail_with_room(struct stream_index *index, struct stream_id id)
{
    uint32_t at = index->chunks - 1;
    struct stream_index_chunk *chunk = index->chunks == 0 ? NULL : index->directory[at].chunk;
    if (chunk != NULL && chunk->head + chunk->count < chunk->cap) {
        return chunk;
    }
    if (chunk != NULL && chunk->head != 0 && chunk->head >= chunk->cap / 2) {
        return resize(index, at, chunk->cap);
    }
    if (chunk != NULL && chunk->cap < CHUNK_RECORDS) {
        return grow(index, at);
    }
    chunk = chunk_create(index, chunk == NULL ? FIRST_RECORDS : CHUNK_RECORDS);
    directory_insert(index, index->chunks, id, chunk);
    return chunk;
}

static void *append(struct stream_index *index, struct stream_id id)
{
    struct stream_index_chunk *chunk = tail_with_room(index, id);
    unsigned char *record = record_at(index, chunk, chunk->count);
    memcpy(record, &id, sizeof(id));
    chunk->count++;
    index->count++;
    return record;
}

/* Opens a place before the record at `slot`, behind the last for slot == count. The chunk is not full. */
static unsigned char *open_slot(struct stream_index *index, uint32_t at, uint32_t slot)
{
    struct stream_index_chunk *chunk = index->directory[at].chunk;
    size_t bytes = index->record_bytes;
    if (chunk->head != 0) {
        unsigned char *first = record_at(index, chunk, 0);
        memmove(first - bytes, first, slot * bytes);
        chunk->head--;
    } else {
        if (chunk->count == chunk->cap) {
            chunk = grow(index, at);
        }
        unsigned char *from = record_at(index, chunk, slot);
        memmove(from + bytes, from, (chunk->count - slot) * bytes);
    }
    chunk->count++;
    return record_at(index, chunk, slot);
}

static void *insert(struct stream_index *index, uint32_t at, uint32_t slot, struct stream_id id)
{
    if (index->directory[at].chunk->count == CHUNK_RECORDS) {
        split(index, at, CHUNK_RECORDS / 2);
        if (slot > CHUNK_RECORDS / 2) {
            at++;
            slot -= CHUNK_RECORDS / 2;
        }
    }
    unsigned char *record = open_slot(index, at, slot);
    memcpy(record, &id, sizeof(id));
    index->count++;
    if (stream_id_compare(id, index->directory[at].least) < 0) {
        index->directory[at].least = id;
    }
    return record;
}

void *stream_index_add(struct stream_index *index, struct stream_id id, bool *is_new)
{
    *is_new = true;
    if (index->chunks == 0) {
        return append(index, id);
    }
    uint32_t at = find_chunk(index, id);
    const struct stream_index_chunk *chunk = index->directory[at].chunk;
    uint32_t slot = find_slot(index, chunk, id);
    if (slot == chunk->count && at == index->chunks - 1) {
        return append(index, id);
    }
    if (slot < chunk->count && stream_id_equals(id_at(index, chunk, slot), id)) {
        *is_new = false;
        return record_at(index, chunk, slot);
    }
    return insert(index, at, slot, id);
}

/* Joins the chunk after `at` to it when both together are few. */
static void join(struct stream_index *index, uint32_t at)
{
    if (at + 1 >= index->chunks) {
        return;
    }
    struct stream_index_chunk *chunk = index->directory[at].chunk;
    struct stream_index_chunk *behind = index->directory[at + 1].chunk;
    if (chunk->count + behind->count > JOINED_RECORDS) {
        return;
    }
    chunk = resize(index, at, CHUNK_RECORDS);
    memcpy(record_at(index, chunk, chunk->count), record_at(index, behind, 0),
           (size_t)behind->count * index->record_bytes);
    chunk->count = (uint16_t)(chunk->count + behind->count);
    chunk_destroy(index, behind);
    directory_remove(index, at + 1);
}

static void remove_at(struct stream_index *index, uint32_t at, uint32_t slot)
{
    struct stream_index_chunk *chunk = index->directory[at].chunk;
    index->count--;
    chunk->count--;
    if (chunk->count == 0) {
        chunk_destroy(index, chunk);
        directory_remove(index, at);
        return;
    }
    if (slot == 0) {
        chunk->head++;
    } else {
        unsigned char *record = record_at(index, chunk, slot);
        memmove(record, record + index->record_bytes, (size_t)(chunk->count - slot) * index->record_bytes);
    }
    if (index->chunks == 1 && chunk->count < chunk->cap / SHRINK_SHARE) {
        resize(index, at, chunk->cap / 4U);
    } else if (chunk->count < SPARSE_RECORDS) {
        join(index, at);
        if (at != 0) {
            join(index, at - 1);
        }
    }
}

bool stream_index_remove(struct stream_index *index, struct stream_id id)
{
    if (index->chunks == 0) {
        return false;
    }
    uint32_t at = find_chunk(index, id);
    const struct stream_index_chunk *chunk = index->directory[at].chunk;
    uint32_t slot = find_slot(index, chunk, id);
    if (slot == chunk->count || !stream_id_equals(id_at(index, chunk, slot), id)) {
        return false;
    }
    remove_at(index, at, slot);
    return true;
}

struct stream_index_place stream_index_seek(const struct stream_index *index, struct stream_id id)
{
    if (index->chunks == 0) {
        return (struct stream_index_place){.chunk = 0};
    }
    uint32_t at = find_chunk(index, id);
    uint32_t slot = find_slot(index, index->directory[at].chunk, id);
    if (slot == index->directory[at].chunk->count) {
        return (struct stream_index_place){.chunk = at + 1};
    }
    return (struct stream_index_place){.chunk = at, .slot = slot};
}

void *stream_index_at(const struct stream_index *index, struct stream_index_place place)
{
    return place.chunk < index->chunks ? record_at(index, index->directory[place.chunk].chunk, place.slot) : NULL;
}

struct stream_index_place stream_index_next(const struct stream_index *index, struct stream_index_place place)
{
    if (place.chunk < index->chunks && place.slot + 1 < index->directory[place.chunk].chunk->count) {
        return (struct stream_index_place){.chunk = place.chunk, .slot = place.slot + 1};
    }
    return (struct stream_index_place){.chunk = place.chunk + 1};
}

void *stream_index_first(const struct stream_index *index)
{
    return stream_index_at(index, (struct stream_index_place){.chunk = 0});
}

void *stream_index_last(const struct stream_index *index)
{
    if (index->chunks == 0) {
        return NULL;
    }
    const struct stream_index_chunk *chunk = index->directory[index->chunks - 1].chunk;
    return record_at(index, chunk, chunk->count - 1U);
}
