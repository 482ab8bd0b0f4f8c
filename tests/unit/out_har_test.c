#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcap/export.h"
#include "pcap/trace.h"
#include "tests/support/failmem.h"
#include "tests/support/jsonvalid.h"
#include "tests/support/packets.h"

#define START (UINT64_C(1764320701) * QUIC_SECOND) /* 2025-11-28T09:05:01Z */

/* An archive in a directory of its own. */
typedef struct archive {
  packets pk;
  qd_trace trace;
  qd_output *out;
  char dir[64];
  char path[80];
  char *text; /* once it is finished */
} archive;

static void archive_begin(archive *a, const quic_mem *mem, bool bodies) {
  qlog_event e;

  memset(a, 0, sizeof(*a));
  strcpy(a->dir, "/tmp/out_har_test-XXXXXX");
  assert_non_null(mkdtemp(a->dir));
  snprintf(a->path, sizeof(a->path), "%s/x.har", a->dir);
  packets_init(&a->pk, QUIC_PACKET_1RTT);
  a->pk.settings.mem = mem;
  a->pk.settings.capture = "x.pcap";
  a->trace.conn = a->pk.conn;
  a->pk.conn->sides[QD_SERVER].addr = a->pk.p.dst;
  a->pk.p.time = START;
  if (qd_output_har_new(&a->out, &a->pk.settings, a->path, bodies) != 0) {
    return;
  }
  qd_output_start(a->out, &a->pk.p);
  qlog_event_init(&e, QLOG_PACKET_SENT, START);
  a->out->event(a->out, &a->trace, &e);
  assert_null(a->out->event);
}

static void archive_read(archive *a) {
  FILE *f = fopen(a->path, "rb");
  long len;

  assert_non_null(f);
  fseek(f, 0, SEEK_END);
  len = ftell(f);
  rewind(f);
  a->text = malloc((size_t)len + 1);
  assert_non_null(a->text);
  assert_int_equal(fread(a->text, 1, (size_t)len, f), len);
  a->text[len] = '\0';
  fclose(f);
}

static const char *archive_finish(archive *a) {
  size_t len;

  a->out->finish(a->out);
  assert_int_equal(a->out->error, 0);
  archive_read(a);
  len = strlen(a->text);
  assert_int_equal(jsonvalid(quic_bytes_of(a->text, len)), len - 1);
  return a->text;
}

static void archive_free(archive *a) {
  if (a->out) {
    a->out->del(a->out);
  }
  packets_free(&a->pk);
  unlink(a->path);
  assert_int_equal(rmdir(a->dir), 0); /* nothing else is left */
  free(a->text);
}

static void check_has(const char *text, const char *want) {
  if (!strstr(text, want)) {
    fail_msg("%s is not in %s", want, text);
  }
}

static void add(qd_fields *fs, const char *name, const char *value) {
  assert_int_equal(qd_fields_add(fs, quic_mem_default(),
                                 quic_bytes_of(name, strlen(name)),
                                 quic_bytes_of(value, strlen(value))),
                   0);
}

/* A GET that was answered 3 ms later, within 2 ms. */
static void request_init(qd_request *rq, uint64_t number, quic_time start) {
  qd_http_message *c = &rq->side[QD_CLIENT], *s = &rq->side[QD_SERVER];

  qd_request_init(rq);
  rq->number = number;
  rq->protocol = "h3";
  rq->stream_id = 4 * number;
  add(&c->fields, ":method", "GET");
  add(&c->fields, ":scheme", "https");
  add(&c->fields, ":authority", "a.example");
  add(&c->fields, ":path", "/x?a=1&b&=c&&d=2=3#e");
  add(&s->fields, ":status", "200");
  c->first = c->last = start;
  s->first = start + 3 * QUIC_MILLISECOND;
  s->last = s->first + 2 * QUIC_MILLISECOND;
  c->has_headers = s->has_headers = c->fin = s->fin = true;
  c->section_octets = 20;
  rq->status = 200;
  rq->has_status = true;
}

static void request_body(archive *a, qd_request *rq, qd_side side,
                         const void *data, size_t len) {
  rq->side[side].body += len;
  if (a->out->body) {
    a->out->body(a->out, &a->trace, rq, side, quic_bytes_of(data, len));
  }
}

static void request_end(archive *a, qd_request *rq) {
  a->out->request(a->out, &a->trace, rq);
  qd_request_free(rq, quic_mem_default());
}

static void empty(void **state) {
  struct stat st;
  archive a;

  (void)state;
  archive_begin(&a, quic_mem_default(), false);
  assert_string_equal(
      archive_finish(&a),
      "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"h3kit "
      "quicdump\",\"version\":\"" H3KIT_VERSION
      "\"},\"pages\":[{\"startedDateTime\":\"2025-11-28T09:05:01.000Z\","
      "\"id\":\"capture\",\"title\":\"x.pcap\",\"pageTimings\":{}}],"
      "\"entries\":[\n]}}\n");
  assert_int_equal(stat(a.path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_non_null(strstr(a.out->note, "x.har: 0 requests"));
  archive_free(&a);
}

static void whole_entry(void **state) {
  qd_request rq;
  archive a;

  (void)state;
  archive_begin(&a, quic_mem_default(), false);
  request_init(&rq, 1, START + 1500000);
  add(&rq.side[QD_CLIENT].fields, "cookie", "a=b; c ;d=e=f");
  add(&rq.side[QD_SERVER].fields, "set-cookie",
      "id=7=8; Path=/; HttpOnly; Path=/no; secure; Max-Age=1; domain=x");
  add(&rq.side[QD_SERVER].fields, "location", "/there");
  add(&rq.side[QD_SERVER].fields, "content-type", "text/html");
  request_body(&a, &rq, QD_SERVER, "<p>", 3);
  rq.side[QD_SERVER].stream = 30;
  rq.side[QD_SERVER].retransmitted = 5;
  rq.side[QD_CLIENT].frame = 12;
  request_end(&a, &rq);
  assert_non_null(strstr(archive_finish(&a), "\"entries\":[\n{"));
  check_has(
      a.text,
      "{\"pageref\":\"capture\",\"startedDateTime\":"
      "\"2025-11-28T09:05:01.0015Z\",\"request\":{\"method\":\"GET\","
      "\"url\":\"https://a.example/x?a=1&b&=c&&d=2=3#e\",\"httpVersion\":"
      "\"HTTP/3\",\"cookies\":[{\"name\":\"a\",\"value\":\"b\"},"
      "{\"name\":\"c\",\"value\":\"\"},{\"name\":\"d\",\"value\":\"e=f\"}],"
      "\"headers\":[{\"name\":\":method\",\"value\":\"GET\"},");
  check_has(a.text, "\"queryString\":[{\"name\":\"a\",\"value\":\"1\"},"
                    "{\"name\":\"b\",\"value\":\"\"},{\"name\":\"\","
                    "\"value\":\"c\"},{\"name\":\"d\",\"value\":\"2=3\"}],"
                    "\"headersSize\":20,\"bodySize\":0,");
  check_has(a.text, "\"response\":{\"status\":200,\"statusText\":\"\","
                    "\"httpVersion\":\"HTTP/3\",\"cookies\":[{\"name\":\"id\","
                    "\"value\":\"7=8\",\"path\":\"/\",\"httpOnly\":true,"
                    "\"secure\":true,\"domain\":\"x\"}],");
  check_has(a.text, "\"content\":{\"size\":3,\"mimeType\":\"text/html\"},"
                    "\"redirectURL\":\"/there\",\"headersSize\":0,"
                    "\"bodySize\":3,\"_transferSize\":30,");
  check_has(a.text, "\"_retransmittedOctets\":5},\"cache\":{},\"time\":5,"
                    "\"timings\":{\"blocked\":-1,\"dns\":-1,\"connect\":-1,"
                    "\"ssl\":-1,\"send\":0,\"wait\":3,\"receive\":2},"
                    "\"serverIPAddress\":\"10.0.0.9\",\"connection\":\"0\","
                    "\"_request\":1,\"_streamId\":4,\"_frame\":12,"
                    "\"_complete\":true}\n]}}");
  assert_non_null(strstr(a.out->note, "x.har: 1 request"));
  archive_free(&a);
}

/* What is not known does not make the entry ill-formed. */
static void nothing_known(void **state) {
  qd_request rq;
  archive a;

  (void)state;
  archive_begin(&a, quic_mem_default(), true);
  qd_request_init(&rq);
  rq.number = 1;
  rq.protocol = "hq";
  rq.push_id = 9;
  rq.side[QD_CLIENT].reset_code = 0x1234;
  a.pk.conn->sides[QD_SERVER].addr.family = 6;
  request_end(&a, &rq);
  qd_request_init(&rq);
  rq.number = 2;
  rq.protocol = "doq";
  request_end(&a, &rq);
  (void)archive_finish(&a);
  check_has(a.text, "\"startedDateTime\":\"1970-01-01T00:00:00.000Z\","
                    "\"request\":{\"method\":\"\",\"url\":"
                    "\"https://[a00:9::]:443/\",\"httpVersion\":"
                    "\"HTTP/0.9\",\"cookies\":[],\"headers\":[],"
                    "\"queryString\":[],\"headersSize\":-1,\"bodySize\":0,");
  check_has(a.text, "\"_reset\":\"0x1234\"");
  check_has(a.text, "\"response\":{\"status\":0,");
  check_has(a.text, "\"content\":{\"size\":0,\"mimeType\":\"x-unknown\"},");
  check_has(a.text, "\"time\":0,");
  check_has(a.text, "\"serverIPAddress\":\"a00:9::\"");
  check_has(a.text, "\"_pushed\":true,\"_pushId\":9,\"_complete\":false}\n]}}");
  archive_free(&a);
}

typedef struct times_case {
  quic_time first, last;     /* of the request, ms */
  quic_time s_first, s_last; /* of the response */
  const char *want;
} times_case;

static quic_time at(quic_time ms) {
  return ms == QUIC_TIME_NEVER ? ms : START + ms * QUIC_MILLISECOND;
}

static void times(void **state) {
  static const times_case cases[] = {
      {0, 4, 6, 9,
       "\"time\":9,\"timings\":{\"blocked\":-1,\"dns\":-1,\"connect\":-1,"
       "\"ssl\":-1,\"send\":4,\"wait\":2,\"receive\":3}"},
      /* answered before the request was over */
      {0, 8, 6, 9, "\"send\":6,\"wait\":0,\"receive\":3}"},
      {0, 4, QUIC_TIME_NEVER, QUIC_TIME_NEVER,
       "\"send\":4,\"wait\":0,\"receive\":0}"},
      {QUIC_TIME_NEVER, QUIC_TIME_NEVER, 6, 9,
       "\"send\":0,\"wait\":0,\"receive\":3}"},
      /* the capture has the response in front */
      {5, 6, 2, 9,
       "\"time\":7,\"timings\":{\"blocked\":-1,\"dns\":-1,"
       "\"connect\":-1,\"ssl\":-1,\"send\":0,\"wait\":0,"
       "\"receive\":7}"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    qd_request rq;
    archive a;

    archive_begin(&a, quic_mem_default(), false);
    request_init(&rq, 1, START);
    rq.side[QD_CLIENT].first = at(cases[i].first);
    rq.side[QD_CLIENT].last = at(cases[i].last);
    rq.side[QD_SERVER].first = at(cases[i].s_first);
    rq.side[QD_SERVER].last = at(cases[i].s_last);
    request_end(&a, &rq);
    check_has(archive_finish(&a), cases[i].want);
    archive_free(&a);
  }
}

/* Requests end in another order than they began. */
static void order(void **state) {
  static const uint64_t numbers[] = {5, 2, 7, 1, 3, 6, 4};
  const char *p;
  archive a;

  (void)state;
  archive_begin(&a, quic_mem_default(), false);
  for (size_t i = 0; i < 7; i++) {
    qd_request rq;

    request_init(&rq, numbers[i], START + numbers[i] / 2);
    request_end(&a, &rq);
  }
  p = archive_finish(&a);
  for (uint64_t i = 1; i <= 7; i++) {
    char want[32];

    snprintf(want, sizeof(want), "\"_request\":%d,", (int)i);
    p = strstr(p, want);
    assert_non_null(p);
  }
  archive_free(&a);
}

static void content(void **state) {
  static const struct {
    const char *type, *encoding;
    const char *octets;
    const char *want;
  } cases[] = {
      {"text/plain", NULL, "a\"\xc3\xa9",
       "\"size\":4,\"mimeType\":\"text/plain\",\"text\":\"a\\\"\xc3\xa9\"}"},
      {"application/vnd.x+JSON", "identity", "{}", "\"text\":\"{}\"}"},
      {"text/plain", NULL, "\xff",
       "\"text\":\"/w==\",\"encoding\":\"base64\"}"},
      {"image/png", NULL, "abc", "\"text\":\"YWJj\",\"encoding\":\"base64\"}"},
      {NULL, NULL, "abc", "\"mimeType\":\"x-unknown\",\"text\":\"YWJj\","},
      {"text/css", "br", "abc",
       "\"text\":\"YWJj\",\"encoding\":\"base64\",\"comment\":\"size and text "
       "are those of the content encoding br, not inflated\"}"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    size_t len = strlen(cases[i].octets);
    qd_request rq;
    archive a;

    archive_begin(&a, quic_mem_default(), true);
    request_init(&rq, 1, START);
    if (cases[i].type) {
      add(&rq.side[QD_SERVER].fields, "content-type", cases[i].type);
    }
    if (cases[i].encoding) {
      add(&rq.side[QD_SERVER].fields, "content-encoding", cases[i].encoding);
    }
    request_body(&a, &rq, QD_SERVER, cases[i].octets, 1);
    request_body(&a, &rq, QD_SERVER, cases[i].octets + 1, len - 1);
    request_end(&a, &rq);
    check_has(archive_finish(&a), cases[i].want);
    archive_free(&a);
  }
}

static void post_data(void **state) {
  for (int bodies = 0; bodies < 2; bodies++) {
    qd_request rq;
    archive a;

    (void)state;
    archive_begin(&a, quic_mem_default(), bodies);
    request_init(&rq, 1, START);
    add(&rq.side[QD_CLIENT].fields, "content-type", "text/plain");
    request_body(&a, &rq, QD_CLIENT, "a=b", 3);
    request_end(&a, &rq);
    check_has(archive_finish(&a),
              bodies ? "\"postData\":{\"mimeType\":\"text/plain\",\"params\":"
                       "[],\"text\":\"a=b\"},"
                     : "\"postData\":{\"mimeType\":\"text/plain\",\"params\":"
                       "[],\"text\":\"\"},");
    check_has(a.text, "\"bodySize\":3,");
    archive_free(&a);
  }
}

/* Content behind a hole, and more than is kept of one message. */
static void cut_content(void **state) {
  static char block[1 << 20];
  qd_request rq;
  archive a;

  (void)state;
  memset(block, 'x', sizeof(block));
  archive_begin(&a, quic_mem_default(), true);
  request_init(&rq, 1, START);
  add(&rq.side[QD_SERVER].fields, "content-type", "text/plain");
  request_body(&a, &rq, QD_SERVER, "abc", 3);
  rq.side[QD_SERVER].body += 10; /* not in the capture */
  rq.side[QD_SERVER].lost = 10;
  request_body(&a, &rq, QD_SERVER, "def", 3);
  request_body(&a, &rq, QD_SERVER, "ghi", 3);
  request_end(&a, &rq);
  request_init(&rq, 2, START);
  add(&rq.side[QD_SERVER].fields, "content-type", "text/plain");
  for (int i = 0; i < 5; i++) {
    request_body(&a, &rq, QD_SERVER, block, sizeof(block));
  }
  request_end(&a, &rq);
  (void)archive_finish(&a);
  check_has(a.text, "\"size\":19,\"mimeType\":\"text/plain\",\"text\":\"abc\","
                    "\"comment\":\"text has only the first 3 octets; 10 octets "
                    "of the stream are not in the capture\"}");
  check_has(a.text, "\"size\":5242880,\"mimeType\":\"text/plain\",\"text\":\"");
  check_has(a.text, "\",\"comment\":\"text has only the first 4194304 "
                    "octets\"}");
  archive_free(&a);
}

/* Entries that wait for others, and content of requests that do not end, take
   bounded memory; all are written. */
static void bounded(void **state) {
  static char block[4 << 20];
  static qd_request open[20];
  failmem fm;
  archive a;
  size_t n = 0;

  (void)state;
  memset(block, 'x', sizeof(block));
  failmem_init(&fm);
  archive_begin(&a, &fm.mem, true);
  for (uint64_t i = 0; i < 20; i++) {
    request_init(&open[i], i + 1, START);
    request_body(&a, &open[i], QD_SERVER, block, sizeof(block));
  }
  assert_true(fm.peak < (70u << 20));
  for (uint64_t i = 0; i < 20; i++) {
    request_end(&a, &open[i]);
  }
  assert_true(fm.peak < (130u << 20));
  for (const char *p = archive_finish(&a);
       (p = strstr(p, "\"startedDateTime\"")) != NULL; p++) {
    n++;
  }
  assert_int_equal(n, 1 + 20);
  archive_free(&a);
  assert_true(failmem_balanced(&fm));
}

static void failures(void **state) {
  static const struct {
    const char *path;
    int error;
  } cases[] = {
      {"/dev/full", ENOSPC}, {"/nowhere/x.har", ENOENT}, {"/tmp", EISDIR}};

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    packets pk;
    qd_trace trace = {0};
    qd_request rq;
    qd_output *out;

    packets_init(&pk, QUIC_PACKET_1RTT);
    trace.conn = pk.conn;
    assert_int_equal(qd_output_har_new(&out, &pk.settings, cases[i].path, true),
                     0);
    request_init(&rq, 1, START);
    out->request(out, &trace, &rq);
    qd_request_free(&rq, quic_mem_default());
    out->finish(out);
    assert_int_equal(out->error, cases[i].error);
    assert_string_equal(out->subject, cases[i].path);
    assert_string_equal(out->note, "");
    out->del(out);
    packets_free(&pk);
  }
}

/* Without memory there is an error and no archive; never half of one. */
static void memory(void **state) {
  for (size_t nth = 1;; nth++) {
    qd_request rq;
    failmem fm;
    archive a;

    (void)state;
    failmem_init(&fm);
    failmem_fail_nth(&fm, nth);
    archive_begin(&a, &fm.mem, true);
    if (a.out) {
      request_init(&rq, 1, START);
      request_body(&a, &rq, QD_SERVER, "abc", 3);
      request_end(&a, &rq);
      a.out->finish(a.out);
      if (a.out->error) {
        assert_int_equal(a.out->error, ENOMEM);
        assert_int_equal(access(a.path, F_OK), -1);
      } else {
        size_t len;

        archive_read(&a);
        len = strlen(a.text);
        assert_int_equal(jsonvalid(quic_bytes_of(a.text, len)), len - 1);
        assert_non_null(strstr(a.text, "\"size\":3,"));
      }
    }
    archive_free(&a);
    assert_true(failmem_balanced(&fm));
    if (!fm.refused) {
      assert_true(nth > 5);
      break;
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(empty),         cmocka_unit_test(whole_entry),
      cmocka_unit_test(nothing_known), cmocka_unit_test(times),
      cmocka_unit_test(order),         cmocka_unit_test(content),
      cmocka_unit_test(post_data),     cmocka_unit_test(cut_content),
      cmocka_unit_test(bounded),       cmocka_unit_test(failures),
      cmocka_unit_test(memory),
  };

  return cmocka_run_group_tests_name("out_har", tests, NULL, NULL);
}
