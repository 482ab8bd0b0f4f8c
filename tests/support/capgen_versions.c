/* Scenarios about versions, Retry and Version Negotiation. */

#include "tests/support/capgen_scenarios.h"

static const uint32_t mvfst_exp = 0xfaceb00e;

/* One connection in each version that can be decoded. */
static void make_all_versions(capgen *g, unsigned arg) {
  const quic_version *v;

  (void)arg;
  for (size_t i = 0; (v = quic_version_at(i)); i++) {
    capgen_options opt = capgen_defaults();

    if (v->kind != QUIC_VERSION_KIND_QUIC) {
      continue;
    }
    opt.version = v->number;
    opt.addr[CAPGEN_CLIENT].port = (uint16_t)(50000 + i);
    capgen_whole(capgen_conn_new(g, &opt));
  }
}

/* An address validation in each version that can be decoded. */
static void make_all_retries(capgen *g, unsigned arg) {
  const quic_version *v;

  (void)arg;
  for (size_t i = 0; (v = quic_version_at(i)); i++) {
    capgen_options opt = capgen_defaults();
    capgen_conn *c;

    if (v->kind != QUIC_VERSION_KIND_QUIC) {
      continue;
    }
    opt.version = v->number;
    opt.addr[CAPGEN_CLIENT].port = (uint16_t)(50000 + i);
    c = capgen_conn_new(g, &opt);
    capgen_hello(c);
    capgen_retry(c, false);
    capgen_handshake(c);
    capgen_exchange(c, 0, 500);
  }
}

/* versions_hello sends the ClientHello of |c| again, noted as |note|. */
static void versions_hello(capgen_conn *c, const char *note) {
  const capgen_end *end = &c->end[CAPGEN_CLIENT];
  capgen_packet *p;

  capgen_flight_hello(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);
  capgen_crypto(p, 0, end->flight[QUIC_PACKET_INITIAL],
                end->flight_len[QUIC_PACKET_INITIAL]);
  capgen_pad(p, 1200);
  if (note) {
    capgen_note(p, note);
  }
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

static void versions_rest(capgen_conn *c) {
  capgen_server_flight(c);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_exchange(c, 0, 3000);
  capgen_bye(c);
}

/* After the Retry another random, against RFC 9000 §17.2.5.3. */
static void make_new_hello(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_hello(c);
  capgen_retry(c, false);
  capgen_conn_rehello(c);
  versions_hello(c, "new_hello");
  versions_rest(c);
}

/* A forged Retry: the client goes on as if there had been none. */
static void make_bad_retry(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_hello(c);
  capgen_retry(c, true);
  versions_hello(c, NULL);
  versions_rest(c);
}

/* versions_in lets all that follows be in |version|. */
static void versions_in(capgen_conn *c, uint32_t version) {
  c->version = version;
  capgen_conn_initial(c, version, c->retried ? &c->retry_scid : &c->odcid);
}

/* Compatible version negotiation (RFC 9368), v1 to v2.  |arg| 0: as it should
   be; 1: the client's later Initials are still v1; 2: they say v2 and are
   under the keys of v1. */
static void make_compatible(capgen *g, unsigned arg) {
  static const uint8_t offer[] = {0,    0,    0, 1, 0x6b, 0x33,
                                  0x43, 0xcf, 0, 0, 0,    1};
  static const uint8_t chosen[] = {0x6b, 0x33, 0x43, 0xcf, 0x6b, 0x33,
                                   0x43, 0xcf, 0,    0,    0,    1};
  capgen_options opt = capgen_defaults();
  capgen_packet *p;
  capgen_conn *c;

  opt.tparams[CAPGEN_CLIENT][0] = (capgen_tparam){
      QUIC_TPARAM_VERSION_INFORMATION, quic_bytes_of(offer, sizeof(offer))};
  opt.tparams[CAPGEN_SERVER][0] = (capgen_tparam){
      QUIC_TPARAM_VERSION_INFORMATION, quic_bytes_of(chosen, sizeof(chosen))};
  opt.ntparams[CAPGEN_CLIENT] = opt.ntparams[CAPGEN_SERVER] = 1;
  c = capgen_conn_new(g, &opt);
  capgen_hello(c);
  versions_in(c, QUIC_VERSION_2);
  capgen_conn_rekey(c, QUIC_VERSION_2);
  capgen_server_flight(c);
  if (arg) {
    for (unsigned i = 0; i < 3; i++) {
      versions_in(c, QUIC_VERSION_1);
      c->version = arg == 2 ? QUIC_VERSION_2 : QUIC_VERSION_1;
      p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);
      capgen_ack(p, 0, 0);
      capgen_pad(p, 1200);
      if (arg == 2) {
        capgen_note(p, "other_version");
      }
      capgen_end_packet(p);
      capgen_flush(c, CAPGEN_CLIENT);
    }
    versions_in(c, QUIC_VERSION_2);
    p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
    capgen_crypto(p, 0, c->end[CAPGEN_CLIENT].flight[QUIC_PACKET_HANDSHAKE],
                  c->end[CAPGEN_CLIENT].flight_len[QUIC_PACKET_HANDSHAKE]);
    capgen_end_packet(p);
    capgen_flush(c, CAPGEN_CLIENT);
  } else {
    capgen_client_finish(c);
  }
  capgen_server_done(c);
  capgen_exchange(c, 0, 3000);
  capgen_bye(c);
}

/* The same behind a Retry. */
static void make_compatible_retry(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_hello(c);
  capgen_retry(c, false);
  capgen_hello(c);
  versions_in(c, QUIC_VERSION_2);
  capgen_conn_rekey(c, QUIC_VERSION_2);
  versions_rest(c);
}

/* versions_unknown sends a long header of a version that no one can open. */
static void versions_unknown(capgen_conn *c, capgen_side side,
                             uint32_t version) {
  uint8_t buf[1200];
  const capgen_cid *cids[2] = {
      side == CAPGEN_CLIENT ? &c->odcid : &c->end[CAPGEN_CLIENT].cid,
      &c->end[side].cid};
  capgen_truth tp = {.state = CAPGEN_CLOSED,
                     .reason = "unknown_version",
                     .notes = "",
                     .type = QUIC_PACKET_UNKNOWN,
                     .is_long = true,
                     .version = version,
                     .conn = c->number,
                     .side = side};
  quic_writer wr;

  quic_rng_fill(&c->g->rng, buf, sizeof(buf));
  quic_writer_init(&wr, buf, sizeof(buf));
  quic_writer_u8(&wr, 0xc3);
  quic_writer_u32(&wr, version);
  if (quic_version_find(version) &&
      quic_version_find(version)->packed_cid_lengths) {
    quic_writer_u8(&wr,
                   (uint8_t)((cids[0]->len - 3) << 4 | (cids[1]->len - 3)));
    quic_writer_bytes(&wr, quic_bytes_of(cids[0]->data, cids[0]->len));
    quic_writer_bytes(&wr, quic_bytes_of(cids[1]->data, cids[1]->len));
  } else {
    for (int i = 0; i < 2; i++) {
      quic_writer_u8(&wr, cids[i]->len);
      quic_writer_bytes(&wr, quic_bytes_of(cids[i]->data, cids[i]->len));
    }
  }
  tp.dcid_len = cids[0]->len;
  memcpy(tp.dcid, cids[0]->data, cids[0]->len);
  capgen_raw(c->g, buf, sizeof(buf), &tp);
  capgen_flush(c, side);
}

/* The client starts with a version that it invented, and goes on with v1. */
static void make_negotiation(capgen *g, unsigned arg) {
  static const uint32_t versions[] = {QUIC_VERSION_2, QUIC_VERSION_1,
                                      0x4a5a6a7a};
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_cid again = capgen_cid_new(g, 12);

  versions_unknown(c, CAPGEN_CLIENT, 0x1a2a3a4a);
  capgen_version_negotiation(c, versions, CAPGEN_COUNT(versions));
  if (arg) {
    /* Clients may choose another DCID for the second attempt. */
    c->odcid = again;
    capgen_conn_initial(c, c->version, &c->odcid);
  }
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  capgen_bye(c);
}

/* A server that knows none of them. */
static void make_refused(capgen *g, unsigned arg) {
  static const uint32_t versions[] = {0xff00001d, 0x5a6a7a8a};
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_hello(c);
  capgen_version_negotiation(c, versions, CAPGEN_COUNT(versions));
}

static void make_unknown_versions(capgen *g, unsigned arg) {
  static const uint32_t versions[] = {
      0x8a9aaaba, /* grease */
      0xff000014, /* draft-20: only a name */
      0x91c17000, /* a private one with a name */
      0x12345678, /* a private one without */
      0x51303436, /* Q046 */
      0x51303530, /* Q050 */
  };

  (void)arg;
  for (size_t i = 0; i < CAPGEN_COUNT(versions); i++) {
    capgen_options opt = capgen_defaults();
    capgen_conn *c;

    opt.addr[CAPGEN_CLIENT].port = (uint16_t)(50000 + i);
    opt.keylog = 0;
    c = capgen_conn_new(g, &opt);
    versions_unknown(c, CAPGEN_CLIENT, versions[i]);
    versions_unknown(c, CAPGEN_SERVER, versions[i]);
    versions_unknown(c, CAPGEN_CLIENT, versions[i]);
  }
}

/* Google QUIC with its first header: flags, CID, version as text. */
static void make_q043(capgen *g, unsigned arg) {
  static const char *const texts[] = {"\x0dQ043", "\x08"};
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  for (unsigned i = 0; i < 4; i++) {
    const char *text = texts[i > 0];
    uint8_t buf[1350];
    capgen_truth tp = {.state = CAPGEN_CLOSED,
                       .reason = "unknown_version",
                       .notes = "",
                       .type = QUIC_PACKET_UNKNOWN,
                       .conn = c->number,
                       .side = (capgen_side)(i & 1)};

    quic_rng_fill(&g->rng, buf, sizeof(buf));
    buf[0] = (uint8_t)text[0];
    memcpy(buf + 1, c->odcid.data, 8);
    memcpy(buf + 9, text + 1, strlen(text + 1));
    tp.dcid_len = 8;
    memcpy(tp.dcid, c->odcid.data, 8);
    capgen_raw(g, buf, i & 1 ? 60 : sizeof(buf), &tp);
    capgen_flush(c, tp.side);
  }
}

/* What is no QUIC at all, on ports where QUIC may be. */
static void make_no_quic(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  for (unsigned i = 0; i < 20; i++) {
    uint8_t buf[600];
    capgen_truth none = {.state = CAPGEN_NOTHING};

    quic_rng_fill(&g->rng, buf, sizeof(buf));
    if (i < 4) {
      memset(buf, 0, sizeof(buf));
    } else if (i < 10) {
      memcpy(buf, "\x80\x60\x00\x01\x00\x00\x00\x01", 8); /* RTP */
    } else if (i < 14) {
      memcpy(buf, "\x16\xfe\xfd\x00\x00", 5); /* DTLS */
    }
    capgen_raw(g, buf, 20 + 25 * i, &none);
    capgen_flush(c, (capgen_side)(i & 1));
  }
}

/* A version of the mvfst family, over IPv6. */
static void make_mvfst(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();

  (void)arg;
  opt.version = mvfst_exp;
  capgen_ipv6(&opt);
  capgen_whole(capgen_conn_new(g, &opt));
}

const capgen_scenario capgen_versions_scenarios[] = {
    {"v7-retry-new-hello", make_new_hello, 0, CAPGEN_SECRETS_FILE, false},
    {"v8-compatible", make_compatible, 0, CAPGEN_SECRETS_FIRST, false},
    {"v8-client-stays-v1", make_compatible, 1, CAPGEN_SECRETS_FIRST, false},
    {"v8-keys-of-v1", make_compatible, 2, CAPGEN_SECRETS_FIRST, false},
    {"v8-behind-retry", make_compatible_retry, 0, CAPGEN_SECRETS_FIRST, false},
    {"versions", make_all_versions, 0, CAPGEN_SECRETS_FIRST, false},
    {"retries", make_all_retries, 0, CAPGEN_SECRETS_FIRST, false},
    {"retry-bad-tag", make_bad_retry, 0, CAPGEN_SECRETS_FIRST, false},
    {"mvfst", make_mvfst, 0, CAPGEN_SECRETS_FIRST, false},
    {"negotiation", make_negotiation, 0, CAPGEN_SECRETS_FIRST, false},
    {"negotiation-new-cid", make_negotiation, 1, CAPGEN_SECRETS_FIRST, false},
    {"negotiation-refused", make_refused, 0, CAPGEN_SECRETS_FIRST, false},
    {"unknown-versions", make_unknown_versions, 0, CAPGEN_SECRETS_FILE, false},
    {"gquic-q043", make_q043, 0, CAPGEN_SECRETS_FILE, true},
    {"no-quic", make_no_quic, 0, CAPGEN_SECRETS_FILE, true},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
