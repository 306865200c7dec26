/* SPDX-License-Identifier: BSD-3-Clause */
/* Choosing the key of the keyed hash.
 * Owner: whoever embeds the key. Locks: none. */
#include "sherd/base/hash.h"

#include "sherd/base/random.h"

void hash_key_randomize(struct hash_key *key)
{
    random_bytes(key->secret, sizeof(key->secret));
}
