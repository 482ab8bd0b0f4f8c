/* Sizes that do not get through, ECN, migration. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/found.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

static void established(found *fd) {
  found_begin(fd, QUIC_VANTAGE_SERVER);
  events_handshake(&fd->ev);
  for (uint64_t i = 1; i < 10; i++) {
    found_app(fd, S, i, events_frame(QUIC_FRAME_PING));
    events_after(&fd->ev, 20 * MS);
    found_app(fd, C, i, events_acks(0, i));
  }
}

/* Every second packet is of |large| octets; acknowledged are all of them or
   only the small ones. */
static void talk(found *fd, uint64_t large, bool all) {
  uint64_t ranges[30][2];
  size_t n = 0;

  for (uint64_t i = 0; i < 24; i++) {
    quic_frame f[1];
    events_ranges store;

    fd->ev.length = i & 1 ? 100 : large;
    found_app(fd, S, 20 + i, events_stream(0, i * 50, 50, false));
    events_after(&fd->ev, 20 * MS);
    if (!(i & 1)) {
      continue;
    }
    memmove(&ranges[1], &ranges[0], n * sizeof(ranges[0]));
    n++;
    ranges[0][0] = ranges[0][1] = 20 + i;
    f[0] = all ? events_acks(20, 20 + i)
               : events_ack(&store, (const uint64_t(*)[2])ranges, n);
    fd->ev.length = 50;
    events_packet(&fd->ev, C, QUIC_PACKET_1RTT, 20 + i, f, 1);
  }
}

static void test_mtu(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  talk(&fd, 1400, false);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_MTU);
  assert_non_null(f);
  assert_int_equal(found_count(&fd, QUIC_FOUND_MTU), 1);
  assert_int_equal(found_fact(f, "size"), 1400);
  assert_int_equal(f->side, S);
  found_free(&fd);

  established(&fd);
  talk(&fd, 1400, true);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_MTU));
  found_free(&fd);

  established(&fd);
  talk(&fd, 1200, false);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_MTU));
  found_free(&fd);
}

/* The path shrinks: all of a window is lost, and probes of a smaller size are
   the first to arrive.  After an outage larger ones would, too. */
static void shrink(found *fd, uint64_t after) {
  events_ranges store;
  quic_frame f;

  established(fd);
  fd->ev.length = 1400;
  for (uint64_t i = 0; i < 20; i++) {
    found_app(fd, S, 20 + i, events_stream(0, i * 1300, 1300, false));
  }
  for (uint64_t i = 0; i < 3; i++) {
    events_after(&fd->ev, (60 * MS) << i);
    fd->ev.length = i == 2 ? 1200 : 1400;
    found_app(fd, S, 40 + i, events_stream(0, 0, 1100, false));
  }
  for (uint64_t i = 0; i < 20; i++) {
    const uint64_t all[][2] = {{42, 42 + i}, {0, 9}};

    events_after(&fd->ev, 10 * MS);
    f = events_ack(&store, all, 2);
    fd->ev.length = 50;
    events_packet(&fd->ev, C, QUIC_PACKET_1RTT, 20 + i, &f, 1);
    fd->ev.length = after;
    found_app(fd, S, 43 + i, events_stream(0, i * 1100, 1100, false));
  }
  found_end(fd);
}

static void test_mtu_shrinks(void **state) {
  found fd;

  (void)state;
  shrink(&fd, 1200);
  assert_non_null(found_first(&fd, QUIC_FOUND_MTU));
  found_free(&fd);
  shrink(&fd, 1400);
  assert_null(found_first(&fd, QUIC_FOUND_MTU));
  found_free(&fd);
}

static void test_mtu_told(void **state) {
  qlog_event e;
  found fd;

  (void)state;
  established(&fd);
  e = found_event(&fd, QLOG_MTU_UPDATED);
  e.u.mtu.new_mtu = 1452;
  found_tell(&fd, &e);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_MTU));
  found_free(&fd);

  established(&fd);
  found_tell(&fd, &e);
  e.u.mtu.new_mtu = 1200;
  found_tell(&fd, &e);
  found_end(&fd);
  assert_int_equal(found_fact(found_first(&fd, QUIC_FOUND_MTU), "old_mtu"),
                   1452);
  found_free(&fd);
}

static void marked(found *fd, bool counts) {
  established(fd);
  fd->ev.ecn = 2;
  for (uint64_t i = 0; i < 30; i++) {
    quic_frame f = events_acks(20, 20 + i);

    found_app(fd, S, 20 + i, events_frame(QUIC_FRAME_PING));
    events_after(&fd->ev, 20 * MS);
    if (counts) {
      f.type = QUIC_FRAME_ACK_ECN;
      f.u.ack.ect0 = i;
    }
    found_app(fd, C, 20 + i, f);
  }
  found_end(fd);
}

static void test_ecn(void **state) {
  qlog_event e;
  found fd;

  (void)state;
  marked(&fd, true);
  assert_null(found_first(&fd, QUIC_FOUND_ECN));
  found_free(&fd);
  marked(&fd, false);
  assert_int_equal(found_fact(found_first(&fd, QUIC_FOUND_ECN), "marked"), 30);
  found_free(&fd);

  established(&fd);
  e = found_event(&fd, QLOG_ECN_STATE_UPDATED);
  e.u.state.new_state = "capable";
  found_tell(&fd, &e);
  assert_null(found_first(&fd, QUIC_FOUND_ECN));
  e.u.state.new_state = "failed";
  found_tell(&fd, &e);
  found_tell(&fd, &e);
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_ECN), 1);
  found_free(&fd);
}

/* The challenge is answered after |answer| ms, and packets come all the time.
 */
static void challenge(found *fd, uint64_t answer) {
  established(fd);
  found_app(fd, S, 20, events_frame(QUIC_FRAME_PATH_CHALLENGE));
  for (uint64_t i = 0; i < 100; i++) {
    events_after(&fd->ev, 10 * MS);
    found_app(fd, C, 20 + i,
              events_frame(10 * i == answer ? QUIC_FRAME_PATH_RESPONSE
                                            : QUIC_FRAME_PING));
  }
  found_end(fd);
}

static void test_migration(void **state) {
  const quic_finding *f;
  qlog_event e;
  found fd;

  (void)state;
  challenge(&fd, 30);
  assert_null(found_first(&fd, QUIC_FOUND_MIGRATION));
  found_free(&fd);
  challenge(&fd, 100000);
  f = found_first(&fd, QUIC_FOUND_MIGRATION);
  assert_int_equal(found_count(&fd, QUIC_FOUND_MIGRATION), 1);
  assert_int_equal(f->side, S);
  found_free(&fd);

  established(&fd);
  e = found_event(&fd, QLOG_MIGRATION_STATE_UPDATED);
  e.u.migration.new_state = "probing_successful";
  found_tell(&fd, &e);
  assert_null(found_first(&fd, QUIC_FOUND_MIGRATION));
  e.u.migration.new_state = "migration_abandoned";
  found_tell(&fd, &e);
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_MIGRATION), 1);
  found_free(&fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mtu),         cmocka_unit_test(test_mtu_told),
      cmocka_unit_test(test_mtu_shrinks), cmocka_unit_test(test_ecn),
      cmocka_unit_test(test_migration),
  };

  return cmocka_run_group_tests_name("detect_path", tests, NULL, NULL);
}
