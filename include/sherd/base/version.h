/* SPDX-License-Identifier: BSD-3-Clause */
/* The version of Redis whose behaviour this is, as HELLO, INFO and --version say it.
 * Owner: nobody. Locks: none. */
#ifndef SHERD_BASE_VERSION_H
#define SHERD_BASE_VERSION_H

#define SHERD_REDIS_VERSION "7.2.4"

#endif
