/* What --anonymise hides, and what it keeps. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qlog/writer.h"
#include "qlogview/anonymise.h"
#include "qlogview/harmless.h"
#include "qlogview/pseudonym.h"
#include "tests/support/exported.h"
#include "tests/support/failmem.h"
#include "tests/support/qlogsample.h"

static const uint64_t seed[2] = {21, 22};

static quic_bytes text_of(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* --- pseudonyms ------------------------------------------------------------
 */

/* Nothing is the result of two inputs, however short they are. */
static void test_octets(void **state) {
  qv_pseudonyms p;
  uint8_t one[256] = {0}, *two = calloc(1, 65536);
  uint8_t in[64], out[64], again[64];

  (void)state;
  assert_non_null(two);
  qv_pseudonyms_init(&p, quic_mem_default(), seed);
  for (unsigned i = 0; i < 65536; i++) {
    in[0] = (uint8_t)i;
    in[1] = (uint8_t)(i >> 8);
    if (i < 256) {
      qv_pseudonym_octets(&p, quic_bytes_of(in, 1), out);
      assert_int_equal(one[out[0]]++, 0);
    }
    qv_pseudonym_octets(&p, quic_bytes_of(in, 2), out);
    assert_int_equal(two[out[0] | out[1] << 8]++, 0);
  }
  memset(in, 7, sizeof(in));
  for (size_t len = 4; len <= sizeof(in); len++) {
    memset(out, 0xee, sizeof(out));
    qv_pseudonym_octets(&p, quic_bytes_of(in, len), out);
    qv_pseudonym_octets(&p, quic_bytes_of(in, len), again);
    assert_memory_equal(out, again, len);
    assert_memory_not_equal(out, in, len);
    assert_true(len == sizeof(in) || out[len] == 0xee);
  }
  qv_pseudonym_octets(&p, quic_bytes_of(NULL, 0), out);
  qv_pseudonyms_free(&p);
  free(two);
}

static const char *addr_text(qv_pseudonyms *p, quic_addr addr, char *out) {
  assert_int_equal(qv_pseudonym_addr(p, &addr, &addr), 0);
  return quic_addr_text(&addr, out, QUIC_ADDR_TEXT);
}

static void test_addrs(void **state) {
  quic_addr v4 = {.ip = {10, 1, 2, 3}, .port = 443, .family = 4};
  quic_addr v6 = {.ip = {0xfe, 0x80}, .port = 53, .family = 6};
  quic_addr any = {.family = 4};
  char text[QUIC_ADDR_TEXT];
  uint8_t *ports = calloc(1, 65536);
  qv_pseudonyms p;

  (void)state;
  assert_non_null(ports);
  qv_pseudonyms_init(&p, quic_mem_default(), seed);
  assert_string_equal(addr_text(&p, v4, text), "192.0.2.1:443");
  assert_string_equal(addr_text(&p, v6, text), "[2001:db8::1]:53");
  assert_string_equal(addr_text(&p, any, text), "0.0.0.0:0");
  v4.ip[3] = 4;
  assert_string_equal(addr_text(&p, v4, text), "192.0.2.2:443");
  v4.ip[3] = 3;
  assert_string_equal(addr_text(&p, v4, text), "192.0.2.1:443");
  for (unsigned i = 0; i < 300; i++) {
    v4.ip[0] = (uint8_t)(11 + i / 256);
    v4.ip[3] = (uint8_t)i;
    (void)addr_text(&p, v4, text);
  }
  assert_string_equal(text, "198.51.100.48:443"); /* the 302nd */
  for (unsigned port = 1024; port < 65536; port++) {
    quic_addr a = {.ip = {1}, .port = (uint16_t)port, .family = 4};

    assert_int_equal(qv_pseudonym_addr(&p, &a, &a), 0);
    assert_true(a.port >= 1024);
    assert_int_equal(ports[a.port]++, 0);
  }
  qv_pseudonyms_free(&p);
  free(ports);
}

/* --- what may stay ---------------------------------------------------------
 */

static void test_harmless(void **state) {
  (void)state;
  assert_true(qv_harmless_word(text_of("slow_start")));
  assert_true(qv_harmless_word(text_of("Slow_Start")));
  assert_true(qv_harmless_word(text_of("1234")));
  assert_false(qv_harmless_word(text_of("12345")));
  assert_false(qv_harmless_word(text_of("slow_start.example")));
  assert_true(qv_harmless_field_name(text_of("content-type")));
  assert_false(qv_harmless_field_name(text_of("x-company")));
  assert_true(qv_harmless_field_value(text_of(":method"), text_of("GET")));
  assert_false(qv_harmless_field_value(text_of(":method"), text_of("EVIL")));
  assert_false(qv_harmless_field_value(text_of(":path"), text_of("GET")));
  assert_true(qv_harmless_field_value(text_of(":status"), text_of("404")));
  assert_false(qv_harmless_field_value(text_of(":status"), text_of("4044")));
  assert_true(qv_harmless_field_value(text_of("priority"), text_of("u=1")));
  assert_true(qv_harmless_priority(text_of("u=3, i")));
  assert_true(qv_harmless_priority(text_of("i=?0,u=7")));
  assert_true(qv_harmless_priority(text_of("")));
  assert_false(qv_harmless_priority(text_of("u=8")));
  assert_false(qv_harmless_priority(text_of("u=3, name")));
  assert_false(qv_harmless_priority(text_of("i,i,i,i,i,i,i,i,i")));
}

/* --- whole logs ------------------------------------------------------------
 */

/* Whatever has "Canary", "c0ffee", 66.77 or 4d42 in it is not to come out
   again; what has "Kept" stays. */
#define HEAD                                                                   \
  "{\"qlog_version\":\"0.3\",\"title\":\"Canary\",\"description\":\"Canary\"," \
  "\"trace\":{\"vantage_point\":{\"name\":\"Canary\",\"type\":\"client\"},"    \
  "\"common_fields\":{\"reference_time\":1700000000000,\"group_id\":"          \
  "\"c0ffeec0ffee0001\"}}}"

static const char *const records[] = {
    HEAD,
    "{\"name\":\"quic:connection_started\",\"time\":1,\"data\":{\"local\":{"
    "\"ip_v4\":\"66.77.1.2\",\"port_v4\":6677,\"connection_ids\":["
    "\"c0ffeec0ffee0002\"]},\"remote\":{\"ip_v6\":\"4d42::4d42\","
    "\"port_v6\":443}}}",
    "{\"name\":\"quic:server_listening\",\"time\":1,\"data\":{\"ip_v4\":"
    "\"66.77.1.3\"}}",
    "{\"name\":\"quic:tuple_assigned\",\"time\":1,\"data\":{\"tuple_id\":"
    "\"66.77.1.2:1-Canary\",\"tuple_local\":{\"ip_v4\":\"66.77.1.4\","
    "\"port_v4\":1}}}",
    "{\"name\":\"quic:connection_id_updated\",\"time\":1,\"data\":{\"old\":"
    "\"c0ffeec0ffee0002\",\"new\":\"c0ffeec0ffee0003\"}}",
    "{\"name\":\"quic:alpn_information\",\"time\":1,\"data\":{"
    "\"chosen_alpn\":{\"string_value\":\"Kept\"}}}",
    "{\"name\":\"quic:parameters_set\",\"time\":1,\"data\":{"
    "\"initial_source_connection_id\":\"c0ffeec0ffee0001\","
    "\"stateless_reset_token\":\"c0ffeec0ffeec0ffeec0ffeec0ffee00\","
    "\"max_idle_timeout\":4321,\"preferred_address\":{\"ip_v4\":"
    "\"66.77.1.5\",\"port_v4\":443,\"ip_v6\":\"4d42::5\",\"port_v6\":443,"
    "\"connection_id\":\"c0ffeec0ffee0004\",\"stateless_reset_token\":"
    "\"c0ffeec0ffeec0ffeec0ffeec0ffee01\"},\"unknown_parameters\":[{\"id\":"
    "12345,\"value\":\"c0ffeec0ffee\"}]}}",
    "{\"name\":\"quic:packet_sent\",\"time\":1,\"data\":{\"header\":{"
    "\"packet_type\":\"initial\",\"packet_number\":5,\"dcid\":"
    "\"c0ffeec0ffee0001\",\"scid\":\"c0ffeec0ffee0002\",\"token\":{\"data\":"
    "\"c0ffeec0ffee\"}},\"raw\":{\"length\":1234,\"data\":\"c0ffeec0ffee\"},"
    "\"datagram_payload_checksum\":3237998314,\"trigger\":\"Canary\"}}",
    "{\"name\":\"quic:frames_created\",\"time\":1,\"data\":{\"frames\":["
    "{\"frame_type\":\"crypto\",\"offset\":0,\"raw\":{\"length\":987,"
    "\"data\":\"c0ffee\"}},"
    "{\"frame_type\":\"new_token\",\"token\":{\"data\":\"c0ffeec0ffee\"}},"
    "{\"frame_type\":\"new_connection_id\",\"sequence_number\":1,"
    "\"connection_id\":\"c0ffeec0ffee0003\",\"stateless_reset_token\":"
    "\"c0ffeec0ffeec0ffeec0ffeec0ffee02\"},"
    "{\"frame_type\":\"path_challenge\",\"data\":\"c0ffeec0ffee0005\"},"
    "{\"frame_type\":\"unknown\",\"frame_type_bytes\":4242,\"raw\":{"
    "\"length\":7,\"data\":\"c0ffeec0ffee00\"}},"
    "{\"frame_type\":\"connection_close\",\"error_space\":\"application\","
    "\"error_code\":77,\"reason\":\"Canary\"},"
    "{\"frame_type\":\"connection_close\",\"error_space\":\"application\","
    "\"error_code\":78,\"reason_bytes\":\"c0ffeec0ffeeff\"}]}}",
    "{\"name\":\"quic:packet_dropped\",\"time\":1,\"data\":{\"details\":{"
    "\"Canary\":\"Canary\"},\"trigger\":\"Canary\"}}",
    "{\"name\":\"quic:connection_closed\",\"time\":1,\"data\":{\"reason\":"
    "\"Canary\"}}",
    "{\"name\":\"quic:congestion_state_updated\",\"time\":1,\"data\":{"
    "\"old\":\"slow_start\",\"new\":\"Canary\"}}",
    "{\"name\":\"quic:key_updated\",\"time\":1,\"data\":{\"key_type\":"
    "\"Canary\",\"new\":\"c0ffeec0ffee\"}}",
    "{\"name\":\"loglevel:info\",\"time\":1,\"data\":{\"message\":"
    "\"Canary\"}}",
    "{\"name\":\"simulation:scenario\",\"time\":1,\"data\":{\"name\":"
    "\"Canary\",\"details\":{\"Canary\":\"Canary\"}}}",
    "{\"name\":\"http3:frame_created\",\"time\":1,\"data\":{\"stream_id\":4,"
    "\"frame\":{\"frame_type\":\"headers\",\"headers\":["
    "{\"name\":\":method\",\"value\":\"GET\"},"
    "{\"name\":\":authority\",\"value\":\"Canary\"},"
    "{\"name\":\":path\",\"value\":\"/Canary\"},"
    "{\"name\":\"x-canary\",\"value\":\"Canary\"},"
    "{\"name_bytes\":\"c0ffee\",\"value_bytes\":\"c0ffeeff\"}]}}}",
    "{\"name\":\"http3:frame_created\",\"time\":1,\"data\":{\"stream_id\":3,"
    "\"frame\":{\"frame_type\":\"origin\",\"origin_entries\":["
    "{\"ascii_origin\":\"https://Canary\"}]}}}",
    "{\"name\":\"http3:priority_updated\",\"time\":1,\"data\":{"
    "\"stream_id\":4,\"new\":\"u=3, Canary\",\"reason\":\"Canary\"}}",
    "{\"name\":\"canary:Canary\",\"time\":2,\"tuple\":\"66.77.1.2\","
    "\"data\":{\"c\":\"Canary\"}}",
    "{\"name\":\"quic:mtu_updated\",\"time\":3,\"group_id\":\"Canary\","
    "\"tuple\":\"66.77.1.2:1-Canary\",\"system_info\":\"Canary\",\"data\":{"
    "\"new\":1,\"extra\":\"Canary\"}}",
};

static char canaries[8192];

static void hide(exported *e, const quic_mem *mem, bool compat,
                 const char *in) {
  const qv_options opt = {.mode = QV_CONVERT,
                          .quiet = true,
                          .anonymise = true,
                          .compat = compat,
                          .to = QUIC_TIME_NEVER};

  exported_run(e, mem, &opt, in, strlen(in));
}

static void test_canaries(void **state) {
  static const char *const gone[] = {"anary",   "c0ffee",   "66.77",
                                     "4d42",    "433e6e",   "6677",
                                     "2023-11", "17000000", "323799"};
  static const char *const kept[] = {
      "Kept",       "GET",  ":authority", "192.0.2.1\"", "2001:db8::1",
      "slow_start", "4321", "1234",       "987",         "\"xxxxxx\""};

  (void)state;
  for (int compat = 0; compat < 2; compat++) {
    exported e;

    hide(&e, quic_mem_default(), compat, canaries);
    assert_int_equal(e.status, 0);
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
      if (strcasestr(e.text, gone[i])) {
        fail_msg("%s is in\n%s", gone[i], strcasestr(e.text, gone[i]) - 80);
      }
    }
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
      if (!strstr(e.text, kept[i])) {
        fail_msg("%s is not in\n%s", kept[i], e.text);
      }
    }
    exported_free(&e);
  }
}

/* value finds what the |n|-th member |key| of the text is. */
static quic_bytes value(const char *text, const char *key, int n) {
  char look[64];
  const char *at = text;

  (void)snprintf(look, sizeof(look), "\"%s\":\"", key);
  for (int i = 0; i <= n; i++) {
    at = strstr(at, look);
    assert_non_null(at);
    at += strlen(look);
  }
  return quic_bytes_of(at, strcspn(at, "\""));
}

static void assert_same(quic_bytes a, quic_bytes b) {
  assert_int_equal(a.len, b.len);
  assert_memory_equal(a.data, b.data, a.len);
}

/* A connection ID has one name wherever it stands, the group_id included. */
static void test_same(void **state) {
  quic_bytes group, scid, dcid, cid, added;
  exported e;

  (void)state;
  hide(&e, quic_mem_default(), false, canaries);
  group = value(e.text, "group_id", 0);
  dcid = value(e.text, "dcid", 0);
  scid = value(e.text, "scid", 0);
  cid = value(e.text, "initial_source_connection_id", 0);
  added = value(e.text, "connection_id", 1); /* behind preferred_address's */
  assert_int_equal(group.len, 16);
  assert_same(group, dcid);
  assert_same(group, cid);
  assert_same(scid, value(e.text, "old", 0));
  assert_same(added, value(e.text, "new", 0));
  assert_memory_not_equal(scid.data, dcid.data, scid.len);
  assert_same(value(e.text, "tuple_id", 0), value(e.text, "tuple", 0));
  exported_free(&e);
}

typedef struct sample {
  qlog_sink sink;
  qv_anonymiser *anonymiser;
  qlog_writer *writer;
  int rv;
} sample;

static void sample_event(qlog_sink *sink, const qlog_event *e) {
  sample *s = (sample *)sink;
  qlog_event copy = *e;

  if (s->rv == 0) {
    s->rv = qv_anonymise_event(s->anonymiser, &copy);
  }
  if (s->rv == 0) {
    qlog_writer_sink(s->writer)->event(qlog_writer_sink(s->writer), &copy);
  }
}

/* Every event with every field, and every request for memory refused: what was
   to be hidden does not come out then. */
static int sample_run(const quic_mem *mem, void *user) {
  sample s = {.sink = {sample_event}};
  qlog_writer_settings set = {.out = user};

  if (qv_anonymiser_new(&s.anonymiser, mem, seed) != 0) {
    return QUIC_ERR_NOMEM;
  }
  if (qlog_writer_new(&s.writer, quic_mem_default(), &set) != 0) {
    abort();
  }
  (void)qlogsample_all(&s.sink);
  qlog_writer_del(s.writer);
  qv_anonymiser_del(s.anonymiser);
  return s.rv;
}

static void sample_drop(void *user, const char *data, size_t len) {
  (void)user;
  (void)data;
  (void)len;
}

static void test_memory(void **state) {
  char buf[256];
  quic_text out;
  failmem fm;

  (void)state;
  quic_text_init(&out, buf, sizeof(buf));
  out.flush = sample_drop;
  if (failmem_sweep(&fm, sample_run, &out) == 0) {
    fail_msg("%s", fm.text);
  }
}

static int canaries_join(void **state) {
  (void)state;
  canaries[0] = '\0';
  for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
    assert_true(strlen(canaries) + strlen(records[i]) + 2 < sizeof(canaries));
    strcat(strcat(canaries, records[i]), "\n");
  }
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_octets),   cmocka_unit_test(test_addrs),
      cmocka_unit_test(test_harmless), cmocka_unit_test(test_canaries),
      cmocka_unit_test(test_same),     cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, canaries_join, NULL);
}
