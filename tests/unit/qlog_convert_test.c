/* Records become events again: what the writer writes, and what it does not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "qlog/read.h"
#include "tests/support/failmem.h"
#include "tests/support/qlogback.h"
#include "tests/support/qlogsample.h"

/* A sink that writes each event, reads it back, writes that, and compares. */
typedef struct there_and_back {
  qlog_sink sink;
  qlogback b;
  size_t n;
} there_and_back;

/* back_same shows where two records differ. */
static void back_same(quic_bytes a, quic_bytes b) {
  size_t at = 0, from;

  if (quic_bytes_eq(a, b)) {
    return;
  }
  while (at < a.len && at < b.len && a.data[at] == b.data[at]) {
    at++;
  }
  from = at > 150 ? at - 150 : 0;
  print_error("%.*s\nbecame\n%.*s\n",
              (int)(a.len - from < 300 ? a.len - from : 300),
              (const char *)a.data + from,
              (int)(b.len - from < 300 ? b.len - from : 300),
              (const char *)b.data + from);
  fail();
}

static void back_event(qlog_sink *sink, const qlog_event *e) {
  there_and_back *t = (there_and_back *)sink;
  quic_bytes record = qlogback_write(&t->b, e), again;
  char *first = malloc(record.len + 1);
  qlog_event got;

  t->n++;
  assert_non_null(first);
  memcpy(first, record.data, record.len);
  first[record.len] = '\0';
  record.data = (const uint8_t *)first;
  assert_int_equal(qlogback_convert(&t->b, qlogback_member(record, "name"),
                                    qlogback_member(record, "data"), &got),
                   0);
  assert_int_equal(got.type, e->type);
  got.time = e->time;
  got.group = e->group;
  got.tuple = e->tuple;
  got.side = e->side;
  again = qlogback_write(&t->b, &got);
  if (e->type == QLOG_H3_PARAMETERS_SET ||
      e->type == QLOG_H3_PARAMETERS_RESTORED) {
    /* Members have no order, so settings come back in ours. */
    assert_int_equal(again.len, record.len);
  } else if (e->type == QLOG_CONNECTION_CLOSED &&
             e->u.closed.connection_error != QLOG_NONE &&
             e->u.closed.application_error != QLOG_NONE) {
    /* There is one error_code only. */
    assert_true(got.u.closed.connection_error == e->u.closed.connection_error);
  } else {
    back_same(record, again);
  }
  if (t->b.repairs[QLOG_REPAIR_BAD_VALUE] != 0) {
    fail_msg("a bad value in %s", first);
  }
  free(first);
}

static void back_all(bool compat) {
  there_and_back *t = calloc(1, sizeof(*t));
  size_t n;

  assert_non_null(t);
  qlogback_init(&t->b, compat);
  t->sink.event = back_event;
  n = qlogsample_all(&t->sink);
  assert_int_equal(n, t->n);
  if (!compat) {
    assert_int_equal(t->b.repairs[QLOG_REPAIR_OLD_NAME], 0);
    assert_int_equal(t->b.repairs[QLOG_REPAIR_OLD_FIELD], 0);
  } else {
    assert_true(t->b.repairs[QLOG_REPAIR_OLD_NAME] > 0);
    assert_true(t->b.repairs[QLOG_REPAIR_OLD_FIELD] > 0);
  }
  qlogback_free(&t->b);
  free(t);
}

static void test_written(void **state) {
  (void)state;
  back_all(false);
}

static void test_written_compat(void **state) {
  (void)state;
  back_all(true);
}

/* --- hostile values --------------------------------------------------------
 */

/* A sink that replaces each value in the data of each event. */
typedef struct spoiler {
  qlog_sink sink;
  qlogback b;
  char *text;
  size_t cap, n;
} spoiler;

static const char *const spoils[] = {
    "null", "true", "-1",   "1e400", "\"x\"", "[]",
    "{}",   "[[]]", "[{}]", "0.5",   "\"\"",  "18446744073709551616"};

static void spoiler_try(spoiler *s, quic_bytes name, quic_bytes data,
                        quic_bytes value, const char *with) {
  size_t front = (size_t)(value.data - data.data), len = strlen(with);
  size_t back = data.len - front - value.len;
  qlog_event e;
  int err;

  if (front + len + back > s->cap) {
    s->cap = 2 * (front + len + back);
    s->text = realloc(s->text, s->cap);
    assert_non_null(s->text);
  }
  memcpy(s->text, data.data, front);
  memcpy(s->text + front, with, len);
  memcpy(s->text + front + len, value.data + value.len, back);
  s->n++;
  err = qlogback_convert(&s->b, name,
                         quic_bytes_of(s->text, front + len + back), &e);
  if (err != 0) {
    fail_msg("%.*s: %s at %zu", (int)(front + len + back), s->text,
             s->b.error.why, s->b.error.at);
  }
  (void)qlogback_write(&s->b, &e);
}

/* spoiler_value returns the octets of the value whose token is |token|. */
static quic_bytes spoiler_value(const qlog_tokens *t, qlog_token token) {
  qlog_tokens skip = *t;
  quic_bytes span = {NULL, 0};

  assert_true(qlog_tokens_skip(&skip, token, &span));
  return span;
}

static void spoiler_event(qlog_sink *sink, const qlog_event *e) {
  spoiler *s = (spoiler *)sink;
  quic_bytes record = qlogback_write(&s->b, e), name, data;
  char *copy;
  qlog_tokens t;
  qlog_token token;

  /* Of packets with all frames a few are enough. */
  if (record.len > 4000 && e->type != QLOG_MARKED_FOR_RETRANSMIT) {
    return;
  }
  copy = malloc(record.len);
  assert_non_null(copy);
  memcpy(copy, record.data, record.len);
  record.data = (const uint8_t *)copy;
  name = qlogback_member(record, "name");
  data = qlogback_member(record, "data");
  qlog_tokens_init(&t, data);
  while ((token = qlog_tokens_next(&t)) != QLOG_TOKEN_END) {
    assert_int_not_equal(token, QLOG_TOKEN_ERROR);
    if (token == QLOG_TOKEN_KEY || token == QLOG_TOKEN_OBJECT_END ||
        token == QLOG_TOKEN_ARRAY_END) {
      continue;
    }
    for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
      spoiler_try(s, name, data, spoiler_value(&t, token), spoils[i]);
    }
  }
  free(copy);
}

static void hostile(bool compat) {
  spoiler *s = calloc(1, sizeof(*s));

  assert_non_null(s);
  qlogback_init(&s->b, compat);
  s->sink.event = spoiler_event;
  assert_true(qlogsample_all(&s->sink) > 0);
  assert_true(s->n > 10000);
  assert_true(s->b.repairs[QLOG_REPAIR_BAD_VALUE] > 0);
  qlogback_free(&s->b);
  free(s->text);
  free(s);
}

static void test_hostile(void **state) {
  (void)state;
  hostile(false);
}

static void test_hostile_compat(void **state) {
  (void)state;
  hostile(true);
}

static quic_bytes bytes(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static void test_malformed(void **state) {
  static const struct {
    const char *data;
    size_t at;
  } rows[] = {{"{", 1},
              {"{\"header\":{\"packet_type\":}", 25},
              {"{\"frames\":[{\"frame_type\":\"ack\"},", 32},
              {"{\"frames\":[{\"acked_ranges\":[[1,", 31},
              {"{\"raw\":{\"length\":1}", 19},
              {"{} x", 3},
              {"x", 0},
              {"[1", 2}};
  qlogback b;
  qlog_event e;

  (void)state;
  qlogback_init(&b, false);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(qlogback_convert(&b, bytes("quic:packet_sent"),
                                      bytes(rows[i].data), &e),
                     QUIC_ERR_MALFORMED);
    assert_non_null(b.error.why);
    if (b.error.at != rows[i].at) {
      fail_msg("%s: at %zu", rows[i].data, b.error.at);
    }
  }
  /* Data that is none or no object is an event nevertheless. */
  memset(b.repairs, 0, sizeof(b.repairs));
  for (size_t i = 0; i < 4; i++) {
    static const char *const data[] = {"", "null", "[1,{\"a\":2}]", "\"x\""};

    assert_int_equal(
        qlogback_convert(&b, bytes("quic:packet_sent"), bytes(data[i]), &e), 0);
    assert_int_equal(e.type, QLOG_PACKET_SENT);
    assert_false(e.u.packet.has_frames);
  }
  assert_int_equal(b.repairs[QLOG_REPAIR_BAD_VALUE], 2);
  qlogback_free(&b);
}

/* The last of two members of a name counts. */
static void test_twice(void **state) {
  qlogback b;
  qlog_event e;

  (void)state;
  qlogback_init(&b, false);
  assert_int_equal(
      qlogback_convert(
          &b, bytes("quic:packet_sent"),
          bytes("{\"frames\":[{\"frame_type\":\"ping\"},"
                "{\"frame_type\":\"ping\"}],\"raw\":{\"length\":1},"
                "\"frames\":[{\"frame_type\":\"padding\"}],"
                "\"raw\":{\"length\":2}}"),
          &e),
      0);
  assert_int_equal(e.u.packet.nframes, 1);
  assert_int_equal(e.u.packet.frames[0].type, QUIC_FRAME_PADDING);
  assert_int_equal(e.u.packet.length, 2);
  qlogback_free(&b);
}

/* What the caller set stays; the trace and its counts may be missing. */
static void test_caller(void **state) {
  const qlog_convert_in in = {.space = bytes("quic"),
                              .name = bytes("packet_sent"),
                              .data = bytes("{\"he\\u0061der\":{"
                                            "\"packet_number\":7},"
                                            "\"frames\":3}")};
  qlog_convert_error error;
  qlog_convert *c;
  qlog_event e;

  (void)state;
  assert_int_equal(qlog_convert_new(&c, quic_mem_default()), 0);
  assert_false(c->tables.keys.full);
  memset(&e, 0, sizeof(e));
  e.time = 17;
  e.record = 4;
  e.group = "g";
  assert_int_equal(qlog_convert_event(c, &in, &e, &error), 0);
  assert_int_equal(e.time, 17);
  assert_int_equal(e.record, 4);
  assert_string_equal(e.group, "g");
  assert_int_equal(e.u.packet.header->pn, 7);
  assert_int_equal(e.u.packet.header->pn_len, 4);
  qlog_convert_del(c);
  qlog_convert_del(NULL);
}

/* Each name is found, and with one octet changed, wherever it is, hardly any:
   what then is found is that name. */
static void test_keys(void **state) {
  const qlog_keys *keys;
  qlog_convert *c;

  (void)state;
  assert_int_equal(qlog_convert_new(&c, quic_mem_default()), 0);
  keys = &c->tables.keys;
  assert_true(keys->len > 300);
  for (qlog_key key = 1; key < keys->len; key++) {
    quic_bytes name = keys->names[key].text;
    uint8_t other[QLOG_KEY_LEN];

    assert_true(name.len <= sizeof(other));
    assert_int_equal(qlog_keys_find(keys, name), key);
    for (size_t i = 0; i < name.len; i++) {
      qlog_key found;

      memcpy(other, name.data, name.len);
      other[i] ^= 1;
      found = qlog_keys_find(keys, quic_bytes_of(other, name.len));
      assert_true(!found ||
                  memcmp(keys->names[found].text.data, other, name.len) == 0);
    }
  }
  assert_int_equal(qlog_keys_find(keys, quic_bytes_of(NULL, 0)), 0);
  qlog_convert_del(c);
}

/* --- memory ----------------------------------------------------------------
 */

static const char *const swept_rows[][2] = {
    {"quic:packet_sent",
     "{\"header\":{\"packet_type\":\"initial\",\"dcid\":\"0102\"},"
     "\"frames\":[{\"frame_type\":\"ack\",\"acked_ranges\":[[1],[3],[5]]},"
     "{\"frame_type\":\"connection_close\",\"reason\":\"why\"}],"
     "\"supported_versions\":[1,2],\"details\":{\"a\":\"b\"}}"},
    {"quic:connection_started",
     "{\"local\":{\"ip_v4\":\"192.0.2.1\",\"connection_ids\":[\"01\"]}}"},
    {"quic:alpn_information", "{\"client_alpns\":[\"h3\"]}"},
    {"quic:parameters_set",
     "{\"max_ack_delay\":9,\"preferred_address\":{\"ip_v4\":\"1.2.3.4\"}}"},
    {"quic:udp_datagrams_sent", "{\"raw\":[{\"length\":1}],\"ecn\":[\"CE\"],"
                                "\"datagram_payload_checksums\":[1]}"},
    {"quic:packets_acked", "{\"acked_ranges\":[[1],[3]]}"},
    {"http3:parameters_set", "{\"h3_datagram\":1}"},
    {"http3:frame_parsed",
     "{\"frame\":{\"frame_type\":\"headers\",\"headers\":[{\"name\":\"a\"}]}}"},
    {"transport:stream_new", "{\"stream_id\":0,\"packet_nr\":1}"},
};

static int sweep_run(const quic_mem *mem, void *user) {
  const char *const *row = user;
  const char *colon = strchr(row[0], ':');
  const qlog_convert_in in = {
      .space = quic_bytes_of(row[0], (size_t)(colon - row[0])),
      .name = bytes(colon + 1),
      .data = bytes(row[1])};
  qlog_convert_error error;
  qlog_convert *c;
  qlog_event e;
  int err = qlog_convert_new(&c, mem);

  if (err == 0) {
    qlog_event_init(&e, QLOG_LOG_INFO, 0);
    err = qlog_convert_event(c, &in, &e, &error);
    qlog_convert_del(c);
  }
  return err;
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  for (size_t i = 0; i < sizeof(swept_rows) / sizeof(swept_rows[0]); i++) {
    const char *row[] = {swept_rows[i][0], swept_rows[i][1]};

    if (failmem_sweep(&fm, sweep_run, row) < 2) {
      fail_msg("%s: %s", swept_rows[i][0], fm.text);
    }
  }
}

/* What one large record needed is given back. */
static void test_memory_back(void **state) {
  const size_t n = 200000;
  static const char front[] = "{\"frames\":[",
                    frame[] = "{\"frame_type\":\"ping\"},";
  char *text = malloc(sizeof(front) + n * sizeof(frame) + 8), *p = text;
  qlog_convert_in in = {.name = bytes("packet_sent")};
  qlog_convert_error error;
  qlog_convert *c;
  qlog_event e;
  failmem fm;

  (void)state;
  assert_non_null(text);
  failmem_init(&fm);
  assert_int_equal(qlog_convert_new(&c, &fm.mem), 0);
  p += sprintf(p, "%s", front);
  for (size_t i = 0; i < n; i++) {
    memcpy(p, frame, sizeof(frame) - 1);
    p += sizeof(frame) - 1;
  }
  p[-1] = ']';
  *p++ = '}';
  in.data = quic_bytes_of(text, (size_t)(p - text));
  assert_int_equal(qlog_convert_event(c, &in, &e, &error), 0);
  assert_int_equal(e.u.packet.nframes, n);
  assert_true(fm.bytes > n * sizeof(quic_frame));
  assert_true(qlog_convert_full(c));
  qlog_convert_release(c);
  assert_false(qlog_convert_full(c));
  assert_true(fm.bytes < 2 * QLOG_SCRATCH_KEEP);
  qlog_convert_del(c);
  assert_true(failmem_balanced(&fm));
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_written),   cmocka_unit_test(test_written_compat),
      cmocka_unit_test(test_hostile),   cmocka_unit_test(test_hostile_compat),
      cmocka_unit_test(test_malformed), cmocka_unit_test(test_twice),
      cmocka_unit_test(test_caller),    cmocka_unit_test(test_keys),
      cmocka_unit_test(test_memory),    cmocka_unit_test(test_memory_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
