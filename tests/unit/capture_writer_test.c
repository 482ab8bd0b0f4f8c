/* What is written is read back the same, and only whole records are
   written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/reader.h"
#include "capture/writer.h"
#include "tests/support/octets.h"

#define TIME UINT64_C(1700000000123456789)
#define DATA quic_bytes_of("datagram", 8)

typedef int step(quic_writer *wr, const quic_capture_format *fm);

static int step_section(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_section(wr, fm, "a test");
}

static int step_section_plain(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_section(wr, fm, NULL);
}

static int step_interface(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_interface(wr, fm, 276, 5);
}

static int step_packet(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_packet(wr, fm, 0, TIME, DATA, 1500);
}

static int step_odd(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_packet(wr, fm, 0, 0, quic_bytes_of("abcde", 5), 0);
}

static int step_simple(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_simple(wr, fm, quic_bytes_of("abcde", 5), 9);
}

static int step_secrets(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_secrets(wr, fm, QUIC_CAPTURE_SECRETS_TLS,
                                    quic_bytes_of("LABEL a b\n", 10));
}

static int step_pcap_header(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_pcap_header(wr, fm, 101, 65535);
}

static int step_pcap_packet(quic_writer *wr, const quic_capture_format *fm) {
  return quic_capture_write_pcap_packet(wr, fm, TIME, DATA, 1500);
}

static step *const pcapng[] = {step_section,      step_interface, step_secrets,
                               step_packet,       step_odd,       step_simple,
                               step_section_plain};
static step *const pcap[] = {step_pcap_header, step_pcap_packet,
                             step_pcap_packet};

/* Runs |steps| into a buffer that has room for just the record that each makes,
   after all smaller ones were refused and nothing changed. */
static size_t run(step *const *steps, size_t n, const quic_capture_format *fm,
                  uint8_t *out, size_t cap) {
  size_t len = 0;

  for (size_t i = 0; i < n; i++) {
    quic_writer wr;
    size_t room = 0;
    int rv;

    do {
      uint8_t *exact = octets_exact(out, room);

      quic_writer_init(&wr, exact, room);
      rv = steps[i](&wr, fm);
      if (rv != 0) {
        assert_int_equal(rv, QUIC_ERR_NOSPACE);
        assert_int_equal(quic_writer_len(&wr), 0);
        assert_int_equal(quic_writer_status(&wr), 0);
        room++;
      } else {
        assert_int_equal(quic_writer_len(&wr), room);
        assert_true(len + room <= cap);
        memcpy(out + len, exact, room);
      }
      free(exact);
    } while (rv != 0);
    len += room;
  }
  return len;
}

static size_t read_back(quic_bytes in, quic_capture_record *recs, size_t cap) {
  quic_capture_reader *cr;
  size_t at = 0, n = 0, used, need;
  int rv;

  assert_int_equal(quic_capture_reader_new(&cr, quic_mem_default()), 0);
  while ((rv = quic_capture_reader_next(
              cr, quic_bytes_of(in.data + at, in.len - at), true, &used, &need,
              &recs[n])) == 0) {
    at += used;
    assert_true(++n < cap);
  }
  assert_int_equal(rv, QUIC_ERR_END);
  quic_capture_reader_del(cr);
  return n;
}

static void assert_packet(const quic_capture_record *rec, uint64_t number,
                          const char *data, uint32_t orig_len) {
  assert_int_equal(rec->kind, QUIC_CAPTURE_PACKET);
  assert_int_equal(rec->number, number);
  assert_int_equal(rec->orig_len, orig_len);
  assert_true(quic_bytes_eq(rec->data, quic_bytes_of(data, strlen(data))));
}

static void test_pcapng(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    const quic_capture_format fm = {i & 1, i & 2};
    quic_capture_record recs[16];
    uint8_t out[1024];
    size_t len =
        run(pcapng, sizeof(pcapng) / sizeof(pcapng[0]), &fm, out, sizeof(out));

    assert_int_equal(out[8], fm.big_endian ? 0x1a : 0x4d);
    assert_int_equal(read_back(quic_bytes_of(out, len), recs, 16), 7);
    assert_int_equal(recs[2].kind, QUIC_CAPTURE_SECRETS);
    assert_int_equal(recs[2].secrets_type, QUIC_CAPTURE_SECRETS_TLS);
    assert_true(quic_bytes_eq(recs[2].data, quic_bytes_of("LABEL a b\n", 10)));
    assert_packet(&recs[3], 1, "datagram", 1500);
    assert_int_equal(recs[3].linktype, 276);
    assert_true(recs[3].time == (fm.nanoseconds ? TIME : TIME / 1000 * 1000));
    assert_packet(&recs[4], 2, "abcde", 5);
    assert_true(recs[4].has_time && recs[4].time == 0);
    assert_packet(&recs[5], 3, "abcde", 9);
    assert_false(recs[5].has_time);
  }
}

static void test_pcap(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    const quic_capture_format fm = {i & 1, i & 2};
    quic_capture_record recs[8];
    uint8_t out[256];
    size_t len =
        run(pcap, sizeof(pcap) / sizeof(pcap[0]), &fm, out, sizeof(out));

    assert_int_equal(read_back(quic_bytes_of(out, len), recs, 8), 3);
    assert_packet(&recs[1], 1, "datagram", 1500);
    assert_packet(&recs[2], 2, "datagram", 1500);
    assert_int_equal(recs[1].linktype, 101);
    assert_true(recs[1].time == (fm.nanoseconds ? TIME : TIME / 1000 * 1000));
  }
}

/* The octets themselves, once: draft-ietf-opsawg-pcapng figures 9 to 15. */
static void test_octets(void **state) {
  static const char want[] =
      "0a0d0d0a 0000002c 1a2b3c4d 0001 0000 ffffffffffffffff"
      "0004 0006 612074657374 0000 0000 0000 0000002c"
      "00000001 00000020 0114 0000 00000005 0009 0001 09000000 0000 0000"
      "00000020";
  const quic_capture_format fm = {true, true};
  uint8_t out[128], buf[128];
  quic_writer wr;

  (void)state;
  quic_writer_init(&wr, out, sizeof(out));
  assert_int_equal(step_section(&wr, &fm), 0);
  assert_int_equal(step_interface(&wr, &fm), 0);
  assert_true(quic_bytes_eq(quic_bytes_of(out, quic_writer_len(&wr)),
                            octets_hex(want, buf, sizeof(buf))));
}

/* What the format cannot hold is refused. */
static void test_invalid(void **state) {
  static uint8_t huge[QUIC_CAPTURE_PACKET_MAX + 1];
  const quic_capture_format fm = {false, true};
  quic_bytes data = {huge, sizeof(huge)};
  uint8_t out[64];
  quic_writer wr;

  (void)state;
  quic_writer_init(&wr, out, sizeof(out));
  assert_int_equal(quic_capture_write_interface(&wr, &fm, 65536, 0),
                   QUIC_ERR_INVALID);
  assert_int_equal(quic_capture_write_pcap_header(&wr, &fm, 65536, 0),
                   QUIC_ERR_INVALID);
  assert_int_equal(quic_capture_write_packet(&wr, &fm, 0, 0, data, 0),
                   QUIC_ERR_INVALID);
  assert_int_equal(quic_capture_write_simple(&wr, &fm, data, 0),
                   QUIC_ERR_INVALID);
  assert_int_equal(quic_capture_write_pcap_packet(&wr, &fm, 0, data, 0),
                   QUIC_ERR_INVALID);
  assert_int_equal(quic_capture_write_pcap_packet(
                       &wr, &fm, (UINT64_C(1) << 32) * QUIC_SECOND, DATA, 0),
                   QUIC_ERR_INVALID);
  data.len = QUIC_CAPTURE_BLOCK_MAX;
  assert_int_equal(quic_capture_write_secrets(&wr, &fm, 1, data),
                   QUIC_ERR_INVALID);
  assert_int_equal(quic_writer_len(&wr), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pcapng),
      cmocka_unit_test(test_pcap),
      cmocka_unit_test(test_octets),
      cmocka_unit_test(test_invalid),
  };

  return cmocka_run_group_tests_name("capture_writer", tests, NULL, NULL);
}
