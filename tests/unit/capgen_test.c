/* Every scenario of capgen through the decoder: what comes out is the truth
   that the generator wrote, packet by packet, with connection, side, key
   generation, path, notes, and the reason of each packet that stays closed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/reader.h"
#include "crypto/backend.h"
#include "pcap/decoder.h"
#include "pcap/output.h"
#include "tests/support/capgen_scenarios.h"
#include "tests/support/octets.h"

/* --- a capture in memory ------------------------------------------------- */

typedef struct made {
  char *capture, *keys, *truth;
  size_t capture_len, keys_len, truth_len;
} made;

static FILE *made_open(char **data, size_t *len) {
  FILE *f = open_memstream(data, len);

  assert_non_null(f);
  return f;
}

static void made_init(made *m, const capgen_scenario *sc) {
  capgen_files files = {0};

  memset(m, 0, sizeof(*m));
  files.capture = made_open(&m->capture, &m->capture_len);
  files.keys = made_open(&m->keys, &m->keys_len);
  files.truth = made_open(&m->truth, &m->truth_len);
  capgen_make(sc, &files);
  fclose(files.capture);
  fclose(files.keys);
  fclose(files.truth);
}

static void made_free(made *m) {
  free(m->capture);
  free(m->keys);
  free(m->truth);
}

/* --- the decoder, and what it says --------------------------------------- */

typedef struct run {
  quic_keylog *keylog;
  quic_link *link;
  qd_decoder *decoder;
  qd_output *flat;
  quic_text text;
  char *out; /* grows */
  size_t len, cap;
  bool piped;  /* secrets are met on the way */
  int threads; /* that open packets ahead; -1 = none is opened ahead */
  uint64_t frame;
  quic_time now;
  char buffer[4096];
} run;

static void run_flush(void *user, const char *data, size_t len) {
  run *r = user;

  r->out = capgen_grow(r->out, &r->cap, r->len + len + 1, 1);
  memcpy(r->out + r->len, data, len);
  r->len += len;
  r->out[r->len] = '\0';
}

static void run_notes(quic_text *t, uint32_t notes) {
  static const char *const names[] = {
      NULL,       "duplicate", "icmp",         "gso",       "retry_bad",
      "retry_ok", "new_hello", "fixed_zero",   "bad_frame", "illegal",
      "reserved", "conflict",  "other_version"};
  bool any = false;

  for (size_t i = 0; i < CAPGEN_COUNT(names); i++) {
    if (names[i] && (notes & 1u << i)) {
      quic_text_printf(t, "%s%s", any ? "," : "", names[i]);
      any = true;
    }
  }
}

static void run_packet(void *user, const qd_packet *p) {
  static const char *const states[] = {
      [QD_STATE_CLOSED] = "closed",
      [QD_STATE_CLEAR] = "clear",
      [QD_STATE_OPEN] = "open",
      [QD_STATE_UNAUTHENTICATED] = "unauthenticated",
      [QD_STATE_RESET] = "reset",
      [QD_STATE_PADDING] = "padding"};
  run *r = user;

  r->flat->packet(r->flat, p);
  quic_text_printf(&r->text,
                   "# %llu %u conn=%d %s %s reason=%s generation=%u path=%u "
                   "notes=",
                   (unsigned long long)p->frame, (unsigned)p->index,
                   p->conn ? (int)p->conn->number : -1,
                   p->reason == QD_REASON_NO_HELLO ? "-"
                   : p->sender == QD_CLIENT        ? "client"
                                                   : "server",
                   states[p->state], qd_reason_name(p->reason),
                   (unsigned)p->generation, (unsigned)p->path_id);
  run_notes(&r->text, p->notes);
  quic_text_char(&r->text, '\n');
}

static void run_datagram(void *user, const quic_datagram *dg) {
  run *r = user;

  qd_decoder_datagram(r->decoder, r->frame, r->now, dg);
}

static void run_init(run *r, const made *m, bool piped, int threads) {
  const quic_mem *mem = quic_mem_default();
  qd_output_settings out = {.mem = mem, .text = &r->text};
  qd_decoder_settings set = {.mem = mem,
                             .crypto = quic_crypto_gnutls(),
                             .patience = QUIC_TIME_NEVER,
                             .late_keys = piped,
                             .fn = run_packet,
                             .user = r};

  memset(r, 0, sizeof(*r));
  r->piped = piped;
  r->threads = threads;
  quic_text_init(&r->text, r->buffer, sizeof(r->buffer));
  r->text.flush = run_flush;
  r->text.user = r;
  run_flush(r, "", 0);
  assert_int_equal(quic_keylog_new(&r->keylog, mem), 0);
  assert_int_equal(
      quic_keylog_feed(r->keylog, 0, quic_bytes_of(m->keys, m->keys_len)), 0);
  assert_int_equal(quic_link_new(&r->link, mem), 0);
  assert_int_equal(qd_output_flat_new(&r->flat, &out), 0);
  set.keylog = r->keylog;
  assert_int_equal(qd_decoder_new(&r->decoder, &set), 0);
  if (threads >= 0) {
    qd_decoder_ahead(r->decoder, (unsigned)threads, true);
  }
}

static void run_free(run *r) {
  qd_decoder_del(r->decoder);
  r->flat->del(r->flat);
  quic_link_del(r->link);
  quic_keylog_del(r->keylog);
  free(r->out);
}

/* run_records takes the records of |data|: the secrets alone (|secrets|), or
   everything. */
static void run_records(run *r, quic_bytes data, bool secrets) {
  quic_capture_reader *cr;
  quic_capture_record rec;
  size_t used, need;
  uint16_t source = 1;

  assert_int_equal(quic_capture_reader_new(&cr, quic_mem_default()), 0);
  for (;;) {
    int rv = quic_capture_reader_next(cr, data, true, &used, &need, &rec);

    if (rv != 0) {
      break;
    }
    if (rec.kind == QUIC_CAPTURE_SECRETS && (secrets || r->piped)) {
      qd_decoder_flush(r->decoder);
      assert_int_equal(quic_keylog_feed(r->keylog, source++, rec.data), 0);
      qd_decoder_keys_changed(r->decoder);
    } else if (rec.kind == QUIC_CAPTURE_PACKET && !secrets) {
      r->frame = rec.number;
      r->now = rec.time;
      (void)quic_link_decode(r->link, rec.linktype, rec.data, rec.orig_len,
                             r->now, run_datagram, r);
    }
    data.data += used;
    data.len -= used;
  }
  quic_capture_reader_del(cr);
}

static void run_finish(run *r) {
  qd_decoder_finish(r->decoder);
  quic_text_flush(&r->text);
}

/* run_whole decodes |m|; |piped|: the secrets are met on the way, as in a
   pipe, instead of being looked for first, as in a file. */
static void run_whole(run *r, const made *m, bool piped, int threads) {
  quic_bytes data = quic_bytes_of(m->capture, m->capture_len);

  run_init(r, m, piped, threads);
  if (!piped) {
    run_records(r, data, true);
  }
  run_records(r, data, false);
  run_finish(r);
}

/* --- tests --------------------------------------------------------------- */

/* first_difference returns how many lines two texts have in common. */
static size_t first_difference(const char *a, const char *b, const char **la,
                               const char **lb) {
  size_t n = 0;

  *la = a;
  *lb = b;
  for (; *a && *a == *b; a++, b++) {
    if (*a == '\n') {
      n++;
      *la = a + 1;
      *lb = b + 1;
    }
  }
  return n;
}

static bool compare(const capgen_scenario *sc, const made *m, const run *r,
                    const char *how) {
  const char *want, *have;
  size_t n;

  if (strcmp(m->truth, r->out) == 0) {
    return true;
  }
  n = first_difference(m->truth, r->out, &want, &have);
  print_message("%s, %s: line %zu\n  truth:   %.*s\n  decoder: %.*s\n",
                sc->name, how, n + 1, (int)strcspn(want, "\n"), want,
                (int)strcspn(have, "\n"), have);
  return false;
}

static void all_scenarios(bool piped, int threads, const char *how) {
  const capgen_scenario *sc;
  unsigned bad = 0;

  for (size_t i = 0; (sc = capgen_scenario_at(i)); i++) {
    made m;
    run r;

    made_init(&m, sc);
    run_whole(&r, &m, piped, threads);
    bad += !compare(sc, &m, &r, how);
    run_free(&r);
    made_free(&m);
  }
  assert_int_equal(bad, 0);
}

static void test_files(void **state) {
  (void)state;
  all_scenarios(false, -1, "as a file");
}

static void test_pipes(void **state) {
  (void)state;
  all_scenarios(true, -1, "as a pipe");
}

/* What is opened ahead comes out the same, whoever opens it. */
static void test_ahead(void **state) {
  (void)state;
  all_scenarios(false, 0, "ahead, no thread");
  all_scenarios(false, 1, "ahead, a thread");
  all_scenarios(false, 3, "ahead, three threads");
  all_scenarios(true, 1, "ahead, a thread, as a pipe");
}

/* The same name gives the same octets, and other names others. */
static void test_deterministic(void **state) {
  const capgen_scenario *sc;

  (void)state;
  for (size_t i = 0; (sc = capgen_scenario_at(i)); i++) {
    made a, b;

    made_init(&a, sc);
    made_init(&b, sc);
    assert_int_equal(a.capture_len, b.capture_len);
    assert_memory_equal(a.capture, b.capture, a.capture_len);
    assert_string_equal(a.truth, b.truth);
    assert_true(a.capture_len > 0 && strlen(sc->name) < CAPGEN_NAME);
    assert_ptr_equal(capgen_scenario_find(sc->name), sc);
    made_free(&a);
    made_free(&b);
  }
  assert_true(capgen_scenario_find("no such scenario") == NULL);
}

/* lines_until returns the length of the lines in |text| whose record number is
   below |record|. */
static size_t lines_until(const char *text, uint64_t record) {
  const char *at = text;

  while (*at && strtoull(at + 2, NULL, 10) < record) {
    at += strcspn(at, "\n") + 1;
  }
  return (size_t)(at - text);
}

/* A capture that breaks off anywhere gives what stands before the break. */
static void test_prefixes(void **state) {
  static const char *const names[] = {"handshake", "retry-v2", "pcap",
                                      "v9-gso-cid-0", "coalesced"};

  (void)state;
  for (size_t i = 0; i < CAPGEN_COUNT(names); i++) {
    const capgen_scenario *sc = capgen_scenario_find(names[i]);
    made m;

    assert_non_null(sc);
    made_init(&m, sc);
    for (size_t len = 0; len < m.capture_len; len += 1 + len / 9) {
      uint8_t *exact = octets_exact(m.capture, len);
      size_t whole;
      run r;

      run_init(&r, &m, false, -1);
      run_records(&r, quic_bytes_of(exact, len), true);
      run_records(&r, quic_bytes_of(exact, len), false);
      run_finish(&r);
      whole = lines_until(m.truth, r.frame + 1);
      if (r.len != whole || memcmp(r.out, m.truth, whole) != 0) {
        fail_msg("%s cut to %zu octets", names[i], len);
      }
      run_free(&r);
      free(exact);
    }
    made_free(&m);
  }
}

/* count_opened counts the packets of the truth that open, of Initial type or of
   any. */
static uint64_t count_opened(const char *truth, bool initial) {
  uint64_t n = 0;

  for (; *truth; truth += strcspn(truth, "\n") + 1) {
    char kind, type[16], version[16], dcid[48], pn[24];
    unsigned long long frame;
    unsigned index;

    if (sscanf(truth, "%c %llu %u %15s %15s %47s %23s", &kind, &frame, &index,
               type, version, dcid, pn) == 7 &&
        kind == 'P' && pn[0] != '-' &&
        (!initial || strcmp(type, "initial") == 0)) {
      n++;
    }
  }
  return n;
}

/* The counters agree with the truth; without any secret, too: then the Initials
   open and nothing else does. */
static void test_counters(void **state) {
  const capgen_scenario *sc;
  unsigned bad = 0;

  (void)state;
  for (size_t i = 0; (sc = capgen_scenario_at(i)); i++) {
    for (int secrets = 0; secrets < 2; secrets++) {
      const qd_decoder_stats *st;
      uint64_t opened;
      made m;
      run r;

      made_init(&m, sc);
      opened = count_opened(m.truth, !secrets);
      m.keys_len = secrets ? m.keys_len : 0;
      run_init(&r, &m, false, -1);
      if (secrets) {
        run_records(&r, quic_bytes_of(m.capture, m.capture_len), true);
      }
      run_records(&r, quic_bytes_of(m.capture, m.capture_len), false);
      run_finish(&r);
      st = qd_decoder_get_stats(r.decoder);
      if (st->opened != opened || st->opened > st->encrypted ||
          st->encrypted > st->packets) {
        print_message("%s, secrets %d: opened %llu of %llu\n", sc->name,
                      secrets, (unsigned long long)st->opened,
                      (unsigned long long)opened);
        bad++;
      }
      run_free(&r);
      made_free(&m);
    }
  }
  assert_int_equal(bad, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files),         cmocka_unit_test(test_pipes),
      cmocka_unit_test(test_deterministic), cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_counters),      cmocka_unit_test(test_ahead),
  };

  return cmocka_run_group_tests_name("capgen", tests, NULL, NULL);
}
