/* Connections of capgen: identities, secrets, keys. */

#include <stdlib.h>

#include "tests/support/capgen.h"

static void conn_check(int rv) {
  if (rv != 0) {
    fprintf(stderr, "capgen: %s\n", quic_err_text(rv));
    abort();
  }
}

capgen_options capgen_defaults(void) {
  capgen_options opt = {
      .version = QUIC_VERSION_1,
      .suite = 0x1301,
      .odcid_len = 8,
      .cid_len = {8, 8},
      .sni = "www.example.org",
      .alpn = "hq-interop",
      .addr = {{{192, 0, 2, 10}, 50000, 4}, {{192, 0, 2, 1}, 443, 4}},
      .keylog = CAPGEN_LOG_ALL,
      .label_prefix = "",
      .max_data = 1 << 20,
      .max_stream_data = 1 << 18,
      .max_streams = 100,
  };

  return opt;
}

void capgen_ipv6(capgen_options *opt) {
  static const uint8_t prefix[4] = {0x20, 0x01, 0x0d, 0xb8};

  for (int side = 0; side < CAPGEN_SIDES; side++) {
    quic_addr *a = &opt->addr[side];
    uint8_t host = a->ip[3];

    memset(a->ip, 0, sizeof(a->ip));
    memcpy(a->ip, prefix, sizeof(prefix));
    a->ip[15] = host;
    a->family = 6;
  }
}

capgen_cid capgen_cid_new(capgen *g, uint8_t len) {
  capgen_cid cid = {{0}, len};

  quic_rng_fill(&g->rng, cid.data, len);
  return cid;
}

static quic_bytes conn_cid(const capgen_cid *cid) {
  return quic_bytes_of(cid->data, cid->len);
}

static void conn_log(capgen_conn *c) {
  capgen *g = c->g;

  for (int i = 0; i < QUIC_KEYLOG_LABELS; i++) {
    if (!(c->opt.keylog & 1u << i) || c->secrets[i].len == 0) {
      continue;
    }
    capgen_keylog_text(g, c->opt.label_prefix);
    capgen_keylog(g, (quic_keylog_label)i, c->random, &c->secrets[i]);
  }
  if (g->secrets == CAPGEN_SECRETS_FIRST) {
    capgen_secrets(g);
  }
}

void capgen_conn_rehello(capgen_conn *c) {
  quic_rng *rng = &c->g->rng;

  c->end[CAPGEN_CLIENT].flight_len[QUIC_PACKET_INITIAL] = 0;
  quic_rng_fill(rng, c->random, sizeof(c->random));
  for (int i = 0; i <= QUIC_KEYLOG_SERVER_APP; i++) {
    bool early = i == QUIC_KEYLOG_CLIENT_EARLY;
    const quic_suite *suite = early ? c->early_suite : c->suite;

    memset(&c->secrets[i], 0, sizeof(c->secrets[i]));
    if (early && !c->opt.early) {
      continue;
    }
    c->secrets[i].len = suite->secret_len;
    quic_rng_fill(rng, c->secrets[i].data, suite->secret_len);
  }
  capgen_conn_rekey(c, c->keys_version);
  conn_log(c);
}

void capgen_conn_initial(capgen_conn *c, uint32_t version,
                         const capgen_cid *dcid) {
  const quic_version *v = quic_version_find(version);
  quic_secret secrets[CAPGEN_SIDES];

  c->initial_version = version;
  conn_check(quic_initial_secrets(quic_crypto_gnutls(), v, conn_cid(dcid),
                                  &secrets[CAPGEN_CLIENT],
                                  &secrets[CAPGEN_SERVER]));
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    quic_keys_free(&c->initial[side]);
    conn_check(quic_keys_init(&c->initial[side], quic_crypto_gnutls(),
                              quic_mem_default(), v, quic_suite_find(0x1301),
                              &secrets[side]));
  }
}

static void conn_keys(const capgen_conn *c, quic_keys *keys,
                      const quic_suite *suite, quic_keylog_label label) {
  quic_keys_free(keys);
  if (c->secrets[label].len) {
    conn_check(quic_keys_init(keys, quic_crypto_gnutls(), quic_mem_default(),
                              quic_version_find(c->keys_version), suite,
                              &c->secrets[label]));
  }
}

static quic_keylog_label conn_app_label(int side) {
  return side == CAPGEN_CLIENT ? QUIC_KEYLOG_CLIENT_APP
                               : QUIC_KEYLOG_SERVER_APP;
}

/* conn_app makes all generations of 1-RTT keys. */
static void conn_app(capgen_conn *c, int side) {
  const quic_version *v = quic_version_find(c->keys_version);
  quic_secret secret = c->secrets[conn_app_label(side)];

  conn_keys(c, &c->app[side][0], c->suite, conn_app_label(side));
  for (int i = 1; i < CAPGEN_GENERATIONS; i++) {
    quic_keys_free(&c->app[side][i]);
    conn_check(quic_secret_update(quic_crypto_gnutls(), v, c->suite, &secret,
                                  &secret));
    conn_check(quic_keys_init_update(&c->app[side][i], quic_crypto_gnutls(),
                                     quic_mem_default(), v, c->suite, &secret));
  }
}

void capgen_conn_rekey(capgen_conn *c, uint32_t version) {
  c->keys_version = version;
  conn_keys(c, &c->early, c->early_suite, QUIC_KEYLOG_CLIENT_EARLY);
  conn_keys(c, &c->handshake[CAPGEN_CLIENT], c->suite,
            QUIC_KEYLOG_CLIENT_HANDSHAKE);
  conn_keys(c, &c->handshake[CAPGEN_SERVER], c->suite,
            QUIC_KEYLOG_SERVER_HANDSHAKE);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    conn_app(c, side);
  }
}

capgen_conn *capgen_conn_new(capgen *g, const capgen_options *opt) {
  capgen_conn *c = calloc(1, sizeof(*c));

  if (!c) {
    abort();
  }
  c->g = g;
  c->opt = opt ? *opt : capgen_defaults();
  c->number = g->conns++;
  c->next = g->all;
  g->all = c;
  c->version = c->keys_version = c->opt.version;
  c->suite = c->early_suite = quic_suite_find(c->opt.suite);
  c->odcid = capgen_cid_new(g, c->opt.odcid_len);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    capgen_end *end = &c->end[side];

    end->addr = c->opt.addr[side];
    end->cid = capgen_cid_new(g, c->opt.cid_len[side]);
    quic_rng_fill(&g->rng, end->reset_token, sizeof(end->reset_token));
  }
  c->preferred = capgen_cid_new(g, c->opt.cid_len[CAPGEN_SERVER]);
  capgen_conn_initial(c, c->version, &c->odcid);
  capgen_conn_rehello(c);
  return c;
}
