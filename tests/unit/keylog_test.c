#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "crypto/keylog.h"
#include "tests/support/failmem.h"

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX32_UPPER                                                            \
  "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
#define HEX16 "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define HEX48 HEX32 HEX16
#define OTHER32 HEX16 HEX16
#define LABEL "CLIENT_HANDSHAKE_TRAFFIC_SECRET"

#define NONE QUIC_KEYLOG_PROBLEMS

static quic_keylog *keylog_of(const char *text, size_t len, size_t piece) {
  quic_keylog *kl;

  assert_int_equal(quic_keylog_new(&kl, quic_mem_default()), 0);
  for (size_t i = 0; i < len; i += piece) {
    size_t n = len - i < piece ? len - i : piece;
    uint8_t *copy = malloc(n ? n : 1); /* exactly sized, gone after the call */

    assert_non_null(copy);
    memcpy(copy, text + i, n);
    assert_int_equal(quic_keylog_feed(kl, 0, quic_bytes_of(copy, n)), 0);
    free(copy);
  }
  assert_int_equal(quic_keylog_finish(kl, 0), 0);
  return kl;
}

static quic_keylog *keylog_of_text(const char *text) {
  return keylog_of(text, strlen(text), strlen(text) + 1);
}

static uint64_t problems(const quic_keylog *kl) {
  uint64_t n = 0;

  for (int k = 0; k < QUIC_KEYLOG_PROBLEMS; k++) {
    n += quic_keylog_problem_count(kl, (quic_keylog_problem_kind)k);
  }
  return n;
}

/* One line: what is kept of it, and what is said about it. */
static const struct {
  const char *line;
  quic_keylog_problem_kind problem;
  uint64_t secrets;
  bool has_lines;
} lines[] = {
    {LABEL " " HEX32 " " HEX32, NONE, 1, true},
    {LABEL " " HEX32 " " HEX48, NONE, 1, true},
    {LABEL " " HEX32_UPPER " " HEX32_UPPER, NONE, 1, true},
    {"\t" LABEL "  \t " HEX32 "\t\t" HEX32 "  ", NONE, 1, true},
    {"\xef\xbb\xbf" LABEL " " HEX32 " " HEX32, NONE, 1, true},
    {"CLIENT_EARLY_TRAFFIC_SECRET " HEX32 " " HEX32, NONE, 1, true},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET " HEX32 " " HEX32, NONE, 1, true},
    {"CLIENT_TRAFFIC_SECRET_0 " HEX32 " " HEX32, NONE, 1, true},
    {"SERVER_TRAFFIC_SECRET_0 " HEX32 " " HEX32, NONE, 1, true},
    {"EXPORTER_SECRET " HEX32 " " HEX32, NONE, 1, true},
    {"EARLY_EXPORTER_SECRET " HEX32 " " HEX32, NONE, 1, true},
    {"QUIC_CLIENT_TRAFFIC_SECRET_0 " HEX32 " " HEX32, QUIC_KEYLOG_LEGACY_LABEL,
     1, true},
    {"", NONE, 0, false},
    {"   \t", NONE, 0, false},
    {"# a comment", NONE, 0, true},
    {"#", NONE, 0, true},
    {"CLIENT_RANDOM " HEX32 " " HEX48, NONE, 0, true},
    {"RSA 0011223344556677 " HEX48, NONE, 0, true},
    {"ECH_SECRET " HEX32 " " HEX32, NONE, 0, true},
    {"ECH_CONFIG " HEX32 " fe0d00", NONE, 0, true},
    {LABEL, QUIC_KEYLOG_BAD_LINE, 0, true},
    {LABEL " " HEX32, QUIC_KEYLOG_BAD_LINE, 0, true},
    {LABEL " " HEX32 " " HEX32 " x", QUIC_KEYLOG_BAD_LINE, 0, true},
    {LABEL " " HEX32 " " HEX32 " x y z", QUIC_KEYLOG_BAD_LINE, 0, true},
    {LABEL " " HEX16 HEX16 " g" HEX32, QUIC_KEYLOG_BAD_LINE, 0, true},
    {LABEL " 0x" HEX32 " " HEX32, QUIC_KEYLOG_BAD_LINE, 0, true},
    {LABEL " " HEX16 " " HEX32, QUIC_KEYLOG_BAD_RANDOM, 0, true},
    {LABEL " " HEX32 "0 " HEX32, QUIC_KEYLOG_BAD_RANDOM, 0, true},
    {LABEL " " HEX32 " " HEX16, QUIC_KEYLOG_BAD_LENGTH, 0, true},
    {LABEL " " HEX32 " " HEX32 "0", QUIC_KEYLOG_BAD_LENGTH, 0, true},
    {LABEL " " HEX32 " " HEX32 "00", QUIC_KEYLOG_BAD_LENGTH, 0, true},
    {LABEL " " HEX32 " " HEX32 HEX32, QUIC_KEYLOG_BAD_LENGTH, 0, true},
    {"CLIENT_TRAFFIC_SECRET_1 " HEX32 " " HEX32, QUIC_KEYLOG_UNKNOWN_LABEL, 0,
     false},
    {"client_random " HEX32 " " HEX32, QUIC_KEYLOG_UNKNOWN_LABEL, 0, false},
    {"QUIC_CLIENT_RANDOM " HEX32 " " HEX32, QUIC_KEYLOG_UNKNOWN_LABEL, 0,
     false},
    {"QUIC_ " HEX32 " " HEX32, QUIC_KEYLOG_UNKNOWN_LABEL, 0, false},
    {"\x7f"
     "ELF\x01\x02",
     QUIC_KEYLOG_BAD_LINE, 0, false},
};

static void test_lines(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
    quic_keylog *kl = keylog_of_text(lines[i].line);
    const quic_keylog_problem *p = quic_keylog_problem_at(kl, 0);

    assert_true(quic_keylog_generation(kl) == lines[i].secrets);
    assert_int_equal(quic_keylog_has_lines(kl), lines[i].has_lines);
    assert_int_equal(problems(kl), lines[i].problem == NONE ? 0 : 1);
    assert_int_equal(quic_keylog_at(kl, 0) != NULL, lines[i].secrets != 0);
    if (lines[i].problem == NONE) {
      assert_null(p);
    } else {
      assert_non_null(p);
      assert_int_equal(p->kind, lines[i].problem);
      assert_int_equal(p->line, 1);
      assert_int_equal(quic_keylog_problem_count(kl, p->kind), 1);
      assert_null(quic_keylog_problem_at(kl, 1));
    }
    quic_keylog_del(kl);
  }
}

static void test_line_ends(void **state) {
  static const char *const ends[] = {"\n", "\r\n", "\r"};

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    char text[1024];
    quic_keylog *kl;
    quic_keylog_entry *e;

    snprintf(text, sizeof(text),
             "# c%s%s%s %s %s%sEXPORTER_SECRET %s %s%sbad line%s", ends[i],
             ends[i], LABEL, HEX32, HEX48, ends[i], HEX32, OTHER32, ends[i],
             ends[i]);
    kl = keylog_of_text(text);
    e = quic_keylog_at(kl, 0);
    assert_non_null(e);
    assert_null(quic_keylog_at(kl, 1));
    assert_int_equal(e->line[QUIC_KEYLOG_CLIENT_HANDSHAKE], 3);
    assert_int_equal(e->line[QUIC_KEYLOG_EXPORTER], 4);
    assert_int_equal(e->secrets[QUIC_KEYLOG_CLIENT_HANDSHAKE].len, 48);
    assert_int_equal(e->secrets[QUIC_KEYLOG_CLIENT_HANDSHAKE].data[47], 0xaf);
    assert_int_equal(e->secrets[QUIC_KEYLOG_EXPORTER].len, 32);
    assert_int_equal(e->secrets[QUIC_KEYLOG_CLIENT_APP].len, 0);
    assert_int_equal(problems(kl), 1);
    assert_int_equal(quic_keylog_problem_at(kl, 0)->line, 5);
    assert_string_equal(quic_keylog_problem_at(kl, 0)->label, "bad");
    quic_keylog_del(kl);
  }
}

static void test_duplicates(void **state) {
  quic_keylog *kl =
      keylog_of_text(LABEL " " HEX32 " " HEX32 "\n" LABEL " " HEX32 " " HEX32
                           "\n" LABEL " " HEX32 " " OTHER32 "\n" LABEL " " HEX32
                           " " HEX48 "\n" LABEL " " OTHER32 " " HEX32 "\n");
  quic_keylog_entry *e = quic_keylog_at(kl, 0);

  (void)state;
  assert_int_equal(quic_keylog_problem_count(kl, QUIC_KEYLOG_DUPLICATE), 1);
  assert_int_equal(quic_keylog_problem_count(kl, QUIC_KEYLOG_CONFLICT), 2);
  assert_int_equal(quic_keylog_problem_at(kl, 0)->line, 2);
  assert_int_equal(quic_keylog_problem_at(kl, 1)->line, 3);
  assert_int_equal(quic_keylog_problem_at(kl, 2)->line, 4);
  assert_string_equal(quic_keylog_problem_at(kl, 2)->label, LABEL);
  assert_int_equal(quic_keylog_generation(kl), 2);
  assert_memory_equal(e->secrets[QUIC_KEYLOG_CLIENT_HANDSHAKE].data, e->random,
                      32);
  assert_int_equal(e->line[QUIC_KEYLOG_CLIENT_HANDSHAKE], 1);
  assert_int_equal(quic_keylog_at(kl, 1)->line[QUIC_KEYLOG_CLIENT_HANDSHAKE],
                   5);
  quic_keylog_del(kl);
}

static void assert_same(quic_keylog *a, quic_keylog *b) {
  size_t i;

  for (i = 0; quic_keylog_at(a, i); i++) {
    assert_non_null(quic_keylog_at(b, i));
    assert_memory_equal(quic_keylog_at(a, i), quic_keylog_at(b, i),
                        sizeof(quic_keylog_entry));
  }
  assert_null(quic_keylog_at(b, i));
  for (i = 0; quic_keylog_problem_at(a, i); i++) {
    assert_non_null(quic_keylog_problem_at(b, i));
    assert_memory_equal(quic_keylog_problem_at(a, i),
                        quic_keylog_problem_at(b, i),
                        sizeof(quic_keylog_problem));
  }
  assert_null(quic_keylog_problem_at(b, i));
  for (int k = 0; k < QUIC_KEYLOG_PROBLEMS; k++) {
    assert_int_equal(quic_keylog_problem_count(a, (quic_keylog_problem_kind)k),
                     quic_keylog_problem_count(b, (quic_keylog_problem_kind)k));
  }
  assert_true(quic_keylog_generation(a) == quic_keylog_generation(b));
  assert_int_equal(quic_keylog_has_lines(a), quic_keylog_has_lines(b));
}

/* Every line of the table with every line end, some too long, NULs. */
static size_t hostile_text(char *out, size_t cap) {
  static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n", "\n\n"};
  size_t len = 0;

  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
    len += (size_t)snprintf(out + len, cap - len, "%s%s", lines[i].line,
                            ends[i % 5]);
  }
  for (size_t n = 4095; n <= 4098; n++) {
    const char *head = n % 2 ? "LONG x " : "# long ";

    memset(out + len, 'a', n);
    memcpy(out + len, head, strlen(head));
    len += n;
    out[len++] = '\n';
  }
  memcpy(out + len, "NUL\0 \0 \0\n", 9);
  len += 9;
  len +=
      (size_t)snprintf(out + len, cap - len, "%s %s %s", LABEL, OTHER32, HEX48);
  return len;
}

/* In two pieces at every octet, and in pieces of every small size: the same
   result as in one. */
static void test_splits(void **state) {
  char *text = malloc(100000);
  quic_keylog *whole;
  size_t len;

  (void)state;
  assert_non_null(text);
  len = hostile_text(text, 100000);
  whole = keylog_of(text, len, len);
  assert_int_equal(quic_keylog_problem_count(whole, QUIC_KEYLOG_TOO_LONG), 1);
  for (size_t piece = 1; piece < 70; piece += 1 + piece / 8) {
    quic_keylog *kl = keylog_of(text, len, piece);

    assert_same(whole, kl);
    quic_keylog_del(kl);
  }
  for (size_t cut = 0; cut <= len; cut++) {
    quic_keylog *kl;

    if (cut % 64 && cut < len && text[cut - 1] == 'a' && text[cut] == 'a') {
      continue; /* filler */
    }
    assert_int_equal(quic_keylog_new(&kl, quic_mem_default()), 0);
    assert_int_equal(quic_keylog_feed(kl, 0, quic_bytes_of(text, cut)), 0);
    assert_int_equal(
        quic_keylog_feed(kl, 0, quic_bytes_of(text + cut, len - cut)), 0);
    assert_int_equal(quic_keylog_finish(kl, 0), 0);
    assert_same(whole, kl);
    quic_keylog_del(kl);
  }
  quic_keylog_del(whole);
  free(text);
}

/* Lines of several sources, octet by octet in turn. */
static void test_sources(void **state) {
  static const char *const texts[3] = {
      "# one\n" LABEL " " HEX32 " " HEX32 "\n", LABEL " " OTHER32 " " HEX48,
      "\n\n\nSERVER_TRAFFIC_SECRET_0 " HEX32 " " OTHER32 "\nbad\n"};
  static const uint16_t numbers[3] = {0, 65535, 7};
  quic_keylog *kl;
  quic_keylog_entry *e;
  uint8_t random[32];

  (void)state;
  assert_int_equal(quic_keylog_new(&kl, quic_mem_default()), 0);
  for (size_t i = 0; i < 400; i++) {
    for (size_t s = 0; s < 3; s++) {
      if (i < strlen(texts[s])) {
        assert_int_equal(
            quic_keylog_feed(kl, numbers[s], quic_bytes_of(texts[s] + i, 1)),
            0);
      }
    }
  }
  memset(random, 0, sizeof(random));
  assert_null(quic_keylog_find(kl, random));
  for (int i = 0; i < 32; i++) {
    random[i] = (uint8_t)i;
  }
  e = quic_keylog_find(kl, random);
  assert_non_null(e);
  assert_int_equal(e->source[QUIC_KEYLOG_CLIENT_HANDSHAKE], 0);
  assert_int_equal(e->line[QUIC_KEYLOG_CLIENT_HANDSHAKE], 2);
  assert_int_equal(e->source[QUIC_KEYLOG_SERVER_APP], 7);
  assert_int_equal(e->line[QUIC_KEYLOG_SERVER_APP], 4);
  assert_int_equal(quic_keylog_problem_at(kl, 0)->source, 7);
  assert_int_equal(quic_keylog_problem_at(kl, 0)->line, 5);
  assert_null(quic_keylog_at(kl, 1)); /* the second source waits */
  assert_int_equal(quic_keylog_finish(kl, 0), 0);
  assert_int_equal(quic_keylog_finish(kl, 9), 0);
  assert_int_equal(quic_keylog_generation(kl), 2);
  assert_int_equal(quic_keylog_finish(kl, 65535), 0);
  assert_int_equal(quic_keylog_generation(kl), 3);
  e = quic_keylog_at(kl, 1);
  assert_non_null(e);
  assert_int_equal(e->source[QUIC_KEYLOG_CLIENT_HANDSHAKE], 65535);
  quic_keylog_del(kl);
}

/* Lines of 1 MB, of NULs, of CRs; the next line is read again. */
static void test_huge_lines(void **state) {
  static const char tail[] = "\n" LABEL " " HEX32 " " HEX32 "\n";
  static const uint8_t fills[] = {'a', 0, ' ', '\r', '\n', '#', 0xff};
  size_t len = 1000000;
  char *text = malloc(len + sizeof(tail));

  (void)state;
  assert_non_null(text);
  memcpy(text + len, tail, sizeof(tail));
  for (size_t i = 0; i < sizeof(fills); i++) {
    bool long_line =
        fills[i] == 'a' || fills[i] == 0 || fills[i] == ' ' || fills[i] == 0xff;
    bool many = fills[i] == '\r' || fills[i] == '\n';
    quic_keylog *kl;

    memset(text, fills[i], len);
    kl = keylog_of(text, len + strlen(tail), i % 2 ? 1000 : len * 2);
    assert_int_equal(quic_keylog_generation(kl), 1);
    assert_int_equal(problems(kl), long_line);
    assert_int_equal(quic_keylog_problem_count(kl, QUIC_KEYLOG_TOO_LONG),
                     long_line);
    /* the last CR and the tail's LF are one line end */
    assert_int_equal(quic_keylog_at(kl, 0)->line[QUIC_KEYLOG_CLIENT_HANDSHAKE],
                     !many              ? 2
                     : fills[i] == '\r' ? len + 1
                                        : len + 2);
    quic_keylog_del(kl);
  }
  free(text);
}

static void test_problem_cap(void **state) {
  quic_keylog *kl;
  size_t kept = 0;

  (void)state;
  assert_int_equal(quic_keylog_new(&kl, quic_mem_default()), 0);
  for (int i = 0; i < 5000; i++) {
    assert_int_equal(quic_keylog_feed(kl, 0, quic_bytes_of("x y\n", 4)), 0);
  }
  while (quic_keylog_problem_at(kl, kept)) {
    kept++;
  }
  assert_int_equal(kept, QUIC_KEYLOG_PROBLEMS_MAX);
  assert_int_equal(quic_keylog_problem_count(kl, QUIC_KEYLOG_BAD_LINE), 5000);
  assert_false(quic_keylog_has_lines(kl));
  quic_keylog_del(kl);
}

/* A label of any length is cut to its field. */
static void test_problem_label(void **state) {
  (void)state;
  for (size_t n = 1; n < 100; n++) {
    char text[128];
    quic_keylog *kl;

    memset(text, 'L', n);
    memcpy(text + n, " x", 3);
    kl = keylog_of_text(text);
    assert_int_equal(strlen(quic_keylog_problem_at(kl, 0)->label),
                     n < 39 ? n : 39);
    quic_keylog_del(kl);
  }
}

/* The lines of |count| connections with the five secrets of a handshake. */
static char *big_log(size_t connections, size_t *len) {
  static const quic_keylog_label labels[5] = {
      QUIC_KEYLOG_CLIENT_HANDSHAKE, QUIC_KEYLOG_SERVER_HANDSHAKE,
      QUIC_KEYLOG_CLIENT_APP, QUIC_KEYLOG_SERVER_APP, QUIC_KEYLOG_EXPORTER};
  size_t cap = connections * 5 * 170;
  uint8_t random[32];
  quic_secret secret = {.len = 32};
  char *text = malloc(cap);
  quic_writer wr;
  quic_rng rng;

  assert_non_null(text);
  quic_rng_init(&rng, 1);
  quic_writer_init(&wr, text, cap);
  for (size_t i = 0; i < connections; i++) {
    quic_rng_fill(&rng, random, sizeof(random));
    for (size_t k = 0; k < 5; k++) {
      quic_rng_fill(&rng, secret.data, secret.len);
      assert_int_equal(quic_keylog_line(&wr, labels[k], random, &secret), 0);
    }
  }
  *len = quic_writer_len(&wr);
  return text;
}

/* 400,000 lines.  The bound is wide, because machines and sanitizers differ;
   the figure is printed. */
static void test_fast(void **state) {
  size_t len;
  char *text = big_log(80000, &len);
  quic_keylog *kl;
  quic_keylog_entry *first;
  clock_t start;
  double seconds;

  (void)state;
  assert_int_equal(quic_keylog_new(&kl, quic_mem_default()), 0);
  assert_int_equal(quic_keylog_feed(kl, 0, quic_bytes_of(text, 2000)), 0);
  first = quic_keylog_at(kl, 0);
  start = clock();
  for (size_t i = 2000; i < len; i += 65536) {
    size_t n = len - i < 65536 ? len - i : 65536;

    assert_int_equal(quic_keylog_feed(kl, 0, quic_bytes_of(text + i, n)), 0);
  }
  seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  print_message("400000 lines in %.3f s\n", seconds);
  assert_true(seconds < 6);
  assert_int_equal(quic_keylog_generation(kl), 400000);
  assert_int_equal(problems(kl), 0);
  assert_null(quic_keylog_at(kl, 80000));
  /* entries stay where they are, and are found again */
  assert_ptr_equal(first, quic_keylog_at(kl, 0));
  for (size_t i = 0; i < 80000; i += 997) {
    quic_keylog_entry *e = quic_keylog_at(kl, i);

    assert_ptr_equal(quic_keylog_find(kl, e->random), e);
  }
  quic_keylog_del(kl);
  free(text);
}

/* No secret above the cap is kept, and old ones are still compared. */
static void test_too_many(void **state) {
  quic_secret secret = {.len = 32};
  uint8_t random[32] = {0};
  char text[7 * 170];
  uint64_t fed = 0;
  quic_keylog *kl;

  (void)state;
  assert_int_equal(quic_keylog_new(&kl, quic_mem_default()), 0);
  while (fed < QUIC_KEYLOG_LINES_MAX + 7) {
    quic_writer wr;

    quic_writer_init(&wr, text, sizeof(text));
    memcpy(random, &fed, sizeof(fed));
    for (int k = 0; k < QUIC_KEYLOG_LABELS; k++) {
      assert_int_equal(
          quic_keylog_line(&wr, (quic_keylog_label)k, random, &secret), 0);
      fed++;
    }
    assert_int_equal(
        quic_keylog_feed(kl, 0, quic_bytes_of(text, quic_writer_len(&wr))), 0);
  }
  assert_int_equal(quic_keylog_generation(kl), QUIC_KEYLOG_LINES_MAX);
  assert_int_equal(quic_keylog_problem_count(kl, QUIC_KEYLOG_TOO_MANY),
                   fed - QUIC_KEYLOG_LINES_MAX);
  memset(random, 0, sizeof(random));
  assert_non_null(quic_keylog_find(kl, random));
  quic_keylog_del(kl);
}

static void test_line_writer(void **state) {
  uint8_t random[32];
  uint8_t out[256];
  quic_secret secret = {.len = 48};
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 4);
  for (int label = 0; label < QUIC_KEYLOG_LABELS; label++) {
    quic_writer wr;
    quic_keylog *kl;
    quic_keylog_entry *e;
    size_t len;

    quic_rng_fill(&rng, random, sizeof(random));
    quic_rng_fill(&rng, secret.data, sizeof(secret.data));
    quic_writer_init(&wr, out, sizeof(out));
    assert_int_equal(
        quic_keylog_line(&wr, (quic_keylog_label)label, random, &secret), 0);
    len = quic_writer_len(&wr);
    kl = keylog_of((const char *)out, len, len);
    e = quic_keylog_find(kl, random);
    assert_non_null(e);
    assert_int_equal(e->secrets[label].len, 48);
    assert_memory_equal(e->secrets[label].data, secret.data, 48);
    quic_keylog_del(kl);
    for (size_t cap = 0; cap < len; cap++) {
      uint8_t *exact = malloc(cap ? cap : 1);

      assert_non_null(exact);
      quic_writer_init(&wr, exact, cap);
      assert_int_equal(
          quic_keylog_line(&wr, (quic_keylog_label)label, random, &secret),
          QUIC_ERR_NOSPACE);
      free(exact);
    }
  }
}

static void test_texts(void **state) {
  (void)state;
  for (int i = 0; i < QUIC_KEYLOG_LABELS; i++) {
    assert_non_null(quic_keylog_label_name((quic_keylog_label)i));
  }
  for (int i = 0; i < QUIC_KEYLOG_PROBLEMS; i++) {
    assert_non_null(quic_keylog_problem_text((quic_keylog_problem_kind)i));
  }
}

static int read_log(const quic_mem *mem, void *user) {
  const char *text = user;
  size_t len = strlen(text);
  quic_keylog *kl;
  int rv = quic_keylog_new(&kl, mem);

  for (size_t i = 0; rv == 0 && i < len; i += 100) {
    rv = quic_keylog_feed(
        kl, (uint16_t)(i % 3),
        quic_bytes_of(text + i, len - i < 100 ? len - i : 100));
  }
  for (uint16_t s = 0; rv == 0 && s < 3; s++) {
    rv = quic_keylog_finish(kl, s);
  }
  quic_keylog_del(kl);
  return rv;
}

static int read_whole_log(const quic_mem *mem, void *user) {
  const char *text = user;
  quic_keylog *kl;
  int rv = quic_keylog_new(&kl, mem);

  if (rv == 0) {
    rv = quic_keylog_feed(kl, 0, quic_bytes_of(text, strlen(text)));
  }
  quic_keylog_del(kl);
  return rv;
}

/* The index may answer a refusal by staying small, so not every one shows. */
static size_t sweep_large(failmem_run *run, char *text) {
  size_t failures = 0;
  size_t nth = 0;
  size_t before;
  failmem fm;

  failmem_init(&fm);
  do {
    int rv;

    before = fm.refused;
    failmem_fail_nth(&fm, ++nth);
    rv = run(&fm.mem, text);
    assert_true(rv == 0 || rv == QUIC_ERR_NOMEM);
    assert_true(failmem_balanced(&fm));
    failures += rv != 0;
  } while (fm.refused > before);
  return failures;
}

static void test_nomem(void **state) {
  failmem fm;
  size_t len;
  char *text = big_log(150, &len);

  (void)state;
  /* several chunks, rehashes, problems, held lines */
  text[len - 1] = 0;
  text[1000] = 'x';
  assert_true(sweep_large(read_whole_log, text) > 150);
  assert_true(sweep_large(read_log, text) > 10);
  text[10 * 160] = 0; /* two connections */
  assert_true(failmem_sweep(&fm, read_whole_log, text) > 5);
  assert_string_equal(fm.text, "");
  assert_true(failmem_sweep(&fm, read_log, text) > 5);
  assert_string_equal(fm.text, "");
  free(text);
}

/* Random octets of the alphabet of key logs. */
static void test_random(void **state) {
  static const char *const words[] = {LABEL,
                                      HEX32,
                                      HEX48,
                                      OTHER32,
                                      " ",
                                      "\n",
                                      "\r",
                                      "\t",
                                      "#",
                                      "QUIC_",
                                      "zz",
                                      "CLIENT_RANDOM",
                                      "EXPORTER_SECRET",
                                      "\xef\xbb\xbf",
                                      "0",
                                      "\r\n"};
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 8);
  for (int i = 0; i < 300; i++) {
    char text[8192];
    size_t len = 0;
    quic_keylog *a;
    quic_keylog *b;

    while (len < sizeof(text) - 100) {
      const char *w = words[quic_rng_below(&rng, 16)];

      memcpy(text + len, w, strlen(w));
      len += strlen(w);
    }
    a = keylog_of(text, len, len);
    b = keylog_of(text, len, 1 + (size_t)quic_rng_below(&rng, 40));
    assert_same(a, b);
    quic_keylog_del(a);
    quic_keylog_del(b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),       cmocka_unit_test(test_line_ends),
      cmocka_unit_test(test_duplicates),  cmocka_unit_test(test_splits),
      cmocka_unit_test(test_sources),     cmocka_unit_test(test_huge_lines),
      cmocka_unit_test(test_problem_cap), cmocka_unit_test(test_problem_label),
      cmocka_unit_test(test_fast),        cmocka_unit_test(test_line_writer),
      cmocka_unit_test(test_too_many),    cmocka_unit_test(test_texts),
      cmocka_unit_test(test_nomem),       cmocka_unit_test(test_random),
  };

  return cmocka_run_group_tests_name("keylog", tests, NULL, NULL);
}
