/* SPDX-License-Identifier: BSD-3-Clause */
/* Loading: files in the syntax of redis.conf, standard input, and command-line options, which read as if they were
 * lines at the end of the file.
 * Owner: the caller's outcome and, while it runs, a draft on the stack. Locks: none; no other thread runs yet. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "sherd/base/memory.h"
#include "sherd/base/quote.h"
#include "sherd/config/draft.h"
#include "sherd/config/pending.h"

enum {
    INCLUDE_DEPTH_MAX = 16,
    READ_BYTES = 16 * 1024,
    FILE_BYTES_MAX = 64 * 1024 * 1024, /* more is a device or a mistake */
};

struct load {
    struct config *config;
    struct config_draft draft;
    struct buffer *error;
    int depth; /* of include */
};

/* One text that is read line by line, and where its parts come from. */
struct source {
    struct slice text;
    const char *file;    /* NULL: no file */
    size_t input_at;     /* where standard input begins; text.len: never */
    size_t arguments_at; /* where the command line begins; text.len: never */
};

struct line {
    const struct source *source;
    struct slice text; /* trimmed */
    size_t number;     /* from 1 */
    size_t at;         /* offset in the source */
};

static void append_origin(struct buffer *error, const struct line *line)
{
    if (line->at >= line->source->arguments_at) {
        buffer_printf(error, "command line");
    } else if (line->at >= line->source->input_at) {
        buffer_printf(error, "standard input");
    } else {
        buffer_printf(error, "%s, line %zu", line->source->file != NULL ? line->source->file : "text", line->number);
    }
}

/* Everything a person needs, on one line. */
static bool fail_line(struct load *load, const struct line *line, struct slice reason)
{
    struct buffer *error = load->error;
    buffer_printf(error, "Bad configuration: %.*s: %.*s (", (int)line->text.len, line->text.data, (int)reason.len,
                  reason.data);
    append_origin(error, line);
    buffer_printf(error, ")\n");
    return false;
}

static bool fail_line_text(struct load *load, const struct line *line, const char *reason)
{
    return fail_line(load, line, slice_from_text(reason));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice trim(struct slice text)
{
    while (text.len != 0 && is_blank(text.data[0])) {
        text = slice_make(text.data + 1, text.len - 1);
    }
    while (text.len != 0 && is_blank(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Steps to the next line; false at the end. Starts from a zeroed line with its source set. */
static bool next_line(struct line *line, size_t *offset)
{
    struct slice text = line->source->text;
    if (*offset > text.len || text.len == 0) {
        return false;
    }
    const char *start = text.data + *offset;
    const char *end = memchr(start, '\n', text.len - *offset);
    size_t len = end != NULL ? (size_t)(end - start) : text.len - *offset;
    line->at = *offset;
    line->number++;
    line->text = trim(slice_make(start, len));
    *offset += len + 1;
    return true;
}

static bool read_descriptor(int fd, struct buffer *out)
{
    for (;;) {
        buffer_reserve(out, READ_BYTES);
        ssize_t got = read(fd, out->data + out->len, READ_BYTES);
        if (got > 0) {
            out->len += (size_t)got;
        } else if (got == 0) {
            return true;
        } else if (errno != EINTR) {
            return false;
        }
        if (out->len > FILE_BYTES_MAX) {
            errno = EFBIG;
            return false;
        }
    }
}

static bool read_one_file(struct load *load, const char *path, struct buffer *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && read_descriptor(fd, out);
    if (!good) {
        buffer_printf(load->error, "Fatal error, can't open config file '%s': %s\n", path, strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

/* A name with wildcards is every file that matches, possibly none. */
static bool read_files(struct load *load, const char *path, struct buffer *out)
{
    if (strpbrk(path, "*?[") == NULL) {
        return read_one_file(load, path, out);
    }
    glob_t found;
    if (glob(path, 0, NULL, &found) != 0) {
        return true;
    }
    bool good = true;
    for (size_t i = 0; i < found.gl_pathc && good; i++) {
        good = read_one_file(load, found.gl_pathv[i], out);
    }
    globfree(&found);
    return good;
}

static bool read_source(struct load *load, const struct source *source);

static bool include_file(struct load *load, const struct line *line, struct slice path)
{
    if (load->depth >= INCLUDE_DEPTH_MAX) {
        return fail_line_text(load, line, "include directives are nested too deeply");
    }
    struct buffer name;
    struct buffer text;
    buffer_init(&name);
    buffer_init(&text);
    buffer_append_slice(&name, path);
    buffer_append(&name, "", 1);
    bool good = read_files(load, name.data, &text);
    if (good) {
        load->depth++;
        struct source source = {
            .text = buffer_slice(&text), .file = name.data, .input_at = text.len + 1, .arguments_at = text.len + 1};
        good = read_source(load, &source);
        load->depth--;
    }
    buffer_deinit(&text);
    buffer_deinit(&name);
    return good;
}

/* Directives of Redis that are no options. */
static bool read_directive(struct load *load, const struct line *line, const struct quote_words *words)
{
    static const struct {
        const char *name, *refusal;
    } refused[] = {
        {"rename-command", "rename-command is not supported: restrict commands by ACL rules instead"},
        {"user", "the user directive is not supported yet"},
        {"loadmodule", "loadmodule is not supported: there are no modules"},
        {"sentinel", "sentinel directive while not in sentinel mode"},
    };
    /* Redis 7 still takes these three and does nothing, since they have no meaning any more. */
    static const char *const obsolete[] = {"list-max-ziplist-entries", "list-max-ziplist-value",
                                           "lua-replicate-commands"};
    struct slice name = words->words[0];
    if (slice_equals_word(name, "include") && words->count == 2) {
        return include_file(load, line, words->words[1]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        if (slice_equals_word(name, refused[i].name)) {
            return fail_line_text(load, line, refused[i].refusal);
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(obsolete); i++) {
        if (slice_equals_word(name, obsolete[i]) && words->count == 2) {
            return true;
        }
    }
    return fail_line_text(load, line, "Bad directive or wrong number of arguments");
}

static bool read_option(struct load *load, const struct line *line, uint32_t option, const struct quote_words *words)
{
    const struct option *row = load->config->options[option].row;
    if ((row->flags & OPTION_COMMAND_LINE_ONLY) != 0 && line->at < line->source->arguments_at) {
        return fail_line_text(load, line, "this option is only accepted on the command line");
    }
    if (words->count != 2 && !option_takes_words(row)) {
        return fail_line_text(load, line, "wrong number of arguments");
    }
    /* One argument may hold all the words: --save "60 1". */
    struct quote_words inner = {0};
    const struct slice *values = words->words + 1;
    size_t count = words->count - 1;
    if (option_takes_words(row) && count == 1 && values[0].len != 0) {
        if (quote_split(values[0], &inner) != STATUS_OK) {
            return fail_line_text(load, line, "Unbalanced quotes in configuration line");
        }
        values = inner.words;
        count = inner.count;
    }
    struct buffer reason;
    buffer_init(&reason);
    bool good = draft_set(&load->draft, option, values, count, &reason) || fail_line(load, line, buffer_slice(&reason));
    buffer_deinit(&reason);
    quote_words_deinit(&inner);
    return good;
}

static bool read_line(struct load *load, const struct line *line)
{
    if (line->text.len == 0 || line->text.data[0] == '#') {
        return true;
    }
    struct quote_words words;
    if (quote_split(line->text, &words) != STATUS_OK) {
        return fail_line_text(load, line, "Unbalanced quotes in configuration line");
    }
    bool good = true;
    if (words.count != 0) {
        const struct config_name *name = config_find(load->config, words.words[0]);
        good = name != NULL ? read_option(load, line, name->option, &words) : read_directive(load, line, &words);
    }
    quote_words_deinit(&words);
    return good;
}

static bool read_source(struct load *load, const struct source *source)
{
    struct line line = {.source = source};
    size_t offset = 0;
    while (next_line(&line, &offset)) {
        if (!read_line(load, &line)) {
            return false;
        }
    }
    return true;
}

static bool read_and_publish(struct config *config, const struct source *source, struct buffer *error)
{
    struct load load = {.config = config, .error = error};
    draft_init(&load.draft, config);
    bool good = read_source(&load, source);
    if (good) {
        config_publish(config, draft_build(&load.draft));
    }
    draft_deinit(&load.draft);
    return good;
}

enum status config_load_text(struct config *config, struct slice text, struct buffer *error)
{
    struct source source = {.text = text, .input_at = text.len + 1, .arguments_at = text.len + 1};
    return read_and_publish(config, &source, error) ? STATUS_OK : STATUS_INVALID;
}

/* ---- the command line ---- */

static bool is_flag(const char *argument)
{
    return argument[0] == '-' && argument[1] == '-';
}

static size_t count_words(const char *text)
{
    struct quote_words words;
    if (quote_split(slice_from_text(text), &words) != STATUS_OK) {
        return 0;
    }
    size_t count = words.count;
    quote_words_deinit(&words);
    return count;
}

/* --port=6379, when what stands before the = is an option. */
static bool append_assignment(const struct config *config, const char *flag, struct buffer *lines)
{
    const char *equals = strchr(flag, '=');
    if (equals == NULL || config_find(config, slice_make(flag, (size_t)(equals - flag))) == NULL) {
        return false;
    }
    buffer_append(lines, flag, (size_t)(equals - flag));
    buffer_append(lines, " ", 1);
    buffer_append_quoted(lines, slice_from_text(equals + 1));
    return true;
}

/* Turns arguments into lines: an option begins one, and takes at least one argument even when that begins with --.
 * Sets *input for a - in the first or last place. */
static void append_arguments(const struct config *config, int argc, char *const *argv, struct buffer *lines,
                             bool *input)
{
    bool complete = true; /* the option of the current line has a value */
    size_t start = lines->len;
    for (int i = 0; i < argc; i++) {
        bool is_last = i == argc - 1;
        if (strcmp(argv[i], "-") == 0 && (is_last || i == 0)) {
            *input = true;
        } else if (complete && is_flag(argv[i])) {
            if (lines->len != start) {
                buffer_append(lines, "\n", 1);
            }
            if (append_assignment(config, argv[i] + 2, lines)) {
                continue;
            }
            buffer_append_slice(lines, slice_from_text(argv[i] + 2));
            buffer_append(lines, " ", 1);
            complete = count_words(argv[i]) != 1;
            bool is_save = slice_equals_word(slice_from_text(argv[i]), "--save");
            if (is_save && (is_last || is_flag(argv[i + 1]))) {
                /* An empty list of arguments: what scripts make of save="". */
                buffer_append(lines, "\"\"", 2);
                complete = true;
            }
        } else {
            buffer_append_quoted(lines, slice_from_text(argv[i]));
            buffer_append(lines, " ", 1);
            complete = true;
        }
    }
}

/* Whether a pending option takes any value must be known before the first one is read. */
static bool asks_compat_pending(const struct source *source)
{
    struct line line = {.source = source};
    size_t offset = 0;
    bool asked = false;
    while (next_line(&line, &offset)) {
        struct quote_words words;
        if (line.at < source->arguments_at || quote_split(line.text, &words) != STATUS_OK) {
            continue;
        }
        if (words.count == 2 && slice_equals_word(words.words[0], "compat-pending")) {
            asked = slice_equals_word(words.words[1], "yes");
        }
        quote_words_deinit(&words);
    }
    return asked;
}

/* The path from the root, so that CONFIG REWRITE finds the file after a change of directory. Owned by the caller;
 * NULL with errno set when the working directory is unknown. */
static char *absolute_path(const char *path)
{
    struct buffer whole;
    buffer_init(&whole);
    if (path[0] != '/') {
        char *here = getcwd(NULL, 0);
        if (here == NULL) {
            return NULL;
        }
        buffer_append_slice(&whole, slice_from_text(here));
        buffer_append(&whole, "/", 1);
        free(here);
        while (strncmp(path, "./", 2) == 0) {
            path += 2;
        }
    }
    buffer_append(&whole, path, strlen(path) + 1);
    return whole.data;
}

static bool special_action(const char *argument, enum config_action *action)
{
    static const struct {
        const char *flag;
        enum config_action action;
    } specials[] = {
        {"-v", CONFIG_VERSION},  {"--version", CONFIG_VERSION},         {"-h", CONFIG_HELP},
        {"--help", CONFIG_HELP}, {"--test-memory", CONFIG_TEST_MEMORY}, {"--check-system", CONFIG_CHECK_SYSTEM},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(specials); i++) {
        if (strcmp(argument, specials[i].flag) == 0) {
            *action = specials[i].action;
            return true;
        }
    }
    return false;
}

static bool load_sources(struct config *config, int argc, char *const *argv, struct buffer *error)
{
    struct buffer text;
    struct buffer lines;
    buffer_init(&text);
    buffer_init(&lines);
    struct load reader = {.config = config, .error = error};
    bool input = false;
    append_arguments(config, argc, argv, &lines, &input);
    bool good = config->file == NULL || read_files(&reader, config->file, &text);
    struct source source = {.file = config->file, .input_at = text.len};
    if (good && input) {
        good = read_descriptor(STDIN_FILENO, &text);
        if (!good) {
            buffer_printf(error, "Fatal error, can't read the configuration from standard input: %s\n",
                          strerror(errno));
        }
    }
    buffer_append(&text, "\n", 1);
    source.arguments_at = text.len;
    if (!input) {
        source.input_at = text.len;
    }
    buffer_append_slice(&text, buffer_slice(&lines));
    source.text = buffer_slice(&text);
    if (good) {
        config->compat_pending = asks_compat_pending(&source);
        good = read_and_publish(config, &source, error);
    }
    buffer_deinit(&lines);
    buffer_deinit(&text);
    return good;
}

enum status config_load_arguments(struct config *config, int argc, char *const *argv, struct config_outcome *outcome)
{
    *outcome = (struct config_outcome){.action = CONFIG_RUN};
    buffer_init(&outcome->error);
    if (argc < 2 || special_action(argv[1], &outcome->action)) {
        return STATUS_OK;
    }
    int first = 1;
    memory_free(config->file);
    config->file = NULL;
    if (argv[1][0] != '-') {
        config->file = absolute_path(argv[1]);
        if (config->file == NULL) {
            buffer_printf(&outcome->error, "Fatal error, can't open config file '%s': %s\n", argv[1], strerror(errno));
            return STATUS_SYSTEM;
        }
        first = 2;
    }
    return load_sources(config, argc - first, argv + first, &outcome->error) ? STATUS_OK : STATUS_INVALID;
}

void config_outcome_deinit(struct config_outcome *outcome)
{
    buffer_deinit(&outcome->error);
}
