#ifndef QUIC_BASE_RNG_H
#define QUIC_BASE_RNG_H

/* quic_rng is a seeded generator (xoshiro256**) for simulation, fuzzing and
   test data.  It is not for secrets. */

#include <stddef.h>
#include <stdint.h>

typedef struct quic_rng {
  uint64_t s[4];
} quic_rng;

void quic_rng_init(quic_rng *rng, uint64_t seed);
uint64_t quic_rng_u64(quic_rng *rng);

/* quic_rng_below returns an integer in [0, |n|), 0 when |n| is 0. */
uint64_t quic_rng_below(quic_rng *rng, uint64_t n);

void quic_rng_fill(quic_rng *rng, void *out, size_t len);

#endif /* !defined(QUIC_BASE_RNG_H) */
