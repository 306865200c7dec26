/* SPDX-License-Identifier: BSD-3-Clause */
/* Stepping, reading and writing of stream ids.
 * Owner: nobody, there is no state. Locks: none. */
#include "sherd/value/stream_id.h"

#include "sherd/base/number.h"

#define ID_TEXT_LIMIT 127 /* longer texts are refused by Redis, whatever they say */

bool stream_id_increment(struct stream_id *id)
{
    if (id->seq != UINT64_MAX) {
        id->seq++;
        return true;
    }
    if (id->ms == UINT64_MAX) {
        return false;
    }
    id->ms++;
    id->seq = 0;
    return true;
}

bool stream_id_decrement(struct stream_id *id)
{
    if (id->seq != 0) {
        id->seq--;
        return true;
    }
    if (id->ms == 0) {
        return false;
    }
    id->ms--;
    id->seq = UINT64_MAX;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One half of an id. */
static bool parse_half(struct slice text, uint64_t *number)
{
    size_t at = 0;
    while (at < text.len && is_blank(text.data[at])) {
        at++;
    }
    if (at < text.len && text.data[at] == '+') {
        at++;
    }
    return number_parse_u64(slice_make(text.data + at, text.len - at), number);
}

/* Splits at the first dash; `*seq` is empty and false comes back when there is none. */
static bool split(struct slice text, struct slice *ms, struct slice *seq)
{
    const char *dash = text.len == 0 ? NULL : memchr(text.data, '-', text.len);
    if (dash == NULL) {
        *ms = text;
        *seq = (struct slice){.data = NULL, .len = 0};
        return false;
    }
    size_t before = (size_t)(dash - text.data);
    *ms = slice_make(text.data, before);
    *seq = slice_make(dash + 1, text.len - before - 1);
    return true;
}

/* Redis reads ids as C strings: a NUL ends them. */
static struct slice until_nul(struct slice text)
{
    const char *nul = text.len == 0 ? NULL : memchr(text.data, '\0', text.len);
    return nul == NULL ? text : slice_make(text.data, (size_t)(nul - text.data));
}

bool stream_id_parse(struct slice text, uint64_t missing_seq, struct stream_id *id)
{
    struct slice ms, seq;
    struct stream_id parsed = {.ms = 0, .seq = missing_seq};
    bool has_seq = split(until_nul(text), &ms, &seq);
    if (text.len > ID_TEXT_LIMIT || !parse_half(ms, &parsed.ms) || (has_seq && !parse_half(seq, &parsed.seq))) {
        return false;
    }
    *id = parsed;
    return true;
}

bool stream_id_parse_new(struct slice text, struct stream_id *id, bool *seq_is_auto)
{
    struct slice ms, seq;
    *seq_is_auto = split(until_nul(text), &ms, &seq) && seq.len == 1 && seq.data[0] == '*';
    if (!*seq_is_auto) {
        return stream_id_parse(text, 0, id);
    }
    return text.len <= ID_TEXT_LIMIT && stream_id_parse(ms, 0, id);
}

size_t stream_id_print(struct stream_id id, char text[STREAM_ID_TEXT_BYTES])
{
    size_t len = number_print_u64(text, id.ms);
    text[len++] = '-';
    return len + number_print_u64(text + len, id.seq);
}
