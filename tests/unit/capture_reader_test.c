/* pcap and pcapng, read from windows of any size. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/writer.h"
#include "capture/reader.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

/* --- files built by hand, in either byte order --------------------------- */

typedef struct file {
  uint8_t buf[4096];
  quic_writer wr;
  bool big;
  uint8_t *block; /* start of the open block */
} file;

static void file_init(file *f, bool big) {
  quic_writer_init(&f->wr, f->buf, sizeof(f->buf));
  f->big = big;
}

static quic_bytes file_bytes(const file *f) {
  assert_int_equal(quic_writer_status(&f->wr), 0);
  return quic_bytes_of(f->buf, quic_writer_len(&f->wr));
}

static void put(file *f, uint64_t v, size_t n) {
  if (f->big) {
    quic_writer_uint(&f->wr, v, n);
  } else {
    quic_writer_uint_le(&f->wr, v, n);
  }
}

static void put_text(file *f, const char *s) {
  quic_writer_bytes(&f->wr, quic_bytes_of(s, strlen(s)));
}

static void begin(file *f, uint32_t type) {
  f->block = f->wr.pos;
  put(f, type, 4);
  put(f, 0, 4);
}

static void end(file *f) {
  uint8_t *pos;
  size_t len;

  quic_writer_fill(&f->wr, 0, (size_t) - (f->wr.pos - f->block) & 3);
  len = (size_t)(f->wr.pos - f->block) + 4;
  put(f, len, 4);
  pos = f->wr.pos;
  f->wr.pos = f->block + 4;
  put(f, len, 4);
  f->wr.pos = pos;
}

static void section(file *f) {
  begin(f, 0x0a0d0d0a);
  put(f, 0x1a2b3c4d, 4);
  put(f, 1, 2);
  put(f, 0, 2);
  put(f, UINT64_MAX, 8);
  end(f);
}

static void interface_open(file *f, uint32_t linktype, uint32_t snaplen) {
  begin(f, 1);
  put(f, linktype, 2);
  put(f, 0, 2);
  put(f, snaplen, 4);
}

static void interface(file *f, uint32_t linktype, uint32_t snaplen) {
  interface_open(f, linktype, snaplen);
  end(f);
}

static void enhanced(file *f, uint32_t id, uint64_t ticks, const char *data,
                     uint32_t orig_len) {
  begin(f, 6);
  put(f, id, 4);
  put(f, ticks >> 32, 4);
  put(f, ticks & UINT32_MAX, 4);
  put(f, strlen(data), 4);
  put(f, orig_len, 4);
  put_text(f, data);
  end(f);
}

static void pcap_header(file *f, uint32_t magic, uint32_t linktype) {
  put(f, magic, 4);
  put(f, 2, 2);
  put(f, 4, 2);
  put(f, 0x11111111, 4); /* ignored */
  put(f, 0x22222222, 4);
  put(f, 65535, 4);
  put(f, linktype, 4);
}

static void pcap_packet(file *f, uint32_t sec, uint32_t frac, const char *data,
                        uint32_t orig_len) {
  put(f, sec, 4);
  put(f, frac, 4);
  put(f, strlen(data), 4);
  put(f, orig_len, 4);
  put_text(f, data);
}

/* --- reading -------------------------------------------------------------- */

static quic_capture_reader *reader_new(void) {
  quic_capture_reader *cr;

  assert_int_equal(quic_capture_reader_new(&cr, quic_mem_default()), 0);
  return cr;
}

typedef struct log {
  quic_capture_record rec[64];
  size_t len;
  int rv; /* why it ended */
  char problem[160];
  char format[8];
} log;

/* read_all reads |in| whole. */
static void read_all(log *lg, quic_bytes in) {
  quic_capture_reader *cr = reader_new();
  size_t at = 0, used, need;

  memset(lg, 0, sizeof(*lg));
  for (;;) {
    quic_bytes window = {in.data + at, in.len - at};
    quic_capture_record rec;

    lg->rv = quic_capture_reader_next(cr, window, true, &used, &need, &rec);
    if (lg->rv != 0) {
      break;
    }
    assert_true(used > 0 && used <= window.len);
    assert_int_equal(rec.offset, at);
    at += used;
    assert_int_equal(quic_capture_reader_offset(cr), at);
    assert_true(lg->len < 64);
    lg->rec[lg->len++] = rec;
  }
  strcpy(lg->problem, quic_capture_reader_problem(cr));
  strcpy(lg->format, quic_capture_reader_format(cr));
  quic_capture_reader_del(cr);
}

static void assert_data(const quic_capture_record *rec, const char *data) {
  assert_true(quic_bytes_eq(rec->data, quic_bytes_of(data, strlen(data))));
}

static void test_pcap(void **state) {
  static const struct {
    uint32_t magic;
    uint64_t time;
    size_t extra;
  } rows[] = {{0xa1b2c3d4, UINT64_C(1700000000123456000), 0},
              {0xa1b23c4d, UINT64_C(1700000000000123456), 0},
              {0xa1b2cd34, UINT64_C(1700000000123456000), 8}};

  (void)state;
  for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
    file f;
    log lg;

    file_init(&f, i % 2);
    /* FCS bits above the link type */
    pcap_header(&f, rows[i / 2].magic, 0x54000000 | 276);
    for (int j = 0; j < 2; j++) {
      put(&f, 1700000000, 4);
      put(&f, 123456, 4);
      put(&f, 3, 4);
      put(&f, j ? 2 : 1500, 4);
      quic_writer_fill(&f.wr, 0xee, rows[i / 2].extra);
      put_text(&f, "abc");
    }
    read_all(&lg, file_bytes(&f));
    assert_int_equal(lg.rv, QUIC_ERR_END);
    assert_string_equal(lg.format, "pcap");
    assert_int_equal(lg.len, 3);
    assert_int_equal(lg.rec[0].kind, QUIC_CAPTURE_OTHER);
    assert_int_equal(lg.rec[1].kind, QUIC_CAPTURE_PACKET);
    assert_int_equal(lg.rec[1].number, 1);
    assert_int_equal(lg.rec[1].linktype, 276);
    assert_int_equal(lg.rec[1].orig_len, 1500);
    assert_true(lg.rec[1].has_time);
    assert_true(lg.rec[1].time == rows[i / 2].time);
    assert_data(&lg.rec[1], "abc");
    assert_int_equal(lg.rec[2].number, 2);
    assert_int_equal(lg.rec[2].orig_len, 3); /* never less than captured */
  }
}

/* Before version 2.4 some files have the two lengths in the other order. */
static void test_pcap_old(void **state) {
  file f;
  log lg;

  (void)state;
  file_init(&f, false);
  pcap_header(&f, 0xa1b2c3d4, 1);
  f.buf[6] = 3;
  put(&f, 1, 8);
  put(&f, 60, 4);
  put(&f, 3, 4);
  put_text(&f, "abc");
  pcap_packet(&f, 1, 0, "defg", 60);
  read_all(&lg, file_bytes(&f));
  assert_int_equal(lg.rv, QUIC_ERR_END);
  assert_int_equal(lg.len, 3);
  assert_data(&lg.rec[1], "abc");
  assert_int_equal(lg.rec[1].orig_len, 60);
  assert_data(&lg.rec[2], "defg");
}

/* mixed makes a file of two sections in different byte orders with every kind
   of block. */
static void mixed(file *f) {
  file_init(f, false);
  section(f);
  interface(f, 1, 0);
  interface(f, 276, 96);
  begin(f, 10); /* secrets */
  put(f, QUIC_CAPTURE_SECRETS_TLS, 4);
  put(f, 5, 4);
  put_text(f, "KEYS\n");
  end(f);
  enhanced(f, 1, 1700000000123456, "one", 100);
  begin(f, 4); /* names: of no interest */
  put(f, 0, 4);
  end(f);
  begin(f, 0x0bad0bad);
  end(f);
  f->big = true;
  section(f);
  interface(f, 101, 4);
  begin(f, 3); /* simple: cut to the snaplen */
  put(f, 1500, 4);
  put_text(f, "abcd");
  end(f);
  begin(f, 3);
  put(f, 2, 4);
  put_text(f, "xy");
  end(f);
  begin(f, 2); /* obsolete packet */
  put(f, 0, 2);
  put(f, 77, 2); /* drops */
  put(f, 0, 4);
  put(f, 5, 4);
  put(f, 3, 4);
  put(f, 3, 4);
  put_text(f, "old");
  end(f);
  enhanced(f, 0, 6, "", 0);
}

static void test_pcapng(void **state) {
  file f;
  log lg;

  (void)state;
  mixed(&f);
  read_all(&lg, file_bytes(&f));
  assert_int_equal(lg.rv, QUIC_ERR_END);
  assert_string_equal(lg.format, "pcapng");
  assert_int_equal(lg.len, 13);
  assert_int_equal(lg.rec[3].kind, QUIC_CAPTURE_SECRETS);
  assert_int_equal(lg.rec[3].secrets_type, QUIC_CAPTURE_SECRETS_TLS);
  assert_data(&lg.rec[3], "KEYS\n");
  assert_int_equal(lg.rec[4].kind, QUIC_CAPTURE_PACKET);
  assert_int_equal(lg.rec[4].number, 1);
  assert_int_equal(lg.rec[4].interface_id, 1);
  assert_int_equal(lg.rec[4].linktype, 276);
  assert_int_equal(lg.rec[4].orig_len, 100);
  assert_true(lg.rec[4].time == UINT64_C(1700000000123456000));
  assert_data(&lg.rec[4], "one");
  assert_int_equal(lg.rec[5].kind, QUIC_CAPTURE_OTHER);
  assert_int_equal(lg.rec[6].kind, QUIC_CAPTURE_OTHER);
  /* The second section counts interfaces anew, but not over the file. */
  for (size_t i = 9; i < 13; i++) {
    assert_int_equal(lg.rec[i].kind, QUIC_CAPTURE_PACKET);
    assert_int_equal(lg.rec[i].number, i - 7);
    assert_int_equal(lg.rec[i].interface_id, 2);
    assert_int_equal(lg.rec[i].linktype, 101);
  }
  assert_data(&lg.rec[9], "abcd");
  assert_int_equal(lg.rec[9].orig_len, 1500);
  assert_false(lg.rec[9].has_time);
  assert_data(&lg.rec[10], "xy");
  assert_data(&lg.rec[11], "old");
  assert_true(lg.rec[11].has_time && lg.rec[11].time == 5000);
  assert_data(&lg.rec[12], "");
}

static const struct {
  int resolution; /* -1 = no option */
  int64_t offset;
  uint64_t ticks;
  uint64_t time;
} times[] = {
    {-1, 0, 1700000000123456, UINT64_C(1700000000123456000)},
    {6, 0, 1, 1000},
    {9, 0, UINT64_C(1700000000123456789), UINT64_C(1700000000123456789)},
    {0, 0, 1700000000, UINT64_C(1700000000000000000)},
    {3, 0, 7, 7000000},
    {12, 0, 1999, 1},
    {18, 0, UINT64_MAX, UINT64_C(18446744073)},
    {28, 0, UINT64_MAX, 1},
    {29, 0, UINT64_MAX, 0},
    {127, 0, UINT64_MAX, 0},
    {0x80, 0, 3, UINT64_C(3000000000)},
    {0x81, 0, 3, 1500000000},
    {0x80 + 10, 0, 1024 + 512, 1500000000},
    {0x80 + 32, 0, UINT64_C(0x6553f10080000000), UINT64_C(1700000000500000000)},
    {0x80 + 34, 0, UINT64_C(3) << 33, UINT64_C(1500000000)},
    {0x80 + 63, 0, UINT64_MAX, UINT64_C(1999999999)},
    {0x80 + 64, 0, UINT64_C(1) << 63, 500000000},
    {0x80 + 98, 0, UINT64_MAX, 0},
    {0xff, 0, UINT64_MAX, 0},
    {9, 1700000000, 5, UINT64_C(1700000000000000005)},
    {9, -1, 1500000000, 500000000},
    /* out of range: the nearest that there is, and never "never" */
    {9, -2, 1500000000, 0},
    {9, INT64_MIN, 1500000000, 0},
    {9, INT64_MAX, 1, QUIC_TIME_NEVER - 1},
    {9, 0, UINT64_MAX, QUIC_TIME_NEVER - 1},
    {0, 0, UINT64_MAX, QUIC_TIME_NEVER - 1},
    {0x80, 0, UINT64_MAX, QUIC_TIME_NEVER - 1},
};

static void test_times(void **state) {
  (void)state;
  for (size_t i = 0; i < 2 * sizeof(times) / sizeof(times[0]); i++) {
    file f;
    log lg;

    file_init(&f, i % 2);
    section(&f);
    interface_open(&f, 1, 0);
    put(&f, 2, 2); /* if_name: passed over */
    put(&f, 5, 2);
    put_text(&f, "lo0ab");
    quic_writer_fill(&f.wr, 0, 3);
    if (times[i / 2].resolution >= 0) {
      put(&f, 9, 2);
      put(&f, 1, 2);
      quic_writer_u8(&f.wr, (uint8_t)times[i / 2].resolution);
      quic_writer_fill(&f.wr, 0, 3);
    }
    put(&f, 14, 2);
    put(&f, 8, 2);
    put(&f, (uint64_t)times[i / 2].offset, 8);
    put(&f, 0, 4);
    put(&f, 0xffffffff, 4); /* behind the end of options: not read */
    end(&f);
    enhanced(&f, 0, times[i / 2].ticks, "x", 1);
    read_all(&lg, file_bytes(&f));
    assert_int_equal(lg.rv, QUIC_ERR_END);
    assert_int_equal(lg.len, 3);
    if (lg.rec[2].time != times[i / 2].time) {
      fail_msg("row %zu: %llu", i / 2, (unsigned long long)lg.rec[2].time);
    }
  }
}

/* Each row sets octets of the mixed file: an offset into its |block|-th block,
   and a 32-bit value in the block's byte order. */
static const struct {
  size_t block;
  size_t at;
  uint32_t value;
  const char *problem;
  bool goes_on; /* behind the block */
} broken[] = {
    {1, 4, 0, "block length 0 is less than 12", false},
    {1, 4, 8, "block length 8 is less than 12", false},
    {1, 4, 22, "block length 22 is not a multiple of 4", false},
    {1, 4, 0xfffffffc, "block length 4294967292 exceeds 16777216", false},
    {1, 4, 24, "block length is 24 in front but 1 behind", false},
    {1, 16, 24, "block length is 20 in front but 24 behind", false},
    {7, 8, 0x1a2b3c4e, "no byte-order magic in the section header", false},
    {7, 12, 0x00020000, "pcapng version 2.0 is not known", true},
    {4, 8, 2, "packet on interface 2, which is not described", true},
    {4, 20, 262145, "captured length 262145 exceeds 262144", true},
    {4, 20, 5, "captured length 5 does not fit a block of 36", true},
    {3, 12, 9, "9 octets of secrets do not fit a block of 28", true},
};

static void test_broken(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
    quic_capture_reader *cr = reader_new();
    quic_capture_record rec;
    size_t at = 0, used, need, len = 0;
    quic_bytes in;
    file f;
    log lg;
    int rv;

    mixed(&f);
    in = file_bytes(&f);
    read_all(&lg, in);
    f.wr.pos = f.buf + lg.rec[broken[i].block].offset + broken[i].at;
    f.big = broken[i].block >= 7;
    put(&f, broken[i].value, 4);
    do {
      rv =
          quic_capture_reader_next(cr, quic_bytes_of(in.data + at, in.len - at),
                                   true, &used, &need, &rec);
      at += used;
      len++;
    } while (rv == 0);
    assert_int_equal(rv, QUIC_ERR_MALFORMED);
    assert_string_equal(quic_capture_reader_problem(cr), broken[i].problem);
    assert_int_equal(len, broken[i].block + 1);
    /* What follows a sound block is read on. */
    assert_int_equal(used != 0, broken[i].goes_on);
    assert_int_equal(quic_capture_reader_offset(cr), at);
    if (used) {
      assert_int_equal(at, lg.rec[broken[i].block + 1].offset);
    }
    quic_capture_reader_del(cr);
  }
}

/* A Simple Packet Block whose snaplen leaves more than the block holds. */
static void test_broken_simple(void **state) {
  file f;
  log lg;

  (void)state;
  file_init(&f, true);
  section(&f);
  interface(&f, 1, 9);
  begin(&f, 3);
  put(&f, 1500, 4);
  put_text(&f, "12345678");
  end(&f);
  read_all(&lg, file_bytes(&f));
  assert_int_equal(lg.rv, QUIC_ERR_MALFORMED);
  assert_string_equal(lg.problem,
                      "packet of 9 octets does not fit a block of 24");
}

static void test_short_blocks(void **state) {
  static const struct {
    uint32_t type;
    size_t body;
    const char *problem;
  } rows[] = {
      {1, 4, "interface description of 16 octets is too short"},
      {2, 16, "packet block of 28 octets is too short"},
      {3, 0, "simple packet block of 12 octets is too short"},
      {6, 16, "packet block of 28 octets is too short"},
      {10, 4, "secrets block of 16 octets is too short"},
      {0x0a0d0d0a, 12, "section header of 24 octets is too short"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    file f;
    log lg;

    file_init(&f, true);
    section(&f);
    begin(&f, rows[i].type);
    put(&f, i == 5 ? 0x1a2b3c4d : 0, rows[i].body ? 4 : 0);
    quic_writer_fill(&f.wr, 0, rows[i].body ? rows[i].body - 4 : 0);
    end(&f);
    read_all(&lg, file_bytes(&f));
    assert_int_equal(lg.rv, QUIC_ERR_MALFORMED);
    assert_string_equal(lg.problem, rows[i].problem);
  }
}

static void test_bad_option(void **state) {
  file f;
  log lg;

  (void)state;
  file_init(&f, false);
  section(&f);
  interface_open(&f, 1, 0);
  put(&f, 9, 2);
  put(&f, 5, 2); /* needs 8 octets, has 4 */
  put(&f, 0, 4);
  end(&f);
  read_all(&lg, file_bytes(&f));
  assert_int_equal(lg.rv, QUIC_ERR_MALFORMED);
  assert_string_equal(lg.problem,
                      "interface option 9 of 5 octets runs past its block");
}

static void test_no_interface(void **state) {
  file f;
  log lg;

  (void)state;
  file_init(&f, false);
  section(&f);
  begin(&f, 3);
  put(&f, 0, 4);
  end(&f);
  read_all(&lg, file_bytes(&f));
  assert_int_equal(lg.rv, QUIC_ERR_MALFORMED);
  assert_string_equal(lg.problem,
                      "packet on interface 0, which is not described");
}

static void test_interface_limit(void **state) {
  quic_capture_reader *cr = reader_new();
  quic_capture_record rec;
  size_t used, need;
  file f;
  int rv = 0;
  int n;

  (void)state;
  file_init(&f, false);
  section(&f);
  assert_int_equal(
      quic_capture_reader_next(cr, file_bytes(&f), true, &used, &need, &rec),
      0);
  file_init(&f, false);
  interface(&f, 1, 0);
  for (n = 0; rv == 0; n++) {
    rv = quic_capture_reader_next(cr, file_bytes(&f), true, &used, &need, &rec);
  }
  assert_int_equal(rv, QUIC_ERR_MALFORMED);
  assert_int_equal(n, QUIC_CAPTURE_INTERFACES_MAX + 1);
  assert_string_equal(quic_capture_reader_problem(cr),
                      "more than 4096 interfaces in a section");
  quic_capture_reader_del(cr);
}

static void test_not_a_capture(void **state) {
  static const struct {
    const char *hex;
    int rv;
    const char *problem;
  } rows[] = {
      {"", QUIC_ERR_UNSUPPORTED, "empty file"},
      {"00", QUIC_ERR_UNSUPPORTED, "neither pcap nor pcapng"},
      {"47455420 2f20", QUIC_ERR_UNSUPPORTED, "neither pcap nor pcapng"},
      {"1f8b0800 00000000", QUIC_ERR_UNSUPPORTED,
       "compressed with gzip: decompress it first"},
      {"28b52ffd 00000000", QUIC_ERR_UNSUPPORTED,
       "compressed with zstd: decompress it first"},
      {"fd377a58 5a000000", QUIC_ERR_UNSUPPORTED,
       "compressed with xz: decompress it first"},
      {"736e6f6f 70000000", QUIC_ERR_UNSUPPORTED,
       "a snoop capture: convert it to pcapng first"},
      {"a1b2", QUIC_ERR_SHORT, "file header cut: 2 of 4 octets"},
      {"a1b2c3d4 0002", QUIC_ERR_SHORT, "file header cut: 6 of 24 octets"},
      {"0a0d0d0a 0000001c", QUIC_ERR_SHORT, "block header cut: 8 of 12 octets"},
      {"0a0d0d0a 0000001c 00000000", QUIC_ERR_MALFORMED,
       "no byte-order magic in the section header"},
      {"a1b2c3d4 00030000 00000000 00000000 0000ffff 00000001",
       QUIC_ERR_UNSUPPORTED, "pcap version 3.0 is not known"},
      {"0a0d0d0a 0000001c 1a2b3c4d 00020000 ffffffffffffffff 0000001c",
       QUIC_ERR_UNSUPPORTED, "pcapng version 2.0 is not known"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[64];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    log lg;

    read_all(&lg, in);
    assert_int_equal(lg.rv, rows[i].rv);
    assert_string_equal(lg.problem, rows[i].problem);
    assert_string_equal(lg.format, "");
  }
}

static void test_pcap_broken(void **state) {
  file f;
  log lg;

  (void)state;
  file_init(&f, true);
  pcap_header(&f, 0xa1b2c3d4, 1);
  put(&f, 0, 8);
  put(&f, 262145, 4);
  put(&f, 262145, 4);
  read_all(&lg, file_bytes(&f));
  assert_int_equal(lg.rv, QUIC_ERR_MALFORMED);
  assert_string_equal(lg.problem, "captured length 262145 exceeds 262144");
}

/* Every prefix of a file gives the records that are whole in it.  A window
   that may grow asks for more, and for no more than the record has. */
static void check_prefixes(quic_bytes in) {
  log whole;

  read_all(&whole, in);
  assert_int_equal(whole.rv, QUIC_ERR_END);
  for (size_t len = 0; len < in.len; len++) {
    uint8_t *exact = octets_exact(in.data, len);
    size_t n = 0, at = 0;
    log lg;

    read_all(&lg, quic_bytes_of(exact, len));
    while (n < whole.len &&
           (n + 1 < whole.len ? whole.rec[n + 1].offset : in.len) <= len) {
      n++;
    }
    at = n < whole.len ? (size_t)whole.rec[n].offset : in.len;
    assert_int_equal(lg.len, n);
    assert_int_equal(lg.rv, len == 0    ? QUIC_ERR_UNSUPPORTED
                            : len == at ? QUIC_ERR_END
                                        : QUIC_ERR_SHORT);
    free(exact);
  }
}

static void test_prefixes(void **state) {
  file f;

  (void)state;
  mixed(&f);
  check_prefixes(file_bytes(&f));
  file_init(&f, true);
  pcap_header(&f, 0xa1b23c4d, 1);
  pcap_packet(&f, 1, 2, "abc", 1500);
  pcap_packet(&f, 3, 4, "defgh", 5);
  check_prefixes(file_bytes(&f));
}

/* Windows that start with one octet and grow only as asked give the same. */
static void test_windows(void **state) {
  quic_capture_reader *cr = reader_new();
  size_t at = 0, n = 0;
  quic_bytes in;
  file f;
  log whole;

  (void)state;
  mixed(&f);
  in = file_bytes(&f);
  read_all(&whole, in);
  while (at < in.len) {
    size_t len = 1, used, need;
    quic_capture_record rec;
    uint8_t *exact = octets_exact(in.data + at, len);
    int rv;

    while ((rv = quic_capture_reader_next(cr, quic_bytes_of(exact, len), false,
                                          &used, &need, &rec)) ==
           QUIC_ERR_AGAIN) {
      assert_int_equal(used, 0);
      assert_true(need > len && need <= in.len - at);
      len = need;
      free(exact);
      exact = octets_exact(in.data + at, len);
    }
    assert_int_equal(rv, 0);
    assert_int_equal(used, len); /* never more than needed was asked for */
    assert_int_equal(rec.kind, whole.rec[n].kind);
    assert_int_equal(rec.number, whole.rec[n].number);
    assert_int_equal(rec.data.len, whole.rec[n].data.len);
    at += used;
    n++;
    free(exact);
  }
  assert_int_equal(n, whole.len);
  quic_capture_reader_del(cr);
}

/* The last record's problem says how much is missing. */
static void test_cut(void **state) {
  quic_bytes in;
  file f;
  log lg;

  (void)state;
  file_init(&f, false);
  pcap_header(&f, 0xa1b2c3d4, 1);
  pcap_packet(&f, 1, 2, "0123456789", 10);
  in = file_bytes(&f);
  in.len -= 4;
  read_all(&lg, in);
  assert_int_equal(lg.rv, QUIC_ERR_SHORT);
  assert_string_equal(lg.problem, "packet record cut: 22 of 26 octets");
  in.len -= 10;
  read_all(&lg, in);
  assert_string_equal(lg.problem, "packet header cut: 12 of 16 octets");
  mixed(&f);
  in = file_bytes(&f);
  in.len -= 3;
  read_all(&lg, in);
  assert_string_equal(lg.problem, "block cut: 29 of 32 octets");
}

/* A scan for secrets skips packets by their headers, and finds the same blocks
   that must be read. */
static void test_skip(void **state) {
  static const bool must_read[13] = {true,  true,  true, true, false,
                                     false, false, true, true, false,
                                     false, false, false};
  quic_capture_reader *cr = reader_new();
  size_t at = 0, used, need;
  quic_capture_record rec;
  quic_bytes in;
  file f;

  (void)state;
  mixed(&f);
  in = file_bytes(&f);
  for (size_t i = 0; i < 13; i++) {
    quic_bytes window = {in.data + at, in.len - at};
    uint64_t skip;

    if (i) {
      window.len = 8;
    }
    skip = quic_capture_reader_skip(cr, window);
    assert_int_equal(skip == 0, must_read[i]);
    if (skip) {
      quic_capture_reader_seek(cr, skip);
      at += skip;
    } else {
      window.len = in.len - at;
      assert_int_equal(
          quic_capture_reader_next(cr, window, true, &used, &need, &rec), 0);
      at += used;
    }
    assert_int_equal(quic_capture_reader_offset(cr), at);
  }
  assert_int_equal(at, in.len);
  assert_int_equal(quic_capture_reader_skip(cr, quic_bytes_of(in.data, 7)), 0);
  quic_capture_reader_del(cr);
}

static void test_skip_pcap(void **state) {
  quic_capture_reader *cr = reader_new();
  quic_capture_record rec;
  size_t used, need;
  quic_bytes in;
  file f;

  (void)state;
  file_init(&f, true);
  pcap_header(&f, 0xa1b2c3d4, 1);
  pcap_packet(&f, 1, 2, "abc", 3);
  in = file_bytes(&f);
  assert_int_equal(quic_capture_reader_next(cr, in, true, &used, &need, &rec),
                   0);
  assert_int_equal(
      quic_capture_reader_skip(cr, quic_bytes_of(in.data + used, 16)), 19);
  assert_int_equal(
      quic_capture_reader_skip(cr, quic_bytes_of(in.data + used, 15)), 0);
  f.buf[24 + 8] = 1; /* length beyond the limit: next will say so */
  assert_int_equal(
      quic_capture_reader_skip(cr, quic_bytes_of(in.data + used, 16)), 0);
  quic_capture_reader_del(cr);
}

/* Damaged files are read to some end, forward only. */
static void test_damage(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int round = 0; round < 20000; round++) {
    quic_capture_reader *cr = reader_new();
    quic_capture_record rec;
    size_t at = 0, used, need;
    quic_bytes in;
    uint8_t *exact;
    file f;
    int rv;

    mixed(&f);
    in = file_bytes(&f);
    for (uint64_t i = quic_rng_below(&rng, 4); i-- > 0;) {
      f.buf[quic_rng_below(&rng, in.len)] = (uint8_t)quic_rng_u64(&rng);
    }
    exact = octets_exact(in.data, in.len);
    do {
      rv = quic_capture_reader_next(cr, quic_bytes_of(exact + at, in.len - at),
                                    true, &used, &need, &rec);
      at += used;
      assert_true(at <= in.len);
      if (rv == 0) {
        assert_true(used >= 12);
        assert_true(rec.kind != QUIC_CAPTURE_PACKET ||
                    rec.orig_len >= rec.data.len);
      }
    } while (used);
    assert_true(rv == QUIC_ERR_END || rv == QUIC_ERR_SHORT ||
                rv == QUIC_ERR_UNSUPPORTED || rv == QUIC_ERR_MALFORMED);
    assert_true(rv == QUIC_ERR_END ? at == in.len
                                   : *quic_capture_reader_problem(cr) != '\0');
    free(exact);
    quic_capture_reader_del(cr);
  }
}

static int read_mixed(const quic_mem *mem, void *user) {
  quic_capture_reader *cr;
  quic_capture_record rec;
  size_t at = 0, used, need;
  quic_bytes in;
  file f;
  int rv = quic_capture_reader_new(&cr, mem);

  (void)user;
  mixed(&f);
  in = file_bytes(&f);
  while (rv == 0) {
    rv = quic_capture_reader_next(cr, quic_bytes_of(in.data + at, in.len - at),
                                  true, &used, &need, &rec);
    at += used;
  }
  quic_capture_reader_del(cr);
  return rv == QUIC_ERR_END ? 0 : rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_int_equal(failmem_sweep(&fm, read_mixed, NULL), 2);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pcap),
      cmocka_unit_test(test_pcap_old),
      cmocka_unit_test(test_pcapng),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_broken),
      cmocka_unit_test(test_broken_simple),
      cmocka_unit_test(test_short_blocks),
      cmocka_unit_test(test_bad_option),
      cmocka_unit_test(test_no_interface),
      cmocka_unit_test(test_interface_limit),
      cmocka_unit_test(test_not_a_capture),
      cmocka_unit_test(test_pcap_broken),
      cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_cut),
      cmocka_unit_test(test_skip),
      cmocka_unit_test(test_skip_pcap),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("capture_reader", tests, NULL, NULL);
}
