/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiler attributes, assertions and the status type that every room shares.
 * Owner: nobody, there is no state. Locks: none. */
#ifndef SHERD_BASE_COMPILER_H
#define SHERD_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODISCARD                            __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_arg) __attribute__((format(printf, format_index, first_arg)))
#define UNUSED                               __attribute__((unused))
#define ALWAYS_INLINE                        inline __attribute__((always_inline))
#define NOINLINE                             __attribute__((noinline))
#define COLD                                 __attribute__((cold, noinline))
#define CACHE_LINE_BYTES                     64
#define CACHE_ALIGNED                        __attribute__((aligned(CACHE_LINE_BYTES)))

#define LIKELY(x)         __builtin_expect(!!(x), 1)
#define UNLIKELY(x)       __builtin_expect(!!(x), 0)
#define PREFETCH(address) __builtin_prefetch(address)
/* For a line that will be written: takes it from other cores now. Spelled out on x86, where gcc knows the instruction
 * only for some -march although all 64-bit processors accept it. */
#ifdef __x86_64__
#define PREFETCH_WRITE(address) __asm__ volatile("prefetchw %0" : : "m"(*(const char *)(address)))
#else
#define PREFETCH_WRITE(address) __builtin_prefetch(address, 1)
#endif
#define ARRAY_LENGTH(array)                 (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* An operating error: what went wrong outside the program. errno holds the detail for STATUS_SYSTEM. */
enum status {
    STATUS_OK = 0,
    STATUS_NOT_FOUND,
    STATUS_INVALID, /* input that does not parse or is out of range */
    STATUS_LIMIT,   /* a configured bound would be crossed */
    STATUS_NO_MEMORY,
    STATUS_SYSTEM, /* a system call failed */
};

/* A broken invariant is a programmer's error: say where and stop. Always on. */
_Noreturn void assert_failed(const char *expression, const char *file, int line);
#define ASSERT(expression) (LIKELY(expression) ? (void)0 : assert_failed(#expression, __FILE__, __LINE__))

#endif
