/* SPDX-License-Identifier: BSD-3-Clause */
/* The option rows of the command families.
 * Owner: nobody, the rows are constant. Locks: none. */
#include "sherd/commands/options.h"

#define FIELD(field) offsetof(struct commands_options, field)

const struct option commands_option_rows[] = {
    {.name = "stream-node-max-bytes",
     .type = OPTION_MEMORY,
     .offset = FIELD(stream_node_max_bytes),
     .default_text = "4096",
     .max = INT64_MAX},
    {.name = "stream-node-max-entries",
     .type = OPTION_INTEGER,
     .offset = FIELD(stream_node_max_entries),
     .default_text = "100",
     .max = INT64_MAX},
    {.name = "lazyfree-lazy-user-flush",
     .type = OPTION_BOOL,
     .offset = FIELD(lazyfree_lazy_user_flush),
     .default_text = "no"},
    {.name = "lazyfree-lazy-user-del",
     .type = OPTION_BOOL,
     .offset = FIELD(lazyfree_lazy_user_del),
     .default_text = "no"},
    {.name = "lazyfree-lazy-server-del",
     .type = OPTION_BOOL,
     .offset = FIELD(lazyfree_lazy_server_del),
     .default_text = "no"},
    {.name = "lazyfree-lazy-expire", .type = OPTION_BOOL, .offset = FIELD(lazyfree_lazy_expire), .default_text = "no"},
};

const size_t commands_option_count = ARRAY_LENGTH(commands_option_rows);
