/* Copies of captures with other secrets inside. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "capture/reader.h"
#include "capture/writer.h"
#include "pcap/inject.h"
#include "tests/support/failmem.h"

#define TIME UINT64_C(1700000000123456789)
#define OTHER_SECRETS 0x57474b4c /* WireGuard */
#define CAP (1 << 20)

typedef struct fixture {
  char dir[64];
  char in[80], out[80];
  uint8_t octets[CAP]; /* of the input */
  quic_writer wr;
  uint8_t copy[CAP];
  size_t copy_len;
  quic_keylog *log;
  char line[2][512]; /* of the secrets that were used */
} fixture;

static const quic_capture_format little = {false, false};
static const quic_capture_format big = {true, true};

/* Two client randoms: of the first two secrets are used, of the second none. */
static void fill_log(fixture *fx) {
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN];
  quic_secret secret = {.len = 32};

  for (int i = 0; i < 2; i++) {
    quic_keylog_entry *entry;

    memset(random, 0xa0 + i, sizeof(random));
    memset(secret.data, 0x11 * (i + 1), sizeof(secret.data));
    for (int label = 0; label < QUIC_KEYLOG_LABELS; label++) {
      char line[512];
      quic_writer wr;

      quic_writer_init(&wr, line, sizeof(line));
      assert_int_equal(
          quic_keylog_line(&wr, (quic_keylog_label)label, random, &secret), 0);
      assert_int_equal(
          quic_keylog_feed(fx->log, 0,
                           quic_bytes_of(line, quic_writer_len(&wr))),
          0);
      if (i == 0 && (label == QUIC_KEYLOG_CLIENT_HANDSHAKE ||
                     label == QUIC_KEYLOG_SERVER_APP)) {
        line[quic_writer_len(&wr)] = '\0';
        strcpy(fx->line[label == QUIC_KEYLOG_SERVER_APP], line);
      }
    }
    entry = quic_keylog_find(fx->log, random);
    assert_non_null(entry);
    entry->used[QUIC_KEYLOG_CLIENT_HANDSHAKE] = i == 0;
    entry->used[QUIC_KEYLOG_SERVER_APP] = i == 0;
  }
}

static int setup(void **state) {
  fixture *fx = calloc(1, sizeof(*fx));

  assert_non_null(fx);
  snprintf(fx->dir, sizeof(fx->dir), "/tmp/h3kit-inject.XXXXXX");
  assert_non_null(mkdtemp(fx->dir));
  snprintf(fx->in, sizeof(fx->in), "%s/in", fx->dir);
  snprintf(fx->out, sizeof(fx->out), "%s/out", fx->dir);
  quic_writer_init(&fx->wr, fx->octets, sizeof(fx->octets));
  assert_int_equal(quic_keylog_new(&fx->log, quic_mem_default()), 0);
  fill_log(fx);
  *state = fx;
  return 0;
}

static int teardown(void **state) {
  fixture *fx = *state;

  (void)unlink(fx->in);
  (void)unlink(fx->out);
  assert_int_equal(rmdir(fx->dir), 0); /* nothing else was left there */
  quic_keylog_del(fx->log);
  free(fx);
  return 0;
}

static void save(const fixture *fx) {
  FILE *f = fopen(fx->in, "wb");

  assert_non_null(f);
  assert_int_equal(fwrite(fx->octets, 1, quic_writer_len(&fx->wr), f),
                   quic_writer_len(&fx->wr));
  assert_int_equal(fclose(f), 0);
}

static bool load(fixture *fx) {
  FILE *f = fopen(fx->out, "rb");

  if (!f) {
    return false;
  }
  fx->copy_len = fread(fx->copy, 1, sizeof(fx->copy), f);
  fclose(f);
  return true;
}

static int copy(fixture *fx, bool inject, qd_inject_report *report) {
  qd_inject_settings set = {.mem = quic_mem_default(),
                            .input = fx->in,
                            .output = fx->out,
                            .log = inject ? fx->log : NULL};
  int rv;

  save(fx);
  rv = qd_inject_run(&set, report);
  assert_int_equal(load(fx), rv == 0);
  return rv;
}

static const uint8_t filler[1000] = "what a packet holds";

/* described writes the records of the copy as words. */
static const char *described(const fixture *fx) {
  static char buf[8192];
  quic_capture_reader *cr;
  quic_capture_record rec;
  size_t at = 0, used, need;
  quic_text t;
  int rv;

  quic_text_init(&t, buf, sizeof(buf));
  assert_int_equal(quic_capture_reader_new(&cr, quic_mem_default()), 0);
  while ((rv = quic_capture_reader_next(
              cr, quic_bytes_of(fx->copy + at, fx->copy_len - at), true, &used,
              &need, &rec)) == 0) {
    if (rec.kind == QUIC_CAPTURE_SECRETS) {
      quic_text_printf(&t, "secrets %08x %zu\n", rec.secrets_type,
                       rec.data.len);
    } else if (rec.kind == QUIC_CAPTURE_PACKET) {
      quic_text_printf(&t, "packet %u link %u at %llu %zu of %u\n",
                       rec.interface_id, rec.linktype,
                       (unsigned long long)rec.time, rec.data.len,
                       rec.orig_len);
      assert_memory_equal(rec.data.data, filler, rec.data.len);
    } else {
      quic_text_printf(&t, "block %zu\n", used);
    }
    at += used;
  }
  assert_int_equal(rv, QUIC_ERR_END);
  quic_capture_reader_del(cr);
  return quic_text_cstr(&t);
}

static void section(fixture *fx, const quic_capture_format *fm) {
  assert_int_equal(quic_capture_write_section(&fx->wr, fm, "x"), 0);
  assert_int_equal(quic_capture_write_interface(&fx->wr, fm, 101, 0), 0);
}

static void secrets(fixture *fx, const quic_capture_format *fm, uint32_t type) {
  assert_int_equal(
      quic_capture_write_secrets(&fx->wr, fm, type, quic_bytes_of("old\n", 4)),
      0);
}

static void packet(fixture *fx, const quic_capture_format *fm) {
  assert_int_equal(
      quic_capture_write_packet(&fx->wr, fm, 0, TIME,
                                quic_bytes_of(filler, sizeof(filler)), 1500),
      0);
}

static void two_sections(fixture *fx) {
  section(fx, &little);
  fx->octets[16] = 1; /* the section's length, which will hold no longer */
  memset(fx->octets + 17, 0, 7);
  secrets(fx, &little, QUIC_CAPTURE_SECRETS_TLS);
  secrets(fx, &little, OTHER_SECRETS);
  packet(fx, &little);
  section(fx, &big);
  packet(fx, &big);
  secrets(fx, &big, QUIC_CAPTURE_SECRETS_TLS);
}

/* Each section gets what was used, in its byte order, and loses the rest. */
static void test_pcapng(void **state) {
  fixture *fx = *state;
  qd_inject_report report;
  size_t len = strlen(fx->line[0]) + strlen(fx->line[1]);
  char want[1024];

  two_sections(fx);
  assert_int_equal(copy(fx, true, &report), 0);
  assert_int_equal(report.secrets, 2);
  assert_int_equal(report.connections, 1);
  assert_int_equal(report.dropped, 2);
  assert_false(report.cut);
  snprintf(want, sizeof(want),
           "block 40\nsecrets 544c534b %zu\nblock 20\n"
           "secrets 57474b4c 4\n"
           "packet 0 link 101 at 1700000000123456000 1000 of 1500\n"
           "block 40\nsecrets 544c534b %zu\nblock 32\n"
           "packet 1 link 101 at 1700000000123456789 1000 of 1500\n",
           len, len);
  assert_string_equal(described(fx), want);
  for (int i = 0; i < 2; i++) {
    assert_non_null(
        memmem(fx->copy, fx->copy_len, fx->line[i], strlen(fx->line[i])));
  }
  assert_memory_equal(fx->copy + 16, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

/* Without secrets inside nothing but they and the length is gone. */
static void test_strip(void **state) {
  fixture *fx = *state;
  qd_inject_report report;

  two_sections(fx);
  assert_int_equal(copy(fx, false, &report), 0);
  assert_int_equal(report.dropped, 3);
  assert_int_equal(report.secrets, 0);
  assert_string_equal(described(fx),
                      "block 40\nblock 20\n"
                      "packet 0 link 101 at 1700000000123456000 1000 of 1500\n"
                      "block 40\nblock 32\n"
                      "packet 1 link 101 at 1700000000123456789 1000 of "
                      "1500\n");
  assert_int_equal(fx->copy_len, quic_writer_len(&fx->wr) - 3 * 24);
}

/* A pcap becomes a pcapng with the same packets, or stays what it is. */
static void test_pcap(void **state) {
  fixture *fx = *state;
  qd_inject_report report;
  char want[512];

  for (int i = 0; i < 4; i++) {
    quic_capture_format fm = {i & 1, i & 2};

    quic_writer_init(&fx->wr, fx->octets, sizeof(fx->octets));
    assert_int_equal(quic_capture_write_pcap_header(&fx->wr, &fm, 276, 2000),
                     0);
    assert_int_equal(quic_capture_write_pcap_packet(
                         &fx->wr, &fm, TIME, quic_bytes_of(filler, 999), 1500),
                     0);
    assert_int_equal(copy(fx, true, &report), 0);
    assert_int_equal(report.secrets, 2);
    snprintf(want, sizeof(want),
             "block %zu\nsecrets 544c534b %zu\nblock %d\n"
             "packet 0 link 276 at 1700000000123456%s 999 of 1500\n",
             28 + 8 + ((strlen("quicdump (h3kit) " H3KIT_VERSION) + 3) & ~3u),
             strlen(fx->line[0]) + strlen(fx->line[1]), i & 2 ? 32 : 20,
             i & 2 ? "789" : "000");
    assert_string_equal(described(fx), want);
    assert_int_equal(fx->copy[8], i & 1 ? 0x1a : 0x4d);
    assert_int_equal(copy(fx, false, &report), 0);
    assert_int_equal(report.dropped, 0);
    assert_int_equal(fx->copy_len, quic_writer_len(&fx->wr));
    assert_memory_equal(fx->copy, fx->octets, fx->copy_len);
  }
}

/* Nothing was used: no block of secrets at all. */
static void test_none_used(void **state) {
  fixture *fx = *state;
  qd_inject_report report;

  memset(quic_keylog_at(fx->log, 0)->used, 0, QUIC_KEYLOG_LABELS);
  section(fx, &little);
  secrets(fx, &little, QUIC_CAPTURE_SECRETS_TLS);
  assert_int_equal(copy(fx, true, &report), 0);
  assert_int_equal(report.secrets, 0);
  assert_int_equal(report.connections, 0);
  assert_string_equal(described(fx), "block 40\nblock 20\n");
}

/* Many sections do not make many times as much. */
static void test_many_sections(void **state) {
  fixture *fx = *state;
  qd_inject_report report;

  for (int i = 0; i < 5000; i++) {
    section(fx, &little);
  }
  assert_int_equal(copy(fx, true, &report), 0);
  assert_int_equal(report.secrets, 2);
  assert_in_range(fx->copy_len, quic_writer_len(&fx->wr) + 300,
                  2 * quic_writer_len(&fx->wr) + 600);
}

/* A cut record is left out and told of; what is broken makes no copy. */
static void test_damage(void **state) {
  fixture *fx = *state;
  qd_inject_report report;
  size_t whole;

  two_sections(fx);
  whole = quic_writer_len(&fx->wr);
  for (size_t cut = 1; cut <= 24; cut++) {
    fx->wr.pos = fx->octets + whole - cut;
    assert_int_equal(copy(fx, false, &report), 0);
    assert_int_equal(report.cut, cut < 24);
    assert_int_equal(strlen(report.text) > 0, cut < 24);
    assert_int_equal(report.dropped, 2);
  }
  (void)unlink(fx->out);
  fx->wr.pos = fx->octets + whole;
  fx->octets[40 + 4] = 25; /* length of the second block */
  assert_int_equal(copy(fx, false, &report), QUIC_ERR_INVALID);
  assert_non_null(strstr(report.text, "is not a multiple of 4"));
  assert_non_null(strstr(report.text, "out is not written"));
  quic_writer_init(&fx->wr, fx->octets, sizeof(fx->octets));
  assert_int_equal(copy(fx, true, &report), QUIC_ERR_INVALID);
  assert_non_null(strstr(report.text, "empty file"));
}

/* The input is never written over, by whatever name it goes. */
static void test_same_file(void **state) {
  fixture *fx = *state;
  qd_inject_settings set = {
      .mem = quic_mem_default(), .input = fx->in, .output = fx->out};
  qd_inject_report report;

  section(fx, &little);
  save(fx);
  assert_int_equal(symlink(fx->in, fx->out), 0);
  assert_false(qd_inject_allowed(fx->in, fx->in, &report));
  assert_int_equal(qd_inject_run(&set, &report), QUIC_ERR_INVALID);
  assert_non_null(strstr(report.text, "give another name"));
  assert_int_equal(unlink(fx->out), 0);
  assert_int_equal(link(fx->in, fx->out), 0);
  assert_int_equal(qd_inject_run(&set, &report), QUIC_ERR_INVALID);
  assert_int_equal(unlink(fx->out), 0);
  assert_true(qd_inject_allowed(fx->in, fx->out, &report));
  set.output = "/nowhere/at/all";
  assert_int_equal(qd_inject_run(&set, &report), QUIC_ERR_INVALID);
  assert_string_equal(report.text,
                      "/nowhere/at/all: No such file or directory");
  set.input = "/nowhere/else";
  assert_int_equal(qd_inject_run(&set, &report), QUIC_ERR_INVALID);
  assert_string_equal(report.text, "/nowhere/else: No such file or directory");
}

static int run(const quic_mem *mem, void *user) {
  fixture *fx = user;
  qd_inject_settings set = {
      .mem = mem, .input = fx->in, .output = fx->out, .log = fx->log};
  qd_inject_report report;
  int rv = qd_inject_run(&set, &report);

  /* Of the file only an errno is known. */
  return rv != 0 ? QUIC_ERR_NOMEM : 0;
}

static void test_memory(void **state) {
  fixture *fx = *state;
  failmem fm;

  two_sections(fx);
  save(fx);
  assert_true(failmem_sweep(&fm, run, fx) > 4);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_pcapng), TEST(test_strip),         TEST(test_pcap),
      TEST(test_damage), TEST(test_many_sections), TEST(test_none_used),
      TEST(test_memory), TEST(test_same_file),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
