# SPDX-License-Identifier: BSD-3-Clause
# Warnings and code generation shared by every room, as one interface library.
add_library(sherd_flags INTERFACE)
target_include_directories(sherd_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
set(SHERD_PROTECTED_MODE "yes" CACHE STRING "What protected-mode is when nobody says: yes or no (container images)")
target_compile_definitions(sherd_flags INTERFACE _GNU_SOURCE SHERD_VERSION="${PROJECT_VERSION}"
    SHERD_PROTECTED_MODE="${SHERD_PROTECTED_MODE}" $<$<CONFIG:Debug>:SHERD_CHECK_LOCKS=1>)
target_compile_options(sherd_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla
    -fno-strict-aliasing $<$<BOOL:${SHERD_WERROR}>:-Werror>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(sherd_flags INTERFACE -march=x86-64-v2)
endif()
if(SHERD_SANITIZE)
    target_compile_options(sherd_flags INTERFACE -fsanitize=${SHERD_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    target_link_options(sherd_flags INTERFACE -fsanitize=${SHERD_SANITIZE})
    target_compile_definitions(sherd_flags INTERFACE SHERD_SANITIZED=1)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # gcc warns that TSan does not model stand-alone fences; sync/ annotates the hand-overs that rely on one.
        # Its flow analysis reports false maybe-uninitialized through sanitizer checks; the plain builds keep it.
        target_compile_options(sherd_flags INTERFACE -Wno-tsan -Wno-maybe-uninitialized)
    endif()
endif()
if(SHERD_FUZZ)
    target_compile_options(sherd_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SHERD_THREAD_SAFETY)
    target_compile_options(sherd_flags INTERFACE -Wthread-safety -Wthread-safety-beta)
endif()
