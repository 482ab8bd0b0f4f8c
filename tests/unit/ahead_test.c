/* Opening ahead gives what opening in turn gives: captures under ChaCha20, with
   everything that makes a packet number or a key hard to foresee, decoded with
   and without threads. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "capture/reader.h"
#include "pcap/ahead.h"
#include "pcap/decoder.h"
#include "pcap/output.h"
#include "tests/support/capgen.h"
#include "tests/support/failmem.h"

#define CHACHA 0x1303
#define AES 0x1301
#define PIECE 600 /* octets of STREAM in a packet */

/* --- captures ------------------------------------------------------------ */

typedef struct made {
  char *capture;
  size_t len;
} made;

typedef void make_fn(capgen *g);

static void made_init(made *m, make_fn *make) {
  capgen_files files = {.capture = open_memstream(&m->capture, &m->len)};
  capgen *g;

  assert_non_null(files.capture);
  g = capgen_new(&files, 7);
  g->secrets = CAPGEN_SECRETS_FIRST;
  g->step = 50 * QUIC_MICROSECOND;
  make(g);
  capgen_del(g);
  fclose(files.capture);
}

static capgen_conn *conn_of(capgen *g, uint16_t suite, uint16_t port,
                            uint8_t cid_len) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.suite = suite;
  opt.addr[CAPGEN_CLIENT].port = port;
  opt.cid_len[CAPGEN_CLIENT] = opt.cid_len[CAPGEN_SERVER] = cid_len;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  return c;
}

/* transfer sends |n| datagrams, each |every|-th of them by the client. */
static void transfer(capgen_conn *c, unsigned n, unsigned every,
                     uint64_t offset) {
  for (unsigned i = 0; i < n; i++) {
    capgen_data(c, i % every ? CAPGEN_SERVER : CAPGEN_CLIENT, 0,
                offset + (uint64_t)i * PIECE, PIECE, false);
  }
}

static void make_plain(capgen *g) {
  transfer(conn_of(g, CHACHA, 50000, 8), 2000, 5, 0);
}

static void make_connections(capgen *g) {
  static const uint8_t lens[] = {0, 1, 4, 8, 20};
  capgen_conn *c[20];

  for (unsigned i = 0; i < 20; i++) {
    c[i] = conn_of(g, i % 4 == 3 ? AES : CHACHA, (uint16_t)(50000 + i),
                   lens[i % 5]);
  }
  for (unsigned n = 0; n < 4000; n++) {
    transfer(c[quic_rng_below(&g->rng, 20)], 1, 2, n * PIECE);
  }
}

/* More key updates than a window of generations has, some of them right behind
   each other, some by both. */
static void make_updates(capgen *g) {
  capgen_conn *c = conn_of(g, CHACHA, 50000, 8);

  for (unsigned i = 0; i < 20; i++) {
    transfer(c, 20 + 40 * (i % 5), 3, i * 300u * PIECE);
    capgen_update(c, i % 2 ? CAPGEN_CLIENT : CAPGEN_SERVER);
    if (i % 3 == 0) {
      transfer(c, 2, 2, (i * 300u + 290) * PIECE);
    }
    capgen_update(c, i % 2 ? CAPGEN_SERVER : CAPGEN_CLIENT);
  }
  transfer(c, 600, 3, 10000u * PIECE);
}

static void make_disorder(capgen *g) {
  capgen_conn *c = conn_of(g, CHACHA, 50000, 8);
  capgen_datagram *kept[40];
  uint64_t at = 0;

  transfer(c, 300, 4, 0);
  for (unsigned round = 0; round < 30; round++) {
    for (unsigned i = 0; i < 40; i++) {
      capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
      uint8_t octets[PIECE] = {(uint8_t)i};

      capgen_stream(p, 0, at, octets, sizeof(octets), false);
      at += sizeof(octets);
      capgen_end_packet(p);
      kept[i] = capgen_take(c, CAPGEN_SERVER);
    }
    for (unsigned i = 40; i > 0; i--) {
      unsigned k = (unsigned)quic_rng_below(&g->rng, i);

      capgen_send(g, kept[k]);
      kept[k] = kept[i - 1];
    }
  }
}

/* Holes that are small, larger than a window of one octet, and than one of two.
 */
static void make_losses(capgen *g) {
  static const uint64_t holes[] = {1, 100, 127, 129, 300, 40000, 70000};
  capgen_conn *c = conn_of(g, CHACHA, 50000, 8);

  for (unsigned i = 0; i < 28; i++) {
    transfer(c, 150, 4, i * 200u * PIECE);
    c->end[CAPGEN_SERVER].next_pn[2] += holes[i % 7];
  }
}

/* Packet numbers of one octet, and holes. */
static void make_short_numbers(capgen *g) {
  capgen_conn *c = conn_of(g, CHACHA, 50000, 4);

  for (unsigned i = 0; i < 3000; i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
    uint8_t octets[PIECE] = {(uint8_t)i};

    p->h.pn_len = 1;
    capgen_stream(p, 0, i * sizeof(octets), octets, sizeof(octets), false);
    capgen_end_packet(p);
    if (i > 1000 && i % 700 < 150) {
      capgen_lose(g);
    } else {
      capgen_flush(c, CAPGEN_SERVER);
    }
  }
}

/* Octets that are no packets of the connection, but look as if. */
static void make_noise(capgen *g) {
  capgen_conn *c = conn_of(g, CHACHA, 50000, 8);

  for (unsigned i = 0; i < 1500; i++) {
    if (i % 6 == 5) {
      capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
      uint8_t octets[PIECE] = {0};

      p->damaged = i % 12 == 5;
      p->h.pn += p->damaged ? 0 : UINT64_C(1) << 30;
      p->h.pn_len = 4;
      capgen_stream(p, 4, 0, octets, sizeof(octets), false);
      capgen_end_packet(p);
      capgen_flush(c, CAPGEN_SERVER);
    } else {
      transfer(c, 1, 2, (uint64_t)i * PIECE);
      transfer(c, 2, 3, (uint64_t)i * PIECE);
    }
  }
}

static void make_cut(capgen *g) {
  g->snaplen = 400;
  transfer(conn_of(g, CHACHA, 50000, 8), 200, 5, 0);
}

/* Segments that offload glued together, and coalesced ones of other sizes. */
static void make_glued(capgen *g) {
  capgen_conn *c = conn_of(g, CHACHA, 50000, 8);
  uint64_t at = 0;

  transfer(c, 100, 4, 0);
  for (unsigned i = 0; i < 1200; i++) {
    for (unsigned k = 0; k < 1 + i % 16; k++) {
      capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
      uint8_t octets[PIECE] = {(uint8_t)k};

      capgen_stream(p, 0, at, octets, sizeof(octets), false);
      at += sizeof(octets);
      capgen_pad(p, (size_t)(k + 1) * 700);
      capgen_end_packet(p);
    }
    capgen_flush(c, CAPGEN_SERVER);
  }
}

/* The client moves on, to a place where another connection was, too. */
static void make_moves(capgen *g) {
  capgen_conn *a = conn_of(g, CHACHA, 50000, 8);
  capgen_conn *b = conn_of(g, CHACHA, 50001, 8);

  for (unsigned i = 0; i < 20; i++) {
    transfer(a, 100, 3, i * 100u * PIECE);
    transfer(b, 100, 3, i * 100u * PIECE);
    a->end[CAPGEN_CLIENT].addr.port = (uint16_t)(50000 + i % 3);
  }
}

/* --- decoding ------------------------------------------------------------ */

typedef struct run {
  quic_keylog *keylog;
  quic_link *link;
  qd_decoder *decoder;
  qd_output *flat;
  quic_text text;
  FILE *to;
  char *out;
  size_t len;
  uint64_t frame;
  quic_time now;
  uint64_t packets;
  uint64_t stop; /* after so many packets; 0 = never */
  char buffer[4096];
} run;

static void run_flush(void *user, const char *data, size_t len) {
  run *r = user;

  fwrite(data, 1, len, r->to);
}

static void run_packet(void *user, const qd_packet *p) {
  run *r = user;

  r->flat->packet(r->flat, p);
  quic_text_printf(&r->text, "# %d %d %u %x %s\n",
                   p->conn ? (int)p->conn->number : -1, (int)p->state,
                   (unsigned)p->generation, (unsigned)p->notes,
                   qd_reason_name(p->reason));
  if (++r->packets == r->stop) {
    qd_decoder_stop(r->decoder);
  }
}

static void run_datagram(void *user, const quic_datagram *dg) {
  run *r = user;

  qd_decoder_datagram(r->decoder, r->frame, r->now, dg);
}

static void run_records(run *r, const made *m) {
  quic_bytes data = quic_bytes_of(m->capture, m->len);
  quic_capture_reader *cr;
  quic_capture_record rec;
  size_t used, need;

  assert_int_equal(quic_capture_reader_new(&cr, quic_mem_default()), 0);
  while (quic_capture_reader_next(cr, data, true, &used, &need, &rec) == 0 &&
         !(r->stop && r->packets >= r->stop)) {
    if (rec.kind == QUIC_CAPTURE_SECRETS) {
      qd_decoder_flush(r->decoder);
      assert_int_equal(quic_keylog_feed(r->keylog, 1, rec.data), 0);
      qd_decoder_keys_changed(r->decoder);
    } else if (rec.kind == QUIC_CAPTURE_PACKET) {
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

/* run_whole decodes |m| as |threads| tell, -1 for in turn, and counts in
   |*ahead| what was opened ahead for use.  The decoder gets its memory from
   |mem|. */
static int run_whole(run *r, const made *m, const quic_mem *mem, int threads,
                     bool eager, uint64_t *ahead) {
  qd_output_settings out = {.mem = quic_mem_default(), .text = &r->text};
  qd_decoder_settings set = {.mem = mem,
                             .crypto = quic_crypto_gnutls(),
                             .patience = QUIC_TIME_NEVER,
                             .late_keys = true,
                             .fn = run_packet,
                             .user = r};
  int rv;

  r->to = open_memstream(&r->out, &r->len);
  quic_text_init(&r->text, r->buffer, sizeof(r->buffer));
  r->text.flush = run_flush;
  r->text.user = r;
  assert_int_equal(quic_keylog_new(&r->keylog, quic_mem_default()), 0);
  assert_int_equal(quic_link_new(&r->link, quic_mem_default()), 0);
  assert_int_equal(qd_output_flat_new(&r->flat, &out), 0);
  set.keylog = r->keylog;
  rv = qd_decoder_new(&r->decoder, &set);
  if (rv == 0) {
    if (threads >= 0) {
      qd_decoder_ahead(r->decoder, (unsigned)threads, eager);
    }
    run_records(r, m);
    qd_decoder_finish(r->decoder);
    quic_text_flush(&r->text);
    *ahead = qd_decoder_opened_ahead(r->decoder);
    qd_decoder_del(r->decoder);
  }
  r->flat->del(r->flat);
  quic_link_del(r->link);
  quic_keylog_del(r->keylog);
  fclose(r->to);
  return rv;
}

/* --- tests --------------------------------------------------------------- */

static const struct {
  const char *name;
  make_fn *make;
  unsigned ahead; /* packets of a hundred that are opened ahead, at least */
} captures[] = {
    {"plain", make_plain, 90},     {"connections", make_connections, 55},
    {"updates", make_updates, 10}, {"disorder", make_disorder, 80},
    {"losses", make_losses, 70},   {"short numbers", make_short_numbers, 70},
    {"noise", make_noise, 50},     {"cut", make_cut, 0},
    {"glued", make_glued, 60},     {"moves", make_moves, 15},
};

#define CAPTURES (sizeof(captures) / sizeof(captures[0]))

static void compare(const made *m, const char *name, const run *want,
                    int threads, bool eager, uint64_t stop, unsigned least) {
  run r = {.stop = stop};
  uint64_t ahead = 0;

  assert_int_equal(run_whole(&r, m, quic_mem_default(), threads, eager, &ahead),
                   0);
  if (r.len != want->len || memcmp(r.out, want->out, r.len) != 0) {
    fail_msg("%s: %d threads give something else", name, threads);
  }
  if (ahead * 100 < (uint64_t)least * r.packets) {
    fail_msg("%s: %llu of %llu packets were opened ahead", name,
             (unsigned long long)ahead, (unsigned long long)r.packets);
  }
  free(r.out);
}

static void test_same(void **state) {
  static const int threads[] = {0, 1, 3};

  (void)state;
  for (size_t i = 0; i < CAPTURES; i++) {
    run want = {.stop = 0};
    uint64_t ahead;
    made m;

    made_init(&m, captures[i].make);
    assert_int_equal(
        run_whole(&want, &m, quic_mem_default(), -1, false, &ahead), 0);
    assert_true(want.packets > 100);
    for (size_t t = 0; t < 3; t++) {
      compare(&m, captures[i].name, &want, threads[t], false, 0,
              captures[i].ahead);
      compare(&m, captures[i].name, &want, threads[t], true, 0, 0);
    }
    free(want.out);
    free(m.capture);
  }
}

/* Which packets are opened ahead does not depend on who is faster. */
static void test_deterministic(void **state) {
  uint64_t alone = 0, helped = 0;
  made m;

  (void)state;
  made_init(&m, make_connections);
  for (int i = 0; i < 4; i++) {
    run r = {.stop = 0};

    assert_int_equal(
        run_whole(&r, &m, quic_mem_default(), i, false, i ? &helped : &alone),
        0);
    assert_true(i == 0 || helped == alone);
    free(r.out);
  }
  free(m.capture);
}

/* Captures under other suites start nothing. */
static void make_cheap(capgen *g) {
  transfer(conn_of(g, AES, 50000, 8), 300, 5, 0);
}

static void test_cheap(void **state) {
  run r = {.stop = 0};
  uint64_t ahead = 1;
  made m;

  (void)state;
  made_init(&m, make_cheap);
  assert_int_equal(run_whole(&r, &m, quic_mem_default(), 1, false, &ahead), 0);
  assert_int_equal(ahead, 0);
  free(r.out);
  free(m.capture);
}

/* What is behind the record where one stops is not decoded, though it was
   read. */
static void test_stop(void **state) {
  made m;

  (void)state;
  made_init(&m, make_glued);
  for (uint64_t stop = 1; stop < 4000; stop += 1 + stop / 3) {
    run want = {.stop = stop};
    uint64_t ahead;

    assert_int_equal(
        run_whole(&want, &m, quic_mem_default(), -1, false, &ahead), 0);
    compare(&m, "stop", &want, 0, false, stop, 0);
    compare(&m, "stop", &want, 2, true, stop, 0);
    free(want.out);
  }
  free(m.capture);
}

static void make_few(capgen *g) {
  transfer(conn_of(g, CHACHA, 50000, 8), 60, 3, 0);
}

static int sweep_run(const quic_mem *mem, void *user) {
  run r = {.stop = 0};
  uint64_t ahead;
  int rv = run_whole(&r, user, mem, 0, true, &ahead);

  free(r.out);
  return rv;
}

/* Without memory a packet is opened in turn, or its connection is lost. */
static void test_nomem(void **state) {
  failmem fm;
  size_t calls;
  made m;

  (void)state;
  made_init(&m, make_few);
  failmem_init(&fm);
  assert_int_equal(sweep_run(&fm.mem, &m), 0);
  calls = fm.calls;
  assert_true(failmem_balanced(&fm));
  for (size_t n = 1; n <= calls; n++) {
    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    (void)sweep_run(&fm.mem, &m);
    assert_true(failmem_balanced(&fm));
    failmem_init(&fm);
    failmem_fail_from(&fm, n);
    (void)sweep_run(&fm.mem, &m);
    assert_true(failmem_balanced(&fm));
  }
  free(m.capture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same),  cmocka_unit_test(test_deterministic),
      cmocka_unit_test(test_cheap), cmocka_unit_test(test_stop),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
