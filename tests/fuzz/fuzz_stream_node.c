/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes of streams from outside, as RDB files and RESTORE payloads carry them: what validation accepts can be read
 * both ways, searched, deleted from, appended to, trimmed and copied, and the counts go on holding. The ids within a
 * node may be in any order: nothing promises more, so nothing may rely on it for its safety.
 * Input: one byte that chooses what is done; then nodes, each behind its length in two bytes (LE); the last takes the
 * rest.
 * Room: value
 * Owner: each run owns its stream. Locks: none. */
#include <stdint.h>

#include "sherd/base/memory.h"
#include "sherd/value/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    NODES_MAX = 4,
};

/* Reads all pairs of all entries; gives the number of entries. */
static uint64_t read_all(struct stream_iterator *iterator)
{
    struct stream_id id;
    size_t pairs;
    uint64_t entries = 0;
    while (stream_iterator_next(iterator, &id, &pairs)) {
        struct slice field, value;
        size_t read = 0;
        size_t bytes = 0;
        while (stream_iterator_pair(iterator, &field, &value)) {
            for (size_t i = 0; i < field.len; i++) {
                bytes += (unsigned char)field.data[i];
            }
            for (size_t i = 0; i < value.len; i++) {
                bytes += (unsigned char)value.data[i];
            }
            read++;
        }
        ASSERT(read == pairs && bytes != SIZE_MAX);
        entries++;
    }
    return entries;
}

static void check(const struct stream *stream)
{
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    ASSERT(read_all(&iterator) == stream->length);
    stream_iterator_init_reverse(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    ASSERT(read_all(&iterator) == stream->length);
}

static void append(struct stream *stream, uint8_t choice)
{
    struct slice items[] = {SLICE_LITERAL("a"), SLICE_LITERAL("12"), SLICE_LITERAL("field"), SLICE_LITERAL("value")};
    struct stream_addition addition = {.rule = STREAM_ID_AUTO,
                                       .now_ms = 1,
                                       .pairs = {.items = items, .count = 1 + choice % 2},
                                       .limits = {.node_max_bytes = 4096, .node_max_entries = 100}};
    struct stream_id added;
    stream->last_id = (struct stream_id){.ms = (uint64_t)1 << 62, .seq = choice};
    enum stream_result result = stream_append(stream, &addition, &added);
    ASSERT(result == STREAM_OK || result == STREAM_ID_TOO_SMALL);
}

static void change(struct stream *stream, uint8_t choice)
{
    struct stream_iterator iterator;
    struct stream_id id;
    size_t pairs;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    for (unsigned i = 0; i <= choice % 8U && stream_iterator_next(&iterator, &id, &pairs); i++) {
    }
    if (iterator.node != NULL) {
        struct stream_iterator finder;
        stream_iterator_init(&finder, stream, STREAM_ID_MIN, STREAM_ID_MAX);
        ASSERT(stream_iterator_find(&finder, id, &pairs) == stream_contains(stream, id));
        struct stream_id behind = {.ms = id.ms, .seq = id.seq + 1};
        ASSERT(stream_iterator_find(&finder, behind, &pairs) == stream_contains(stream, behind));
        (void)stream_delete(stream, id);
        check(stream);
    }
    append(stream, choice);
    check(stream);
    struct stream_trimming trimming = {.strategy = (choice & 16) != 0 ? STREAM_TRIM_MAXLEN : STREAM_TRIM_MINID,
                                       .is_approximate = (choice & 32) != 0,
                                       .maxlen = choice % 16,
                                       .minid = {.ms = choice}};
    (void)stream_trim_work(stream, &trimming, 10);
    (void)stream_trim(stream, &trimming);
    check(stream);
}

/* Loads the next node of the input; gives how many bytes it took, 0 when it was refused. */
static size_t load(struct stream *stream, uint64_t master_ms, const uint8_t *data, size_t size, bool is_last)
{
    size_t head = is_last || size < 2 ? 0 : 2;
    size_t len = head == 0 ? size : (size_t)data[0] | (size_t)data[1] << 8;
    len = len > size - head ? size - head : len;
    unsigned char *owned = memory_alloc(len + 1);
    memcpy(owned, data + head, len);
    if (stream_load_node(stream, (struct stream_id){.ms = master_ms, .seq = 5}, owned, len) != STATUS_OK) {
        memory_free(owned);
        return 0;
    }
    return head + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct stream *stream = stream_create();
    size_t at = 1;
    size_t took = 1;
    for (uint64_t i = 0; i < NODES_MAX && took != 0 && at < size; i++) {
        took = load(stream, (i + 1) * 1000, data + at, size - at, (data[0] & 64) != 0 || i == NODES_MAX - 1);
        at += took;
    }
    check(stream);
    struct stream *copy = stream_copy(stream);
    change(stream, data[0]);
    check(copy);
    ASSERT(stream_bytes(copy) <= SIZE_MAX / 2);
    stream_destroy(copy);
    stream_destroy(stream);
    return 0;
}
