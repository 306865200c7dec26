/* SPDX-License-Identifier: BSD-3-Clause */
/* The command table: built once from all rows, looked up by folded words instead of hashed strings.
 * Owner: the server; constant after start. Locks: none. */
#include "sherd/exec/command.h"

#include <stdio.h>

#include "sherd/base/memory.h"
#include "sherd/exec/command_docs.h"

enum {
    LOOKUP_SLOTS = 1024, /* power of two, several times the number of commands */
};

/* A name of up to 16 bytes as two words without case; longer names agree in these and are compared in full. */
struct folded {
    uint64_t head, tail;
    size_t len;
};

struct lookup_slot {
    struct folded name;
    const struct command *command;
    bool compare; /* the folding is ambiguous for this name: compare in full */
};

struct command_table {
    struct command *commands; /* top-level ones first, then subcommands; ids are places */
    uint32_t top_level;
    uint32_t ids;
    struct lookup_slot slots[LOOKUP_SLOTS];
};

#define FOLD UINT64_C(0x2020202020202020)

static ALWAYS_INLINE struct folded fold(struct slice name)
{
    struct folded folded = {.len = name.len};
    const char *p = name.data;
    if (name.len >= 8) {
        memcpy(&folded.head, p, 8);
        size_t tail_at = name.len >= 16 ? 8 : name.len - 8;
        memcpy(&folded.tail, p + tail_at, 8);
    } else if (name.len >= 4) {
        uint32_t low;
        uint32_t high;
        memcpy(&low, p, 4);
        memcpy(&high, p + name.len - 4, 4);
        folded.head = low;
        folded.tail = high;
    } else if (name.len > 0) {
        folded.head = (unsigned char)p[0];
        folded.tail = (uint64_t)(unsigned char)p[name.len / 2] << 8 | (unsigned char)p[name.len - 1];
    }
    folded.head |= FOLD;
    folded.tail |= FOLD;
    return folded;
}

static ALWAYS_INLINE uint32_t folded_slot(const struct folded *folded)
{
    uint64_t mixed = (folded->head ^ (folded->tail << 7) ^ folded->len) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 54) & (LOOKUP_SLOTS - 1);
}

static ALWAYS_INLINE bool folded_equals(const struct folded *a, const struct folded *b)
{
    return a->head == b->head && a->tail == b->tail && a->len == b->len;
}

static void table_register(struct command_table *table, const struct command *command)
{
    struct slice name = slice_from_text(command->row->name);
    struct lookup_slot slot = {.name = fold(name), .command = command, .compare = name.len > 16};
    for (size_t i = 0; i < name.len; i++) {
        slot.compare |= name.data[i] < 'a' || name.data[i] > 'z';
    }
    uint32_t at = folded_slot(&slot.name);
    while (table->slots[at].command != NULL) {
        at = (at + 1) % LOOKUP_SLOTS;
    }
    table->slots[at] = slot;
}

const struct command *command_find(const struct command_table *table, struct slice name)
{
    struct folded folded = fold(name);
    for (uint32_t at = folded_slot(&folded); table->slots[at].command != NULL; at = (at + 1) % LOOKUP_SLOTS) {
        const struct lookup_slot *slot = &table->slots[at];
        if (LIKELY(folded_equals(&slot->name, &folded)) &&
            (!slot->compare || slice_equals_word(name, slot->command->row->name))) {
            return slot->command;
        }
    }
    return NULL;
}

static const struct command *find_among(const struct command *commands, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equals_word(name, commands[i].row->name)) {
            return &commands[i];
        }
    }
    return NULL;
}

const struct command *command_find_subcommand(const struct command *command, struct slice name)
{
    return find_among(command->subcommands, command->subcommand_count, name);
}

const struct command *command_resolve(const struct command_table *table, const struct slice *argv, uint32_t argc)
{
    const struct command *command = command_find(table, argv[0]);
    if (UNLIKELY(command != NULL && (command->subcommand_count | command->variant_count) != 0 && argc > 1)) {
        const struct command *subcommand = command->variant_count != 0
                                               ? find_among(command->variants, command->variant_count, argv[1])
                                               : command_find_subcommand(command, argv[1]);
        return subcommand != NULL ? subcommand : command;
    }
    return command;
}

const struct command *command_find_full(const struct command_table *table, struct slice full_name)
{
    const char *bar = full_name.len == 0 ? NULL : memchr(full_name.data, '|', full_name.len);
    if (bar == NULL) {
        return command_find(table, full_name);
    }
    size_t len = (size_t)(bar - full_name.data);
    const struct command *command = command_find(table, slice_make(full_name.data, len));
    return command == NULL ? NULL : command_find_subcommand(command, slice_make(bar + 1, full_name.len - len - 1));
}

static uint32_t rows_count(const struct command_row *rows)
{
    uint32_t count = 0;
    while (rows != NULL && rows[count].name != NULL) {
        count++;
    }
    return count;
}

/* Categories that follow from flags, as in ACL CAT. */
static uint32_t implied_categories(uint32_t flags)
{
    uint32_t categories = 0;
    categories |= (flags & COMMAND_WRITE) != 0 ? (uint32_t)ACL_WRITE : 0;
    /* Scripting commands are not "read" although they may carry the flag; their rows say so themselves. */
    categories |= (flags & COMMAND_READONLY) != 0 ? (uint32_t)ACL_READ : 0;
    categories |= (flags & COMMAND_ADMIN) != 0 ? (uint32_t)(ACL_ADMIN | ACL_DANGEROUS) : 0;
    categories |= (flags & COMMAND_PUBSUB) != 0 ? (uint32_t)ACL_PUBSUB : 0;
    categories |= (flags & COMMAND_FAST) != 0 ? (uint32_t)ACL_FAST : (uint32_t)ACL_SLOW;
    categories |= (flags & COMMAND_BLOCKING) != 0 ? (uint32_t)ACL_BLOCKING : 0;
    return categories;
}

static bool spec_is_range(const struct key_spec *spec)
{
    return spec->keyword == NULL && !spec->counted && spec->begin != 0;
}

/* The legacy triple: one range as it is, or adjoining ranges of step 1 taken together. Whatever else there is makes the
 * keys "movable". */
static void command_derive_keys(struct command *command)
{
    const struct key_spec *specs = command->row->keys;
    bool only = specs[0].flags != 0 && specs[1].flags == 0;
    command->simple_keys = true;
    for (int i = 0; i < KEY_SPECS_MAX && specs[i].flags != 0; i++) {
        const struct key_spec *spec = &specs[i];
        bool joins = only || (spec->step == 1 && (command->first_key == 0 || command->last_key + 1 == spec->begin));
        if (!spec_is_range(spec) || !joins) {
            command->flags |= COMMAND_MOVABLE_KEYS;
            continue;
        }
        if (command->first_key == 0) {
            command->first_key = spec->begin;
            command->key_step = spec->step;
        }
        command->last_key = (int16_t)(spec->last >= 0 ? spec->begin + spec->last : spec->last);
        command->simple_keys &= spec->limit == 0 && (spec->flags & (KEY_NOT_KEY | KEY_INCOMPLETE)) == 0;
    }
    command->simple_keys &= (command->flags & COMMAND_MOVABLE_KEYS) == 0;
    command->single_key = command->simple_keys && command->first_key > 0 && command->first_key == command->last_key;
    if (command->single_key && (command->flags & COMMAND_FAST) != 0) {
        command->flags |= COMMAND_BRIEF;
    }
}

static void command_fill(struct command *command, const struct command_row *row, uint32_t id, void *context,
                         const struct command *parent)
{
    *command = (struct command){
        .row = row, .parent = parent, .id = id, .context = context, .flags = row->flags | COMMAND_EVERY};
    command->categories = row->categories | implied_categories(row->flags);
    (void)snprintf(command->full_name, sizeof(command->full_name), "%s%s%s", parent != NULL ? parent->row->name : "",
                   parent != NULL ? "|" : "", row->name);
    command_derive_keys(command);
    ASSERT(row->arguments == NULL || command_arguments_valid(slice_from_text(row->arguments)));
}

/* A table while it is built. */
struct building {
    struct command_table *table;
    const struct command_family *families;
    size_t family_count;
    uint32_t next_sub; /* the place of the next subcommand or variant */
};

/* Counts the rows, so that the commands get one array. */
static void count_commands(const struct building *building)
{
    struct command_table *table = building->table;
    for (size_t f = 0; f < building->family_count; f++) {
        for (const struct command_row *row = building->families[f].rows; row->name != NULL; row++) {
            uint32_t own = row->extends ? 0 : 1;
            table->top_level += own;
            table->ids += own + rows_count(row->subcommands) + rows_count(row->variants);
        }
    }
    ASSERT(table->top_level * 2 < LOOKUP_SLOTS);
}

static uint32_t add_subcommands(struct building *building, const struct command *parent, const struct command_row *rows,
                                void *context)
{
    uint32_t count = rows_count(rows);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = building->next_sub++;
        command_fill(&building->table->commands[id], &rows[i], id, context, parent);
    }
    return count;
}

/* What other rooms have for the command. */
static uint32_t add_extensions(struct building *building, const struct command *command)
{
    uint32_t count = 0;
    for (size_t f = 0; f < building->family_count; f++) {
        const struct command_family *family = &building->families[f];
        for (const struct command_row *row = family->rows; row->name != NULL; row++) {
            if (row->extends && strcmp(row->name, command->row->name) == 0) {
                count += add_subcommands(building, command, row->subcommands, family->context);
            }
        }
    }
    return count;
}

static void add_command(struct building *building, struct command *command, void *context)
{
    struct command *commands = building->table->commands;
    const struct command_row *row = command->row;
    command->subcommands = &commands[building->next_sub];
    command->subcommand_count = add_subcommands(building, command, row->subcommands, context);
    command->subcommand_count += row->subcommands == NULL ? 0 : add_extensions(building, command);
    uint32_t first_variant = building->next_sub;
    command->variants = &commands[first_variant];
    command->variant_count = add_subcommands(building, command, row->variants, context);
    for (uint32_t i = 0; i < command->variant_count; i++) {
        (void)snprintf(commands[first_variant + i].full_name, sizeof(command->full_name), "%s", row->name);
    }
    table_register(building->table, command);
}

struct command_table *command_table_create(const struct command_family *families, size_t count)
{
    struct command_table *table = memory_alloc_zeroed(sizeof(*table));
    struct building building = {.table = table, .families = families, .family_count = count};
    count_commands(&building);
    table->commands = memory_alloc(table->ids * sizeof(table->commands[0]));
    building.next_sub = table->top_level;
    uint32_t id = 0;
    for (size_t f = 0; f < count; f++) {
        for (const struct command_row *row = families[f].rows; row->name != NULL; row++) {
            if (!row->extends) {
                struct command *command = &table->commands[id];
                command_fill(command, row, id++, families[f].context, NULL);
                add_command(&building, command, families[f].context);
            }
        }
    }
    ASSERT(building.next_sub == table->ids);
    return table;
}

void command_table_destroy(struct command_table *table)
{
    if (table != NULL) {
        memory_free(table->commands);
        memory_free(table);
    }
}

void command_capitals(const struct command *command, char out[static COMMAND_NAME_BYTES])
{
    const char *name = command->parent != NULL ? command->parent->row->name : command->row->name;
    size_t len = 0;
    for (; name[len] != '\0' && len < COMMAND_NAME_BYTES - 1; len++) {
        out[len] = (char)(name[len] >= 'a' && name[len] <= 'z' ? name[len] - 32 : name[len]);
    }
    out[len] = '\0';
}

uint32_t command_table_count(const struct command_table *table)
{
    return table->top_level;
}

uint32_t command_table_ids(const struct command_table *table)
{
    return table->ids;
}

const struct command *command_table_at(const struct command_table *table, uint32_t index)
{
    ASSERT(index < table->top_level);
    return &table->commands[index];
}

const struct command *command_table_by_id(const struct command_table *table, uint32_t id)
{
    ASSERT(id < table->ids);
    return &table->commands[id];
}
