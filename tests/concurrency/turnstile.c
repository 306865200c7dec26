/* SPDX-License-Identifier: BSD-3-Clause */
/* More threads than places go through a turnstile, and let others pass between their steps. Never are more inside than
 * there are places; with a single place everybody has a step before anybody has another; nobody is forgotten.
 * Room: sync
 * Owner: main owns the turnstile and what is counted. Locks: the turnstile's. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/sync/turnstile.h"

enum {
    THREADS = 8,
    STEPS = 3000, /* of each thread */
    VISITS = 20,  /* of each thread: its steps are spread over them */
};

struct hall {
    struct turnstile turnstile;
    int places;
    _Atomic int inside;
    _Atomic int worst;
    _Atomic int steps;
    int *order; /* (with one place: by whoever has it) who made which step */
};

struct visitor {
    pthread_t thread;
    struct hall *hall;
    int id;
    int visits;
};

static void make_step(struct visitor *visitor)
{
    struct hall *hall = visitor->hall;
    int inside = atomic_fetch_add(&hall->inside, 1) + 1;
    int worst = atomic_load(&hall->worst);
    while (inside > worst && !atomic_compare_exchange_weak(&hall->worst, &worst, inside)) {
    }
    int step = atomic_fetch_add(&hall->steps, 1);
    if (hall->places == 1) {
        hall->order[step] = visitor->id;
    }
    atomic_fetch_sub(&hall->inside, 1);
}

static void *visit(void *argument)
{
    struct visitor *visitor = argument;
    for (int i = 0; i < visitor->visits; i++) {
        turnstile_enter(&visitor->hall->turnstile);
        for (int step = 0; step < STEPS / visitor->visits; step++) {
            make_step(visitor);
            turnstile_let_pass(&visitor->hall->turnstile);
        }
        turnstile_leave(&visitor->hall->turnstile);
    }
    return NULL;
}

/* From when everybody has come until the first has gone, their steps follow each other in the same order. */
static int out_of_turn(const int *order)
{
    int made[THREADS] = {0};
    int present = 0;
    int since_all = 0;
    int wrong = 0;
    for (int step = 0; step < THREADS * STEPS; step++) {
        int id = order[step];
        present += made[id]++ == 0;
        if (made[id] == STEPS) {
            return wrong;
        }
        since_all += present == THREADS;
        wrong += since_all > THREADS && order[step - THREADS] != id;
    }
    return wrong;
}

static int run(int places, int visits)
{
    struct hall hall = {.places = places};
    turnstile_init(&hall.turnstile, (unsigned)places);
    hall.order = calloc(THREADS * STEPS, sizeof(int));
    ASSERT(hall.order != NULL);
    struct visitor visitors[THREADS];
    for (int i = 0; i < THREADS; i++) {
        visitors[i] = (struct visitor){.hall = &hall, .id = i, .visits = visits};
        ASSERT(pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(visitors[i].thread, NULL);
    }
    int worst = atomic_load(&hall.worst);
    int steps = atomic_load(&hall.steps);
    int wrong = places == 1 && visits == 1 ? out_of_turn(hall.order) : 0;
    free(hall.order);
    printf("turnstile: %d places, %d visits: at most %d inside, %d steps, %d out of turn\n", places, visits, worst,
           steps, wrong);
    return worst > places || steps != THREADS * STEPS || wrong != 0 || hall.turnstile.places != (unsigned)places ||
           hall.turnstile.first != NULL;
}

int main(void)
{
    int failures = run(1, 1) + run(1, VISITS) + run(3, 1) + run(3, VISITS);
    return failures != 0;
}
