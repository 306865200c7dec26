/* SPDX-License-Identifier: BSD-3-Clause */
/* Listpacks: packing, walking and changing elements in one run of bytes.
 * Owner: whoever embeds the struct. Locks: none. */
#include "sherd/container/listpack.h"

#include "sherd/base/memory.h"
#include "sherd/base/number.h"

#define END_MARK       0xFF
#define COUNT_UNKNOWN  0xFFFFU
#define HEAD_MAX_BYTES 9
#define INT64_TEXT_MAX 20 /* "-9223372036854775808" */
#define MIN_CAP_BYTES  16

/* An element ready to be written: integers are all head, strings a head and the body. */
struct encoded {
    unsigned char head[HEAD_MAX_BYTES];
    size_t head_bytes;
    struct slice body;
};

static uint64_t load_le(const unsigned char *from, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

static void store_le(unsigned char *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (unsigned char)(value >> (8 * i));
    }
}

static size_t total_load(const unsigned char *data)
{
    return (size_t)load_le(data, 4);
}

static size_t count_load(const unsigned char *data)
{
    return (size_t)load_le(data + 4, 2);
}

/* The count saturates: once unknown it stays so, and reaching 65535 makes it unknown. */
static void count_add(struct listpack *lp, size_t more)
{
    size_t count = count_load(lp->data);
    if (count != COUNT_UNKNOWN) {
        count += more;
        store_le(lp->data + 4, count < COUNT_UNKNOWN ? count : COUNT_UNKNOWN, 2);
    }
}

static void count_subtract(struct listpack *lp, size_t fewer)
{
    size_t count = count_load(lp->data);
    if (count != COUNT_UNKNOWN) {
        store_le(lp->data + 4, count - fewer, 2);
    }
}

/* Bytes of the head alone, from its first byte; 0 when that byte starts no element. */
static size_t head_bytes(unsigned char first)
{
    static const unsigned char wide[] = {5, 3, 4, 5, 9}; /* F0 .. F4 */
    if (first < 0xC0) {
        return 1;
    }
    if (first < 0xF0) {
        return 2;
    }
    return first - 0xF0U < sizeof(wide) ? wide[first - 0xF0U] : 0;
}

/* Bytes of the string after the head; 0 for integers. The whole head must be readable. */
static size_t body_bytes(const unsigned char *at)
{
    if ((at[0] & 0xC0) == 0x80) {
        return at[0] & 0x3FU;
    }
    if ((at[0] & 0xF0) == 0xE0) {
        return ((size_t)(at[0] & 0x0FU) << 8) | at[1];
    }
    return at[0] == 0xF0 ? (size_t)load_le(at + 1, 4) : 0;
}

/* Bytes that the backward length occupies. The limits are the format's own: 2^14-1 already takes three. */
static size_t backlen_bytes(size_t len)
{
    if (len <= 127) {
        return 1;
    }
    if (len < 16383) {
        return 2;
    }
    if (len < 2097151) {
        return 3;
    }
    return len < 268435455 ? 4 : 5;
}

/* Seven bits a byte, most significant first; all but the first byte carry the mark "more to the left". */
static void backlen_store(unsigned char *to, size_t len)
{
    size_t bytes = backlen_bytes(len);
    for (size_t i = bytes; i-- > 0;) {
        to[i] = (unsigned char)((len & 0x7F) | (i == 0 ? 0 : 0x80));
        len >>= 7;
    }
}

/* Reads a backward length whose last byte is at `last`. */
static size_t backlen_load(const unsigned char *last)
{
    size_t len = 0;
    for (unsigned shift = 0; shift <= 28; shift += 7, last--) {
        len |= (size_t)(*last & 0x7FU) << shift;
        if ((*last & 0x80) == 0) {
            break;
        }
    }
    return len;
}

/* Bytes of an element without its backward length. */
static size_t element_bytes(const unsigned char *at)
{
    if (LIKELY(*at < 0x80)) {
        return 1;
    }
    size_t head = head_bytes(*at);
    ASSERT(head != 0);
    return head + body_bytes(at);
}

static size_t element_span(const unsigned char *at)
{
    size_t bytes = element_bytes(at);
    return bytes + backlen_bytes(bytes);
}

static void encode_int(struct encoded *out, int64_t value)
{
    uint64_t bits = (uint64_t)value;
    out->body = (struct slice){.data = NULL, .len = 0};
    if (value >= 0 && value <= 127) {
        out->head[0] = (unsigned char)value;
        out->head_bytes = 1;
    } else if (value >= -4096 && value <= 4095) {
        out->head[0] = (unsigned char)(0xC0U | ((bits >> 8) & 0x1FU));
        out->head[1] = (unsigned char)bits;
        out->head_bytes = 2;
    } else {
        unsigned char mark = 0xF4;
        if (value >= INT16_MIN && value <= INT16_MAX) {
            mark = 0xF1;
        } else if (value >= -8388608 && value <= 8388607) {
            mark = 0xF2;
        } else if (value >= INT32_MIN && value <= INT32_MAX) {
            mark = 0xF3;
        }
        out->head[0] = mark;
        out->head_bytes = head_bytes(mark);
        store_le(out->head + 1, bits, out->head_bytes - 1);
    }
}

/* Whether the bytes are the canonical text of an integer, so that packing it loses nothing. */
static bool parse_int(struct slice bytes, int64_t *value)
{
    return bytes.len != 0 && bytes.len <= INT64_TEXT_MAX && number_parse_i64(bytes, value);
}

static void encode_text(struct encoded *out, struct slice bytes)
{
    int64_t value;
    if (parse_int(bytes, &value)) {
        encode_int(out, value);
        return;
    }
    out->body = bytes;
    if (bytes.len < 64) {
        out->head[0] = (unsigned char)(0x80U | bytes.len);
        out->head_bytes = 1;
    } else if (bytes.len < 4096) {
        out->head[0] = (unsigned char)(0xE0U | (bytes.len >> 8));
        out->head[1] = (unsigned char)bytes.len;
        out->head_bytes = 2;
    } else {
        ASSERT(bytes.len <= UINT32_MAX);
        out->head[0] = 0xF0;
        out->head_bytes = 5;
        store_le(out->head + 1, bytes.len, 4);
    }
}

static size_t encoded_span(const struct encoded *element)
{
    size_t bytes = element->head_bytes + element->body.len;
    return bytes + backlen_bytes(bytes);
}

static void encoded_write(unsigned char *to, const struct encoded *element)
{
    memcpy(to, element->head, element->head_bytes);
    to += element->head_bytes;
    if (element->body.len != 0) {
        memcpy(to, element->body.data, element->body.len);
        to += element->body.len;
    }
    backlen_store(to, element->head_bytes + element->body.len);
}

/* Turns `old_bytes` at `at` into `new_bytes` of undefined content, moving the rest and fixing the total. */
static unsigned char *splice(struct listpack *lp, size_t at, size_t old_bytes, size_t new_bytes)
{
    size_t total = total_load(lp->data);
    size_t grown = total - old_bytes + new_bytes;
    ASSERT(grown <= UINT32_MAX);
    if (grown > lp->cap) {
        /* Half as much again: appending stays linear, and little is wasted on lists that stop growing. */
        lp->cap = memory_class_bytes(grown + grown / 2);
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
    lp->cap = memory_class_bytes(reserve_bytes < MIN_CAP_BYTES ? MIN_CAP_BYTES : reserve_bytes);
    lp->data = memory_alloc(lp->cap);
    store_le(lp->data, LISTPACK_HEADER_BYTES + 1, 4);
    store_le(lp->data + 4, 0, 2);
    lp->data[LISTPACK_HEADER_BYTES] = END_MARK;
}

void listpack_deinit(struct listpack *lp)
{
    memory_free(lp->data);
    *lp = (struct listpack){.data = NULL, .cap = 0};
}

void listpack_adopt(struct listpack *lp, unsigned char *data, size_t len)
{
    ASSERT(len == total_load(data));
    *lp = (struct listpack){.data = data, .cap = len};
}

void listpack_copy(struct listpack *copy, const struct listpack *original)
{
    size_t bytes = total_load(original->data);
    copy->cap = memory_class_bytes(bytes);
    copy->data = memory_alloc(copy->cap);
    memcpy(copy->data, original->data, bytes);
}

void listpack_shrink(struct listpack *lp)
{
    size_t fitting = memory_class_bytes(total_load(lp->data));
    if (fitting < lp->cap) {
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

/* Extends the sign of the low `bits` bits. */
static int64_t sign_extend(uint64_t value, unsigned bits)
{
    unsigned unused = 64 - bits;
    return (int64_t)(value << unused) >> unused;
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

size_t listpack_find(const struct listpack *lp, size_t from, struct slice bytes, size_t skip)
{
    int64_t wanted = 0;
    bool wanted_is_integer = parse_int(bytes, &wanted);
    size_t skipping = 0;
    for (size_t at = from; at != LISTPACK_NONE; at = listpack_next(lp, at)) {
        if (skipping != 0) {
            skipping--;
            continue;
        }
        /* A loaded list may hold digits packed as a string, so text is compared even when an integer is wanted. */
        struct listpack_value have = listpack_get(lp, at);
        if (have.is_integer ? wanted_is_integer && have.integer == wanted : slice_equals(have.text, bytes)) {
            return at;
        }
        skipping = skip;
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
