#include "qlogview/pseudonym.h"

#define PSEUDONYM_ROUNDS 4
#define PSEUDONYM_BLOCK 8
#define PSEUDONYM_V4_NETS 3
#define PSEUDONYM_V4_HOSTS 254
#define PSEUDONYM_PORT_KEPT 1024 /* those below name a service */

void qv_pseudonyms_init(qv_pseudonyms *p, const quic_mem *mem,
                        const uint64_t seed[2]) {
  p->seed[0] = seed[0];
  p->seed[1] = seed[1];
  p->v4 = p->v6 = 0;
  quic_map_init(&p->addrs, mem, seed);
}

void qv_pseudonyms_free(qv_pseudonyms *p) {
  quic_map_free(&p->addrs);
}

/* pseudonym_hash hashes |from| in |domain|, so that no two uses of the seed
   meet. */
static uint64_t pseudonym_hash(const qv_pseudonyms *p, uint64_t domain,
                               quic_bytes from) {
  const uint64_t seed[2] = {p->seed[0] ^ domain, p->seed[1] + domain};

  return quic_siphash(seed, from);
}

uint64_t qv_pseudonym_number(const qv_pseudonyms *p, quic_bytes from) {
  return pseudonym_hash(p, UINT64_C(1) << 32, from);
}

/* pseudonym_mix adds octets made of |key| to |out|. */
static void pseudonym_mix(const qv_pseudonyms *p, uint64_t round,
                          quic_bytes key, uint8_t *out, size_t len) {
  uint64_t part[2] = {pseudonym_hash(p, round, key), len};

  for (size_t i = 0; i < len; i += PSEUDONYM_BLOCK) {
    uint64_t block;
    size_t n = len - i < PSEUDONYM_BLOCK ? len - i : PSEUDONYM_BLOCK;

    part[1]++;
    block = pseudonym_hash(p, round + PSEUDONYM_ROUNDS,
                           quic_bytes_of(part, sizeof(part)));
    for (size_t k = 0; k < n; k++) {
      out[i + k] ^= (uint8_t)(block >> 8 * k);
    }
  }
}

/* A single octet has halves of four bits. */
static uint8_t pseudonym_octet(const qv_pseudonyms *p, uint8_t octet) {
  uint8_t half[2] = {octet >> 4, octet & 15};

  for (uint64_t round = 0; round < PSEUDONYM_ROUNDS; round++) {
    uint8_t mask = 0;

    pseudonym_mix(p, round, quic_bytes_of(&half[1 - round % 2], 1), &mask, 1);
    half[round % 2] ^= mask & 15;
  }
  return (uint8_t)(half[0] << 4 | half[1]);
}

/* A Feistel network: whatever the function is, it can be undone, so nothing is
   the result of two inputs. */
void qv_pseudonym_octets(const qv_pseudonyms *p, quic_bytes from,
                         uint8_t *out) {
  size_t left = from.len / 2, right = from.len - left;

  if (from.len == 0) {
    return;
  }
  if (from.len == 1) {
    *out = pseudonym_octet(p, from.data[0]);
    return;
  }
  memcpy(out, from.data, from.len);
  for (uint64_t round = 0; round < PSEUDONYM_ROUNDS; round += 2) {
    pseudonym_mix(p, round, quic_bytes_of(out + left, right), out, left);
    pseudonym_mix(p, round + 1, quic_bytes_of(out, left), out + left, right);
  }
}

/* pseudonym_index counts addresses as they come. */
static int pseudonym_index(qv_pseudonyms *p, const quic_addr *from,
                           uint64_t *out) {
  uint8_t octets[sizeof(from->ip) + 1];
  quic_bytes key = {octets, sizeof(octets)};
  uint32_t *count = from->family == 4 ? &p->v4 : &p->v6;
  uintptr_t known;

  octets[0] = from->family;
  memcpy(octets + 1, from->ip, sizeof(from->ip));
  known = (uintptr_t)quic_map_get(&p->addrs, key);
  if (known) {
    *out = known - 1;
    return 0;
  }
  if (p->addrs.len >= QV_PSEUDONYM_ADDRS_MAX) {
    *out = qv_pseudonym_number(p, key);
    return 0;
  }
  *out = (*count)++;
  /* The pointer is a number in disguise. */
  return quic_map_put(&p->addrs, key, (void *)((uintptr_t)*out + 1));
}

static uint16_t pseudonym_port(const qv_pseudonyms *p, uint16_t port) {
  if (port < PSEUDONYM_PORT_KEPT) {
    return port;
  }
  do { /* a permutation comes back to where it started, so this ends */
    const uint8_t from[2] = {(uint8_t)(port >> 8), (uint8_t)port};
    uint8_t to[2];

    qv_pseudonym_octets(p, quic_bytes_of(from, sizeof(from)), to);
    port = (uint16_t)(to[0] << 8 | to[1]);
  } while (port < PSEUDONYM_PORT_KEPT);
  return port;
}

int qv_pseudonym_addr(qv_pseudonyms *p, const quic_addr *from, quic_addr *out) {
  static const uint8_t nets[PSEUDONYM_V4_NETS][3] = {
      {192, 0, 2}, {198, 51, 100}, {203, 0, 113}};
  static const uint8_t none[sizeof(from->ip)];
  static const uint8_t v6[] = {0x20, 0x01, 0x0d, 0xb8};
  quic_addr addr = {.family = from->family};
  uint64_t i;
  int rv = 0;

  addr.port = pseudonym_port(p, from->port);
  if (memcmp(from->ip, none, sizeof(none)) != 0) {
    rv = pseudonym_index(p, from, &i);
    if (from->family == 4) {
      i %= PSEUDONYM_V4_NETS * PSEUDONYM_V4_HOSTS;
      memcpy(addr.ip, nets[i / PSEUDONYM_V4_HOSTS], sizeof(nets[0]));
      addr.ip[3] = (uint8_t)(i % PSEUDONYM_V4_HOSTS + 1);
    } else {
      memcpy(addr.ip, v6, sizeof(v6));
      i++;
      for (size_t k = 0; k < 8; k++) {
        addr.ip[sizeof(addr.ip) - 1 - k] = (uint8_t)(i >> 8 * k);
      }
    }
  }
  *out = addr;
  return rv;
}
