#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "pcap/out_diff.h"
#include "tests/support/failmem.h"
#include "tests/support/packets.h"

static const uint64_t seed[2] = {3, 4};

typedef struct fixture {
  qd_diff *d;
  packets pk[QD_DIFF_BOTH];
  quic_time start;
} fixture;

static int setup(void **state) {
  static fixture f;

  memset(&f, 0, sizeof(f));
  *state = &f;
  assert_int_equal(qd_diff_new(&f.d, quic_mem_default(), seed), 0);
  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    packets_init(&f.pk[i], QUIC_PACKET_1RTT);
    packets_hex(&f.pk[i], "01");
    f.pk[i].p.payload = quic_bytes_of(f.pk[i].payload, 1);
    f.pk[i].p.raw = (quic_bytes){0};
    f.pk[i].p.frame = 0;
  }
  f.start = f.pk[0].p.time;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;

  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    packets_free(&f->pk[i]);
  }
  qd_diff_del(f->d);
  return 0;
}

/* see lets record |which| have packet |pn| of |side| at |us| behind the start.
 */
static void see(fixture *f, qd_diff_which which, qd_side side, uint64_t pn,
                uint64_t us) {
  qd_packet *p = &f->pk[which].p;

  p->frame++;
  p->time = f->start + us * QUIC_MICROSECOND;
  p->sender = side;
  p->header.pn = pn;
  qd_diff_packet_add(f->d, which, p);
}

static void same_random(fixture *f) {
  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    f->pk[i].conn->facts.has_random = true;
    memset(f->pk[i].conn->facts.random, 7, 32);
  }
}

static qd_diff_pair pair(fixture *f) {
  qd_diff_pair pr;

  assert_int_equal(qd_diff_match(f->d), 0);
  assert_int_not_equal(qd_diff_record_of(f->d, QD_DIFF_A)->conns[0].match,
                       QD_DIFF_NONE);
  assert_int_equal(qd_diff_pair_of(f->d, 0, &pr), 0);
  return pr;
}

/* A is at the client; 10 ms to the server, 10 ms back; B's clock is 500 ms
   ahead. */
static void test_clocks(void **state) {
  fixture *f = *state;
  qd_diff_pair pr;

  same_random(f);
  for (uint64_t i = 0; i < 10; i++) {
    see(f, QD_DIFF_A, QD_CLIENT, i, i * 1000);
    see(f, QD_DIFF_B, QD_CLIENT, i, i * 1000 + 510000 + i * 100);
    see(f, QD_DIFF_A, QD_SERVER, i, i * 1000 + 500);
    see(f, QD_DIFF_B, QD_SERVER, i, i * 1000 + 490500);
  }
  pr = pair(f);
  assert_int_equal(pr.by, QD_DIFF_BY_RANDOM);
  assert_true(pr.timed);
  assert_int_equal(pr.near, QD_DIFF_A);
  assert_int_equal(pr.offset, 500 * QUIC_MILLISECOND);
  assert_int_equal(pr.round_trip, 20 * QUIC_MILLISECOND);
  assert_int_equal(pr.way[QD_CLIENT].both, 10);
  assert_int_equal(pr.way[QD_CLIENT].max, 900 * QUIC_MICROSECOND);
  assert_int_equal(pr.way[QD_CLIENT].median, 400 * QUIC_MICROSECOND);
  assert_int_equal(pr.way[QD_SERVER].max, 0);
  assert_false(pr.drifts);
  assert_int_equal(pr.differ, 0);
}

/* One way only: nothing is said of clocks. */
static void test_one_way(void **state) {
  fixture *f = *state;
  qd_diff_pair pr;

  same_random(f);
  see(f, QD_DIFF_A, QD_CLIENT, 1, 0);
  see(f, QD_DIFF_B, QD_CLIENT, 1, 10);
  pr = pair(f);
  assert_false(pr.timed);
  assert_int_equal(pr.way[QD_CLIENT].both, 1);
}

static void test_ranges(void **state) {
  fixture *f = *state;
  const qd_diff_only *o;
  qd_diff_pair pr;

  same_random(f);
  for (uint64_t i = 0; i < 60; i++) {
    see(f, QD_DIFF_A, QD_CLIENT, i, i * 1000);
    see(f, QD_DIFF_A, QD_SERVER, i, i * 1000);
    see(f, QD_DIFF_B, QD_SERVER, i, i * 1000);
    if (i % 5 != 3 && i % 20 != 4) {
      see(f, QD_DIFF_B, QD_CLIENT, i, i * 1000);
    }
  }
  pr = pair(f);
  o = &pr.way[QD_CLIENT].only[QD_DIFF_A];
  assert_int_equal(o->packets, 15);
  assert_int_equal(o->nranges, QD_DIFF_RANGES_MAX);
  assert_int_equal(o->more, 12 - QD_DIFF_RANGES_MAX);
  assert_int_equal(o->ranges[0].from, 3);
  assert_int_equal(o->ranges[0].to, 4);
  assert_int_equal(o->ranges[1].from, 8);
  assert_int_equal(o->ranges[1].to, 8);
  assert_int_equal(o->run_max, 2);
  assert_int_equal(pr.way[QD_CLIENT].only[QD_DIFF_B].packets, 0);
}

/* Without keys the octets tell, also which connections are the same. */
static void test_octets(void **state) {
  static const uint8_t raw[3][20] = {
      "the first one ......", "another ..........", "only in A ........."};
  fixture *f = *state;
  qd_diff_pair pr;

  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    f->pk[i].p.state = QD_STATE_CLOSED;
  }
  for (int i = 0; i < 3; i++) {
    f->pk[QD_DIFF_A].p.raw = quic_bytes_of(raw[i], sizeof(raw[i]));
    see(f, QD_DIFF_A, QD_CLIENT, 0, 100);
  }
  for (int i = 1; i >= 0; i--) {
    f->pk[QD_DIFF_B].p.raw = quic_bytes_of(raw[i], sizeof(raw[i]));
    see(f, QD_DIFF_B, QD_CLIENT, 0, 200);
  }
  pr = pair(f);
  assert_int_equal(pr.by, QD_DIFF_BY_OCTETS);
  assert_int_equal(pr.way[QD_CLIENT].both, 2);
  assert_int_equal(pr.way[QD_CLIENT].only[QD_DIFF_A].numberless, 1);
  /* the second one overtook the first */
  assert_int_equal(pr.way[QD_CLIENT].reordered, 1);
  assert_int_equal(pr.way[QD_CLIENT].reorder_max, 1);
}

/* What one record could open and the other could not is found all the same. */
static void test_half_opened(void **state) {
  static const uint8_t raw[20] = "protected octets ..";
  fixture *f = *state;
  qd_diff_pair pr;

  same_random(f);
  f->pk[QD_DIFF_A].p.raw = f->pk[QD_DIFF_B].p.raw =
      quic_bytes_of(raw, sizeof(raw));
  f->pk[QD_DIFF_B].p.state = QD_STATE_CLOSED;
  see(f, QD_DIFF_A, QD_SERVER, 12, 0);
  see(f, QD_DIFF_B, QD_SERVER, 0, 5);
  pr = pair(f);
  assert_int_equal(pr.way[QD_SERVER].both, 1);
  assert_int_equal(pr.differ, 0);
}

static void test_difference(void **state) {
  fixture *f = *state;
  qd_diff_pair pr;

  same_random(f);
  for (uint64_t i = 0; i < 6; i++) {
    see(f, QD_DIFF_A, QD_CLIENT, i, i);
    f->pk[QD_DIFF_B].p.header.packet_len = i == 4 || i == 2 ? 1100 : 1200;
    see(f, QD_DIFF_B, QD_CLIENT, i, i);
  }
  pr = pair(f);
  assert_int_equal(pr.differ, 2);
  assert_int_equal(pr.first[QD_DIFF_A]->number, 2);
  assert_int_equal(pr.first[QD_DIFF_A]->size, 1200);
  assert_int_equal(pr.first[QD_DIFF_B]->size, 1100);
}

/* What passed before the other began to record was not lost. */
static void test_outside(void **state) {
  fixture *f = *state;
  qd_diff_pair pr;

  same_random(f);
  for (uint64_t i = 0; i < 10; i++) {
    see(f, QD_DIFF_A, QD_CLIENT, i, i * 1000);
    see(f, QD_DIFF_A, QD_SERVER, i, i * 1000);
    if (i >= 4 && i != 6) {
      see(f, QD_DIFF_B, QD_CLIENT, i, i * 1000);
      see(f, QD_DIFF_B, QD_SERVER, i, i * 1000);
    }
  }
  pr = pair(f);
  assert_int_equal(pr.way[QD_CLIENT].only[QD_DIFF_A].outside, 4);
  assert_int_equal(pr.way[QD_CLIENT].only[QD_DIFF_A].packets, 1);
}

/* A number that stands twice matches once. */
static void test_repeated(void **state) {
  fixture *f = *state;
  qd_diff_pair pr;

  same_random(f);
  see(f, QD_DIFF_A, QD_CLIENT, 1, 0);
  see(f, QD_DIFF_A, QD_CLIENT, 1, 5);
  see(f, QD_DIFF_B, QD_CLIENT, 1, 10);
  pr = pair(f);
  assert_int_equal(pr.way[QD_CLIENT].both, 1);
  assert_int_equal(pr.way[QD_CLIENT].only[QD_DIFF_A].packets, 1);
}

/* A log is known by the connection ID that the client chose first, or because
   there is but one. */
static void test_log(void **state) {
  fixture *f = *state;
  quic_header h = {.type = QUIC_PACKET_1RTT, .pn = 5, .pn_len = 1};
  qlog_event e;
  qd_diff_pair pr;

  qd_diff_record_of(f->d, QD_DIFF_B)->log = true;
  see(f, QD_DIFF_A, QD_CLIENT, 5, 0);
  qlog_event_init(&e, QLOG_PACKET_RECEIVED, f->start + QUIC_MILLISECOND);
  e.u.packet.header = &h;
  e.u.packet.length = 1200;
  e.record = 77;
  qd_diff_event(f->d, QD_DIFF_B, 0, (quic_bytes){0}, false, &e);
  e.u.packet.header = NULL; /* tells nothing */
  qd_diff_event(f->d, QD_DIFF_B, 0, (quic_bytes){0}, false, &e);
  pr = pair(f);
  assert_int_equal(pr.by, QD_DIFF_BY_SINGLE);
  assert_int_equal(pr.way[QD_CLIENT].both, 1);
  assert_int_equal(pr.way[QD_CLIENT].packets[QD_DIFF_B], 1);
  assert_int_equal(pr.differ, 0);
}

/* Sequences at random: what is counted adds up. */
static void test_sums(void **state) {
  fixture *f = *state;
  quic_rng rng;
  uint64_t seen[2] = {0, 0}, both = 0;
  qd_diff_pair pr;

  quic_rng_init(&rng, 5);
  same_random(f);
  for (uint64_t i = 0; i < 500; i++) {
    unsigned where = i ? (unsigned)quic_rng_below(&rng, 4) : 3;

    if (where & 1) {
      see(f, QD_DIFF_A, QD_SERVER, i, i * 100);
    }
    if (where & 2) {
      see(f, QD_DIFF_B, QD_SERVER, i, i * 100 + quic_rng_below(&rng, 1000));
    }
    seen[0] += where & 1;
    seen[1] += where >> 1;
    both += where == 3;
  }
  pr = pair(f);
  assert_int_equal(pr.way[QD_SERVER].both, both);
  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    assert_int_equal(pr.way[QD_SERVER].packets[i], seen[i]);
    assert_int_equal(pr.way[QD_SERVER].only[i].packets, seen[i] - both);
  }
  assert_true(pr.way[QD_SERVER].reorder_max < both);
}

static int memory_run(const quic_mem *mem, void *user) {
  static char buf[1 << 16];
  fixture *f = user;
  quic_text t;
  size_t pairs = 0;
  int rv;

  quic_text_init(&t, buf, sizeof(buf));
  rv = qd_diff_new(&f->d, mem, seed);
  if (rv != 0) {
    return rv;
  }
  for (uint64_t i = 0; i < 40; i++) {
    see(f, QD_DIFF_A, i & 1 ? QD_CLIENT : QD_SERVER, i, i * 1000);
    see(f, QD_DIFF_B, i & 1 ? QD_CLIENT : QD_SERVER, i + (i == 7), i * 1000);
  }
  rv = qd_diff_match(f->d);
  if (rv == 0) {
    rv = qd_diff_report(f->d, &t, false, false, &pairs);
  }
  qd_diff_del(f->d);
  f->d = NULL;
  return rv;
}

/* What finds no memory is not compared, or the comparison fails. */
static void test_memory(void **state) {
  fixture *f = *state;
  failmem fm;
  size_t calls;

  qd_diff_del(f->d);
  f->d = NULL;
  same_random(f);
  failmem_init(&fm);
  assert_int_equal(memory_run(&fm.mem, f), 0);
  calls = fm.calls;
  for (size_t n = 1; n <= calls; n++) {
    for (int later = 0; later < 2; later++) {
      int rv;

      failmem_init(&fm);
      (later ? failmem_fail_from : failmem_fail_nth)(&fm, n);
      rv = memory_run(&fm.mem, f);
      assert_true(rv == 0 || rv == QUIC_ERR_NOMEM);
      assert_true(fm.refused > 0);
      assert_true(failmem_balanced(&fm));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_clocks, setup, teardown),
      cmocka_unit_test_setup_teardown(test_one_way, setup, teardown),
      cmocka_unit_test_setup_teardown(test_ranges, setup, teardown),
      cmocka_unit_test_setup_teardown(test_octets, setup, teardown),
      cmocka_unit_test_setup_teardown(test_half_opened, setup, teardown),
      cmocka_unit_test_setup_teardown(test_difference, setup, teardown),
      cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
      cmocka_unit_test_setup_teardown(test_repeated, setup, teardown),
      cmocka_unit_test_setup_teardown(test_log, setup, teardown),
      cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
      cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
