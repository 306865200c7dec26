/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine lets this process use: processors by affinity and cgroup quota, memory by cgroup limit.
 * Owner: nobody. Locks: none; reads files under /proc and /sys. */
#ifndef SHERD_NET_CPUS_H
#define SHERD_NET_CPUS_H

/* At least 1: the processors of the affinity mask, not more than the cgroup's quota rounded up. */
unsigned cpus_usable(void);

#endif
