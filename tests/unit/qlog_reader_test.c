#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "qlog/convert.h"
#include "qlog/reader.h"
#include "qlog/token.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

/* A converter that knows packet_sent alone, so that what is tested here is the
   reader. */

struct qlog_convert {
  const quic_mem *mem;
};

int qlog_convert_new(qlog_convert **out, const quic_mem *mem) {
  *out = quic_mem_zalloc(mem, sizeof(**out));
  if (!*out) {
    return QUIC_ERR_NOMEM;
  }
  (*out)->mem = mem;
  return 0;
}

void qlog_convert_del(qlog_convert *c) {
  quic_mem_free(c->mem, c);
}

int qlog_convert_event(qlog_convert *c, const qlog_convert_in *in,
                       qlog_event *out, qlog_convert_error *error) {
  qlog_tokens t;

  (void)c;
  if (!qlog_token_is(in->name, "packet_sent") &&
      !qlog_token_is(in->name, "PACKET_SENT")) {
    return QUIC_ERR_UNSUPPORTED;
  }
  in->trace->repairs[QLOG_REPAIR_OLD_NAME] +=
      qlog_token_is(in->space, "transport");
  qlog_event_init(out, QLOG_PACKET_SENT, 0);
  if (in->data.len == 0) {
    return 0;
  }
  qlog_tokens_init(&t, in->data);
  if (qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL) &&
      qlog_tokens_next(&t) == QLOG_TOKEN_END) {
    return 0;
  }
  error->why = t.why;
  error->at = (size_t)(t.where - t.start);
  return QUIC_ERR_MALFORMED;
}

bool qlog_convert_full(const qlog_convert *c) {
  (void)c;
  return false;
}

void qlog_convert_release(qlog_convert *c) {
  (void)c;
}

/* What a reader told, a line for each call. */

typedef struct log {
  quic_text text;
  char buf[8192];
} log;

static void log_bytes(log *l, const char *name, quic_bytes b) {
  if (b.len) {
    quic_text_printf(&l->text, " %s=", name);
    quic_text_untrusted(&l->text, b, 0);
  }
}

static void log_trace(void *user, const qlog_trace *t) {
  static const char *const vantages[] = {"?", "client", "server", "network"};
  static const char *const formats[] = {"relative", "absolute", "delta"};
  log *l = user;

  quic_text_printf(&l->text, "%s %" PRIu32 " %s %s %s %" PRIu64 "%s",
                   t->again ? "again" : "trace", t->index,
                   qlog_layout_name(t->layout), vantages[t->vantage],
                   formats[t->time_format], t->reference,
                   t->wall_clock ? " wall" : "");
  if (t->flow) {
    quic_text_printf(&l->text, " flow=%s", vantages[t->flow]);
  }
  log_bytes(l, "version", t->version);
  log_bytes(l, "title", t->title);
  log_bytes(l, "description", t->description);
  log_bytes(l, "vantage", t->vantage_name);
  log_bytes(l, "group", t->group);
  log_bytes(l, "error", t->error);
  quic_text_str(&l->text, "\n");
}

static void log_record(void *user, const qlog_record *r) {
  log *l = user;

  quic_text_printf(&l->text, "%" PRIu64 "@%" PRIu64 "+%zu %" PRIu64 " ",
                   r->number, r->offset, r->text.len, r->time);
  quic_text_untrusted(&l->text, r->space, 0);
  quic_text_str(&l->text, ":");
  quic_text_untrusted(&l->text, r->name, 0);
  quic_text_str(&l->text, r->event ? "" : " unknown");
  log_bytes(l, "group", r->group);
  if (r->event) {
    assert_true(r->event->time == r->time);
    assert_true(r->event->record == r->number);
    if (r->event->tuple) {
      quic_text_printf(&l->text, " tuple=%s", r->event->tuple);
    }
    if (r->event->group) {
      quic_text_printf(&l->text, " own=%s", r->event->group);
    }
  }
  quic_text_str(&l->text, "\n");
}

static void log_bad(void *user, const qlog_bad *bad) {
  log *l = user;

  quic_text_printf(&l->text, "bad %" PRIu64 "@%" PRIu64 "+%zu at %zu: %s\n",
                   bad->number, bad->offset, bad->text.len, bad->at, bad->why);
}

static const qlog_reader_ops log_ops = {log_trace, log_record, log_bad};

static void log_stats(log *l, const qlog_reader *r, int rv) {
  const qlog_reader_stats *s = qlog_reader_stats_of(r);

  quic_text_printf(&l->text,
                   "%s %s records=%" PRIu64 " events=%" PRIu64
                   " unknown=%" PRIu64 " bad=%" PRIu64 "%s",
                   quic_err_name(rv), qlog_layout_name(s->layout), s->records,
                   s->events, s->unknown, s->bad,
                   s->truncated ? " truncated" : "");
  for (int i = 0; i < QLOG_REPAIRS; i++) {
    if (s->repairs[i]) {
      quic_text_printf(&l->text, " %s=%" PRIu64,
                       qlog_repair_name((qlog_repair)i), s->repairs[i]);
    }
  }
  if (qlog_reader_problem(r)) {
    quic_text_printf(&l->text, " (%s)", qlog_reader_problem(r));
  }
}

/* read_all feeds |text|, |piece| octets at a time from blocks of exact size. */
static int read_all(log *l, quic_bytes text, size_t piece, size_t record_max,
                    const quic_mem *mem) {
  qlog_reader_settings set = {.record_max = record_max, .seed = {3, 4}};
  qlog_reader *r;
  int rv;

  quic_text_init(&l->text, l->buf, sizeof(l->buf));
  rv = qlog_reader_new(&r, mem, &set, &log_ops, l);
  if (rv != 0) {
    return rv;
  }
  for (size_t i = 0; rv == 0 && i < text.len; i += piece) {
    size_t n = text.len - i < piece ? text.len - i : piece;
    uint8_t *exact = octets_exact(text.data + i, n);

    rv = qlog_reader_feed(r, quic_bytes_of(exact, n));
    free(exact);
  }
  if (rv == 0) {
    rv = qlog_reader_finish(r);
  }
  log_stats(l, r, rv);
  assert_int_equal(qlog_reader_feed(r, quic_bytes_of("x", 1)),
                   rv ? rv : QUIC_ERR_INVALID);
  qlog_reader_del(r);
  assert_false(l->text.cut);
  quic_text_cstr(&l->text);
  return rv;
}

/* log_times keeps the lines of records, without anything that a head behind
   them could change. */
static void log_records(log *l) {
  char *to = l->buf;

  for (char *line = strtok(l->buf, "\n"); line; line = strtok(NULL, "\n")) {
    if (line[0] >= '0' && line[0] <= '9' && strchr(line, '@')) {
      size_t len = strlen(line);

      memmove(to, line, len);
      to += len;
      *to++ = '\n';
    }
  }
  *to = '\0';
}

typedef struct sample {
  const char *name;
  const char *text;
  const char *want;
} sample;

#define SEQ_HEAD                                                               \
  "\x1e{\"qlog_format\":\"JSON-SEQ\",\"qlog_version\":\"0.3\",\"trace\":{"     \
  "\"vantage_point\":{\"name\":\"n\",\"type\":\"server\"},"                    \
  "\"common_fields\":{\"time_format\":\"relative\",\"reference_time\":0,"      \
  "\"group_id\":\"abcd\"}}}\n"
#define SENT(time)                                                             \
  "{\"time\":" time ",\"name\":\"quic:packet_sent\",\"data\":{\"x\":[1]}}"

static const sample samples[] = {
#include "tests/unit/qlog_reader_samples.def"
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void check(const sample *s, size_t piece) {
  static log l;

  (void)read_all(&l, quic_bytes_of(s->text, strlen(s->text)), piece, 0,
                 quic_mem_default());
  if (strcmp(l.buf, s->want) != 0) {
    fail_msg("%s, %zu octets at a time:\n%s\ninstead of\n%s", s->name, piece,
             l.buf, s->want);
  }
}

static void test_whole(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    check(&samples[i], strlen(samples[i].text) + 1);
  }
}

static void test_pieces(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    check(&samples[i], 1);
    check(&samples[i], 2);
    check(&samples[i], 7);
    check(&samples[i], 64);
  }
}

/* Wherever a file is cut, what is in front is read as ever. */
static void test_cuts(void **state) {
  static log whole, part;

  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    size_t len = strlen(samples[i].text);

    (void)read_all(&whole, quic_bytes_of(samples[i].text, len), len + 1, 0,
                   quic_mem_default());
    log_records(&whole);
    for (size_t n = 0; n < len; n++) {
      (void)read_all(&part, quic_bytes_of(samples[i].text, n), n + 1, 0,
                     quic_mem_default());
      log_records(&part);
      if (strncmp(whole.buf, part.buf, strlen(part.buf)) != 0) {
        fail_msg("%s cut at %zu:\n%s\nis no start of\n%s", samples[i].name, n,
                 part.buf, whole.buf);
      }
    }
  }
}

static int read_sample(const quic_mem *mem, void *user) {
  static log l;
  const sample *s = user;
  int rv = read_all(&l, quic_bytes_of(s->text, strlen(s->text)), 100, 0, mem);

  return rv == QUIC_ERR_NOMEM ? rv : 0;
}

static void test_nomem(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    sample s = samples[i];
    failmem fm;

    if (failmem_sweep(&fm, read_sample, &s) == 0) {
      fail_msg("%s: %s", s.name, fm.text);
    }
  }
}

/* A record that is too large is passed over, whatever the layout and however
   it comes, and the next one is read. */
static void test_large(void **state) {
  static const struct {
    const char *before, *between, *after;
  } layouts[] = {
      {SEQ_HEAD "\x1e", "\n\x1e", "\n"},
      {"{\"qlog_version\":\"0.3\"}\n", "\n", "\n"},
      {"{\"traces\":[{\"events\":[", ",", "]}]}"},
  };
  static const size_t pieces[] = {1, 100, 4096, 1 << 20};
  static char text[16384];
  static log l;

  (void)state;
  for (size_t i = 0; i < 3 * 4; i++) {
    size_t len = (size_t)snprintf(
        text, sizeof(text), "%s%s%s{\"time\":2,\"name\":\"%04000d\"}%s%s%s",
        layouts[i / 4].before, SENT("1"), layouts[i / 4].between, 0,
        layouts[i / 4].between, SENT("3"), layouts[i / 4].after);

    assert_int_equal(read_all(&l, quic_bytes_of(text, len), pieces[i % 4], 2000,
                              quic_mem_default()),
                     0);
    assert_non_null(strstr(l.buf, "+256 at 256: larger than a record may be"));
    assert_non_null(strstr(l.buf, " events=2 unknown=0 bad=1"));
    assert_non_null(strstr(l.buf, " 3000000 quic:packet_sent"));
  }
}

/* Some layouts of a few records, and the octets of the head that stay whole. */

typedef struct layout {
  const char *head, *record, *between, *end;
} layout;

static const layout layouts[] = {
    {SEQ_HEAD "\x1e", SENT("1#"), "\n\x1e", "\n"},
    {"{\"qlog_format\":\"NDJSON\",\"qlog_version\":\"draft-02\"}\n", SENT("1#"),
     "\n", "\n"},
    {"{\"traces\":[{\"events\":[", SENT("1#"), ",", "]}]}"},
    {"{\n  \"traces\": [\n    {\n      \"events\": [\n        ",
     "{\n          \"data\": {\n            \"frames\": [\n              {\n"
     "                \"a\": 1\n              }\n            ]\n          },\n"
     "          \"name\": \"q:packet_sent\",\n          \"time\": 1#\n"
     "        }",
     ",\n        ", "\n      ]\n    }\n  ]\n}"},
    {"{\"traces\":[{\"event_fields\":[\"time\",\"event\",\"data\"],\"events\""
     ":[\n",
     "[1#, \"packet_sent\", {\"frames\": [{ \n \"a\": [[1,2],[3]]}]}]", ",\n",
     "]}]}"},
    {"{\"traces\":[{\"event_fields\":[\"time\",\"event\",\"data\"],\"events\""
     ":[",
     "[1#,\"packet_sent\",{\"frames\":[{\"a\":[[1,2],[3]]}]}]", ",", "]}]}"},
};

enum { RECORDS = 10 };

static size_t layout_make(const layout *l, char *out, size_t cap) {
  size_t len = (size_t)snprintf(out, cap, "%s", l->head);

  for (int i = 0; i < RECORDS; i++) {
    len += (size_t)snprintf(out + len, cap - len, "%s", i ? l->between : "");
    for (const char *p = l->record; *p; p++) { /* # is the number */
      len += *p == '#' ? (size_t)snprintf(out + len, cap - len, "%02d", i)
                       : (size_t)snprintf(out + len, cap - len, "%c", *p);
    }
  }
  return len + (size_t)snprintf(out + len, cap - len, "%s", l->end);
}

static void count_record(void *user, const qlog_record *r) {
  if (r->event) {
    ++*(unsigned *)user;
  }
}

static unsigned count_events(const char *text, size_t len) {
  static const qlog_reader_ops ops = {NULL, count_record, NULL};
  qlog_reader_settings set = {0};
  unsigned n = 0;
  qlog_reader *r;

  assert_int_equal(qlog_reader_new(&r, quic_mem_default(), &set, &ops, &n), 0);
  assert_int_equal(qlog_reader_feed(r, quic_bytes_of(text, len)), 0);
  assert_int_equal(qlog_reader_finish(r), 0);
  qlog_reader_del(r);
  return n;
}

/* An octet that changes, is lost or comes, at any place behind the head, costs
   the record that it is in, and at most the one beside it. */
static void test_damage(void **state) {
  static const char octets[] = "{}[]\",:x\n1";
  static char text[16384], bad[16384];

  (void)state;
  for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
    size_t len = layout_make(&layouts[i], text, sizeof(text));

    assert_int_equal(count_events(text, len), RECORDS);
    for (size_t at = strlen(layouts[i].head) + 1; at < len; at++) {
      for (size_t k = 0; k < 2 * sizeof(octets) - 1; k++) {
        char c = octets[k / 2];
        size_t gone = k % 2 || !c; /* in place of one, or before it */
        unsigned n;

        memcpy(bad, text, at);
        bad[at] = c;
        memcpy(bad + at + !!c, text + at + gone, len - at - gone);
        n = count_events(bad, len + !!c - gone);
        if (n + 2 < RECORDS) {
          fail_msg("layout %zu, %c at %zu (%zu): %u records\n%s", i, c, at,
                   gone, n, bad);
        }
      }
    }
  }
}

static void keep_record(void *user, const qlog_record *r) {
  qlog_record *kept = user;

  if (r->number == 3) {
    *kept = *r;
    kept->text.data = octets_exact(r->text.data, r->text.len);
    kept->event = NULL;
  }
}

static void again_record(void *user, const qlog_record *r) {
  if (r->number == 77) {
    assert_true(r->time == 1234 && r->offset == 99);
    assert_non_null(r->event);
    assert_true(r->event->time == 1234 && r->event->record == 77);
    assert_true(qlog_token_is(r->name, "packet_sent"));
    ++*(int *)user;
  }
}

static void test_again(void **state) {
  static const char text[] = SEQ_HEAD "\x1e" SENT("1") "\n\x1e" SENT("2") "\n";
  qlog_reader_ops ops = {NULL, keep_record, NULL};
  qlog_reader_settings set = {0};
  qlog_record record = {0};
  qlog_reader_stats before;
  qlog_reader *r;
  int told = 0;

  (void)state;
  assert_int_equal(qlog_reader_new(&r, quic_mem_default(), &set, &ops, &record),
                   0);
  assert_int_equal(qlog_reader_feed(r, quic_bytes_of(text, sizeof(text) - 1)),
                   0);
  assert_int_equal(qlog_reader_finish(r), 0);
  qlog_reader_del(r);
  assert_int_equal(record.number, 3);

  ops.record = again_record;
  assert_int_equal(qlog_reader_new(&r, quic_mem_default(), &set, &ops, &told),
                   0);
  assert_int_equal(qlog_reader_feed(r, quic_bytes_of(text, sizeof(text) - 1)),
                   0);
  assert_int_equal(qlog_reader_finish(r), 0);
  before = *qlog_reader_stats_of(r);
  record.number = 77;
  record.offset = 99;
  record.time = 1234;
  assert_int_equal(qlog_reader_again(r, &record), 0);
  assert_int_equal(told, 1);
  record.text.len--;
  assert_int_equal(qlog_reader_again(r, &record), QUIC_ERR_MALFORMED);
  record.text.len++;
  record.trace = 1;
  assert_int_equal(qlog_reader_again(r, &record), QUIC_ERR_MALFORMED);
  assert_int_equal(told, 1);
  assert_memory_equal(&before, qlog_reader_stats_of(r), sizeof(before));
  qlog_reader_del(r);
  free((void *)(uintptr_t)record.text.data);
}

static void test_names(void **state) {
  (void)state;
  for (int i = 0; i < QLOG_LAYOUTS; i++) {
    assert_non_null(qlog_layout_name((qlog_layout)i));
  }
  for (int i = 0; i < QLOG_REPAIRS; i++) {
    assert_non_null(qlog_repair_name((qlog_repair)i));
    assert_non_null(qlog_repair_text((qlog_repair)i));
  }
  assert_string_equal(qlog_layout_name(QLOG_LAYOUT_SEQUENCE), "json-seq");
  assert_string_equal(qlog_layout_name(QLOG_LAYOUTS), "unknown");
  assert_string_equal(qlog_repair_name(QLOG_REPAIRS), "unknown");
  assert_string_equal(qlog_repair_text(QLOG_REPAIRS), "unknown");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whole), cmocka_unit_test(test_pieces),
      cmocka_unit_test(test_cuts),  cmocka_unit_test(test_nomem),
      cmocka_unit_test(test_large), cmocka_unit_test(test_again),
      cmocka_unit_test(test_names), cmocka_unit_test(test_damage),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
