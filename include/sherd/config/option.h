/* SPDX-License-Identifier: BSD-3-Clause */
/* One option of the server as a row of a constant table. Every room lists its own rows and the struct they fill; this
 * room reads, checks, prints and publishes them without knowing what they mean.
 * An option's value is its canonical text; the typed field of the room's struct is made from that text.
 * Owner: rows are constants of the room that lists them. Locks: none. */
#ifndef SHERD_CONFIG_OPTION_H
#define SHERD_CONFIG_OPTION_H

#include "sherd/base/buffer.h"

struct config_snapshot;

/* What the text means, and the type of the field it is stored in. */
enum option_type {
    OPTION_BOOL,    /* yes or no: bool */
    OPTION_INTEGER, /* int64_t within min and max */
    OPTION_MEMORY,  /* "1gb": int64_t bytes within min and max */
    OPTION_OCTAL,   /* int64_t within min and max */
    OPTION_STRING,  /* struct slice; a NUL follows its bytes */
    OPTION_ENUM,    /* int: the value of one of `words`; with OPTION_MULTI_ARG the or of several */
    OPTION_WORDS,   /* any number of words, kept joined by single spaces: struct slice, or what `store` fills */
};

enum option_flag {
    OPTION_IMMUTABLE = 1 << 0,          /* CONFIG SET refuses it */
    OPTION_PROTECTED = 1 << 1,          /* CONFIG SET refuses it unless enable-protected-configs allows */
    OPTION_HIDDEN = 1 << 2,             /* CONFIG GET answers its exact name only, no pattern */
    OPTION_SENSITIVE = 1 << 3,          /* keep its value out of logs */
    OPTION_BINARY = 1 << 4,             /* a string that may hold NUL bytes; other strings end at the first */
    OPTION_MULTI_ARG = 1 << 5,          /* takes several words; implied by OPTION_WORDS */
    OPTION_PERCENT = 1 << 6,            /* OPTION_MEMORY also takes "75%" (see resolve) */
    OPTION_VOLATILE = 1 << 7,           /* `apply` runs even when the text stays the same (a file may have changed) */
    OPTION_UNSET_WHEN_EMPTY = 1 << 8,   /* CONFIG REWRITE removes the line instead of writing "" */
    OPTION_REWRITE_ALWAYS = 1 << 9,     /* CONFIG REWRITE writes it even at its default */
    OPTION_REWRITE_NEVER = 1 << 10,     /* CONFIG REWRITE leaves it out */
    OPTION_COMMAND_LINE_ONLY = 1 << 11, /* refused in a file */
    OPTION_PENDING = 1 << 12, /* its feature does not exist yet: no field, only the default and `off` are taken */
};

struct option_word {
    const char *word; /* NULL ends the table */
    int value;
};

/* What was written for an option, before it is made canonical. */
struct option_given {
    const struct slice *words;
    size_t count;
    struct slice now; /* the canonical text that it would replace */
    bool again;       /* an earlier line of the same load set this option already (lines of `save` add up) */
};

struct option {
    const char *name;  /* lower case */
    const char *alias; /* a second name, or NULL */
    enum option_type type;
    uint32_t flags;                  /* enum option_flag */
    size_t offset;                   /* of the field in the room's struct */
    const char *default_text;        /* canonical; NULL is "" */
    const char *off;                 /* OPTION_PENDING: another accepted value, canonical; or NULL */
    int64_t min, max;                /* inclusive; for OPTION_PERCENT min is minus the highest percentage */
    const struct option_word *words; /* OPTION_ENUM; OPTION_MULTI_ARG wants those of more bits first */
    unsigned words_per_line;         /* OPTION_WORDS: CONFIG REWRITE writes a line for each so many words; 0: one */

    /* All may be NULL. Errors are texts that need no release; the client reads them as they are. */

    /* The default where it depends on the machine; appended to `text`. Called once, by config_create. */
    void (*initial)(void *context, struct buffer *text);
    /* Makes what was written canonical and appends it to `text`, before the type's own parser sees it. Without it the
     * text is the word (several: joined by single spaces). */
    const char *(*normalize)(const struct option_given *given, struct buffer *text);
    /* Refuses a canonical text that its type accepts. */
    const char *(*check)(struct slice text);
    /* OPTION_WORDS and OPTION_STRING: fills the field from a text that passed. It runs for every new snapshot. */
    void (*store)(struct slice text, void *field);
    /* Appends what CONFIG GET shows where Redis does not show all of the value. */
    void (*show)(struct slice text, struct buffer *out);
    /* OPTION_PERCENT: bytes for a percentage; the field and CONFIG GET show the bytes. Without it the field holds the
     * percentage negated and CONFIG GET shows "5%". */
    int64_t (*resolve)(void *context, int64_t percent);
    /* Makes a changed value take effect: runs in CONFIG SET with the snapshot that is about to be published, and again
     * with the old one when a later option of the same command fails. It must not call config_set. */
    const char *(*apply)(void *context, const struct config_snapshot *now);
};

/* The rows of one room and the struct they fill. */
struct option_section {
    const char *room;
    const struct option *rows;
    size_t count;
    size_t options_bytes; /* size of the room's struct; 0 when no row has a field */
    void *context;        /* handed to the callbacks; owned by the room */
};

/* Appends the canonical text of what was written, or says why not in `error`. */
NODISCARD bool option_read(const struct option *row, const struct option_given *given, struct buffer *text,
                           struct buffer *error);

/* Fills the field from a canonical text, which the field may go on referring to. A pending row has no field. */
void option_store(const struct option *row, void *context, struct slice text, void *field);

/* Appends what CONFIG GET shows for a canonical text. */
void option_show(const struct option *row, void *context, struct slice text, struct buffer *out);

/* Appends `name value` as a line of a file, without a line end: memory with units, strings quoted. For
 * OPTION_WORDS `text` may be a part of the value. */
void option_write(const struct option *row, struct slice text, struct buffer *line);

/* For a pending row: whether `text` may be stored although the feature does not exist. */
NODISCARD bool option_pending_accepts(const struct option *row, struct slice text);

static inline bool option_takes_words(const struct option *row)
{
    return row->type == OPTION_WORDS || (row->flags & OPTION_MULTI_ARG) != 0;
}

static inline struct slice option_default(const struct option *row)
{
    return slice_from_text(row->default_text != NULL ? row->default_text : "");
}

#endif
