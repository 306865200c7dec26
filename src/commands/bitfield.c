/* SPDX-License-Identifier: BSD-3-Clause */
/* BITFIELD and BITFIELD_RO: integers of any width at any bit of a string.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/bits.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/preparation.h"
#include "string_access.h"

enum {
    FEW_OPERATIONS = 16, /* kept on the stack */
};

enum operation_kind {
    OPERATION_GET,
    OPERATION_SET,
    OPERATION_ADD,
};

struct operation {
    enum operation_kind kind;
    enum bits_overflow overflow;
    struct bits_field field;
    uint64_t offset; /* of its first bit */
    int64_t operand;
};

struct operations {
    struct operation *list;
    uint32_t count;
    bool writes;
    uint64_t end; /* the bytes that the writing ones need */
};

/* "i16", "u8": signed up to 64 bits, unsigned up to 63. What follows a NUL byte is not looked at, as in Redis. */
static bool field_parse(struct slice text, struct bits_field *field)
{
    int64_t width;
    if (text.len == 0 || (text.data[0] != 'i' && text.data[0] != 'u')) {
        return false;
    }
    struct slice digits = slice_make(text.data + 1, strnlen(text.data + 1, text.len - 1));
    field->is_signed = text.data[0] == 'i';
    if (!number_parse_i64(digits, &width) || width < 1 || width > (field->is_signed ? 64 : 63)) {
        return false;
    }
    field->width = (uint8_t)width;
    return true;
}

static bool overflow_parse(const struct call *call, uint32_t argument, enum bits_overflow *overflow)
{
    if (call_argument_is(call, argument, "wrap")) {
        *overflow = BITS_WRAP;
    } else if (call_argument_is(call, argument, "sat")) {
        *overflow = BITS_SATURATE;
    } else if (call_argument_is(call, argument, "fail")) {
        *overflow = BITS_FAIL;
    } else {
        return false;
    }
    return true;
}

/* How many arguments a subcommand takes; 0: it is none. */
static uint32_t subcommand_parse(const struct call *call, uint32_t argument, enum operation_kind *kind)
{
    if (call_argument_is(call, argument, "get")) {
        *kind = OPERATION_GET;
        return 2;
    }
    if (call_argument_is(call, argument, "set")) {
        *kind = OPERATION_SET;
        return 3;
    }
    *kind = OPERATION_ADD;
    return call_argument_is(call, argument, "incrby") ? 3 : 0;
}

/* The arguments behind the subcommand at `argument`. On false the error is replied. */
static bool operation_parse(struct call *call, uint32_t argument, struct operation *operation)
{
    if (!field_parse(call->argv[argument + 1], &operation->field)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 "
                                                  "is not supported but i64 is."));
        return false;
    }
    if (!string_bit_offset(call, argument + 2, operation->field.width, &operation->offset)) {
        (void)call_fail(call, ERROR_BIT_OFFSET);
        return false;
    }
    return operation->kind == OPERATION_GET || call_integer(call, argument + 3, &operation->operand);
}

/* `operations->list` has room for one operation in three arguments. On false the error is replied. */
static bool operations_parse(struct call *call, struct operations *operations)
{
    enum bits_overflow overflow = BITS_WRAP;
    for (uint32_t i = 2; i < call->argc;) {
        uint32_t left = call->argc - i - 1;
        if (left >= 1 && call_argument_is(call, i, "overflow")) {
            if (!overflow_parse(call, i + 1, &overflow)) {
                (void)call_fail_slice(call, SLICE_LITERAL("ERR Invalid OVERFLOW type specified"));
                return false;
            }
            i += 2;
            continue;
        }
        struct operation operation = {.overflow = overflow};
        uint32_t takes = subcommand_parse(call, i, &operation.kind);
        if (takes == 0 || left < takes) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
        if (!operation_parse(call, i, &operation)) {
            return false;
        }
        if (operation.kind != OPERATION_GET) {
            uint64_t end = (operation.offset + operation.field.width - 1) / 8 + 1;
            operations->writes = true;
            operations->end = end > operations->end ? end : operations->end;
        }
        operations->list[operations->count++] = operation;
        i += 1 + takes;
    }
    return true;
}

/* Runs SET or INCRBY on bytes that hold the whole field; true when that is a change: in bytes that `grew` it always is,
 * unless the overflow forbids it. */
static bool operation_write(struct call *call, const struct operation *operation, struct slice all, char *bytes,
                            bool grew)
{
    struct bits_field field = operation->field;
    int64_t before = bits_field_number(field, bits_field_get(all, operation->offset, field.width));
    int64_t after = before;
    bool adds = operation->kind == OPERATION_ADD;
    bool good = adds ? bits_field_add(field, operation->overflow, before, operation->operand, &after)
                     : bits_field_fit(field, operation->overflow, operation->operand, &after);
    if (!good) {
        reply_null(&call->reply);
        return false;
    }
    bits_field_set(bytes, operation->offset, field.width, (uint64_t)after);
    reply_integer(&call->reply, adds ? after : before);
    return grew || after != before;
}

static void operation_read(struct call *call, const struct operation *operation, struct slice all)
{
    struct bits_field field = operation->field;
    uint64_t bits = bits_field_get(all, operation->offset, field.width);
    reply_integer(&call->reply, bits_field_number(field, bits));
}

static enum outcome operations_read(struct call *call, const struct operations *operations) REQUIRES(shard_held)
{
    struct keyref ref;
    char digits[24];
    enum string_found found = string_read(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    struct slice all = found == STRING_FOUND ? entry_string(ref.entry, digits) : slice_make("", 0);
    reply_array(&call->reply, operations->count);
    for (uint32_t i = 0; i < operations->count; i++) {
        operation_read(call, &operations->list[i], all);
    }
    return OUTCOME_DONE;
}

/* The string grows to hold every field that is written, even when an overflow keeps all of them as they are. */
static enum outcome operations_write(struct call *call, const struct operations *operations) REQUIRES(shard_held)
{
    struct keyref ref;
    enum string_found found = string_write(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    size_t had = found == STRING_FOUND ? entry_string_len(ref.entry) : 0;
    bool grows = operations->end > had;
    size_t len = grows ? (size_t)operations->end : had;
    char *bytes = call_edit_string(call, &ref, len);
    if (bytes == NULL) {
        return OUTCOME_PREPARE;
    }
    uint32_t changes = 0;
    reply_array(&call->reply, operations->count);
    for (uint32_t i = 0; i < operations->count; i++) {
        const struct operation *operation = &operations->list[i];
        struct slice all = slice_make(bytes, len);
        if (operation->kind == OPERATION_GET) {
            operation_read(call, operation, all);
        } else if (operation_write(call, operation, all, bytes, grows)) {
            changes++;
        }
    }
    if (changes > 0 || grows) {
        call_changed(call, &ref, changes > 0 ? EVENT_STRING : EVENT_NONE, "setbit");
        call->effects.changes += changes > 1 ? changes - 1 : 0; /* each one counts */
    }
    return OUTCOME_DONE;
}

static enum outcome bitfield_run(struct call *call, struct operations *operations, bool read_only) REQUIRES(shard_held)
{
    if (!operations_parse(call, operations)) {
        return OUTCOME_ERROR;
    }
    if (!operations->writes) {
        return operations_read(call, operations);
    }
    if (read_only) {
        return call_fail_slice(call, SLICE_LITERAL("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    return operations_write(call, operations);
}

static enum outcome bitfield(struct call *call, bool read_only) REQUIRES(shard_held)
{
    struct operation few[FEW_OPERATIONS];
    uint32_t most = call->argc / 3;
    struct operations operations = {.list = few};
    if (most > FEW_OPERATIONS) {
        operations.list = memory_alloc(most * sizeof(struct operation));
    }
    enum outcome outcome = bitfield_run(call, &operations, read_only);
    if (operations.list != few) {
        memory_free(operations.list);
    }
    return outcome;
}

COMMAND_HANDLER(bitfield_command)
{
    return bitfield(call, false);
}

COMMAND_HANDLER(bitfield_ro_command)
{
    return bitfield(call, true);
}

static bool bitfield_is_long(struct call *call)
{
    return call->argc > STRING_LONG_ARGUMENTS;
}

/* Only a call that has nothing but GETs leaves the key as it is. */
static uint16_t bitfield_key_flags(const struct call *call, uint32_t argument)
{
    (void)argument;
    for (uint32_t i = 2; i < call->argc;) {
        enum operation_kind kind;
        if (call_argument_is(call, i, "overflow")) {
            i += 2;
            continue;
        }
        uint32_t takes = subcommand_parse(call, i, &kind);
        if (takes == 0 || call->argc - i - 1 < takes || kind != OPERATION_GET) {
            return KEY_RW | KEY_ACCESS | KEY_UPDATE;
        }
        i += 1 + takes;
    }
    return KEY_RO | KEY_ACCESS;
}

const struct command_row bitfield_commands[] = {
    {.name = "bitfield",
     .handler = bitfield_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_BITMAP,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE | KEY_VARIABLE_FLAGS,
               .begin = 1,
               .step = 1,
               .notes = "This command allows both access and modification of the key"}},
     .key_flags = bitfield_key_flags,
     .is_long = bitfield_is_long,
     .summary = "Reads, writes and adds to integers of any width at any bit of a string.",
     .since = "3.2.0",
     .group = "bitmap",
     .complexity = "O(1) for each operation",
     .arguments = "key:key operation:(get-block:(encoding offset:integer)=GET|write:(overflow-block:(WRAP|SAT|"
                  "FAIL)=OVERFLOW? write-operation:(set-block:(encoding offset:integer value:integer)=SET|"
                  "incrby-block:(encoding offset:integer increment:integer)=INCRBY)))?+"},
    {.name = "bitfield_ro",
     .handler = bitfield_ro_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_BITMAP,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = bitfield_is_long,
     .summary = "Reads integers of any width at any bit of a string.",
     .since = "6.0.0",
     .group = "bitmap",
     .complexity = "O(1) for each operation",
     .arguments = "key:key get-block:(encoding offset:integer)=GET?++"},
    {0},
};
