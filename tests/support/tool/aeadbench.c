/* The floor of decryption: nanoseconds to unmask and open one packet, for each
   cipher suite and packet size, in one thread.

     aeadbench [milliseconds per figure]

   Prints one line per figure: suite, octets, ns per packet, GB/s. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/protect.h"

#define BENCH_DCID_LEN 8
#define BENCH_ROUND 256 /* packets between two looks at the clock */

typedef struct bench {
  quic_keys keys;
  uint8_t packet[2048];
  uint8_t out[2048];
  size_t len;
} bench;

static uint64_t bench_now(void) {
  struct timespec ts;

  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* bench_seal makes one 1-RTT packet of |len| octets. */
static int bench_seal(bench *b, size_t len) {
  static const uint8_t zeros[2048];
  quic_header h = {.type = QUIC_PACKET_1RTT,
                   .first = QUIC_FIRST_FIXED,
                   .dcid = quic_bytes_of(zeros, BENCH_DCID_LEN),
                   .pn = 1000,
                   .pn_len = 2};
  size_t overhead = 1 + BENCH_DCID_LEN + h.pn_len + QUIC_AEAD_TAG_LEN;
  quic_writer wr;

  quic_writer_init(&wr, b->packet, sizeof(b->packet));
  b->len = len;
  return quic_packet_seal(&b->keys, b->keys.hp, &h,
                          quic_bytes_of(zeros, len - overhead), 0, false, &wr);
}

static int bench_open(bench *b) {
  quic_header h;
  quic_unmasked um;
  quic_bytes payload;
  int rv = quic_header_decode(&h, b->packet, b->len, b->len, BENCH_DCID_LEN);

  if (rv == 0) {
    rv = quic_packet_unmask(b->keys.crypto, b->keys.hp, b->packet, b->len, &h,
                            false, &um);
  }
  if (rv == 0) {
    rv = quic_packet_open(&b->keys, b->packet, b->len, &h, &um, 0, 1000, b->out,
                          &payload);
  }
  return rv;
}

static int bench_run(bench *b, const char *name, uint64_t limit) {
  uint64_t start = bench_now();
  uint64_t spent = 0;
  uint64_t n = 0;
  double ns;

  while (spent < limit) {
    for (int i = 0; i < BENCH_ROUND; i++) {
      if (bench_open(b) != 0) {
        return -1;
      }
    }
    n += BENCH_ROUND;
    spent = bench_now() - start;
  }
  ns = (double)spent / (double)n;
  printf("%-28s %5zu octets %8.1f ns  %6.2f GB/s\n", name, b->len, ns,
         (double)b->len / ns);
  return 0;
}

static int bench_suite(const quic_suite *suite, uint64_t limit) {
  static const size_t sizes[] = {1350, 1200};
  quic_secret secret = {.len = suite->secret_len};
  bench b;
  int rv = quic_keys_init(&b.keys, quic_crypto_gnutls(), quic_mem_default(),
                          quic_version_find(QUIC_VERSION_1), suite, &secret);

  for (size_t i = 0; rv == 0 && i < 2; i++) {
    rv = bench_seal(&b, sizes[i]);
    if (rv == 0) {
      rv = bench_run(&b, suite->name, limit);
    }
  }
  quic_keys_free(&b.keys);
  return rv;
}

int main(int argc, char **argv) {
  uint64_t ms = argc > 1 ? strtoull(argv[1], NULL, 10) : 300;

  for (size_t i = 0; quic_suite_at(i); i++) {
    if (bench_suite(quic_suite_at(i), ms * 1000000) != 0) {
      fprintf(stderr, "aeadbench: a packet did not open\n");
      return 1;
    }
  }
  return 0;
}
