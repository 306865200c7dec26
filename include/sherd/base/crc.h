/* SPDX-License-Identifier: BSD-3-Clause */
/* The two checksums of the Redis formats.
 * Owner: nobody, the tables are constant. Locks: none. */
#ifndef SHERD_BASE_CRC_H
#define SHERD_BASE_CRC_H

#include "sherd/base/slice.h"

/* CRC-16/XMODEM, which gives a key its cluster slot: "123456789" -> 0x31c3. */
uint16_t crc16(struct slice bytes);

/* CRC-64/Jones, as in RDB files and DUMP payloads: "123456789" -> 0xe9c6d914c4b8d9ca. Start with 0; feeding pieces one
 * after the other gives the value of the whole. */
uint64_t crc64(uint64_t crc, struct slice bytes);

#endif
