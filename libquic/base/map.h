#ifndef QUIC_BASE_MAP_H
#define QUIC_BASE_MAP_H

/* quic_map is a hash table from byte strings to pointers.  Keys are copied;
   values are the caller's.  The hash is SipHash-1-3 under a seed, because the
   keys come from outside. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

typedef struct quic_map_entry quic_map_entry;

typedef struct quic_map {
  const quic_mem *mem;
  quic_map_entry **slots;
  size_t nslots; /* power of two, or 0 */
  size_t len;    /* entries */
  uint64_t seed[2];
} quic_map;

/* quic_map_init makes an empty map, without allocating. */
void quic_map_init(quic_map *map, const quic_mem *mem, const uint64_t seed[2]);

/* quic_map_free releases the table and the keys, not the values. */
void quic_map_free(quic_map *map);

/* quic_map_get returns the value of |key|, or NULL. */
void *quic_map_get(const quic_map *map, quic_bytes key);

/* quic_map_put sets |key| to |value| (not NULL), replacing an older value.
   Returns 0 or QUIC_ERR_NOMEM, and then the map is as it was. */
int quic_map_put(quic_map *map, quic_bytes key, void *value) QUIC_MUST_USE;

/* quic_map_remove returns the value that |key| had, or NULL. */
void *quic_map_remove(quic_map *map, quic_bytes key);

/* quic_map_each calls |fn| for every entry in no order; the map must not be
   changed meanwhile. */
void quic_map_each(const quic_map *map,
                   void (*fn)(void *user, quic_bytes key, void *value),
                   void *user);

/* quic_siphash hashes |data| under |seed| (SipHash-2-4, 64 bits). */
uint64_t quic_siphash(const uint64_t seed[2], quic_bytes data);

#endif /* !defined(QUIC_BASE_MAP_H) */
