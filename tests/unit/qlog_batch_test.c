/* Records that are told together are told as if each were alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "qlog/reader.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

#define RECORDS 200

typedef struct told {
  quic_text text;
  char buf[64 * 1024];
  size_t largest; /* calls of one feed */
  size_t calls;
} told;

static void told_event(told *t, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;

  if (e->tuple) {
    quic_text_printf(&t->text, " tuple %s", e->tuple);
  }
  if (e->type == QLOG_RECOVERY_METRICS_UPDATED) {
    quic_text_printf(&t->text, " cwnd %llu",
                     (unsigned long long)e->u.metrics.congestion_window);
  } else if (e->type == QLOG_PACKET_SENT) {
    quic_text_printf(&t->text, " pn %llu", (unsigned long long)p->header->pn);
    for (size_t i = 0; i < p->nframes && i < 3; i++) {
      quic_text_printf(&t->text, " %llx",
                       (unsigned long long)p->frames[i].type);
    }
  } else if (e->type == QLOG_H3_FRAME_PARSED) {
    quic_text_printf(&t->text, " h3 %llu",
                     (unsigned long long)e->u.h3_frame.frame->type);
  }
}

static void told_record(void *user, const qlog_record *r) {
  told *t = user;

  t->calls++;
  quic_text_printf(&t->text, "%llu %llu %llu ", (unsigned long long)r->number,
                   (unsigned long long)r->offset, (unsigned long long)r->time);
  quic_text_untrusted(&t->text, r->space, 0);
  quic_text_str(&t->text, ":");
  quic_text_untrusted(&t->text, r->name, 0);
  quic_text_str(&t->text, " ");
  quic_text_untrusted(&t->text, r->group, 0);
  quic_text_untrusted(&t->text, quic_bytes_of(r->text.data, 12), 0);
  if (r->event) {
    told_event(t, r->event);
  }
  quic_text_str(&t->text, "\n");
}

static void told_bad(void *user, const qlog_bad *bad) {
  told *t = user;

  quic_text_printf(&t->text, "bad %llu\n", (unsigned long long)bad->number);
}

static void told_trace(void *user, const qlog_trace *trace) {
  told *t = user;

  quic_text_printf(&t->text, "trace %u\n", trace->index);
}

/* What ends a batch: a bad record, another trace, nothing at all. */
static int batch_stop(char *out, size_t cap, unsigned i) {
  return snprintf(out, cap, "%s",
                  i % 3 == 0   ? "\x1e{\"time\":5,\"name\":\n"
                  : i % 3 == 1 ? "\x1e{\"qlog_version\":\"0.3\",\"trace\":{}}\n"
                               : "\n");
}

/* batch_record writes record |i| of a log in which all kinds alternate. */
static int batch_record(char *out, size_t cap, unsigned i) {
  if (i % 50 == 49) {
    return batch_stop(out, cap, i / 50);
  }
  switch (i % 7) {
  case 1:
    return snprintf(out, cap,
                    "\x1e{\"time\":%u,\"name\":\"quic:packet_sent\",\"tuple\":"
                    "\"t%u\",\"data\":{\"header\":{\"packet_type\":\"1RTT\","
                    "\"packet_number\":%u}}}\n",
                    i, i / 14, i);
  case 2:
    return snprintf(out, cap,
                    "\x1e{\"time\":%u,\"name\":\"qu\\u0069c:un\\u006b%u\","
                    "\"data\":{}}\n",
                    i, i);
  case 3:
    return snprintf(out, cap,
                    "\x1e{\"time\":%u,\"name\":\"http3:frame_parsed\",\"data\":"
                    "{\"stream_id\":0,\"frame\":{\"frame_type\":\"%s\"}}}\n",
                    i, i & 1 ? "data" : "goaway");
  case 4:
    return snprintf(out, cap,
                    "\x1e{\"time\":%u,\"group_id\":\"g%u\",\"name\":"
                    "\"quic:packet_sent\",\"data\":{\"header\":"
                    "{\"packet_type\":\"initial\",\"packet_number\":%u},"
                    "\"frames\":[{\"frame_type\":\"%s\"},{\"frame_type\":"
                    "\"padding\",\"length\":%u}]}}\n",
                    i, i % 4, i, i & 1 ? "ping" : "handshake_done", i);
  default:
    return snprintf(out, cap,
                    "\x1e{\"time\":%u,\"name\":\"quic:recovery_metrics_updated"
                    "\",\"data\":{\"congestion_window\":%u}}\n",
                    i, 1000 + i);
  }
}

static quic_bytes batch_log(char *out, size_t cap) {
  size_t n = (size_t)snprintf(
      out, cap,
      "\x1e{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","
      "\"trace\":{\"vantage_point\":{\"type\":\"client\"}}}\n");

  for (unsigned i = 0; i < RECORDS; i++) {
    n += (size_t)batch_record(out + n, cap - n, i);
  }
  assert_true(n < cap);
  return quic_bytes_of(out, n);
}

/* batch_read reads |log| in pieces of |piece| octets, each in a block of its
   own that is gone afterwards. */
static int batch_read(told *t, const quic_mem *mem, quic_bytes log,
                      size_t piece) {
  static const qlog_reader_ops ops = {told_trace, told_record, told_bad};
  const qlog_reader_settings set = {.seed = {1, 2}};
  qlog_reader *r = NULL;
  int err;

  quic_text_init(&t->text, t->buf, sizeof(t->buf));
  t->largest = 0;
  err = qlog_reader_new(&r, mem, &set, &ops, t);
  for (size_t at = 0; err == 0 && at < log.len; at += piece) {
    size_t n = log.len - at < piece ? log.len - at : piece;
    uint8_t *copy = octets_exact(log.data + at, n);

    t->calls = 0;
    err = qlog_reader_feed(r, quic_bytes_of(copy, n));
    t->largest = t->calls > t->largest ? t->calls : t->largest;
    memset(copy, 'x', n);
    free(copy);
  }
  if (err == 0) {
    err = qlog_reader_finish(r);
  }
  qlog_reader_del(r);
  return err;
}

static void test_pieces(void **state) {
  static told alone, together;
  static char text[128 * 1024];
  quic_bytes log = batch_log(text, sizeof(text));

  (void)state;
  assert_int_equal(batch_read(&alone, quic_mem_default(), log, 1), 0);
  assert_int_equal(alone.largest, 1);
  for (size_t piece = 50; piece <= log.len; piece += piece / 3) {
    assert_int_equal(batch_read(&together, quic_mem_default(), log, piece), 0);
    assert_string_equal(quic_text_cstr(&together.text),
                        quic_text_cstr(&alone.text));
  }
  assert_int_equal(batch_read(&together, quic_mem_default(), log, log.len), 0);
  assert_string_equal(quic_text_cstr(&together.text),
                      quic_text_cstr(&alone.text));
  assert_in_range(together.largest, 150, RECORDS);
}

/* What was read before the memory went out is told all the same, and in
   order. */
static int batch_sweep(const quic_mem *mem, void *user) {
  static told t;
  const char *const *whole = user;
  static char text[128 * 1024];
  int err = batch_read(&t, mem, batch_log(text, sizeof(text)), 100000);
  const char *got = quic_text_cstr(&t.text);

  if (err != 0 && err != QUIC_ERR_NOMEM) {
    fail_msg("error %d", err);
  }
  assert_int_equal(strncmp(got, *whole, strlen(got)), 0);
  return err;
}

static void test_nomem(void **state) {
  static told t;
  static char text[128 * 1024];
  const char *whole;
  failmem fm;

  (void)state;
  assert_int_equal(
      batch_read(&t, quic_mem_default(), batch_log(text, sizeof(text)), 100000),
      0);
  whole = quic_text_cstr(&t.text);
  if (failmem_sweep(&fm, batch_sweep, &whole) < 5) {
    fail_msg("%s", fm.text);
  }
}

/* batch_large writes packets of many frames. */
static char *batch_large(size_t records, size_t frames, size_t *len) {
  static const char *const names[] = {"ping", "handshake_done"};
  char *text = malloc(records * (frames + 4) * 40), *p = text;

  assert_non_null(text);
  for (size_t i = 0; i < records; i++) {
    p += sprintf(p, "\x1e{\"time\":1,\"name\":\"quic:packet_sent\",\"data\":{"
                    "\"header\":{\"packet_type\":\"1RTT\"},\"frames\":[");
    for (size_t k = 0; k < frames; k++) {
      p += sprintf(p, "%s{\"frame_type\":\"%s\"}", k ? "," : "", names[i & 1]);
    }
    p += sprintf(p, "]}}\n");
  }
  *len = (size_t)(p - text);
  return text;
}

/* Large records do not wait for each other. */
static void test_memory(void **state) {
  static told t, alone;
  const size_t records = 60, frames = 3000;
  size_t len;
  char *text = batch_large(records, frames, &len);
  failmem fm;

  (void)state;
  failmem_init(&fm);
  assert_int_equal(batch_read(&t, &fm.mem, quic_bytes_of(text, len), len), 0);
  assert_int_equal(t.largest, records - 1); /* one ends with the file */
  assert_true(fm.peak < 4 * frames * sizeof(quic_frame));
  assert_true(failmem_balanced(&fm));
  assert_int_equal(batch_read(&alone, quic_mem_default(),
                              quic_bytes_of(text, len), len / records / 2),
                   0);
  assert_string_equal(quic_text_cstr(&t.text), quic_text_cstr(&alone.text));
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pieces),
      cmocka_unit_test(test_nomem),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
