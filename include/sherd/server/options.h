/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of the process as a whole.
 * Owner: nobody, rows are constant; their section's context is a struct server. Locks: none. */
#ifndef SHERD_SERVER_OPTIONS_H
#define SHERD_SERVER_OPTIONS_H

#include "sherd/config/option.h"

enum supervision {
    SUPERVISED_NO,
    SUPERVISED_SYSTEMD,
    SUPERVISED_UPSTART,
    SUPERVISED_AUTO,
};

extern const struct option server_option_rows[];
extern const size_t server_option_count;

#endif
