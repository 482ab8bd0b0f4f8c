#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/conn.h"
#include "pcap/select.h"
#include "tests/support/octets.h"
#include "wire/frame.h"

static const uint8_t dcid[] = {0x5f, 0x3a, 0x00, 0x01};
static const uint8_t scid[] = {0xc1, 0xd2};

/* A packet of connection 3, client to server, with |hex| as its frames. */
typedef struct select_case {
  qd_conn conn;
  qd_packet p;
  uint8_t payload[256];
} select_case;

static quic_addr select_test_addr(uint8_t last, uint16_t port) {
  quic_addr a = {{10, 0, 0, last}, port, 4};

  return a;
}

static void select_test_init(select_case *c, const char *hex) {
  memset(c, 0, sizeof(*c));
  c->conn.number = 3;
  c->conn.version = QUIC_VERSION_2;
  c->conn.first = 1000 * QUIC_SECOND;
  strcpy(c->conn.facts.sni, "cdn.Example");
  memcpy(c->conn.facts.alpn_chosen, "h3", 2);
  c->conn.facts.alpn_chosen_len = 2;
  c->p.frame = 17;
  c->p.time = 1001 * QUIC_SECOND + 500 * QUIC_MILLISECOND;
  c->p.src = select_test_addr(2, 51012);
  c->p.dst = select_test_addr(9, 443);
  c->p.conn = &c->conn;
  c->p.sender = QD_CLIENT;
  c->p.sender_known = true;
  c->p.header.type = QUIC_PACKET_1RTT;
  c->p.header.dcid = quic_bytes_of(dcid, sizeof(dcid));
  c->p.header.packet_len = 1300;
  c->p.header.pn = 7;
  c->p.header.pn_len = 1;
  c->p.datagram_len = 1350;
  c->p.ecn = 2;
  c->p.state = QD_STATE_OPEN;
  c->p.generation = 2;
  c->p.path_id = 1;
  c->p.payload = octets_hex(hex, c->payload, sizeof(c->payload));
}

static bool select_test_match(const char *expr, const qd_packet *p) {
  quic_filter_error error;
  quic_filter *filter;
  bool match;

  if (quic_filter_new(&filter, quic_mem_default(), expr, qd_select_fields,
                      qd_select_nfields, &error) != 0) {
    fail_msg("%s: %zu: %s", expr, error.column, error.text);
  }
  match = quic_filter_match(filter, p, qd_select_values);
  quic_filter_del(filter);
  return match;
}

typedef struct select_row {
  const char *expr;
  bool match;
} select_row;

static void select_test_rows(const select_row *rows, size_t n,
                             const qd_packet *p) {
  for (size_t i = 0; i < n; i++) {
    if (select_test_match(rows[i].expr, p) != rows[i].match) {
      fail_msg("%s is not %s", rows[i].expr, rows[i].match ? "true" : "false");
    }
  }
}

#define ROWS(rows, p)                                                          \
  select_test_rows(rows, sizeof(rows) / sizeof((rows)[0]), p)

static void test_header(void **state) {
  static const select_row rows[] = {
      {"conn == 3", true},
      {"conn == 0", false},
      {"conn", true},
      {"dir == client", true},
      {"dir == server", false},
      {"dir != server", true},
      {"type == 1rtt", true},
      {"type in (initial, handshake)", false},
      {"type in (initial, 1RTT)", true},
      {"type == padding", false},
      {"pn == 7", true},
      {"pn > 7", false},
      {"len > 1200", true},
      {"len == 1300", true},
      {"datagram == 1350", true},
      {"record == 17 and record < 18", true},
      {"record == 16", false},
      {"age == 1.5s", true},
      {"age < 1500ms", false},
      {"age <= 1500ms", true},
      {"version == v2", true},
      {"version == v1", false},
      {"version == 0x6b3343cf", true},
      {"decrypted", true},
      {"decrypted == no", false},
      {"not decrypted", false},
      {"reason", false},
      {"reason == none", true},
      {"note", false},
      {"generation == 2", true},
      {"path == 1", true},
      {"ecn == ect0", true},
      {"ecn in (ect1, ce)", false},
      {"cid == 5f3a0001", true},
      {"cid contains 3A00", true},
      {"cid contains c1", false},
      {"sni == cdn.example", true},
      {"sni contains \"EXAMPLE\"", true},
      {"sni contains api", false},
      {"sni", true},
      {"alpn == h3", true},
      {"alpn in (h3-29, hq-interop)", false},
      {"src == 10.0.0.2:51012", true},
      {"src == 10.0.0.2", true},
      {"src == 10.0.0.9", false},
      {"dst == 10.0.0.9:443", true},
      {"dst contains :443", true},
      {"dst == 10.0.0.9:44", false},
      {"port == 443", true},
      {"port == 51012", true},
      {"port == 80", false},
      {"port != 443", false},
  };
  select_case c;

  (void)state;
  select_test_init(&c, "01");
  ROWS(rows, &c.p);
}

static void test_long_header(void **state) {
  static const select_row rows[] = {
      {"type == initial", true},
      {"version == v1 and not version == v2", true},
      {"cid == c1d2", true},
      {"cid == 5f3a0001", true},
      {"cid == 00", false},
      {"generation", false},
      {"generation == 0", false},
      {"tls == client_hello", true},
      {"tls == finished", false},
      {"tls in (finished, server_hello)", true},
      {"tls", true},
      {"dir", false},
      {"dir != client", true},
  };
  select_case c;

  (void)state;
  select_test_init(&c, "01");
  c.p.sender_known = false;
  c.p.header.is_long = true;
  c.p.header.type = QUIC_PACKET_INITIAL;
  c.p.header.version = QUIC_VERSION_1;
  c.p.header.scid = quic_bytes_of(scid, sizeof(scid));
  c.p.nmessages = 2;
  c.p.messages[0].type = 1;
  c.p.messages[1].type = 2;
  ROWS(rows, &c.p);
}

static void test_frames(void **state) {
  /* ACK, STREAM 4 with an offset and the end of it, MAX_STREAM_DATA 8, PING,
     PADDING */
  static const select_row rows[] = {
      {"frame == ack", true},
      {"frame == 2", true},
      {"frame == 3", false},
      {"frame == stream", true},
      {"frame == 0x0f", true},
      {"frame == 0x08", false},
      {"frame == max_stream_data", true},
      {"frame == max_data", false},
      {"frame in (crypto, ping)", true},
      {"frame == padding", true},
      {"frame != padding", false},
      {"frame != crypto", true},
      {"frame", true},
      {"stream == 4", true},
      {"stream == 8", true},
      {"stream == 0", false},
      {"stream in (1, 2, 3)", false},
      {"stream == 4 and dir == client && len > 1200", true},
      {"error", false},
      {"conn == 0 && frame == ack", false},
  };
  select_case c;

  (void)state;
  select_test_init(&c,
                   "02 05 00 00 05  0f 04 01 02 aabb  11 08 4400 01 000000");
  ROWS(rows, &c.p);
  c.p.state = QD_STATE_UNAUTHENTICATED;
  ROWS(rows, &c.p);
}

/* Drafts numbered some frames otherwise. */
static void test_frame_drafts(void **state) {
  static const select_row rows[] = {
      {"frame == immediate_ack", true}, {"frame == 0xac", true},
      {"frame == 0x1f", true},          {"frame == max_path_id", true},
      {"frame == 0x15228c0c", true},    {"frame == paths_blocked", false},
  };
  static const select_row final[] = {
      {"frame == immediate_ack", true},
      {"frame == 0xac", false},
      {"frame == ack_frequency", false},
      {"frame == max_path_id", false},
  };
  select_case c;

  (void)state;
  select_test_init(&c, "40ac 95228c0c 05");
  ROWS(rows, &c.p);
  select_test_init(&c, "1f");
  ROWS(final, &c.p);
}

/* Each name of a frame finds all rows with it, and those alone. */
static void test_frame_names(void **state) {
  const quic_frame_info *row, *other;

  (void)state;
  for (size_t i = 0; (row = quic_frame_info_at(i)) != NULL; i++) {
    select_case c;
    quic_frame f;
    quic_writer wr;
    uint8_t octets[128];
    char expr[64];

    memset(&f, 0, sizeof(f));
    f.type = row->type_last;
    for (size_t n = 0; row->fields[n].kind != QUIC_FIELD_END; n++) {
      const quic_frame_field *field = &row->fields[n];
      quic_bytes b = {dcid, 4};

      if (field->kind == QUIC_FIELD_FIXED) {
        b = quic_bytes_of(octets, field->size);
        memset(octets, 0, sizeof(octets));
      }
      if (field->kind == QUIC_FIELD_FIXED || field->kind == QUIC_FIELD_LV8) {
        memcpy((char *)&f + field->offset, &b, sizeof(b));
      }
    }
    f.u.padding.count += row->type_first == QUIC_FRAME_PADDING;
    select_test_init(&c, "01");
    quic_writer_init(&wr, c.payload, sizeof(c.payload));
    assert_int_equal(quic_frame_encode(&f, &wr), 0);
    c.p.payload.len = quic_writer_len(&wr);
    for (size_t j = 0; (other = quic_frame_info_at(j)) != NULL; j++) {
      bool same = strcmp(other->short_name, row->short_name) == 0;

      snprintf(expr, sizeof(expr), "frame == %s", other->short_name);
      if (select_test_match(expr, &c.p) != same) {
        fail_msg("%s on frame 0x%llx", expr, (unsigned long long)f.type);
      }
    }
  }
}

static void test_frame_broken(void **state) {
  static const struct {
    const char *payload;
    const char *expr;
    bool match;
  } rows[] = {
      {"01 33 00", "frame == 0x33", true},    /* unknown */
      {"01 33 06", "frame == crypto", false}, /* what follows is not found */
      {"01 04 00", "frame == reset_stream", true}, /* ends inside */
      {"01 04 00", "stream == 0", false},
      {"01 40", "frame == padding", false}, /* the type is cut */
      {"", "frame == padding", false},
      {"", "frame", false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    select_case c;

    select_test_init(&c, rows[i].payload);
    if (select_test_match(rows[i].expr, &c.p) != rows[i].match) {
      fail_msg("%s on %s", rows[i].expr, rows[i].payload);
    }
  }
}

/* A packet whose end the capture lost: the last STREAM frame is cut. */
static void test_frame_cut(void **state) {
  static const select_row rows[] = {
      {"stream == 5", true}, {"frame == stream", true}, {"len == 1400", true}};
  select_case c;

  (void)state;
  select_test_init(&c, "0a 05 4064 0000");
  c.p.state = QD_STATE_UNAUTHENTICATED;
  c.p.header.missing = 100;
  ROWS(rows, &c.p);
}

static void test_errors(void **state) {
  static const struct {
    const char *payload;
    select_row rows[10];
  } cases[] = {
      /* RESET_STREAM 4, H3_REQUEST_CANCELLED */
      {"04 04 410c 00",
       {{"error == h3_request_cancelled", true},
        {"error == 0x10c", true},
        {"error == crypto_error", false},
        {"error == h3_no_error", false},
        {"error", true},
        {"error > 0x10c", true},
        {"stream == 4", true}}},
      /* application close, H3_NO_ERROR = CRYPTO_ERROR 0 + 0x100 */
      {"1d 4100 00",
       {{"error == h3_no_error", true},
        {"error == crypto_error", false},
        {"error == close_notify", false},
        {"error == 0x100", true},
        {"frame == connection_close", true},
        {"frame == 0x1c", false},
        {"frame == 0x1d", true}}},
      /* transport close, TLS alert 42 */
      {"1c 412a 06 00",
       {{"error == bad_certificate", true},
        {"error == crypto_error", true},
        {"error == 0x12a", true},
        {"error == h3_no_error", false},
        {"error == unknown_ca", false},
        {"frame == connection_close", true}}},
      {"1c 0a 08 00",
       {{"error == protocol_violation", true},
        {"error == internal_error", false},
        {"error > 9", true},
        {"error > 10", false}}},
      {"1c 00 00 00",
       {{"error", false}, {"error == no_error", true}, {"error > 0", false}}},
      /* STOP_SENDING, RESET_STREAM_AT */
      {"05 08 4200 24 0c 4202 00 00",
       {{"error == qpack_decompression_failed", true},
        {"error == qpack_decoder_stream_error", true},
        {"error == qpack_encoder_stream_error", false},
        {"stream == 12", true}}},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    select_case c;

    select_test_init(&c, cases[i].payload);
    for (size_t r = 0; cases[i].rows[r].expr; r++) {
      select_test_rows(&cases[i].rows[r], 1, &c.p);
    }
  }
}

/* Closed packets, and what is no packet of a connection. */
static void test_closed(void **state) {
  static const select_row rows[] = {
      {"decrypted", false},
      {"type in (initial, handshake) or not decrypted", true},
      {"reason == no_secret", true},
      {"reason in (aead_fail, no_hello)", false},
      {"reason", true},
      {"pn", false},
      {"pn == 7", false},
      {"generation == 2", false},
      {"frame == ping", false},
      {"note == icmp", true},
      {"note in (late, duplicate, icmp)", true},
      {"note == bad_frame", true},
      {"note == 0x104", false},
      {"note == 4", true},
      {"conn", false},
      {"conn == 0", false},
      {"conn != 0", true},
      {"age < 10s", false},
      {"sni", false},
      {"alpn == h3", false},
      {"version", false},
  };
  select_case c;

  (void)state;
  select_test_init(&c, "01");
  c.p.state = QD_STATE_CLOSED;
  c.p.reason = QD_REASON_NO_SECRET;
  c.p.notes = QD_NOTE_ICMP | QD_NOTE_BAD_FRAME;
  c.p.conn = NULL;
  ROWS(rows, &c.p);
}

static void test_states(void **state) {
  static const struct {
    qd_state state;
    quic_packet_type type;
    const char *expr;
  } rows[] = {
      {QD_STATE_RESET, QUIC_PACKET_1RTT, "type == reset"},
      {QD_STATE_PADDING, QUIC_PACKET_UNKNOWN, "type == padding"},
      {QD_STATE_CLOSED, QUIC_PACKET_UNKNOWN, "type == unknown"},
      {QD_STATE_CLEAR, QUIC_PACKET_RETRY, "type == retry"},
      {QD_STATE_CLEAR, QUIC_PACKET_VERSION_NEGOTIATION, "type == vn"},
      {QD_STATE_CLOSED, QUIC_PACKET_0RTT, "type == 0rtt"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++) {
      select_case c;

      select_test_init(&c, "");
      c.p.state = rows[i].state;
      c.p.header.type = rows[i].type;
      assert_int_equal(select_test_match(rows[j].expr, &c.p), i == j);
      assert_true(select_test_match("type", &c.p));
    }
  }
}

static void test_ipv6(void **state) {
  static const select_row rows[] = {
      {"src == [2001:db8::1]:51012", true},
      {"src == 2001:DB8::1", true},
      {"src == 2001:db8::", false},
      {"src contains 2001:db8", true},
      {"dst == 10.0.0.9", true},
  };
  select_case c;
  quic_addr a = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 51012, 6};

  (void)state;
  select_test_init(&c, "01");
  c.p.src = a;
  ROWS(rows, &c.p);
}

/* Filters without frame fields must not look at the payload at all. */
static void test_no_walk(void **state) {
  select_case c;

  (void)state;
  select_test_init(&c, "01");
  c.p.payload.data = (const uint8_t *)(uintptr_t)16;
  c.p.payload.len = 4096;
  for (size_t i = 0; i < qd_select_nfields; i++) {
    const char *name = qd_select_fields[i].name;

    if (strcmp(name, "frame") && strcmp(name, "stream") &&
        strcmp(name, "error")) {
      (void)select_test_match(name, &c.p);
    }
  }
  assert_false(select_test_match("conn == 0 && frame == ping", &c.p));
  assert_true(select_test_match("conn == 3 || frame == ping", &c.p));
}

static void test_wrong(void **state) {
  static const struct {
    const char *expr;
    size_t column;
    const char *text; /* part of it */
  } rows[] = {
      {"frame == stram", 9, "nearest is stream"},
      {"frame == 0x1g", 9, "frame has no value"},
      {"fram == ack", 0, "no field \"fram\"; nearest is frame"},
      {"conn == 0 && colour == red", 13, "no field \"colour\""},
      {"conn == example", 8, "conn is a number"},
      {"sni > a", 4, "text"},
      {"reason == no_secrets", 10, "nearest is no_secret"},
      {"error == h3_request_canceled", 9, "h3_request_cancelled"},
      {"note == lat", 8, "nearest is late"},
      {"type = initial", 5, "=="},
      {"type in initial", 8, "("},
      {"type == ", 8, "a value"},
      {"age < 5 parsecs", 8, "end"},
      {"", 0, "a field name"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    quic_filter_error error;
    quic_filter *filter;
    char lower[sizeof(error.text)];

    assert_int_equal(quic_filter_new(&filter, quic_mem_default(), rows[i].expr,
                                     qd_select_fields, qd_select_nfields,
                                     &error),
                     QUIC_ERR_MALFORMED);
    for (size_t c = 0; c < sizeof(lower); c++) {
      char at = error.text[c];

      lower[c] = at >= 'A' && at <= 'Z' ? (char)(at | 0x20) : at;
    }
    if (error.column != rows[i].column || !strstr(lower, rows[i].text)) {
      fail_msg("%s: %zu: %s", rows[i].expr, error.column, error.text);
    }
  }
}

/* Every field has a name of its own, every symbol is found under its name. */
static void test_fields(void **state) {
  (void)state;
  for (size_t i = 0; i < qd_select_nfields; i++) {
    const quic_filter_field *field = &qd_select_fields[i];
    quic_filter_symbol sym;
    size_t n = 0;

    for (size_t j = 0; j < i; j++) {
      assert_string_not_equal(field->name, qd_select_fields[j].name);
      assert_int_not_equal(field->id, qd_select_fields[j].id);
    }
    for (; field->symbol && field->symbol(n, &sym); n++) {
      quic_filter_error error;
      quic_filter *filter;
      char expr[128];

      assert_true(sym.first <= sym.last);
      snprintf(expr, sizeof(expr), "%s == %s", field->name, sym.name);
      assert_int_equal(quic_filter_new(&filter, quic_mem_default(), expr,
                                       qd_select_fields, qd_select_nfields,
                                       &error),
                       0);
      quic_filter_del(filter);
    }
    assert_int_equal(field->symbol != NULL, n > 0);
  }
}

static void select_test_flush(void *user, const char *data, size_t len) {
  char **all = user;
  size_t have = strlen(*all);

  *all = realloc(*all, have + len + 1);
  assert_non_null(*all);
  memcpy(*all + have, data, len);
  (*all)[have + len] = '\0';
}

static void test_help(void **state) {
  char *all = calloc(1, 1);
  char buf[100];
  quic_text t;
  size_t width = 0;

  (void)state;
  quic_text_init(&t, buf, sizeof(buf));
  t.flush = select_test_flush;
  t.user = &all;
  qd_select_help(&t);
  quic_text_flush(&t);
  for (const char *c = all; *c; c++) {
    assert_false(*c >= 'A' && *c <= 'Z' && c[1] == '_');
    width = *c == '\n' ? 0 : width + 1;
    assert_true(width < 80);
  }
  for (size_t i = 0; i < qd_select_nfields; i++) {
    char head[64];

    snprintf(head, sizeof(head), "\n  %-11s%s", qd_select_fields[i].name,
             qd_select_fields[i].help);
    assert_non_null(strstr(all, head));
  }
  assert_non_null(strstr(all, " h3_request_cancelled"));
  assert_non_null(strstr(all, " retire_connection_id"));
  assert_non_null(strstr(all, " no_secret"));
  free(all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header),      cmocka_unit_test(test_long_header),
      cmocka_unit_test(test_frames),      cmocka_unit_test(test_frame_drafts),
      cmocka_unit_test(test_frame_names), cmocka_unit_test(test_frame_broken),
      cmocka_unit_test(test_frame_cut),   cmocka_unit_test(test_errors),
      cmocka_unit_test(test_closed),      cmocka_unit_test(test_states),
      cmocka_unit_test(test_ipv6),        cmocka_unit_test(test_no_walk),
      cmocka_unit_test(test_wrong),       cmocka_unit_test(test_fields),
      cmocka_unit_test(test_help),
  };

  return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
