/* HTTP/3 as the traces tell it: which rules they say are broken, given frames
   that came in packets, with holes where packets were lost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "pcap/conntab.h"
#include "pcap/traces.h"
#include "tests/support/octets.h"

#define RUN_START (UINT64_C(1764320701) * QUIC_SECOND)
#define RUN_STEPS 8

/* Frames of one packet: octets of a stream in hexadecimal, brackets put the
   number of octets between them in front. */
typedef struct run_step {
  char from; /* 'c', 's', 'd' (a DATAGRAM of the client), 'e' (0-RTT of the
                client), 'x' (the server refuses 0-RTT); 0 ends the list */
  uint64_t stream;
  const char *octets;
  char end;      /* 'f': FIN; 'r': RESET_STREAM instead, 'a': RESET_STREAM_AT
                    of 30 octets; '1' to '9': the capture lacks so many octets
                    of the packet's end */
  uint64_t hole; /* octets in front that the capture has not */
} run_step;

typedef struct run_row {
  const char *name;
  const char *alpn;
  run_step steps[RUN_STEPS];
  const char *notes; /* what is warned of, a line each */
} run_row;

typedef struct run {
  qd_output base;
  qd_output *output; /* that one */
  qd_conn *conn;
  qd_traces *traces;
  quic_time now;
  uint64_t pn, frame, crypto_total;
  uint64_t next[QD_SIDES][64];
  char notes[2048];
  qd_request request; /* the last one, without its fields */
} run;

static void run_event(qd_output *out, struct qd_trace *tr,
                      const qlog_event *e) {
  run *r = (run *)(void *)out;
  size_t len = strlen(r->notes);

  (void)tr;
  if (e->type == QLOG_LOG_WARNING) {
    snprintf(r->notes + len, sizeof(r->notes) - len, "%.*s\n",
             (int)e->u.message.text.len, (const char *)e->u.message.text.data);
  }
}

static void run_request(qd_output *out, struct qd_trace *tr,
                        struct qd_request *rq) {
  (void)tr;
  ((run *)(void *)out)->request = *rq;
}

/* run_bracket copies |hex| without its brackets, their lengths in place. */
static void run_bracket(const char *hex, char *out) {
  char *open = NULL;

  for (; *hex; hex++) {
    if (*hex == '[') {
      open = out;
      out += 2;
    } else if (*hex == ']') {
      char two[12];

      snprintf(two, sizeof(two), "%02x", (unsigned)(out - open - 2) / 2);
      memcpy(open, two, 2);
    } else if (*hex != ' ') {
      *out++ = *hex;
    }
  }
  *out = '\0';
}

static void run_packet(run *r, const run_step *s, qd_side side,
                       const quic_frame *f) {
  uint8_t payload[2048];
  qd_packet p = {.frame = ++r->frame,
                 .time = r->now += QUIC_MILLISECOND,
                 .conn = r->conn,
                 .sender = side,
                 .sender_known = true,
                 .state = QD_STATE_OPEN,
                 .datagram_len = sizeof(payload)};
  quic_writer wr;

  quic_writer_init(&wr, payload, sizeof(payload));
  assert_int_equal(quic_frame_encode(f, &wr), 0);
  p.src = r->conn->sides[side].addr;
  p.dst = r->conn->sides[!side].addr;
  p.header.type = s->from == 'e' ? QUIC_PACKET_0RTT : QUIC_PACKET_1RTT;
  p.header.first = 0x40;
  p.header.pn = r->pn++;
  p.header.pn_len = 4;
  p.payload = quic_bytes_of(payload, quic_writer_len(&wr));
  if (s->end >= '1' && s->end <= '9') {
    p.header.missing = (size_t)(s->end - '0');
    p.payload.len -= p.header.missing;
  }
  p.header.packet_len = p.payload.len + 21;
  assert_int_equal(qd_traces_packet(r->traces, &p, true), 0);
}

static void run_do(run *r, const run_step *s) {
  qd_side side = s->from == 's' ? QD_SERVER : QD_CLIENT;
  uint64_t *next = &r->next[side][s->stream % 64];
  uint8_t buf[1024];
  char hex[2048];
  quic_frame f = {.type = QUIC_FRAME_STREAM | 0x06};

  if (s->from == 'x') {
    r->conn->facts.early_refused = true;
    memset(r->next, 0, sizeof(r->next));
    return;
  }
  run_bracket(s->octets, hex);
  if (s->from == 'd') {
    f.type = QUIC_FRAME_DATAGRAM | 1;
    f.u.datagram.data = octets_hex(hex, buf, sizeof(buf));
  } else if (s->end == 'r' || s->end == 'a') {
    f.type =
        s->end == 'r' ? QUIC_FRAME_RESET_STREAM : QUIC_FRAME_RESET_STREAM_AT;
    f.u.reset_stream.stream_id = s->stream;
    f.u.reset_stream.error_code = 0x10c;
    f.u.reset_stream.final_size = 50;
    f.u.reset_stream.reliable_size = s->end == 'r' ? 0 : 30;
  } else {
    f.type |= s->end == 'f';
    f.u.stream.stream_id = s->stream;
    f.u.stream.offset = *next + s->hole;
    f.u.stream.data = octets_hex(hex, buf, sizeof(buf));
    *next = f.u.stream.offset + f.u.stream.data.len;
  }
  f.info = quic_frame_info_find(f.type);
  run_packet(r, s, side, &f);
}

static void run_init(run *r, const char *alpn) {
  qd_traces_settings set = {.mem = quic_mem_default(),
                            .seed = {1, 2},
                            .outputs = &r->output,
                            .noutputs = 1};

  memset(r, 0, sizeof(*r));
  r->base.event = run_event;
  r->base.request = run_request;
  r->output = &r->base;
  r->now = RUN_START;
  r->conn =
      qd_conn_new(quic_mem_default(), quic_crypto_null(), &r->crypto_total);
  assert_non_null(r->conn);
  r->conn->version = QUIC_VERSION_1;
  r->conn->refs = 1;
  r->conn->facts.alpn_chosen_len = (uint16_t)strlen(alpn);
  memcpy(r->conn->facts.alpn_chosen, alpn, strlen(alpn));
  for (int side = 0; side < QD_SIDES; side++) {
    r->conn->sides[side].addr = (quic_addr){
        .ip = {10, 0, 0, (uint8_t)(2 + side)}, .port = 443, .family = 4};
  }
  assert_int_equal(qd_traces_new(&r->traces, &set), 0);
}

static void run_end(run *r) {
  qd_traces_finish(r->traces);
  qd_traces_del(r->traces);
  qd_conn_unref(r->conn);
}

/* :method GET, :scheme https, :path /, :authority a. */
#define GET "01[0000 d1 d7 c1 50 01 61]"
#define OK "01[0000 d9]"
#define OK_5 "01[0000 d9 54 01 35]" /* and content-length 5 */

/* CONNECT of connect-udp: :protocol, :scheme, :path, :authority. */
#define CONNECT_UDP                                                            \
  "01[0000 cf 27023a70726f746f636f6c 0b636f6e6e6563742d756470 d7 c1 50 01 61]"

static const run_row rows[] = {
    {"an exchange",
     "h3",
     {{'c', 2, "00 04[]", 0, 0},
      {'s', 3, "00 04[]", 0, 0},
      {'c', 0, GET, 'f', 0},
      {'s', 0, OK_5 "00[6162636465]", 'f', 0}},
     ""},
    {"a response too short",
     "h3",
     {{'c', 0, GET, 'f', 0}, {'s', 0, OK_5 "00[61]", 'f', 0}},
     "stream 0: content-length says 5 octets, the content has 1 (RFC 9114 "
     "4.1.2)\n"},
    /* the protocol is known only when streams had begun */
    {"late to know it",
     "",
     {{'c', 0, "21 05 61", 0, 0},
      {'c', 2, "00 04[]", 0, 0},
      {'c', 0, "00 02 62 63" GET, 'f', 0},
      {'s', 0, OK "00[61]", 'f', 0}},
     ""},
    /* a content-length that says nothing of the content */
    {"HEAD",
     "h3",
     {{'c', 0, "01[0000 d2 d7 c1 50 01 61]", 'f', 0}, {'s', 0, OK_5, 'f', 0}},
     ""},
    {"nobody knows the method", "h3", {{'s', 0, OK_5, 'f', 0}}, ""},
    {"the method is behind a hole",
     "h3",
     {{'c', 0, "00", 'f', 20}, {'s', 0, OK_5, 'f', 0}},
     ""},
    {"the method comes later",
     "h3",
     {{'s', 0, OK_5, 'f', 0}, {'c', 0, GET, 'f', 0}},
     "stream 0: content-length says 5 octets, the content has 0 (RFC 9114 "
     "4.1.2)\n"},
    {"CONNECT",
     "h3",
     {{'c', 0, "01[0000 cf 50 01 61]", 'f', 0},
      {'s', 0, OK_5 "00[61]", 'f', 0}},
     ""},
    /* of what can be read only in part */
    {"a datagram that was cut",
     "h3",
     {{'c', 0, GET, 'f', 0}, {'d', 0, "4064", 0, 0}, {'d', 0, "4064", '1', 0}},
     ""},
    {"a datagram without its integer",
     "h3",
     {{'c', 0, GET, 'f', 0}, {'d', 0, "40", 0, 0}},
     "a datagram without a Quarter Stream ID (RFC 9297 2.1)\n"},
    {"an answer on a stream of the server comes first",
     "h3",
     {{'c', 1, "616263", 0, 0}, {'s', 1, "4041 00 616263", 0, 0}},
     ""},
    {"a stream of the server",
     "h3",
     {{'s', 1, "00 01 61", 0, 0}},
     "stream 1: a bidirectional stream of the server (RFC 9114 6.1)\n"},
    {"a promise while MAX_PUSH_ID is lost",
     "h3",
     {{'c', 2, "00 04[]", 0, 0},
      {'c', 2, "07[00]", 0, 3},
      {'c', 0, GET, 'f', 0},
      {'s', 0, "05[03 0000 d1 d7 c1 50 01 61]" OK, 'f', 0}},
     ""},
    {"a promise without MAX_PUSH_ID",
     "h3",
     {{'c', 2, "00 04[]", 0, 0},
      {'c', 0, GET, 'f', 0},
      {'s', 0, "05[03 0000 d1 d7 c1 50 01 61]" OK, 'f', 0}},
     "stream 0: a promise of push ID 3, above MAX_PUSH_ID (RFC 9114 4.6)\n"},
    /* QPACK */
    {"the tables are not in the capture",
     "h3",
     {{'c', 0, "01[0500 80]", 'f', 0}, {'s', 0, "01[0200 80]", 'f', 0}},
     ""},
    {"a table of a capacity that nobody allowed",
     "h3",
     {{'s', 3, "00 04[]", 0, 0}, {'c', 0, "01[0500 80]", 'f', 0}},
     "stream 0: no encoder gives this Required Insert Count (RFC 9204 "
     "4.5.1.1)\n"},
    {"a table larger than we keep",
     "h3",
     {{'s', 3, "00 04[01 80400000]", 0, 0},
      {'c', 6, "02 3fe1ffff01", 0, 0},
      {'c', 0, GET, 'f', 0},
      {'s', 0, OK, 'f', 0}},
     ""},
    {"a capacity that nobody allowed",
     "h3",
     {{'s', 3, "00 04[01 4064]", 0, 0}, {'c', 6, "02 3f46", 0, 0}},
     "stream 6: the table capacity is set above its maximum (RFC 9204 "
     "3.2.3)\n"},
    {"a section that waited is wrong",
     "h3",
     {{'s', 3, "00 04[01 5000]", 0, 0},
      {'c', 0, "01[0200 81]", 'f', 0},
      {'c', 6, "02 3fe11f 41 61 01 62", 0, 0}},
     "stream 0: a relative index goes below the first entry (RFC 9204 "
     "3.2.5)\n"},
    {"trailers do not overtake a header section that waits",
     "h3",
     {{'s', 3, "00 04[01 5000]", 0, 0},
      {'c', 0,
       "01[0200 80]"
       "01[0000 24 61 62 63 64 01 62]",
       'f', 0},
      {'c', 6, "02 3fe11f 41 61 01 62", 0, 0}},
     "stream 0: :method is missing (RFC 9114 4.2, 4.3)\n"},
    /* a client may say something else when its 0-RTT was refused */
    {"0-RTT refused",
     "h3",
     {{'e', 2, "00 04[21 01]", 0, 0},
      {'e', 0, GET "21[6162]", 'f', 0},
      {'x', 0, NULL, 0, 0},
      {'e', 2, "00 04[21 01]", 0, 0},
      {'c', 2, "00 04[40 02]", 0, 0},
      {'c', 0, GET, 'f', 0},
      {'s', 0, OK, 'f', 0}},
     ""},
    {"0-RTT accepted",
     "h3",
     {{'e', 2, "00 04[21 01]", 0, 0},
      {'e', 0, "", 0, 0},
      {'c', 2, "", 0, 0},
      {'c', 6, "00 04[21 01]", 0, 0}},
     "stream 6: a second control stream (RFC 9114 6.2)\n"},
    /* control streams */
    {"a setting many times",
     "h3",
     {{'c', 2, "00 04[06 01 06 02 06 03 07 01 07 01]", 0, 0}},
     "stream 2: setting 0x6 stands twice (RFC 9114 7.2.4)\n"
     "stream 2: setting 0x7 stands twice (RFC 9114 7.2.4)\n"},
    {"the priority of a push that nobody allowed",
     "h3",
     {{'c', 2, "00 04[] 800f0701[02 753d31]", 0, 0}},
     "stream 2: PRIORITY_UPDATE of push ID 2, above MAX_PUSH_ID (RFC 9114 "
     "4.6)\n"},
    {"the priority of a push",
     "h3",
     {{'c', 2, "00 04[] 0d[02] 800f0701[02 753d31]", 0, 0}},
     ""},
    /* capsules */
    {"a capsule that is cut",
     "h3",
     {{'c', 0, CONNECT_UDP "00[00 03 6162]", 'f', 0}},
     "stream 0: the stream ends inside a capsule (RFC 9297 3.3)\n"},
    {"whole capsules, in pieces",
     "h3",
     {{'c', 0, CONNECT_UDP "00[00 03 61]", 0, 0},
      {'c', 0, "00[6263]", 'f', 0},
      {'s', 0, OK, 'f', 0}},
     ""},
    {"capsules before the request can be read",
     "h3",
     {{'s', 3, "00 04[01 5000]", 0, 0},
      {'c', 0,
       "01[0200 cf 27023a70726f746f636f6c 0b636f6e6e6563742d756470 d7 c1 50 01 "
       "61 80] 00[00 03 61]",
       0, 0},
      {'c', 6, "02 3fe11f 41 61 01 62", 0, 0},
      {'c', 0, "00[6263]", 'f', 0}},
     ""},
};

static void test_notes(void **state) {
  static run r;

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    run_init(&r, rows[i].alpn);
    for (const run_step *s = rows[i].steps; s->from; s++) {
      run_do(&r, s);
    }
    run_end(&r);
    if (strcmp(r.notes, rows[i].notes) != 0) {
      print_error("%s\n", rows[i].name);
    }
    assert_string_equal(r.notes, rows[i].notes);
  }
}

/* What a request tells when it is over. */
static void test_requests(void **state) {
  static const struct {
    run_step steps[RUN_STEPS];
    uint64_t capsules, body, reset;
  } table[] = {
      {{{'c', 0, CONNECT_UDP, 0, 0}, {'s', 0, OK "00[00 01 61]", 'f', 0}},
       1,
       3,
       QD_REQUEST_NONE},
      /* 404, and content that says why */
      {{{'c', 0, CONNECT_UDP, 0, 0},
        {'s', 0, "01[0000 db] 00[00 01 61]", 'f', 0}},
       0,
       3,
       QD_REQUEST_NONE},
      /* the reset overtakes what it promises */
      {{{'c', 0, GET, 'f', 0},
        {'s', 0, OK "00 2d", 0, 0},
        {'s', 0, "", 'a', 0},
        {'s', 0, "", 'a', 0},
        {'s', 0, "6162636465666768696a6b6c6d6e6f7071727374757677", 0, 0}},
       0,
       23,
       0x10c},
      {{{'c', 0, GET, 'f', 0},
        {'s', 0, OK "00 2d 6162", 0, 0},
        {'s', 0, "", 'a', 0},
        {'s', 0, "", 'r', 0},
        {'s', 0, "616263", 0, 0}},
       0,
       2,
       0x10c},
  };
  static run r;

  (void)state;
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    run_init(&r, "h3");
    for (const run_step *s = table[i].steps; s->from; s++) {
      run_do(&r, s);
    }
    run_end(&r);
    assert_int_equal(r.request.capsules, table[i].capsules);
    assert_int_equal(r.request.side[QD_SERVER].body, table[i].body);
    assert_int_equal(r.request.side[QD_SERVER].reset_code, table[i].reset);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_notes),
      cmocka_unit_test(test_requests),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
