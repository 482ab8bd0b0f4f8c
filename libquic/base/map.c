#include "base/map.h"

#include <endian.h>
#include <string.h>

struct quic_map_entry {
  quic_map_entry *next;
  void *value;
  uint64_t hash;
  size_t keylen;
  uint8_t key[];
};

static inline uint64_t sip_rotl(uint64_t x, int b) {
  return x << b | x >> (64 - b);
}

typedef struct sip {
  uint64_t v0, v1, v2, v3;
} sip;

static inline void sip_rounds(sip *s, int n) {
  while (n-- > 0) {
    s->v0 += s->v1;
    s->v1 = sip_rotl(s->v1, 13) ^ s->v0;
    s->v0 = sip_rotl(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = sip_rotl(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = sip_rotl(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = sip_rotl(s->v1, 17) ^ s->v2;
    s->v2 = sip_rotl(s->v2, 32);
  }
}

static inline uint64_t sip_load(const uint8_t *p, size_t n) {
  uint64_t v = 0;

  if (n == sizeof(v)) {
    memcpy(&v, p, sizeof(v));
    return le64toh(v);
  }
  for (size_t i = n; i-- > 0;) {
    v = v << 8 | p[i];
  }
  return v;
}

/* sip_hash with |c| rounds for a word and |d| at the end. */
static inline uint64_t sip_hash(const uint64_t seed[2], quic_bytes data, int c,
                                int d) {
  sip s = {seed[0] ^ 0x736f6d6570736575ULL, seed[1] ^ 0x646f72616e646f6dULL,
           seed[0] ^ 0x6c7967656e657261ULL, seed[1] ^ 0x7465646279746573ULL};
  /* No arithmetic on NULL, which an empty key may be. */
  const uint8_t *p = data.len ? data.data : (const uint8_t *)"";
  size_t whole = data.len / 8;

  for (size_t i = 0; i <= whole; i++) {
    uint64_t m = i < whole ? sip_load(p + 8 * i, 8)
                           : (uint64_t)data.len << 56 |
                                 sip_load(p + 8 * i, data.len % 8);

    s.v3 ^= m;
    sip_rounds(&s, c);
    s.v0 ^= m;
  }
  s.v2 ^= 0xff;
  sip_rounds(&s, d);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t quic_siphash(const uint64_t seed[2], quic_bytes data) {
  return sip_hash(seed, data, 2, 4);
}

/* map_hash: SipHash-1-3 keeps a table from being flooded as well, and costs
   half. */
static uint64_t map_hash(const quic_map *map, quic_bytes key) {
  return sip_hash(map->seed, key, 1, 3);
}

void quic_map_init(quic_map *map, const quic_mem *mem, const uint64_t seed[2]) {
  memset(map, 0, sizeof(*map));
  map->mem = mem;
  map->seed[0] = seed[0];
  map->seed[1] = seed[1];
}

void quic_map_free(quic_map *map) {
  for (size_t i = 0; i < map->nslots; i++) {
    quic_map_entry *e = map->slots[i];

    while (e) {
      quic_map_entry *next = e->next;

      quic_mem_free(map->mem, e);
      e = next;
    }
  }
  quic_mem_free(map->mem, map->slots);
  map->slots = NULL;
  map->nslots = map->len = 0;
}

/* map_find returns the link that points at the entry of |key|, or at NULL. */
static quic_map_entry **map_find(const quic_map *map, quic_bytes key,
                                 uint64_t hash) {
  quic_map_entry **link = &map->slots[hash & (map->nslots - 1)];

  while (*link &&
         ((*link)->hash != hash ||
          !quic_bytes_eq(key, quic_bytes_of((*link)->key, (*link)->keylen)))) {
    link = &(*link)->next;
  }
  return link;
}

void *quic_map_get(const quic_map *map, quic_bytes key) {
  quic_map_entry *e;

  if (map->len == 0) {
    return NULL;
  }
  e = *map_find(map, key, map_hash(map, key));
  return e ? e->value : NULL;
}

static int map_rehash(quic_map *map, size_t nslots) {
  quic_map_entry **slots = quic_mem_zalloc(map->mem, nslots * sizeof(slots[0]));

  if (!slots) {
    return QUIC_ERR_NOMEM;
  }
  for (size_t i = 0; i < map->nslots; i++) {
    quic_map_entry *e = map->slots[i];

    while (e) {
      quic_map_entry *next = e->next;
      quic_map_entry **slot = &slots[e->hash & (nslots - 1)];

      e->next = *slot;
      *slot = e;
      e = next;
    }
  }
  quic_mem_free(map->mem, map->slots);
  map->slots = slots;
  map->nslots = nslots;
  return 0;
}

int quic_map_put(quic_map *map, quic_bytes key, void *value) {
  uint64_t hash = map_hash(map, key);
  quic_map_entry **link;
  quic_map_entry *e;

  if (map->len >= map->nslots) {
    if (map_rehash(map, map->nslots ? map->nslots * 2 : 16) != 0) {
      return QUIC_ERR_NOMEM;
    }
  }
  link = map_find(map, key, hash);
  if (*link) {
    (*link)->value = value;
    return 0;
  }
  e = quic_mem_alloc(map->mem, sizeof(*e) + key.len);
  if (!e) {
    return QUIC_ERR_NOMEM;
  }
  e->next = NULL;
  e->value = value;
  e->hash = hash;
  e->keylen = key.len;
  if (key.len) {
    memcpy(e->key, key.data, key.len);
  }
  *link = e;
  map->len++;
  return 0;
}

void *quic_map_remove(quic_map *map, quic_bytes key) {
  quic_map_entry **link;
  quic_map_entry *e;
  void *value;

  if (map->len == 0) {
    return NULL;
  }
  link = map_find(map, key, map_hash(map, key));
  e = *link;
  if (!e) {
    return NULL;
  }
  value = e->value;
  *link = e->next;
  map->len--;
  quic_mem_free(map->mem, e);
  return value;
}

void quic_map_each(const quic_map *map,
                   void (*fn)(void *user, quic_bytes key, void *value),
                   void *user) {
  for (size_t i = 0; i < map->nslots; i++) {
    for (quic_map_entry *e = map->slots[i]; e; e = e->next) {
      fn(user, quic_bytes_of(e->key, e->keylen), e->value);
    }
  }
}
