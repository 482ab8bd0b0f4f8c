#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qlogview/counts.h"
#include "qlogview/oddities.h"

static size_t row_of(uint64_t type) {
  return (size_t)(quic_frame_info_find(type) - quic_frame_info_at(0));
}

static void packet(qv_counts *c, qlog_event_type type, quic_packet_type kind) {
  const quic_frame_info *ping = quic_frame_info_find(QUIC_FRAME_PING);
  quic_header header = {.type = kind};
  quic_frame frames[2];
  qlog_event e;

  memset(frames, 0, sizeof(frames));
  frames[0].type = QUIC_FRAME_PING;
  frames[0].info = ping;
  frames[1].type = 0x7777; /* no row */
  qlog_event_init(&e, type, 0);
  e.u.packet.header = &header;
  e.u.packet.frames = frames;
  e.u.packet.nframes = 2;
  e.u.packet.has_frames = true;
  if (type == QLOG_PACKET_DROPPED) {
    e.u.packet.drop = QLOG_DROP_DUPLICATE;
  }
  qv_counts_event(c, &e);
}

static void test_counts(void **state) {
  qv_counts c;

  (void)state;
  qv_counts_init(&c, false); /* of a server */
  packet(&c, QLOG_PACKET_SENT, QUIC_PACKET_INITIAL);
  packet(&c, QLOG_PACKET_SENT, QUIC_PACKET_1RTT);
  packet(&c, QLOG_PACKET_RECEIVED, QUIC_PACKET_1RTT);
  packet(&c, QLOG_PACKET_DROPPED, QUIC_PACKET_1RTT);
  packet(&c, QLOG_PACKET_LOST, QUIC_PACKET_1RTT);
  qv_counts_event(&c, NULL);
  assert_int_equal(c.total, 6);
  assert_int_equal(c.unknown, 1);
  assert_int_equal(c.events[QLOG_PACKET_SENT], 2);
  assert_int_equal(c.packets[QUIC_PACKET_INITIAL][QV_COUNTS_SERVER], 1);
  assert_int_equal(c.packets[QUIC_PACKET_1RTT][QV_COUNTS_SERVER], 1);
  assert_int_equal(c.packets[QUIC_PACKET_1RTT][QV_COUNTS_CLIENT], 1);
  assert_int_equal(c.packets[QUIC_PACKET_1RTT][QV_COUNTS_DROPPED], 1);
  assert_int_equal(c.packets[QUIC_PACKET_1RTT][QV_COUNTS_LOST], 1);
  /* Frames count where they were sent or came, not where they were lost. */
  assert_int_equal(c.frames[row_of(QUIC_FRAME_PING)][QUIC_SIDE_SERVER], 2);
  assert_int_equal(c.frames[row_of(QUIC_FRAME_PING)][QUIC_SIDE_CLIENT], 1);
  assert_int_equal(c.unknown_frames[QUIC_SIDE_SERVER], 2);
  assert_int_equal(c.drops[QLOG_DROP_DUPLICATE], 1);
  assert_int_equal(c.losses[QV_COUNTS_LOSSES - 1], 1); /* not told */
}

/* The rows of the frame table fit. */
static void test_room(void **state) {
  size_t n = 0;

  (void)state;
  while (quic_frame_info_at(n)) {
    n++;
  }
  assert_true(n <= QV_COUNTS_FRAMES);
}

static quic_bytes str(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static void test_names(void **state) {
  char name[200];
  qv_oddities odd;

  (void)state;
  qv_oddities_init(&odd);
  qv_oddities_unknown(&odd, str("x"), str("y"));
  qv_oddities_unknown(&odd, str("x"), str("y"));
  qv_oddities_unknown(&odd, str(""), str("y"));
  assert_int_equal(odd.nnames, 2);
  assert_string_equal(odd.names[0].name, "x:y");
  assert_int_equal(odd.names[0].count, 2);
  assert_string_equal(odd.names[1].name, "y");
  memset(name, 'n', sizeof(name));
  qv_oddities_unknown(&odd, quic_bytes_of(name, sizeof(name)),
                      quic_bytes_of(name, sizeof(name)));
  assert_int_equal(strlen(odd.names[2].name), QV_ODDITIES_NAME_MAX);
  for (unsigned i = 0; i < 100; i++) {
    name[0] = (char)i;
    qv_oddities_unknown(&odd, str("z"), quic_bytes_of(name, 2));
  }
  assert_int_equal(odd.nnames, QV_ODDITIES_NAMES);
  assert_true(odd.other_names > 50);
}

static void test_bad(void **state) {
  qlog_bad bad = {.number = 7, .offset = 70, .why = "it is no JSON", .at = 3};
  qv_oddities odd;
  qv_file file;
  char buf[4096];
  quic_text t;

  (void)state;
  memset(&file, 0, sizeof(file));
  qv_oddities_init(&odd);
  bad.text = str("{\"a\033b");
  for (unsigned i = 0; i < 12; i++) {
    qv_oddities_add(&odd, &bad);
  }
  assert_int_equal(odd.nbad, QV_ODDITIES_BAD);
  file.stats.bad = 12;
  quic_text_init(&t, buf, sizeof(buf));
  qv_oddities_say(&odd, &file, &t);
  assert_non_null(strstr(quic_text_cstr(&t),
                         "record 7 at octet 70: it is no JSON, at its octet 3: "
                         "{\"a\\x1bb\n"));
  assert_non_null(strstr(quic_text_cstr(&t), "and 2 more\n"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_room),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_bad),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
