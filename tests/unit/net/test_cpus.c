/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of processors, as server-cpulist has them.
 * Owner: each test. Locks: none. */
#include "sherd/net/cpus.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct cpu_list parsed(const char *text)
{
    struct cpu_list list;
    cr_assert_eq(cpus_parse(slice_from_text(text), &list), STATUS_OK, "%s", text);
    return list;
}

static enum status refused(const char *text)
{
    struct cpu_list list = {.count = 7};
    enum status status = cpus_parse(slice_from_text(text), &list);
    cr_assert_eq(list.count, 0, "%s", text);
    return status;
}

Test(cpus, reads_numbers_ranges_and_steps)
{
    cr_assert_eq(parsed("0").bits[0], 1);
    cr_assert_eq(parsed("0,2-3").bits[0], 0xd);
    cr_assert_eq(parsed("0-7:2").bits[0], 0x55);
    cr_assert_eq(parsed("1-3,3,2").count, 3);
    cr_assert_eq(parsed("63-64").bits[1], 1);
    cr_assert_eq(parsed("1023").count, 1);
}

Test(cpus, refuses_what_is_no_list)
{
    const char *const texts[] = {"", ",", "0,", "a", "-1", "1-", "1-0", "0-7:", "0-7:0", "0 1", "0-7:2x", "0:2"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cr_assert_eq(refused(texts[i]), STATUS_INVALID, "%s", texts[i]);
    }
    cr_assert_eq(refused("1024"), STATUS_LIMIT);
    cr_assert_eq(refused("0-99999999999999999999999"), STATUS_LIMIT);
}

Test(cpus, are_chosen_in_turn)
{
    struct cpu_list list = parsed("5,1,64");
    cr_assert_eq(cpus_choose(&list, 0), 1);
    cr_assert_eq(cpus_choose(&list, 1), 5);
    cr_assert_eq(cpus_choose(&list, 2), 64);
    cr_assert_eq(cpus_choose(&list, 3), 1);
}

Test(cpus, a_thread_stays_where_it_is_put)
{
    struct cpu_list before;
    cr_assert(cpus_allowed(&before));
    unsigned cpu = cpus_choose(&before, 0);
    cr_assert(cpus_pin(cpu));
    struct cpu_list now;
    cr_assert(cpus_allowed(&now));
    cr_assert_eq(now.count, 1);
    cr_assert_eq(cpus_choose(&now, 0), cpu);
    cr_assert_eq(cpus_usable(), 1);
    cr_assert(cpus_allow(&before));
    cr_assert(cpus_allowed(&now));
    cr_assert_eq(now.count, before.count);
}

Test(cpus, a_processor_that_is_not_there_is_refused)
{
    cr_assert_not(cpus_pin(CPUS_MAX - 1));
    cr_assert_eq(errno, EINVAL);
}
