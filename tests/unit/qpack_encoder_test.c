/* The encoder: what it may do by RFC 9204 §2.1, kept in a book of its own
   (qpackcheck), what it does with feedback, and what it chooses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qpack/ledger.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"
#include "tests/support/qpackcheck.h"

static quic_bytes text(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static qpack_field field(const char *name, const char *value) {
  qpack_field f = {0};

  f.name = text(name);
  f.value = text(value);
  return f;
}

static const qpack_encoder_settings usual = {.max_table_capacity = 4096,
                                             .max_blocked_streams = 100,
                                             .table_capacity = 4096};

static void check(const qpackcheck *c) {
  if (c->problem) {
    print_message("%s\n", c->problem);
  }
  assert_null(c->problem);
}

/* A world of fields from which sections are drawn: some come often. */
typedef struct world {
  quic_rng rng;
  char text[64][48];
  qpack_field fields[16];
} world;

static size_t draw(world *w) {
  size_t n = quic_rng_below(&w->rng, 16);

  for (size_t i = 0; i < n; i++) {
    static const char *const names[] = {":path",  "cookie",        "x-one",
                                        "x-two",  "authorization", "",
                                        "accept", ":method"};
    size_t name = quic_rng_below(&w->rng, 8);
    size_t often = quic_rng_below(&w->rng, 4);
    size_t value = quic_rng_below(&w->rng, often ? 4 : 64);

    w->fields[i] = field(names[name], w->text[value]);
    w->fields[i].never_indexed = quic_rng_below(&w->rng, 30) == 0;
  }
  return n;
}

static void open_world(world *w, uint64_t seed) {
  quic_rng_init(&w->rng, seed);
  for (size_t i = 0; i < 64; i++) {
    snprintf(w->text[i], sizeof(w->text[i]), "%.*s%d",
             (int)quic_rng_below(&w->rng, 40),
             "a value that is not too short to be kept", (int)i);
  }
  strcpy(w->text[3], "GET");
}

/* Any mix of sections, feedback that comes late and in pieces, cancellations
   and changes of capacity keeps the rules. */
static void test_rules(void **state) {
  static const uint64_t capacities[] = {0, 31, 100, 256, 1000, 4096, 100000};
  size_t blocking = 0, evictions = 0;

  (void)state;
  for (uint64_t seed = 0; seed < 140; seed++) {
    qpack_encoder_settings settings = usual;
    uint64_t first = 0;
    qpackcheck c;
    world w;

    open_world(&w, seed);
    settings.max_table_capacity = settings.table_capacity =
        capacities[seed % 7];
    settings.max_blocked_streams = quic_rng_below(&w.rng, 5);
    settings.plain = seed % 5 == 4;
    qpackcheck_init(&c, &settings);
    for (int i = 0; i < 200 && !c.problem; i++) {
      size_t n = draw(&w);
      uint64_t id = first + quic_rng_below(&w.rng, 1 + seed % 50);

      qpackcheck_send(&c, 4 * id, w.fields, n, quic_rng_below(&w.rng, 3));
      if (quic_rng_below(&w.rng, 10) == 0) {
        qpackcheck_cancel(&c, 4 * first++); /* never used again */
      }
      if (quic_rng_below(&w.rng, 20) == 0) {
        int rv = qpack_encoder_set_capacity(
            c.enc, quic_rng_below(&w.rng, settings.max_table_capacity + 1));

        assert_true(rv == 0 || rv == QUIC_ERR_AGAIN);
      }
      if (seed % 3) {
        qpackcheck_feedback(&c, quic_rng_below(&w.rng, 6));
      }
    }
    qpackcheck_feedback(&c, SIZE_MAX);
    check(&c);
    blocking += c.blocking;
    evictions += c.dropped;
    qpackcheck_free(&c);
  }
  /* It did what the rules are about. */
  assert_true(blocking > 1000);
  assert_true(evictions > 1000);
}

/* A field that comes again and again costs one octet, and without leave to
   block as soon as it is acknowledged. */
static void test_learns(void **state) {
  (void)state;
  for (uint64_t blocked = 0; blocked <= 100; blocked += 100) {
    qpack_encoder_settings settings = usual;
    qpack_field f = field("x-name", "a value that comes again and again");
    qpackcheck c;

    settings.max_blocked_streams = blocked;
    qpackcheck_init(&c, &settings);
    for (uint64_t i = 0; i < 10; i++) {
      size_t before = c.section_octets + c.stream_octets;

      qpackcheck_send(&c, 4 * i, &f, 1, 0);
      qpackcheck_feedback(&c, SIZE_MAX);
      if (i > 3) {
        assert_int_equal(c.section_octets + c.stream_octets - before, 3);
      }
    }
    check(&c);
    assert_in_range(c.inserted, 1, 2); /* perhaps the name alone before */
    assert_true(blocked ? c.blocking > 0 : c.blocking == 0);
    qpackcheck_free(&c);
  }
}

/* A decoder that never answers costs little. */
static void test_silent_decoder(void **state) {
  qpack_encoder_settings settings = usual;
  char value[32];
  qpackcheck c;

  (void)state;
  settings.max_blocked_streams = 0;
  qpackcheck_init(&c, &settings);
  for (uint64_t i = 0; i < 200; i++) {
    qpack_field f = field("x-name", value);

    snprintf(value, sizeof(value), "one of seven values %d", (int)(i % 7));
    qpackcheck_send(&c, 4 * i, &f, 1, 0);
  }
  check(&c);
  assert_true(c.stream_octets <= 70);
  qpackcheck_free(&c);
}

/* Popular entries stay in a table through which others pass. */
static void test_rotates(void **state) {
  qpack_encoder_settings settings = usual;
  qpackcheck c;

  (void)state;
  settings.max_table_capacity = settings.table_capacity = 300;
  qpackcheck_init(&c, &settings);
  for (uint64_t i = 0; i < 100; i++) {
    char value[40];
    qpack_field f[2] = {field("x-popular", "something that is always sent"),
                        field("x-other", value)};

    snprintf(value, sizeof(value), "sent a few times, then not %d",
             (int)(i / 5));
    qpackcheck_send(&c, 4 * i, f, 2, 0);
    qpackcheck_feedback(&c, SIZE_MAX);
  }
  check(&c);
  assert_true(c.dropped > 10);
  /* 100 times 29 octets of one and 30 of the other, almost all saved. */
  assert_true(c.section_octets + c.stream_octets < 1800);
  qpackcheck_free(&c);
}

static void test_sensitive(void **state) {
  static const struct {
    const char *name, *value;
    bool sensitive;
  } rows[] = {{"authorization", "Basic dXNlcjpwYXNzd29yZA==", true},
              {"proxy-authorization", "x", true},
              {"cookie", "short", true},
              {"cookie", "a-long-value-with-entropy=8f3b1c", false},
              {"set-cookie", "a=1", true},
              {"accept", "*/*", false},
              {"", "", false}};

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    qpack_field f = field(rows[i].name, rows[i].value);
    qpackcheck c;

    assert_int_equal(qpack_encoder_sensitive(&f), rows[i].sensitive);
    qpackcheck_init(&c, &usual);
    for (uint64_t j = 0; j < 8; j++) {
      qpackcheck_send(&c, 4 * j, &f, 1, 0); /* checks the N bit */
      qpackcheck_feedback(&c, SIZE_MAX);
    }
    check(&c);
    assert_true(!rows[i].sensitive || c.inserted == 0);
    qpackcheck_free(&c);
  }
}

/* Feedback that does not fit what was sent, §4.4. */
static void test_feedback(void **state) {
  static const struct {
    const char *hex;
    qpack_reason reason;
    uint64_t offset;
  } rows[] = {
      {"80 01", QPACK_REASON_INCREMENT_BEYOND, 1}, /* 80 implies it */
      {"8001", QPACK_REASON_INCREMENT_BEYOND, 1},
      {"01 80 80", QPACK_REASON_ACKNOWLEDGMENT, 2},
      {"01 80", QPACK_REASON_NONE, 0},
      {"00", QPACK_REASON_INCREMENT_ZERO, 0},
      {"02", QPACK_REASON_INCREMENT_BEYOND, 0},
      {"84", QPACK_REASON_ACKNOWLEDGMENT, 0},
      {"40 80", QPACK_REASON_ACKNOWLEDGMENT, 1},
      {"40 01 40 44", QPACK_REASON_NONE, 0},
      {"3fffffffffffffffffff7f", QPACK_REASON_FEEDBACK_INTEGER, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    for (size_t piece = 1; piece < 20; piece += 18) {
      qpack_field f = field("x-name", "a value");
      uint8_t buf[16];
      quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf)), section;
      qpack_encoder *enc;
      int rv = 0;

      assert_int_equal(qpack_encoder_new(&enc, quic_mem_default(), &usual), 0);
      assert_int_equal(qpack_encoder_section(enc, 0, &f, 1, &section), 0);
      assert_int_equal(qpack_encoder_table(enc)->inserted, 1);
      assert_int_equal(section.data[0], 2); /* Required Insert Count 1 */
      while (in.len) {
        size_t len = piece < in.len ? piece : in.len;

        rv = qpack_encoder_decoder_stream(enc, quic_bytes_of(in.data, len));
        in = quic_bytes_of(in.data + len, in.len - len);
      }
      assert_int_equal(qpack_encoder_error(enc)->reason, rows[i].reason);
      assert_int_equal(rv, rows[i].reason ? QUIC_ERR_PROTOCOL : 0);
      if (rv) {
        assert_int_equal(qpack_encoder_error(enc)->code,
                         QPACK_DECODER_STREAM_ERROR);
        assert_int_equal(qpack_encoder_error(enc)->offset, rows[i].offset);
        assert_int_equal(qpack_encoder_decoder_stream(enc, text("\x40")), rv);
      } else {
        assert_int_equal(qpack_encoder_known(enc), 1);
      }
      qpack_encoder_del(enc);
    }
  }
}

static void test_limits(void **state) {
  qpack_encoder_settings settings = {.table_capacity = 1000};
  qpack_field f = field("x-name", "a value");
  qpack_encoder *enc;
  quic_bytes section;
  uint8_t out[64];

  (void)state;
  /* Before SETTINGS, and with 0: no dynamic table, no instruction. */
  assert_int_equal(qpack_encoder_new(&enc, quic_mem_default(), &settings), 0);
  assert_int_equal(qpack_encoder_section(enc, 0, &f, 1, &section), 0);
  assert_int_equal(qpack_encoder_pending(enc), 0);
  assert_int_equal(section.data[0], 0);
  assert_int_equal(qpack_encoder_decoder_stream(enc, text("\x44")), 0);
  assert_int_equal(qpack_encoder_set_capacity(enc, 1), QUIC_ERR_INVALID);
  assert_int_equal(qpack_encoder_set_limits(enc, 2000, 10), 0);
  assert_int_equal(qpack_encoder_set_limits(enc, 2001, 10), QUIC_ERR_CONFLICT);
  /* No credit, no insertion. */
  qpack_encoder_set_credit(enc, 5);
  assert_int_equal(qpack_encoder_section(enc, 4, &f, 1, &section), 0);
  assert_int_equal(section.data[0], 0);
  assert_true(qpack_encoder_pending(enc) <= 5);
  qpack_encoder_set_credit(enc, 64);
  assert_int_equal(qpack_encoder_section(enc, 8, &f, 1, &section), 0);
  assert_int_equal(section.data[0], 2);
  assert_int_equal(qpack_encoder_table(enc)->capacity, 1000);
  /* Set Dynamic Table Capacity comes once, and first. */
  assert_true(qpack_encoder_output(enc, out, sizeof(out)) > 3);
  assert_memory_equal(out, "\x3f\xc9\x07", 3);
  assert_int_equal(qpack_encoder_pending(enc), 0);
  /* The entry is not acknowledged, so it cannot go. */
  assert_int_equal(qpack_encoder_set_capacity(enc, 40), QUIC_ERR_AGAIN);
  assert_int_equal(qpack_encoder_set_capacity(enc, 2000), 0);
  assert_int_equal(qpack_encoder_decoder_stream(enc, text("\x88")), 0);
  assert_int_equal(qpack_encoder_set_capacity(enc, 40), 0);
  assert_int_equal(qpack_encoder_table(enc)->size, 0);
  qpack_encoder_del(enc);
}

static void test_ledger(void **state) {
  static const uint64_t seed[2] = {1, 2};
  qpack_ledger l;

  (void)state;
  assert_int_equal(qpack_ledger_init(&l, quic_mem_default(), 8, seed), 0);
  assert_int_equal(qpack_ledger_add(&l, 0, 3, 1), 0);
  assert_int_equal(qpack_ledger_add(&l, 0, 5, 2), 0);
  assert_int_equal(qpack_ledger_add(&l, 4, 2, 0), 0);
  assert_int_equal(l.nrisky, 2);
  assert_true(qpack_ledger_risky(&l, 0));
  assert_false(qpack_ledger_risky(&l, 8));
  assert_true(qpack_ledger_acknowledge(&l, 0)); /* known 3 */
  assert_int_equal(l.known, 3);
  assert_int_equal(l.nrisky, 1); /* 4 needs 2; 0 has one that needs 5 */
  assert_false(qpack_ledger_evictable(&l, 0));
  assert_true(qpack_ledger_evictable(&l, 1));
  assert_false(qpack_ledger_evictable(&l, 2));
  assert_false(qpack_ledger_evictable(&l, 3));
  qpack_ledger_cancel(&l, 4);
  assert_true(qpack_ledger_evictable(&l, 0));
  qpack_ledger_advance(&l, 5);
  assert_int_equal(l.nrisky, 0);
  assert_int_equal(l.nsections, 1);
  assert_true(qpack_ledger_acknowledge(&l, 0));
  assert_false(qpack_ledger_acknowledge(&l, 0));
  assert_false(qpack_ledger_acknowledge(&l, 4));
  assert_int_equal(l.nsections, 0);
  qpack_ledger_free(&l);
}

static int run_encoder(const quic_mem *mem, void *user) {
  qpack_encoder *enc;
  int rv = qpack_encoder_new(&enc, mem, &usual);

  (void)user;
  for (uint64_t i = 0; i < 6 && rv == 0; i++) {
    qpack_field f[2] = {field("x-name", i & 1 ? "one value" : "another"),
                        field(":path", "/index.html")};
    quic_bytes section;

    rv = qpack_encoder_section(enc, i, f, 2, &section);
    if (rv == 0 && i == 3) {
      rv = qpack_encoder_decoder_stream(enc, text("\x80"));
      /* A refused insertion is a literal instead, and needs no answer. */
      rv = rv == QUIC_ERR_PROTOCOL ? QUIC_ERR_NOMEM : rv;
    }
  }
  qpack_encoder_del(enc);
  return rv;
}

/* Without memory for an entry the field is a literal, which is no error; so
   failmem_sweep asks for too much. */
static void test_memory(void **state) {
  size_t failed = 0, n = 0;
  failmem fm;

  (void)state;
  do {
    int rv;

    failmem_init(&fm);
    failmem_fail_nth(&fm, ++n);
    rv = run_encoder(&fm.mem, NULL);
    assert_true(rv == 0 || rv == QUIC_ERR_NOMEM);
    assert_true(failmem_balanced(&fm));
    failed += rv != 0;
  } while (fm.refused);
  assert_true(failed > 10 && n > failed + 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rules),          cmocka_unit_test(test_learns),
      cmocka_unit_test(test_silent_decoder), cmocka_unit_test(test_rotates),
      cmocka_unit_test(test_sensitive),      cmocka_unit_test(test_feedback),
      cmocka_unit_test(test_limits),         cmocka_unit_test(test_ledger),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("qpack_encoder", tests, NULL, NULL);
}
