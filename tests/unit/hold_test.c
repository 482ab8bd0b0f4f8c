#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/backend.h"
#include "pcap/conntab.h"
#include "pcap/hold.h"
#include "tests/support/failmem.h"

#define SHOWN_MAX 4096

/* What came out, in order. */
typedef struct shown {
  uint64_t frame[SHOWN_MAX];
  qd_reason reason[SHOWN_MAX];
  uint32_t notes[SHOWN_MAX];
  size_t len;
} shown;

typedef struct fixture {
  failmem fm;
  uint64_t crypto_total;
  qd_conn *conn;
  qd_hold hold;
  shown shown;
  uint8_t raw[65536];
} fixture;

static void on_packet(void *user, const qd_packet *p) {
  shown *sh = user;

  assert_true(sh->len < SHOWN_MAX);
  sh->frame[sh->len] = p->frame;
  sh->reason[sh->len] = p->reason;
  sh->notes[sh->len++] = p->notes;
  /* Its octets are all there, and those of its own. */
  if (p->raw.len) {
    assert_int_equal(p->raw.data[0], (uint8_t)p->frame);
    assert_int_equal(p->raw.data[p->raw.len - 1], (uint8_t)p->frame);
  }
  if (p->header.dcid.len) {
    assert_ptr_equal(p->header.dcid.data, p->raw.data + 1);
  }
}

static fixture fx;

static int set_up(void **state) {
  memset(&fx, 0, sizeof(fx));
  failmem_init(&fx.fm);
  fx.conn = qd_conn_new(&fx.fm.mem, quic_crypto_null(), &fx.crypto_total);
  fx.conn->refs = 1;
  qd_hold_init(&fx.hold, &fx.fm.mem, QUIC_TIME_NEVER, on_packet, &fx.shown);
  *state = &fx;
  return fx.conn ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  qd_hold_free(&fx.hold);
  assert_int_equal(fx.hold.bytes, 0);
  assert_int_equal(fx.conn->pending_bytes, 0);
  assert_true(quic_list_empty(&fx.conn->pending));
  assert_int_equal(fx.conn->refs, 1);
  qd_conn_unref(fx.conn);
  assert_true(failmem_balanced(&fx.fm));
  return 0;
}

static qd_packet packet(uint64_t frame, size_t len) {
  qd_packet p = {.frame = frame, .conn = fx.conn};

  memset(fx.raw, (int)(uint8_t)frame, len);
  p.raw = quic_bytes_of(fx.raw, len);
  p.header.dcid = quic_bytes_of(fx.raw + 1, 4);
  p.state = QD_STATE_CLOSED;
  p.reason = QD_REASON_NO_SECRET;
  return p;
}

static void wait_for_key(uint64_t frame, size_t len) {
  qd_packet p = packet(frame, len);

  qd_hold_packet(&fx.hold, &p);
}

static void show(uint64_t frame) {
  qd_packet p = packet(frame, 40);

  p.state = QD_STATE_OPEN;
  p.reason = QD_REASON_NONE;
  p.payload = quic_bytes_of(fx.raw + 10, 20);
  qd_hold_show(&fx.hold, &p);
}

/* settle makes the packet that waits longest an opened one. */
static void settle_first(void) {
  qd_held *held = QUIC_LIST_ITEM(fx.conn->pending.next, qd_held, pending);

  held->p.state = QD_STATE_OPEN;
  held->p.reason = QD_REASON_NONE;
  qd_hold_settle(&fx.hold, held);
  qd_hold_release(&fx.hold);
}

static void check_order(const uint64_t *frames, size_t n) {
  assert_int_equal(fx.shown.len, n);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(fx.shown.frame[i], frames[i]);
  }
}

#define CHECK_ORDER(...)                                                       \
  do {                                                                         \
    const uint64_t order_[] = {__VA_ARGS__};                                   \
    check_order(order_, sizeof(order_) / sizeof(order_[0]));                   \
  } while (0)

static qd_held *first_held(void) {
  return QUIC_LIST_ITEM(fx.hold.order.next, qd_held, order);
}

static void nothing_waits(void **state) {
  (void)state;
  show(1);
  show(2);
  CHECK_ORDER(1, 2);
  assert_int_equal(fx.hold.bytes, 0);
}

static void order_is_kept(void **state) {
  (void)state;
  show(1);
  wait_for_key(2, 60);
  show(3);
  wait_for_key(4, 60);
  show(5);
  CHECK_ORDER(1);
  settle_first();
  CHECK_ORDER(1, 2, 3);
  settle_first();
  CHECK_ORDER(1, 2, 3, 4, 5);
  assert_int_equal(fx.hold.bytes, 0);
}

/* The second packet's key comes first. */
static void later_key_first(void **state) {
  qd_held *second;

  (void)state;
  wait_for_key(1, 60);
  wait_for_key(2, 60);
  second = QUIC_LIST_ITEM(fx.conn->pending.prev, qd_held, pending);
  second->p.state = QD_STATE_OPEN;
  qd_hold_settle(&fx.hold, second);
  qd_hold_release(&fx.hold);
  assert_int_equal(fx.shown.len, 0);
  settle_first();
  CHECK_ORDER(1, 2);
}

static void patience_ends(void **state) {
  (void)state;
  fx.hold.patience = QUIC_SECOND;
  qd_hold_tick(&fx.hold, 5 * QUIC_SECOND);
  wait_for_key(1, 60);
  show(2);
  qd_hold_tick(&fx.hold, 6 * QUIC_SECOND - 1);
  assert_int_equal(fx.shown.len, 0);
  qd_hold_tick(&fx.hold, 6 * QUIC_SECOND);
  CHECK_ORDER(1, 2);
  assert_int_equal(fx.shown.reason[0], QD_REASON_NO_SECRET);
  assert_int_equal(fx.shown.notes[0], 0);
  /* It goes on waiting, without holding others back. */
  show(3);
  CHECK_ORDER(1, 2, 3);
  settle_first();
  CHECK_ORDER(1, 2, 3, 1);
  assert_int_equal(fx.shown.reason[3], QD_REASON_NONE);
  assert_int_equal(fx.shown.notes[3], QD_NOTE_LATE);
  assert_int_equal(fx.hold.bytes, 0);
}

/* What waits for a hello lets others pass after ten seconds of the capture; a
   secret is waited for. */
static void handshake_is_over(void **state) {
  quic_time then;

  (void)state;
  wait_for_key(1, 60);
  show(2);
  then = first_held()->p.time;
  qd_hold_expire(&fx.hold, then + QD_HOLD_HANDSHAKE + 1);
  assert_int_equal(fx.shown.len, 0); /* its reason is no_secret */
  first_held()->p.reason = QD_REASON_NO_HELLO;
  qd_hold_expire(&fx.hold, then + QD_HOLD_HANDSHAKE);
  assert_int_equal(fx.shown.len, 0);
  qd_hold_expire(&fx.hold, then + QD_HOLD_HANDSHAKE + 1);
  CHECK_ORDER(1, 2);
  settle_first();
  CHECK_ORDER(1, 2, 1);
  assert_int_equal(fx.shown.notes[2], QD_NOTE_LATE);
}

/* A parked datagram opens in pieces: the first was shown as closed, the others
   come for the first time. */
static void parked_in_pieces(void **state) {
  qd_held *held;

  (void)state;
  fx.hold.patience = 0;
  wait_for_key(1, 60);
  show(2);
  held = QUIC_LIST_ITEM(fx.conn->pending.next, qd_held, pending);
  for (uint32_t i = 0; i < 3; i++) {
    qd_packet p = packet(1, 20);

    p.index = i;
    p.state = QD_STATE_OPEN;
    p.reason = QD_REASON_NONE;
    qd_hold_replace(&fx.hold, held, &p);
  }
  qd_hold_discard(&fx.hold, held);
  CHECK_ORDER(1, 2, 1, 1, 1);
  assert_int_equal(fx.shown.notes[2], QD_NOTE_LATE);
  assert_int_equal(fx.shown.notes[3], 0);
  assert_int_equal(fx.shown.notes[4], 0);
}

/* What stays closed after it was shown is not shown again. */
static void parked_and_given_up(void **state) {
  qd_held *held;

  (void)state;
  fx.hold.patience = 0;
  wait_for_key(1, 60);
  CHECK_ORDER(1);
  held = QUIC_LIST_ITEM(fx.conn->pending.next, qd_held, pending);
  qd_hold_settle(&fx.hold, held);
  CHECK_ORDER(1);
  assert_int_equal(fx.hold.bytes, 0);
}

/* A clock that starts late or stands still shows nothing early. */
static void clock_goes_back(void **state) {
  (void)state;
  fx.hold.patience = QUIC_SECOND;
  qd_hold_tick(&fx.hold, 5 * QUIC_SECOND);
  wait_for_key(1, 60);
  qd_hold_tick(&fx.hold, 2 * QUIC_SECOND);
  assert_int_equal(fx.shown.len, 0);
}

static void connection_bound(void **state) {
  size_t n = QD_HOLD_CONN_BYTES / (2 * 60000) + 2;

  (void)state;
  for (size_t i = 1; i <= n; i++) {
    wait_for_key(i, 60000);
    assert_true(fx.conn->pending_bytes <= QD_HOLD_CONN_BYTES);
  }
  assert_true(fx.hold.given_up > 0 && fx.hold.given_up < n / 2);
  assert_int_equal(fx.shown.len, fx.hold.given_up);
  for (size_t i = 0; i < fx.shown.len; i++) {
    /* The oldest go, with their own reason. */
    assert_int_equal(fx.shown.frame[i], i + 1);
    assert_int_equal(fx.shown.reason[i], QD_REASON_BEFORE_KEY);
  }
}

/* Packets that wait for nothing fill the room behind one that does. */
static void total_bound(void **state) {
  size_t n = 0;

  (void)state;
  wait_for_key(1, 60000);
  show(2);
  wait_for_key(3, 60);
  while (fx.hold.given_up == 0) {
    qd_packet p = packet(4 + n++, 60000);

    p.reason = QD_REASON_AEAD_FAIL;
    qd_hold_show(&fx.hold, &p);
    assert_true(fx.hold.bytes <= QD_HOLD_BYTES);
  }
  /* 1 gives way, and 2 follows; 3 still holds the rest back. */
  assert_true(n * 60000 <= QD_HOLD_BYTES);
  CHECK_ORDER(1, 2);
  assert_int_equal(fx.shown.reason[0], QD_REASON_BEFORE_KEY);
  qd_hold_finish(&fx.hold);
  assert_int_equal(fx.shown.len, n + 3);
  for (size_t i = 0; i < fx.shown.len; i++) {
    assert_int_equal(fx.shown.frame[i], i + 1);
  }
  assert_int_equal(fx.shown.reason[2], QD_REASON_NO_SECRET);
}

/* Parked packets go first. */
static void parked_go_first(void **state) {
  (void)state;
  fx.hold.patience = QUIC_SECOND;
  qd_hold_tick(&fx.hold, QUIC_SECOND);
  wait_for_key(1, 60000);
  qd_hold_tick(&fx.hold, 3 * QUIC_SECOND);
  wait_for_key(2, 60);
  CHECK_ORDER(1);
  for (uint64_t i = 3; fx.hold.given_up == 0; i++) {
    qd_packet p = packet(i, 60000);

    qd_hold_show(&fx.hold, &p);
  }
  assert_int_equal(fx.hold.given_up, 1);
  CHECK_ORDER(1);
  assert_int_equal(
      QUIC_LIST_ITEM(fx.conn->pending.next, qd_held, pending)->p.frame, 2);
  assert_true(quic_list_empty(&fx.hold.parked));
}

static void finish_shows_all(void **state) {
  (void)state;
  wait_for_key(1, 60);
  show(2);
  wait_for_key(3, 60);
  qd_hold_finish(&fx.hold);
  CHECK_ORDER(1, 2, 3);
  assert_int_equal(fx.shown.reason[0], QD_REASON_NO_SECRET);
  assert_int_equal(fx.shown.reason[1], QD_REASON_NONE);
  assert_int_equal(fx.hold.given_up, 0);
}

/* Without memory nothing is lost: packets come out at once. */
static void out_of_memory(void **state) {
  (void)state;
  failmem_fail_from(&fx.fm, 1);
  wait_for_key(1, 60);
  CHECK_ORDER(1);
  assert_int_equal(fx.hold.given_up, 1);
  failmem_fail_from(&fx.fm, 0);
  wait_for_key(2, 60);
  failmem_fail_from(&fx.fm, 1);
  show(3);
  assert_int_equal(fx.shown.frame[fx.shown.len - 1], 3);
  failmem_fail_from(&fx.fm, 0);
}

/* What is held keeps its connection, when nobody else does. */
static void keeps_connection(void **state) {
  uint64_t total = 0;
  qd_conn *mine = fx.conn;
  qd_conn *other;

  (void)state;
  other = qd_conn_new(&fx.fm.mem, quic_crypto_null(), &total);
  assert_non_null(other);
  other->refs = 1;
  fx.conn = other;
  wait_for_key(1, 60);
  show(2);
  assert_int_equal(other->refs, 3);
  qd_conn_unref(other);
  settle_first();
  CHECK_ORDER(1, 2);
  fx.conn = mine;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(nothing_waits),     TEST(order_is_kept),
      TEST(later_key_first),   TEST(patience_ends),
      TEST(handshake_is_over), TEST(parked_and_given_up),
      TEST(clock_goes_back),   TEST(connection_bound),
      TEST(total_bound),       TEST(parked_go_first),
      TEST(finish_shows_all),  TEST(out_of_memory),
      TEST(keeps_connection),  TEST(parked_in_pieces),
  };

  return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
