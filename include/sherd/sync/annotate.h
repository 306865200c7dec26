/* SPDX-License-Identifier: BSD-3-Clause */
/* Lock annotations: clang's thread-safety analysis with roles (a role is declared, never defined).
 * `shard_held` is the role of whoever may read and change the keys of the shards a call has locked.
 * Owner: nobody. Locks: names them, takes none. */
#ifndef SHERD_SYNC_ANNOTATE_H
#define SHERD_SYNC_ANNOTATE_H

#if defined(__clang__)
#define CAPABILITY_ATTRIBUTE(x) __attribute__((x))
#else
#define CAPABILITY_ATTRIBUTE(x)
#endif

#define CAPABILITY(name)   CAPABILITY_ATTRIBUTE(capability(name))
#define GUARDED_BY(role)   CAPABILITY_ATTRIBUTE(guarded_by(role))
#define REQUIRES(...)      CAPABILITY_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...)      CAPABILITY_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ACQUIRES(...)      CAPABILITY_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRES(...)  CAPABILITY_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define RELEASES(...)      CAPABILITY_ATTRIBUTE(release_capability(__VA_ARGS__))
#define ASSERTS_HELD(role) CAPABILITY_ATTRIBUTE(assert_capability(role))
#define UNCHECKED_LOCKING  CAPABILITY_ATTRIBUTE(no_thread_safety_analysis)

struct CAPABILITY("role") lock_role {
    int unused;
};
extern struct lock_role shard_held;

#if defined(__SANITIZE_THREAD__)
#define SHERD_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHERD_TSAN 1
#endif
#endif

#ifdef SHERD_TSAN
#include <sanitizer/tsan_interface.h>
#define TSAN_RELEASE(address)         __tsan_release((void *)(address))
#define TSAN_ACQUIRE(address)         __tsan_acquire((void *)(address))
#define TSAN_MUTEX_CREATE(address)    __tsan_mutex_create((void *)(address), __tsan_mutex_not_static)
#define TSAN_MUTEX_PRE_LOCK(address)  __tsan_mutex_pre_lock((void *)(address), 0)
#define TSAN_MUTEX_POST_LOCK(address) __tsan_mutex_post_lock((void *)(address), 0, 0)
#define TSAN_MUTEX_PRE_TRY(address)   __tsan_mutex_pre_lock((void *)(address), __tsan_mutex_try_lock)
#define TSAN_MUTEX_TRY_OK(address)    __tsan_mutex_post_lock((void *)(address), __tsan_mutex_try_lock, 0)
#define TSAN_MUTEX_TRY_FAILED(address)                                                                                 \
    __tsan_mutex_post_lock((void *)(address), __tsan_mutex_try_lock | __tsan_mutex_try_lock_failed, 0)
#define TSAN_MUTEX_PRE_UNLOCK(address)  ((void)__tsan_mutex_pre_unlock((void *)(address), 0))
#define TSAN_MUTEX_POST_UNLOCK(address) __tsan_mutex_post_unlock((void *)(address), 0)
#else
#define TSAN_RELEASE(address)           ((void)(address))
#define TSAN_ACQUIRE(address)           ((void)(address))
#define TSAN_MUTEX_CREATE(address)      ((void)(address))
#define TSAN_MUTEX_PRE_LOCK(address)    ((void)(address))
#define TSAN_MUTEX_POST_LOCK(address)   ((void)(address))
#define TSAN_MUTEX_PRE_TRY(address)     ((void)(address))
#define TSAN_MUTEX_TRY_OK(address)      ((void)(address))
#define TSAN_MUTEX_TRY_FAILED(address)  ((void)(address))
#define TSAN_MUTEX_PRE_UNLOCK(address)  ((void)(address))
#define TSAN_MUTEX_POST_UNLOCK(address) ((void)(address))
#endif

#endif
