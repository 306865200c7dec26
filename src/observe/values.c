/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of other rooms by their names, as CONFIG GET shows them.
 * Owner: nobody. Locks: none. */
#include "values.h"

struct slice option_value(const struct exec_worker *worker, const char *name)
{
    struct slice value;
    if (!config_value(worker->exec->config, worker->config, slice_from_text(name), &value)) {
        value = slice_from_text("");
    }
    return value;
}

void option_field(const struct exec_worker *worker, const char *field, const char *option, struct buffer *out)
{
    struct slice value = option_value(worker, option);
    buffer_printf(out, "%s:%.*s\r\n", field, (int)value.len, value.data);
}
