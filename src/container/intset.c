/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted integers in one run of bytes.
 * Owner: whoever embeds the struct. Locks: none. */
#include "sherd/container/intset.h"

#include <endian.h>
#include <string.h>

#include "sherd/base/memory.h"

static uint32_t load_u32(const unsigned char *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return le32toh(value);
}

static void store_u32(unsigned char *to, uint32_t value)
{
    value = htole32(value);
    memcpy(to, &value, sizeof(value));
}

static ALWAYS_INLINE int64_t load_integer(const unsigned char *integers, size_t index, uint32_t width)
{
    if (width == sizeof(int16_t)) {
        uint16_t value;
        memcpy(&value, integers + index * sizeof(value), sizeof(value));
        return (int16_t)le16toh(value);
    }
    if (width == sizeof(int32_t)) {
        return (int32_t)load_u32(integers + index * sizeof(uint32_t));
    }
    uint64_t value;
    memcpy(&value, integers + index * sizeof(value), sizeof(value));
    return (int64_t)le64toh(value);
}

static void store_integer(unsigned char *integers, size_t index, uint32_t width, int64_t value)
{
    uint64_t bytes = htole64((uint64_t)value); /* the lower bytes come first */
    memcpy(integers + index * width, &bytes, width);
}

static uint32_t width_of(int64_t value)
{
    if (value == (int16_t)value) {
        return sizeof(int16_t);
    }
    return value == (int32_t)value ? sizeof(int32_t) : sizeof(int64_t);
}

static uint32_t width_load(const struct intset *set)
{
    return load_u32(set->data);
}

static uint32_t count_load(const struct intset *set)
{
    return load_u32(set->data + 4);
}

static unsigned char *integers_of(const struct intset *set)
{
    return set->data + INTSET_HEADER_BYTES;
}

/* How many integers are less than `value`: halving without a branch that could be mispredicted. */
static ALWAYS_INLINE size_t count_less(const unsigned char *integers, size_t count, uint32_t width, int64_t value)
{
    size_t less = 0;
    while (count > 1) {
        size_t half = count / 2;
        less += load_integer(integers, less + half - 1, width) < value ? half : 0;
        count -= half;
    }
    return less + (count == 1 && load_integer(integers, less, width) < value);
}

/* The place where `value` stands or belongs. */
static size_t place_of(const struct intset *set, int64_t value)
{
    const unsigned char *integers = integers_of(set);
    size_t count = count_load(set);
    switch (width_load(set)) {
    case sizeof(int16_t):
        return count_less(integers, count, sizeof(int16_t), value);
    case sizeof(int32_t):
        return count_less(integers, count, sizeof(int32_t), value);
    default:
        return count_less(integers, count, sizeof(int64_t), value);
    }
}

static bool stands_at(const struct intset *set, size_t place, int64_t value)
{
    return place < count_load(set) && intset_get(set, place) == value;
}

/* ---- memory ---- */

static void set_cap(struct intset *set, size_t bytes)
{
    bytes = memory_class_bytes(bytes);
    ASSERT(bytes <= UINT32_MAX);
    set->cap = (uint32_t)bytes;
    set->data = memory_resize(set->data, bytes);
}

static void ensure(struct intset *set, size_t bytes)
{
    if (bytes > set->cap) {
        set_cap(set, bytes);
    }
}

void intset_init(struct intset *set)
{
    *set = (struct intset){.data = NULL};
    set_cap(set, INTSET_HEADER_BYTES + sizeof(int64_t));
    store_u32(set->data, sizeof(int16_t));
    store_u32(set->data + 4, 0);
}

void intset_deinit(struct intset *set)
{
    memory_free(set->data);
    *set = (struct intset){.data = NULL};
}

void intset_adopt(struct intset *set, unsigned char *data, size_t len)
{
    ASSERT(len <= UINT32_MAX);
    *set = (struct intset){.data = data, .cap = (uint32_t)len};
}

void intset_copy(struct intset *copy, const struct intset *original)
{
    *copy = (struct intset){.data = NULL};
    set_cap(copy, intset_bytes(original));
    memcpy(copy->data, original->data, intset_bytes(original));
}

void intset_reserve(struct intset *set, size_t count)
{
    ASSERT(count <= INTSET_MAX_COUNT);
    ensure(set, INTSET_HEADER_BYTES + count * width_load(set));
}

/* ---- reading ---- */

size_t intset_bytes(const struct intset *set)
{
    return INTSET_HEADER_BYTES + (size_t)count_load(set) * width_load(set);
}

size_t intset_count(const struct intset *set)
{
    return count_load(set);
}

int64_t intset_get(const struct intset *set, size_t index)
{
    return load_integer(integers_of(set), index, width_load(set));
}

bool intset_contains(const struct intset *set, int64_t value)
{
    return stands_at(set, place_of(set, value), value);
}

/* ---- changing ---- */

/* Stores all integers in more bytes each, and a new one, which is less or greater than all of them. */
static void widen_with(struct intset *set, uint32_t width, int64_t value)
{
    size_t count = count_load(set);
    uint32_t old_width = width_load(set);
    ensure(set, INTSET_HEADER_BYTES + (count + 1) * width);
    unsigned char *integers = integers_of(set);
    size_t shift = value < 0 ? 1 : 0;
    for (size_t i = count; i-- > 0;) { /* from the end, as each moves backwards over what is moved already */
        store_integer(integers, i + shift, width, load_integer(integers, i, old_width));
    }
    store_integer(integers, value < 0 ? 0 : count, width, value);
    store_u32(set->data, width);
    store_u32(set->data + 4, (uint32_t)count + 1);
}

bool intset_insert(struct intset *set, int64_t value)
{
    uint32_t count = count_load(set);
    uint32_t width = width_load(set);
    ASSERT(count < INTSET_MAX_COUNT);
    if (width_of(value) > width) {
        widen_with(set, width_of(value), value);
        return true;
    }
    size_t place = count != 0 && intset_get(set, count - 1) < value ? count : place_of(set, value);
    if (stands_at(set, place, value)) {
        return false;
    }
    ensure(set, INTSET_HEADER_BYTES + ((size_t)count + 1) * width);
    unsigned char *at = integers_of(set) + place * width;
    memmove(at + width, at, (count - place) * width);
    store_integer(integers_of(set), place, width, value);
    store_u32(set->data + 4, count + 1);
    return true;
}

void intset_remove_at(struct intset *set, size_t index)
{
    size_t width = width_load(set);
    size_t count = count_load(set);
    unsigned char *at = integers_of(set) + index * width;
    memmove(at, at + width, (count - index - 1) * width);
    store_u32(set->data + 4, (uint32_t)count - 1);
    if (intset_bytes(set) <= set->cap / 2) {
        set_cap(set, intset_bytes(set));
    }
}

bool intset_remove(struct intset *set, int64_t value)
{
    size_t place = place_of(set, value);
    bool is_there = stands_at(set, place, value);
    if (is_there) {
        intset_remove_at(set, place);
    }
    return is_there;
}

bool intset_validate(const unsigned char *data, size_t len)
{
    if (len < INTSET_HEADER_BYTES) {
        return false;
    }
    uint32_t width = load_u32(data);
    uint64_t count = load_u32(data + 4);
    if ((width != sizeof(int16_t) && width != sizeof(int32_t) && width != sizeof(int64_t)) || count == 0 ||
        count > INTSET_MAX_COUNT || INTSET_HEADER_BYTES + count * width != len) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        if (load_integer(data + INTSET_HEADER_BYTES, i - 1, width) >=
            load_integer(data + INTSET_HEADER_BYTES, i, width)) {
            return false;
        }
    }
    return true;
}
