/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structures of the load generator: what is sent (template, mix), how replies are counted (framer), and the
 * threads that do it (worker, link). load.c runs, load_wire.c knows the two protocols, load_common.c serves
 * relay.c, too.
 *
 * Owner: see each struct. Locks: none.
 */
#ifndef SHERD_BENCH_LOAD_H
#define SHERD_BENCH_LOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_SLOTS = 40 * 64, /* up to 2^45 ns */
    TEMPLATES = 16,
    TEMPLATE_SLOTS = 256,
    PICKS = 256,
    LINE_BYTES = 1024,
    FRAMER_SLACK = 8, /* framer_eat may read so many bytes past the end of its input */
};

struct options {
    int port;
    unsigned conns, depth, threads;
    double seconds, warm_seconds, rate;
    uint64_t requests, keys;
    bool sequential, text, gate;
    const char *path, *greeting;
};

struct histogram {
    uint64_t slots[HISTOGRAM_SLOTS], count, max_ns;
};

/* One request as bytes, and the offsets of the twelve-digit numbers in it. */
struct template
{
    char *bytes;
    size_t length, slots[TEMPLATE_SLOTS];
    unsigned slot_count, weight;
};

/* The templates of a run; picks holds each one's index as often as its weight says. */
struct mix {
    struct template templates[TEMPLATES];
    unsigned count, pick_count;
    uint8_t picks[PICKS];
};

/* Counts replies in a stream cut at any byte. */
struct framer {
    uint64_t expect;  /* whole replies still to come */
    uint64_t skip;    /* payload bytes still to pass over */
    uint64_t pending; /* elements still to come of the reply that has begun */
    bool push;        /* the reply that has begun is a push message and answers nothing */
    unsigned length;  /* bytes of an unfinished line, kept in line */
    uint64_t head;    /* first line of the last plain reply, as a word, to pass over its like at once */
    uint64_t head_mask;
    size_t same_bytes; /* that reply's length; 0 when there was none */
    uint64_t errors;
    char first_error[128];
    char line[LINE_BYTES];
};

struct link {
    int fd;
    bool busy;
    uint64_t started_ns;
    char *rest; /* of a batch that the socket did not take whole */
    size_t rest_length, rest_offset;
    struct framer framer;
};

struct worker {
    pthread_t thread;
    const struct options *options;
    const struct mix *mix;
    const struct template *greeting;
    pthread_barrier_t *connected, *go;
    struct link *links;
    char *batch, *input;
    size_t batch_bytes;
    int epoll;
    unsigned index, link_count, live, next_link;
    uint64_t random, next_key, sent, quota, replies, stray_bytes;
    uint64_t gap_ns, due_ns, warm_ns, end_ns, last_reply_ns, elapsed_ns;
    struct histogram histogram;
};

/* Ends the program; says why, with errno's text unless errno is 0. */
_Noreturn void die(const char *what);
uint64_t now_ns(void);
/* Zeroed; ends the program when there is no memory. */
void *zalloc(size_t bytes);

/* 64 linear steps in each octave of nanoseconds: a figure is at most 1.6 % off. */
void histogram_add(struct histogram *h, uint64_t ns);
void histogram_merge(struct histogram *to, const struct histogram *from);
double histogram_quantile_us(const struct histogram *h, double quantile);

/* A connection to 127.0.0.1, or to a socket's path when that is not NULL. */
int dial(const char *path, int port);

/* The caller of the program decides when the load begins, so that it can read the server's CPU clock without the cost
 * of accepting: says the word and waits for a line. Without a word: waits for the end of stdin, so that the clock is
 * read before the connections close. */
void gate(const char *word);

/* Passes over up to f->expect replies in bytes[0..n), which must be followed by FRAMER_SLACK readable bytes. Returns
 * how many bytes it left: more than none means that the server sent what was not asked for. */
size_t framer_eat(struct framer *f, const char *bytes, size_t n, bool text);

/* Turns the words of the command line into templates, ends the program on a bad one. The mix owns the bytes. */
void mix_parse(struct mix *mix, char **words, int count, bool text);

/* A template of one request, its words separated by spaces. */
void greeting_parse(struct template *t, const char *line, bool text);

#endif
