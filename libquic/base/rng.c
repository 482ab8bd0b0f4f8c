#include "base/rng.h"

static uint64_t rng_rotl(uint64_t x, int k) {
  return x << k | x >> (64 - k);
}

void quic_rng_init(quic_rng *rng, uint64_t seed) {
  /* splitmix64 spreads the seed over the state, which must not be all 0. */
  for (int i = 0; i < 4; i++) {
    uint64_t z = seed += 0x9e3779b97f4a7c15ULL;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    rng->s[i] = z ^ z >> 31;
  }
}

uint64_t quic_rng_u64(quic_rng *rng) {
  uint64_t *s = rng->s;
  uint64_t result = rng_rotl(s[1] * 5, 7) * 9;
  uint64_t t = s[1] << 17;

  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rng_rotl(s[3], 45);
  return result;
}

uint64_t quic_rng_below(quic_rng *rng, uint64_t n) {
  return n ? quic_rng_u64(rng) % n : 0;
}

void quic_rng_fill(quic_rng *rng, void *out, size_t len) {
  uint8_t *p = out;

  for (size_t i = 0; i < len; i++) {
    p[i] = (uint8_t)quic_rng_u64(rng);
  }
}
