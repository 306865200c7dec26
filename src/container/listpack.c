/* SPDX-License-Identifier: BSD-3-Clause */
/* Listpacks: packing, walking and changing elements in one run of bytes.
 * Owner: whoever embeds the struct. Locks: none. */
#include "listpack_private.h"

/* Turns `old_bytes` at `at` into `new_bytes` of undefined content, moving the rest and fixing the total. */
static unsigned char *splice(struct listpack *lp, size_t at, size_t old_bytes, size_t new_bytes)
{
    size_t total = total_load(lp->data);
    size_t grown = total - old_bytes + new_bytes;
    ASSERT(grown <= UINT32_MAX);
    if (grown > lp->cap) {
        listpack_close_gap(lp);
    }
    if (grown > lp->cap) {
        /* To the next size class: four of them to a doubling, so that appending stays linear and little is wasted. */
        lp->cap = cap_for(grown);
        lp->data = memory_resize(lp->data, lp->cap);
    }
    if (old_bytes != new_bytes) {
        memmove(lp->data + at + new_bytes, lp->data + at + old_bytes, total - at - old_bytes);
        store_le(lp->data, grown, 4);
    }
    return lp->data + at;
}

static size_t insert_encoded(struct listpack *lp, size_t at, const struct encoded *element)
{
    if (at == LISTPACK_NONE) {
        at = total_load(lp->data) - 1;
    }
    encoded_write(splice(lp, at, 0, encoded_span(element)), element);
    count_add(lp, 1);
    return at;
}

static void replace_encoded(struct listpack *lp, size_t at, const struct encoded *element)
{
    encoded_write(splice(lp, at, element_span(lp->data + at), encoded_span(element)), element);
}

void listpack_init(struct listpack *lp, size_t reserve_bytes)
{
    lp->cap = cap_for(reserve_bytes < MIN_CAP_BYTES ? MIN_CAP_BYTES : reserve_bytes);
    lp->gap = 0;
    lp->data = memory_alloc(lp->cap);
    store_le(lp->data, LISTPACK_HEADER_BYTES + 1, 4);
    store_le(lp->data + 4, 0, 2);
    lp->data[LISTPACK_HEADER_BYTES] = END_MARK;
}

void listpack_deinit(struct listpack *lp)
{
    if (lp->data != NULL) {
        memory_free(lp->data - lp->gap);
    }
    *lp = (struct listpack){.data = NULL};
}

void listpack_adopt(struct listpack *lp, unsigned char *data, size_t len)
{
    ASSERT(len == total_load(data));
    *lp = (struct listpack){.data = data, .cap = (uint32_t)len};
}

void listpack_copy(struct listpack *copy, const struct listpack *original)
{
    size_t bytes = total_load(original->data);
    copy->cap = cap_for(bytes);
    copy->gap = 0;
    copy->data = memory_alloc(copy->cap);
    memcpy(copy->data, original->data, bytes);
}

void listpack_shrink(struct listpack *lp)
{
    uint32_t fitting = cap_for(total_load(lp->data));
    if (fitting < listpack_allocated(lp)) {
        listpack_close_gap(lp);
        lp->data = memory_resize(lp->data, fitting);
        lp->cap = fitting;
    }
}

size_t listpack_bytes(const struct listpack *lp)
{
    return total_load(lp->data);
}

size_t listpack_count(const struct listpack *lp)
{
    size_t count = count_load(lp->data);
    if (count == COUNT_UNKNOWN) {
        count = 0;
        for (size_t at = listpack_first(lp); at != LISTPACK_NONE; at = listpack_next(lp, at)) {
            count++;
        }
    }
    return count;
}

size_t listpack_first(const struct listpack *lp)
{
    return lp->data[LISTPACK_HEADER_BYTES] == END_MARK ? LISTPACK_NONE : LISTPACK_HEADER_BYTES;
}

size_t listpack_last(const struct listpack *lp)
{
    return listpack_prev(lp, total_load(lp->data) - 1);
}

size_t listpack_next(const struct listpack *lp, size_t at)
{
    at += element_span(lp->data + at);
    return lp->data[at] == END_MARK ? LISTPACK_NONE : at;
}

size_t listpack_prev(const struct listpack *lp, size_t at)
{
    if (at <= LISTPACK_HEADER_BYTES) {
        return LISTPACK_NONE;
    }
    size_t bytes = backlen_load(lp->data + at - 1);
    return at - bytes - backlen_bytes(bytes);
}

size_t listpack_seek(const struct listpack *lp, int64_t index)
{
    size_t count = count_load(lp->data);
    if (count != COUNT_UNKNOWN) {
        int64_t have = (int64_t)count;
        if (index >= have || index < -have) {
            return LISTPACK_NONE;
        }
        if (index > have / 2) {
            index -= have;
        } else if (index < -(have / 2) - 1) {
            index += have;
        }
    }
    size_t at = index < 0 ? listpack_last(lp) : listpack_first(lp);
    for (; index > 0 && at != LISTPACK_NONE; index--) {
        at = listpack_next(lp, at);
    }
    for (; index < -1 && at != LISTPACK_NONE; index++) {
        at = listpack_prev(lp, at);
    }
    return at;
}

struct listpack_value listpack_get(const struct listpack *lp, size_t at)
{
    const unsigned char *from = lp->data + at;
    struct listpack_value value = {.text = {.data = NULL, .len = 0}, .integer = 0, .is_integer = true};
    if (from[0] < 0x80) {
        value.integer = from[0];
    } else if ((from[0] & 0xE0) == 0xC0) {
        value.integer = sign_extend(((uint64_t)(from[0] & 0x1FU) << 8) | from[1], 13);
    } else if (from[0] > 0xF0) {
        size_t bytes = head_bytes(from[0]) - 1;
        ASSERT(bytes <= 8);
        value.integer = sign_extend(load_le(from + 1, bytes), (unsigned)bytes * 8);
    } else {
        value.is_integer = false;
        value.text = slice_make(from + head_bytes(from[0]), body_bytes(from));
    }
    return value;
}

struct slice listpack_get_text(const struct listpack *lp, size_t at, char text[LISTPACK_INT_TEXT_BYTES])
{
    struct listpack_value value = listpack_get(lp, at);
    if (value.is_integer) {
        return slice_make(text, number_print_i64(text, value.integer));
    }
    return value.text;
}

int64_t listpack_get_int(const struct listpack *lp, size_t at)
{
    struct listpack_value value = listpack_get(lp, at);
    ASSERT(value.is_integer);
    return value.integer;
}

bool listpack_equals(const struct listpack *lp, size_t at, struct slice bytes)
{
    char text[LISTPACK_INT_TEXT_BYTES];
    return slice_equals(listpack_get_text(lp, at, text), bytes);
}

/* Where the element behind this one begins. Short strings and small numbers, which most are, first. */
static ALWAYS_INLINE const unsigned char *step_over(const unsigned char *at)
{
    if (LIKELY((*at & 0xC0) == 0x80)) {
        return at + (*at & 0x3F) + 2;
    }
    return at + (*at < 0x80 ? 2 : element_span(at));
}

/* Whether a string of `len` bytes at `have` is `text`. Its last bytes are looked at first: names in one list often
 * begin alike. */
static ALWAYS_INLINE bool same_text(const unsigned char *have, const char *text, size_t len)
{
    if (len >= sizeof(uint64_t)) {
        uint64_t ours;
        uint64_t theirs;
        memcpy(&ours, have + len - sizeof(ours), sizeof(ours));
        memcpy(&theirs, text + len - sizeof(theirs), sizeof(theirs));
        return ours == theirs && memcmp(have, text, len - sizeof(ours)) == 0;
    }
    return memcmp(have, text, len) == 0;
}

size_t listpack_find(const struct listpack *lp, size_t from, struct slice bytes, size_t skip)
{
    int64_t wanted = 0;
    bool wanted_is_integer = parse_int(bytes, &wanted);
    unsigned short_head = bytes.len < 64 ? 0x80U | (unsigned)bytes.len : END_MARK;
    const unsigned char *at = lp->data + from;
    if (from == LISTPACK_NONE) {
        return LISTPACK_NONE;
    }
    while (*at != END_MARK) {
        /* A loaded list may hold digits packed as a string, so text is compared even when an integer is wanted. */
        if (LIKELY((*at & 0xC0) == 0x80)) {
            if (*at == short_head && same_text(at + 1, bytes.data, bytes.len)) {
                return (size_t)(at - lp->data);
            }
        } else {
            struct listpack_value have = listpack_get(lp, (size_t)(at - lp->data));
            if (have.is_integer ? wanted_is_integer && have.integer == wanted : slice_equals(have.text, bytes)) {
                return (size_t)(at - lp->data);
            }
        }
        at = step_over(at);
        for (size_t left = skip; left > 0 && *at != END_MARK; left--) {
            at = step_over(at);
        }
    }
    return LISTPACK_NONE;
}

void listpack_append(struct listpack *lp, struct slice bytes)
{
    (void)listpack_insert(lp, LISTPACK_NONE, bytes);
}

void listpack_append_int(struct listpack *lp, int64_t value)
{
    (void)listpack_insert_int(lp, LISTPACK_NONE, value);
}

size_t listpack_insert(struct listpack *lp, size_t at, struct slice bytes)
{
    struct encoded element;
    encode_text(&element, bytes);
    return insert_encoded(lp, at, &element);
}

size_t listpack_insert_int(struct listpack *lp, size_t at, int64_t value)
{
    struct encoded element;
    encode_int(&element, value);
    return insert_encoded(lp, at, &element);
}

void listpack_replace(struct listpack *lp, size_t at, struct slice bytes)
{
    struct encoded element;
    encode_text(&element, bytes);
    replace_encoded(lp, at, &element);
}

void listpack_replace_int(struct listpack *lp, size_t at, int64_t value)
{
    struct encoded element;
    encode_int(&element, value);
    replace_encoded(lp, at, &element);
}

size_t listpack_delete_range(struct listpack *lp, size_t at, size_t count)
{
    size_t end = at;
    size_t removed = 0;
    while (removed < count && lp->data[end] != END_MARK) {
        end += element_span(lp->data + end);
        removed++;
    }
    (void)splice(lp, at, end - at, 0);
    count_subtract(lp, removed);
    return lp->data[at] == END_MARK ? LISTPACK_NONE : at;
}

size_t listpack_delete(struct listpack *lp, size_t at)
{
    return listpack_delete_range(lp, at, 1);
}

bool listpack_validate(const unsigned char *data, size_t len)
{
    if (len < LISTPACK_HEADER_BYTES + 1 || total_load(data) != len || data[len - 1] != END_MARK) {
        return false;
    }
    size_t end = len - 1;
    size_t count = 0;
    for (size_t at = LISTPACK_HEADER_BYTES; at != end; count++) {
        size_t head = head_bytes(data[at]);
        if (head == 0 || head > end - at) {
            return false;
        }
        size_t bytes = head + body_bytes(data + at);
        size_t back = backlen_bytes(bytes);
        if (bytes > end - at || back > end - at - bytes) {
            return false;
        }
        unsigned char expected[5];
        backlen_store(expected, bytes);
        if (memcmp(data + at + bytes, expected, back) != 0) {
            return false;
        }
        at += bytes + back;
    }
    size_t stated = count_load(data);
    return stated == COUNT_UNKNOWN || stated == count;
}
