/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding the keys of a request by its command's key specs.
 * Owner: nobody. Locks: none. */
#include "sherd/base/number.h"
#include "sherd/exec/call.h"
#include "sherd/exec/command.h"

struct key_search {
    const struct slice *argv;
    uint32_t argc;
    struct key_place *places;
    size_t max;
    int64_t found;
};

static void search_add(struct key_search *search, uint32_t argument, uint16_t flags)
{
    if ((size_t)search->found < search->max) {
        search->places[search->found] = (struct key_place){.argument = argument, .flags = flags};
    }
    search->found++;
}

/* Index of the argument behind the keyword, searched from `begin` (from the end when negative); 0: none. */
static uint32_t keyword_find(const struct key_search *search, const struct key_spec *spec)
{
    if (spec->begin >= 0) {
        for (uint32_t i = (uint32_t)spec->begin; i + 1 < search->argc; i++) {
            if (slice_equals_word(search->argv[i], spec->keyword)) {
                return i + 1;
            }
        }
        return 0;
    }
    for (int64_t i = (int64_t)search->argc + spec->begin; i > 0; i--) {
        if (slice_equals_word(search->argv[i], spec->keyword)) {
            return (uint32_t)i + 1;
        }
    }
    return 0;
}

/* `begin` stands on a count; the keys follow. */
static bool counted_search(struct key_search *search, const struct key_spec *spec, uint32_t begin)
{
    int64_t count;
    if (begin >= search->argc || !number_parse_i64(search->argv[begin], &count) || count < 0 ||
        count > (int64_t)search->argc - begin - 1) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        search_add(search, begin + 1 + (uint32_t)i * (uint32_t)spec->step, spec->flags);
    }
    return true;
}

static bool spec_search(struct key_search *search, const struct key_spec *spec)
{
    if (spec->begin == 0) {
        return true; /* it cannot be said where they are */
    }
    uint32_t begin = spec->keyword == NULL ? (uint32_t)spec->begin : keyword_find(search, spec);
    if (begin == 0 || begin >= search->argc) {
        return begin == 0 && spec->keyword != NULL; /* an optional keyword is simply not there */
    }
    if (spec->counted) {
        return counted_search(search, spec, begin);
    }
    int64_t last = spec->last >= 0 ? (int64_t)begin + spec->last : (int64_t)search->argc + spec->last;
    if (spec->limit > 1) {
        last = begin + ((int64_t)search->argc - begin) / spec->limit - 1;
    }
    if (last >= search->argc) {
        return false;
    }
    for (int64_t i = begin; i <= last; i += spec->step) {
        search_add(search, (uint32_t)i, spec->flags);
    }
    return true;
}

int64_t command_keys(const struct command *command, const struct slice *argv, uint32_t argc, struct key_place *places,
                     size_t max)
{
    if (command->row->find_keys != NULL) {
        return command->row->find_keys(argv, argc, places, max);
    }
    struct key_search search = {.argv = argv, .argc = argc, .places = places, .max = max};
    for (int i = 0; i < KEY_SPECS_MAX && command->row->keys[i].flags != 0; i++) {
        if ((command->row->keys[i].flags & KEY_NOT_KEY) == 0 && !spec_search(&search, &command->row->keys[i])) {
            return -1;
        }
    }
    return search.found;
}
