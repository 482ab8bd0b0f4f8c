/* Who shares the connection with whom. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/failmem.h"
#include "tests/support/viewed.h"

/* stream tells of one STREAM frame at |time|, straight to |l|. */
static void stream(qv_lanes *l, quic_time time, uint64_t id, bool sent,
                   size_t len) {
  quic_frame f[2] = {events_frame(QUIC_FRAME_PING),
                     events_stream(id, 0, len, false)};
  quic_header header = {.type = QUIC_PACKET_1RTT};
  qlog_event e;

  qlog_event_init(&e, sent ? QLOG_PACKET_SENT : QLOG_PACKET_RECEIVED, time);
  e.u.packet.header = &header;
  e.u.packet.frames = f;
  e.u.packet.nframes = 2;
  e.u.packet.has_frames = true;
  qv_lanes_event(l, &e);
}

static void test_lanes(void **state) {
  uint64_t streams;
  qv_lanes *l;
  qv_lane lane;

  (void)state;
  assert_int_equal(qv_lanes_new(&l, quic_mem_default()), 0);
  assert_int_equal(qv_lanes_count(l, &streams), 0);
  assert_false(qv_lanes_at(l, 0, &lane));
  stream(l, 10, 4, true, 100);
  stream(l, 20, UINT64_MAX - 1, false, 7);
  stream(l, 30, 4, false, 50);
  assert_int_equal(qv_lanes_count(l, &streams), 2);
  assert_int_equal(streams, 2);
  assert_true(qv_lanes_at(l, 0, &lane));
  assert_string_equal(lane.name, "4");
  assert_int_equal(lane.octets[0], 100);
  assert_int_equal(lane.octets[1], 50);
  assert_int_equal(lane.frames[1], 1);
  assert_true(qv_lanes_at(l, 1, &lane));
  assert_string_equal(lane.name, "18446744073709551614");
  assert_false(qv_lanes_at(l, 2, &lane));
  qv_lanes_del(l);
}

/* Streams that come when all lanes are taken share one. */
static void test_others(void **state) {
  uint64_t streams;
  qv_lanes *l;
  qv_lane lane;

  (void)state;
  assert_int_equal(qv_lanes_new(&l, quic_mem_default()), 0);
  for (uint64_t i = 0; i < 1000; i++) {
    stream(l, i, 4 * i, true, 10);
    stream(l, i, 4 * (i / 2), true, 10);
  }
  assert_int_equal(qv_lanes_count(l, &streams), QV_LANES_MAX + 1);
  assert_int_equal(streams, 1000);
  assert_true(qv_lanes_at(l, QV_LANES_MAX, &lane));
  assert_string_equal(lane.name, "others");
  assert_true(lane.stream_id == QLOG_NONE);
  assert_int_equal(lane.frames[0], 1000 - 64 + 1000 - 128);
  qv_lanes_del(l);
}

/* Against a list of all frames, on stretches that begin and end on slots. */
static void test_slots(void **state) {
  static quic_time times[3000];
  static uint64_t ids[3000];
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int round = 0; round < 12; round++) {
    quic_time now = round % 3 ? quic_rng_u64(&rng) >> 20 : 0;
    uint64_t gap = UINT64_C(1) << (4 * (round % 8));
    qv_column col[64];
    qv_chart c = {.title = "", .ncolumns = 64};
    qv_lanes *l;

    assert_int_equal(qv_lanes_new(&l, quic_mem_default()), 0);
    for (int i = 0; i < 3000; i++) {
      now += quic_rng_below(&rng, gap);
      times[i] = now;
      ids[i] = i < 3 ? (uint64_t)i : quic_rng_below(&rng, 3);
      stream(l, now, ids[i], i % 2, 1);
    }
    c.leaf = qv_lanes_slot(l);
    c.from = times[round * 10] & ~(c.leaf - 1);
    c.to = (now + c.leaf) & ~(c.leaf - 1);
    for (uint64_t id = 0; id < 3; id++) {
      qv_lanes_columns(l, id, &c, col);
      for (size_t k = 0; k < 64; k++) {
        quic_time from, to;
        bool any = false;

        qv_chart_column_of(&c, 64, k, &from, &to);
        for (int i = 0; i < 3000; i++) {
          any = any || (ids[i] == id && times[i] >= from && times[i] < to);
        }
        assert_int_equal(col[k].any, any);
        assert_int_equal(col[k].sampled, any);
      }
    }
    qv_lanes_del(l);
  }
}

static void test_extremes(void **state) {
  qv_column col[2];
  qv_chart c = {.title = "", .from = 0, .to = UINT64_MAX, .ncolumns = 2};
  qv_lanes *l;

  (void)state;
  assert_int_equal(qv_lanes_new(&l, quic_mem_default()), 0);
  stream(l, 5, 0, true, 1);
  stream(l, UINT64_MAX, 0, true, 1);
  stream(l, 3, 0, true, 1); /* a clock that went back */
  assert_int_equal(qv_lanes_slot(l), UINT64_C(1) << 52);
  qv_lanes_columns(l, 0, &c, col);
  assert_true(col[0].any && col[1].any);
  qv_lanes_columns(l, 7, &c, col);
  assert_false(col[0].any || col[1].any);
  qv_lanes_del(l);
  qv_lanes_del(NULL);
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  for (size_t n = 0; n < 80; n++) {
    qv_lanes *l;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    if (qv_lanes_new(&l, &fm.mem) == 0) {
      for (uint64_t i = 0; i < 200; i++) {
        stream(l, i * QUIC_SECOND, i % 70, true, 1);
      }
      qv_lanes_del(l);
    }
    assert_int_equal(fm.refused, n > 0 && n <= QV_LANES_MAX + 2);
    assert_true(failmem_balanced(&fm));
    assert_in_range(fm.peak, 0, 100000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lanes),  cmocka_unit_test(test_others),
      cmocka_unit_test(test_slots),  cmocka_unit_test(test_extremes),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
