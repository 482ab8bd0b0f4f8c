/* Key logs.  The first octet chooses where the text is split: in pieces it must
   say what it says in one. */

#include "base/reader.h"
#include "base/rng.h"
#include "crypto/keylog.h"
#include "tests/fuzz/fuzz.h"

#define KEYLOG_SOURCE 2 /* sources below stay empty or get blank lines */

static quic_keylog *keylog_new(void) {
  quic_keylog *kl;

  if (quic_keylog_new(&kl, quic_mem_default()) != 0) {
    abort();
  }
  return kl;
}

static void keylog_feed(quic_keylog *kl, uint16_t source, quic_bytes piece) {
  uint8_t *copy = fuzz_copy(piece);

  FUZZ_CHECK(quic_keylog_feed(kl, source, quic_bytes_of(copy, piece.len)) == 0);
  free(copy);
}

/* keylog_pieces feeds |text| in pieces, with a blank line of another source
   between them. */
static void keylog_pieces(quic_keylog *kl, quic_bytes text, uint8_t seed) {
  size_t most = seed < 64 ? seed : 16 * (size_t)seed;
  quic_rng rng;
  size_t pos = 0;

  quic_rng_init(&rng, seed);
  while (pos < text.len) {
    size_t len = 1 + (size_t)quic_rng_below(&rng, most + 1);

    len = len < text.len - pos ? len : text.len - pos;
    keylog_feed(kl, KEYLOG_SOURCE, quic_bytes_of(text.data + pos, len));
    keylog_feed(kl, 0, quic_bytes_of("\r\n", 1 + len % 2));
    pos += len;
  }
}

static void keylog_same_entry(const quic_keylog_entry *a,
                              const quic_keylog_entry *b) {
  FUZZ_CHECK(memcmp(a->random, b->random, sizeof(a->random)) == 0);
  for (int i = 0; i < QUIC_KEYLOG_LABELS; i++) {
    const quic_secret *x = &a->secrets[i], *y = &b->secrets[i];

    FUZZ_CHECK(x->len == y->len && memcmp(x->data, y->data, x->len) == 0);
    FUZZ_CHECK(x->len == 0 || x->len == 32 || x->len == 48);
    FUZZ_CHECK(a->line[i] == b->line[i] && a->source[i] == b->source[i]);
    FUZZ_CHECK(!x->len == !a->line[i]);
  }
}

static void keylog_same(quic_keylog *a, quic_keylog *b) {
  const quic_keylog_problem *x, *y;
  quic_keylog_entry *entry;
  uint64_t kept = 0;

  FUZZ_CHECK(quic_keylog_generation(a) == quic_keylog_generation(b));
  FUZZ_CHECK(quic_keylog_has_lines(a) == quic_keylog_has_lines(b));
  for (size_t i = 0; (entry = quic_keylog_at(a, i)); i++) {
    FUZZ_CHECK(quic_keylog_at(b, i) != NULL);
    keylog_same_entry(entry, quic_keylog_at(b, i));
    FUZZ_CHECK(quic_keylog_find(a, entry->random) == entry);
    for (int j = 0; j < QUIC_KEYLOG_LABELS; j++) {
      kept += entry->secrets[j].len > 0;
    }
  }
  FUZZ_CHECK(quic_keylog_generation(a) == kept);
  for (int i = 0; i < QUIC_KEYLOG_PROBLEMS; i++) {
    quic_keylog_problem_kind kind = (quic_keylog_problem_kind)i;

    FUZZ_CHECK(quic_keylog_problem_count(a, kind) ==
               quic_keylog_problem_count(b, kind));
    FUZZ_CHECK(quic_keylog_problem_text(kind)[0] != '\0');
  }
  for (size_t i = 0; (x = quic_keylog_problem_at(a, i)); i++) {
    y = quic_keylog_problem_at(b, i);
    FUZZ_CHECK(y && x->kind == y->kind && x->line == y->line);
    FUZZ_CHECK(strcmp(x->label, y->label) == 0 && x->source == y->source);
    FUZZ_CHECK(memchr(x->label, '\0', sizeof(x->label)) != NULL);
  }
}

/* keylog_rewrite writes all secrets of |kl| as a log and reads that again. */
static void keylog_rewrite(quic_keylog *kl) {
  quic_keylog *again = keylog_new();
  quic_keylog_entry *entry, *copy;
  uint8_t line[256];

  for (size_t i = 0; (entry = quic_keylog_at(kl, i)); i++) {
    for (int j = 0; j < QUIC_KEYLOG_LABELS; j++) {
      quic_writer wr;

      quic_writer_init(&wr, line, sizeof(line));
      if (entry->secrets[j].len) {
        FUZZ_CHECK(quic_keylog_line(&wr, (quic_keylog_label)j, entry->random,
                                    &entry->secrets[j]) == 0);
        keylog_feed(again, 0, quic_bytes_of(line, quic_writer_len(&wr)));
      }
    }
  }
  FUZZ_CHECK(quic_keylog_generation(again) == quic_keylog_generation(kl));
  FUZZ_CHECK(!quic_keylog_problem_at(again, 0));
  for (size_t i = 0; (entry = quic_keylog_at(kl, i)); i++) {
    copy = quic_keylog_find(again, entry->random);
    FUZZ_CHECK(copy == quic_keylog_at(again, i));
    for (int j = 0; copy && j < QUIC_KEYLOG_LABELS; j++) {
      FUZZ_CHECK(entry->secrets[j].len == copy->secrets[j].len);
      FUZZ_CHECK(memcmp(entry->secrets[j].data, copy->secrets[j].data,
                        sizeof(copy->secrets[j].data)) == 0);
    }
  }
  quic_keylog_del(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  quic_keylog *whole = keylog_new();
  quic_keylog *split = keylog_new();
  quic_reader rd;
  uint8_t seed;
  quic_bytes text;

  quic_reader_init(&rd, data, size);
  seed = quic_reader_u8(&rd);
  text = quic_reader_rest(&rd);
  keylog_feed(whole, KEYLOG_SOURCE, text);
  keylog_pieces(split, text, seed);
  FUZZ_CHECK(quic_keylog_finish(whole, KEYLOG_SOURCE) == 0);
  FUZZ_CHECK(quic_keylog_finish(split, KEYLOG_SOURCE) == 0);
  FUZZ_CHECK(quic_keylog_finish(split, UINT16_MAX) == 0);
  keylog_same(whole, split);
  keylog_rewrite(whole);
  quic_keylog_del(whole);
  quic_keylog_del(split);
  return 0;
}
