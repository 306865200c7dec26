/* SPDX-License-Identifier: BSD-3-Clause */
/* The sections of INFO that this room writes; the context of each is the struct observe. See sherd/exec/info.h.
 * Owner: nobody. Locks: none but those of the state shown. */
#ifndef SHERD_OBSERVE_INFO_H
#define SHERD_OBSERVE_INFO_H

#include "sherd/exec/info.h"

void info_write_server(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_memory(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_persistence(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_stats(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_replication(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_cpu(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_modules(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_commandstats(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_errorstats(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_latencystats(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_cluster(void *context, struct exec_worker *worker, struct buffer *out);
void info_write_keyspace(void *context, struct exec_worker *worker, struct buffer *out);

#endif
