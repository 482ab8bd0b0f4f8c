#include "base/map.h"

struct quic_map_entry {
  quic_map_entry *next;
  void *value;
  uint64_t hash;
  size_t keylen;
  uint8_t key[];
};

static uint64_t sip_rotl(uint64_t x, int b) {
  return x << b | x >> (64 - b);
}

static void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[1] = sip_rotl(v[1], 13) ^ v[0];
  v[0] = sip_rotl(v[0], 32);
  v[2] += v[3];
  v[3] = sip_rotl(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = sip_rotl(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = sip_rotl(v[1], 17) ^ v[2];
  v[2] = sip_rotl(v[2], 32);
}

static uint64_t sip_load(const uint8_t *p, size_t n) {
  uint64_t v = 0;

  for (size_t i = n; i-- > 0;) {
    v = v << 8 | p[i];
  }
  return v;
}

uint64_t quic_siphash(const uint64_t seed[2], quic_bytes data) {
  uint64_t v[4] = {
      seed[0] ^ 0x736f6d6570736575ULL, seed[1] ^ 0x646f72616e646f6dULL,
      seed[0] ^ 0x6c7967656e657261ULL, seed[1] ^ 0x7465646279746573ULL};
  const uint8_t *p = data.data;
  size_t left = data.len;
  uint64_t m;

  for (; left >= 8; left -= 8, p += 8) {
    m = sip_load(p, 8);
    v[3] ^= m;
    sip_round(v);
    sip_round(v);
    v[0] ^= m;
  }
  m = (uint64_t)data.len << 56 | sip_load(p, left);
  v[3] ^= m;
  sip_round(v);
  sip_round(v);
  v[0] ^= m;
  v[2] ^= 0xff;
  for (int i = 0; i < 4; i++) {
    sip_round(v);
  }
  return v[0] ^ v[1] ^ v[2] ^ v[3];
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
  e = *map_find(map, key, quic_siphash(map->seed, key));
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
  uint64_t hash = quic_siphash(map->seed, key);
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
  link = map_find(map, key, quic_siphash(map->seed, key));
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
