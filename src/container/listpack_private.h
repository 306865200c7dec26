/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of a listpack, for the files that read and write them: header, heads, backward lengths.
 * Owner: whoever embeds the struct listpack. Locks: none. */
#ifndef SHERD_CONTAINER_LISTPACK_PRIVATE_H
#define SHERD_CONTAINER_LISTPACK_PRIVATE_H

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/container/listpack.h"

#define END_MARK       0xFF
#define COUNT_UNKNOWN  0xFFFFU
#define HEAD_MAX_BYTES 9
#define INT64_TEXT_MAX 20 /* "-9223372036854775808" */
#define MIN_CAP_BYTES  16

/* What to allocate for `bytes`; the format ends at 4 GiB, so more than that is never used. */
static inline uint32_t cap_for(size_t bytes)
{
    size_t fitting = memory_class_bytes(bytes);
    return fitting < UINT32_MAX ? (uint32_t)fitting : UINT32_MAX;
}

/* Moves the bytes to the start of their allocation. */
void listpack_close_gap(struct listpack *lp);

/* An element ready to be written: integers are all head, strings a head and the body. */
struct encoded {
    unsigned char head[HEAD_MAX_BYTES];
    size_t head_bytes;
    struct slice body;
};

static inline uint64_t load_le(const unsigned char *from, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

static inline void store_le(unsigned char *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (unsigned char)(value >> (8 * i));
    }
}

static inline size_t total_load(const unsigned char *data)
{
    return (size_t)load_le(data, 4);
}

static inline size_t count_load(const unsigned char *data)
{
    return (size_t)load_le(data + 4, 2);
}

/* The count saturates: once unknown it stays so, and reaching 65535 makes it unknown. */
static inline void count_add(struct listpack *lp, size_t more)
{
    size_t count = count_load(lp->data);
    if (count != COUNT_UNKNOWN) {
        count += more;
        store_le(lp->data + 4, count < COUNT_UNKNOWN ? count : COUNT_UNKNOWN, 2);
    }
}

static inline void count_subtract(struct listpack *lp, size_t fewer)
{
    size_t count = count_load(lp->data);
    if (count != COUNT_UNKNOWN) {
        store_le(lp->data + 4, count - fewer, 2);
    }
}

/* Bytes of the head alone, from its first byte; 0 when that byte starts no element. */
static inline size_t head_bytes(unsigned char first)
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
static inline size_t body_bytes(const unsigned char *at)
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
static inline size_t backlen_bytes(size_t len)
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
static inline void backlen_store(unsigned char *to, size_t len)
{
    size_t bytes = backlen_bytes(len);
    for (size_t i = bytes; i-- > 0;) {
        to[i] = (unsigned char)((len & 0x7F) | (i == 0 ? 0 : 0x80));
        len >>= 7;
    }
}

/* Reads a backward length whose last byte is at `last`. */
static inline size_t backlen_load(const unsigned char *last)
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
static inline size_t element_bytes(const unsigned char *at)
{
    if (LIKELY(*at < 0x80)) {
        return 1;
    }
    size_t head = head_bytes(*at);
    ASSERT(head != 0);
    return head + body_bytes(at);
}

static inline size_t element_span(const unsigned char *at)
{
    size_t bytes = element_bytes(at);
    return bytes + backlen_bytes(bytes);
}

/* Extends the sign of the low `bits` bits. */
static inline int64_t sign_extend(uint64_t value, unsigned bits)
{
    unsigned unused = 64 - bits;
    return (int64_t)(value << unused) >> unused;
}

static inline void encode_int(struct encoded *out, int64_t value)
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
static inline bool parse_int(struct slice bytes, int64_t *value)
{
    return bytes.len != 0 && bytes.len <= INT64_TEXT_MAX && number_parse_i64(bytes, value);
}

static inline void encode_text(struct encoded *out, struct slice bytes)
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

static inline size_t encoded_span(const struct encoded *element)
{
    size_t bytes = element->head_bytes + element->body.len;
    return bytes + backlen_bytes(bytes);
}

static inline void encoded_write(unsigned char *to, const struct encoded *element)
{
    memcpy(to, element->head, element->head_bytes);
    to += element->head_bytes;
    if (element->body.len != 0) {
        memcpy(to, element->body.data, element->body.len);
        to += element->body.len;
    }
    backlen_store(to, element->head_bytes + element->body.len);
}

#endif
