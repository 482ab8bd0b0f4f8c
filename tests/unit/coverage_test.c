#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "pcap/conn.h"
#include "pcap/coverage.h"
#include "cli/para.h"
#include "tests/support/failmem.h"

/* A report into memory. */
typedef struct report {
  char *all;
  size_t len, cap;
  quic_text text;
  char buf[256];
} report;

static void report_flush(void *user, const char *data, size_t len) {
  report *r = user;

  if (r->len + len + 1 > r->cap) {
    r->cap = 2 * r->cap + len + 1;
    r->all = realloc(r->all, r->cap);
    assert_non_null(r->all);
  }
  memcpy(r->all + r->len, data, len);
  r->len += len;
  r->all[r->len] = '\0';
}

static void report_init(report *r) {
  memset(r, 0, sizeof(*r));
  quic_text_init(&r->text, r->buf, sizeof(r->buf));
  r->text.flush = report_flush;
  r->text.user = r;
}

/* What one test works with. */
typedef struct fixture {
  qd_coverage *cov;
  qd_keyfiles *keys;
  quic_keylog *log;
  qd_decoder_stats stats;
  qd_conn conns[4];
  report report;
} fixture;

static quic_addr fixture_addr(uint8_t last, uint16_t port) {
  quic_addr a = {{10, 0, 0, last}, port, 4};

  return a;
}

/* fixture_init reads |keylog| (NULL: none is given) from a file. */
static void fixture_init(fixture *fx, const char *keylog) {
  memset(fx, 0, sizeof(*fx));
  assert_int_equal(qd_coverage_new(&fx->cov, quic_mem_default()), 0);
  assert_int_equal(qd_keyfiles_new(&fx->keys, quic_mem_default()), 0);
  if (keylog) {
    FILE *f = fopen("keys.log", "w");

    assert_non_null(f);
    assert_true(fputs(keylog, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(qd_keyfiles_add(fx->keys, "keys.log", false), 0);
    assert_int_equal(qd_keyfiles_finish(fx->keys), 0);
    unlink("keys.log");
  }
  fx->log = qd_keyfiles_log(fx->keys);
  fx->stats.datagrams = 10;
  for (uint32_t i = 0; i < 4; i++) {
    qd_conn *conn = &fx->conns[i];

    conn->number = i;
    conn->version = QUIC_VERSION_1;
    conn->sides[QD_CLIENT].addr = fixture_addr(2, (uint16_t)(51010 + i));
    conn->sides[QD_SERVER].addr = fixture_addr(9, 443);
  }
}

static void fixture_free(fixture *fx) {
  qd_coverage_del(fx->cov);
  qd_keyfiles_del(fx->keys);
  free(fx->report.all);
}

/* fixture_random gives |conn| a client random of 32 octets |octet|. */
static void fixture_random(fixture *fx, qd_conn *conn, uint8_t octet) {
  quic_keylog_entry *entry;

  conn->facts.has_random = true;
  memset(conn->facts.random, octet, sizeof(conn->facts.random));
  entry = quic_keylog_find(fx->log, conn->facts.random);
  if (entry) {
    entry->seen = true;
  }
}

static qd_packet fixture_packet(qd_conn *conn, quic_packet_type type,
                                qd_side sender, uint64_t record) {
  static const uint8_t octets[64];
  qd_packet p;

  memset(&p, 0, sizeof(p));
  p.frame = record;
  p.conn = conn;
  p.header.type = type;
  p.header.is_long = type != QUIC_PACKET_1RTT;
  p.header.version = p.header.is_long ? QUIC_VERSION_1 : 0;
  p.sender = sender;
  p.sender_known = true;
  p.src = conn ? conn->sides[sender].addr : fixture_addr(7, 4433);
  p.raw = quic_bytes_of(octets, sizeof(octets));
  p.datagram_len = 1252;
  return p;
}

static void fixture_open(fixture *fx, qd_conn *conn, quic_packet_type type,
                         qd_side sender, uint64_t record, uint64_t pn) {
  qd_packet p = fixture_packet(conn, type, sender, record);

  p.state = QD_STATE_OPEN;
  p.header.pn = pn;
  qd_coverage_packet(fx->cov, &p);
}

static void fixture_closed(fixture *fx, qd_conn *conn, quic_packet_type type,
                           qd_side sender, uint64_t record, qd_reason reason) {
  qd_packet p = fixture_packet(conn, type, sender, record);

  p.reason = reason;
  qd_coverage_packet(fx->cov, &p);
}

static void fixture_state(fixture *fx, qd_conn *conn, quic_packet_type type,
                          qd_state state) {
  qd_packet p = fixture_packet(conn, type, QD_SERVER, 1);

  p.state = state;
  qd_coverage_packet(fx->cov, &p);
}

static const char *fixture_report(fixture *fx) {
  report *r = &fx->report;

  free(r->all);
  report_init(r);
  qd_coverage_report(fx->cov, fx->keys, fx->log, &fx->stats, 0, 0, &r->text,
                     false);
  quic_text_flush(&r->text);
  return r->all;
}

/* fixture_flat is fixture_report with each run of blanks as one space. */
static const char *fixture_flat(fixture *fx) {
  char *out;

  (void)fixture_report(fx);
  out = fx->report.all;
  for (const char *in = fx->report.all; *in; in++) {
    bool blank = *in == ' ' || *in == '\n';

    if (!blank) {
      *out++ = *in;
    } else if (out == fx->report.all || out[-1] != ' ') {
      *out++ = ' ';
    }
  }
  *out = '\0';
  return fx->report.all;
}

static void assert_says(fixture *fx, const char *text) {
  const char *all = fixture_flat(fx);

  if (!strstr(all, text)) {
    fail_msg("no \"%s\" in:\n%s", text, all);
  }
}

static void assert_not_says(fixture *fx, const char *text) {
  const char *all = fixture_flat(fx);

  if (strstr(all, text)) {
    fail_msg("\"%s\" in:\n%s", text, all);
  }
}

#define REPORT_DIGIT 6 /* column of the last digit of a count */

#define R5(c) c c c c c
#define R32(c) R5(c) R5(c) R5(c) R5(c) R5(c) R5(c) c c
#define LINE(label, random, secret) label " " R32(random) " " R32(secret) "\n"

/* All four secrets of 5f..., the client's alone of c1..., and of two that
   nobody saw. */
/* clang-format off */
static const char keylog_text[] =
    "# a key log\n"
    LINE("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "5f", "01")
    LINE("SERVER_HANDSHAKE_TRAFFIC_SECRET", "5f", "02")
    LINE("CLIENT_TRAFFIC_SECRET_0", "5f", "03")
    LINE("SERVER_TRAFFIC_SECRET_0", "5f", "04")
    LINE("CLIENT_TRAFFIC_SECRET_0", "c1", "05")
    LINE("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "c1", "06")
    LINE("SERVER_HANDSHAKE_TRAFFIC_SECRET", "c1", "07")
    LINE("CLIENT_TRAFFIC_SECRET_0", "d0", "08")
    LINE("SERVER_TRAFFIC_SECRET_0", "d1", "09");
/* clang-format on */

/* The whole text of a report, word by word. */
static void test_report(void **state) {
  static const char want[] =
      "42 protected packets in 3 connections, 2 opened (4.7 %), 40 not\n"
      "note: 1 Retry, which is not protected\n"
      "note: 1 stateless reset: it carries a token, not a payload\n"
      "note: 2 datagrams with bytes behind their last packet\n"
      "\n"
      "connection 1  10.0.0.2:51011 > 10.0.0.9:443  v1  sni api.example  "
      "client random\n"
      "  c1c1c1c1..c1c1: 38 of 39 packets not opened\n"
      "     31  no_secret    1-RTT from 10.0.0.9:443 (server): the key log has "
      "no\n"
      "                      SERVER_TRAFFIC_SECRET_0 for this client random\n"
      "                      (CLIENT_TRAFFIC_SECRET_0 is there: keys.log line "
      "6); the\n"
      "                      key log of the other endpoint may have it\n"
      "      7  aead_fail    1-RTT from 10.0.0.2:51011 (client): keys are "
      "there but do\n"
      "                      not fit: wrong key log, damaged packets, or more "
      "than 8\n"
      "                      key updates in a hole of the capture; records 50 "
      "to 56;\n"
      "                      the last to open before was packet number 99 in "
      "record\n"
      "                      49, none opens since\n"
      "\n"
      "connection 2  10.0.0.2:51012 > 10.0.0.9:443  v1: 2 of 2 packets not "
      "opened\n"
      "      2  no_hello     Handshake from 10.0.0.9:443 (server): the "
      "ClientHello was\n"
      "                      not captured, and the key log has no unclaimed "
      "secret for\n"
      "                      them\n"
      "\n"
      "reasons: 31 no_secret, 2 no_hello, 7 aead_fail\n"
      "\n"
      "key log: 9 secrets of 4 client randoms, 2 seen in the capture\n"
      "  2 of 4 client randoms in keys.log were not seen in the capture\n"
      "  client random c1c1c1c1..c1c1 (keys.log line 6) lacks "
      "SERVER_TRAFFIC_SECRET_0\n";
  fixture fx;

  (void)state;
  fixture_init(&fx, keylog_text);
  fixture_random(&fx, &fx.conns[0], 0x5f);
  fixture_random(&fx, &fx.conns[1], 0xc1);
  strcpy(fx.conns[1].facts.sni, "api.example");
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_INITIAL, QD_CLIENT, 1, 0);
  fixture_open(&fx, &fx.conns[1], QUIC_PACKET_1RTT, QD_CLIENT, 49, 99);
  for (uint64_t i = 0; i < 31; i++) {
    fixture_closed(&fx, &fx.conns[1], QUIC_PACKET_1RTT, QD_SERVER, 10 + i,
                   QD_REASON_NO_SECRET);
  }
  for (uint64_t i = 0; i < 7; i++) {
    fixture_closed(&fx, &fx.conns[1], QUIC_PACKET_1RTT, QD_CLIENT, 50 + i,
                   QD_REASON_AEAD_FAIL);
  }
  for (uint64_t i = 0; i < 2; i++) {
    fixture_closed(&fx, &fx.conns[2], QUIC_PACKET_HANDSHAKE, QD_SERVER, 60 + i,
                   QD_REASON_NO_HELLO);
    fixture_state(&fx, &fx.conns[0], QUIC_PACKET_UNKNOWN, QD_STATE_PADDING);
  }
  fixture_state(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_STATE_RESET);
  fixture_state(&fx, &fx.conns[0], QUIC_PACKET_RETRY, QD_STATE_CLEAR);
  assert_string_equal(fixture_report(&fx), want);
  fixture_free(&fx);
}

static void test_all_open(void **state) {
  static const char want[] =
      "2 protected packets in 1 connection, all opened\n"
      "\n"
      "key log: 1 secret of 1 client random, 0 seen in the capture\n"
      "  1 of 1 client random in keys.log was not seen in the capture\n";
  fixture fx;

  (void)state;
  fixture_init(&fx, LINE("SERVER_TRAFFIC_SECRET_0", "aa", "bb"));
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_INITIAL, QD_CLIENT, 1, 0);
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_INITIAL, QD_SERVER, 1, 0);
  assert_string_equal(fixture_report(&fx), want);
  fixture_free(&fx);
}

static void test_no_quic(void **state) {
  fixture fx;

  (void)state;
  fixture_init(&fx, NULL);
  assert_says(&fx, "no QUIC packets: none of 10 UDP datagrams is QUIC, as far");
  assert_says(&fx, "no key log was given: let the endpoint write one");
  assert_says(&fx, "-k FILE");
  assert_says(&fx, "SSLKEYLOGFILE");
  assert_says(&fx, "editcap --inject-secrets tls,FILE");
  fx.stats.datagrams = 1;
  assert_says(&fx, "the one UDP datagram is no QUIC");
  fx.stats.datagrams = 0;
  assert_says(&fx, "the capture holds no UDP datagrams");
  fixture_free(&fx);
}

static void test_no_keylog(void **state) {
  fixture fx;

  (void)state;
  fixture_init(&fx, NULL);
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_INITIAL, QD_CLIENT, 1, 0);
  assert_says(&fx, "1 protected packet in 1 connection, opened");
  assert_says(&fx, "no key log was given, and none was needed");
  fixture_random(&fx, &fx.conns[0], 0x5f);
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 2,
                 QD_REASON_NO_SECRET);
  assert_says(&fx, "(server): no key log was given ");
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_CLIENT, 3,
                 QD_REASON_NO_SECRET);
  assert_says(&fx, "1 no_secret 1-RTT from 10.0.0.2:51010 (client): the same ");
  assert_says(&fx, "no key log was given: let the endpoint");
  fixture_free(&fx);
}

/* What is said about each reason. */
static void test_clauses(void **state) {
  static const struct {
    quic_packet_type type;
    qd_side sender;
    qd_reason reason;
    uint8_t random; /* 0 = the hello was not seen */
    const char *text;
  } rows[] = {
      {QUIC_PACKET_1RTT, QD_SERVER, QD_REASON_NO_SECRET, 0xee,
       "1 no_secret 1-RTT from 10.0.0.9:443 (server): the key log has nothing "
       "for this client random; its 9 secrets are of 4 other connections: take "
       "the key log of the captured run"},
      {QUIC_PACKET_0RTT, QD_CLIENT, QD_REASON_NO_SECRET, 0xd0,
       "0-RTT from 10.0.0.2:51010 (client): the key log has no "
       "CLIENT_EARLY_TRAFFIC_SECRET for this client random "
       "(CLIENT_TRAFFIC_SECRET_0 is there: keys.log line 9)"},
      {QUIC_PACKET_1RTT, QD_CLIENT, QD_REASON_NO_SECRET, 0xd0,
       "CLIENT_TRAFFIC_SECRET_0 is there (keys.log line 9), but it came after "
       "these packets were let go"},
      {QUIC_PACKET_1RTT, QD_CLIENT, QD_REASON_NO_SECRET, 0xd1,
       "no CLIENT_TRAFFIC_SECRET_0 for this client random "
       "(SERVER_TRAFFIC_SECRET_0 is there: keys.log line 10)"},
      {QUIC_PACKET_1RTT, QD_CLIENT, QD_REASON_NO_HELLO, 0,
       "the ClientHello was not captured, and none of 3 unclaimed secrets "
       "opens "
       "its packets"},
      {QUIC_PACKET_1RTT, QD_CLIENT, QD_REASON_NO_HELLO, 0xee,
       "the ClientHello came only behind them: the key log has nothing"},
      {QUIC_PACKET_0RTT, QD_CLIENT, QD_REASON_NO_HELLO, 0,
       "and the key log has no unclaimed secret for them"},
      {QUIC_PACKET_INITIAL, QD_SERVER, QD_REASON_NO_HELLO, 0,
       "the client's first Initial was not captured, whose connection ID"},
      {QUIC_PACKET_INITIAL, QD_SERVER, QD_REASON_AEAD_FAIL, 0,
       "connection ID gives other keys: damaged packets, or an injected one; "
       "record 70"},
      {QUIC_PACKET_HANDSHAKE, QD_SERVER, QD_REASON_AEAD_FAIL, 0x5f,
       "wrong key log or damaged packets; record 70"},
      {QUIC_PACKET_1RTT, QD_SERVER, QD_REASON_AEAD_FAIL, 0x5f,
       "more than 8 key updates in a hole of the capture; record 70"},
      {QUIC_PACKET_1RTT, QD_SERVER, QD_REASON_TRUNCATED, 0x5f,
       "64 of 1252 octets were captured in record 70: capture whole packets "
       "(tcpdump -s 0)"},
      {QUIC_PACKET_1RTT, QD_SERVER, QD_REASON_UNKNOWN_CID, 0x5f,
       "their connection ID was not announced in anything that opened"},
      {QUIC_PACKET_UNKNOWN, QD_CLIENT, QD_REASON_UNKNOWN_VERSION, 0,
       "1 unknown_version long header from 10.0.0.2:51010 (client): version "
       "v1: "
       "the protection of this version is not known"},
      {QUIC_PACKET_HANDSHAKE, QD_CLIENT, QD_REASON_BEFORE_KEY, 0x5f,
       "the packet passed before its key could be known; record 70"},
      {QUIC_PACKET_HANDSHAKE, QD_CLIENT, QD_REASON_MALFORMED, 0x5f,
       "the header contradicts itself; record 70"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    fixture fx;

    fixture_init(&fx, keylog_text);
    if (rows[i].random) {
      fixture_random(&fx, &fx.conns[0], rows[i].random);
    } else {
      fixture_random(&fx, &fx.conns[1], 0xd1);
    }
    fixture_closed(&fx, &fx.conns[0], rows[i].type, rows[i].sender, 70,
                   rows[i].reason);
    assert_says(&fx, rows[i].text);
    assert_says(&fx, "1 protected packet in 1 connection, 0 opened (0.0 %), 1 "
                     "not");
    assert_not_says(&fx, "reasons:");
    fixture_free(&fx);
  }
}

static void test_unknown_sender(void **state) {
  fixture fx;
  qd_packet p;

  (void)state;
  fixture_init(&fx, keylog_text);
  fixture_random(&fx, &fx.conns[0], 0xc1);
  p = fixture_packet(&fx.conns[0], QUIC_PACKET_0RTT, QD_CLIENT, 1);
  p.sender_known = false;
  p.reason = QD_REASON_NO_SECRET;
  qd_coverage_packet(fx.cov, &p);
  assert_says(&fx, "0-RTT from 10.0.0.2:51010: the key log has no "
                   "CLIENT_EARLY_TRAFFIC_SECRET for");
  fixture_random(&fx, &fx.conns[0], 0xc1);
  fixture_free(&fx);
}

static void test_versions(void **state) {
  static const struct {
    uint32_t first, second;
    const char *text;
  } rows[] = {
      {0x51303436, 0x51303436, "version Q046 (Google QUIC): the protection"},
      {0x1a2a3a4a, 0x1a2a3a4a, "greased 0x1a2a3a4a: sent to provoke Version"},
      {0x12345678, 0x12345678, "version 0x12345678: the protection"},
      {0x12345678, 0x87654321, "version 0x12345678 and others: the"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    fixture fx;
    qd_packet p;

    fixture_init(&fx, NULL);
    p = fixture_packet(&fx.conns[0], QUIC_PACKET_UNKNOWN, QD_CLIENT, 1);
    p.reason = QD_REASON_UNKNOWN_VERSION;
    p.header.version = rows[i].first;
    qd_coverage_packet(fx.cov, &p);
    p.header.version = rows[i].second;
    qd_coverage_packet(fx.cov, &p);
    assert_says(&fx, rows[i].text);
    /* A short header belongs to the connection's version. */
    fx.conns[1].version = rows[i].first;
    fixture_closed(&fx, &fx.conns[1], QUIC_PACKET_1RTT, QD_SERVER, 2,
                   QD_REASON_UNKNOWN_VERSION);
    assert_not_says(&fx, "version negotiation");
    fixture_free(&fx);
  }
}

/* Where packets that keys do not fit stand among those that open. */
static void test_aead_where(void **state) {
  fixture fx;

  (void)state;
  fixture_init(&fx, keylog_text);
  fixture_random(&fx, &fx.conns[0], 0x5f);
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 10, 40);
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 11, 41);
  for (uint64_t i = 0; i < 8; i++) {
    fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 20 + i,
                   QD_REASON_AEAD_FAIL);
  }
  assert_says(&fx, "records 20 to 27; the last to open before was packet "
                   "number 41 in record 11, none opens since");
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_CLIENT, 28, 500);
  assert_says(&fx, "none opens since");
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 30, 250);
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 31, 251);
  assert_says(&fx, "packet number 41 in record 11, the next packet number 250 "
                   "in record 30: 200 packet numbers in between never showed "
                   "up");
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 40,
                 QD_REASON_AEAD_FAIL);
  assert_says(&fx, "they stand among packets that open: damaged or injected; "
                   "records 20 to 40");
  fixture_free(&fx);
}

static void test_cut_and_icmp(void **state) {
  fixture fx;
  qd_packet p;

  (void)state;
  fixture_init(&fx, keylog_text);
  p = fixture_packet(&fx.conns[0], QUIC_PACKET_1RTT, QD_CLIENT, 5);
  p.reason = QD_REASON_TRUNCATED;
  p.header.missing = 1000;
  qd_coverage_packet(fx.cov, &p);
  p.notes = QD_NOTE_ICMP;
  qd_coverage_packet(fx.cov, &p);
  qd_coverage_packet(fx.cov, &p);
  assert_says(&fx, "1 truncated 1-RTT from 10.0.0.2:51010 (client): 64 of 1064 "
                   "octets were captured in record 5: capture whole packets");
  assert_says(&fx, "2 truncated 1-RTT from 10.0.0.2:51010 (client), quoted by "
                   "ICMP: 64 of 1064 octets were captured in record 5: ICMP "
                   "errors quote only the first ones");
  fixture_free(&fx);
}

static void test_cid(void **state) {
  static const uint8_t cid[] = {0xde, 0xad, 0xbe, 0xef};
  fixture fx;
  qd_packet p;

  (void)state;
  fixture_init(&fx, keylog_text);
  p = fixture_packet(&fx.conns[0], QUIC_PACKET_1RTT, QD_CLIENT, 5);
  p.reason = QD_REASON_UNKNOWN_CID;
  p.header.dcid = quic_bytes_of(cid, sizeof(cid));
  qd_coverage_packet(fx.cov, &p);
  assert_says(&fx, "their connection ID, such as deadbeef, was not announced");
  fixture_free(&fx);
}

static void test_stray(void **state) {
  fixture fx;

  (void)state;
  fixture_init(&fx, NULL);
  fixture_closed(&fx, NULL, QUIC_PACKET_HANDSHAKE, QD_CLIENT, 3,
                 QD_REASON_MALFORMED);
  assert_says(&fx, "1 protected packet in 0 connections, 0 opened (0.0 %), 1 "
                   "not");
  assert_says(&fx, "no connection: 1 of 1 packet not opened 1 malformed "
                   "Handshake from 10.0.0.7:4433 (client): the header "
                   "contradicts itself; record 3");
  fixture_free(&fx);
}

/* Packets of a live capture that opened after they had been shown. */
static void test_late(void **state) {
  fixture fx;
  qd_packet p;

  (void)state;
  fixture_init(&fx, keylog_text);
  fixture_random(&fx, &fx.conns[0], 0xd0);
  for (uint64_t i = 0; i < 5; i++) {
    fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_CLIENT, 10 + i,
                   QD_REASON_NO_SECRET);
    fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 10 + i,
                   QD_REASON_AEAD_FAIL);
  }
  for (uint64_t i = 0; i < 4; i++) {
    p = fixture_packet(&fx.conns[0], QUIC_PACKET_1RTT, QD_CLIENT, 10 + i);
    p.state = QD_STATE_OPEN;
    p.notes = QD_NOTE_LATE;
    qd_coverage_packet(fx.cov, &p);
  }
  assert_says(&fx, "10 protected packets in 1 connection, 4 opened (40.0 %), 6 "
                   "not");
  assert_says(&fx, "6 of 10 packets not opened 1 no_secret");
  assert_says(&fx, "5 aead_fail");
  /* The sender was guessed wrong when it was shown. */
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_HANDSHAKE, QD_SERVER, 20,
                 QD_REASON_NO_HELLO);
  p = fixture_packet(&fx.conns[0], QUIC_PACKET_HANDSHAKE, QD_CLIENT, 20);
  p.state = QD_STATE_OPEN;
  p.notes = QD_NOTE_LATE;
  qd_coverage_packet(fx.cov, &p);
  assert_not_says(&fx, "no_hello");
  /* One that was never counted changes nothing. */
  p = fixture_packet(&fx.conns[1], QUIC_PACKET_HANDSHAKE, QD_CLIENT, 20);
  p.state = QD_STATE_OPEN;
  p.notes = QD_NOTE_LATE;
  qd_coverage_packet(fx.cov, &p);
  assert_says(&fx, "5 opened (45.4 %), 6 not");
  fixture_free(&fx);
}

/* The hello may come behind the first closed packets; a name from outside is
   escaped and cut. */
static void test_facts(void **state) {
  fixture fx;
  qd_facts *facts;

  (void)state;
  fixture_init(&fx, NULL);
  facts = &fx.conns[0].facts;
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_0RTT, QD_CLIENT, 1,
                 QD_REASON_NO_HELLO);
  assert_says(&fx, "v1: 1 of 1 packet not opened");
  fixture_random(&fx, &fx.conns[0], 0xab);
  strcpy(facts->sni, "a\x1b[2Jb.");
  memset(facts->sni + strlen(facts->sni), 'x', 100);
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_INITIAL, QD_CLIENT, 2, 0);
  assert_says(&fx, "sni a\\x1b[2Jb.xxx");
  assert_says(&fx, "xxx... client random abababab..abab: 1 of 2 packets");
  fixture_free(&fx);
}

static void test_keylog_problems(void **state) {
  /* clang-format off */
  static const char text[] =
      LINE("CLIENT_TRAFFIC_SECRET_0", "5f", "03")
      LINE("CLIENT_TRAFFIC_SECRET_0", "5f", "04")
      LINE("CLIENT_TRAFFIC_SECRET_0", "5f", "03")
      LINE("QUIC_SERVER_TRAFFIC_SECRET_0", "5f", "03")
      "SERVER_TRAFFIC_SECRET_0 " R32("5f") " 0102\n"
      "WHAT\x1b_SECRET " R32("5f") " 0102\n"
      "SERVER_TRAFFIC_SECRET_0 5f5f " R32("5f") "\n"
      "one\ntwo\nthree\nfour\n";
  /* clang-format on */
  fixture fx;

  (void)state;
  fixture_init(&fx, text);
  fixture_open(&fx, &fx.conns[0], QUIC_PACKET_INITIAL, QD_CLIENT, 2, 0);
  assert_says(&fx, "1 another secret for the same label and random; the first "
                   "one stands: keys.log line 2 \"CLIENT_TRAFFIC_SECRET_0\"");
  assert_says(&fx, "1 the same secret again: keys.log line 3");
  assert_says(&fx, "1 note: old label with QUIC_ prefix: keys.log line 4 "
                   "\"QUIC_SERVER_TRAFFIC_SECRET_0\"");
  assert_says(&fx, "1 the secret is not 32 or 48 octets long: keys.log line 5");
  assert_says(&fx, "1 unknown label: keys.log line 6 \"WHAT\\x1b_SECRET\"");
  assert_says(&fx, "1 the client random is not 32 octets long: keys.log line "
                   "7");
  assert_says(&fx, "4 not a label and two hexadecimal words: keys.log line 8 "
                   "\"one\", keys.log line 9 \"two\", keys.log line 10 "
                   "\"three\", ...");
  fixture_free(&fx);
}

static void test_keylog_empty(void **state) {
  fixture fx;

  (void)state;
  fixture_init(&fx, "\n");
  fixture_random(&fx, &fx.conns[0], 0x5f);
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 2,
                 QD_REASON_NO_SECRET);
  assert_says(&fx, "the key log has no secrets at all");
  assert_says(&fx, "key log: no secrets; it is empty or not in the "
                   "SSLKEYLOGFILE format");
  fixture_free(&fx);
  fixture_init(&fx, "CLIENT_RANDOM 00 00\n");
  assert_says(&fx, "key log: no secrets");
  assert_not_says(&fx, "not in the SSLKEYLOGFILE format");
  fixture_free(&fx);
}

static void test_keylog_lacking(void **state) {
  char text[9 * 200] = "";
  fixture fx;

  (void)state;
  for (int i = 1; i <= 8; i++) {
    size_t len = strlen(text);

    len += (size_t)snprintf(text + len, sizeof(text) - len,
                            "CLIENT_TRAFFIC_SECRET_0 ");
    for (int n = 0; n < 32; n++) {
      len += (size_t)snprintf(text + len, sizeof(text) - len, "%02x", i);
    }
    snprintf(text + len, sizeof(text) - len, " %s\n", R32("aa"));
  }
  fixture_init(&fx, text);
  for (int i = 1; i <= 8; i++) {
    fixture_random(&fx, &fx.conns[0], (uint8_t)i);
  }
  assert_says(&fx, "client random 01010101..0101 (keys.log line 1) lacks "
                   "CLIENT_HANDSHAKE_TRAFFIC_SECRET, "
                   "SERVER_HANDSHAKE_TRAFFIC_SECRET, SERVER_TRAFFIC_SECRET_0");
  assert_says(&fx, "client random 05050505");
  assert_not_says(&fx, "client random 06060606");
  assert_says(&fx, "and 3 more that lack secrets");
  fixture_free(&fx);
}

static void test_notes(void **state) {
  fixture fx;
  qd_packet p;
  report r;

  (void)state;
  fixture_init(&fx, keylog_text);
  p = fixture_packet(&fx.conns[0], QUIC_PACKET_1RTT, QD_CLIENT, 5);
  p.state = QD_STATE_UNAUTHENTICATED;
  qd_coverage_packet(fx.cov, &p);
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 6,
                 QD_REASON_MALFORMED);
  fixture_state(&fx, &fx.conns[0], QUIC_PACKET_VERSION_NEGOTIATION,
                QD_STATE_CLEAR);
  fx.stats.late = 3;
  report_init(&r);
  qd_coverage_report(fx.cov, fx.keys, fx.log, &fx.stats, 4, 1, &r.text, true);
  quic_text_flush(&r.text);
  assert_non_null(strstr(r.all, "note: 1 Version Negotiation packet, which"));
  assert_non_null(strstr(r.all, "note: 1 opened packet was cut"));
  assert_non_null(strstr(r.all, "note: 3 opened packets had to wait"));
  assert_non_null(strstr(r.all, "note: 1 packet was let go"));
  assert_non_null(strstr(r.all, "note: 4 connections were forgotten"));
  assert_non_null(strstr(r.all, "\033[31mmalformed\033[0m    1-RTT"));
  free(r.all);
  /* Neither files nor a log. */
  report_init(&r);
  qd_coverage_report(fx.cov, NULL, NULL, &fx.stats, 0, 0, &r.text, false);
  quic_text_flush(&r.text);
  assert_non_null(strstr(r.all, "no key log was given"));
  assert_null(strchr(r.all, '\033'));
  free(r.all);
  report_init(&r);
  qd_coverage_report(fx.cov, NULL, fx.log, &fx.stats, 0, 0, &r.text, false);
  quic_text_flush(&r.text);
  assert_non_null(strstr(r.all, "client randoms in source 0 were"));
  free(r.all);
  fixture_free(&fx);
}

/* report_sum adds up the numbers at the lines' starts, which only causes have,
   and checks the width. */
static uint64_t report_sum(const char *all) {
  uint64_t sum = 0;

  for (const char *line = all; *line; line = strchr(line, '\n') + 1) {
    if (strncmp(line, "key log:", 8) == 0 ||
        strncmp(line, "no key log", 10) == 0) {
      break;
    }
    if (strcspn(line, "\n") >= 80) {
      fail_msg("%.*s", (int)strcspn(line, "\n"), line);
    }
    if (line[0] == ' ' && line[REPORT_DIGIT] >= '0' &&
        line[REPORT_DIGIT] <= '9' && line[REPORT_DIGIT + 1] == ' ') {
      sum += strtoull(line, NULL, 10);
    }
  }
  return sum;
}

/* Whatever comes: the lines add up to what is closed. */
static void test_sums(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 50; seed++) {
    uint64_t opened = 0, closed = 0;
    char first[128];
    quic_rng rng;
    fixture fx;

    quic_rng_init(&rng, seed);
    fixture_init(&fx, seed % 2 ? keylog_text : NULL);
    for (uint64_t record = 1; record < 300; record++) {
      qd_conn *conn =
          quic_rng_below(&rng, 50) ? &fx.conns[quic_rng_below(&rng, 4)] : NULL;
      qd_packet p = fixture_packet(
          conn, (quic_packet_type)quic_rng_below(&rng, QUIC_PACKET_TYPES),
          (qd_side)quic_rng_below(&rng, 2), record);

      p.sender_known = quic_rng_below(&rng, 5) != 0;
      p.header.pn = quic_rng_u64(&rng) >> quic_rng_below(&rng, 64);
      p.notes = quic_rng_below(&rng, 9) ? 0 : QD_NOTE_ICMP;
      if (conn && quic_rng_below(&rng, 20) == 0) {
        fixture_random(&fx, conn, quic_rng_below(&rng, 2) ? 0x5f : 0xd0);
      }
      if (quic_rng_below(&rng, 2)) {
        p.state = QD_STATE_OPEN;
        opened++;
      } else {
        p.reason = (qd_reason)(1 + quic_rng_below(&rng, QD_REASONS - 1));
        closed++;
      }
      qd_coverage_packet(fx.cov, &p);
      if (p.state == QD_STATE_CLOSED && quic_rng_below(&rng, 4) == 0 &&
          (p.reason == QD_REASON_NO_SECRET || p.reason == QD_REASON_NO_HELLO)) {
        p.state = QD_STATE_OPEN;
        p.notes |= QD_NOTE_LATE;
        p.reason = QD_REASON_NONE;
        qd_coverage_packet(fx.cov, &p);
        opened++;
        closed--;
      }
    }
    assert_int_equal(report_sum(fixture_report(&fx)), closed);
    snprintf(first, sizeof(first),
             "%llu protected packets in 4 connections, %llu opened (",
             (unsigned long long)(opened + closed), (unsigned long long)opened);
    assert_non_null(strstr(fx.report.all, first));
    fixture_free(&fx);
  }
}

/* With any request for memory refused the totals still hold. */
static int sweep_run(const quic_mem *mem, void *user) {
  qd_coverage *cov;
  qd_decoder_stats stats = {.datagrams = 1};
  qd_conn conns[12];
  report r;
  int rv = qd_coverage_new(&cov, mem);
  bool short_of;

  (void)user;
  if (rv != 0) {
    assert_null(cov);
    return rv;
  }
  memset(conns, 0, sizeof(conns));
  for (uint32_t i = 0; i < 12; i++) {
    conns[i].number = i;
    for (int level = 0; level < 6; level++) {
      qd_packet p = fixture_packet(&conns[i], (quic_packet_type)(level % 3),
                                   (qd_side)(level / 3), 1);

      p.reason = QD_REASON_NO_SECRET;
      qd_coverage_packet(cov, &p);
      if (level == 5) {
        p.state = QD_STATE_OPEN;
        p.notes = QD_NOTE_LATE;
        qd_coverage_packet(cov, &p);
      }
    }
  }
  report_init(&r);
  qd_coverage_report(cov, NULL, NULL, &stats, 0, 0, &r.text, false);
  quic_text_flush(&r.text);
  assert_non_null(strstr(r.all, "72 protected packets in 12 connections, 12 "
                                "opened (16.6 %), 60 not"));
  assert_non_null(strstr(r.all, "\nreasons: 60 no_secret\n"));
  short_of = strstr(r.all, "for want of room") != NULL;
  if (!short_of) {
    assert_int_equal(report_sum(r.all), 60);
  }
  free(r.all);
  qd_coverage_del(cov);
  return short_of ? QUIC_ERR_NOMEM : 0;
}

static void test_memory(void **state) {
  failmem fm;
  size_t n = failmem_sweep(&fm, sweep_run, NULL);

  (void)state;
  if (n < 12) {
    fail_msg("%zu requests: %s", n, fm.text);
  }
}

/* More connections than are told apart. */
static void test_limits(void **state) {
  fixture fx;
  qd_packet p;

  (void)state;
  fixture_init(&fx, NULL);
  for (uint32_t i = 0; i < QD_COVERAGE_BLOCKS_MAX + 2; i++) {
    fx.conns[0].number = i;
    fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 1,
                   QD_REASON_NO_SECRET);
  }
  fx.conns[0].number = QD_COVERAGE_CONNS_MAX;
  fixture_closed(&fx, &fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 1,
                 QD_REASON_NO_HELLO);
  fixture_report(&fx);
  assert_non_null(strstr(fx.report.all, "\n3 packets not opened in connections "
                                        "that are not told apart for want"));
  assert_non_null(
      strstr(fx.report.all, "\nreasons: 16386 no_secret, 1 no_hello\n"));
  p = fixture_packet(&fx.conns[0], QUIC_PACKET_1RTT, QD_SERVER, 1);
  p.state = QD_STATE_OPEN;
  p.notes = QD_NOTE_LATE;
  qd_coverage_packet(fx.cov, &p);
  fixture_report(&fx);
  assert_non_null(strstr(fx.report.all, "\n2 packets not opened in conn"));
  fixture_free(&fx);
}

static void test_para(void **state) {
  static const struct {
    const char *text;
    size_t column, indent;
    const char *out;
  } rows[] = {
      {"", 0, 4, "\n"},
      {"one two", 70, 4, "one two\n"},
      {"one two", 72, 4, "one two\n"},
      {"one two", 73, 4, "one\n    two\n"},
      {"one  two", 72, 2, "one\n  two\n"},
      {"one  two", 71, 2, "one  two\n"},
      {"  one", 0, 2, "  one\n"},
      {"\xe2\x82\xac\xe2\x82\xac two", 73, 2, "\xe2\x82\xac\xe2\x82\xac two\n"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char buf[128];
    quic_text t;
    cli_para para;

    quic_text_init(&t, buf, sizeof(buf));
    cli_para_init(&para);
    quic_text_str(&para.text, rows[i].text);
    cli_para_put(&para, &t, rows[i].column, rows[i].indent);
    assert_string_equal(quic_text_cstr(&t), rows[i].out);
  }
}

/* The tests run in a folder of their own, so that names of files are short. */
static char group_folder[] = "/tmp/coverage_testXXXXXX";

static int group_enter(void **state) {
  (void)state;
  return mkdtemp(group_folder) && chdir(group_folder) == 0 ? 0 : -1;
}

static int group_leave(void **state) {
  (void)state;
  return chdir("/") == 0 && rmdir(group_folder) == 0 ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_report),
      cmocka_unit_test(test_all_open),
      cmocka_unit_test(test_no_quic),
      cmocka_unit_test(test_no_keylog),
      cmocka_unit_test(test_clauses),
      cmocka_unit_test(test_unknown_sender),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_aead_where),
      cmocka_unit_test(test_cut_and_icmp),
      cmocka_unit_test(test_cid),
      cmocka_unit_test(test_stray),
      cmocka_unit_test(test_late),
      cmocka_unit_test(test_facts),
      cmocka_unit_test(test_keylog_problems),
      cmocka_unit_test(test_keylog_empty),
      cmocka_unit_test(test_keylog_lacking),
      cmocka_unit_test(test_notes),
      cmocka_unit_test(test_sums),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_para),
  };

  return cmocka_run_group_tests_name("coverage", tests, group_enter,
                                     group_leave);
}
