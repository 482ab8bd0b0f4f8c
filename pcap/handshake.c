#include "pcap/handshake.h"

#include "wire/chlo.h"
#include "wire/frame.h"
#include "wire/tlspeek.h"

#define HANDSHAKE_SMALL 256 /* octets that are looked at whenever they grow */
#define HANDSHAKE_GROWTH 8  /* an eighth more makes another look worth it */

/* handshake_copy keeps |src| in a fixed text; NUL octets end it early for
   those who print it, which is what a reader should see. */
static void handshake_copy(char *out, size_t cap, quic_bytes src) {
  size_t n = src.len < cap ? src.len : cap - 1;

  if (n) {
    memcpy(out, src.data, n);
  }
  out[n] = '\0';
}

static void handshake_tparams(qd_conn *conn, qd_side side, quic_bytes raw,
                              const quic_version *version) {
  qd_endpoint *ep = &conn->sides[side];
  quic_tparams list;
  const quic_tparam *tp;
  quic_preferred_address pa;

  if (raw.len > UINT16_MAX) {
    return;
  }
  quic_mem_free(conn->mem, ep->tparams);
  ep->tparams_len = 0;
  ep->has_tparams = true;
  ep->tparams = quic_mem_alloc(conn->mem, raw.len);
  if (!ep->tparams) {
    return;
  }
  if (raw.len) {
    memcpy(ep->tparams, raw.data, raw.len);
  }
  ep->tparams_len = (uint16_t)raw.len;
  /* A list that breaks off still tells what stands before. */
  if (quic_tparams_decode(&list, quic_bytes_of(ep->tparams, raw.len),
                          version) != 0 &&
      list.len == 0) {
    return;
  }
  tp = quic_tparams_find(&list, QUIC_TPARAM_STATELESS_RESET_TOKEN);
  if (tp && side == QD_SERVER) {
    (void)qd_conn_add_token(conn, side, tp->value);
  }
  tp = quic_tparams_find(&list, QUIC_TPARAM_PREFERRED_ADDRESS);
  if (tp && side == QD_SERVER && quic_tparam_preferred(tp, &pa) == 0) {
    if (pa.cid.len && pa.cid.len <= QUIC_CID_MAX) {
      conn->facts.preferred.len = (uint8_t)pa.cid.len;
      memcpy(conn->facts.preferred.data, pa.cid.data, pa.cid.len);
    }
    (void)qd_conn_add_token(conn, side, pa.reset_token);
  }
  ep->grease_bit = quic_tparams_find(&list, QUIC_TPARAM_GREASE_QUIC_BIT);
}

/* handshake_loss_bits: the extension is on when both sides sent it. */
static void handshake_loss_bits(qd_conn *conn) {
  for (int side = 0; side < QD_SIDES; side++) {
    const qd_endpoint *ep = &conn->sides[side];
    quic_tparams list;

    if (!ep->has_tparams ||
        quic_tparams_decode(&list, quic_bytes_of(ep->tparams, ep->tparams_len),
                            quic_version_find(conn->version)) != 0 ||
        !quic_tparams_find(&list, QUIC_TPARAM_LOSS_BITS)) {
      return;
    }
  }
  conn->ring.loss_bits = true;
}

/* handshake_random notes the client's random, which finds the secrets, as soon
   as it is there: Chromium sends its hello in shuffled pieces. */
static void handshake_random(qd_conn *conn, qd_packet *p, quic_bytes random,
                             quic_keylog *keylog) {
  qd_facts *facts = &conn->facts;
  bool first = !facts->has_random;
  quic_keylog_entry *entry;

  if (random.len != QUIC_KEYLOG_RANDOM_LEN) {
    return;
  }
  if (facts->has_random &&
      memcmp(facts->random, random.data, random.len) == 0) {
    facts->hello_stale = false;
    return;
  }
  if (facts->has_random && conn->retried) {
    facts->hello_changed = true;
    p->notes |= QD_NOTE_NEW_HELLO;
  }
  facts->has_random = true;
  facts->hello_stale = false;
  memcpy(facts->random, random.data, random.len);
  entry = keylog ? quic_keylog_find(keylog, random.data) : NULL;
  if (entry) {
    entry->seen = true;
    qd_keyring_add_entry(&conn->ring, entry);
  } else if (first) {
    conn->ring.facts++; /* who waits for a hello may stop */
  }
}

static void handshake_client_hello(qd_conn *conn, qd_packet *p, quic_bytes body,
                                   bool complete, quic_keylog *keylog) {
  qd_facts *facts = &conn->facts;
  quic_tls_hello hello;
  int rv = quic_tls_peek_client_hello(&hello, body);

  handshake_random(conn, p, hello.random, keylog);
  if (hello.sni.len) {
    handshake_copy(facts->sni, sizeof(facts->sni), hello.sni);
  }
  if (hello.alpn.len && hello.alpn.len <= sizeof(facts->alpn)) {
    memcpy(facts->alpn, hello.alpn.data, hello.alpn.len);
    facts->alpn_len = (uint16_t)hello.alpn.len;
  }
  facts->ech = hello.ech;
  if (!complete || rv != 0) {
    return;
  }
  facts->hello_complete = true;
  facts->early_data = hello.early_data;
  facts->psk = hello.psk;
  if (hello.tparam_extension) {
    handshake_tparams(conn, QD_CLIENT, hello.tparams, p->header.version_info);
  }
}

static void handshake_server_hello(qd_conn *conn, quic_bytes body) {
  quic_tls_hello hello;

  if (quic_tls_peek_server_hello(&hello, body) != 0 &&
      hello.cipher_suite == 0) {
    return;
  }
  conn->facts.suite = hello.cipher_suite;
  if (!hello.hello_retry_request) {
    conn->facts.group = hello.key_share_group;
    qd_keyring_set_suite(&conn->ring, quic_suite_find(hello.cipher_suite));
  }
}

static void handshake_encrypted_extensions(qd_conn *conn, const qd_packet *p,
                                           quic_bytes body) {
  qd_facts *facts = &conn->facts;
  quic_tls_hello ee;
  quic_reader list;
  quic_bytes name;

  if (quic_tls_peek_encrypted_extensions(&ee, body) != 0) {
    return;
  }
  facts->early_refused = !ee.early_data;
  quic_reader_init(&list, ee.alpn.data, ee.alpn.len);
  if (quic_tls_alpn_next(&list, &name) &&
      name.len <= sizeof(facts->alpn_chosen)) {
    memcpy(facts->alpn_chosen, name.data, name.len);
    facts->alpn_chosen_len = (uint16_t)name.len;
  }
  if (ee.tparam_extension) {
    handshake_tparams(conn, QD_SERVER, ee.tparams, p->header.version_info);
    handshake_loss_bits(conn);
  }
}

static void handshake_message(qd_conn *conn, qd_packet *p,
                              const quic_tls_message *m, bool complete,
                              quic_keylog *keylog) {
  if (m->type == QUIC_TLS_CLIENT_HELLO && p->sender == QD_CLIENT) {
    handshake_client_hello(conn, p, m->body, complete, keylog);
  } else if (m->type == QUIC_TLS_SERVER_HELLO && p->sender == QD_SERVER) {
    handshake_server_hello(conn, m->body);
  } else if (m->type == QUIC_TLS_ENCRYPTED_EXTENSIONS && complete &&
             p->sender == QD_SERVER) {
    handshake_encrypted_extensions(conn, p, m->body);
  }
}

static int handshake_add(qd_conn *conn, qd_crypto *cr, uint64_t offset,
                         quic_bytes data) {
  size_t cap = cr->data.cap;
  int rv = quic_reasm_add(&cr->data, offset, data);

  *conn->crypto_total += cr->data.cap - cap;
  return rv;
}

int qd_handshake_crypto(qd_conn *conn, qd_packet *p, qd_level level,
                        uint64_t offset, quic_bytes data, quic_keylog *keylog) {
  qd_crypto *cr = qd_conn_crypto(conn, p->sender, level);
  quic_tls_message m;
  quic_bytes ready;
  quic_reader rd;
  int rv;

  if (!cr) {
    return QUIC_ERR_NOMEM;
  }
  if (cr->dropped) {
    return 0;
  }
  rv = handshake_add(conn, cr, offset, data);
  if (cr->data.conflict && level == QD_LEVEL_INITIAL &&
      p->sender == QD_CLIENT) {
    /* A new hello: the Retry between them was not captured, or the client
       started over. */
    qd_conn_restart_hello(conn);
    rv = handshake_add(conn, cr, offset, data);
    p->notes |= QD_NOTE_CONFLICT;
  }
  if (rv == QUIC_ERR_NOMEM) {
    return rv;
  }
  if (cr->data.conflict) {
    cr->data.conflict = false;
    p->notes |= QD_NOTE_CONFLICT;
  }
  ready = quic_reasm_ready(&cr->data);
  if (cr->parsed >= ready.len) {
    return 0;
  }
  quic_reader_init(&rd, ready.data + cr->parsed, ready.len - cr->parsed);
  while ((rv = quic_tls_message_next(&m, &rd)) == 0) {
    if (p->nmessages < QD_MESSAGES_MAX) {
      p->messages[p->nmessages++] = (qd_message){
          m.type, (uint8_t)level, cr->epoch, cr->parsed, (uint32_t)m.wire_len};
    }
    cr->parsed += (uint32_t)m.wire_len;
    cr->peeked = 0;
    handshake_message(conn, p, &m, true, keylog);
  }
  /* What is there of a message is looked at when it grew by a good part, so
     that many small pieces cost no more than a few large ones. */
  if (rv == QUIC_ERR_AGAIN &&
      m.body.len > cr->peeked + (m.body.len < HANDSHAKE_SMALL
                                     ? 0
                                     : cr->peeked / HANDSHAKE_GROWTH)) {
    cr->peeked = (uint32_t)m.body.len;
    handshake_message(conn, p, &m, false, keylog);
  }
  return 0;
}

bool qd_handshake_contradicts(const qd_conn *conn, quic_bytes payload) {
  const qd_crypto *cr = conn->sides[QD_CLIENT].crypto[QD_LEVEL_INITIAL];
  quic_reader rd;
  quic_frame f;

  quic_reader_init(&rd, payload.data, payload.len);
  while (cr && !cr->dropped && quic_frame_decode(&f, &rd) == 0) {
    if (f.type == QUIC_FRAME_CRYPTO && f.u.crypto.offset < QD_CRYPTO_MAX &&
        quic_reasm_contradicts(&cr->data, f.u.crypto.offset, f.u.crypto.data)) {
      return true;
    }
  }
  return false;
}

void qd_handshake_chlo(qd_conn *conn, qd_packet *p) {
  quic_bytes sni;

  if (!conn->facts.sni[0] && quic_chlo_sni(p->raw, &sni)) {
    handshake_copy(conn->facts.sni, sizeof(conn->facts.sni), sni);
    p->notes |= QD_NOTE_CHLO;
  }
}
